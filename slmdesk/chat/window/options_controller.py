"""Controller of the open chat's settings: what can be set for its model, and the presets. No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import Item, PresetRecord
from slmdesk.base.texts import _
from slmdesk.chat.presets import Preset, differences, with_preset
from slmdesk.chat.types import ChatOptions, PresetsChanged, options_from
from slmdesk.chat.window.composer import Suggestion
from slmdesk.chat.window.conversation import ChatController
from slmdesk.runtime import events
from slmdesk.runtime.events import ItemChanged, ModelsChanged, ModelState, ModelStateChanged
from slmdesk.runtime.messages import Problem
from slmdesk.text.folding import fold
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notices import UNDO_MS, Notice

if TYPE_CHECKING:
    from slmdesk.models.running import LoadOptions
    from slmdesk.services import Services


class OptionsController(QObject):
    options_shown = Signal(str, object)
    chat_begun = Signal(str)
    load_options_shown = Signal(object)

    def __init__(self, bridge: Bridge, chat: ChatController, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="options_controller")
        self._bridge, self._chat_controller = bridge, chat
        self.chat = ""
        self.options = ChatOptions()
        self.presets = PresetsController(bridge, self)
        self.presets.listed.connect(self._on_presets_listed)
        self._is_watched = False
        self._looks = 0
        self._unanswered = 0
        chat.chat_begun.connect(self._on_chat_begun)
        chat.chat_opened.connect(self._on_chat_opened)
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(ModelsChanged, self._look)
        bridge.settings_changed.connect(self._look)
        bridge.on(ModelStateChanged, self._on_model_state_changed)

    def watch(self, is_watched: bool) -> None:
        """Record whether the panel is visible. Model files are read only while it is visible."""
        self._is_watched = is_watched
        self._look()

    def change(self, chat: str, options: ChatOptions) -> None:
        """Set the options of a chat, from its next answer on."""
        if chat == self.chat:
            is_other_model = options.model != self.options.model
            self.options = options
            if not chat:
                self._chat_controller.new_options = options
            if is_other_model:
                self._look()
        if chat:
            self._unanswered += 1
            self._bridge.ask(
                self._bridge.services.chats.change_options(chat, options), self._on_changed, self._on_refused
            )

    def take_preset(self, chat: str, id: str) -> None:
        """Apply a preset to a chat ("" for none). A notice offers to restore settings that the preset has replaced."""
        if chat != self.chat:
            return
        old, before = self.options, self.presets.of(self.options.preset)
        lost = differences(old, before) if before else differences(old, Preset("", "", ChatOptions()))
        self._replace(chat, with_preset(old, self.presets.of(id)))
        if lost and self.options != old:
            back = partial(self._replace, chat, old)
            words = _("The preset has taken the place of your settings of this chat.")
            self._bridge.notice_raised.emit(
                Notice(words, action=_("Undo"), on_action=back, life_ms=UNDO_MS, key=f"preset of {chat}")
            )

    def save_preset(self, chat: str, name: str, options: ChatOptions) -> None:
        """Save options as a preset, and make it the preset of the chat."""

        def add(services: Services) -> Preset:
            return services.chats.presets.add(name, options)

        def kept(preset: Preset) -> None:
            self.presets.kept.emit(preset)
            if chat == self.chat:
                self._replace(chat, with_preset(self.options, preset))

        self._bridge.ask(add, kept)

    def _replace(self, chat: str, options: ChatOptions) -> None:
        if chat == self.chat:
            self.change(chat, options)
            self.options_shown.emit(chat, options)

    def _on_presets_listed(self) -> None:
        """Apply the default preset to a new chat in which nothing was set yet."""
        was, now = self._chat_controller.default_options, self.presets.new_options
        self._chat_controller.default_options = now
        if not self.chat and self.options == was:
            self._chat_controller.new_options = now
            self._show(now)

    def _on_chat_begun(self, chat: str, kept: ChatOptions) -> None:
        """Save options that were changed since the first message was sent to the chat that this message created."""
        self.chat = chat
        self.chat_begun.emit(chat)
        if self.options != kept:
            self.change(chat, self.options)

    def _on_chat_opened(self, chat: str, _title: str) -> None:
        if not chat:
            self.chat = ""
            self._show(self._chat_controller.new_options)
        elif chat != self.chat:
            self.chat = chat
            self._bridge.ask(self._bridge.services.chats.options(chat), partial(self._on_options, chat), _ignore)

    def _on_options(self, chat: str, options: ChatOptions) -> None:
        if chat == self.chat:
            self._show(options)

    def _on_item_changed(self, event: events.ItemChanged) -> None:
        if not self._unanswered:  # an older change of ours must not undo a newer one
            self._on_item(event.item)

    def _on_changed(self, item: Item) -> None:
        self._unanswered -= 1
        if not self._unanswered:
            self._on_item(item)

    def _on_item(self, item: Item) -> None:
        if item.id == self.chat and (options := options_from(item.settings)) != self.options:
            self._show(options)

    def _on_model_state_changed(self, event: ModelStateChanged) -> None:
        if event.state is not ModelState.LOADING:
            self._look()

    def _show(self, options: ChatOptions) -> None:
        is_other_model = options.model != self.options.model
        self.options = options
        self.options_shown.emit(self.chat, options)
        if is_other_model:
            self._look()

    def _look(self) -> None:
        if not self._is_watched:
            return
        self._looks += 1
        mine, model = self._looks, self.options.model

        on_looked = partial(self._on_looked, mine)
        self._bridge.follow(self._bridge.services.load_options.look(model), on_looked, on_looked)

    def _on_looked(self, look: int, found: LoadOptions | Problem) -> None:
        if look == self._looks:
            self.load_options_shown.emit(None if isinstance(found, Problem) else found)

    def _on_refused(self, problem: Problem) -> None:
        self._unanswered -= 1
        self.options_shown.emit(self.chat, self.options)
        self._bridge.problem_met.emit(problem)


def _ignore(problem: Problem) -> None:
    """Ignore that the chat no longer exists; the controller of the open chat reports it."""


# ---- lists, keeps, orders, exports and imports presets


class PresetsController(QObject):
    listed = Signal()
    kept = Signal(object)
    empty = _("No presets yet")

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="presets_controller")
        self._bridge = bridge
        self.presets: Sequence[Preset] = ()
        """The person's own presets, then the shipped ones."""
        self.default = ""
        bridge.on(PresetsChanged, self.refresh)
        bridge.when_open(self.refresh)
        bridge.settings_changed.connect(self.refresh)

    def of(self, id: str) -> Preset | None:
        return next((preset for preset in self.presets if preset.id == id), None)

    @property
    def is_empty(self) -> bool:
        return not self.presets

    def suggest(self, words: str, most: int) -> tuple[list[Suggestion], int]:
        wanted = fold(words)
        found = [preset for preset in self.presets if wanted in fold(preset.name)]
        return [Suggestion(preset.name, preset.id, preset.words) for preset in found[:most]], len(found)

    @property
    def new_options(self) -> ChatOptions:
        preset = self.of(self.default)
        return with_preset(ChatOptions(), preset) if preset else ChatOptions()

    def refresh(self) -> None:
        self._bridge.ask(
            lambda services: (services.chats.presets.list(), services.settings.current.default_preset), self._on_listed
        )

    def save(self, id: str, name: str, options: ChatOptions) -> None:
        """Change a preset, or add one if `id` is empty."""
        if id:
            self._bridge.services.chats.presets.change(id, name, options)
        else:
            self._bridge.ask(self._bridge.services.chats.presets.add(name, options), self.kept.emit)

    def duplicate(self, id: str) -> None:
        self._bridge.ask(self._bridge.services.chats.presets.duplicate(id), self.kept.emit)

    def move(self, id: str, by: int) -> None:
        self._bridge.services.chats.presets.move(id, by)

    def delete(self, id: str) -> None:
        """Delete a preset, with an undo offer."""
        self._bridge.ask(self._bridge.services.chats.presets.delete(id), self._on_deleted)

    def set_default(self, id: str) -> None:
        self._bridge.services.settings.change(default_preset=id)

    def export(self, id: str, path: Path) -> None:
        words = _("The preset was written to {name}.").format(name=path.name)
        done = partial(self._say, words, _("preset written"))
        self._bridge.ask(self._bridge.services.chats.presets.export_file(id, path), lambda _done: done())

    def import_file(self, path: Path) -> None:
        self._bridge.ask(self._bridge.services.chats.presets.import_file(path), self.kept.emit)

    def _on_listed(self, found: tuple[Sequence[Preset], str]) -> None:
        if (tuple(found[0]), found[1]) != (tuple(self.presets), self.default):
            self.presets, self.default = found
            self.listed.emit()

    def _on_deleted(self, record: PresetRecord) -> None:
        back = partial(self._bridge.ask, lambda services: services.chats.presets.put_back(record))
        self._say(
            _("The preset “{name}” was deleted.").format(name=record.name),
            f"preset {record.id}",
            action=_("Undo"),
            on_action=back,
        )

    def _say(self, words: str, key: str, *, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        self._bridge.notice_raised.emit(Notice(words, action=action, on_action=on_action, life_ms=UNDO_MS, key=key))
