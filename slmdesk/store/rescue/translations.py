"""Of a damaged database: segments, the translation memory and glossaries."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from slmdesk.base.translation import SETTLED, Origin, SegmentState
from slmdesk.base.types import Json
from slmdesk.store.part import StorePart
from slmdesk.store.rescue.carve import Cell
from slmdesk.store.rescue.types import Values
from slmdesk.store.store import Store
from slmdesk.store.translation_memory import memory_key
from slmdesk.text.words.folding import fold
from slmdesk.text.words.language import detect

KIND = "translation"
LOST = "lost"
_TITLE_CHARACTERS = 60
_MOST_TEXT = 1 << 20
"""Characters of a lost item's text that are put together out of its segments."""
_REPORTED_BY = 4_000
"""Characters used to detect a language."""
_LOST_GLOSSARY = "Rescued terms"

_Key = tuple[Cell, ...]


class RescuedTranslations(StorePart):
    """The part of a rescue that knows translations; inside its transaction."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.shared)
        self._store = store
        self._had_segments = frozenset(row["item"] for row in self._db.rows("select distinct item from segments"))
        self._grown: set[str] = set()
        self._lost_items: set[str] = set()
        self._lost_glossaries: set[str] = set()
        self._terms_here: dict[str, set[_Key]] = {}
        self.takers: dict[str, Callable[[int, Values], int]] = {
            "segments": self._take_segment,
            "memory": self._take_pair,
            "terms": self._take_term,
            "results": self._take_result,
        }
        """By table: takes over a row with its number, and returns whether it did: 0 or 1."""

    def complete(self) -> int:
        """Complete what depends on all rows.  Returns how many segments are missing."""
        for item in self._lost_items:
            self._complete_item(item)
        with self._store.terms.writing():  # whoever reads terms must read them again
            for glossary in self._lost_glossaries:
                self._complete_glossary(glossary)
        self._db.run("update memory set item = null where item is not null and item not in (select id from items)")
        return sum(self._note_missing(item) for item in sorted(self._grown))

    # ---- segments

    def _take_segment(self, _n: int, values: Values) -> int:
        item, number = str(values["item"]), values["number"]
        if item in self._had_segments:
            return self._take_decision(values)
        if self._db.row("select 1 from segments where item = ? and number = ?", (item, number)):
            return 0
        if not self._db.row("select 1 from items where id = ?", (item,)):
            self._store.items.insert(item, KIND, "", self._clock(), {})
            self._lost_items.add(item)
        self._grown.add(item)
        values["revision"] = self._shared.next_revision()
        self._insert("segments", values)
        return 1

    def _take_decision(self, values: Values) -> int:
        """A person's words or yes, for a segment on which nobody decided here."""
        if SegmentState(str(values["state"])) not in SETTLED:
            return 0
        settled = ", ".join(f"'{one.value}'" for one in sorted(SETTLED))
        names = ("target", "state", "origin", "flags", "reason", "doubts")
        return self._update(
            "segments",
            {**{name: values[name] for name in names}, "revision": self._shared.next_revision()},
            f"item = ? and number = ? and source = ? and state not in ({settled})",
            *(values["item"], values["number"], values["source"]),
        )

    def _take_result(self, _n: int, values: Values) -> int:
        """How far a translation is; of what came of other items nothing is brought over."""
        row = self._db.row("select kind from items where id = ?", (values["item"],))
        if row is None or row["kind"] != KIND or str(values["item"]) in self._had_segments:
            return 0
        if self._store.results.get(str(values["item"])) is not None:
            return 0
        self._insert("results", values)
        return 1

    def _note_missing(self, item: str) -> int:
        """Have a translation stand on what came of it: it must not be begun anew over a person's words, and what is
        missing is named among what stays untranslated.
        """
        kept, counts = self._store.results.get(item) or {}, self._store.segments.count(item)
        rows = self._db.rows("select number from segments where item = ? order by number", (item,))
        numbers = [-1, *(int(row["number"]) for row in rows)]
        gaps = [(one + 1, other - 1) for one, other in pairwise(numbers) if other > one + 1]
        if not (kept.get("taken") or counts.keys() - {SegmentState.OPEN, SegmentState.LEFT}):
            return 0  # it had only begun, and begins anew
        reported = kept.get("left")
        left: list[Json] = list(reported) if isinstance(reported, list) else []
        left += [[LOST, "", _stretch(*gap)] for gap in gaps]
        is_done = bool(kept.get("done")) or not counts.get(SegmentState.OPEN)
        self._store.results.save(item, {**kept, "taken": True, "done": is_done, "left": left})
        return sum(last + 1 - first for first, last in gaps)

    def _complete_item(self, id: str) -> None:
        """A translation whose item is lost is one of the text that its segments are."""
        segments = self._store.segments.of_item(id, limit=20_000)
        text = "".join(one.lead + one.source + one.trail for one in segments)[:_MOST_TEXT]
        reported, _ = detect(" ".join(one.target for one in segments[:200])[:_REPORTED_BY])
        words = " ".join(text[:500].split())
        title = words[:_TITLE_CHARACTERS]
        self._store.items.change_settings(id, wish={"target": reported or "en", "text": text})
        self._store.items.rename(id, title)

    # ---- memory

    def _take_pair(self, n: int, values: Values) -> int:
        values["key"] = memory_key(str(values["source"]))
        where = tuple(str(values[name]) for name in ("source_language", "target_language", "domain", "key"))
        here = self._db.row(
            "select * from memory where source_language = ? and target_language = ? and domain = ? and key = ?", where
        )
        if here is None:
            values["n"] = n
            self._insert("memory", values)
            self._store.index.add(n, str(values["source"]), "memory_words")
            return 1
        ranks = [(one["origin"] != Origin.MODEL.value, one["used"]) for one in (here, values)]
        if here["target"] == values["target"] or ranks[0] >= ranks[1]:
            return 0
        changes = {name: values[name] for name in ("target", "origin", "used", "item")}
        return self._update("memory", changes, "n = ?", here["n"])

    # ---- glossaries

    def _take_term(self, n: int, values: Values) -> int:
        glossary = str(values["glossary"])
        here = self._terms_of(glossary)
        values["folded"] = fold(str(values["source"]))
        key = (values["source"], values["target"], values["extra"])
        if key in here:
            return 0
        here.add(key)
        values["n"] = n
        self._insert("terms", values)
        return 1

    def _terms_of(self, glossary: str) -> set[_Key]:
        """What is in a glossary; one that is lost is made anew and not applied."""
        if glossary in self._terms_here:
            return self._terms_here[glossary]
        if not self._db.row("select 1 from glossaries where id = ?", (glossary,)):
            self._lost_glossaries.add(glossary)
            self._insert("glossaries", {
                "id": glossary, "name": _LOST_GLOSSARY, "source_language": "", "target_language": "", "domain": "",
                "active": False, "created": self._clock(),
            })  # fmt: skip
        rows = self._db.rows("select source, target, extra from terms where glossary = ?", (glossary,))
        return self._terms_here.setdefault(glossary, {(row["source"], row["target"], row["extra"]) for row in rows})

    def _complete_glossary(self, id: str) -> None:
        """Its languages, as far as its terms tell; without any it would hold for all languages."""
        terms = self._store.terms.of_glossary(id, limit=1000)
        if all(one.keeps for one in terms):
            return
        reported = [
            detect(" ".join(words)[:_REPORTED_BY])[0]
            for words in ([one.source for one in terms], [one.target for one in terms])
        ]
        source = reported[0] or "en"
        self._store.glossaries.change(
            id, source_language=source, target_language=reported[1] if reported[1] not in (None, source) else ""
        )


def _stretch(first: int, last: int) -> str:
    """Segments as they are counted for people, from 1."""
    return f"segment {first + 1}" if first == last else f"segments {first + 1} to {last + 1}"
