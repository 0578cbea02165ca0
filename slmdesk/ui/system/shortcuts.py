"""The section of the settings in which shortcuts are changed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QGridLayout, QKeySequenceEdit, QWidget

from slmdesk.base.text.folding import holds_words
from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.shortcuts import (
    FIXED,
    Keys,
    by_place,
    can_be,
    is_usual,
    keys_of,
    shown_keys,
    taken_by,
    usual_keys,
    with_choice,
)
from slmdesk.ui.kit.widgets.bars import SettingsController
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label, row, show_words, tool_button
from slmdesk.ui.kit.widgets.settings import SettingsSection

TITLE = _("Shortcuts")
HOW = _("Click the keys of a shortcut to change them. Those without a button cannot be changed.")
NONE = _("None")
ALONE = _("{} alone writes text. Take it together with Ctrl or Alt, or take a function key.")
TAKEN = _("{} is taken: “{}” ({}).")
KEYS_LETTERS = 18


class ShortcutSettings(QObject):
    """Puts the list into its section of the settings, when it is first shown or searched."""

    def __init__(self, section: SettingsSection, controller: SettingsController) -> None:
        super().__init__(section)
        self._section, self._controller = section, controller
        self._list: ShortcutList | None = None
        section.shown.connect(self._make)
        section.search_more = self._search

    def _make(self) -> ShortcutList:
        if self._list is None:
            self._list = ShortcutList(self._controller, self._section.body)
            self._section.add_widget(self._list)
        return self._list

    def _search(self, words: str) -> bool:
        if self._list is None and not words:
            return True
        return self._make().search(words)


class ShortcutList(QFrame):
    def __init__(self, controller: SettingsController, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "shortcut_list")
        self._controller = controller
        self._rows: dict[str, ShortcutRow] = {}
        self._lines: list[tuple[str, tuple[QWidget, ...]]] = []
        self._reset_all = button(_("Reset all shortcuts"), "reset_shortcuts_button", self, on=self._on_reset_all)
        how = plain_label(HOW, self, name="shortcuts_how", kind="muted")
        self._column = column(how, row(self._reset_all, 1), into=self, gap=theme.SPACE_8)
        self._places: list[tuple[QWidget, list[str]]] = []
        for place, group in by_place():
            heading = plain_label(_(place), self, name="shortcuts_place", kind="strong")
            self._places.append((heading, [keys.words for keys in group]))
            self._column.addWidget(heading)
            self._column.addLayout(self._grid(group))
        # Queued, since the window must first take the keys from the same signal.
        controller.settings_shown.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._show()

    def _grid(self, group: list[Keys]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE_16)
        width = KEYS_LETTERS * self.fontMetrics().averageCharWidth()
        grid.setColumnMinimumWidth(0, width)
        grid.setColumnStretch(1, 1)
        for at, keys in enumerate(group):
            words = plain_label(keys.words, self, name="shortcut_words")
            if keys in FIXED:
                shown = plain_label(keys.shown, self, name="shortcut_keys", wraps=False)
                grid.addWidget(shown, at, 0)
                grid.addWidget(words, at, 1)
                self._lines.append((keys.words, (words, shown)))
                continue
            made = self._rows[keys.name] = ShortcutRow(keys.name, self)
            self._lines.append((keys.words, (words, made.keys)))
            made.asked.connect(self._on_asked)
            made.chosen.connect(self._on_chosen)
            for part in (made.keys, made.edit):
                part.setMinimumWidth(width)
                grid.addWidget(part, at, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(column(words, made.ways, made.refusal, gap=theme.SPACE_4), at, 1)
            grid.addWidget(made.reset, at, 2, Qt.AlignmentFlag.AlignTop)
        return grid

    def search(self, typed: str) -> bool:
        """Show the shortcuts whose words hold all these words. Return whether there are any."""

        def holds(words: str) -> bool:
            return holds_words(f"{words} {TITLE}", typed)

        self._on_asked("")
        for words, widgets in self._lines:
            for widget in widgets:
                widget.setVisible(holds(words))
        for heading, lines in self._places:
            heading.setVisible(any(map(holds, lines)))
        return any(holds(words) for words, _widgets in self._lines)

    def _on_asked(self, name: str) -> None:
        for other, each in self._rows.items():
            if other != name:
                each.leave()

    def _on_chosen(self, name: str, keys: str | None) -> None:
        self._controller.change("shortcuts", with_choice(self._controller.current.shortcuts, name, keys))

    def _on_reset_all(self) -> None:
        self._on_asked("")
        self._controller.change("shortcuts", "")

    def _show(self) -> None:
        for each in self._rows.values():
            each.show_keys()
        self._reset_all.setEnabled(not all(map(is_usual, self._rows)))


class ShortcutRow(QObject):
    asked = Signal(str)
    chosen = Signal(str, object)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._words = name, keys_of(name).words
        self.keys = button("", f"keys_{name}", parent, kind="quiet", on=self._ask)
        self.edit = KeysEdit(f"edit_{name}", _("New keys: {words}").format(words=self._words), parent)
        self.edit.pressed.connect(self._on_pressed)
        self.edit.left.connect(self.leave)
        none = button(_("No shortcut"), f"none_{name}", parent, kind="quiet", on=lambda: self._choose(""))
        cancel = button(_("Cancel"), f"cancel_{name}", parent, kind="quiet", on=self.leave)
        self.ways = QWidget(parent)
        row(none, cancel, 1, into=self.ways, gap=theme.SPACE_8)
        self.refusal = plain_label("", parent, name=f"refusal_{name}", kind="danger", is_hidden=True)
        label = _("Reset: {words}").format(words=self._words)
        self.reset = tool_button(
            f"reset_{name}", parent, icon="undo-2", tip=_("Back to the usual keys"), label=label, on=self._on_reset
        )
        self.leave()

    def show_keys(self) -> None:
        shown, *others = map(shown_keys, keys_of(self._name).keys or ("",))
        self.keys.setText((shown or NONE).replace("&", "&&"))
        self.keys.setAccessibleName(f"{self._words}: {shown or _('no shortcut')}")
        self.keys.setToolTip(
            _("Change the keys; {others} does the same").format(others=", ".join(others))
            if others
            else _("Change the keys")
        )
        self.reset.setVisible(not is_usual(self._name))

    def leave(self) -> None:
        had_focus = self.edit.hasFocus()
        self._show_asking(False)
        if had_focus:
            self.keys.setFocus()

    def _ask(self) -> None:
        self.asked.emit(self._name)
        self._show_asking(True)
        self.edit.setFocus()

    def _show_asking(self, is_asking: bool) -> None:
        self.edit.clear()
        show_words(self.refusal, "")
        for each in (self.edit, self.ways):
            each.setVisible(is_asking)
        self.keys.setVisible(not is_asking)

    def _on_pressed(self, keys: str) -> None:
        if not can_be(keys):
            show_words(self.refusal, ALONE.format(shown_keys(keys)))
        elif not self._is_taken(keys):
            self._choose(keys)

    def _on_reset(self) -> None:
        if not any(self._is_taken(key) for key in usual_keys(self._name)):
            self._choose(None)

    def _is_taken(self, keys: str) -> bool:
        other = taken_by(self._name, keys)
        if other is not None:
            show_words(self.refusal, TAKEN.format(shown_keys(keys), other.words, _(other.place)))
        return other is not None

    def _choose(self, keys: str | None) -> None:
        self.edit.setFocus()
        self.leave()
        self.chosen.emit(self._name, keys)


class KeysEdit(QKeySequenceEdit):
    pressed = Signal(str)
    left = Signal()

    def __init__(self, name: str, label: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, name, label=label, tip=_("Press the new keys; Escape leaves them as they were"))
        self.setMaximumSequenceLength(1)
        self.keySequenceChanged.connect(self._on_changed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _on_changed(self, keys: QKeySequence) -> None:
        if not keys.isEmpty():
            self.clear()
            self.pressed.emit(keys.toString())
