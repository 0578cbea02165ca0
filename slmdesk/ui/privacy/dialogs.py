"""The dialogs of encryption: entering a passphrase twice, showing the recovery key, and asking for the
passphrase before changes.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from slmdesk.base.runtime.messages import Problem
from slmdesk.base.sealing import secret_of
from slmdesk.base.texts import _
from slmdesk.history.privacy.opening import LEAST_PASSPHRASE
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import (
    CheckBox,
    breakable,
    button,
    column,
    named,
    plain_label,
    row,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.dialogs import Dialog

WIDTH = 560
MOST_LETTERS = 1024
GOOD_LETTERS = 16
LENGTHS = (
    (LEAST_PASSPHRASE, _("Too short: at least eight characters.")),
    (GOOD_LETTERS, _("Short. Four or five unrelated words are safer, and easier to remember.")),
)
LONG = _("A good length.")
DIFFERENT = _("The two are not the same.")
ENCRYPT_INTRO = _(
    "The history, its backups and what models have read of your documents are encrypted with a key that your "
    "passphrase opens. Whoever has the disk, a backup or a copy, but not the passphrase, can read nothing of it. "
    "While slmdesk is open and not locked, other programs on your account still can."
)
BY_ITSELF = _("Unlock automatically on this account")
BY_ITSELF_NOTE = _(
    "The system's keyring keeps a key too. This protects the disk and the backups, and nothing from those who can use "
    "your account."
)
NOT_BY_ITSELF_NOTE = _(
    "The system's keyring forgets its key. From the next start, the passphrase or the recovery key opens the history."
)
NO_KEYRING = _("The system's keyring cannot be used here: {reason}.")
RECOVERY_INTRO = _(
    "If the passphrase is forgotten, only this recovery key opens the history: nobody can make another. It is shown "
    "only now. Write it down or print it, and keep it away from this PC."
)
BACK_INTRO = _("Enter the recovery key you wrote down. Spaces and capitals do not matter.")
DECRYPT_INTRO = _(
    "The history is written again without encryption. Whoever has the disk or a later backup "
    "can then read it. Earlier backups stay encrypted, with the current passphrase."
)
LEFT_OVER = _(
    "The history is encrypted. What was written before may still be in parts of the disk that are not in use now; the "
    "encryption of the disk itself covers them."
)
NOT_SAME = _("This is not the key that was shown. Compare it with the paper.")
NOW = _("Current passphrase or recovery key")


def secret_line(name: str, parent: QWidget, label: str) -> QLineEdit:
    line = text_line(name, parent, label, most=MOST_LETTERS)
    line.setEchoMode(QLineEdit.EchoMode.Password)
    return line


class NewPassphrase(QWidget):
    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "new_passphrase")
        self._first = secret_line("passphrase_field", self, _("New passphrase"))
        self._second = secret_line("passphrase_again_field", self, _("Repeat the new passphrase"))
        self._words = plain_label("", self, name="passphrase_words", kind="muted")
        column(self._first, self._second, self._words, into=self, gap=theme.SPACE_8)
        for edit in (self._first, self._second):
            edit.textChanged.connect(self._on_changed)
        self.setFocusProxy(self._first)
        self._on_changed()

    @property
    def passphrase(self) -> str:
        """The passphrase, or '' while the input is not valid."""
        text = self._first.text()
        return text if len(text) >= LEAST_PASSPHRASE and text == self._second.text() else ""

    def clear(self) -> None:
        self._first.clear()
        self._second.clear()

    def _on_changed(self) -> None:
        text = self._first.text()
        words = next((words for most, words in LENGTHS if len(text) < most), LONG)
        if text and self._second.text() and not text.startswith(self._second.text()):
            words = DIFFERENT
        self._words.setText(words if text else _("At least eight characters. Several words are stronger than one."))
        self.changed.emit()


Change = Callable[[str, str, bool], object]
"""Called with the current words, the new passphrase, and whether the system's keyring opens the history."""


class SecretsDialog(Dialog):
    """Dialog that asks for the current passphrase or recovery key, if it `asks`, and for a new passphrase if `is_new`.

    A new recovery key (`recovery`) is shown too, and has to be typed back. Then `change` is called.
    """

    def __init__(
        self, parent: QWidget, name: str, title: str, intro: str, change: Change, *, accept: str = _("Continue"),
        asks: bool = False, label: str = NOW, is_new: bool = False, no_keyring: str | None = None, recovery: str = "",
        print_key: Callable[[str], object] = bool,
    ) -> None:  # fmt: skip
        """`no_keyring` says why the system's keyring cannot be used, '' if it can. None: the dialog does not ask."""
        super().__init__(parent, f"{name}_dialog", title)
        self._change, self._accept_words, self._asks, self._recovery = change, accept, asks, recovery
        self._is_working = False
        self._pages = named(QStackedWidget(self), f"{name}_pages")
        first = QWidget(self)
        self._now = secret_line(f"{name}_now_field", first, label)
        self._now.setVisible(asks)
        self._new = NewPassphrase(first) if is_new else None
        self._by_itself = named(CheckBox(BY_ITSELF, first), "by_itself_box")
        self._by_itself.setVisible(no_keyring is not None)
        self._by_itself.setEnabled(not no_keyring)
        note = NO_KEYRING.format(reason=no_keyring) if no_keyring else BY_ITSELF_NOTE
        note_label = plain_label(note, first, name="by_itself_note", kind="muted", is_hidden=no_keyring is None)
        fields = (self._now, *((self._new,) if self._new else ()), self._by_itself, note_label)
        column(plain_label(intro, first, name=f"{name}_intro"), *fields, 1, into=first, gap=theme.SPACE_12)
        self._pages.addWidget(first)
        if recovery:
            self._build_keys(lambda: print_key(recovery))
        self._problem = plain_label("", self, name=f"{name}_dialog_problem", kind="danger", is_hidden=True)
        self._bar = thin_bar(f"{name}_dialog_bar", self, title, most=0)
        self._back = button("", f"{name}_dialog_back", self, on=self._on_back)
        self._next = button("", f"{name}_dialog_next", self, kind="primary", on=self._on_next)
        self._back.setAutoDefault(False)
        self._next.setDefault(True)
        parts = ((self._pages, 1), self._problem, self._bar, row(1, self._back, self._next))
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._now.textChanged.connect(self._refresh)
        if self._new:
            self._new.changed.connect(self._refresh)
        self._refresh()
        self.fit(scaled(WIDTH))
        if asks:
            first = self._now
        elif self._new:
            first = self._new
        elif recovery:
            first = self._next
        else:
            first = self._back
        first.setFocus()

    def _build_keys(self, print_key: Callable[[], object]) -> None:
        shown, typed, flags = QWidget(self), QWidget(self), Qt.TextInteractionFlag
        label = plain_label(self._recovery, shown, name="recovery_key", kind="strong")
        label.setTextInteractionFlags(flags.TextSelectableByKeyboard | flags.TextSelectableByMouse)
        label.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        label.setAccessibleName(" ".join(self._recovery.replace("-", " ")))
        save = button(_("Save for printing…"), "recovery_print_button", shown, on=print_key)
        intro = plain_label(RECOVERY_INTRO, shown, name="recovery_key_intro")
        column(intro, label, row(save, 1), 1, into=shown, gap=theme.SPACE_12)
        self._field = text_line("recovery_field", typed, _("Recovery key"), most=MOST_LETTERS)
        self._wrong = plain_label("", typed, name="recovery_problem", kind="danger", is_hidden=True)
        self._field.textChanged.connect(lambda: show_words(self._wrong, ""))
        intro = plain_label(BACK_INTRO, typed, name="recovery_back_intro")
        column(intro, self._field, self._wrong, 1, into=typed, gap=theme.SPACE_12)
        self._pages.addWidget(shown)
        self._pages.addWidget(typed)

    @property
    def _is_typed_back(self) -> bool:
        secret = secret_of(self._field.text())
        return secret is not None and secret == secret_of(self._recovery)

    def _on_next(self) -> None:
        at, last = self._pages.currentIndex(), self._pages.count() - 1
        if at < last:
            self._pages.setCurrentIndex(last if self._is_typed_back else at + 1)
            if at + 1 < last:
                self._next.setFocus()
            else:
                self._field.setFocus()
        elif self._recovery and not self._is_typed_back:
            show_words(self._wrong, NOT_SAME)
        else:
            self._is_working = True
            show_words(self._problem, "")
            new = self._new.passphrase if self._new else ""
            self._change(self._now.text(), new, self._by_itself.isChecked())
        self._refresh()

    def _on_back(self) -> None:
        if at := self._pages.currentIndex():
            self._pages.setCurrentIndex(at - 1)
            self._refresh()
        else:
            self.reject()

    def _refresh(self) -> None:
        at, is_free = self._pages.currentIndex(), not self._is_working
        is_filled = (self._new is None or bool(self._new.passphrase)) and (bool(self._now.text()) or not self._asks)
        self._back.setText(_("Back") if at else _("Cancel"))
        self._next.setText(self._accept_words if at == self._pages.count() - 1 else _("Continue"))
        self._next.setEnabled(is_free and (at > 0 or is_filled))
        self._back.setEnabled(is_free)
        self._pages.setEnabled(is_free)
        self._bar.setVisible(self._is_working)

    def refuse(self, problem: Problem) -> None:
        """Show an error. A wrong current passphrase can be corrected; the key need not be typed back again."""
        self._is_working = False
        show_words(self._problem, breakable(problem.sentence))
        if self._asks:
            self._pages.setCurrentIndex(0)
        self._refresh()
        if self._asks:
            self._now.selectAll()
            self._now.setFocus()

    def end(self) -> None:
        self._is_working = False
        self.accept()

    def reject(self) -> None:
        """Close the dialog, unless work is going on, which cannot be cancelled."""
        if not self._is_working:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_working:
            event.ignore()
        else:
            super().closeEvent(event)
