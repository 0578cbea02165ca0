"""Fields for the settings of a chat, made of their declaration, for the panel of the open chat and for presets."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QFrame, QLayout, QLineEdit, QWidget

from slmdesk.base.record import Record, changed, values_of
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.texts import _, decimal, grouped
from slmdesk.base.types import Sampling
from slmdesk.chat.presets import MOST_SYSTEM, Preset
from slmdesk.chat.settings import (
    BY_NAME,
    LANGUAGE,
    LENGTH,
    MODEL,
    SAMPLED,
    SETTINGS,
    STOP,
    TEMPERATURE,
    Setting,
    Values,
    defaults_of,
    is_makers,
    number_of,
    stops_of,
    text_of_stops,
)
from slmdesk.chat.types import ASK, LEAVE_OUT, SUMMARIZE, ChatOptions
from slmdesk.models.running import LoadOptions
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.widgets.bars import SET_BY_ORGANISATION
from slmdesk.ui.kit.widgets.build import button, column, fold_button, named, row
from slmdesk.ui.kit.widgets.form import Control, Field, Form, Listed, Parted, Stepped, TextLine, TextLines
from slmdesk.ui.kit.widgets.rows import Choice

MOST_SEED = 2**31 - 1
"""Largest number that an integer field accepts."""
FIXED = _(
    "The same question gets the same answer, as long as nothing else is written beside it and the chat is the same."
)
LONG_SYSTEM = _("Instructions have {most_system:,} characters at most.").format(most_system=MOST_SYSTEM)
USUAL = values_of(ChatOptions())


class Around(Record):
    """What the settings are shown for: the models there are, and what is known of the one that is used."""

    options: ChatOptions = ChatOptions()
    models: Values = ()
    any_model: str = ""
    """Words for no model of its own."""
    load: LoadOptions | None = None
    ways_to_think: tuple[str, ...] | None = None
    """None: all."""
    presets: Sequence[Preset] = ()
    context_tokens: int = 0
    is_context_managed: bool = False

    @property
    def makers(self) -> Sampling:
        return self.load.makers if self.load else Sampling()

    @property
    def context(self) -> int:
        most = self.load.most_context if self.load else 0
        return min(self.context_tokens, most) if most else self.context_tokens


class Seed(Control):
    """Whether the seed is always the same, and which it is."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.widget = self._box = Choice([(False, _("A new one")), (True, _("Always this one:"))], parent)
        name = "option_seed_number"
        self.below = self._number = named(QLineEdit(parent), name, label=_("Number of the seed"))
        self._number.setValidator(QIntValidator(0, MOST_SEED, self._number))
        self._box.value_chosen.connect(self._on_chosen)
        self._number.editingFinished.connect(self.keep)

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        self._box.show_value(value is not None)
        self._number.setVisible(value is not None)
        self._number.setEnabled(value is not None)
        if is_new:
            self._number.setText("" if value is None else str(value))

    def keep(self) -> None:
        if self._box.currentData() and self._number.text():
            self.told(int(self._number.text()))

    def _on_chosen(self, is_fixed: bool) -> None:
        seed = secrets.randbelow(10_000) if is_fixed else None
        self.show(seed, None, is_new=True)
        self.told(seed)
        if is_fixed:
            self._number.setFocus()
            self._number.selectAll()


def default_words(name: str, around: Around) -> str:
    by = _("Recommended") if is_makers(name, around.makers) else _("Default")
    default = getattr(defaults_of(around.makers), name)
    return f"{by} ({decimal(default)})" if isinstance(default, int | float) else _("None")


def model_values(around: Around) -> Values:
    return (("", around.any_model), *around.models)


def thinking_values(around: Around) -> Values:
    values, ways = BY_NAME["thinking"].values, around.ways_to_think
    return values if ways is None else tuple(each for each in values if each[0] in ("", *ways, around.options.thinking))


def lora_values(around: Around) -> Values:
    known, lora = around.load.adapters if around.load else (), around.options.lora
    fitting = [(each.id, each.name) for each in known if not each.reason or each.id == lora]
    is_gone = lora and all(lora != id for id, _name in fitting)
    return (("", _("None")), *fitting, *([(lora, _("Not in the library"))] if is_gone else []))


def lora_note(around: Around) -> str:
    if not around.options.lora or around.load is None:
        return ""
    chosen = next((each for each in around.load.adapters if each.id == around.options.lora), None)
    why = chosen.reason if chosen else _("it is no longer in the library")
    return _("It cannot be used with this model: {why}.").format(why=why) if why else ""


def context_values(around: Around) -> Values:
    if around.load is None:
        words = _("{context_tokens} tokens").format(context_tokens=grouped(around.context_tokens))
        return ((around.context_tokens, words),)
    words = _("{tokens} tokens, {size}")
    return tuple(
        (
            context.tokens,
            words.format(tokens=grouped(context.tokens), size=bytes_for_people(context.bytes))
            + ("" if context.fits else " ✗"),
        )
        for context in around.load.contexts
    )


def context_tip(around: Around) -> str:
    if around.is_context_managed:
        return SET_BY_ORGANISATION
    tip, load = CONTEXT_TIP, around.load
    if load is not None and load.most_context:
        tip += _(" This model was made for up to {most} tokens.").format(most=grouped(load.most_context))
    if load is not None and not all(context.fits for context in load.contexts):
        tip += _(" ✗: more memory than this PC has free.")
    return tip


def preset_values(around: Around) -> Values:
    known = [(preset.id, preset.name) for preset in around.presets]
    is_gone = around.options.preset not in ("", *(id for id, _name in known))
    return (("", _("None")), *known, *([(around.options.preset, _("A deleted preset"))] if is_gone else []))


def values_with_default(setting: Setting, around: Around) -> Values:
    return ((None, default_words(setting.name, around)), *setting.values)


def short_system(words: str) -> str:
    if len(words) > MOST_SYSTEM:
        raise ValueError(LONG_SYSTEM)
    return words.strip()


def number_words(value: float | int | None) -> str:
    return "" if value is None else decimal(value)


def field_of(setting: Setting) -> Field:
    """Return the field of a setting that is a list of values, or a number or text to type."""
    name, title, tip = setting.name, setting.title, setting.words
    if setting.values:
        has_default = USUAL[name] is None and setting.values[0][0] is not None
        values = partial(values_with_default, setting) if has_default else setting.values
        return Field(name=name, title=title, tip=tip, control=Listed, values=values, takes_others=setting.is_number)
    hint = partial(default_words, name)
    if setting is STOP:
        return Field(
            name=name, title=title, tip=tip, control=TextLines, hint=hint, read=stops_of, write=text_of_stops,
            usual=(), resets=True,
        )  # fmt: skip
    return Field(
        name=name, title=title, tip=tip, control=TextLine, hint=hint, read=partial(number_of, setting),
        write=number_words, resets=True,
    )  # fmt: skip


CONTEXT_TIP = _(
    "How much of a chat the model can see. More takes more memory. This applies to all chats; the model is "
    "loaded again."
)
SYSTEM = Field(
    name="system",
    title=_("Instructions"),
    control=TextLines,
    hint=_("None"),
    read=str.strip,
    tip=_(
        "Instructions the model follows in this chat, such as who it is and how it answers. Without any, it is "
        "asked to use only facts it is sure of."
    ),
)
SYSTEM_OF_PRESET = changed(
    SYSTEM, hint=_("What the model is told before each chat"), lines=0, read=short_system, tip=""
)
PRESET = Field(
    name="preset", title=_("Preset"), control=Listed, values=preset_values,
    tip=_("Instructions, model, sampling and examples under a name."),
)  # fmt: skip
CONTEXT = Field(
    name="context", title=_("Context"), control=Listed, values=context_values, tip=context_tip, takes_others=True,
    is_enabled=lambda around: not around.is_context_managed,
)  # fmt: skip
WHEN_FULL = Field(
    name="when_full",
    title=_("When the chat is full"),
    control=Listed,
    values=(
        (ASK, _("Ask me")),
        (LEAVE_OUT, _("Forget the oldest messages")),
        (SUMMARIZE, _("Keep a summary of the earlier part")),
    ),
    tip=_(
        "When the chat no longer fits the context. What is left out stays in the chat, in grey; instructions "
        "and pinned messages are always read."
    ),
)


def _creativity(temperature: Any) -> int:
    """Return which of the values of the field is nearest to a temperature."""
    if temperature is None or 0.4 < temperature < 0.9:
        return 1
    return 0 if temperature <= 0.4 else 2


CREATIVITY = Field(
    name="creativity", of="temperature", title=_("Creativity"), tip=TEMPERATURE.words, control=Stepped,
    values=((0.2, _("Precise")), (None, _("Balanced")), (1.0, _("Creative"))),
    write=_creativity,
)  # fmt: skip
_SEED, _LORA = BY_NAME["seed"], BY_NAME["lora"]
SPECIAL = {
    "thinking": changed(
        field_of(BY_NAME["thinking"]), values=thinking_values, is_there=lambda around: len(thinking_values(around)) > 1
    ),
    "lora": Field(
        name="lora", title=_LORA.title, tip=_LORA.words, control=Listed, values=lora_values, note=lora_note,
        is_there=lambda around: len(lora_values(around)) > 1,
    ),
    "lora_scale": changed(field_of(BY_NAME["lora_scale"]), is_there=lambda around: bool(around.options.lora)),
    "seed": Field(
        name="seed", title=_SEED.title, control=Seed,
        tip=lambda around: _SEED.words if around.options.seed is None else FIXED,
    ),
}  # fmt: skip
FIRST_FIELDS = (
    Field(
        name="model", title=MODEL.title, tip=MODEL.words, control=Listed, values=model_values,
        is_there=lambda around: bool(around.models),
    ),
    CREATIVITY,
    changed(field_of(LENGTH), control=Parted),
    field_of(LANGUAGE),
)  # fmt: skip
"""The fields in sight. All others are folded."""


def more_fields(settings: Sequence[Setting]) -> tuple[Field, ...]:
    named_first = (MODEL, LENGTH, LANGUAGE)
    more = [each for setting in settings for each in (setting, setting.more) if each and each not in named_first]
    return tuple(SPECIAL.get(each.name) or field_of(each) for each in more)


PANEL_FIELDS = (CONTEXT, WHEN_FULL, *more_fields(SETTINGS))
PRESET_FIELDS = more_fields([setting for setting in SETTINGS if setting.of_preset])


class SettingsForm(Form):
    """The settings: the first in sight, the others folded."""

    folded = Signal()

    def __init__(self, parent: QWidget, first: Sequence[Field], more: Sequence[Field], *, prefix: str) -> None:
        super().__init__(parent, (*first, *FIRST_FIELDS, *more), prefix=prefix)
        self._inner = named(QFrame(parent), f"{prefix}_more_inner")
        self.open = fold_button(_("Advanced"), f"{prefix}_more_button", self._inner, parent, self.folded.emit)
        tip = _("Temperature, word variety, seed, length and all of these are as if never set")
        self._reset = button(_("Reset sampling"), f"{prefix}_more_reset", self._inner, tip=tip, on=self._on_reset)
        left = Qt.AlignmentFlag.AlignLeft
        folded = [self.part(field.name) for field in more]
        column(*folded, (self._reset, left), into=self._inner, gap=theme.SPACE_16)

    def lay_out(self, beside: QWidget | None = None) -> QLayout:
        """Return the settings in a column. `beside`: a widget at the end of the row of the fold."""
        head = row(self.open, 1, *(() if beside is None else (beside,)))
        first = [self.part(field.name) for field in FIRST_FIELDS]
        return column(*first, column(head, self._inner, gap=theme.SPACE_12), gap=theme.SPACE_16)

    def show_around(self, around: Around, *, is_other: bool = False) -> None:
        """Show the values of a chat or preset. `is_other`: it is another one than before."""
        options = values_of(around.options)
        self.show_values({**options, "context": around.context}, around, is_other=is_other)
        sampled = [name for name in SAMPLED if options[name] != USUAL[name]]
        count = len([name for name in sampled if name != TEMPERATURE.name])
        title = _("Advanced")
        self.open.setText(_("{title} ({count} set)").format(title=title, count=count) if count else title)
        self._reset.setEnabled(bool(sampled))

    def _on_reset(self) -> None:
        self.set_values({name: USUAL[name] for name in SAMPLED})
