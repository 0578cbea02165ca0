"""Finds the words of a translation that its model was unsure of, from the probabilities of the answer's
tokens.

A translation is the answer without remarks before it, with tags and white space put in order.  So both have the same
signs in the same order except for what was cut off at the ends; where that is not so, nothing is reported.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

from slmdesk.base.translation import Doubt, SegmentFlag
from slmdesk.base.types import TokenProbability
from slmdesk.text.translation.tagged import Tags, tag_spans

UNSURE = 0.5
"""Words with a token less likely than this: all that the model might have written instead is together likelier."""
_WORD = re.compile(r"\S+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts without blanks between words: there a token stands for a word."""


UNSURE_FROM = 1.35
"""Surprise from which a translation is flagged: of seven documents by a model of 1.5 billion weights it flags 6 of 10
that are wrong and 3 of 20 that rules take for right, half of which are doubtful.  A single unlikely word tells less.
"""
LEAST_LIKELY = 1e-4
MOST_SHOWN = 4


def surprise(probabilities: Sequence[TokenProbability]) -> float:
    """How unsure a model was of what it wrote: its tokens' -ln p, summed, over the root of their number.

    The sum alone grows with the length of a sentence, the mean hides one bad word in a long one.
    """
    if not probabilities:
        return 0.0
    total = sum(-math.log(max(probability, LEAST_LIKELY)) for _, _, probability in probabilities)
    return total / math.sqrt(len(probabilities))


def unsure_flags(
    target: str, doubts: Sequence[Doubt], probabilities: Sequence[TokenProbability]
) -> tuple[SegmentFlag, ...]:
    if surprise(probabilities) < UNSURE_FROM or not target:
        return ()
    least = sorted(sorted(doubts, key=lambda one: one[2])[:MOST_SHOWN])
    words = dict.fromkeys(target[begin:end] for begin, end, _ in least)
    return (SegmentFlag("unsure", ", ".join(words)),)


def doubts_in(
    target: str, answer: str, probabilities: Sequence[TokenProbability], tags: Tags, *, below: float = UNSURE
) -> tuple[Doubt, ...]:
    """The words of `target`, made from `answer`, with a token less likely than `below`; see core.translation.Doubt.

    `probabilities` of the answer's tokens.  Empty where none were requested, and where the two texts differ in more
    than their ends, white space and the form of their tags.  Any thread; linear in the length except for a search.
    """
    if not any(probability < below for _, _, probability in probabilities):
        return ()
    before, after = _signs(answer, tags), _signs(target, tags)
    offset = _offset([answer[at] for at in before], [target[at] for at in after])
    if offset is None:
        return ()
    least = _least_of_each(answer, probabilities)
    of_target = {at: least[before[offset + index]] for index, at in enumerate(after)}
    found = []
    for begin, end in _words(target, tags, of_target):
        lowest = min(of_target[at][0] for at in range(begin, end))
        if lowest < below:
            found.append((begin, end, lowest))
    return tuple(found)


def _signs(text: str, tags: Tags) -> list[int]:
    within = {at for begin, end in tag_spans(text, tags) for at in range(begin, end)}
    return [at for at, sign in enumerate(text) if not sign.isspace() and at not in within]


def _offset(before: Sequence[str], after: Sequence[str]) -> int | None:
    """The index of the answer's sign at which the translation begins; None where that is not certain."""
    whole, part = "".join(before), "".join(after)
    if not part:
        return None
    if whole.endswith(part):  # what is cut off stands before
        return len(whole) - len(part)
    first = whole.find(part)
    return first if first >= 0 and whole.find(part, first + 1) < 0 else None


def _least_of_each(text: str, probabilities: Sequence[TokenProbability]) -> list[tuple[float, int]]:
    """For each character the lowest probability of its tokens, and which token that is; characters of none are sure."""
    least: list[tuple[float, int]] = [(1.0, -1)] * len(text)
    for number, (begin, end, probability) in enumerate(probabilities):
        for at in range(begin, min(end, len(text))):
            if least[at][1] < 0 or probability < least[at][0]:
                least[at] = (probability, number)
    return least


def _words(text: str, tags: Tags, tokens: dict[int, tuple[float, int]]) -> list[tuple[int, int]]:
    """The words of a text without tags; where words are not separated by blanks, the characters of each token."""
    found: list[tuple[int, int]] = []
    at = 0
    for tag_begin, tag_end in [*tag_spans(text, tags), (len(text), len(text))]:
        for word in _WORD.finditer(text, at, tag_begin):
            spans = _by_token(*word.span(), tokens) if _UNSPACED.search(word[0]) else [word.span()]
            found += [bare for begin, end in spans if (bare := _bare(text, begin, end))]
        at = tag_end
    return found


def _bare(text: str, begin: int, end: int) -> tuple[int, int] | None:
    while begin < end and unicodedata.category(text[begin])[0] in "PS":
        begin += 1
    while begin < end and unicodedata.category(text[end - 1])[0] in "PS":
        end -= 1
    return (begin, end) if begin < end else None


def _by_token(begin: int, end: int, tokens: dict[int, tuple[float, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for at in range(begin, end):
        if found and tokens[at][1] == tokens[at - 1][1]:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found
