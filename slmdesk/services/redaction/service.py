"""Finds what is private in what a model is given, keeps the table of what stands for it, and puts it back.

Of chats that are not saved the table is in memory alone.  Service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from slmdesk.core.errors import KnownError
from slmdesk.core.types import ChatMessage, Json, Origin
from slmdesk.services.base.service import Runtime, Service
from slmdesk.text.redaction.types import Certainty, Entry, Find, Kind, Listed, Table

if TYPE_CHECKING:
    from slmdesk.text.redaction.replacing import Restorer

# What finds and replaces is imported where it is used: it takes a quarter of a second, and few chats are redacted.

MOST_CACHED = 200
"""Texts whose finds are remembered: those of a chat are read anew with every question."""
MOST_NAMES = 5_000
MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a person decided in the preview."""

    added: tuple[tuple[Kind, str], ...] = ()
    """Words that are replaced too."""
    left: tuple[str, ...] = ()
    """Finds that are sent as they are."""


NOTHING_DECIDED = Decisions()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done with a text."""

    text: str
    finds: tuple[Find, ...]
    """In order; the unsure ones are left as they are until a person adds them."""
    redacted: str
    """What the model would see."""


@dataclass(frozen=True, slots=True)
class PutBack:
    """What became of the substitutes in an answer."""

    text: str
    count: int
    marked: tuple[tuple[int, int], ...]
    """Places in the text that resemble a substitute and were left as the model wrote them."""

    def kept(self, offset: int = 0) -> dict[str, Json]:
        """As it is stored with an answer whose text this stands in from `offset` on."""
        marked: list[Json] = [[start + offset, end + offset] for start, end in self.marked]
        return {"put_back": self.count, "marked": marked}


def added_to(untrusted: object, more: dict[str, Json]) -> dict[str, Json]:
    """What is stored of a continued answer: of what it had, and of what came."""
    count, marked = kept_from(untrusted)
    fresh, places = kept_from(more)
    return {"put_back": count + fresh, "marked": [list(one) for one in (*marked, *places)]}


def kept_from(untrusted: object) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Read what is stored with an answer: how many were put back, and the places that are marked."""
    found = untrusted if isinstance(untrusted, Mapping) else {}
    count, marked = found.get("put_back"), found.get("marked")
    places = [
        (one[0], one[1])
        for one in (marked if isinstance(marked, list | tuple) else ())
        if isinstance(one, list | tuple) and len(one) == 2 and all(isinstance(each, int) for each in one)
    ]
    return (count if isinstance(count, int) else 0), tuple(places)


def listed_from_lines(lines: str) -> tuple[Listed, ...]:
    """Names a line each: firms by their legal form, people by being written large, else words of any kind."""
    return tuple(Listed(words, _kind_of(words)) for one in lines.splitlines() if (words := " ".join(one.split())))


def _kind_of(words: str) -> Kind:
    from slmdesk.text.candidates.names import LEGAL_FORM
    from slmdesk.text.redaction.names import name_at

    if LEGAL_FORM.search(words):
        return Kind.FIRM
    span = name_at(words, 0)
    return Kind.PERSON if span == (0, len(words)) and " " in words else Kind.OTHER


class Veil:
    """What stands between one item and the model: hides what is private, and puts it back."""

    def __init__(self, service: RedactionService, item: str) -> None:
        self._service, self._item = service, item

    @property
    def table(self) -> Table:
        """What stands for what now.  Raises KnownError store.*."""
        return self._service.table(self._item)

    def hide(self, texts: Sequence[str], *, keeps: bool = True) -> list[str]:
        """The texts with substitutes; new finds go into the table of the item, unless `keeps` is False.

        Raises KnownError redaction.*, store.*.
        """
        return self._service.hidden(self._item, texts, keeps=keeps)

    def hide_turns(self, turns: Sequence[ChatMessage], *, keeps: bool = True) -> list[ChatMessage]:
        """The turns with substitutes in all but what the program itself says.  Raises as `hide` does."""
        texts = [part.text for turn in turns for part in turn.parts if part.origin is not Origin.PROGRAM]
        hidden = iter(self.hide(texts, keeps=keeps))
        return [
            replace(
                turn,
                parts=tuple(
                    part if part.origin is Origin.PROGRAM else replace(part, text=next(hidden)) for part in turn.parts
                ),
            )
            for turn in turns
        ]

    def hide_known(self, text: str) -> str:
        """What is no text to read, such as a grammar, with substitutes for what the table has."""
        from slmdesk.text.redaction.replacing import with_substitutes

        return with_substitutes(text, self.table)

    def replaced_in(self, hidden: Sequence[str]) -> dict[str, Kind]:
        """What was replaced in these texts with substitutes: each original with its kind."""
        whole = "\n".join(hidden)
        table = self.table
        return {one.original: one.kind for one in table if any(substitute in whole for _, substitute in one.pairs)}

    def restorer(self) -> Restorer:
        """What puts the originals back into an answer while it is written."""
        from slmdesk.text.redaction.replacing import Restorer

        return Restorer(self.table)

    def put_back(self, text: str) -> PutBack:
        """The originals back in a whole answer."""
        from slmdesk.text.redaction.replacing import restored

        made = restored(text, self.table)
        return PutBack(made.text, len(made.put_back), made.marked)


class RedactionService(Service):
    """Redaction of what models are given."""

    def __init__(self, runtime: Runtime, is_unsaved: Callable[[str], bool]) -> None:
        """`is_unsaved`: whether an item, by its id, is in no file."""
        super().__init__(runtime)
        self._is_unsaved = is_unsaved
        self._unsaved: dict[str, tuple[Entry, ...]] = {}
        self._finds: dict[tuple[object, ...], tuple[Find, ...]] = {}

    # ---- the person's list

    def names(self) -> tuple[Listed, ...]:
        """The person's list of people and firms."""
        return tuple(self._store.redactions.names())

    def change_names(self, names: Sequence[Listed]) -> tuple[Listed, ...]:
        """Replace the list; blank and repeated names are dropped.

        Raises KnownError `request.invalid` for one that is too long, or too many, and store.*.
        """
        kept = {words: replace(one, words=words) for one in names if (words := " ".join(one.words.split()))}
        if len(kept) > MOST_NAMES or any(len(words) > MOST_NAME for words in kept):
            raise KnownError("request.invalid", what=f"at most {MOST_NAMES:,} names of {MOST_NAME} characters")
        self._store.redactions.keep_names(tuple(kept.values()))
        return self.names()

    # ---- what is found

    def find(self, text: str, item: str = "", decisions: Decisions = NOTHING_DECIDED) -> tuple[Find, ...]:
        """All that is found in a text, the unsure too; words of the item's table are looked for as well."""
        from slmdesk.text.redaction.finding import find_private

        entries = self._entries(item) if item else ()
        added = tuple(Listed(words, kind) for kind, words in decisions.added)
        left = {*(one.original for one in entries if not one.substitute), *decisions.left}
        left.difference_update(one.words for one in added)
        table = tuple(one for one in entries if one.substitute)
        key = (text, table, added, frozenset(left), self.names())
        if key not in self._finds:
            found = find_private(text, listed=(*self.names(), *added), known=table)
            if len(self._finds) >= MOST_CACHED:
                self._finds.pop(next(iter(self._finds)))
            self._finds[key] = tuple(one for one in found if one.text not in left)
        return self._finds[key]

    def preview(self, text: str, item: str = "", decisions: Decisions = NOTHING_DECIDED) -> Preview:
        """What is found in a text, and the text as the model would see it; nothing is kept.

        Raises KnownError redaction.*, store.*.
        """
        from slmdesk.text.redaction.replacing import redacted_all

        finds = self.find(text, item, decisions)
        chosen = [one for one in finds if one.certainty is not Certainty.UNSURE]
        made = redacted_all([text], [chosen], self.table(item) if item else ())[0]
        return Preview(text, finds, made.text)

    def everywhere(self, text: str, find: Find) -> tuple[Find, ...]:
        """All places of a text where what was found, or marked by hand, stands."""
        from slmdesk.text.redaction.finding import everywhere

        return everywhere(text, find)

    # ---- the table

    def table(self, item: str) -> Table:
        """What stands for what in an item.  Raises KnownError store.*."""
        return tuple(one for one in self._entries(item) if one.substitute)

    def decide(self, item: str, decisions: Decisions) -> None:
        """Keep what a person decided about the words of an item; what was decided last counts.

        Words that are left keep what stands for them, for answers that hold it.  Raises KnownError redaction.*, store.*.
        """
        from slmdesk.text.redaction.replacing import redacted_all

        if decisions == NOTHING_DECIDED:
            return
        added = {words for _, words in decisions.added}
        left = {one.original: one for one in self._entries(item) if not one.substitute}
        left |= {one: Entry(Kind.OTHER, one, "") for one in decisions.left}
        self._keep(item, (*self.table(item), *(one for words, one in left.items() if words not in added)))
        if decisions.added:
            words = [one for _, one in decisions.added]
            finds = [[Find(kind, 0, len(one), one, Certainty.SURE, "hand")] for kind, one in decisions.added]
            made = redacted_all(words, finds, self.table(item))
            self._keep_table(item, made[0].table)

    def veil(self, item: str) -> Veil:
        """What stands between an item and the model."""
        return Veil(self, item)

    def hidden(self, item: str, texts: Sequence[str], *, keeps: bool) -> list[str]:
        """See `Veil.hide`."""
        from slmdesk.text.redaction.replacing import redacted_all

        table = self.table(item)
        for _ in range(2):  # a name that a later text tells stands in an earlier one too
            finds = [self._replaced(text, item, table) for text in texts]
            made = redacted_all(texts, finds, table)
            grown = made[0].table if made else table
            if grown == table:
                break
            table = grown
        finds = [self._replaced(text, item, table) for text in texts]
        made = redacted_all(texts, finds, table)
        if made and keeps and made[0].table != self.table(item):
            self._keep_table(item, made[0].table)
        return [one.text for one in made]

    def forget(self, item: str) -> None:
        """Drop what is in memory about an item."""
        self._unsaved.pop(item, None)
        self._finds.clear()

    # ---- inside

    def _replaced(self, text: str, item: str, table: Table) -> list[Find]:
        """What is replaced without being asked: sure and likely finds."""
        from slmdesk.text.redaction.finding import find_private

        left = tuple(one.original for one in self._entries(item) if not one.substitute)
        key = (text, table, left, self.names(), "replaced")
        if key not in self._finds:
            found = find_private(text, listed=self.names(), known=table)
            if len(self._finds) >= MOST_CACHED:
                self._finds.pop(next(iter(self._finds)))
            self._finds[key] = tuple(
                one for one in found if one.certainty is not Certainty.UNSURE and one.text not in left
            )
        return list(self._finds[key])

    def _entries(self, item: str) -> tuple[Entry, ...]:
        if self._is_unsaved(item):
            return self._unsaved.get(item, ())
        return tuple(self._store.redactions.of_item(item))

    def _keep_table(self, item: str, table: Table) -> None:
        left = [one for one in self._entries(item) if not one.substitute]
        self._keep(item, (*table, *left))

    def _keep(self, item: str, entries: Sequence[Entry]) -> None:
        if self._is_unsaved(item):
            self._unsaved[item] = tuple(entries)
        else:
            self._store.redactions.keep(item, entries)
