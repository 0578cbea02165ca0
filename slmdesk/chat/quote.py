"""The type of a verified quotation from an attachment."""

from __future__ import annotations

from slmdesk.base.record import Record


class Quoted(Record):
    name: str
    document: str
    """Id of the document; empty for text that is in none."""
    page: int
    start: int
    end: int
    quote: str
