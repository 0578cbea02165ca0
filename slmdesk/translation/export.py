"""Exports translations as documents and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from slmdesk.base.documents import Paper, Piece, PieceKind, Run, heading, item, paragraph, table
from slmdesk.base.protocol import stored_list
from slmdesk.base.records import Item
from slmdesk.base.translation import (
    SegmentRecord,
    SegmentState,
    doubts_json,
    flags_json,
    weighty,
)
from slmdesk.base.types import Json
from slmdesk.runtime.service import Make, Slices, json_bytes
from slmdesk.store import Store
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
    while segments := store.segments.of_item(item, begin=begin, limit=_AT_ONCE):
        yield from segments
        begin = segments[-1].number + 1


def left_parts(store: Store, item: str) -> list[tuple[str, str, str]]:
    """Return the parts of a document that are not translated: (kind, place, words)."""
    return stored_list(tuple[str, str, str], (store.results.get(item) or {}).get("left"))


def gathered(store: Store, item: str) -> Slices[list[SegmentRecord]]:
    segments: list[SegmentRecord] = []
    while part := store.segments.of_item(item, begin=segments[-1].number + 1 if segments else 0, limit=_AT_ONCE):
        segments += part
        yield
    return segments


def translation_json(
    item: Item, records: Sequence[SegmentRecord], parts: Sequence[tuple[str, str, str]]
) -> dict[str, Json]:
    """Return a translation with its segments and untranslated parts as JSON. Any thread."""
    segments: list[Json] = [
        {"place": segment.place, "source": segment.source, "target": segment.target, "state": segment.state.value,
         "flags": flags_json(segment.flags), "doubts": doubts_json(segment.doubts), "reason": segment.reason,
         "language": segment.language}
        for segment in records
    ]  # fmt: skip
    left: list[Json] = [list(part) for part in parts]
    return {"format": FORMAT, "version": 1, "id": item.id, "title": item.title, "segments": segments, "left": left}


HEAD = ("", "Source", "Translation", "State", "Needs review")


def translation_paper(title: str, segments: Sequence[SegmentRecord], left: Sequence[tuple[str, str, str]]) -> Paper:
    """Return a document with a table of the segments, followed by the untranslated parts: (kind, place, words)."""
    cells = tuple(
        (
            segment.place,
            segment.source,
            segment.target,
            state_words(segment.state),
            "; ".join(map(flag_words, segment.flags)),
        )
        for segment in segments
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
