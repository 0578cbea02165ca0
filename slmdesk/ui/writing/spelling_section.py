"""The settings of the spelling check: whether words are underlined, the dictionaries, and the person's own words."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QAbstractItemView, QListWidget, QWidget

from slmdesk.base.texts import _, ngettext
from slmdesk.tasks.writing.spelling.types import SpellingChanged, SpellingState
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.widgets.bars import SettingsController
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label, row
from slmdesk.ui.kit.widgets.dialogs import Dialog
from slmdesk.ui.kit.widgets.form import Listed
from slmdesk.ui.kit.widgets.settings import Setting, SettingsForm, SettingsSection, Switched, held

MARKED = _("Words that are in no dictionary get a wavy line while you write. A right click on one suggests others.")
BY_TEXT = ("", _("By the text"))
NONE_FOUND = _("There is no dictionary on this PC, so nothing is underlined. ")
HOW = {
    "linux": _("They come with LibreOffice and as packages of the system, such as hunspell-en-us or hunspell-de-de."),
    "win32": _("They come with LibreOffice."),
    "darwin": _("They come with LibreOffice."),
}


class SpellingSettings(SettingsForm):
    def __init__(self, bridge: Bridge, settings: SettingsController, section: SettingsSection) -> None:
        state: Live[SpellingState | None] = Live(
            bridge, section, lambda: bridge.services.spelling.state(), None, on=(SpellingChanged,), is_watched=False
        )
        edit = button(_("Edit…"), "", section, on=lambda: OwnWordsDialog(bridge, state, section).open())
        group = _("Spelling")
        fields = (
            Setting(
                "spelling", _("Underline misspelled words"), Switched, tip=MARKED, group=group
            ),
            Setting(
                name="own_words", title=_("My words"), tip=_("They count as right."), control=held(edit), group=group,
                sentence=own_words, is_enabled=lambda at: at is None or bool(at.words),
            ),
            Setting(
                "spelling_language", _("Language"), Listed, values=languages, group=group,
                sentence=lambda at: "…" if at is None else dictionary_words(at),
                is_enabled=lambda at: at is None or bool(at.dictionaries),
            ),
        )  # fmt: skip
        super().__init__(section, settings, fields, lambda: state.value)
        self.setObjectName("spelling_settings")
        state.changed.connect(self.show)
        section.shown.connect(lambda: state.watch(True))


def own_words(state: SpellingState | None) -> str:
    if state is None:
        return "…"
    return ngettext("1 word", "{n:,} words", len(state.words)) if state.words else _("None yet")


def languages(state: SpellingState | None) -> tuple[tuple[str, str], ...]:
    return BY_TEXT, *((each.code, each.name) for each in (state.dictionaries if state else ()))


class OwnWordsDialog(Dialog):
    def __init__(self, bridge: Bridge, state: Live[SpellingState | None], over: QWidget) -> None:
        super().__init__(over.window(), "own_words", _("My words"))
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
        foot = row(self._remove, self._undo, 1, gap=theme.SPACE_8)
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
