"""A question as it is put, as it is shown with its answer, and its events."""

from __future__ import annotations

from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record
from slmdesk.base.records import Item, Message
from slmdesk.questions.prompt import Answered
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions
from slmdesk.runtime.events import Event


class AskRequest(Record):
    question: str
    documents: tuple[str, ...] = ()
    """Ids of documents that were read; for a follow-up: none means those of its item."""
    collection: str | None = None
    """Instead of documents: the folder all of whose documents are asked, as they are when the answer is looked for."""
    item: str | None = None
    """The question it follows; None: a new question."""
    model: str | None = None
    """Id of a model; None: the model last used."""
    redact: bool | None = None
    """The model is given substitutes for what is private; None: as before in this item, which for a new item is no."""
    decisions: Decisions = NOTHING_DECIDED


class AskedQuestion(Record):
    question: str
    message: Message
    answered: Answered | None
    """None: it is being written, or it did not end well."""


def collection_of(item: Item) -> str | None:
    return stored_from(str, item.settings.get("collection"))


# ---- events of questions


class QuestionPlanned(Event):
    item: str
    message: str
    is_whole: bool
    passages: int
    tokens: int
    context_size: int


class QuestionAnswered(Event):
    """A question was answered, with verified citations; published after its MessageEnded."""

    item: str
    message: str
    answered: Answered
