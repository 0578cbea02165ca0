"""A rescue as people meet it: what it says, who hears of it, and that what came over can be worked with."""

from __future__ import annotations

import json

import pytest
from fakes.recorder import open_echo, result_of
from history.store.conftest import set_aside
from history.store.rescue.test_rescue_translations import SEGMENTS, TERMS, fill, overwrite, pages_of

from slmdesk.base.paths import find_paths
from slmdesk.base.records import Rescued
from slmdesk.base.runtime.events import ItemChanged
from slmdesk.history.labels import rescued_words
from slmdesk.tasks.translation.service import Handout
from slmdesk.tasks.translation.types import GlossariesChanged


@pytest.mark.pure
def test_what_came_over_and_what_was_lost_is_said():
    rescued = Rescued(3, 1200, 0, 0, 1, translations=2, segments=1402, memory=1, uncounted=2, lost_segments=1)
    assert rescued_words(rescued) == (
        "Rescued: 1 chat with 1,200 messages, 2 translations with 1,402 segments, 1 sentence of the translation memory."
        " 1 entry could not be read. 1 segment of translations is missing. How much more is missing cannot be told."
        " The damaged file is kept."
    )


@pytest.mark.process
@pytest.mark.parametrize("is_by_hand", [False, True], ids=["at the start", "by hand"])
def test_h4_a_rescued_translation_can_be_gone_on_with(opened, tmp_path, is_by_hand):
    paths = find_paths()
    before = open_echo()

    def make(services):
        with services.store.together():
            return fill(services.store)

    lease = before.service_thread.call(lambda: make(before))
    before.close()
    overwrite(paths, *pages_of(paths, "segments")[1:3])
    if is_by_hand:
        set_aside(paths)
    recorder = opened()
    services = recorder.services

    def call(work):
        return services.service_thread.call(lambda: work(services))

    (damaged,) = call(lambda services: services.history.damaged())
    if is_by_hand:
        rescued = call(lambda services: services.history.rescue(damaged))
        assert rescued.lost_segments == SEGMENTS - len(call(lambda services: services.store.segments.of_item(lease)))
        assert lease in {event.item.id for event in recorder.of(ItemChanged)}
        assert len(recorder.of(GlossariesChanged)) == 1
    assert len(call(lambda services: services.translations.terms("en", "de", "legal"))) == TERMS + 1
    view = call(lambda services: services.tasks.open(lease))
    assert view.is_done
    translation = view.result
    assert translation.left[1].kind == "lost"
    assert SEGMENTS > len(translation.segments) > SEGMENTS / 2
    target = tmp_path / "report.json"
    result_of(services, lambda: services.translations.write_handout(lease, Handout.REPORT, "json", target))
    report = json.loads(target.read_text())
    listed = [row["source"] for name in ("failed", "flagged", "left", "translated") for row in report[name]]
    assert len(listed) == len(set(listed)) == len(translation.segments), "each once, though there are gaps"
    (typed,) = [
        record for record in call(lambda services: services.store.items.page("translation")) if record.id != lease
    ]
    shown = call(lambda services: services.translations.kept(typed.id))
    assert [segment.target for segment in shown.segments] == ["Guten Morgen.", "Wie geht's?"]
