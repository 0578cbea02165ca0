"""Settings → Privacy, by clicks and keys: encrypt, change what opens it, decrypt, and what is said of it."""

from __future__ import annotations

import pytest
from fakes.contents import files_with
from fakes.encrypted import PASSPHRASE, encrypt
from fakes.recorder import result_of
from fakes.vaults import MemoryVault
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget

from slmdesk.base.runtime.messages import Problem
from slmdesk.history.privacy.opening import ways_of
from slmdesk.history.store import unlock

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
MARKER = "Zebrafishxq"
WORDS = "four words on a wall"


def section(program, opens: str, dialog: str):
    """The dialog that a button of the section opens."""
    program.window.show_page("Settings")
    button = program.find(opens)
    program.frame.settings_page.reach(button)
    program.wait(button.isVisible)
    program.frame.settings_page.ensureWidgetVisible(button)
    program.click(button)
    return program.find(dialog)


def sentence(program) -> str:
    return program.find("encryption_sentence").text()


def fill(program, dialog, **fields: str) -> None:
    for name, words in fields.items():
        field = program.find(name, dialog)
        field.clear()
        program.type_into(field, words)


def is_gone(program, name: str) -> bool:
    return program.window.findChild(QWidget, name) is None


def test_a_history_is_encrypted_with_a_passphrase_and_a_recovery_key_that_is_typed_back(program, paths):
    program.send(f"about {MARKER}")
    program.wait_idle()
    assert files_with(paths.data, MARKER) == ["slmdesk.sqlite3"]  # the control
    dialog = section(program, "encrypt_button", "encrypt_dialog")
    assert sentence(program).startswith("Not encrypted")
    for name in ("row_lock_minutes", "passphrase_button", "recovery_button", "decrypt_button"):
        assert not program.find(name).isVisible()
    forward = program.find("encrypt_dialog_next", dialog)
    fill(program, dialog, passphrase_field="short", passphrase_again_field="short")
    assert not forward.isEnabled()
    fill(program, dialog, passphrase_field=WORDS, passphrase_again_field="four words on a will")
    assert not forward.isEnabled()
    program.says("passphrase_words", "The two are not the same.", dialog)
    fill(program, dialog, passphrase_again_field=WORDS)
    program.click(forward)
    key = program.find("recovery_key", dialog).text()
    assert dialog.focusWidget() is forward, "seen, and Enter goes on"
    program.click(forward)
    field = program.find("recovery_field", dialog)
    fill(program, dialog, recovery_field="0" * 33)
    program.click(forward)
    assert program.find("recovery_problem", dialog).isVisible()
    assert ways_of(paths) is None  # nothing has happened yet
    field.clear()
    program.type_into(field, key.lower().replace("-", " "))
    QTest.keyClick(field, Qt.Key.Key_Return)
    program.wait(lambda: is_gone(program, "encrypt_dialog"))
    program.wait(lambda: sentence(program).startswith("Encrypted."))
    assert sentence(program) == "Encrypted. Unlocks with the passphrase or with the recovery key."
    program.wait(lambda: program.find("lock_button").isVisible())
    assert any("parts of the disk" in text for text in program.notices())
    program.window.show_page("Chat")
    program.send("and on it goes")
    program.wait_idle()
    assert files_with(paths.data.parent, MARKER) == []
    program.close()
    for words in (WORDS, key):
        assert unlock(paths, words) is not None


@pytest.fixture
def encrypted(start, paths):
    program = start(key=encrypt(paths))
    program.window.show_page("Settings")
    program.wait(lambda: sentence(program).startswith("Encrypted."))
    return program


def test_the_passphrase_is_changed_and_it_is_decrypted_by_who_knows_it(encrypted, paths):
    program = encrypted
    after = program.find("setting_lock_minutes")
    assert after.currentData() == 15
    after.setCurrentIndex(after.findData(5))
    after.activated.emit(after.currentIndex())
    program.wait(lambda: program.frame.settings.current.lock_minutes == 5)
    dialog = section(program, "passphrase_button", "passphrase_dialog")
    fill(program, dialog, passphrase_field=WORDS, passphrase_again_field=WORDS)
    forward = program.find("passphrase_dialog_next", dialog)
    assert not forward.isEnabled()
    fill(program, dialog, passphrase_now_field="not the passphrase")
    program.click(forward)
    problem = program.find("passphrase_dialog_problem", dialog)
    program.wait(problem.isVisible)
    assert "Wrong passphrase" in problem.text()
    for name in ("passphrase_now_field", "passphrase_field", "passphrase_again_field"):
        field = program.find(name, dialog)
        program.wait(lambda field=field: field.height() >= field.sizeHint().height())  # not pressed flat by the words
    fill(program, dialog, passphrase_now_field=PASSPHRASE)
    program.click(forward)
    program.wait(lambda: is_gone(program, "passphrase_dialog"))
    services = program.services
    assert result_of(services, lambda: services.privacy.check(WORDS)) is None
    assert isinstance(result_of(services, lambda: services.privacy.check(PASSPHRASE)), Problem)
    dialog = section(program, "decrypt_button", "decrypt_dialog")
    fill(program, dialog, decrypt_now_field=WORDS)
    program.click(program.find("decrypt_dialog_next", dialog))
    program.wait(lambda: sentence(program).startswith("Not encrypted"))
    program.wait(lambda: not program.find("lock_button").isVisible())
    assert program.frame.locking.ways is None
    program.close()
    assert ways_of(paths) is None


def test_it_opens_by_itself_only_when_who_knows_the_words_says_so(start, paths, vault):
    program = start(key=encrypt(paths))
    program.window.show_page("Settings")
    program.wait(lambda: sentence(program).startswith("Encrypted."))
    dialog = section(program, "keyring_button", "keyring_dialog")
    forward = program.find("keyring_dialog_next", dialog)
    assert not forward.isEnabled()
    fill(program, dialog, keyring_now_field="not the passphrase")
    program.click(forward)
    problem = program.find("keyring_dialog_problem", dialog)
    program.wait(lambda: "Wrong passphrase" in problem.text())
    vault.reason = "it is locked"
    fill(program, dialog, keyring_now_field=PASSPHRASE)
    program.click(forward)
    program.wait(lambda: "it is locked" in problem.text())
    assert problem.isVisible()
    program.wait(lambda: dialog.height() >= dialog.heightForWidth(dialog.width()))  # nothing is cut
    assert vault.kept == {}
    vault.reason = ""
    program.click(forward)
    program.wait(lambda: "automatically on this account" in sentence(program))
    program.wait(lambda: is_gone(program, "keyring_dialog"))
    assert len(vault.kept) == 1
    dialog = section(program, "keyring_button", "keyring_dialog")
    fill(program, dialog, keyring_now_field=PASSPHRASE)
    program.click(program.find("keyring_dialog_next", dialog))
    program.wait(lambda: sentence(program) == "Encrypted. Unlocks with the passphrase or with the recovery key.")
    program.wait(lambda: vault.kept == {})


def test_a_new_recovery_key_counts_once_it_is_typed_back_and_can_be_printed(encrypted, tmp_path):
    """A wrong passphrase is corrected without typing the key again."""
    program = encrypted
    dialog = section(program, "recovery_button", "recovery_dialog")
    forward, now = program.find("recovery_dialog_next", dialog), program.find("recovery_now_field", dialog)
    assert not forward.isEnabled()
    fill(program, dialog, recovery_now_field="not the passphrase")
    program.click(forward)
    label = program.find("recovery_key", dialog)
    assert isinstance(label, QLabel)
    key = label.text()
    program.click(program.find("recovery_print_button", dialog))
    chooser = program.find("recovery_file_dialog")
    assert isinstance(chooser, QFileDialog)
    target = tmp_path / "key.pdf"
    chooser.fileSelected.emit(str(target))
    chooser.reject()
    program.wait(target.exists)
    assert target.read_bytes().startswith(b"%PDF")
    program.wait(lambda: any("delete the file" in text for text in program.notices()))
    program.click(forward)
    fill(program, dialog, recovery_field=key)
    program.click(forward)
    program.wait(program.find("recovery_dialog_problem", dialog).isVisible)
    services = program.services
    assert isinstance(result_of(services, lambda: services.privacy.check(key)), Problem)
    assert dialog.focusWidget() is now
    assert now.isVisible()
    fill(program, dialog, recovery_now_field=PASSPHRASE)
    program.click(forward)
    program.says("recovery_field", key, dialog)
    program.click(forward)
    program.wait(lambda: is_gone(program, "recovery_dialog"))
    assert result_of(services, lambda: services.privacy.check(key)) is None


def test_the_keyring_is_asked_only_once_it_is_of_use(start, monkeypatch):
    """Its libraries would take 20 MB and more at every start."""
    asked = []

    class Counting(MemoryVault):
        def missing(self) -> str:
            asked.append(self)
            return "it is not there"

    monkeypatch.setattr("slmdesk.history.privacy.service.system_keyring", Counting)
    program = start()
    assert not asked
    dialog = section(program, "encrypt_button", "encrypt_dialog")
    assert asked
    assert not program.find("by_itself_box", dialog).isEnabled()
    program.click(program.find("encrypt_dialog_back", dialog))
    program.wait(lambda: is_gone(program, "encrypt_dialog"))
