"""Letters with accounts, cards and phones as files spoil them: over a line end, in cells, in small letters, between
signs; and letters full of figures that are none.  Nothing here comes from the lists of the finder.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_ACCOUNTS = {
    "AT": "d16", "BE": "d12", "CH": "d5x12", "DE": "d18", "DK": "d14", "ES": "d20", "FI": "d14", "FR": "d10x11d2",
    "GB": "a4d14", "IE": "a4d14", "IT": "a1d10x12", "NL": "a4d10", "NO": "d11", "PL": "d24", "PT": "d21", "SE": "d20",
}  # fmt: skip
_CARDS = (("4", 16), ("51", 16), ("54", 16), ("2294", 16), ("371", 15), ("349", 15))
_PHONES = (
    ("en", "07911 ### ###"), ("en", "020 7946 0###"), ("en", "(01632) 96####"), ("en", "0161 4## ####"),
    ("de", "0171 23#####"), ("de", "030 2345###"), ("de", "(089) 54 32 1#"), ("fr", "06-12-##-##-##"),
    ("fr", "01 42 ## ## ##"), ("fr", "06-39-98-##-##"), ("es", "612 ### ###"), ("pl", "512 ### ###"),
    ("it", "347 61#####"), ("en", "+44 1632 960 ###"), ("de", "+49 40 66969 ###"),
)  # fmt: skip
_FRAMES = {
    "en": ("Hello,\n\nthank you for the parcel of last week. ", " Would you see to it by Friday?\n\nYours\n"),
    "de": ("Guten Tag,\n\nvielen Dank für das Paket von letzter Woche. ", " Bitte bis Freitag.\n\nMit Gruß\n"),
    "fr": ("Bonjour,\n\nmerci pour le colis de la semaine. ", " Merci de le faire avant vendredi.\n\nBien à vous\n"),
    "es": ("Buenos días:\n\ngracias por el paquete de la semana. ", " Por favor, antes del viernes.\n\nUn saludo\n"),
    "it": ("Buongiorno,\n\ngrazie per il pacco della settimana. ", " Entro venerdì, per favore.\n\nSaluti\n"),
    "pl": ("Dzień dobry,\n\ndziękuję za paczkę z zeszłego tygodnia. ", " Proszę o to do piątku.\n\nPozdrawiam\n"),
}
_PAY = {
    "en": "Please pay into ", "de": "Bitte überweisen Sie auf ", "fr": "Merci de virer sur ", "es": "Pague en ",
    "it": "Versare su ", "pl": "Proszę wpłacić na ",
}  # fmt: skip
_CARD = {
    "en": "Take it from my card ", "de": "Buchen Sie es von der Karte ", "fr": "Prenez carte ", "es": "Use tarjeta ",
    "it": "Usate la carta ", "pl": "Proszę użyć karty ",
}  # fmt: skip
_OVER = ("\n", " \n", "\n    ", "\r\n", "\n\n", "\n> ")
_CELLS = ("\t", " | ")
_SIGNS = (" – {} –", " - {} -", "({})", " –{}–", "[{}]", "/{}/")


@dataclass(frozen=True)
class SplitNumber:
    """A letter with one number in it."""

    language: str
    text: str
    start: int
    end: int


def _checked(country: str, body: str) -> str:
    rest = int("".join(str(int(letter, 36)) for letter in f"{body}{country}00")) % 97
    return f"{country}{98 - rest:02}{body}"


def _account(rng: random.Random) -> list[str]:
    country, shape = rng.choice(list(_ACCOUNTS.items()))
    body, signs = "", {"d": "0123456789", "a": "BCDFGHJKLMNPQRSTVWXZ", "x": "0123456789ABCDEFGHJKLMNP"}
    for part in shape.replace("d", " d").replace("a", " a").replace("x", " x").split():
        body += "".join(rng.choice(signs[part[0]]) for _ in range(int(part[1:])))
    whole = _checked(country, body)
    return [whole[at : at + 4] for at in range(0, len(whole), 4)]


def _payment_card(rng: random.Random) -> list[str]:
    begin, length = rng.choice(_CARDS)
    plain = begin + "".join(rng.choice("0123456789") for _ in range(length - len(begin) - 1))
    total = 0
    for at, digit in enumerate(reversed(plain)):
        twice = int(digit) * 2 if at % 2 == 0 else int(digit)
        total += twice - 9 if twice > 9 else twice
    plain += str(-total % 10)
    sizes = (4, 4, 4, 4) if length == 16 else (4, 6, 5)
    return [plain[sum(sizes[:at]) : sum(sizes[: at + 1])] for at in range(len(sizes))]


def _over(rng: random.Random, groups: list[str]) -> str:
    at = rng.randrange(1, len(groups))
    return " ".join(groups[:at]) + rng.choice(_OVER) + " ".join(groups[at:])


def _in_cells(rng: random.Random, groups: list[str]) -> str:
    return rng.choice(_CELLS).join(groups)


def _small(rng: random.Random, groups: list[str]) -> str:
    return rng.choice(("", " ")).join(groups).lower()


_Maker = Callable[[random.Random], tuple[str, str, str, str]]
"""Language, what stands before the number, the number, and what stands behind it."""


def _paid(make: Callable[[random.Random], list[str]], write: Callable[[random.Random, list[str]], str]) -> _Maker:
    before = _PAY if make is _account else _CARD

    def made(rng: random.Random) -> tuple[str, str, str, str]:
        language = rng.choice(list(_FRAMES))
        label = before[language] + rng.choice(("", "IBAN ", "IBAN: ") if make is _account else ("", "Visa "))
        return language, label, write(rng, make(rng)), rng.choice((".", ",", "\n", " "))

    return made


def _phone(rng: random.Random) -> tuple[str, str]:
    language, shape = rng.choice(_PHONES)
    return language, "".join(str(rng.randint(1, 9)) if sign == "#" else sign for sign in shape)


def _phone_between(rng: random.Random) -> tuple[str, str, str, str]:
    language, number = _phone(rng)
    before, _, behind = rng.choice(_SIGNS[: 4 if number[0] == "(" else 6]).partition("{}")
    return language, f"Roy & Co {before}", number, behind


def _phone_over(rng: random.Random) -> tuple[str, str, str, str]:
    language, number = _phone(rng)
    gaps = [at for at, sign in enumerate(number) if sign in " -"]
    at = rng.choice(gaps)
    label = rng.choice(("Tel. ", "Fax: ", "tel "))
    return language, label, number[:at] + rng.choice(_OVER[:3]) + number[at + 1 :], rng.choice((".", "\n", " "))


KINDS: dict[str, _Maker] = {
    "account over a line": _paid(_account, _over),
    "account in cells": _paid(_account, _in_cells),
    "account in small letters": _paid(_account, _small),
    "card over a line": _paid(_payment_card, _over),
    "card in cells": _paid(_payment_card, _in_cells),
    "phone between signs": _phone_between,
    "phone over a line": _phone_over,
}


def split_numbers(kind: str, seed: int, count: int) -> Iterator[SplitNumber]:
    """Letters with a number of a kind each."""
    rng = random.Random(f"{kind}{seed}")
    for _ in range(count):
        language, before, number, behind = KINDS[kind](rng)
        begin, end = _FRAMES[language]
        text = f"{begin}{before}{number}{behind}"
        start = len(begin) + len(before)
        yield SplitNumber(language, text + end, start, start + len(number))


_FIGURES: tuple[Callable[[random.Random], str], ...] = (
    lambda r: f"{r.choice(('Order', 'Invoice', 'Auftrag', 'Commande', 'no', 'Nr.'))} {r.randint(10**7, 10**10)}",
    lambda r: f"{r.choice(('Order', 'Ref.', 'Zeichen', 'Pedido'))} {r.randint(1000, 9999)}-{r.randint(1000, 9999)}",
    lambda r: f"{r.choice(('on', 'am', 'le'))} {r.randint(1, 28)}.{r.randint(1, 12)}.{r.randint(2019, 2026)}",
    lambda r: f"{r.randint(2019, 2026)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}",
    lambda r: f"{r.randint(1, 999)}.{r.randint(100, 999)},{r.randint(10, 99)} Euro",
    lambda r: f"£{r.randint(1, 999)},{r.randint(100, 999)}.{r.randint(10, 99)}",
    lambda r: "\t".join(str(2018 + at) for at in range(r.randint(4, 7))),
    lambda r: " | ".join(str(r.randint(100, 9999)) for _ in range(r.randint(3, 6))),
    lambda r: "\n".join(str(r.randint(1000, 99999)) for _ in range(r.randint(3, 6))),
    lambda r: f"no {r.randint(10, 99)} {r.randint(1000, 9999)} {r.randint(1000, 9999)}\n{r.randint(100, 999)} pieces",
    lambda r: f"(item {r.randint(10000, 99999)}-{r.randint(10, 99)}) – {r.randint(100, 999)} – {r.randint(1, 31)} May",
    lambda r: f"DE {r.randint(10, 99)} {r.randint(1000, 9999)} m\nup to {r.randint(1000, 9999)} {r.randint(10, 99)}",
)  # fmt: skip


def figures(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Language and text of letters with nothing private in them but their order numbers, dates and sums."""
    rng = random.Random(seed)
    for _ in range(count):
        language = rng.choice(list(_FRAMES))
        begin, end = _FRAMES[language]
        lines = [make(rng) for make in rng.sample(_FIGURES, 8)]
        yield language, begin + rng.choice((", ", "\n", ".\n")).join(lines) + end
