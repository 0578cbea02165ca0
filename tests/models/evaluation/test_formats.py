from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from fakes.recorder import LLAMA, Recorder, import_model, is_alive, open_echo, result_of
from fakes.tiny_families import Shape, make

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.file_io import Claim
from slmdesk.models.evaluation import formats
from slmdesk.models.evaluation.formats import FormatProgress, copy_label, smaller_formats
from slmdesk.models.gguf.read import read_header
from slmdesk.models.service import DefaultUse, origin_of


@pytest.mark.pure
def test_smaller_formats_go_by_the_bits_of_the_file() -> None:
    header = {"quantization": "Q6_K", "parameters": 1_000_000_000}
    record = ModelRecord("a", "A", b"/a", False, 800_000_000, "s", 0, 0, header, "file", 0.0, None)
    sizes = smaller_formats(record)
    assert [name for name, _size in sizes] == ["Q5_K_M", "Q4_K_M", "IQ4_NL", "Q4_0", "Q3_K_M"]
    assert 600_000_000 < sizes[0][1] < 800_000_000
    assert smaller_formats(changed(record, header={**header, "quantization": "F16"}))[0][0] == "Q8_0"
    assert smaller_formats(changed(record, header={**header, "quantization": "Q3_K_M"})) == ()


def opened_desk(path):
    services = open_echo(LLAMA)
    imported = import_model(services, path)
    assert imported.model is not None
    yield Recorder(services), imported.model
    services.close()


@pytest.fixture
def desk(home, starter_model):
    yield from opened_desk(starter_model)


@pytest.fixture
def small_desk(home, tmp_path):
    """With a tiny model, where it does not matter what it says."""
    yield from opened_desk(make("llama2", tmp_path, shape=Shape(layers=4)))


def on_thread(recorder, fn):
    return recorder.services.service_thread.call(fn)


def folders(recorder) -> list[str]:
    return [path.name for path in recorder.services.models.folder.glob(".formats*")]


@pytest.mark.model
def test_a_copy_stands_beside_its_model_is_used_and_goes_with_it(small_desk) -> None:
    recorder, model = small_desk
    services = recorder.services
    before = hashlib.sha256(Path(os.fsdecode(model.path)).read_bytes()).hexdigest()
    on_thread(recorder, lambda: services.uses.set_default(DefaultUse.SUMMARIZE, model.id))
    copy = result_of(services, lambda: services.formats.make(model.id, "Q8_0"))
    path = Path(os.fsdecode(copy.path))
    assert path.parent == services.models.folder
    assert read_header(path).metadata["slmdesk.origin"].startswith(f"{model.sha256[:16]} F16")
    assert copy.header["quantization"] == "Q8_0"
    assert copy.header["license"] == model.header["license"]
    assert origin_of(copy).sha256 == model.sha256
    assert hashlib.sha256(Path(os.fsdecode(model.path)).read_bytes()).hexdigest() == before
    assert on_thread(recorder, lambda: services.models.choose(None)).id == copy.id
    assert on_thread(recorder, lambda: services.uses.default(DefaultUse.SUMMARIZE)).id == copy.id
    on_thread(recorder, lambda: services.formats.use(copy.id, copy=False))
    assert on_thread(recorder, lambda: services.models.choose(None)).id == model.id
    assert on_thread(recorder, lambda: services.uses.default(DefaultUse.SUMMARIZE)).id == model.id
    on_thread(recorder, lambda: services.formats.use(model.id, copy=True))
    told = on_thread(recorder, lambda: services.models.freed_by_removing(model.id))
    assert on_thread(recorder, lambda: services.models.remove(model.id)) == told == model.bytes + copy.bytes
    assert not path.exists()
    assert on_thread(recorder, services.models.list) == []


@pytest.mark.model
def test_a_copy_of_no_use_gives_way_to_the_published_file(small_desk, monkeypatch) -> None:
    recorder, model = small_desk
    services = recorder.services
    copy = result_of(services, lambda: services.formats.make(model.id, "Q8_0"))
    path = Path(os.fsdecode(copy.path))
    with monkeypatch.context() as patch:
        patch.setattr("slmdesk.models.loader.model_loader.hardware_key", lambda: "another processor")
        assert on_thread(recorder, lambda: services.models.choose(None)).id == model.id
    assert on_thread(recorder, lambda: services.models.choose(None)).id == copy.id
    path.write_bytes(path.read_bytes()[:-1])
    assert on_thread(recorder, lambda: services.models.choose(None)).id == model.id
    path.unlink()
    assert on_thread(recorder, lambda: services.models.choose(None)).id == model.id
    named = on_thread(recorder, lambda: services.models.choose(copy.id))
    assert named.id == copy.id, "who names the copy to remove it does not mean its model"
    on_thread(recorder, lambda: services.models.remove(named.id))
    assert [record.id for record in on_thread(recorder, services.models.list)] == [model.id]
    assert Path(os.fsdecode(model.path)).is_file()


@pytest.mark.model
def test_one_at_a_time_and_what_a_killed_program_left_goes(small_desk, monkeypatch) -> None:
    recorder, model = small_desk
    services, folder = recorder.services, recorder.services.models.folder
    with monkeypatch.context() as full:
        full.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=1 << 20))
        assert result_of(services, lambda: services.formats.make(model.id, "Q8_0")).code == "disk.full"
    assert folders(recorder) == []
    left = folder / ".formats-left"
    left.mkdir()
    (left / "Q8_0.gguf").write_bytes(b"half")
    claim = Claim.take(folder / ".formats.lock")  # as another window would hold it
    assert claim is not None
    assert result_of(services, lambda: services.formats.make(model.id, "Q8_0")).code == "formats.busy"
    assert left.exists(), "it may be the other window's"
    claim.release()
    assert result_of(services, lambda: services.formats.make(model.id, "Q8_0")).bytes < model.bytes
    assert folders(recorder) == []


@pytest.mark.real_child
@pytest.mark.model
def test_a_killed_child_and_a_cancel_leave_nothing(desk) -> None:
    recorder, model = desk
    services = recorder.services
    killed: list[int] = []
    before = {*_children_of(os.getpid())}  # some of them of tests that came first

    def kill(_news: object) -> None:
        for pid in _children_of(os.getpid()):
            if pid not in (*before, services.engine.pid) and not killed:
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

    problem = result_of(services, lambda: services.formats.make(model.id, "F16").listen(kill))
    assert killed
    assert problem.code in ("child.died", "child.start_failed"), problem
    assert folders(recorder) == []

    def cancelled():
        pending = services.formats.make(model.id, "F16")
        return pending.listen(lambda _news: pending.cancel())

    assert result_of(services, cancelled) is None
    assert folders(recorder) == []
    assert not any(is_alive(pid) for pid in killed)
    assert [record.id for record in on_thread(recorder, services.models.list)] == [model.id]
    assert not on_thread(recorder, lambda: services.jobs.is_held)


@pytest.mark.process
def test_what_cannot_be_made_is_refused_at_once(opened) -> None:
    recorder = opened()
    services = recorder.services
    model = on_thread(recorder, services.models.list)[0]
    with pytest.raises(KnownError, match="format Q1_9"):
        on_thread(recorder, lambda: services.formats.make(model.id, "Q1_9"))
    with pytest.raises(KnownError, match=r"formats\.no_copy"):
        on_thread(recorder, lambda: services.formats.use(model.id, copy=True))
    assert not on_thread(recorder, lambda: services.jobs.is_held)
    assert formats.FEATURE == "models.formats"


def _children_of(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children()]


@pytest.mark.model
def test_layers_are_left_out_by_what_they_are_needed_for(small_desk) -> None:
    recorder, model = small_desk
    services, news = recorder.services, []
    copy = result_of(services, lambda: services.formats.make(model.id, "", 1).listen(news.append))
    (left_out,) = origin_of(copy).left_out
    assert left_out in (1, 2), "the first and the last stay"
    assert copy.bytes < model.bytes
    assert read_header(Path(os.fsdecode(copy.path))).layers == read_header(Path(os.fsdecode(model.path))).layers - 1
    assert copy.name.endswith("1 layer less")
    assert copy_label(origin_of(copy)) == "1 layer less"
    fractions = [progress.fraction for progress in news if isinstance(progress, FormatProgress)]
    assert fractions == sorted(fractions)
    assert folders(recorder) == []
    assert result_of(services, lambda: services.formats.make(model.id, "", 3)).code == "request.invalid"
