"""Find private words in the texts for a model, store the table of their replacements, and put the originals back.

The table of a chat that is not saved is only in memory. Service thread.
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

# The code that finds and replaces words is imported at first use: that takes 0.25 s, and few chats are redacted.

MOST_CACHED = 200
"""Most texts whose finds are cached. The texts of a chat are searched again with every question."""
MOST_ITEMS, MOST_HIDDEN = 8, 1_000
"""Most items whose redacted texts are cached, and most texts of each. A question needs the same texts often."""
MOST_ROUNDS = 3
"""Most times that all texts are searched again. A name found in a later text may be in an earlier text too."""
MOST_NAMES = 5_000
MOST_NAME = 200
MOST_AT_ONCE = 8_000
"""Most characters that are searched before other work can run."""
IN_MEMORY = "in-memory-"
"""Beginning of the ids of tables that belong to no item and are only in memory."""


class Decisions(Record):
    added: tuple[tuple[Kind, str], ...] = ()
    """Words that the person wants replaced, too."""
    left: tuple[str, ...] = ()
    """Finds that the person wants to send unchanged."""


NOTHING_DECIDED = Decisions()


class Preview(Record):
    text: str
    finds: tuple[Find, ...]
    """The finds in order. Uncertain finds are only replaced if a person adds them."""
    redacted: str


class PutBack(Record):
    text: str
    count: int
    marked: tuple[tuple[int, int], ...]
    """Positions in the text that resemble a replacement and were left as the model wrote them."""

    @classmethod
    def of(cls, made: Restored) -> PutBack:
        return cls(made.text, len(made.put_back), made.marked)

    def kept(self, offset: int = 0) -> dict[str, Json]:
        """Return the JSON that is stored with the answer. `offset` is where this text begins in the answer's text."""
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
    """Count the words of each kind that were replaced in these texts. A word counts once, however often it appears."""
    kinds: dict[str, Kind] = {}
    for veiled in texts:
        own = set(veiled.originals)
        kinds |= {entry.original: entry.kind for entry in veiled.table if any(each in own for each, __ in entry.pairs)}
    return dict(Counter(kinds.values()))


def listed_from_lines(lines: str) -> tuple[Listed, ...]:
    """Parse a list of names, one per line. The legal form shows a company, capital letters show a person, and the rest
    are words of any kind.
    """
    return tuple(Listed(words, _kind_of(words)) for line in lines.splitlines() if (words := " ".join(line.split())))


def _kind_of(words: str) -> Kind:
    from slmdesk.text.checks.support import LEGAL_FORM
    from slmdesk.text.redaction.rules import name_at

    if LEGAL_FORM.search(words):
        return Kind.FIRM
    span = name_at(words, 0)
    return Kind.PERSON if span == (0, len(words)) and " " in words else Kind.OTHER


class Veil:
    """The redaction of one item: it replaces private words in texts for the model, and puts them back into answers."""

    def __init__(self, service: RedactionService, item: str) -> None:
        self._service, self.item = service, item

    @property
    def table(self) -> Table:
        """The current table of originals and replacements. Raises KnownError store.*."""
        return self._service.table(self.item)

    def hide(self, texts: Sequence[str], *, keeps: bool = True) -> list[str]:
        """Return the texts with replacements. New finds are added to the item's table, unless `keeps` is False.

        Raises KnownError redaction.*, store.*.
        """
        return self._service.hidden(self.item, texts, keeps=keeps)

    def hide_turns(self, turns: Sequence[ChatMessage], *, keeps: bool = True) -> list[ChatMessage]:
        """Return the messages with replacements in all parts but the program's own. Raises the errors of `hide`."""
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
        """Replace the words in the table. For technical text, such as a grammar, where no new words are searched."""
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
        """Return the texts as the model sees them, each with what is needed to put the originals back. All use the same
        table.

        `tags` are the formatting tags of the first texts. Raises the errors of `hide`.
        """
        return self._service.veiled(self.item, texts, tags, language, keeps=keeps)

    def learn(self, text: str) -> Slices[None]:
        """Search a whole text in slices before the model is asked about parts of it. So a name found anywhere is known
        in all parts.

        Raises the errors of `hide`.
        """
        return self._service.learn(self.item, text)

    def decide(self, decisions: Decisions) -> None:
        """Store what a person decided about words. Raises the errors of `hide`."""
        self._service.decide(self.item, decisions)

    def forget(self) -> None:
        """Drop a table that is only in memory, and the cached texts."""
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
        """Words that a person marked. Like listed names they are found with other endings and in any case."""
        return [
            Listed(entry.original)
            for entry in self.table
            if entry.kind is Kind.OTHER and entry.original not in self.left
        ]

    def check(self, made: Redacted) -> None:
        """Raise KnownError "redaction.still_there" if words that a person marked are still in the redacted text."""
        ends = [0, *(at for span in made.spans for at in span), len(made.text)]
        rest = "\n".join(made.text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True))
        for passage in sorted(self.left, key=len, reverse=True):
            rest = rest.replace(passage, "\n")
        for words in self.by_hand:
            if re.search(rf"(?<!\w){re.escape(words.words)}(?!\w)", rest):
                raise KnownError("redaction.still_there", words=words.words)


class RedactionService(Service):
    def __init__(self, runtime: Runtime, is_unsaved: Callable[[str], bool]) -> None:
        """`is_unsaved` tells whether the item with this id is not saved to any file."""
        super().__init__(runtime)
        self._is_unsaved = is_unsaved
        self._unsaved: dict[str, tuple[Entry, ...]] = {}
        self._finds: dict[tuple[object, ...], tuple[Find, ...]] = {}
        self._hidden: dict[str, tuple[_State, dict[str, str]]] = {}
        self._numbers = count(1)

    # ---- the user's list of names

    def names(self) -> tuple[Listed, ...]:
        return tuple(self._store.redactions.names())

    def change_names(self, names: Sequence[Listed]) -> tuple[Listed, ...]:
        """Replace the user's list of names. Blank and repeated names are dropped.

        Raises KnownError `request.invalid` for names that are too long or too many, and store.*.
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

    # ---- finding private words

    def find(self, text: str, item: str = "", decisions: Decisions = NOTHING_DECIDED) -> tuple[Find, ...]:
        """Return all finds in a text, including uncertain ones. Words in the item's table are found too."""
        state = self._state(item) if item else _State((), frozenset(), self.names())
        added = tuple(Listed(words, kind) for kind, words in decisions.added)
        left = state.left.union(decisions.left).difference(entry.words for entry in added)
        return self._found(text, changed(state, left=left), added)

    def preview(self, text: str, item: str = "", decisions: Decisions = NOTHING_DECIDED) -> Preview:
        """Return the finds in a text, and the text as the model would see it. Nothing is stored.

        Raises KnownError redaction.*, store.*.
        """
        from slmdesk.text.redaction.replacing import redacted_all

        finds = self.find(text, item, decisions)
        chosen = [find for find in finds if find.certainty is not Certainty.UNSURE]
        made = redacted_all([text], [chosen], self.table(item) if item else ())[0]
        return Preview(text, finds, made.text)

    def look(self, text: str, item: str = "") -> Pending[Preview]:
        """Do the same as `preview` for a text of any length. Ends with a Problem redaction.*, store.*."""
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
        """Return the table of originals and replacements of an item. Raises KnownError store.*."""
        return tuple(entry for entry in self._entries(item) if entry.substitute)

    def decide(self, item: str, decisions: Decisions) -> None:
        """Store what a person decided about the words of an item. The latest decision counts.

        Words that are sent unchanged from now on keep their replacement in the table, since earlier answers may contain
        it.

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
        """Copy the table and the person's decisions from one item to another. Raises KnownError store.*."""
        if entries := self._entries(source):
            self._keep(target, entries)

    def veil(self, item: str) -> Veil:
        return Veil(self, item)

    def in_memory(self) -> Veil:
        """Return a Veil with a table of its own, which belongs to no item and is never written. `forget` drops it."""
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
        """Return the finds that are replaced without asking: those that are sure or likely."""
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
