"""A full disk, a folder or file that cannot be written, a lock held by others: rows H5, H6."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from history.store.child import m002_more, open_either
from history.store.conftest import CHILD, KINDS_IN_SOAK, integrity, say

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.records import AnswerEnding, Status
from slmdesk.base.types import Role
from slmdesk.history.store import backup, database, open_store
from slmdesk.history.store.opening import STEPS


def can_unshare() -> bool:
    """Whether this PC lets a person make a mount of their own."""
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/tmp"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.process
@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("plain", "tmpfs"),
        ("encrypted", "tmpfs"),
        ("plain", "limit"),
        pytest.param("encrypted", "limit", marks=pytest.mark.soak),
    ],
    indirect=["kind"],
)
def test_h5_a_full_disk_is_called_full_and_nothing_is_lost(child, kind, tmp_path, home, how):
    """A real file system of 760 KiB where one can be made; a limit on the size of files everywhere."""
    if how == "tmpfs" and not can_unshare():
        how = "limit"
    if how == "tmpfs":
        home.mkdir(exist_ok=True)
        keys = tmp_path / "keys"
        script = (
            f'cp -r "$0" {keys} && mount -t tmpfs -o size=760k none "$0" && cp -r {keys}/. "$0" && '
            'head -c 200000 /dev/zero > "$0/filler" && exec "$@"'
        )
        instance = child("fill", home, 0, before=("unshare", "-rm", "sh", "-c", script, str(home)))
    else:
        instance = child("fill", home, 500_000)
    out, errors = instance.communicate("go\n", timeout=120)
    assert instance.returncode == 0, errors
    full, after = out.split("\n")[:2]
    _, code, committed, readable, by_another, notices = full.split()
    print(how, full)
    if how == "tmpfs":
        assert code == "store.full"
    else:  # a limit on the size is no full disk: SQLite calls it an I/O error, never damage
        assert code in ("store.full", "file.unwritable")
    assert int(committed) > 10
    assert committed == readable == by_another, "all that was committed can be read, also by a start on the full disk"
    assert "damaged" not in notices
    assert after == f"after {int(committed) + 1}"


@pytest.mark.pure
@KINDS_IN_SOAK
def test_h5_a_growing_answer_says_full_and_goes_on_when_there_is_room(kind, store, paths):
    chat = store.items.add("chat", "one")
    answer = store.messages.add(chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING)
    assert store.messages.grow(answer.id, "the first words")
    pages = store.database.rows("PRAGMA page_count")[0][0]
    store.database.rows(f"PRAGMA max_page_count={pages + 2}")
    words = "the first words " * 10_000
    for _ in range(3):
        with pytest.raises(KnownError, match=r"^store\.full "):
            store.messages.grow(answer.id, words)
    assert store.messages.get(answer.id).text == "the first words", "what was on the disk stays"
    assert not (paths.data / "check-at-start").exists(), "full is not damaged"
    store.database.rows("PRAGMA max_page_count=1000000")
    assert store.messages.grow(answer.id, words)
    assert store.messages.end(answer.id, words, AnswerEnding(Status.COMPLETE)).text == words


@pytest.mark.process
@KINDS_IN_SOAK
def test_h8_a_full_disk_in_a_migration_changes_nothing(child, kind, paths, some_history):
    if not can_unshare():
        pytest.skip("no mounts of one's own here; the limit on file size is tried in H5")
    size = paths.database.stat().st_size
    copy = paths.data.parent.parent / "copy"
    copy.mkdir()
    script = (
        f'cp -r "$0/." {copy} && mount -t tmpfs -o size={size + 120_000} none "$0" && cp -r {copy}/. "$0" && exec "$@"'
    )
    instance = child(
        "migrate", paths.data.parent, before=("unshare", "-rm", "sh", "-c", script, str(paths.data.parent))
    )
    out, errors = instance.communicate(timeout=60)
    assert instance.returncode == 3, errors
    assert out in ("known store.full\n", "known disk.full\n")
    open_either(paths, "d", steps=(*STEPS, m002_more)).store.close()
    assert integrity(paths) == ["ok"]


def without_roots_power() -> tuple[str, ...]:
    """Before a command: root then obeys file modes like everybody."""
    if os.geteuid() != 0:
        return ()
    dropped = "-dac_override,-dac_read_search,-fowner"
    return ("setpriv", f"--bounding-set={dropped}", "--inh-caps=" + dropped)


@pytest.mark.process
@pytest.mark.parametrize("what", ["file", "folder"])
@KINDS_IN_SOAK
def test_h6_what_cannot_be_written_can_be_read(child, kind, paths, some_history, what):
    place = paths.database if what == "file" else paths.data
    mode = place.stat().st_mode
    place.chmod(0o400 if what == "file" else 0o500)
    try:
        instance = child("read_only", paths.data.parent, before=without_roots_power())
        out, errors = instance.communicate(timeout=60)
    finally:
        place.chmod(mode)
    assert instance.returncode == 0, errors
    assert out == "True ['store.read_only'] store.read_only 50 True\n"


@pytest.mark.process
def test_h6_a_folder_that_cannot_be_made_is_said(child, home):
    home.mkdir()
    home.chmod(0o500)
    try:
        instance = child("read_only", home, before=without_roots_power())
        out, errors = instance.communicate(timeout=60)
    finally:
        home.chmod(0o700)
    assert (instance.returncode, out) == (3, "known file.unwritable\n"), errors


@pytest.mark.process
def test_h6_a_database_held_by_another_program_is_busy_within_5_seconds(child, paths, some_history, monkeypatch):
    store = open_store(paths, instance_id="d").store
    chat = store.items.page()[0]
    answer = store.messages.add(chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING)
    other = child("hold", paths.data.parent)
    assert other.stdout.readline() == "held\n"
    assert database.BUSY_MS <= 5_000
    monkeypatch.setattr(database, "BUSY_MS", 200)
    monkeypatch.setitem(database.Database.writing.__wrapped__.__kwdefaults__, "wait_ms", 200)
    assert store.messages.grow(answer.id, "words") is False, "a busy tick is no failure"
    with pytest.raises(KnownError, match=r"store\.busy"):
        say(store, chat.id, "hello")
    with pytest.raises(KnownError, match=r"store\.busy"):
        open_store(paths, instance_id="e")
    other.communicate("let go\n", timeout=120)
    assert store.messages.grow(answer.id, "words")
    store.close()


@pytest.mark.pure
def test_a_backup_is_whole_checked_and_private(store, paths, tmp_path):
    import hashlib
    import threading

    chat = store.items.add("chat", "one")
    say(store, chat.id, "hello " * 5000)
    target = tmp_path / "copy.sqlite3"
    steps: list[tuple[int, int]] = []
    outcome: list[object] = []
    with store.alone():
        thread = threading.Thread(
            target=lambda: outcome.append(backup(paths, target, lambda done, total: steps.append((done, total))))
        )
        thread.start()
        thread.join()
    assert outcome[0].bytes == target.stat().st_size
    assert outcome[0].sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
    assert steps[-1][0] == steps[-1][1] > 10
    assert target.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if "copy" in each.name] == ["copy.sqlite3"]
    restored = Paths(data=tmp_path / "b", models=tmp_path, cache=tmp_path, logs=tmp_path, config=tmp_path)
    restored.data.mkdir()
    shutil.copy(target, restored.database)
    with_copy = open_store(restored, instance_id="r").store
    assert len(with_copy.index.search("hello")) == 1
    with_copy.close()


@pytest.mark.process
def test_a_backup_needs_the_other_desks_closed(child, store, paths):
    instance = child("start", paths.data.parent, "other")
    assert instance.stdout.readline().startswith("opened")
    with pytest.raises(KnownError, match=r"store\.in_use"), store.alone():
        pass
    instance.communicate("close\n", timeout=120)
    with store.alone():
        late = subprocess.run(
            [sys.executable, str(CHILD), "start", str(paths.data.parent), "late"],
            input="close\n", capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert late.stdout == "known store.busy\n"
    assert not (paths.instance_locks / "late.lock").exists()


@pytest.mark.pure
def test_a_backup_that_is_stopped_or_has_no_room_leaves_nothing(store, paths, tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total):
        raise Stop

    target = tmp_path / "out" / "copy.sqlite3"
    target.parent.mkdir()
    with pytest.raises(Stop):
        backup(paths, target, stop)
    assert list(target.parent.iterdir()) == []
    with pytest.raises(KnownError, match=r"file\.unwritable"):
        backup(paths, tmp_path / "nowhere" / "copy.sqlite3")
