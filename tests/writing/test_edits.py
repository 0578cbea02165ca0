"""Which words a correction changed, and what kind of mistake each change mends."""

from __future__ import annotations

import os
import random

import pytest

from slmdesk.writing.edits import applied, edits_of, reason_of

pytestmark = pytest.mark.pure


def told(old: str, new: str, language: str = "en") -> list[tuple[str, str, str]]:
    return [(edit.old(old), edit.new, reason_of(old, edit, language)) for edit in edits_of(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("We recieved it.", "We received it.", "spelling"),
        ("Die kündigung kam.", "Die Kündigung kam.", "capital letter"),
        ("Mit freundlichen Grüssen", "Mit freundlichen Grüßen", "spelling"),
        ("Its late.", "It's late.", "punctuation"),
        ("Es ist klar wer kam.", "Es ist klar, wer kam.", "punctuation"),
        ("two form", "two forms", "form of a word"),
        ("He have it.", "He has it.", "grammar"),
        ("We payed it.", "We paid it.", "spelling"),
        ("Teh key.", "The key.", "spelling"),
        ("Return the the key.", "Return the key.", "repeated word"),
        ("We look forward hearing it.", "We look forward to hearing it.", "missing word"),
        ("I think it very late.", "I think late.", "extra word"),
        ("He left ,then.", "He left, then.", "punctuation"),
        ("every one", "everyone", "spacing"),
        ("He walked home.", "He wandered home.", "wording"),
    ],
)
def test_the_kind_of_mistake_is_told_by_rule(old, new, reason):
    assert reason in {edit[2] for edit in told(old, new)}
    assert applied(old, edits_of(old, new)) == new


def test_words_beside_each_other_are_changes_of_their_own_where_each_has_its_counterpart():
    assert told("we recieved you letter", "We received your letter") == [
        ("we", "We", "capital letter"),
        ("recieved", "received", "spelling"),
        ("you", "your", "spelling"),
    ]
    assert told("He have went.", "He left.") == [("have went", "left", "wording")]


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
