"""Chats of other programs as the reader child hands them to the app, and the words for what they hold beside text."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.base.record import Number, Record

OWN_FORMAT, OWN_VERSION = "slmdesk-chat", 1
OWN_PROGRAM = "slmdesk"
IMPORTED = "imported"
"""Key of the settings of a chat that was imported, {program, id, sum, time}, and of what is kept with its messages: the
name of the program.
"""
THREAD_FILE, MESSAGES_FILE = "thread.json", "messages.jsonl"
"""The two files of a chat of Jan."""
USER, ASSISTANT = "user", "assistant"
COMPLETE, CANCELLED, INTERRUPTED = "complete", "cancelled", "interrupted"


class ForeignMessage(Record):
    """Times are seconds since the epoch, UTC; None: the file does not say."""

    id: str
    parent: str | None
    role: str
    """USER or ASSISTANT."""
    text: str
    model: str = ""
    created: Number | None = None
    status: str = COMPLETE
    """COMPLETE, CANCELLED (a person stopped it) or INTERRUPTED (by whatever)."""
    finish_reason: str = ""
    """ "stop", "length", or "" where the file does not say."""
    thought: str = ""
    thought_seconds: Number | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: Number | None = None


class ForeignChat(Record):
    program: str
    id: str
    """As the program names it; may be empty."""
    title: str
    created: Number | None = None
    updated: Number | None = None
    system: str = ""
    leaf: str = ""
    """Id of the last message of the branch that was shown."""
    messages: tuple[ForeignMessage, ...] = ()
    """A message before those that follow it; versions of one in their order."""
    left_out: tuple[tuple[str, int], ...] = ()
    """What cannot be kept: a name in the singular ("picture") and how many."""


def counted_words(counts: Mapping[str, int]) -> str:
    said = [f"{count:,} {name}{'s' * (count != 1)}" for name, count in counts.items() if count]
    return " and ".join(part for part in (", ".join(said[:-1]), *said[-1:]) if part)
