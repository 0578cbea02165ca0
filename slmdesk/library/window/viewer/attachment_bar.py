"""A bar with the attachments of the shown document, or, for an attachment, the mail it came with."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from slmdesk.base.documents import Attachment
from slmdesk.base.records import DocumentRecord
from slmdesk.library.document_info import info_of, parent_of
from slmdesk.library.window.controller import DocumentsController
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button
from slmdesk.window.widgets.flow import FlowLayout
from slmdesk.window.widgets.text import plain_label, plain_tip

MOST_SHOWN = 6
MOST_LETTERS = 40


class AttachedBar(QFrame):
    all_requested = Signal()

    def __init__(self, controller: DocumentsController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setObjectName("attached_bar")
        self._shown: tuple[object, ...] = ()
        self._row = FlowLayout(self, gap=theme.SPACE_8)
        self.setContentsMargins(theme.SPACE_12, 0, theme.SPACE_12, theme.SPACE_4)
        self.setVisible(False)

    def show_document(self, record: DocumentRecord | None) -> None:
        attachments = info_of(record).attachments if record is not None else ()
        _, parent = parent_of(record) if record is not None else ("", "")
        if self._shown == (attachments, parent):
            return
        self._shown = (attachments, parent)
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if parent:
            self._add_parent(parent)
        if attachments:
            self._row.addWidget(plain_label("Attached:", self, name="attached_words", kind="small", wraps=False))
        for one in attachments[:MOST_SHOWN]:
            self._add(one)
        if len(attachments) > MOST_SHOWN:
            more = self._button(f"{len(attachments) - MOST_SHOWN:,} more…", "attached_more")
            more.clicked.connect(self.all_requested)
        self.setVisible(bool(parent or attachments))

    def _add_parent(self, name: str) -> None:
        self._row.addWidget(plain_label("Attached to", self, name="attached_to_words", kind="small", wraps=False))
        label, tip = f"Open {name}, to which this is attached", plain_tip(f"Open {name}")
        on = self._controller.open_parent
        self._button(_short(name), "attached_to", icon="file-text", label=label, tip=tip, on=on)

    def _add(self, one: Attachment) -> None:
        size = bytes_for_people(one.bytes)
        label, tip = f"Open the attachment {one.name}, {size}", f"Open {one.name} ({size})"
        if not one.format:
            label, tip = f"{one.name}, an attachment that cannot be read", f"{one.name} ({size}) cannot be read"
        opening = self._button(_short(one.name), "attached_document", icon="file-text", label=label, tip=plain_tip(tip))
        opening.setEnabled(bool(one.format))
        opening.clicked.connect(lambda: self._controller.open_attachment(one.index))

    def _button(self, words: str, name: str, **options: Any) -> QPushButton:
        made = button(words.replace("&", "&&"), name, self, kind="quiet", **options)
        self._row.addWidget(made)
        return made


def _short(name: str) -> str:
    """The beginning and the end of a long name: its suffix shows the format."""
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 12]}…{name[-11:]}"
