"""Finds names in a sentence that its source does not have, where the name of a person or a firm ends, and addresses."""

from __future__ import annotations

import re

from slmdesk.base.text.folding import fold
from slmdesk.base.text.words import WORD, capitalised, folded, function_words

Span = tuple[int, int]

_WORD = re.compile(r"[^\W_]+")
_OPENS = re.compile(r"[.!?:…]['\"”’)»“]*\s+$|[\"“„«»‘(\[–—•;¿¡]\s*$|^\s*(?:[-*•]\s*)?$|\n\s*$")
_LONGEST_OPENING = 6
_BEGINNING = 5
"""Letters by which a word and its forms are one: "Joanna" and "Joanny", "Italy" and "Italian"."""
_GAP = re.compile(r"[ .&'’]{1,2}")
"""Matches what stands between the words of a name. No hyphen: in German it joins two nouns to one."""


def opens(text: str, at: int) -> bool:
    """Return whether the word at `at` begins a sentence or a line, so that it has a capital anyway."""
    return _OPENS.search(text, max(0, at - _LONGEST_OPENING), at) is not None


def beginnings(text: str) -> frozenset[str]:
    """Return the beginnings of the words of a source, by which `foreign_names` knows them."""
    return frozenset(folded(match[0])[:_BEGINNING] for match in _WORD.finditer(text))


def foreign_names(text: str, known: frozenset[str], language: str) -> list[Span]:
    """Return the positions of names in a text of whose words none is `known`: words with a capital inside a sentence.

    German writes all nouns so: there a name has at least two words.
    """
    runs: list[Span] = []
    for match in _WORD.finditer(text):
        word = folded(match[0])
        is_large = match[0][0].isupper() and not opens(text, match.start())
        if not is_large or word[:_BEGINNING] in known or word in capitalised():
            continue
        if runs and _GAP.fullmatch(text, runs[-1][1], match.start()):
            runs[-1] = (runs[-1][0], match.end())
        else:
            runs.append(match.span())
    return [run for run in runs if language != "de" or not text[slice(*run)].isalpha()]


_FORM = (
    r"(?:[gm]bH|GmbH(?: & Co\.? ?(?:KG|OHG))?|g?AG|KG(?:aA)?|OHG|GbR|UG(?: \(haftungsbeschränkt\))?|e\. ?[VK]\.|"
    r"e\. ?K(?:fm|fr)?\.|eG|mbB|PartG|SE|(?:Pty\.? )?Ltd\.?|PLLC|P\. ?C\.|PC|Limited|LLP|LLC|PLC|plc|Inc\.?|Corp\.?|"
    r"LP|CIC|SA(?:RL|S(?:U)?)?|S\. ?A\.(?: ?R\. ?L\.| ?S\.)?|SNC|SCI|SCP|EURL|SCOP|S\. ?L\.(?: ?[UPL]\.)?|SL[UP]?|"
    r"S\. ?A\.(?: ?U\.)?|C\. ?B\.|S\. ?C\.|S\. ?Coop\.|S\. ?r\. ?l\.(?: ?s\.)?|Srl|S\. ?p\. ?A\.|SpA|S\. ?n\. ?c\.|"
    r"S\. ?a\. ?s\.|B\. ?V\.|N\. ?V\.|Oy|AB|ApS|A/S|sp\. z o\.\s?o\.)"
)
_IS_FORM = re.compile(_FORM)
LEGAL_FORM = re.compile(rf"(?<![\w.]){_FORM}(?![\w])")
_POSTCODE = re.compile(
    r"(?<![\w/-])(?:(?:[A-Z]{1,2}-)?\d{4,5}\s+[A-ZÀ-ÖØ-Þ]|\d{2}-\d{3}\s+[A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻ]|"
    r"[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}(?!\w)|[A-Z]{2} \d{5}(?!\d))"
)
_STREET = re.compile(
    r"\b\d{1,4}\s?[a-z]?,? (?:bis |ter )?(?:rue|avenue|av\.|boulevard|bd|place|quai|impasse|chemin|cours|allée|"
    r"route|square)\b"
    r"|\b(?:Calle|C/|Avda?\.?|Avenida|Plaza|Paseo|Camino|Ronda|Via|Viale|Piazza|Corso|Largo|Vicolo|ul\.)\s?[\w.]"
    r"|(?:straße|strasse|str\.|weg|gasse|platz|allee|ring|ufer|damm|markt|hof)\s+\d"
    r"|\b\d{1,4}[a-z]?,? [\w' ]{2,30}\b(?:Street|St\.?|Road|Rd\.?|Lane|Avenue|Ave\.?|Close|Court|Gate|Way|Square|"
    r"Drive|Terrace|Row|Mews|Place|Park|Yard|House|Hill|Green)\b",
    re.IGNORECASE,
)
_BEHIND_NAME = re.compile(
    r",? (?:vertreten durch|represented by|acting by|whose|having its|with its|of \d|registered|a company|"
    r"an? \w+ company|repr[ée]sent[ée]e?s? par|dont le si[eè]ge|sise?\b|domicili\w+|immatricul\w+|au capital|société|"
    r"representad[oa] por|con (?:CIF|NIF|DNI|sede|domicilio)|provist[oa]|mayor de edad|rappresentat[oa] da|con sede|"
    r"nat[oa] a|residente|in persona|C\.F\.|P\. ?IVA|born|née?\b|geb\.|geboren|wohnhaft|mit Sitz|ansässig|"
    r"(?:im Folgenden|nachfolgend|nachstehend|hereinafter|ci-après|en adelante|di seguito)|inhaber|inh\.|als\b|as\b|"
    r"Tel\b|Telefon|phone|E-?Mail)|\s*[(\u2013\u2014]\s?(?:[\"\u201c\u201e\u00ab'\u2018]|the\b|der\b|die\b|"
    r"im Folgenden|nachfolgend|hereinafter|ci-après|le\b|la\b|en adelante|el\b|di seguito|il\b)|\s[\u00b7\u2022|]\s|"
    r"\s[\u2013\u2014]\s(?=[\"\u201e\u201c\u00ab]|nachfolgend|im Folgenden|Vermieter|Mieter|Auftrag)|;|\n| {3,}|\t",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"(?:\(?(?:\d{1,2}|[a-z])[.)]\s+|[\s\"\u201c\u201e\u00ab*#>\u2013\u2022-]+|(?:the company|the firm|the|"
    r"Spett(?:abile|\.?le)?\.?|Egr\. Sig\.|Gent\.ma Sig\.ra|der Firma|die Firma|Firma|Fa\.|(?:de )?la société|"
    r"la sociedad|la empresa|la mercantil|la società|l'impresa|to|an die|an den|an das|an|à l['’]attention de|"
    r"a la atención de|alla cortese attenzione d[ei]l?|z\. ?Hd\.|à la|à|al|alla|a la|der|die|das|dem|den|la|le|les|el|"
    r"il|lo|l['’])(?:\s+|(?<=['’]))(?=[^\W_]))+",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"[A-ZÀ-ÖØ-Þ\d]|[^\W\d_]+\.? [A-ZÀ-ÖØ-Þ]")
"""Matches the beginning of a name: a capital letter, after at most one lower-case word ("signora Bellini")."""
MOST_NAME = 90
MOST_SMALL = 2
"""Most lower-case words of a name, besides words such as "of" and "the". Text with more is a sentence."""


def name_span(text: str, start: int = 0, end: int | None = None) -> Span | None:
    """Return the position of the name that a part of the text begins with, or None if it does not begin with a name.

    A legal form belongs to the name. Addresses, representatives and the short name used in the rest of a contract do
    not.
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
    if not any(word.isalpha() for word in words) or len(words) > MOST_NAME or not _BEGINS.match(words):
        return None
    small = sum(word[0].islower() and fold(word) not in function_words() for word in WORD.findall(words))
    return (begin, until) if small <= MOST_SMALL else None


def has_address(text: str) -> bool:
    return bool(_POSTCODE.search(text) or _STREET.search(text))


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at
