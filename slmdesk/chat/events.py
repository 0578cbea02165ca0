"""Events of chats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdesk.runtime.events import Event

if TYPE_CHECKING:
    from slmdesk.chat.attachments.budget import ContextPart
    from slmdesk.chat.quote import Quoted


class ContextMeasured(Event):
    chat: str | None
    tokens: int
    context_size: int
    parts: tuple[ContextPart, ...] = ()
    when_full: str = ""


class NotesBegun(Event):
    """The model writes notes on the earlier part of a chat, before it writes this answer."""

    item: str
    message: str


class TurnsLeftOut(Event):
    """More of a chat is left out of what the model reads, from this answer on; ItemChanged came before."""

    item: str
    message: str
    count: int
    """Of the messages left out, with those left out before."""
    has_notes: bool


class PresetsChanged(Event): ...


class QuotesFound(Event):
    """Quotations in an answer were found in its attachments; published after its MessageEnded."""

    item: str
    message: str
    quotes: tuple[Quoted, ...]
