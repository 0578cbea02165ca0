"""Events of summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdesk.runtime.events import Event

if TYPE_CHECKING:
    from slmdesk.summaries.types import Sentence, Summary


class SummaryGrew(Event):
    """New sentences of a summary are ready: those worded since the last such event, with their links and marks.

    Also published without new sentences while the model writes. The time left is in the JobChanged events of the job.
    """

    item: str
    job: str
    points: tuple[Sentence, ...]
    pages_read: int
    pages_total: int
    page_kind: str = "page"
    writing: str = ""
    own_words: bool = False
    """True if the points are the whole of what the rules chose, to be shown until the model's text takes its place."""


class ReceiptChanged(Event):
    """A person has said when a document was received, or whose law holds for it."""

    document: str


class SummaryEnded(Event):
    """A summary is finished. It is stored as the result of its item and as a message."""

    item: str
    summary: Summary
