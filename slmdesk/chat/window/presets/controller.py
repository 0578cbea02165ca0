"""Lists, keeps, orders, exports and imports presets.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import PresetRecord
from slmdesk.chat.answer_form import read_form
from slmdesk.chat.events import PresetsChanged
from slmdesk.chat.options import ChatOptions
from slmdesk.chat.presets import Preset, with_preset
from slmdesk.chat.window.composer.mention_list import Suggestion
from slmdesk.runtime.events import Problem
from slmdesk.text.words.folding import fold
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice


class PresetsController(QObject):
    listed = Signal()
    kept = Signal(object)
    empty = "No presets yet"

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="presets_controller")
        self._bridge = bridge
        self.presets: Sequence[Preset] = ()
        """A person's own, then the shipped ones."""
        self.default = ""
        bridge.on(PresetsChanged, self.refresh)
        bridge.when_open(self.refresh)
        bridge.settings_changed.connect(self.refresh)

    def of(self, id: str) -> Preset | None:
        return next((one for one in self.presets if one.id == id), None)

    @property
    def is_empty(self) -> bool:
        return not self.presets

    def suggest(self, words: str, most: int) -> tuple[list[Suggestion], int]:
        wanted = fold(words)
        found = [one for one in self.presets if wanted in fold(one.name)]
        return [Suggestion(one.name, one.id, one.words) for one in found[:most]], len(found)

    @property
    def new_options(self) -> ChatOptions:
        preset = self.of(self.default)
        return with_preset(ChatOptions(), preset) if preset else ChatOptions()

    def refresh(self) -> None:
        self._bridge.ask(
            lambda services: (services.chats.presets.list(), services.settings.current.default_preset), self._on_listed
        )

    def save(self, id: str, name: str, options: ChatOptions) -> None:
        """Change a preset, or add one where `id` is empty."""
        if id:
            self._bridge.services.chats.presets.change(id, name, options)
        else:
            self._bridge.ask(self._bridge.services.chats.presets.add(name, options), self.kept.emit)

    def duplicate(self, id: str) -> None:
        self._bridge.ask(self._bridge.services.chats.presets.duplicate(id), self.kept.emit)

    def move(self, id: str, by: int) -> None:
        self._bridge.services.chats.presets.move(id, by)

    def delete(self, id: str) -> None:
        """Delete a preset; can be undone."""
        self._bridge.ask(self._bridge.services.chats.presets.delete(id), self._on_deleted)

    def set_default(self, id: str) -> None:
        self._bridge.services.settings.change(default_preset=id)

    def export(self, id: str, path: Path) -> None:
        words = f"The preset was written to {path.name}."
        done = partial(self._say, words, "preset written")
        self._bridge.ask(self._bridge.services.chats.presets.export_file(id, path), lambda _done: done())

    def read_form(self, path: Path, then: Callable[[str], None], failed: Callable[[Problem], None]) -> None:
        self._bridge.ask(lambda _services: read_form(path), then, failed)

    def import_file(self, path: Path) -> None:
        self._bridge.ask(self._bridge.services.chats.presets.import_file(path), self.kept.emit)

    def _on_listed(self, found: tuple[Sequence[Preset], str]) -> None:
        if (tuple(found[0]), found[1]) != (tuple(self.presets), self.default):
            self.presets, self.default = found
            self.listed.emit()

    def _on_deleted(self, record: PresetRecord) -> None:
        back = partial(self._bridge.ask, lambda services: services.chats.presets.put_back(record))
        self._say(f"The preset “{record.name}” was deleted.", f"preset {record.id}", action="Undo", on_action=back)

    def _say(self, words: str, key: str, *, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        self._bridge.notice_raised.emit(Notice(words, action=action, on_action=on_action, life_ms=UNDO_MS, key=key))
