"""The measure of corrections: its sentences are in order, and its scores tell what is mended, changed and false."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.quality.corrections import Score, facts_of, items, judge, ours
from slmdesk.tasks.writing.edits import applied, edits_of

pytestmark = pytest.mark.pure
ITEMS = list(items())


def test_there_are_enough_sentences_of_each_language_and_both_halves():
    counts = Counter((item.language, item.is_right) for item in ITEMS)
    assert all(counts[language, False] >= 30 and counts[language, True] >= 20 for language in ("en", "de", "fr", "es"))
    assert {item.name for item in items(True)} | {item.name for item in items(False)} == {item.name for item in ITEMS}
    assert len({item.name for item in ITEMS}) == len(ITEMS)


def test_a_right_answer_is_scored_as_right_and_keeps_the_facts():
    for item in ITEMS:
        assert applied(item.wrong, edits_of(item.wrong, item.right)) == item.right
        score = Score()
        judge(item, item.right, score)
        assert (score.exact, score.found, score.right_changed) == ((0, 0, 0) if item.is_right else (1, 1, 0)), item.name
        assert score.facts_changed == 0


def test_what_is_wrong_is_counted():
    sample = next(item for item in ITEMS if item.is_right and "860" in item.right and item.language == "en")
    score = Score()
    judge(sample, sample.right.replace("860", "680"), score)
    assert (score.right_changed, score.facts_changed) == (1, 1)
    assert facts_of("It is not due.", sample) != facts_of("It is due.", sample)


def test_no_right_answer_is_lost_to_the_program_unseen():
    """What the rules keep from being made is suggested."""
    for item in ITEMS:
        result, suggested = ours(item, item.right)
        assert result == item.right or suggested, item.name
