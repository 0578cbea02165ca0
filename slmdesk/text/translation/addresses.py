"""Recognises lines that are an address or the name of a firm and nothing else: they are no text to be translated.

Asked for one, small models translate the street ("Lange Reihe 101", "Thermo Valley") or invent a letter.
"""

from __future__ import annotations

import re

_NAME = r"[A-ZÀ-ÖØ-Þ][\w.'’-]*"
_NUMBER = r"\d{1,4}(?: ?[a-zA-Z])?(?:[-/]\d{1,4})?"
_POSTCODE = r"(?:[A-Z]{1,2}-)?\d{4,5}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_CITY = rf"{_NAME}(?:[ -](?:{_NAME}|am|an|der|im|bei|sur|en|la|le|les|de|del|upon|sous|di))*"
_STREETS = (
    # Hauptstraße 12, Am Alten Markt 3
    rf"(?:{_NAME} )*?(?:{_NAME}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|chaussee|straat|laan|plein)"
    rf"|{_NAME}[ -](?:Straße|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Chaussee)) {_NUMBER}",
    # 14, rue des Forges
    rf"{_NUMBER},? (?:bis,? |ter,? )?(?:rue|avenue|boulevard|place|chemin|impasse|quai|route|allée)"
    r"(?: [\w'’-]+){1,5}",
    # Calle Mayor 3, Via Roma, 12
    rf"(?:[Cc]alle|C/|[Aa]venida|[Pp]laza|[Pp]aseo|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|[Rr]ua|[Uu]l\.)"
    rf"(?: [\w.'’-]+){{1,4}},? {_NUMBER}",
    # 3 Mill Lane
    rf"{_NUMBER} (?:{_NAME} ){{1,3}}(?:Street|St|Road|Rd|Lane|Avenue|Ave|Court|Square|Drive|Close|Way|Terrace|Gardens)",
)
_STREET = f"(?:{'|'.join(_STREETS)})"
_TOWN = rf"(?:{_POSTCODE}) {_CITY}|{_CITY},? (?:{_POSTCODE})"
_ADDRESS = re.compile(rf"(?:{_STREET}(?:(?:,| ?[·|–-]) ?(?:{_TOWN}))?|[A-Z]{{1,2}}-\d{{4,5}} {_CITY}),?")
"""A town alone has its country ("D-60311 …"): "2025 Report" is written like "60311 Frankfurt"."""
_FORMS = (
    r"GmbH(?: & Co\. KG(?:aA)?)?|AG|KG|OHG|UG|e\.? ?V\.|e\.? ?K\.|eG|Ltd\.?|Limited|LLC|Inc\.?|plc|LLP|Corp\.?"
    r"|S\.?A\.?(?:R\.?L\.?|S\.?)?|SARL|SAS|S\.?L\.?(?:U\.?)?|S\.?r\.?l\.?|S\.?p\.?A\.?|B\.?V\.?|N\.?V\.?|sp\. z o\.o\."
    r"|Lda\.?"
)
_FIRM = re.compile(rf"{_NAME}(?: (?:{_NAME}|&|und|and|et|y|e|of|de)){{0,6}},? (?:{_FORMS}),?")


def is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text.strip()) is not None


def is_firm(text: str) -> bool:
    return _FIRM.fullmatch(text.strip()) is not None
