"""What a translation says: the stored segments, and the report of them. Service thread, unless a function says not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from slmdesk.base.protocol import stored_from, stored_list
from slmdesk.base.record import changed
from slmdesk.base.runtime.service import Slices
from slmdesk.base.texts import N_, _, grouped, ngettext
from slmdesk.base.translation import Origin, SegmentRecord, SegmentState, weighty
from slmdesk.base.types import told_place
from slmdesk.claims.types import Mark
from slmdesk.history.store import Store
from slmdesk.tasks.report import Layout, Report, Section, Statement
from slmdesk.tasks.translation.documents import keep_segment
from slmdesk.tasks.translation.types import (
    KIND,
    REWORD,
    Translation,
    TranslationRequest,
    UntranslatedPart,
    counted_left,
    flag_words,
    is_to_check,
    reason_words,
    state_words,
)

_AT_ONCE = 100
ORIGINS = {
    Origin.PERSON: N_("edited by you"),
    Origin.IMPORT: N_("imported"),
    Origin.MEMORY: N_("from memory"),
    Origin.MODEL: N_("machine translation"),
}
PDF = N_("A PDF becomes a Word document: its text, headings and page breaks, but not its layout.")
TO_CHECK = N_("to check")
FIRST, LATER = 1, 2
"""Ranks of what is to check and of the rest."""


# ---- what is stored


def segments_of_item(store: Store, item: str) -> Iterator[SegmentRecord]:
    """Yield all segments of a translation in order. No database query stays open between two segments."""
    begin = 0
    while segments := store.segments.of_item(item, begin=begin, limit=_AT_ONCE):
        yield from segments
        begin = segments[-1].number + 1


def gathered(store: Store, item: str) -> Slices[list[SegmentRecord]]:
    segments: list[SegmentRecord] = []
    begin = 0
    while part := store.segments.of_item(item, begin=begin, limit=_AT_ONCE):
        segments += part
        begin = part[-1].number + 1
        yield
    return segments


def left_parts(store: Store, item: str) -> list[tuple[str, str, str]]:
    """Return the parts of a document that are not translated: (kind, place, words)."""
    return stored_list(tuple[str, str, str], (store.results.get(item) or {}).get("left"))


def stored_translation(store: Store, item: str) -> Translation | None:
    """Return what is stored of a translation. None before its document is cut into segments."""
    kept = store.results.get(item)
    if kept is None:
        return None
    return Translation(
        tuple(store.segments.whole(item)),
        tuple(UntranslatedPart(*part) for part in left_parts(store, item)),
        stored_from(str, kept.get("language")) or "",
        bool(kept.get("done")),
    )


def keep_translation(store: Store, item: str, given: Translation) -> None:
    """Store the segments of a change, what the memory has after it, and whether the translation is ended."""
    with store.together():
        known = {segment.number: segment for segment in store.segments.numbered(item, _numbers(given))}
        for segment in given.segments:
            old = known.get(segment.number)
            if old is not None and changed(segment, revision=old.revision) != old:
                keep_segment(store, segment)
        for pair in given.remembered:
            words = (pair.source, pair.target)
            store.memory.forget(*pair.languages, pair.domain, pair.source)
            if pair.target:
                store.memory.remember(*pair.languages, [words], domain=pair.domain, origin=pair.origin, item=pair.item)
        kept = store.results.get(item) or {}
        if bool(kept.get("done")) != given.is_ended:
            store.results.save(item, {**kept, "done": given.is_ended})


def _numbers(given: Translation) -> list[int]:
    return [segment.number for segment in given.segments]


# ---- what it says. Any thread


def report_of(title: str, translation: Translation, request: TranslationRequest) -> Report:
    """Return the report of a translation: a section for each paragraph or cell, a statement for each segment. What is
    to check is ranked first.
    """
    is_draft = translation.is_draft
    lead, notes = "", tuple[str, ...]()
    if not is_draft:
        lead = done_words(translation.counts, translation.look, translation.left)
    if request.path.lower().endswith(".pdf"):
        notes = (_(PDF),)
    return Report(
        KIND,
        title,
        tuple(sections_of(translation.segments, is_ranked=not is_draft)),
        Layout.PAGES,
        lead=lead,
        notes=notes,
        language=request.target,
        is_draft=is_draft,
        is_editable=True,
    )


def sections_of(segments: Sequence[SegmentRecord], *, is_ranked: bool) -> Iterator[Section]:
    for unit, group in groupby(segments, key=lambda segment: segment.unit):
        statements = tuple(statement_of(segment, is_ranked=is_ranked) for segment in group)
        yield Section(statements, id=str(unit), is_prose=True)


def statement_of(segment: SegmentRecord, *, is_ranked: bool) -> Statement:
    marks = marks_of(segment)
    rank = 0
    if is_ranked:
        rank = LATER
    if is_ranked and marks:
        rank = FIRST
    text, missing = segment.target, ""
    actions: tuple[str, ...] = (REWORD,)
    if segment.state is SegmentState.LEFT:
        text, actions = text or segment.source, ()
    elif segment.state is SegmentState.OPEN:
        missing = _("not translated yet")  # true also where the job was cancelled
    elif not text:
        missing = _state(segment)
    return Statement(
        text,
        place=told_place(segment.place),
        marks=marks,
        id=str(segment.number),
        rank=rank,
        notes=tuple(_about(segment)),
        other=segment.source,
        menu_actions=actions,
        is_open=segment.state is SegmentState.OPEN,
        is_edited=segment.state is SegmentState.EDITED,
        is_approved=segment.state is SegmentState.APPROVED,
        missing=missing,
        doubt="; ".join(mark.detail for mark in marks),
    )


def marks_of(segment: SegmentRecord) -> tuple[Mark, ...]:
    """Return why a segment is to check, each reason in words as its detail."""
    if not is_to_check(segment):
        return ()
    marks = [Mark(flag.kind, flag.text, 0, 0, flag_words(flag)) for flag in weighty(segment.flags)]
    if segment.reason or not marks:
        marks.insert(0, Mark(segment.state.value, "", 0, 0, _state(segment)))
    return tuple(marks)


def _state(segment: SegmentRecord) -> str:
    if segment.reason:
        return reason_words(segment.reason)
    return state_words(segment.state)


def _about(segment: SegmentRecord) -> Iterator[str]:
    """Yield who wrote a segment, and what is doubtful without being to check."""
    if segment.origin is not None:
        yield _(ORIGINS[segment.origin])
    if segment.state is SegmentState.LEFT:
        yield _state(segment)
    for flag in segment.flags:
        if flag not in weighty(segment.flags) and flag.kind != "unsure":
            yield flag_words(flag)


def done_words(states: Mapping[SegmentState, int], look: int, left: Sequence[UntranslatedPart]) -> str:
    if not states:
        return _("There is no text to translate in it.")
    kept, failed = states.get(SegmentState.LEFT, 0), states.get(SegmentState.FAILED, 0)
    done = sum(states.values()) - kept - failed - states.get(SegmentState.OPEN, 0)
    words = [ngettext("{n:,} segment is translated", "{n:,} segments are translated", done)]
    if kept:
        words.append(ngettext("{n:,} stays as it is", "{n:,} stay as they are", kept))
    if failed:
        words.append(_("{failed:,} could not be translated").format(failed=failed))
    if look:
        words.append(f"{grouped(look)} {_(TO_CHECK)}")
    said = ", ".join(words) + "."
    parts = counted_left(part.kind for part in left)
    if parts:
        said += _(" Not translated: {counted_left}.").format(counted_left=parts)
    return said


def unfinished_words(translation: Translation) -> str:
    """Return what is unfinished and speaks against writing the document now. Empty if nothing is."""
    counts = translation.counts
    is_open, failed = counts.get(SegmentState.OPEN, 0), counts.get(SegmentState.FAILED, 0)
    if not is_open and not failed:
        return ""
    told = (
        (is_open, _("not translated yet")),
        (failed, _("could not be translated")),
        (translation.look, _(TO_CHECK)),
    )
    return ", ".join(f"{grouped(count)} {words}" for count, words in told if count)
