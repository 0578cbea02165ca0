"""Writes glossaries as files for other programs: CSV, TSV, spreadsheet, TBX-Basic.

Source: ISO 30042:2008 with the TBX-Basic dialect, which most programs read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape

from slmdesk.base.errors import KnownError
from slmdesk.base.paper import plain
from slmdesk.base.translation import Forms, GlossaryRecord, Term
from slmdesk.exports.xlsx import to_xlsx
from slmdesk.text.words.spreadsheet_cells import harmless_cell

GLOSSARY_FORMS = ("csv", "tsv", "xlsx", "tbx")
HEAD = ("source", "target", "forbidden", "keep", "case", "forms", "note")


def to_glossary_file(record: GlossaryRecord, terms: Sequence[Term], form: str) -> bytes:
    """A glossary as one of GLOSSARY_FORMS; the file is read back as the same terms, from TBX without the marks for
    case and forms.  Not on the service thread.  Raises KnownError `request.invalid`.
    """
    if form in ("csv", "tsv"):
        out = io.StringIO()
        writer = csv.writer(out, delimiter="," if form == "csv" else "\t", lineterminator="\r\n")
        writer.writerow(HEAD)
        writer.writerows([harmless_cell(cell) for cell in _row(term)] for term in terms)
        return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")
    if form == "xlsx":
        return to_xlsx({"Glossary": [list(HEAD), *(list(_row(term)) for term in terms)]})
    if form == "tbx":
        return _tbx(record, terms).encode("utf-8", "replace")
    raise KnownError("request.invalid", what=f"no format {form[:20]}")


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
    for number, one in enumerate(terms, start=1):
        target = one.source if one.keeps else one.target
        words = [(target, False)] if target else []
        words += [(word, True) for word in one.forbidden]
        note = f"<note>{_plain(one.note)}</note>" if one.note else ""
        sections = section(first, [(one.source, False)]) + section(second, words)
        entries.append(f'<termEntry id="t{number}">{note}{sections}</termEntry>\n')
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<martif type="TBX-Basic" xml:lang="en"><martifHeader><fileDesc>'
        f"<titleStmt><title>{_plain(record.name)}</title></titleStmt><sourceDesc><p>slmdesk</p></sourceDesc></fileDesc>"
        f"</martifHeader><text><body>\n{''.join(entries)}</body></text></martif>\n"
    )


def _plain(text: str) -> str:
    """Text for XML: control characters, which it cannot contain, become U+FFFD."""
    return escape(plain(text), quote=False)
