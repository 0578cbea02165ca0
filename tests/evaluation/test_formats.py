from __future__ import annotations

import hashlib
import os
import shutil
import signal
from pathlib import Path

import pytest
from fakes.recorder import LLAMA, Recorder, import_model, is_alive, open_echo, result_of
from fakes.tiny_families import Shape, make

from slmdesk.base.errors import KnownError
from slmdesk.base.types import FormatQuality, FormatSpeed
from slmdesk.evaluation import formats
from slmdesk.evaluation.formats import (
    FormatProgress,
    FormatReport,
    FormatResult,
    Likeness,
    advice_of,
    candidates,
    format_sentence,
)
from slmdesk.gguf.read import read_header
from slmdesk.loader.energy import OtherPrograms
from slmdesk.models.service import DefaultUse, origin_of
from slmdesk.runtime.file_io import Claim

# ---- what is recommended

PUBLISHED = FormatSpeed(0.004, 0.010, 0.006)


def result(
    name="Q8_0", *, read=0.002, write=0.010, together=0.004, divergence=0.01, perplexity=50.0, same=20, size=140
):
    quality = FormatQuality(divergence, perplexity, 2000, 0.9)
    return FormatResult(
        name, size, FormatSpeed(read, write, together), PUBLISHED, quality, 50.0, same_answers=same, questions=50
    )


def report(*results: FormatResult) -> FormatReport:
    return FormatReport("a PC", "1.0", 100, results)


@pytest.mark.pure
def test_the_fastest_of_those_that_answer_as_well_is_recommended() -> None:
    weaker = result("Q4_0", read=0.001, write=0.008, divergence=0.5)
    assert report(result(), weaker).fastest() == result()
    assert report(weaker).fastest() is None
    assert advice_of(report(weaker)).startswith("The published file is the best one")
    assert advice_of(report(result())).startswith("Recommended: Q8_0. Answers as good (20 of 50")


@pytest.mark.pure
def test_among_equally_fast_formats_the_smaller_one_is_recommended() -> None:
    larger, smaller = result("F16", size=270, read=0.00198), result("Q6_K", size=138)
    assert report(larger, smaller).fastest() == smaller


@pytest.mark.pure
def test_what_makes_answers_slower_is_not_recommended_for_its_reading() -> None:
    assert report(result(write=0.02)).fastest() is None


@pytest.mark.pure
@pytest.mark.parametrize(
    ("given", "likeness"),
    [
        ({"divergence": 0.0004, "same": 50}, Likeness.SAME),
        ({"divergence": 0.0004, "same": 49}, Likeness.NEARLY),
        ({"divergence": 0.02, "perplexity": 50.9}, Likeness.NEARLY),
        ({"divergence": 0.02, "perplexity": 51.1}, Likeness.OTHER),
        ({"divergence": 0.04}, Likeness.OTHER),
    ],
)
def test_how_like_answers_are_goes_by_the_stated_bounds(given, likeness) -> None:
    assert result(**given).likeness is likeness


@pytest.mark.pure
def test_the_smallest_is_at_least_a_tenth_smaller_and_answers_as_well() -> None:
    small, tiny = result("Q4_K_M", size=60), result("Q4_0", size=50, divergence=0.3)
    assert report(small, tiny, result(size=95)).smallest() == small


@pytest.mark.pure
def test_the_words_name_gains_and_size() -> None:
    words = format_sentence(result(size=140_000_000), FormatReport("a PC", "1.0", 98_000_000))
    assert words.endswith("writes answers 1.2 × as fast, long documents 1.9 × as fast, 42 MB larger."), words


@pytest.mark.pure
def test_of_a_small_file_only_formats_that_some_processors_compute_faster_are_tried() -> None:
    assert candidates("Q4_1", 134_000_000) == ["F16", "Q8_0", "Q6_K", "Q4_0"]
    assert candidates("Q4_0", 3_000_000_000) == ["Q8_0", "Q6_K"]
    assert candidates("F16", 134_000_000) == ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_NL", "Q4_0"]
    assert "Q8_0" not in candidates("Q8_0", 134_000_000)


# ---- measured and made with the real model


def opened_desk(path, monkeypatch):
    services = open_echo(LLAMA)
    monkeypatch.setattr(OtherPrograms, "are_quiet", lambda _: True)  # other tests run beside this one
    imported = import_model(services, path)
    assert imported.model is not None
    yield Recorder(services), imported.model
    services.close()


@pytest.fixture
def desk(home, starter_model, monkeypatch):
    yield from opened_desk(starter_model, monkeypatch)


@pytest.fixture
def small_desk(home, tmp_path, monkeypatch):
    """With a tiny model, where it does not matter what it says."""
    yield from opened_desk(make("llama2", tmp_path, shape=Shape(layers=5)), monkeypatch)


@pytest.fixture(params=["small_desk", pytest.param("desk", marks=pytest.mark.soak)])
def each_desk(request):
    return request.getfixturevalue(request.param)


def on_thread(recorder, fn):
    return recorder.services.service_thread.call(fn)


def folders(recorder) -> list[str]:
    return [path.name for path in recorder.services.models.folder.glob(".formats*")]


@pytest.mark.model
def test_a_format_is_measured_and_nothing_is_left_but_the_figures(each_desk, monkeypatch) -> None:
    recorder, model = each_desk
    whole = formats.material()
    assert len(whole.questions) == 50
    few = formats.Material((whole.texts[0][:600],), whole.questions[:2])
    monkeypatch.setattr(formats, "material", lambda: few)
    services, news = recorder.services, []
    found = result_of(services, lambda: services.formats.measure(model.id, formats=["Q4_0"]).listen(news.append))
    assert isinstance(found, FormatReport), found
    one = found.results["Q4_0"]
    assert not one.reason
    assert one.answer_gain > 0
    assert one.likeness in (Likeness.OTHER, Likeness.UNKNOWN), "4-bit weights made of 4-bit weights are weaker"
    assert 0 < one.bytes < model.bytes
    assert on_thread(recorder, lambda: services.formats.report(model.id)) == found, "kept with the model"
    fractions = [one.fraction for one in news if isinstance(one, FormatProgress)]
    assert fractions == sorted(fractions)
    assert folders(recorder) == []
    assert [one.id for one in on_thread(recorder, services.models.list)] == [model.id], "nothing is made unasked"
    begun: list = []
    again = result_of(services, lambda: services.formats.measure(model.id, formats=["Q4_0"]).listen(begun.append))
    assert again == found
    assert begun == [], "what was measured is not measured again"


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
@pytest.mark.parametrize("harm", ["gone", "changed", "another PC"])
def test_a_copy_of_no_use_gives_way_to_the_published_file(small_desk, harm, monkeypatch) -> None:
    recorder, model = small_desk
    services = recorder.services
    copy = result_of(services, lambda: services.formats.make(model.id, "Q8_0"))
    path = Path(os.fsdecode(copy.path))
    if harm == "gone":
        path.unlink()
    elif harm == "changed":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        monkeypatch.setattr("slmdesk.loader.model_loader.hardware_key", lambda: "another processor")
    assert on_thread(recorder, lambda: services.models.choose(None)).id == model.id
    named = on_thread(recorder, lambda: services.models.choose(copy.id))
    assert named.id == copy.id, "who names the copy to remove it does not mean its model"
    on_thread(recorder, lambda: services.models.remove(named.id))
    assert [one.id for one in on_thread(recorder, services.models.list)] == [model.id]
    assert Path(os.fsdecode(model.path)).is_file()


@pytest.mark.model
def test_a_pack_carries_the_published_file(small_desk, tmp_path) -> None:
    recorder, model = small_desk
    services = recorder.services
    copy = result_of(services, lambda: services.formats.make(model.id, "Q8_0"))
    result_of(services, lambda: services.packs.pack([copy.id], tmp_path / "models.zip"))
    contents = result_of(services, lambda: services.packs.contents(tmp_path / "models.zip"))
    assert [model.listed.sha256 for model in contents.models] == [model.sha256]


@pytest.mark.model
def test_one_at_a_time_and_what_a_killed_program_left_goes(small_desk) -> None:
    recorder, model = small_desk
    services, folder = recorder.services, recorder.services.models.folder
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

    def kill(_news: object) -> None:
        for pid in _children_of(os.getpid()):
            if pid != services.engine.pid and not killed:
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
    assert [one.id for one in on_thread(recorder, services.models.list)] == [model.id]
    assert not on_thread(recorder, lambda: services.jobs.is_held)


@pytest.mark.model
def test_a_full_disk_short_memory_and_a_noisy_pc_are_said(small_desk, monkeypatch) -> None:
    recorder, model = small_desk
    services = recorder.services
    usage = shutil.disk_usage(services.models.folder)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _path: usage._replace(free=1 << 20))
        assert result_of(services, lambda: services.formats.make(model.id, "Q8_0")).code == "disk.full"
    with monkeypatch.context() as patch:
        patch.setattr("slmdesk.evaluation.formats.available_bytes", lambda: 1 << 20)
        found = result_of(services, lambda: services.formats.measure(model.id, formats=["Q8_0"]))
        assert "of memory" in found.results["Q8_0"].reason
    monkeypatch.setattr("slmdesk.evaluation.formats._LOOKS", 1)
    monkeypatch.setattr(OtherPrograms, "are_quiet", lambda _: False)
    found = result_of(services, lambda: services.formats.measure(model.id, formats=["Q4_0"]))
    assert found.results["Q4_0"].reason.startswith("Other programs use the processor")
    assert folders(recorder) == []


# ---- refused at once


@pytest.mark.process
def test_not_on_battery_not_beside_an_answer_not_without_the_right(opened, monkeypatch) -> None:
    recorder = opened()
    services = recorder.services
    model = on_thread(recorder, services.models.list)[0]
    services.formats.is_on_battery = lambda: True
    with pytest.raises(KnownError, match=r"formats\.battery"):
        on_thread(recorder, lambda: services.formats.measure(model.id))
    with pytest.raises(KnownError, match="format Q1_9"):
        on_thread(recorder, lambda: services.formats.make(model.id, "Q1_9"))
    with pytest.raises(KnownError, match=r"formats\.no_copy"):
        on_thread(recorder, lambda: services.formats.use(model.id, copy=True))
    assert not on_thread(recorder, lambda: services.jobs.is_held)
    assert formats.FEATURE == "models.formats"


def _children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for file in found for one in file.read_text().split()]


@pytest.mark.model
def test_layers_are_left_out_by_what_they_are_needed_for(each_desk, monkeypatch) -> None:
    recorder, model = each_desk
    services, whole = recorder.services, formats.material()
    few = formats.Material((whole.texts[0][:200],), whole.questions[:1])
    monkeypatch.setattr(formats, "material", lambda: few)
    monkeypatch.setattr(formats, "_LEFT_OUT", (1,))
    monkeypatch.setattr(formats.FormatTrials, "_speed_of", lambda *_asked: PUBLISHED)
    only = formats.FormatTrials.leave_out
    monkeypatch.setattr(formats.FormatTrials, "leave_out", lambda self, _layers: only(self, 5))  # three are tried
    found = result_of(services, lambda: services.formats.measure_without_layers(model.id))
    assert isinstance(found, FormatReport), found
    (one,) = found.tried
    assert one.format == "1 layer less"
    assert one.left_out[0] in (1, 2, 3), "the first and the last stay"
    assert one.bytes < model.bytes
    assert one.quality.divergence > 0
    assert on_thread(recorder, lambda: services.formats.report(model.id, formats.LAYERS_KEY)) == found
    assert on_thread(recorder, lambda: services.formats.report(model.id)) is None
    copy = result_of(services, lambda: services.formats.make(model.id, "", one.left_out))
    assert read_header(Path(os.fsdecode(copy.path))).layers == read_header(Path(os.fsdecode(model.path))).layers - 1
    assert copy.name.endswith("1 layer less")
    assert origin_of(copy).left_out == one.left_out
