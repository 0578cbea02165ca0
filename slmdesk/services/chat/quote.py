"""A quotation of an answer that stands in an attachment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words of an answer that stand word for word on a page of what was attached."""

    name: str
    document: str
    """Id of the document; empty for text that is in none."""
    page: int
    start: int
    end: int
    quote: str
    """As they stand there."""
