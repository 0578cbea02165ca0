"""What is found in letters of which all is known, and that nothing of it is left where substitutes stand for it.

Both the parts the rules were tried on and those laid aside; the names are in no list of the program.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from fakes.letter_scores import CHECKED, scores
from fakes.letters import letters
from fakes.split_numbers import KINDS, figures, split_numbers

from slmdesk.text.redaction import Certainty
from slmdesk.text.redaction.finding import find_private
from slmdesk.text.redaction.table import table_for

pytestmark = pytest.mark.pure
SEED = int(os.environ.get("SLMDESK_SEED", "7"))
GOALS = ((CHECKED, 0.98), (("person",), 0.90))
PRECISION = 0.95


@pytest.mark.parametrize("held_out", [False, True], ids=["tried", "laid aside"])
def test_private_things_are_found_in_letters(held_out: bool) -> None:
    _check(60, held_out=held_out)


@pytest.mark.soak
@pytest.mark.parametrize("held_out", [False, True], ids=["tried", "laid aside"])
def test_private_things_are_found_in_a_thousand_letters(held_out: bool) -> None:
    _check(1_000, held_out=held_out)


def _check(count: int, *, held_out: bool) -> None:
    found = scores(letters(SEED, count, held_out=held_out))
    print(f"seed {SEED}, {count} letters\n{found.lines()}")
    for kinds, goal in GOALS:
        assert found.recall(*kinds) >= goal, (kinds, dict(found.missed))
    assert found.precision() >= PRECISION, dict(found.wrong)


def test_the_count_shows_what_was_missed() -> None:

    blind = [replace(letter, text=letter.text.lower()) for letter in letters(SEED, 6)]
    assert scores(blind).recall("person") < 0.2


@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.soak)])
def test_all_that_is_found_in_letters_gets_a_substitute_that_no_letter_has(count: int) -> None:
    for number, letter in enumerate(letters(SEED + 1, count, held_out=bool(SEED % 2))):
        finds = [one for one in find_private(letter.text) if one.certainty is not Certainty.UNSURE]
        made = {own: sub for entry in table_for(letter.text, finds) for own, sub in entry.pairs}
        assert {find.text for find in finds} <= made.keys(), f"seed {SEED}, letter {number}"
        assert len(set(made.values())) == len(made), f"seed {SEED}, letter {number}"
        assert not any(sub in letter.text for sub in made.values()), f"seed {SEED}, letter {number}"


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_that_files_split_are_found_whole(kind: str) -> None:
    missed = []
    for letter in split_numbers(kind, SEED, 200):
        finds = [one for one in find_private(letter.text) if one.certainty is not Certainty.UNSURE]
        covered = {at for one in finds for at in range(one.start, one.end)}
        open_ = [at for at in range(letter.start, letter.end) if letter.text[at].isalnum() and at not in covered]
        missed += [letter.text[letter.start - 20 : letter.end + 10]] if open_ else []
    assert len(missed) <= 4, missed


def test_figures_that_are_no_numbers_of_anybody_stay() -> None:
    wrong = [
        (one.reason, text[one.start - 20 : one.end + 20])
        for _, text in figures(SEED, 200)
        for one in find_private(text)
        if one.certainty is not Certainty.UNSURE
    ]
    assert len(wrong) <= 2, wrong
