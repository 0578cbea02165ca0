"""The settings of the spelling check: whether words are underlined, the dictionaries, and the person's own words."""

from __future__ import annotations

import sys
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QWidget

from slmdesk.base.settings import Settings
from slmdesk.base.texts import _, ngettext
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.live import Live
from slmdesk.window.widgets.bars import SettingsController
from slmdesk.window.widgets.build import button, column, named, passing, plain_label, row
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.rows import Choice
from slmdesk.window.widgets.settings import SettingsSection
from slmdesk.writing.spelling.types import SpellingChanged, SpellingState

MARKED = _("Words that are in no dictionary get a wavy line while you write. A right click on one suggests others.")
BY_TEXT = ("", _("By the text"))
NONE_FOUND = _("There is no dictionary on this PC, so nothing is underlined. ")
HOW = {
    "linux": _("They come with LibreOffice and as packages of the system, such as hunspell-en-us or hunspell-de-de."),
    "win32": _("They come with LibreOffice."),
    "darwin": _("They come with LibreOffice."),
}


class SpellingSettings(QObject):
    def __init__(self, bridge: Bridge, settings: SettingsController, section: SettingsSection) -> None:
        super().__init__(section, objectName="spelling_settings")
        self._bridge, self._settings, self._section = bridge, settings, section
        self.state: Live[SpellingState | None] = Live(
            bridge, self, lambda: bridge.services.spelling.state(), None, on=(SpellingChanged,), is_watched=False
        )
        self.state.changed.connect(self._show_state)
        self._build_ui()
        settings.settings_shown.connect(self.show_settings)
        section.shown.connect(lambda: self.state.watch(True))
        self.show_settings(settings.current)

    def _build_ui(self) -> None:
        section, change, group = self._section, self._settings.change, _("Spelling")
        self._switch = section.offer(
            "spelling", _("Underline misspelled words"), (), partial(change, "spelling"), tip=MARKED, group=group
        )
        edit = button(_("Edit…"), "", section)
        edit.clicked.connect(lambda: OwnWordsDialog(self._bridge, self.state, self._section).open())
        self._words = section.add(
            "own_words", _("My words"), edit, group=group, hint="…", tip=_("They count as right.")
        )
        self._language = Choice([BY_TEXT], section)
        self._language.value_chosen.connect(partial(change, "spelling_language"))
        self._found = section.add("spelling_language", _("Language"), self._language, hint="…", group=group)

    def show_settings(self, settings: Settings) -> None:
        self._switch.show_value(settings.spelling)
        self._language.show_value(settings.spelling_language)

    def _show_state(self) -> None:
        state = self.state.value
        assert state is not None
        self._language.clear()
        for code, name in (BY_TEXT, *((dictionary.code, dictionary.name) for dictionary in state.dictionaries)):
            self._language.addItem(name, code)
        self._language.show_value(self._settings.current.spelling_language)
        self._found.set_hint(dictionary_words(state))
        self._language.setEnabled(bool(state.dictionaries))
        count = len(state.words)
        self._words.set_hint(ngettext("1 word", "{n:,} words", count) if count else _("None yet"))
        self._words.control.setEnabled(bool(count))


class OwnWordsDialog(Dialog):
    def __init__(self, bridge: Bridge, state: Live[SpellingState | None], over: QWidget) -> None:
        super().__init__(over.window())
        passing(self, "own_words", _("My words"))
        self.resize(420, 420)
        self._bridge, self._state = bridge, state
        self._removed: tuple[str, ...] = ()
        self._build_ui()
        self._show_words()
        state.changed.connect(self._show_words)

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

    def _show_words(self) -> None:
        self._list.clear()
        self._list.addItems(self._state.value.words if self._state.value else ())
        self._on_selected()

    def _on_selected(self) -> None:
        self._remove.setEnabled(bool(self._list.selectedItems()))

    def _on_remove(self) -> None:
        self._removed = tuple(item.text() for item in self._list.selectedItems())
        self._undo.setEnabled(True)
        self._bridge.services.spelling.remove_words(self._removed)

    def _on_undo(self) -> None:
        self._undo.setEnabled(False)
        self._bridge.services.spelling.add_words(self._removed)


def dictionary_words(state: SpellingState, platform: str = sys.platform) -> str:
    if not state.dictionaries:
        return NONE_FOUND + HOW.get(platform, HOW["linux"])
    names = [dictionary.name for dictionary in state.dictionaries]
    shown = ", ".join(names[:12]) + (_(" and {count} more").format(count=len(names) - 12) if len(names) > 12 else "")
    return _("Found: {shown}. Text in other languages is not checked.").format(shown=shown)
