"""A question while it is answered: what was asked, what is read for it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from slmdesk.base.records import DocumentRecord, Message, ModelRecord
from slmdesk.base.types import Answer, ChatMessage
from slmdesk.chat.answer_writer import Watcher
from slmdesk.library.retrieval import RankedPassages
from slmdesk.questions.context import AnswerContext, ReadingChoice
from slmdesk.questions.plan import Reply, Step
from slmdesk.questions.prompt import Answered, text_turns_of
from slmdesk.redaction.report import Tally
from slmdesk.redaction.service import Veil
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.slices import Slices
from slmdesk.store import Store

MOST_LEARNT = 300_000
"""Characters of a document that are looked through for what is private, beside the passages that are read."""
PAGES_AT_ONCE = 4


@dataclass(slots=True, eq=False)
class Asking:
    item: str
    question: str
    answer: Message
    record: ModelRecord | None
    documents: tuple[DocumentRecord, ...]
    before: tuple[tuple[str, str], ...]
    explicit: bool
    veil: Veil | None = None
    tally: Tally | None = None
    choice: ReadingChoice | None = None
    learning: Pending[None] | None = None
    is_planned: bool = False
    is_written: bool = False
    """The model has it; from now on `Answers` looks after it."""
    reading: AnswerContext = field(default_factory=lambda: AnswerContext(RankedPassages((), ())))
    plan: Generator[Step, Reply, Answered] | None = None
    answered: Answered | None = None
    read_s: float = 0.0
    """How long the model took to read the whole text."""

    def hidden(self, turns: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
        """The turns as the model is given them.  Raises KnownError redaction.*, store.*."""
        if self.veil is None or self.tally is None:
            return turns
        made = tuple(self.veil.hide_turns(turns))
        self.tally.add_hidden([part.text for turn in made for part in turn.parts])
        return made

    def with_originals(self, step: Step, answer: Answer) -> str:
        """What the model wrote; that it chose one of a step's choices is no text.  Raises KnownError store.*."""
        if self.veil is None or self.tally is None or step.choices:
            return answer.text
        back = self.veil.put_back(answer.text)
        self.tally.add_answer(back)
        return back.text


class Ending(Watcher):
    def __init__(self, ended: Callable[[Message], None]) -> None:
        self._ended = ended

    def ended(self, message: Message) -> None:
        self._ended(message)


def text_of(asking: Asking, reading: AnswerContext) -> tuple[ChatMessage, ...]:
    return text_turns_of(reading.sources, names=len(asking.documents) > 1)


def learnt(store: Store, veil: Veil, reading: AnswerContext) -> Slices[None]:
    """Look through the documents that are read for what is private: a name that one page tells is hidden on all.

    Raises KnownError redaction.*, store.*.
    """
    sources = (*reading.sources, *(reading.wider.sources if reading.wider else ()))
    for id in dict.fromkeys(one.passage.document for one in sources):
        begin, length = 1, 0
        while length < MOST_LEARNT and (some := store.pages.of_document(id, begin=begin, limit=PAGES_AT_ONCE)):
            veil.hide([page.text for page in some])
            begin, length = some[-1].number + 1, length + sum(len(page.text) for page in some)
            yield
