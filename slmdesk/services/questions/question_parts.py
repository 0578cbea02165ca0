"""Splits a question that asks two things at once, so that each is answered: "How much is it, and why?"."""

from __future__ import annotations

import re

MOST_PARTS = 3

_ASKING = (
    "what which who whom whose when where why how",
    "was wer wem wen wessen wann wo wohin woher wofür wodurch womit wozu warum weshalb wieso wie wieviel welche[mnrs]?",
    "quoi que qu[ei]l(?:le)?s? qui quand où comment pourquoi combien",
    "qué quién(?:es)? cuándo dónde cómo cuánt[oa]s? cuál(?:es)?",
    "che chi cosa quando dove come perché quant[oaie] qual[ei]?",
    "co kto kogo komu kiedy gdzie dlaczego czemu jak ile jak[iae] któr[yae]",
    "quem qual quais onde wat wie wiens waar waarom hoe hoeveel welke?",
)
_ASKS = "|".join(" ".join(_ASKING).split())
_BEFORE = (
    "at|on|in|of|for|from|by|to|until|till|with|under|since|an|am|auf|aus|bei|bis|für|mit|nach|seit|über|um|unter|von"
    "|vor|zu|zum|zur|à|au|aux|de|d'|dans|en|par|pour|sous|sur|depuis|jusqu'à|a|al|con|desde|hasta|para|por|da|di|per"
    "|su|do|od|na|po|w|z|aan|bij|naar|op|tot|van|voor"
)
"""Words that may stand before the asking one: "and on which days"."""
_JOINT = re.compile(
    rf"(?:\s*[,;]|)\s+(?:and|und|et|y|e|i|en|sowie)\s+(?=(?:(?:{_BEFORE})\s+){{0,2}}(?:{_ASKS})\b)", re.IGNORECASE
)
_END = re.compile(r"(?<=\?)\s+(?=\S)")
_ENDS_ASKING = re.compile(rf"\b(?:{_ASKS})$", re.IGNORECASE)
_BEGINS_ASKING = re.compile(rf"[¿\s]*(?:(?:{_BEFORE})\s+){{0,2}}(?:{_ASKS})\b", re.IGNORECASE)
_LEAST_WORDS = 3
"""Of a first part before another that begins alike: "which firms and which persons …" asks one thing."""


def parts_of(question: str) -> tuple[str, ...]:
    """What a question asks, one by one, each in its own words; the question itself where it asks one thing."""
    found: list[str] = []
    for one in _END.split(question.strip()):
        begin = 0
        for joint in _JOINT.finditer(one):
            piece = one[begin : joint.start()]
            if _is_whole(piece, one[joint.end() :]) and not _ENDS_ASKING.search(piece):
                found.append(piece)
                begin = joint.end()
        found.append(one[begin:])
    asked = [one.strip(" ,;") for one in found]
    is_asked = "?" in question or bool(_BEGINS_ASKING.match(question))
    if not (is_asked and 1 < len(asked) <= MOST_PARTS and all(_asks(one) for one in asked)):
        return (question,)
    return tuple(one if one.endswith("?") else f"{one}?" for one in asked)


def _asks(piece: str) -> bool:
    """Whether it can be a question: a first sentence that only tells something is none."""
    return bool(piece.rstrip(" ?")) and not piece.endswith((".", "!", ":"))


def _is_whole(piece: str, following: str) -> bool:
    words = piece.split()
    return len(words) >= _LEAST_WORDS or (len(words) > 1 and words[0].casefold() != following.split()[0].casefold())


_REASONS = (
    r"\b(?:because|since|due to|owing to|as a result|for the reason|so that|in order to|caused?|reasons?"
    r"|weil|da|denn|wegen|aufgrund|infolge|damit|grund|parce|car|puisque|en raison|à cause|afin|porque|debido|ya que"
    r"|perché|poiché|a causa|ponieważ|bo|gdyż|z powodu)\b"
)
_EXPECTED: tuple[tuple[str, str], ...] = (
    (
        r"dose|dosage|dosis|dosierung|dosi|dawka|dawce",
        r"\d\s?(?:mg|g|ml|µg|mcg|units?|tablets?|Tabletten?|comprim\w+)\b",
    ),
    (r"why|warum|weshalb|wieso|pourquoi|por qué|perché|dlaczego|czemu", _REASONS),
    (
        r"how (?:much|many|high|long|often|large|big)|wie ?viele?|wie (?:hoch|lange|oft|groß)|combien|cuánt[oa]s?"
        r"|quant[oaie]|ile|kosten|gekostet|cost|price|amount|percentage|betrag|preis|montant",
        r"\d",
    ),
    (
        r"when|(?:by|until|on|in|from|since) (?:which|what) (?:day|date|month|year)s?|wann|quand|cuándo|quando|kiedy",
        r"\d|\b(?:after|before|until|once|year|month|week|nach|vor|bis|jahr|monat|woche|après|avant"
        r"|jusqu|année|mois)\w*\b",
    ),
)


def is_answered(part: str, answer: str) -> bool:
    """Whether an answer has what a part of a question asks for: a reason, a figure, a time; others are taken for
    answered.
    """
    for asks, has in _EXPECTED:
        if re.search(rf"\b(?:{asks})\b", part, re.IGNORECASE):
            return re.search(has, answer, re.IGNORECASE) is not None
    return True
