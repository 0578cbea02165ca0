"""Speech models that hear by a projector: beside Whisper, chosen, named, and told where they lack it."""

from __future__ import annotations

import json

import pytest
from fakes import tiny_hearing
from fakes.recorder import Recorder, import_model, on_service_thread, open_echo
from fakes.sounds import samples, wav

from slmdesk.base.records import DocumentStatus
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.walls import Wall, walls_of
from slmdesk.documents.voice.events import DictationEnded, DictationGrew
from slmdesk.models.service import DefaultUse

pytestmark = pytest.mark.process


@pytest.fixture
def both(heard, tmp_path):
    """A recorder of services with a Whisper, and a larger Qwen3-ASR with its projector."""
    for path in tiny_hearing.qwen3_asr(tmp_path):
        assert import_model(heard.services, path).problem is None
    records = heard.ask(lambda services: services.models.list())
    heard.by_kind = {record.kind: record for record in records}
    return heard


def heard_by(recorder: Recorder, language: str = "", *, is_best: bool = False) -> str:
    """What the child is told: the kind of the model, and whether it is given a projector; or the code of a problem."""
    service = recorder.services.voice
    told = on_service_thread(recorder, lambda: service._model(language, is_best=is_best))
    kinds = {bytes(record.path).decode(): kind for kind, record in recorder.by_kind.items()}
    return " ".join(kinds[path] for path in told.values())


def test_of_two_the_smallest_takes_dictation_and_the_one_with_times_recordings(both):
    assert both.by_kind["asr"].can_chat is False
    smallest = min(("whisper", "asr"), key=lambda kind: both.by_kind[kind].bytes)
    assert heard_by(both, "de").startswith(smallest)
    assert heard_by(both, "de", is_best=True) == "whisper"


def test_the_one_that_was_chosen_is_taken_for_both(both):
    uses = both.services.uses
    on_service_thread(both, lambda: uses.set_default(DefaultUse.TRANSCRIBE, both.by_kind["asr"].id))
    assert heard_by(both) == heard_by(both, is_best=True) == "asr projector"
    assert heard_by(both, "uk") == "whisper", "of a language that it does not know it hears nothing"
    assert on_service_thread(both, lambda: uses.uses_of(both.by_kind["asr"].id)) == (DefaultUse.TRANSCRIBE,)
    on_service_thread(both, lambda: uses.set_default(DefaultUse.TRANSCRIBE, both.by_kind["whisper"].id))
    assert heard_by(both) == "whisper"
    assert on_service_thread(both, lambda: uses.default(DefaultUse.TRANSCRIBE)).kind == "whisper"
    on_service_thread(both, lambda: uses.set_default(DefaultUse.TRANSCRIBE, None))
    assert on_service_thread(both, lambda: uses.default(DefaultUse.TRANSCRIBE)) is None


def test_without_its_projector_it_is_told(both):
    on_service_thread(both, lambda: both.services.uses.set_default(DefaultUse.TRANSCRIBE, both.by_kind["asr"].id))
    on_service_thread(both, lambda: both.services.models.remove(both.by_kind["projector"].id))
    problem = both.calls.voice.dictate("de")
    assert isinstance(problem, Problem)
    assert problem.code == "speech.no_projector"
    assert "second file" in problem.sentence
    on_service_thread(both, lambda: both.services.uses.set_default(DefaultUse.TRANSCRIBE, None))
    assert heard_by(both, "de") == heard_by(both, "de", is_best=True) == "whisper"


def test_the_command_hears_by_the_model_that_is_named(both, run, whisper, tmp_path):
    (tmp_path / "talk.wav").write_bytes(wav((0.5, 2, 0.5)))
    both.services.close()
    talk = str(tmp_path / "talk.wav")
    assert run("documents", "transcribe", talk, "--language", "de").status == 0
    name = both.by_kind["whisper"].name
    assert run("documents", "transcribe", talk, "--language", "de", "-m", name).status == 0
    assert len(whisper.asked) == 2, "with a model that is named, it is heard anew"
    shown = json.loads(run("models", "default", "transcribe", both.by_kind["asr"].id, "--json").out)
    assert shown["id"] == both.by_kind["asr"].id
    assert "by size" in run("models", "default", "transcribe", "--none").out
    assert run("documents", "transcribe", talk, "-m", both.by_kind["projector"].name).status == 1
    unknown = run("documents", "transcribe", talk, "--language", "uk", "-m", both.by_kind["asr"].id)
    assert (unknown.status, "cannot hear" in unknown.err) == (1, True)


@pytest.mark.model
@pytest.mark.real_child
def test_the_real_library_hears_within_its_walls(home, tmp_path):
    """With random weights it writes nonsense, but it loads, hears twice, writes a recording down, and is shut in."""
    (tmp_path / "talk.wav").write_bytes(wav((0.5, 24, 0.5, 3, 0.5)))
    services = open_echo()
    try:
        recorder = Recorder(services)
        for path in tiny_hearing.qwen3_asr(tmp_path):
            import_model(services, path)
        dictation = recorder.calls.voice.dictate("de")
        recorder.calls.voice.feed(dictation, samples(0.3, 1.2, 1.0, 1.2, 0.1))
        recorder.calls.voice.finish(dictation)
        assert recorder.wait(DictationEnded) == DictationEnded(dictation)
        assert len([event for event in recorder.of(DictationGrew) if event.is_final]) == 2
        assert walls_of(services.capabilities()["listener"]).wall is Wall.WALLED
        record = recorder.calls.documents.open(tmp_path / "talk.wav", encoding="de")
        assert record.status is DocumentStatus.READ
        places = [block.place for page in recorder.calls.documents.pages(record.id) for block in page.blocks]
        assert places[0].startswith("0:00.5–0:2")
    finally:
        services.close()
