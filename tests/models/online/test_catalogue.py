"""Suggested models: in the order in which they are of use on this PC."""

from __future__ import annotations

import pytest

from slmdesk.models.evaluation.recommendation import recommend
from slmdesk.models.gguf.memory import Pace, is_too_slow
from slmdesk.models.hub.search import Skill
from slmdesk.models.online.hub import OfferedFile
from slmdesk.models.service import MOST_BYTES, Pc


@pytest.mark.pure
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tiny.Q4_K_M.gguf", "Q4_K_M: 4-bit: small, nearly as good"),
        ("tiny, recommended.gguf", "tiny, recommended.gguf"),
    ],
)
def test_what_is_not_recommended_any_more_keeps_its_other_words(name, words) -> None:
    file = OfferedFile("somebody/tiny", name, 1, "", "fits", is_recommended=True)
    assert file.not_recommended().words == words
    assert file.not_recommended().is_recommended is False


@pytest.mark.process
def test_what_fits_but_is_too_slow_to_wait_for_is_not_suggested_first(opened, monkeypatch) -> None:
    recorder = opened(model=False)
    pc = Pc(64 << 30, Pace(bandwidth=2e9))  # much memory that is read slowly
    monkeypatch.setattr(recorder.services.hub, "pc", lambda: pc)
    offers = recorder.ask(lambda services: services.hub.suggestions())
    slow = [is_too_slow(offer.speed) for offer in offers]
    assert any(slow)
    assert not slow[0]
    assert slow == sorted(slow)
    assert {offer.fit for offer in offers if is_too_slow(offer.speed)} >= {"fits"}


@pytest.mark.process
@pytest.mark.parametrize("bandwidth", [0, 20e9], ids=["not measured", "measured"])
@pytest.mark.parametrize("gigabytes", [8, 32])
def test_the_suggestions_begin_with_models_that_fit_this_pc_well(opened, monkeypatch, bandwidth, gigabytes) -> None:
    recorder = opened(model=False)
    pc = Pc(gigabytes << 29, Pace(bandwidth=bandwidth), total_bytes=gigabytes << 30)
    monkeypatch.setattr(recorder.services.hub, "pc", lambda: pc)
    offers = recorder.ask(lambda services: services.hub.suggestions())
    best = recommend(Skill.SUMMARIES, pc).entry
    assert best.title in [offer.entry.title for offer in offers[:3]]
    assert {offer.fit for offer in offers[:3]} == {"fits"}
    assert max(offer.entry.bytes for offer in offers[:3]) <= MOST_BYTES
    assert all(bool(offer.speed) is bool(bandwidth) for offer in offers[:3]), "no speed is said that is not known"


@pytest.mark.process
def test_a_suggestion_says_memory_thinking_and_measures(opened) -> None:
    offers = opened(model=False).ask(lambda services: services.hub.suggestions())
    notes = {offer.entry.title: offer.notes for offer in offers}
    assert notes["gpt-oss 20B"] == (
        "Needs 13 GB of memory with 4,096 tokens, 13 GB with 16,384",
        "Thinks before it answers",
    )
    measures = {offer.entry.title: offer.measures for offer in offers}
    assert measures["gpt-oss 20B"] == (
        "of its larger sister, 14.2 % of the summaries said what their text does not (Vectara, 2026-03)",
    )
    assert measures["Spark X2.5 4B"] == ()
    assert notes["Phi 1"] == ()
    groups = [{offer.entry.title for offer in offers if offer.is_for(job, "")} for job in ("", "code", "comparison")]
    assert [group & {"Gemma 4 E4B", "Granite 4.0 350M", "Phi 1"} for group in groups] == [
        {"Gemma 4 E4B"}, {"Granite 4.0 350M"}, {"Phi 1"},
    ]  # fmt: skip
