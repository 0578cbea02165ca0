"""Qt counts characters in UTF-16; we count code points."""

from __future__ import annotations


def utf16_at(text: str, index: int) -> int:
    """Qt counts in UTF-16: the place there of a character of ours."""
    return index + sum(character > "\uffff" for character in text[:index])


def character_at(text: str, utf16: int) -> int:
    """The other way round."""
    place = 0
    for index, character in enumerate(text):
        if place >= utf16:
            return index
        place += 2 if character > "\uffff" else 1
    return len(text)
