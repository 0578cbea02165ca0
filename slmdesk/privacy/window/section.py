"""The settings of privacy: whether the history is encrypted, what opens it, and when it locks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from slmdesk.base.policy import Policy
from slmdesk.base.recovery_key import new_recovery_key
from slmdesk.base.settings import Settings
from slmdesk.privacy.opening import PrivacyState
from slmdesk.privacy.window.controller import PrivacyController
from slmdesk.privacy.window.dialogs import (
    NO_KEYRING,
    DecryptDialog,
    EncryptDialog,
    KeyringDialog,
    PassphraseDialog,
    RecoveryDialog,
    StepsDialog,
)
from slmdesk.runtime.events import Problem
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, flow
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.file_dialogs import ask_new_file, document_folder
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.setting_rows import add_setting
from slmdesk.window.widgets.text import breakable, plain_label

MINUTES = (1, 2, 5, 10, 15, 30, 60, 120)
MINUTE_WORDS = {1: "1 minute", 60: "1 hour", 120: "2 hours"}
LOCK_AFTER = (
    "When nobody has worked here for this long. Finished steps of jobs are kept, and the jobs go on after unlocking."
)
LOCK_HOW = (
    "Locked: the history is closed, and what was in memory is gone. Covered: only the lock page is shown, the history "
    "stays open, and jobs go on; this keeps out a glance, not a program."
)
LOCK_WITH = "When the screen of this PC is locked. Before it goes to sleep the history is always locked."


class PrivacySection(QWidget):
    def __init__(self, controller: PrivacyController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("privacy_section")
        self._controller = controller
        self._choices: dict[str, Choice] = {}
        self._encrypts_once_known = False
        self._build_ui()
        self._connect()
        self.show_settings(controller.settings.current)
        self.show_state(controller.state)

    def _build_ui(self) -> None:
        title = plain_label("Privacy", self, name="privacy_heading", kind="heading")
        self._column = column(title, into=self, gap=theme.SPACE_12)
        line = QWidget(self)
        self._encrypt = button("Encrypt…", "encrypt_button", line, on=self.encrypt)
        self._passphrase = button("Passphrase…", "passphrase_button", line, on=self._on_passphrase)
        self._recovery = button("Recovery key…", "recovery_button", line, on=self._on_recovery)
        self._keyring = button("", "keyring_button", line, on=self._on_keyring)
        self._decrypt = button("Decrypt…", "decrypt_button", line, on=self._on_decrypt)
        buttons = (self._encrypt, self._passphrase, self._recovery, self._keyring, self._decrypt)
        flow(*buttons, into=line, gap=theme.SPACE_8)
        add_setting(self._column, line, "encryption", "Encryption", "…", is_wide=True)
        self._lock_rows = named(QWidget(self), "lock_settings")
        column(into=self._lock_rows, gap=theme.SPACE_12)
        self._column.addWidget(self._lock_rows)
        after = [(count, MINUTE_WORDS.get(count, f"{count} minutes")) for count in MINUTES]
        self._choice("lock_minutes", "Lock after", LOCK_AFTER, [*after, (0, "Never")])
        self._choice("lock_covers", "How it locks by itself", LOCK_HOW, [(False, "Locked"), (True, "Covered")])
        self._choice("lock_with_screen", "With the screen", LOCK_WITH, [(True, "Locked too"), (False, "Left open")])

    def _choice(self, key: str, title: str, sentence: str, values: list[tuple[object, str]]) -> None:
        choice = self._choices[key] = Choice(values, self._lock_rows)
        rows = self._lock_rows.layout()
        assert rows is not None
        add_setting(rows, choice, key, title, sentence)  # type: ignore[arg-type]  # made by `column`
        choice.value_chosen.connect(lambda value: self._controller.settings.change(key, value))

    def _connect(self) -> None:
        self._controller.state_shown.connect(self.show_state)
        self._controller.settings.settings_shown.connect(self.show_settings)

    def show_settings(self, settings: Settings) -> None:
        for key, choice in self._choices.items():
            choice.show_value(getattr(settings, key))

    def show_state(self, state: PrivacyState | None) -> None:
        is_encrypted = state is not None and state.is_encrypted
        self._encrypt.setVisible(not is_encrypted)
        self._encrypt.setEnabled(state is not None and state.can_encrypt)
        for one in (self._passphrase, self._recovery, self._keyring, self._decrypt):
            one.setVisible(is_encrypted)
        self._lock_rows.setVisible(is_encrypted)
        words = state_words(state) if state is not None else "…"
        sentence = self.findChild(QLabel, "encryption_sentence")
        if sentence is not None:
            sentence.setText(words)
        if state is not None:
            self._keyring.setText("Ask for the passphrase…" if state.by_keyring else "Open by itself…")
            self._keyring.setEnabled(state.by_passphrase if state.by_keyring else not state.no_keyring)
            self._keyring.setToolTip(NO_KEYRING.format(reason=state.no_keyring) if state.no_keyring else "")
            self._decrypt.setEnabled(not state.is_required)
            if self._encrypts_once_known and state.no_keyring is not None:
                self.encrypt()

    def show_policy(self, policy: Policy) -> None:
        after = self._choices["lock_minutes"]
        for at in reversed(range(after.count())):
            if policy.limited_minutes(after.itemData(at)) != after.itemData(at):
                after.removeItem(at)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._encrypts_once_known = False  # whoever is here presses again
        self._controller.look()

    # ---- dialogs

    def encrypt(self) -> None:
        """Open the dialog that encrypts the history, once it is known whether there is a keyring."""
        state = self._controller.state
        self._encrypts_once_known = state is None or state.no_keyring is None
        if state is None or state.no_keyring is None:
            self._controller.look()
            return
        if state.is_encrypted:
            return
        self._open(
            EncryptDialog(
                self.window(),
                new_recovery_key(),
                no_keyring=state.no_keyring,
                encrypt=self._controller.encrypt,
                print_key=self._print_key,
            )
        )

    def _on_passphrase(self) -> None:
        change = self._controller.change_passphrase
        self._open(PassphraseDialog(self.window(), asks=self._asks, change=change))

    def _on_recovery(self) -> None:
        change, key = self._controller.change_recovery, new_recovery_key()
        self._open(RecoveryDialog(self.window(), key, asks=self._asks, change=change, print_key=self._print_key))

    def _on_decrypt(self) -> None:
        self._open(DecryptDialog(self.window(), asks=self._asks, decrypt=self._controller.decrypt))

    def _on_keyring(self) -> None:
        state = self._controller.state
        if state is not None:
            change = self._controller.open_by_itself
            self._open(KeyringDialog(self.window(), by_itself=not state.by_keyring, asks=self._asks, change=change))

    @property
    def _asks(self) -> bool:
        """Whether there are words to be asked for: whoever passes an open window must not change what opens it."""
        state = self._controller.state
        return state is not None and (state.by_passphrase or state.by_recovery)

    def _open(self, dialog: StepsDialog) -> None:
        def refuse(problem: Problem) -> None:
            dialog.refuse(problem.sentence)

        controller = self._controller
        controller.done.connect(dialog.end)
        controller.refused.connect(refuse)
        dialog.finished.connect(lambda: controller.refused.disconnect(refuse))
        dialog.open()

    def _print_key(self, key: str) -> None:
        folder = Path(document_folder())
        ask_new_file(
            self.window(), "Save the recovery key for printing",
            lambda path: self._controller.print_key(key, path),
            name="recovery_file_dialog", proposed=folder / "slmdesk recovery key.pdf", filters="PDF (*.pdf)",
        )  # fmt: skip


def state_words(state: PrivacyState) -> str:
    if not state.is_encrypted:
        if not state.can_encrypt:
            return f"Not encrypted, and it cannot be here: the library “{state.missing_library}” is not installed."
        return "Not encrypted: whoever has the disk or a backup can read the history. It can be encrypted."
    ways = (
        (state.by_keyring, "by itself on this account"),
        (state.by_passphrase, "with the passphrase"),
        (state.by_recovery, "with the recovery key"),
    )
    listed = [words for holds, words in ways if holds]
    last = f"{', '.join(listed[:-1])} or {listed[-1]}" if len(listed) > 1 else "".join(listed)
    parts = [f"Encrypted. It opens {last}."]
    parts += ["Your organisation can open it too."] if state.by_organisation else []
    parts += [f"Set aside earlier, and not encrypted: {one}." for one in state.still_plain]
    return breakable(" ".join(parts))
