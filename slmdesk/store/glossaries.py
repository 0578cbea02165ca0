"""Glossaries and their terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slmdesk.core.errors import KnownError
from slmdesk.core.translation import Forms, GlossaryRecord, Term, term_json
from slmdesk.store.database import RowLike, Value
from slmdesk.store.part import StorePart, mapping_from, new_id
from slmdesk.text.words.folding import fold

_ORDERS = {"": "n", "source": "folded, n", "target": "target collate nocase, n"}


@dataclass(frozen=True, slots=True)
class GlossaryCounts:
    """How many terms a glossary has."""

    terms: int
    found: int
    """Those that contain the words."""
    contradicting: frozenset[str]
    """Folded terms that have two translations."""


class Glossaries(StorePart):
    """The part of the store for glossaries."""

    _term_writes = 0

    # ---- glossaries

    def add_glossary(
        self, name: str, *, source_language: str, target_language: str, domain: str = "", is_active: bool = True
    ) -> GlossaryRecord:
        """Add an empty glossary.  An empty language stands for any."""
        ident = new_id()
        with self._writing_terms():
            self._db.insert(
                "insert into glossaries (id, name, source_language, target_language, domain, active, created)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                (
                    ident, self._text(name), source_language, target_language, domain, int(is_active), self._clock(),
                ),
            )  # fmt: skip
            return self.glossary(ident)

    def restore_glossary(self, record: GlossaryRecord) -> None:
        """Restore a deleted glossary, without its terms; does nothing where it exists."""
        with self._writing_terms():
            self._db.run(
                "insert or ignore into glossaries (id, name, source_language, target_language, domain, active, created)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                (
                    record.id, self._text(record.name), record.source_language, record.target_language, record.domain,
                    int(record.is_active), record.created,
                ),
            )  # fmt: skip

    def glossary(self, id: str) -> GlossaryRecord:
        """The glossary with this id, or the only one whose id begins with it.  Raises KnownError glossary.unknown."""
        found = self._id_of("glossaries", id)
        row = self._db.row(f"{_WITH_TERMS} where glossaries.id = ?", (found,)) if found else None
        if row is None:
            raise KnownError("glossary.unknown", id=id[:80])
        return self._made(glossary_from, row)

    def glossaries(self, *, source_language: str = "", target_language: str = "") -> list[GlossaryRecord]:
        """All glossaries, or those of a pair of languages, by name; an empty language matches all."""
        rows = self._db.rows(
            f"{_WITH_TERMS} where (? = '' or source_language in ('', ?)) and (? = '' or target_language in ('', ?))"
            " order by name, n",
            (source_language, source_language, target_language, target_language),
        )
        return [self._made(glossary_from, row) for row in rows]

    def change_glossary(
        self,
        id: str,
        *,
        name: str | None = None,
        is_active: bool | None = None,
        source_language: str | None = None,
        target_language: str | None = None,
        domain: str | None = None,
    ) -> GlossaryRecord:
        """Change the values given.  Raises KnownError glossary.unknown."""
        columns: dict[str, Value] = {
            "name": self._maybe_text(name),
            "active": None if is_active is None else int(is_active),
            "source_language": source_language,
            "target_language": target_language,
            "domain": domain,
        }
        named = {key: value for key, value in columns.items() if value is not None}
        with self._writing_terms():
            found = self.glossary(id).id
            if named:
                what = ", ".join(f"{key} = ?" for key in named)
                self._db.run(f"update glossaries set {what} where id = ?", [*named.values(), found])
            return self.glossary(found)

    def forget_glossary(self, id: str) -> None:
        """Delete a glossary and its terms.  Raises KnownError glossary.unknown."""
        with self._writing_terms():
            found = self.glossary(id).id
            self._db.run("delete from terms where glossary = ?", (found,))
            self._db.run("delete from glossaries where id = ?", (found,))
            self._want_purge()

    # ---- terms

    def terms(
        self,
        glossary: str,
        *,
        words: str = "",
        order: str = "",
        descending: bool = False,
        begin: int = 0,
        limit: int = -1,
    ) -> list[Term]:
        """Terms of a glossary as they were added, or in `order` (source, target); with `words` in the term or its
        translation, if given; `limit` of them from position `begin` on (-1: all).
        """
        where, values = _matching(glossary, words)
        way = _ORDERS[order].replace(",", " desc,", 1) if descending and order else _ORDERS[order]
        rows = self._db.rows(
            f"select * from terms where {where} order by {way} limit ? offset ?", [*values, limit, begin]
        )
        return [self._made(term_from, row) for row in rows]

    def terms_after(self, glossary: str, n: int, limit: int) -> list[Term]:
        """The next `limit` terms after number `n`, in the order they were added."""
        rows = self._db.rows(
            "select * from terms where glossary = ? and n > ? order by n limit ?", (glossary, n, limit)
        )
        return [self._made(term_from, row) for row in rows]

    def terms_called(self, glossary: str, sources: Sequence[str]) -> list[Term]:
        """The terms of a glossary with these sources, ignoring case and accents."""
        folded = list(dict.fromkeys(map(fold, sources)))
        found: list[Term] = []
        for at in range(0, len(folded), 500):
            part = folded[at : at + 500]
            rows = self._db.rows(
                f"select * from terms where glossary = ? and folded in ({', '.join('?' for _ in part)}) order by n",
                [glossary, *part],
            )
            found += [self._made(term_from, row) for row in rows]
        return found

    def count_terms(self, glossary: str, words: str = "") -> GlossaryCounts:
        """Count the terms, those that contain `words`, and those that contradict one another."""

        def count(some: str) -> int:
            where, values = _matching(glossary, some)
            row = self._db.row(f"select count(*) as number from terms where {where}", values)
            return int(row["number"]) if row else 0

        rows = self._db.rows(
            "select folded from terms where glossary = ? group by folded having count(*) > 1"
            " and count(distinct lower(target)) > 1 limit 10000",
            (glossary,),
        )
        total = count("")
        return GlossaryCounts(total, count(words) if words else total, frozenset(str(row["folded"]) for row in rows))

    def add_terms(self, glossary: str, terms: Sequence[Term]) -> list[int]:
        """Append terms to a glossary in one transaction.  Returns their numbers."""
        with self._writing_terms():
            found = self.glossary(glossary).id
            return [
                self._db.insert(
                    "insert into terms (glossary, source, target, folded, extra) values (?, ?, ?, ?, ?)",
                    (found, *self._columns(one)),
                )
                for one in terms
            ]

    def change_term(self, n: int, term: Term) -> Term:
        """Replace a term.  Raises KnownError request.invalid for a deleted one."""
        with self._writing_terms():
            changed = self._db.run(
                "update terms set source = ?, target = ?, folded = ?, extra = ? where n = ?", (*self._columns(term), n)
            )
            row = self._db.row("select * from terms where n = ?", (n,))
        if not changed or row is None:
            raise KnownError("request.invalid", what="term")
        return self._made(term_from, row)

    def forget_terms(self, numbers: Sequence[int]) -> list[Term]:
        """Delete terms by number.  Returns those that existed."""
        gone = []
        with self._writing_terms():
            for n in numbers:
                row = self._db.row("select * from terms where n = ?", (n,))
                if row is not None:
                    gone.append(self._made(term_from, row))
                    self._db.run("delete from terms where n = ?", (n,))
            self._want_purge()
        return gone

    def forget_some_terms(self, glossary: str, limit: int) -> list[Term]:
        """Delete the first terms of a glossary, at most `limit`, and return them.  The glossary is no longer active
        then: a list of which a part is gone must not be applied.
        """
        with self._writing_terms():
            gone = self.terms(glossary, limit=limit)
            if gone:
                self._db.run("delete from terms where glossary = ? and n <= ?", (glossary, gone[-1].n))
                self._db.run("update glossaries set active = 0 where id = ?", (glossary,))
                self._want_purge()
        return gone

    def terms_version(self) -> tuple[int, int]:
        """A value that changes whenever any instance may have changed a term: what was built from terms must be
        rebuilt.
        """
        return self.data_version(), self._term_writes

    # ---- inside

    def _writing_terms(self) -> Any:
        self._term_writes += 1
        return self._db.writing()

    def _columns(self, term: Term) -> tuple[str, str, str, str]:
        source = self._text(term.source)
        return source, self._text(term.target), fold(source), self._json(term_json(term))


_WITH_TERMS = (
    "select glossaries.*, (select count(*) from terms where terms.glossary = glossaries.id) as term_count"
    " from glossaries"
)


def _matching(glossary: str, words: str) -> tuple[str, list[Value]]:
    if not words.strip():
        return "glossary = ?", [glossary]
    escaped = words.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = "glossary = ? and (folded like ? escape '\\' or target like ? escape '\\')"
    return like, [glossary, f"%{fold(escaped)}%", f"%{escaped}%"]


def glossary_from(row: RowLike) -> GlossaryRecord:
    """Build the dataclass of a row."""
    names = ("n", "id", "name", "source_language", "target_language", "domain", "created")
    return GlossaryRecord(
        **{name: row[name] for name in names}, is_active=bool(row["active"]), terms=int(row["term_count"])
    )


def term_from(row: RowLike) -> Term:
    """Build the dataclass of a row."""
    extra: Mapping[str, Any] = mapping_from(row["extra"])
    was_exact = bool(extra.get("is_exact"))  # as the first lists were kept: case and endings in one
    return Term(
        row["source"],
        row["target"],
        tuple(extra.get("forbidden", ())),
        keeps=bool(extra.get("keeps")),
        minds_case=bool(extra.get("case")) or was_exact,
        note=str(extra.get("note", "")),
        forms=Forms(extra.get("forms") or (Forms.EXACT if was_exact else Forms.STEM)),
        n=row["n"],
    )
