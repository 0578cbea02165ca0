"""Tells what kind of value a question asks for, and whether a text has one. Pure functions."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from slmdesk.text.checks.numbers import Number, find_dates, find_numbers
from slmdesk.text.checks.words import tongue


class Kind(StrEnum):
    DOSE = "dose"
    REASON = "reason"
    SHARE = "share"
    TIME = "time"
    SUM = "sum"
    COUNT = "count"
    """A number of things. Any other number that is asked for has a unit."""
    MEASURE = "measure"


def _asks(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


_COST = (
    r"kost\w*|gekostet|costs?|prices?|preis\w*|co[ûu]te\w*|prix|cuesta\w*|precio|costa\w*|prezzo|custa\w*|preço|koszt\w*"
    r"|cena|prijs"
)
_NAMED_SUM = (
    r"(?:what|which|welche[mnrs]?|quel(?:le)?s?|qué|qual[ei]?|jak[aąi]e?|welke?)\s(?:\w+\s)?"
    r"(?:(?:salary|salaries|wage|rent|fee|deposit|sum|salaire|loyer|honoraire|salario|sueldo|alquiler|stipendio|canone"
    r"|pensja|wynagrodzenie|czynsz|salário|aluguel)s?|\w*(?:gehalt|lohn|miete|gebühr|honorar|kaution|summe)(?:en|e|s|n)?"
    r"|\w*(?:salaris|loon|huur))"
)
_MANY = (
    r"how many|wie ?vielen?|combien d['’e]|cu[áa]nt[oa]s|quant[ie]|quant[oa]s|il[eu](?! koszt)"
    r"|hoe ?veel(?! (?:kost|is|bedraagt))"
)
_LONG = (
    r"how (?:long|often|large|big|old)|wie (?:lange?|oft|groß|alt)|cu[áa]nto tiempo|quanto tempo|jak (?:długo|duż\w+)"
    r"|hoe (?:lang|groot|vaak|oud)"
)
_MUCH = (
    r"how (?:much|high)|wie ?viel|wie hoch|combien|cu[áa]nt[oa]|quant[oa]|jak wysok\w+|il[eu]|hoe (?:hoog|veel)|hoeveel"
    r"|percentage|betrag|amount|montant"
)
_TIME = (
    r"when|wann|quand|cu[áa]ndo|quando|kiedy|wanneer|(?:what|which|welche[mnrs]?|quel(?:le)?s?|qué|che|quale|que"
    r"|qual|welke) (?:day|date|month|year|tag|datum|monat|jahr|jour|date|mois|année|día|fecha|mes|giorno|data"
    r"|mese|dia|dag|maand)s?"
)
_ANYWHERE = (
    (Kind.SHARE, _asks(r"per ?cent|percentage|prozent|pour ?cent|por ciento|per cento|procent|por cento")),
    (Kind.DOSE, _asks(r"dose|dosage|dosis|dosierung|dosi|dawka|dawce")),
)
_FIRST = (
    (
        None,
        _asks(r"who(?:se|m)?|where|we[rmn]|wessen|wo|où|qui|dónde|quién(?:es)?|chi|dove|kto|kogo|komu|gdzie|quem|onde"),
    ),
    (Kind.REASON, _asks(r"why|warum|weshalb|wieso|pourquoi|por qué|perché|dlaczego|czemu")),
    (Kind.TIME, _asks(_TIME)),
    (Kind.COUNT, _asks(_MANY)),
    (Kind.MEASURE, _asks(_LONG)),
    (Kind.SUM, _asks(rf"(?:(?:{_MUCH})\b.{{0,100}}\b)?(?:{_COST})|{_NAMED_SUM}")),
    (Kind.MEASURE, _asks(_MUCH)),
)
"""Of these the one that comes first in a question counts: "How long before a price increase …?" asks for no price."""
_SAYS = {
    Kind.DOSE: re.compile(r"\d\s?(?:mg|g|ml|µg|mcg|units?|tablets?|Tabletten?|comprim\w+)\b", re.IGNORECASE),
    Kind.REASON: _asks(
        r"because|since|due to|owing to|as a result|for the reason|so that|in order to|caused?|reasons?"
        r"|weil|da|denn|wegen|aufgrund|infolge|damit|grund|parce|car|puisque|en raison|à cause|afin|porque|debido"
        r"|ya que|perché|poiché|a causa|ponieważ|bo|gdyż|z powodu"
    ),
    Kind.TIME: re.compile(
        r"\d|\b(?:after|before|until|once|year|month|week|nach|vor|bis|jahr|monat|woche|après|avant|jusqu|année|mois)\w*\b",
        re.IGNORECASE,
    ),
}
"""What an answer must match."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_CLAUSE = re.compile(r"(?:§+|\b(?:[Nn]r|[Aa]rt|[Zz]iff|[Nn]o|[Nn]úm|[Aa]bs)\.?)\s*$")


@lru_cache(maxsize=16)
def kind_of(question: str) -> Kind | None:
    """Return the kind of value that a question asks for; None where it asks for something else or cannot be told."""
    for kind, asks in _ANYWHERE:
        if asks.search(question):
            return kind
    asked = [(match.start(), kind) for kind, asks in _FIRST if (match := asks.search(question))]
    return min(asked, key=lambda asked: asked[0])[1] if asked else None


def is_answered(question: str, answer: str, language: str = "") -> bool:
    """Return whether an answer has a value of the kind that a question asks for; true where the kind is unknown."""
    kind, language = kind_of(question), language or tongue(question)
    if kind is None:
        return True
    if kind in _SAYS:
        said = _SAYS[kind].search(answer) is not None
        return said or (kind is Kind.TIME and bool(find_numbers(answer, language)))
    is_bare = kind is not Kind.SHARE  # an answer may leave out the currency or the unit
    is_day = kind is Kind.MEASURE and any(date.readings for date in find_dates(answer, language))  # "until 30 June"
    numbers = _numbers(answer, language)
    return is_day or any(_is_of(kind, number) or (is_bare and number.unit is None) for number in numbers)


def values_of(question: str, quote: str, language: str) -> list[int]:
    """Return where the values begin in a quotation that are of the kind a question asks for, written as such."""
    kind = kind_of(question)
    if kind is Kind.TIME:
        numbers = [number.start for number in find_numbers(quote, language) if not number.soft]
        years = [begin for begin in numbers if _YEAR.fullmatch(quote[begin : begin + 4])]
        return [*(date.start for date in find_dates(quote, language) if date.readings or date.minutes), *years]
    if kind is None or kind in _SAYS:
        return []
    return [number.start for number in _numbers(quote, language) if _is_of(kind, number)]


def _numbers(text: str, language: str) -> list[Number]:
    """Return the numbers that count or measure something, not those of dates, times of day and clauses."""
    dates = find_dates(text, language)
    return [
        number
        for number in find_numbers(text, language)
        if (number.unit or not number.soft)
        and not any(date.start <= number.start < date.end for date in dates)
        and not _CLAUSE.search(text, 0, number.start)
    ]


def _is_of(kind: Kind, number: Number) -> bool:
    if kind is Kind.SHARE:
        return number.kind == "percent"
    if kind is Kind.SUM:
        return number.kind == "amount"
    return kind is Kind.COUNT or (kind is Kind.MEASURE and number.unit is not None)
