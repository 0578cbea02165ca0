"""The messages of a conversation with their heights: estimated first, measured once they have widgets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from slmdesk.base.record import changed
from slmdesk.chat.window.view.message import MessageView
from slmdesk.chat.window.view.widget import MessageWidget, height_without_text
from slmdesk.window.base.theme import SPACE_16
from slmdesk.window.markdown.style import ViewStyle

END = -1
WHOLE = (0, END)


@dataclass(slots=True)
class Row:
    view: MessageView
    height: int = 0
    width: int = -1
    """The width at which `height` was measured; -1: it is an estimate."""
    guessed: int = -1
    widget: MessageWidget | None = None
    selection: tuple[int, int] | None = None
    """Anchor and position in its document, kept while there is no widget."""
    has_more: bool = False
    """Its widget does not show all of the text yet."""


class Rows:
    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._index: dict[str, int] = {}
        self._tops: list[int] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def index_of(self, message_id: str) -> int | None:
        return self._index.get(message_id)

    def fill(self, views: Sequence[MessageView]) -> None:
        self._rows = [Row(view) for view in views]
        self._index = {view.id: i for i, view in enumerate(views)}
        self._tops = None

    def add(self, view: MessageView) -> Row:
        row = Row(view)
        self._index[view.id] = len(self._rows)
        self._rows.append(row)
        self._tops = None
        return row

    def add_before(self, views: Sequence[MessageView]) -> list[Row]:
        rows = [Row(view) for view in views]
        self._rows[:0] = rows
        self._index = {row.view.id: i for i, row in enumerate(self._rows)}
        self._tops = None
        return rows

    def cut(self, length: int) -> list[Row]:
        """Keep the first `length` rows.  Returns the others."""
        gone = self._rows[length:]
        del self._rows[length:]
        for row in gone:
            self._index.pop(row.view.id, None)
        self._tops = None
        return gone

    def append_text(self, index: int, piece: str) -> None:
        row = self._rows[index]
        row.view = changed(row.view, text=row.view.text + piece)

    def guess(self, style: ViewStyle, width: int) -> None:
        for row in self._rows:
            if row.width != width and row.guessed != width:
                row.height = guess_height(row.view, style, width)
                row.guessed = width
                self._tops = None

    def forget_height(self, index: int) -> None:
        row = self._rows[index]
        row.width = row.guessed = -1

    def set_height(self, index: int, height: int, width: int = -1) -> None:
        row = self._rows[index]
        if row.height != height:
            row.height = height
            self._tops = None
        row.width = width

    @property
    def tops(self) -> list[int]:
        """The top of each row, and last the total height."""
        if self._tops is None:
            self._tops = list(accumulate((row.height for row in self._rows), initial=0))
        return self._tops

    def at(self, y: int) -> int:
        return min(max(bisect_right(self.tops, y) - 1, 0), max(len(self._rows) - 1, 0))


def guess_height(view: MessageView, style: ViewStyle, width: int) -> int:
    """Estimate a height from the number of characters and lines alone: a few microseconds a message."""
    letters = max((width - 2 * SPACE_16) / style.letter_width, 10)
    lines = view.text.count("\n") * 0.75 + len(view.text) / letters * 0.95 + 1
    return round(lines * style.line_height) + height_without_text(style, view)
