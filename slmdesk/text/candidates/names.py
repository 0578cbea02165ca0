"""Finds where the name of a person or a firm ends, and what is an address.  Pure."""

from __future__ import annotations

import re

from slmdesk.text.checks.words import WORD, function_words
from slmdesk.text.words.folding import fold

Span = tuple[int, int]

_FORM = (
    r"(?:[gm]bH|GmbH(?: & Co\.? ?(?:KG|OHG))?|g?AG|KG(?:aA)?|OHG|GbR|UG(?: \(haftungsbeschränkt\))?|e\. ?[VK]\.|"
    r"e\. ?K(?:fm|fr)?\.|eG|mbB|PartG|"
    r"SE|(?:Pty\.? )?Ltd\.?|PLLC|P\. ?C\.|PC|Limited|LLP|LLC|PLC|plc|Inc\.?|Corp\.?|LP|CIC|"
    r"SA(?:RL|S(?:U)?)?|S\. ?A\.(?: ?R\. ?L\.| ?S\.)?|SNC|SCI|SCP|EURL|SCOP|"
    r"S\. ?L\.(?: ?[UPL]\.)?|SL[UP]?|S\. ?A\.(?: ?U\.)?|C\. ?B\.|S\. ?C\.|S\. ?Coop\.|"
    r"S\. ?r\. ?l\.(?: ?s\.)?|Srl|S\. ?p\. ?A\.|SpA|S\. ?n\. ?c\.|S\. ?a\. ?s\.|"
    r"B\. ?V\.|N\. ?V\.|Oy|AB|ApS|A/S|sp\. z o\.\s?o\.)"
)
_IS_FORM = re.compile(_FORM)
LEGAL_FORM = re.compile(rf"(?<![\w.]){_FORM}(?![\w])")
_POSTCODE = re.compile(
    r"(?<![\w/-])(?:(?:[A-Z]{1,2}-)?\d{4,5}\s+[A-ZÀ-ÖØ-Þ]|\d{2}-\d{3}\s+[A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻ]|"
    r"[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}(?!\w)|"
    r"[A-Z]{2} \d{5}(?!\d))"
)
_STREET = re.compile(
    r"\b\d{1,4}\s?[a-z]?,? (?:bis |ter )?(?:rue|avenue|av\.|boulevard|bd|place|quai|impasse|chemin|cours|allée|"
    r"route|square)\b"
    r"|\b(?:Calle|C/|Avda?\.?|Avenida|Plaza|Paseo|Camino|Ronda|Via|Viale|Piazza|Corso|Largo|Vicolo)\s?[\w.]"
    r"|(?:straße|strasse|str\.|weg|gasse|platz|allee|ring|ufer|damm|markt|hof)\s+\d"
    r"|\b\d{1,4}[a-z]?,? [\w' ]{2,30}\b(?:Street|St\.?|Road|Rd\.?|Lane|Avenue|Ave\.?|Close|Court|Gate|Way|Square|"
    r"Drive|Terrace|Row|Mews|Place|Park|Yard|House|Hill|Green)\b",
    re.IGNORECASE,
)
_BEHIND_NAME = re.compile(
    r",? (?:vertreten durch|represented by|acting by|whose|having its|with its|of \d|registered|a company|"
    r"an? \w+ company|"
    r"repr[ée]sent[ée]e?s? par|dont le si[eè]ge|sise?\b|domicili\w+|immatricul\w+|au capital|société|"
    r"representad[oa] por|"
    r"con (?:CIF|NIF|DNI|sede|domicilio)|provist[oa]|mayor de edad|rappresentat[oa] da|con sede|nat[oa] a|"
    r"residente|in persona|C\.F\.|P\. ?IVA|"
    r"born|née?\b|geb\.|geboren|wohnhaft|mit Sitz|ansässig|(?:im Folgenden|nachfolgend|nachstehend|hereinafter|"
    r"ci-après|en adelante|di seguito)|"
    r"inhaber|inh\.|als\b|as\b|Tel\b|Telefon|phone|E-?Mail)"
    r"|\s*[(\u2013\u2014]\s?(?:[\"\u201c\u201e\u00ab'\u2018]|the\b|der\b|die\b|im Folgenden|nachfolgend|"
    r"hereinafter|ci-après|le\b|la\b|en adelante|el\b|di seguito|il\b)"
    r"|\s[\u00b7\u2022|]\s|\s[\u2013\u2014]\s(?=[\"\u201e\u201c\u00ab]|nachfolgend|im Folgenden|Vermieter|Mieter|"
    r"Auftrag)|;|\n| {3,}|\t",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"(?:\(?(?:\d{1,2}|[a-z])[.)]\s+|[\s\"\u201c\u201e\u00ab*#>\u2013\u2022-]+|"
    r"(?:the company|the firm|the|Spett(?:abile|\.?le)?\.?|Egr\. Sig\.|Gent\.ma Sig\.ra|der Firma|die Firma|Firma|"
    r"Fa\.|(?:de )?la société|la sociedad|la empresa|"
    r"la mercantil|la società|l'impresa|"
    r"to|an die|an den|an das|an|à l['’]attention de|a la atención de|alla cortese attenzione d[ei]l?|z\. ?Hd\.|"
    r"à la|à|al|alla|a la|"
    r"der|die|das|dem|den|la|le|les|el|il|lo|l['’])(?:\s+|(?<=['’]))(?=[^\W_]))+",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"[A-ZÀ-ÖØ-Þ\d]|[^\W\d_]+\.? [A-ZÀ-ÖØ-Þ]")
"""A capital letter; at most one small word before it: "signora Bellini"."""
MOST_NAME = 90
MOST_SMALL = 2
"""Words of a name that begin small and are no "of" or "the"; with more it is a sentence."""


def name_span(text: str, start: int = 0, end: int | None = None) -> Span | None:
    """Return where the name stands with which a stretch of text begins; None where it begins with none.

    Addresses, representatives and what it is called from here on do not belong to it; a legal form does.
    """
    end = len(text) if end is None else end
    leading = _LEADING.match(text, start, end)
    begin = leading.end() if leading else start
    stop = _BEHIND_NAME.search(text, begin, end)
    until = stop.start() if stop and stop.start() > begin + 1 else end
    comma = text.find(",", begin, until)
    if comma > 0:
        rest = _IS_FORM.match(text, _skipped(text, comma + 1))
        until = rest.end() if rest and rest.end() <= until else comma
    while until > begin and (text[until - 1] in ' ,:*_"\u201d\u00bb)' or text[until - 1].isspace()):
        if text[until - 1] == ")" and "(" in text[begin : until - 1]:
            break
        until -= 1
    words = text[begin:until]
    if not any(one.isalpha() for one in words) or len(words) > MOST_NAME or not _BEGINS.match(words):
        return None
    small = sum(one[0].islower() and fold(one) not in function_words() for one in WORD.findall(words))
    return (begin, until) if small <= MOST_SMALL else None


def has_address(text: str) -> bool:
    return bool(_POSTCODE.search(text) or _STREET.search(text))


def is_address(text: str) -> bool:
    found = [one for one in (_POSTCODE.search(text), _STREET.search(text)) if one]
    return any(one.start() <= 12 for one in found) and not LEGAL_FORM.search(text)


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at
