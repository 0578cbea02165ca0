"""Controller of the open chat's settings: what can be set for its model, and the presets. No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import PresetRecord
from slmdesk.base.runtime import events
from slmdesk.base.runtime.events import ItemChanged, ModelsChanged, ModelState, ModelStateChanged
from slmdesk.base.text.folding import fold
from slmdesk.base.texts import _
from slmdesk.chat.presets import Preset, differences, with_preset
from slmdesk.chat.types import ChatOptions, PresetsChanged, options_from
from slmdesk.ui.chat.composer import Suggestion
from slmdesk.ui.chat.conversation import ChatController
from slmdesk.ui.kit.base.bridge import Bridge, ignored
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice

if TYPE_CHECKING:
    from slmdesk.models.running import LoadOptions


class OptionsController(QObject):
    chat_begun = Signal(str)
    """Emitted when what is shown has become the settings of a chat, as its first message was sent."""

    def __init__(self, bridge: Bridge, chat: ChatController, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="options_controller")
        self._bridge, self._chat_controller = bridge, chat
        self._open_chat = self._model = ""
        self.shown: Live[tuple[str, ChatOptions]] = Live(
            bridge, self, self._ask_options, ("", ChatOptions()), refused=ignored
        )
        """The open chat, "" for a new one, with its options. Another chat is shown as soon as its options are known."""
        self.load: Live[LoadOptions | None] = Live(
            bridge, self, self._ask_load, None, on=(ModelsChanged,),
            on_some={ModelStateChanged: lambda event: event.state is not ModelState.LOADING},
            refused=lambda _problem: self.load.put(None), is_watched=False,
        )  # fmt: skip
        """What can be set for the model of the chat. Model files are read only while the panel is visible."""
        self.presets = PresetsController(bridge, self)
        self.presets.listed.connect(self._on_presets_listed)
        self.shown.changed.connect(self._on_shown)
        chat.chat_begun.connect(self._on_chat_begun)
        chat.chat_opened.connect(self._on_chat_opened)
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.settings_changed.connect(self.load.again)

    def watch(self, is_watched: bool) -> None:
        """Record whether the panel is visible. What is free of memory changes without an event, so it is asked anew."""
        self.load.watch(is_watched)
        self.load.again()

    @property
    def chat(self) -> str:
        return self.shown.value[0]

    @property
    def options(self) -> ChatOptions:
        return self.shown.value[1]

    def change(self, chat: str, options: ChatOptions) -> None:
        """Set the options of a chat, from its next answer on."""
        if chat:
            request = self._bridge.services.chats.change_options(chat, options)
            if chat == self.chat:
                self.shown.change((chat, options), request)
            return
        self._chat_controller.new_options = options
        if not self.chat:
            self.shown.put((chat, options))

    def take_preset(self, chat: str, id: str) -> None:
        """Apply a preset to a chat ("" for none). A notice offers to restore settings that the preset has replaced."""
        if chat != self.chat:
            return
        old, before = self.options, self.presets.of(self.options.preset)
        lost = differences(old, before) if before else differences(old, Preset("", "", ChatOptions()))
        self.change(chat, with_preset(old, self.presets.of(id)))
        if lost and self.options != old:
            back = partial(self._change_shown, chat, lambda _options: old)
            words = _("The preset has taken the place of your settings of this chat.")
            self._bridge.notice_raised.emit(
                Notice(words, action=_("Undo"), on_action=back, life_ms=UNDO_MS, key=f"preset of {chat}")
            )

    def save_preset(self, chat: str, name: str, options: ChatOptions) -> None:
        """Save options as a preset, and make it the preset of the chat."""

        def kept(preset: Preset) -> None:
            self.presets.kept.emit(preset)
            self._change_shown(chat, lambda options: with_preset(options, preset))

        self._bridge.ask(self._bridge.services.chats.presets.add(name, options), kept)

    def _change_shown(self, chat: str, change: Callable[[ChatOptions], ChatOptions]) -> None:
        if chat == self.chat:
            self.change(chat, change(self.options))

    def _ask_options(self) -> Any:
        chat = self._open_chat
        return (lambda services: (chat, services.chats.options(chat))) if chat else None

    def _ask_load(self) -> Any:
        self._model = self.options.model
        return self._bridge.services.load_options.look(self._model)

    def _on_shown(self) -> None:
        if self.options.model != self._model:
            self.load.again()

    def _on_presets_listed(self) -> None:
        """Apply the default preset to a new chat in which nothing was set yet."""
        was, now = self._chat_controller.default_options, self.presets.new_options
        self._chat_controller.default_options = now
        if not self._open_chat and self.shown.value == ("", was):
            self.change("", now)

    def _on_chat_begun(self, chat: str, kept: ChatOptions) -> None:
        """Save options that were changed since the first message was sent to the chat that this message created."""
        options, self._open_chat = self.options, chat
        self.chat_begun.emit(chat)
        self.shown.put((chat, options))
        if options != kept:
            self.change(chat, options)

    def _on_chat_opened(self, chat: str, _title: str) -> None:
        if not chat:
            self._open_chat = ""
            self.shown.put(("", self._chat_controller.new_options))
        elif chat != self._open_chat:
            self._open_chat = chat
            self.shown.again()

    def _on_item_changed(self, event: events.ItemChanged) -> None:
        if event.item.id == self.chat == self._open_chat:
            self.shown.tell((event.item.id, options_from(event.item.settings)))


class PresetsController(QObject):
    kept = Signal(object)
    empty = _("No presets yet")

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="presets_controller")
        self.bridge = bridge
        self._live: Live[tuple[Sequence[Preset], str]] = Live(bridge, self, self._ask, ((), ""), on=(PresetsChanged,))
        self.listed, self.refresh = self._live.changed, self._live.again
        bridge.settings_changed.connect(self._live.again)

    @property
    def presets(self) -> Sequence[Preset]:
        """Return the person's own presets, then the shipped ones."""
        return self._live.value[0]

    @property
    def default(self) -> str:
        return self._live.value[1]

    def of(self, id: str) -> Preset | None:
        return next((preset for preset in self.presets if preset.id == id), None)

    @property
    def is_empty(self) -> bool:
        return not self.presets

    def suggest(self, words: str, most: int) -> tuple[list[Suggestion], int]:
        wanted = fold(words)
        presets = [preset for preset in self.presets if wanted in fold(preset.name)]
        return [Suggestion(preset.name, preset.id, preset.words) for preset in presets[:most]], len(presets)

    @property
    def new_options(self) -> ChatOptions:
        return with_preset(ChatOptions(), self.of(self.default))

    def save(self, id: str, name: str, options: ChatOptions) -> None:
        """Change a preset, or add one if `id` is empty."""
        if id:
            self.bridge.services.chats.presets.change(id, name, options)
        else:
            self.bridge.ask(self.bridge.services.chats.presets.add(name, options), self.kept.emit)

    def duplicate(self, id: str) -> None:
        self.bridge.ask(self.bridge.services.chats.presets.duplicate(id), self.kept.emit)

    def move(self, id: str, by: int) -> None:
        self.bridge.services.chats.presets.move(id, by)

    def delete(self, id: str) -> None:
        self.bridge.ask(self.bridge.services.chats.presets.delete(id), self._on_deleted)

    def set_default(self, id: str) -> None:
        self.bridge.services.settings.change(default_preset=id)

    def export(self, id: str, path: Path) -> None:
        words = _("The preset was written to {name}.").format(name=path.name)
        done = partial(self._say, words, _("preset written"))
        self.bridge.ask(self.bridge.services.chats.presets.export_file(id, path), lambda _done: done())

    def import_file(self, path: Path) -> None:
        self.bridge.ask(self.bridge.services.chats.presets.import_file(path), self.kept.emit)

    def _ask(self) -> Any:
        return lambda services: (services.chats.presets.list(), services.settings.current.default_preset)

    def _on_deleted(self, record: PresetRecord) -> None:
        back = partial(self.bridge.ask, lambda services: services.chats.presets.put_back(record))
        self._say(
            _("The preset “{name}” was deleted.").format(name=record.name),
            f"preset {record.id}",
            action=_("Undo"),
            on_action=back,
        )

    def _say(self, words: str, key: str, *, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        self.bridge.notice_raised.emit(Notice(words, action=action, on_action=on_action, life_ms=UNDO_MS, key=key))
