"""Where tokens are kept: only in a system's own keyring, or in a file that nobody else can read."""

from __future__ import annotations

import os
import stat
import threading

import keyring
import pytest
from fakes.vaults import PlainFileBackend, SystemBackend

from slmdesk.base.errors import KnownError
from slmdesk.models.hub.vault import PrivateFile, SystemKeyring

pytestmark = pytest.mark.pure
SECRET, HOST = "hf_Marker7531", "huggingface.co"


@pytest.fixture
def use():
    """Makes a back end the one of this process."""
    before = keyring.get_keyring()
    made = []

    def put(backend):
        made.append(backend)
        keyring.set_keyring(backend)
        return backend

    yield put
    for each in made:
        each.go.set()
    keyring.set_keyring(before)


def test_the_systems_keyring_keeps_changes_and_forgets(use) -> None:
    backend, vault = use(SystemBackend()), SystemKeyring()
    assert vault.missing() == ""
    assert vault.get(HOST) == ""
    vault.put(HOST, SECRET)
    assert list(backend.kept.values()) == [SECRET]
    assert vault.get(HOST) == SECRET
    assert vault.get("mirror.example.org") == ""
    vault.remove(HOST)
    vault.remove(HOST)
    assert backend.kept == {}


def test_a_keyring_that_is_a_plain_file_is_no_keyring(use) -> None:
    backend, vault = use(PlainFileBackend()), SystemKeyring()
    assert vault.missing() == "this system has none"
    with pytest.raises(KnownError, match=r"^token\.keyring "):
        vault.put(HOST, SECRET)
    assert backend.kept == {}


def test_one_that_hangs_is_given_up_and_what_it_keeps_too_late_is_taken_back(use) -> None:
    backend = use(SystemBackend())
    vault = SystemKeyring(answer_s=0.05)
    backend.go.clear()
    with pytest.raises(KnownError) as err:
        vault.get(HOST)
    assert err.value.args_for_people == {"reason": "it does not answer"}
    removed = []
    backend.delete_password = lambda *_args: (removed.append(1), backend.asked.clear())
    with pytest.raises(KnownError):
        vault.put(HOST, SECRET)
    backend.go.set()
    for each in threading.enumerate():
        if each.name == "keyring":
            each.join(30)
    assert removed == [1]


def test_one_that_keeps_too_late_and_does_not_take_it_back_is_in_the_log_without_the_secret(use, caplog) -> None:
    backend, vault = use(SystemBackend()), SystemKeyring(answer_s=0.05)
    backend.go.clear()

    def refuse(*_args):
        raise RuntimeError(f"cannot forget {SECRET}")

    backend.delete_password = refuse
    with pytest.raises(KnownError):
        vault.put(HOST, SECRET)
    backend.go.set()
    for each in threading.enumerate():
        if each.name == "keyring":
            each.join(30)
    (record,) = caplog.records
    assert "RuntimeError" in record.getMessage()
    assert SECRET not in caplog.text
    caplog.clear()


def test_what_it_says_is_not_passed_on(use) -> None:
    backend, vault = use(SystemBackend()), SystemKeyring()
    backend.error = RuntimeError(f"cannot store {SECRET}")
    with pytest.raises(KnownError) as err:
        vault.put(HOST, SECRET)
    assert err.value.args_for_people == {"reason": "it refused: RuntimeError"}
    assert err.value.__cause__ is None
    assert SECRET not in repr(err.getrepr(style="long"))


def test_a_file_is_for_its_owner_alone(tmp_path) -> None:
    path = tmp_path / "config" / "access-token.json"
    vault = PrivateFile(path)
    assert vault.get(HOST) == ""
    vault.remove(HOST)
    vault.put(HOST, SECRET)
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert (vault.get(HOST), vault.get("x.org")) == (SECRET, "")
    path.chmod(0o644)
    assert vault.get(HOST) == SECRET
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, "closed to others when it was found open"
    vault.remove(HOST)
    assert list(path.parent.iterdir()) == []


def test_what_a_power_cut_left_goes_with_the_next_change(tmp_path, monkeypatch) -> None:
    path = tmp_path / "access-token.json"
    half = tmp_path / ".access-token.json.0a1b2c3d.new"
    other = tmp_path / ".settings.json.0a1b2c3d.new"
    for change in (lambda vault: vault.put(HOST, SECRET), lambda vault: vault.remove(HOST)):
        half.write_text(SECRET)
        other.touch()
        change(PrivateFile(path))
        assert not half.exists()
        assert other.exists(), "nobody else's"


def test_a_disk_that_knows_no_owners_gets_none(tmp_path, monkeypatch) -> None:
    from slmdesk.models.hub import vault as module

    def write(path, data):
        path.write_bytes(data)
        path.chmod(0o644)  # as on FAT

    monkeypatch.setattr(module, "write_atomically", write)
    path = tmp_path / "access-token.json"
    with pytest.raises(KnownError, match=r"^file\.unwritable "):
        PrivateFile(path).put(HOST, SECRET)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\x00", b"[" * 60_000])
def test_a_spoilt_file_is_said_and_not_quoted(tmp_path, content) -> None:
    path = tmp_path / "token.json"
    path.write_bytes(content)
    with pytest.raises(KnownError) as err:
        PrivateFile(path).get(HOST)
    assert (err.value.args_for_people["reason"], err.value.__cause__) == ("it is damaged", None)


@pytest.mark.parametrize("content", [b"[]", b'{"huggingface.co": 7}', b"null"])
def test_a_file_of_another_shape_holds_none(tmp_path, content) -> None:
    path = tmp_path / "token.json"
    path.write_bytes(content)
    assert PrivateFile(path).get(HOST) == ""


def test_neither_link_nor_pipe_is_read(tmp_path) -> None:
    (tmp_path / "other").write_text('{"huggingface.co": "hf_other"}')
    (tmp_path / "link").symlink_to(tmp_path / "other")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(KnownError, match=r"^file\.unreadable "):
            PrivateFile(tmp_path / name).get(HOST)
