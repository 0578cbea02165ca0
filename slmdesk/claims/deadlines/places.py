"""Tells from the words of a paper whose law and holidays hold for it, and who wrote it. Pure functions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.texts import N_

HEAD_CHARACTERS = 1200
"""So much of the beginning is searched for who wrote the paper and to whom."""
_TOWN = re.compile(r"\b\d{5} +([A-ZÄÖÜ][\w()./ -]+)")
PLACES = {
    "": N_("not known: nothing is reckoned"), "DE": N_("Germany: holidays of all Länder"),
    "DE-BW": "Baden-Württemberg", "DE-BY": N_("Bavaria"), "DE-BE": "Berlin", "DE-BB": "Brandenburg",
    "DE-HB": "Bremen", "DE-HH": "Hamburg", "DE-HE": N_("Hesse"), "DE-MV": N_("Mecklenburg-Western Pomerania"),
    "DE-NI": N_("Lower Saxony"), "DE-NW": N_("North Rhine-Westphalia"), "DE-RP": N_("Rhineland-Palatinate"),
    "DE-SL": "Saarland", "DE-SN": N_("Saxony"), "DE-ST": N_("Saxony-Anhalt"), "DE-SH": "Schleswig-Holstein",
    "DE-TH": N_("Thuringia"), "GB-ENG": N_("England and Wales"), "FR": N_("France"), "ES": N_("Spain"),
}  # fmt: skip
"""Whose rules are known, by their codes."""


def place_of(text: str, language: str) -> str:
    """Return the code of a country, or of a German Land if all towns beside a post code or an office are in it.

    Empty where the country is not certain.
    """
    head = text[:HEAD_CHARACTERS]
    known: Mapping[str, str] = _tables()["countries"].get(language, {})
    places = [place for place, signs in known.items() if re.search(signs, head)] or ["DE" if language == "de" else ""]
    if places != ["DE"]:
        return places[0] if len(places) == 1 else ""
    near, towns = "|".join(_tables()["near"]), _tables()["towns"]
    lands = {land for land in towns if re.search(rf"(?:{near})\s+(?:{towns[land]})(?![\w-])", head)}
    is_known = all(any(re.match(towns[land], town) for land in lands) for town in _TOWN.findall(head))
    return f"DE-{lands.pop()}" if len(lands) == 1 and is_known else "DE"


def office_of(text: str, language: str, *, is_notice: bool = False) -> str:
    """Return who wrote a paper, as its beginning tells: tax, social, authority, court, criminal, or else private.

    `is_notice`: an authority did, so that further words may tell which.
    """
    known: Mapping[str, str] = _tables()["offices"].get(language, {})
    for part in (text[:HEAD_CHARACTERS], text if is_notice else ""):
        for office, signs in known.items():
            if re.search(signs, part):
                return office
    return "private"


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.claims.deadlines").joinpath("places.toml").read_text("utf-8"))
