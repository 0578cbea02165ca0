"""Chooses the sentences shown for a question when no model answers it. Pure functions."""

from __future__ import annotations

import re

from slmdesk.base.record import Record
from slmdesk.library.search import LEAST_STEM, LONGEST_ENDING, Citation, are_alike
from slmdesk.questions.grounds import Grounds, asked_words, asks_yes_or_no, new_values
from slmdesk.questions.matter import things
from slmdesk.questions.values import Kind, is_answered, kind_of, values_of
from slmdesk.text.checks.words import folded
from slmdesk.text.relevance import with_umlauts
from slmdesk.text.sentences import question_language
from slmdesk.text.terms import fits, is_within

NEAR, NEAR_NUMBER = 12, 4
"""Most words between a date or amount, or another number, and each of the question's words, where that is told."""
VALUE = 0.3
"""What a value of the kind that is asked for counts, beside the share of the question's words in a sentence."""
LEAST = 0.3
"""Smallest share of the question's words that counts as their standing there, in other forms and compounds."""
NEAR_BEST = 0.4
MOST = 3


class Shown(Record):
    citations: tuple[Citation, ...]
    fits: bool
    """Whether the question's words stand close together in each, beside a value of the kind that it asks for."""


def shown_for(question: str, grounds: Grounds) -> Shown:
    asked, worths, fitting = asked_words(question), dict[Citation, float](), set[Citation]()
    language = question_language(question, grounds.text)
    near = NEAR if kind_of(question) in (Kind.SUM, Kind.TIME) else NEAR_NUMBER
    for place in grounds.places:
        quote = place.citation.quote
        values = values_of(question, quote, language)
        words = (grounds.weights.share(asked, quote) + grounds.weights.share(asked, place.text)) / 2
        is_fit = any(all(_is_beside(value, word, quote, near, language) for word in asked) for value in values)
        if is_fit or words >= LEAST or any(_is_said(word, said) for said in _words(place.text) for word in asked):
            worths[place.citation] = words + VALUE * bool(values)
        if is_fit and asked:
            fitting.add(place.citation)
    best = sorted(fitting or worths, key=lambda citation: -worths[citation])[:MOST]
    best = [citation for citation in best if worths[citation] >= NEAR_BEST * worths[best[0]]]
    return Shown(tuple(best), bool(fitting))


def perhaps_for(question: str, grounds: Grounds) -> tuple[Citation, ...]:
    """Return the best sentences that name all that a question asks about, with a value of the kind it asks for."""
    language = question_language(question, grounds.text)
    asked = [
        {folded(word), folded(with_umlauts(word, language))}
        for word in things(question, asked_words(question), language)
    ]

    def is_one(citation: Citation) -> bool:
        said = _words(citation.quote)
        is_named = all(any(_is_said(word, other) for word in forms for other in said) for forms in asked)
        asked_for = (question, citation.quote, language)
        return is_named and (bool(values_of(*asked_for)) or _has_name(*asked_for))

    citations = [place.citation for place in grounds.places if asked and is_one(place.citation)]
    return tuple(sorted(citations, key=lambda citation: -grounds.relation(question, [citation]))[:MOST])


def _has_name(question: str, quote: str, language: str) -> bool:
    """Return whether a quotation names what answers a question for neither a number, a time nor a yes."""
    if kind_of(question) not in (None, Kind.DOSE, Kind.REASON) or asks_yes_or_no(question):
        return False
    is_named = any(value.kind == "name" for value in new_values(question, quote, language))
    return is_named and is_answered(question, quote, language)


def _words(text: str) -> list[str]:
    return [folded(word) for word in _WORD.findall(text)]


def _is_said(word: str, said: str) -> bool:
    """Return whether two words are alike, or the first like the end of the second."""
    begin = said.find(word[: max(LEAST_STEM, len(word) - LONGEST_ENDING)])
    return said == word or are_alike(word, said[max(0, begin) :])


def _is_beside(value: int, word: str, quote: str, near: int, language: str) -> bool:
    """Return whether a form of a word, or a compound that ends in it, stands near the value at a character."""
    begin, end = (quote[:value].split()[-near:], quote[value:].split()[: near + 1])
    return any(_is_form(word, said, language) for said in _words(" ".join([*begin, *end])))


def _is_form(word: str, said: str, language: str) -> bool:
    if language in _WITHOUT_VERBS:
        return are_alike(word, said) or word == said
    return fits(said, word, language) or is_within(said, word, language, anywhere=False)


_WITHOUT_VERBS = ("fr", "es", "it", "pt", "pl")
"""Languages whose table of endings lacks most forms of verbs."""


_WORD = re.compile(r"\w+")
