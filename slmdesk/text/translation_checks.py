"""Turns a model's answer into a translation, and checks what the translation changed."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from slmdesk.base.record import Record
from slmdesk.base.translation import Doubt, Forms, SegmentFlag, Term
from slmdesk.base.types import TokenProbability
from slmdesk.text.checks.limits import address, lost_limits
from slmdesk.text.checks.names import begins_title
from slmdesk.text.checks.negation import denial, denials, denying_clauses, half_denials
from slmdesk.text.checks.support import Flag, check
from slmdesk.text.checks.words import WORD, capitalised, folded, function_words, listed, word_set
from slmdesk.text.folding import fold
from slmdesk.text.preserved import (
    changed,
    foreign_letters,
    is_chatter,
    leftover,
    masked,
    misspelt,
    protected_in,
    unmasked,
    without_chatter,
)
from slmdesk.text.sentences import LANGUAGES, SURE, detect
from slmdesk.text.tagged import (
    Tags,
    doubled,
    emptied,
    mended,
    plain,
    problems,
    reading_flags,
    tag_spans,
    without_strangers,
)
from slmdesk.text.terms import TermIndex, find_terms, spans_of, terms_in

LEAST_DETECTED = 5
SHORTEST, LONGEST = 0.35, 2.8
"""Smallest and largest length of a translation relative to its source. Real sentences lie between 0.6 and 1.7. Between
different scripts the length is not judged.
"""
LEAST_LENGTH = 25
LONGEST_EXTRA = 30
"""Characters by which any translation may be longer in addition, however short its source is."""
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
    formality: str = "",
) -> tuple[SegmentFlag, ...]:
    """Return what to review in the translation of a segment, the most serious first, or nothing.

    `cue` is the time of a subtitle, within which it must be readable (text.tagged). `formality` is how the paper speaks
    to its reader ("formal", "informal"), as far as known. `terms` is the whole glossary, of
    which this function picks the terms in the source. Any thread. Takes less than a millisecond, except for the first
    detection of a language.
    """
    flags = [SegmentFlag("tags", str(problem.number), problem.kind) for problem in problems(target, tags)]
    before, after = plain(source, tags), plain(target, tags)
    if not after.strip():
        return (*flags, SegmentFlag("empty"))
    if is_chatter(before, after):
        flags.append(SegmentFlag("chatter", after[:60]))
    missing, extra = changed(before, after)
    flags += [SegmentFlag("placeholder", placeholder, "missing") for placeholder in missing]
    flags += [SegmentFlag("placeholder", placeholder, "added") for placeholder in extra]
    flags += _sign_flags(before, after)
    bare_before, bare_after = _without_protected(before), _without_protected(after)
    flags += _info(bare_before, bare_after, source_language, target_language)
    flags += _negation(bare_before, bare_after, source_language, target_language)
    limits = lost_limits(bare_before, bare_after, source_language, target_language)
    flags += [SegmentFlag(kind, word, detail) for kind, word, detail in limits]
    flags += _address(bare_after, target_language, formality)
    flags += _repeated(bare_before, bare_after)
    flags += opposite_flags(bare_before, bare_after, source_language, target_language)
    flags += term_flags(before, after, source_language, target_language, terms)
    flags += _language(bare_before, bare_after, source_language, target_language)
    flags += _kept(bare_before, bare_after, source_language, target_language, terms)
    flags += _length(bare_before, bare_after)
    if tags.paired and not any(flag.kind == "tags" for flag in flags):
        flags += [SegmentFlag("formatting", str(number), "empty") for number in emptied(source, target, tags)]
        flags += [SegmentFlag("formatting", str(number), "doubled") for number in doubled(source, target, tags)]
    if before.count("\n") != after.count("\n"):
        flags.append(SegmentFlag("lines", str(after.count("\n") + 1), str(before.count("\n") + 1)))
    if cue:
        flags += reading_flags(before, after, cue)
    return tuple(dict.fromkeys(flags))


_SIGN = re.compile(r"[☐☑☒✓✔✗✘±≤≥≠≈∞←→↔√∑]|(?<=\d)\s?°(?!\s?[^\W\d_]{2})")
"""Matches signs that say the same in every language. Not "1° maggio", which is "1. Mai"."""
_BOXES = "☐☑☒✓✔✗✘"


def _sign_flags(source: str, target: str) -> list[SegmentFlag]:
    before = Counter(sign.strip() for sign in _SIGN.findall(source))
    missing = [SegmentFlag("placeholder", sign, "missing") for sign in before if target.count(sign) < before[sign]]
    added = [sign for sign in _BOXES if target.count(sign) > source.count(sign)]
    return [*missing, *(SegmentFlag("placeholder", sign, "added") for sign in added)]


def with_same_end(source: str, target: str) -> str:
    """Give the translation a colon at its end if the source has one, and remove a full stop if the source ends without
    a sign.

    Small models finish headings and half sentences, and drop the colon before a list. Nothing else is changed.
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
    """Return flags for terms of the source that are not translated as in the glossary, and for forbidden words in the
    target.

    If a term has several translations, any of them is right, and the flag names the first.
    """
    index = terms if isinstance(terms, TermIndex) else TermIndex(terms)
    by_source: dict[str, list[Term]] = {}
    for term in find_terms(source, index, source_language):
        by_source.setdefault(fold(term.term.source), []).append(term.term)
    return [
        flag
        for same in by_source.values()
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


def _is_other_person(requested: str, word: str, language: str) -> bool:
    """Return whether a German word means another person than requested: "Vermieter" for "Vermieterin" or "Mieter"."""
    if language != "de":
        return False
    wanted, there = fold(requested), fold(word)
    if there.startswith(f"ver{wanted}"):
        return True
    if _FEMALE.fullmatch(wanted) and not there.startswith(wanted):
        return wanted.removesuffix("in") in there and wanted not in there
    return there in (f"{wanted}in", f"{wanted}innen")


def _without_protected(text: str) -> str:
    for protected in reversed(protected_in(text)):
        text = text[: protected.start] + " " + text[protected.end :]
    return text


def _info(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    flags = [
        SegmentFlag("number", target[numeral.start : numeral.end], numeral.written)
        for numeral in misspelt(source, target, source_language, target_language)
    ]
    is_title = _is_title(source, source_language)
    shouts = 0 < len(_LOUD.findall(source)) <= len(_LOUD.findall(target))  # "FILE" has become "DATEI"
    for doubt in check(target, source, target_language, source_language):
        if doubt.kind in _NUMBERS and not any(doubt.text in flag.text for flag in flags):
            flags.append(SegmentFlag(_NUMBERS[doubt.kind], doubt.text, doubt.detail or "added"))
    for doubt in check(source, target, source_language, target_language):
        if doubt.kind in _NUMBERS:
            known = any(flag.detail == doubt.text for flag in flags)
            if not known:
                flags.append(SegmentFlag(_NUMBERS[doubt.kind], doubt.text, "missing"))
        elif doubt.kind == "name" and not is_title and _is_lost_name(doubt, source_language) and not shouts:
            flags.append(SegmentFlag("name", doubt.text, "missing"))
    named = " ".join(flag.text for flag in flags if flag.kind == "name")
    names = name_flags(source, target, source_language, target_language)
    return [*flags, *(name for name in names if name.text not in named)]


_LOUD = re.compile(r"\b[^\W\d_a-zà-ÿ]{3,}\b")


_GERMAN_YOUR = re.compile(r"(?:Ihr(?:e[mnrs]?)?|Sie|Ihnen)\b")


def _is_lost_name(flag: Flag, source_language: str) -> bool:
    """Return whether a missing name is worth a flag. It must be inside the sentence, or have two words at its
    beginning. A single word there may be any word, and German capitalises all nouns.
    """
    if any(sign.isdigit() for sign in flag.text):
        return True
    if source_language == "de" and _GERMAN_YOUR.match(flag.text):
        return False
    is_full = " " in flag.text and source_language != "de"
    return (flag.start > 0 or is_full) and any(sign.isupper() for sign in flag.text[1:])


def _is_title(text: str, language: str) -> bool:
    """Return whether Most Words Are Written So, as in English titles. Names cannot be recognised there."""
    words = [match for match in WORD.finditer(text) if folded(match[0]) not in function_words()]
    is_headed = bool(words) and any(begins_title(text, match.start()) for match in words[:2])
    return language != "de" and (is_headed or len(words) > 2) and all(match[0][0].isupper() for match in words)


def _negation(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    before, after = denials(source, source_language), denials(target, target_language)
    if before is None or after is None:
        return []
    halves = half_denials(target, target_language) - half_denials(source, source_language)
    if denying_clauses(source, source_language) > len(after) + max(0, halves):
        return [SegmentFlag("negation", before[-1] if after else before[0], "missing")]
    if denying_clauses(target, target_language) > len(before) + max(0, -halves):
        return [SegmentFlag("negation", after[-1] if before else after[0], "added")]
    if source_language != "en" and target_language == "en" and (turned := _NOT_UNTIL.search(target)):
        return [SegmentFlag("negation", turned[0], "added")]
    return []


_NOT_UNTIL = re.compile(r"\buntil\b[^,.;:]*\b(?:is|are|was|were|has|have|do|does|did) ?n[o']t\b", re.IGNORECASE)
"""Matches "until it is not paid": what denies in the source ("tant que … ne … pas") is in the "until" already."""


def _address(target: str, language: str, formality: str) -> list[SegmentFlag]:
    """Return a flag for a sentence that speaks to its reader otherwise than the paper, or in both ways."""
    words = address(target, language)
    if formality:
        words.pop(formality, None)
    return [SegmentFlag("address", next(iter(words.values())))] if words and (formality or len(words) > 1) else []


_RUN, _NEAR = 5, 4
"""Words of a run that nobody says twice by chance; how near a word follows itself where a model turns in circles."""


def _repeated(source: str, target: str) -> list[SegmentFlag]:
    """Return a flag for words that only the translation says twice: "the board of the board"."""
    twice = "" if _said_twice(source, _RUN - 1) else _said_twice(target, _RUN)
    return [SegmentFlag("repeated", twice)] if twice else []


def _said_twice(text: str, run: int) -> str:
    words = [folded(word) for word in WORD.findall(text)]
    runs = Counter(" ".join(words[at : at + run]) for at in range(len(words) - run + 1))
    if twice := next((words for words, count in runs.items() if count > 1), ""):
        return twice
    for at, word in enumerate(words):
        is_telling = len(word) > _NEAR and word not in function_words()
        if is_telling and word in (*words[at + 1 : at + 2], *words[at + 3 : at + 1 + _NEAR]):  # not "day by day"
            return word
    return ""


_TO_LOOK_UP = re.compile(r"(?<![\w'’-])[^\W\d_]{4,}(?:-[^\W\d_]{4,})*(?![\w'’])(?!\.\s)")
_OUR = re.compile(r"our(?=(?:s|ed|ing|ite|able|ful|al)?$)")
_WARDS = re.compile(r"(?<=ward)s$")
_ISE = re.compile(r"is(?=(?:e|es|ed|er|ers|ing|ation|ations)$)")


_SAME_TERM = 8
"""First letters that a learned word shares with that of the source: echocardiogram, Echokardiographie."""


def _is_term(word: str, source: str) -> bool:
    """Return whether a word may be right though a small dictionary lacks it: both languages have nearly the same."""
    starts = {fold(there).replace("k", "c")[:_SAME_TERM] for there in WORD.findall(source) if fold(there) != fold(word)}
    return len(word) >= _SAME_TERM and fold(word).replace("k", "c")[:_SAME_TERM] in starts


def words_to_look_up(
    source: str, target: str, tags: Tags, source_language: str, target_language: str
) -> dict[str, frozenset[str]]:
    """Return the words of a translation of which a dictionary of its language should have one of the spellings given.

    Names are none of them: what is large in the translation, except in German, or stands so in the source.
    """
    there = {word for word in WORD.findall(plain(source, tags)) if word[0].isupper() and source_language != "de"}
    names = tuple(fold(word) for word in there)
    spellings = {}
    for run in _TO_LOOK_UP.findall(_without_protected(plain(target, tags))):
        for word in run.split("-"):
            is_large = word[0].isupper() and (
                target_language != "de" or not word[1:].islower() or fold(word) in fold(source)
            )
            if not is_large and not fold(word).startswith(names) and not _is_term(word, source):
                american = _WARDS.sub("", _OUR.sub("or", _ISE.sub("iz", word))) if target_language == "en" else word
                spellings[word] = frozenset((word, american))
    return spellings


def _language(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    if not target_language or (len(target.split()) < LEAST_DETECTED and not _UNSPACED.search(target)):
        return []
    if source.strip() == target.strip() and source_language != target_language:
        return [SegmentFlag("untranslated", target[:60])]
    try:
        detected, sure = detect(target, sorted({target_language, source_language or "en", *LANGUAGES}))
    except ValueError:  # a language the detector does not know
        return []
    if detected and detected != target_language and sure >= SURE:
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


# Finds names that a translation lost or added. "Herr Yilmaz" became nobody, "Hausverwaltung" became "Family Office".
# Names are found by capital letters inside sentences, for pairs of languages with Latin letters. In German, where all
# nouns have capital letters, they are found only after a title ("Frau Krüger"). Places, peoples and languages have
# another name in each language and are not judged (_PLACES, by their beginnings).

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_OPENS = re.compile(r"(?:^|[.!?:;…•|/(\[‘¿¡]|(?<![\s'\"“”„«»*_-])(?=[\s'\"“”„«»*_-]*[\n„“”\"»«]))[\s'\"“”„«»*_-]*$")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_NAMING = word_set(
    "mr mrs ms miss herr herrn frau monsieur madame mme mlle señor señora senor senora sr sra signor signora pan pani"
)
_BEFORE = word_set(
    "the a an this that each every any our your their his her its my no such le la les un une au aux el los las una "
    "uno unos unas al il lo gli dai dal dalla nel nella sul sulla alla"
)
"""Words before a common word that some write large: "the Chair", "il Presidente". Not "des": "rue des Cordeliers"."""
_OF = word_set("of de del di della do da")
_PLACES = word_set(
    "german* english* engl* french* franc* frank* franz* span* espan* espag* ital* poland polish pologn* polon* "
    "dutch* swiss switz* schweiz* suiss* suiz* svizzer* austri* osterreich* autrich* belg* europ* brit* united "
    "etats estados stati royaume regno reino unis unidos uniti london* londr* munich* munch* vienn* wien cologn* "
    "koln geneva genev* ginebra lisb* brussel* bruxel* bruxelles paris* rome roma venic* venez* venis* milan* "
    "mail* warsaw varsov* prag* copenhag* athen* mosc* mosk* russ* chin* japan* japon* turk* turqu* greec* greek* "
    "griech* grec* irish ireland irland* scot* schott* wales welsh americ* ameri* canad* india* arab* latin* "
    "portug* danish denmark danemark* sweden swedish schwed* suec* norw* finn* czech* tchequ* hungar* ungar* "
    "hongr* roman* bavar* bavier* saxon* rhin* danub* alps alp* alem* allem* deutsch* tedesc* inglat* ingles* "
    "florenc* florenz turin* napl* neapel sevill* zurich* basel bern* christ* jew* islam* muslim* god"
)
_ALIKE = 0.75
"""Least similarity of two spellings of the same name: "Müllers" and "Müller"."""


def name_flags(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    if not (_LATIN.search(source) and _LATIN.search(target)):
        return []
    there, here = _spellings(source), _spellings(target)
    flags = []
    for word in _names(source, source_language):
        if not _is_in(word, here):
            flags.append(SegmentFlag("name", word, "missing"))
    for word in _names(target, target_language):
        if not _is_in(word, there):
            flags.append(SegmentFlag("name", word, "added"))
    return flags


def _names(text: str, language: str) -> list[str]:
    words = list(_WORD.finditer(text))
    large = sum(word[0][0].isupper() for word in words)
    is_title = language != "de" and len(words) > 1 and large > len(words) / 2
    names = []
    for at, match in enumerate(words):
        word, before = match[0], folded(words[at - 1][0]) if at else ""
        if not word[0].isupper() or len(word) < 3 or word.isupper() or _is_common(word):
            continue
        is_named = before in _NAMING and not re.search(r"[^\s.]", text[words[at - 1].end() : match.start()])
        if not is_named and (language == "de" or is_title or _opens(text, match.start())):
            continue
        first = at
        while first and (words[first - 1][0][0].isupper() or folded(words[first - 1][0]) in _OF):  # the Board of Trade
            first -= 1
        before = folded(words[first - 1][0]) if first and not is_named else before
        if not is_named and (before in _BEFORE or re.match(r"\s?\d", text[match.end() :])):
            continue
        names.append(word)
    return list(dict.fromkeys(names))


def _opens(text: str, at: int) -> bool:
    return bool(_OPENS.search(text, 0, at) or begins_title(text, at))


def _is_common(word: str) -> bool:
    plain = folded(word)
    is_known = plain in capitalised() or plain in listed("names", "forms") or plain in function_words()
    return is_known or plain in _PLACES


def _spellings(text: str) -> list[str]:
    words = (match[0].replace("’", "'") for match in _WORD.finditer(text))
    return [fold(part) for word in words for part in dict.fromkeys((word, word.rpartition("'")[2]))]  # l'Agence


def _is_in(name: str, words: list[str]) -> bool:
    wanted = fold(name)
    wanted = re.sub(r"['’]s?$", "", wanted)
    for word in words:
        if wanted in word or (len(word) > 3 and word in wanted):
            return True
        if wanted[:2] == word[:2] and difflib.SequenceMatcher(None, wanted, word).ratio() >= _ALIKE:
            return True
    return False


# Finds words of a translation that say the opposite of the source. "rose" for "fell", "agree" for "terminate". A
# small list (`opposites.toml`) for English, German, French, Spanish and Italian is used. A sentence with words of
# both sides decides nothing, nor does one in which a negation was added or removed together with the word.

_LETTERS = re.compile(r"[^\W\d_]+")


def opposite_flags(source: str, target: str, source_language: str, target_language: str) -> list[SegmentFlag]:
    pairs = _pairs(source_language, target_language)
    if not pairs:
        return []
    before, after = _words(source), _words(target)
    if bool(denial(source, source_language)) != bool(denial(target, target_language)):
        return []  # "not above" is "below"
    flags = []
    for sides in pairs:
        there = [_first(before, here) for here, _ in sides], [_first(after, here) for _, here in sides]
        for side in (0, 1):
            said, instead = there[0][side], there[1][1 - side]
            if said and instead and not there[0][1 - side] and not there[1][side]:
                flags.append(SegmentFlag("opposite", instead, said))
    return flags


def _words(text: str) -> list[str]:
    return _LETTERS.findall(text)


def _first(words: Sequence[str], pattern: re.Pattern[str]) -> str:
    return next((word for word in words if pattern.fullmatch(word.casefold())), "")


@cache
def _pairs(source: str, target: str) -> list[tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]]:
    return [
        tuple((_pattern(sides[name][source]), _pattern(sides[name][target])) for name in ("one", "other"))
        for sides in _listed()
        if all(language in sides[name] for name in ("one", "other") for language in (source, target))
    ]


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word).replace(r"\*", r"\w*") for word in words.split()))


@cache
def _listed() -> Sequence[Mapping[str, Mapping[str, str]]]:
    text = resources.files("slmdesk.text").joinpath("opposites.toml").read_text("utf-8")
    pairs: Sequence[Mapping[str, Mapping[str, str]]] = tomllib.loads(text)["pair"]
    return pairs


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
    """Return the translation in a model's answer, without remarks and without tags that the source lacks. It is on one
    line if the source is, and has the source's end punctuation. Pure.

    `probabilities` are those of the answer's tokens. `languages` are source and target; if both are known, numbers are
    written as in the target language. `terms` are those the source was masked with (`preserved.masked`), and are put
    back.
    """
    answer, probabilities = unmasked(answer, masked(source, terms, *languages).terms, probabilities)
    target = without_strangers(mended(without_chatter(source, answer).strip(), tags), tags, source)
    if "\n" not in source:  # line breaks of a subtitle or a verse are kept
        target = " ".join(line.strip() for line in target.split("\n") if line.strip())
    if "  " not in source:
        target = _BLANKS.sub(" ", target)
    doubts = doubts_in(target, answer, probabilities, tags)
    target, doubts = _with_numbers(source, target, doubts, languages)
    return Cleaned(with_same_end(source, target), doubts, _sense(target, doubts, probabilities))


def _with_numbers(
    source: str, target: str, doubts: tuple[Doubt, ...], languages: tuple[str, str]
) -> tuple[str, tuple[Doubt, ...]]:
    """Write the numbers of the translation as its language does. Doubts about rewritten numbers are dropped."""
    for numeral in reversed(misspelt(source, target, *languages)):
        target = target[: numeral.start] + numeral.written + target[numeral.end :]
        more = len(numeral.written) - (numeral.end - numeral.start)
        doubts = tuple(
            (begin, end, least) if end <= numeral.start else (begin + more, end + more, least)
            for begin, end, least in doubts
            if end <= numeral.start or begin >= numeral.end
        )
    return target, doubts


# Finds the words of a translation that its model was unsure of. The probabilities of the answer's tokens decide. A
# translation is the answer without remarks around it, and with tags and white space put in order. So both have the
# same characters in the same order, except for what was cut off at the ends. If that is not so, nothing is reported.

UNSURE = 0.5
"""Probability of a token below which its word is reported. All other tokens together are then more likely."""
_UNCERTAIN_WORD = re.compile(r"\S+")
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
"""Matches scripts without spaces between words, in which each token counts as a word."""


STRANGE = 2.25
"""Sum of -ln p of the tokens of an answer, divided by the square root of their number, from which a model may not have
understood. The sum alone grows with the length of a sentence, while the mean hides a bad word in a long one.

Of translations by a model of 1.5 billion weights in which the rules find nothing, it marks 18 of 50 wrong ones and 2 of
38 right ones. Better models are seldom so unsure.
"""
LEAST_LIKELY = 1e-4
MOST_SHOWN = 3


def _sense(target: str, doubts: Sequence[Doubt], probabilities: Sequence[TokenProbability]) -> tuple[SegmentFlag, ...]:
    unlikely = sum(-math.log(max(probability, LEAST_LIKELY)) for *_, probability in probabilities)
    if not target or unlikely < STRANGE * math.sqrt(len(probabilities)) or not probabilities:
        return ()
    least = sorted(sorted(doubts, key=lambda doubt: doubt[2])[:MOST_SHOWN])
    return (SegmentFlag("sense", ", ".join(dict.fromkeys(target[begin:end] for begin, end, _ in least))),)


def doubts_in(target: str, answer: str, probabilities: Sequence[TokenProbability], tags: Tags) -> tuple[Doubt, ...]:
    """Return the words of `target`, which was made from `answer`, that have a token less likely than UNSURE (see
    base.translation.Doubt).

    `probabilities` are those of the answer's tokens. The result is empty if there are none, or if the two texts differ
    in more than their ends, white space and the form of their tags. Any thread. Linear in the length except for a
    search.
    """
    if not any(probability < UNSURE for _, _, probability in probabilities):
        return ()
    before, after = _signs(answer, tags), _signs(target, tags)
    offset = _offset([answer[at] for at in before], [target[at] for at in after])
    if offset is None:
        return ()
    least = _least_of_each(answer, probabilities)
    of_target = {at: least[before[offset + index]] for index, at in enumerate(after)}
    doubts = []
    for begin, end in _word_places(target, tags, of_target):
        lowest = min(of_target[at][0] for at in range(begin, end))
        if lowest < UNSURE:
            doubts.append((begin, end, lowest))
    return tuple(doubts)


def _signs(text: str, tags: Tags) -> list[int]:
    within = {at for begin, end in tag_spans(text, tags) for at in range(begin, end)}
    return [at for at, sign in enumerate(text) if not sign.isspace() and at not in within]


def _offset(before: Sequence[str], after: Sequence[str]) -> int | None:
    """Return the index in the answer's characters at which the translation begins, or None if that is not certain."""
    whole, part = "".join(before), "".join(after)
    if not part:
        return None
    if whole.endswith(part):  # only text before the translation was cut off
        return len(whole) - len(part)
    first = whole.find(part)
    return first if first >= 0 and whole.find(part, first + 1) < 0 else None


def _least_of_each(text: str, probabilities: Sequence[TokenProbability]) -> list[tuple[float, int]]:
    """Return for each character the lowest probability of its tokens and the number of that token. Characters without a
    token count as sure.
    """
    least: list[tuple[float, int]] = [(1.0, -1)] * len(text)
    for number, (begin, end, probability) in enumerate(probabilities):
        for at in range(begin, min(end, len(text))):
            if least[at][1] < 0 or probability < least[at][0]:
                least[at] = (probability, number)
    return least


def _word_places(text: str, tags: Tags, tokens: dict[int, tuple[float, int]]) -> list[tuple[int, int]]:
    """Return the positions of the words of a text outside its tags. Where words are not separated by spaces, return
    those of the characters of each token.
    """
    places: list[tuple[int, int]] = []
    at = 0
    for tag_begin, tag_end in [*tag_spans(text, tags), (len(text), len(text))]:
        for word in _UNCERTAIN_WORD.finditer(text, at, tag_begin):
            spans = _by_token(*word.span(), tokens) if _SPACELESS.search(word[0]) else [word.span()]
            places += [bare for begin, end in spans if (bare := _bare(text, begin, end))]
        at = tag_end
    return places


def _bare(text: str, begin: int, end: int) -> tuple[int, int] | None:
    while begin < end and unicodedata.category(text[begin])[0] in "PS":
        begin += 1
    while begin < end and unicodedata.category(text[end - 1])[0] in "PS":
        end -= 1
    return (begin, end) if begin < end else None


def _by_token(begin: int, end: int, tokens: dict[int, tuple[float, int]]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for at in range(begin, end):
        if spans and tokens[at][1] == tokens[at - 1][1]:
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    return spans
