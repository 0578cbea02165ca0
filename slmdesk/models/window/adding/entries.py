"""Other ways to add or move models: packs, other programs' files, another folder.  Connects dialogs and controllers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from slmdesk.models.move.plan import MovePlan
from slmdesk.models.packs.service import PackContents, PackResult
from slmdesk.models.window.adding.found_models import FoundController, FoundDialog
from slmdesk.models.window.adding.menu import AddMenu
from slmdesk.models.window.move.dialog import MoveController, MoveDialog
from slmdesk.models.window.packs.controller import PackController
from slmdesk.models.window.packs.dialogs import PACK_FILTER, MakePackDialog, OpenPackDialog
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.file_dialogs import ask_file
from slmdesk.window.widgets.named import passing
from slmdesk.window.widgets.notice_bar import Notice


class ModelDialogs(QObject):
    """Opens a dialog for each request, one of a kind at a time."""

    chat_requested = Signal(str)

    def __init__(self, bridge: Bridge, window: QWidget, menu: AddMenu, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="ways")
        self._bridge = bridge
        self._window = window
        self._open: dict[str, QDialog] = {}
        self.packs = PackController(bridge, self)
        self.found = FoundController(bridge, self)
        self.moving = MoveController(bridge, self)
        menu.find_requested.connect(self.find)
        menu.open_pack_requested.connect(self.choose_pack)
        menu.make_pack_requested.connect(self.make_pack)
        self.packs.opened.connect(self._on_pack_opened)
        self.packs.made.connect(self._on_made)
        self.packs.taken.connect(self._on_taken)
        self.packs.refused.connect(partial(self._on_refused, "pack"))
        self.moving.planned.connect(self._on_planned)
        self.moving.refused.connect(partial(self._on_refused, "move"))

    def find(self) -> None:
        self._show("found", lambda: FoundDialog(self._window, self.found))

    def make_pack(self) -> None:
        self._show("pack", lambda: MakePackDialog(self._window, self.packs))

    def choose_pack(self) -> None:
        name = "open_pack_file_dialog"
        ask_file(self._window, "Open a pack of models", self.open_pack, name=name, filters=PACK_FILTER)

    def open_pack(self, path: Path) -> None:
        if not self._raise("pack"):
            self.packs.look_into(path)

    def choose_folder(self, folder: str) -> None:
        if self._raise("move"):
            return
        dialog = passing(QFileDialog(self._window, "A folder for models", folder), "folder_dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda file: self.moving.plan(Path(file)))
        dialog.open()

    def _on_pack_opened(self, contents: PackContents) -> None:
        self._show("pack", lambda: OpenPackDialog(self._window, self.packs, contents))

    def _on_planned(self, plan: MovePlan) -> None:
        self._show("move", lambda: MoveDialog(self._window, self.moving, plan))

    def _on_made(self, event: PackResult) -> None:
        """The dialog shows the checksum; if it was closed, a notice does."""
        if "pack" not in self._open:
            words = f"The pack {Path(event.path).name} is written. The checksum of its list: {event.manifest_sha256}"
            self._bridge.notice_raised.emit(Notice(words, event.manifest_sha256, key="pack"))

    def _on_taken(self, event: PackResult) -> None:
        new = [one.model for one in event.models if one.is_new]
        if len(new) == 1:
            use = partial(self.chat_requested.emit, new[0].id)
            words = f"{new[0].name} came out of the pack, and is exactly what was packed."
            action = "Use it now" if new[0].can_chat else ""
            self._bridge.notice_raised.emit(Notice(words, action=action, on_action=use, key="pack"))
        else:
            words = f"{len(new)} models came out of the pack, and are exactly what was packed."
            self._bridge.notice_raised.emit(Notice(words, key="pack"))

    def _on_refused(self, kind: str, problem: Problem) -> None:
        if kind not in self._open:
            self._bridge.problem_met.emit(problem)

    def _show(self, kind: str, make: Callable[[], QDialog]) -> None:
        if self._raise(kind):
            return
        dialog = make()
        self._open[kind] = dialog
        dialog.finished.connect(lambda _result: self._open.pop(kind, None))
        dialog.show()

    def _raise(self, kind: str) -> bool:
        """Bring the open dialog of this kind to the front.  Returns whether there is one."""
        dialog = self._open.get(kind)
        if dialog is not None:
            dialog.raise_()
            dialog.activateWindow()
        return dialog is not None
