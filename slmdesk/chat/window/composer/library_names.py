"""The names of documents and folders that a message can mention, in memory.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.chat.window.composer.mention_list import Suggestion
from slmdesk.library.events import (
    CollectionChanged,
    CollectionGone,
    DocumentChanged,
    DocumentGone,
    DocumentsChanged,
)
from slmdesk.runtime.events import Problem
from slmdesk.text.words.folding import fold
from slmdesk.window.base.bridge import Bridge

if TYPE_CHECKING:
    from slmdesk.library.names import LibraryName

CHANGES = (DocumentChanged, DocumentGone, DocumentsChanged, CollectionChanged, CollectionGone)


class LibraryNames(QObject):
    """Names are found without waiting: they are fetched before they are needed, and again when they have changed."""

    changed = Signal()
    empty = "No documents yet"

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="library_names")
        self._bridge = bridge
        self._names: Sequence[LibraryName] = ()
        self.is_known = False
        """False until the names have arrived for the first time."""
        self._is_old, self._is_asked = True, False
        for event in CHANGES:
            bridge.on(event, self._on_library_changed)

    @property
    def is_empty(self) -> bool:
        return self.is_known and not self._names

    def refresh(self) -> None:
        if self._is_old and not self._is_asked:
            self._is_old, self._is_asked = False, True
            self._bridge.ask(self._bridge.services.documents.names(), self._on_arrived, self._on_refused)

    def suggest(self, words: str, most: int) -> tuple[list[Suggestion], int]:
        """The first `most` names that hold these words, as lines of the list, and how many there are."""
        found = self.find(words)
        icons = {True: "folder-open", False: "file-text"}
        return [Suggestion(one.name, one, one.folder, icons[one.is_folder]) for one in found[:most]], len(found)

    def find(self, words: str) -> list[LibraryName]:
        """The names that hold these words: those that begin with them first, then those with a word that does."""
        wanted = fold(words)
        found = [(_rank(one.folded, wanted), one) for one in self._names if wanted in one.folded]
        found.sort(key=lambda pair: pair[0])
        return [one for _, one in found]

    def _on_library_changed(self, _event: object) -> None:
        self._is_old = True

    def _on_arrived(self, names: Sequence[LibraryName]) -> None:
        self._names, self.is_known, self._is_asked = names, True, False
        self.changed.emit()

    def _on_refused(self, _problem: Problem) -> None:
        self._is_old, self._is_asked = True, False  # the store in trouble says so by itself


def _rank(name: str, wanted: str) -> int:
    if name.startswith(wanted):
        return 0
    at = name.find(wanted)
    return 1 if not name[at - 1].isalnum() else 2
