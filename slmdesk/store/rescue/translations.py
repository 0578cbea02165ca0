"""Of a damaged database: segments, the translation memory and glossaries."""

from __future__ import annotations

from itertools import pairwise

from slmdesk.core.translation import SETTLED, Origin, SegmentState
from slmdesk.core.types import Json
from slmdesk.store.documents import Documents
from slmdesk.store.glossaries import Glossaries
from slmdesk.store.rescue.carve import Cell
from slmdesk.store.rescue.types import Values
from slmdesk.store.translation_memory import TranslationMemory, memory_key
from slmdesk.store.translations import Translations
from slmdesk.text.words.folding import fold
from slmdesk.text.words.language import detect

KIND = "translation"
LOST = "lost"
"""Kind of a part of a translation that could not be rescued (services.translation_words)."""
_TITLE_CHARACTERS = 60
_MOST_TEXT = 1 << 20
"""Characters of a lost item's text that are put together out of its segments."""
_REPORTED_BY = 4_000
"""Characters used to detect a language."""
_LOST_GLOSSARY = "Rescued terms"

_Key = tuple[Cell, ...]


class RescueTranslations(Documents, Translations, TranslationMemory, Glossaries):
    """The part of a rescue that knows translations."""

    _kept_here: frozenset[str] = frozenset()
    """Items that had segments before the rescue."""
    _grown: set[str]
    """Items that got segments by it."""
    _lost_items: set[str]
    _lost_glossaries: set[str]
    _terms_here: dict[str, set[_Key]]

    def _begin_translations(self) -> None:
        self._kept_here = frozenset(row["item"] for row in self._db.rows("select distinct item from segments"))
        self._grown, self._lost_items, self._lost_glossaries, self._terms_here = set(), set(), set(), {}
        self._term_writes += 1

    def _end_translations(self) -> int:
        """What is to be said of the whole when all rows are here.  Returns how many segments are missing."""
        for item in self._lost_items:
            self._complete_item(item)
        for glossary in self._lost_glossaries:
            self._complete_glossary(glossary)
        self._db.run("update memory set item = null where item is not null and item not in (select id from items)")
        return sum(self._note_missing(item) for item in sorted(self._grown))

    def _insert(self, table: str, values: Values) -> None:
        places = ", ".join("?" * len(values))
        self._db.insert(f"insert into {table} ({', '.join(values)}) values ({places})", list(values.values()))

    def _add_lost_item(self, item: str, kind: str, title: str, created: Cell) -> None:
        n = self._db.insert(
            "insert into items (id, kind, title, pinned, created, updated, revision, settings)"
            " values (?, ?, ?, 0, ?, ?, ?, '{}')",
            (item, kind, title, created, created, self._next_revision()),
        )
        self._index(n, title, "titles")

    # ---- segments

    def _take_segment(self, values: Values) -> int:
        item, number = str(values["item"]), values["number"]
        if item in self._kept_here:
            return self._take_decision(values)
        if self._db.row("select 1 from segments where item = ? and number = ?", (item, number)):
            return 0
        if not self._db.row("select 1 from items where id = ?", (item,)):
            self._add_lost_item(item, KIND, "", self._clock())
            self._lost_items.add(item)
        self._grown.add(item)
        values["revision"] = self._next_revision()
        self._insert("segments", values)
        return 1

    def _take_decision(self, values: Values) -> int:
        """A person's words or yes, for a segment on which nobody decided here."""
        if SegmentState(str(values["state"])) not in SETTLED:
            return 0
        settled = ", ".join(f"'{one.value}'" for one in sorted(SETTLED))
        return self._db.run(
            "update segments set target = ?, state = ?, origin = ?, flags = ?, reason = ?, doubts = ?, revision = ?"
            f" where item = ? and number = ? and source = ? and state not in ({settled})",
            (
                values["target"], values["state"], values["origin"], values["flags"], values["reason"],
                values["doubts"], self._next_revision(), values["item"], values["number"], values["source"],
            ),
        )  # fmt: skip

    def _take_result(self, values: Values) -> int:
        """How far a translation is; of what came of other items nothing is brought over."""
        row = self._db.row("select kind from items where id = ?", (values["item"],))
        if row is None or row["kind"] != KIND or str(values["item"]) in self._kept_here:
            return 0
        return self._db.run(
            "insert or ignore into results (item, value) values (?, ?)", (values["item"], values["value"])
        )

    def _note_missing(self, item: str) -> int:
        """Have a translation stand on what came of it: it must not be begun anew over a person's words, and what is
        missing is named among what stays untranslated.  Returns how many segments that is.
        """
        kept, counts = self.result(item) or {}, self.count_segments(item)
        rows = self._db.rows("select number from segments where item = ? order by number", (item,))
        numbers = [-1, *(int(row["number"]) for row in rows)]
        gaps = [(one + 1, other - 1) for one, other in pairwise(numbers) if other > one + 1]
        if not (kept.get("taken") or counts.keys() - {SegmentState.OPEN, SegmentState.LEFT}):
            return 0  # it had only begun, and begins anew
        reported = kept.get("left")
        left: list[Json] = list(reported) if isinstance(reported, list) else []
        left += [[LOST, "", _stretch(*gap)] for gap in gaps]
        is_done = bool(kept.get("done")) or not counts.get(SegmentState.OPEN)
        self.save_result(item, {**kept, "taken": True, "done": is_done, "left": left})
        return sum(last + 1 - first for first, last in gaps)

    def _complete_item(self, id: str) -> None:
        """A translation whose item is lost is one of the text that its segments are."""
        segments = self.segments(id, limit=20_000)
        text = "".join(one.lead + one.source + one.trail for one in segments)[:_MOST_TEXT]
        reported, _ = detect(" ".join(one.target for one in segments[:200])[:_REPORTED_BY])
        words = " ".join(text[:500].split())
        title = words[:_TITLE_CHARACTERS]
        shape = self._json({"wish": {"target": reported or "en", "text": text}})
        self._db.run("update items set title = ?, settings = ? where id = ?", (title, shape, id))
        row = self._db.row("select n from items where id = ?", (id,))
        assert row is not None
        self._index(row["n"], title, "titles")

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
            self._index(n, str(values["source"]), "memory_words")
            return 1
        ranks = [(one["origin"] != Origin.MODEL.value, one["used"]) for one in (here, values)]
        if here["target"] == values["target"] or ranks[0] >= ranks[1]:
            return 0
        return self._db.run(
            "update memory set target = ?, origin = ?, used = ?, item = ? where n = ?",
            (values["target"], values["origin"], values["used"], values["item"], here["n"]),
        )

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
        """What is in a glossary; one that is lost is made anew, without being obeyed."""
        if glossary in self._terms_here:
            return self._terms_here[glossary]
        if not self._db.row("select 1 from glossaries where id = ?", (glossary,)):
            self._lost_glossaries.add(glossary)
            self._db.run(
                "insert into glossaries (id, name, source_language, target_language, domain, active, created)"
                " values (?, ?, '', '', '', 0, ?)",
                (glossary, _LOST_GLOSSARY, self._clock()),
            )
        rows = self._db.rows("select source, target, extra from terms where glossary = ?", (glossary,))
        return self._terms_here.setdefault(glossary, {(row["source"], row["target"], row["extra"]) for row in rows})

    def _complete_glossary(self, id: str) -> None:
        """Its languages, as far as its words tell them; without any it would hold for all languages."""
        terms = self.terms(id, limit=1000)
        if all(one.keeps for one in terms):
            return
        reported = [
            detect(" ".join(words)[:_REPORTED_BY])[0]
            for words in ([one.source for one in terms], [one.target for one in terms])
        ]
        source = reported[0] or "en"
        self.change_glossary(
            id, source_language=source, target_language=reported[1] if reported[1] not in (None, source) else ""
        )


def _stretch(first: int, last: int) -> str:
    """Segments as they are counted for people, from 1."""
    return f"segment {first + 1}" if first == last else f"segments {first + 1} to {last + 1}"
