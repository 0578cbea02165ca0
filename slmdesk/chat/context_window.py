"""What of a chat the model sees: after which message, notes on what is left out up to there, and pinned messages.

Stored in the item's own settings, and with each answer written under it, and read from there as untrusted.  Turns are
left out as whole groups: a question with its answers.  Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.records import Item, Message
from slmdesk.base.types import ChatMessage, Json, Origin, Role, TextPart
from slmdesk.base.wire import stored_from, stored_list
from slmdesk.chat.conversation import SYSTEM, system_of, turns_for_engine
from slmdesk.chat.options import EXAMPLES, OF_MESSAGE, Example, examples_from, options_from
from slmdesk.redaction.service import Veil
from slmdesk.text.checks.words import tongue

AFTER, NOTES, PINNED = "left_out_to", "earlier_notes", "pinned_messages"
WINDOW = "window"
MOST_NOTES = 20_000
BEFORE_NOTES = "\n\n[Notes on what was said earlier in this conversation:]\n"
BEHIND_NOTES = "\n[End of the notes.]"

Group = tuple[Message, ...]
"""A question with what follows it up to the next question."""


@dataclass(frozen=True, slots=True)
class ContextWindow:
    system: str = SYSTEM
    """The instructions; never left out."""
    after: str = ""
    """Id of the last message that is left out; empty, or not on the path: the model sees all of it."""
    notes: str = ""
    """Put behind the instructions, in place of what is left out or of an earlier chat."""
    pinned: frozenset[str] = frozenset()
    """Ids of messages that are never left out; their question or answer stays with them."""
    examples: tuple[Example, ...] = ()
    answer_language: str = ""
    """One of ANSWER_LANGUAGES: asked for behind each message of the person.  In the instructions, small models do not
    hear it (docs/decisions.md).
    """
    veil: Veil | None = field(default=None, compare=False)

    def place(self, path: Sequence[Message]) -> int:
        return next((at + 1 for at, one in enumerate(path) if one.id and one.id == self.after), 0)

    def left_out(self, path: Sequence[Message]) -> frozenset[str]:
        before = groups_of(path[: self.place(path)])
        return frozenset(one.id for group in before if not self.holds(group) for one in group)

    def seen(self, path: Sequence[Message]) -> tuple[Message, ...]:
        gone = self.left_out(path)
        return tuple(one for one in path if one.id not in gone)

    def holds(self, group: Group) -> bool:
        return any(one.id in self.pinned for one in group)

    def notes_on(self, path: Sequence[Message]) -> str:
        """Return the notes that stand for what `path` leaves out, or for an earlier chat; empty on another branch."""
        return self.notes if not self.after or self.place(path) else ""

    def turns(self, path: Sequence[Message], begun: str = "") -> tuple[list[ChatMessage], list[str]]:
        """Return the turns for the model and the ids of their messages, as `turns_for_engine` does.

        `begun`: the beginning of an answer that is continued; then the last turn, without an id.  With a veil all have
        substitutes, by one table; raises then KnownError redaction.*, store.*.
        """
        turns, ids = turns_for_engine(self.system, self.seen(path))
        self._name_language(turns, ids)
        if notes := self.notes_on(path):
            marked = (TextPart(BEFORE_NOTES, Origin.PROGRAM), TextPart(notes, Origin.MODEL))
            turns[0] = ChatMessage(Role.SYSTEM, (*turns[0].parts, *marked, TextPart(BEHIND_NOTES, Origin.PROGRAM)))
        examples = self._example_turns
        at = 1 if turns and turns[0].role is Role.SYSTEM else 0
        answer = [ChatMessage(Role.ASSISTANT, (TextPart(begun, Origin.MODEL),))] if begun else []
        whole = [*turns[:at], *examples, *turns[at:], *answer]
        named = [*ids[:at], *("" for _one in examples), *ids[at:], *("" for _one in answer)]
        return (self.veil.hide_turns(whole) if self.veil else whole), named

    def _name_language(self, turns: list[ChatMessage], ids: Sequence[str]) -> None:
        code = ""
        for at, (turn, id) in enumerate(zip(turns, ids, strict=True)) if self.answer_language else ():
            if turn.role is not Role.USER or not id:
                continue
            words = " ".join(part.text for part in turn.parts if part.origin is Origin.PERSON)
            code = (tongue(words) or code) if self.answer_language == OF_MESSAGE else self.answer_language
            if language := LANGUAGES.get(code):
                asked = TextPart(f"\n\nAnswer in {language.name}.", Origin.PROGRAM)
                turns[at] = ChatMessage(Role.USER, (*turn.parts, asked))

    @property
    def _example_turns(self) -> list[ChatMessage]:
        sides = ((Role.USER, "question", Origin.PERSON), (Role.ASSISTANT, "answer", Origin.PERSON))
        return [
            ChatMessage(role, (TextPart(getattr(one, side), origin),))
            for one in self.examples
            for role, side, origin in sides
        ]

    @property
    def kept(self) -> dict[str, Json]:
        if not self.after and not self.notes:
            return {}
        return {WINDOW: {AFTER: self.after, NOTES: self.notes, PINNED: sorted(self.pinned)}}


def window_of(item: Item) -> ContextWindow:
    return _window_from(system_of(item), item.settings, item.settings)


def window_then(item: Item, answer: Message) -> ContextWindow:
    """Return what of its chat the model saw for this answer."""
    return _window_from(system_of(item), stored_from(dict, answer.sampling.get(WINDOW)) or {}, item.settings)


def _window_from(
    system: str, untrusted: Mapping[str, Json], settings: Mapping[str, Json] = MappingProxyType({})
) -> ContextWindow:
    after, notes = (stored_from(str, untrusted.get(key)) or "" for key in (AFTER, NOTES))
    return ContextWindow(
        system,
        after,
        notes[:MOST_NOTES],
        frozenset(stored_list(str, untrusted.get(PINNED))),
        examples_from(settings.get(EXAMPLES)),
        options_from(settings).answer_language,
    )


def copied_window(untrusted: Mapping[str, Json], copies: Mapping[str, str]) -> dict[str, Json]:
    """Return the settings of a window for a copy of its messages; `copies`: the new id for each old one."""
    window = _window_from(SYSTEM, untrusted)
    after = copies.get(window.after, "")
    return {
        AFTER: after or None,
        NOTES: (window.notes if after or not window.after else "") or None,
        PINNED: sorted(copies[one] for one in window.pinned if one in copies) or None,
    }


def after_deletion(item: Item, path: Sequence[Message], gone: Sequence[str]) -> dict[str, Json]:
    window = window_of(item)
    if window.after not in gone:
        return {}
    left = [one.id for one in path[: window.place(path)] if one.id not in gone]
    return {AFTER: left[-1] if left else None}


def groups_of(path: Sequence[Message]) -> list[Group]:
    groups: list[list[Message]] = []
    for one in path:
        if one.role is Role.USER or not groups:
            groups.append([])
        groups[-1].append(one)
    return [tuple(group) for group in groups]


def groups_to_leave_out(sizes: Sequence[int], stays: Sequence[bool], fixed: int, most: int) -> int:
    """Return how many of the oldest groups to leave out so that `fixed` tokens and the rest take at most `most`.

    `sizes`: their tokens, the question last, which is never left out; `stays`: those that are pinned take space
    wherever they stand.  Where nothing helps, all but the question are left out.
    """
    for count in range(len(sizes)):
        rest = sum(size for at, size in enumerate(sizes) if at >= count or stays[at])
        if fixed + rest <= most:
            return count
    return len(sizes) - 1
