"""The forms in which a finished comparison is given away: plain text, a report for exports, JSON.  Pure."""

from __future__ import annotations

from slmdesk.base.types import Json
from slmdesk.library.citations import page_ranges
from slmdesk.versions.export_paper import ChangeLine, VersionsReport
from slmdesk.versions.phrases import (
    by_importance,
    change_words,
    clause_words,
    coverage_line,
    headline,
    kind_words,
    marked_text,
    pages_of,
    place_words,
    where_words,
)
from slmdesk.versions.types import Comparison, Side


def text_of(found: Comparison, most: int = 200) -> str:
    lines = [headline(found)]
    if found.note:
        lines += ["", found.note]
    if found.sentences:
        lines += ["", "**In the model's words**", ""]
        for reported in found.sentences:
            doubt = "" if reported.supported else " (not supported by the text)"
            change = found.changes[reported.change]
            lines.append(f"- {reported.text} [{place_words(change, found)}]{doubt}")
    if found.changes:
        lines += ["", "**Changes, the most important first**", ""]
    order = by_importance(found.changes)
    for at in order[:most]:
        change = found.changes[at]
        lines.append(f"- {change_words(change)} [{place_words(change, found)}]")
    if len(order) > most:
        lines.append(f"- and {len(order) - most:,} more")
    return "\n".join([*lines, "", coverage_line(found)])


def report_of(found: Comparison) -> VersionsReport:
    kinds = found.old.page_kind, found.new.page_kind
    return VersionsReport(
        old_name=found.old.name,
        new_name=found.new.name,
        headline=headline(found),
        note=found.note,
        reported=[(one.text, place_words(found.changes[one.change], found), one.supported) for one in found.sentences],
        first=by_importance(found.changes),
        changes=[
            ChangeLine(
                kind=kind_words(change),
                clause=clause_words(change),
                where=where_words(change, *kinds),
                old_pages=page_ranges([place.page for place in change.old_places]),
                new_pages=page_ranges([place.page for place in change.new_places]),
                what=change_words(change),
                old=[(run.text, run.is_marked) for run in change.old_runs],
                new=[(run.text, run.is_marked) for run in change.new_runs],
            )
            for change in found.changes
        ],
        coverage=coverage_line(found),
        language=found.language,
    )


def json_of(found: Comparison) -> dict[str, Json]:
    """Return the comparison as JSON for programs: the contract of `slmdesk compare --json`."""
    changes: list[Json] = [
        {
            "kind": change.kind.value,
            "old": change.old,
            "new": change.new,
            "clause": clause_words(change),
            "old_clause": change.old_clause,
            "new_clause": change.new_clause,
            "pages": pages_of(change),
            "old_pages": sorted({place.page for place in change.old_places}),
            "new_pages": sorted({place.page for place in change.new_places}),
            "named": [{"kind": one.kind, "old": one.old, "new": one.new} for one in change.named],
            "marked": marked_text(change.old_runs, change.new_runs),
        }
        for change in found.changes
    ]
    reported: list[Json] = [
        {
            "change": one.change,
            "text": one.text,
            "supported": one.supported,
            "flags": [{"kind": flag.kind, "text": flag.text, "detail": flag.detail} for flag in one.flags],
        }
        for one in found.sentences
    ]
    important: list[Json] = list(by_importance(found.changes))
    return {
        "changes": changes,
        "summary": headline(found),
        "sentences": reported,
        "important": important,
        "same_bytes": found.same_bytes,
        "old": _side_shape(found.old),
        "new": _side_shape(found.new),
        "model": found.model,
        "note": found.note,
        "seconds": found.seconds,
    }


def _side_shape(side: Side) -> dict[str, Json]:
    coverage = side.coverage
    unread: list[Json] = [{"page": one.page, "reason": one.reason} for one in coverage.unreadable]
    return {
        "document": side.document,
        "file": side.name,
        "pages_total": coverage.pages_total,
        "pages_read": coverage.pages_read,
        "unreadable": unread,
        "trouble": side.trouble,
    }
