"""Events that services publish to their listeners on the service thread, as plain dataclasses.

Events of a single package are in that package's `events` module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from slmdesk.base.record import Record
from slmdesk.base.records import Item, Message
from slmdesk.base.types import Timing, Usage

if TYPE_CHECKING:
    pass


class Event(Record): ...


class Problem(Record):
    """A failure as people read it: a known one (code and args), or a bug with its report.

    `sentence` is made in the app, never by a child process.
    """

    code: str
    args: Mapping[str, str | int | float]
    sentence: str
    report: str = ""
    """Versions and traceback of a bug, without any text of the user's; empty for a known error."""


class ItemChanged(Event):
    item: Item


class ItemsAdded(Event):
    """Many items are new at once, such as imported chats: lists are to be read again."""


class ItemGone(Event):
    id: str


class MessageAdded(Event):
    message: Message


class MessageGrew(Event):
    chat: str
    message: str
    text: str


class ThoughtGrew(Event):
    """A model thinks aloud before an answer; `text` is new, and no part of the answer."""

    chat: str
    message: str
    text: str


class PromptProgress(Event):
    chat: str
    message: str
    read: int
    total: int


class MessageEnded(Event):
    message: Message
    problem: Problem | None = None
    usage: Usage | None = None
    timing: Timing | None = None
    was_quiet: bool = True
    """Other programs hardly used the processor meanwhile, so that `timing` tells how fast the model is here."""


class MessageChanged(Event):
    """A stored message has changed: another instance wrote it, or its answer is being continued."""

    message: Message


class TranslationRead(Event):
    """Progress of preparing a translation before its first segment: texts found, then how many of them are stored."""

    item: str
    done: int
    total: int
    """0 while the total is unknown."""


class ExamOffered(Event):
    """A model has answered for the first time, so its exam can be offered.  Published once for each model."""

    model: str
    name: str
    minutes: int | None


class Noticed(Event):
    problem: Problem
    is_fault: bool = True
    """Otherwise it tells what was done as it should be."""
    trashed: Sequence[str] = ()


class NoticeOver(Event):
    """The cause of an earlier Noticed with this code is gone: what could not be saved has been saved."""

    code: str
