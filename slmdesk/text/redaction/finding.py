"""Finds all that is private in a text, everywhere it stands.  Pure; no claim of completeness.

What a rule has found in one place is looked for in all others: a name that a greeting tells is no less a name in the
middle of a sentence.  A text of 20,000 characters takes about a tenth of a second; the first one loads the libraries.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from slmdesk.base.record import changed
from slmdesk.base.translation import Forms
from slmdesk.text.checks.words import function_words
from slmdesk.text.redaction.addresses import find_addresses
from slmdesk.text.redaction.names import find_names, is_no_name
from slmdesk.text.redaction.numbers import find_by_shape
from slmdesk.text.redaction.types import RANK, Certainty, Entry, Find, Kind, Listed
from slmdesk.text.terms.forms import fits
from slmdesk.text.terms.matching import spans_of
from slmdesk.text.words.folding import fold
from slmdesk.text.words.language import detect

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SAID = frozenset({"list", "table"})
_WORDS = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
LEAST_NAME = 3
"""Letters of a part of a name that is looked for alone."""
LEAST_PART = 5
"""Figures of a part of a number that is looked for alone: fewer may be any number."""
_PLAIN_ENDING = re.compile(r"(?:['’]s?|s|es|ens)$")
_POSSESSIVE = re.compile(r"['’]s?$")
_ARTICLE = re.compile(
    r"(?<!\w)(?:der|die|das|dem|den|des|ein|eine[mnrs]?|kein\w*|zum|zur|im|am|beim|vom)[ \u00a0]+$", re.IGNORECASE
)
"""Behind these a German word written large may be a noun."""


def find_private(
    text: str, *, language: str = "", listed: Sequence[Listed] = (), known: Sequence[Entry] = ()
) -> tuple[Find, ...]:
    """What is private in a text, in order, without overlaps.

    `language`: code of ISO 639-1, else it is detected; `listed`: the person's own list; `known`: a table whose
    originals are looked for too.  Any thread.
    """
    language = language or detect(text)[0] or ""
    found = [
        *find_by_shape(text, language),
        *find_addresses(text),
        *find_names(text, language),
        *_on_list(text, listed, language),
    ]
    found += _again(
        text,
        [one for one in _without_overlaps(found) if one.certainty is not Certainty.UNSURE],
        listed,
        known,
        language,
    )
    return tuple(_joined(text, _without_overlaps(found)))


def marked(text: str, start: int, end: int, *, language: str = "") -> tuple[Find, ...]:
    """All places of words that a person marked, in order, as they are found from then on.

    Words that are marked in part are taken whole, and signs around them are not: neither would be found again.
    """
    found = _WORDS.search(text, start, end)
    if found is None:
        return ()
    start, end = found.span()
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return tuple(_on_list(text, [Listed(text[start:end])], language or detect(text)[0] or ""))


def _on_list(text: str, listed: Sequence[Listed], language: str) -> Iterator[Find]:
    for one in listed:
        for start, end in spans_of(text, one.words, language, forms=Forms.STEM):
            if one.kind is not Kind.PERSON or text[start].isupper():
                yield Find(one.kind, start, end, text[start:end], Certainty.SURE, "list")


def _again(
    text: str, found: Sequence[Find], listed: Sequence[Listed], known: Sequence[Entry], language: str
) -> Iterator[Find]:
    names = {one.text: Certainty.LIKELY for one in found if one.kind is Kind.PERSON}
    emails = [one.text for one in found if one.kind is Kind.EMAIL]
    names |= dict.fromkeys((one.words for one in listed if one.kind is Kind.PERSON), Certainty.SURE)
    names |= dict.fromkeys((one.original for one in known if one.kind is Kind.PERSON), Certainty.SURE)
    yield from _names_again(text, names, language)
    yield from _from_emails(text, emails)
    others = [(one.kind, one.text, one.certainty, "again") for one in found if one.kind is not Kind.PERSON]
    others += [
        (entry.kind, original, Certainty.SURE, "table")
        for entry in known
        for original, _ in entry.pairs
        if entry.kind is not Kind.PERSON
    ]
    yield from _halves(text, known)
    for kind, words, certainty, reason in dict.fromkeys(others):
        for each in dict.fromkeys((words, _without_legal_form(words) if kind is Kind.FIRM else words)):
            for one in re.finditer(rf"(?<!\w){re.escape(each)}(?!\w)", text):
                yield Find(kind, *one.span(), one[0], certainty, reason)


def _halves(text: str, known: Sequence[Entry]) -> Iterator[Find]:
    """Where a text that is a part of another begins or ends with the part of a number that was found over a line."""
    for entry in known:
        lines = [one.strip(" \t\u00a0>") for one in entry.original.splitlines()]
        if entry.kind is Kind.PERSON or len(lines) < 2:
            continue
        ends = (lines[0], lines[-1])
        first, last = (re.escape(one) if sum(map(str.isdigit, one)) >= LEAST_PART else "(?!)" for one in ends)
        for one in re.finditer(rf"\A\W*({last})(?!\w)|(?<!\w)({first})\W*\Z", text):
            start, end = one.span(one.lastindex or 0)
            yield Find(entry.kind, start, end, text[start:end], Certainty.SURE, "table")


def _without_legal_form(firm: str) -> str:
    from slmdesk.text.candidates.names import LEGAL_FORM

    form = LEGAL_FORM.search(firm)
    short = firm[: form.start()].strip(" ,") if form else firm
    return short if len(short) > LEAST_NAME and not is_no_name(short) else firm


def name_words(name: str) -> list[str]:
    """The words of a person's name that are looked for alone: no initials, no "von"."""
    return [
        one
        for one in WORD.findall(name)
        if len(one) >= LEAST_NAME and not one.islower() and not is_no_name(one) and fold(one) not in function_words()
    ]


def _names_again(text: str, names: dict[str, Certainty], language: str) -> Iterator[Find]:
    by_beginning: dict[str, dict[str, Certainty]] = defaultdict(dict)
    for name, certainty in names.items():
        for word in name_words(name):
            plain = fold(_POSSESSIVE.sub("", word))
            by_beginning[plain[:LEAST_NAME]][plain] = certainty
            if plain.endswith("s") and language == "de" and len(plain) > 5:
                by_beginning[plain[:LEAST_NAME]].setdefault(plain[:-1], certainty)
    if not by_beginning:
        return
    small = {fold(one) for one in WORD.findall(text) if one.islower()}
    for one in WORD.finditer(text):
        if len(one[0]) < LEAST_NAME or one[0].islower():
            continue
        plain = fold(one[0])
        known = _certainty_of(plain, by_beginning.get(plain[:LEAST_NAME], {}), language)
        if known is None:
            continue
        certainty = known
        may_be_noun = language in ("de", "") and _ARTICLE.search(text, max(0, one.start() - 12), one.start())
        if certainty is not Certainty.SURE and (plain in small or may_be_noun):
            certainty = Certainty.UNSURE
        possessive = _POSSESSIVE.search(one[0])
        end = one.end() - (len(possessive[0]) if possessive else 0)
        yield Find(Kind.PERSON, one.start(), end, text[one.start() : end], certainty, "again")


def _certainty_of(word: str, known: dict[str, Certainty], language: str) -> Certainty | None:
    for name, certainty in known.items():
        if word == name or (word.startswith(name) and _PLAIN_ENDING.fullmatch(word[len(name) :])):
            return certainty
        if language == "pl" and len(name) > LEAST_NAME and (fits(word, name, "pl") or _declined(word, name)):
            return certainty
    return None


def is_form_of(word: str, name: str) -> bool:
    """Whether a folded word is a folded part of a name with another ending, in any language."""
    if word.startswith(name) and _PLAIN_ENDING.fullmatch(word[len(name) :]):
        return True
    return len(name) > LEAST_NAME and len(word) > LEAST_NAME and _declined(word, name)


def _declined(word: str, name: str) -> bool:
    """Whether both are forms of one Polish name: neither need be the one that a dictionary has."""
    shared = 0
    while shared < min(len(word), len(name)) and word[shared] == name[shared]:
        shared += 1
    return (
        shared >= max(4, len(name) - 3)
        and len(word) - shared <= 4
        and fits(word, name[:shared], "pl")
        and fits(name, name[:shared], "pl")
    )


def _from_emails(text: str, emails: Iterable[str]) -> Iterator[Find]:
    """Words written large that are the parts of an address: jan.ek@… and "Jan Ek"."""
    parts = {
        part
        for one in emails
        for part in re.split(r"[._+-]|\d+", fold(one.partition("@")[0]))
        if len(part) >= LEAST_NAME and not is_no_name(part) and part not in function_words()
    }
    if not parts:
        return
    for one in WORD.finditer(text):
        if one[0][0].isupper() and text[one.end() : one.end() + 1] != "@" and _spellings(one[0]) & parts:
            yield Find(Kind.PERSON, *one.span(), one[0], Certainty.LIKELY, "email")


def _spellings(word: str) -> set[str]:
    plain = _POSSESSIVE.sub("", word.lower())
    long = plain
    for sign, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        long = long.replace(sign, letters)
    return {re.sub(r"[^a-z]", "", fold(one)) for one in (plain, long)} | {re.sub(r"['’]", "", fold(plain))}


def _without_overlaps(found: Iterable[Find]) -> list[Find]:
    """The surest and longest; names that overlap become one, and no part is lost of what overlaps a person's words."""
    kept: list[Find] = []
    for one in sorted(found, key=lambda one: (-RANK[one.certainty], one.start - one.end, one.start)):
        over = [other for other in kept if one.start < other.end and other.start < one.end]
        if not over:
            kept.append(one)
        elif (
            one.kind is Kind.PERSON
            and one.certainty is not Certainty.UNSURE
            and all(other.kind is Kind.PERSON for other in over)
        ):
            kept = [other for other in kept if other not in over]
            kept.append(_union(over[0], one, *over[1:]))
        elif one.reason in _SAID or (
            one.kind is Kind.PERSON
            and one.certainty is not Certainty.UNSURE
            and any(other.reason in _SAID for other in over)
        ):
            kept += _beside(one, over)
    return sorted(kept, key=lambda one: one.start)


def _beside(find: Find, over: Sequence[Find]) -> Iterator[Find]:
    inner = sorted(at for one in over for at in (one.start, one.end))
    edges = [find.start, *inner, find.end]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        words = find.text[max(0, start - find.start) : max(0, end - find.start)]
        if part := _WORDS.search(words):
            begin = start + part.start()
            yield changed(find, start=begin, end=begin + len(part[0]), text=part[0])


def _union(first: Find, *others: Find) -> Find:
    whole = sorted((first, *others), key=lambda one: one.start)
    end = max(one.end for one in whole)
    text = whole[0].text
    for one in whole[1:]:
        reached = whole[0].start + len(text)
        if one.end > reached:
            text += one.text[reached - one.start :]
    return changed(first, start=whole[0].start, end=end, text=text)


def _joined(text: str, found: Sequence[Find]) -> Iterator[Find]:
    waiting: Find | None = None
    for one in found:
        if waiting and waiting.kind is one.kind is Kind.PERSON and text[waiting.end : one.start] in (" ", "\u00a0"):
            certainty = max(waiting.certainty, one.certainty, key=lambda each: RANK[each])
            waiting = changed(waiting, end=one.end, text=text[waiting.start : one.end], certainty=certainty)
            continue
        if waiting:
            yield waiting
        waiting = one
    if waiting:
        yield waiting
