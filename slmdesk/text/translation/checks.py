"""Finds what a translation changed: numbers, dates, names, negations, tags, terms, language, length.

Rules without a model, for any pair of languages as far as signs and figures go; number words, months and negations in
English, German, French, Spanish, Italian and Polish.  Measured on tests/golden/translations.toml.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmdesk.base.translation import Forms, SegmentFlag, Term
from slmdesk.text.checks.check import Flag, check
from slmdesk.text.checks.denials import denial, half_denial
from slmdesk.text.checks.names import begins_title
from slmdesk.text.checks.words import WORD, folded, function_words
from slmdesk.text.terms.matching import TermIndex, find_terms, spans_of, terms_in
from slmdesk.text.translation.chatter import is_chatter
from slmdesk.text.translation.names import name_flags
from slmdesk.text.translation.numerals import misspelt
from slmdesk.text.translation.opposites import opposite_flags
from slmdesk.text.translation.placeholders import changed, protected_in
from slmdesk.text.translation.subtitles import reading_flags
from slmdesk.text.translation.tag_projection import doubled, emptied
from slmdesk.text.translation.tagged import Tags, plain, problems
from slmdesk.text.translation.untranslated import foreign_letters, leftover
from slmdesk.text.words.folding import fold
from slmdesk.text.words.language import LANGUAGES, SURE, detect

LEAST_DETECTED = 5
SHORTEST, LONGEST = 0.35, 2.8
"""Of the source's length: translations of real sentences lie between 0.6 and 1.7; between scripts it is not judged."""
LEAST_LENGTH = 25
LONGEST_EXTRA = 30
"""Signs by which a translation may be longer besides, however short its source is."""
_NUMBERS = {"number": "number", "date": "date", "amount": "number", "unit": "number", "percent": "number"}
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
    """What to review in the translation of a segment, the most serious first; empty: nothing was found.

    `cue`: the time of a subtitle, in which it must be read (text.subtitles).
    `terms`: those of the glossary; which of them the source contains is found here.  Any thread; under a millisecond
    except for the first time a language is detected.
    """
    flags = [SegmentFlag("tags", str(one.number), one.kind) for one in problems(target, tags)]
    before, after = plain(source, tags), plain(target, tags)
    if not after.strip():
        return (*flags, SegmentFlag("empty"))
    if is_chatter(before, after):
        flags.append(SegmentFlag("chatter", after[:60]))
    missing, extra = changed(before, after)
    flags += [SegmentFlag("placeholder", one, "missing") for one in missing]
    flags += [SegmentFlag("placeholder", one, "added") for one in extra]
    bare_before, bare_after = _without_protected(before), _without_protected(after)
    flags += _info(bare_before, bare_after, source_language, target_language)
    flags += _negation(bare_before, bare_after, source_language, target_language)
    flags += opposite_flags(bare_before, bare_after, source_language, target_language)
    flags += term_flags(before, after, source_language, target_language, terms)
    flags += _language(bare_before, bare_after, source_language, target_language)
    flags += _kept(bare_before, bare_after, source_language, target_language, terms)
    flags += _length(bare_before, bare_after)
    if tags.paired and not any(one.kind == "tags" for one in flags):
        flags += [SegmentFlag("formatting", str(number), "empty") for number in emptied(source, target, tags)]
        flags += [SegmentFlag("formatting", str(number), "doubled") for number in doubled(source, target, tags)]
    if before.count("\n") != after.count("\n"):
        flags.append(SegmentFlag("lines", str(after.count("\n") + 1), str(before.count("\n") + 1)))
    if cue:
        flags += reading_flags(before, after, cue)
    return tuple(dict.fromkeys(flags))


def with_same_end(source: str, target: str) -> str:
    """The translation with a colon at its end where the source has one, and without a full stop where it has no sign.

    Small models finish headings and half sentences, and drop the colon before a list; nothing else is changed.
    """
    before, after = source.rstrip(), target.rstrip()
    if not before or not after or len(after) == 1:
        return target
    if before[-1] == ":" and (after[-1].isalnum() or after[-1] in ')]»”“"' or after[-1] == "."):
        return after.removesuffix(".") + ":"
    is_open = before[-1].isalnum() or before[-1] in ",)-"
    if is_open and after[-1] == "." and after[:-1].rstrip()[-1:].isalpha() and "." not in after[:-1].split()[-1]:
        return after[:-1]
    return target


def term_flags(
    source: str, target: str, source_language: str, target_language: str, terms: Sequence[Term]
) -> list[SegmentFlag]:
    """Terms of the source that are not translated as the glossary says, and forbidden words in the target.

    Of a term with several translations any will do; the first one is named.
    """
    index = terms if isinstance(terms, TermIndex) else TermIndex(terms)
    found: dict[str, list[Term]] = {}
    for one in find_terms(source, index, source_language):
        found.setdefault(fold(one.term.source), []).append(one.term)
    return [
        flag
        for same in found.values()
        for flag in _flags_of_term(target, len(same), index.same_as(same[0]), target_language)
    ]


def _flags_of_term(target: str, count: int, choices: Sequence[Term], language: str) -> list[SegmentFlag]:
    flags = []
    requested = {term.source if term.keeps else term.target: term for term in choices if term.keeps or term.target}
    first = next(iter(requested), "")
    there = sum(len(_spans_of_requested(target, words, term, language)) for words, term in requested.items())
    if requested and there < count:
        flags.append(SegmentFlag("glossary", choices[0].source, first))
    for word in dict.fromkeys(word for term in choices for word in term.forbidden):
        if spans_of(target, word, language, anywhere=True):
            flags.append(SegmentFlag("forbidden", word, first))
    return flags


def _spans_of_requested(target: str, words: str, term: Term, language: str) -> list[tuple[int, int]]:
    if term.keeps:
        return spans_of(target, words, language, forms=Forms.EXACT, minds_case=True)
    spans = spans_of(target, words, language, forms=term.forms, minds_case=term.minds_case, anywhere=True)
    return [(start, end) for start, end in spans if not _is_other_person(words, target[start:end], language)]


_FEMALE = re.compile(r"[^\W\d_]{3,}in")


def _is_other_person(requested: str, found: str, language: str) -> bool:
    """Whether a German word for a person is not the one requested: "Vermieter" for "Vermieterin", or for "Mieter"."""
    if language != "de":
        return False
    wanted, there = fold(requested), fold(found)
    if there.startswith(f"ver{wanted}"):
        return True
    if _FEMALE.fullmatch(wanted) and not there.startswith(wanted):
        return wanted.removesuffix("in") in there and wanted not in there
    return there in (f"{wanted}in", f"{wanted}innen")


def _without_protected(text: str) -> str:
    for one in reversed(protected_in(text)):
        text = text[: one.start] + " " + text[one.end :]
    return text


def _info(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    flags = [
        SegmentFlag("number", target[one.start : one.end], one.written)
        for one in misspelt(source, target, source_language, target_language)
    ]
    is_title = _is_title(source, source_language)
    shouts = 0 < len(_LOUD.findall(source)) <= len(_LOUD.findall(target))  # "FILE" has become "DATEI"
    for one in check(target, source, target_language, source_language):
        if one.kind in _NUMBERS and not any(one.text in flag.text for flag in flags):
            flags.append(SegmentFlag(_NUMBERS[one.kind], one.text, one.detail or "added"))
    for one in check(source, target, source_language, target_language):
        if one.kind in _NUMBERS:
            known = any(flag.detail == one.text for flag in flags)
            if not known:
                flags.append(SegmentFlag(_NUMBERS[one.kind], one.text, "missing"))
        elif one.kind == "name" and not is_title and _is_lost_name(one, source_language) and not shouts:
            flags.append(SegmentFlag("name", one.text, "missing"))
    named = " ".join(flag.text for flag in flags if flag.kind == "name")
    names = name_flags(source, target, source_language, target_language)
    return [*flags, *(one for one in names if one.text not in named)]


_LOUD = re.compile(r"\b[^\W\d_a-zà-ÿ]{3,}\b")


def _is_lost_name(flag: Flag, source_language: str) -> bool:
    """A name inside a sentence, or one of two words at its beginning; a single word there may be any, and German
    capitalises all nouns.
    """
    if any(sign.isdigit() for sign in flag.text):
        return True
    is_full = " " in flag.text and source_language != "de"
    return (flag.start > 0 or is_full) and any(sign.isupper() for sign in flag.text[1:])


def _is_title(text: str, language: str) -> bool:
    """Whether Most Words Are Written So, as in English titles: names cannot be recognised there."""
    found = [one for one in WORD.finditer(text) if folded(one[0]) not in function_words()]
    is_headed = bool(found) and any(begins_title(text, one.start()) for one in found[:2])
    return language != "de" and (is_headed or len(found) > 2) and all(one[0][0].isupper() for one in found)


def _negation(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    before, after = denial(source, source_language), denial(target, target_language)
    if before is None or after is None or bool(before) == bool(after):
        return []
    half_before, half_after = half_denial(source, source_language), half_denial(target, target_language)
    if before and not (half_after and not half_before):
        return [SegmentFlag("negation", before, "missing")]
    if after and not (half_before and not half_after):
        return [SegmentFlag("negation", after, "added")]
    return []


def _language(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    if not target_language or (len(target.split()) < LEAST_DETECTED and not _UNSPACED.search(target)):
        return []
    if source.strip() == target.strip() and source_language != target_language:
        return [SegmentFlag("untranslated", target[:60])]
    try:
        found, sure = detect(target, sorted({target_language, source_language or "en", *LANGUAGES}))
    except ValueError:  # a language the detector does not know
        return []
    if found and found != target_language and sure >= SURE:
        return [SegmentFlag("language", target[:60], found)]
    return []


def _kept(
    source: str, target: str, source_language: str, target_language: str, terms: Sequence[Term]
) -> list[SegmentFlag]:
    flags = []
    if source.strip() != target.strip() or len(target.split()) < LEAST_DETECTED:  # a longer one is named by _language
        words = leftover(source, target, source_language, target_language)
        used = terms_in(source, terms, source_language) if words else ()
        if words and not any(words in one.source or words in one.target for one in used):
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
