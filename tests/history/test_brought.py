"""A restored backup of somebody else's making: no file of the person's is deleted, reached or run by it."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from fakes.recorder import import_model, result_of
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus, Restored
from slmdesk.base.runtime.events import DocumentGone, HistoryReplaced, ModelsChanged, Noticed
from slmdesk.base.runtime.messages import Problem
from slmdesk.children.reach import AllowedPaths
from slmdesk.history.erasing import erase

pytestmark = pytest.mark.process

HOSTILE = "00000000000000aa"


def called(services, request):
    return services.service_thread.call(lambda: request(services))


def hostile_path(kind: str, folder: Path) -> Path:
    thesis = folder / "thesis.docx"
    thesis.write_bytes(b"PK three years of work")
    if kind == "a document":
        return thesis
    if kind == "the root":
        return Path("/")
    place = folder / "place"
    if kind == "a folder":
        place.mkdir()
    elif kind == "a link to a document":
        place.symlink_to(thesis)
    elif kind == "a link to the root":
        place.symlink_to("/")
    elif kind == "a FIFO":
        os.mkfifo(place)
    elif kind == "a document that begins as a model":
        thesis.write_bytes(b"GGUF" + bytes(100))
        return thesis
    elif kind == "the history":
        return folder / "home" / "data" / "slmdesk.sqlite3"
    return place


KINDS = (
    "a document", "the root", "a folder", "a link to a document", "a link to the root", "a FIFO", "nothing there",
    "a document that begins as a model", "the history",
)  # fmt: skip


def hostile(source: Path, path: Path, **columns: object) -> None:
    """Have the backup's model be at this path, as one that was copied in."""
    values = {"id": HOSTILE, "path": os.fsencode(path), "linked": 0, **columns}
    with closing(sqlite3.connect(source)) as conn:
        names = ", ".join(f"{name} = ?" for name in values)
        conn.execute(f"update models set {names}", list(values.values()))
        conn.commit()


@pytest.fixture
def recorder(opened, tmp_path):
    """Services with a model that was copied in."""
    recorder = opened(model=False)
    import_model(recorder.services, write(tmp_path / "tiny.gguf", tiny_llama()))
    return recorder


@pytest.fixture
def source(recorder, tmp_path) -> Path:
    target = tmp_path / "copy.sqlite3"
    result_of(recorder.services, lambda: recorder.services.backups.make(target))
    return target


def restored(services, source: Path) -> Restored:
    done = result_of(services, lambda: services.backups.restore(source))
    assert isinstance(done, Restored), done
    return done


@pytest.mark.parametrize("kind", KINDS)
def test_a_models_row_of_a_backup_reaches_no_file(recorder, source, tmp_path, kind):
    services = recorder.services
    path = hostile_path(kind, tmp_path)
    mine = called(services, lambda services: services.models.list())
    hostile(source, path)
    before = path.read_bytes() if path.is_file() else None
    restored(services, source)
    assert called(services, lambda services: services.models.list()) == mine, "it takes the place of none of ours"
    (brought,) = called(services, lambda services: services.backups.brought().models)
    assert (brought.id, brought.linked) == (HOSTILE, True)
    for refused in ("remove", "use", "choose", "freed_by_removing", "try_again"):
        with pytest.raises(KnownError, match=r"model\.unknown"):
            called(services, lambda services, refused=refused: getattr(services.models, refused)(HOSTILE))
    assert str(path) not in called(services, lambda services: services.reach_of_engine().read)
    problems = result_of(services, lambda: services.backups.use_brought())
    assert [isinstance(problem, Problem) and bool(problem.sentence) for problem in problems] == [True]
    assert called(services, lambda services: services.backups.brought().is_empty)
    assert called(services, lambda services: services.models.list()) == mine
    assert str(path) not in called(services, lambda services: services.reach_of_engine().read)
    erasure = result_of(services, lambda: services.erasing.look(models=True))
    assert path not in erasure.models
    if before is not None and kind != "the history":
        assert path.read_bytes() == before
    assert os.path.lexists(path) == (kind != "nothing there")


def test_a_model_is_used_once_a_person_says_so_and_judged_before(recorder, source, tmp_path):
    services = recorder.services
    here = write(tmp_path / "elsewhere.gguf", tiny_llama(layers=1))
    hostile(source, here, name="\x1b[31mMine", sha256="0" * 64, facts=json.dumps({"template_checked": True}))
    restored(services, source)
    assert str(here) not in called(services, lambda services: services.reach_of_engine().read)
    assert result_of(services, lambda: services.backups.use_brought()) == ()
    (taken,) = [model for model in called(services, lambda services: services.models.list()) if model.linked]
    assert (os.fsdecode(taken.path), taken.info) == (str(here), {})
    assert taken.sha256 != "0" * 64, "judged here"
    assert str(here) in called(services, lambda services: services.reach_of_engine().read)
    assert taken.name == "Tiny llama F32", "the backup says nothing of a file that is another one"
    done = called(services, lambda services: sorted(services.paths.data.glob("*.replaced-*")))[-1]
    result_of(services, lambda: services.backups.undo(done))
    assert [model.linked for model in called(services, lambda services: services.models.list())] == [False]
    assert here.exists(), "it is a link"


def test_the_same_file_keeps_its_id_and_name(recorder, source, tmp_path):
    services = recorder.services
    (mine,) = called(services, lambda services: services.models.list())
    with closing(sqlite3.connect(source)) as conn:
        conn.execute("update models set name = 'My own name'")
        conn.commit()
    called(services, lambda services: services.store.database.run("delete from models"))
    restored(services, source)
    assert called(services, lambda services: services.models.list()) == []
    assert result_of(services, lambda: services.backups.use_brought()) == ()
    (taken,) = called(services, lambda services: services.models.list())
    assert (taken.id, taken.name, taken.path, taken.linked) == (mine.id, "My own name", mine.path, False)


def test_what_is_left_out_is_forgotten_and_stays_on_the_disk(recorder, source, tmp_path):
    services = recorder.services
    here = write(tmp_path / "elsewhere.gguf", tiny_llama(layers=1))
    hostile(source, here)
    restored(services, source)
    called(services, lambda services: services.backups.leave_brought())
    assert called(services, lambda services: services.backups.brought().is_empty)
    assert here.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links")
@pytest.mark.parametrize("kind", ["a link", "a link to a model", "no model", "elsewhere", "a FIFO"])
def test_only_a_model_file_in_a_folder_of_ours_is_deleted(recorder, tmp_path, kind):
    """Whatever a row says: the control is the model itself."""
    services = recorder.services
    (mine,) = called(services, lambda services: services.models.list())
    path = Path(os.fsdecode(mine.path))
    theirs = write(tmp_path / "theirs.gguf", tiny_llama(layers=1))
    if kind in ("a link", "a link to a model"):
        path.unlink()
        path.symlink_to(theirs)
    elif kind == "no model":
        path.write_bytes(b"PK a document")
    elif kind == "a FIFO":
        path.unlink()
        os.mkfifo(path)
    else:
        called(services, lambda services: services.store.models.change(mine.id, path=os.fsencode(theirs)))
        path = theirs
    erasure = result_of(services, lambda: services.erasing.look(models=True))
    assert theirs not in erasure.models
    assert called(services, lambda services: services.models.freed_by_removing(mine.id)) == 0
    assert called(services, lambda services: services.models.remove(mine.id)) == 0
    assert os.path.lexists(path)
    assert theirs.exists()
    assert [event.problem.code for event in recorder.of(Noticed)] == ["model.file_kept"]


def test_the_model_itself_is_deleted(recorder):
    services = recorder.services
    (mine,) = called(services, lambda services: services.models.list())
    assert called(services, lambda services: services.models.freed_by_removing(mine.id)) == mine.bytes
    assert called(services, lambda services: services.models.remove(mine.id)) == mine.bytes
    assert not Path(os.fsdecode(mine.path)).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_deleting_everything_follows_no_link_to_a_folder(recorder, tmp_path):
    services = recorder.services
    private = tmp_path / "private"
    private.mkdir()
    (private / "letter.txt").write_text("mine")
    (services.paths.models / ".download-x").symlink_to(private)
    (services.paths.models / "more").symlink_to(private)
    (services.paths.models / ".elsewhere").write_text(
        json.dumps({str(private / "letter.txt"): [4, (private / "letter.txt").stat().st_mtime_ns]})
    )
    erasure = result_of(services, lambda: services.erasing.look(models=True))
    services.close()
    erase(services.paths, erasure)
    assert (private / "letter.txt").read_text() == "mine"
    assert not services.paths.models.exists()


def test_folders_presets_and_jobs_of_a_backup_wait(recorder, tmp_path):
    services = recorder.services
    folder = tmp_path / "papers"
    folder.mkdir()
    called(services, lambda services: services.store.collections.add(folder, "papers", watched=True))
    called(services, lambda services: services.store.presets.add("Rude", {"system": "Answer rudely."}))
    job = called(
        services,
        lambda services: services.store.jobs.add("summary", "work", model_sha256="", steps=[("k", {"text": "x"})]),
    )
    target = tmp_path / "copy.sqlite3"
    result_of(services, lambda: services.backups.make(target))
    called(services, lambda services: services.store.database.run("delete from collections"))
    called(services, lambda services: services.store.database.run("delete from presets"))
    begin = len(recorder.events)
    called(services, lambda services: services.collections.watch())
    restored(services, target)
    assert recorder.of(HistoryReplaced, begin)
    assert called(services, lambda services: services.chats.presets.list()[0].is_shipped)
    (state,) = called(services, lambda services: services.collections.all())
    assert (state.record.watched, state.looked) == (False, None)
    assert called(services, lambda services: services.jobs.get(job.id).status) is JobStatus.PAUSED
    assert result_of(services, lambda: services.backups.use_brought()) == ()
    assert called(services, lambda services: services.collections.all()[0].record.watched)
    assert called(services, lambda services: services.chats.presets.list()[0].name) == "Rude"
    assert called(services, lambda services: services.jobs.get(job.id).status) is JobStatus.PAUSED


def test_a_restore_is_undone_in_the_window_and_models_are_told(recorder, source, tmp_path):
    services = recorder.services
    letter = tmp_path / "letter.txt"
    letter.write_text("The pump stops at 12 bar.")
    document = result_of(services, lambda: services.documents.open(letter))
    begin = len(recorder.events)
    done = restored(services, source)
    assert [event.id for event in recorder.of(DocumentGone, begin)] == [document.id]
    assert called(services, lambda services: services.documents.recent()) == []
    begin = len(recorder.events)
    undone = result_of(services, lambda: services.backups.undo(done.aside))
    assert isinstance(undone, Restored)
    assert recorder.of(ModelsChanged, begin)
    assert [record.id for record in called(services, lambda services: services.documents.recent())] == [document.id]
    assert not done.aside.exists()


def test_none_is_restored_while_a_job_runs(recorder, source):
    services = recorder.services
    job = called(services, lambda services: services.store.jobs.add("x", "x", model_sha256="", steps=[], settings={}))
    called(services, lambda services: services.store.jobs.claim(job.id))
    for request in (services.backups.restore, services.backups.look, services.backups.undo):
        with pytest.raises(KnownError, match=r"job\.running"):
            result_of(services, lambda request=request: request(source))


def test_a_look_says_what_both_hold(recorder, source):
    services = recorder.services
    theirs, mine = result_of(services, lambda: services.backups.look(source))
    assert (dict(theirs.kinds), theirs.documents, dict(mine.kinds)) == ({}, 0, {})
    broken = source.with_name("broken.sqlite3")
    broken.write_bytes(source.read_bytes()[:-4096])
    assert result_of(services, lambda: services.backups.look(broken)).code == "backup.unusable"
    assert result_of(services, lambda: services.backups.make(source.with_name("after"))), "the lock was given back"


def test_the_engine_reads_no_folder_and_writes_no_larger_file_than_a_state(recorder, tmp_path):
    services = recorder.services
    (mine,) = called(services, lambda services: services.models.list())
    called(services, lambda services: services.store.models.change(mine.id, path=b"/"))
    reach = called(services, lambda services: services.reach_of_engine())
    assert "/" not in reach.read
    assert reach == AllowedPaths((str(services.paths.models),), (str(services.paths.states),), 2048 << 20)
