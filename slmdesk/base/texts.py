"""Every text for people passes here, so that a catalogue of another language can stand behind it; English for now."""

from __future__ import annotations


def _(text: str) -> str:
    return text


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """`one` or `many`, as `n` demands, with `{n}` and the other values put in."""
    return (one if n == 1 else many).format(n=n, **values)
