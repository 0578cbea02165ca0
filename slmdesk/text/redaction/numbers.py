"""Finds what is private by its shape: accounts, cards, tax and person numbers, e-mails, phones, dates of birth.  Pure.

Check digits by python-stdnum, phones by phonenumbers (both imported at the first text).  A number with the right check
digits is sure; one with wrong digits behind its label is likely: a typing error is no less private.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module

from slmdesk.text.candidates.values import GAP, find_ibans, is_iban
from slmdesk.text.checks.dates import DateMention, find_dates
from slmdesk.text.redaction.types import Certainty, Find, Kind

SURE, LIKELY, UNSURE = Certainty.SURE, Certainty.LIKELY, Certainty.UNSURE
REGIONS = {"en": "GB", "de": "DE", "fr": "FR", "es": "ES", "it": "IT", "pl": "PL", "nl": "NL"}
"""Where a telephone number without a country's code is from, by the language of the text."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,6}[\w-]{2,24}(?![\w-])")
_IBAN_SHAPE = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z0-9]{4}){2,7}(?:[ \u00a0-]?[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
)
_MORE = re.compile(rf"(?:{GAP}(?=[A-Z]{{0,3}}\d)[A-Z0-9]{{1,4}}(?![^\W_]|[.,/-]\d)){{1,7}}")
"""What of a labelled account goes on behind the end of a line."""
_IBAN_LABEL = re.compile(r"(?:\biban\b|konto|account|compte|cuenta|\bconto\b)[^\n\d]{0,30}$", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.,-])[2-6]\d{3}(?:[ \u00a0-]?\d){9,15}(?![\w-]|[.,]\d)")
_CARD_GROUPS = re.compile(
    rf"(?<![\w.,-])(?:[2-6]\d{{3}}(?:{GAP}\d{{4}}){{3}}|3\d{{3}}{GAP}\d{{6}}{GAP}\d{{4,5}})(?![\w-]|[.,]\d)"
)
_EDGE = re.compile(r"[\t|]|\n\s*")
_CARD_LABEL = re.compile(
    r"(?:\bcards?|karte|\bcarte|\btarjeta|\bcarta|\bkart[aęyo]|visa|mastercard)[^\n\d]{0,40}$", re.I
)
_LABEL = re.compile(
    r"(?:steuer[\s-]?(?:id|identifikation\w*)[\w-]*|steuer-?(?:nr|nummer)|\bst\.?-?nr|\bid-?nr|\bust-?id\S*|"
    r"umsatzsteuer\S*|(?:sozial|renten|kranken)?versicherungs-?(?:nr|nummer)|\bsv-?(?:nr|nummer)|\b(?:tin|uid)\b|"
    r"\btax (?:id|number|code|identification|reference)|social security|insurance number|\bvat\b|"
    r"\b(?:nip|pesel|regon|nir|siren|siret|tva|nif|nie|dni|cif|bsn|btw|rsin)\b|sécurité sociale|n° ?fiscal|"
    r"numéro fiscal|codice fiscale|\bc\. ?f\.|\bcf\b|partita iva|\bp\. ?iva|seguridad social|burgerservice\w*)"
    r"[^\n\d]{0,40}$",
    re.IGNORECASE,
)
_NUMBERS: tuple[tuple[str, str, bool], ...] = (
    # module of stdnum, shape, whether shape and check digits alone tell
    ("it.codicefiscale", r"[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPR-T][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]", True),
    ("fr.nir", r"[12] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d", True),
    ("es.dni", r"(?:\d{8}|\d\d\.\d{3}\.\d{3})[ -]?[A-Z]", True),
    ("es.nie", r"[XYZ][ -]?\d{7}[ -]?[A-Z]", True),
    ("es.cif", r"[A-HJNP-SUVW][ -]?\d{7}[ -]?[0-9A-J]", True),
    ("eu.vat", r"(?:ATU ?\d{8}|DE ?\d{9}|DE ?\d{3} \d{3} \d{3}|FR ?[0-9A-Z]{2} ?\d{3} ?\d{3} ?\d{3}|IT ?\d{11}"
     r"|PL ?\d{10}|NL ?\d{9}B\d{2}|ES ?[A-Z0-9]\d{7}[A-Z0-9])", True),
    ("de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", True),
    ("pension", r"\d{2} ?\d{6} ?[A-Z] ?\d{3}", True),
    ("pl.pesel", r"\d{11}", True),
    ("at.vnr", r"\d{4} ?\d{6}", False),
    ("fr.siret", r"\d{3} ?\d{3} ?\d{3} ?\d{5}", False),
    ("fr.nif", r"[0-3]\d ?\d\d ?\d{3} ?\d{3} ?\d{3}", False),
    ("pl.nip", r"\d{10}|\d{3}-\d{3}-\d\d-\d\d|\d{3}-\d\d-\d\d-\d{3}", False),
    ("it.iva", r"\d{11}", False),
    ("pl.regon", r"\d{14}|\d{9}", False),
    ("fr.siren", r"\d{3} ?\d{3} ?\d{3}", False),
    ("nl.bsn", r"\d{9}|\d{4}\.\d\d\.\d{3}", False),
    ("at.tin", r"\d\d-?\d{3}/?\d{4}", False),
    ("de.stnr", r"\d{2,3}[ /]\d{3}[ /]\d{4,5}|\d{13}", False),
)  # fmt: skip
_UNCHECKED = frozenset({"de.stnr"})
"""Numbers without check digits: never sure."""
_BIRTH_BEFORE = re.compile(
    r"(?:\bgeb(?:oren(?:e[rnms]?)?|\.)?(?: am)?|\bgeburts(?:datum|tag)|\*|\bborn(?: on)?|\bd\.?o\.?b\.?|date of birth|"
    r"birth ?da(?:te|y)|\bn[ée]e?(?: le)?|date de naissance|\bnacid[oa](?: el)?|fecha de nacimiento|"
    r"\bnat[oa](?: il| a [^\W\d_][\w' ]{1,30})?|data di nascita|\bur(?:\.|odz(?:\.|ony|ona))?|data urodzenia|"
    r"geboren op|geboortedatum)[\s:(,]{0,4}(?:(?:on|am|le|el|il|the|dnia|den|op)\s)?$",
    re.IGNORECASE,
)
_PHONE_LABEL = re.compile(
    r"(?:\bt[eé]l\w*|\bfon\b|\bphone|\bmobil\w*|\bmobile|\bhandy|\bcell\w*|\bfax\b|\bring\b|\bcall\b|\breach\b|\banruf\w*|"
    r"\brufen\b|\berreich\w*|\bappel\w+|\bjoindre|\bportable|\bllam\w+|\blocali\w+|\bmóvil|\bnumero|\bnúmero|"
    r"\bnumerem|\bnumeru?|\bcellulare|\bchiam\w+|\bdzwoni\w*|\bkom\.?)[^\n\d+(]{0,25}$",
    re.IGNORECASE,
)
_SPLIT_PHONE = re.compile(
    r"(?<![\w.,/-])(?P<first>(?:\+|\(0)?\d[\d ()/.\u00a0-]{0,15}?)(?P<gap>[ \u00a0]*(?:\t|\||\r?\n)[ \t>|]*)"
    r"(?P<rest>[\d(][\d ()/.\u00a0-]{0,14})"
)
_WHOLE_PHONE = 9
"""Digits of a number, without its country, that needs none of the next line."""
_GROUP = re.compile(r"\d+(?![\w]|[.,]\d)")
_TOWN = re.compile(r"\d{4,5}[ \u00a0]+[^\W\d_a-z]")
_SET_APART = re.compile(r"[(\[/–—-] ?$")
_CLOSED = re.compile(r" ?[)\]/–—-]")
_DIALLED = {"es": r"0|[236-9](?:\D?\d){8}", "pl": r"0|[236-9](?:\D?\d){8}", "it": r"0|[236-9]\d\d(?:\D?\d){6}"}
"""How numbers begin that are dialled in a country, where that is not with 0."""


def find_by_shape(text: str, language: str = "") -> Iterator[Find]:
    """All of them; they may overlap.  `language`: code of ISO 639-1, for telephone numbers; none asks all countries."""
    yield from _emails(text)
    yield from _ibans(text)
    yield from _cards(text)
    yield from _numbers(text)
    yield from _births(text, language)
    yield from _phones(text, language)


def _find(kind: Kind, text: str, start: int, end: int, certainty: Certainty, reason: str) -> Find:
    return Find(kind, start, end, text[start:end], certainty, reason)


def _emails(text: str) -> Iterator[Find]:
    for one in _EMAIL.finditer(text):
        yield _find(Kind.EMAIL, text, *one.span(), SURE, "email")


def _ibans(text: str) -> Iterator[Find]:
    right = find_ibans(text)
    for start, end in right:
        yield _find(Kind.IBAN, text, start, end, SURE, "iban")
    shaped = [(one.start(), one.end()) for one in _IBAN_SHAPE.finditer(text)]
    whole = find_ibans(text, checked=False)
    for start, end in dict.fromkeys((*whole, *shaped)):
        if any(start < other[1] and other[0] < end for other in right):
            continue
        if _IBAN_LABEL.search(text, max(0, start - 60), start):
            more = None if (start, end) in whole else _MORE.match(text, end)
            yield _find(Kind.IBAN, text, start, more.end() if more else end, LIKELY, "iban_wrong")
        elif (start, end) in shaped:
            yield _find(Kind.IBAN, text, start, end, UNSURE, "iban_wrong")


def _cards(text: str) -> Iterator[Find]:
    from stdnum import luhn

    for one in (*_CARD_GROUPS.finditer(text), *_CARD.finditer(text)):
        if not luhn.is_valid(re.sub(r"\D", "", one[0])):
            continue
        labelled = _CARD_LABEL.search(text, max(0, one.start() - 80), one.start()) is not None
        edges = _EDGE.findall(one[0])  # columns of figures may be cards by chance
        grouped = one.re is _CARD_GROUPS and (not edges or (len(edges) == 1 and "\n" in edges[0]))
        bare = re.fullmatch(r"\d{15,16}", one[0]) is not None
        certainty = SURE if labelled or grouped else LIKELY if bare else UNSURE
        yield _find(Kind.CARD, text, *one.span(), certainty, "card")


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str], bool], ...]:
    return tuple(
        (name, re.compile(rf"(?<![\w.,/-])(?:{shape})(?![\w/-]|[.,]\d)"), alone) for name, shape, alone in _NUMBERS
    )


def _numbers(text: str) -> Iterator[Find]:
    for name, shape, alone in _shapes():
        for one in shape.finditer(text):
            labelled = _LABEL.search(text, max(0, one.start() - 80), one.start()) is not None
            valid = _is_valid(name, one[0])
            if valid and name not in _UNCHECKED and (alone or labelled):
                yield _find(Kind.NUMBER, text, *one.span(), SURE, name)
            elif labelled:
                yield _find(Kind.NUMBER, text, *one.span(), LIKELY, "label")
            elif valid and name not in _UNCHECKED:
                yield _find(Kind.NUMBER, text, *one.span(), UNSURE, name)


def _is_valid(name: str, number: str) -> bool:
    if name == "pension":
        return is_pension_number(number)
    return bool(import_module(f"stdnum.{name}").is_valid(number))


def is_pension_number(words: str) -> bool:
    """Whether it is a German pension insurance number (VKVV § 2) with the right check digit."""
    plain = re.sub(r"\s", "", words)
    if not re.fullmatch(r"\d{8}[A-Z]\d{3}", plain):
        return False
    digits = f"{plain[:8]}{ord(plain[8]) - 64:02}{plain[9:11]}"
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(map(int, str(int(one) * weight))) for one, weight in zip(digits, weights, strict=True))
    return total % 10 == int(plain[11])


def _births(text: str, language: str) -> Iterator[Find]:
    for one in find_dates(text, language):
        if not any(year and month and day for year, month, day in one.readings):
            continue
        if _BIRTH_BEFORE.search(text, max(0, one.start - 60), one.start):
            yield _find(Kind.BIRTH, text, one.start, one.end, LIKELY, "birth")


def _phones(text: str, language: str) -> Iterator[Find]:
    import phonenumbers

    seen: set[tuple[int, int]] = set()
    days = [one for one in find_dates(text, language) if one.readings]
    regions = [REGIONS[language]] if language in REGIONS else list(REGIONS.values())
    for region in regions:
        for one in phonenumbers.PhoneNumberMatcher(
            text, region, leniency=phonenumbers.Leniency.POSSIBLE, max_tries=1_000_000
        ):
            start, end = one.start, one.start + len(one.raw_string)
            if one.raw_string[0] in "([" and not re.search(r"[)\]]", one.raw_string):
                start += 1
            if (start, end) in seen or any(day.start < end and start < day.end for day in days):
                continue
            seen.add((start, end))
            labelled = _PHONE_LABEL.search(text, max(0, start - 60), start) is not None
            valid = phonenumbers.is_valid_number(one.number)
            if labelled or _is_dialled(text, start, end, language, valid=valid):
                yield _find(Kind.PHONE, text, start, end, LIKELY, "phone")
            elif valid:
                yield _find(Kind.PHONE, text, start, end, UNSURE, "phone")
    for start, end in _split_phones(text, regions, days):
        yield _find(Kind.PHONE, text, start, end, LIKELY, "phone")


def _is_dialled(text: str, start: int, end: int, language: str, *, valid: bool) -> bool:
    """Whether a number without a label is written as people write telephone numbers.

    Of numbers that nobody has yet those with a country's code, an area in brackets, or between signs.
    """
    number = text[start:end].lstrip("([ ")
    if valid and number.startswith("+"):
        return True
    if not re.search(r"\d[ /.()-]+\d", number):
        return False
    apart = _SET_APART.search(text, max(0, start - 2), start) and _CLOSED.match(text, end)
    if valid:
        return apart is not None or _looks_dialled(number, language)
    is_long = 9 <= sum(one.isdigit() for one in number) <= 13
    return is_long and (number[0] == "+" or (number[0] == "0" and (apart is not None or text[start] == "(")))


def _split_phones(text: str, regions: Sequence[str], days: Sequence[DateMention]) -> Iterator[tuple[int, int]]:
    for one in _SPLIT_PHONE.finditer(text):
        labelled = _PHONE_LABEL.search(text, max(0, one.start() - 60), one.start()) is not None
        first, rest = one["first"], one.start("rest")
        is_code = re.search(r"[\t|]", one["gap"]) or re.fullmatch(r"\d+", first)  # or a figure in a column
        if not (labelled or (first.startswith(("+", "0", "(0")) and not is_code)):
            continue
        if any(day.start < one.end() and rest < day.end for day in days):
            continue
        own = _phone_digits(first, regions, valid=True)
        if own >= _WHOLE_PHONE or (own and _TOWN.match(text, rest)):
            continue
        ends = [group.end() for group in _GROUP.finditer(text, rest, one.end())]
        tried = [(end, valid) for valid in (True, False) if valid or labelled for end in reversed(ends)]
        for end, valid in tried:
            if _phone_digits(f"{first} {text[rest:end]}", regions, valid=valid) >= _WHOLE_PHONE - 1:
                yield one.start(), end
                break


def _phone_digits(words: str, regions: Sequence[str], *, valid: bool) -> int:
    """How many digits it has as a telephone number, without those of country and trunk; 0 if it can be none."""
    import phonenumbers

    is_one = phonenumbers.is_valid_number if valid else phonenumbers.is_possible_number
    most = 0
    for region in regions:
        with suppress(phonenumbers.NumberParseException):
            number = phonenumbers.parse(words, region)
            most = max(most, len(str(number.national_number)) if is_one(number) else 0)
    return most


def _looks_dialled(number: str, language: str) -> bool:
    return re.match(_DIALLED.get(language, "0"), number.lstrip("( ")) is not None


def is_checked(words: str) -> bool:
    from stdnum import luhn

    plain = re.sub(r"[^0-9A-Za-z]", "", words)
    if is_iban(words) or (plain.isdigit() and len(plain) >= 12 and luhn.is_valid(plain)):
        return True
    return any(
        _is_valid(name, words) for name, shape, _ in _shapes() if name not in _UNCHECKED and shape.fullmatch(words)
    )
