"""Events of questions."""

from __future__ import annotations

from slmdesk.services.base.events import Event
from slmdesk.services.questions.prompt import Answered


class QuestionPlanned(Event):
    """The model is about to read for a question: the documents whole, or their best passages."""

    item: str
    message: str
    """The answer that is being written."""
    is_whole: bool
    passages: int
    tokens: int
    """Of the text given to the model, without the question."""
    context_size: int


class QuestionAnswered(Event):
    """A question was answered, with verified citations; published after its MessageEnded."""

    item: str
    message: str
    answered: Answered
