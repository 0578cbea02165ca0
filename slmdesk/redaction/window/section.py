"""The settings of redaction: the user's list of people and companies."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QPlainTextEdit, QPushButton, QWidget

from slmdesk.base.texts import _, ngettext
from slmdesk.redaction.service import listed_from_lines
from slmdesk.text.redaction import Listed
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.build import column, named, passing, plain_label
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.rows import add_setting

INTRO = _("One name per line. They are always replaced in redacted chats, with their endings and parts.")
NONE = _("None yet. Names on this list are always found, whatever stands around them.")


class RedactionSection(QWidget):
    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self.setObjectName("redaction_section")
        self._bridge = bridge
        self._names: tuple[Listed, ...] = ()
        title = plain_label(_("Redaction"), self, name="redaction_heading", kind="heading")
        layout = column(title, into=self, gap=theme.SPACE_12)
        self._edit = QPushButton(_("Edit…"), self)
        add_setting(layout, self._edit, "private_names", _("People and firms"), NONE)
        self._edit.clicked.connect(self._on_edit)

    def show_names(self, names: tuple[Listed, ...]) -> None:
        self._names = names
        count = ngettext("1 name", "{n:,} names", len(names))
        sentence = self.findChild(QLabel, "private_names_sentence")
        if isinstance(sentence, QLabel):
            sentence.setText(
                _("{count}, always found, whatever stands around them.").format(count=count) if names else NONE
            )

    def _on_edit(self) -> None:
        dialog = NamesDialog("\n".join(name.words for name in self._names), self.window())
        dialog.saved.connect(self._change)
        dialog.open()

    def _change(self, lines: str) -> None:
        self._bridge.ask(self._bridge.services.redaction.change_names(listed_from_lines(lines)), self.show_names)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._bridge.ask(self._bridge.services.redaction.names(), self.show_names)


class NamesDialog(Dialog):
    saved = Signal(str)

    def __init__(self, lines: str, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "private_names", _("People and firms"))
        self.resize(460, 420)
        self._text = named(QPlainTextEdit(lines, self), "private_names_text", label=_("People and firms"))
        self._text.setTabChangesFocus(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._save = named(QPushButton(_("Save"), self), "private_names_save")
        self._save.setProperty("kind", "primary")
        buttons.addButton(self._save, QDialogButtonBox.ButtonRole.AcceptRole)
        column(
            plain_label(INTRO, self, name="private_names_intro"), (self._text, 1), buttons,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)

    def _on_accepted(self) -> None:
        self.saved.emit(self._text.toPlainText())
        self.accept()
