"""The files of keys: which one is the history's, what a kill or damage leaves of them, and that nothing comes back."""

from __future__ import annotations

import json
import random

import pytest
from fakes.encrypted import CHEAP, PASSPHRASE, encrypt
from history.store.conftest import say

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_atomically
from slmdesk.base.paths import Paths, find_paths
from slmdesk.base.sealing import shown
from slmdesk.history.store import DataKey, KeyFile, new_data_key, open_store
from slmdesk.history.store.backup import backup
from slmdesk.history.store.database import FileLock
from slmdesk.history.store.keys import keys_of, read_keys, to_bytes, unlock, write_keys
from slmdesk.history.store.restoring import prepare_backup, replace_history

pytestmark = pytest.mark.process

OTHER = "another passphrase"


@pytest.fixture
def key(paths: Paths) -> DataKey:
    """Of an encrypted history that nobody has open."""
    return encrypt(paths)


@pytest.fixture
def old(paths: Paths, key: DataKey) -> KeyFile:
    """What a kill after the renaming leaves: the history has new keys, of which only the next file knows."""
    old = read_keys(paths.keys_file)
    renewed = new_data_key()
    store = open_store(paths, instance_id="renews", key=key).store
    store.change_key(renewed, KeyFile().with_passphrase(renewed, PASSPHRASE, CHEAP))
    store.close()
    write_atomically(paths.next_keys_file, paths.keys_file.read_bytes())
    write_keys(paths, old)
    return old


def is_refused(paths: Paths, words: str) -> str:
    with pytest.raises(KnownError) as caught:
        unlock(paths, words)
    return caught.value.code


def test_what_a_kill_left_is_put_in_order_so_that_a_changed_passphrase_stays_changed(paths, old):
    key = unlock(paths, PASSPHRASE)
    assert not paths.next_keys_file.exists()
    write_keys(paths, read_keys(paths.keys_file).with_passphrase(key, OTHER, CHEAP))
    for _ in range(2):
        assert is_refused(paths, PASSPHRASE) == "key.wrong"
        assert unlock(paths, OTHER) == key


def test_keys_that_are_just_being_made_are_left_alone(paths, key):
    """Somebody unlocks while another instance gives the history new keys: it has not renamed it yet."""
    renewed = new_data_key()
    coming = to_bytes(KeyFile().with_passphrase(renewed, OTHER, CHEAP))
    write_atomically(paths.next_keys_file, coming)
    lock = FileLock(paths.schema_lock)
    assert lock.try_alone()
    assert unlock(paths, PASSPHRASE) == key
    assert paths.next_keys_file.read_bytes() == coming
    lock.close()
    assert unlock(paths, PASSPHRASE) == key
    assert not paths.next_keys_file.exists(), "the control: nobody makes them any more"


def full(*_args) -> None:
    raise KnownError("disk.full")


def test_a_restoring_that_fails_leaves_no_keys_of_the_backup(paths, store, tmp_path, monkeypatch):
    elsewhere = find_paths(tmp_path / "elsewhere")
    theirs = encrypt(elsewhere)
    target = tmp_path / "theirs.slmbackup"
    backup(elsewhere, target, key=theirs)
    say(store, store.items.add("chat", "mine").id, "hello")
    with store.alone(), prepare_backup(paths, target, source_key=theirs) as ready:
        with monkeypatch.context() as patch:
            patch.setattr("slmdesk.history.store.restoring._swap", full)
            with pytest.raises(KnownError, match=r"disk\.full"):
                replace_history(paths, ready, store=store)
        assert not paths.next_keys_file.exists()
        assert store.key is None
        replace_history(paths, ready, store=store)
    assert store.key == theirs
    assert read_keys(paths.keys_file) == read_keys(elsewhere.keys_file)


def test_a_changed_sign_anywhere_and_the_copy_opens_it(paths, key):
    whole, chance = paths.keys_file.read_bytes(), random.Random(5)
    read = 0
    for _ in range(60):
        data = bytearray(whole)
        at = chance.randrange(len(data))
        data[at] = chance.choice(b"0123456789abcdef")
        paths.keys_file.write_bytes(data)
        paths.keys_copy.write_bytes(whole)
        read += data != whole and read_keys(paths.keys_file) is not None
        assert unlock(paths, PASSPHRASE) == key, (at, bytes(data))
        assert read_keys(paths.keys_file) == read_keys(paths.keys_copy)
    assert read < 3, "what was changed is seen, but for blanks and the name of the sum"


def without_sum(data: bytes) -> dict[str, object]:
    """As a version wrote it that knew neither."""
    shape = json.loads(data)
    del shape["sum"], shape["check"]
    return shape


def test_a_file_of_before_there_were_sums_opens_it_and_what_it_asks_for_is_no_error(paths, key):
    shape = without_sum(paths.keys_file.read_bytes())
    for path in (paths.keys_file, paths.keys_copy):
        path.write_text(json.dumps(shape))
    assert unlock(paths, PASSPHRASE) == key
    assert keys_of(paths, key) == read_keys(paths.keys_file)
    for change in ({"salt": "00"}, {"memory_kib": 64, "lanes": 16}):
        changed = json.loads(json.dumps(shape))
        changed["slots"][0]["kdf"].update(change)
        assert changed["slots"][0]["kind"] == "passphrase"
        paths.keys_file.write_text(json.dumps(changed))
        paths.keys_copy.unlink(missing_ok=True)
        assert is_refused(paths, PASSPHRASE) == "key.wrong"
        assert unlock(paths, shown(bytes(range(20)))) == key
        paths.keys_file.unlink()


def test_the_keys_of_the_history_are_told_from_others(paths, old):
    key = unlock(paths, PASSPHRASE)
    current = read_keys(paths.keys_file)
    assert (current.is_of(key), old.is_of(key), old.is_of(new_data_key())) == (True, False, False)
    write_atomically(paths.next_keys_file, paths.keys_file.read_bytes())
    write_keys(paths, old)
    assert keys_of(paths, key) == current
    paths.next_keys_file.unlink()
    with pytest.raises(KnownError, match=r"key\.file_damaged"):
        keys_of(paths, key)
