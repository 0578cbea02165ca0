"""Chooses what a model reads of the documents attached to a question, once the model is loaded.

Each attachment is measured, the model is loaded, tokens are counted; attachments that fit are read whole, of the others
the passages that match the question.  The choice is stored with the question.  On the service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from slmdesk.base.attached import Attached, AttachmentPart, Place
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord, Passage
from slmdesk.base.types import ChatMessage, Origin, TextPart
from slmdesk.chat.attachments.budget import (
    MOST_PASSAGES,
    PASSAGE_FRAME,
    SizedAttachment,
    best_that_fit,
    decide,
    in_turn,
    space_for_answer,
    space_for_passages,
)
from slmdesk.chat.attachments.decided import PlanDoc, PlanFolder, Taken, folder_now, key_of
from slmdesk.chat.attachments.sources import MeasuredAttachment, Sources
from slmdesk.chat.attachments.text import FRAME_TOKENS, pages_from, passages_from, place_of
from slmdesk.chat.prompt_inspector import FRAME
from slmdesk.chat.requests import AttachRequest
from slmdesk.library.retrieval import RankedPassages, Retrieval
from slmdesk.loader.lease import Lease
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.store import Store
from slmdesk.text.passages.ranking import ranked_by_words
from slmdesk.text.words.stop_words import search_words

T = TypeVar("T")

MARGIN = 24
"""Tokens for what a chat format puts around everything."""
CHARACTERS_PER_TOKEN = 7
"""No text has more characters per token; shows without counting what can never fit."""
_ASKING = "?\uff1f\u061f\u037e"


class PlanRequest(Record):
    question: str
    asked_before: tuple[str, ...]
    """Earlier questions, the last one last."""
    parts: tuple[AttachmentPart, ...]
    older: tuple[AttachmentPart, ...]
    turns: tuple[ChatMessage, ...]
    record: ModelRecord
    max_tokens: int | None
    explicit: bool


class Workers(Record):
    service_thread: ServiceThread
    store: Store
    loader: ModelLoader
    retrieval: Retrieval
    sources: Sources


class Plan:
    """One choice in progress; `cancel` drops it.  At most one of `chosen` and `failed` is called, once."""

    def __init__(
        self,
        workers: Workers,
        request: PlanRequest,
        chosen: Callable[[tuple[AttachmentPart, ...]], None],
        failed: Callable[[Problem | None], None],
    ) -> None:
        """Create the plan; `failed` gets None when loading the model was cancelled."""
        self._at, self._request, self._chosen, self._failed = workers, request, chosen, failed
        self._docs = _docs_of(request)
        self._folders: list[PlanFolder] = []
        self._searched: set[str] = set()
        """The documents of folders, but those that are attached by themselves or were read whole before."""
        self._given = _given_in(request.older)
        self._lease: Lease | None = None
        self._is_over = False
        self._context = self._left = 0

    def begin(self) -> None:
        try:
            self._folders = [
                folder_now(self._at.store, about, is_fresh=is_fresh) for about, is_fresh in _folders_of(self._request)
            ]
        except KnownError as err:
            self._fail(problem_for(err))
            return
        others = {one.about.document for one in self._docs}
        others |= {one.attached.document for one in self._request.older if one.attached.is_whole}
        self._searched = {id for one in self._folders for id in one.names} - others
        self._measure(self._docs, self._acquire_model)

    def cancel(self) -> None:
        self._is_over = True
        if self._lease:
            self._lease.release()

    def _when(self, pending: Pending[T], step: Callable[[T], None]) -> None:
        def ended(result: T | Problem) -> None:
            if isinstance(result, Problem):
                self._fail(result)
            elif not self._is_over:
                step(result)

        pending.then(ended)

    # ---- what there is

    def _measure(self, docs: Sequence[PlanDoc], then: Callable[[], None]) -> None:
        if self._is_over:
            return
        if not docs:
            then()
            return

        def measured(found: MeasuredAttachment | Problem) -> None:
            if isinstance(found, MeasuredAttachment):
                docs[0].measured = found
            elif found.code not in ("document.unknown", "document.stopped"):
                self._fail(found)
                return
            self._at.service_thread.post(lambda: self._measure(docs[1:], then))

        self._at.sources.measure(docs[0].request).then(measured)

    def _acquire_model(self) -> None:
        self._lease = self._at.loader.acquire(
            self._request.record, self._on_ready, self._fail, explicit=self._request.explicit
        )

    def _on_ready(self, lease: Lease) -> None:
        self._context = lease.model.context_tokens
        known = [one.measured for one in self._docs if one.measured and one.is_fresh and self._may_fit(one)]

        def counted(tokens: list[int]) -> None:
            sizes = dict(zip((one.key for one in known), tokens, strict=True))
            for one in self._docs:
                one.tokens = sizes.get(one.measured.key, 1 << 40) if one.measured else 0
            self._count_turns()

        self._when(self._at.sources.tokens_of(known, self._request.record), counted)

    def _may_fit(self, one: PlanDoc) -> bool:
        found = one.measured
        return found is not None and found.characters // CHARACTERS_PER_TOKEN <= self._context

    def _count_turns(self) -> None:
        texts = [*(turn.text for turn in self._request.turns), self._request.question]

        def counted(counts: list[int]) -> None:
            taken = sum(counts) + FRAME * len(counts) + MARGIN
            self._left = self._context - taken - space_for_answer(self._context, self._request.max_tokens)
            self._decide()

        self._when(self._at.sources.count(texts, self._request.record), counted)

    # ---- whole, or passages

    def _decide(self) -> None:
        fresh = [one for one in self._docs if one.is_fresh and one.measured]
        for one, is_whole in zip(
            fresh, decide([SizedAttachment(one.tokens, one.mode) for one in fresh], self._left), strict=True
        ):
            one.is_whole = is_whole
            if is_whole:
                self._left -= one.tokens
        asked = [one for one in self._docs if one.measured and not one.is_whole]
        if not asked and not self._folders:
            self._end({})
            return
        self._rank_sources([one for one in asked if not one.about.document], lambda: self._rank(asked))

    def _rank_sources(self, docs: Sequence[PlanDoc], then: Callable[[], None]) -> None:
        words = search_words(self._request.question)

        def work() -> list[tuple[Passage, ...]]:
            found = []
            for one in docs:
                passages = passages_from(pages_from(one.request.source))
                order = ranked_by_words(words, [passage.text for passage in passages])
                beginning = passages[: MOST_PASSAGES if one.is_fresh else 0]
                found.append(tuple(passages[place] for place in order) or tuple(beginning))
            return found

        def ranked(found: list[tuple[Passage, ...]]) -> None:
            for one, passages in zip(docs, found, strict=True):
                one.passages = passages
            then()

        if docs:
            self._when(pending_on_file_thread(self._at.service_thread, work, name="passages"), ranked)
        else:
            then()

    def _rank(self, asked: Sequence[PlanDoc]) -> None:
        ids = [*(one.about.document for one in asked if one.about.document), *self._searched]

        def ranked(found: RankedPassages | Problem) -> None:
            if isinstance(found, Problem):
                self._fail(found)
            elif not self._is_over:
                self._pick(asked, list(found.passages) or self._beginnings(asked))

        question = self._request.question
        before = self._request.asked_before if any(one in question for one in _ASKING) else ()  # not with “Thanks”
        try:
            if ids:
                self._at.retrieval.rank(question, ids, before=before).then(ranked)
            else:
                self._pick(asked, [])
        except KnownError as err:
            self._fail(problem_for(err))

    def _beginnings(self, asked: Sequence[PlanDoc]) -> list[Passage]:
        """Return the beginnings of newly attached documents, for a question whose words match nothing (“What is this
        about?”); of a folder those of the first documents.
        """
        ids = [one.about.document for one in asked if one.about.document and one.is_fresh]
        fresh = [id for one in self._folders if one.is_fresh for id in one.names if id in self._searched]
        ids += fresh[:MOST_PASSAGES]
        each = max(1, MOST_PASSAGES // max(1, len(ids)))
        return [passage for id in ids for passage in self._at.store.passages.of_document(id)[:each]]

    def _pick(self, asked: Sequence[PlanDoc], stored: Sequence[Passage]) -> None:
        rankings: list[list[tuple[str, Passage]]] = [[(one.document, one) for one in stored]]
        rankings += [[(one.key, passage) for passage in one.passages] for one in asked if not one.about.document]
        candidates = [(key, one) for key, one in in_turn(rankings) if place_of(one) not in self._given.get(key, ())]
        candidates = candidates[: 3 * MOST_PASSAGES]

        def counted(counts: list[int]) -> None:
            sizes = [one + PASSAGE_FRAME for one in counts]
            taken: dict[str, list[tuple[Passage, int]]] = {}
            frames = len(asked) + min(MOST_PASSAGES, len(self._searched))
            for place in best_that_fit(sizes, space_for_passages(self._left - FRAME_TOKENS * frames)):
                key, passage = candidates[place]
                taken.setdefault(key, []).append((passage, sizes[place]))
            self._measure_found(taken)

        self._when(self._at.sources.count([one.text for _, one in candidates], self._request.record), counted)

    # ---- what is kept

    def _measure_found(self, taken: Mapping[str, Taken]) -> None:
        ids = [id for id in taken if id in self._searched]
        found = [(folder, [folder.doc(id) for id in ids if id in folder.names]) for folder in self._folders]
        self._measure([doc for _, docs in found for doc in docs], lambda: self._end(taken, found))

    def _end(self, taken: Mapping[str, Taken], found: Sequence[tuple[PlanFolder, Sequence[PlanDoc]]] = ()) -> None:
        if self._is_over:
            return
        store = self._at.store
        try:
            parts = [one.part(taken.get(one.key, ()), store) for one in self._docs]
            for folder, docs in found:
                parts += [folder.part(len(docs)), *(one.part(taken[one.key], store) for one in docs)]
        except KnownError as err:
            self._fail(problem_for(err))
            return
        self._is_over = True
        self._chosen(tuple(one for one in parts if one is not None))

    def _fail(self, problem: Problem | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._failed(problem)


def stub_of(request: AttachRequest) -> AttachmentPart:
    about = Attached(
        request.name, request.document, page_kind=request.page_kind, mode=request.mode, source=request.source,
        pages_total=len(request.source), collection=request.collection,
    )  # fmt: skip
    return AttachmentPart("", Origin.DOCUMENT, about)


def undecided_again(parts: Sequence[AttachmentPart]) -> tuple[AttachmentPart, ...]:
    return tuple(
        AttachmentPart("", Origin.DOCUMENT, Attached(
            old.name, old.document, page_kind=old.page_kind, mode=old.mode, source=old.source,
            pages_total=old.pages_total, collection=old.collection,
        ))
        for old in (one.attached for one in parts) if not old.is_of_folder
    )  # fmt: skip


def is_undecided(parts: Sequence[TextPart]) -> bool:
    return any(isinstance(one, AttachmentPart) and not one.attached.is_planned for one in parts)


def older_by_passages(path: Sequence[AttachmentPart]) -> list[Attached]:
    whole = {key_of(one.attached) for one in path if one.attached.is_whole}
    attached = [one.attached for one in path if not one.attached.is_of_folder]
    found = {key_of(about): about for about in attached if not about.is_gone}
    return [about for key, about in found.items() if key not in whole]


def _given_in(older: Sequence[AttachmentPart]) -> dict[str, set[Place]]:
    given: dict[str, set[Place]] = {}
    for part in older:
        given.setdefault(key_of(part.attached), set()).update(part.attached.places)
    return given


def _all_of(request: PlanRequest) -> list[tuple[Attached, bool]]:
    fresh = [part.attached for part in request.parts]
    keys = {key_of(about) for about in fresh}
    older = [about for about in older_by_passages(request.older) if key_of(about) not in keys]
    return [*((one, True) for one in fresh), *((one, False) for one in older)]


def _docs_of(request: PlanRequest) -> list[PlanDoc]:
    return [PlanDoc(about, is_fresh) for about, is_fresh in _all_of(request) if not about.collection]


def _folders_of(request: PlanRequest) -> list[tuple[Attached, bool]]:
    return [(about, is_fresh) for about, is_fresh in _all_of(request) if about.is_folder]
