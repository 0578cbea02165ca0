"""All texts for people pass through these functions, which look them up in the catalogue of the chosen language."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from string import Formatter
from threading import local
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from gettext import NullTranslations

T = TypeVar("T")


class _Here(local):
    is_chosen = False
    """Whether this thread has a catalogue of its own, or none, for a while."""
    catalogue: NullTranslations | None = None


_here = _Here()
_catalogue: NullTranslations | None = None
"""None: texts are shown as the code has them, in English."""


def use_catalogue(catalogue: NullTranslations | None) -> None:
    """Translate from now on. A constant text of a module keeps the language of the module's import."""
    global _catalogue
    _catalogue = catalogue


def in_english(make: Callable[..., T], *given: object) -> T:
    """Call `make`, with all texts in English: for a result that is stored, or read by programs."""
    return with_catalogue(None, make, *given)


def with_catalogue(catalogue: NullTranslations | None, make: Callable[..., T], *given: object) -> T:
    """Call `make` with the texts of a catalogue on this thread: for what is exported in another language."""
    before = _here.is_chosen, _here.catalogue
    _here.is_chosen, _here.catalogue = True, catalogue
    try:
        return make(*given)
    finally:
        _here.is_chosen, _here.catalogue = before


def chosen_catalogue() -> NullTranslations | None:
    return _here.catalogue if _here.is_chosen else _catalogue


def _(text: str) -> str:
    return text if (chosen := chosen_catalogue()) is None else chosen.gettext(text)


def N_(text: str) -> str:  # noqa: N802 - gettext's name
    """Mark a text that is a key here and passes `_()` where it is shown."""
    return text


MONTHS = (
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July"), N_("August"),
    N_("September"), N_("October"), N_("November"), N_("December"),
)  # fmt: skip


def ngettext(single: str, many: str, n: int, **values: object) -> str:
    """Return the form for `n` with `{n}` and the other values filled in."""
    chosen = chosen_catalogue()
    if chosen is not None:
        text = chosen.ngettext(single, many, n)
    elif n == 1:
        text = single
    else:
        text = many
    return text.format(n=n, **values)


def in_quotes(words: str) -> str:
    return _("“{words}”").format(words=words)


def retold(text: str, *forms: str) -> str:
    """Say in the chosen language what was stored in English: by `forms`, else by any message. Other words stay.

    A stored text is a message whose placeholders are filled. The values are found by the pattern of the message, and
    filled into its translation.
    """
    catalogue = chosen_catalogue()
    if not text or catalogue is None:
        return text
    singles_and_forms: Iterable[tuple[str, str]]
    if forms:
        singles_and_forms = [(form, form) for form in forms]
    else:
        told = _(text)
        if told != text:
            return told
        singles_and_forms = getattr(catalogue, "forms_in", lambda _text: [])(text)  # other catalogues have none
    for single, form in singles_and_forms:
        match = _pattern_of(form).fullmatch(text)
        if match is None:
            continue
        values = {name: _value(said, is_told=not forms) for name, said in match.groupdict().items()}
        n = values.pop("n", 2)
        if single == form:
            return _(single).format(n=n, **values)
        return ngettext(single, form, n, **values)
    return text


@lru_cache(maxsize=1024)
def _pattern_of(form: str) -> re.Pattern[str]:
    known: set[str | None] = set()
    pattern = ""
    for words, name, spec, _conversion in Formatter().parse(form):
        pattern += re.escape(words)
        if name is not None:
            said = r"[\d,.]*\d" if spec or name == "n" else r"(?:.+?\.\w{2,5}|.+?)"  # a name ends with its suffix
            pattern += f"(?P={name})" if name in known else f"(?P<{name}>{said})"
            known.add(name)
    return re.compile(pattern, re.DOTALL)


def _value(said: str, *, is_told: bool) -> Any:
    digits = said.replace(",", "")
    if re.fullmatch(r"\d+(\.\d+)?", digits):
        return float(digits) if "." in digits else int(digits)
    return retold(said) if is_told else said


def date_words(day: date) -> str:
    # strftime would take the words of the system's language
    return _("{day} {month} {year}").format(day=day.day, month=_(MONTHS[day.month - 1]), year=day.year)


def day_words(seconds: float) -> str:
    """Return the local day of a time in seconds since the epoch; the number itself where no calendar has that day."""
    try:
        day = date.fromtimestamp(seconds)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f}"
    return date_words(day)


def cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def grouped(n: int) -> str:
    """Return a number as the chosen language writes it: "1,240"."""
    return _("{n:,}").format(n=n)


def decimal(n: float) -> str:
    """Return a number as the chosen language writes it, without zeros at its end: "0.05"."""
    return str(n) if isinstance(n, int) else _("{n:.7g}").format(n=n)
