"""Terms in sentences: found with any ending of their language, and not in words that only look alike.

Measured on golden/terms.toml: of 81 sentences with a term and 84 with a look-alike, and of 20 translations that obey a
glossary and 20 that do not.
"""

from __future__ import annotations

import random
import time
import tomllib
from pathlib import Path

import pytest

from slmdesk.base.text.terms import TermIndex, find_terms, spans_of, term_flags, terms_in
from slmdesk.base.translation import Forms, Term

pytestmark = pytest.mark.pure
GOLDEN = tomllib.loads((Path(__file__).parents[3] / "golden" / "terms.toml").read_text("utf-8"))
LEAST_FOUND, MOST_FALSE = 0.95, 0.05


def forms_in(language, term, sentence):
    return [sentence[hit.start : hit.end] for hit in find_terms(sentence, [Term(term, "x")], language)]


def test_terms_are_found_with_their_endings():
    missed = [row for row in GOLDEN["in"] if len(forms_in(*row)) != 1]
    assert len(missed) <= (1 - LEAST_FOUND) * len(GOLDEN["in"]), missed


def test_words_that_look_alike_are_none():
    false = [(row, forms_in(*row)) for row in GOLDEN["out"] if forms_in(*row)]
    assert len(false) <= MOST_FALSE * len(GOLDEN["out"]), false


def kinds(source, target, term, translation, sentence, translated):
    return [flag.kind for flag in term_flags(sentence, translated, source, target, [Term(term, translation)])]


def test_every_occurrence_is_used_or_flagged():
    unflagged = [row for row in GOLDEN["broken"] if kinds(*row) != ["glossary"]]
    assert len(unflagged) <= (1 - LEAST_FOUND) * len(GOLDEN["broken"]), unflagged
    false = [row for row in GOLDEN["used"] if kinds(*row)]
    assert len(false) <= MOST_FALSE * len(GOLDEN["used"]), false
    for row in GOLDEN["in"]:  # whatever is found is flagged where the translation has nothing of it
        if forms_in(*row):
            assert kinds(row[0], "en", row[1], "zzyzx", row[2], "Nothing here."), row


@pytest.mark.parametrize(
    ("forms", "minds_case", "text", "requested"),
    [
        (Forms.STEM, False, "Apples and apple pies", ["Apples", "apple"]),
        (Forms.EXACT, False, "Apples and apple pies", ["apple"]),
        (Forms.EXACT, True, "Apple and apple pies", ["apple"]),
        (Forms.STEM, True, "Apples and apple pies", ["apple"]),
        (Forms.PREFIX, False, "Appletree and apples, pineapple", ["Appletree", "apples"]),
    ],
)
def test_how_a_term_is_matched_is_the_lists_choice(forms, minds_case, text, requested):
    spans = spans_of(text, "apple", "en", forms=forms, minds_case=minds_case)
    assert [text[begin:end] for begin, end in spans] == requested


def test_longer_terms_win_and_of_two_translations_any_will_do():
    terms = [Term("lease", "Miete"), Term("lease agreement", "Mietvertrag"), Term("Lease", "Pacht")]
    text = "The lease agreement and the lease."
    assert [term.term.target for term in find_terms(text, terms, "en")] == ["Mietvertrag", "Miete"]
    assert {term.target for term in terms_in(text, terms, "en")} == {"Mietvertrag", "Miete", "Pacht"}
    assert term_flags(text, "Der Mietvertrag und die Pacht.", "en", "de", terms) == []
    flags = term_flags(text, "Der Mietvertrag und das Geld.", "en", "de", terms[1:])
    assert [(flag.text, flag.detail) for flag in flags] == [("Lease", "Pacht")]


def test_signs_and_kept_names_are_found_as_they_are_written():
    assert forms_in("en", "C++", "We write C++ and C.") == ["C++"]
    assert forms_in("en", "§ 5", "As § 5 says.") == ["§ 5"]
    terms = [Term("slmdesk", "", keeps=True)]
    assert term_flags("Use slmdesk now.", "Jetzt slmdesk nehmen.", "en", "de", terms) == []
    assert [flag.kind for flag in term_flags("Use slmdesk now.", "Jetzt SLMDesk nehmen.", "en", "de", terms)] == [
        "glossary"
    ]


def test_twenty_thousand_terms_do_not_slow_a_sentence_down():
    rng = random.Random(7)
    letters = "abcdefghijklmnoprstuvw"
    words = ["".join(rng.choices(letters, k=rng.randint(4, 9))) for _ in range(20_000)]
    index = TermIndex(Term(f"{rng.choice(words)} {rng.choice(words)}", "x") for _ in range(20_000))
    sentence = " ".join(rng.choices(words, k=20))
    find_terms(sentence, index, "de")
    began = time.thread_time()
    for at in range(5):
        find_terms(f"{sentence} {at}", index, "de")
    assert (time.thread_time() - began) / 5 < 0.2
