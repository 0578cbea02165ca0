"""All texts for people pass through these functions, which look them up in the catalogue of the chosen language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

_catalogue: NullTranslations | None = None
"""None: texts are shown as the code has them, in English."""


def use_catalogue(catalogue: NullTranslations | None) -> None:
    """Translate from now on. A constant text of a module keeps the language of the module's import."""
    global _catalogue
    _catalogue = catalogue


def _(text: str) -> str:
    return text if _catalogue is None else _catalogue.gettext(text)


def N_(text: str) -> str:  # noqa: N802 - gettext's name
    """Mark a text that is a key here and passes `_()` where it is shown."""
    return text


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """Return the form for `n` with `{n}` and the other values filled in."""
    text = (one if n == 1 else many) if _catalogue is None else _catalogue.ngettext(one, many, n)
    return text.format(n=n, **values)
