"""The forms a document can be exported in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from slmdesk.base.paper import Paper
from slmdesk.exports.docx import to_docx
from slmdesk.exports.html import to_html
from slmdesk.exports.markdown import to_markdown
from slmdesk.exports.xlsx import tables_of, to_xlsx

PAPER_FORMS: Mapping[str, Callable[[Paper], bytes]] = {
    "docx": to_docx,
    "html": lambda paper: to_html(paper).encode("utf-8"),
    "md": lambda paper: to_markdown(paper).encode("utf-8", "replace"),
    "xlsx": lambda paper: to_xlsx(tables_of(paper)),
}
"""What any document of ours can be made into beside the app; "pdf" is the printer's.  xlsx: its tables alone."""
