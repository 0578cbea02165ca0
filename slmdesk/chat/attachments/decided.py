"""The attachments of a question while it is decided what is read of them, and what is kept of each afterwards.

On the service thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slmdesk.base.attached import Attached, AttachmentPart, AttachMode, Place
from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import Passage
from slmdesk.base.types import Origin
from slmdesk.chat.attachments.sources import MeasuredAttachment
from slmdesk.chat.attachments.text import (
    FRAME_TOKENS,
    pages_from,
    pages_of_places,
    passages_text,
    place_of,
    words_at,
)
from slmdesk.chat.requests import AttachRequest
from slmdesk.library.folder_types import left_out_in
from slmdesk.store import Store

Taken = Sequence[tuple[Passage, int]]
"""Chosen passages of a document, with their tokens."""


@dataclass(slots=True, eq=False)
class PlanDoc:
    about: Attached
    is_fresh: bool
    measured: MeasuredAttachment | None = None
    tokens: int = 0
    is_whole: bool = False
    passages: tuple[Passage, ...] = ()

    @property
    def key(self) -> str:
        return key_of(self.about)

    @property
    def request(self) -> AttachRequest:
        return request_of(self.about)

    @property
    def mode(self) -> AttachMode:
        """The mode of reading: a text too long for any context is read by passages, whatever was asked for."""
        return AttachMode.PASSAGES if self.measured and self.measured.text is None else self.about.mode

    def part(self, taken: Taken, store: Store) -> AttachmentPart | None:
        """Return what is kept of it; None where nothing more is read of an older one.  Raises KnownError store.*."""
        about, found = changed(self.about, is_planned=True, is_more=not self.is_fresh), self.measured
        if found is None:
            gone = changed(about, is_gone=True, is_whole=False, tokens=0, pages_used=(), places=(), words_read=0)
            return AttachmentPart("", Origin.DOCUMENT, gone)
        about = changed(
            about, name=found.name, sha256=found.sha256, page_kind=found.page_kind, pages_total=found.pages_total,
            pages_unread=found.pages_unread, words_total=found.words, is_whole=self.is_whole,
        )  # fmt: skip
        if self.is_whole and found.text is not None:
            about = changed(about, tokens=self.tokens, pages_used=found.pages_read, words_read=found.words, places=())
            return AttachmentPart(found.text, Origin.DOCUMENT, about)
        passages = [passage for passage, _ in taken]
        if not passages and not self.is_fresh:
            return None
        places = tuple(sorted(map(place_of, passages)))
        about = changed(
            about, is_whole=False, places=places, pages_used=pages_of_places(places),
            words_read=words_at(places, self._pages(places, store)),
            tokens=sum(size for _, size in taken) + FRAME_TOKENS if passages else 0,
        )  # fmt: skip
        return AttachmentPart(passages_text(passages, found.page_kind), Origin.DOCUMENT, about)

    def _pages(self, places: Sequence[Place], store: Store) -> dict[int, Page]:
        if not self.about.document:
            return {page.number: page for page in pages_from(self.about.source)}
        pages = [
            page
            for number in pages_of_places(places)
            for page in store.pages.of_document(self.about.document, begin=number, limit=1)
        ]
        return {page.number: page for page in pages}


@dataclass(slots=True, eq=False)
class PlanFolder:
    about: Attached
    is_fresh: bool
    names: Mapping[str, str]
    unread: int = 0
    is_gone: bool = False

    def doc(self, document: str) -> PlanDoc:
        about = Attached(self.names[document], document, mode=AttachMode.PASSAGES, collection=self.about.collection)
        return PlanDoc(about, self.is_fresh)

    def part(self, used: int) -> AttachmentPart | None:
        if not (used or self.is_fresh or self.is_gone):
            return None
        about = changed(
            self.about, is_planned=True, is_more=not self.is_fresh, is_gone=self.is_gone,
            documents_total=len(self.names), documents_used=used, documents_unread=self.unread,
        )  # fmt: skip
        return AttachmentPart("", Origin.DOCUMENT, about)


def folder_now(store: Store, about: Attached, *, is_fresh: bool) -> PlanFolder:
    """Look up which documents of a folder can be searched now.  Raises KnownError store.*."""
    try:
        record = store.collections.get(about.collection)
        found = store.collections.asked_documents(record.id)
        unread = store.collections.count(record.id)[2] + len(left_out_in(record.settings))
    except KnownError as err:
        if err.code != "collection.unknown":
            raise
        return PlanFolder(about, is_fresh, {}, is_gone=True)
    return PlanFolder(about, is_fresh, {one.id: one.name for one in found}, unread)


def check_folders(store: Store, attach: Sequence[AttachRequest]) -> None:
    """Raises KnownError `collection.unknown`, `collection.empty` for a folder of which nothing can be read."""
    for one in attach:
        if one.collection:
            record = store.collections.get(one.collection)
            if not store.collections.count(record.id)[0]:
                raise KnownError("collection.empty", name=record.name)


def key_of(about: Attached) -> str:
    folder = f"folder {about.collection}" if about.collection else ""
    return about.document or folder or f"{about.name} {hash(about.source)}"


def request_of(about: Attached) -> AttachRequest:
    return AttachRequest(about.document, about.name, about.source, about.page_kind, about.mode)
