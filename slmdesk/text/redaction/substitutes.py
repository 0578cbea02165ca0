"""Makes what stands for an original: of the same kind and shape, natural to read, and belonging to nobody.  Pure.

Names are put together of syllables; numbers keep their groups, and their check digits are wrong on purpose; e-mails are
of a domain that nobody can have (RFC 2606).  Nothing is computed from the original but its shape.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping

from slmdesk.text.redaction.numbers import is_checked
from slmdesk.text.redaction.types import Kind
from slmdesk.text.words.folding import fold

_FIRST = (
    "Alex Robin Milan Jannis Levin Marlon Henrik Corvin Lennart Florin Aurel Tilman Bastian Jorin Ruben Silvan",
    "Mara Nora Tessa Vera Ronja Alma Edda Livia Romana Fenja Selma Talia Viola Jorina Melina Kamilla",
)
"""First names, those behind an original that ends in "a" last."""
_BEGINS = "Bel Cor Dal Fen Gar Hol Jor Kem Lam Mor Nel Per Rav Sel Tam Ul Vel Wen Zan Bren Dor Fal Gol Hem Kol"
_MIDDLES = "ba de di ga ko la le mi na ra ro ta ti va ve vi wa"
_ENDS = "man lor vik nert dan rin mer tel nor vas ken lund bor gis rem dol ster than ros lin"
_BEGIN, _MIDDLE, _END = _BEGINS.split(), _MIDDLES.split(), _ENDS.split()
_ENDING = re.compile(r"(?:[dc]z?[sk]?k[ia]|sk[ia]|[aeiouy])$")
"""What a word of a name keeps: so the forms of the original suit it too."""
_STREET_END = re.compile(
    r"(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|chaussee|steig|graben|pfad|markt|hof|berg|wall|straat"
    r"|laan|plein|gracht|kade|dijk)$",
    re.IGNORECASE,
)
_STREET_WORDS = (
    "street st road rd lane avenue ave court square drive close way terrace gardens crescent row mews hill place "
    "grove park walk green boulevard blvd flat unit apartment apt suite rue bd quai route allee cours impasse "
    "chemin passage villa calle c avda avenida plaza pza paseo camino ronda carrer travesia via viale piazza "
    "piazzale corso largo vicolo strada ul ulica ulicy al aleja aleje pl plac os osiedle m am im an auf in zum "
    "zur unter hinter vor der dem den alte alter neue neuer strasse str weg platz ring damm ufer markt bis ter "
    "the a d de du des del "
)
_KEPT = frozenset(_STREET_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BOXES = ("post", "mail", "info", "box")
MOST_TRIES = 5_000
Free = Callable[[str], bool]
"""Whether a substitute may be taken: it stands nowhere in the source, and for nothing else."""


class NoSubstituteError(Exception): ...


def name_word(original: str, free: Free, seed: str, *, is_first: bool = False) -> str:
    """A word for one of a name, in the same case; it ends as the original does where a form may depend on it."""
    plain = fold(original)
    ending = "" if is_first else (found[0] if (found := _ENDING.search(plain)) else "")
    listed = _FIRST[plain.endswith("a")].split() if is_first else []
    for made in _first_free(_mixed(listed, _syllables(seed, ending), seed), free):
        return made.upper() if original.isupper() and len(original) > 1 else made
    raise NoSubstituteError


def substitute_for(kind: Kind, original: str, free: Free, seed: str) -> str:
    makers: Mapping[Kind, Callable[[str, random.Random], str]] = {
        Kind.EMAIL: lambda _, rng: f"{rng.choice(_BOXES)}.{_syllable_word(rng, '').lower()}@example.org",
        Kind.PHONE: _phone,
        Kind.IBAN: _code,
        Kind.CARD: _code,
        Kind.NUMBER: _code,
        Kind.BIRTH: _date,
        Kind.ADDRESS: _place,
    }
    make = makers.get(kind, _words)
    rng = random.Random(seed)
    for made in _first_free((make(original, rng) for _ in range(MOST_TRIES)), free):
        return made
    raise NoSubstituteError


def _first_free(made: Iterator[str], free: Free) -> Iterator[str]:
    return (one for one in made if free(one))


def _mixed(listed: list[str], others: Iterator[str], seed: str) -> Iterator[str]:
    random.Random(seed).shuffle(listed)
    yield from listed
    yield from others


def _syllables(seed: str, ending: str) -> Iterator[str]:
    rng = random.Random(seed)
    return (_syllable_word(rng, ending) for _ in range(MOST_TRIES))


def _syllable_word(rng: random.Random, ending: str) -> str:
    middle = rng.choice(_MIDDLE) if rng.random() < 0.3 or ending[:1] in ("a", "e", "i", "o", "u", "y") else ""
    return rng.choice(_BEGIN) + middle + rng.choice(_END) + ending


def _digit(rng: random.Random, old: str) -> str:
    return rng.choice("0123456789".replace(old, "") if old != "0" else "123456789")


def _code(original: str, rng: random.Random) -> str:
    """The same groups of other digits and letters, with check digits that are wrong; a country's letters stay."""
    keeps = 2 if re.match(r"[A-Z]{2}\s?[\dU]", original, re.IGNORECASE) else 0
    while True:
        made = "".join(
            one
            if at < keeps
            else _digit(rng, one)
            if one.isdigit()
            else rng.choice("BCDFGHKLMN")
            if one.isalpha()
            else one
            for at, one in enumerate(original)
        )
        if not is_checked(made):
            return made


def _phone(original: str, rng: random.Random) -> str:
    country = re.match(r"\+\d{1,3}(?!\d)|\+\d\d|00\d\d|0", original.lstrip("( "))
    keeps = (country.end() + len(original) - len(original.lstrip("( "))) if country else 0
    return original[:keeps] + "".join(_digit(rng, one) if one.isdigit() else one for one in original[keeps:])


def _date(original: str, rng: random.Random) -> str:
    """Another day, another month if it is a figure, and a year near the original's: ages stay about right."""
    is_named = re.search(r"[^\W\d_]{3,}", original) is not None

    def other(found: re.Match[str]) -> str:
        if len(found[0]) == 4:
            return str(int(found[0]) + rng.choice((-2, -1, 1, 2)))
        return f"{rng.randint(1, 28 if is_named else 12):0{len(found[0])}}"

    return re.sub(r"\d+", other, original)


def _place(original: str, rng: random.Random) -> str:
    """A street or a town with other words and another number; words for kinds of streets stay."""

    def other(found: re.Match[str]) -> str:
        word = found[0]
        if fold(word) in _KEPT or word.islower() or len(word) < 2:
            return word
        if word.isupper() and len(word) <= 2:
            return "".join(rng.choice("BCDFGHKLMN") for _ in word)
        end = _STREET_END.search(word)
        return _syllable_word(rng, "") + (end[0] if end else "")

    words = _WORD.sub(other, original)
    return re.sub(r"\d", lambda found: _digit(rng, found[0]) if found[0] != "0" else rng.choice("123456789"), words)


def _words(original: str, rng: random.Random) -> str:
    """One or two invented words; figures where the original is made of them."""
    if not re.search(r"[^\W\d_]{2,}", original):
        return "".join(_digit(rng, one) if one.isdigit() else one for one in original)
    made = _syllable_word(rng, "")
    return f"{made} {_syllable_word(rng, '')}" if re.search(r"\w\s+\w", original) else made
