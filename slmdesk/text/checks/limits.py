"""Compares what limits a sentence with what limits its translation: conditions, exceptions, "only", who must or may.

The words are in `limits.toml`, for eight languages; a pair with another language is not judged.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.record import Record
from slmdesk.text.checks.negation import denials, is_french_only
from slmdesk.text.folding import fold

_VERB = (
    r"(?:wird|werden|ist|sind|war|hat|haben|hatte|kommt|kommen|bleibt|bleiben|kann|konnen|darf|muss|mussen|soll|sollen|"
    r"sollten?|ware|wurden?|hatten?|geht|liegt|will|mochten?|\w{3,}(?:t|en))"
)
_INVERTED = {
    "de": re.compile(rf"^{_VERB} (?!sie bitte\b|bitte\b)[^?]*, (?:so |dann )?{_VERB}\b[^?]*$"),
    "nl": re.compile(r"^\w{2,}(?:t|en) [^?]*, dan \w+\b[^?]*$"),
    "en": re.compile(r"^(?:should|had|were) [^?]*,[^?]*$"),
}
"""Matches folded sentences that begin with the verb of a condition: "Wird er vertagt, so …", "Should you move, …"."""
_NO_LIMIT = re.compile(
    r"\b(?:even if|as if|what if|auch wenn|selbst wenn|als ob|wie wenn|si bien|meme si|comme si|aunque|como si|"
    r"anche se|come se|mesmo se|nawet jesli|ausser (?:betrieb|kraft|haus|acht|stande|sich|frage)|if any|"
    r"s'il (?:vous|te) plait|not only|nicht nur|non seulement|no solo|non solo|nao so|niet alleen|nie tylko)\b"
)
_ONE_MORE = re.compile(
    r"(?<= )(?:and|or|und|oder|et|ou|y|o|e|en|of|i|lub) (?:if|wenn|falls|si|se|als|indien|jesli|jezeli)\b"
)
"""Matches what goes on with a condition: "if he pays and if he signs" may be "if he pays and signs"."""
_RELATIVE = re.compile(r"^(?:wer|wie|quien|quienes|quiconque|chi|kto|quem) [^?]*$")
_ASKED = re.compile(r"^who (?!ever)[^?]*$")


class Sentence(Record):
    words: str
    """Folded, without what only looks like a limit ("even if")."""
    language: str
    denials: int

    def said(self, kind: str, side: str) -> list[str]:
        """Return the words that are in a list of `limits.toml`."""
        return _pattern(kind, side, self.language).findall(self.words)

    def limits(self, kind: str) -> list[str]:
        """Return the words that surely limit the sentence in this way."""
        inverted = _INVERTED.get(self.language) if kind == "condition" else None
        opener = self.words.split()[:1] if inverted and inverted.match(self.words) else []
        if kind == "only" and self.language == "fr" and is_french_only(self.words):
            opener = ["ne … que"]
        return [*opener, *self.said(kind, "sure")]

    def others(self, kind: str, than: Sentence) -> list[str]:
        """Return the words that may say what the other sentence does: "if not" for "unless", which may be an "only"."""
        is_negated = kind != "condition" and self.denials > than.denials
        negated = self.limits("condition") if is_negated else []
        return [*self.said(kind, "may"), *negated, *(self.limits("exception") if kind == "only" else [])]


def lost_limits(source: str, target: str, source_language: str, target_language: str) -> list[tuple[str, str, str]]:
    """Return which limits differ as (kind, word, "missing" or "added"). Kinds are condition, exception and only.

    A fourth is duty, where the words are those of the translation and of the source.
    """
    if not all(language in _lists()["condition"]["sure"] for language in (source_language, target_language)):
        return []
    before, after = _read(source, source_language), _read(target, target_language)
    faults = []
    for kind in ("condition", "exception", "only"):
        for here, there, fault in ((before, after, "missing"), (after, before, "added")):
            limits = here.limits(kind)
            if len(limits) > len(there.limits(kind)) + len(there.others(kind, here)):
                faults.append((kind, limits[0], fault))
    exceptions = before.limits("exception")
    is_kept = after.limits("exception") or after.denials > before.denials
    if exceptions and after.limits("condition") and not is_kept:
        faults.append(("exception", exceptions[0], "missing"))  # "unless" has become "if"
    if target_language == "en" and _RELATIVE.match(before.words) and _ASKED.match(after.words):
        faults.append(("condition", before.words.split()[0], "missing"))  # "Wer zahlt, …" is no "Who pays …"
    return list(dict.fromkeys([*faults, *_duties(before, after)]))


def _duties(before: Sentence, after: Sentence) -> list[tuple[str, str, str]]:
    if before.denials or after.denials:  # "must not" is "may not" in other languages
        return []
    for side, other in (("must", "may"), ("may", "must")):
        said, instead = before.said("duty", side), after.said("duty", other)
        if said and instead and not before.said("duty", other) and not after.said("duty", side):
            return [("duty", instead[0], said[0])]
    return []


def _read(text: str, language: str) -> Sentence:
    words = _NO_LIMIT.sub(" ", " ".join(fold(text).replace("’", "'").split()))
    words = _ONE_MORE.sub(" ", words)
    return Sentence(words, language, len(denials(text, language) or ()))


@cache
def _lists() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.text").joinpath("limits.toml").read_text("utf-8"))


@cache
def _pattern(kind: str, side: str, language: str) -> re.Pattern[str]:
    words = (re.escape(word.strip()).replace(r"\*", r"\w*") for word in _lists()[kind][side][language].split("|"))
    return re.compile(rf"(?<![\w'])(?:{'|'.join(words)})(?!\w)")


@cache
def _address(side: str, language: str) -> re.Pattern[str] | None:
    words = _lists()["address"][side].get(language)
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None


_QUOTED = re.compile(r"[“„«\"][^“”„«»\"]*[”“»\"]")


def address(text: str, language: str) -> dict[str, str]:
    """Return the first words that speak to a reader, for each way a text does: "formal", "informal".

    Words in quotation marks do not count.
    """
    text = _QUOTED.sub(" ", text)
    matches = {side: words.search(text) for side in ("formal", "informal") if (words := _address(side, language))}
    return {side: match[0] for side, match in matches.items() if match}
