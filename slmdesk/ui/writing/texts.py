"""The list of texts in the side bar, beside the page Write."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slmdesk.base.records import Item
from slmdesk.base.text.folding import holds_words
from slmdesk.base.texts import _
from slmdesk.services import Services
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.widgets.earlier import EarlierList, Listed

MOST_SEARCHED = 300


class TextList(EarlierList):
    """`current` returns the id of the text on the page."""

    open_requested = Signal()
    delete_requested = Signal()
    kind = name = "writing"

    def __init__(self, bridge: Bridge, current: Callable[[], str], parent: QWidget) -> None:
        self._shown = current
        super().__init__(
            bridge, parent, new=_("New text"), tip=_("Begin a new text"), search=_("Search texts"), label=_("My texts")
        )

    def icon_of(self, _item: Item) -> str:
        return "pencil"

    @property
    def current(self) -> str:
        return self._shown()

    def actions_of(self) -> Sequence[tuple[str, str, str, Callable[[], object]]]:
        return (
            (_("Open…"), "", "writing_open", self.open_requested.emit),
            (_("Rename"), "F2", "rename_writing", self.rename),
            (_("Delete text"), "", "delete_writing", self.delete_requested.emit),
        )

    def request(self, words: str, limit: int) -> Callable[[Services], Listed]:
        def listed(services: Services) -> Listed:
            items = services.writing.earlier(MOST_SEARCHED if words else limit)
            rows = [(item, "") for item in items if holds_words(item.shown_title, words)]
            return Listed(tuple(rows), words, not words and len(items) >= limit)

        return listed
