"""Compares what a question asks for with what a sentence is about: sick days are no vacation days. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import takewhile

from slmdesk.library.search import are_alike, share_of
from slmdesk.questions.told import lists
from slmdesk.text.checks.numbers import find_numbers
from slmdesk.text.checks.words import WordSet, function_words, word_set
from slmdesk.text.folding import fold
from slmdesk.text.sentences import asking_words, stop_words

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_LEAST_ALIKE = 0.5
"""Share of a word's groups of letters that a text must have to be about it: "Haftungsgrenze", "die Haftung"."""
_SUFFIX = re.compile(
    r".{0,3}(?:ung|heit|keit|schaft|tion|sion|ment|tat|ing|age|ier|lich|isch|end|ern|eln|iert|ismus)s?"
)
_ENDING = re.compile(r"(?:en|es|er|e|n|s)$")
_GENERAL = re.compile(r"(?:gesamt|haupt|hochst|mindest|maximal|grund|einzel|teil|jahres|monats|voll|totaal|hoofd)s?")
_LEAST_PART, _LEAST_TAIL = 2, 4
_BEHIND, _MOST_COUNTED = 80, 5
"""Characters, and words, behind a number that tell what it counts."""
_LINKS = frozenset(
    ["of", "de", "du", "des", "d", "del", "della", "di", "da", "do", "dos", "van", "la", "le", "les", "l", "the"]
)
_HELPS = re.compile(
    r"\b(?:do|does|did|can|could|may|might|must|shall|should|will|would"
    r"|(?<!what )(?<!which )(?<!who )(?:is|are|was|were|has|have|had))\b",
    re.IGNORECASE,
)
"""A verb that helps another one, which comes at the end: "how long are backups kept", but not "what is the fee"."""
_BEFORE_NOUNS = (
    "an at by for from in of on the to with der den dem des einen einem einer im am zum zur vom beim mit von bei fur "
    "nach de du d la le les l un une au aux en par pour sur el los las del al por para con sin una il lo i gli della "
    "dei delle dello di alla in per su het een van voor o os as do da dos das no na do od po z w za"
)
_BEFORE_NOUN = frozenset(_BEFORE_NOUNS.split())
"""Folded articles and prepositions."""
_BENT = ("e", "er", "es", "em")
_COUNTS = frozenset(
    ["many", "viele", "vielen", "cuantos", "cuantas", "quanti", "quante", "quantos", "quantas", "ile", "hoeveel"]
)
_INFINITIVE = {
    "fr": ("er", "ir", "re"), "es": ("ar", "er", "ir"), "pt": ("ar", "er", "ir"), "it": ("are", "ere", "ire"),
    "pl": ("c",),
}  # fmt: skip


@cache
def kinds() -> WordSet:
    """Return folded words for a kind of value. They say what is asked for, not of what."""
    return word_set(lists()["kinds"])


def missing_word(
    question: str, matter: Sequence[str], quote: str, around: str, everything: str | None, language: str
) -> str:
    """Return the word of a question that shows that a quotation is about another thing, or "".

    It is a word that the quotation has another one for ("sick days", "vacation days"; "Krankheitstage",
    "Urlaubstage"), the noun that is counted ("how many"), or one that is nowhere in the documents. `matter`: the folded
    words that tell what the question is about. `around`: the quotation with what stands above it. `everything`: all
    documents; None: nothing is known of them. `language`: of the question.
    """
    asked, told = _words(question), [fold(word) for word in _words(quote)]
    counted = [
        fold(word)
        for number in find_numbers(quote, language)
        for word in _words(quote[number.end : number.end + _BEHIND])[:_MOST_COUNTED]
    ]
    small = function_words() | stop_words().get(language, frozenset()) | asking_words()
    folded = [fold(word) for word in asked]
    near, everywhere = fold(around), frozenset(map(fold, _words(everything or "")))
    for at, word in enumerate(folded):
        if word not in matter or not _is_matter(word, small) or any(is_form(word, other) for other in near.split()):
            continue
        if _is_verb(asked, at, question, language):
            continue
        if _has_other_half(word, told, folded, near):
            return asked[at]
        if _is_there(word, near):
            continue
        if _is_exchanged(folded, at, counted, small, near):
            return asked[at]
        is_counted = at > 0 and folded[at - 1] in _COUNTS
        is_noun = language != "de" or asked[at][0].isupper()
        is_new = is_noun and not any(_is_kin(word, other) for other in everywhere)
        if everything and (is_counted or is_new):
            return asked[at]
    return ""


def things(question: str, matter: Sequence[str], language: str) -> list[str]:
    """Return the words of a question for what it asks about: those of its matter that are no verbs."""
    asked = _words(question)
    small = function_words() | stop_words().get(language, frozenset()) | asking_words()
    return [
        word
        for at, word in enumerate(asked)
        if fold(word) in matter and _is_matter(fold(word), small) and not _is_verb(asked, at, question, language)
    ]


def _words(text: str) -> list[str]:
    return [part for word in _WORD.findall(text) for part in word.split("-")]


def _is_there(word: str, text: str) -> bool:
    return share_of([word], text) >= _LEAST_ALIKE or any(is_form(word, other) for other in text.split())


def is_form(word: str, other: str) -> bool:
    return word == other or are_alike(word, other)


def _is_kin(word: str, other: str) -> bool:
    """Return whether words are forms of one, or one is the last part of the other: "Frist", "Vorlauffrist"."""
    if is_form(word, other):
        return True
    short, long = sorted((_ENDING.sub("", word), _ENDING.sub("", other)), key=len)
    return len(short) >= _LEAST_TAIL and long.endswith(short) and not _SUFFIX.fullmatch(short)


def _has_other_half(word: str, told: Sequence[str], asked: Sequence[str], near: str) -> bool:
    """Return whether a compound of the quotation ends as this one and begins otherwise."""
    stem = _ENDING.sub("", word)
    for other in told:
        ended = _ENDING.sub("", other)
        ends = zip(reversed(stem), reversed(ended), strict=False)
        tail = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))
        front, its_front = stem[: len(stem) - tail], ended[: len(ended) - tail]
        if (
            tail >= _LEAST_TAIL
            and min(len(front), len(its_front)) >= _LEAST_PART
            and not _SUFFIX.fullmatch(stem[-tail:])
            and not _GENERAL.fullmatch(its_front)
            and not _is_there(front, near)
            and other not in asked
        ):
            return True
    return False


def _is_exchanged(asked: Sequence[str], at: int, counted: Sequence[str], small: frozenset[str], near: str) -> bool:
    """Return whether among the words behind a number there is another one beside the same neighbour."""
    for step in (-1, 1):
        beside = _beside(asked, at, step)
        if (
            not beside
            or beside in small
            or (beside in kinds() and beside not in counted)
            or not _is_there(beside, near)
        ):
            continue
        for place, word in enumerate(counted):
            if is_form(word, beside):
                other = _beside(counted, place, -step)
                if other and _is_matter(other, small) and not any(is_form(other, word) for word in asked):
                    return True
    return False


def _beside(words: Sequence[str], at: int, step: int) -> str:
    at += step
    while 0 <= at < len(words) and words[at] in _LINKS:
        at += step
    return words[at] if 0 <= at < len(words) else ""


def _is_matter(word: str, small: frozenset[str]) -> bool:
    return len(word) > _LEAST_PART and word not in small and word not in kinds() and not word[0].isdigit()


def _is_verb(words: Sequence[str], at: int, question: str, language: str) -> bool:
    """Return whether a word is likely what is done, which is said in many ways, and not the thing it is done to."""
    word, before = words[at], fold(words[at - 1]) if at else ""
    is_last = at == len(words) - 1
    if language == "de":  # an adjective stands before a noun
        is_adjective = not is_last and words[at + 1][0].isupper() and word.endswith(_BENT)
        return word.islower() and not (is_adjective or (word.endswith("en") and before in _BEFORE_NOUN))
    if language in _INFINITIVE:
        return fold(word).endswith(_INFINITIVE[language]) or before not in _BEFORE_NOUN
    helps = _HELPS.search(question) is not None
    if is_last and helps and _BEFORE_NOUN.isdisjoint(map(fold, words[at - 2 : at])):
        return True
    return word.endswith("ed") or (word.endswith("s") and not helps)
