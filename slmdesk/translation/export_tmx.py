"""Writes pairs of sentences as TMX, for other translation programs.  Source: TMX 1.4b (GALA)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TypeAlias

from slmdesk.base.paper import plain

ANY = "*all*"
"""In the place of a source language: each unit has its own."""
UNKNOWN = "und"
"""ISO 639-2's code for an undetermined language."""

Unit: TypeAlias = tuple[str, str, str, str]
"""Language and words of the source, language and words of the translation; an empty language is UNKNOWN."""


def to_tmx(units: Iterable[Unit], source: str = ANY) -> Iterator[str]:
    """Yield the file piece by piece, as the units arrive; formatting tags are kept as text."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4"><header creationtool="slmdesk" '
    yield 'creationtoolversion="1" segtype="sentence" o-tmf="slmdesk" adminlang="en" '
    yield f'srclang="{escape(source or UNKNOWN)}" datatype="plaintext"/><body>\n'
    for first, one, second, other in units:
        yield f"<tu>{_side(first, one)}{_side(second, other)}</tu>\n"
    yield "</body></tmx>\n"


def _side(language: str, words: str) -> str:
    return f'<tuv xml:lang="{escape(language or UNKNOWN)}"><seg>{escape(plain(words), quote=False)}</seg></tuv>'
