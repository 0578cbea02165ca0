"""Which of a few languages a text is in, by its commonest words.  For whole sentences: one word tells nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORDS = {
    "en": "the and is of to in it that was for are with as be this by have not you at from or",
    "de": "der die das und ist ein eine nicht mit von zu den im auf für sich es dem auch wird sind wie",
    "fr": "le la les et est un une des du que dans qui pour pas sur avec il elle ce au par sont ne",
    "es": "el la los las y es un una de que en por con no para del se al como su está son más",
    "it": "il la che e di un una è per non con del della in sono si da al le gli nel come più",
    "pt": "o a os as e é um uma de que em por com não para do da se ao como no na são mais",
    "nl": "de het een en is van in dat op te zijn met voor niet aan er door ook als bij naar wordt",
    "pl": "i w na z nie się jest do że to o jak po co od przez dla są który która ale oraz jego ma",
}
_COMMON: Mapping[str, frozenset[str]] = {code: frozenset(words.split()) for code, words in _WORDS.items()}

LANGUAGES = tuple(_COMMON)
"""Codes of ISO 639-1 that can be told apart."""
LEAST_WORDS = 2
"""So many common words of a language, at least, make it likely."""


def language_of(text: str) -> str | None:
    """The code of the language a text is in; None when too little speaks for any, or two are even."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    hits = sorted(((sum(word in common for word in words), code) for code, common in _COMMON.items()), reverse=True)
    (best, code), (second, _) = hits[:2]
    return code if best >= LEAST_WORDS and best > second else None
