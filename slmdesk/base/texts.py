"""All texts for people pass through these functions, which look them up in the catalogue of the chosen language.

The code has the texts in English. Only a window and its children choose a language; the command line stays English.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

LANGUAGES = ("en", "de")
"""Languages of the window. All but English have a catalogue in `CATALOGUES`."""
CATALOGUES = Path(__file__).resolve().parent.parent / "locale"
VARIABLE = "SLMDESK_LANGUAGE"
"""Environment variable by which children learn the language."""
_COMMA_AND_POINT = str.maketrans(",.", ".,")
_catalogue: NullTranslations | None = None
"""None: texts are shown as the code has them."""


class _Numbers(Formatter):
    def format_field(self, value: object, format_spec: str) -> str:
        text = str(super().format_field(value, format_spec))
        return text.translate(_COMMA_AND_POINT) if isinstance(value, int | float) else text


class _Pattern(str):
    """A translated text with fields. Its `format` writes numbers as its language does: 1.234,5."""

    __slots__ = ()

    def format(self, *args: object, **values: object) -> str:
        return _Numbers().vformat(self, args, values)


def language_of(settings_file: Path, of_system: Iterable[str]) -> str:
    """Return the window's language by the settings file, else the first of the system's languages that there is.

    The file is read here because modules with constant texts must not be imported before the language is known.
    """
    chosen: object = None
    with suppress(OSError, ValueError):
        settings = json.loads(settings_file.read_bytes())
        chosen = settings.get("language") if isinstance(settings, dict) else None
    if chosen in LANGUAGES:
        return str(chosen)
    system = (name.replace("_", "-").partition("-")[0].lower() for name in of_system)
    return next((language for language in system if language in LANGUAGES), "en")


def use_language(language: str) -> None:
    """Translate all texts of this process and its later children. A constant keeps the language of its import."""
    os.environ[VARIABLE] = language
    if language in LANGUAGES and language != "en":
        from gettext import translation

        use_catalogue(translation("slmdesk", CATALOGUES, [language]))


def use_catalogue(catalogue: NullTranslations | None) -> None:
    global _catalogue
    _catalogue = catalogue


def _(text: str) -> str:
    if _catalogue is None:
        return text
    translated = _catalogue.gettext(text)
    return _Pattern(translated) if "{" in translated else translated


def N_(text: str) -> str:  # noqa: N802 - gettext's name
    """Mark a text that is a key here and passes `_()` where it is shown."""
    return text


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """Return the form for `n` with `{n}` and the other values filled in."""
    if _catalogue is None:
        return (one if n == 1 else many).format(n=n, **values)
    return _Pattern(_catalogue.ngettext(one, many, n)).format(n=n, **values)
