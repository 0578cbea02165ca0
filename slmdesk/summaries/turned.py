"""Finds what a written sentence turns round: a "not" that is lost or added, a condition that is gone.

Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from slmdesk.base.record import Record
from slmdesk.claims.types import Mark
from slmdesk.summaries.told import Fitting, Paper, Passage, Told, Word, are_kin, is_same, told
from slmdesk.text.checks.negation import denying, ends_something, implies_denial, is_limit, is_prefixed, openers
from slmdesk.text.checks.words import WORD, folded, listed, tables, word_set

BEFORE, BEHIND = 2, 5
"""Most words before and behind a "not" that belong to it."""
LEAST_ALIKE, MOST_ABOUT = 0.35, 3
"""Least share of a part's words in a passage with which it is compared, and most such passages."""
REPEATED, SAME = 0.6, 0.55
"""Share of the words of a "not" that a sentence must repeat, and share of a sentence that a passage must have, for both
to say the same.
"""
SAID, LEAST_OWN = 0.2, 2
"""Share of a condition's words from which a sentence says it, and fewest words of a condition."""

_PART = re.compile(r"(?<=[;:])\s+")
_ANDS = {
    "de": "und|aber|sondern",
    "en": "and|but",
    "fr": "et|mais",
    "es": "y|e|pero|sino",
    "it": "e|ma|bensì",
    "pl": "i|oraz|ale|lecz",
    "pt": "e|mas",
    "nl": "en|maar",
}
_ONLY = re.compile(r"\bn(?:e\b|['’]).*\bqu(?:e\b|['’])", re.IGNORECASE)
_WITHOUT = frozenset(["without", "ohne", "sans", "sin", "senza", "bez", "sem", "zonder"])
_CONTRAST = re.compile(r"(?:,|\b(?:and|und|et|y|e|i|en))\s*$")
_AS_NEVER = re.compile(
    r"\b(?:(?:wie|als) (?:noch )?nie|as never|que jamais|como nunca|come mai|jak nigdy|als nooit)$", re.I
)
_VERB_FIRST = re.compile(r"(?:\w+(?:t|en)|Sind) (?:sie|er|es|man|Sie|der|die|das|sich|ein|eine)\b")
_FURTHER = re.compile("weiter|ander|further|other|autre|otr[oa]s?$|altr[iae]|inn(?:y|e|ych)$|outr[oa]s?$")
_NO_ALONE = frozenset(["nein"])
_NUMBERED = re.compile(r"(?:\.?°?\s?\d)|(?<=[Nn]o)\.|-")
_PLUS = frozenset(["pas", "jamais", "aucun", "aucune", "rien", "ni", "plus", "personne", "point", "sans", "non"])
_TOKEN = re.compile(r"n['’]t\b|[^\W\d_]+?(?=n['’]t\b)|[^\W\d_]+")


class Denial(Record):
    start: int
    end: int
    about: tuple[int, ...]
    """Indexes of the words it denies, the nearest behind it first."""
    behind: int = 0
    """How many of them stand behind it."""


@lru_cache(maxsize=8192)
def denials_of(sentence: Told, language: str) -> tuple[Denial, ...]:
    text, words = sentence.text, sentence.words
    stops = _stops(text, language)
    no = denying(language) | _NO_ALONE
    tokens = [(match, folded(match[0])) for match in _TOKEN.finditer(text)]
    if language == "fr" and not {word for _, word in tokens} & _PLUS:
        return ()  # "ne … que", or a "ne" that denies nothing
    denials = list[Denial]()
    for at, (match, word) in enumerate(tokens):
        is_no_more = (
            language == "fr"
            and word == "plus"
            and any(token in ("ne", "n") for _, token in tokens[max(0, at - 3) : at])
        )
        if word not in no and not is_no_more and word not in ("n't", "n’t", "cannot"):
            continue
        if word in ("no", "nein") and _NUMBERED.match(text, match.end()):
            continue  # a number, a vote
        if (language == "fr" and word in ("ne", "n")) or word in _WITHOUT:
            continue  # in French the word behind the verb counts
        if _AS_NEVER.search(text, 0, match.end()):
            continue  # "as many as never before" are the most
        begin = max((stop for stop in stops if stop < match.start()), default=-1)
        ends = [*stops, *(start for start, _ in conditions_of(text, language))]
        end = min((stop for stop in ends if stop >= match.end()), default=len(text))
        if is_limit([later for word_match, later in tokens[at + 1 : at + 4] if word_match.start() < end]):
            continue
        behind = [at for at, near in enumerate(words) if match.end() <= near.start < end][:BEHIND]
        before = [at for at, near in enumerate(words) if begin < near.start < match.start()][-BEFORE:]
        if not behind and language in ("es", "it", "pt"):
            continue  # an answer: "dijo que no"
        if not behind:
            before = [*range(min(BEFORE, len(words))), *before]  # "A proxy …, does not exist": what it begins with
        denials.append(Denial(match.start(), match.end(), (*behind, *reversed(before)), len(behind)))
    return tuple(denials)


def _stops(text: str, language: str) -> list[int]:
    return [stop.start() for stop in _stop(language).finditer(text)]


@cache
def _stop(language: str) -> re.Pattern[str]:
    ands = _ANDS.get(language, "(?!)")
    return re.compile(rf"[,;:()–—]|(?<=\s)(?:{ands})(?=\s)", re.IGNORECASE)


def turned(text: str, paper: Paper, beside: Sequence[str] = ()) -> Iterator[Mark]:
    """Yield marks for what a sentence turns round, part by part compared with the passages that say most of it.

    `beside`: the sentences around it, which may tell its condition.
    """
    whole = told(text, paper.language)
    for start, part in _parts(text, paper.language):
        fitting = Fitting(part, paper)
        some = (at for at, passage in enumerate(paper.passages) if not passage.is_bare)
        ranked = sorted(((fitting.share(paper.passages[at]), -at) for at in some), reverse=True)[:MOST_ABOUT]
        about = [paper.passages[-at] for share, at in ranked if share >= max(LEAST_ALIKE, 0.6 * ranked[0][0])]
        told_beside = [told(near, paper.language) for near in beside if _has_sign(near, paper.language)]
        lost = _unconditioned(fitting, whole, about, told_beside, paper.language)
        for mark in (*_denied(part, about, paper.language), *lost):
            yield Mark(mark.kind, mark.text, start + mark.start, start + mark.end, mark.detail)


def _parts(text: str, language: str) -> Iterator[tuple[int, Told]]:
    """Yield the parts of a sentence between its semicolons and colons, with where they begin."""
    for start, end in pairwise([0, *(cut.end() for cut in _PART.finditer(text)), len(text)]):
        if (part := told(text[start:end], language)).words:
            yield start, part


def _denied(part: Told, about: Sequence[Passage], language: str) -> Iterator[Mark]:
    mine = denials_of(part, language)
    for denial in mine:
        if _CONTRAST.search(part.text, max(0, denial.start - 6), denial.start):
            continue  # "x, not y": the paper says x
        if _is_supposed(part.text, denial, language):
            continue  # "if she does not pay" is what happens "on failure to pay"
        some = [passage for passage in about if _shared(part, denial.about[:2], passage.told)]
        if some and not any(_bears_out(part, denial, passage, language) for passage in some):
            yield Mark("negation", part.text[denial.start : denial.end], denial.start, denial.end)
            return
    for passage in about[:2]:
        for denial in denials_of(passage.told, language):
            words = passage.told.words
            mates = {
                mate for at in denial.about for mate in range(len(part.words)) if are_kin(words[at], part.words[mate])
            }
            same = [at for at in denial.about if any(are_kin(words[at], word) for word in part.words)]
            if denial.behind == 1 and passage.text[: denial.start].rstrip().endswith(","):
                continue  # "by the firm, not the agent": it says who does it
            if _FURTHER.match(words[denial.about[0]].key) and denial.about[0] not in same:
                continue  # who lets one stall may promise to let no others
            behind = denial.about[: denial.behind]
            if not same or (behind and not set(behind) & set(same)):
                continue
            is_head = denial.about[0] in same
            if len(same) < REPEATED * len(denial.about) and not (
                is_head and len(_common(part, passage.told)) >= min(2, len(part.words))
            ):
                continue
            others = (earlier for earlier in about[: about.index(passage)] if not denials_of(earlier.told, language))
            if any(_shared(passage.told, denial.about[:1], earlier.told) for earlier in others):
                continue  # the paper says both
            if _has_condition(part, passage, language):
                continue  # "not unless they agree" is "only if they agree" and "needs their consent"
            is_denied = any(mates & set(turn.about) for turn in mine)
            is_opened = mine and not WORD.search(passage.text, 0, denial.start)  # "No costs, fees or claims are paid"
            if is_denied or is_opened or _is_half(part, mates, passage, language):
                continue
            first = part.words[min(mates)]
            instead = passage.text[denial.start : denial.end]
            yield Mark("negation", part.text[first.start : first.end], first.start, first.end, instead)
            return


def _is_supposed(text: str, denial: Denial, language: str) -> bool:
    """Return whether a "not" stands in a condition, also in one that begins with its verb: "Zahlt sie nicht"."""
    is_inside = any(start <= denial.start < end for start, end in conditions_of(text, language))
    is_verb_first = language == "de" and _VERB_FIRST.match(text) is not None
    return is_inside or (is_verb_first and text.find(",") >= denial.end)


def _has_condition(part: Told, passage: Passage, language: str) -> bool:
    """Return whether a sentence says under which condition the passage does not deny."""
    for start, end in conditions_of(passage.text, language):
        own = [word for word in passage.told.words if start <= word.start < end]
        if 2 * sum(bool(_kin_of(word, part.words)) for word in own) >= len(own) > 1:
            return True
    return False


def _common(part: Told, other: Told) -> list[Word]:
    return [word for word in part.words if any(are_kin(word, near) for near in other.words)]


def _is_half(part: Told, mates: set[int], passage: Passage, language: str) -> bool:
    """Return whether a word beside these denies in its own way: "refuses", "until". The "until" of a date does not, nor
    a word that the passage has as well.
    """
    if language == "fr" and _ONLY.search(part.text):
        return True
    limits = listed("conditions", "limits", language)
    stops = [-1, *_stops(part.text, language), len(part.text)]
    before = [part.text[: value.start].rstrip().rfind(" ") + 1 for value in part.values]
    for at in mates:
        begin = max(stop for stop in stops if stop <= part.words[at].start) + 1
        end = min(stop for stop in stops if stop >= part.words[at].end)
        for match in WORD.finditer(part.text):
            if begin <= match.start() < end and folded(match[0]) in limits:
                return True  # what holds only from a day on did not hold before
            is_here = begin <= match.start() < end or folded(match[0]) in listed("negation", "until")
            if match.start() in before or not is_here or not implies_denial(match[0], language):
                continue
            if not re.search(rf"(?<!\w){re.escape(match[0][:5])}", passage.text, re.IGNORECASE):
                return True
    return False


def _bears_out(part: Told, denial: Denial, passage: Passage, language: str) -> bool:
    """Return whether a passage denies something of what a sentence denies, or has a word that may do so."""
    if any(implies_denial(text, language) or ends_something(text, part.text) for text in (passage.text, passage.above)):
        return True
    if any(word in word_set(tables()["negation"]["soft"]) for word in passage.context):
        return True  # what is asked for in a sentence may be refused in the next one
    theirs, words = denials_of(passage.told, language), passage.told.words
    if not theirs:
        return bool(denials_of(told(passage.above, language), language))
    head = part.words[denial.about[0]]
    places = [at for at, word in enumerate(words) if are_kin(word, head)]
    stops = _stops(passage.text, language)
    segments = {sum(stop < turn.start for stop in stops) for turn in theirs}
    is_opened = any(not WORD.search(passage.text, 0, turn.start) for turn in theirs)
    return not places or is_opened or any(sum(stop < words[at].start for stop in stops) in segments for at in places)


def _shared(part: Told, some: Sequence[int], other: Told) -> bool:
    return any(are_kin(part.words[at], word) for at in some for word in other.words)


def _unconditioned(
    fitting: Fitting, whole: Told, about: Sequence[Passage], beside: Sequence[Told], language: str
) -> Iterator[Mark]:  # fmt: skip
    """Yield a mark if a passage says the same under a condition of which the sentence says nothing."""
    part = fitting.said
    if _has_sign(part.text, language):
        return
    for passage in about[:2]:
        for start, end in conditions_of(passage.text, language):
            if folded(WORD.findall(passage.text[start:end])[0]) in _WITHOUT and is_prefixed(part.text, language):
                continue  # what is done "without a check" is "unchecked"
            if _is_wish(passage.text[start:end], language):
                continue  # "if you do not agree, you may appeal"
            words = passage.told.words
            main = [word for word in words if not start <= word.start < end]
            own = [word for word in words if start <= word.start < end and not any(are_kin(word, kin) for kin in main)]
            said = sum(any(are_kin(word, kin) for kin in whole.words) for word in own)
            if any(2 * sum(bool(_kin_of(word, near.words)) for word in own) >= len(own) for near in beside):
                continue
            if len(own) < LEAST_OWN or said >= SAID * len(own):
                continue
            same = [at for at, word in enumerate(part.words) if any(are_kin(word, kin) for kin in main)]
            anchors = sum(any(is_same(claim, there) for there in passage.told.values) for claim in part.values)
            got = sum(fitting.weights[at] for at in same) + VALUE * anchors
            every = sum(fitting.weights) + VALUE * len(part.values)
            if len(same) + anchors >= min(2, len(whole.words) + len(whole.values)) and got >= SAME * every:
                yield Mark("condition", part.text, 0, len(part.text), passage.text[start:end])
                return


VALUE = 3.0
"""Weight of a value beside the weights of words."""


_OPENS_WEAKLY = {
    "en": "without(?! (?:further )?(?:charge|cost))|only after|once|with the prior",
    "de": "ohne(?! (?:\\w+ )?Kosten)|erst nach|erst wenn|nach (?:vorheriger|fruchtloser?)|nur mit",
    "fr": "sans(?! (?:frais|coût))|une fois|sous réserve|après accord",
    "es": "sin(?! (?:cargo|coste))|una vez|previ[oa]",
    "it": "senza(?! (?:spese|costi))|una volta|previ[oa]",
    "pl": "po uprzedni\\w+",
    "pt": "sem|uma vez|mediante",
    "nl": "zonder|zodra|na voorafgaande",
}
WEAK_WORDS = 2
"""Number of words behind an opener such as "without" that belong to it."""


@cache
def _opening(language: str) -> re.Pattern[str] | None:
    some, weak = "|".join(map(re.escape, openers(language))), _OPENS_WEAKLY.get(language, "(?!)")
    return re.compile(rf"(?<![\w'’-])(?:(?P<weak>{weak})|{some})(?![\w'’-])", re.IGNORECASE) if some else None


_END = re.compile(r"[,;:]\s|(?<!\d)[.!?](?:\s|$)|\s[–—]\s")


@lru_cache(maxsize=8192)
def conditions_of(text: str, language: str) -> tuple[tuple[int, int], ...]:
    opening = _opening(language)
    conditions = list[tuple[int, int]]()
    for match in opening.finditer(text) if opening else ():
        before = [folded(word) for word in WORD.findall(text[: match.start()])[-1:]]
        if before and before[0] in listed("conditions", "not_behind"):
            continue
        stop = _END.search(text, match.end() + 2)  # behind the comma of "in case, that"
        end = stop.start() if stop else len(text)
        if match["weak"]:
            behind = [word.end for word in told(text, language).words if match.end() <= word.start < end]
            end = behind[:WEAK_WORDS][-1] if behind else end
        conditions.append((match.start(), end))
    return tuple(conditions)


def _has_sign(text: str, language: str) -> bool:
    words = {folded(word) for word in WORD.findall(text)}
    signs = listed("conditions", "signs", language) | listed("conditions", "limits", language)
    opening = _opening(language)
    return bool(words & signs) or bool(opening and opening.search(text))


def _is_wish(clause: str, language: str) -> bool:
    """Return whether a condition is no more than that somebody wishes a thing, or does not agree."""
    words = {folded(word) for word in WORD.findall(clause)}
    wishes = word_set(tables()["conditions"]["wishes"]["agree" if words & denying(language) else "wish"])
    return any(word in wishes for word in words)


def _kin_of(word: Word, words: Sequence[Word]) -> list[int]:
    return [at for at, near in enumerate(words) if are_kin(word, near)]
