"""Texts about a translation: languages, counts, findings.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.record import Record
from slmdesk.base.translation import LiveSegment, SegmentState
from slmdesk.translation.asking.labels import flag_words
from slmdesk.translation.asking.prompts import TranslationStyle

SURE, FAIRLY = 0.99, 0.93
"""Whole sentences of the languages tried reached 0.96 and more; below 0.8 no language is given."""


class PaneState(Record):
    segments: tuple[LiveSegment, ...]
    is_done: bool
    language: str

    @property
    def text(self) -> str:
        """The translation as one text; segments without one are left out."""
        return "".join(one.lead + shown_of(one) + one.trail for one in self.segments)

    @property
    def source(self) -> str:
        return "".join(one.lead + one.source + one.trail for one in self.segments)


def shown_of(segment: LiveSegment) -> str:
    if segment.state is SegmentState.LEFT:
        return segment.source
    return segment.target


def count_words(shown: PaneState, manner: TranslationStyle, *, has_text: bool = False) -> str:
    if not any(one.source.strip() for one in shown.segments):
        return "There are no words to translate." if has_text else "Your text stays on this PC."
    count = len(shown.segments)
    todo = sum(one.state is SegmentState.OPEN for one in shown.segments)
    if not shown.is_done:
        return f"{count - todo} of {count} sentences"
    words = f"{count} sentence{'s' if count != 1 else ''}"
    flagged = sum(bool(one.flags) for one in shown.segments)
    failed = sum(one.state is SegmentState.FAILED for one in shown.segments)
    words += f", {flagged} to review" if flagged else ""
    words += f", {failed} could not be translated" if failed else ""
    there = sum(_is_there(one, manner) for one in shown.segments)
    if there:
        which = "it is" if count == 1 else "all are" if there == count else f"{there} are" if there > 1 else "1 is"
        words += f"; {which} in {LANGUAGES[manner.target].name} already"
    return words


def _is_there(segment: LiveSegment, manner: TranslationStyle) -> bool:
    is_left = segment.state is SegmentState.LEFT and not manner.source and segment.language == manner.target
    return is_left and any(one.isalpha() for one in segment.source)


def language_words(shown: PaneState, manner: TranslationStyle) -> tuple[str, str]:
    """The detected language of a text and how certain it is: (in short, paragraph by paragraph).

    Both empty if the language was chosen, or there is no text.
    """
    paragraphs = _paragraphs(shown.segments)
    if manner.source or not paragraphs:
        return "", ""
    counts: dict[str, int] = {}
    for language, _ in paragraphs:
        counts[language] = counts.get(language, 0) + 1
    if list(counts) == [""]:
        return "Language not recognised: choose it, or write more", ""
    if len(counts) == 1:
        return f"Detected: {_name(paragraphs[0][0])}{_sureness(paragraphs)}", ""
    short = []
    for at, (language, count) in enumerate(sorted(counts.items(), key=lambda one: -one[1])):
        noun = f" paragraph{'s' if count > 1 else ''}" if at == 0 else ""
        short.append(f"{count}{noun} {_name(language)}")
    long = [f"{at}. {_name(one[0])}{_sureness([one])}" for at, one in enumerate(paragraphs, start=1)]
    return f"Detected: {', '.join(short)}", "\n".join(long[:40] + (["…"] if len(long) > 40 else []))


def _paragraphs(segments: Sequence[LiveSegment]) -> list[tuple[str, float]]:
    found = []
    for _, parts in groupby(segments, key=lambda one: one.paragraph):
        segments = list(parts)
        if any(letter.isalpha() for one in segments for letter in one.source):
            found.append((segments[0].language, segments[0].sure))
    return found


def _sureness(paragraphs: Sequence[tuple[str, float]]) -> str:
    reported = [sure for _, sure in paragraphs if sure > 0]
    if not reported:
        return " (as in the paragraph before)"
    least = min(reported)
    return "" if least >= SURE else " (fairly sure)" if least >= FAIRLY else " (uncertain)"


def _name(code: str) -> str:
    return LANGUAGES[code].name if code in LANGUAGES else "not recognised"


def flag_lines(shown: PaneState) -> list[tuple[int, str]]:
    return [
        (at, f"“{one.source[:60]}{'…' if len(one.source) > 60 else ''}”: {flag_words(flag)}")
        for at, one in enumerate(shown.segments)
        if one.state is not SegmentState.OPEN
        for flag in one.flags
    ]


def tip_of(segment: LiveSegment) -> str:
    return "\n".join(flag_words(flag) for flag in segment.flags)
