"""A chat as people and models see it: the active path of its message tree, its title, the turns for the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol, TypeVar

from slmdesk.base.attached import AttachmentPart
from slmdesk.base.labels import CUT, clean_label
from slmdesk.base.record import Record, field
from slmdesk.base.records import Item, Message, Status
from slmdesk.base.types import ChatMessage, Origin, Role, TextPart
from slmdesk.base.wire import stored_from

if TYPE_CHECKING:
    from slmdesk.chat.quote import Quoted

MAX_TITLE = 160
NEW_CHAT = "New chat"
REDACT = "redact"
"""Key in the settings of an item: what is private in it is replaced before a model sees it."""
REDACTION = "redaction"
"""Key of what is stored with an answer whose model saw substitutes; see `PutBack.kept`."""
MOST_ATTACHED = 50
LONG_QUESTION = 300
"""Characters; a longer one holds the text it is about."""
_UNSHOWN = dict.fromkeys((*range(32), 127, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), " ")


class Conversation(Record):
    """An open chat: `messages` is the active path, oldest first; `siblings` are the versions of each answer."""

    item: Item
    messages: tuple[Message, ...]
    siblings: Mapping[str, tuple[str, ...]]
    quotes: Mapping[str, tuple[Quoted, ...]] = field(default_factory=dict)
    older: tuple[str, ...] = ()
    """Ids of the messages of the path before these, which were not read yet."""


class SentMessage(Record):
    item: Item
    user_message: Message
    answer: Message


class InspectedPrompt(Record):
    text: str
    tokens: int
    missing: tuple[str, ...]
    """Ids of messages the model's template leaves out."""
    lookalikes: tuple[str, ...] = ()
    """Words in the messages that would begin a turn in this model's format."""
    left_out: int = 0


def words_of(message: Message) -> str:
    """Return the text of a message without its attachments."""
    return message.words


def title_from(text: str) -> str:
    line = clean_label(text.translate(_UNSHOWN), 2000).lstrip("#>*-` ").rstrip(CUT)
    if not line:
        return NEW_CHAT
    if len(line) <= MAX_TITLE:
        return line
    cut = line[: MAX_TITLE - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space >= MAX_TITLE // 2 else cut).rstrip(" ,;:.") + CUT


class Placed(Protocol):
    @property
    def n(self) -> int:
        """Its number: a child's is larger than its parent's."""

    @property
    def id(self) -> str: ...

    @property
    def parent(self) -> str | None: ...

    @property
    def role(self) -> str: ...


P = TypeVar("P", bound=Placed)


def active_path(messages: Sequence[P], leaf: str | None) -> tuple[P, ...]:
    """Return the path from the root to `leaf`; below it, or without one, the newest child each time."""
    known = {one.id: one for one in messages}
    newest: dict[str | None, P] = {}
    for one in sorted(messages, key=lambda one: one.n):
        newest[one.parent if one.parent in known else None] = one
    path: list[P] = []
    at = known.get(leaf) if leaf else None
    seen: set[str] = set()
    while at is not None and at.id not in seen:
        seen.add(at.id)
        path.append(at)
        at = known.get(at.parent) if at.parent else None
    path.reverse()
    below = newest.get(path[-1].id if path else None)
    while below is not None and below.id not in seen:
        path.append(below)
        seen.add(below.id)
        below = newest.get(below.id)
    return tuple(path)


def leaf_of(item: Item) -> str | None:
    return stored_from(str, item.settings.get("leaf"))


SYSTEM = (
    "You are a careful assistant in an office. You write whatever text you are asked for, and you answer questions in "
    'the language they are asked in. Questions about facts that you cannot know you answer with: "I do not know."'
)
"""The instructions of a chat that has none of its own: without any, templates put a line about their maker there, and
small models make up what nobody can know (docs/decisions.md).
"""


def system_of(item: Item) -> str:
    system = stored_from(str, item.settings.get("system")) or ""
    return system if system.strip() else SYSTEM


def brings_text(words: str, *, has_attachments: bool) -> bool:
    """Return whether a question brings a text to work on: a document, a quotation, or many words of its own."""
    return has_attachments or len(words) >= LONG_QUESTION


def blanks_note(message: Message) -> str:
    from slmdesk.text.words.blanks import blanks_in

    blanks = blanks_in(message.text) if message.role is Role.ASSISTANT and message.status is Status.COMPLETE else ()
    return f"To fill in: {', '.join(blanks)}" if blanks else ""


def siblings_on(path: Sequence[Placed], messages: Sequence[Placed]) -> dict[str, tuple[str, ...]]:
    only: dict[tuple[str | None, str], str] = {}
    beside: dict[tuple[str | None, str], list[str]] = {}
    for one in sorted(messages, key=lambda one: one.n):
        place = (one.parent, one.role)
        first = only.setdefault(place, one.id)
        if first != one.id:
            beside.setdefault(place, [first]).append(one.id)
    return {one.id: tuple(beside[place]) for one in path if (place := (one.parent, one.role)) in beside}


DELETED = "(deleted)"
"""What a model is given for a question that was deleted without its answer."""


def turns_for_engine(system: str, path: Sequence[Message]) -> tuple[list[ChatMessage], list[str]]:
    """Return the turns for the model, and for each the id of its message ('' for the system prompt).

    An answer whose question was deleted begins no conversation, which most templates refuse: DELETED stands for the
    question.  An answer without text is left out, and the questions before and after it become one turn, because most
    templates refuse two turns of one role in a row.  A message that was refused as too long is left out too, or
    every later one would be refused with it.
    """
    path = [one for one, after in zip_longest(path, path[1:]) if not _was_too_long(after)]
    turns: list[ChatMessage] = []
    ids: list[str] = []
    if system:
        turns.append(ChatMessage(Role.SYSTEM, (TextPart(system, Origin.PERSON),)))
        ids.append("")
    for one in path:
        parts = _parts_of(one)
        if not any(part.text for part in parts):
            continue
        if one.role is Role.ASSISTANT and all(turn.role is Role.SYSTEM for turn in turns):
            turns.append(ChatMessage(Role.USER, (TextPart(DELETED, Origin.PERSON),)))
            ids.append("")
        if turns and turns[-1].role is one.role:
            gap = TextPart("\n\n", Origin.PERSON)
            turns[-1] = ChatMessage(one.role, (*turns[-1].parts, gap, *parts))
            ids[-1] = one.id
        else:
            turns.append(ChatMessage(one.role, parts))
            ids.append(one.id)
    return turns, ids


def _parts_of(one: Message) -> tuple[TextPart, ...]:
    """Return the parts of a turn: attachments first, so that they are read once and keep their position."""
    if one.role is Role.ASSISTANT:
        return (TextPart(one.text, Origin.MODEL),)
    if not one.attachments:
        return tuple(one.parts)
    from slmdesk.chat.attachments.text import parts_for_model

    attached = (part for each in one.attachments for part in parts_for_model(each))
    return (*attached, *(part for part in one.parts if not isinstance(part, AttachmentPart)))


def _was_too_long(answer: Message | None) -> bool:
    return answer is not None and answer.error_code == "context.full" and not answer.text


def can_continue(message: Message) -> bool:
    """Return whether an answer can be continued: it was cut by a limit, a stop, a crash or a closed window."""
    if message.role is not Role.ASSISTANT or message.status is Status.STREAMING:
        return False
    return message.status is not Status.COMPLETE or message.finish_reason in {"length", "repeat"}
