"""Reads glossaries and translation memories of other programs: CSV, TSV, spreadsheets, TMX 1.4 (GALA).

These files are untrusted like other documents, and are read in the same process. Nothing is dropped silently: entries
without a usable term are counted, and the first of them is named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from slmdesk.base.documents import BlockKind
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.text.cells import words_of_cell
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES
from slmdesk.children.formats.office_xml import Stream, attribute, child, children, local
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.children.formats.sheets import delimiter_of, rows_of
from slmdesk.children.formats.text import decoded_text

MOST_CHARACTERS = 2_000
MOST_PAIR_CHARACTERS = 20_000
_NAMES = {
    "source": ("source", "term", "from", "quelle", "ausgangssprache", "source term", "src"),
    "target": ("target", "translation", "to", "ziel", "zielsprache", "target term", "trg", "tgt"),
    "forbidden": ("forbidden", "not", "avoid", "verboten", "deprecated"),
    "note": ("note", "notes", "comment", "remark", "bemerkung", "definition"),
    "keep": ("keep", "do not translate", "dnt", "untranslatable", "nicht übersetzen"),
    "case": ("case", "case sensitive", "exact"),
    "forms": ("forms", "match", "matching", "inflection"),
}
_FORMS = {"exact": ("exact", "as written", "word"), "prefix": ("prefix", "begins with", "beginning")}
MOST_NAMED = 12
BREAKS_OFF = "the end of the file, which breaks off"
_YES = frozenset(("1", "x", "yes", "y", "true", "ja", "oui", "sí", "si", "tak"))
_SPLIT = re.compile(r"\s*[;|]\s*")


class FoundTerm(Record):
    source: str
    target: str
    forbidden: tuple[str, ...] = ()
    keeps: bool = False
    minds_case: bool = False
    note: str = ""
    forms: str = ""
    """How inflected forms match: "exact", "prefix", or "" for any ending."""


@dataclass(slots=True, eq=False)
class Wording:
    languages: list[str] = field(default_factory=list)
    """Language codes of the source and the target, as the file has them."""
    all_languages: Counter[str] = field(default_factory=Counter)
    """Language codes of a TMX file, or of a table's columns, with the number of entries that have words in each."""
    skipped: int = 0
    first_skipped: str = ""

    def skip(self, place: str) -> None:
        self.skipped += 1
        self.first_skipped = self.first_skipped or place


def terms_of(
    reading: Reading,
    format_id: str,
    reported: Wording,
    source: str = "",
    target: str = "",
    columns: Mapping[str, int] | None = None,
    *,
    skips_first: bool = False,
) -> Iterator[FoundTerm]:
    """Yield the terms of a glossary file.

    `source` and `target` choose languages of the file. `columns` gives the column (from 0) of each of
    base.translation.TERM_COLUMNS if the header does not. `skips_first` says that the first row is a header. Raises
    KnownError `document.…`, `glossary.no_columns` for a table whose columns are unclear, `glossary.more_languages` for
    a file with more than two languages of which none is chosen.
    """
    yield from _table(reading, _rows(reading, format_id), reported, (source, target), columns, skips_first)


def check_languages(reading: Reading, reported: Wording, source: str, target: str) -> None:
    """Require a source and target if the file has over two languages. Raises KnownError `glossary.more_languages`."""
    if len(reported.all_languages) > 2 and not (source and target):
        names = ", ".join(code for code, __ in reported.all_languages.most_common(20))
        raise KnownError("glossary.more_languages", path=reading.path, languages=names)


def _rows(reading: Reading, format_id: str) -> Iterator[list[str]]:
    if format_id == "csv":
        text = decoded_text(reading)
        for row in rows_of(text, delimiter_of(text)):
            yield [words_of_cell(cell) for cell in row]  # this program escapes formulas, others may too
        return
    for page in reader_of(format_id)(reading):
        for block in page.blocks:
            if block.kind is BlockKind.TABLE_ROW:
                yield page.text[block.start : block.end].split("\t")


def _table(
    reading: Reading,
    rows: Iterator[list[str]],
    reported: Wording,
    languages: tuple[str, str],
    chosen: Mapping[str, int] | None,
    skips_first: bool,
) -> Iterator[FoundTerm]:
    columns = dict(chosen) if chosen is not None else None
    is_first = True
    for number, row in enumerate(rows, start=1):
        reading.check()
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if is_first:
            is_first = False
            header, is_head = _columns(cells, reported, *languages)
            if columns is None:
                columns = header
                if "source" not in columns or len(columns) < 2:
                    raise KnownError("glossary.no_columns", path=reading.path, columns=_named(cells))
            if is_head or skips_first:
                continue
        assert columns is not None
        term = _term(cells, columns)
        if term is None:
            reported.skip(_("row {number}").format(number=number))
        else:
            yield term


def _named(cells: Sequence[str]) -> str:
    """Return the cells of the first row in quotation marks, by which the user recognises the columns of the file."""
    return ", ".join(f"“{cell[:30]}”" for cell in cells[:MOST_NAMED]) + (", …" if len(cells) > MOST_NAMED else "")


def _columns(cells: Sequence[str], reported: Wording, source: str, target: str) -> tuple[dict[str, int], bool]:
    """Return the column of each field, as named by the first row, and whether the first row is a header.

    Without known names, two columns are taken for source and target. More columns are ambiguous, and no field is
    assigned.
    """
    columns: dict[str, int] = {}
    folded = [cell.casefold() for cell in cells]
    for index, cell in enumerate(folded):
        for name, words in _NAMES.items():
            if cell in words:
                columns.setdefault(name, index)
    codes = {index: code for index, cell in enumerate(folded) if (code := _code_of(cell))}
    if "source" not in columns and len(codes) >= 2:
        first = next((at for at, code in codes.items() if code == source), None)
        second = next((at for at, code in codes.items() if code == target and at != first), None)
        others = [at for at in codes if at not in (first, second)]
        missing = [first, second].count(None)
        if missing and len(others) > missing:
            reported.all_languages.update(codes.values())  # more languages than can be chosen automatically
            return columns, True
        first = others.pop(0) if first is None else first
        second = others.pop(0) if second is None else second
        columns["source"], columns["target"] = first, second
        reported.languages = [codes[first], codes[second]]
    if "source" in columns:
        return columns, True
    return ({"source": 0, "target": 1} if len(cells) == 2 and not columns else {}), bool(columns)


def _code_of(cell: str) -> str:
    """Return the code of the language that names a column, or "" if none does. The cell may hold a code, with or
    without a region, or the language's name.
    """
    code = re.split("[-_]", cell, maxsplit=1)[0]
    if code in LANGUAGES and len(cell) <= 7:
        return code
    known = ((language.code, language.name.casefold(), language.own_name.casefold()) for language in LANGUAGES.values())
    return next((code for code, *names in known if cell in names), "")


def _term(cells: Sequence[str], columns: Mapping[str, int]) -> FoundTerm | None:
    def cell(name: str) -> str:
        index = columns.get(name)
        return cells[index] if index is not None and 0 <= index < len(cells) else ""

    source, target = cell("source"), cell("target")
    keeps = cell("keep").casefold() in _YES or (bool(source) and source == target)
    forbidden = tuple(word for word in _SPLIT.split(cell("forbidden")) if word)
    if not source or len(source) > MOST_CHARACTERS or len(target) > MOST_CHARACTERS:
        return None
    if not (target or keeps or forbidden or columns.keys() == {"source"}):
        return None
    keeps = keeps or columns.keys() == {"source"}  # a list of names alone
    named = cell("forms").casefold()
    forms = next((form for form, words in _FORMS.items() if named in words), "")
    minds_case = cell("case").casefold() in _YES
    return FoundTerm(source, "" if keeps else target, forbidden, keeps, minds_case, cell("note"), forms)


def pairs_of(reading: Reading, reported: Wording, source: str = "", target: str = "") -> Iterator[tuple[str, str]]:
    """Yield the text pairs of a TMX file in two languages: the given ones, else the first two languages of the file.

    Raises KnownError `document.damaged` for a file that is not TMX, `glossary.more_languages`.
    """
    stream = Stream(reading.chunks(), reading.path, "body")
    for number, (__, unit) in enumerate(stream, start=1):
        reading.check()
        texts = _texts_of(unit)
        reported.all_languages.update(texts.keys())
        first = source or (reported.languages[0] if reported.languages else next(iter(texts), ""))
        second = target or (
            reported.languages[1] if reported.languages else next((text for text in texts if text != first), "")
        )
        if first and second and not reported.languages:
            reported.languages = [first, second]
        if texts.get(first) and texts.get(second):
            yield texts[first], texts[second]
        else:
            reported.skip(_("unit {number}").format(number=number))
    if stream.broken:
        reported.skip(BREAKS_OFF)
    if stream.root is None or local(stream.root) != "tmx":
        raise KnownError("document.damaged", path=reading.path, reason=_("it is no TMX file"))
    check_languages(reading, reported, source, target)


def _texts_of(unit: etree._Element) -> dict[str, str]:
    texts: dict[str, str] = {}
    for variant in children(unit, "tuv"):
        segment = child(variant, "seg")
        words = " ".join("".join(_plain(segment)).split()) if segment is not None else ""
        if words and len(words) <= MOST_PAIR_CHARACTERS:
            texts.setdefault(attribute(variant, "lang").lower()[:2], words)
    return texts


def _plain(segment: etree._Element) -> Iterator[str]:
    if segment.text:
        yield segment.text
    for element in segment:
        if local(element) in ("hi", "sub"):
            yield from _plain(element)
        if element.tail:
            yield element.tail
