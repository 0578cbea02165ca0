from __future__ import annotations

import errno
import hashlib
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fakes import mover
from fakes.commands import ROOT
from fakes.recorder import LLAMA, TIMEOUT_S, Recorder, import_model, open_echo, result_of
from fakes.tiny_gguf import tiny_llama, tiny_qwen2, write

from slmdesk.base.errors import KnownError
from slmdesk.base.policy import Policy
from slmdesk.loader import model_loader
from slmdesk.models import move as move_files
from slmdesk.models.move import (
    COPY,
    LINK,
    PREPARING,
    RENAME,
    SWITCHING,
    Journal,
    MovePlan,
    MoveProgress,
    MoveResult,
    MoveStep,
    MovingFile,
    read_journal,
)
from slmdesk.runtime.events import ModelsChanged, ModelState, ModelStateChanged, Noticed, Pending
from slmdesk.runtime.messages import Problem
from slmdesk.store.database import FileLock

pytestmark = pytest.mark.process


@pytest.fixture
def folder(home) -> Path:
    return home / "models"


@pytest.fixture(params=[LINK, COPY, RENAME])
def how(request, monkeypatch) -> str:
    """The three ways a file gets to its new place."""
    if request.param != LINK:
        code = errno.EXDEV if request.param == COPY else errno.EPERM

        def refuse(*_args, **_kwargs):
            raise OSError(code, "no second names here")

        monkeypatch.setattr(os, "link", refuse)
    if request.param == COPY:
        monkeypatch.setattr(move_files, "is_other_disk", lambda _file, _folder: True)
    return request.param


def import_file(recorder, path: Path, *, link: bool = False):
    return import_model(recorder.services, path, link=link).model


@pytest.fixture
def two(recorder, tmp_path):
    """Two copied models, a linked one and the part of a download."""
    made = [
        import_file(recorder, write(tmp_path / "a.gguf", tiny_llama())),
        import_file(recorder, write(tmp_path / "b.gguf", tiny_qwen2())),
    ]
    import_file(recorder, write(tmp_path / "c.gguf", tiny_llama(seed=9)), link=True)
    part = recorder.services.paths.models / f".download-{'1' * 32}.part"
    part.write_bytes(b"half of it")
    part.with_suffix(".journal").write_text("{}\n")
    return made


def move(recorder, target: Path, progress: list | None = None) -> MoveResult | Problem:
    services, seen = recorder.services, [] if progress is None else progress
    return result_of(services, lambda: services.moving.move(target).listen(seen.append))


def plan(recorder, target: Path) -> MovePlan | Problem:
    return result_of(recorder.services, lambda: recorder.services.moving.plan(target))


def models(recorder):
    return recorder.ask(lambda services: services.models.list())


def places(recorder) -> set[Path]:
    """Where the copied models are; all of them are checked byte for byte."""
    for model in models(recorder):
        data = Path(os.fsdecode(model.path)).read_bytes()
        assert hashlib.sha256(data).hexdigest() == model.sha256
    return {Path(os.fsdecode(model.path)).parent for model in models(recorder) if not model.linked}


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


def journal(recorder) -> Path:
    return recorder.services.paths.data / "models-move.json"


def test_all_ways_move_models_and_downloads_and_nothing_is_left(recorder, two, folder, tmp_path, how) -> None:
    target, before, begin = tmp_path / "new" / "place", names(folder), len(recorder.events)
    progress: list[MoveProgress] = []
    end = move(recorder, target, progress)
    assert (end.moved, end.left) == (2, ())
    assert end.bytes == sum(one.bytes for one in two)
    assert names(target) == before
    assert names(folder) == []
    assert places(recorder) == {target}
    assert recorder.services.settings.current.models_folder == str(target)
    assert recorder.services.models.folder == target
    assert (target / f".download-{'1' * 32}.part").read_bytes() == b"half of it"
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in target.glob("*.gguf"))
    assert recorder.of(ModelsChanged, begin)
    steps = [one.step for one in progress]
    assert (MoveStep.COPYING in steps) == (how == COPY)
    assert steps[-1] is MoveStep.FINISHING
    assert not journal(recorder).exists()
    linked = next(model for model in models(recorder) if model.linked)
    assert Path(os.fsdecode(linked.path)).parent == tmp_path
    # and they are what the cheap look at a load expects: nothing is hashed again
    for model in models(recorder):
        found = Path(os.fsdecode(model.path)).stat()
        assert (found.st_size, found.st_mtime_ns, found.st_ino) == (model.bytes, model.mtime_ns, model.inode)


def test_to_another_disk_and_back_again(recorder, two, folder, other_disk) -> None:
    found = plan(recorder, other_disk / "models")
    assert isinstance(found, MovePlan)
    assert (found.models, found.copy_bytes > found.bytes, found.folder) == (2, True, str(folder))
    assert not (other_disk / "models").exists()
    assert isinstance(move(recorder, other_disk / "models"), MoveResult)
    assert places(recorder) == {other_disk / "models"}
    assert isinstance(move(recorder, folder), MoveResult)
    assert places(recorder) == {folder}
    assert recorder.services.settings.current.models_folder == ""  # the usual place needs no setting
    assert names(other_disk) == []  # the empty folder went with them


def test_on_one_disk_nothing_is_copied(recorder, two, tmp_path) -> None:
    found = plan(recorder, tmp_path / "new")
    assert isinstance(found, MovePlan)
    assert (found.copy_bytes, found.models, found.missing) == (0, 2, ())


def test_models_of_an_earlier_setting_are_brought_together(recorder, two, folder, tmp_path) -> None:
    recorder.ask(lambda services: services.settings.change(models_folder=str(tmp_path / "second")))
    import_file(recorder, write(tmp_path / "d.gguf", tiny_llama(seed=4)))
    assert places(recorder) == {folder, tmp_path / "second"}
    end = move(recorder, tmp_path / "second")
    assert end.moved == 2
    assert places(recorder) == {tmp_path / "second"}


def test_a_move_without_models_changes_the_setting(recorder, tmp_path) -> None:
    end = move(recorder, tmp_path / "new")
    assert end.moved == 0
    assert recorder.services.models.folder == tmp_path / "new"


def test_missing_models_are_named_and_the_others_move(recorder, two, tmp_path) -> None:
    gone = Path(os.fsdecode(two[0].path))
    gone.rename(tmp_path / "elsewhere.gguf")
    end = move(recorder, tmp_path / "new")
    assert (end.moved, end.left) == (1, (str(gone),))


def test_a_spoilt_model_moves_as_it_is_and_is_still_found_out(recorder, two, other_disk) -> None:
    place = Path(os.fsdecode(two[0].path))
    data = bytearray(place.read_bytes())
    data[-1] ^= 1
    place.write_bytes(data)
    assert isinstance(move(recorder, other_disk), MoveResult)
    record = recorder.ask(lambda services: services.store.models.get(two[0].id))
    found = Path(os.fsdecode(record.path))
    assert found.read_bytes() == data
    assert (found.stat().st_mtime_ns, found.stat().st_ino) != (record.mtime_ns, record.inode)  # hashed before a load


@pytest.mark.parametrize("wrong", ["not empty", "inside", "same", "a file", "not writable", "under a file", "relative"])
def test_targets_that_cannot_be_are_sentences(recorder, two, folder, tmp_path, monkeypatch, wrong) -> None:
    target, code = tmp_path / "new", "file.unwritable"
    if wrong == "not empty":
        target.mkdir()
        (target / "letter.txt").write_text("mine")
        code = "move.not_empty"
    elif wrong == "inside":
        target, code = folder / "deeper", "move.inside"
    elif wrong == "same":
        target, code = folder, "move.same"
    elif wrong == "a file":
        target.write_text("x")
    elif wrong == "under a file":
        target.write_text("x")
        target = target / "below"
    elif wrong == "not writable":
        real = os.open

        def read_only(path, *args, **kwargs):
            if str(path).startswith(f"{target}/"):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return real(path, *args, **kwargs)

        monkeypatch.setattr(os, "open", read_only)
    else:
        target = Path("somewhere")
    before = names(folder)
    end = move(recorder, target)
    assert end.code == code, end.sentence
    assert "Nothing was moved" in end.sentence or code == "file.unwritable"
    assert names(folder) == before
    assert places(recorder) == {folder}
    assert not journal(recorder).exists()


def test_what_a_system_puts_on_an_empty_disk_is_no_hindrance(recorder, two, tmp_path) -> None:
    target = tmp_path / "stick"
    (target / "lost+found").mkdir(parents=True)
    (target / ".DS_Store").write_text("")
    assert isinstance(move(recorder, target), MoveResult)


def test_a_policy_that_sets_the_folder_is_said(recorder, two, tmp_path) -> None:
    recorder.services.settings.policy = Policy(forced={"models_folder": "/srv/mine"})
    assert move(recorder, tmp_path / "new").code == "setting.managed"
    recorder.services.settings.policy = Policy(models_folder=str(tmp_path / "shared"))
    assert move(recorder, tmp_path / "shared" / "mine").code == "setting.managed"
    assert plan(recorder, tmp_path / "shared").code == "setting.managed"


def test_d12_a_disk_without_room_is_said_with_the_amounts(recorder, two, folder, other_disk, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.models.move.SPARE_BYTES", 1 << 60)
    end = move(recorder, other_disk)
    assert end.code == "disk.full"
    assert end.args["needed_bytes"] > 1 << 60
    monkeypatch.undo()
    room = iter([1 << 60])  # for the plan; it filled up meanwhile
    monkeypatch.setattr("slmdesk.models.move.free_bytes", lambda _folder: next(room, 0))
    assert move(recorder, other_disk).code == "disk.full"
    assert names(other_disk) == []
    assert places(recorder) == {folder}


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.ENOSPC])
def test_a_disk_that_goes_in_the_middle_leaves_all_where_it_was(
    recorder, two, folder, other_disk, monkeypatch, code
) -> None:
    before, real, count = names(folder), os.fsync, 0

    def break_off(handle):
        nonlocal count
        if other_disk.name in str(Path(f"/proc/self/fd/{handle}").readlink()):
            count += 1
            if count == 3:
                raise OSError(code, os.strerror(code))
        return real(handle)

    monkeypatch.setattr(os, "fsync", break_off)
    end = move(recorder, other_disk)
    assert end.code == ("disk.full" if code == errno.ENOSPC else "move.failed"), end.sentence
    assert names(folder) == before
    assert names(other_disk) == []
    assert places(recorder) == {folder}
    assert recorder.services.settings.current.models_folder == ""
    assert not journal(recorder).exists()


def test_a_copy_that_reads_differently_is_not_taken(recorder, two, folder, other_disk, monkeypatch) -> None:
    real = os.fsync

    def spoil(handle: int) -> None:
        written = os.fstat(handle).st_ino
        if any(part.stat().st_ino == written for part in other_disk.rglob("*.part")):
            os.pwrite(handle, b"\x01", 7)
        real(handle)

    monkeypatch.setattr(os, "fsync", spoil)
    end = move(recorder, other_disk)
    assert end.code == "move.failed"
    assert "reads differently" in end.sentence
    assert places(recorder) == {folder}
    assert names(other_disk) == []


def test_cancel_leaves_all_where_it_was(recorder, two, folder, other_disk, monkeypatch) -> None:
    services, before = recorder.services, names(folder)
    monkeypatch.setattr("slmdesk.runtime.file_io.CHUNK_BYTES", 64)

    def cancelled() -> Pending[MoveResult]:
        moving = services.moving.move(other_disk / "new")
        return moving.listen(lambda _progress: moving.cancel())

    assert result_of(services, cancelled).moved is None
    assert names(folder) == before
    assert names(other_disk) == []
    assert places(recorder) == {folder}
    assert not journal(recorder).exists()


def test_one_move_at_a_time_on_the_whole_pc(recorder, two, tmp_path, monkeypatch, other_disk) -> None:
    services = recorder.services
    lock = FileLock(services.paths.data / "models-move.lock")
    assert lock.try_alone()
    end = move(recorder, tmp_path / "new")
    assert end.code == "move.busy"
    assert "another window or command" in end.sentence
    lock.close()

    ends: queue.SimpleQueue = queue.SimpleQueue()

    def twice() -> None:
        services.moving.move(tmp_path / "new").then(ends.put)
        services.moving.move(tmp_path / "newer")

    with pytest.raises(KnownError, match=r"^move\.busy "):
        services.service_thread.call(twice)
    assert ends.get(timeout=TIMEOUT_S).moved is not None


def test_a_part_another_desk_fetches_is_waited_for(recorder, two, folder, tmp_path) -> None:
    lock = FileLock(folder / f".download-{'1' * 32}.lock")
    assert lock.try_alone()
    before = [name for name in names(folder) if not name.endswith(".lock")]
    end = move(recorder, tmp_path / "new")
    assert end.code == "move.busy"
    assert "downloading" in end.sentence
    assert [name for name in names(folder) if not name.endswith(".lock")] == before
    lock.close()
    assert isinstance(move(recorder, tmp_path / "new"), MoveResult)


def test_what_comes_into_the_old_folder_meanwhile_follows(recorder, two, tmp_path, monkeypatch) -> None:
    late = write(tmp_path / "late.gguf", tiny_llama(seed=77))
    real, begun = move_files.prepare, []

    def prepare(file, *args):
        if not begun:
            begun.append(True)
            import_file(recorder, late)
        return real(file, *args)

    monkeypatch.setattr(move_files, "prepare", prepare)
    end = move(recorder, tmp_path / "new")
    assert end.moved == 3
    assert places(recorder) == {tmp_path / "new"}


def test_a_model_removed_meanwhile_stays_removed(recorder, two, folder, other_disk, monkeypatch) -> None:
    real, removed = move_files.rename_now, []

    def rename_now(file: MovingFile) -> None:
        """Called on the service thread once all is copied."""
        if not removed:
            removed.append(two[0].id)
            recorder.services.models.remove(two[0].id)
        real(file)

    monkeypatch.setattr(move_files, "rename_now", rename_now)
    assert isinstance(move(recorder, other_disk), MoveResult)
    assert [model.name for model in models(recorder) if not model.linked] == ["Tiny qwen"]
    assert [name for name in names(other_disk) if name.endswith(".gguf")] == [Path(os.fsdecode(two[1].path)).name]
    assert names(folder) == []


def test_a_loaded_model_answers_on_and_is_loaded_from_the_new_place(opened, tmp_path, other_disk) -> None:
    """With the real engine: the file it has open goes, and the next load takes the new one."""
    services = open_echo(LLAMA)
    recorder = Recorder(services)
    try:
        model = import_file(recorder, write(tmp_path / "a.gguf", tiny_llama()))
        services.service_thread.call(lambda: services.models.use(model.id))
        recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY)
        assert isinstance(move(recorder, other_disk), MoveResult)
        assert services.service_thread.call(lambda: services.models.state).state is ModelState.READY
        services.service_thread.call(services.models.unload)
        begin = len(recorder.events)
        services.service_thread.call(lambda: services.models.use(model.id))
        recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY, begin)
        assert places(recorder) == {other_disk}
    finally:
        services.close()


def test_a_load_that_was_asked_for_before_the_move_finds_the_new_place(recorder, two, tmp_path) -> None:
    stale = recorder.ask(lambda services: services.store.models.get(two[0].id))
    assert isinstance(move(recorder, tmp_path / "new"), MoveResult)
    fresh = lambda: recorder.ask(lambda services: services.store.models.get(stale.id))  # noqa: E731
    path, mark = model_loader.place_of(stale, fresh)
    assert path.parent == tmp_path / "new"
    assert mark.bytes == stale.bytes


# ---- broken off at any moment


def run_mover(target: Path, at: int, how: str) -> str:
    """How it ended: '' when it was killed."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, mover.__file__, str(target), str(at), how],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr
    return done.stdout.strip()


def wait_for_lock(services) -> None:
    """Until nobody moves, nor tidies after a move."""
    lock, pause = FileLock(services.paths.data / "models-move.lock"), threading.Event()
    for _ in range(400):
        if lock.try_alone():
            break
        pause.wait(0.05)
    else:
        pytest.fail("somebody still holds the lock")
    lock.close()


def look_after(home: Path, target: Path, folder: Path, sums: dict[str, str], parts: int) -> tuple[set[Path], bool]:
    """After the next start each model is there once, whole, and nothing else.  Where, and if that was said."""
    services = open_echo()
    recorder = Recorder(services)
    try:
        wait_for_lock(services)
        assert not journal(recorder).exists()
        found = {model.id: model for model in models(recorder)}
        assert {one.id: one.sha256 for one in found.values()} == sums
        where = places(recorder)
        assert len(where) == 1
        files = [*names(folder), *names(target)]
        assert sorted(file for file in files if file.endswith(".gguf")) == sorted(
            Path(os.fsdecode(one.path)).name for one in found.values()
        )
        assert len([file for file in files if ".part" in file]) == parts, files
        assert not [file for file in files if file.startswith(".moving-")]
        assert services.models.folder == next(iter(where))
        said = [one for one in recorder.of(Noticed) if one.problem.code == "move.undone"]
        return where, bool(said)
    finally:
        services.close()


@pytest.mark.parametrize("stride", [9, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", ["link", "copy", "rename"])
def test_killed_at_every_step_each_model_is_there_once_and_whole(opened, home, tmp_path, kind, stride) -> None:
    recorder = opened(model=False)
    made = [import_file(recorder, write(tmp_path / f"{seed}.gguf", tiny_llama(seed=seed))) for seed in (1, 2)]
    sums, folder = {one.id: one.sha256 for one in made}, home / "models"
    part = folder / f".download-{'1' * 32}.part"
    part.write_bytes(b"half")
    recorder.services.close()
    here, kills, undone, finished = folder, 0, 0, 0
    for at in range(1, 400, stride):
        there = tmp_path / "new" if here == folder else folder
        ended = run_mover(there, at, kind)
        where, _said = look_after(home, there, here, sums, 1)
        if ended:
            assert where == {there}, ended
            break
        kills += 1
        undone, finished = undone + (where == {here}), finished + (where == {there})
        here = next(iter(where))
    print(f"{kind}: {kills} kills, {undone} undone, {finished} finished")
    assert ended
    assert kills * stride >= 36
    assert undone
    assert finished


def test_an_undone_move_is_said_once(recorder, two, folder, tmp_path) -> None:
    (one,) = [each for each in models(recorder) if each.id == two[0].id]
    target = tmp_path / "new"
    target.mkdir()
    old = os.fsdecode(one.path)
    os.link(old, target / "x.gguf")
    (target / ".moving-123.part").write_bytes(b"half")
    moving = MovingFile(one.id, one.name, old, str(target / "x.gguf"), one.bytes, one.sha256)
    Journal(PREPARING, str(target), "", str(target), (moving,)).write(journal(recorder))
    recorder.services.close()
    services = open_echo()
    again = Recorder(services)
    try:
        said = again.wait(Noticed, lambda event: event.problem.code == "move.undone")
        assert "They are where they were" in said.problem.sentence
        assert not target.exists()
        assert places(again) == {folder}
    finally:
        services.close()


def test_a_target_that_has_gone_with_the_switch_leaves_the_old_files_in_use(recorder, two, folder, tmp_path) -> None:
    """Killed after the library was told, then the stick was pulled out: the old files are still there, and are used."""
    target = tmp_path / "stick"
    files = tuple(
        MovingFile(one.id, one.name, os.fsdecode(one.path), str(target / Path(os.fsdecode(one.path)).name), one.bytes,
                   one.sha256, COPY, 1, 1)
        for one in two
    )  # fmt: skip
    Journal(SWITCHING, str(target), "", str(target), files).write(journal(recorder))
    changes = [(file.id, os.fsencode(file.old), os.fsencode(file.new), (1, 1)) for file in files]
    recorder.ask(lambda services: services.store.models.relocate(changes))
    recorder.ask(lambda services: services.settings.change(models_folder=str(target)))
    recorder.services.close()
    services = open_echo()
    again = Recorder(services)
    try:
        assert places(again) == {folder}
        assert services.models.folder == folder
        assert read_journal(journal(again)).phase == PREPARING  # to be tidied when the stick comes back
        wait_for_lock(services)
        target.mkdir()
        (target / Path(files[0].new).name).write_bytes(b"a copy")
    finally:
        services.close()
    services = open_echo()
    try:
        Recorder(services).wait(Noticed, lambda event: event.problem.code == "move.undone")
        assert not target.exists()
    finally:
        services.close()


@pytest.mark.parametrize(
    "junk", [b"", b"{", b"[]", b'{"phase": "switching"}', b'{"phase": 1, "files": [{}]}', b"\xff" * 50]
)
def test_a_journal_that_cannot_be_understood_changes_nothing(recorder, two, folder, junk) -> None:
    journal(recorder).write_bytes(junk)
    recorder.services.close()
    services = open_echo()
    try:
        assert places(Recorder(services)) == {folder}
    finally:
        services.close()
