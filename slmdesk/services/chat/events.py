"""Events of chats."""

from __future__ import annotations

from dataclasses import dataclass

from slmdesk.services.base.events import Event
from slmdesk.services.chat.attachments.budget import ContextPart
from slmdesk.services.chat.quote import Quoted


@dataclass(frozen=True, slots=True)
class ContextMeasured(Event):
    """The context a chat takes was measured, in tokens."""

    chat: str | None
    tokens: int
    context_size: int
    parts: tuple[ContextPart, ...] = ()
    """The parts of the prompt, and the space kept free for the answer."""


@dataclass(frozen=True, slots=True)
class QuotesFound(Event):
    """Quotations in an answer were found in its attachments; published after its MessageEnded."""

    item: str
    message: str
    quotes: tuple[Quoted, ...]
