"""Text that is typed: what a dead engine and a refused model leave behind."""

from __future__ import annotations

import pytest

from slmdesk.base.translation import SegmentState
from slmdesk.tasks.translation import typed as cache
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.typed import CachedSegment, SegmentCache
from slmdesk.tasks.translation.types import LiveTranslated

MANNER = TranslationStyle("de", "en")
LONG = "We go out and come back home again before the rain begins to fall on the roof of the house."


def typed(recorder, text):
    services = recorder.services
    begin = len(recorder.events)

    def work():
        services.live.translate(text, MANNER, services.models.choose(None))

    services.service_thread.call(work)
    return recorder.wait(LiveTranslated, lambda event: event.is_done, begin)


@pytest.mark.process
def test_a_model_that_was_refused_is_used_when_it_is_trusted_again(opened, monkeypatch):
    recorder = opened(turned=True)
    loader = recorder.services.loader
    with monkeypatch.context() as patched:
        patched.setattr(loader, "times_crashed", lambda _record: 3)
        refused = typed(recorder, "We go out.")
    assert refused.problem is not None
    assert refused.problem.code == "model.crashes"
    assert [segment.target for segment in typed(recorder, "We go out.").segments] == ["wE GO OUT."]


@pytest.mark.pure
def test_a_long_text_does_not_push_itself_out(monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 3)
    known = SegmentCache()
    keys = [(str(at), "en", "de", "", "", "", ()) for at in range(10)]
    known.on_show = 10
    for key in keys:
        known.note(key, CachedSegment("x", SegmentState.TRANSLATED))
    assert all(map(known.get, keys))
    known.on_show = 1
    known.note(keys[9], CachedSegment("y", SegmentState.TRANSLATED))
    assert [bool(known.get(key)) for key in keys] == [False] * 6 + [True] * 4


@pytest.mark.process
def test_half_sentences_are_forgotten_when_all_is_stopped(opened):
    recorder = opened(turned=True, slow=0.05)
    services = recorder.services
    services.service_thread.call(lambda: services.live.translate(LONG, MANNER, services.models.choose(None)))
    grown = recorder.wait(LiveTranslated, lambda event: any(segment.target for segment in event.segments))
    assert [segment.state for segment in grown.segments] == [SegmentState.OPEN]
    begin = len(recorder.events)
    services.service_thread.call(services.live.stop)
    stopped = recorder.wait(LiveTranslated, lambda event: event.is_done, begin)
    assert [segment.target for segment in stopped.segments] == [""]


@pytest.mark.pure
def test_other_words_are_told_up_to_where_the_sentence_goes_on_as_before():
    old = "Bitte senden Sie uns die signierte Kopie."
    assert cache.differing(old, "Bitte senden Sie uns die unterschriebene Kopie.", 25) == "unterschriebene"
    assert (
        cache.differing(old, "Bitte senden Sie uns ein Exemplar, das Sie haben.", 21) == "ein Exemplar, das Sie haben."
    )
    assert cache.differing(old, "Bitte senden Sie uns die Kopie.", 25) == "Kopie."
