"""The names of items, documents, folders and models, in memory.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record, field
from slmdesk.base.records import ModelRecord
from slmdesk.history.service import ItemTitle
from slmdesk.library.events import (
    CollectionChanged,
    CollectionGone,
    DocumentChanged,
    DocumentGone,
    DocumentsChanged,
)
from slmdesk.library.names import LibraryName
from slmdesk.loader.events import ModelsChanged
from slmdesk.runtime.events import ItemChanged, ItemGone, ItemsAdded, Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.palette.matching import NameList

if TYPE_CHECKING:
    from slmdesk.services import Services

CHANGES = (
    ItemChanged, ItemGone, ItemsAdded, DocumentChanged, DocumentGone, DocumentsChanged, CollectionChanged,
    CollectionGone, ModelsChanged,
)  # fmt: skip
CHAT, SPACE, TRANSLATION = "chat", "space", "translation"


class Names(Record):
    """All names, each list with the last used first."""

    items: Sequence[ItemTitle] = ()
    chats: NameList[ItemTitle] = field(default_factory=NameList)
    spaces: NameList[ItemTitle] = field(default_factory=NameList)
    translations: NameList[ItemTitle] = field(default_factory=NameList)
    results: NameList[ItemTitle] = field(default_factory=NameList)
    """Items of every other kind."""
    library: NameList[LibraryName] = field(default_factory=NameList)
    """Folders, then documents."""
    models: Sequence[ModelRecord] = ()


class KeptNames(QObject):
    """Names are found without waiting: they are fetched when the palette opens, and only if they have changed."""

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="kept_names")
        self._bridge = bridge
        self.now = Names()
        self._is_old, self._is_asked = True, False
        for event in CHANGES:
            bridge.on(event, self._on_changed)

    def refresh(self) -> None:
        if self._is_old and not self._is_asked:
            self._is_old, self._is_asked = False, True
            self._bridge.ask(_all_names, self._on_arrived, self._on_refused)

    @property
    def is_coming(self) -> bool:
        return self._is_asked

    def _on_changed(self, _event: object) -> None:
        self._is_old = True

    def _on_arrived(self, names: Names) -> None:
        self.now, self._is_asked = names, False
        self.changed.emit()

    def _on_refused(self, problem: Problem) -> None:
        self._is_old, self._is_asked = True, False
        self._bridge.problem_met.emit(problem)
        self.changed.emit()


def _all_names(services: Services) -> Names:
    """On the service thread."""
    items = services.history.titles()
    return Names(
        items=items,
        chats=NameList([one for one in items if one.kind == CHAT]),
        spaces=NameList([one for one in items if one.kind == SPACE]),
        translations=NameList([one for one in items if one.kind == TRANSLATION]),
        results=NameList([one for one in items if one.kind not in (CHAT, SPACE, TRANSLATION)]),
        library=NameList(services.documents.names()),
        models=[one for one in services.models.list() if one.can_chat],
    )
