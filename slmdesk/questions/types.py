"""Types of questions (a request, and a question with its answer) and the events of questions."""

from __future__ import annotations

from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record
from slmdesk.base.records import Item, Message
from slmdesk.questions.prompt import Answered
from slmdesk.runtime.events import Event


class AskRequest(Record):
    question: str
    documents: tuple[str, ...] = ()
    """Ids of documents that were read. If a follow-up question names none, the documents of its item are asked."""
    collection: str | None = None
    """Id of a folder asked instead of single documents: all documents in it when the answer is searched for."""
    item: str | None = None
    """Item of the question that this one follows; None for a new question."""
    model: str | None = None
    """Id of the model; None for the model used last."""


class AskedQuestion(Record):
    question: str
    message: Message
    answered: Answered | None
    """The verified answer; None while it is being written, or if it did not end well."""


def collection_of(item: Item) -> str | None:
    return stored_from(str, item.settings.get("collection"))


class QuestionPlanned(Event):
    item: str
    message: str
    is_whole: bool
    passages: int
    tokens: int
    context_size: int


class QuestionAnswered(Event):
    """A question was answered with verified citations. Published after its MessageEnded."""

    item: str
    message: str
    answered: Answered
