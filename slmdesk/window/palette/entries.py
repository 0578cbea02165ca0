"""What the palette lists: entries under headings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slmdesk.base.record import Record
from slmdesk.text.words.folding import fold


class Entry(Record):
    name: str
    icon: str
    choose: Callable[[], object]
    detail: str = ""
    shortcut: str = ""
    snippet: str = ""
    """The text around found words, which are between U+E000 and U+E001."""

    @property
    def folded(self) -> str:
        return fold(self.name)


class Section(Record):
    heading: str
    entries: Sequence[Entry]
    total: int = 0
    """How many were found, where that is more than the entries."""


class Listing(Record):
    words: str
    sections: Sequence[Section] = ()
    is_complete: bool = True
    """False while texts are still being searched: sections may be added at the end."""


class Offers(Record):
    actions: Sequence[Entry] = ()
    pages: Sequence[Entry] = ()
    settings: Sequence[Entry] = ()
    useful: Sequence[Entry] = ()
