"""The language of the window and of its children, and of an export. The command line stays English, and loads nothing
of this but for what it exports.
"""

from __future__ import annotations

import json
import locale
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from gettext import GNUTranslations
from numbers import Number
from pathlib import Path
from string import Formatter
from struct import iter_unpack, unpack
from typing import Any, TypeVar

from slmdesk.base.texts import use_catalogue, with_catalogue

T = TypeVar("T")

LANGUAGES = ("en", "de")
"""All but English have a catalogue in `CATALOGUES`."""
CATALOGUES = Path(__file__).resolve().parent.parent / "locale"
VARIABLE = "SLMDESK_LANGUAGE"
"""Environment variable by which children learn the language."""
LEAST_WORDS = 8
"""Letters beside its fields by which a message is told again."""
_COMMA_AND_POINT = str.maketrans(",.", ".,")


class _Numbers(Formatter):
    def format_field(self, value: object, format_spec: str) -> str:
        text = str(super().format_field(value, format_spec))
        return text.translate(_COMMA_AND_POINT).replace("%", " %") if isinstance(value, Number) else text


class _Pattern(str):
    """A translated text with fields. Its `format` writes numbers as its language does: 1.234,5 and 75 %."""

    __slots__ = ()

    def format(self, *args: object, **values: object) -> str:
        return _Numbers().vformat(self, args, values)


class Catalogue(GNUTranslations):
    _forms: Sequence[tuple[tuple[str, ...], str, str]]

    def _parse(self, fp: Any) -> None:
        super()._parse(fp)
        fp.seek(0)
        raw, forms = fp.read(), []
        count, table = unpack("2I", raw[8:16])
        for length, at in iter_unpack("2I", raw[table : table + 8 * count]):
            single, __, many = raw[at : at + length].decode().partition("\0")
            for form in (single, many):
                parts = tuple(words for words, *__ in Formatter().parse(form) if words)
                if "{" in form and sum(map(len, parts)) >= LEAST_WORDS:
                    forms.append((parts, single, form))
        self._forms = sorted(forms, key=lambda form: -sum(map(len, form[0])))

    def forms_in(self, text: str) -> list[tuple[str, str]]:
        """Messages with fields that `text` may be, those with most words first, and the singular of each."""
        return [(single, form) for parts, single, form in self._forms if all(part in text for part in parts)]

    def gettext(self, message: str) -> str:
        text = super().gettext(message) if message else ""  # for "" a catalogue has its own head
        return _Pattern(text) if "{" in text else text

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _Pattern(super().ngettext(msgid1, msgid2, n))


def language_of(settings_file: Path, of_system: Iterable[str]) -> str:
    """Return the window's language by the settings file.

    The file is read here because modules with constant texts must not be imported before the language is known.
    """
    chosen: object = None
    with suppress(OSError, ValueError):
        settings = json.loads(settings_file.read_bytes())
        chosen = settings.get("language") if isinstance(settings, dict) else None
    return chosen_language(chosen, of_system)


def chosen_language(chosen: object, of_system: Iterable[str]) -> str:
    """Return the language for this value of the setting, else the first of the system's languages that there is."""
    if chosen in LANGUAGES:
        return str(chosen)
    system = (name.replace("_", "-").partition("-")[0].lower() for name in of_system)
    return next((language for language in system if language in LANGUAGES), "en")


def use_language(language: str) -> None:
    """Translate all texts of this process and its later children. A constant keeps the language of its import."""
    os.environ[VARIABLE] = language
    if catalogue := catalogue_of(language):
        use_catalogue(catalogue)


def in_language(language: str, make: Callable[..., T], *given: object) -> T:
    """Call `make`, with all texts in a language: English if it has no catalogue, that of the process for ""."""
    return with_catalogue(catalogue_of(language), make, *given) if language else make(*given)


@cache
def catalogue_of(language: str) -> Catalogue | None:
    if language not in LANGUAGES or language == "en":
        return None
    with (CATALOGUES / language / "LC_MESSAGES" / "slmdesk.mo").open("rb") as file:
        return Catalogue(file)


def keep_numbers() -> None:
    """Give the C library back its point. Called once Qt's application stands, which sets the system's numeric locale:
    with a decimal comma SQLite and llama.cpp would write, and read, other numbers than they wrote before.
    """
    locale.setlocale(locale.LC_NUMERIC, "C")
