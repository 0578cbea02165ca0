"""The settings of redaction: the user's list of people and companies."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from slmdesk.base.texts import _, ngettext
from slmdesk.redact import Listed
from slmdesk.redact.names import listed_from_lines
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.widgets.bars import SettingsController
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label
from slmdesk.ui.kit.widgets.dialogs import AcceptButtons, Dialog
from slmdesk.ui.kit.widgets.settings import Setting, SettingsForm, SettingsSection, held

INTRO = _("One name per line. They are always found in documents you give out, with their endings and parts.")
NONE = _("None yet")


class RedactionSettings(SettingsForm):
    def __init__(self, bridge: Bridge, settings: SettingsController, section: SettingsSection) -> None:
        redaction = bridge.services.redaction
        names: Live[tuple[Listed, ...]] = Live(bridge, section, redaction.names, (), is_watched=False)

        def edit() -> None:
            dialog = NamesDialog("\n".join(name.words for name in names.value), section.window())
            dialog.saved.connect(change)
            dialog.open()

        def change(lines: str) -> None:
            changed = listed_from_lines(lines)
            names.change(changed, redaction.change_names(changed))

        field = Setting(
            "private_names", _("Words to replace always"), held(button(_("Edit…"), "", section, on=edit)),
            sentence=names_words, group=_("Names and numbers"),
            tip=_("Names of people and firms. They are always found, whatever stands around them."),
        )  # fmt: skip
        super().__init__(section, settings, (field,), lambda: names.value)
        self.setObjectName("redaction_settings")
        names.changed.connect(self.show)
        section.shown.connect(lambda: names.watch(True))


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
