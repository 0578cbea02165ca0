"""Exports translations as documents and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from slmdesk.base.documents import Paper, Piece, Run, heading, item, paragraph, table
from slmdesk.base.records import Item
from slmdesk.base.runtime.service import Make, Slices, json_bytes
from slmdesk.base.texts import _, grouped
from slmdesk.base.translation import (
    Origin,
    SegmentRecord,
    SegmentState,
    doubts_json,
    flags_json,
    weighty,
)
from slmdesk.base.types import Json, told_place
from slmdesk.exports import phrases
from slmdesk.history.store import Store
from slmdesk.tasks.translation.report import gathered, left_parts
from slmdesk.tasks.translation.types import flag_words, is_to_check, left_words, reason_words, state_words


def export_translation(store: Store, item: Item, form: str) -> Slices[Make]:
    """Read a translation now, in slices. The function that is returned makes the file: JSON, or any form."""
    segments = yield from gathered(store, item.id)
    parts, model = left_parts(store, item.id), models_of(store, item.id, segments)

    def make() -> bytes | Paper:
        if form == "json":
            return json_bytes(translation_json(item, segments, parts))
        return translation_paper(item.shown_title, segments, parts, model)

    return make


FORMAT = "slmdesk-translation"


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


def models_of(store: Store, item: str, segments: Iterable[SegmentRecord]) -> str:
    """Return the names of the models that translated, or "" where no segment is a model's."""
    if not any(segment.origin is Origin.MODEL for segment in segments):
        return ""
    names = {model.sha256: model.name for model in store.models.all()}
    jobs = reversed(store.jobs.of_item(item))
    models = dict.fromkeys(names.get(job.model_sha256, job.model_sha256[:12]) for job in jobs)
    return ", ".join(models) or _(phrases.MODEL)


def translation_paper(
    title: str, segments: Sequence[SegmentRecord], left: Sequence[tuple[str, str, str]], model: str = ""
) -> Paper:
    """Return a document with a table of the segments, followed by the untranslated parts: (kind, place, words)."""
    cells = tuple(
        (
            told_place(segment.place),
            segment.source,
            segment.target,
            state_words(segment.state),
            "; ".join(map(flag_words, segment.flags)),
        )
        for segment in segments
    )
    counts = Counter(segment.state for segment in segments)
    said = ", ".join(f"{count} {state_words(state)}" for state, count in counts.items())
    head = phrases.told(phrases.TRANSLATION_HEAD)
    pieces = [paragraph(phrases.segments_words(len(segments), said or _(phrases.NONE))), table(head, cells)]
    if left:
        pieces += [heading(_(phrases.STAYS)), *_parts(left)]
    return Paper(title, tuple(pieces), model=model)


def pair_paper(title: str, languages: tuple[str, str], segments: Sequence[SegmentRecord], model: str = "") -> Paper:
    """Return a document with source and translation side by side. An untranslated segment has only its source."""
    pairs = (
        (segment.source, segment.source if segment.state is SegmentState.LEFT else segment.target)
        for segment in segments
    )
    return Paper(title, (table(languages, tuple(pairs)),), model=model)


REPORT_FORMAT = "slmdesk-translation-report"


def report_json(
    title: str,
    segments: Sequence[SegmentRecord],
    left: Sequence[tuple[str, str, str]],
    info: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Return the report of a translation, which lists every segment, in the chosen language but for its keys.

    `info`: pairs (label, words). Any thread.
    """
    lists: dict[str, list[Json]] = {"failed": [], "flagged": [], "left": [], "translated": []}
    for segment in segments:
        lists[_list_of(segment)].append({
            "place": told_place(segment.place), "source": segment.source, "target": segment.target,
            "state": state_words(segment.state), "reason": _reason(segment),
        })  # fmt: skip
    states = Counter(segment.state for segment in segments)
    counts = {
        "all": len(segments),
        "translated": sum(bool(segment.target) and segment.state is not SegmentState.LEFT for segment in segments),
        "not translated": len(lists["failed"]),
        "to look at": sum(map(is_to_check, segments)),
        "left as they are": len(lists["left"]),
        **{state.value: states[state] for state in (SegmentState.EDITED, SegmentState.APPROVED) if states[state]},
        "parts that are no text to be translated": len(left),
    }  # fmt: skip
    parts = [list(part) for part in left]
    title = _(phrases.REPORT).format(title=title)
    return {"format": REPORT_FORMAT, "version": 1, "title": title, "facts": dict(info), "counts": counts, **lists,
            "parts": parts}  # fmt: skip


def _list_of(segment: SegmentRecord) -> str:
    if segment.state is SegmentState.LEFT:
        return "left"
    if segment.state in (SegmentState.FAILED, SegmentState.OPEN) or not segment.target:
        return "failed"
    return "flagged" if weighty(segment.flags) and segment.state is not SegmentState.APPROVED else "translated"


def _reason(segment: SegmentRecord) -> str:
    said = [reason_words(segment.reason)] if segment.reason else []
    said += map(flag_words, segment.flags)
    return "; ".join([*said, _(phrases.NOT_ITS_TURN)] if segment.state is SegmentState.OPEN else said)


def report_paper(report: Mapping[str, Any], model: str = "") -> Paper:
    facts = {**report["facts"], "Document": PurePath(report["facts"]["Document"]).name}  # a path names its person
    pieces = [item(Run(f"{_(phrases.FACTS[what])}: ", bold=True), words) for what, words in facts.items()]
    counts = tuple((_(phrases.COUNTS[what]), grouped(count)) for what, count in report["counts"].items())
    pieces += [heading(_(phrases.HOW_MANY)), table(("", _(phrases.REPORT_SEGMENTS)), counts)]
    for title, name, said, why in phrases.REPORT_LISTS:
        if rows := report[name]:
            pieces += [heading(_(title)), *([paragraph(_(said))] if said else [])]
            cells = tuple(tuple(row.values()) for row in rows)
            pieces += [table(phrases.told((*phrases.REPORT_HEAD, why)), cells)]
    if report["parts"]:
        pieces += [heading(_(phrases.REPORT_PARTS)), *_parts(report["parts"])]
    return Paper(report["title"], tuple(pieces), model=model)


def _parts(parts: Iterable[Sequence[str]]) -> list[Piece]:
    told = ((left_words(kind), told_place(place), words) for kind, place, words in parts)
    return [item(": ".join(filter(None, part))) for part in told]
