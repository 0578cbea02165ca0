"""Tells an answer that goes astray while it is written: it repeats itself, or is in a language nobody asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache

from slmdesk.base.text.sentences import detect
from slmdesk.base.text.words import folded, tables, tongue
from slmdesk.base.translation import LANGUAGES
from slmdesk.chat.types import LANGUAGE, REPEAT

LAST_WORDS, LEAST_TOLD, SURE = 240, 20, 0.9
"""Words at the end of an answer in which a loop is looked for; fewest by which its language is told, how surely."""
SPOKEN = ("de", "en", "es", "fr", "it", "nl", "pl", "pt")
LONGEST_ROUND, ROUNDS, LEAST_LOOP = 60, 4, 32
"""Most words that are repeated, and how often, as a loop; fewest words of it in all."""
LEAST_RUN, LEAST_NEW = 90, 0.5
"""Words of text without a line end, and the least share of different groups of three among them. Texts have 0.8;
verses and lists, which have less, have lines.
"""
_CODE = r"^ {0,3}(?:```|~~~).*?(?:^ {0,3}(?:```|~~~)|\Z)|^[ \t]*\|.*?$"
_NO_LOOP = re.compile(rf"{_CODE}|^[^\n]*(?:__|\.{{4}}|:)[ \t]*$|^[ \t]*\d+[.)]", re.DOTALL | re.MULTILINE)
"""Matches code, tables, forms, and the numbers of a list, which hide that its points are the same."""
_FOREIGN = re.compile(rf"{_CODE}|`[^`\n]+`|[“„«\"][^”“»\"]{{12,}}[”“»\"]?|^[ \t]*>.*?$", re.DOTALL | re.MULTILINE)
"""Matches what may be in any language: code, tables, quotations."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_OFTEN = re.compile(r"(?i)\w ?(?:times|fois|veces|volte|vezes|keer|maal|razy)\b|(?<!ein)mal\b|repeat|wiederhol")
"""Matches what asks for the same words many times."""
_OTHER = """translat ubersetz tradu trad vertaal vertal tlumacz przetlumacz language sprache langue idioma lingua
jezyk taal engl angl ingl deutsch allemand aleman tedesco alemao duits niemieck franzo francais france
franc frans spani espagn espan spagn hiszp spaans ital wlos holland neerl nederl niederl oland portug
polni polnisch polon polac pools polsk"""
"""How words begin that name one of the languages of the checks, or ask for a translation."""


class Astray:
    """What an answer may do. `said`: what the person wrote so far, the question last; `wanted`: a language by code."""

    def __init__(self, said: Sequence[str], wanted: str = "") -> None:
        self._said, self._wanted = said, wanted
        self._may_repeat = bool(_OFTEN.search(said[-1]))

    @cached_property
    def _likely(self) -> str | None:
        """The usual language of the answer by code, told without a language model, or None."""
        return self._wanted or tongue(self._said[-1]) or None

    @cached_property
    def _language(self) -> str:
        """The language for the answer by code, or "" if any may do: one is named, or the question has parts in two."""
        names = {folded(name) for each in LANGUAGES.values() for name in (each.name, each.own_name)}
        said = [word for text in self._said for word in _words(text)]
        if self._wanted or any(word in names or word.startswith(tuple(_OTHER.split())) for word in said):
            return self._wanted
        parts = {language_of(line) for line in _FOREIGN.sub(" ", self._said[-1]).splitlines() if len(_words(line)) > 3}
        return parts.pop() if len(parts) == 1 else ""

    def reason(self, text: str) -> str:
        """Return REPEAT or LANGUAGE, or "" for an answer that is none of these so far."""
        if not self._may_repeat and repeats(_NO_LOOP.sub(" ", text)):
            return REPEAT
        told = " ".join(_FOREIGN.sub(" ", text).split()[-2 * LEAST_TOLD :])
        if len(told.split()) < LEAST_TOLD or tongue(told) == self._likely or not self._language:
            return ""
        return LANGUAGE if language_of(told, self._language) not in ("", self._language) else ""


@lru_cache(8)
def astray(said: tuple[str, ...], wanted: str) -> Astray:
    return Astray(said, wanted)


def language_of(text: str, likely: str = "") -> str:
    """Return the code of a text's language if it is one of SPOKEN for sure, else "". `likely` needs fewer words."""
    code, sure = detect(text)
    is_agreed = code not in tables()["function"] or tongue(text, likely=likely) in ("", code)
    return code if code in SPOKEN and sure > SURE and is_agreed else ""


def repeats(text: str) -> bool:
    """Return whether a text ends in the same words over and over, or in a sentence that turns in a circle."""
    words = _words(text)[-LAST_WORDS:-1]  # the last may be half a word
    for length in range(1, LONGEST_ROUND + 1):
        whole = length * max(ROUNDS, -(-LEAST_LOOP // length))
        if whole <= len(words) and words[-whole:-length] == words[length - whole :]:
            return True
    run = _words(text.rpartition("\n")[2])[-LEAST_RUN:]
    groups = set(zip(run, run[1:], run[2:], strict=False))
    return len(run) == LEAST_RUN and len(groups) < LEAST_NEW * LEAST_RUN


def _words(text: str) -> list[str]:
    return [folded(word) for word in _WORD.findall(text)]
