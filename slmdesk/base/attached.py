"""Documents attached to a message: the exact text that a model is given of each, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from slmdesk.base.record import Record
from slmdesk.base.types import TextPart


class AttachMode(StrEnum):
    AUTO = "auto"
    """Whole where that leaves room, else the passages that fit the question."""
    WHOLE = "whole"
    PASSAGES = "passages"


Place = tuple[int, int, int, int]
"""A passage: its first page and the character it begins at, its last page and the character it ends before."""


class Attached(Record):
    name: str
    document: str = ""
    """Id of a document that is kept; empty for text that is in none: its pages are `source`."""
    sha256: str = ""
    page_kind: str = "page"
    mode: AttachMode = AttachMode.AUTO
    is_planned: bool = False
    """What is read of it has been decided; before, the part has no text yet."""
    is_whole: bool = False
    is_more: bool = False
    """Further passages of a document that was attached to an earlier message."""
    is_gone: bool = False
    tokens: int = 0
    pages_total: int = 0
    pages_used: tuple[int, ...] = ()
    """Pages of which something is in the text; for a whole document all that have words."""
    pages_unread: tuple[int, ...] = ()
    words_read: int = 0
    words_total: int = 0
    places: tuple[Place, ...] = ()
    source: tuple[str, ...] = ()
    collection: str = ""
    """Id of a folder.  Without a document this stands for the folder itself and has no text: each of its documents of
    which passages are read is a part of its own.
    """
    documents_total: int = 0
    """Of a folder: the documents that were searched for passages."""
    documents_used: int = 0
    documents_unread: int = 0

    @property
    def is_folder(self) -> bool:
        return bool(self.collection) and not self.document

    @property
    def is_of_folder(self) -> bool:
        return bool(self.collection) and bool(self.document)

    @property
    def words_left_out(self) -> int:
        return self.words_total - self.words_read


class AttachmentPart(TextPart):
    attached: Attached = Attached("")


def used_words(about: Attached) -> str:
    kind = about.page_kind
    if about.is_gone:
        return "forgotten; what was sent of it before is kept"
    if not about.is_planned:
        return "not read yet"
    if about.is_folder:
        return _searched_words(about)
    if about.is_whole:
        unread = len(about.pages_unread)
        return "whole" if not unread else f"whole; {unread} of {about.pages_total} {kind}s have no words"
    if not about.places:
        return "nothing of it was read: no passage fits"
    if not about.document and about.pages_total == 1:
        return f"passages, {about.words_read:,} of {about.words_total:,} words"
    numbers = list_of(about.pages_used)
    word = kind if len(about.pages_used) == 1 else f"{kind}s"
    more = "more passages" if about.is_more else "passages"
    return f"{more} on {word} {numbers} of {about.pages_total}"


def _searched_words(about: Attached) -> str:
    total = f"{about.documents_total:,} document{'s' * (about.documents_total != 1)} looked through"
    used = (
        f"passages of {about.documents_used:,} read"
        if about.documents_used
        else "nothing of them read: no passage fits"
    )
    unread = f"; {about.documents_unread:,} could not be read" if about.documents_unread else ""
    return f"{total}, {used}{unread}"


def list_of(numbers: Sequence[int], most: int = 12) -> str:
    """Page numbers as people write them: 1-3, 7; a long list is cut."""
    runs: list[tuple[int, int]] = []
    for one in numbers:
        if runs and one == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], one)
        else:
            runs.append((one, one))
    reported = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return ", ".join(reported[:most]) + (", \u2026" if len(reported) > most else "")
