"""Text that is typed: which of two tries counts, what a dead engine and a refused model leave behind."""

from __future__ import annotations

import pytest

from slmdesk.core.translation import SegmentState
from slmdesk.services.translation.asking.prompts import TranslationStyle, messages
from slmdesk.services.translation.events import LiveTranslated
from slmdesk.services.translation.typed import cache
from slmdesk.services.translation.typed.cache import CachedSegment, SegmentCache
from slmdesk.text.translation.checks import flags_of
from slmdesk.text.translation.tagged import Tags

MANNER = TranslationStyle("de", "en")
SOURCE = "The rent of 750 euros is due today."
FAULTY = "Die Miete von 570 Euro ist heute fällig."
GOOD = "Die Miete von 750 Euro ist heute fällig."
WORSE = "The rent of 750 euros is due now, and we do not pay it."


def second_ask(first):
    """What the model is told after this first try."""
    flags = flags_of(SOURCE, first, source_language="en", target_language="de", tags=Tags())
    assert flags
    return messages(SOURCE, Tags(), MANNER, wrong=flags)[-1].text


def typed(recorder, text):
    services = recorder.services
    begin = len(recorder.events)

    def work():
        services.live.translate(text, MANNER, services.models.choose(None))

    services.service_thread.call(work)
    return recorder.wait(LiveTranslated, lambda event: event.is_done, begin)


@pytest.mark.process
@pytest.mark.parametrize(("second", "counts"), [(GOOD, GOOD), (WORSE, FAULTY), ("", FAULTY)])
def test_the_second_try_counts_where_it_is_better(opened, second, counts):
    recorder = opened(known={SOURCE: FAULTY, second_ask(FAULTY): second})
    last = typed(recorder, SOURCE)
    assert [(one.target, one.state) for one in last.segments] == [(counts, SegmentState.TRANSLATED)]
    assert bool(last.segments[0].flags) is (counts == FAULTY)
    seen = [event.segments[0].target for event in recorder.of(LiveTranslated) if event.segments]
    whole = seen[seen.index(FAULTY) :]
    assert set(whole) == {FAULTY, counts}, "nobody watches how the second one is written"


@pytest.mark.process
def test_half_a_sentence_of_a_dead_engine_is_asked_again(opened, monkeypatch):
    recorder = opened(turned=True, at=4, slow=0.15, fault="exit1")
    broken = typed(recorder, "One two three four five six.")
    assert broken.problem is not None
    assert broken.problem.code == "child.died"
    half = broken.segments[0]
    assert half.state is SegmentState.OPEN
    assert 0 < len(half.target) < len("oNE TWO THREE FOUR FIVE SIX.")
    monkeypatch.setenv("SLMDESK_ECHO", '{"words": true, "turned": true}')
    whole = typed(recorder, "One two three four five six.")
    assert [one.target for one in whole.segments] == ["oNE TWO THREE FOUR FIVE SIX."]
    problems = [event for event in recorder.of(LiveTranslated) if event.problem is not None]
    assert len(problems) == 1, "told once"


@pytest.mark.process
def test_a_model_that_was_refused_is_used_when_it_is_trusted_again(opened, monkeypatch):
    recorder = opened(turned=True)
    loader = recorder.services.loader
    with monkeypatch.context() as patched:
        patched.setattr(loader, "times_crashed", lambda _record: 3)
        refused = typed(recorder, "We go out.")
    assert refused.problem is not None
    assert refused.problem.code == "model.crashes"
    assert [one.target for one in typed(recorder, "We go out.").segments] == ["wE GO OUT."]


@pytest.mark.pure
def test_a_long_text_does_not_push_itself_out(monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 3)
    known = SegmentCache()
    keys = [(str(at), "en", "de", "", "", "", ()) for at in range(10)]
    known.on_show = 10
    for key in keys:
        known.note(key, CachedSegment("x", SegmentState.TRANSLATED))
    assert not any(map(known.is_open, keys))
    known.on_show = 1
    known.note(keys[9], CachedSegment("y", SegmentState.TRANSLATED))
    assert [known.is_open(key) for key in keys] == [True] * 6 + [False] * 4


@pytest.mark.pure
def test_a_first_try_waits_for_its_second_until_all_is_stopped():
    known, key, other = SegmentCache(), ("a",), ("b",)
    first = CachedSegment("x", SegmentState.TRANSLATED)
    known.note(key, first.asked_again())
    known.note(other, CachedSegment("ha", SegmentState.OPEN))
    known.drop_begun([key, other])
    assert known.get(other) is None
    assert known.get(key).first is first
    assert known.is_open(key)
    known.settle()
    assert known.get(key) is first
