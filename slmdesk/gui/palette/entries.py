"""What the palette lists: entries under headings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slmdesk.core.record import Record
from slmdesk.text.words.folding import fold


class Entry(Record):
    """One row: what it is called, and what choosing it does."""

    name: str
    """On one line."""
    icon: str
    choose: Callable[[], object]
    detail: str = ""
    """What else is known of it, shown muted at the end of the line."""
    shortcut: str = ""
    snippet: str = ""
    """The text around found words, which are between U+E000 and U+E001."""

    @property
    def folded(self) -> str:
        """The name as names are compared."""
        return fold(self.name)


class Section(Record):
    """Entries under a heading."""

    heading: str
    entries: Sequence[Entry]
    total: int = 0
    """How many were found, where that is more than the entries."""


class Listing(Record):
    """All that is listed for some words."""

    words: str
    sections: Sequence[Section] = ()
    is_complete: bool = True
    """False while texts are still being searched: sections may be added at the end."""


class Offers(Record):
    """What can be done in the window just now, found out when the palette opens."""

    actions: Sequence[Entry] = ()
    pages: Sequence[Entry] = ()
    settings: Sequence[Entry] = ()
    useful: Sequence[Entry] = ()
    """What is listed while nothing is typed."""
