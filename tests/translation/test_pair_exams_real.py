"""Pairs of languages with the real engine: the starter model, which is weak at all of them, and odd models."""

from __future__ import annotations

import pytest
from fakes import tiny_gguf
from fakes.recorder import LLAMA, Recorder, import_model, open_echo
from translation.test_translating import ENDED, translated

from slmdesk.base.records import JobStatus
from slmdesk.base.translation import SegmentState
from slmdesk.jobs.types import JobChanged
from slmdesk.translation import pairs


@pytest.fixture
def opened(home):
    made = []

    def make(path) -> Recorder:
        services = open_echo(LLAMA)
        made.append(services)
        recorder = Recorder(services)
        import_model(services, path, link=True)
        return recorder

    yield make
    for service in made:
        service.close()


@pytest.mark.soak
@pytest.mark.model
@pytest.mark.usefixtures("measured_before")
def test_the_starter_model_is_weak_at_german_and_it_is_said(opened, starter_model, monkeypatch) -> None:
    every = pairs.pair_items

    def some(language):  # four of twelve, all kinds: the whole exam takes half a minute
        items = every(language)
        return items[2], items[3], items[6], items[9]

    monkeypatch.setattr(pairs, "pair_items", some)
    recorder = opened(starter_model)
    services = recorder.calls
    job = services.pair_exams.take(None, "en", "de")
    recorder.wait(JobChanged, lambda event: event.id == job.id and event.status in ENDED)
    advice = services.translations.advice(None, "en", "de")
    assert advice.level == "weak", advice
    assert not advice.offer  # the card of the window, and the note of a command, name the better model
    assert "is no translator" in advice.words


@pytest.mark.process
@pytest.mark.parametrize("template", [None, tiny_gguf.CHATML])
def test_a_model_that_knows_no_language_translates_or_says_so(opened, tmp_path, template) -> None:
    """Random weights, with and without a chat format: every segment has its end, and doubts are said."""
    recorder = opened(tiny_gguf.write(tmp_path / "tiny.gguf", tiny_gguf.tiny_llama(template=template)))
    service = recorder.calls.translations
    warning = service.advice(None, "en", "ur").words
    assert "is very small" in warning
    assert ("brings no chat format; a plain one is used" in warning) is (template is None)
    view = translated(recorder, target="ur", text="The rent is 900 euros a month. You must not sublet.", source="en")
    assert view.job.status is JobStatus.DONE, view.job
    for segment in service.segments(view.item.id):
        assert segment.state in (SegmentState.TRANSLATED, SegmentState.FAILED), segment
        assert segment.flags or segment.reason or segment.doubts, "word salad is never passed on without a doubt"
    assert service.text_of(view.item.id).strip()
