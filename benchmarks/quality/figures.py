"""Numbers, times and months of a translation, as they are written in its language."""

from __future__ import annotations

import re
from decimal import Decimal

_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
_SMALL = {
    "en": "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
    "de": "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn",
    "fr": "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze",
    "es": "un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince",
}
_ORDINALS = {
    "en": "first second third fourth fifth",
    "de": "erste zweite dritte vierte fünfte",
    "fr": "premi deuxième troisième quatrième cinquième",
    "es": "primer segund tercer cuart quint",
}
_MORE = {"en": {20: "twenty", 24: "twenty-four", 40: "forty"}}
_NUMBER = {
    "en": re.compile(r"\d{1,3}(?:[, ]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"),
    "de": re.compile(r"\d{1,3}(?:[. ]\d{3})+(?!\d)(?:,\d+)?|\d+(?:,\d+)?"),
}
_NUMBER["fr"] = _NUMBER["es"] = _NUMBER["de"]
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_SHORT_DATE = re.compile(r"\b(\d{1,2})([./])(\d{1,2})\2(\d{4})\b")
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))? ?([ap])\.? ?m\b\.?", re.IGNORECASE)
_FULL_HOUR = re.compile(r"(?<=\d)(?::| ?h ?)00\b|(?<=\d)[.]00(?= ?(?:uhr|h\b|hrs|hours))", re.IGNORECASE)
_HALF_HOUR = re.compile(r"(?<=\d)[.:](?=\d\d ?(?:uhr|h\b|hrs|hours))", re.IGNORECASE)


def figures_of(text: str, language: str) -> set[Decimal]:
    """The numbers in a text; a day's hour counts by the clock of 24 hours.

    A number written another language's way is read by the rules of this one, and so is another number.
    """
    return {_value(number, language) for number in _NUMBER[language].findall(_spelt(text, language))}


def months_of(text: str, language: str) -> set[int]:
    """The months that stand beside a day or a year, from 1."""
    names = "|".join(f"(?:{name[:4]}|{name[:3]})\\w*" for name in _MONTHS[language].split())
    beside = rf"\d(?:st|nd|rd|th|er|\.|º)?,? (?:of |de )?({names})\b|\b({names})\.? (?:de )?\d"
    starts = [name[:3] for name in _MONTHS[language].split()]
    months: set[int] = set()
    for match in re.finditer(beside, _spelt(text, language), re.IGNORECASE):
        name = (match[1] or match[2]).casefold()
        whole = [number for number, month in enumerate(_MONTHS[language].split(), 1) if name.startswith(month[:4])]
        months.update(whole or [number for number, start in enumerate(starts, 1) if name.startswith(start)])
    return months


def is_word_of(number: Decimal, text: str, language: str) -> bool:
    """Whether a text says a number in words."""
    small, ordinals = _SMALL[language].split(), _ORDINALS[language].split()
    words = [
        words[int(number) - 1] for words in (small, ordinals) if number == int(number) and 1 <= number <= len(words)
    ]
    words += [_MORE.get(language, {}).get(int(number), "")] if number == int(number) else []
    return any(word and re.search(rf"\b{word}", text, re.IGNORECASE) for word in words)


def _value(number: str, language: str) -> Decimal:
    if language == "en":
        return Decimal(re.sub(r"[, ]", "", number)).normalize()
    return Decimal(re.sub(r"[. ]", "", number).replace(",", ".")).normalize()


def _spelt(text: str, language: str) -> str:
    """Dates and times in the one form in which they are compared."""
    text = _ISO.sub(lambda match: _date(int(match[3]), int(match[2]), match[1], language), text)
    text = _SHORT_DATE.sub(lambda match: _date(int(match[1]), int(match[3]), match[4], language), text)
    text = _CLOCK.sub(_hour, text)
    return _HALF_HOUR.sub(" : ", _FULL_HOUR.sub("", text))


def _date(day: int, month: int, year: str, language: str) -> str:
    if month > 12:
        day, month = month, day
    return f"{day} {_MONTHS[language].split()[(month - 1) % 12]} {year}"


def _hour(match: re.Match[str]) -> str:
    hour = int(match[1]) % 12 + (12 if match[3].casefold() == "p" else 0)
    return f"{hour} : {match[2]}" if match[2] and match[2] != "00" else f"{hour}"
