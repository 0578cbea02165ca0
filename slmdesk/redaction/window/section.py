"""The settings of redaction: the user's list of people and companies."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from slmdesk.base.texts import _, ngettext
from slmdesk.redaction.service import listed_from_lines
from slmdesk.text.redaction import Listed
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.bars import SettingsController
from slmdesk.window.widgets.build import button, column, named, plain_label
from slmdesk.window.widgets.dialogs import AcceptButtons, Dialog
from slmdesk.window.widgets.settings import Setting, SettingsForm, SettingsSection, held

INTRO = _("One name per line. They are always found in documents you give out, with their endings and parts.")
NONE = _("None yet")


class RedactionSettings(SettingsForm):
    def __init__(self, bridge: Bridge, settings: SettingsController, section: SettingsSection) -> None:
        self._names: tuple[Listed, ...] = ()
        edit = button(_("Edit…"), "", section)
        names = Setting(
            "private_names", _("Words to replace always"), held(edit), sentence=names_words,
            tip=_("Names of people and firms. They are always found, whatever stands around them."),
            group=_("Names and numbers"),
        )  # fmt: skip
        super().__init__(section, settings, (names,), lambda: self._names)
        self.setObjectName("redaction_settings")
        self._bridge, self._section = bridge, section
        edit.clicked.connect(self._on_edit)
        section.shown.connect(lambda: bridge.ask(bridge.services.redaction.names(), self.show_names))

    def show_names(self, names: tuple[Listed, ...]) -> None:
        self._names = names
        self.show()

    def _on_edit(self) -> None:
        dialog = NamesDialog("\n".join(name.words for name in self._names), self._section.window())
        dialog.saved.connect(self._change)
        dialog.open()

    def _change(self, lines: str) -> None:
        self._bridge.ask(self._bridge.services.redaction.change_names(listed_from_lines(lines)), self.show_names)


def names_words(names: tuple[Listed, ...]) -> str:
    return ngettext("1 name", "{n:,} names", len(names)) if names else NONE


class NamesDialog(Dialog):
    saved = Signal(str)

    def __init__(self, lines: str, parent: QWidget) -> None:
        super().__init__(parent, "private_names", _("People and firms"))
        self.resize(460, 420)
        self._text = named(QPlainTextEdit(lines, self), "private_names_text", label=_("People and firms"))
        self._text.setTabChangesFocus(True)
        buttons = AcceptButtons(self, _("Save"), "private_names_save", self._on_accepted)
        column(
            plain_label(INTRO, self, name="private_names_intro"), (self._text, 1), buttons,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip

    def _on_accepted(self) -> None:
        self.saved.emit(self._text.toPlainText())
        self.accept()
