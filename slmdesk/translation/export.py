"""Exports translations as papers, JSON and TMX, and glossaries as files for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TypeAlias

from slmdesk.base.documents import Paper, Piece, PieceKind, Run, heading, item, paragraph, plain, table
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_list
from slmdesk.base.record import Record
from slmdesk.base.records import Item
from slmdesk.base.translation import Forms, GlossaryRecord, SegmentRecord, SegmentState, Term, doubts_json, flags_json
from slmdesk.base.types import Json
from slmdesk.exports.writers import to_xlsx
from slmdesk.runtime.service import Make, Slices, json_bytes
from slmdesk.store import Store
from slmdesk.text.markup import harmless_cell
from slmdesk.translation.types import STATE_WORDS, flag_words


def export_translation(store: Store, item: Item, form: str) -> Slices[Make]:
    segments = yield from gathered(store, item.id)
    parts = left_parts(store, item.id)

    def make() -> bytes | Paper:
        if form == "json":
            return json_bytes(translation_json(item, segments, parts))
        return translation_paper(item.title, *translated_rows(segments), parts)

    return make


# ---- a stored translation as rows for people and as JSON


FORMAT = "slmdesk-translation"
_AT_ONCE = 100


def segments_of_item(store: Store, item: str) -> Iterator[SegmentRecord]:
    """Yield all segments of a translation in order; no query stays open in between."""
    begin = 0
    while found := store.segments.of_item(item, begin=begin, limit=_AT_ONCE):
        yield from found
        begin = found[-1].number + 1


def left_parts(store: Store, item: str) -> list[tuple[str, str, str]]:
    """Return the parts of a document that are not translated: (kind, place, words)."""
    return stored_list(tuple[str, str, str], (store.results.get(item) or {}).get("left"))


def gathered(store: Store, item: str) -> Slices[list[SegmentRecord]]:
    found: list[SegmentRecord] = []
    while part := store.segments.of_item(item, begin=found[-1].number + 1 if found else 0, limit=_AT_ONCE):
        found += part
        yield
    return found


def translated_rows(segments: Sequence[SegmentRecord]) -> tuple[str, list[TranslatedRow]]:
    """Return a line about a translation, and its segments as rows.  Any thread."""
    rows = []
    counts: dict[SegmentState, int] = {}
    for segment in segments:
        counts[segment.state] = counts.get(segment.state, 0) + 1
        flags = "; ".join(flag_words(flag) for flag in segment.flags)
        rows.append(TranslatedRow(segment.place, segment.source, segment.target, STATE_WORDS[segment.state], flags))
    said = ", ".join(f"{count} {STATE_WORDS[state]}" for state, count in counts.items())
    many = "segment" if len(rows) == 1 else "segments"
    return f"{len(rows)} {many}: {said or 'none'}.", rows


def translation_json(
    item: Item, found: Sequence[SegmentRecord], parts: Sequence[tuple[str, str, str]]
) -> dict[str, Json]:
    """Any thread."""
    segments: list[Json] = [
        {"place": segment.place, "source": segment.source, "target": segment.target, "state": segment.state.value,
         "flags": flags_json(segment.flags), "doubts": doubts_json(segment.doubts), "reason": segment.reason,
         "language": segment.language}
        for segment in found
    ]  # fmt: skip
    left: list[Json] = [list(part) for part in parts]
    return {"format": FORMAT, "version": 1, "id": item.id, "title": item.title, "segments": segments, "left": left}


# ---- builds documents from a translation


HEAD = ("", "Source", "Translation", "State", "Needs review")


class TranslatedRow(Record):
    place: str
    source: str
    target: str
    state: str
    flags: str


class Report(Record):
    """How a translation went: every segment is in exactly one of the four lists."""

    title: str
    info: Sequence[tuple[str, str]]
    """(what, words): document, languages, models, glossaries, days."""
    counts: Sequence[tuple[str, int]]
    failed: Sequence[TranslatedRow]
    flagged: Sequence[TranslatedRow]
    left: Sequence[TranslatedRow]
    """`flags` says why."""
    fine: Sequence[TranslatedRow]
    parts: Sequence[tuple[str, str, str]]
    """What of the document is no segment and stays as it is: (kind, place, words)."""


def translation_paper(
    title: str, said: str, rows: Sequence[TranslatedRow], left: Sequence[tuple[str, str, str]]
) -> Paper:
    """The segments as a table; after it what was left untranslated: (kind, place, words)."""
    cells = tuple((row.place, row.source, row.target, row.state, row.flags) for row in rows)
    pieces = [
        Piece(PieceKind.PARAGRAPH, (Run(said),)),
        Piece(PieceKind.TABLE, rows=(HEAD, *cells)),
    ]
    if left:
        pieces += [heading("What stays as it is"), *_parts(left)]
    return Paper(title, tuple(pieces))


def pair_paper(title: str, languages: tuple[str, str], pairs: Iterable[tuple[str, str]]) -> Paper:
    return Paper(title, (table(languages, tuple(pairs)),))


_SHOWN_AS = {"About": "Subject", "to look at": "to review"}


def report_paper(report: Report) -> Paper:
    pieces = [item(Run(f"{_SHOWN_AS.get(what, what)}: ", bold=True), words) for what, words in report.info]
    pieces += [heading("How many")]
    pieces += [
        table(("", "Segments"), tuple((_SHOWN_AS.get(what, what), f"{count:,}") for what, count in report.counts))
    ]
    for title, rows, said in (
        ("Not translated", report.failed, "The document has the source in these places."),
        ("Needs review", report.flagged, ""),
        ("Left as it is", report.left, ""),
        ("Translated, nothing found", report.fine, ""),
    ):
        if not rows:
            continue
        pieces += [heading(title), *([paragraph(said)] if said else [])]
        why = "Why" if title in ("Not translated", "Left as it is") else "What"
        cells = ((row.place, row.source, row.target, row.state, row.flags) for row in rows)
        pieces += [table(("Where", "Source", "Translation", "State", why), tuple(cells))]
    if report.parts:
        pieces += [heading("Parts of the document that are no text to be translated"), *_parts(report.parts)]
    return Paper(report.title, tuple(pieces))


def _parts(parts: Sequence[tuple[str, str, str]]) -> list[Piece]:
    return [
        Piece(PieceKind.ITEM, (Run(": ".join(word for word in (kind, place, words) if word)),))
        for kind, place, words in parts
    ]


# ---- writes glossaries as files for other programs
#
# CSV, TSV, spreadsheet, TBX-Basic. Source: ISO 30042:2008 with the TBX-Basic dialect, which most programs read.


GLOSSARY_FORMS = ("csv", "tsv", "xlsx", "tbx")
TERMS_HEAD = ("source", "target", "forbidden", "keep", "case", "forms", "note")


def to_glossary_file(record: GlossaryRecord, terms: Sequence[Term], form: str) -> bytes:
    """A glossary as one of GLOSSARY_FORMS; the file is read back as the same terms, from TBX without the marks for
    case and forms.  Not on the service thread.  Raises KnownError `request.invalid`.
    """
    if form in ("csv", "tsv"):
        out = io.StringIO()
        writer = csv.writer(out, delimiter="," if form == "csv" else "\t", lineterminator="\r\n")
        writer.writerow(TERMS_HEAD)
        writer.writerows([harmless_cell(cell) for cell in _row(term)] for term in terms)
        return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")
    if form == "xlsx":
        return to_xlsx({"Glossary": [list(TERMS_HEAD), *(list(_row(term)) for term in terms)]})
    if form == "tbx":
        return _tbx(record, terms).encode("utf-8", "replace")
    raise KnownError("request.invalid", what=f"no format {form[:20]}")


def _row(term: Term) -> tuple[str, ...]:
    marks = ("x" if term.keeps else "", "x" if term.minds_case else "")
    forms = "" if term.forms is Forms.STEM else term.forms.value
    return term.source, term.target, "; ".join(term.forbidden), *marks, forms, term.note


def _tbx(record: GlossaryRecord, terms: Sequence[Term]) -> str:
    def section(code: str, words: Sequence[tuple[str, bool]]) -> str:
        inside = "".join(
            f"<tig><term>{_plain(word)}</term>"
            + ('<termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote>' if is_bad else "")
            + "</tig>"
            for word, is_bad in words
        )
        return f'<langSet xml:lang="{escape(code)}">{inside}</langSet>' if words else ""

    first, second = record.source_language or "en", record.target_language or "und"
    entries = []
    for number, term in enumerate(terms, start=1):
        target = term.source if term.keeps else term.target
        words = [(target, False)] if target else []
        words += [(word, True) for word in term.forbidden]
        note = f"<note>{_plain(term.note)}</note>" if term.note else ""
        sections = section(first, [(term.source, False)]) + section(second, words)
        entries.append(f'<termEntry id="t{number}">{note}{sections}</termEntry>\n')
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<martif type="TBX-Basic" xml:lang="en"><martifHeader><fileDesc>'
        f"<titleStmt><title>{_plain(record.name)}</title></titleStmt><sourceDesc><p>slmdesk</p></sourceDesc></fileDesc>"
        f"</martifHeader><text><body>\n{''.join(entries)}</body></text></martif>\n"
    )


def _plain(text: str) -> str:
    """Text for XML: control characters, which it cannot contain, become U+FFFD."""
    return escape(plain(text), quote=False)


# ---- writes pairs of sentences as TMX, for other translation programs


ANY = "*all*"
"""In the place of a source language: each unit has its own."""
UNKNOWN = "und"
"""ISO 639-2's code for an undetermined language."""

Unit: TypeAlias = tuple[str, str, str, str]
"""Language and words of the source, language and words of the translation; an empty language is UNKNOWN."""


def to_tmx(units: Iterable[Unit], source: str = ANY) -> Iterator[str]:
    """Yield the file piece by piece, as the units arrive; formatting tags are kept as text."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4"><header creationtool="slmdesk" '
    yield 'creationtoolversion="1" segtype="sentence" o-tmf="slmdesk" adminlang="en" '
    yield f'srclang="{escape(source or UNKNOWN)}" datatype="plaintext"/><body>\n'
    for first, one, second, other in units:
        yield f"<tu>{_side(first, one)}{_side(second, other)}</tu>\n"
    yield "</body></tmx>\n"


def _side(language: str, words: str) -> str:
    return f'<tuv xml:lang="{escape(language or UNKNOWN)}"><seg>{escape(plain(words), quote=False)}</seg></tuv>'
