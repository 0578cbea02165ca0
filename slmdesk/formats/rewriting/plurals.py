"""Plural forms in texts of programs: how many a language has, and an example number for each.

Rules from the manual of GNU gettext, "Additional functions for plural forms".  A model cannot translate "form 2 of 3";
it can translate "5 files", and the number is taken out again.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable

from slmdesk.base.record import Record

MOST_FORMS = 6
_SEARCHED = 200
_HEADER = re.compile(r"nplurals\s*=\s*([1-9])\s*;\s*plural\s*=\s*([^;]+)")
_NUMBER = re.compile(r"%(?:\d+\$)?(?:l{0,2}|z|j)[diu](?![A-Za-z])|%\([A-Za-z_]\w*\)[di]|\{(?:\d|n|num|count|number)\}")
_SLAVIC = "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2"
_RULES = {
    "nplurals=1; plural=0;": "id ja ko th vi zh",
    "nplurals=2; plural=(n > 1);": "fa fr",
    f"nplurals=3; plural=({_SLAVIC});": "hr ru sr uk",
    "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);": "pl",
    "nplurals=3; plural=(n==1 ? 0 : n>=2 && n<=4 ? 1 : 2);": "cs sk",
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && (n%100<10 || n%100>=20) ? 1 : 2);": "lt",
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2);": "lv",
    "nplurals=3; plural=(n==1 ? 0 : n==0 || (n%100>0 && n%100<20) ? 1 : 2);": "ro",
    "nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3);": "sl",
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);": "ar",
}
_USUAL = "nplurals=2; plural=(n != 1);"


def header_for(language: str) -> str:
    return next((header for header, languages in _RULES.items() if language in languages.split()), _USUAL)


class PluralForm(Record):
    text: str
    """With a number of this form in the place of the placeholder, where there is one."""
    source: str
    placeholder: str = ""
    number: str = ""

    def written(self, answer: str) -> str | None:
        """The answer with the placeholder restored; None unless the number occurs in it exactly once."""
        if not self.placeholder:
            return answer
        found = re.findall(rf"(?<!\d){self.number}(?!\d)", answer)
        return re.sub(rf"(?<!\d){self.number}(?!\d)", lambda _: self.placeholder, answer) if len(found) == 1 else None


def forms_of(singular: str, plural: str, header: str) -> list[PluralForm]:
    """The forms a catalogue requires, in their order; those of English if its header cannot be read."""
    count, rule = _rule(header)
    found = []
    for form in range(count):
        numbers = [n for n in range(_SEARCHED) if rule(n) == form]
        if 1 in numbers:
            found.append(PluralForm(singular, singular))
            continue
        number = next((n for n in numbers if n > 1), numbers[0] if numbers else 2)
        places = _NUMBER.findall(plural)
        if len(places) == 1:
            text = plural.replace(places[0], str(number))
            found.append(PluralForm(text, plural, places[0], str(number)))
        else:
            found.append(PluralForm(plural, plural))
    return found


def is_rule(header: str) -> bool:
    found = _HEADER.search(header)
    return found is not None and _parsed(found[2]) is not None


def _rule(header: str) -> tuple[int, Callable[[int], int]]:
    found = _HEADER.search(header)
    rule = _parsed(found[2]) if found else None
    if found is None or rule is None:
        return 2, lambda n: int(n != 1)
    return min(MOST_FORMS, int(found[1])), rule


def _parsed(untrusted: str) -> Callable[[int], int] | None:
    """The rule as a function.  The library's own parser accepts only operators and numbers (gettext.c2py)."""
    try:
        rule: Callable[[int], int] = gettext.c2py(untrusted.strip())
        rule(0), rule(1)
    except (ValueError, ArithmeticError, RecursionError):
        return None

    def safe(n: int) -> int:
        try:
            return int(rule(n))
        except ArithmeticError:
            return 0

    return safe
