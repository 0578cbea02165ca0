"""The settings of privacy."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from slmdesk.base.sealing import new_recovery_key
from slmdesk.base.texts import _
from slmdesk.history.privacy.opening import PrivacyState
from slmdesk.ui.kit.widgets.build import (
    breakable,
    button,
)
from slmdesk.ui.kit.widgets.files import ask_new_file, document_folder
from slmdesk.ui.kit.widgets.form import Listed
from slmdesk.ui.kit.widgets.settings import Setting, SettingsForm, SettingsSection, Switched, held
from slmdesk.ui.privacy.controller import PrivacyController
from slmdesk.ui.privacy.dialogs import (
    BY_ITSELF,
    BY_ITSELF_NOTE,
    DECRYPT_INTRO,
    ENCRYPT_INTRO,
    LEFT_OVER,
    NO_KEYRING,
    NOT_BY_ITSELF_NOTE,
    Change,
    SecretsDialog,
)

MINUTES = (1, 2, 5, 10, 15, 30, 60, 120)
MINUTE_WORDS = {1: _("1 minute"), 60: _("1 hour"), 120: _("2 hours")}
LOCK_AFTER = _("Finished steps of jobs are kept, and the jobs go on after unlocking.")
LOCK_WITH = _("When the screen of this PC is locked. Before it goes to sleep the history is always locked.")


def minutes(at: PrivacyController) -> tuple[tuple[int, str], ...]:
    """Return the times after which the history can be locked. The organisation may allow no longer ones."""
    after = ((count, MINUTE_WORDS.get(count, _("{count} minutes").format(count=count))) for count in MINUTES)
    return tuple(each for each in (*after, (0, _("Never"))) if at.settings.policy.limited_minutes(each[0]) == each[0])


def is_encrypted(at: PrivacyController) -> bool:
    return at.state is not None and at.state.is_encrypted


class PrivacySettings(SettingsForm):
    def __init__(self, controller: PrivacyController, section: SettingsSection) -> None:
        encrypt, passphrase, recovery, keyring, decrypt = (
            button(words, f"{name}_button", section)
            for name, words in (
                ("encrypt", _("Set up…")), ("passphrase", _("Change passphrase…")), ("recovery", _("Make new…")),
                ("keyring", _("Change…")), ("decrypt", _("Decrypt…")),
            )
        )  # fmt: skip

        def fit(at: PrivacyController) -> None:
            encrypt.setVisible(not is_encrypted(at))
            passphrase.setVisible(is_encrypted(at))
            state = at.state
            encrypt.setEnabled(state is not None and state.can_encrypt)
            if state is not None:
                keyring.setText(_("Ask for passphrase…") if state.by_keyring else _("Unlock automatically…"))
                keyring.setEnabled(state.by_passphrase if state.by_keyring else not state.no_keyring)
                keyring.setToolTip(NO_KEYRING.format(reason=state.no_keyring) if state.no_keyring else "")
                decrypt.setEnabled(not state.is_required)

        group = _("Encryption")
        later = partial(Setting, is_there=is_encrypted, is_advanced=True)
        fields = (
            Setting(
                "encryption", _("Encrypt history"), held(encrypt, passphrase, fit=fit), group=group,
                also=_("password, passphrase, protect"),
                sentence=lambda at: state_words(at.state) if at.state is not None else "…",
            ),
            Setting(
                "lock_minutes", _("Lock automatically after"), Listed, tip=LOCK_AFTER,
                values=minutes, group=group, is_there=is_encrypted,
            ),
            later("lock_with_screen", _("Lock with the screen"), Switched, tip=LOCK_WITH),
            later("recovery", _("Recovery key"), held(recovery)),
            later("keyring", BY_ITSELF, held(keyring)),
            later("decrypt", _("Decrypt the history"), held(decrypt)),
        )  # fmt: skip
        super().__init__(section, controller.settings, fields, lambda: controller)
        self.setObjectName("privacy_settings")
        self._controller, self._section = controller, section
        self._encrypts_once_known = False
        for pressed, on in (
            (encrypt, self.encrypt), (passphrase, self._on_passphrase), (recovery, self._on_recovery),
            (keyring, self._on_keyring), (decrypt, self._on_decrypt),
        ):  # fmt: skip
            pressed.clicked.connect(on)
        controller.state_shown.connect(self._on_state)
        section.shown.connect(self._on_shown)

    def _on_state(self, state: PrivacyState) -> None:
        self.show()
        if self._encrypts_once_known and state.no_keyring is not None:
            self.encrypt()

    def _on_shown(self) -> None:
        self._encrypts_once_known = False  # the person has to press the button again
        self._controller.look()

    # ---- dialogs

    def encrypt(self) -> None:
        """Open the dialog that encrypts the history, as soon as it is known whether there is a keyring."""
        state = self._controller.state
        self._encrypts_once_known = state is None or state.no_keyring is None
        if state is None or state.no_keyring is None:
            self._controller.look()
            return
        if state.is_encrypted:
            return
        key = new_recovery_key()

        def change(_now: str, new: str, by_itself: bool) -> None:
            self._controller.begin(lambda at: at.privacy.encrypt(new, key, by_itself=by_itself), LEFT_OVER)

        self._open("encrypt", _("Encrypt the history"), ENCRYPT_INTRO, change, accept=_("Encrypt"), is_new=True,
                   no_keyring=state.no_keyring, recovery=key)  # fmt: skip

    def _on_passphrase(self) -> None:
        def change(now: str, new: str, _on: bool) -> None:
            self._controller.begin(lambda at: at.privacy.change_passphrase(now, new))

        intro = _("The passphrase opens the history, on this account and from a backup.")
        self._open("passphrase", _("Passphrase"), intro, change, accept=_("Change"), is_new=True)

    def _on_recovery(self) -> None:
        key = new_recovery_key()

        def change(now: str, _new: str, _on: bool) -> None:
            self._controller.begin(lambda at: at.privacy.change_recovery(now, key))

        intro = _("A new recovery key is made. The old one opens the history until the new one is typed back.")
        self._open("recovery", _("Recovery key"), intro, change, recovery=key)

    def _on_decrypt(self) -> None:
        def change(now: str, _new: str, _on: bool) -> None:
            self._controller.begin(lambda at: at.privacy.decrypt(now))

        self._open("decrypt", _("Decrypt the history"), DECRYPT_INTRO, change, accept=_("Decrypt"))

    def _on_keyring(self) -> None:
        state = self._controller.state
        if state is None:
            return
        by_itself = not state.by_keyring

        def change(now: str, _new: str, _on: bool) -> None:
            self._controller.begin(lambda at: at.privacy.open_by_itself(now, by_itself))

        intro = BY_ITSELF_NOTE if by_itself else NOT_BY_ITSELF_NOTE
        title = BY_ITSELF if by_itself else _("Ask for the passphrase")
        accept = _("Unlock automatically") if by_itself else _("Ask for passphrase")
        self._open("keyring", title, intro, change, accept=accept, label=_("Passphrase or recovery key"))

    @property
    def _asks(self) -> bool:
        """Whether to ask for the current passphrase or recovery key: a passer-by at an open window must not change what
        opens the history.
        """
        state = self._controller.state
        return state is not None and (state.by_passphrase or state.by_recovery)

    def _open(self, name: str, title: str, intro: str, change: Change, **more: Any) -> None:
        controller, more = self._controller, {"asks": self._asks, "print_key": self._print_key, **more}
        dialog = SecretsDialog(self._section.window(), name, title, intro, change, **more)
        controller.done.connect(dialog.end)
        controller.refused.connect(dialog.refuse)
        dialog.open()

    def _print_key(self, key: str) -> None:
        folder = Path(document_folder())
        ask_new_file(
            self._section.window(), _("Save the recovery key for printing"),
            lambda path: self._controller.print_key(key, path),
            name="recovery_file_dialog", proposed=folder / _("slmdesk recovery key.pdf"), filters=_("PDF (*.pdf)"),
        )  # fmt: skip


def state_words(state: PrivacyState) -> str:
    if not state.is_encrypted:
        if not state.can_encrypt:
            return _("Not encrypted, and it cannot be here: the library “{missing_library}” is not installed.").format(
                missing_library=state.missing_library
            )
        return _("Not encrypted: whoever has the disk can read it.")
    ways = (
        (state.by_keyring, _("automatically on this account")),
        (state.by_passphrase, _("with the passphrase")),
        (state.by_recovery, _("with the recovery key")),
    )
    listed = [words for holds, words in ways if holds]
    last = (
        _("{names} or {listed}").format(names=", ".join(listed[:-1]), listed=listed[-1])
        if len(listed) > 1
        else "".join(listed)
    )
    parts = [_("Encrypted. Unlocks {last}.").format(last=last)]
    if state.by_organisation:
        parts.append(_("Your organisation can open it too."))
    parts += [_("Set aside earlier, and not encrypted: {path}.").format(path=path) for path in state.still_plain]
    return breakable(" ".join(parts))
