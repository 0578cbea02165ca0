"""Which model is recommended for simulated PCs, jobs and languages."""

from __future__ import annotations

import pytest

from slmdesk.base.record import changed
from slmdesk.base.types import Device
from slmdesk.models.evaluation.recommendation import Recommendations, recommend
from slmdesk.models.gguf.memory import Pace
from slmdesk.models.hub.search import Skill, load_catalogue
from slmdesk.models.service import Pc

CHAT, SUMMARIES, TRANSLATION = Skill.CHAT, Skill.SUMMARIES, Skill.TRANSLATION
LAPTOP = Pace(bandwidth=32e9)
"""An i5-8365U: with this bandwidth the forecast is nearest to what a public table says it writes."""
FAST = Pace(bandwidth=100e9)


def pc(gigabytes: float, pace: Pace = LAPTOP, card: int = 0) -> Pc:
    return Pc(0, pace, (Device("Card", card << 30),) if card else (), round(gigabytes * (1 << 30)))


def title(job: Skill, there: Pc, *languages: str) -> str:
    offer = recommend(job, there, languages=languages)
    return offer.entry.title if offer else ""


@pytest.mark.pure
@pytest.mark.parametrize(
    ("name", "tokens_per_s"),
    [("Gemma 4 E4B", 9.0), ("Gemma 4 12B", 4.0), ("Qwen 3.5 4B", 8.1), ("Apertus 8B", 5.3)],
)
def test_the_laptop_of_the_table_writes_as_fast_as_was_seen(name: str, tokens_per_s: float) -> None:
    entry = next(entry for entry in load_catalogue() if entry.title == name)
    pace = LAPTOP.of_size(entry.active_bytes, entry.quantization)
    assert pace is not None
    assert pace.tokens_per_s == pytest.approx(tokens_per_s, rel=0.2)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("gigabytes", "bandwidth", "first", "translation"),
    [  # two cores read the memory slowly, sixteen fast
        (4, 32e9, "LFM2.5 1.2B", ""),
        (6, 15e9, "Qwen 3.5 2B", "Hy-MT2 1.8B"),
        (8, 6e9, "Qwen 3 4B Instruct 2507", "Hy-MT2 1.8B"),
        (8, 32e9, "Qwen 3 4B Instruct 2507", "Hy-MT2 1.8B"),
        (16, 32e9, "Qwen 3 4B Instruct 2507", "Hy-MT2 7B"),
        (24, 15e9, "Qwen 3 4B Instruct 2507", "Hy-MT2 1.8B"),
        (24, 5e9, "LFM2.5 1.2B", "Hy-MT2 7B"),
        (32, 40e9, "Qwen 3 4B Instruct 2507", "Hy-MT2 7B"),
        (64, 100e9, "Qwen 3 4B Instruct 2507", "Hy-MT2 7B"),
        (64, 0.0, "Qwen 3 4B Instruct 2507", "Hy-MT2 1.8B"),  # not measured yet
    ],
)
def test_the_first_offer_is_the_fastest_that_is_good_enough(
    gigabytes: float, bandwidth: float, first: str, translation: str
) -> None:
    there = pc(gigabytes - 0.4, Pace(bandwidth=bandwidth))  # what the graphics unit takes is not reported
    assert [title(job, there, "de") for job in (CHAT, SUMMARIES, TRANSLATION)] == [first, first, translation]
    for card in (0, 8, 24):
        offer = recommend(CHAT, pc(gigabytes, Pace(bandwidth=bandwidth), card=card), languages=("de",))
        assert offer is not None
        assert offer.entry.bytes <= 5_000_000_000


@pytest.mark.pure
@pytest.mark.parametrize(
    ("there", "job", "languages", "expected"),
    [
        (pc(4), CHAT, ("pl",), "Qwen 3.5 0.8B"),  # a last resort, where LFM2.5 does not speak the language
        (pc(8), TRANSLATION, ("sv",), "TranslateGemma 4B"),
        (pc(16), TRANSLATION, ("el",), "TranslateGemma 4B"),
        (pc(16), TRANSLATION, ("ga",), "EuroLLM 9B 2512"),  # slow, and nothing else speaks Irish
        (pc(16, FAST), TRANSLATION, ("sv",), "EuroLLM 9B 2512"),  # quick enough here, and without conditions
        (pc(4, card=12), SUMMARIES, ("de",), "Qwen 3 4B Instruct 2507"),
        (
            changed(pc(8), devices=(Device("Unit", 12 << 30, is_integrated=True),)),
            SUMMARIES,
            (),
            "Qwen 3 4B Instruct 2507",
        ),
        (pc(2), CHAT, (), ""),
    ],
)
def test_other_pcs_and_languages(there: Pc, job: Skill, languages: tuple[str, ...], expected: str) -> None:
    assert title(job, there, *languages) == expected


@pytest.mark.pure
def test_a_reason_is_one_sentence_that_names_conditions_measures_and_what_is_too_slow() -> None:
    nordic = recommend(TRANSLATION, pc(16), languages=("sv",))
    assert nordic is not None
    assert "licence (Gemma) has conditions, but none without suits this PC" in nordic.reason
    papers = recommend(SUMMARIES, pc(16), languages=("de",))
    assert papers is not None
    assert papers.words == "Qwen 3 4B Instruct 2507, 2.5 GB, about 8 words a second"
    assert papers.reason == (
        "It fits into 16 GB beside your other programs and writes about 8 words a second; speaks German; "
        "gave an answer to 1 of 15 questions whose answer the papers do not hold (HilbertRaum, 2026-10); "
        "of Qwen 3 4B, 5.7 % of the summaries said what their text does not (Vectara, 2026-03); "
        "Gemma 4 12B would write only 3; Gemma 4 E4B (5.2 GB) is better and fits too, but takes longer to fetch."
    )


@pytest.mark.pure
def test_a_pc_that_was_not_measured_is_told_no_speed() -> None:
    offer = recommend(CHAT, pc(8, Pace()), languages=("de",))
    assert offer is not None
    assert (offer.words, offer.reason) == (
        "Qwen 3 4B Instruct 2507, 2.5 GB",
        "It fits into 8 GB beside your other programs; speaks German.",
    )


@pytest.mark.pure
def test_one_line_for_what_one_model_serves() -> None:
    by_job = {job: recommend(job, pc(16), languages=("de",)) for job in (CHAT, SUMMARIES, TRANSLATION)}
    assert Recommendations(16, by_job).lines == (
        "For this PC (16 GB): Qwen 3 4B Instruct 2507, 2.5 GB, about 8 words a second.",
        "For translating: Hy-MT2 7B, 4.6 GB, about 4 words a second.",
    )
    assert Recommendations(4, {TRANSLATION: None}).lines == ("For translating: none of the list fits.",)
