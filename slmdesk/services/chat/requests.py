"""What a frontend (window or command line) asks of the services, as plain dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field

from slmdesk.core.attached import AttachMode
from slmdesk.core.types import Sampling
from slmdesk.services.chat.options import ChatOptions


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """Attach a document that was read, or text that is in none."""

    document: str = ""
    """Id of a document; empty: `source` is the text."""
    name: str = ""
    """Of text that is in no document."""
    source: tuple[str, ...] = ()
    """Its pages; text that was pasted is one."""
    page_kind: str = "page"
    mode: AttachMode = AttachMode.AUTO


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Say something in a chat.  chat None: a new one is made."""

    text: str
    chat: str | None = None
    model: str | None = None
    """Id of a model; None: the one last used."""
    system: str | None = None
    """None: the chat's own."""
    sampling: Sampling = field(default_factory=Sampling)
    """Of this answer alone."""
    lora: str | None = None
    """Id of an adapter, for this chat from now on; "": none any more; None: the chat's own."""
    lora_scale: float | None = None
    """Its strength; None: the chat's own."""
    options: ChatOptions | None = None
    """Of a chat that is new; None: as usual."""
    anyway: bool = False
    """Load the model however short memory looks."""
    attach: tuple[AttachRequest, ...] = ()
    save: bool = True
    """False: nothing of it is written to the disk."""
