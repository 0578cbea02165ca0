"""Numbers are found whole as files spoil them, and figures that are nobody's numbers stay."""

from __future__ import annotations

import os

import pytest
from fakes.split_numbers import KINDS, figures, split_numbers

from slmdesk.redact import Certainty
from slmdesk.redact.finding import find_private

pytestmark = pytest.mark.pure
SEED = int(os.environ.get("SLMDESK_SEED", "7"))


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_that_files_split_are_found_whole(kind: str) -> None:
    missed = []
    for letter in split_numbers(kind, SEED, 100):
        finds = [find for find in find_private(letter.text) if find.certainty is not Certainty.UNSURE]
        covered = {at for find in finds for at in range(find.start, find.end)}
        open_ = [at for at in range(letter.start, letter.end) if letter.text[at].isalnum() and at not in covered]
        missed += [letter.text[letter.start - 20 : letter.end + 10]] if open_ else []
    assert len(missed) <= 2, missed


def test_figures_that_are_no_numbers_of_anybody_stay() -> None:
    wrong = [
        (find.reason, text[find.start - 20 : find.end + 20])
        for _, text in figures(SEED, 100)
        for find in find_private(text)
        if find.certainty is not Certainty.UNSURE
    ]
    assert len(wrong) <= 1, wrong
