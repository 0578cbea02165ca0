"""The bar over the composer with the ways to go on with a chat that is, or soon will be, full."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.chat.options import LEAVE_OUT, SUMMARIZE
from slmdesk.chat.window.composer.full_controller import FullController, Offer
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, flow, row, tool_button
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label, show_words

LEAVE_OUT_TIP = (
    "The model no longer reads the oldest questions and answers of this chat. They stay in it, in grey; pinned "
    "messages and the instructions are always read. Can be changed in the settings of this chat."
)
SUMMARIZE_TIP = (
    "The same, but the model first writes notes on what is left out, and reads them instead. You can edit them. Can be "
    "changed in the settings of this chat."
)
LARGER_TIP = "Applies to all chats; the model is loaded again"
NEW_TIP = "The model writes notes on this chat, with which a new one begins. This one stays as it is."


class FullBar(QFrame):
    def __init__(self, controller: FullController, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "full_bar", label="This chat is nearly full")
        self._controller = controller
        self._build_ui()
        controller.offered.connect(self.show_offer)
        self.hide()

    def _build_ui(self) -> None:
        controller = self._controller
        self._label = plain_label("", self, name="full_words")
        tip = "Decide later"
        self._close = tool_button("full_close", self, tip=tip, label=tip, icon="x", on=controller.close_offer)
        self._leave_out = button("Leave out the oldest turns", "full_leave_out", self, tip=LEAVE_OUT_TIP)
        self._leave_out.clicked.connect(lambda: controller.choose(LEAVE_OUT))
        self._summarize = button("Keep a summary of the earlier part", "full_summarize", self, tip=SUMMARIZE_TIP)
        self._summarize.clicked.connect(lambda: controller.choose(SUMMARIZE))
        self._new = button("New chat with a summary", "full_new_chat", self, tip=NEW_TIP, on=controller.begin_new)
        self._larger = button("Larger context", "full_larger", self, tip=LARGER_TIP, on=controller.enlarge)
        self._cancel = button("Cancel", "full_cancel", self, on=controller.cancel)
        buttons = QWidget(self)
        flow(*self.in_order[1:], gap=theme.SPACE_8, into=buttons)
        head = row((self._label, 1), (self._close, Qt.AlignmentFlag.AlignTop), gap=theme.SPACE_8)
        sides = (theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        column(head, buttons, into=self, gap=theme.SPACE_8, margins=sides)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self._close, self._leave_out, self._summarize, self._new, self._larger, self._cancel)

    @property
    def sentence(self) -> str:
        return self._label.text()

    def show_offer(self, offer: Offer | None) -> None:
        if offer is not None:
            self._label.setText(offer.text)
            for one in (self._leave_out, self._summarize, self._new):
                one.setVisible(offer.has_ways)
            show_words(self._larger, offer.larger)
            self._cancel.setVisible(offer.is_working)
            self._close.setVisible(not offer.is_working)
        self.setVisible(offer is not None)
