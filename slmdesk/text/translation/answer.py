"""Turns a model's answer into a translation: the same for typed text, documents and a second attempt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmdesk.base.record import Record
from slmdesk.base.translation import Doubt, SegmentFlag, Term
from slmdesk.base.types import TokenProbability
from slmdesk.text.translation.chatter import without_chatter
from slmdesk.text.translation.checks import with_same_end
from slmdesk.text.translation.masks import masked, unmasked
from slmdesk.text.translation.numerals import misspelt
from slmdesk.text.translation.tagged import Tags, mended, without_strangers
from slmdesk.text.translation.uncertain_words import doubts_in, unsure_flags

_BLANKS = re.compile(" {2,}")


class Cleaned(Record):
    target: str
    doubts: tuple[Doubt, ...] = ()
    flags: tuple[SegmentFlag, ...] = ()


def cleaned(
    source: str,
    answer: str,
    tags: Tags,
    probabilities: Sequence[TokenProbability] = (),
    *,
    languages: tuple[str, str] = ("", ""),
    terms: Sequence[Term] = (),
) -> Cleaned:
    """The translation in an answer: without remarks around it and tags that the source lacks, on one line where the
    source is, and with the source's end punctuation.  Pure; `probabilities` of the answer's tokens.

    `languages`: of source and target; where both are known, the numbers are written the way of the target.
    `terms`: with which the source was masked (see `masks`); they are put back.
    """
    answer, probabilities = unmasked(answer, masked(source, terms, *languages).terms, probabilities)
    target = without_strangers(mended(without_chatter(source, answer).strip(), tags), tags, source)
    if "\n" not in source:  # line breaks of a subtitle or a verse are kept
        target = " ".join(line.strip() for line in target.split("\n") if line.strip())
    if "  " not in source:
        target = _BLANKS.sub(" ", target)
    doubts = doubts_in(target, answer, probabilities, tags)
    target, doubts = _with_numbers(source, target, doubts, languages)
    return Cleaned(with_same_end(source, target), doubts, unsure_flags(target, doubts, probabilities))


def _with_numbers(
    source: str, target: str, doubts: tuple[Doubt, ...], languages: tuple[str, str]
) -> tuple[str, tuple[Doubt, ...]]:
    """The translation with its numbers written the way of its language; how they were written is no doubt any more."""
    for one in reversed(misspelt(source, target, *languages)):
        target = target[: one.start] + one.written + target[one.end :]
        more = len(one.written) - (one.end - one.start)
        doubts = tuple(
            (begin, end, least) if end <= one.start else (begin + more, end + more, least)
            for begin, end, least in doubts
            if end <= one.start or begin >= one.end
        )
    return target, doubts
