"""A comparison as text for the history, and as JSON for programs."""

from __future__ import annotations

from slmdesk.base.protocol import picked
from slmdesk.base.record import to_json
from slmdesk.base.types import Json
from slmdesk.tasks.versions.types import (
    Comparison,
    Side,
    by_importance,
    change_words,
    clause_words,
    coverage_line,
    headline,
    marked_text,
    pages_of,
    place_words,
)


def text_of(comparison: Comparison, most: int = 200) -> str:
    lines = [headline(comparison)]
    if comparison.note:
        lines += ["", comparison.note]
    if comparison.changes:
        lines += ["", "**Changes, the most important first**", ""]
    order = by_importance(comparison.changes)
    for at in order[:most]:
        change = comparison.changes[at]
        lines.append(f"- {change_words(change)}{place_words(change, comparison, ' [{}]')}")
        if remark := comparison.remark(at):
            lines.append(f"  - {comparison.model}: {remark}")
    if len(order) > most:
        lines.append(f"- and {len(order) - most:,} more")
    return "\n".join([*lines, "", coverage_line(comparison)])


def json_of(comparison: Comparison) -> dict[str, Json]:
    """Return the comparison as JSON for programs. This format is the contract of `slmdesk compare --json`."""
    changes: list[Json] = [
        {
            **picked(change, "kind", "old", "new"),
            "clause": clause_words(change),
            **picked(change, "old_clause", "new_clause"),
            "pages": pages_of(change),
            "old_pages": sorted({place.page for place in change.old_places}),
            "new_pages": sorted({place.page for place in change.new_places}),
            "named": [to_json(named) for named in change.named],
            "marked": marked_text(change.old_runs, change.new_runs),
        }
        for change in comparison.changes
    ]
    reported: list[Json] = [
        {**picked(sentence, "change", "text", "supported"), "flags": [to_json(mark) for mark in sentence.marks]}
        for sentence in comparison.sentences
        if sentence.supported
    ]
    return {
        "changes": changes,
        "summary": headline(comparison),
        "sentences": reported,
        "important": list[Json](by_importance(comparison.changes)),
        "same_bytes": comparison.same_bytes,
        "old": _side_shape(comparison.old),
        "new": _side_shape(comparison.new),
        **picked(comparison, "model", "note", "seconds"),
    }


def _side_shape(side: Side) -> dict[str, Json]:
    return {
        "document": side.document,
        "file": side.name,
        **picked(side.coverage, "pages_total", "pages_read"),
        "unreadable": [picked(page, "page", "reason") for page in side.coverage.unreadable],
        "trouble": side.trouble,
    }
