"""All texts for people pass through these functions, so another language's catalogue can be added. English for now."""

from __future__ import annotations


def _(text: str) -> str:
    return text


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """Return `one` or `many`, depending on `n`, with `{n}` and the other values filled in."""
    return (one if n == 1 else many).format(n=n, **values)
