"""Earlier translations: listed, searched, renamed, deleted with undo.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record
from slmdesk.base.records import Item
from slmdesk.runtime.events import ItemChanged, ItemGone
from slmdesk.services import Services
from slmdesk.translation.readout import KIND
from slmdesk.translation.typed.history import Earlier
from slmdesk.translation.types import request_of
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import trash

PAGE = 50
HIT_MARKS = str.maketrans("", "", "\ue000\ue001")


class EarlierRow(Record):
    id: str
    title: str
    is_document: bool
    updated: float
    """Seconds since the epoch."""
    snippet: str
    """Words around what was searched for, or how the text begins; empty: none."""


class EarlierController(QObject):
    """Emits `listed` with a list of EarlierRow and whether there is more (in a search: documents that were not
    searched).
    """

    listed = Signal(object, bool)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="earlier_translations")
        self._bridge = bridge
        self._words, self._limit, self._is_watched = "", PAGE, False
        bridge.on(ItemChanged, self._on_changed)
        bridge.on(ItemGone, self._on_gone)

    def start(self) -> None:
        """List the newest, and again after each change until `stop`."""
        self._words, self._limit, self._is_watched = "", PAGE, True
        self._ask()

    def stop(self) -> None:
        self._is_watched = False

    def search(self, words: str) -> None:
        """List those with these words in text, translation or title; empty words: all."""
        if words.strip() != self._words:
            self._words = words.strip()
            self._ask()

    def show_more(self) -> None:
        self._limit += PAGE
        self._ask()

    def rename(self, item: str, title: str) -> None:
        """Rename a translation; an empty title is ignored."""
        if title.strip():
            self._bridge.services.history.rename(item, title)

    def forget(self, item: str) -> None:
        """Move a translation to the trash; a notice offers to undo it."""
        trash(self._bridge, item)

    def _ask(self) -> None:
        words, limit = self._words, self._limit
        come = partial(self._on_rows, words)
        if words:
            self._bridge.follow(lambda services: services.typed.search(words).map(_found), come)
        else:
            self._bridge.ask(lambda services: _newest(services, limit), come)

    def _on_rows(self, words: str, found: _Rows) -> None:
        if words == self._words:  # else another search was begun meanwhile
            self.listed.emit(*found)

    def _on_changed(self, event: ItemChanged) -> None:
        if self._is_watched and event.item.kind == KIND:
            self._ask()

    def _on_gone(self, _event: ItemGone) -> None:
        if self._is_watched:
            self._ask()


def _newest(services: Services, limit: int) -> tuple[list[EarlierRow], bool]:
    """The newest, and whether there are more.  Runs on the service thread."""
    rows = [_row(one) for one in services.history.items(KIND, limit=limit)]
    return rows, len(rows) >= limit


_Rows = tuple[Sequence[EarlierRow], bool]


def _found(result: Earlier) -> _Rows:
    return [_row(item, snippet.translate(HIT_MARKS)) for item, snippet in result.found], result.was_cut


def _row(item: Item, snippet: str = "") -> EarlierRow:
    request = request_of(item)
    return EarlierRow(item.id, item.title, bool(request.path), item.updated, snippet)
