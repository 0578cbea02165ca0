"""Chooses what a model reads for a question: the whole text where that is soon read, else the best passages first.

Passages are ranked, the model is loaded, tokens are counted; then it is decided.  On the service thread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.records import DocumentRecord, ModelRecord, Passage
from slmdesk.base.types import LoadedModel
from slmdesk.library.citations import CHARACTERS_PER_TOKEN
from slmdesk.library.retrieval import RankedPassages, Retrieval
from slmdesk.loader.lease import Lease
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.loader.token_count import count_tokens, guessed_tokens
from slmdesk.questions.prompt import Source, text_for
from slmdesk.redaction.service import Veil
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.store import Store

ANSWER_TOKENS = 400
FRAME_TOKENS = 260
"""Instructions and the format's own, beside the passages."""
SOURCE_TOKENS = 14
WHOLE_TOKENS = 2500
"""Of a text that is read whole at once, three pages or four: passages alone mislead a small model.  About 20 s of
reading, and the next question finds it read.
"""
FIRST_TOKENS = 600
"""Of the passages that are read first of a longer one: they hold most answers."""
READ_TOKENS = 1800
"""Of passages, where those do not answer it and the documents do not fit whole: with more, small models lose their
way.
"""
MOST_PASSAGES = 8
BEFORE_NEIGHBOURS = 4
"""So many of the best come before the neighbours of the best one."""

_ALL = re.compile(
    r"\b(?:all|every|everything|lists?|summar\w+|alles?|sämtliche\w*|zusammenfass\w*|fass\w*|nenne|tou(?:s|tes)|résum\w+"
    r"|énumér\w+|tod[oa]s|resum\w+|tutt[ie]|elenc\w+|riassum\w+|wszystkie|wymień|alle|noem)\b",
    re.IGNORECASE,
)


class AnswerContext(Record):
    ranked: RankedPassages
    sources: tuple[Source, ...] = ()
    """Empty where there is no model to read them."""
    is_whole: bool = False
    tokens: int = 0
    context_size: int = 0
    passages: int = 0
    documents: int = 1
    wider: AnswerContext | None = None
    """What is read if this does not answer the question: the whole text where it fits, else more passages."""


class ReadingRequest(Record):
    question: str
    before: tuple[tuple[str, str], ...]
    """Earlier questions with their answers."""
    documents: tuple[DocumentRecord, ...]
    record: ModelRecord | None
    """None: passages alone are wanted."""
    explicit: bool
    veil: Veil | None = None


class ReadingChoice:
    """One choice in progress; `cancel` drops it.  At most one of `chosen` and `failed` is called, once."""

    def __init__(
        self,
        service_thread: ServiceThread,
        store: Store,
        loader: ModelLoader,
        retrieval: Retrieval,
        request: ReadingRequest,
        chosen: Callable[[AnswerContext], None],
        failed: Callable[[Problem | None], None],
    ) -> None:
        """Create the choice; `failed` gets None when loading the model was cancelled."""
        self._service_thread, self._store, self._loader, self._retrieval = service_thread, store, loader, retrieval
        self._request, self._chosen, self._failed = request, chosen, failed
        self._ranked = RankedPassages((), ())
        self._passages = 0
        self._is_about_all = asks_for_all(request.question)
        self._lease: Lease | None = None
        self._count: Pending[list[int]] | None = None
        self._is_over = False

    def begin(self) -> None:
        ids = [one.id for one in self._request.documents]
        try:
            before = [asked for asked, _ in self._request.before]
            question = self._request.question
            by_meaning = question != "" and self._request.veil is None  # the embedding model would read it as it is
            self._retrieval.rank(question, ids, before=before, by_meaning=by_meaning).then(self._on_ranked)
        except KnownError as err:
            self._fail(problem_for(err))

    def cancel(self) -> None:
        self._is_over = True
        if self._lease:
            self._lease.release()
        if self._count:
            self._count.cancel()

    def _on_ranked(self, found: RankedPassages | Problem) -> None:
        if self._is_over:
            return
        if isinstance(found, Problem):
            self._fail(found)
            return
        self._is_about_all = self._is_about_all or not found.passages
        self._ranked = found if found.passages else self._beginning(found.words)
        record = self._request.record
        if record is None:
            self._end(AnswerContext(self._ranked))
            return
        self._lease = self._loader.acquire(record, self._on_ready, self._fail, explicit=self._request.explicit)

    def _beginning(self, words: tuple[str, ...]) -> RankedPassages:
        """Where no word leads anywhere (“What is this about?”), documents are asked about how they begin."""
        found: list[Passage] = []
        for one in self._request.documents[:MOST_PASSAGES]:
            found += self._store.passages.of_document(one.id)[: max(1, MOST_PASSAGES // len(self._request.documents))]
        return RankedPassages(tuple(found[:MOST_PASSAGES]), words)

    def _on_ready(self, lease: Lease) -> None:
        """Count the tokens of what may be read: of everything where that may fit, else of the best passages."""
        model = lease.model
        budget = model.context_tokens - ANSWER_TOKENS - FRAME_TOKENS
        number, size = self._store.passages.count([one.id for one in self._request.documents])
        self._passages = number
        may_fit = size // CHARACTERS_PER_TOKEN + number * SOURCE_TOKENS <= budget
        candidates = self._everything() if may_fit else self._best()
        reported = [self._request.question, *(words for pair in self._request.before for words in pair)]
        texts = [*reported, *(text_for(one) for one in candidates)]

        def counted(found: list[int] | Problem) -> None:
            counts = guessed_tokens(texts) if isinstance(found, Problem) else found
            if not self._is_over:
                sizes = [one + SOURCE_TOKENS for one in counts[len(reported) :]]
                self._choose(model, candidates, sizes, budget - sum(counts[: len(reported)]), may_fit=may_fit)

        try:
            hidden = self._request.veil.hide(texts, keeps=False) if self._request.veil else texts
        except KnownError as err:
            self._fail(problem_for(err))
            return
        self._count = count_tokens(self._loader, lease.record, hidden).then(counted)

    def _everything(self) -> list[Passage]:
        return [passage for one in self._request.documents for passage in self._store.passages.of_document(one.id)]

    def _best(self) -> list[Passage]:
        """The best passages, with what stands right before and behind the very best."""
        best = self._ranked.passages[: 2 * MOST_PASSAGES]
        beside = self._retrieval.with_neighbours(best[:1])
        return list({one.n: one for one in (*best[:BEFORE_NEIGHBOURS], *beside, *best)}.values())

    def _choose(
        self, model: LoadedModel, candidates: Sequence[Passage], sizes: Sequence[int], budget: int, *, may_fit: bool
    ) -> None:
        tokens = {one.n: size for one, size in zip(candidates, sizes, strict=True)}
        ranked = self._ranked.passages if may_fit else candidates
        is_whole = may_fit and sum(sizes) <= budget
        more = list(candidates) if is_whole else _best_that_fit(ranked, tokens, min(budget, READ_TOKENS))
        wider = self._reading(model, more, tokens, is_whole=is_whole)
        first = _best_that_fit(ranked, tokens, min(budget, FIRST_TOKENS))
        if not first or wider.tokens <= (WHOLE_TOKENS if is_whole else FIRST_TOKENS) or self._is_about_all:
            self._end(wider)
        else:
            self._end(changed(self._reading(model, first, tokens), wider=wider))

    def _reading(
        self, model: LoadedModel, chosen: Sequence[Passage], tokens: Mapping[int, int], *, is_whole: bool = False
    ) -> AnswerContext:
        names = {one.id: one.name for one in self._request.documents}
        place = {one.id: at for at, one in enumerate(self._request.documents)}
        ordered = sorted(chosen, key=lambda one: (place[one.document], one.n))
        sources = tuple(Source(number, one, names[one.document]) for number, one in enumerate(ordered, 1))
        read = sum(tokens[one.n] for one in chosen)
        asked = len(self._request.documents)
        return AnswerContext(self._ranked, sources, is_whole, read, model.context_tokens, self._passages, asked)

    def _end(self, reading: AnswerContext) -> None:
        self._is_over = True
        self._chosen(reading)

    def _fail(self, problem: Problem | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._failed(problem)


def asks_for_all(question: str) -> bool:
    return _ALL.search(question) is not None


def _best_that_fit(ranked: Sequence[Passage], sizes: Mapping[int, int], budget: int) -> list[Passage]:
    """The first ones that fit together; a long one that does not fit lets shorter ones behind it in."""
    chosen: list[Passage] = []
    left = budget
    for one in ranked:
        if len(chosen) < MOST_PASSAGES and one.n in sizes and sizes[one.n] <= left:
            chosen.append(one)
            left -= sizes[one.n]
    return chosen
