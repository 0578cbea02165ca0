"""Events of questions."""

from __future__ import annotations

from slmdesk.questions.prompt import Answered
from slmdesk.runtime.events import Event


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
