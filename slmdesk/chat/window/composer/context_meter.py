"""The meter of the context: how much of what the model can see a chat takes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtWidgets import QWidget

from slmdesk.chat.attachments.budget import ContextPart
from slmdesk.chat.options import ASK
from slmdesk.chat.window.composer.context_controller import ContextWatch
from slmdesk.chat.window.composer.context_parts import ContextParts
from slmdesk.chat.window.composer.full_controller import NEARLY_FULL
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, row, set_kind, tool_button
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.text import plain_label


class ContextMeter(QWidget):
    new_chat_requested = Signal()

    def __init__(self, watch: ContextWatch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("context_meter")
        self._watch = watch
        self._build_ui()
        watch.measured.connect(self.show_measure)
        watch.parts_measured.connect(self.show_parts)
        self.show_unknown()

    def _build_ui(self) -> None:
        self._bar = thin_bar("context_bar", self, "Context")
        self._bar.setFixedWidth(96)
        self._label = plain_label("", self, name="context_label", kind="small")
        self._by_part = tool_button(
            "context_by_part", self, kind="small", tip="What takes how much", label="What takes how much of it",
            icon="info", colour="muted", on=self._on_by_part,
        )  # fmt: skip
        self._by_part.setIconSize(QSize(theme.ICON_SIZE - 2, theme.ICON_SIZE - 2))
        self._parts = ContextParts(self)
        self._parts.closed.connect(lambda: self._by_part.setFocus())
        self._new_chat = button(
            "New chat", "context_new_chat", self, kind="quiet", tip="Start a new chat; this one is kept",
            shortcut="chat.new", on=self.new_chat_requested,
        )  # fmt: skip
        row(
            (self._bar, Qt.AlignmentFlag.AlignVCenter), self._by_part, (self._label, 1), self._new_chat,
            into=self, gap=theme.SPACE_8,
        )  # fmt: skip

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (self._by_part, self._new_chat)

    @property
    def sentence(self) -> str:
        return self._label.text()

    @property
    def part_lines(self) -> list[tuple[str, str]]:
        return self._parts.lines

    def show_unknown(self) -> None:
        self._bar.setVisible(False)
        self._label.clear()
        self._by_part.setVisible(False)
        self._new_chat.setVisible(False)

    def show_parts(self, parts: Sequence[ContextPart]) -> None:
        self._parts.show_parts(parts)
        self._by_part.setVisible(bool(parts) and not self._bar.isHidden())

    def _on_by_part(self) -> None:
        self._parts.open_over(self._by_part)

    def show_measure(self, tokens: int, context_size: int) -> None:
        """Show how much of the context (both in tokens) is taken, and offer a new chat when it is full."""
        if context_size <= 0:
            self.show_unknown()
            return
        percent = tokens * 100 // context_size
        self._bar.setVisible(True)
        self._bar.setValue(min(percent, 100))
        is_over, asks = tokens > context_size, self._watch.when_full == ASK or self._watch.too_long is not None
        is_warning = percent >= NEARLY_FULL and asks
        set_kind(self._bar, "warn" if is_warning else "")
        set_kind(self._label, "warn" if is_warning else "small")
        locale = QLocale()
        numbers = f"{locale.toString(tokens)} of {locale.toString(context_size)} tokens"
        if not asks and percent >= NEARLY_FULL:
            words = f"Context: {percent} % used; the oldest turns are left out when it is full"
        elif is_over:
            words = f"Too long for the model: {numbers}. Nothing is cut; shorten it or start a new chat."
        elif percent >= NEARLY_FULL:
            words = f"Context: {percent} % used; a new chat will soon be needed"
        else:
            words = f"Context: {percent} % used"
        self._label.setText(words)
        self._label.setToolTip(numbers)
        self._bar.setToolTip(numbers)
        self._new_chat.setVisible(is_warning)
