"""Reads what is attached to a message in the background, and counts its tokens.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.base.formats import takes_password
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.chat.attachments.text import page_text
from slmdesk.chat.window.attachments.attachment import FAILED, LOCKED, READING, READY, Draft, reason_of
from slmdesk.library.document_info import file_of
from slmdesk.library.events import (
    CollectionChanged,
    CollectionGone,
    DocumentChanged,
    DocumentGone,
    DocumentProgress,
)
from slmdesk.library.folder_types import CollectionState, CollectionStatus
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge, Call

if TYPE_CHECKING:
    from slmdesk.chat.attachments.sources import AttachmentCost
    from slmdesk.library.service import DocumentText

NOTHING_READ = "none of its documents could be read"
UNREAD = (CollectionStatus.WAITING, CollectionStatus.LOOKING, CollectionStatus.INDEXING)
"""Of a folder without documents: some may still come."""
LOCKS = ("document.locked", "document.wrong_password")


class DraftReader(QObject):
    settled = Signal(object)
    counted = Signal()
    password_requested = Signal(object, bool)

    def __init__(self, bridge: Bridge, drafts: Callable[[], Sequence[Draft]], parent: QObject) -> None:
        """`drafts`: the attachments of all chats."""
        super().__init__(parent, objectName="draft_reader")
        self._bridge, self._drafts = bridge, drafts
        self._openings: dict[str, Call] = {}
        bridge.on(DocumentChanged, self._on_document_changed)
        bridge.on(DocumentProgress, self._on_progressed)
        bridge.on(DocumentGone, self._on_gone)
        bridge.on(CollectionChanged, self._on_folder_changed)
        bridge.on(CollectionGone, self._on_folder_gone)

    def begin(self, draft: Draft) -> None:
        if draft.is_pasted:
            self._settle(draft, READY)
        elif draft.folder:
            self._bridge.ask(
                self._bridge.services.collections.state(draft.folder),
                partial(self._take_folder, draft),
                lambda _problem: self._lose_folder(draft),
            )
        elif draft.document:
            self._bridge.ask(
                self._bridge.services.documents.document(draft.document),
                partial(self._on_record, draft),
                partial(self._on_read, draft),
            )
        else:
            self._open(draft, "")

    def unlock(self, draft: Draft, password: str) -> None:
        draft.state = READING
        self._open(draft, password)

    def stop(self, draft: Draft) -> None:
        opening = self._openings.pop(draft.key, None)
        if opening is not None:
            opening.cancel()

    def count(self, draft: Draft, chat: str, then: Callable[[AttachmentCost], None] | None = None) -> None:
        request = draft.request

        def failed(problem: Problem) -> None:
            draft.problem = reason_of(problem)
            self._settle(draft, FAILED)

        def arrived(weighed: AttachmentCost) -> None:
            draft.tokens, draft.is_guess = weighed.tokens, weighed.is_guess
            found = weighed.measured
            draft.pages, draft.unread, draft.kind = found.pages_total, len(found.pages_unread), found.page_kind
            self.counted.emit()
            if then is not None:
                then(weighed)

        self._bridge.follow(self._bridge.services.chats.weigh(chat or None, request), arrived, failed)

    # ---- folders

    def _take_folder(self, draft: Draft, state: CollectionState) -> None:
        """Note what a folder has now.  It can be sent as soon as a document of it was read."""
        is_reading = state.status is CollectionStatus.INDEXING
        draft.name, draft.documents, draft.unread = state.record.name, state.documents, state.unread
        draft.done, draft.total = (state.done, state.total) if is_reading else (0, 0)
        draft.problem = NOTHING_READ
        then = READY if state.documents else READING if state.status in UNREAD else FAILED
        if then == draft.state:
            self.counted.emit()
        else:
            self._settle(draft, then)

    def _on_folder_changed(self, event: CollectionChanged) -> None:
        for one in self._drafts():
            if one.folder == event.state.record.id:
                self._take_folder(one, event.state)

    def _on_folder_gone(self, event: CollectionGone) -> None:
        for one in self._drafts():
            if one.folder == event.id:
                self._lose_folder(one)

    def _lose_folder(self, draft: Draft) -> None:
        draft.problem = "taken off the list on the Documents page"
        self._settle(draft, FAILED)

    # ---- documents

    def _open(self, draft: Draft, password: str) -> None:
        path = draft.path
        if path is None:
            return
        read = partial(self._on_read, draft)
        if draft.is_private:
            self._openings[draft.key] = self._bridge.follow(
                self._bridge.services.documents.read(path, password=password), read, read
            )
            return
        self._openings[draft.key] = self._bridge.follow(
            self._bridge.services.documents.open(path, password=password), read, read
        )

    def _on_record(self, draft: Draft, record: DocumentRecord) -> None:
        """A document that was read before: use it if it was read to its end, else open it again."""
        if record.status is DocumentStatus.READ:
            self._on_read(draft, record)
        else:
            draft.path, draft.document = file_of(record), ""
            self._open(draft, "")

    def _on_read(self, draft: Draft, result: DocumentRecord | DocumentText | Problem) -> None:
        from slmdesk.library.service import DocumentText

        self._openings.pop(draft.key, None)
        if isinstance(result, DocumentText):
            draft.source = tuple(page_text(page) for page in result.pages)
            draft.kind = str(result.info.page_kind)
            self._settle(draft, READY)
            return
        if isinstance(result, DocumentRecord):
            draft.document, draft.name = result.id, result.name
            self._settle(draft, READY)
            return
        draft.problem = reason_of(result)
        is_locked = result.code in LOCKS and takes_password(draft.path or Path(draft.name))
        self._settle(draft, LOCKED if is_locked else FAILED)
        if result.code in LOCKS and not is_locked:  # no password would help: what would is in the sentence
            self._bridge.problem_met.emit(result)
        if is_locked:
            self.password_requested.emit(draft, result.code != LOCKS[0])

    def _settle(self, draft: Draft, state: str) -> None:
        draft.state = state
        self.settled.emit(draft)

    # ---- events

    def _on_document_changed(self, event: DocumentChanged) -> None:
        for one in self._drafts():
            if one.state == READING and one.path is not None and file_of(event.document) == one.path.absolute():
                one.document = event.document.id

    def _on_progressed(self, event: DocumentProgress) -> None:
        for one in self._drafts():
            if one.state == READING and one.document == event.id:
                one.done, one.total = event.done, event.total
                self.counted.emit()

    def _on_gone(self, event: DocumentGone) -> None:
        for one in self._drafts():
            if one.document == event.id and one.state == READY:
                one.problem = "forgotten on the Documents page"
                self._settle(one, FAILED)
