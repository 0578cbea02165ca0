"""Converts positions: Qt counts UTF-16 units, we count code points."""

from __future__ import annotations


def utf16_at(text: str, index: int) -> int:
    """The position in UTF-16 units of a code point."""
    return index + sum(character > "\uffff" for character in text[:index])


def character_at(text: str, utf16: int) -> int:
    """The position in code points of a UTF-16 unit."""
    place = 0
    for index, character in enumerate(text):
        if place >= utf16:
            return index
        place += 2 if character > "\uffff" else 1
    return len(text)
