"""Exports translations as documents, JSON and TMX, and glossaries as files for other programs."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, TypeAlias

from slmdesk.base.documents import Paper, Piece, PieceKind, Run, heading, item, paragraph, plain, table
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_list
from slmdesk.base.records import Item
from slmdesk.base.texts import _
from slmdesk.base.translation import (
    Forms,
    GlossaryRecord,
    SegmentRecord,
    SegmentState,
    Term,
    doubts_json,
    flags_json,
    weighty,
)
from slmdesk.base.types import Json
from slmdesk.exports.writers import to_xlsx
from slmdesk.runtime.service import Make, Slices, json_bytes
from slmdesk.store import Store
from slmdesk.text.markup import harmless_cell
from slmdesk.translation.types import TranslationView, flag_words, reason_words, state_words


def export_translation(store: Store, item: Item, form: str) -> Slices[Make]:
    """Read a translation now, in slices. The function that is returned makes the file: JSON, or any form."""
    segments = yield from gathered(store, item.id)
    parts = left_parts(store, item.id)

    def make() -> bytes | Paper:
        if form == "json":
            return json_bytes(translation_json(item, segments, parts))
        return translation_paper(item.title, segments, parts)

    return make


FORMAT = "slmdesk-translation"
_AT_ONCE = 100


def segments_of_item(store: Store, item: str) -> Iterator[SegmentRecord]:
    """Yield all segments of a translation in order. No database query stays open between two segments."""
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


def translation_json(
    item: Item, found: Sequence[SegmentRecord], parts: Sequence[tuple[str, str, str]]
) -> dict[str, Json]:
    """Return a translation with its segments and untranslated parts as JSON. Any thread."""
    segments: list[Json] = [
        {"place": segment.place, "source": segment.source, "target": segment.target, "state": segment.state.value,
         "flags": flags_json(segment.flags), "doubts": doubts_json(segment.doubts), "reason": segment.reason,
         "language": segment.language}
        for segment in found
    ]  # fmt: skip
    left: list[Json] = [list(part) for part in parts]
    return {"format": FORMAT, "version": 1, "id": item.id, "title": item.title, "segments": segments, "left": left}


HEAD = ("", "Source", "Translation", "State", "Needs review")


def translation_paper(title: str, segments: Sequence[SegmentRecord], left: Sequence[tuple[str, str, str]]) -> Paper:
    """Return a document with a table of the segments, followed by the untranslated parts: (kind, place, words)."""
    cells = tuple(
        (one.place, one.source, one.target, state_words(one.state), "; ".join(map(flag_words, one.flags)))
        for one in segments
    )
    counts = Counter(segment.state for segment in segments)
    said = ", ".join(f"{count} {state_words(state)}" for state, count in counts.items())
    many = "segment" if len(segments) == 1 else "segments"
    pieces = [paragraph(f"{len(segments)} {many}: {said or 'none'}."), Piece(PieceKind.TABLE, rows=(HEAD, *cells))]
    if left:
        pieces += [heading("What stays as it is"), *_parts(left)]
    return Paper(title, tuple(pieces))


def pair_paper(title: str, languages: tuple[str, str], segments: Sequence[SegmentRecord]) -> Paper:
    """Return a document with source and translation side by side. An untranslated segment has only its source."""
    pairs = (
        (segment.source, segment.source if segment.state is SegmentState.LEFT else segment.target)
        for segment in segments
    )
    return Paper(title, (table(languages, tuple(pairs)),))


REPORT_FORMAT = "slmdesk-translation-report"
_SHOWN_AS = {"About": "Subject", "to look at": "to review"}


def report_json(
    view: TranslationView, segments: Sequence[SegmentRecord], info: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Return the report of a translation, which lists every segment. `info`: pairs (label, words). Any thread."""
    lists: dict[str, list[Json]] = {"failed": [], "flagged": [], "left": [], "translated": []}
    for segment in segments:
        lists[_list_of(segment)].append({
            "place": segment.place, "source": segment.source, "target": segment.target,
            "state": state_words(segment.state), "reason": _reason(segment),
        })  # fmt: skip
    counts = {
        "all": len(segments),
        "translated": sum(bool(segment.target) and segment.state is not SegmentState.LEFT for segment in segments),
        "not translated": len(lists["failed"]),
        "to look at": view.look,
        "left as they are": len(lists["left"]),
        **{state_words(state): view.counts[state] for state in (SegmentState.EDITED, SegmentState.APPROVED)
           if view.counts.get(state)},
        "parts that are no text to be translated": len(view.left),
    }  # fmt: skip
    parts = [[part.kind, part.place, part.text] for part in view.left]
    return {"format": REPORT_FORMAT, "version": 1, "title": f"Report: {view.item.title}", "facts": dict(info),
            "counts": counts, **lists, "parts": parts}  # fmt: skip


def _list_of(segment: SegmentRecord) -> str:
    if segment.state is SegmentState.LEFT:
        return "left"
    if segment.state in (SegmentState.FAILED, SegmentState.OPEN) or not segment.target:
        return "failed"
    return "flagged" if weighty(segment.flags) and segment.state is not SegmentState.APPROVED else "translated"


def _reason(segment: SegmentRecord) -> str:
    said = [reason_words(segment.reason)] if segment.reason else []
    said += map(flag_words, segment.flags)
    return "; ".join([*said, "it was not its turn yet"] if segment.state is SegmentState.OPEN else said)


def report_paper(report: Mapping[str, Any]) -> Paper:
    pieces = [item(Run(f"{_SHOWN_AS.get(what, what)}: ", bold=True), words) for what, words in report["facts"].items()]
    counts = tuple((_SHOWN_AS.get(what, what), f"{count:,}") for what, count in report["counts"].items())
    pieces += [heading("How many"), table(("", "Segments"), counts)]
    for title, name, said, why in (
        ("Not translated", "failed", "The document has the source in these places.", "Why"),
        ("Needs review", "flagged", "", "What"),
        ("Left as it is", "left", "", "Why"),
        ("Translated, nothing found", "translated", "", "What"),
    ):
        if rows := report[name]:
            pieces += [heading(title), *([paragraph(said)] if said else [])]
            cells = tuple(tuple(row.values()) for row in rows)
            pieces += [table(("Where", "Source", "Translation", "State", why), cells)]
    if report["parts"]:
        pieces += [heading("Parts of the document that are no text to be translated"), *_parts(report["parts"])]
    return Paper(report["title"], tuple(pieces))


def _parts(parts: Iterable[Sequence[str]]) -> list[Piece]:
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
    """Return a glossary as a file in one of the GLOSSARY_FORMS.

    Reading the file gives the same terms again, except that TBX loses the marks for case and word forms. Not on the
    service thread. Raises KnownError `request.invalid`.
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
    raise KnownError("request.invalid", what=_("no format {form}").format(form=form[:20]))


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
    """Return a text for XML: control characters, which XML cannot contain, become U+FFFD."""
    return escape(plain(text), quote=False)


ANY = "*all*"
"""Source language in the head of a TMX file whose units have different source languages."""
UNKNOWN = "und"
"""Code for an undetermined language in ISO 639-2."""

Unit: TypeAlias = tuple[str, str, str, str]
"""Source language, source text, target language, translation. An empty language is written as UNKNOWN."""


def to_tmx(units: Iterable[Unit], source: str = ANY) -> Iterator[str]:
    """Yield a TMX file piece by piece, as the units arrive. Formatting tags are kept as text."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4"><header creationtool="slmdesk" '
    yield 'creationtoolversion="1" segtype="sentence" o-tmf="slmdesk" adminlang="en" '
    yield f'srclang="{escape(source or UNKNOWN)}" datatype="plaintext"/><body>\n'
    for first, one, second, other in units:
        yield f"<tu>{_side(first, one)}{_side(second, other)}</tu>\n"
    yield "</body></tmx>\n"


def _side(language: str, words: str) -> str:
    return f'<tuv xml:lang="{escape(language or UNKNOWN)}"><seg>{escape(plain(words), quote=False)}</seg></tuv>'
