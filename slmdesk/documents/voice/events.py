"""Events of dictation."""

from __future__ import annotations

from slmdesk.base.runtime.events import Event
from slmdesk.base.runtime.messages import Problem


class DictationGrew(Event):
    """What was heard of the stretch that is being spoken: it replaces what was said of this stretch before."""

    dictation: str
    text: str
    is_final: bool
    """The pause has come: the text stays, and the next event is of another stretch.  May be empty."""


class DictationEnded(Event):
    """The last event of a dictation.  With a problem, final texts stay."""

    dictation: str
    problem: Problem | None = None
