"""Writes what is exported in the format that a person wants. Downloads nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from slmdesk.base.documents import Paper, small
from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.texts import _
from slmdesk.exports.html import to_html
from slmdesk.exports.markdown import to_markdown
from slmdesk.exports.phrases import written_by
from slmdesk.exports.spreadsheets import Book, tables_of, to_xlsx
from slmdesk.exports.word import to_docx

PAPER_FORMS: Mapping[str, Callable[[Paper], bytes]] = {
    "docx": to_docx,
    "html": lambda paper: to_html(paper).encode("utf-8"),
    "md": lambda paper: to_markdown(paper).encode("utf-8", "replace"),
}
"""Formats to which this process can convert a document. The printer makes "pdf"."""


def in_form(made: bytes | Paper | Book, form: str, *, has_line: bool) -> bytes | Paper:
    """Return an export in a format, or the document from which "pdf" is printed.

    "xlsx" has a document's tables alone. `has_line`: where a model wrote, a line says
    so. Raises KnownError `request.invalid` for another format.
    """
    if isinstance(made, bytes):
        return made
    line = ""
    if has_line:
        line = written_by(made.model)
    if isinstance(made, Book):
        return _spreadsheet(made, line)
    if form == "xlsx":
        return _spreadsheet(Book(tables_of(made), model=made.model), line)
    if line and not made.head:
        made = changed(made, pieces=(small(line), *made.pieces))
    if form == "pdf":
        return made
    if form not in PAPER_FORMS:
        raise KnownError(
            "request.invalid", what=_("no format {form}").format(form=form)
        )
    return PAPER_FORMS[form](made)


def _spreadsheet(book: Book, line: str) -> bytes:
    """Return the bytes of a spreadsheet, with a line below its last sheet."""
    sheets = dict(book.sheets)
    if line:
        last = next(reversed(sheets), "")
        sheets[last] = [*sheets.get(last, ()), (), (line,)]
    return to_xlsx(sheets, book.charts, book.model)
