"""The settings of a chat in a popover: each has a name, values to choose from and an explanation as its tooltip."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.chat.presets import Preset, differences
from slmdesk.chat.settings import SAMPLED, SETTINGS
from slmdesk.chat.types import ASK, LEAVE_OUT, SUMMARIZE, ChatOptions
from slmdesk.chat.window.header import ModelsController
from slmdesk.chat.window.option_fields import Around, SettingsForm, WordsField, choice, explain, refill
from slmdesk.chat.window.options_controller import OptionsController
from slmdesk.models.running import LoadOptions
from slmdesk.runtime.events import ModelStateChanged
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.base.theme import scaled
from slmdesk.window.widgets.bars import SET_BY_ORGANISATION
from slmdesk.window.widgets.build import button, column, named, plain_label, plain_tip, row, show_column, show_words
from slmdesk.window.widgets.parts import Popover
from slmdesk.window.widgets.rows import Choice

WIDTH, PADDING = 340, 18
KEEP_AFTER_MS = 600
SENTENCES = {
    "system": _(
        "Instructions the model follows in this chat, such as who it is and how it answers. Without any, it is "
        "asked to use only facts it is sure of."
    ),
    "context": _(
        "How much of a chat the model can see. More takes more memory. This applies to all chats; the model is "
        "loaded again."
    ),
    "when_full": _(
        "When the chat no longer fits the context. What is left out stays in the chat, in grey; instructions "
        "and pinned messages are always read."
    ),
}
WAYS = (
    (ASK, _("Ask me")),
    (LEAVE_OUT, _("Forget the oldest messages")),
    (SUMMARIZE, _("Keep a summary of the earlier part")),
)
SAME_AS_NOW = _("Same as now")


class SettingsPanel(Popover):
    """The settings of the open chat: those that many people change, and the others folded under *Advanced*."""

    context_chosen = Signal(int)
    closed = Signal()

    def __init__(self, controller: OptionsController, models: ModelsController, parent: QWidget) -> None:
        super().__init__(parent, "chat_panel", label=_("Settings of this chat"), width=WIDTH)
        self._controller = controller
        self._chat = ""
        self._options = ChatOptions()
        self._around = Around(any_model=SAME_AS_NOW, ways_to_think=())
        self._now = ""
        self._context_tokens = 0
        self._timer = Delay(self, KEEP_AFTER_MS, self.keep_words)
        self._build_ui()
        self._connect(models)
        self.show_state(models.state)
        self.show_models(models.listed)
        self.show_options(controller.chat, controller.options)

    # ---- making

    def _build_ui(self) -> None:
        content = named(QFrame(self), "chat_panel_inner")
        content.setMinimumHeight(1)  # else it stays as tall as in the narrowest column
        self._column = column(into=content, gap=theme.SPACE_16, margins=PADDING)
        self._column.addWidget(plain_label(_("This chat"), content, name="chat_panel_title", kind="heading"))
        self._system = WordsField("option_system", content, lines=3, hint=_("None"))
        self._column.addWidget(self._titled("system", _("Instructions"), self._system, content))
        self._presets = PresetChooser(content)
        self._column.addWidget(self._presets)
        tip = _("Resets the settings of this chat. The context stays.")
        self._defaults = button(_("Reset"), "options_defaults", content, kind="text", tip=tip, on=self._on_defaults)
        self._context, self._when_full = choice("option_context", content), choice("option_when_full", content)
        refill(self._when_full, WAYS)
        more = (
            self._titled("context", _("Context"), self._context, content),
            self._titled("when_full", _("When the chat is full"), self._when_full, content),
        )
        self._form = SettingsForm(SETTINGS, content, prefix="option", more=more, beside=self._defaults)
        self._column.addWidget(self._form)
        self._column.addStretch(1)
        scroll = named(QScrollArea(self), "chat_panel_scroll")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        show_column(scroll, content)
        column(scroll, into=self, margins=2)

    @staticmethod
    def _titled(name: str, title: str, widget: QWidget, parent: QWidget) -> QWidget:
        """Return a setting that is none of a preset, with its heading. Its explanation is a tooltip."""
        part = named(QWidget(parent), f"{name}_part")
        heading = plain_label(title, part, name=f"{name}_heading", wraps=False)
        heading.setBuddy(widget)
        widget.setAccessibleName(title)
        column(heading, widget, into=part, gap=theme.SPACE_4)
        explain(SENTENCES[name], widget, heading)
        return part

    def _connect(self, models: ModelsController) -> None:
        self._controller.options_shown.connect(self.show_options)
        self._controller.chat_begun.connect(self.begin_chat)
        self._controller.load_options_shown.connect(self.show_load_options)
        models.models_listed.connect(self.show_models)
        models.state_changed.connect(self.show_state)
        self._form.changed.connect(lambda values: self._set(**values))
        self._form.reset_requested.connect(self._on_reset_sampling)
        self._form.folded.connect(self.fit)
        self._when_full.value_chosen.connect(lambda value: self._set(when_full=value))
        self._context.value_chosen.connect(lambda tokens: self.context_chosen.emit(int(tokens)))
        self._presets.chosen.connect(self._on_preset_chosen)
        self._presets.save_requested.connect(self._on_save_as)
        self._presets.presets_requested.connect(self._on_presets)
        self._controller.presets.listed.connect(self._show)
        self._system.textChanged.connect(self._timer.start)
        self._system.left.connect(self.keep_words)

    # ---- showing

    @property
    def first_field(self) -> QWidget:
        return self._system

    def focus_target(self) -> QWidget:
        return self._system

    def sizeHint(self) -> QSize:
        """Return the size at which nothing has to be scrolled, or that which fits below the button."""
        layout, width = self._column, scaled(WIDTH) - 4
        hint = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
        below = 0 if self._anchor is None else self._anchor.mapTo(self.window(), self._anchor.rect().bottomLeft()).y()
        return QSize(width, min(hint + theme.SPACE_12, self.window().height() - below - theme.SPACE_24))

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return (
            self._system, self._presets.choice, self._presets.save, self._presets.manage, *self._form.first_in_order,
            self._defaults, self._context, self._when_full, *self._form.rest_in_order,
        )  # fmt: skip

    def show_options(self, chat: str, options: ChatOptions) -> None:
        """Show the settings of a chat. Text that is being edited for another chat is saved first."""
        if self._timer.isActive():
            self.keep_words()
        is_other = chat != self._chat
        if is_other:
            self._form.keep()
        self._chat, self._options = chat, options
        if self._system.toPlainText() != options.system:
            self._system.setPlainText(options.system)
            self._timer.stop()
        self._show(is_other=is_other)

    def begin_chat(self, chat: str) -> None:
        self._chat = chat

    def show_load_options(self, load_options: LoadOptions | None) -> None:
        self._around = changed(self._around, load=load_options)
        self._show()

    def show_models(self, models: Sequence[ModelRecord]) -> None:
        self._around = changed(self._around, models=tuple((model.id, model.name) for model in models))
        self._show()

    def show_state(self, event: ModelStateChanged) -> None:
        old = self._around
        if event.name != self._now:
            self._now = event.name
            words = f"{SAME_AS_NOW} ({self._now})" if self._now else SAME_AS_NOW
            self._around = changed(self._around, any_model=words)
        if event.loaded is not None:
            self._around = changed(self._around, ways_to_think=event.loaded.thinking)
        if self._around != old:
            self._show()

    def show_context(self, tokens: int, *, is_managed: bool) -> None:
        self._context_tokens = tokens
        self._context.setEnabled(not is_managed)
        if is_managed:
            explain(SET_BY_ORGANISATION, self._context)
        self._show()

    def _show(self, *, is_other: bool = False) -> None:
        options = self._options
        self._presets.show_presets(self._controller.presets.presets, options)
        self._form.show_options(options, self._around, is_other=is_other)
        self._show_contexts(self._around.load)
        self._when_full.show_value(options.when_full)
        self._defaults.setEnabled(options != ChatOptions())
        if self.isVisible():
            self.fit()

    def _show_contexts(self, load_options: LoadOptions | None) -> None:
        numbers = QLocale()
        if load_options is None:
            refill(
                self._context,
                [
                    (
                        self._context_tokens,
                        _("{context_tokens} tokens").format(context_tokens=numbers.toString(self._context_tokens)),
                    )
                ],
            )
            return
        values: list[tuple[object, str]] = []
        for context in load_options.contexts:
            size = bytes_for_people(context.bytes)
            words = _("{tokens} tokens, {size}").format(tokens=numbers.toString(context.tokens), size=size) + (
                "" if context.fits else " ✗"
            )
            values.append((context.tokens, words))
        refill(self._context, values)
        most = load_options.most_context
        too_much = (
            ""
            if all(context.fits for context in load_options.contexts)
            else _(" ✗: more memory than this PC has free.")
        )
        in_force = min(self._context_tokens, most) if most else self._context_tokens
        self._context.show_value(in_force)
        if self._context.isEnabled():
            up_to = (
                _(" This model was made for up to {most} tokens.").format(most=numbers.toString(most)) if most else ""
            )
            explain(SENTENCES["context"] + up_to + too_much, self._context)

    # ---- requests

    def _set(self, **values: Any) -> None:
        self._options = changed(self._options, **values)
        self._controller.change(self._chat, self._options)
        self._show()

    def _on_preset_chosen(self, id: str) -> None:
        self.keep_words()
        self._controller.take_preset(self._chat, id)

    def _on_save_as(self) -> None:
        self.keep_words()
        from slmdesk.chat.window.dialogs import PresetEditor

        editor = PresetEditor(self, "", self._options, self._around.models, title=_("Save as a preset"))
        editor.saved.connect(partial(self._controller.save_preset, self._chat))
        editor.open()

    def _on_presets(self) -> None:
        from slmdesk.chat.window.dialogs import PresetsWindow

        opened = self.findChild(PresetsWindow)
        (opened or PresetsWindow(self._controller.presets, self._around.models, self)).show()

    def keep_words(self) -> None:
        self._timer.stop()
        words = self._system.toPlainText().strip()
        if words != self._options.system:
            self._set(system=words)
        self._form.keep()

    def _on_reset_sampling(self) -> None:
        self._set(**{name: getattr(ChatOptions(), name) for name in SAMPLED})
        self._show(is_other=True)  # removes invalid text too

    def _on_defaults(self) -> None:
        self._system.setPlainText("")
        self._timer.stop()
        self._set(**{name: getattr(ChatOptions(), name) for name in ChatOptions.__struct_fields__})
        self._show(is_other=True)

    # ---- Qt

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.closed.emit()


# ---- the first setting of a chat


NONE = _("None")
GONE = _("A deleted preset")
SENTENCE = _("Instructions, model, sampling and examples under a name.")


class PresetChooser(QFrame):
    chosen = Signal(str)
    save_requested = Signal()
    presets_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "preset_chooser", label=_("Preset"))
        heading = plain_label(_("Preset"), self, name="preset_heading", wraps=False)
        self.choice = named(Choice([("", NONE)], self), "option_preset", label=_("Preset"))
        self.choice.setMinimumContentsLength(8)
        self.choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setAccessibleDescription(SENTENCE)
        heading.setToolTip(plain_tip(SENTENCE))
        heading.setBuddy(self.choice)
        self._words = plain_label("", self, name="preset_words", kind="small", is_hidden=True)
        self.save = button(
            _("Save as…"),
            "preset_save_as",
            self,
            kind="text",
            tip=_("Keep these settings as a preset"),
            on=self.save_requested,
        )
        self.manage = button(
            _("Presets…"),
            "preset_manage",
            self,
            kind="text",
            tip=_("Change, order, export and import presets"),
            on=self.presets_requested,
        )
        buttons = row(self.save, self.manage, 1, gap=theme.SPACE_8)
        column(heading, self.choice, self._words, buttons, into=self, gap=theme.SPACE_4)
        self.choice.value_chosen.connect(lambda value: self.chosen.emit(str(value)))

    def show_presets(self, presets: Sequence[Preset], options: ChatOptions) -> None:
        values = [("", NONE), *((preset.id, preset.name) for preset in presets)]
        found = next((preset for preset in presets if preset.id == options.preset), None)
        if options.preset and found is None:
            values.append((options.preset, GONE))
        if values != [(self.choice.itemData(at), self.choice.itemText(at)) for at in range(self.choice.count())]:
            self.choice.clear()
            for value, words in values:
                self.choice.addItem(words, value)
        for at, preset in enumerate(presets, 1):
            self.choice.setItemData(at, plain_tip(preset.words or preset.name), Qt.ItemDataRole.ToolTipRole)
        self.choice.show_value(options.preset)
        changed = differences(options, found) if found else ()
        words = (
            _("Changed since: {changed}.").format(changed=", ".join(changed))
            if changed
            else (found.words if found else "")
        )
        show_words(self._words, words)
