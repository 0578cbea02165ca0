"""What a question asks for: one thing or two ("How much is it, and why?"), a yes or no, a figure, a time."""

from __future__ import annotations

import re

from slmdesk.text.checks.numbers import find_numbers
from slmdesk.text.checks.words import tongue
from slmdesk.text.words.stop_words import search_words

MOST_PARTS = 3

_ASKING = (
    "what which who whom whose when where why how",
    "was wer wem wen wessen wann wo wohin woher wofür wodurch womit wozu warum weshalb wieso wie wieviel welche[mnrs]?",
    "quoi que qu[ei]l(?:le)?s? qui quand où comment pourquoi combien",
    "qué quién(?:es)? cuándo dónde cómo cuánt[oa]s? cuál(?:es)?",
    "che chi cosa quando dove come perché quant[oaie] qual[ei]?",
    "co kto kogo komu kiedy gdzie dlaczego czemu jak il[eu] jak(?:i|a|ie|iego|iej|im|ich) któr(?:y|a|e|ego|ej|ym|ych)",
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


_VERBS = {
    "en": "is|are|was|were|do|does|did|has|have|had|can|could|may|must|shall|should|will|would|am",
    "de": "ist|sind|war|waren|hat|haben|darf|dürfen|kann|können|muss|müssen|soll|sollen|wird|werden|wurden?|gibt|gilt"
    "|gehört|gehören",
    "fr": "est-ce",
    "pl": "czy",
}
_BEGINS_WITH_AND = re.compile(r"^[¿\s]*(?:et|y|e|i|a)\b", re.IGNORECASE)


def asks_yes_or_no(question: str) -> bool:
    """Whether it begins with its verb; in languages that need no such order, whether it has no asking word."""
    language = tongue(question)
    asks = re.search(rf"\b(?:{_ASKS})\b", question, re.IGNORECASE) is not None
    verbs = _VERBS.get(language) or "|".join(_VERBS.values())
    if re.match(rf"[¿\s]*(?:{verbs})\b", question, re.IGNORECASE):
        return bool(language) or not asks
    return "?" in question and not asks and language in _FREE and not _BEGINS_WITH_AND.match(question)


_FREE = ("fr", "es", "it", "pl", "pt")


_REASONS = (
    r"\b(?:because|since|due to|owing to|as a result|for the reason|so that|in order to|caused?|reasons?"
    r"|weil|da|denn|wegen|aufgrund|infolge|damit|grund|parce|car|puisque|en raison|à cause|afin|porque|debido|ya que"
    r"|perché|poiché|a causa|ponieważ|bo|gdyż|z powodu)\b"
)
_DOSE = (
    r"dose|dosage|dosis|dosierung|dosi|dawka|dawce",
    r"\d\s?(?:mg|g|ml|µg|mcg|units?|tablets?|Tabletten?|comprim\w+)\b",
    False,
)
_COUNT = (
    r"how (?:much|many|high|long|often|large|big)|wie ?viele?|wie (?:hoch|lange|oft|groß)|combien|cuánt[oa]s?"
    r"|quant[oaie]|ile|kosten|gekostet|cost|price|amount|percentage|betrag|preis|montant",
    r"\d",
    True,
)
_TIME = (
    r"when|(?:by|until|on|in|from|since) (?:which|what) (?:day|date|month|year)s?|wann|quand|cuándo|quando|kiedy",
    r"\d|\b(?:after|before|until|once|year|month|week|nach|vor|bis|jahr|monat|woche|après|avant|jusqu|année|mois)\w*\b",
    True,
)
"""What asks for something, what an answer to it has, and whether any number is one."""
_WHY = (r"why|warum|weshalb|wieso|pourquoi|por qué|perché|dlaczego|czemu", _REASONS, False)
_NAME = re.compile(
    r"\b(?:what(?: is|'s) the name|what .*\bcalled|wie hei(?:ß|ss)(?:t|en)|comment (?:s['’]appelle|se nomme)"
    r"|cómo se llaman?|come si chiam|jak (?:się )?nazywa)",
    re.IGNORECASE,
)


def is_answered(part: str, answer: str) -> bool:
    """Whether an answer to several things has what this part asks for; parts of other kinds are taken for answered."""
    return _has(part, answer, _DOSE, _WHY, _COUNT, _TIME)


def has_figure(question: str, answer: str) -> bool:
    """Whether an answer has the figure that is asked for, if one is."""
    return _has(question, answer, _DOSE, _COUNT)


def has_name(question: str, answer: str) -> bool:
    """Whether an answer has a name that the question has not, if one is asked for."""
    asked = question.casefold()
    names = (one for one in re.findall(r"\w+", answer) if one[0] == one[0].upper())
    return not _NAME.search(question) or any(search_words(one) and one.casefold() not in asked for one in names)


def _has(question: str, answer: str, *kinds: tuple[str, str, bool]) -> bool:
    for asks, has, is_number in kinds:
        if re.search(rf"\b(?:{asks})\b", question, re.IGNORECASE):
            return bool(re.search(has, answer, re.IGNORECASE) or (is_number and find_numbers(answer, tongue(question))))
    return True
