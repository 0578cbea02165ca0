"""Types of questions (a request, and what an item holds of its answers) and the events of questions."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.base.protocol import stored_dict, stored_from
from slmdesk.base.record import Record
from slmdesk.base.records import Item, Message
from slmdesk.base.runtime.events import Event
from slmdesk.tasks.questions.prompt import Answered
from slmdesk.tasks.report import NotRead, Section


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


class Conversation(Record):
    """Questions and their answers. Only the answers are stored as its result; the messages are those of the item."""

    answers: Mapping[str, Answered]
    """The checked answers, by their messages."""
    messages: tuple[Message, ...] = ()
    """All messages of the item, also those that are not on its active path."""
    read: tuple[Section, ...] = ()
    """What was read of each document: a folded section."""
    not_read: tuple[NotRead, ...] = ()
    """What of the asked folder could not be read."""

    @classmethod
    def of(cls, untrusted: object) -> Conversation:
        """Read stored answers. Those of a newer program are left out; their text is in the message."""
        return cls(stored_dict(Answered, untrusted))


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
