"""The settings of the spelling check: whether words are underlined, the dictionaries, and the person's own words."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QLabel, QListWidget, QPushButton, QWidget

from slmdesk.base.settings import Settings
from slmdesk.base.texts import _, ngettext
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.bars import SettingsController
from slmdesk.window.widgets.build import ElidedLabel, button, column, named, passing, plain_label, row
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.rows import Choice, add_setting
from slmdesk.writing.spelling.types import SpellingChanged, SpellingState

MARKED = _("Words that are in no dictionary get a wavy line while you write. A right click on one suggests others.")
BY_TEXT = ("", _("By the text"))
USUAL = _("System default")
NONE_FOUND = _("There is no dictionary on this PC, so nothing is underlined. ")
HOW = {
    "linux": _("They come with LibreOffice and as packages of the system, such as hunspell-en-us or hunspell-de-de."),
    "win32": _("They come with LibreOffice."),
    "darwin": _("They come with LibreOffice."),
}
OR_CHOOSE = _(" Or choose a folder or file with a Hunspell dictionary: two files of the same name, .dic and .aff.")


class SpellingSection(QWidget):
    state_shown = Signal(object)

    def __init__(self, bridge: Bridge, settings: SettingsController) -> None:
        super().__init__()
        self.setObjectName("spelling_section")
        self._bridge, self._settings = bridge, settings
        self._state = SpellingState((), ())
        self._build_ui()
        self._connect()
        self.show_settings(settings.current)

    def _build_ui(self) -> None:
        title = plain_label(_("Spelling"), self, name="spelling_heading", kind="heading")
        self._column = column(title, into=self, gap=theme.SPACE_12)
        self._switch = Choice([(True, _("Underlined")), (False, _("Not marked"))], self)
        add_setting(self._column, self._switch, "spelling", _("Misspelled words"), MARKED)
        self._language = Choice([BY_TEXT], self)
        add_setting(self._column, self._language, "spelling_language", _("Language"), "…")
        self._place = ElidedLabel(self, name="spelling_place_label")
        self._folder = button(
            _("Folder…"), "spelling_folder_button", self, label=_("Choose a folder with dictionaries")
        )
        self._file = button(_("File…"), "spelling_file_button", self, label=_("Choose a dictionary"))
        self._usual = button(_("Reset"), "spelling_reset_button", self, label=_("Use the dictionaries of the system"))
        line = QWidget(self)
        row((self._place, 1), self._folder, self._file, self._usual, into=line, gap=theme.SPACE_8)
        words = _("The Hunspell dictionaries that are used. None comes with slmdesk.")
        add_setting(self._column, line, "spelling_place", _("Dictionaries"), words, is_wide=True)
        self._edit = QPushButton(_("Edit…"), self)
        add_setting(self._column, self._edit, "own_words", _("My words"), "…")

    def _connect(self) -> None:
        settings = self._settings
        self._switch.value_chosen.connect(lambda value: settings.change("spelling", value))
        self._language.value_chosen.connect(lambda value: settings.change("spelling_language", value))
        for widget, mode, title in (
            (self._folder, QFileDialog.FileMode.Directory, _("Choose a folder with dictionaries")),
            (self._file, QFileDialog.FileMode.ExistingFile, _("Choose a dictionary")),
        ):
            widget.clicked.connect(partial(self._ask, mode, title))
        self._usual.clicked.connect(lambda: self.choose(""))
        self._edit.clicked.connect(lambda: OwnWordsDialog(self._bridge, self, self._state.words).open())
        settings.settings_shown.connect(self.show_settings)
        self._bridge.on(SpellingChanged, self._look)

    def show_settings(self, settings: Settings) -> None:
        self._switch.show_value(settings.spelling)
        self._place.set_full_text(settings.spelling_place or USUAL)
        self._usual.setVisible(bool(settings.spelling_place))
        self._language.show_value(settings.spelling_language)

    def show_state(self, state: SpellingState) -> None:
        self._state = state
        self.state_shown.emit(state)
        self._language.clear()
        for code, name in (BY_TEXT, *((dictionary.code, dictionary.name) for dictionary in state.dictionaries)):
            self._language.addItem(name, code)
        self._language.show_value(self._settings.current.spelling_language)
        self._say("spelling_language", dictionary_words(state))
        self._language.setEnabled(bool(state.dictionaries))
        count = len(state.words)
        words = ngettext("1 word", "{n:,} words", count)
        self._say(
            "own_words",
            _("{words} that you added. They count as right.").format(words=words) if count else _("None added yet."),
        )
        self._edit.setEnabled(bool(count))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()

    def _look(self) -> None:
        self._bridge.follow(self._bridge.services.spelling.state(), self.show_state)

    def choose(self, place: str) -> None:
        """Use the dictionaries in a folder or file, or those of the system if `place` is ""."""
        self._bridge.follow(self._bridge.services.spelling.choose(place))

    def _say(self, name: str, words: str) -> None:
        sentence = self.findChild(QLabel, f"{name}_sentence")
        if isinstance(sentence, QLabel):
            sentence.setText(words)
        if widget := self.findChild(QWidget, f"setting_{name}"):
            widget.setAccessibleDescription(words)

    def _ask(self, mode: QFileDialog.FileMode, title: str) -> None:
        place = self._settings.current.spelling_place or str(Path.home())
        dialog = passing(QFileDialog(self.window(), title, place, _("Dictionaries (*.dic *.aff)")), "spelling_dialog")
        dialog.setFileMode(mode)
        dialog.fileSelected.connect(self.choose)
        dialog.open()


class OwnWordsDialog(Dialog):
    def __init__(self, bridge: Bridge, section: SpellingSection, words: tuple[str, ...]) -> None:
        super().__init__(section.window())
        passing(self, "own_words", _("My words"))
        self.resize(420, 420)
        self._bridge = bridge
        self._removed: tuple[str, ...] = ()
        self._build_ui()
        self.show_words(words)
        section.state_shown.connect(self._on_state)

    def _build_ui(self) -> None:
        intro = plain_label(_("These words count as right."), self, name="own_words_intro", kind="muted")
        self._list = named(QListWidget(self), "own_words_list", label=_("My words"))
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._remove = button(_("Remove"), "own_words_remove", self, on=self._on_remove)
        self._undo = button(_("Undo"), "own_words_undo", self, on=self._on_undo)
        self._undo.setEnabled(False)
        close = button(_("Close"), "own_words_close", self, on=self.reject)
        foot = row(self._remove, self._undo, 1, close, gap=theme.SPACE_8)
        column(intro, (self._list, 1), foot, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._list.itemSelectionChanged.connect(self._on_selected)

    def show_words(self, words: tuple[str, ...]) -> None:
        self._list.clear()
        self._list.addItems(list(words))
        self._on_selected()

    def _on_state(self, state: SpellingState) -> None:
        self.show_words(state.words)

    def _on_selected(self) -> None:
        self._remove.setEnabled(bool(self._list.selectedItems()))

    def _on_remove(self) -> None:
        self._removed = tuple(selecteditem.text() for selecteditem in self._list.selectedItems())
        self._undo.setEnabled(True)
        self._bridge.services.spelling.remove_words(self._removed)

    def _on_undo(self) -> None:
        self._undo.setEnabled(False)
        self._bridge.services.spelling.add_words(self._removed)


def dictionary_words(state: SpellingState, platform: str = sys.platform) -> str:
    if not state.dictionaries:
        return NONE_FOUND + HOW.get(platform, HOW["linux"]) + OR_CHOOSE
    names = [dictionary.name for dictionary in state.dictionaries]
    shown = ", ".join(names[:12]) + (_(" and {count} more").format(count=len(names) - 12) if len(names) > 12 else "")
    return _("Found: {shown}. Text in other languages is not checked.").format(shown=shown)
