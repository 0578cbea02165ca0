"""What was measured of a format, in words."""

from __future__ import annotations

from slmdesk.evaluation.formats.types import FormatReport, FormatResult, Likeness, name_without
from slmdesk.models.copies import CopyOrigin
from slmdesk.runtime.messages import bytes_for_people, time_for_people

LEAST_KNOWN = 0.1
"""Of the work: before that, nothing tells how long the rest will take."""
_LIKENESS = {
    Likeness.SAME: "Same answers",
    Likeness.NEARLY: "Answers as good",
    Likeness.OTHER: "Weaker answers",
    Likeness.UNKNOWN: "Not compared",
}


def gain_words(gain: float) -> str:
    return "as fast" if 0.97 <= gain <= 1.03 else f"{gain:.1f} × as fast" if gain < 10 else f"{gain:.0f} × as fast"


def size_words(result: FormatResult, report: FormatReport) -> str:
    more = result.bytes - report.bytes
    return f"{bytes_for_people(abs(more))} {'larger' if more >= 0 else 'smaller'}"


def likeness_words(result: FormatResult) -> str:
    words = _LIKENESS[result.likeness]
    if result.quality is None:
        return words
    change = (result.perplexity_change - 1) * 100
    surer = "as sure" if abs(change) < 0.05 else f"{abs(change):.1f} % {'less' if change > 0 else 'more'} sure"
    return f"{words} ({result.same_answers} of {result.questions} equal word by word; {surer} of its words)"


def copy_label(origin: CopyOrigin) -> str:
    less = name_without(len(origin.left_out)) if origin.left_out else ""
    return ", ".join(part for part in (origin.format, less) if part)


def progress_words(what: str, fraction: float, seconds: float) -> str:
    if fraction < LEAST_KNOWN:
        return what
    left = time_for_people(seconds * (1 - fraction) / fraction)
    return f"{what}, {left} left" if left.startswith("less") else f"{what}, about {left} left"


def sentence_of(result: FormatResult, report: FormatReport) -> str:
    if result.reason:
        return result.reason
    return (
        f"{likeness_words(result)}; writes answers {gain_words(result.answer_gain)}, long documents "
        f"{gain_words(result.long_work_gain)}, {size_words(result, report)}."
    )


def advice_of(report: FormatReport) -> str:
    best = report.fastest()
    if best is None and any(one.left_out for one in report.tried):
        return "Use the whole file: without layers its answers are weaker, or not faster."
    if best is None:
        return "The published file is the best one for this PC: no format is faster and answers nearly as well."
    return f"Recommended: {best.format}. {sentence_of(best, report)}"


RULE = (
    "Recommended is the fastest format whose answers are the same or as good: what it expects of the next word differs "
    "little from the published file's (divergence up to 0.03), and it is at most 2 % less sure of the words of our "
    "test texts. Answers that are as good may still use other words."
)
