"""A question while it is answered: what was asked, what is read for it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from slmdesk.core.records import DocumentRecord, Message, ModelRecord
from slmdesk.core.types import ChatMessage
from slmdesk.services.chat.answer_writer import Watcher
from slmdesk.services.documents.retrieval import RankedPassages
from slmdesk.services.questions.context import AnswerContext, ReadingChoice
from slmdesk.services.questions.plan import Reply, Step
from slmdesk.services.questions.prompt import Answered, text_turns_of


@dataclass(slots=True, eq=False)
class Asking:
    """A question that is being answered."""

    item: str
    question: str
    answer: Message
    record: ModelRecord | None
    documents: tuple[DocumentRecord, ...]
    before: tuple[tuple[str, str], ...]
    explicit: bool
    choice: ReadingChoice | None = None
    is_planned: bool = False
    """What is read was published."""
    is_written: bool = False
    """The model has it; from now on `Answers` looks after it."""
    reading: AnswerContext = field(default_factory=lambda: AnswerContext(RankedPassages((), ())))
    """What the model reads now."""
    plan: Generator[Step, Reply, Answered] | None = None
    answered: Answered | None = None
    read_s: float = 0.0
    """How long the model took to read the whole text."""


class Ending(Watcher):
    """Waits for the end of an answer."""

    def __init__(self, ended: Callable[[Message], None]) -> None:
        self._ended = ended

    def ended(self, message: Message) -> None:
        """Its row has ended, and that was published."""
        self._ended(message)


def text_of(asking: Asking, reading: AnswerContext) -> tuple[ChatMessage, ...]:
    """The turns as far as they are the same for every question."""
    return text_turns_of(reading.sources, names=len(asking.documents) > 1)
