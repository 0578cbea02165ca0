"""Which words a correction changed, and what each change touches."""

from __future__ import annotations

import os
import random

import pytest

from slmdesk.tasks.writing.edits import applied, edits_of, exact_edits
from slmdesk.tasks.writing.types import Version, kind_of

pytestmark = pytest.mark.pure


def told(old: str, new: str) -> list[tuple[str, str, str]]:
    return [(edit.old(old), edit.new, kind_of(edit.old(old), edit.new, is_fact=False)) for edit in edits_of(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ("We recieved it.", "We received it.", [("recieved", "received", "word")]),
        ("Die kündigung kam.", "Die Kündigung kam.", [("kündigung", "Kündigung", "sign")]),
        ("Mit freundlichen Grüssen", "Mit freundlichen Grüßen", [("Grüssen", "Grüßen", "word")]),
        ("Its late.", "It's late.", [("Its", "It's", "sign")]),
        ("Es ist klar wer kam.", "Es ist klar, wer kam.", [("", ",", "sign")]),
        ("Return the the key.", "Return the key.", [("the ", "", "word")]),
        ("We look forward hearing it.", "We look forward to hearing it.", [("", "to ", "word")]),
        ("He left ,then.", "He left, then.", [(" ,", ", ", "sign")]),
        ("every one", "everyone", [("every one", "everyone", "sign")]),
    ],
)
def test_what_a_change_touches_is_told(old, new, edits):
    assert told(old, new) == edits
    assert applied(old, edits_of(old, new)) == new


def test_a_change_of_another_wording_touches_what_is_new_or_missing_in_it():
    version = Version("Mrs Novak pays 1,540 euros soon.", added=("Novak", "1,540"), missing=("Petrov", "1,450"))
    assert version.kind_of("Petrov", "Novak") == version.kind_of("1,450", "1,540") == "figure or name"
    assert (version.kind_of("", "soon"), version.kind_of("soon.", "soon!")) == ("word", "sign")


def test_words_beside_each_other_are_changes_of_their_own_word_for_word():
    assert told("we recieved you letter", "We received your letter") == [
        ("we", "We", "sign"),
        ("recieved", "received", "word"),
        ("you", "your", "word"),
    ]
    assert told("He have went.", "He left.") == [("have went", "left", "word")]
    assert told("They threat lot of fish.", "They threaten many fish.") == [("threat lot of", "threaten many", "word")]
    assert told("A good in sing.", "A good at singing songs.") == [("in sing", "at singing songs", "word")]


def test_line_breaks_blanks_and_kinds_of_quotation_marks_stay():
    old = "He  said “no”\r\nand have\tleft\nthe the room."
    new = 'He said "no" and has left the room.'
    assert applied(old, edits_of(old, new)) == "He  said “no”\r\nand has\tleft\nthe room."


def test_any_two_wordings_are_led_into_each_other():
    seed = int(os.environ.get("SLMDESK_TEST_SEED", random.randrange(10**9)))
    chance = random.Random(seed)
    words = ["a", "the", "Ünal", "12", "1,450", "don't", "l'eau", ",", ".", "€", "x-y", "(no)"]
    for _ in range(500):
        old, new = (" ".join(chance.choices(words, k=chance.randrange(9))) for _ in range(2))
        assert " ".join(applied(old, edits_of(old, new)).split()) == " ".join(new.split()), (seed, old, new)
        spaced = f" {new}\u00a0\n“a” "
        assert applied(old, exact_edits(old, spaced)) == spaced, (seed, old, spaced)
