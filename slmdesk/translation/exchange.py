"""Glossaries and translation memories as files for other programs: CSV, TSV, spreadsheet, TBX-Basic, TMX.

Source: ISO 30042:2008 with the TBX-Basic dialect, which most programs read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TypeAlias

from slmdesk.base.documents import plain
from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.base.translation import (
    Forms,
    GlossaryRecord,
    Term,
)
from slmdesk.exports.writers import to_xlsx
from slmdesk.text.markup import harmless_cell

TERMS_HEAD = ("source", "target", "forbidden", "keep", "case", "forms", "note")


def to_glossary_file(record: GlossaryRecord, terms: Sequence[Term], form: str) -> bytes:
    """Return a glossary as a csv, tsv, xlsx or tbx file.

    Reading the file gives the same terms again, except that TBX loses the marks for case and word forms. Not on the
    service thread. Raises KnownError `request.invalid`.
    """
    if form in ("csv", "tsv"):
        out = io.StringIO()
        writer = csv.writer(out, delimiter="," if form == "csv" else "\t", lineterminator="\r\n")
        writer.writerow(TERMS_HEAD)
        writer.writerows([harmless_cell(cell) for cell in _row(term)] for term in terms)
        return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")
    if form == "xlsx":
        return to_xlsx({"Glossary": [list(TERMS_HEAD), *(list(_row(term)) for term in terms)]})
    if form == "tbx":
        return _tbx(record, terms).encode("utf-8", "replace")
    raise KnownError("request.invalid", what=_("no format {form}").format(form=form[:20]))


def _row(term: Term) -> tuple[str, ...]:
    marks = ("x" if term.keeps else "", "x" if term.minds_case else "")
    forms = "" if term.forms is Forms.STEM else term.forms.value
    return term.source, term.target, "; ".join(term.forbidden), *marks, forms, term.note


def _tbx(record: GlossaryRecord, terms: Sequence[Term]) -> str:
    def section(code: str, words: Sequence[tuple[str, bool]]) -> str:
        inside = "".join(
            f"<tig><term>{_plain(word)}</term>"
            + ('<termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote>' if is_bad else "")
            + "</tig>"
            for word, is_bad in words
        )
        return f'<langSet xml:lang="{escape(code)}">{inside}</langSet>' if words else ""

    first, second = record.source_language or "en", record.target_language or "und"
    entries = []
    for number, term in enumerate(terms, start=1):
        target = term.source if term.keeps else term.target
        words = [(target, False)] if target else []
        words += [(word, True) for word in term.forbidden]
        note = f"<note>{_plain(term.note)}</note>" if term.note else ""
        sections = section(first, [(term.source, False)]) + section(second, words)
        entries.append(f'<termEntry id="t{number}">{note}{sections}</termEntry>\n')
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<martif type="TBX-Basic" xml:lang="en"><martifHeader><fileDesc>'
        f"<titleStmt><title>{_plain(record.name)}</title></titleStmt><sourceDesc><p>slmdesk</p></sourceDesc></fileDesc>"
        f"</martifHeader><text><body>\n{''.join(entries)}</body></text></martif>\n"
    )


def _plain(text: str) -> str:
    """Return a text for XML: control characters, which XML cannot contain, become U+FFFD."""
    return escape(plain(text), quote=False)


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
