"""The pane about a document: what was read, what was not and why, and its attachments."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from slmdesk.base.documents import Attachment, Page
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.library.document_info import file_of, info_of
from slmdesk.library.labels import counted, notes_of, size_words, unread
from slmdesk.library.window.controller import DocumentsController
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import breakable, plain_label

MOST_ATTACHMENTS = 50


class AboutDocument(QScrollArea):
    def __init__(self, controller: DocumentsController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setObjectName("about_document")
        self.setMinimumWidth(200)
        inner = named(QFrame(self), "about_inner")
        self._column = column(1, into=inner, gap=theme.SPACE_8, margins=theme.SPACE_16)
        show_column(self, inner)

    def show_document(self, record: DocumentRecord, pages: Sequence[Page], problem: str) -> None:
        self.clear()
        info = info_of(record)
        self._add(info.title or record.name, "heading")
        if info.author:
            self._add(info.author, "muted")
        if problem:
            self._add(problem, "danger")
        if record.status is DocumentStatus.READ:
            read = sum(page.status.value == "read" for page in pages)
            self._add(f"{read:,} of {counted(info.pages, info.page_kind)} have words that were read.")
            if info.sheets:
                self._add(f"{size_words(info)}, in {counted(info.pages, info.page_kind)}: long ones are parted.")
            if words := unread(list(pages), info.page_kind):
                self._add(words, "warn")
        for sentence in notes_of(info):
            self._add(sentence)
        if info.encoding:
            doubt = f" ({info.doubt})" if info.doubt else ""
            self._add(f"Letters stored as {info.encoding}{doubt}.", "small")
        self._add("  ·  ".join(one for one in (bytes_for_people(record.bytes), record.format) if one), "small")
        self._add(str(file_of(record)), "small")
        if info.attachments:
            self._add("Inside it", "strong")
            for one in info.attachments[:MOST_ATTACHMENTS]:
                self._add_attachment(one)

    def clear(self) -> None:
        empty_layout(self._column, keep=1)

    def _add_attachment(self, one: Attachment) -> None:
        if not one.format:
            self._add(f"{one.name} ({bytes_for_people(one.bytes)}) cannot be read.", "muted")
            return
        label = f"Open the attachment {one.name}, {bytes_for_people(one.bytes)}"
        opening = button(f"Open {one.name[:60]}", "attachment_button", self, label=label)
        opening.clicked.connect(lambda: self._controller.open_attachment(one.index))
        self._column.insertWidget(self._column.count() - 1, opening, 0, Qt.AlignmentFlag.AlignLeft)

    def _add(self, words: str, kind: str = "") -> None:
        label = plain_label(breakable(words), self, name="about_line", kind=kind)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.insertWidget(self._column.count() - 1, label)
