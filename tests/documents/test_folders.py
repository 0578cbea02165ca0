"""Folders asked as one: what is new, changed, moved or gone is seen; nothing odd in them stops the rest."""

from __future__ import annotations

import os
import shutil
import threading
import time

import pytest
from fakes.contents import OLD, write
from fakes.recorder import Recorder, open_echo, result_of, wait_until

from slmdesk.base.paths import find_paths
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.events import DocumentProgress
from slmdesk.base.runtime.messages import Problem
from slmdesk.documents.types import CollectionChanged, CollectionGone, CollectionStatus
from slmdesk.history.store.backup import backup, renew_copies

pytestmark = pytest.mark.process


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "papers"
    made.mkdir()
    return made


def add(services, folder, *, watched=False):
    state = result_of(services, lambda: services.collections.add(folder, watched=watched))
    return state if isinstance(state, Problem) else looked(services, state.record.id)


def looked(services, id, *, resume=False):
    return result_of(services, lambda: services.collections.look(id, resume=resume))


def names(services, state):
    return sorted(
        document.name
        for document in services.service_thread.call(lambda: services.collections.documents(state.record.id))
    )


def finds(services, state, word):
    documents = [
        document.id
        for document in services.service_thread.call(
            lambda: services.store.collections.asked_documents(state.record.id)
        )
    ]
    return services.service_thread.call(lambda: services.store.passages.find([word], documents))


def test_what_is_new_changed_renamed_and_gone_is_seen(services, folder):
    recorder = Recorder(services)
    write(folder / "a.txt", "the pump stops")
    write(folder / "deep" / "b.txt", "the valve opens")
    write(folder / "c.txt", "the lamp burns")
    state = add(services, folder)
    assert (state.status, state.documents, state.pages, state.unread) == (CollectionStatus.CURRENT, 3, 3, 0)
    assert names(services, state) == ["a.txt", "b.txt", "c.txt"]
    assert services.service_thread.call(services.documents.recent) == [], "nobody opened them"
    begin = len(recorder.events)
    assert looked(services, state.record.id).documents == 3
    assert not recorder.of(DocumentProgress, begin), "nothing was read again"
    write(folder / "a.txt", "the pump runs again", at=OLD + 5)
    (folder / "deep" / "b.txt").rename(folder / "moved.txt")
    (folder / "c.txt").unlink()
    state = looked(services, state.record.id)
    wait_until(lambda: names(services, state) == ["a.txt", "moved.txt"])
    assert len(recorder.of(DocumentProgress, begin)) == 1, "only the changed one was read"
    assert state.gone == 1
    assert finds(services, state, "valve")
    assert not finds(services, state, "lamp")
    assert finds(services, state, "run")
    jobs = [job for job in services.service_thread.call(lambda: services.jobs.list()) if job.kind == "index"]
    assert [job.status for job in jobs] == [JobStatus.DONE], "one for each look would fill the list"


def test_a_copy_is_kept_once_until_the_other_one_is_gone(services, folder):
    recorder = Recorder(services)
    write(folder / "a.txt", "the pump stops")
    shutil.copy2(folder / "a.txt", folder / "b.txt")
    state = add(services, folder)
    assert state.documents == 1
    begin = len(recorder.events)
    looked(services, state.record.id)
    assert not [
        change for change in recorder.of(CollectionChanged, begin) if change.state.status is CollectionStatus.INDEXING
    ]
    first = names(services, state)[0]
    (folder / first).unlink()
    state = looked(services, state.record.id)
    assert state.documents == 1
    assert names(services, state) == [{"a.txt": "b.txt", "b.txt": "a.txt"}[first]]
    assert not recorder.of(DocumentProgress, begin)


def test_odd_things_in_a_folder_are_left_out_with_their_reasons(services, folder, tmp_path):
    write(folder / "good.txt", "the pump stops")
    write(folder / "line\nend.txt", "the valve opens")
    write(folder / os.fsdecode(b"caf\xe9.txt"), "the lamp burns")
    write(folder / ".hidden.txt", "secret")
    write(folder / ".dir" / "x.txt", "secret")
    write(folder / "program.py", "print()")
    write(folder / "broken.pdf", "no pdf at all \0\0\0")
    os.mkfifo(folder / "pipe.txt")
    write(tmp_path / "outside.txt", "outside words")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "loop").symlink_to(folder)
    (folder / "up").symlink_to(tmp_path)
    write(folder / "fresh.txt", "being written", at=time.time() + 0.5)
    write(folder / "Report.docx", "open in Word")
    write(folder / "~$port.docx", "owner", at=time.time())
    state = add(services, folder)
    assert state.status is CollectionStatus.CURRENT
    assert state.documents == 3
    assert state.later == 2
    left = services.service_thread.call(lambda: services.collections.unread(state.record.id))
    assert sorted(failure.path.rpartition("/")[2] for failure in left) == ["broken.pdf", "link.txt", "pipe.txt"]
    assert state.unread == 3
    assert all(failure.sentence for failure in left)
    assert not finds(services, state, "outsid")
    assert finds(services, state, "lamp")
    before = looked(services, state.record.id)
    assert before.status is CollectionStatus.CURRENT
    assert before.total == 0


def test_a_folder_that_is_gone_keeps_what_was_read(services, folder, tmp_path):
    write(folder / "a.txt", "the pump stops")
    state = add(services, folder)
    folder.rename(tmp_path / "unplugged")
    state = looked(services, state.record.id)
    assert state.status is CollectionStatus.UNREACHABLE
    assert state.documents == 1
    assert finds(services, state, "pump")
    folder.mkdir()  # the mount point is there, the drive is not
    assert looked(services, state.record.id).status is CollectionStatus.UNREACHABLE
    folder.rmdir()
    (tmp_path / "unplugged").rename(folder)
    assert looked(services, state.record.id).status is CollectionStatus.CURRENT
    (folder / "a.txt").unlink()  # by a person
    state = looked(services, state.record.id)
    assert (state.status, state.gone) == (CollectionStatus.CURRENT, 1)
    wait_until(lambda: names(services, state) == [])


def test_pausing_cancelling_and_going_on(services, folder):
    recorder = Recorder(services)
    for number in range(30):
        write(folder / f"{number:02}.txt", f"the pump number {number}")
    state = result_of(services, lambda: services.collections.add(folder, watched=False))
    event = recorder.wait(CollectionChanged, lambda change: change.state.status is CollectionStatus.INDEXING)
    services.service_thread.call(lambda: services.jobs.pause(event.state.job))
    paused = looked(services, state.record.id)
    assert paused.status is CollectionStatus.PAUSED
    assert paused.documents < 30
    services.service_thread.call(lambda: services.jobs.cancel(event.state.job))
    assert looked(services, state.record.id).status is CollectionStatus.STOPPED, "until a person says otherwise"
    done = looked(services, state.record.id, resume=True)
    assert (done.status, done.documents) == (CollectionStatus.CURRENT, 30)


def test_what_a_person_opens_is_read_before_the_folder(services, folder, tmp_path):
    recorder = Recorder(services)
    write(folder / "long.txt", "\f".join(f"the pump number {number} stops. " * 40 for number in range(1500)))
    state = result_of(services, lambda: services.collections.add(folder, watched=False))
    recorder.wait(DocumentProgress)
    mine = write(tmp_path / "mine.txt", "mine alone")
    record = result_of(services, lambda: services.documents.open(mine))
    assert record.name == "mine.txt"
    counts = services.service_thread.call(lambda: services.store.collections.count(state.record.id))
    assert counts[0] == 0, "the long one was put aside"
    done = looked(services, state.record.id)
    assert (done.documents, done.pages) == (1, 1500)
    assert [document.id for document in services.service_thread.call(services.documents.recent)] == [record.id]


def test_what_is_just_read_for_a_person_is_the_folders_as_well(services, folder):
    recorder = Recorder(services)
    long = write(folder / "long.txt", "\f".join(f"the pump number {number} stops. " * 40 for number in range(1500)))
    services.service_thread.call(lambda: services.documents.open(long))
    recorder.wait(DocumentProgress)
    done = add(services, folder)
    assert (done.documents, done.pages) == (1, 1500)
    begin = len(recorder.events)
    assert looked(services, done.record.id).documents == 1
    assert not recorder.of(DocumentProgress, begin), "nothing was read again"
    assert len(services.service_thread.call(services.documents.recent)) == 1, "and the person's"


def test_forgetting_leaves_nothing_but_what_a_person_opened(services, folder):
    recorder = Recorder(services)
    a = write(folder / "a.txt", "the pump stops")
    write(folder / "b.txt", "the valve opens")
    mine = result_of(services, lambda: services.documents.open(a))
    state = add(services, folder)
    assert state.documents == 2
    services.service_thread.call(lambda: services.collections.forget(state.record.id))
    recorder.wait(CollectionGone)
    assert services.service_thread.call(services.collections.all) == []
    assert [document.id for document in services.service_thread.call(services.documents.recent)] == [mine.id]
    count = services.service_thread.call(lambda: services.store.database.row("select count(*) from documents")[0])
    assert count == 1
    assert (folder / "b.txt").exists()


@pytest.mark.parametrize("names", ["", "a", "abcde"])
def test_h10_of_a_forgotten_folder_not_even_its_name_is_in_a_backup(services, tmp_path, monkeypatch, names):
    recorder = Recorder(services)
    folder = tmp_path / "zebrafishxq"
    folder.mkdir()
    for name in names:
        write(folder / f"{name}.txt", f"the pump {name} stops")
    state = add(services, folder)
    paths = find_paths()
    paths.backups.mkdir(mode=0o700, exist_ok=True)
    copy = paths.backups / "slmdesk-20991231-235959-before-5.sqlite3"
    services.service_thread.call(lambda: backup(paths, copy))
    assert b"zebrafishxq" in copy.read_bytes(), "the control"
    made = []
    monkeypatch.setattr(
        "slmdesk.history.store.store.renew_copies", lambda *given: made.append(1) or renew_copies(*given)
    )
    services.service_thread.call(lambda: services.collections.forget(state.record.id))
    recorder.wait(CollectionGone)
    services.service_thread.call(lambda: None)  # what was posted meanwhile
    assert not [path.name for path in paths.data.rglob("*") if path.is_file() and b"zebrafishxq" in path.read_bytes()]
    assert len(made) <= 2, "not once for each of its documents"


def test_folders_in_one_another_and_no_folders_are_refused(services, folder, tmp_path):
    write(folder / "a.txt", "the pump stops")
    state = add(services, folder)
    assert add(services, folder).record.id == state.record.id
    (folder / "sub").mkdir()
    for path, code in (
        (folder / "sub", "collection.nested"),
        (tmp_path, "collection.nested"),
        (tmp_path / "none", "collection.no_folder"),
        (folder / "a.txt", "collection.no_folder"),
    ):
        assert add(services, path).code == code
    (tmp_path / "papers too").mkdir()
    assert add(services, tmp_path / "papers too").documents == 0


def test_a_watched_folder_is_looked_at_by_itself(services, folder, monkeypatch):
    monkeypatch.setattr("slmdesk.documents.folders.WATCH_S", 0.1)
    recorder = Recorder(services)
    write(folder / "a.txt", "the pump stops")
    services.service_thread.call(services.collections.watch)
    state = add(services, folder, watched=True)
    write(folder / "b.txt", "the valve opens")
    recorder.wait(CollectionChanged, lambda change: change.state.documents == 2)
    write(folder / "b.txt", "the valve closes", at=OLD + 9)
    wait_until(lambda: finds(services, state, "close"))


def test_the_next_run_goes_on_where_the_last_one_ended(services, folder):
    for number in range(20):
        write(folder / f"{number:02}.txt", f"the pump number {number}")
    recorder = Recorder(services)
    services.service_thread.call(lambda: services.collections.add(folder, watched=True))
    wait_until(lambda: len(recorder.of(DocumentProgress)) >= 3)
    services.close()
    again = open_echo()
    try:
        received = Recorder(again)
        again.service_thread.call(again.jobs.take_up)
        again.service_thread.call(again.collections.watch)
        received.wait(CollectionChanged, lambda change: change.state.status is CollectionStatus.CURRENT)
        state = again.service_thread.call(again.collections.all)[0]
        assert state.documents == 20
        assert len(received.of(DocumentProgress)) < 20, "what was done was done again"
    finally:
        again.close()


def test_a_file_that_cannot_be_opened_is_named_and_tried_again_when_it_can(services, folder, monkeypatch):
    write(folder / "a.txt", "the pump stops")
    write(folder / "b.txt", "the valve opens")
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: b"b.txt" not in os.fsencode(path) and real(path, mode))
    state = add(services, folder)
    assert (state.documents, state.unread) == (1, 1)
    monkeypatch.undo()
    state = looked(services, state.record.id)
    assert (state.documents, state.unread) == (2, 0)


def test_a_folder_below_that_cannot_be_listed_keeps_its_documents(services, folder, monkeypatch):
    write(folder / "a.txt", "the pump stops")
    write(folder / "sub" / "b.txt", "the valve opens")
    state = add(services, folder)
    assert state.documents == 2
    real = os.scandir

    def refusing(path):
        if os.fsencode(path).endswith(b"sub"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    state = looked(services, state.record.id)
    assert (state.documents, state.unread) == (2, 1)
    assert threading.active_count() < 50
