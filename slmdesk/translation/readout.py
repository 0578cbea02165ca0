"""A stored translation as rows for people and as JSON.  Service thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slmdesk.base.records import Item
from slmdesk.base.translation import SegmentRecord, SegmentState, doubts_json, flags_json
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_list
from slmdesk.runtime.slices import Slices
from slmdesk.store import Store
from slmdesk.translation.asking.labels import STATE_WORDS, flag_words
from slmdesk.translation.export_texts import TranslatedRow

KIND = "translation"
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
    for one in segments:
        counts[one.state] = counts.get(one.state, 0) + 1
        flags = "; ".join(flag_words(flag) for flag in one.flags)
        rows.append(TranslatedRow(one.place, one.source, one.target, STATE_WORDS[one.state], flags))
    said = ", ".join(f"{count} {STATE_WORDS[state]}" for state, count in counts.items())
    many = "segment" if len(rows) == 1 else "segments"
    return f"{len(rows)} {many}: {said or 'none'}.", rows


def translation_json(
    item: Item, found: Sequence[SegmentRecord], parts: Sequence[tuple[str, str, str]]
) -> dict[str, Json]:
    """Any thread."""
    segments: list[Json] = [
        {"place": one.place, "source": one.source, "target": one.target, "state": one.state.value,
         "flags": flags_json(one.flags), "doubts": doubts_json(one.doubts), "reason": one.reason,
         "language": one.language}
        for one in found
    ]  # fmt: skip
    left: list[Json] = [list(one) for one in parts]
    return {"format": FORMAT, "version": 1, "id": item.id, "title": item.title, "segments": segments, "left": left}
