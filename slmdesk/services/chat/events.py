"""Events of chats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdesk.services.base.events import Event

if TYPE_CHECKING:
    from slmdesk.services.chat.attachments.budget import ContextPart
    from slmdesk.services.chat.quote import Quoted


class ContextMeasured(Event):
    """The context a chat takes was measured, in tokens."""

    chat: str | None
    tokens: int
    context_size: int
    parts: tuple[ContextPart, ...] = ()
    """The parts of the prompt, and the space kept free for the answer."""
    when_full: str = ""
    """The choice of the chat: see ChatOptions."""


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
    """The model reads notes in their place."""


class PresetsChanged(Event):
    """A preset was added, changed, moved or deleted."""


class QuotesFound(Event):
    """Quotations in an answer were found in its attachments; published after its MessageEnded."""

    item: str
    message: str
    quotes: tuple[Quoted, ...]
