"""Answers a question step by step: choose what the model reads, have the answer written, and read more if it is not
well supported.

`plan` is a generator without a model, a thread or a store of its own, so every path through it can be tested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from slmdesk.base.documents import Page
from slmdesk.base.record import Record, changed
from slmdesk.base.records import DocumentRecord, Message, ModelRecord, Passage
from slmdesk.base.runtime.events import Pending, outcome
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import Slices
from slmdesk.base.text.sentences import search_words
from slmdesk.base.texts import in_english
from slmdesk.base.types import ChatMessage, Sampling
from slmdesk.documents.retrieval import RankedPassages, Retrieval
from slmdesk.documents.search import Citation, nearest_of
from slmdesk.documents.types import CHARACTERS_PER_TOKEN
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import Lease, ModelLoader, count_tokens, guessed_tokens
from slmdesk.tasks.questions.grounds import LEAST_NEAR, PERHAPS, Grounds
from slmdesk.tasks.questions.languages import answers_in
from slmdesk.tasks.questions.prompt import (
    Answered,
    LookedAt,
    Part,
    Source,
    not_found,
    parsed_answer,
    said_turns_of,
    text_for,
    text_turns_of,
    turns_of,
)
from slmdesk.tasks.questions.told import refuses

YES_NO = ("Yes", "No")
ANSWER_TOKENS = 400
FRAME_TOKENS = 260
"""Tokens reserved for the instructions and the chat format."""
SOURCE_TOKENS = 14
WHOLE_S = 20.0
"""A text the model reads in fewer seconds than this is read whole at once. Later questions find it already read."""
READ_PER_S = 125.0
"""Tokens per second assumed for a model whose reading speed was not measured here yet."""
FIRST_TOKENS = 600
"""Most tokens of passages that are read first of a longer text. They contain most answers."""
LEAST_WHOLE = 2 * FIRST_TOKENS
"""A text of at most this many tokens is read whole even on a slow PC, as reading passages first would save little."""
READ_TOKENS = 1800
"""Most tokens of passages that are read when the first passages do not answer the question and the documents do not fit
whole. Small models get confused by more.
"""
MOST_PASSAGES = 8
BEFORE_NEIGHBOURS = 4
"""This many of the best passages are read before the neighbours of the best passage."""

_ALL = re.compile(
    r"\b(?:all|every|everything|lists?|summar\w+|alles?|sämtliche\w*|zusammenfass\w*|fass\w*|nenne|tou(?:s|tes)|résum\w+"
    r"|énumér\w+|tod[oa]s|resum\w+|tutt[ie]|elenc\w+|riassum\w+|wszystkie|wymień|alle|noem)\b",
    re.IGNORECASE,
)


class AnswerContext(Record):
    ranked: RankedPassages
    sources: tuple[Source, ...] = ()
    """The passages that the model reads. Empty when there is no model."""
    is_whole: bool = False
    tokens: int = 0
    context_size: int = 0
    passages: int = 0
    documents: int = 1
    wider: AnswerContext | None = None
    """What is read when this context does not answer the question: the whole text if it fits, else more passages."""


class ReadingRequest(Record):
    question: str
    before: tuple[tuple[str, str], ...]
    """Earlier questions with their answers."""
    documents: tuple[DocumentRecord, ...]
    record: ModelRecord | None
    """The model; None when only passages are wanted."""
    explicit: bool
    whole_tokens: float = WHOLE_S * READ_PER_S
    """A text of up to this many tokens is read whole at once."""

    @property
    def ids(self) -> list[str]:
        return [document.id for document in self.documents]


class ContextBuilder:
    """Chooses what the model reads: the whole text if that takes little time, otherwise the best passages first. The
    choice is made after the passages were ranked, the model was loaded and the tokens were counted. `build_context` is
    the whole way. Service thread.
    """

    def __init__(self, store: Store, loader: ModelLoader, retrieval: Retrieval) -> None:
        self._store, self._loader, self._retrieval = store, loader, retrieval

    def build_context(self, request: ReadingRequest) -> Slices[AnswerContext | None]:
        """Return what is read for a question; None when loading the model was cancelled.

        Raises KnownError `model.…`, `store.…`.
        """
        before = [asked for asked, _answer in request.before]
        ranked: RankedPassages = yield self._retrieval.rank(request.question, request.ids, before=before)
        if request.record is None:
            return AnswerContext(ranked)
        is_about_all = asks_for_all(request.question) or not ranked.passages
        if not ranked.passages:
            ranked = self._beginning(request.documents, ranked.words)
        lease: Lease | None = yield self._loader.lease(request.record, explicit=request.explicit)
        if lease is None:
            return None
        model, (number, size) = lease.model, self._store.passages.count(request.ids)
        budget = model.context_tokens - ANSWER_TOKENS - FRAME_TOKENS
        may_fit = size // CHARACTERS_PER_TOKEN + number * SOURCE_TOKENS <= budget
        candidates = self._everything(request.ids) if may_fit else self._best(ranked)
        sizes, fixed = yield from self._sizes(request, candidates)
        budget -= fixed
        reading = Reading(request.documents, ranked, sizes, model.context_tokens, number)
        best = ranked.passages if may_fit else candidates
        is_whole = may_fit and sum(sizes.values()) <= budget
        more = candidates if is_whole else _best_that_fit(best, sizes, min(budget, READ_TOKENS))
        wider = reading.of(more, is_whole=is_whole)
        first = _best_that_fit(best, sizes, min(budget, FIRST_TOKENS))
        at_once = max(request.whole_tokens, LEAST_WHOLE) if is_whole else FIRST_TOKENS
        if not first or wider.tokens <= at_once or is_about_all:
            return wider
        return changed(reading.of(first), wider=wider)

    def _beginning(self, documents: Sequence[DocumentRecord], words: tuple[str, ...]) -> RankedPassages:
        """Return each document's first passages, for questions whose words match nothing (“What is this about?”)."""
        passages: list[Passage] = []
        for document in documents[:MOST_PASSAGES]:
            passages += self._store.passages.of_document(document.id)[: max(1, MOST_PASSAGES // len(documents))]
        return RankedPassages(tuple(passages[:MOST_PASSAGES]), words)

    def _everything(self, ids: Sequence[str]) -> list[Passage]:
        return [passage for id in ids for passage in self._store.passages.of_document(id)]

    def _best(self, ranked: RankedPassages) -> list[Passage]:
        """Return the best passages, and the passages right before and after the best one."""
        best = ranked.passages[: 2 * MOST_PASSAGES]
        beside = self._retrieval.with_neighbours(best[:1])
        return list({passage.n: passage for passage in (*best[:BEFORE_NEIGHBOURS], *beside, *best)}.values())

    def _sizes(self, request: ReadingRequest, candidates: Sequence[Passage]) -> Slices[tuple[Mapping[int, int], int]]:
        """Return the tokens of each passage, and those of the question and what was said before."""
        assert request.record is not None
        said = [request.question, *(words for pair in request.before for words in pair)]
        texts = [*said, *map(text_for, candidates)]
        (counts,) = yield outcome(count_tokens(self._loader, request.record, texts))
        if isinstance(counts, Problem):
            counts = guessed_tokens(texts)
        of_passages = zip(candidates, counts[len(said) :], strict=True)
        return {passage.n: count + SOURCE_TOKENS for passage, count in of_passages}, sum(counts[: len(said)])


class Reading(Record):
    """What a context is made of beside its passages."""

    documents: tuple[DocumentRecord, ...]
    ranked: RankedPassages
    sizes: Mapping[int, int]
    """Tokens of each passage, by its number."""
    context_size: int
    passages: int

    def of(self, chosen: Sequence[Passage], *, is_whole: bool = False) -> AnswerContext:
        """Return the context of these passages, in the order of the documents."""
        names = {document.id: document.name for document in self.documents}
        places = list(names)
        ordered = sorted(chosen, key=lambda passage: (places.index(passage.document), passage.n))
        sources = tuple(Source(number, passage, names[passage.document]) for number, passage in enumerate(ordered, 1))
        tokens = sum(self.sizes[passage.n] for passage in chosen)
        asked = len(self.documents)
        return AnswerContext(self.ranked, sources, is_whole, tokens, self.context_size, self.passages, asked)


def asks_for_all(question: str) -> bool:
    return _ALL.search(question) is not None


def _best_that_fit(ranked: Sequence[Passage], sizes: Mapping[int, int], budget: int) -> list[Passage]:
    """Return the first passages that fit into `budget` tokens together. A passage that is too long is skipped, so that
    shorter ones after it can be chosen.
    """
    chosen: list[Passage] = []
    left = budget
    for passage in ranked:
        if len(chosen) < MOST_PASSAGES and passage.n in sizes and sizes[passage.n] <= left:
            chosen.append(passage)
            left -= sizes[passage.n]
    return chosen


SAMPLING = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=ANSWER_TOKENS)


class Step(Record):
    turns: tuple[ChatMessage, ...]
    sampling: Sampling
    reading: AnswerContext
    choices: tuple[str, ...] = ()
    """If not empty, the model writes nothing; it is only asked how likely each of these choices is."""


class Reply(Record):
    text: str
    scores: tuple[float, ...] = ()
    """Log probability of each choice."""


class Asked(Record):
    question: str
    before: tuple[tuple[str, str], ...]
    names: bool
    """True when the text comes from several files, so that each passage is labelled with its file."""


Judge = Callable[[AnswerContext, str], Part]
"""Function that turns a model's answer into the part that is kept. Its arguments are the context that was read and the
model's words.
"""


def plan(asked: Asked, reading: AnswerContext, judge: Judge) -> Generator[Step, Reply, Answered]:
    """Yield each step, receive the reply to it, and return the answer with its passages at the end.

    If the answer is marked or without citations, more is read; the better supported answer of the two is kept.
    """
    best: Part | None = None
    while True:
        part = judge(reading, (yield from _words(asked, reading)))
        if best is None or part.worth > best.worth:
            best = part
        if (best.citations and not best.marks) or reading.wider is None:
            return answered_of(best, reading)
        reading = reading.wider


def _words(asked: Asked, reading: AnswerContext) -> Generator[Step, Reply, str]:
    """Return the model's words. Small models refuse what they know if they are allowed to: after a refusal the model is
    asked whether the text says it, and after a yes it must answer.
    """
    make = partial(turns_of, reading.sources, asked.question, asked.before, names=asked.names)
    words = (yield Step(tuple(make()), SAMPLING, reading)).text
    if not refuses(parsed_answer(words)):
        return words
    turns = make(refuses=False)
    scores = (yield Step(tuple(said_turns_of(turns)), Sampling(temperature=0.0), reading, YES_NO)).scores
    if not scores or (len(scores) > 1 and scores[0] <= scores[1]):  # no is as likely as yes
        return words
    return (yield Step(tuple(turns), SAMPLING, reading)).text


def answered_of(part: Part, reading: AnswerContext) -> Answered:
    """Return what a person is shown of an answer. A refusal that passages speak against is shown as these passages."""
    is_perhaps = bool(part.perhaps)
    citations = part.nearest if is_perhaps else part.citations
    return Answered(
        answer=part.perhaps or part.answer,
        found=part.found or is_perhaps,
        is_quoted=is_perhaps,
        citations=citations,
        marks=part.marks,
        nearest=() if citations else part.nearest,
        is_whole=reading.is_whole,
        passages_read=len(reading.sources),
        passages_total=reading.passages,
        looked_at=_looked_at(reading, citations),
        documents_total=reading.documents,
    )


def _looked_at(reading: AnswerContext, citations: Sequence[Citation]) -> tuple[LookedAt, ...]:
    if reading.documents <= 1:
        return ()
    names = {source.passage.document: source.file for source in reading.sources}
    saying = {citation.document for citation in citations}
    return tuple(LookedAt(id, name, id in saying) for id, name in names.items())


@dataclass(slots=True, eq=False)
class Asking:
    item: str
    question: str
    answer: Message
    record: ModelRecord | None
    documents: tuple[DocumentRecord, ...]
    before: tuple[tuple[str, str], ...]
    explicit: bool
    choice: Pending[AnswerContext | None] | None = None
    """What is to be read, until it is chosen."""
    is_written: bool = False
    """True once the model has the question. From then on `Answers` looks after the answer."""
    reading: AnswerContext = field(default_factory=lambda: AnswerContext(RankedPassages((), ())))
    plan: Generator[Step, Reply, Answered] | None = None
    answered: Answered | None = None
    read_s: float = 0.0
    """Seconds that the model took to read the whole text."""

    def text_of(self, reading: AnswerContext) -> tuple[ChatMessage, ...]:
        return text_turns_of(reading.sources, names=len(self.documents) > 1)

    def evidence(self, reading: AnswerContext, store: Store) -> Evidence:
        return Evidence(store, self.question, self.documents, reading)

    def let_go(self) -> None:
        """Choose no more what is read."""
        if self.choice is not None:
            self.choice.cancel()


NEAREST = 3
MOST_LOOKED_THROUGH = 300_000
"""Most characters of documents that are all searched for support of an answer. Of longer documents only passages with
the question's words are searched.
"""
MOST_HITS = 200
CHECK_THIS = "Check this:"


@dataclass(frozen=True)
class Evidence:
    """Checks a model's answer against the documents. Service thread."""

    store: Store
    question: str
    documents: tuple[DocumentRecord, ...]
    reading: AnswerContext

    def part(self, text: str) -> Part:
        """Return a model's answer with the sentences it rests on and the marks at it. The model's words always stay.

        Where the model says that the text does not tell, the nearest sentences stand below. Raises KnownError store.*.
        """
        answer = parsed_answer(text)
        if refuses(answer):
            return self._missing()
        citations = self._grounds.citations(self.question, answer)
        marks = self._grounds.marks(self.question, answer, citations)
        nearest = () if citations else self._grounds.nearest(self.question)[0]
        return Part(answer, True, citations, marks, nearest)

    def _missing(self) -> Part:
        told = answers_in(self.question, self._grounds.text)
        nearest, nearness = self._grounds.nearest(self.question)
        perhaps = told.perhaps if nearness >= PERHAPS else ""
        return Part(told.not_found, False, nearest=nearest, perhaps=perhaps)

    def quoted(self) -> Answered:
        """Return the best passages as the answer: there is no model or only a weak one. Raises KnownError store.*."""
        if not self._grounds.passages:  # nothing was read, so nothing stands there
            return Answered(not_found(self.question), found=False)
        told = answers_in(self.question, self._grounds.text)
        found, nearness = self._grounds.nearest(self.question)
        shown = found if nearness >= LEAST_NEAR else ()
        head = told.perhaps if shown else told.no_passage
        nearest = () if shown else tuple(self._nearest())  # by the beginnings of words, or by meaning
        return Answered(f"{head} {told.no_model}", bool(shown), shown, nearest=nearest, is_quoted=True)

    def words(self, answered: Answered) -> str:
        """Return an answer with its sources as the text that is stored, and sent with a further question."""
        return in_english(self._words, answered)

    def _words(self, answered: Answered) -> str:
        documents = {document.id: document for document in self.documents}
        if answered.found:
            # in Markdown, a line of the model's that begins with > would read as one of the quotations below
            lines = [_QUOTED_LINE.sub(r"\1\\", answered.answer)]
            if answered.missing:
                lines.append(f"{CHECK_THIS} {answered.missing}.")
        else:
            head = answers_in(self.question, self._grounds.text).nearest_head
            lines = [f"{answered.answer} {head}" if answered.nearest else answered.answer]
        for citation in answered.citations or answered.nearest:
            quote = " ".join(citation.quote.split()).translate(_INNER)
            lines.append(f"> \u201c{quote}\u201d \u2014 {_place_of(citation, documents)}")
        return "\n\n".join(lines)

    @cached_property
    def _grounds(self) -> Grounds:
        return Grounds(
            tuple(self._everything()), self._page, {document.id: document.name for document in self.documents}
        )

    def _everything(self) -> list[Passage]:
        ids = [document.id for document in self.documents]
        if self.store.passages.count(ids)[1] <= MOST_LOOKED_THROUGH:
            return [passage for id in ids for passage in self.store.passages.of_document(id)]
        return self.store.passages.find(search_words(self.question), ids, MOST_HITS)

    def _nearest(self) -> list[Citation]:
        ranked = self.reading.ranked
        nearest = nearest_of(ranked.words, ranked.passages, self._page, NEAREST)
        return [citation for citation in nearest if citation.quote]

    def _page(self, document: str, page: int) -> Page | None:
        pages = self.store.pages.of_document(document, begin=page, limit=1)
        return pages[0] if pages and pages[0].number == page else None


_QUOTED_LINE = re.compile(r"^([^\S\n]*)(?=>)", re.MULTILINE)
_INNER = str.maketrans("\u201c\u201d", "\u2018\u2019")
"""Inside a quotation, so that none ends before its end."""


def _place_of(citation: Citation, documents: Mapping[str, DocumentRecord]) -> str:
    document = documents.get(citation.document)
    kind = str(document.info.get("page_kind") or "page") if document else "page"
    return f"{' '.join(document.name.split()) if document else ''}, {kind} {citation.page}"
