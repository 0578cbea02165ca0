"""The types of a finished comparison of two versions, and their text form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slmdesk.core.types import Json
from slmdesk.exports.versions import ChangeLine, VersionsReport
from slmdesk.services.documents.citations import PAGE_WORDS, Coverage, Mark, page_ranges
from slmdesk.text.difference.types import Change, ChangeKind, Place, Row, Run

RANKS = ("amount", "percent", "number", "date", "negation", "name")
"""Kinds of facts, the most important first."""
_FACT_WORDS: Mapping[str, tuple[str, str]] = {
    "amount": ("amount", "amounts"),
    "percent": ("percentage", "percentages"),
    "number": ("number", "numbers"),
    "date": ("date", "dates"),
    "negation": ("negation", "negations"),
    "name": ("name", "names"),
}
_KIND_WORDS: Mapping[ChangeKind, tuple[str, str]] = {
    ChangeKind.ADDED: ("passage added", "passages added"),
    ChangeKind.REMOVED: ("removed", "removed"),
    ChangeKind.MOVED: ("moved", "moved"),
    ChangeKind.CHANGED: ("reworded", "reworded"),
}
MOST_QUOTED = 160
"""Letters of a passage that are quoted in a line."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions."""

    document: str
    name: str
    page_kind: str
    coverage: Coverage
    trouble: str = ""
    """Why it was not read to its end, in a sentence."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A change described in a sentence by the model and checked against both versions."""

    change: int
    text: str
    supported: bool
    flags: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A finished comparison."""

    old: Side
    new: Side
    changes: tuple[Change, ...]
    rows: tuple[Row, ...]
    same_bytes: bool = False
    """The files are the same, byte for byte."""
    sentences: tuple[Wording, ...] = ()
    """Some changes in a model's words, the most important first; empty without one that can be trusted."""
    model: str = ""
    note: str = ""
    """What a person should know of how it was made, in a sentence."""
    seconds: float = 0.0
    language: str = ""
    """Code of ISO 639-1; empty where it is not known."""


def by_importance(changes: Sequence[Change]) -> list[int]:
    """Return the indexes of the changes, most important first: changed facts, then by size."""

    def rank(at: int) -> tuple[int, int, int]:
        change = changes[at]
        first = min((RANKS.index(one.kind) for one in change.named if one.kind in RANKS), default=len(RANKS))
        return first, -len(change.old) - len(change.new) if first == len(RANKS) else 0, at

    return sorted(range(len(changes)), key=rank)


def headline(found: Comparison) -> str:
    """What changed, in a line: "7 changes in 6 passages on 3 pages: 5 amounts, 1 date; 1 passage added.".

    What stands behind the colon adds up to the changes; the list has a line for each passage.
    """
    if not found.changes:
        alike = "The files are the same, byte for byte." if found.same_bytes else "The files themselves differ."
        return f"No differences in the text. {alike}"
    values = Counter(one.kind for change in found.changes for one in change.named if one.kind in RANKS)
    kinds = Counter(
        change.kind
        for change in found.changes
        if change.kind is not ChangeKind.CHANGED or not any(one.kind in RANKS for one in change.named)
    )
    count = values.total() + kinds.total()
    first = [_counted(values[kind], _FACT_WORDS[kind]) for kind in RANKS if values[kind]]
    second = [_counted(kinds[kind], words) for kind, words in _KIND_WORDS.items() if kinds[kind]]
    if second and not kinds[ChangeKind.ADDED]:
        head, _, rest = second[0].partition(" ")
        second[0] = f"{head} passage{'' if head == '1' else 's'} {rest}"
    pages = {place.page for change in found.changes for place in change.new_places}
    side = found.new
    if not pages:  # there were only removals
        pages, side = {place.page for change in found.changes for place in change.old_places}, found.old
    one, many = PAGE_WORDS.get(side.page_kind, PAGE_WORDS["page"])
    unit = ("page" if one == "p." else one) if len(pages) == 1 else many
    parts = "; ".join(", ".join(some) for some in (first, second) if some)
    passages = len(found.changes)
    inside = f" in {passages:,} passage{'' if passages == 1 else 's'}" if passages != count else ""
    words = f"{count:,} change{'' if count == 1 else 's'}{inside} on {len(pages):,} {unit}"
    return f"{words}: {parts}." if parts else f"{words}."


def change_words(change: Change) -> str:
    """Describe a change in a line: its facts, else its words."""
    values = "; ".join(fact_words(one.old, one.new) for one in change.named)
    if change.kind is ChangeKind.ADDED:
        return f"added: “{shortened(change.new)}”"
    if change.kind is ChangeKind.REMOVED:
        return f"removed: “{shortened(change.old)}”"
    if change.kind is ChangeKind.MOVED:
        return f"moved: “{shortened(change.new)}”" + (f" ({values})" if values else "")
    if values:
        return values
    old, new = _marked_words(change.old_runs), _marked_words(change.new_runs)
    return fact_words(f"“{shortened(old)}”" if old else "", f"“{shortened(new)}”" if new else "")


def fact_words(old: str, new: str) -> str:
    """A fact that changed, "30 days → 60 days"; of one that is only in one version is said so."""
    if not old:
        return f"{new} added"
    return f"{old} → {new}" if new else f"{old} removed"


def where_words(change: Change, old_kind: str = "page", new_kind: str = "page") -> str:
    """Format where a change stands: "p. 3", "p. 3 → p. 4", "old p. 3"."""
    old, new = _pages(change.old_places, old_kind), _pages(change.new_places, new_kind)
    if old and new:
        return new if old == new else f"{old} → {new}"
    return new or f"old {old}"


def pages_of(change: Change) -> list[int]:
    """Return the pages in the new version; for removed text those in the old one."""
    return sorted({place.page for place in change.new_places or change.old_places})


def unread_words(side: Side, which: str) -> str:
    """What of a version could not be compared: "Pages 3–4 of the old version (a.pdf) could not be read (scanned) …"."""
    by_reason: dict[str, list[int]] = {}
    for unread in side.coverage.unreadable:
        if unread.reason != "empty":
            by_reason.setdefault(unread.reason, []).append(unread.page)
    one, many = PAGE_WORDS.get(side.page_kind, PAGE_WORDS["page"])
    parts: list[str] = []
    for reason, pages in by_reason.items():
        unit = ("page" if one == "p." else one) if len(pages) == 1 else many
        verb = "was" if len(pages) == 1 else "were"
        parts.append(
            f"{unit.capitalize()} {page_ranges(pages)} of the {which} version ({side.name}) could not be read "
            f"({reason}) and {verb} not compared."
        )
    if side.coverage.unreadable and not side.coverage.pages_read and not parts:
        parts.append(f"The {which} version ({side.name}) has no words, so there was nothing to compare.")
    if side.trouble:
        parts.append(f"The {which} version ({side.name}) was not read to its end: {side.trouble}")
    return " ".join(parts)


def coverage_line(found: Comparison) -> str:
    """Say how much of both versions was read, and what was not."""
    parts = [f"{which} version: {_read_of(side)}" for which, side in (("Old", found.old), ("New", found.new))]
    unread = [words for words in (unread_words(found.old, "old"), unread_words(found.new, "new")) if words]
    return "; ".join(parts) + ". " + (" ".join(unread) or "Nothing was left out.")


def marked_text(old: Sequence[Run], new: Sequence[Run]) -> str:
    """Return both wordings in one line: [-old-]{+new+}."""
    if not old or not new:
        sign = ("[-", "-]") if old else ("{+", "+}")
        return sign[0] + "".join(run.text for run in old or new) + sign[1]
    parts: list[str] = []
    gone, come = list(old), list(new)
    at = to = 0
    while at < len(gone) or to < len(come):
        if at < len(gone) and gone[at].is_marked:
            parts.append(f"[-{gone[at].text}-]")
            at += 1
        elif to < len(come) and come[to].is_marked:
            parts.append(f"{{+{come[to].text}+}}")
            to += 1
        else:
            parts.append(come[to].text if to < len(come) else gone[at].text)
            at, to = at + 1, to + 1
    return "".join(parts)


def text_of(found: Comparison, most: int = 200) -> str:
    """Return the comparison as plain Markdown: summary, changes, coverage."""
    lines = [headline(found)]
    if found.note:
        lines += ["", found.note]
    if found.sentences:
        lines += ["", "**In the model's words**", ""]
        for reported in found.sentences:
            doubt = "" if reported.supported else " (not supported by the text)"
            change = found.changes[reported.change]
            lines.append(f"- {reported.text} [{where_words(change, found.old.page_kind, found.new.page_kind)}]{doubt}")
    if found.changes:
        lines += ["", "**Changes, the most important first**", ""]
    order = by_importance(found.changes)
    for at in order[:most]:
        change = found.changes[at]
        where = where_words(change, found.old.page_kind, found.new.page_kind)
        lines.append(f"- {change_words(change)} [{where}]")
    if len(order) > most:
        lines.append(f"- and {len(order) - most:,} more")
    return "\n".join([*lines, "", coverage_line(found)])


def shortened(text: str, most: int = MOST_QUOTED) -> str:
    """Return the beginning of a passage on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def _stretches(runs: Iterable[Run]) -> list[Run]:
    """Marked and unmarked words in turn."""
    found: list[Run] = []
    for run in runs:
        if found and found[-1].is_marked is run.is_marked:
            found[-1] = Run(found[-1].text + run.text, run.is_marked, run.change)
        else:
            found.append(run)
    return found


def _marked_words(runs: Sequence[Run]) -> str:
    return " … ".join(run.text.strip() for run in _stretches(runs) if run.is_marked)


def _pages(places: Sequence[Place], kind: str) -> str:
    pages = sorted({place.page for place in places})
    return f"{PAGE_WORDS.get(kind, PAGE_WORDS['page'])[0]} {page_ranges(pages)}" if pages else ""


def _read_of(side: Side) -> str:
    _, many = PAGE_WORDS.get(side.page_kind, PAGE_WORDS["page"])
    read = side.coverage.pages_read
    if read:  # a blank page among others hides nothing
        read += sum(one.reason == "empty" for one in side.coverage.unreadable)
    return f"{read:,} of {side.coverage.pages_total:,} {many} read"


def _counted(count: int, words: tuple[str, str]) -> str:
    return f"{count:,} {words[0] if count == 1 else words[1]}"


def report_of(found: Comparison) -> VersionsReport:
    """Return the comparison as a report for export."""
    kinds = found.old.page_kind, found.new.page_kind
    return VersionsReport(
        old_name=found.old.name,
        new_name=found.new.name,
        headline=headline(found),
        note=found.note,
        reported=[(one.text, where_words(found.changes[one.change], *kinds), one.supported) for one in found.sentences],
        first=by_importance(found.changes),
        changes=[
            ChangeLine(
                kind=change.kind.value,
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
