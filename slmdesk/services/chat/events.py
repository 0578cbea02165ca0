"""Events of chat."""

from __future__ import annotations

from dataclasses import dataclass

from slmdesk.services.base.events import Event
from slmdesk.services.chat.attachments.budget import ContextPart
from slmdesk.services.chat.quote import Quoted


@dataclass(frozen=True, slots=True)
class ContextMeasured(Event):
    """How much of what the model can see a chat takes, in tokens."""

    chat: str | None
    tokens: int
    context_size: int
    parts: tuple[ContextPart, ...] = ()
    """What it is made of, and what is kept free for the answer."""


@dataclass(frozen=True, slots=True)
class QuotesFound(Event):
    """Quotations in an answer of a chat that stand in what was attached; its MessageEnded was told before."""

    item: str
    message: str
    quotes: tuple[Quoted, ...]
