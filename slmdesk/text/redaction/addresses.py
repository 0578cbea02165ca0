"""Finds streets with their numbers, and postcodes with their towns, as several countries write them.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slmdesk.text.redaction.types import Certainty, Find, Kind

_L = r"[^\W\d_]"
_UP = r"[A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻĞİŞČŘŽŠŐŰ]"
_NAME = rf"{_UP}[\w.'’-]{{0,40}}"
_PART = rf"{_UP}[\w.'’]{{0,40}}"
_NO = r"\d{1,4}(?: ?[a-zA-Z](?!\w))?(?:[-/]\d{1,4}| ?/ ?[A-Z](?!\w))?"
_SMALL = (
    r"(?:d[eiu]|de la|de las|de los|de l['’]|del|della|dello|dei|degli|delle|dell['’]|des|du|la|le|les|l['’]|d['’]|San"
    r"|of|the|en|von|van|der|den|am|zum|zur)"
)
_WORDS = rf"(?:{_SMALL}\s?){{0,3}}{_NAME}(?: (?:{_SMALL}[ ]?){{0,3}}{_NAME}){{0,4}}"
_STREETS = (
    # Lindenstraße 7, Kirchweg 3a, Max-Planck-Str. 8, Keizersgracht 12
    rf"(?:{_UP}[\w.'’-]*?(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|chaussee|steig|stieg|graben|pfad|"
    rf"markt|hof|berg|wall|straat|laan|plein|gracht|kade|dijk)|(?:{_PART}[ -]){{1,3}}"
    rf"(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Chaussee|Steig|Wall|Markt)) {_NO}",
    # Am Alten Bahnhof 3
    rf"(?:Am|An de[rnm]|Auf de[rm]|Im|In de[rn]|Zum|Zur|Unter den|Hinter de[rm]|Vor de[rm]|Alte[rs]?|Neue[rs]?) "
    rf"(?:{_NAME} ){{1,3}}{_NO}",
    # 14 bis, rue des Forges
    rf"\d{{1,4}}(?: (?:bis|ter|quater))?,? (?:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|quai|route|allée|cours|"
    rf"square|passage|villa|sentier)\s{_WORDS}",
    # Calle Mayor, 3, 2º B
    rf"(?:[Cc]alle|C/|[Aa]venida|[Aa]vda\.?|[Pp]laza|[Pp]za\.|[Pp]aseo|[Cc]amino|[Rr]onda|[Cc]arrer|[Tt]ravesía) ?"
    rf"{_WORDS},? (?:n\.?º ?)?{_NO}(?:, \d{{1,2}}\.?[ºª](?: ?[A-Z](?!\w))?)?",
    # Via dell'Olmo, 12/B
    rf"(?:[Vv]ia|[Vv]iale|[Pp]iazza|[Pp]iazzale|[Cc]orso|[Ll]argo|[Vv]icolo|[Ss]trada|[Bb]orgo) {_WORDS},? "
    rf"(?:n\. ?)?{_NO}",
    # ul. Jana Pawła II 3/12, al. Niepodległości 7 m. 4
    rf"(?:[Uu]l\.|[Uu]lic[ay]|[Aa]l\.|[Aa]lej[ai]|[Pp]l\.|[Pp]lac|[Oo]s\.|[Oo]siedle) {_WORDS} "
    rf"\d{{1,4}}[a-zA-Z]?(?:/\d{{1,4}})?(?: m\. ?\d{{1,4}})?",
    # Flat 2, 3 Mill Lane
    rf"(?:(?:Flat|Unit|Apartment|Apt\.?|Suite) \d{{1,4}}\w?,? )?\d{{1,4}}[a-zA-Z]?,? (?:{_NAME} ){{1,4}}"
    r"(?:Street|St\.?|Road|Rd\.?|Lane|Avenue|Ave\.?|Court|Square|Drive|Close|Way|Terrace|Gardens|Crescent|Row|Mews|Hill|"
    r"Place|Grove|Park|Walk|Green|Boulevard|Blvd\.?)(?!\w)",
)
_JOINED = (
    r"(?:(?:an der|am|im|bei|ob der|in der|vor der|de la|de|del|la|le|les|en|sur|sous|di|d['’]|nad|nei|upon|on|der)"
    r"[ -]?)?"
)
_TOWN_NAME = rf"{_UP}{_L}[\w.'’-]*(?: {_JOINED}{_NAME}){{0,4}}"
_POSTCODE = r"(?:[A-Z]{1,2}-)?(?:\d{5}|\d{2}-\d{3}|\d{4}(?: [A-Z]{2}(?= ))?)"
_TOWN = re.compile(
    rf"(?<![\w.,/-])(?:{_POSTCODE}\s{_TOWN_NAME}(?: \([A-Z]{{2}}\))?"
    rf"|(?:{_TOWN_NAME},? )?[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}(?!\w))"
)
_STREET = re.compile(rf"(?<![\w/-])(?:{'|'.join(f'(?:{one})' for one in _STREETS)})(?!\w)")
_MARKED = re.compile(r"(?:\d{2}-\d{3}|[A-Z]{1,2}-\d{4,5}|\d{4} [A-Z]{2}) |.*[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$")
"""Postcodes that look like nothing else: 00-950, A-1030, 1017 AB, SW1A 1AA."""
_LABEL = re.compile(
    r"(?:address|anschrift|adresse|wohnhaft|wohnt|lives? (?:at|in)|living in|dirección|domicili\w+|indirizzo|residente|"
    r"adres\w*|zamieszka\w+)\W{0,5}(?:in |a |en |w )?$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[ \t]*(?:,|[·|–-]|\n)?[ \t]*(?:in |à |en |a |w )?")
_YEAR = re.compile(r"(?:19|20)\d\d\s")


def find_addresses(text: str) -> Iterator[Find]:
    """Streets, and the towns beside them or on a line of their own, as finds of their own; no two overlap."""
    ends: list[int] = []
    for one in _STREET.finditer(text):
        ends.append(one.end())
        yield Find(Kind.ADDRESS, *one.span(), one[0], Certainty.LIKELY, "street")
    for one in _TOWN.finditer(text):
        beside = any(_BETWEEN.fullmatch(text, end, one.start()) for end in ends if 0 <= one.start() - end <= 8)
        alone = _is_line(text, one.start(), one.end())
        labelled = _LABEL.search(text, max(0, one.start() - 40), one.start()) is not None
        marked = _MARKED.match(one[0]) is not None
        if _YEAR.match(one[0]) and not (beside or labelled):
            continue
        likely = beside or labelled or marked or alone
        yield Find(Kind.ADDRESS, *one.span(), one[0], Certainty.LIKELY if likely else Certainty.UNSURE, "town")


def _is_line(text: str, start: int, end: int) -> bool:
    before = text.rfind("\n", 0, start) + 1
    after = text.find("\n", end)
    return not text[before:start].strip() and not text[end : after if after >= 0 else len(text)].strip()
