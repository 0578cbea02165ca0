"""Checks the figures read off the picture of a page. Check digits, the shape of amounts and the calendar decide between
signs that look alike (O and 0, l and 1). What nothing decides is marked as doubtful, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from itertools import accumulate, product

from slmdesk.formats.pdf_file import Word
from slmdesk.text.checks.numbers import is_iban
from slmdesk.text.redaction.rules import is_checked

SURE_FIGURE, SURE_WORD = 70, 55
"""Least confidence, of 100, of a word with a figure and of any other word. What is read with less is doubtful."""
SURE_MIXED = 85
"""The same of a figure with a letter in it that looks like a digit: a house number (10B), or a misread digit."""
MOST_ALIKE = 10
"""Most signs of an account number that may be a letter as well as a digit. All their combinations are tried."""
MOST_WORDS = 16
"""Most words of an account number, which may stand on two lines."""
MOST_ADDENDS = 60
_ALIKE = {"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", "Z": "2", "z": "2", "S": "5", "s": "5", "G": "6", "B": "8"}
_AS_DIGITS = str.maketrans(_ALIKE)
_AS_LETTERS = str.maketrans("012568", "OIZSGB")
_CORE = re.compile(r"[(\[\"'„“»]*(.*?)[.,;:!?)\]\"'“”«]*", re.DOTALL)
_COUNTRY = re.compile(r"[A-Z0-9]{2}[0-9OoIlZzSsGB|]{2}")
_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})|(\d{4})-(\d{2})-(\d{2})")
_GROUPED = r"\d{1,3}(?:[.,'’]\d{3})+|\d+"
_NUMBER = re.compile(rf"[-+–]?(?:(?:{_GROUPED})[.,]\d{{1,2}}|\d{{1,3}}(?:[.,'’]\d{{3}})+)(?: ?[%€$£]|-)?")
_AMOUNT = re.compile(rf"([-–+]?)((?:{_GROUPED})[.,]\d\d)(-?)[€$£]?")
_VAT = re.compile(r"DE\d{9}|ATU\d{8}|IT\d{11}|PL\d{10}|NL\d{9}B\d\d")
_TOTAL = re.compile(
    r"\b(?:(?:end|gesamt|zwischen)?summe|(?:gesamt|rechnungs|end|zahl)betrag|gesamt|sub-?total|total[ei]?|totaal|suma|razem|"
    r"montant dû|amount due|soma)\b",
    re.IGNORECASE,
)


def check_figures(lines: Sequence[Sequence[Word]]) -> None:
    """Correct the words of the lines of a page where that is certain, and set their `is_doubtful`."""
    every, at = [word for line in lines for word in line], 0
    while at < len(every):
        taken = _check_account(every[at : at + MOST_WORDS])
        if not taken:
            _check_word(every[at])
        at += taken or 1
    _check_sums(lines)


def _check_account(words: Sequence[Word]) -> int:
    """Check an account number (IBAN) that begins with the first word. Return how many words it has, 0 if it is none."""
    if not _COUNTRY.match(words[0].text):
        return 0
    shape = _shape_of(words[0].text[:2].translate(_AS_LETTERS))
    places = [(at, sign) for at, word in enumerate(words) for sign in range(len(word.text))]
    signs = [(at, sign) for at, sign in places if words[at].text[sign].isalnum() or words[at].text[sign] == "|"]
    for extra in (0, 1) if shape else ():
        used, more = signs[: len(shape) + extra], signs[len(shape) + extra :]
        if len(used) < len(shape) + extra or (more and more[0][0] == used[-1][0]):  # the last word would go on
            continue
        read = "".join(words[at].text[sign] for at, sign in used)
        account = _account(read, shape) if not extra else _account_once(read, shape)
        if account is None:
            continue
        for (at, sign), letter in reversed([*zip(used, account or read, strict=True)]):
            text = words[at].text
            words[at].text = text[:sign] + letter.strip() + text[sign + 1 :]
        for word in words[: used[-1][0] + 1]:
            word.is_doubtful = not account
        return used[-1][0] + 1
    return 0


def _account_once(read: str, shape: str) -> str | None:
    """Return the account number of which one sign was read twice, as two that look alike (O0). A space stands for the
    second of them. None if check digits do not tell which.
    """
    accounts: dict[str, str] = {}
    for at in range(1, len(read)):
        pair = read[at - 1 : at + 1]
        if pair[0] != pair[1] and len({*pair.translate(_AS_DIGITS)}) == 1:
            number = _account(read[:at] + read[at + 1 :], shape)
            if number:
                accounts[number] = number[:at] + " " + number[at:]
    return accounts.popitem()[1] if len(accounts) == 1 else None


def _account(read: str, shape: str) -> str | None:
    """Return the account number that was read, "" if its check digits are wrong, None if it is no account number."""
    choices = []
    for sign, kind in zip(read, shape, strict=True):
        letter, digit = sign.upper().translate(_AS_LETTERS), sign.translate(_AS_DIGITS)
        if kind == "n":
            choices.append(digit if digit.isdigit() else "")
        elif kind == "a":
            choices.append(letter if letter.isalpha() else "")
        else:
            choices.append("".join(dict.fromkeys((sign.upper(), digit.upper(), letter))))
    if not all(choices):
        return None
    if sum(len(each) > 1 for each in choices) > MOST_ALIKE:
        return ""
    plain = "".join(each[0] for each in choices)
    if is_iban(plain):
        return plain
    right = {number for number in map("".join, product(*choices)) if is_iban(number)}
    return right.pop() if len(right) == 1 else ""


@cache
def _shape_of(country: str) -> str:
    """Return the kind of each sign of a country's account numbers: n a digit, a letter a, c either."""
    from stdnum import numdb

    pattern = numdb.get("iban").info(f"{country}00")[0][1].get("bban") or ""
    return "aann" + "".join(kind * int(size) for size, kind in re.findall(r"(\d+)!([nac])", pattern)) if pattern else ""


def _check_word(word: Word) -> None:
    match = _CORE.fullmatch(word.text)
    core = match[1] if match else word.text
    if not any(map(str.isdigit, core)):
        word.is_doubtful = word.sureness < SURE_WORD
        return
    digits = core.translate(_AS_DIGITS)
    kept = core[:2] + digits[2:] if core[:2].isalpha() else digits
    is_mixed, is_right = digits != core, sum(map(str.isdigit, kept)) >= 9 and is_checked(kept)
    if is_right:
        digits = kept
    elif _VAT.fullmatch(kept):
        word.is_doubtful = True
        return
    elif is_mixed and not (_NUMBER.fullmatch(digits) or _DAY.fullmatch(digits)):
        word.is_doubtful = word.sureness < SURE_MIXED
        return
    word.text = word.text.replace(core, digits)
    day = _DAY.fullmatch(digits)
    is_wrong = day is not None and not _is_day(day)
    word.is_doubtful = is_wrong or (not is_right and word.sureness < SURE_FIGURE)


def _is_day(match: re.Match[str]) -> bool:
    first, _sign, second, year, *iso = match.groups()
    if iso[0]:
        year, orders = iso[0], [(iso[1], iso[2])]
    else:
        orders = [(second, first), (first, second)] if match[2] == "/" else [(second, first)]
    for month, day in orders:
        with suppress(ValueError):
            return 1800 <= date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)).year <= 2200
    return False


def _check_sums(lines: Sequence[Sequence[Word]]) -> None:
    """Compare each total with the amounts above it. One that fits makes all of them sure, another is doubtful."""
    columns: list[tuple[float, list[tuple[int, list[Word]]]]] = []
    for line in lines:
        amounts = list(_amounts(line))
        is_total = _TOTAL.search(" ".join(word.text for word in line)) is not None
        for value, words in amounts[-1:]:
            last = words[-1]
            near = (column for edge, column in columns if abs(edge - last.x1) < 2 * (last.y1 - last.y0))
            column = next(near, None)
            if column is None:
                column = []
                columns.append((last.x1, column))
            if is_total and len(column) > 1:
                sums = accumulate(each for each, _words in column[: -MOST_ADDENDS - 1 : -1])
                fitting = next((count for count, total in enumerate(sums, 1) if total == value), 0)
                for _value, addend in column[-fitting:] if fitting else ():
                    _set_doubtful(addend, False)
                _set_doubtful(words, not fitting)
            column.append((value, words))


def _set_doubtful(words: Sequence[Word], is_doubtful: bool) -> None:
    for word in words:
        word.is_doubtful = is_doubtful


def _amounts(line: Sequence[Word]) -> Iterator[tuple[int, list[Word]]]:
    """Yield each amount with its words, in hundredths. Thousands may stand in a word of their own (1 034,27)."""
    for at, word in enumerate(line):
        if (match := _AMOUNT.fullmatch(word.text)) is None:
            continue
        words, digits, sign = [word], re.sub(r"\D", "", match[2]), match[1] or match[3]
        before = line[at - 1] if at else None
        if (
            before is not None
            and re.fullmatch(r"\d{3}[.,]\d\d", match[2])
            and (thousands := re.fullmatch(r"([-–]?)(\d{1,3})", before.text))
            and word.x0 - before.x1 < 0.6 * (word.y1 - word.y0)
        ):
            words, digits, sign = [before, word], thousands[2] + digits, thousands[1]
        yield (-1 if sign in ("-", "–") else 1) * int(digits), words
