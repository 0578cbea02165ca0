"""Attachments as text: measured once per document, page by page, and counted in the model's tokens.

Everything on the service thread, in pieces, so that a long document holds nobody up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import DocumentRecord, DocumentStatus, ModelRecord
from slmdesk.chat.attachments.text import (
    FRAME_TOKENS,
    has_words,
    page_text,
    pages_from,
    with_mark,
    words_of_page,
)
from slmdesk.chat.requests import AttachRequest
from slmdesk.library.document_info import info_of
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.loader.token_count import count_tokens, guessed_tokens
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending, ended
from slmdesk.runtime.service import Runtime, Service

PAGES_AT_ONCE = 20
MOST_CHARACTERS = 700_000
"""The longest text that is counted completely and may be read whole; no context here holds more."""
SAMPLE = 100_000
PAGE_CHARACTERS = 2000
SAMPLE_PAGE = "A usual page of text, for a guess at how many tokens a folder has. "
KEPT = 24


class MeasuredAttachment(Record):
    key: str
    """Key of the document or text; it changes when the text does."""
    name: str
    document: str
    sha256: str
    page_kind: str
    pages_total: int
    pages_read: tuple[int, ...]
    pages_unread: tuple[int, ...]
    words: int
    characters: int
    text: str | None
    """The whole text as a model is given it; None when it is too long for any model."""
    sample: str
    source: tuple[str, ...] = ()


class AttachmentCost(Record):
    measured: MeasuredAttachment
    tokens: int
    is_guess: bool
    """The model could not count it, or only its beginning was counted because it is so long."""


@dataclass(slots=True)
class _Walk:
    record: DocumentRecord
    kind: str
    measured: Pending[MeasuredAttachment] = field(default_factory=Pending)
    next: int = 1
    read: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    words: int = 0
    characters: int = 0
    texts: list[str] = field(default_factory=list)

    def feed(self, page: Page) -> None:
        self.next = page.number + 1
        if not has_words(page):
            self.unread.append(page.number)
            return
        self.read.append(page.number)
        self.words += words_of_page(page)
        text = with_mark(page.number, page_text(page), self.kind)
        self.characters += len(text) + 1
        if self.characters <= MOST_CHARACTERS or not self.texts:
            self.texts.append(text)


class Sources(Service):
    def __init__(self, runtime: Runtime, loader: ModelLoader) -> None:
        super().__init__(runtime)
        self._loader = loader
        self._known: dict[str, MeasuredAttachment] = {}
        self._walks: dict[str, _Walk] = {}
        self._tokens: dict[tuple[str, str], int] = {}

    # ---- going through

    def measure(self, request: AttachRequest) -> Pending[MeasuredAttachment]:
        """Measure an attachment, which is known at once when it was measured before.

        A Problem: the document is gone (`document.unknown`) or not read to its end (`document.stopped`); the folder is
        gone (`collection.unknown`).
        """
        if request.collection:
            return ended(self._of_folder(request))
        if not request.document:
            return ended(self._of_source(request))
        try:
            record = self._store.documents.get(request.document)
            if record.status is not DocumentStatus.READ:
                raise KnownError("document.stopped", path=record.name)
        except KnownError as err:
            return ended(problem_for(err))
        key = _key_of(record)
        if key in self._known:
            return ended(self._known[key])
        walk = self._walks.get(key)
        if walk is None:
            walk = self._walks[key] = _Walk(record, str(info_of(record).page_kind))
            self._go_on(key, walk)
        return walk.measured

    def _go_on(self, key: str, walk: _Walk) -> None:
        try:
            pages = self._store.pages.of_document(walk.record.id, begin=walk.next, limit=PAGES_AT_ONCE)
            if _key_of(self._store.documents.get(walk.record.id)) != key:
                raise KnownError("document.stopped", path=walk.record.name)  # read anew meanwhile
        except KnownError as err:
            self._end(key, walk, problem_for(err))
            return
        for page in pages:
            walk.feed(page)
        if len(pages) == PAGES_AT_ONCE:
            self._service_thread.post(lambda: self._go_on(key, walk))
            return
        is_short = walk.characters <= MOST_CHARACTERS
        self._end(key, walk, MeasuredAttachment(
            key, walk.record.name, walk.record.id, walk.record.sha256, walk.kind, len(walk.read) + len(walk.unread),
            tuple(walk.read), tuple(walk.unread), walk.words, walk.characters,
            "\n".join(walk.texts) if is_short else None, "\n".join(walk.texts)[:SAMPLE],
        ))  # fmt: skip

    def _end(self, key: str, walk: _Walk, found: MeasuredAttachment | Problem) -> None:
        self._walks.pop(key, None)
        if isinstance(found, MeasuredAttachment):
            self._keep(found)
        walk.measured.end(found)

    def _keep(self, found: MeasuredAttachment) -> None:
        while len(self._known) >= KEPT:
            del self._known[next(iter(self._known))]
        self._known[found.key] = found

    def _of_source(self, request: AttachRequest) -> MeasuredAttachment:
        key = f"text {hash(request.source)} {request.page_kind}"
        if key not in self._known:
            pages = pages_from(request.source)
            read = [one for one in pages if has_words(one)]
            texts = [with_mark(one.number, page_text(one), request.page_kind) for one in read]
            text = "\n".join(texts) if len(pages) > 1 else "".join(request.source)
            self._keep(MeasuredAttachment(
                key, request.name, "", "", request.page_kind, len(pages), tuple(one.number for one in read),
                tuple(one.number for one in pages if one not in read), sum(map(words_of_page, read)), len(text),
                text if len(text) <= MOST_CHARACTERS else None, text[:SAMPLE], request.source,
            ))  # fmt: skip
        return self._known[key]

    def _of_folder(self, request: AttachRequest) -> MeasuredAttachment | Problem:
        """Measure a folder roughly, by its pages: all of its text would take long to read."""
        try:
            record = self._store.collections.get(request.collection)
            _, pages, _ = self._store.collections.count(record.id)
        except KnownError as err:
            return problem_for(err)
        key, size = f"folder {record.id} {pages}", pages * PAGE_CHARACTERS
        return MeasuredAttachment(key, record.name, "", "", "page", pages, (), (), 0, size, None, SAMPLE_PAGE)

    # ---- counting

    def weigh(self, request: AttachRequest, record: ModelRecord | None) -> Pending[AttachmentCost]:
        weighed: Pending[AttachmentCost] = Pending()

        def measured(found: MeasuredAttachment | Problem) -> None:
            if isinstance(found, Problem):
                weighed.end(found)
                return
            is_guess = record is None or found.text is None
            counting = self.tokens_of([found], record)
            counting.map(lambda tokens: AttachmentCost(found, tokens[0], is_guess)).then(weighed.end)

        self.measure(request).then(measured)
        return weighed

    def tokens_of(self, found: Sequence[MeasuredAttachment], record: ModelRecord | None) -> Pending[list[int]]:
        """Count the tokens of each whole attachment with the frame around it.

        The count is a guess for a very long one, and when there is no model to ask.
        """
        model = record.sha256 if record else ""
        missing = [one for one in found if (one.key, model) not in self._tokens]

        def counted(counts: Sequence[int]) -> list[int]:
            for one, count in zip(missing, counts, strict=True):
                whole = count if one.text is not None else count * one.characters // max(1, len(one.sample))
                self._tokens[one.key, model] = whole + FRAME_TOKENS
            return [self._tokens[one.key, model] for one in found]

        return self.count([one.sample if one.text is None else one.text for one in missing], record).map(counted)

    def count(self, texts: Sequence[str], record: ModelRecord | None) -> Pending[list[int]]:
        """Count the tokens of each text with a model, loaded or not; a guess where that fails, never a Problem."""
        guessed = guessed_tokens(texts)
        if not texts or record is None:
            return ended(guessed)
        pending: Pending[list[int]] = Pending()
        counting = count_tokens(self._loader, record, texts)
        counting.then(lambda counts: pending.end(guessed if isinstance(counts, Problem) else counts))
        return pending


def _key_of(record: DocumentRecord) -> str:
    return f"{record.id} {record.sha256} {record.reader}"
