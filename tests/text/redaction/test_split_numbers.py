"""What is found in letters of which all is known, and that nothing of it is left where substitutes stand for it.

Both the parts the rules were tried on and those laid aside; the names are in no list of the program.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from fakes.letters import Letter, letters
from fakes.split_numbers import KINDS, figures, split_numbers

from slmdesk.text.redaction import Certainty
from slmdesk.text.redaction.finding import find_private
from slmdesk.text.redaction.table import table_for

pytestmark = pytest.mark.pure
COUNTS = (30, pytest.param(1_000, marks=pytest.mark.soak))
SEED = int(os.environ.get("SLMDESK_SEED", "7"))
CHECKED = ("iban", "card", "number")
GOALS = ((CHECKED, 0.98), (("person",), 0.90))
PRECISION = 0.95
POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(slots=True)
class Scores:
    """How many there are and how many were found, by kind; and of the finds, how many were right."""

    there: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    finds: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    missed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def recall(self, *kinds: str) -> float:
        return sum(self.found[kind] for kind in kinds) / max(1, sum(self.there[kind] for kind in kinds))

    def precision(self, *kinds: str) -> float:
        chosen = kinds or tuple(self.finds)
        return sum(self.right[kind] for kind in chosen) / max(1, sum(self.finds[kind] for kind in chosen))


def scores(letters: Iterable[Letter]) -> Scores:
    """What is replaced without anybody's doing: sure and likely finds.  A find is right if it is part of a truth."""
    made = Scores()
    for letter in letters:
        finds = [find for find in find_private(letter.text) if find.certainty is not Certainty.UNSURE]
        for truth in letter.truths:
            words = letter.text[truth.start : truth.end]
            end = truth.end - (len(possessive[0]) if (possessive := POSSESSIVE.search(words)) else 0)
            covered = {at for find in finds for at in range(max(find.start, truth.start), min(find.end, end))}
            open_ = [at for at in range(truth.start, end) if at not in covered and letter.text[at].isalnum()]
            made.there[truth.kind] += 1
            made.found[truth.kind] += not open_
            if open_:
                made.missed[f"{truth.kind} {letter.language}"].append(letter.text[truth.start - 30 : truth.end + 15])
        for find in finds:
            right = any(truth.start < find.end and find.start < truth.end for truth in letter.truths)
            made.finds[find.kind] += 1
            made.right[find.kind] += right
            if not right:
                made.wrong[f"{find.kind} {letter.language} {find.reason}"].append(
                    letter.text[find.start - 20 : find.end + 20]
                )
    return made


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("held_out", [False, True], ids=["tried", "laid aside"])
def test_private_things_are_found_in_letters(count: int, held_out: bool) -> None:
    tally = scores(letters(SEED, count, held_out=held_out))
    print(f"seed {SEED}, {count} letters: {tally}")
    for kinds, goal in GOALS:
        assert tally.recall(*kinds) >= goal, (kinds, dict(tally.missed))
    assert tally.precision() >= PRECISION, dict(tally.wrong)


def test_the_count_shows_what_was_missed() -> None:

    blind = [replace(letter, text=letter.text.lower()) for letter in letters(SEED, 6)]
    assert scores(blind).recall("person") < 0.2


@pytest.mark.parametrize("count", COUNTS)
def test_all_that_is_found_in_letters_gets_a_substitute_that_no_letter_has(count: int) -> None:
    for number, letter in enumerate(letters(SEED + 1, count, held_out=bool(SEED % 2))):
        finds = [find for find in find_private(letter.text) if find.certainty is not Certainty.UNSURE]
        made = {own: sub for entry in table_for(letter.text, finds) for own, sub in entry.pairs}
        assert {find.text for find in finds} <= made.keys(), f"seed {SEED}, letter {number}"
        assert len(set(made.values())) == len(made), f"seed {SEED}, letter {number}"
        assert not any(sub in letter.text for sub in made.values()), f"seed {SEED}, letter {number}"


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
