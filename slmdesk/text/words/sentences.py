"""Splits a text into sentences, each with its position in the original.

Cut by sentencex.  Its pieces joined are not always the original, so each piece is looked for from where the last one
ended; and it cuts behind some abbreviations ("godz. | 15.", "2020 r. | i"), and between a Japanese quotation and the
particle that follows: such pieces are joined again.
"""

from __future__ import annotations

import re

_BREAK = re.compile(r"\n[^\S\n]*\n")
_LETTER = re.compile(r"[^\W\d_]")
_CLOSED_QUOTE = ("」", "』", "”", "»", "）")
_PARTICLE = re.compile(r"^[\u3041-\u309f、,]")
# Words with a dot after which a number or a name continues the same sentence.
_SHORT_WORDS = (
    "godz r ust art nr zob str tzn tj np dr prof mgr inż ul pkt poz abs ziff vgl bzw ca evtl ggf inkl zzgl tel "
    "p pp fig figs sec vol ch approx resp al cf eq ed eds st sr sra av avda núm pág fr mme mlle m ibid sig dott"
)
_SHORT = frozenset(_SHORT_WORDS.split())


def sentence_spans(text: str, language: str = "") -> list[tuple[int, int]]:
    """Positions of the sentences of `text`: (start, end) in characters, in order, without the white space around them.

    `language` is a code of ISO 639-1; without one the rules of English are used.  All letters and digits of the text
    are in some span.
    """
    import sentencex  # every command imports this module, few cut a text

    spans: list[tuple[int, int]] = []
    at = 0
    for piece in sentencex.segment(language or "en", text):
        words = piece.strip()
        if not words:
            continue
        start = text.find(words, at)
        if start < 0:
            continue
        if text[at:start].strip() and spans:  # letters that the library lost belong to the sentence before
            spans[-1] = (spans[-1][0], at + len(text[at:start].rstrip()))
        elif text[at:start].strip():
            start = at + len(text[at:start]) - len(text[at:start].lstrip())
        at = text.find(words, at) + len(words)
        if spans and _goes_on(text, spans[-1], (start, at)):
            spans[-1] = (spans[-1][0], at)
        else:
            spans.append((start, at))
    if text[at:].strip():
        start = at + len(text[at:]) - len(text[at:].lstrip())
        spans.append((start, len(text.rstrip())))
    return spans


def sentences(text: str, language: str = "") -> list[str]:
    """The sentences of `text`, unchanged."""
    return [text[start:end] for start, end in sentence_spans(text, language)]


def _goes_on(text: str, before: tuple[int, int], piece: tuple[int, int]) -> bool:
    """Whether a piece continues the sentence before it."""
    if _BREAK.search(text, before[1], piece[0]):
        return False
    head, rest = text[before[0] : before[1]], text[piece[0] : piece[1]]
    if head.endswith(_CLOSED_QUOTE):
        return bool(_PARTICLE.match(rest)) or rest[0].islower()
    if not _LETTER.search(rest) and not rest[0].isdigit():
        return True  # closing quotes, dots
    last = re.split(r"\s", head.rstrip("."))[-1].strip("(\"'„“«").casefold()
    if head.endswith(".") and last in _SHORT:
        return rest[0].isdigit() or rest[0].islower()
    return rest[0].islower() and not head.endswith(("?", "!"))
