"""Texts about a document's translation: what is done, what is unfinished.  No widgets here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.translation import SegmentState
from slmdesk.translation.asking.labels import counted_left
from slmdesk.translation.types import TranslationView, UntranslatedPart

LOOK_WORDS = ("needs review", "need review")
AHEAD = 0.05
"""From this difference on the share of the work and the count of segments seem to contradict each other."""


def done_words(states: Mapping[SegmentState, int], look: int, left: Sequence[UntranslatedPart]) -> str:
    counts = {state.value: count for state, count in states.items()}
    if not counts:
        return "There is no text to translate in it."
    done = sum(counts.values()) - counts.get("left", 0) - counts.get("failed", 0) - counts.get("open", 0)
    words = f"{done:,} {'segments are' if done != 1 else 'segment is'} translated"
    words += f", {_counted_words(counts['left'], 'stays as it is', 'stay as they are')}" if counts.get("left") else ""
    words += f", {counts['failed']:,} could not be translated" if counts.get("failed") else ""
    words += f", {_counted_words(look, *LOOK_WORDS)}" if look else ""
    parts = f" Not translated: {counted_left(one.kind for one in left)}." if left else ""
    return f"{words}.{parts}"


def unfinished(view: TranslationView) -> int:
    return view.counts.get(SegmentState.OPEN, 0) + view.counts.get(SegmentState.FAILED, 0)


def unfinished_words(view: TranslationView) -> str:
    """What is unfinished and speaks against writing the document now; empty: nothing."""
    reported = [
        (view.counts.get(SegmentState.OPEN, 0), ("not translated yet",) * 2),
        (view.counts.get(SegmentState.FAILED, 0), ("could not be translated",) * 2),
        (view.look, LOOK_WORDS),
    ]
    return ", ".join(_counted_words(count, *words) for count, words in reported if count)


def _counted_words(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def counted_words(done: int, total: int, share: float | None) -> str:
    """How many segments are done; empty: none exist yet.

    A segment whose first answer had a fault is done only with its second: the bar, which shows `share` of the work, may
    then be far ahead of the count, and the text says why.
    """
    if not total:
        return ""
    is_ahead = share is not None and share - done / total >= AHEAD
    return f"{done:,} of {total:,} segments" + (" ready, more are half done" if is_ahead else "")
