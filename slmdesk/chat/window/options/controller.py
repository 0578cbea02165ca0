"""The settings of the open chat, and what can be set for its model.  No widgets here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import Item
from slmdesk.chat.options import ChatOptions, options_from
from slmdesk.chat.presets import Preset, differences, with_preset
from slmdesk.chat.window.conversation.controller import ChatController
from slmdesk.chat.window.presets.controller import PresetsController
from slmdesk.loader.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.runtime import events
from slmdesk.runtime.events import ItemChanged, Problem
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice

if TYPE_CHECKING:
    from slmdesk.models.load_options import LoadOptions
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
        """Whether the panel is visible: model files are read for it only then."""
        self._is_watched = is_watched
        self._look()

    def change(self, chat: str, options: ChatOptions) -> None:
        """Set the options of a chat; they hold from its next answer on."""
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
        """Give a chat the options of a preset, "" for none; what was set otherwise can be brought back."""
        if chat != self.chat:
            return
        old, before = self.options, self.presets.of(self.options.preset)
        lost = differences(old, before) if before else differences(old, Preset("", "", ChatOptions()))
        self._replace(chat, with_preset(old, self.presets.of(id)))
        if lost and self.options != old:
            back = partial(self._replace, chat, old)
            words = "The preset has taken the place of your settings of this chat."
            self._bridge.notice_raised.emit(
                Notice(words, action="Undo", on_action=back, life_ms=UNDO_MS, key=f"preset of {chat}")
            )

    def save_preset(self, chat: str, name: str, options: ChatOptions) -> None:
        """Keep options as a preset, which is the chat's from then on."""

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
        """A new chat that nothing was set for begins with the default preset."""
        was, now = self._chat_controller.default_options, self.presets.new_options
        self._chat_controller.default_options = now
        if not self.chat and self.options == was:
            self._chat_controller.new_options = now
            self._show(now)

    def _on_chat_begun(self, chat: str, kept: ChatOptions) -> None:
        """Save options changed since the first message was sent to the chat that it began."""
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
        if not self._unanswered:  # else it may be an older change of ours, and would take back the newer one
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
    """The chat no longer exists; the controller of the open chat says so."""
