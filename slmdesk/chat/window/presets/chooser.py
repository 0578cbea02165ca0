"""The first setting of a chat: its preset, and what was changed since it was taken."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.chat.options import ChatOptions
from slmdesk.chat.presets import Preset, differences
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label, plain_tip, show_words

NONE = "None"
GONE = "A deleted preset"
SENTENCE = "Instructions, model, sampling and examples under a name."


class PresetChooser(QFrame):
    chosen = Signal(str)
    save_requested = Signal()
    presets_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "preset_chooser", label="Preset")
        heading = plain_label("Preset", self, name="preset_heading", wraps=False)
        self.choice = named(Choice([("", NONE)], self), "option_preset", label="Preset")
        self.choice.setMinimumContentsLength(8)
        self.choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setAccessibleDescription(SENTENCE)
        heading.setBuddy(self.choice)
        self._words = plain_label(SENTENCE, self, name="preset_words", kind="small")
        self.save = button(
            "Save as…", "preset_save_as", self, tip="Keep these settings as a preset", on=self.save_requested
        )
        self.manage = button(
            "Presets…", "preset_manage", self, tip="Change, order, export and import presets", on=self.presets_requested
        )
        buttons = row(self.save, self.manage, 1, gap=theme.SPACE_8)
        column(heading, self.choice, self._words, buttons, into=self, gap=theme.SPACE_4)
        self.choice.value_chosen.connect(lambda value: self.chosen.emit(str(value)))

    def show_presets(self, presets: Sequence[Preset], options: ChatOptions) -> None:
        values = [("", NONE), *((one.id, one.name) for one in presets)]
        found = next((one for one in presets if one.id == options.preset), None)
        if options.preset and found is None:
            values.append((options.preset, GONE))
        if values != [(self.choice.itemData(at), self.choice.itemText(at)) for at in range(self.choice.count())]:
            self.choice.clear()
            for value, words in values:
                self.choice.addItem(words, value)
        for at, one in enumerate(presets, 1):
            self.choice.setItemData(at, plain_tip(one.words or one.name), Qt.ItemDataRole.ToolTipRole)
        self.choice.show_value(options.preset)
        changed = differences(options, found) if found else ()
        words = f"Changed since: {', '.join(changed)}." if changed else (found.words if found else SENTENCE)
        show_words(self._words, words or SENTENCE)
