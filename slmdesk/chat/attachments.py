"""Documents, folders and texts attached to a question: how long they are, and what is stored of them. Service thread.

Each attachment is measured once, page by page. What is read of it for a question is decided by `chat.prompt`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import DocumentRecord, DocumentStatus, ModelRecord, Passage
from slmdesk.base.runtime.events import Pending, ended
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import Runtime, Service, Slices, in_slices
from slmdesk.base.text.relevance import ranked_by_words
from slmdesk.base.text.sentences import search_words
from slmdesk.base.types import Attached, AttachmentPart, AttachMode, Origin
from slmdesk.chat.attachment_text import (
    FRAME_TOKENS,
    MOST_PASSAGES,
    has_words,
    key_of,
    new_frame,
    page_text,
    pages_from,
    pages_of_places,
    passages_from,
    passages_text,
    place_of,
    with_mark,
    words_at,
    words_of_page,
)
from slmdesk.chat.types import MOST_ATTACHED_CHARACTERS, PICTURE_TOKENS, AttachRequest
from slmdesk.documents.types import info_of
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import ModelLoader, count_tokens, guessed_tokens

PICTURE = "picture"
"""Kind of an attached picture."""
PAGES_AT_ONCE = 20
SAMPLE = 100_000
PAGE_CHARACTERS = 2000
SAMPLE_PAGE = "A usual page of text, for a guess at how many tokens a folder has. "
KEPT = 24


class MeasuredAttachment(Record):
    key: str
    """Key of the document or text. It changes when the text changes."""
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
    """The whole text in the form for the model; None when it is too long for any model."""
    sample: str


class Sources(Service):
    """Attachments as text. Each document is measured once, page by page and in slices, and counted in tokens."""

    def __init__(self, runtime: Runtime, loader: ModelLoader) -> None:
        super().__init__(runtime)
        self._loader = loader
        self._known: dict[str, MeasuredAttachment] = {}
        self._measuring: dict[str, Pending[MeasuredAttachment | KnownError]] = {}
        self._tokens: dict[tuple[str, str], int] = {}

    # ---- going through

    def measure(self, request: AttachRequest) -> Pending[MeasuredAttachment]:
        """Measure an attachment. Ends with a Problem when it is gone or was not read."""

        def measuring() -> Slices[MeasuredAttachment]:
            [measure] = yield from self.measured([request])
            if isinstance(measure, KnownError):
                raise measure
            return measure

        return in_slices(self._service_thread, measuring())

    def measured(self, requests: Sequence[AttachRequest]) -> Slices[list[MeasuredAttachment | KnownError]]:
        """Return the measures of attachments. Those that were measured before are known at once.

        The result holds a KnownError for an attachment that is gone (`document.unknown`, `collection.unknown`) or was
        not read completely (`document.stopped`).
        """
        measures: list[MeasuredAttachment | KnownError] = []
        for request in requests:
            measures.append((yield self._measure(request)))
            yield
        return measures

    def measure_all(self, documents: Sequence[ReadDocument]) -> Slices[None]:
        """Measure documents, but not those that are gone or were not read. Raises KnownError store.*."""
        measured = yield from self.measured([document.request for document in documents])
        for document, measure in zip(documents, measured, strict=True):
            if isinstance(measure, MeasuredAttachment):
                document.measured = measure
            elif measure.code not in ("document.unknown", "document.stopped"):
                raise measure

    def _measure(self, request: AttachRequest) -> Pending[MeasuredAttachment | KnownError]:
        try:
            if request.collection:
                return ended(self._of_folder(request))
            if not request.document:
                return ended(self._of_source(request))
            record = self._read_now(request.document)
        except KnownError as err:
            return ended(err)
        key = _key_of(record)
        if key in self._known:
            return ended(self._known[key])
        shared = self._measuring.get(key)
        if shared is None:  # shared by all who wait, so that nobody cancels it
            shared = self._measuring[key] = Pending()
            in_slices(self._service_thread, self._of_document(record)).then(partial(self._end, key, shared))
        return shared

    def _end(
        self,
        key: str,
        shared: Pending[MeasuredAttachment | KnownError],
        measure: MeasuredAttachment | KnownError | Problem,
    ) -> None:
        del self._measuring[key]
        shared.end(measure)

    def _read_now(self, document: str) -> DocumentRecord:
        record = self._store.documents.get(document)
        if record.status is not DocumentStatus.READ:
            raise KnownError("document.stopped", path=record.name)
        return record

    def _of_document(self, record: DocumentRecord) -> Slices[MeasuredAttachment | KnownError]:
        key, kind = _key_of(record), str(info_of(record).page_kind)
        read, unread = list[int](), list[int]()
        texts: list[str] = []
        words = characters = 0
        number: int | None = 1
        while number:
            try:
                pages = self._store.pages.of_document(record.id, begin=number, limit=PAGES_AT_ONCE)
                if _key_of(self._store.documents.get(record.id)) != key:  # the document was read again meanwhile
                    raise KnownError("document.stopped", path=record.name)
            except KnownError as err:
                return err
            for page in pages:
                if not has_words(page):
                    unread.append(page.number)
                    continue
                read.append(page.number)
                words += words_of_page(page)
                text = with_mark(page.number, page_text(page), kind)
                characters += len(text) + 1
                if characters <= MOST_ATTACHED_CHARACTERS or not texts:
                    texts.append(text)
            number = pages[-1].number + 1 if len(pages) == PAGES_AT_ONCE else None
            yield
        whole = "\n".join(texts)
        return self._keep(MeasuredAttachment(
            key, record.name, record.id, record.sha256, kind, len(read) + len(unread), tuple(read), tuple(unread),
            words, characters, whole if characters <= MOST_ATTACHED_CHARACTERS else None, whole[:SAMPLE],
        ))  # fmt: skip

    def _keep(self, measure: MeasuredAttachment) -> MeasuredAttachment:
        while len(self._known) >= KEPT:
            del self._known[next(iter(self._known))]
        self._known[measure.key] = measure
        return measure

    def _of_source(self, request: AttachRequest) -> MeasuredAttachment:
        key = f"text {hash(request.source)} {request.page_kind}"
        if request.mode is AttachMode.PICTURE:
            return MeasuredAttachment(key, request.name, "", "", PICTURE, 1, (1,), (), 0, 0, "", "")
        if key not in self._known:
            pages = pages_from(request.source)
            read = [page for page in pages if has_words(page)]
            texts = [with_mark(page.number, page_text(page), request.page_kind) for page in read]
            text = "\n".join(texts) if len(pages) > 1 else "".join(request.source)
            self._keep(MeasuredAttachment(
                key, request.name, "", "", request.page_kind, len(pages), tuple(page.number for page in read),
                tuple(page.number for page in pages if page not in read), sum(map(words_of_page, read)), len(text),
                text if len(text) <= MOST_ATTACHED_CHARACTERS else None, text[:SAMPLE],
            ))  # fmt: skip
        return self._known[key]

    def _of_folder(self, request: AttachRequest) -> MeasuredAttachment:
        """Estimate the size of a folder from its number of pages, because reading all its text would take long."""
        record = self._store.collections.get(request.collection)
        _, pages, _ = self._store.collections.count(record.id)
        key, size = f"folder {record.id} {pages}", pages * PAGE_CHARACTERS
        return MeasuredAttachment(key, record.name, "", "", "page", pages, (), (), 0, size, None, SAMPLE_PAGE)

    # ---- counting

    def tokens_of(self, attachments: Sequence[MeasuredAttachment], record: ModelRecord | None) -> Pending[list[int]]:
        """Count the tokens of each whole attachment, including the frame around it.

        The count is an estimate for a very long text, and when there is no model to ask.
        """
        model = record.sha256 if record else ""
        missing = [attachment for attachment in attachments if (attachment.key, model) not in self._tokens]

        def counted(counts: Sequence[int]) -> list[int]:
            for attachment, count in zip(missing, counts, strict=True):
                whole = (
                    count
                    if attachment.text is not None
                    else count * attachment.characters // max(1, len(attachment.sample))
                )
                is_picture = attachment.page_kind == PICTURE
                self._tokens[attachment.key, model] = PICTURE_TOKENS if is_picture else whole + FRAME_TOKENS
            return [self._tokens[attachment.key, model] for attachment in attachments]

        return self.count(
            [attachment.sample if attachment.text is None else attachment.text for attachment in missing], record
        ).map(counted)

    def count(self, texts: Sequence[str], record: ModelRecord | None) -> Pending[list[int]]:
        """Count texts' tokens for a model, loaded or not. If that fails, returns an estimate, never a Problem."""
        guessed = guessed_tokens(texts)
        if not texts or record is None:
            return ended(guessed)
        pending: Pending[list[int]] = Pending()
        counting = count_tokens(self._loader, record, texts)
        counting.then(lambda counts: pending.end(guessed if isinstance(counts, Problem) else counts))
        return pending


def _key_of(record: DocumentRecord) -> str:
    return f"{record.id} {record.sha256} {record.reader}"


Taken = list[tuple[Passage, int]]
"""Chosen passages of a document, each with its tokens."""


def pages_of(about: Attached, numbers: Collection[int], store: Store) -> list[Page]:
    """Return these pages of a document, or of a text that belongs to none."""
    if not about.document:
        return [page for page in pages_from(about.source) if page.number in numbers]
    batches = (store.pages.of_document(about.document, begin=number, limit=1) for number in sorted(numbers))
    return [page for pages in batches for page in pages if page.number in numbers]


@dataclass(slots=True, eq=False)
class ReadDocument:
    """An attachment of a question while the parts to read are chosen."""

    about: Attached
    is_fresh: bool
    measured: MeasuredAttachment | None = None
    tokens: int = 0
    is_whole: bool = False

    @property
    def key(self) -> str:
        return key_of(self.about)

    @property
    def request(self) -> AttachRequest:
        about = self.about
        return AttachRequest(about.document, about.name, about.source, about.page_kind, about.mode)

    @property
    def mode(self) -> AttachMode:
        """Return the mode of reading. A text that is too long for any context is always read by passages."""
        return AttachMode.PASSAGES if self.measured and self.measured.text is None else self.about.mode

    def ranked(self, question: str) -> list[tuple[str, Passage]]:
        """Return the passages of a text that belongs to no document with its key, best first."""
        passages = passages_from(pages_from(self.about.source))
        order = ranked_by_words(search_words(question), [passage.text for passage in passages])
        best = [passages[place] for place in order]
        if self.is_fresh and not best:
            best = passages[:MOST_PASSAGES]
        return [(self.key, passage) for passage in best]

    def part(self, taken: Sequence[tuple[Passage, int]], store: Store) -> AttachmentPart | None:
        """Return the attachment as it is stored with the question; None for an older attachment of which nothing is
        read now. Raises KnownError store.*.
        """
        about, measure = changed(self.about, is_planned=True, is_more=not self.is_fresh), self.measured
        if measure is None:
            gone = changed(about, is_gone=True, is_whole=False, tokens=0, pages_used=(), places=(), words_read=0)
            return AttachmentPart("", Origin.DOCUMENT, gone)
        about = changed(
            about, name=measure.name, sha256=measure.sha256, page_kind=measure.page_kind, is_whole=self.is_whole,
            pages_total=measure.pages_total, pages_unread=measure.pages_unread, words_total=measure.words,
        )  # fmt: skip
        if self.is_whole and measure.text is not None:
            about = changed(
                about, tokens=self.tokens, pages_used=measure.pages_read, words_read=measure.words, places=()
            )
            return AttachmentPart(measure.text, Origin.DOCUMENT, about)
        passages = [passage for passage, _ in taken]
        if not passages and not self.is_fresh:
            return None
        places = tuple(sorted(map(place_of, passages)))
        pages = pages_of(self.about, pages_of_places(places), store)
        about = changed(
            about, is_whole=False, places=places, pages_used=pages_of_places(places),
            words_read=words_at(places, {page.number: page for page in pages}),
            tokens=sum(size for _, size in taken) + FRAME_TOKENS if passages else 0,
        )  # fmt: skip
        return AttachmentPart(passages_text(passages, measure.page_kind), Origin.DOCUMENT, about)


@dataclass(slots=True, eq=False)
class ReadFolder:
    about: Attached
    is_fresh: bool
    names: Mapping[str, str]
    unread: int = 0
    is_gone: bool = False

    def document(self, document: str) -> ReadDocument:
        about = Attached(
            self.names[document],
            document,
            mode=AttachMode.PASSAGES,
            collection=self.about.collection,
            frame=new_frame(),
        )
        return ReadDocument(about, self.is_fresh)

    def part(self, used: int) -> AttachmentPart | None:
        if not (used or self.is_fresh or self.is_gone):
            return None
        about = changed(
            self.about, is_planned=True, is_more=not self.is_fresh, is_gone=self.is_gone,
            documents_total=len(self.names), documents_used=used, documents_unread=self.unread,
        )  # fmt: skip
        return AttachmentPart("", Origin.DOCUMENT, about)
