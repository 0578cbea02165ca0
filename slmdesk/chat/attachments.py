"""Chooses, once the model is loaded, what it reads of the documents attached to a question. Service thread.

Each attachment is measured, the model is loaded, and tokens are counted. Attachments that fit are read whole; of the
others only the passages that match the question. The choice is stored with the question.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import cast

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_dict, stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, DocumentStatus, Message, ModelRecord, Passage, Status
from slmdesk.base.types import (
    Attached,
    AttachmentPart,
    AttachMode,
    ChatMessage,
    Json,
    Origin,
    Place,
    Role,
    TextPart,
)
from slmdesk.chat.answers import AnswerRequest, Watcher
from slmdesk.chat.attachment_text import (
    FRAME,
    FRAME_TOKENS,
    MOST_PASSAGES,
    PASSAGE_FRAME,
    SizedAttachment,
    best_that_fit,
    decide,
    has_words,
    in_turn,
    new_frame,
    page_text,
    pages_from,
    pages_of_places,
    passages_from,
    passages_text,
    place_of,
    space_for_answer,
    space_for_passages,
    with_mark,
    words_at,
    words_of_page,
)
from slmdesk.chat.checking import marks_on
from slmdesk.chat.conversation import PREFIX, ContextWindow, Stores, older_attachments
from slmdesk.chat.types import AttachRequest, Quoted, QuotesFound
from slmdesk.claims.types import MARKS, Mark, marks_of
from slmdesk.claims.values import is_same, quantities_of
from slmdesk.library.search import RankedPassages, Retrieval
from slmdesk.library.types import info_of, left_out_in
from slmdesk.loader.model_loader import Lease, ModelLoader, count_tokens, guessed_tokens
from slmdesk.runtime.events import MessageChanged, Pending, ended
from slmdesk.runtime.messages import Problem
from slmdesk.runtime.service import Runtime, Service, Slices, in_slices, on_file_thread, pending_on_file_thread
from slmdesk.store import Store
from slmdesk.text.checks.words import tongue
from slmdesk.text.relevance import FoldedText, folded_quote, ranked_by_words
from slmdesk.text.sentences import detect, search_words, sentence_spans, sentences

MARGIN = 24
"""Tokens that a chat format adds around the whole prompt."""
CHARACTERS_PER_TOKEN = 7
"""Upper limit of characters per token in any text. It shows without counting which texts can never fit."""
PICTURE, PICTURE_TOKENS = "picture", 1024
"""Kind of an attached picture, and a guess at its tokens; how many there are is known once its model is loaded."""
_ASKING = "?\uff1f\u061f\u037e"


class Planner(Service):
    def __init__(self, runtime: Runtime, loader: ModelLoader, retrieval: Retrieval, sources: Sources) -> None:
        super().__init__(runtime)
        self._loader, self._retrieval, self._sources = loader, retrieval, sources

    def choose(
        self, request: AnswerRequest, window: ContextWindow, path: Sequence[Message], *, explicit: bool
    ) -> Slices[tuple[AttachmentPart, ...] | None]:
        """Return what the model reads for the last message of `path`, or None when loading the model was cancelled.

        Raises KnownError model.*, store.*.
        """
        *before, question = path
        turns, _ids = window.turns(before)
        older = older_attachments(before, window)
        attached = _all_of(question.attachments, older)
        docs = [PlanDoc(about, is_fresh) for about, is_fresh in attached if not about.collection]
        folders = [self._folder_now(about, is_fresh=is_fresh) for about, is_fresh in attached if about.is_folder]
        yield from self._measure(docs)
        lease: Lease | None = yield self._loader.lease(request.record, explicit=explicit)
        if lease is None:
            return None
        context = lease.model.context_tokens
        yield from self._count(docs, request.record, context)
        texts = [*(turn.text for turn in turns), question.words]
        counts: list[int] = yield self._sources.count(texts, request.record)
        taken_tokens = sum(counts) + FRAME * len(counts) + MARGIN
        left = context - taken_tokens - space_for_answer(context, request.sampling.max_tokens)
        fresh = [doc for doc in docs if doc.is_fresh and doc.measured]
        for doc, is_whole in zip(
            fresh, decide([SizedAttachment(doc.tokens, doc.mode) for doc in fresh], left), strict=True
        ):
            doc.is_whole = is_whole
            if is_whole:
                left -= doc.tokens
        asked = [doc for doc in docs if doc.measured and not doc.is_whole]
        # documents of folders, except those that are attached directly or were read whole before
        others = {doc.about.document for doc in docs}
        others |= {part.attached.document for part in older if part.attached.is_whole}
        searched = {id for folder in folders for id in folder.names} - others
        taken: dict[str, Taken] = {}
        if asked or folders:
            rankings = yield from self._rankings(question.words, before, asked, folders, searched)
            frames = FRAME_TOKENS * (len(asked) + min(MOST_PASSAGES, len(searched)))
            given = _given_in(older)
            taken = yield from self._pick(rankings, given, request.record, space_for_passages(left - frames))
        parts = [doc.part(taken.get(doc.key, ()), self._store) for doc in docs]
        for folder in folders if asked or folders else ():
            used = [folder.doc(id) for id in taken if id in searched and id in folder.names]
            yield from self._measure(used)
            parts += [folder.part(len(used)), *(doc.part(taken[doc.key], self._store) for doc in used)]
        pictures = [part for part in question.attachments if part.attached.is_picture]
        return tuple(part for part in (*pictures, *parts) if part is not None)

    def _folder_now(self, about: Attached, *, is_fresh: bool) -> PlanFolder:
        """Look up which documents of a folder can be searched now.  Raises KnownError store.*."""
        collections = self._store.collections
        try:
            record = collections.get(about.collection)
            documents = collections.asked_documents(record.id)
            unread = collections.count(record.id)[2] + len(left_out_in(record.settings))
        except KnownError as err:
            if err.code != "collection.unknown":
                raise
            return PlanFolder(about, is_fresh, {}, is_gone=True)
        return PlanFolder(about, is_fresh, {document.id: document.name for document in documents}, unread)

    def _measure(self, docs: Sequence[PlanDoc]) -> Slices[None]:
        measured = yield from self._sources.measured([doc.request for doc in docs])
        for doc, measure in zip(docs, measured, strict=True):
            if isinstance(measure, MeasuredAttachment):
                doc.measured = measure
            elif measure.code not in ("document.unknown", "document.stopped"):
                raise measure

    def _count(self, docs: Sequence[PlanDoc], record: ModelRecord, context: int) -> Slices[None]:
        known = [doc.measured for doc in docs if doc.measured and doc.is_fresh]
        known = [measure for measure in known if measure.characters // CHARACTERS_PER_TOKEN <= context]
        counts = yield self._sources.tokens_of(known, record)
        sizes = dict(zip((measure.key for measure in known), counts, strict=True))
        for doc in docs:
            doc.tokens = sizes.get(doc.measured.key, 1 << 40) if doc.measured else 0

    def _rankings(
        self,
        question: str,
        before: Sequence[Message],
        asked: Sequence[PlanDoc],
        folders: Sequence[PlanFolder],
        searched: Collection[str],
    ) -> Slices[list[list[tuple[str, Passage]]]]:
        """Return rankings of (key of the document, passage), best first: one for all stored documents, and one for each
        text that belongs to no document.
        """
        texts = [doc for doc in asked if not doc.about.document]
        of_texts = []
        if texts:
            of_texts = yield pending_on_file_thread(
                self._service_thread, lambda: [doc.ranked(search_words(question)) for doc in texts], name="passages"
            )
        ids = [*(doc.about.document for doc in asked if doc.about.document), *searched]
        stored: Sequence[Passage] = ()
        if ids:
            earlier = tuple(message.words for message in before if message.role is Role.USER)
            with_earlier = any(word in question for word in _ASKING)  # not with “Thanks”
            ranked: RankedPassages = yield self._retrieval.rank(question, ids, before=earlier if with_earlier else ())
            stored = ranked.passages or self._beginnings(asked, folders, searched)
        rankings = [[(passage.document, passage) for passage in stored]]
        return rankings + [
            [(doc.key, passage) for passage in passages] for doc, passages in zip(texts, of_texts, strict=True)
        ]

    def _beginnings(
        self, asked: Sequence[PlanDoc], folders: Sequence[PlanFolder], searched: Collection[str]
    ) -> list[Passage]:
        """Return the first passages of newly attached documents, for a question whose words match nothing (“What is
        this about?”). Of a folder only the first documents are used.
        """
        ids = [doc.about.document for doc in asked if doc.about.document and doc.is_fresh]
        fresh = [id for folder in folders if folder.is_fresh for id in folder.names if id in searched]
        ids += fresh[:MOST_PASSAGES]
        each = max(1, MOST_PASSAGES // max(1, len(ids)))
        return [passage for id in ids for passage in self._store.passages.of_document(id)[:each]]

    def _pick(
        self,
        rankings: Sequence[Sequence[tuple[str, Passage]]],
        given: Mapping[str, Collection[Place]],
        record: ModelRecord,
        space: int,
    ) -> Slices[dict[str, Taken]]:
        """Return the passages that fit into `space` tokens, by their document's key, without those read before."""
        candidates = [
            (key, passage) for key, passage in in_turn(rankings) if place_of(passage) not in given.get(key, ())
        ]
        candidates = candidates[: 3 * MOST_PASSAGES]
        counts: list[int] = yield self._sources.count([passage.text for _, passage in candidates], record)
        sizes = [count + PASSAGE_FRAME for count in counts]
        taken: dict[str, Taken] = {}
        for place in best_that_fit(sizes, space):
            key, passage = candidates[place]
            taken.setdefault(key, []).append((passage, sizes[place]))
        return taken


def stub_of(request: AttachRequest) -> AttachmentPart:
    is_picture = request.mode is AttachMode.PICTURE
    known_by = hashlib.sha256("".join(request.source).encode()).hexdigest() if is_picture else ""
    about = Attached(
        request.name, request.document, known_by, is_planned=is_picture, is_whole=is_picture,
        tokens=PICTURE_TOKENS * is_picture, size=request.size, page_kind=request.page_kind, mode=request.mode,
        source=request.source, pages_total=len(request.source), collection=request.collection, frame=new_frame(),
    )  # fmt: skip
    return AttachmentPart("", Origin.DOCUMENT, about)


def undecided_again(parts: Sequence[AttachmentPart]) -> tuple[AttachmentPart, ...]:
    return tuple(
        AttachmentPart("", Origin.DOCUMENT, old if old.is_picture else Attached(
            old.name, old.document, page_kind=old.page_kind, mode=old.mode, source=old.source,
            pages_total=old.pages_total, collection=old.collection, frame=old.frame,
        ))
        for old in (part.attached for part in parts) if not old.is_of_folder
    )  # fmt: skip


def is_undecided(parts: Sequence[TextPart]) -> bool:
    return any(isinstance(part, AttachmentPart) and not part.attached.is_planned for part in parts)


def older_by_passages(path: Sequence[AttachmentPart]) -> list[Attached]:
    whole = {key_of(part.attached) for part in path if part.attached.is_whole}
    attached = [part.attached for part in path if not (part.attached.is_of_folder or part.attached.is_picture)]
    by_key = {key_of(about): about for about in attached if not about.is_gone}
    return [about for key, about in by_key.items() if key not in whole]


def _given_in(older: Sequence[AttachmentPart]) -> dict[str, set[Place]]:
    given: dict[str, set[Place]] = {}
    for part in older:
        given.setdefault(key_of(part.attached), set()).update(part.attached.places)
    return given


def _all_of(fresh: Sequence[AttachmentPart], older: Sequence[AttachmentPart]) -> list[tuple[Attached, bool]]:
    """Return everything that is attached to a question, each with whether it is newly attached."""
    fresh = [part for part in fresh if not part.attached.is_picture]
    keys = {key_of(part.attached) for part in fresh}
    known = [about for about in older_by_passages(older) if key_of(about) not in keys]
    return [*((part.attached, True) for part in fresh), *((about, False) for about in known)]


PAGES_AT_ONCE = 20
MOST_CHARACTERS = 700_000
"""Most characters of a text whose tokens are all counted and that may be read whole. No context holds more."""
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
        measures = []
        for request in requests:
            pending = self._measure(request)
            if not pending.is_ended or isinstance(pending.result, Problem):
                yield pending
            measures.append(cast("MeasuredAttachment | KnownError", pending.result))
            yield
        return measures

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
                if characters <= MOST_CHARACTERS or not texts:
                    texts.append(text)
            number = pages[-1].number + 1 if len(pages) == PAGES_AT_ONCE else None
            yield
        whole = "\n".join(texts)
        return self._keep(MeasuredAttachment(
            key, record.name, record.id, record.sha256, kind, len(read) + len(unread), tuple(read), tuple(unread),
            words, characters, whole if characters <= MOST_CHARACTERS else None, whole[:SAMPLE],
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
                text if len(text) <= MOST_CHARACTERS else None, text[:SAMPLE],
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


def _pages_of(about: Attached, numbers: Collection[int], store: Store) -> list[Page]:
    """Return these pages of a document, or of a text that belongs to none."""
    if not about.document:
        return [page for page in pages_from(about.source) if page.number in numbers]
    batches = (store.pages.of_document(about.document, begin=number, limit=1) for number in sorted(numbers))
    return [page for pages in batches for page in pages if page.number in numbers]


@dataclass(slots=True, eq=False)
class PlanDoc:
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
        return request_of(self.about)

    @property
    def mode(self) -> AttachMode:
        """Return the mode of reading. A text that is too long for any context is always read by passages."""
        return AttachMode.PASSAGES if self.measured and self.measured.text is None else self.about.mode

    def ranked(self, words: Sequence[str]) -> Sequence[Passage]:
        """Return the passages of a text that belongs to no document, best first."""
        passages = passages_from(pages_from(self.about.source))
        order = ranked_by_words(words, [passage.text for passage in passages])
        return [passages[place] for place in order] or passages[: MOST_PASSAGES if self.is_fresh else 0]

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
        pages = _pages_of(self.about, pages_of_places(places), store)
        about = changed(
            about, is_whole=False, places=places, pages_used=pages_of_places(places),
            words_read=words_at(places, {page.number: page for page in pages}),
            tokens=sum(size for _, size in taken) + FRAME_TOKENS if passages else 0,
        )  # fmt: skip
        return AttachmentPart(passages_text(passages, measure.page_kind), Origin.DOCUMENT, about)


@dataclass(slots=True, eq=False)
class PlanFolder:
    about: Attached
    is_fresh: bool
    names: Mapping[str, str]
    unread: int = 0
    is_gone: bool = False

    def doc(self, document: str) -> PlanDoc:
        about = Attached(
            self.names[document],
            document,
            mode=AttachMode.PASSAGES,
            collection=self.about.collection,
            frame=new_frame(),
        )
        return PlanDoc(about, self.is_fresh)

    def part(self, used: int) -> AttachmentPart | None:
        if not (used or self.is_fresh or self.is_gone):
            return None
        about = changed(
            self.about, is_planned=True, is_more=not self.is_fresh, is_gone=self.is_gone,
            documents_total=len(self.names), documents_used=used, documents_unread=self.unread,
        )  # fmt: skip
        return AttachmentPart("", Origin.DOCUMENT, about)


def check_folders(store: Store, attach: Sequence[AttachRequest]) -> None:
    """Check each attached folder is partly readable. Raises KnownError `collection.unknown`, `collection.empty`."""
    for request in attach:
        if request.collection:
            record = store.collections.get(request.collection)
            if not store.collections.count(record.id)[0]:
                raise KnownError("collection.empty", name=record.name)


def key_of(about: Attached) -> str:
    folder = f"folder {about.collection}" if about.collection else ""
    return about.document or folder or f"{about.name} {hash(about.source)}"


def request_of(about: Attached) -> AttachRequest:
    return AttachRequest(about.document, about.name, about.source, about.page_kind, about.mode)


LEAST_LETTERS, LEAST_WORDS = 10, 2
"""Fewest letters and words of a quotation that is looked up, because a single word occurs in every text."""
MOST_QUOTES = 12
_QUOTED = re.compile(
    r'"([^"\n]{8,600})"|\u201c([^\u201c\u201d\n]{8,600})\u201d|\u201e([^\u201e\u201c\u201d\n]{8,600})[\u201c\u201d]'
    r"|\u00ab([^\u00ab\u00bb\n]{8,600})\u00bb|\u00bb([^\u00ab\u00bb\n]{8,600})\u00ab"
)


def quoted_in(text: str) -> list[str]:
    quotes = ("".join(groups) for groups in _QUOTED.findall(text))
    return list(dict.fromkeys(quote for quote in quotes if _is_enough(quote)))[:MOST_QUOTES]


def _is_enough(quote: str) -> bool:
    plain = folded_quote(quote)
    return sum(letter.isalnum() for letter in plain) >= LEAST_LETTERS and (len(plain.split()) >= LEAST_WORDS)


class Ground(Record):
    name: str
    document: str
    pages: tuple[tuple[int, str], ...]
    kind: str = "page"


def stands_in(quotes: Sequence[str], grounds: Sequence[Ground]) -> tuple[Quoted, ...]:
    """Return the quotations that occur word for word on a page, each with its first occurrence."""
    quoted: list[Quoted] = []
    left = list(quotes)
    for ground in grounds:
        for number, text in ground.pages:
            folded = FoldedText(text) if left else None
            for quote in tuple(left):
                span = folded.find(quote) if folded else None
                if span is not None:
                    quoted.append(Quoted(ground.name, ground.document, number, *span, text[slice(*span)], ground.kind))
                    left.remove(quote)
    return tuple(quoted)


MOST_SENTENCES = 3000
"""Most sentences among which the one nearest to an answer is looked for."""
LEAST_SHARED = 3
"""Fewest words that an answer without figures and a sentence share."""
MOST_NEAR = 4
"""Most sentences of an answer for which the nearest is looked for."""


def nearest(answer: str, grounds: Sequence[Ground]) -> tuple[Quoted, ...]:
    """Return for each sentence of an answer that has figures the sentence that has most of them, or nothing if none has
    any; for an answer without figures the sentence that shares most words with it. They prove nothing.
    """
    pages = ((ground, number, text) for ground in grounds for number, text in ground.pages)
    candidates = [*islice(((*page, span) for page in pages for span in sentence_spans(page[2])), MOST_SENTENCES)]
    texts = [text[slice(*span)] for _ground, _number, text, span in candidates]
    language, there = detect(answer)[0] or "", tongue("\n".join(texts))
    asked = [(said, values) for said in sentences(answer, language) if (values := quantities_of(said, language))]
    known = [quantities_of(text, there) for text in texts] if asked else []
    near = list[int]()
    for said, values in asked[:MOST_NEAR]:
        counts = [sum(any(is_same(value, other) for other in others) for value in values) for others in known]
        most = max([1, *counts])
        best = [at for at, count in enumerate(counts) if count == most]
        ranked = ranked_by_words(search_words(said), [texts[at] for at in best], among=len(texts))
        near += [best[at] for at in (ranked or range(len(best)))[:1]]
    if not asked:
        words = search_words(answer)
        ranked = ranked_by_words(words, texts)[:1]
        near += [at for at in ranked if len(set(words).intersection(search_words(texts[at]))) >= LEAST_SHARED]
    return tuple(
        Quoted(ground.name, ground.document, number, *span, text[slice(*span)], ground.kind, is_near=True)
        for ground, number, text, span in (candidates[at] for at in dict.fromkeys(near))
    )


class Quotes(Service):
    """Compares a chat's answers with its attachments: finds the quotations that really occur there, or else the nearest
    sentences, and marks what is not there.

    Quotations are stored as the item's result `quotes` when an answer has ended, marks with the answer. A quotation
    that is found nowhere is not shown as a citation. Texts are searched on a separate thread.
    """

    def __init__(self, runtime: Runtime, stores: Stores) -> None:
        super().__init__(runtime)
        self._stores = stores

    def watcher(self, parts: Sequence[AttachmentPart], turns: Sequence[ChatMessage]) -> Watcher:
        return Watcher(lambda ended: self._look(ended, parts, turns))

    def of(self, item: str) -> dict[str, tuple[Quoted, ...]]:
        kept = None if item.startswith(PREFIX) else (self._store.results.get(item) or {}).get("quotes")
        return stored_dict(tuple[Quoted, ...], kept)  # skips quotations of a newer program

    def forget(self, item: str, messages: Collection[str]) -> dict[str, Json]:
        kept = None if item.startswith(PREFIX) else self._store.results.get(item)
        old = stored_from(dict, kept.get("quotes")) if kept else None
        if kept and old and not set(messages).isdisjoint(old):
            quotes = {id: shapes for id, shapes in old.items() if id not in messages}
            self._store.results.save(item, {**kept, "quotes": quotes})
            return {id: shapes for id, shapes in old.items() if id in messages}
        return {}

    def put_back(self, item: str, dropped: Mapping[str, Json]) -> None:
        kept = self._store.results.get(item) or {}
        old = stored_from(dict, kept.get("quotes")) or {}
        self._store.results.save(item, {**kept, "quotes": {**old, **dropped}})

    def _look(self, answer: Message, parts: Sequence[AttachmentPart], turns: Sequence[ChatMessage]) -> None:
        """Compare an answer that ended with text. QuotesFound follows, even if nothing is found."""

        def look() -> tuple[tuple[Quoted, ...], tuple[Mark, ...]]:
            quoted = stands_in(quoted_in(answer.text), grounds) or nearest(answer.text, grounds)
            return quoted, marks_on(answer.text, turns)

        if answer.status in (Status.FAILED, Status.STREAMING):
            return
        try:
            grounds = self._grounds(parts)
        except KnownError:  # unreadable pages: no quotation is verified or shown
            grounds = []

        def ended(found: tuple[tuple[Quoted, ...], tuple[Mark, ...]] | Problem) -> None:
            quoted, marks = ((), ()) if isinstance(found, Problem) else found
            if quoted:
                self._keep(answer, quoted)
            if marks != marks_of(answer):
                self._keep_marks(answer, marks)
            self._publish(QuotesFound(answer.item, answer.id, quoted, marks))

        on_file_thread(self._service_thread, look, ended, name="quotes")

    def _grounds(self, parts: Sequence[AttachmentPart]) -> list[Ground]:
        used: dict[str, tuple[Attached, set[int]]] = {}
        for part in parts:
            if part.text:
                used.setdefault(key_of(part.attached), (part.attached, set()))[1].update(part.attached.pages_used)
        grounds: list[Ground] = []
        for about, numbers in used.values():
            pages = tuple((page.number, page.text) for page in _pages_of(about, numbers, self._store))
            grounds.append(Ground(about.name, about.document, pages, about.page_kind))
        return grounds

    def _keep(self, answer: Message, quoted: Sequence[Quoted]) -> None:
        if answer.item.startswith(PREFIX):
            return
        with suppress(KnownError):  # deleted meanwhile, or a full disk: the message has the words
            kept = self._store.results.get(answer.item) or {}
            quotes = {**(stored_from(dict, kept.get("quotes")) or {}), answer.id: [to_json(quote) for quote in quoted]}
            self._store.results.save(answer.item, {**kept, "quotes": quotes})

    def _keep_marks(self, answer: Message, marks: Sequence[Mark]) -> None:
        with suppress(KnownError):  # deleted or continued meanwhile, or a full disk
            messages = self._stores.of(answer.id).messages
            self._publish(MessageChanged(messages.keep(answer.id, **{MARKS: list(map(to_json, marks))})))
