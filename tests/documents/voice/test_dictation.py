"""Dictation by the service: sound goes in, words come, and what stands in its way is said."""

from __future__ import annotations

import json
import os

import pytest
from fakes.recorder import Recorder, import_model, open_echo
from fakes.sounds import samples
from fakes.tiny_whisper import tiny_whisper

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.walls import Wall, walls_of
from slmdesk.children.tasks import listener
from slmdesk.documents.voice.events import DictationEnded, DictationGrew

pytestmark = pytest.mark.process
BYTES_A_SECOND = 32_000


def dictated(recorder: Recorder, data: bytes, *, language: str | None = "en", step: int = 3200) -> str:
    voice = recorder.calls.voice
    dictation = voice.dictate(language)
    for at in range(0, len(data), step):
        voice.feed(dictation, data[at : at + step])
    return dictation


def test_words_come_stretch_by_stretch(heard):
    dictation = dictated(heard, samples(0.5, 2.0, 1.0, 3.0, 0.2))
    heard.calls.voice.finish(dictation)
    assert heard.wait(DictationEnded) == DictationEnded(dictation)
    finals = [event.text for event in heard.of(DictationGrew) if event.is_final]
    assert finals == ["2 seconds,\nfirst. And more.", "3 seconds,\nmore. And more."]
    assert {event.dictation for event in heard.of(DictationGrew)} == {dictation}
    heard.calls.voice.feed(dictation, b"late")


def test_a_draft_that_stutters_is_not_shown():
    assert listener.is_stutter("Be" + "mem" * 40)
    assert listener.is_stutter("")
    assert not listener.is_stutter("Dear Mrs Miller, we confirm the appointment on the 12th of March at half past 10.")


def test_a_cancelled_dictation_says_no_more(heard):
    dictation = dictated(heard, samples(0.5, 2.0))
    assert heard.calls.voice.dictate().code == "speech.busy", "one at a time"
    heard.calls.voice.cancel(dictation)
    assert heard.wait(DictationEnded) == DictationEnded(dictation)
    count = len(heard.events)
    other = dictated(heard, samples(0.5, 1.5, 1.0))
    heard.wait(DictationGrew, lambda event: event.dictation == other and event.is_final)
    assert not [event for event in heard.events[count:] if getattr(event, "dictation", other) != other]


def test_a_failure_of_the_model_is_told(heard, whisper):
    whisper.fails_at, whisper.failure = 0, KnownError("speech.failed")
    dictation = dictated(heard, samples(0.2, 1.5, 1.0))
    ended = heard.wait(DictationEnded)
    assert (ended.dictation, ended.problem.code) == (dictation, "speech.failed")
    assert isinstance(heard.calls.voice.dictate(), str)


def test_without_a_speech_model_the_way_to_one_is_told(home):
    services = open_echo()
    try:
        problem = Recorder(services).calls.voice.dictate("de")
        assert isinstance(problem, Problem)
        assert "Whisper" in problem.sentence
        assert "Models" in problem.sentence
    finally:
        services.close()


def test_an_organisation_may_forbid_it(home):
    (home / "config").mkdir(parents=True)
    (home / "config" / "policy.toml").write_text('version = 1\n[features]\nhidden = ["microphone"]\n')
    services = open_echo()
    try:
        assert Recorder(services).calls.voice.dictate().code == "feature.hidden"
    finally:
        services.close()


def test_models_are_told_by_what_they_can(heard):
    (record,) = heard.ask(lambda services: services.models.list())
    assert (record.kind, record.can_chat) == ("whisper", False)
    assert json.dumps(record.header)


@pytest.mark.model
@pytest.mark.real_child
def test_the_real_library_hears_within_its_walls(home, tmp_path):
    """With random weights it writes nonsense, but it loads, hears twice, and is shut in."""
    services = open_echo()
    try:
        recorder = Recorder(services)
        import_model(services, tiny_whisper(tmp_path / "ggml-tiny.bin"))
        dictation = dictated(recorder, samples(0.3, 1.2, 1.0, 1.2, 0.1), language="de", step=BYTES_A_SECOND)
        recorder.calls.voice.finish(dictation)
        assert recorder.wait(DictationEnded) == DictationEnded(dictation)
        assert len([event for event in recorder.of(DictationGrew) if event.is_final]) == 2
        assert walls_of(services.capabilities()["listener"]).wall is Wall.WALLED
        path = os.fsdecode(recorder.ask(lambda services: services.models.list())[0].path)
        tiny_whisper(tmp_path / "broken.bin", more=b"x")
        (tmp_path / "broken.bin").replace(path)  # after it was checked
        services.listener.renew()
        dictated(recorder, samples(0.3, 1.2, 1.0))
        assert recorder.wait(DictationEnded, lambda event: event.problem).problem.code == "model.damaged"
    finally:
        services.close()
