"""Turns a model's answer into a translation: without remarks, with tags, numbers and ends as in the source. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold
from slmdesk.base.text.tagged import Tags, mended, plain, tag_spans, without_strangers
from slmdesk.base.text.words import WORD
from slmdesk.base.translation import Doubt, SegmentFlag, Term
from slmdesk.base.types import TokenProbability
from slmdesk.tasks.translation.preserved import masked, misspelt, unmasked, without_chatter, without_protected

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


# Finds the words that a dictionary of the language should have.

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
    for run in _TO_LOOK_UP.findall(without_protected(plain(target, tags))):
        for word in run.split("-"):
            is_large = word[0].isupper() and (
                target_language != "de" or not word[1:].islower() or fold(word) in fold(source)
            )
            if not is_large and not fold(word).startswith(names) and not _is_term(word, source):
                american = _WARDS.sub("", _OUR.sub("or", _ISE.sub("iz", word))) if target_language == "en" else word
                spellings[word] = frozenset((word, american))
    return spellings
