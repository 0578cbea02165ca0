"""Folders in the window: added, read, asked, removed with undo.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal

from slmdesk.base.records import DocumentRecord
from slmdesk.library.events import CollectionChanged, CollectionGone
from slmdesk.library.folder_types import CollectionState, CollectionStatus, SkippedDocument, folder_of
from slmdesk.library.labels import counted_documents
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay
from slmdesk.window.widgets.notice_bar import Notice
from slmdesk.window.widgets.outside import open_outside
from slmdesk.window.widgets.removals import Removals

CONTENTS_MS = 3_000
"""Between two fetches of what is in the folder on show, while it is read."""


class FoldersController(QObject):
    listed = Signal(object)
    shown = Signal(object)
    contents_received = Signal(object, object)
    documents_requested = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="folders_controller")
        self._bridge = bridge
        self._states: dict[str, CollectionState] = {}
        self.removals = Removals(bridge, self)
        self._contents_timer = Delay(self, CONTENTS_MS, self._ask_contents)
        self.current = ""
        bridge.when_open(self.refresh)
        bridge.on(CollectionChanged, self._on_changed)
        bridge.on(CollectionGone, self._on_gone)

    # ---- requests

    def refresh(self) -> None:
        self._bridge.ask(self._bridge.services.collections.all(), self._on_listed)

    def offer(self, folder: Path, found: Sequence[Path]) -> None:
        """A folder was dropped: ask whether to open its documents one by one or to watch it as one folder."""
        paths = list(found)
        if paths:
            words = f"“{folder.name or folder}” holds {counted_documents(len(paths))}."
            action = f"Add {'this document' if len(paths) == 1 else f'these {len(paths):,} documents'}"
        else:
            words, action = f"“{folder.name or folder}” holds no document yet.", ""
        self._bridge.notice_raised.emit(
            Notice(
                words,
                action="Watch this folder",
                on_action=partial(self.add, folder),
                other=action,
                on_other=partial(self.documents_requested.emit, paths) if action else None,
                key=f"folder {folder}",
            )
        )

    def add(self, folder: Path) -> None:
        self._bridge.follow(self._bridge.services.collections.add(folder), self._on_added)

    def choose(self, id: str) -> None:
        state = self._states.get(id)
        if state is not None:
            self.current = id
            self.shown.emit(state)
            self._ask_contents()

    def leave(self) -> None:
        self.current = ""

    def look_again(self) -> None:
        """Look for new documents in the shown folder; a paused one is resumed."""
        self._bridge.services.collections.look(self.current, resume=True)

    def pause(self) -> None:
        state = self._states.get(self.current)
        if state is not None and state.job:
            self._bridge.services.jobs.pause(state.job)

    def set_watched(self, watched: bool) -> None:
        self._bridge.services.collections.set_watched(self.current, watched)

    def remove(self, id: str) -> None:
        """Take a folder off the list now; forget it when the time for *Undo* is over.  Its files stay."""
        state = self._states[id]
        name, forget, keep = state.record.name, partial(self._forget, id), partial(self._keep, id)
        words = f"{name} is off the list, and what was read of it is forgotten in a moment. Its files stay."
        self.removals.begin(id, words, forget, keep, key=f"forget folder {id}")
        if id == self.current:
            self._leave_shown()
        self._list()

    def act(self, id: str, action: str) -> None:
        """Carry out an action of the folder's menu: `remove`, `look` or `open`."""
        if action == "remove":
            self.remove(id)
        elif action == "look":
            self.choose(id)
            self.look_again()
        elif action == "open":
            open_outside(QUrl.fromLocalFile(str(self.place_of(id))))

    @property
    def current_folder(self) -> Path | None:
        return self.place_of(self.current) if self.current in self._states else None

    def place_of(self, id: str) -> Path:
        return folder_of(self._states[id].record)

    # ---- events

    def _on_listed(self, states: Sequence[CollectionState]) -> None:
        self._states = {one.record.id: one for one in states}
        self._list()

    def _on_added(self, state: CollectionState) -> None:
        self._states.setdefault(state.record.id, state)
        self._list()
        self.choose(state.record.id)

    def _on_changed(self, event: CollectionChanged) -> None:
        state = event.state
        self._states[state.record.id] = state
        self._list()
        if state.record.id == self.current:
            self.shown.emit(state)
            if state.status is not CollectionStatus.INDEXING:
                self._ask_contents()
            elif not self._contents_timer.isActive():
                self._contents_timer.start()

    def _on_gone(self, event: CollectionGone) -> None:
        self._states.pop(event.id, None)
        if event.id == self.current:
            self._leave_shown()
        self._list()

    # ---- private

    def _ask_contents(self) -> None:
        id = self.current
        if not id:
            return

        def received(found: tuple[list[DocumentRecord], list[SkippedDocument]]) -> None:
            if id == self.current:
                self.contents_received.emit(*found)

        self._bridge.ask(
            lambda services: (services.collections.documents(id), services.collections.unread(id)), received, _unheard
        )

    def _list(self) -> None:
        self.listed.emit([one for id, one in self._states.items() if id not in self.removals])

    def _leave_shown(self) -> None:
        self.current = ""
        self.shown.emit(None)

    def _forget(self, id: str) -> None:
        self._states.pop(id, None)
        self._bridge.follow(self._bridge.services.collections.forget(id))

    def _keep(self, id: str) -> None:
        self._list()
        self.choose(id)


def _unheard(_problem: Problem) -> None:
    """The folder was forgotten meanwhile."""
