"""The window of the presets: a person's own, which can be changed and ordered, and those that come with the program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QPushButton, QWidget

from slmdesk.chat.options import ChatOptions
from slmdesk.chat.presets import Preset
from slmdesk.chat.window.presets.controller import PresetsController
from slmdesk.chat.window.presets.editor import PresetEditor
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.check_box import CheckBox
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.file_dialogs import ask_file, ask_new_file
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import plain_label, plain_tip, show_words

FILTERS = "Presets (*.json);;All files (*)"
INTRO = "A chat takes over what is in its preset; what you change in it later changes no chat."
SHIPPED = "comes with slmdesk"


class PresetsWindow(Dialog):
    def __init__(self, controller: PresetsController, models: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "presets_window", "Presets")
        self.resize(640, 520)
        self._controller, self._models = controller, models
        self._new_one = ""
        """Id of a preset that was added and is to be chosen in the list."""
        self._build_ui()
        controller.listed.connect(self._show)
        controller.kept.connect(self._on_kept)
        self._show()

    def _build_ui(self) -> None:
        self._list = named(QListWidget(self), "presets_list", label="Presets")
        self._list.setSpacing(theme.SPACE_4 // 2)
        self._words = plain_label("", self, name="presets_words", kind="small")
        self._default = named(CheckBox("New chats begin with this preset", self), "presets_default")

        def make(text: str, name: str, do: Callable[[], None], tip: str = "") -> QPushButton:
            return button(text, f"presets_{name}", self, tip=tip, on=do)

        self._new = make("New…", "new", self._on_new)
        self._edit = make("Edit…", "edit", self._on_edit)
        self._duplicate = make("Duplicate", "duplicate", self._on_duplicate)
        self._delete = make("Delete", "delete", self._on_delete)
        self._up = make("Move up", "up", partial(self._on_move, -1))
        self._down = make("Move down", "down", partial(self._on_move, 1))
        self._export = make("Export…", "export", self._on_export, "Write it to a file for others")
        self._import = make("Import…", "import", self._on_import, "Add the preset of a file")
        side = column(
            self._new, self._edit, self._duplicate, self._delete, self._up, self._down,
            self._export, self._import, 1, gap=theme.SPACE_8,
        )  # fmt: skip
        column(
            plain_label(INTRO, self, name="presets_intro"),
            (row((column((self._list, 1), self._words, self._default, gap=theme.SPACE_8), 1), side, gap=12), 1),
            into=self,
            gap=theme.SPACE_12,
            margins=theme.SPACE_16,
        )
        self._list.currentRowChanged.connect(lambda _row: self._show_current())
        self._list.itemActivated.connect(lambda _item: self._on_edit())
        self._default.clicked.connect(self._on_default)

    @property
    def current(self) -> Preset | None:
        item = self._list.currentItem()
        return self._controller.of(item.data(Qt.ItemDataRole.UserRole)) if item else None

    def _show(self) -> None:
        chosen = self._new_one or (self.current.id if self.current else "")
        self._list.clear()
        for one in self._controller.presets:
            marks = [SHIPPED] if one.is_shipped else []
            marks += ["for new chats"] if one.id == self._controller.default else []
            item = QListWidgetItem(f"{one.name} ({', '.join(marks)})" if marks else one.name, self._list)
            item.setData(Qt.ItemDataRole.UserRole, one.id)
            item.setToolTip(plain_tip(one.words or one.options.system[:300]))
            if one.id == chosen:
                self._list.setCurrentItem(item)
                self._new_one = ""
        if self._list.currentRow() < 0:
            self._list.setCurrentRow(0)
        self._show_current()

    def _show_current(self) -> None:
        one = self.current
        own = [preset.id for preset in self._controller.presets if not preset.is_shipped]
        is_own = one is not None and not one.is_shipped
        for each in (self._edit, self._delete):
            each.setEnabled(is_own)
            each.setToolTip("" if is_own else "Duplicate it: the copy is yours to change")
        self._up.setEnabled(one is not None and is_own and own[0] != one.id)
        self._down.setEnabled(one is not None and is_own and own[-1] != one.id)
        for any_kind in (self._duplicate, self._export, self._default):
            any_kind.setEnabled(one is not None)
        self._default.setChecked(one is not None and one.id == self._controller.default)
        show_words(self._words, (one.words or _first_words(one)) if one else "")

    def _on_kept(self, preset: Preset) -> None:
        """Choose it; it may come before or after the list that holds it."""
        self._new_one = preset.id
        self._show()

    # ---- buttons

    def _on_new(self) -> None:
        self._open_editor("", "", ChatOptions(), "New preset")

    def _on_edit(self) -> None:
        one = self.current
        if one is not None and not one.is_shipped:
            self._open_editor(one.id, one.name, one.options, "Edit the preset")

    def _open_editor(self, id: str, name: str, options: ChatOptions, title: str) -> None:
        editor = PresetEditor(self, name, options, self._models, title=title, read_form=self._controller.read_form)
        editor.saved.connect(partial(self._controller.save, id))
        editor.open()

    def _on_duplicate(self) -> None:
        if self.current:
            self._controller.duplicate(self.current.id)

    def _on_delete(self) -> None:
        if self.current:
            self._controller.delete(self.current.id)

    def _on_move(self, by: int) -> None:
        if self.current:
            self._controller.move(self.current.id, by)

    def _on_default(self) -> None:
        if self.current:
            self._controller.set_default(self.current.id if self._default.isChecked() else "")

    def _on_export(self) -> None:
        one = self.current
        if one is not None:
            proposed = Path.home() / f"{''.join(c if c.isalnum() or c in ' -_' else '_' for c in one.name)}.json"
            chosen = partial(self._controller.export, one.id)
            ask_new_file(
                self, "Export a preset", chosen, name="preset_export_dialog", proposed=proposed, filters=FILTERS
            )

    def _on_import(self) -> None:
        ask_file(self, "Import a preset", self._controller.import_file, name="preset_import_dialog", filters=FILTERS)


def _first_words(preset: Preset) -> str:
    words = " ".join(preset.options.system.split())
    return words if len(words) <= 160 else words[:159] + "…"
