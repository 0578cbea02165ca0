"""Requests to the chat service, as plain dataclasses."""

from __future__ import annotations

from slmdesk.base.attached import AttachMode
from slmdesk.base.record import Record, field
from slmdesk.base.types import Sampling
from slmdesk.chat.options import ChatOptions
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions


class AttachRequest(Record):
    document: str = ""
    """Id of a document; empty: `source` is the text."""
    name: str = ""
    source: tuple[str, ...] = ()
    page_kind: str = "page"
    mode: AttachMode = AttachMode.AUTO
    collection: str = ""


class SendRequest(Record):
    """Send a message in a chat; `chat` None makes a new one."""

    text: str
    chat: str | None = None
    model: str | None = None
    """Id of a model; None: the one last used."""
    system: str | None = None
    """None: the chat's own."""
    sampling: Sampling = field(default_factory=Sampling)
    """For this answer alone."""
    lora: str | None = None
    """Id of an adapter, for this chat from now on; "": none; None: the chat's own."""
    lora_scale: float | None = None
    thinking: str | None = None
    preset: str | None = None
    """Id or name of a preset, for this chat from now on; "": none; None: the chat's own."""
    when_full: str | None = None
    space: str = ""
    """Id or name of a space that a new chat begins in, with its options (unless others are given) and documents."""
    options: ChatOptions | None = None
    anyway: bool = False
    """Load the model even when memory seems too small."""
    attach: tuple[AttachRequest, ...] = ()
    instead_of: str = ""
    """Id of a question of this chat whose place this one takes; the old one stays as a version, with what followed.

    What was attached to it is attached to this one too.
    """
    redact: bool | None = None
    """Whether what is private is replaced before the model sees it, in this chat from now on; None: the chat's own."""
    decisions: Decisions = NOTHING_DECIDED
    save: bool = True
    """False: nothing of the chat is written to the disk."""
