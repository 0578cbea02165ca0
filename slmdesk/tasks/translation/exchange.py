"""Glossaries and translation memories as files for other programs: CSV, TMX."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TypeAlias

from slmdesk.base.documents import plain
from slmdesk.base.text.cells import csv_text
from slmdesk.base.translation import Forms, Term

TERMS_HEAD = ("source", "target", "forbidden", "keep", "case", "forms", "note")


def to_csv(terms: Sequence[Term]) -> bytes:
    """Return terms as a CSV file. Reading it gives the same terms again. Not on the service thread."""
    text = csv_text([TERMS_HEAD, *map(_row, terms)])
    return b"\xef\xbb\xbf" + text.encode("utf-8", "replace")


def _row(term: Term) -> tuple[str, ...]:
    marks = ("x" if term.keeps else "", "x" if term.minds_case else "")
    forms = "" if term.forms is Forms.STEM else term.forms.value
    return term.source, term.target, "; ".join(term.forbidden), *marks, forms, term.note


ANY = "*all*"
"""Source language in the head of a TMX file whose units have different source languages."""
UNKNOWN = "und"
"""Code for an undetermined language in ISO 639-2."""

Unit: TypeAlias = tuple[str, str, str, str]
"""Source language, source text, target language, translation. An empty language is written as UNKNOWN."""


def to_tmx(units: Iterable[Unit], source: str = ANY) -> Iterator[str]:
    """Yield a TMX file piece by piece, as the units arrive. Formatting tags are kept as text."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4"><header creationtool="slmdesk" '
    yield 'creationtoolversion="1" segtype="sentence" o-tmf="slmdesk" adminlang="en" '
    yield f'srclang="{escape(source or UNKNOWN)}" datatype="plaintext"/><body>\n'
    for first, text, second, other in units:
        yield f"<tu>{_side(first, text)}{_side(second, other)}</tu>\n"
    yield "</body></tmx>\n"


def _side(language: str, words: str) -> str:
    return f'<tuv xml:lang="{escape(language or UNKNOWN)}"><seg>{escape(plain(words), quote=False)}</seg></tuv>'
