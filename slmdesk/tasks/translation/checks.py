"""Checks a translation against its source: what a person should review in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from slmdesk.base.text.sentences import LANGUAGES, detect
from slmdesk.base.text.tagged import Tags, doubled, emptied, plain, problems, reading_flags
from slmdesk.base.text.terms import term_flags, terms_in
from slmdesk.base.translation import SegmentFlag, Term
from slmdesk.claims.differences import Difference, differences
from slmdesk.tasks.translation.preserved import (
    changed_placeholders,
    foreign_letters,
    is_chatter,
    leftover,
    misspelt,
    without_protected,
)

LEAST_DETECTED = 5
SHORTEST, LONGEST = 0.35, 2.8
"""Smallest and largest length of a translation relative to its source. Real sentences lie between 0.6 and 1.7. Between
different scripts the length is not judged.
"""
LEAST_LENGTH = 25
LONGEST_EXTRA = 30
"""Characters by which any translation may be longer in addition, however short its source is."""
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def flags_of(
    source: str,
    target: str,
    *,
    source_language: str,
    target_language: str,
    tags: Tags,
    terms: Sequence[Term] = (),
    cue: str = "",
) -> tuple[SegmentFlag, ...]:
    """Return what to review in the translation of a segment, the most serious first, or nothing.

    `cue` is the time of a subtitle, within which it must be readable (text.tagged). `terms` is the whole glossary, of
    which this function picks the terms in the source. Any thread. Takes less than a millisecond, except for the first
    detection of a language.
    """
    # the order of these lines is that of the flags: the most serious first
    flags = [SegmentFlag("tags", str(problem.number), problem.kind) for problem in problems(target, tags)]
    before, after = plain(source, tags), plain(target, tags)
    if not after.strip():
        return (*flags, SegmentFlag("empty"))
    languages = source_language, target_language
    if is_chatter(before, after):
        flags.append(SegmentFlag("chatter", after[:60]))
    missing, extra = changed_placeholders(before, after)
    flags += [SegmentFlag("placeholder", placeholder, "missing") for placeholder in missing]
    flags += [SegmentFlag("placeholder", placeholder, "added") for placeholder in extra]
    flags += _sign_flags(before, after)
    bare_before, bare_after = without_protected(before), without_protected(after)
    flags += _differences(bare_before, bare_after, languages)
    flags += term_flags(before, after, *languages, terms)
    flags += _language(bare_before, bare_after, *languages)
    flags += _kept(bare_before, bare_after, *languages, terms)
    flags += _length(bare_before, bare_after)
    if tags.paired and not any(flag.kind == "tags" for flag in flags):
        flags += [SegmentFlag("formatting", str(number), "empty") for number in emptied(source, target, tags)]
        flags += [SegmentFlag("formatting", str(number), "doubled") for number in doubled(source, target, tags)]
    if before.count("\n") != after.count("\n"):
        flags.append(SegmentFlag("lines", str(after.count("\n") + 1), str(before.count("\n") + 1)))
    if cue:
        flags += reading_flags(before, after, cue)
    return tuple(dict.fromkeys(flags))


def _differences(source: str, target: str, languages: tuple[str, str]) -> list[SegmentFlag]:
    flags = [
        SegmentFlag("number", target[numeral.start : numeral.end], numeral.written)
        for numeral in misspelt(source, target, *languages)
    ]
    respelt = " ".join(flag.text for flag in flags)
    return [
        *flags,
        *(_flag(each) for each in differences(source, target, languages) if not (each.new and each.new in respelt)),
    ]


def _flag(difference: Difference) -> SegmentFlag:
    kind = difference.kind if difference.kind in ("date", "negation", "duty") else "number"
    if difference.new:
        return SegmentFlag(kind, difference.new, difference.old or "added")
    return SegmentFlag(kind, difference.old, "missing")


_SIGN = re.compile(r"[☐☑☒✓✔✗✘±≤≥≠≈∞←→↔√∑]|(?<=\d)\s?°(?!\s?[^\W\d_]{2})")
"""Matches signs that say the same in every language. Not "1° maggio", which is "1. Mai"."""
_BOXES = "☐☑☒✓✔✗✘"


def _sign_flags(source: str, target: str) -> list[SegmentFlag]:
    before = Counter(sign.strip() for sign in _SIGN.findall(source))
    missing = [SegmentFlag("placeholder", sign, "missing") for sign in before if target.count(sign) < before[sign]]
    added = [sign for sign in _BOXES if target.count(sign) > source.count(sign)]
    return [*missing, *(SegmentFlag("placeholder", sign, "added") for sign in added)]


def _language(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    if not target_language or (len(target.split()) < LEAST_DETECTED and not _UNSPACED.search(target)):
        return []
    if source.strip() == target.strip() and source_language != target_language:
        return [SegmentFlag("untranslated", target[:60])]
    try:
        detected, __ = detect(target, sorted({target_language, source_language or "en", *LANGUAGES}))
    except ValueError:  # a language the detector does not know
        return []
    if detected and detected != target_language:
        return [SegmentFlag("language", target[:60], detected)]
    return []


def _kept(
    source: str, target: str, source_language: str, target_language: str, terms: Sequence[Term]
) -> list[SegmentFlag]:
    flags = []
    if source.strip() != target.strip() or len(target.split()) < LEAST_DETECTED:  # a longer text is named by _language
        words = leftover(source, target, source_language, target_language)
        used = terms_in(source, terms, source_language) if words else ()
        if words and not any(words in term.source or words in term.target for term in used):
            flags.append(SegmentFlag("untranslated", words))
    if letters := foreign_letters(source, target, target_language):
        flags.append(SegmentFlag("language", letters[:60]))
    return flags


def _length(source: str, target: str) -> list[SegmentFlag]:
    ratio = len(target) / max(1, len(source))
    if len(target) > LONGEST_EXTRA + LONGEST * len(source):  # a few words answered with a speech
        return [SegmentFlag("length", f"{ratio:.2f}", "long")]
    if len(source) < LEAST_LENGTH or bool(_UNSPACED.search(source)) != bool(_UNSPACED.search(target)):
        return []
    if ratio < SHORTEST:
        return [SegmentFlag("length", f"{ratio:.2f}", "short")]
    return [SegmentFlag("length", f"{ratio:.2f}", "long")] if ratio > LONGEST else []
