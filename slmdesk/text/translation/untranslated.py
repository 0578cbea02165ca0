"""Finds words of the source that a translation left untranslated, and letters of a foreign script.

Small models leave a phrase untranslated ("must be taken twice a day" → "muss twice a day genommen werden"), mostly a
formatted one, and some of them slip into Chinese within a word.  Found by function words, which no
language borrows; names and capitalised terms are ignored.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import cache

from slmdesk.text.checks.words import WORD, folded, function_words, tables, word_set

_SCRIPTS = {
    "CYRILLIC": "ru uk bg sr mk be kk",
    "GREEK": "el",
    "HEBREW": "he",
    "ARABIC": "ar fa ur",
    "DEVANAGARI": "hi mr ne",
    "BENGALI": "bn",
    "THAI": "th",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "ja zh ko",
    "HANGUL": "ko",
}
NOT_LATIN = frozenset(" ".join(_SCRIPTS.values()).split())
_KIN = ({"fr", "es", "it", "pt", "ca", "ro", "gl"}, {"pl", "cs", "sk", "sl", "hr", "sr"}, {"de", "nl"})
_BOTH = word_set(
    "all also her per via but has had was will most come over one son were die war man hat plus pour sans car dont are "
    "hier under once due sole he me on or in an am so do to my our not fast bei said"
)
_MORE = frozenset(["much", "many", "very", "twice", "than", "every", "less", "never", "always", "often"])
_ADVERB = re.compile(r"[a-z]{4,}ly")


def leftover(source: str, target: str, source_language: str, target_language: str) -> str:
    """The first untranslated words of the source in the target; "" where there are none or that cannot be determined.

    Works for sources in a language whose function words are known (checks.toml), and targets that do not share them.
    """
    small = _small_words(source_language)
    if not small or source_language == target_language or any({source_language, target_language} <= k for k in _KIN):
        return ""
    own = function_words(target_language) if target_language in tables()["function"] else frozenset()
    there, words = _words(source), _words(target)
    pairs = set(itertools.pairwise(there))
    lower = {word for word in there if word.islower()}
    for at, word in enumerate(words):
        if word not in lower:
            continue
        before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
        if _is_of_name(word, before, after, pairs):
            continue
        if source_language == "en" and _ADVERB.fullmatch(word):
            return word
        tells = folded(word) in small and folded(word) not in own and folded(word) not in _BOTH
        if tells and len(word) > 2:
            return word
        if folded(word) in small and (word, after) in pairs and after.islower() and folded(after) not in own:
            return f"{word} {after}"
    return ""


def _words(text: str) -> list[str]:
    """The words of a text; "" where something else stands or ends: a sign, a figure, a code such as "a-b" or 'all'."""
    found: list[str] = []
    for one in text.split():
        bare = one.rstrip(".,;:!?)…»”“")
        found.append(bare if WORD.fullmatch(bare) else "")
        if bare != one:
            found.append("")
    return found


@cache
def _small_words(language: str) -> frozenset[str]:
    if language not in tables()["function"]:
        return frozenset()
    return function_words(language) | (_MORE if language == "en" else frozenset())


def _is_of_name(word: str, before: str, after: str, pairs: set[tuple[str, str]]) -> bool:
    return ((word, after) in pairs and after[:1].isupper()) or ((before, word) in pairs and before[:1].isupper())


def foreign_letters(source: str, target: str, target_language: str) -> str:
    """Letters of the target in a script that belongs neither to its language nor to the source; Latin never counts."""
    if target.isascii():
        return ""
    known = {_script(sign) for sign in source}
    return "".join(
        sign
        for sign in target
        if (script := _script(sign)) and script not in known and target_language not in _SCRIPTS[script].split()
    )


def _script(sign: str) -> str:
    if sign < "\u0370" or not sign.isalpha():
        return ""
    name = unicodedata.name(sign, "").partition(" ")[0]
    return name if name in _SCRIPTS else ""
