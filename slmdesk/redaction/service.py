"""Finds what is private in what a model is given, keeps the table of what stands for it, and puts it back.

Of chats that are not saved the table is in memory alone.  Service thread.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from, stored_list
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import _
from slmdesk.base.types import ChatMessage, Json, Origin
from slmdesk.runtime.events import Pending
from slmdesk.runtime.service import Runtime, Service, Slices, in_slices
from slmdesk.text.redaction import Certainty, Entry, Find, Kind, Listed, Table

if TYPE_CHECKING:
    from slmdesk.text.redaction.replacing import Redacted, Restored, Restorer, Veiled
    from slmdesk.text.tagged import Tags

# What finds and replaces is imported where it is used: it takes a quarter of a second, and few chats are redacted.

MOST_CACHED = 200
"""Texts whose finds are remembered: those of a chat are read anew with every question."""
MOST_ITEMS, MOST_HIDDEN = 8, 1_000
"""Items of which the newest texts with substitutes are remembered, and how many of each: a question asks often."""
MOST_ROUNDS = 3
"""A name that a later text tells stands in an earlier text too: so often all are looked through while more are told."""
MOST_NAMES = 5_000
MOST_NAME = 200
MOST_AT_ONCE = 8_000
"""Characters that are gone through before other work gets its turn."""
IN_MEMORY = "in-memory-"
"""Begins the ids of tables that belong to no item and are in memory alone."""


class Decisions(Record):
    added: tuple[tuple[Kind, str], ...] = ()
    """Words that are replaced too."""
    left: tuple[str, ...] = ()
    """Finds that are sent as they are."""


NOTHING_DECIDED = Decisions()


class Preview(Record):
    text: str
    finds: tuple[Find, ...]
    """In order; the unsure ones are left as they are until a person adds them."""
    redacted: str


class PutBack(Record):
    text: str
    count: int
    marked: tuple[tuple[int, int], ...]
    """Places in the text that resemble a substitute and were left as the model wrote them."""

    @classmethod
    def of(cls, made: Restored) -> PutBack:
        return cls(made.text, len(made.put_back), made.marked)

    def kept(self, offset: int = 0) -> dict[str, Json]:
        """As it is stored with an answer whose text this stands in from `offset` on."""
        marked: list[Json] = [[start + offset, end + offset] for start, end in self.marked]
        return {"put_back": self.count, "marked": marked}


def added_to(untrusted: object, more: dict[str, Json]) -> dict[str, Json]:
    count, marked = kept_from(untrusted)
    fresh, places = kept_from(more)
    return {"put_back": count + fresh, "marked": [list(place) for place in (*marked, *places)]}


def kept_from(untrusted: object) -> tuple[int, tuple[tuple[int, int], ...]]:
    found = stored_from(dict, untrusted) or {}
    return stored_from(int, found.get("put_back")) or 0, tuple(stored_list(tuple[int, int], found.get("marked")))


def kinds_hidden(texts: Iterable[Veiled]) -> dict[Kind, int]:
    """How many of what kind were replaced in these texts: each counts once, however often it stands there."""
    kinds: dict[str, Kind] = {}
    for veiled in texts:
        own = set(veiled.originals)
        kinds |= {entry.original: entry.kind for entry in veiled.table if any(each in own for each, __ in entry.pairs)}
    return dict(Counter(kinds.values()))


def listed_from_lines(lines: str) -> tuple[Listed, ...]:
    """Names a line each: firms by their legal form, people by being written large, else words of any kind."""
    return tuple(Listed(words, _kind_of(words)) for line in lines.splitlines() if (words := " ".join(line.split())))


def _kind_of(words: str) -> Kind:
    from slmdesk.text.checks.support import LEGAL_FORM
    from slmdesk.text.redaction.rules import name_at

    if LEGAL_FORM.search(words):
        return Kind.FIRM
    span = name_at(words, 0)
    return Kind.PERSON if span == (0, len(words)) and " " in words else Kind.OTHER


class Veil:
    """What stands between an item and the model: hides what is private, and puts it back."""

    def __init__(self, service: RedactionService, item: str) -> None:
        self._service, self.item = service, item

    @property
    def table(self) -> Table:
        """What stands for what now.  Raises KnownError store.*."""
        return self._service.table(self.item)

    def hide(self, texts: Sequence[str], *, keeps: bool = True) -> list[str]:
        """The texts with substitutes; new finds go into the table of the item, unless `keeps` is False.

        Raises KnownError redaction.*, store.*.
        """
        return self._service.hidden(self.item, texts, keeps=keeps)

    def hide_turns(self, turns: Sequence[ChatMessage], *, keeps: bool = True) -> list[ChatMessage]:
        """The turns with substitutes in all but what the program itself says.  Raises as `hide` does."""
        texts = [part.text for turn in turns for part in turn.parts if part.origin is not Origin.PROGRAM]
        hidden = iter(self.hide(texts, keeps=keeps))
        return [
            changed(
                turn,
                parts=tuple(
                    part if part.origin is Origin.PROGRAM else changed(part, text=next(hidden)) for part in turn.parts
                ),
            )
            for turn in turns
        ]

    def hide_known(self, text: str) -> str:
        """What is no text to read, such as a grammar, with substitutes for what the table has."""
        return self._service.hidden_by_table(self.item, text)

    def replaced_in(self, hidden: Sequence[str]) -> dict[str, Kind]:
        whole = "\n".join(hidden)
        table = self.table
        return {
            entry.original: entry.kind for entry in table if any(substitute in whole for __, substitute in entry.pairs)
        }

    def over(
        self, texts: Sequence[str], *, tags: Sequence[Tags] = (), language: str = "", keeps: bool = True
    ) -> list[Veiled]:
        """The texts as the model sees them, all by the same table, each with what leads back.

        `tags`: of the first texts, where they have formatting.  Raises as `hide` does.
        """
        return self._service.veiled(self.item, texts, tags, language, keeps=keeps)

    def learn(self, text: str) -> Slices[None]:
        """Go through all that will be asked about, bit by bit, so that what any place tells is known in all.

        Raises as `hide` does.
        """
        return self._service.learn(self.item, text)

    def decide(self, decisions: Decisions) -> None:
        """Raises as `hide` does."""
        self._service.decide(self.item, decisions)

    def forget(self) -> None:
        """Drop a table that is in memory alone, and what is remembered of its texts."""
        self._service.forget(self.item)

    def restorer(self) -> Restorer:
        from slmdesk.text.redaction.replacing import Restorer

        return Restorer(self.table)

    def put_back(self, text: str) -> PutBack:
        from slmdesk.text.redaction.replacing import restored

        return PutBack.of(restored(text, self.table))


class _State(Record):
    table: Table
    left: frozenset[str]
    names: tuple[Listed, ...]

    @property
    def by_hand(self) -> list[Listed]:
        """Words that a person marked: looked for as those of the list are, with other endings and in any case."""
        return [
            Listed(entry.original)
            for entry in self.table
            if entry.kind is Kind.OTHER and entry.original not in self.left
        ]

    def check(self, made: Redacted) -> None:
        """Raises KnownError "redaction.still_there" where words that a person marked stand beside the substitutes."""
        ends = [0, *(at for span in made.spans for at in span), len(made.text)]
        rest = "\n".join(made.text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True))
        for passage in sorted(self.left, key=len, reverse=True):
            rest = rest.replace(passage, "\n")
        for words in self.by_hand:
            if re.search(rf"(?<!\w){re.escape(words.words)}(?!\w)", rest):
                raise KnownError("redaction.still_there", words=words.words)


class RedactionService(Service):
    def __init__(self, runtime: Runtime, is_unsaved: Callable[[str], bool]) -> None:
        """`is_unsaved`: whether an item, by its id, is in no file."""
        super().__init__(runtime)
        self._is_unsaved = is_unsaved
        self._unsaved: dict[str, tuple[Entry, ...]] = {}
        self._finds: dict[tuple[object, ...], tuple[Find, ...]] = {}
        self._hidden: dict[str, tuple[_State, dict[str, str]]] = {}
        self._numbers = count(1)

    # ---- the person's list

    def names(self) -> tuple[Listed, ...]:
        return tuple(self._store.redactions.names())

    def change_names(self, names: Sequence[Listed]) -> tuple[Listed, ...]:
        """Replace the list; blank and repeated names are dropped.

        Raises KnownError `request.invalid` for an addition that is too long, or too many, and store.*.
        """
        kept = {words: changed(name, words=words) for name in names if (words := " ".join(name.words.split()))}
        if len(kept) > MOST_NAMES or any(len(words) > MOST_NAME for words in kept):
            raise KnownError(
                "request.invalid",
                what=_("at most {most_names:,} names of {most_name} characters").format(
                    most_names=MOST_NAMES, most_name=MOST_NAME
                ),
            )
        self._store.redactions.keep_names(tuple(kept.values()))
        return self.names()

    # ---- what is found

    def find(self, text: str, item: str = "", decisions: Decisions = NOTHING_DECIDED) -> tuple[Find, ...]:
        """All that is found in a text, the unsure too; words of the item's table are looked for as well."""
        state = self._state(item) if item else _State((), frozenset(), self.names())
        added = tuple(Listed(words, kind) for kind, words in decisions.added)
        left = state.left.union(decisions.left).difference(entry.words for entry in added)
        return self._found(text, changed(state, left=left), added)

    def preview(self, text: str, item: str = "", decisions: Decisions = NOTHING_DECIDED) -> Preview:
        """What is found in a text, and the text as the model would see it; nothing is kept.

        Raises KnownError redaction.*, store.*.
        """
        from slmdesk.text.redaction.replacing import redacted_all

        finds = self.find(text, item, decisions)
        chosen = [find for find in finds if find.certainty is not Certainty.UNSURE]
        made = redacted_all([text], [chosen], self.table(item) if item else ())[0]
        return Preview(text, finds, made.text)

    def look(self, text: str, item: str = "") -> Pending[Preview]:
        """As `preview`, of a text of any length.  Ends with a Problem redaction.*, store.*."""
        return in_slices(self._service_thread, self._looking(text, item))

    def _looking(self, text: str, item: str) -> Slices[Preview]:
        if len(text) <= MOST_AT_ONCE:
            return self.preview(text, item)
        veil = self.in_memory()
        try:
            self._keep(veil.item, self._entries(item) if item else ())
            yield from veil.learn(text)
            finds, redacted, at = list[Find](), list[str](), 0
            for part in _parts(text):
                found = self.find(part, veil.item)
                finds += (changed(find, start=find.start + at, end=find.end + at) for find in found)
                redacted += veil.hide([part])
                at += len(part)
                yield
            return Preview(text, tuple(finds), "".join(redacted))
        finally:
            veil.forget()

    # ---- the table

    def table(self, item: str) -> Table:
        """What stands for what in an item.  Raises KnownError store.*."""
        return tuple(entry for entry in self._entries(item) if entry.substitute)

    def decide(self, item: str, decisions: Decisions) -> None:
        """Keep what a person decided about the words of an item; what was decided last counts.

        Words that are left keep what stands for them, for answers that hold it.

        Raises KnownError redaction.*, store.*.
        """
        from slmdesk.text.redaction.replacing import redacted_all

        if decisions == NOTHING_DECIDED:
            return
        added = {words for __, words in decisions.added}
        left = {entry.original: entry for entry in self._entries(item) if not entry.substitute}
        left |= {words: Entry(Kind.OTHER, words, "") for words in decisions.left}
        self._keep(item, (*self.table(item), *(entry for words, entry in left.items() if words not in added)))
        if decisions.added:
            words = [words for __, words in decisions.added]
            finds = [[Find(kind, 0, len(words), words, Certainty.SURE, "hand")] for kind, words in decisions.added]
            made = redacted_all(words, finds, self.table(item))
            self._keep_table(item, made[0].table)

    def copy(self, source: str, target: str) -> None:
        """Give an item the table of another, with what a person decided.  Raises KnownError store.*."""
        if entries := self._entries(source):
            self._keep(target, entries)

    def veil(self, item: str) -> Veil:
        return Veil(self, item)

    def in_memory(self) -> Veil:
        """A veil with a table of its own that belongs to no item and is never written; `forget` drops it."""
        return Veil(self, f"{IN_MEMORY}{next(self._numbers)}")

    def hidden(self, item: str, texts: Sequence[str], *, keeps: bool) -> list[str]:
        from slmdesk.text.redaction.replacing import redacted_by
        from slmdesk.text.redaction.table import extended

        state = before = self._state(item)
        known = self._remembered(item, before)
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if not fresh:
            return [known[text] for text in texts]
        finds: list[list[Find]] = []
        for __ in range(MOST_ROUNDS):
            finds = [self._replaced(text, state) for text in fresh]
            table = extended("\n".join(texts), [find for each in finds for find in each], state.table)
            if table == state.table:
                break
            state, fresh = changed(state, table=table), list(dict.fromkeys(texts))
        made = redacted_by(fresh, finds, state.table)
        for redacted in made:
            state.check(redacted)
        hidden = dict(zip(fresh, (redacted.text for redacted in made), strict=True))
        if keeps and state != before:
            self._keep_table(item, state.table)
        if keeps or state == before:
            self._remember(item, state, hidden)
        return [hidden[text] if text in hidden else known[text] for text in texts]

    def hidden_by_table(self, item: str, text: str) -> str:
        from slmdesk.text.redaction.replacing import with_substitutes

        state = self._state(item)
        return with_substitutes(text, state.table, state.left)

    def veiled(
        self, item: str, texts: Sequence[str], tags: Sequence[Tags], language: str, *, keeps: bool
    ) -> list[Veiled]:
        from slmdesk.text.redaction.replacing import Untagged, Veiled, redacted_by
        from slmdesk.text.redaction.table import extended

        bare = [Untagged.of(text, own) for text, own in zip(texts, tags, strict=False)]
        words = [*(untagged.words for untagged in bare), *texts[len(bare) :]]
        state = before = self._state(item)
        finds: list[list[Find]] = []
        for __ in range(MOST_ROUNDS):
            finds = [self._replaced(text, state, language) for text in words]
            finds[: len(bare)] = [untagged.divided(found) for untagged, found in zip(bare, finds, strict=False)]
            table = extended("\n".join(words), [find for each in finds for find in each], state.table)
            if table == state.table:
                break
            state = changed(state, table=table)
        made = redacted_by(words, finds, state.table)
        for each in made:
            state.check(each)
        if keeps and state != before:
            self._keep_table(item, state.table)
        hidden = []
        for number, (redacted, found) in enumerate(zip(made, finds, strict=True)):
            text, formatted = redacted.text, list[str]()
            if number < len(bare):
                text, formatted = bare[number].tagged(redacted.text, found, redacted.spans)
            originals = tuple(dict.fromkeys(each.text for each in found))
            hidden.append(Veiled(text, redacted.table, originals, tuple(formatted)))
        return hidden

    def learn(self, item: str, text: str) -> Slices[None]:
        from slmdesk.text.redaction.table import extended

        state = before = self._state(item)
        for __ in range(MOST_ROUNDS - 1):
            finds = list[Find]()
            for part in _parts(text):
                finds += self._replaced(part, state)
                yield
            table = extended(text, finds, state.table)
            if table == state.table:
                break
            state = changed(state, table=table)
        if state != before:
            self._keep_table(item, state.table)

    def forget(self, item: str) -> None:
        self._unsaved.pop(item, None)
        self._hidden.pop(item, None)
        self._finds.clear()

    # ---- inside

    def _state(self, item: str) -> _State:
        entries = self._entries(item)
        left = frozenset(entry.original for entry in entries if not entry.substitute)
        return _State(tuple(entry for entry in entries if entry.substitute), left, self.names())

    def _replaced(self, text: str, state: _State, language: str = "") -> list[Find]:
        """What is replaced without being asked: sure and likely finds."""
        return [find for find in self._found(text, state, language=language) if find.certainty is not Certainty.UNSURE]

    def _found(self, text: str, state: _State, added: tuple[Listed, ...] = (), language: str = "") -> tuple[Find, ...]:
        from slmdesk.text.redaction.finding import find_private

        key = (text, state, added, language)
        if key not in self._finds:
            listed = dict.fromkeys((*state.names, *state.by_hand, *added))
            found = find_private(text, language=language, listed=tuple(listed), known=state.table)
            if len(self._finds) >= MOST_CACHED:
                self._finds.pop(next(iter(self._finds)))
            self._finds[key] = tuple(find for find in found if find.text not in state.left)
        return self._finds[key]

    def _remembered(self, item: str, state: _State) -> dict[str, str]:
        known = self._hidden.get(item)
        return known[1] if known and known[0] == state else {}

    def _remember(self, item: str, state: _State, hidden: Mapping[str, str]) -> None:
        known = {**self._remembered(item, state), **hidden}
        self._hidden.pop(item, None)
        if len(self._hidden) >= MOST_ITEMS:
            self._hidden.pop(next(iter(self._hidden)))
        self._hidden[item] = state, dict(list(known.items())[-MOST_HIDDEN:])

    def _entries(self, item: str) -> tuple[Entry, ...]:
        if self._is_in_memory(item):
            return self._unsaved.get(item, ())
        return tuple(self._store.redactions.of_item(item))

    def _is_in_memory(self, item: str) -> bool:
        return item.startswith(IN_MEMORY) or self._is_unsaved(item)

    def _keep_table(self, item: str, table: Table) -> None:
        left = [entry for entry in self._entries(item) if not entry.substitute]
        self._keep(item, (*table, *left))

    def _keep(self, item: str, entries: Sequence[Entry]) -> None:
        if self._is_in_memory(item):
            self._unsaved[item] = tuple(entries)
        else:
            self._store.redactions.keep(item, entries)


def _parts(text: str) -> Iterator[str]:
    begin, end = 0, 0
    for line in text.splitlines(keepends=True):
        if end - begin and end - begin + len(line) > MOST_AT_ONCE:
            yield text[begin:end]
            begin = end
        end += len(line)
    if text[begin:]:
        yield text[begin:]
