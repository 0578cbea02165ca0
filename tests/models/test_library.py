from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import pytest
from fakes.recorder import TIMEOUT_S, add_model, import_model, result_of
from fakes.split_gguf import split
from fakes.tiny_gguf import tiny_bert, tiny_llama, tiny_projector, write

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import Status
from slmdesk.base.runtime import file_io
from slmdesk.base.runtime.events import ModelsChanged, ModelState, ModelStateChanged, Noticed, Pending
from slmdesk.base.runtime.file_io import file_name, hash_file, slug
from slmdesk.base.runtime.messages import Problem
from slmdesk.chat.types import SendRequest
from slmdesk.models.gguf.read import read_header
from slmdesk.models.importer import ImportEnded, ImportProgress
from slmdesk.models.service import free_name, name_for

pytestmark = pytest.mark.process


@pytest.fixture
def tiny(tmp_path) -> Path:
    return write(tmp_path / "tiny.gguf", tiny_llama())


def on_service_thread(recorder, request: str, *args, **more):
    return recorder.services.service_thread.call(lambda: getattr(recorder.services.models, request)(*args, **more))


def import_file(recorder, path: Path, **more) -> ImportEnded:
    return import_model(recorder.services, path, **more)


def watched_import(recorder, path: Path) -> tuple[ImportEnded, list[ImportProgress]]:
    steps: list[ImportProgress] = []
    models = recorder.services.models
    return result_of(recorder.services, lambda: models.import_file(path).listen(steps.append)), steps


def asked(recorder, request: str, *args):
    return result_of(recorder.services, lambda: getattr(recorder.services.models, request)(*args))


def test_import_copies_hashes_and_names_the_file_itself(recorder, tiny, home) -> None:
    ended, steps = watched_import(recorder, tiny)
    model = ended.model
    assert model is not None
    sha256 = hashlib.sha256(tiny.read_bytes()).hexdigest()
    place = Path(os.fsdecode(model.path))
    assert (model.sha256, model.bytes, model.linked) == (sha256, tiny.stat().st_size, False)
    assert place == home / "models" / file_name(model.name, sha256)
    assert place.read_bytes() == tiny.read_bytes()
    assert place.stat().st_mode & 0o777 == 0o600
    assert model.header["architecture"] == "llama"
    assert model.header["has_chat_template"] is True
    assert recorder.of(ModelsChanged)
    assert (steps[-1].path, steps[-1].done_bytes) == (tiny, tiny.stat().st_size)
    assert [path.name for path in (home / "models").iterdir()] == [place.name]
    assert on_service_thread(recorder, "remove", model.id[:6]) == tiny.stat().st_size
    assert list((home / "models").iterdir()) == []


def test_the_same_bytes_twice_are_one_model(recorder, tiny, tmp_path, home) -> None:
    first = import_file(recorder, tiny)
    again = import_file(recorder, write(tmp_path / "other name.gguf", tiny_llama()), name="Other")
    assert (first.was_here, again.was_here, again.model.id) == (False, True, first.model.id)
    assert len(on_service_thread(recorder, "list")) == 1
    assert len(list((home / "models").iterdir())) == 1


def test_a_linked_file_stays_where_it_is(recorder, tiny, home) -> None:
    model = import_file(recorder, tiny, link=True, name="Mine").model
    assert (model.linked, os.fsdecode(model.path), model.name) == (True, str(tiny), "Mine")
    assert list((home / "models").iterdir()) == []
    assert on_service_thread(recorder, "remove", model.id) == 0
    assert tiny.exists()
    assert on_service_thread(recorder, "list") == []


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.write_text("<!doctype html><html>login</html>"), "model.not_gguf"),
        (lambda path: path.write_bytes(tiny_llama().data[:-100]), "model.incomplete"),
        (lambda path: write(path, tiny_projector()), "projector.unusable"),
        (os.mkfifo, "model.unreadable"),
        (lambda _path: None, "model.missing"),
        (Path.mkdir, "model.unreadable"),
    ],
    ids=["page", "cut", "projector", "fifo", "gone", "folder"],
)
def test_m2_m3_m9_m10_what_is_no_model_is_named_and_nothing_stays(recorder, tmp_path, home, make, code) -> None:
    path = tmp_path / "x.gguf"
    make(path)
    began = time.monotonic()
    ended = import_file(recorder, path)
    assert time.monotonic() - began < 20  # nothing is waited for that never comes
    assert (ended.model, ended.problem.code) == (None, code)
    assert on_service_thread(recorder, "list") == []
    assert list((home / "models").iterdir()) == []


def test_m9_an_encoder_is_kept_and_never_chosen_for_chat(recorder, tiny, tmp_path) -> None:
    encoder = import_file(recorder, write(tmp_path / "bert.gguf", tiny_bert())).model
    assert encoder.kind == "encoder"
    with pytest.raises(KnownError, match=r"^model\.none "):
        on_service_thread(recorder, "choose", None)
    with pytest.raises(KnownError, match=r"^model\.wrong_kind "):
        on_service_thread(recorder, "use", encoder.id)
    model = import_file(recorder, tiny).model
    assert on_service_thread(recorder, "choose", None).id == model.id
    assert on_service_thread(recorder, "choose", encoder.id).id == encoder.id


def parts_in(folder: Path, count: int = 3) -> list[Path]:
    folder.mkdir(exist_ok=True)
    made = []
    for number, data in enumerate(split(tiny_llama().data, count), 1):
        made.append(folder / f"tiny-{number:05}-of-{count:05}.gguf")
        made[-1].write_bytes(data)
    return made


def test_a_model_in_parts_is_one_model_whichever_part_is_named(recorder, tmp_path, home) -> None:
    parts = parts_in(tmp_path / "parts")
    model = import_file(recorder, parts[1]).model
    place = Path(os.fsdecode(model.path))
    assert [path.name for path in (home / "models").iterdir()] == [place.name]
    assert model.sha256 == hashlib.sha256(place.read_bytes()).hexdigest()
    assert read_header(place).tensors.count == read_header(write(tmp_path / "whole.gguf", tiny_llama())).tensors.count
    again, steps = watched_import(recorder, parts[0])
    assert (again.model.id, again.was_here) == (model.id, True)
    assert steps


def test_parts_that_are_linked_or_missing_are_named_and_nothing_is_kept(recorder, tmp_path, home) -> None:
    parts = parts_in(tmp_path / "parts")
    assert import_file(recorder, parts[0], link=True).problem.code == "model.parts_linked"
    parts[2].unlink()
    problem = import_file(recorder, parts[0]).problem
    assert problem.code == "model.parts_missing"
    assert "tiny-00003-of-00003.gguf" in problem.sentence
    assert list((home / "models").glob("*")) == []


def test_parts_in_the_models_folder_are_left_until_somebody_asks(recorder, home) -> None:
    parts = parts_in(home / "models")
    assert asked(recorder, "adopt") == 0
    assert all(part.is_file() for part in parts)


@pytest.mark.parametrize(
    "name",
    ["\n\x1b[31m", "../../etc/passwd", "--help", "<b>x</b>", "\u202egpj.exe", "x" * 300, "..", ".hidden", "CON", ""],
)
def test_m11_names_of_files_are_made_by_the_program(name) -> None:
    made = file_name(name, "ab" * 32)
    assert made == Path(made).name
    assert made.isascii()
    assert made[0].isalnum()
    assert len(made) < 90
    assert set(slug(name)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def test_m11_a_hostile_name_in_the_header_is_one_plain_line(recorder, tmp_path, home) -> None:
    hostile = tiny_llama(change={"general.name": ("string", "../x\n\x1b[31m<b>\u202e")})
    model = import_file(
        recorder, write(tmp_path / b"\xff--help\n.gguf".decode("utf-8", "surrogateescape"), hostile)
    ).model
    assert model is not None
    assert model.name.isprintable()
    assert [path.parent for path in (home / "models").iterdir()] == [home / "models"]


@pytest.mark.parametrize(
    ("stem", "header", "shown"),
    [
        ("SmolLM2-135M-Instruct.Q4_1", "Smollm2 135M 8k Lc100K Mix1 Ep2", "SmolLM2-135M-Instruct"),
        ("smollm2-135m-q8_0", "SmolLM2 135M Instruct", "SmolLM2 135M Instruct"),
        ("model-f16", "Smollm2 135M 8k", "Smollm2 135M 8k"),
        ("my-own-UD-Q4_K_XL", "", "my-own"),
        ("SmolLM2-135M-Instruct-0123456789ab", "SmolLM2 135M Instruct", "SmolLM2 135M Instruct"),
        ("SmolLM2-135M-Instruct-0123456789ab", "Smollm2 135M 8k", "SmolLM2-135M-Instruct"),
    ],
)
def test_a_model_is_shown_by_the_name_that_says_more(tmp_path, stem, header, shown) -> None:
    change = {
        "general.name": ("string", header),
        "general.basename": ("string", "smollm2"),
        "general.size_label": ("string", "135M"),
    }
    file = read_header(write(tmp_path / f"{stem}.gguf", tiny_llama(change=change)))
    assert name_for(changed(file, name=header), stem) == shown


def test_a_cancelled_import_leaves_no_part(recorder, tmp_path, home, monkeypatch) -> None:
    monkeypatch.setattr(file_io, "CHUNK_BYTES", 1)
    path = write(tmp_path / "tiny.gguf", tiny_llama())
    models = recorder.services.models

    def cancelled() -> Pending[ImportEnded]:
        importing = models.import_file(path)
        return importing.listen(lambda _step: importing.cancel())

    ended = result_of(recorder.services, cancelled)
    assert (ended.model, ended.problem) == (None, None)
    assert list((home / "models").iterdir()) == []


def test_d12_a_disk_that_is_too_full_says_both_amounts(recorder, tiny, home, monkeypatch) -> None:
    monkeypatch.setattr(file_io, "SPARE_BYTES", 1 << 60)
    problem = import_file(recorder, tiny).problem
    assert problem.code == "disk.full"
    assert problem.args["needed_bytes"] > problem.args["available_bytes"] > 0
    assert list((home / "models").iterdir()) == []


def test_m4_one_flipped_byte_is_found_and_the_model_not_loaded(recorder, tiny) -> None:
    model = import_file(recorder, tiny).model
    place = Path(os.fsdecode(model.path))
    assert [check.ok for check in asked(recorder, "verify", [])] == [True]
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)
    sent = recorder.ask(lambda services: services.chats.send(SendRequest("hello")))
    ended = recorder.end_of(sent.answer.id)
    assert (ended.message.status, ended.problem.code) == (Status.FAILED, "model.changed")
    checks = asked(recorder, "verify", [model.id])
    assert [(check.ok, check.problem.code) for check in checks] == [(False, "model.changed")]
    data[len(data) // 2] ^= 1
    place.write_bytes(data)  # another time and inode, the right bytes: hashed again, and good
    again = recorder.ask(lambda services: services.chats.send(SendRequest("hello", chat=sent.item.id)))
    assert recorder.end_of(again.answer.id).message.status is Status.COMPLETE


def test_a_fault_of_ours_while_a_model_is_checked_ends_the_loading_and_is_told(recorder, tiny, monkeypatch) -> None:
    def fail(*_args):
        raise RuntimeError("odd")

    model = import_file(recorder, tiny).model
    os.utime(os.fsdecode(model.path), (1, 1))  # it is checked anew
    monkeypatch.setattr("slmdesk.models.loader.model_loader.hash_file", fail)
    sent = recorder.ask(lambda services: services.chats.send(SendRequest("hello")))
    ended = recorder.end_of(sent.answer.id)
    assert (ended.message.status, ended.problem.code) == (Status.FAILED, "bug")
    assert "RuntimeError" in ended.problem.report


@pytest.mark.parametrize("step", ["_load_checked", "_on_load_event", "_load_done"])
def test_a_fault_of_ours_on_the_service_thread_ends_the_loading_and_is_told(recorder, tiny, monkeypatch, step) -> None:
    def fail(*_args):
        raise RuntimeError("odd")

    import_file(recorder, tiny)
    with monkeypatch.context() as faulty:
        faulty.setattr(f"slmdesk.models.loader.model_loader.ModelLoader.{step}", fail)
        sent = recorder.ask(lambda services: services.chats.send(SendRequest("hello")))
        ended = recorder.end_of(sent.answer.id)
    assert (ended.message.status, ended.problem.code) == (Status.FAILED, "bug")
    assert "RuntimeError" in ended.problem.report
    again = recorder.ask(lambda services: services.chats.send(SendRequest("hello", chat=sent.item.id)))
    assert recorder.end_of(again.answer.id).message.status is Status.COMPLETE


def test_d12_where_the_history_is_full_a_model_whose_file_was_touched_is_loaded(recorder, tiny, monkeypatch) -> None:
    def fail(*_args, **_values):
        raise KnownError("store.full", path="slmdesk.sqlite3", needed_bytes=1, available_bytes=0)

    model = import_file(recorder, tiny).model
    os.utime(os.fsdecode(model.path), (1, 1))
    monkeypatch.setattr(recorder.services.store.models, "change", fail)
    sent = recorder.ask(lambda services: services.chats.send(SendRequest("hello")))
    assert recorder.end_of(sent.answer.id).message.status is Status.COMPLETE


def test_a_path_that_no_system_knows_is_a_candidate_with_a_problem(recorder, tiny) -> None:
    far = Path("/" + "x" * 5000)
    odd, good = result_of(recorder.services, lambda: recorder.services.finding.look([far, tiny])).candidates
    assert (odd.path, odd.problem.code) == (far, "model.unreadable")
    assert good.problem is None


def test_m12_a_model_that_is_gone_stays_in_the_list_and_comes_back(recorder, tiny) -> None:
    model = import_file(recorder, tiny).model
    place = Path(os.fsdecode(model.path))
    away = place.with_suffix(".away")
    place.rename(away)
    sent = recorder.ask(lambda services: services.chats.send(SendRequest("hello")))
    ended = recorder.end_of(sent.answer.id)
    assert ended.problem.code == "model.missing"
    assert [record.id for record in on_service_thread(recorder, "list")] == [model.id]
    assert asked(recorder, "verify", [])[0].problem.code == "model.missing"
    away.rename(place)
    again = recorder.ask(lambda services: services.chats.try_again(sent.answer.id))
    assert recorder.end_of(again.id).message.status is Status.COMPLETE


def test_files_in_the_folder_are_taken_in_after_the_library_was_lost(recorder, home) -> None:
    write(home / "models" / "left.gguf", tiny_llama())
    (home / "models" / "no-model.gguf").write_text("hello")
    assert asked(recorder, "adopt") == 1
    (model,) = on_service_thread(recorder, "list")
    assert (model.linked, Path(os.fsdecode(model.path)).name) == (False, "left.gguf")
    assert (home / "models" / "no-model.gguf").exists()


def test_info_from_the_header_alone(recorder, tiny) -> None:
    header = asked(recorder, "info", str(tiny))
    assert (header.architecture, header.metadata["general.architecture"]) == ("llama", "llama")
    missing = asked(recorder, "info", str(tiny) + ".none")
    assert isinstance(missing, Problem)
    assert missing.code == "model.missing"
    assert recorder.services.engine.generation == 0


def test_choosing(recorder, tiny, tmp_path) -> None:
    with pytest.raises(KnownError, match=r"model\.none"):
        on_service_thread(recorder, "choose", None)
    first = import_file(recorder, tiny, name="One").model
    assert on_service_thread(recorder, "choose", None).id == first.id
    path = write(tmp_path / "two.gguf", tiny_llama(change={"general.name": ("string", "Two")}))
    second = import_file(recorder, path).model
    with pytest.raises(KnownError, match=r"model\.several"):
        on_service_thread(recorder, "choose", None)
    for unknown in ("three", "", " "):
        with pytest.raises(KnownError, match=r"^model\.unknown "):
            on_service_thread(recorder, "choose", unknown)
    assert on_service_thread(recorder, "choose", "two").id == second.id
    on_service_thread(recorder, "use", second.id)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY)
    assert on_service_thread(recorder, "choose", None).id == second.id


def test_the_last_choice_is_loaded_and_the_one_before_stopped(opened, tmp_path) -> None:
    recorder = opened(load_seconds=3.0)
    other = add_model(recorder.services, tmp_path / "other.gguf", "Other")
    on_service_thread(recorder, "use", "Echo")
    recorder.wait(ModelStateChanged, lambda event: event.fraction > 0)
    on_service_thread(recorder, "use", other.id)
    ready = recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.READY)
    assert ready.name == "Other"
    assert not [
        event for event in recorder.of(ModelStateChanged) if event.name == "Echo" and event.state is ModelState.READY
    ]


def test_a_wish_right_after_a_cancelled_load_is_served(opened) -> None:
    recorder = opened(load_seconds=0.5)
    on_service_thread(recorder, "use", "Echo")
    recorder.wait(ModelStateChanged, lambda event: event.fraction > 0)

    def both():
        recorder.services.models.cancel_load()
        return recorder.services.chats.send(SendRequest("hello"))

    sent = recorder.services.service_thread.call(both)
    assert recorder.end_of(sent.answer.id).message.status is Status.COMPLETE


def test_a_shared_model_that_is_here_already_is_hashed_once(opened, tiny, home, tmp_path, monkeypatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    twin = write(shared / "ours.gguf", tiny_llama())
    (home / "config").mkdir(parents=True)
    (home / "config" / "policy.toml").write_text(f'[models]\nfolder = "{shared}"\n')
    recorder = opened(model=False)
    mine = import_file(recorder, tiny).model
    with monkeypatch.context() as it:
        it.setattr(recorder.services.store.database, "read_only", True)
        assert asked(recorder, "adopt") == 1, "it ends, though that cannot be noted"
    assert asked(recorder, "adopt") == 1
    assert asked(recorder, "adopt") == 0
    assert on_service_thread(recorder, "list")[0].path == mine.path
    assert twin.exists()
    write(shared / "other.gguf", tiny_llama(seed=5))
    assert asked(recorder, "adopt") == 1
    assert [record.linked for record in on_service_thread(recorder, "list")] == [False, True]


def test_a_shared_folder_that_is_away_is_said(opened, home, tmp_path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "policy.toml").write_text(f'[models]\nfolder = "{tmp_path / "away"}"\n')
    recorder = opened(model=False)
    assert asked(recorder, "adopt") == 0
    notice = recorder.wait(Noticed)
    assert (notice.problem.code, notice.problem.args["path"]) == ("file.unreadable", str(tmp_path / "away"))


def test_an_import_ends_also_when_its_part_cannot_be_removed(recorder, tiny, home, monkeypatch) -> None:
    models = home / "models"
    real = file_io.hashlib.sha256

    def away(*data):
        if not data and models.is_dir():
            models.rename(home / "away")  # after the room was looked at, before the part is made
            models.write_text("no folder")
        return real(*data)

    monkeypatch.setattr(file_io.hashlib, "sha256", away)
    ended = import_file(recorder, tiny)
    assert ended.model is None
    assert ended.problem is not None
    assert ended.problem.code == "file.unwritable"


def test_an_import_ends_whatever_goes_wrong(recorder, tiny, monkeypatch) -> None:
    def broken(*_args):
        raise RuntimeError("of our own making")

    monkeypatch.setattr("slmdesk.models.importer.copy_in", broken)
    ended = import_file(recorder, tiny)
    assert ended.problem is not None
    assert ended.problem.code == "bug"
    monkeypatch.undo()
    assert import_file(recorder, tiny).model is not None


@pytest.mark.skipif(os.name == "nt", reason="there an open file cannot be removed")
def test_the_next_import_removes_parts_whose_owner_is_gone(recorder, tiny, home) -> None:
    import fcntl

    folder = home / "models"
    dead, living, new = (folder / f".import-{name}.part" for name in ("dead", "living", "new"))
    for part in (dead, living, new):
        part.write_bytes(b"x")
    with living.open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for part in (dead, living):
            os.utime(part, (time.time() - 3600,) * 2)
        assert import_file(recorder, tiny).model is not None
        assert [part.exists() for part in (dead, living, new)] == [False, True, True]


@pytest.mark.real_child
def test_m5_a_wish_to_load_anyway_holds_until_it_fails(opened) -> None:
    recorder = opened(at=-1, fail="model.out_of_memory")
    services = recorder.services
    record = services.service_thread.call(lambda: services.models.choose(None))

    def ended(begin):
        return recorder.wait(ModelStateChanged, lambda event: event.state is not ModelState.LOADING, begin)

    def used(**how):
        begin = len(recorder.events)
        services.service_thread.call(lambda: services.models.use(record.id, **how))
        return ended(begin)

    assert used().problem.code == "model.out_of_memory"
    assert used(anyway=True).state is ModelState.READY
    begin = len(recorder.events)
    services.service_thread.call(services.models.unload)
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.NOT_LOADED, begin)
    assert used().state is ModelState.READY  # freed and loaded again by itself: the request still holds
    begin = len(recorder.events)
    os.kill(services.engine.pid, signal.SIGKILL)  # as the system does when memory runs out
    recorder.wait(ModelStateChanged, lambda event: event.state is ModelState.CRASHED, begin)
    assert used().problem.code == "model.out_of_memory"


def test_a_comparison_tells_its_progress_says_when_it_was_and_can_be_stopped(recorder, tiny, monkeypatch) -> None:
    model = import_file(recorder, tiny).model
    steps: list[tuple[int, int]] = []

    def verify():
        return recorder.services.models.verify([model.id]).listen(steps.append)

    def stopped():
        pending = verify()
        pending.cancel()
        return pending

    def wait_and_hash(path: Path, on_bytes, stop: threading.Event):
        assert stop.wait(TIMEOUT_S)
        return hash_file(path, on_bytes, stop)

    with monkeypatch.context() as patched:
        patched.setattr("slmdesk.models.importer.hash_file", wait_and_hash)
        assert list(result_of(recorder.services, stopped)) == []
    assert "verified" not in on_service_thread(recorder, "list")[0].info
    assert [check.ok for check in result_of(recorder.services, verify)] == [True]
    assert steps[-1] == (model.bytes, model.bytes)
    assert on_service_thread(recorder, "list")[0].info["verified"] > model.added


def test_a_history_that_cannot_be_written_loses_no_model(recorder, tiny, monkeypatch) -> None:
    model = import_file(recorder, tiny).model
    monkeypatch.setattr(recorder.services.store.database, "read_only", True)
    with pytest.raises(KnownError, match=r"^store\.read_only "):
        on_service_thread(recorder, "remove", model.id)
    assert Path(os.fsdecode(model.path)).is_file()
    assert [check.ok for check in asked(recorder, "verify", [])] == [True]  # it answers, though it cannot note when


def test_a_file_that_cannot_be_deleted_keeps_its_model(recorder, tiny, monkeypatch) -> None:
    model = import_file(recorder, tiny).model
    monkeypatch.setattr(Path, "unlink", Mock(side_effect=PermissionError(13, "Permission denied")))
    with pytest.raises(KnownError) as caught:
        on_service_thread(recorder, "remove", model.id)
    monkeypatch.undo()
    assert caught.value.code == "file.unwritable"
    assert [record.id for record in on_service_thread(recorder, "list")] == [model.id]


def test_models_that_call_themselves_the_same_can_be_told_apart(recorder, tmp_path) -> None:
    """As the files of one repository do: in the list of a chat nobody could choose between them."""
    names = []
    for number, file in enumerate((tiny_llama(), tiny_llama(f32=False), tiny_llama(seed=2), tiny_llama(seed=3))):
        model = import_file(recorder, write(tmp_path / f"{number}.gguf", file)).model
        assert model is not None
        names.append(model.name)
    assert names == ["Tiny llama", "Tiny llama F16", "Tiny llama F32", "Tiny llama F32 (2)"]
    again = import_file(recorder, write(tmp_path / "again.gguf", tiny_llama(seed=2)))
    assert (again.was_here, again.model.name) == (True, "Tiny llama F32"), "what is here already keeps its name"


def test_a_file_with_nothing_but_its_header_is_refused_before_it_is_read_through(recorder, tiny, monkeypatch) -> None:
    """A file of 192 GiB, of which only the size was ever set: hashing it would take minutes."""
    hashed = Mock(side_effect=AssertionError("it is not read through"))
    monkeypatch.setattr("slmdesk.models.importer.hash_file", hashed)
    os.truncate(tiny, 192 << 30)
    for link in (True, False):
        ended = import_file(recorder, tiny, link=link)
        assert ended.problem
        assert ended.problem.code == "model.damaged"
    assert not hashed.called
    assert recorder.ask(lambda services: services.models.list()) == []


@pytest.fixture
def two(opened, tmp_path):
    recorder = opened(model=False)
    return (
        recorder,
        add_model(recorder.services, tmp_path / "a.gguf", "One"),
        add_model(recorder.services, tmp_path / "b", "Two"),
    )


def rename(recorder, model: str, name: str):
    return recorder.ask(lambda services: services.models.rename(model, name))


def test_a_model_is_shown_under_its_new_name(two) -> None:
    recorder, model, _other = two
    assert rename(recorder, model.id[:6], "  For\nletters \x1b ").name == "For letters \ufffd"
    assert recorder.of(ModelsChanged)
    assert recorder.ask(lambda services: services.models.choose("for letters \ufffd")).id == model.id
    assert rename(recorder, model.id, "for LETTERS").name == "for LETTERS"  # its own name in other letters


@pytest.mark.parametrize("name", ["Two", "tWO"])
def test_a_name_belongs_to_one_model(two, name) -> None:
    recorder, model, other = two
    with pytest.raises(KnownError) as err:
        rename(recorder, model.id, name)
    assert (err.value.code, err.value.args_for_people["id"]) == ("model.name_taken", other.id)
    with pytest.raises(KnownError, match=r"^model\.name_taken "):
        rename(recorder, model.id, other.id[:5])  # would be taken for that id
    assert recorder.ask(lambda services: services.store.models.get(model.id)).name == "One"


@pytest.mark.parametrize(("model", "name", "code"), [
    ("One", " \n ", "request.invalid"), ("nothing", "x", "model.unknown"),
])  # fmt: skip
def test_what_is_no_name_or_no_model_is_said(two, model, name, code) -> None:
    with pytest.raises(KnownError) as err:
        rename(two[0], model, name)
    assert err.value.code == code


def test_m11_a_long_name_is_cut_and_marked(two) -> None:
    recorder, model, _other = two
    name = rename(recorder, model.id, "<b>" + "x" * 5000).name
    assert (len(name), name[-1]) == (120, "…")


def test_a_free_name_has_a_number(two) -> None:
    _reported, model, other = two
    assert free_name("Three", (model, other)) == "Three"
    assert free_name("one", (model, other)) == "one (2)"
