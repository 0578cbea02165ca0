"""Speech heard by tiny models with a projector: one segment, stopped while it is heard, told where it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest
from fakes import tiny_hearing, tiny_vision
from fakes.sounds import samples
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.sound import RATE, sound_of
from slmdesk.children.engine.llama.hearing import HearingModel, without_loops
from slmdesk.children.engine.whisper import Heard

pytestmark = pytest.mark.model
FAMILIES = {"qwen": tiny_hearing.qwen3_asr, "voxtral": tiny_hearing.voxtral}
SPOKEN = sound_of(samples(0.5, 3.0, 0.5))


MOST = 12
"""Tokens of an answer: the models end none by themselves."""


@pytest.fixture(scope="module", params=FAMILIES)
def hearing(request, tmp_path_factory) -> Iterator[HearingModel]:
    with patch("slmdesk.children.engine.llama.hearing.MOST_TOKENS", MOST):
        yield HearingModel(*map(str, FAMILIES[request.param](tmp_path_factory.mktemp(request.param))))


def test_what_is_said_is_one_segment_from_the_first_voice_to_the_last(hearing):
    heard = hearing.hear(SPOKEN, "de")
    (segment,) = heard.segments
    assert (segment.start, segment.end) == pytest.approx((0.5, 3.5), abs=0.1)
    assert heard.text
    assert heard.language == "de"
    assert hearing.hear(SPOKEN, "de") == heard, "nothing of the first time is left"
    other = sound_of(samples(0.2, 1.0, 0.4, 1.5))
    assert hearing.hear(other, "de").text != heard.text, "the words come of the sound"


def test_a_long_and_a_very_short_sound_are_heard(hearing):
    long = sound_of(samples(0.2, 27.6, 0.2))
    assert hearing.hear(long, "en").segments[0].end > 27
    assert hearing.hear(SPOKEN[RATE : RATE + RATE // 8], "en").language == "en"


def test_of_what_is_still_being_spoken_it_says_nothing(hearing):
    assert hearing.hear(SPOKEN, "de", is_draft=True) == Heard((), "de")


def test_noise_is_not_even_given_to_the_model(hearing):
    noise = np.random.default_rng(0).normal(0, 0.05, 3 * RATE).astype(np.float32)
    assert hearing.hear(noise, "de") == Heard((), "de")


@pytest.mark.parametrize("after", [0, 1, 3])
def test_it_is_stopped_while_it_hears_and_hears_on(hearing, after):
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > after

    with pytest.raises(Stopped):
        hearing.hear(SPOKEN, stop=stop)
    assert hearing.hear(SPOKEN, "de").text


def test_the_language_that_it_found_stands_before_its_words(hearing, monkeypatch):
    answers = {"<asr_text>": " language German<asr_text> Guten  Tag.", "": " Guten Tag."}
    monkeypatch.setattr(hearing, "_answer", lambda *_: answers[hearing._prompt.answer_mark])
    heard = hearing.hear(SPOKEN)
    assert (heard.text, heard.language) == ("Guten Tag.", "de" if hearing._prompt.answer_mark else "")


def test_what_is_no_speech_is_nothing(hearing, monkeypatch):
    if not hearing._prompt.answer_mark:
        pytest.skip("its answers are words alone")
    monkeypatch.setattr(hearing, "_answer", lambda *_: "language None<asr_text>")
    assert hearing.hear(SPOKEN) == Heard((), "")


def test_what_loops_is_said_twice_at_most():
    assert without_loops("He said no. " + "And so on. " * 30 + "End") == "He said no. And so on. And so on. End"
    assert without_loops("0000000000 very very very good") == "0000000000 very very very good"


def test_what_cannot_hear_is_told(tmp_path):
    model, projector = map(str, tiny_hearing.qwen3_asr(tmp_path))
    chat = str(write(tmp_path / "chat.gguf", tiny_llama()))
    eyes = str(tiny_vision.qwen25vl(tmp_path)[1])
    for paths, code in {
        (chat, projector): "model.wrong_kind",
        (model, ""): "speech.no_projector",
        (model, model): "projector.unusable",
        (model, str(tiny_hearing.voxtral(tmp_path)[1])): "projector.other_model",
        (model, eyes): "projector.other_model",
        (model, str(tmp_path / "gone.gguf")): "projector.unusable",
    }.items():
        with pytest.raises(KnownError) as raised:
            HearingModel(*paths)
        assert raised.value.code == code, paths


def test_a_model_that_does_not_fit_is_told_before_it_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr("slmdesk.children.engine.llama.hearing.free_memory", lambda: 1 << 20)
    with pytest.raises(KnownError) as raised:
        HearingModel(*map(str, tiny_hearing.qwen3_asr(tmp_path)))
    assert raised.value.code == "model.out_of_memory"
    assert raised.value.args_for_people["needed_bytes"] > 1 << 20
