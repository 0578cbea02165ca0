"""Glossaries and their terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.translation import Forms, GlossaryRecord, Term, term_json
from slmdesk.store.database import RowLike, Value
from slmdesk.store.part import Shared, StorePart, marks, new_id
from slmdesk.store.rows import mapping_from, row_to
from slmdesk.text.words.folding import fold

_ORDERS = {"": "n", "source": "folded, n", "target": "target collate nocase, n"}


class GlossaryCounts(Record):
    terms: int
    found: int
    contradicting: frozenset[str]
    """Folded terms that have two translations."""


class Terms(StorePart):
    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        self._writes = 0

    def of_glossary(
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
        return self._all(
            term_from, f"select * from terms where {where} order by {way} limit ? offset ?", [*values, limit, begin]
        )

    def after(self, glossary: str, n: int, limit: int) -> list[Term]:
        return self._all(
            term_from, "select * from terms where glossary = ? and n > ? order by n limit ?", (glossary, n, limit)
        )

    def called(self, glossary: str, sources: Sequence[str]) -> list[Term]:
        folded = list(dict.fromkeys(map(fold, sources)))
        found: list[Term] = []
        for at in range(0, len(folded), 500):
            part = folded[at : at + 500]
            found += self._all(
                term_from,
                f"select * from terms where glossary = ? and folded in ({marks(part)}) order by n",
                [glossary, *part],
            )
        return found

    def count(self, glossary: str, words: str = "") -> GlossaryCounts:
        def count(some: str) -> int:
            where, values = _matching(glossary, some)
            return self._db.number(f"select count(*) from terms where {where}", values)

        rows = self._db.rows(
            "select folded from terms where glossary = ? group by folded having count(*) > 1"
            " and count(distinct lower(target)) > 1 limit 10000",
            (glossary,),
        )
        total = count("")
        return GlossaryCounts(total, count(words) if words else total, frozenset(str(row["folded"]) for row in rows))

    def add(self, glossary: str, terms: Sequence[Term]) -> list[int]:
        with self.writing():
            found = self._id_of("glossaries", glossary)
            if found is None:
                raise KnownError("glossary.unknown", id=glossary[:80])
            return [self._insert("terms", {"glossary": found, **self._columns(one)}) for one in terms]

    def change(self, n: int, term: Term) -> Term:
        """Replace a term.  Raises KnownError request.invalid for a deleted one."""
        with self.writing():
            self._update("terms", self._columns(term), "n = ?", n)
            changed = self._first(term_from, "select * from terms where n = ?", (n,))
        if changed is None:
            raise KnownError("request.invalid", what="term")
        return changed

    def forget(self, numbers: Sequence[int]) -> list[Term]:
        """Delete terms by number.  Returns those that existed."""
        gone = []
        with self.writing():
            for n in numbers:
                term = self._first(term_from, "select * from terms where n = ?", (n,))
                if term is not None:
                    gone.append(term)
                    self._db.run("delete from terms where n = ?", (n,))
            self._shared.request_purge()
        return gone

    def forget_some(self, glossary: str, limit: int) -> list[Term]:
        """Delete the first terms of a glossary, at most `limit`, and return them.  The glossary is no longer active
        then: a list of which a part is gone must not be applied.
        """
        with self.writing():
            gone = self.of_glossary(glossary, limit=limit)
            if gone:
                self._db.run("delete from terms where glossary = ? and n <= ?", (glossary, gone[-1].n))
                self._update("glossaries", {"active": False}, "id = ?", glossary)
                self._shared.request_purge()
        return gone

    def version(self) -> tuple[int, int]:
        """A value that changes whenever any instance may have changed a term: what was built from terms must be
        rebuilt.
        """
        return self._db.data_version(), self._writes

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._writes += 1
        with self._db.writing():
            yield

    def _columns(self, term: Term) -> dict[str, object]:
        source = self._text(term.source)
        return {"source": source, "target": term.target, "folded": fold(source), "extra": term_json(term)}


class Glossaries(StorePart):
    def __init__(self, shared: Shared, terms: Terms) -> None:
        super().__init__(shared)
        self._terms = terms

    def add(
        self, name: str, *, source_language: str, target_language: str, domain: str = "", is_active: bool = True
    ) -> GlossaryRecord:
        """Add an empty glossary.  An empty language stands for any."""
        ident = new_id()
        with self._terms.writing():
            self._insert("glossaries", {
                "id": ident, "name": name, "source_language": source_language, "target_language": target_language,
                "domain": domain, "active": is_active, "created": self._clock(),
            })  # fmt: skip
            return self.get(ident)

    def restore(self, record: GlossaryRecord) -> None:
        """Restore a deleted glossary, without its terms; does nothing where it exists."""
        with self._terms.writing():
            self._insert("glossaries", {
                "id": record.id, "name": record.name, "source_language": record.source_language,
                "target_language": record.target_language, "domain": record.domain, "active": record.is_active,
                "created": record.created,
            }, otherwise="or ignore")  # fmt: skip

    def get(self, id: str) -> GlossaryRecord:
        """The glossary with this id, or the only one whose id begins with it.  Raises KnownError glossary.unknown."""
        found = self._first(glossary_from, f"{_WITH_TERMS} where glossaries.id = ?", (self._id_of("glossaries", id),))
        if found is None:
            raise KnownError("glossary.unknown", id=id[:80])
        return found

    def all(self, *, source_language: str = "", target_language: str = "") -> list[GlossaryRecord]:
        return self._all(
            glossary_from,
            f"{_WITH_TERMS} where (? = '' or source_language in ('', ?)) and (? = '' or target_language in ('', ?))"
            " order by name, n",
            (source_language, source_language, target_language, target_language),
        )

    def change(
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
        values = {
            "name": name, "active": is_active, "source_language": source_language, "target_language": target_language,
            "domain": domain,
        }  # fmt: skip
        changes = {key: value for key, value in values.items() if value is not None}
        with self._terms.writing():
            found = self.get(id).id
            if changes:
                self._update("glossaries", changes, "id = ?", found)
            return self.get(found)

    def forget(self, id: str) -> None:
        """Delete a glossary and its terms.  Raises KnownError glossary.unknown."""
        with self._terms.writing():
            found = self.get(id).id
            self._db.run("delete from terms where glossary = ?", (found,))
            self._db.run("delete from glossaries where id = ?", (found,))
            self._shared.request_purge()


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
    """Build the record of a row, queried with the number of its terms."""
    return row_to(GlossaryRecord, row, is_active=bool(row["active"]), terms=row["term_count"])


def term_from(row: RowLike) -> Term:
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
