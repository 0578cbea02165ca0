"""The history encrypted: keys proved before SQLite sees them, no word readable in any file, both ways and back."""

from __future__ import annotations

import random
import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes.contents import files_with
from fakes.encrypted import CHEAP
from history.store.conftest import decrypted, say
from history.store.power import Replay, trace_command

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths, find_paths
from slmdesk.base.settings import SettingsFile
from slmdesk.history.privacy.opening import follow_key
from slmdesk.history.store import damaged_copies, open_store
from slmdesk.history.store.backup import backup, kept_copies, source_of, unlock_backup
from slmdesk.history.store.database import connect, journal_of
from slmdesk.history.store.file import CipherPages, StoreFile
from slmdesk.history.store.keys import (
    DataKey,
    KeyFile,
    keys_beside,
    new_data_key,
    read_keys,
    unlock,
    unlock_with,
    wants_key,
    write_keys,
)
from slmdesk.history.store.opening import STEPS
from slmdesk.history.store.restoring import backups, prepare_backup, replace_history, restore
from slmdesk.tasks.writing.spelling.own_words import OwnWords

pytestmark = pytest.mark.process

PASSPHRASE, RECOVERY, KEYRING = "correct horse", bytes(range(20)), bytes(range(32))
MARKER = "XQMARKERXQ"
NAMED = f"/srv/{MARKER}.pem"
"""A file that the settings name."""


@pytest.fixture
def key() -> DataKey:
    return new_data_key()


@pytest.fixture
def keys(key: DataKey) -> KeyFile:
    return keys_of(key)


def keys_of(key: DataKey) -> KeyFile:
    keys = KeyFile().with_passphrase(key, PASSPHRASE, CHEAP)
    return keys.with_recovery(key, RECOVERY).with_keyring(key, KEYRING)


@pytest.fixture
def encrypted(paths: Paths, key: DataKey, keys: KeyFile) -> dict[str, str]:
    """A closed, encrypted history; message id → its words."""
    store = open_store(paths, instance_id="history").store
    words: dict[str, str] = {}
    with store.together():
        for chat in range(4):
            item, parent = store.items.add("chat", f"{MARKER} title {chat}").id, None
            for number in range(20):
                text = f"{MARKER} hello {chat} {number} " + "some longer words " * (400 if number % 7 == 0 else 3)
                parent = say(store, item, text, parent=parent)
                words[parent] = text
    store.change_key(key, keys)
    store.close()
    return words


def words_in(paths: Paths, key: DataKey | None) -> dict[str, str]:
    opened = open_store(paths, instance_id="look", key=key)
    assert opened.notices == ()
    try:
        store = opened.store
        texts = {
            message.id: "".join(part.text for part in message.parts)
            for item in store.items.page(limit=100)
            for message in store.messages.of_item(item.id)
        }
        assert store.index.is_current(thorough=True)
        assert not texts or len(store.index.search("hello", limit=500)) == len(texts)
        return texts
    finally:
        store.close()


def test_one_module_alone_names_the_libraries():
    import slmdesk.history.store

    names = re.compile(r"\b(import|from) +(sqlite3|sqlcipher3)\b|sqlite3\.[A-Za-z]*[a-z]\(")
    files = Path(slmdesk.history.store.__file__).parent.rglob("*.py")
    assert [each.name for each in files if names.search(each.read_text())] == ["database.py"]


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.soak)])
def test_a_wrong_key_never_reaches_sqlite_and_changes_nothing(paths, key, encrypted, count):
    before, names = paths.database.read_bytes(), sorted(each.name for each in paths.data.iterdir())
    chance = random.Random(1)
    for _ in range(count):
        with pytest.raises(KnownError, match=r"^key\.wrong "):
            open_store(paths, instance_id="wrong", key=DataKey(chance.randbytes(32)))
    with pytest.raises(KnownError, match=r"^key\.missing "):
        open_store(paths, instance_id="none")
    assert paths.database.read_bytes() == before
    assert sorted(each.name for each in paths.data.iterdir()) == names, "never set aside"
    assert words_in(paths, key) == encrypted


def test_a_wrong_passphrase_or_recovery_key_is_told_by_the_file_of_keys(paths, key, encrypted):
    before = paths.database.read_bytes()
    assert wants_key(paths)
    for typed, code in (
        ("wrong horse", "key.wrong"),
        ("", "key.wrong"),
        ("0000-0000-0000-0000-0000-0000-0000-0000-0", "key.wrong"),
        ("0000-0000-0000-0000-0000-0000-0000-0000-1", "key.mistyped"),
    ):
        with pytest.raises(KnownError) as caught:
            unlock(paths, typed)
        assert caught.value.code == code
    with pytest.raises(KnownError, match=r"^key\.wrong "):
        unlock_with(paths, "keyring", bytes(32))
    from slmdesk.base.sealing import shown

    for unlocked in (unlock(paths, PASSPHRASE), unlock(paths, shown(RECOVERY).lower()),
                  unlock_with(paths, "keyring", KEYRING)):  # fmt: skip
        assert unlocked == key
    assert paths.database.read_bytes() == before


def test_keys_of_another_history_are_told_from_damage(paths, key, encrypted):
    write_keys(paths, keys_of(new_data_key()))
    with pytest.raises(KnownError, match=r"^key\.file_damaged "):
        unlock(paths, PASSPHRASE)
    assert words_in(paths, key) == encrypted


def test_without_a_key_version_size_and_kind_are_known(paths, encrypted):
    file = StoreFile(paths.database)
    assert (file.is_encrypted, file.version) == (True, len(STEPS))
    assert file.verdict(len(STEPS)) == "ours"
    assert file.verdict(len(STEPS) - 1) == "newer", "what an older slmdesk says"
    assert b"CREATE" not in file.header
    with closing(sqlite3.connect(paths.database)) as conn, pytest.raises(sqlite3.DatabaseError):
        conn.execute("select * from items").fetchall()


def test_pages_are_read_as_sqlcipher_wrote_them(paths, key, encrypted):
    data, pages = paths.database.read_bytes(), CipherPages(key)
    assert len(data) % 4096 == 0
    plain = b""
    for at in range(len(data) // 4096):
        page = data[at * 4096 : (at + 1) * 4096]
        assert pages.is_whole(at + 1, page)
        assert not pages.is_whole(at + 2, page), "a page in another's place"
        plain += decrypted(key, at + 1, page)
    assert MARKER.encode() in plain
    assert MARKER.encode() not in data


def test_all_of_it_is_there_after_encrypting_and_after_decrypting(paths, key, encrypted):
    assert words_in(paths, key) == encrypted
    store = open_store(paths, instance_id="back", key=key).store
    store.change_key(None, None)
    assert store.key is None
    store.close()
    assert not paths.keys_file.exists()
    assert not paths.keys_copy.exists()
    assert StoreFile(paths.database).is_plain
    assert not wants_key(paths)
    assert words_in(paths, None) == encrypted
    assert words_in(paths, key) == encrypted, "a key that is not wanted does no harm"


def test_it_wants_to_be_alone_and_room_on_the_disk(paths, store, key, keys, monkeypatch):
    other = open_store(paths, instance_id="other").store
    with pytest.raises(KnownError, match=r"^store\.in_use "):
        store.change_key(key, keys)
    other.close()
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
        with pytest.raises(KnownError) as caught:
            store.change_key(key, keys)
    assert caught.value.code == "disk.full"
    assert (store.key, list(store.items.page())) == (None, [])
    assert not StoreFile(paths.database).is_encrypted
    assert not list(paths.data.glob("keys.json*"))
    store.items.add("chat", "goes on")


def test_copies_are_made_anew_in_the_kind_of_the_history(paths, store, key, keys):
    from slmdesk.history.store.backup import keep_copy

    say(store, store.items.add("chat", "one").id, f"{MARKER} hello")
    paths.states.mkdir()
    (paths.states / "one.state").write_bytes(b"numbers")
    keep_copy(paths, "before-2", None)
    assert set(files_with(paths.data, MARKER)) == {kept_copies(paths)[0].name, "slmdesk.sqlite3"}
    store.change_key(key, keys)
    (copy,) = kept_copies(paths)
    assert copy.suffix == ".slmbackup"
    assert files_with(paths.data, MARKER) == []
    assert not list(paths.states.iterdir())
    assert [each.path for each in backups(paths)] == [copy]
    store.change_key(None, None)
    (copy,) = kept_copies(paths)
    assert copy.suffix == ".sqlite3"


@pytest.mark.parametrize("is_encrypted_now", [True, False], ids=["encrypted", "control"])
def test_a_hot_journal_holds_no_word(child, paths, key, keys, is_encrypted_now):
    first = open_store(paths, instance_id="first").store
    say(first, first.items.add("chat", "one").id, "begun")
    if is_encrypted_now:
        first.change_key(key, keys)
    first.close()
    running = child("leave_hot", paths.data.parent, KEYRING.hex() if is_encrypted_now else "", MARKER)
    assert running.wait() == -signal.SIGKILL, running.stderr.read()
    assert journal_of(paths.database).stat().st_size > 1 << 16, "the journal is hot"
    marked = files_with(paths.data, MARKER)
    if is_encrypted_now:
        assert marked == []
    else:
        assert "slmdesk.sqlite3-journal" in marked, "the control"
    opened = open_store(paths, instance_id="after", key=key if is_encrypted_now else None)
    assert opened.notices == ()
    assert opened.store.messages.of_item(opened.store.items.page()[0].id)[-1].parts[0].text.startswith(MARKER)
    opened.store.close()


CALLS = "write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename,unlinkat"
KILL, FULL = "signal=KILL", "error=ENOSPC"


def struck_at(child, home: Path, tmp_path: Path, command: str, fault: str, count: int, step: int) -> tuple[int, int]:
    """Strike with a fault at every `step`-th call that changes a file, at most `count` times.  Returns how many times,
    and how often the history was the new one already.
    """
    before = tmp_path / "before"
    shutil.copytree(home, before)
    was = read_keys(find_paths(home).keys_file)
    trace, strace = tmp_path / "calls", ("strace", "-f", "--seccomp-bpf", "-e", "signal=none")
    running = child(command, home, before=(*strace, "-y", "-e", f"trace={CALLS}", "-o", str(trace)))
    assert running.wait() == 0, running.stderr.read()
    places = calls_of(trace, home, NEED_ROOM if fault == FULL else tuple(CALLS.split(",")))
    assert len(places) > 50, "the control: its calls were seen"
    times = new = 0
    for name, number in places[::-step][:count]:  # the renaming is among the last
        shutil.rmtree(home)
        shutil.copytree(before, home)
        # pwrite64 is SQLite's alone: no room from then on; a file of Python's may find some at its next try
        when = f"{number}+" if fault == FULL and name == "pwrite64" else number
        running = child(command, home, before=(*strace, "-e", f"inject={name}:{fault}:when={when}", "-o", "/dev/null"))
        out, errors = running.communicate()
        if fault == FULL:
            assert (running.returncode, out) in ((0, ""), *((3, f"known {code}\n") for code in NO_ROOM)), errors
        is_new = is_old_or_new(find_paths(home), was)
        assert fault == KILL or is_new == (running.returncode == 0), f"what was said is so: {name} {number} {out}"
        times, new = times + 1, new + is_new
    return times, new


NEED_ROOM = ("write", "pwrite64", "fsync", "fdatasync")
NO_ROOM = ("disk.full", "store.full", "file.unwritable")
"""What is said; SQLite calls a sync that fails an I/O error, as it does a disk that breaks."""


def calls_of(trace: Path, home: Path, names: tuple[str, ...]) -> list[tuple[str, int]]:
    """Each call of these names on a file of the home: its name, and the how many-th of that name it is.  The syncing of
    a folder, for which there is always room, counts among all calls alone.
    """
    seen: dict[str, int] = {}
    places = []
    for line in trace.read_text().splitlines():
        match = re.match(r"\d+ +(\w+)\((?:\d+<([^>]*)>)?", line)
        if match is None:
            continue
        seen[match[1]] = seen.get(match[1], 0) + 1
        is_folder = names == NEED_ROOM and match[2] is not None and Path(match[2]).is_dir()
        if match[1] in names and str(home) in line and not is_folder:
            places.append((match[1], seen[match[1]]))
    return places


def is_old_or_new(paths: Paths, was: KeyFile | None) -> bool:
    """Whether it is the new one, with other keys than it `was`.  Old or new it must be, opened with what the person
    has, and so must the files beside it that are sealed with its key.
    """
    key = unlock(paths, PASSPHRASE) if wants_key(paths) else None
    texts = words_in(paths, key)
    assert len(texts) == 3
    assert all(text.startswith(MARKER) for text in texts.values())
    store = open_store(paths, instance_id="after", key=key).store
    settings, own = SettingsFile(paths.settings_file), OwnWords(paths.own_words, lambda: store.keys_for("words"))
    follow_key(store, settings, own)  # as every start does, and the next
    assert (settings.problems, settings.current.ca_file, own.words()) == ([], NAMED, {MARKER})
    store.purge()
    store.close()
    if key is not None:
        assert unlock(paths, PASSPHRASE) == key
        assert read_keys(paths.keys_file) == read_keys(paths.keys_copy)
        assert not paths.next_keys_file.exists()
        assert files_with(paths.data.parent, MARKER) == []
    return (read_keys(paths.keys_file) if key is not None else None) != was


COMMANDS = ("encrypt", "decrypt", "renew")


@pytest.mark.parametrize(
    ("fault", "command", "count", "step"),
    [
        (KILL, "encrypt", 3, 27),
        (KILL, "renew", 3, 27),
        (FULL, "encrypt", 3, 27),
        *(pytest.param(KILL, command, 100_000, 1, marks=pytest.mark.soak) for command in COMMANDS),
        *(pytest.param(FULL, command, 100_000, 1, marks=pytest.mark.soak) for command in COMMANDS),
    ],
)
def test_struck_at_its_calls_it_is_the_old_or_the_new(child, paths, tmp_path, command, fault, key, keys, count, step):
    prepare(paths, key, keys, command)
    times, new = struck_at(child, paths.data.parent, tmp_path, command, fault, count, step)
    print(f"{command}, {fault}: {times} times, {new} times it was the new one already")
    assert 0 < new < times, "before the renaming and after it"


def cut_off_from_power(child, home: Path, tmp_path: Path, command: str, cuts: int, seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    before, trace, after = (tmp_path / name for name in ("before", "trace", "after"))
    shutil.copytree(home, before)
    was = read_keys(find_paths(home).keys_file)
    running = child(command, home, before=trace_command(trace))
    _, errors = running.communicate()
    assert running.returncode == 0, errors
    replay = Replay(trace, home)
    assert replay.syncs > 5
    assert replay.renamings, "the control: they were seen"
    new = 0
    for cut in sorted(chance.randrange(replay.length + 1) for _ in range(cuts)):
        replay.materialise(before, after, cut, chance)
        new += is_old_or_new(find_paths(after), was)
    print(f"{command}: {cuts} power cuts, {new} times it was the new one already")
    for _ in range(20):  # chance may keep just the writes that count
        replay.materialise(before, after, replay.length, chance, honest=False)
        try:
            is_old_or_new(find_paths(after), was)
        except (AssertionError, KnownError):
            return
    pytest.fail("the control: with a disk that ignores syncs it is neither")


@pytest.mark.parametrize(("cuts", "seed"), [(15, 3), pytest.param(300, None, marks=pytest.mark.soak)])
@pytest.mark.parametrize("command", COMMANDS)
def test_cut_off_from_power_it_is_the_old_or_the_new(child, paths, tmp_path, command, key, keys, cuts, seed):
    prepare(paths, key, keys, command)
    seed = random.randrange(1 << 30) if seed is None else seed
    cut_off_from_power(child, paths.data.parent, tmp_path, command, cuts, seed)


@pytest.mark.parametrize("command", ["encrypt", "renew"])
def test_no_room_for_the_file_of_keys_after_the_renaming(paths, key, keys, tmp_path, monkeypatch, command):
    """The history has its new key by then: what opens it is in place, and is what a backup carries."""
    prepare(paths, key, keys, command)
    other = new_data_key()
    with closing(open_store(paths, instance_id="changes", key=key if command == "renew" else None).store) as store:
        with monkeypatch.context() as patched:

            def full(path: Path, _data: bytes) -> None:
                raise KnownError("disk.full", path=str(path), needed_bytes=1000, available_bytes=0)

            patched.setattr("slmdesk.history.store.keys.write_atomically", full)
            store.change_key(other, keys_of(other))
        assert store.key == other
        backup(paths, tmp_path / "my.slmbackup", key=store.key)
    assert unlock_backup(tmp_path / "my.slmbackup", PASSPHRASE) == other
    assert unlock(paths, PASSPHRASE) == other
    assert read_keys(paths.keys_file) == read_keys(paths.keys_copy), "the copy is made when it is next opened"
    assert not paths.next_keys_file.exists()


def prepare(paths: Paths, key: DataKey, keys: KeyFile, command: str) -> None:
    store = open_store(paths, instance_id="first").store
    item = store.items.add("chat", "one").id
    for number in range(3):
        say(store, item, f"{MARKER} hello {number}")
    settings, own = SettingsFile(paths.settings_file), OwnWords(paths.own_words, lambda: store.keys_for("words"))
    paths.config.mkdir(parents=True)
    settings.change(ca_file=NAMED)
    own.add(frozenset([MARKER]))
    if command != "encrypt":
        store.change_key(key, keys, lambda: follow_key(store, settings, own))
    store.close()


def test_a_lost_or_damaged_file_of_keys_is_replaced_by_its_copy(paths, key, encrypted):
    for spoil in (lambda: paths.keys_file.unlink(), lambda: paths.keys_file.write_bytes(b"{"),
                  lambda: paths.keys_copy.unlink()):  # fmt: skip
        spoil()
        assert unlock(paths, PASSPHRASE) == key
        assert read_keys(paths.keys_file) == read_keys(paths.keys_copy) is not None
    paths.keys_file.write_bytes(b"[]")
    paths.keys_copy.write_bytes(b"")
    before = paths.database.read_bytes()
    with pytest.raises(KnownError, match=r"^key\.file_damaged "):
        unlock(paths, PASSPHRASE)
    assert paths.database.read_bytes() == before


def test_without_the_library_nothing_is_touched(paths, key, keys, encrypted, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    before = paths.database.read_bytes()
    with pytest.raises(KnownError) as caught:
        open_store(paths, instance_id="without", key=key)
    assert (caught.value.code, caught.value.args_for_people) == ("key.library_missing", {"library": "sqlcipher3"})
    assert paths.database.read_bytes() == before


def test_an_index_that_cannot_be_built_again_is_damage(paths, key, encrypted):
    """As a disk leaves it that lies about what it wrote."""
    with closing(connect(paths.database, key=key)) as conn:
        conn.execute("delete from words_config")
    (paths.data / "check-at-start").touch()
    opened = open_store(paths, instance_id="damaged", key=key)
    assert [notice.code for notice in opened.notices] == ["store.rebuilt"]
    assert len(opened.store.index.search("hello", limit=1000)) == len(encrypted)
    opened.store.close()


def test_a_lost_header_is_damage_and_what_comes_after_is_encrypted(paths, key, encrypted):
    data = bytearray(paths.database.read_bytes())
    data[:112] = bytes(112)
    paths.database.write_bytes(data)
    assert wants_key(paths)
    assert unlock(paths, PASSPHRASE) == key
    opened = open_store(paths, instance_id="damaged", key=key)
    assert [notice.code for notice in opened.notices] == ["store.repaired"]
    (aside,) = damaged_copies(paths.database)
    assert aside.read_bytes() == data
    assert read_keys(keys_beside(aside)) == read_keys(paths.keys_file)
    assert {message.id for message in opened.store.changed_since(0).messages} == set(encrypted)
    opened.store.close()
    assert StoreFile(paths.database).fits(key)
    assert files_with(paths.data, MARKER) == []


def test_a_backup_has_its_keys_with_it_and_no_word(paths, key, keys, encrypted, tmp_path):
    import hashlib
    import tarfile

    target = tmp_path / "my.slmbackup"
    done = backup(paths, target, key=key)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == done.sha256
    assert target.stat().st_size == done.bytes
    assert target.stat().st_mode & 0o777 == 0o600
    assert MARKER.encode() not in target.read_bytes()
    with tarfile.open(target) as tar:
        assert tar.getnames() == ["keys.json", "slmdesk.sqlite3", "SHA256SUMS"]
        for line in tar.extractfile("SHA256SUMS").read().decode().splitlines():
            total, _, name = line.partition("  ")
            assert hashlib.sha256(tar.extractfile(name).read()).hexdigest() == total
    assert source_of(target).keys == read_keys(paths.keys_file)
    assert unlock_backup(target, PASSPHRASE) == key
    with pytest.raises(KnownError, match=r"^key\.wrong "):
        unlock_backup(target, "wrong")


def backup_of_another(tmp_path: Path, *, plain: bool) -> tuple[Path, DataKey | None]:
    paths = find_paths(tmp_path / "elsewhere")
    store = open_store(paths, instance_id="elsewhere").store
    say(store, store.items.add("chat", "theirs").id, f"{MARKER} hello theirs")
    key = None
    if not plain:
        key = new_data_key()
        store.change_key(key, keys_of(key))
    store.close()
    target = tmp_path / "theirs.backup"
    backup(paths, target, key=key)
    return target, key


@pytest.mark.parametrize("plain", [True, False])
def test_what_is_restored_into_an_encrypted_history_gets_its_keys(paths, key, encrypted, tmp_path, plain):
    target, theirs = backup_of_another(tmp_path, plain=plain)
    before = read_keys(paths.keys_file)
    with pytest.raises(KnownError, match=r"^key\.missing "):
        restore(paths, target, key=None if plain else key)
    done = restore(paths, target, key=key, source_key=theirs)
    assert list(words_in(paths, key).values()) == [f"{MARKER} hello theirs"]
    assert read_keys(paths.keys_file) == before
    assert files_with(paths.data, MARKER) == []
    assert read_keys(keys_beside(done.aside)) == before
    again = restore(paths, done.aside, key=key)
    assert words_in(paths, key) == encrypted
    assert again.aside is not None


def test_a_history_that_was_encrypted_from_its_beginning_comes_back(paths, key, keys, tmp_path):
    """Its tables were made by sqlcipher3's own SQLite: word for word as those of Python's."""
    paths.data.mkdir(parents=True)
    write_keys(paths, keys)
    store = open_store(paths, instance_id="first", key=key).store
    say(store, store.items.add("chat", "one").id, f"{MARKER} hello first")
    store.close()
    assert StoreFile(paths.database).fits(key)
    backup(paths, tmp_path / "my.slmbackup", key=key)
    restore(paths, tmp_path / "my.slmbackup", key=key)
    assert list(words_in(paths, key).values()) == [f"{MARKER} hello first"]


def test_a_plain_history_gets_the_keys_of_an_encrypted_backup(paths, store, tmp_path):
    target, theirs = backup_of_another(tmp_path, plain=False)
    with store.alone(), prepare_backup(paths, target, source_key=theirs) as ready:
        replace_history(paths, ready, store=store)
    assert store.key == theirs
    store.items.add("chat", "goes on")
    store.close()
    assert unlock(paths, PASSPHRASE) == theirs
    assert list(words_in(paths, theirs).values()) == [f"{MARKER} hello theirs"]


def test_a_history_whose_keys_are_lost_gives_way_to_an_encrypted_backup(paths, key, encrypted, tmp_path):
    target, theirs = backup_of_another(tmp_path, plain=False)
    done = restore(paths, target, source_key=theirs)
    assert unlock(paths, PASSPHRASE) == theirs
    assert list(words_in(paths, theirs).values()) == [f"{MARKER} hello theirs"]
    assert source_of(done.aside).fits(unlock_backup(done.aside, PASSPHRASE)), "the old keys lie beside the old history"
    restore(paths, done.aside, key=theirs, source_key=key)
    assert words_in(paths, theirs) == encrypted


def test_an_encrypted_backup_that_was_changed_is_refused(paths, key, encrypted, tmp_path):
    target = tmp_path / "my.slmbackup"
    backup(paths, target, key=key)
    whole = target.read_bytes()
    before = paths.database.read_bytes()
    chance = random.Random(3)
    for _ in range(4):
        data = bytearray(whole)
        at = chance.randrange(16384, len(data) - 16384)
        data[at] ^= 0xFF
        target.write_bytes(data)
        with pytest.raises(KnownError, match=r"^backup\.unusable "):
            restore(paths, target, key=key)
    assert paths.database.read_bytes() == before
    target.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(KnownError) as caught:
        restore(paths, target, key=key)
    assert caught.value.code in ("backup.unusable", "key.file_damaged")
