"""The settings of redaction: the user's list of people and companies."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from slmdesk.base.texts import _, ngettext
from slmdesk.redaction.service import listed_from_lines
from slmdesk.text.redaction import Listed
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.build import button, column, named, passing, plain_label
from slmdesk.window.widgets.dialogs import AcceptButtons, Dialog
from slmdesk.window.widgets.settings import SettingsSection

INTRO = _("One name per line. They are always found in documents you give out, with their endings and parts.")
NONE = _("None yet")


class RedactionSettings(QObject):
    def __init__(self, bridge: Bridge, section: SettingsSection) -> None:
        super().__init__(section, objectName="redaction_settings")
        self._bridge, self._section = bridge, section
        self._names: tuple[Listed, ...] = ()
        self._row = section.add(
            "private_names", _("Words to replace always"), button(_("Edit…"), "", section, on=self._on_edit), hint=NONE,
            tip=_("Names of people and firms. They are always found, whatever stands around them."),
            group=_("Names and numbers"),
        )  # fmt: skip
        section.shown.connect(lambda: bridge.ask(bridge.services.redaction.names(), self.show_names))

    def show_names(self, names: tuple[Listed, ...]) -> None:
        self._names = names
        self._row.set_hint(ngettext("1 name", "{n:,} names", len(names)) if names else NONE)

    def _on_edit(self) -> None:
        dialog = NamesDialog("\n".join(name.words for name in self._names), self._section.window())
        dialog.saved.connect(self._change)
        dialog.open()

    def _change(self, lines: str) -> None:
        self._bridge.ask(self._bridge.services.redaction.change_names(listed_from_lines(lines)), self.show_names)


class NamesDialog(Dialog):
    saved = Signal(str)

    def __init__(self, lines: str, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "private_names", _("People and firms"))
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
