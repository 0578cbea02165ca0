"""Types for where a sentence stands and what was read: spans, marks and coverage, with their labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from slmdesk.base.documents import Page
from slmdesk.base.record import Record


class Span(Record):
    """A stretch of a page: characters `start` up to, not including, `end`."""

    document: str
    page: int
    start: int
    end: int


class Mark(Record):
    """A part of a sentence that a check did not find supported by its passages."""

    kind: str
    """number, date, amount, name, negation …; `elsewhere`: in the documents, but in another context; `words`: hardly a
    word of it is there; `doubt`: the model itself says that the text does not say this; `unlinked`: nothing there can
    be compared with it.
    """
    text: str
    start: int
    end: int
    detail: str = ""
    """What the passage says instead, where known."""


class Unread(Record):
    page: int
    reason: str
    """empty, scanned, locked, broken, or the code of the error that kept the model from reading it."""
    document: str = ""


class Coverage(Record):
    pages_total: int
    pages_read: int
    blocks_total: int
    blocks_read: int
    unreadable: tuple[Unread, ...] = ()


PageKinds = str | Mapping[str, str]
"""What pages are called: the same for all documents, or by their names (or ids)."""


PAGE_WORDS: Mapping[str, tuple[str, str]] = {
    "page": ("p.", "pages"),
    "slide": ("slide", "slides"),
    "sheet": ("sheet", "sheets"),
    "section": ("section", "sections"),
    "chapter": ("chapter", "chapters"),
    "part": ("part", "parts"),
}


def kind_in(kinds: PageKinds, document: str) -> str:
    return kinds if isinstance(kinds, str) else kinds.get(document, "page")


def page_ranges(pages: Sequence[int]) -> str:
    found: list[list[int]] = []
    for page in sorted(set(pages)):
        if found and page == found[-1][1] + 1:
            found[-1][1] = page
        else:
            found.append([page, page])
    return ", ".join(str(begin) if begin == end else f"{begin}–{end}" for begin, end in found)


LEAST_SHARE = 0.35
"""Share of a point's words, by weight, that its pieces must contain for it to count as supported."""


WORDS, DOUBT, ELSEWHERE, UNLINKED = "words", "doubt", "elsewhere", "unlinked"


Pages = Callable[[str, int, int], Sequence[Page]]
"""Pages of a document from a number on, at most so many."""


CHARACTERS_PER_TOKEN = 7
"""No text has more characters per token; shows without counting what can never fit."""
