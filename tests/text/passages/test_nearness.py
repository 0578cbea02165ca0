"""Words that stand together count for more than the same words scattered."""

from __future__ import annotations

import pytest

from slmdesk.text.passages.nearness import nearness

pytestmark = pytest.mark.pure


def test_words_in_one_sentence_beat_words_scattered():
    together = "The pump stops when the pressure is too high."
    scattered = "The pump is red. " + "Roses grow in May and in June here. " * 10 + "The pressure of the tyre."
    near = nearness(["pump", "pressure"], [together, scattered, "nothing"])
    assert near[0] == 1.0
    assert near[0] > near[1] > near[2] == 0.0


def test_rare_words_weigh_more_and_endings_do_not_matter():
    near = nearness(["files", "locking"], ["the file is here", "it locks well", "a file", "many files"])
    assert near[1] > near[0]
    assert nearness([], ["a"]) == [0.0]
    assert nearness(["a"], []) == []
