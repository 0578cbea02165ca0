"""Events: what the services report to their listeners, on the service thread, as plain dataclasses.

Those of one job stand in the `events` module of its package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdesk.core.records import Item, Message
from slmdesk.core.types import Timing, Usage

if TYPE_CHECKING:
    pass


class Event:
    """The base of all that is reported to listeners."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A known failure (code and args), or a bug with its report; `sentence` is made on the app."""

    code: str
    args: Mapping[str, str | int | float]
    sentence: str
    report: str = ""
    """Versions and trace of a bug; no text of the user's."""


@dataclass(frozen=True, slots=True)
class ItemChanged(Event):
    """An item is new, renamed, touched, deleted or restored."""

    item: Item


@dataclass(frozen=True, slots=True)
class ItemGone(Event):
    """An item was deleted for good."""

    id: str


@dataclass(frozen=True, slots=True)
class MessageAdded(Event):
    """A message was added to the tree."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageGrew(Event):
    """New text of an answer, as it comes."""

    chat: str
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class PromptProgress(Event):
    """How much of the prompt is read, in tokens."""

    chat: str
    message: str
    read: int
    total: int


@dataclass(frozen=True, slots=True)
class MessageEnded(Event):
    """An answer ended: complete, cancelled, failed or interrupted."""

    message: Message
    problem: Problem | None = None
    usage: Usage | None = None
    timing: Timing | None = None


@dataclass(frozen=True, slots=True)
class MessageChanged(Event):
    """A message is not as it was told before: another instance wrote it, or its answer goes on (Continue)."""

    message: Message


@dataclass(frozen=True, slots=True)
class TranslationRead(Event):
    """How far reading what is to be translated is, before its first segment: texts found, then kept of how many."""

    item: str
    done: int
    total: int
    """0 while it is not known."""


@dataclass(frozen=True, slots=True)
class ExamOffered(Event):
    """A model has answered for the first time: shall its exam begin?  Told once for each model."""

    model: str
    name: str
    minutes: int
    """About how long it takes."""


@dataclass(frozen=True, slots=True)
class Noticed(Event):
    """Something a person should know: shown in the quiet bar, with details to copy."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class NoticeOver(Event):
    """What a Noticed of this code said holds no more: what could not be saved is saved."""

    code: str
