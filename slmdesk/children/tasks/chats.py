"""Reads the chats that another program, or slmdesk itself, has exported."""

from __future__ import annotations

import json

from slmdesk.base.chat_import import ForeignChat
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.protocol import Partial, Progress
from slmdesk.base.record import to_json
from slmdesk.base.types import Json
from slmdesk.children.tasks.base import Job, Task, text_of
from slmdesk.children.tasks.read import reading_of
from slmdesk.formats.chat_files.files import Chat, Found, chats_in


def chats(job: Job) -> Task:
    """Payload {path, thread: the text of a `thread.json` beside it, or ""}.

    For each chat a Partial: {foreign: the fields of core.chat_import.ForeignChat} or {own: a chat as it was exported}.
    Result {broken: why the file was not read to its end; unknown, too_large, empty: how many were no chats, too large,
    or without messages}.
    """
    reading, found, number = reading_of(job), Found(), 0
    try:
        for chat in chats_in(reading, text_of(job, "thread", ""), found):
            job.check()
            value = _value(chat)
            if value is None:
                found.too_large += 1
                continue
            number += 1
            yield Partial(job.id, str(number), value)
            yield Progress(job.id, number, 0, "chat")
    except (KnownError, Stopped, MemoryError):
        raise
    except Exception as err:
        raise KnownError("document.damaged", path=reading.path, reason=type(err).__name__) from err
    return {"broken": found.broken, "unknown": found.unknown, "too_large": found.too_large, "empty": found.empty}


MOST_OWN, MOST_DEPTH = 40_000_000, 40
"""Characters of the JSON of one chat of our own, below what fits into one message to the app; how deep it is nested."""


def _value(chat: Chat) -> dict[str, Json] | None:
    """As it goes to the app; None for one that is too large for that."""
    if isinstance(chat, ForeignChat):
        return {"foreign": to_json(chat)}
    try:
        is_small = _is_flat(chat) and len(json.dumps(chat, allow_nan=False)) <= MOST_OWN
    except ValueError:  # a number that is none
        is_small = False
    return {"own": dict(chat)} if is_small else None


def _is_flat(value: object) -> bool:
    """Whether it is nested no deeper than an export ever is: each level costs the stack of whoever writes it."""
    level = [value]
    for _depth in range(MOST_DEPTH):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return True
    return False
