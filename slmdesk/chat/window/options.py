"""The settings of a chat in a popover: each has a name, values to choose from and an explanation as its tooltip."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QIntValidator, QWheelEvent
from PySide6.QtWidgets import QFrame, QLayout, QLineEdit, QScrollArea, QSlider, QVBoxLayout, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.base.types import Sampling
from slmdesk.chat.presets import Preset, differences
from slmdesk.chat.types import (
    ASK,
    BY_NAME,
    LEAVE_OUT,
    SAMPLED,
    SETTINGS,
    STOP_TITLE,
    STOP_WORDS,
    SUMMARIZE,
    ChatOptions,
    defaults_of,
    is_makers,
    stops_of,
    text_of_stops,
)
from slmdesk.chat.window.header import ModelsController
from slmdesk.chat.window.option_fields import (
    ANSWER_LANGUAGES,
    STRENGTHS,
    TEMPERATURES,
    THINKING,
    TOP_PS,
    NumberRow,
    ValueRow,
    WordsField,
    lengths,
)
from slmdesk.chat.window.options_controller import OptionsController
from slmdesk.models.running import LoadOptions
from slmdesk.runtime.events import ModelStateChanged
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.base.theme import scaled
from slmdesk.window.widgets.bars import SET_BY_ORGANISATION
from slmdesk.window.widgets.build import (
    breakable,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    set_icon,
    show_column,
    show_words,
)
from slmdesk.window.widgets.parts import Popover, Segments
from slmdesk.window.widgets.rows import Choice

WIDTH, PADDING = 340, 18
LENGTHS = ("short", "", "long")
"""Values of the parts of *Answer length*; see ANSWER_LENGTHS."""
MOST_NAME = 26
KEEP_AFTER_MS = 600
MOST_SEED = 2**31 - 1
"""Largest number that an integer field accepts."""
SENTENCES = {
    "system": _(
        "Instructions the model follows in this chat, such as who it is and how it answers. Without any, it is "
        "asked to use only facts it is sure of."
    ),
    "model": _("Which model answers in this chat."),
    "lora": _("A small file that changes how a model writes (a LoRA). It works only with the model it was made for."),
    "lora_scale": _("How strongly the adapter applies. 100 % is what its makers intended."),
    "context": _(
        "How much of a chat the model can see. More takes more memory. This applies to all chats; the model is "
        "loaded again."
    ),
    "when_full": _(
        "When the chat no longer fits the context. What is left out stays in the chat, in grey; instructions "
        "and pinned messages are always read."
    ),
    "creativity": BY_NAME["temperature"].words,
    "temperature": BY_NAME["temperature"].words,
    "top_p": BY_NAME["top_p"].words,
    "thinking": _(
        "This model thinks aloud before it answers. That takes time, and may make answers to hard questions better."
    ),
    "answer_language": _("Small models tend to fall back to English."),
    "max_tokens": _("An answer is cut off after this many tokens. A token is about three quarters of a word."),
}
WAYS = (
    (ASK, _("Ask me")),
    (LEAVE_OUT, _("Forget the oldest messages")),
    (SUMMARIZE, _("Keep a summary of the earlier part")),
)
SAME_AS_NOW = _("Same as now")
RANDOM = _("Different every time.")
FIXED = _(
    "The same question gets the same answer, as long as nothing else is written beside it and the chat is the same."
)


class SettingsPanel(Popover):
    """The settings of the open chat: five that many people change, and the others folded under *Advanced*."""

    context_chosen = Signal(int)
    closed = Signal()

    def __init__(self, controller: OptionsController, models: ModelsController, parent: QWidget) -> None:
        super().__init__(parent, "chat_panel", label=_("Settings of this chat"), width=WIDTH)
        self._controller = controller
        self._chat = ""
        self._options = ChatOptions()
        self._load_options: LoadOptions | None = None
        self._now = ""
        self._ways_to_think: tuple[str, ...] = ()
        self._context_tokens = 0
        self._timer = Delay(self, KEEP_AFTER_MS, self.keep_words)
        self._build_ui()
        self._connect(models)
        self.show_state(models.state)
        self.show_models(models.listed)
        self.show_options(controller.chat, controller.options)

    # ---- making

    def _build_ui(self) -> None:
        self._content = named(QFrame(self), "chat_panel_inner")
        self._content.setMinimumHeight(1)  # else it stays as tall as in the narrowest column
        self._advanced = column(gap=theme.SPACE_16)
        self._column = column(into=self._content, gap=theme.SPACE_16, margins=PADDING)
        self._column.addWidget(plain_label(_("This chat"), self._content, name="chat_panel_title", kind="heading"))
        self._system = WordsField("option_system", self._content, lines=3, hint=_("None"))
        self._add("system", _("Instructions"), self._system, into=self._column)
        self._presets = PresetChooser(self._content)
        self._column.addWidget(self._presets)
        self._model = self._add_choice("model", _("Model"), [("", SAME_AS_NOW)], into=self._column)
        self._creativity = Creativity(self._content)
        self._add("creativity", _("Creativity"), self._creativity, into=self._column, focus=self._creativity.slider)
        self._answer_length = Segments(self._content, "option_answer_length", label=_("Answer length"))
        for words in (_("Short"), _("Normal"), _("Long")):
            self._answer_length.addTab(words)
        self._add("answer_length", _("Answer length"), self._answer_length, into=self._column)
        self._build_advanced()
        tip = _("Resets the settings of this chat. The context stays.")
        self._defaults = button(_("Reset"), "options_defaults", self._content, kind="text", tip=tip)
        self._defaults.clicked.connect(self._on_defaults)
        self._more = MoreSettings(
            self._content, prefix="option", title=_("Advanced"), above=self._advanced, beside=self._defaults
        )
        self._more.folded.connect(self.fit)
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        scroll = named(QScrollArea(self), "chat_panel_scroll")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        show_column(scroll, self._content)
        column(scroll, into=self, margins=2)

    def _build_advanced(self) -> None:
        self._language = self._add_choice("answer_language", _("Language of answers"), list(ANSWER_LANGUAGES))
        self._thinking = self._add_choice("thinking", _("Thinking"), [("", THINKING[""])])
        self._length = self._add_choice("max_tokens", _("Maximum length"), lengths())
        self._lora = self._add_choice("lora", _("Adapter"), [("", _("None"))])
        self._lora_note = plain_label("", self._content, name="lora_note", kind="danger")
        self._advanced.addWidget(self._lora_note)
        self._scale = self._add_choice("lora_scale", _("Strength of the adapter"), list(STRENGTHS))
        self._context = self._add_choice("context", _("Context"), [])
        self._when_full = self._add_choice("when_full", _("When the chat is full"), list(WAYS))
        self._temperature = self._add_choice("temperature", BY_NAME["temperature"].title, [(None, ""), *TEMPERATURES])
        self._top_p = self._add_choice("top_p", BY_NAME["top_p"].title, [(None, ""), *TOP_PS])
        self._build_seed()

    def _build_seed(self) -> None:
        both = QWidget(self._content)
        seeds: list[tuple[object, str]] = [(False, _("A new one")), (True, _("Always this one:"))]
        self._seed = named(Choice(seeds, both), "option_seed", label=_("Seed"))
        self._seed_box = named(QLineEdit(both), "option_seed_number", label=_("Number of the seed"))
        self._seed_box.setValidator(QIntValidator(0, MOST_SEED, self._seed_box))
        column(self._seed, self._seed_box, into=both, gap=theme.SPACE_4)  # ten digits do not fit beside the list
        self._add("seed", _("Seed"), both, focus=self._seed)

    def _add_choice(
        self, name: str, title: str, values: Sequence[tuple[object, str]], *, into: QVBoxLayout | None = None
    ) -> Choice:
        choice = Choice(list(values), self._content)
        choice.setMinimumContentsLength(8)
        choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        choice.setObjectName(f"option_{name}")
        self._add(name, title, choice, into=into)
        return choice

    def _add(
        self, name: str, title: str, widget: QWidget, *, focus: QWidget | None = None, into: QVBoxLayout | None = None
    ) -> None:
        """Add a setting with its heading. Its explanation is a tooltip. It goes under *Advanced* unless `into` says."""
        part = named(QWidget(self._content), f"{name}_part")
        heading = plain_label(title, part, name=f"{name}_heading", wraps=False)
        heading.setBuddy(focus or widget)
        (focus or widget).setAccessibleName(title)
        column(heading, widget, into=part, gap=theme.SPACE_4)
        (into or self._advanced).addWidget(part)
        self._explain(focus or widget, SENTENCES.get(name, ""), heading)

    @staticmethod
    def _explain(widget: QWidget, sentence: str, *others: QWidget) -> None:
        widget.setAccessibleDescription(sentence)
        for each in (widget, *others):
            each.setToolTip(plain_tip(sentence))

    def _show_part(self, name: str, *, is_shown: bool) -> None:
        part = self._content.findChild(QWidget, f"{name}_part")
        if part is not None:
            part.setVisible(is_shown)

    def _connect(self, models: ModelsController) -> None:
        self._controller.options_shown.connect(self.show_options)
        self._controller.chat_begun.connect(self.begin_chat)
        self._controller.load_options_shown.connect(self.show_load_options)
        models.models_listed.connect(self.show_models)
        models.state_changed.connect(self.show_state)
        for choice, name in (
            (self._model, "model"), (self._lora, "lora"), (self._scale, "lora_scale"),
            (self._temperature, "temperature"), (self._top_p, "top_p"), (self._length, "max_tokens"),
            (self._thinking, "thinking"), (self._when_full, "when_full"), (self._language, "answer_language"),
            (self._creativity, "temperature"),
        ):  # fmt: skip
            choice.value_chosen.connect(lambda value, key=name: self._set(**{key: value}))
        self._answer_length.currentChanged.connect(lambda at: self._set(answer_length=LENGTHS[at]))
        self._more.changed.connect(lambda values: self._set(**values))
        self._more.reset_requested.connect(self._on_reset_sampling)
        self._context.value_chosen.connect(lambda tokens: self.context_chosen.emit(int(tokens)))
        self._presets.chosen.connect(self._on_preset_chosen)
        self._presets.save_requested.connect(self._on_save_as)
        self._presets.presets_requested.connect(self._on_presets)
        self._controller.presets.listed.connect(self._show)
        self._seed.value_chosen.connect(self._on_seed_chosen)
        self._seed_box.editingFinished.connect(self._on_seed_written)
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
            self._system, self._presets.choice, self._presets.save, self._presets.manage, self._model,
            self._creativity.slider, self._answer_length, self._more.open, self._defaults,
            self._language, self._thinking, self._length, self._lora, self._scale,
            self._context, self._when_full, self._temperature, self._top_p, self._seed, self._seed_box,
            *self._more.in_order[1:],
        )  # fmt: skip

    def show_options(self, chat: str, options: ChatOptions) -> None:
        """Show the settings of a chat. Text that is being edited for another chat is saved first."""
        if self._timer.isActive():
            self.keep_words()
        is_other = chat != self._chat
        if is_other:
            self._more.keep()
        self._chat, self._options = chat, options
        if self._system.toPlainText() != options.system:
            self._system.setPlainText(options.system)
            self._timer.stop()
        self._show(is_other=is_other)

    def begin_chat(self, chat: str) -> None:
        self._chat = chat

    def show_load_options(self, load_options: LoadOptions | None) -> None:
        self._load_options = load_options
        self._show()

    def show_models(self, models: Sequence[ModelRecord]) -> None:
        words = f"{SAME_AS_NOW} ({self._now})" if self._now else SAME_AS_NOW
        self._refill(self._model, [("", words), *((model.id, model.name) for model in models)])
        self._show()

    def show_state(self, event: ModelStateChanged) -> None:
        if event.name != self._now:
            self._now = event.name
            self._model.setItemText(0, f"{SAME_AS_NOW} ({self._now})" if self._now else SAME_AS_NOW)
        if event.loaded is not None and event.loaded.thinking != self._ways_to_think:
            self._ways_to_think = event.loaded.thinking
            self._show()

    def show_context(self, tokens: int, *, is_managed: bool) -> None:
        self._context_tokens = tokens
        self._context.setEnabled(not is_managed)
        if is_managed:
            self._explain(self._context, SET_BY_ORGANISATION)
        self._show()

    def _show(self, *, is_other: bool = False) -> None:
        options, load_options = self._options, self._load_options
        self._presets.show_presets(self._controller.presets.presets, options)
        is_gone = options.model and self._model.findData(options.model) < 0
        self._model.show_value("" if is_gone else options.model)
        self._show_adapters(load_options)
        self._show_contexts(load_options)
        makers = load_options.makers if load_options else Sampling()
        defaults = defaults_of(makers)
        for choice, name in ((self._temperature, "temperature"), (self._top_p, "top_p")):
            by = _("Recommended") if is_makers(name, makers) else _("Default")
            choice.setItemText(0, f"{by} ({getattr(defaults, name):g})")
            choice.show_value(getattr(options, name))
        self._more.show_options(options, makers, is_other=is_other)
        self._seed.show_value(options.seed is not None)
        self._seed_box.setVisible(options.seed is not None)
        self._seed_box.setEnabled(options.seed is not None)
        self._seed_box.setText("" if options.seed is None else str(options.seed))
        self._explain(self._seed, RANDOM if options.seed is None else FIXED)
        self._length.show_value(options.max_tokens)
        self._when_full.show_value(options.when_full)
        self._language.show_value(options.answer_language)
        self._show_thinking()
        self._defaults.setEnabled(options != ChatOptions())
        self._creativity.show_value(options.temperature)
        self._answer_length.blockSignals(True)
        self._answer_length.setCurrentIndex(LENGTHS.index(options.answer_length))
        self._answer_length.blockSignals(False)
        if self.isVisible():
            self.fit()

    def _show_thinking(self) -> None:
        """Show the setting only for a model that can reason before its answer, or if it was set for another model."""
        ways = self._ways_to_think
        chosen = self._options.thinking
        values = ["", *ways, *([chosen] if chosen not in ("", *ways) else [])]
        self._refill(self._thinking, [(value, THINKING[value]) for value in values])
        self._thinking.show_value(chosen)
        self._show_part("thinking", is_shown=len(values) > 1)

    def _show_adapters(self, load_options: LoadOptions | None) -> None:
        known = {adapter.id: adapter for adapter in load_options.adapters} if load_options else {}
        fitting = [(choice.id, choice.name) for choice in known.values() if not choice.reason]
        requested = self._options.lora
        chosen = known.get(requested)
        values = [("", _("None")), *fitting]
        if requested and all(requested != id for id, _name in fitting):
            values.append((requested, chosen.name if chosen else _("Not in the library")))
        self._refill(self._lora, values)
        self._lora.show_value(requested)
        self._show_part("lora", is_shown=len(values) > 1)
        self._show_part("lora_scale", is_shown=bool(requested))
        note = ""
        if requested and load_options and (chosen is None or chosen.reason):
            why = chosen.reason if chosen else _("it is no longer in the library")
            note = _("It cannot be used with this model: {why}.").format(why=why)
        show_words(self._lora_note, breakable(note))
        self._scale.show_value(self._options.lora_scale)

    def _show_contexts(self, load_options: LoadOptions | None) -> None:
        numbers = QLocale()
        if load_options is None:
            self._refill(
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
        self._refill(self._context, values)
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
            self._explain(self._context, SENTENCES["context"] + up_to + too_much)

    @staticmethod
    def _refill(choice: Choice, values: Sequence[tuple[object, str]]) -> None:
        """Replace the values to choose from. The selected value stays if it is still among them."""
        tips = [choice.itemData(at, Qt.ItemDataRole.ToolTipRole) for at in range(choice.count())]
        old = [(choice.itemData(at), tip) for at, tip in enumerate(tips)]
        if old == [(value, plain_tip(words)) for value, words in values]:
            return
        shown = choice.currentData()
        choice.clear()
        for value, words in values:
            choice.addItem(words if len(words) <= MOST_NAME else words[: MOST_NAME - 1] + "…", value)
            choice.setItemData(choice.count() - 1, plain_tip(words), Qt.ItemDataRole.ToolTipRole)
        choice.setCurrentIndex(max(0, choice.findData(shown)))

    # ---- requests

    def _set(self, **values: Any) -> None:
        self._options = changed(self._options, **values)
        self._controller.change(self._chat, self._options)
        self._show()

    def _on_seed_chosen(self, is_fixed: bool) -> None:
        self._set(seed=secrets.randbelow(10_000) if is_fixed else None)
        if is_fixed:
            self._seed_box.setFocus()
            self._seed_box.selectAll()

    def _on_seed_written(self) -> None:
        text = self._seed_box.text()
        if self._options.seed is not None and text.isdigit() and int(text) != self._options.seed:
            self._set(seed=int(text))

    def _on_preset_chosen(self, id: str) -> None:
        self.keep_words()
        self._controller.take_preset(self._chat, id)

    def _on_save_as(self) -> None:
        self.keep_words()
        from slmdesk.chat.window.dialogs import PresetEditor

        editor = PresetEditor(self, "", self._options, self._models, title=_("Save as a preset"))
        editor.saved.connect(partial(self._controller.save_preset, self._chat))
        editor.open()

    def _on_presets(self) -> None:
        from slmdesk.chat.window.dialogs import PresetsWindow

        opened = self.findChild(PresetsWindow)
        (opened or PresetsWindow(self._controller.presets, self._models, self)).show()

    @property
    def _models(self) -> list[tuple[str, str]]:
        return [(self._model.itemData(at), self._model.itemText(at)) for at in range(1, self._model.count())]

    def keep_words(self) -> None:
        self._timer.stop()
        words = self._system.toPlainText().strip()
        if words != self._options.system:
            self._set(system=words)
        self._more.keep()

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


class Level(QSlider):
    """Slider that the mouse wheel does not change, as it scrolls the panel."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Creativity(QWidget):
    """The temperature in three steps."""

    value_chosen = Signal(object)
    LEVELS = ((0.2, _("Precise")), (None, _("Balanced")), (1.0, _("Creative")))

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.slider = named(Level(Qt.Orientation.Horizontal, self), "option_creativity")
        self.slider.setRange(0, len(self.LEVELS) - 1)
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(lambda at: self.value_chosen.emit(self.LEVELS[at][0]))
        labels = [
            plain_label(words, self, name="creativity_level", kind="small", wraps=False) for _v, words in self.LEVELS
        ]
        column(self.slider, row(labels[0], 1, labels[1], 1, labels[2]), into=self, gap=theme.SPACE_4)

    def show_value(self, temperature: float | None) -> None:
        at = 1 if temperature is None or 0.4 < temperature < 0.9 else 0 if temperature <= 0.4 else 2
        self.slider.blockSignals(True)
        self.slider.setValue(at)
        self.slider.blockSignals(False)


# ---- the settings of a chat that are seldom needed


TITLE = _("More settings")
BASIC = ("temperature", "top_p")
LINES = 3


class StopsRow(ValueRow):
    """Field for stop texts, one a line."""

    def __init__(self, parent: QWidget, *, prefix: str) -> None:
        text = WordsField(f"{prefix}_stop", parent, lines=LINES, hint=_("None"))
        super().__init__(f"{prefix}_stop", STOP_TITLE, STOP_WORDS, text, parent)
        self._text = text
        self._value = ()
        self._text.left.connect(self.keep)

    def _read(self) -> Any:
        return stops_of(self._text.toPlainText())

    def _write(self, value: Any) -> None:
        words = text_of_stops(value)
        if words != self._text.toPlainText():
            self._text.setPlainText(words)

    def _is_default(self) -> bool:
        return not self._value


class MoreSettings(QFrame):
    changed = Signal(object)
    reset_requested = Signal()
    folded = Signal()

    def __init__(
        self, parent: QWidget, *, prefix: str, title: str = TITLE, above: QLayout | None = None,
        beside: QWidget | None = None,
    ) -> None:  # fmt: skip
        """`above`: what is folded too, before these settings. `beside`: a widget at the end of the row of the fold."""
        super().__init__(parent)
        self.setObjectName(f"{prefix}_more")
        self._rows: dict[str, ValueRow] = {}
        self._title = title
        self.open = button(title, f"{prefix}_more_button", self, kind="quiet", icon="chevron-right")
        self.open.setCheckable(True)
        self._inner = named(QFrame(self), f"{prefix}_more_inner")
        for setting in SETTINGS:
            if setting.name not in BASIC:
                self._rows[setting.name] = NumberRow(setting, self._inner, prefix=prefix)
        self._rows["stop"] = StopsRow(self._inner, prefix=prefix)
        tip = _("Temperature, word variety, seed, length and all of these are as if never set")
        self.reset = button(_("Reset sampling"), f"{prefix}_more_reset", self._inner, tip=tip, on=self.reset_requested)
        left = Qt.AlignmentFlag.AlignLeft
        before = () if above is None else (above,)
        column(*before, *self._rows.values(), (self.reset, left), into=self._inner, gap=theme.SPACE_16)
        self._inner.hide()
        head = row(self.open, 1, *(() if beside is None else (beside,)))
        column(head, self._inner, into=self, gap=theme.SPACE_12)
        self.open.toggled.connect(self._on_toggled)
        for name, other_row in self._rows.items():
            other_row.changed.connect(partial(self._on_changed, name))

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        fields = (part for other_row in self._rows.values() for part in (other_row.reset, other_row.field))
        return (self.open, *fields, self.reset)

    @property
    def problem(self) -> bool:
        return any(other_row.has_problem for other_row in self._rows.values())

    def show_options(self, options: ChatOptions, makers: Sampling, *, is_other: bool = False) -> None:
        """Show the values of a chat. `makers`: recommendation in the model's file. `is_other`: the chat has changed."""
        defaults, count = defaults_of(makers), 0
        for name, other_row in self._rows.items():
            value = getattr(options, name)
            count += value not in (None, ())
            default = getattr(defaults, name)
            by = _("Recommended") if is_makers(name, makers) else _("Default")
            other_row.show_value(
                value, f"{by} ({default:g})" if isinstance(default, int | float) else _("None"), is_other=is_other
            )
        self.open.setText(_("{title} ({count} set)").format(title=self._title, count=count) if count else self._title)
        usual = ChatOptions()
        basic = (*BASIC, "seed", "max_tokens")
        self.reset.setEnabled(bool(count) or any(getattr(options, name) != getattr(usual, name) for name in basic))

    def keep(self) -> None:
        for other_row in self._rows.values():
            other_row.keep()

    def _on_changed(self, name: str, value: object) -> None:
        self.changed.emit({name: value})

    def _on_toggled(self, is_open: bool) -> None:
        set_icon(self.open, "chevron-down" if is_open else "chevron-right")
        self._inner.setVisible(is_open)
        self.folded.emit()


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
