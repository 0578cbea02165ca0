"""A chat in the form for people and models: the active path of its message tree, its title, the engine's turns."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, zip_longest
from typing import TYPE_CHECKING, Any, Protocol, Required, TypeAlias, TypedDict, TypeVar, Unpack
from uuid import uuid4

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from, stored_list
from slmdesk.base.record import Record, changed, field
from slmdesk.base.records import AnswerEnding, Item, Message, RemovedMessages, Status
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES
from slmdesk.base.types import MOST_PICTURES, AttachmentPart, ChatMessage, Json, Origin, Picture, Role, TextPart
from slmdesk.base.untrusted import CUT, broken, clean_label
from slmdesk.chat.settings import ANSWER_LENGTHS, OF_MESSAGE
from slmdesk.chat.types import ASTRAY, ChatOptions, Example, options_from

if TYPE_CHECKING:
    from slmdesk.chat.types import Quoted
    from slmdesk.history.store import Store

MAX_TITLE = 160
NEW_CHAT = "New chat"
LONG_QUESTION = 300
"""Number of characters from which a question is assumed to contain the text it is about."""
_UNSHOWN = dict.fromkeys((*range(32), 127, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), " ")


class Conversation(Record):
    """An open chat. `messages` is the active path, oldest first. `siblings` are the versions of each answer."""

    item: Item
    messages: tuple[Message, ...]
    siblings: Mapping[str, tuple[str, ...]]
    quotes: Mapping[str, tuple[Quoted, ...]] = field(default_factory=dict)
    older: tuple[str, ...] = ()
    """Ids of the earlier messages of the path that were not loaded yet."""


class SentMessage(Record):
    item: Item
    user_message: Message
    answer: Message


class InspectedPrompt(Record):
    text: str
    tokens: int
    missing: tuple[str, ...]
    """Ids of messages that the model's chat template leaves out."""
    lookalikes: tuple[str, ...] = ()
    """Words in the messages that would start a turn in this model's chat format."""
    left_out: int = 0


def title_from(text: str, most: int = MAX_TITLE) -> str:
    line = clean_label(text.translate(_UNSHOWN), 2000).lstrip("#>*-` ").rstrip(CUT)
    if not line:
        return NEW_CHAT
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    space = cut.rfind(" ")
    if space >= most // 2:
        cut = cut[:space]
    return cut.rstrip(" ,;:.") + CUT


class Placed(Protocol):
    @property
    def n(self) -> int:
        """Return the number of the message. A child always has a larger number than its parent."""

    @property
    def id(self) -> str: ...

    @property
    def parent(self) -> str | None: ...

    @property
    def role(self) -> str: ...


P = TypeVar("P", bound=Placed)


def active_path(messages: Sequence[P], leaf: str | None) -> tuple[P, ...]:
    """Return the path from root to `leaf` and on to its newest descendant; with no leaf, along the newest children."""
    known = {message.id: message for message in messages}
    newest: dict[str | None, P] = {}
    for message in sorted(messages, key=lambda message: message.n):
        newest[message.parent if message.parent in known else None] = message
    path: list[P] = []
    at = known.get(leaf or "")
    seen: set[str] = set()
    while at is not None and at.id not in seen:
        seen.add(at.id)
        path.append(at)
        at = known.get(at.parent or "")
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
"""Instructions of a chat without instructions of its own. Without any, chat templates insert a line about their maker,
and small models invent things that nobody can know (docs/decisions.md).
"""


def brings_text(words: str, *, has_attachments: bool) -> bool:
    """Return whether a question contains a text to work on: an attached document, or many words of its own."""
    return has_attachments or len(words) >= LONG_QUESTION


def blanks_note(message: Message) -> str:
    from slmdesk.base.text.sentences import blanks_in

    blanks = blanks_in(message.text) if message.role is Role.ASSISTANT and message.status is Status.COMPLETE else ()
    return _("Placeholder: {blanks}").format(blanks=", ".join(blanks)) if blanks else ""


def siblings_on(path: Sequence[Placed], messages: Sequence[Placed]) -> dict[str, tuple[str, ...]]:
    only: dict[tuple[str | None, str], str] = {}
    beside: dict[tuple[str | None, str], list[str]] = {}
    for message in sorted(messages, key=lambda message: message.n):
        place = (message.parent, message.role)
        first = only.setdefault(place, message.id)
        if first != message.id:
            beside.setdefault(place, [first]).append(message.id)
    return {placed.id: tuple(beside[place]) for placed in path if (place := (placed.parent, placed.role)) in beside}


DELETED = "(deleted)"
"""Text that the model receives in place of a question that was deleted without its answer."""


def turns_for_engine(system: str, path: Sequence[Message]) -> tuple[list[ChatMessage], list[str]]:
    """Return the turns for the model, and for each turn the id of its message ('' for the system prompt).

    Most templates refuse a conversation that begins with an answer, so DELETED replaces a deleted question. They also
    refuse two turns of the same role in a row, so an answer without text is left out, and the questions before and
    after it are joined into one turn. A message that was refused as too long is left out as well; otherwise every later
    message would be refused too.
    """
    path = [message for message, after in zip_longest(path, path[1:]) if after is None or not was_refused(after)]
    turns: list[ChatMessage] = []
    ids: list[str] = []
    if system:
        turns.append(ChatMessage(Role.SYSTEM, (TextPart(system, Origin.PERSON),)))
        ids.append("")
    for message in path:
        parts, pictures = _parts_of(message), _pictures_of(message)
        if not any(part.text for part in parts):
            continue
        if message.role is Role.ASSISTANT and all(turn.role is Role.SYSTEM for turn in turns):
            turns.append(ChatMessage(Role.USER, (TextPart(DELETED, Origin.PERSON),)))
            ids.append("")
        if turns and turns[-1].role is message.role:
            gap = TextPart("\n\n", Origin.PERSON)
            shown = (*turns[-1].pictures, *pictures)
            turns[-1] = ChatMessage(message.role, (*turns[-1].parts, gap, *parts), shown)
            ids[-1] = message.id
        else:
            turns.append(ChatMessage(message.role, parts, pictures))
            ids.append(message.id)
    return turns, ids


def _parts_of(message: Message) -> tuple[TextPart, ...]:
    """Return the parts of a turn. Attachments come first, so that they are read only once and keep their position."""
    if message.role is Role.ASSISTANT:
        return (TextPart(message.text, Origin.MODEL),)
    if not message.attachments:
        return tuple(message.parts)
    from slmdesk.chat.attachment_text import parts_for_model

    attached = (part for each in message.attachments for part in parts_for_model(each))
    return (*attached, *(part for part in message.parts if not isinstance(part, AttachmentPart)))


def _pictures_of(message: Message) -> tuple[Picture, ...]:
    shown = (part.attached for part in message.attachments if part.attached.is_picture and part.attached.source)
    return tuple(Picture(*about.size, about.source[0], about.sha256) for about in shown)


def with_last_pictures(turns: Sequence[ChatMessage], *, sees: bool) -> list[ChatMessage]:
    """Return the turns with the last MOST_PICTURES pictures, or with none for a model that does not see."""
    left = MOST_PICTURES if sees else 0
    kept = list[ChatMessage]()
    for turn in reversed(turns):
        pictures = turn.pictures[-left:] if left else ()
        left -= len(pictures)
        kept.append(turn if pictures == turn.pictures else changed(turn, pictures=pictures))
    return kept[::-1]


def was_refused(answer: Message) -> bool:
    """Return whether the question was too long for the model."""
    return answer.error_code == "context.full" and not answer.text


def can_continue(message: Message) -> bool:
    """Return whether an answer can be continued, because it was cut by a limit, a stop, a crash or a closed window."""
    if message.role is not Role.ASSISTANT or message.status is Status.STREAMING:
        return False
    return message.status is not Status.COMPLETE or message.finish_reason in {"length", *ASTRAY}


AFTER, NOTES, PINNED = "left_out_to", "earlier_notes", "pinned_messages"
WINDOW = "window"
MOST_NOTES = 20_000
BEFORE_NOTES = "\n\n[Notes on what was said earlier in this conversation:]\n"
BEHIND_NOTES = "\n[End of the notes.]"
LIKE_OURS = re.compile(r"(?im)\[(?=end of the notes)|^[^\S\n]*(?:person|assistant)(?=[^\S\n]*:)")
"""What in a model's words would look like the end of notes, or another speaker."""

Group = tuple[Message, ...]
"""A question and everything that follows it up to the next question."""


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """The part of a chat that the model sees: after which message, with notes on the part before, and pinned messages.

    It is stored in the item's settings and with each answer written under it; the stored values are untrusted. Turns
    are left out as whole groups of a question and its answers.
    """

    system: str = SYSTEM
    """Instructions, which are never left out; there are always some."""
    after: str = ""
    """Id of the last message that is left out. If it is empty or not on the path, the model sees the whole path."""
    notes: str = ""
    """Notes on the part that is left out, or on an earlier chat. They are placed after the instructions."""
    pinned: frozenset[str] = frozenset()
    """Ids of messages that are never left out. The question or answer that belongs to such a message stays too."""
    examples: tuple[Example, ...] = ()
    answer_language: str = ""
    """One of ANSWER_LANGUAGES. The language is requested after each message of the person, because small models ignore
    the request in the instructions (docs/decisions.md).
    """
    answer_length: str = ""
    """One of ANSWER_LENGTHS, requested in the same place."""

    def place(self, path: Sequence[Message]) -> int:
        return next((at + 1 for at, message in enumerate(path) if message.id and message.id == self.after), 0)

    def left_out(self, path: Sequence[Message]) -> frozenset[str]:
        before = groups_of(path[: self.place(path)])
        return frozenset(message.id for group in before if not self.holds(group) for message in group)

    def seen(self, path: Sequence[Message]) -> tuple[Message, ...]:
        gone = self.left_out(path)
        return tuple(message for message in path if message.id not in gone)

    def holds(self, group: Group) -> bool:
        return any(message.id in self.pinned for message in group)

    def notes_on(self, path: Sequence[Message]) -> str:
        """Return notes for the left out part of `path`, or on an earlier chat. Empty if they are of another branch."""
        return self.notes if not self.after or self.place(path) else ""

    def turns(self, path: Sequence[Message], begun: str = "") -> tuple[list[ChatMessage], list[str]]:
        """Return the turns for the model and the ids of their messages, as `turns_for_engine` does.

        `begun`: the beginning of an answer that is continued; it becomes the last turn, without an id.
        """
        turns, ids = turns_for_engine(self.system, self.seen(path))
        self._name_form(turns, ids)
        if notes := self.notes_on(path):
            marked = (TextPart(BEFORE_NOTES, Origin.PROGRAM), TextPart(broken(notes, LIKE_OURS), Origin.MODEL))
            turns[0] = ChatMessage(Role.SYSTEM, (*turns[0].parts, *marked, TextPart(BEHIND_NOTES, Origin.PROGRAM)))
        examples = self._example_turns
        turns[1:1], ids[1:1] = examples, [""] * len(examples)
        if begun:
            turns.append(ChatMessage(Role.ASSISTANT, (TextPart(begun, Origin.MODEL),)))
            ids.append("")
        return turns, ids

    def question(self, words: str) -> list[ChatMessage]:
        """Return the turns of a question that begins a chat."""
        turns = [
            ChatMessage(Role.SYSTEM, (TextPart(self.system, Origin.PERSON),)),
            ChatMessage(Role.USER, (TextPart(words, Origin.PERSON),)),
        ]
        self._name_form(turns, ["", "question"])
        turns[1:1] = self._example_turns
        return turns

    def _name_form(self, turns: list[ChatMessage], ids: Sequence[str]) -> None:
        """Ask for the language and length of answers behind each message of the person."""
        code, length = "", ANSWER_LENGTHS.get(self.answer_length, "")
        if not (self.answer_language or length):
            return
        from slmdesk.base.text.words import tongue  # late: its tables are large

        for at, (turn, id) in enumerate(zip(turns, ids, strict=True)):
            if turn.role is not Role.USER or not id:
                continue
            words = " ".join(part.text for part in turn.parts if part.origin is Origin.PERSON)
            code = (tongue(words) or code) if self.answer_language == OF_MESSAGE else self.answer_language
            language = LANGUAGES.get(code)
            asked = f"{length} Answer in {language.name}.".strip() if language else length
            if asked:
                turns[at] = changed(turn, parts=(*turn.parts, TextPart(f"\n\n{asked}", Origin.PROGRAM)))

    @property
    def _example_turns(self) -> list[ChatMessage]:
        sides = ((Role.USER, "question", Origin.PERSON), (Role.ASSISTANT, "answer", Origin.PERSON))
        return [
            ChatMessage(role, (TextPart(getattr(example, side), origin),))
            for example in self.examples
            for role, side, origin in sides
        ]

    @property
    def kept(self) -> dict[str, Json]:
        if not self.after and not self.notes:
            return {}
        return {WINDOW: {AFTER: self.after, NOTES: self.notes, PINNED: sorted(self.pinned)}}


def window_of(item: Item) -> ContextWindow:
    return _window_from(item.settings, options_from(item.settings))


def window_with(options: ChatOptions) -> ContextWindow:
    """Return what the model sees of a new chat."""
    return _window_from({}, options)


def window_then(item: Item, answer: Message) -> ContextWindow:
    """Return the part of its chat that the model saw for this answer."""
    return _window_from(stored_from(dict, answer.sampling.get(WINDOW)) or {}, options_from(item.settings))


def _window_from(untrusted: Mapping[str, Json], options: ChatOptions) -> ContextWindow:
    after, notes = (stored_from(str, untrusted.get(key)) or "" for key in (AFTER, NOTES))
    return ContextWindow(
        options.system if options.system.strip() else SYSTEM,
        after,
        notes[:MOST_NOTES],
        frozenset(stored_list(str, untrusted.get(PINNED))),
        options.examples,
        options.answer_language,
        options.answer_length,
    )


def copied_window(untrusted: Mapping[str, Json], copies: Mapping[str, str]) -> dict[str, Json]:
    """Return the settings of a window for a copy of the chat. `copies` maps old ids of messages to the new ids."""
    window = _window_from(untrusted, ChatOptions())
    after = copies.get(window.after, "")
    return {
        AFTER: after or None,
        NOTES: (window.notes if after or not window.after else "") or None,
        PINNED: sorted(copies[id] for id in window.pinned if id in copies) or None,
    }


def after_deletion(window: ContextWindow, path: Sequence[Message], gone: Sequence[str]) -> dict[str, Json]:
    if window.after not in gone:
        return {}
    left = [message.id for message in path[: window.place(path)] if message.id not in gone]
    return {AFTER: left[-1] if left else None}


def groups_of(path: Sequence[Message]) -> list[Group]:
    groups: list[list[Message]] = []
    for message in path:
        if message.role is Role.USER or not groups:
            groups.append([])
        groups[-1].append(message)
    return [tuple(group) for group in groups]


def groups_to_leave_out(sizes: Sequence[int], stays: Sequence[bool], fixed: int, most: int) -> int:
    """Return how many of the oldest groups to leave out, so that the rest and `fixed` tokens take at most `most`
    tokens.

    `sizes`: tokens of each group; the last one is the question, which is never left out. `stays`: whether a group is
    pinned, so that it takes space in any case. If nothing is enough, all groups but the question are left out.
    """
    for left_out in range(len(sizes)):
        rest = sum(size for at, size in enumerate(sizes) if at >= left_out or stays[at])
        if fixed + rest <= most:
            return left_out
    return len(sizes) - 1


def older_attachments(path: Sequence[Message], window: ContextWindow) -> tuple[AttachmentPart, ...]:
    """Return earlier messages' attachments. In an attachment of a left out message, passages are searched again."""
    gone = window.left_out(path)
    return tuple(
        changed(part, attached=changed(part.attached, is_whole=False, places=())) if message.id in gone else part
        for message in path
        for part in message.attachments
    )


PREFIX = "unsaved-"


def is_private(id: str) -> bool:
    return id.startswith(PREFIX)


class NewMessage(TypedDict, total=False):
    parent: Required[str | None]
    role: Required[Role]
    parts: Required[Sequence[TextPart]]
    status: Required[Status]
    text: str
    model_sha256: str | None
    model_name: str | None
    sampling: Mapping[str, Json] | None
    seed: int | None
    prompt_version: str | None
    preset: str | None


class EphemeralStore:
    """An in-memory message store for chats that must not be written to the disk."""

    def __init__(self) -> None:
        numbers = count(1)
        self.items = EphemeralItems(numbers)
        self.messages = EphemeralMessages(self.items, numbers)

    def forget(self, id: str) -> None:
        self.items.forget(id)
        self.messages.forget(id)


MessageStore: TypeAlias = "Store | EphemeralStore"


class Stores(Record):
    """The store of saved chats, and the store of private chats in memory."""

    saved: Store
    unsaved: EphemeralStore

    def of(self, id: str) -> MessageStore:
        """Return the store that holds this chat or message."""
        return self.unsaved if is_private(id) else self.saved


class StoredChat(Record):
    """A chat as it is stored now, with what its settings say."""

    store: MessageStore
    item: Item
    messages: tuple[Message, ...]
    """All messages of its tree, oldest first."""
    options: ChatOptions
    window: ContextWindow

    @property
    def path(self) -> tuple[Message, ...]:
        return active_path(self.messages, leaf_of(self.item))

    def path_to(self, message: str) -> tuple[Message, ...]:
        """Return the path from the first message to this one."""
        path = active_path(self.messages, message)
        return path[: next(at for at, each in enumerate(path) if each.id == message) + 1]


def chat_in(
    store: MessageStore, chat: str, as_it_is: Callable[[Message], Message] = lambda stored: stored
) -> StoredChat:
    """Read a chat and its settings, once. `as_it_is` returns a message that is being written with its newest text.

    Raises KnownError `item.unknown`.
    """
    item = store.items.get(chat)
    options = options_from(item.settings)
    messages = tuple(map(as_it_is, store.messages.of_item(item.id)))
    return StoredChat(store, item, messages, options, _window_from(item.settings, options))


class EphemeralItems:
    def __init__(self, numbers: Iterator[int]) -> None:
        self._items: dict[str, Item] = {}
        self._numbers = numbers

    def add(self, kind: str, title: str, *, settings: Mapping[str, Json] | None = None) -> Item:
        now, n = time.time(), next(self._numbers)
        item = Item(
            n=n, id=PREFIX + uuid4().hex, kind=kind, title=title, folder=None, pinned=False, created=now, updated=now,
            deleted_at=None, revision=n, settings=dict(settings or {}),
        )  # fmt: skip
        self._items[item.id] = item
        return item

    def get(self, id: str) -> Item:
        if id not in self._items:
            raise KnownError("item.unknown", id=id)
        return self._items[id]

    def change_settings(self, id: str, **values: Json) -> Item:
        settings = {key: value for key, value in {**self.get(id).settings, **values}.items() if value is not None}
        return self.change(id, settings=settings)

    def rename(self, id: str, title: str) -> Item:
        return self.change(id, title=title)

    def change(self, id: str, **values: Any) -> Item:
        self._items[id] = changed(self.get(id), revision=next(self._numbers), **values)
        return self._items[id]

    def forget(self, id: str) -> None:
        self._items.pop(id, None)


class EphemeralMessages:
    def __init__(self, items: EphemeralItems, numbers: Iterator[int]) -> None:
        self._items, self._numbers = items, numbers
        self._messages: dict[str, Message] = {}

    def forget(self, item: str) -> None:
        self._messages = {key: message for key, message in self._messages.items() if message.item != item}

    def add(self, item: str, **new: Unpack[NewMessage]) -> Message:
        n = next(self._numbers)
        message = Message(
            n=n, id=PREFIX + uuid4().hex, item=self._items.get(item).id, parent=new["parent"], role=new["role"],
            parts=tuple(new["parts"]), text=new.get("text", ""), status=new["status"], owner=None,
            model_sha256=new.get("model_sha256"), model_name=new.get("model_name"), preset=new.get("preset"),
            sampling=dict(new.get("sampling") or {}), seed=new.get("seed"), tokens_in=None, tokens_out=None,
            tokens_reused=None, seconds=None, finish_reason=None, prompt_version=new.get("prompt_version"),
            error_code=None, error_args={}, created=time.time(), revision=n,
        )  # fmt: skip
        self._messages[message.id] = message
        self._items.change(item, updated=message.created)
        return message

    def change_parts(self, id: str, parts: Sequence[TextPart]) -> Message:
        return self._change(id, parts=tuple(parts))

    def keep(self, id: str, **values: Json) -> Message:
        return self._change(id, sampling={**self.get(id).sampling, **values})

    def grow(self, id: str, text: str, thought: str = "") -> bool:
        self._change(id, text=text, thought=thought)
        return True

    def end(self, id: str, text: str, ending: AnswerEnding, thought: str = "") -> Message:
        return self._change(id, **ending.fields_for(self.get(id), text, thought))

    def edit(self, id: str, text: str) -> Message:
        old = self.get(id)
        original = old.text if old.original is None else old.original
        return self._change(id, text=text, original=None if text == original else original)

    def remove(self, ids: Sequence[str]) -> RemovedMessages:
        old = {id: self.get(id) for id in ids}
        item, moved = next(iter(old.values())).item, []
        for child in self.of_item(item):
            parent = child.parent
            if child.id in old or parent not in old:
                continue
            moved.append((child.id, str(parent)))
            while parent in old:
                parent = old[parent].parent
            self._change(child.id, parent=parent)
        self._messages = {key: message for key, message in self._messages.items() if key not in old}
        return RemovedMessages(item, tuple({"message": message} for message in old.values()), tuple(moved))

    def put_back(self, removed: RemovedMessages) -> None:
        back = [row["message"] for row in removed.rows]
        messages = sorted((*self._messages.values(), *back), key=lambda message: message.n)
        self._messages = {message.id: message for message in messages}
        for child, parent in removed.moved:
            if child in self._messages:
                self._change(child, parent=parent)

    def reopen(self, id: str) -> Message:
        return self._change(id, status=Status.STREAMING)

    def get(self, id: str) -> Message:
        if id not in self._messages:
            raise KnownError("item.unknown", id=id)
        return self._messages[id]

    def of_item(self, item: str) -> list[Message]:
        return [message for message in self._messages.values() if message.item == item]

    def _change(self, id: str, **values: Any) -> Message:
        updated = changed(self.get(id), revision=next(self._numbers), **values)
        self._messages[id] = updated
        return updated
