"""Builds documents from a translation: both languages side by side, and a report about each segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slmdesk.base.paper import Paper, Piece, PieceKind, Run, heading, item, paragraph, table
from slmdesk.base.record import Record

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
    cells = tuple((one.place, one.source, one.target, one.state, one.flags) for one in rows)
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
        cells = ((one.place, one.source, one.target, one.state, one.flags) for one in rows)
        pieces += [table(("Where", "Source", "Translation", "State", why), tuple(cells))]
    if report.parts:
        pieces += [heading("Parts of the document that are no text to be translated"), *_parts(report.parts)]
    return Paper(report.title, tuple(pieces))


def _parts(parts: Sequence[tuple[str, str, str]]) -> list[Piece]:
    return [
        Piece(PieceKind.ITEM, (Run(": ".join(word for word in (kind, place, words) if word)),))
        for kind, place, words in parts
    ]
