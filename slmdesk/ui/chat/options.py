"""The settings of a chat in a popover: each has a name, values to choose from and an explanation as its tooltip."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from slmdesk.base.record import changed
from slmdesk.base.texts import _
from slmdesk.chat.presets import differences
from slmdesk.chat.types import ChatOptions
from slmdesk.ui.chat.header import ModelsController
from slmdesk.ui.chat.option_fields import PANEL_FIELDS, PRESET, SYSTEM, USUAL, Around, SettingsForm
from slmdesk.ui.chat.options_controller import OptionsController
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.bars import SettingsController
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label, plain_tip, row, show_column, show_words
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.kit.widgets.rows import Choice, tab_stops

WIDTH, PADDING = 340, 18
SAME_AS_NOW = _("Same as now")


class SettingsPanel(Popover):
    """The settings of the open chat: those that many people change, and the others folded under *Advanced*."""

    closed = Signal()

    def __init__(
        self, controller: OptionsController, models: ModelsController, settings: SettingsController, parent: QWidget
    ) -> None:
        super().__init__(parent, "chat_panel", label=_("Settings of this chat"), width=WIDTH)
        self._controller, self._models, self._settings = controller, models, settings
        self._chat, self._options = controller.shown.value
        self._ways_to_think: tuple[str, ...] = ()
        self._shown = Around()
        self._build_ui()
        self._form.changed.connect(self._on_changed)
        self._form.folded.connect(self.fit)
        controller.chat_begun.connect(self._on_chat_begun)
        for shown in (
            controller.shown.changed, controller.load.changed, controller.presets.listed, models.models_listed,
            models.state_changed, settings.settings_shown, settings.policy_shown,
        ):  # fmt: skip
            shown.connect(self._show)
        self._show(is_other=True)

    def _build_ui(self) -> None:
        content = named(QFrame(self), "chat_panel_inner")
        content.setMinimumHeight(1)  # else it stays as tall as in the narrowest column
        self._form = SettingsForm(content, (SYSTEM, PRESET), PANEL_FIELDS, prefix="option")
        self._words = plain_label("", content, name="preset_words", kind="small", is_hidden=True)
        tip = _("Keep these settings as a preset")
        save = button(_("Save as…"), "preset_save_as", content, kind="text", tip=tip, on=self._on_save_as)
        tip = _("Change, order, export and import presets")
        manage = button(_("Presets…"), "preset_manage", content, kind="text", tip=tip, on=self._on_presets)
        tip = _("Resets the settings of this chat. The context stays.")
        self._defaults = button(_("Reset"), "options_defaults", content, kind="text", tip=tip, on=self._on_defaults)
        self._column = column(
            plain_label(_("This chat"), content, name="chat_panel_title", kind="heading"),
            self._form.part("system"),
            column(self._form.part("preset"), self._words, row(save, manage, 1, gap=theme.SPACE_8), gap=theme.SPACE_4),
            self._form.lay_out(self._defaults),
            1,
            into=content,
            gap=theme.SPACE_16,
            margins=PADDING,
        )
        scroll = named(QScrollArea(self), "chat_panel_scroll")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        show_column(scroll, content)
        column(scroll, into=self, margins=2)

    def focus_target(self) -> QWidget:
        return self._form.part("system").widget

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return tuple(tab_stops(self._column))

    def sizeHint(self) -> QSize:
        """Return the size at which nothing has to be scrolled, or that which fits below the button."""
        layout, width = self._column, scaled(WIDTH) - 4
        hint = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
        below = 0 if self._anchor is None else self._anchor.mapTo(self.window(), self._anchor.rect().bottomLeft()).y()
        return QSize(width, min(hint + theme.SPACE_12, self.window().height() - below - theme.SPACE_24))

    def keep_words(self) -> None:
        self._form.keep()

    def _show(self, *_event: object, is_other: bool = False) -> None:
        chat, options = self._controller.shown.value
        if chat != self._chat:
            self._form.keep()  # what is being typed is of the chat before
            is_other = True
        self._chat, self._options = chat, options
        around = self._around()
        if around == self._shown and not is_other:
            return
        self._shown = around
        self._form.show_around(around, is_other=is_other)
        self._show_preset(around)
        self._defaults.setEnabled(options != ChatOptions())
        if self.isVisible():
            self.fit()

    def _around(self) -> Around:
        state = self._models.state
        if state.loaded is not None:
            self._ways_to_think = state.loaded.thinking
        return Around(
            options=self._options,
            models=tuple((model.id, model.name) for model in self._models.listed),
            any_model=f"{SAME_AS_NOW} ({state.name})" if state.name else SAME_AS_NOW,
            load=self._controller.load.value,
            ways_to_think=self._ways_to_think,
            presets=self._controller.presets.presets,
            context_tokens=self._settings.current.context_tokens,
            is_context_managed=self._settings.is_managed("context_tokens"),
        )

    def _show_preset(self, around: Around) -> None:
        box = self._form.part("preset").widget
        assert isinstance(box, Choice)
        for at, preset in enumerate(around.presets, 1):
            box.setItemText(at, preset.name)  # whole, as its tooltip says what it is for
            box.setItemData(at, plain_tip(preset.words or preset.name), Qt.ItemDataRole.ToolTipRole)
        chosen = self._controller.presets.of(around.options.preset)
        lost = ", ".join(differences(around.options, chosen)) if chosen else ""
        if lost:
            words = _("Changed since: {changed}.").format(changed=lost)
        elif chosen:
            words = chosen.words
        else:
            words = ""
        show_words(self._words, words)

    def _on_changed(self, values: dict[str, Any]) -> None:
        if "context" in values:
            self._settings.change("context_tokens", int(values["context"]))
        elif list(values) == ["preset"]:
            self._form.keep()
            self._controller.take_preset(self._chat, values["preset"])
        else:
            self._options = changed(self._options, **values)
            self._controller.change(self._chat, self._options)

    def _on_chat_begun(self, chat: str) -> None:
        self._chat = chat

    def _on_save_as(self) -> None:
        self._form.keep()
        from slmdesk.ui.chat.dialogs import PresetEditor

        bridge, models = self._controller.presets.bridge, self._around().models
        editor = PresetEditor(bridge, self, "", self._options, models, title=_("Save as a preset"))
        editor.saved.connect(partial(self._controller.save_preset, self._chat))
        editor.open()

    def _on_presets(self) -> None:
        from slmdesk.ui.chat.dialogs import PresetsWindow

        opened = self.window().findChild(PresetsWindow)
        (opened or PresetsWindow(self._controller.presets, self._around().models, self)).show()

    def _on_defaults(self) -> None:
        self._form.set_values(USUAL)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.closed.emit()
