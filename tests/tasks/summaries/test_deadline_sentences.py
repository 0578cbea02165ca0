"""Forty sentences of letters in four languages, each with the day on which it ends; half of them were laid aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.deadline_letters import deadlines_in_letter

from slmdesk.tasks.summaries import deadlines as deadlines_module

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parents[2] / "golden"


def days(*words: str, **letter: Any) -> str:
    return ", ".join(sorted(deadline.day for deadline in deadlines_in_letter(*words, **letter) if deadline.day)) or "-"


@pytest.mark.parametrize(
    "name", ["deadline_sentences.txt", "deadline_sentences_held_out.txt", "deadline_directions.txt"]
)
def test_each_sentence_has_the_day_that_was_reckoned_by_hand(name) -> None:
    lines = (GOLDEN / name).read_text("utf-8").splitlines()
    cases = [[cell.strip() for cell in line.split("|")] for line in lines if not line.startswith("#")]
    assert len(cases) >= 20
    wrong = [
        f"{words}: {given}, by hand {expected}, for {why}"
        for place, language, who, words, expected, why in cases
        if (given := days(words, place=place, language=language, who=who)) != expected
    ]
    assert not wrong, "\n".join(wrong)


def test_a_weekday_and_a_time_of_day_in_the_head_take_no_deadline_away() -> None:
    words = "Sie müssen das Formular innerhalb von 14 Tagen ab Erhalt dieses Schreibens zurücksenden."
    assert days(words, head="Sprechzeit: Montag, 9 Uhr bis 12 Uhr") == "2026-11-19"


def test_what_stands_first_and_elsewhere_is_told_where_its_words_are_sure() -> None:
    by, term = "Zahlen Sie bis 20. November 2026.", "Antworten Sie binnen 14 Tagen nach Erhalt dieses Schreibens."
    assert days(by, group="") == "2026-11-20"
    assert days(term, group="") == days(term, group="Key points") == "2026-11-19"
    assert days("Die Praxis ist bis 20. November 2026 geschlossen.", group="") == "-", "how long it lasts"
    assert days("Am 20. November 2026 tagt der Rat.", group="") == "-"


def test_the_day_that_the_letter_names_behind_a_term_holds_and_two_days_are_two_deadlines() -> None:
    term = "Antworten Sie binnen 14 Tagen nach Erhalt dieses Schreibens"
    assert days(f"{term}, also bis zum 18. November 2026.") == "2026-11-18"
    assert days(f"{term}; zahlen Sie bis zum 18. November 2026.") == "2026-11-18, 2026-11-19"
    deadlines = deadlines_in_letter("Zahlen Sie bis 15. November und den Rest bis 15. Dezember 2026.")
    assert [(deadline.day, deadline.part) for deadline in deadlines] == [("2026-11-15", 0), ("2026-12-15", 1)]


def test_a_deadline_tells_who_what_and_which_amount() -> None:
    (deadline,) = deadlines_in_letter("Bitte zahlen Sie die Gebühr von 120 Euro vor dem 1. Dezember 2026.")
    told = deadline.who, deadline.what, deadline.amount, deadline.is_confirmed
    assert told == ("Stadt Kiel", "Zahlen Sie die Gebühr von 120 Euro", "120 Euro", True)
    assert (deadline.day, deadline.words) == ("2026-11-30", "before 1 December, so 30 November 2026 is the last")


@pytest.mark.parametrize(
    ("language", "place", "words", "why"),
    [
        ("de", "DE", "Senden Sie es innerhalb von 14 Tagen ab dem 1. Dezember 2026.",
         "it is not certain whether the named day itself counts"),
        ("de", "DE", "Zahlen Sie zwei Wochen vor der Reise.", "the day from which it counts is not known"),
        ("de", "DE", "Die Rechnung ist binnen 30 Tagen ab Rechnungsdatum zu zahlen.",
         "the day from which it counts is not known"),
        ("en", "GB-ENG", "Reply at least 48 hours before 1 December 2026.", "how long it runs is not certain"),
        ("it", "DE", "Deve rispondere entro 14 giorni dal ricevimento della presente.",
         "only deadlines in German, English, French and Spanish are"),
        ("nl", "FR", "Stuur de papieren twee weken voor 1 maart 2027.",
         "only deadlines in German, English, French and Spanish are"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_said_and_has_no_day(language, place, words, why) -> None:
    (deadline,) = deadlines_in_letter(words, language=language, place=place)
    assert (deadline.day, deadline.words) == ("", f"Deadline not reckoned: {why}.")


def test_a_term_of_another_paper_of_the_same_file_is_not_reckoned_from_the_first() -> None:
    words = "Antworten Sie binnen 14 Tagen nach Erhalt dieses Schreibens."
    (deadline,) = deadlines_in_letter(words, cover="Akte Vogt\n3. November 2026", head="Sehr geehrte Frau Vogt,")
    assert (deadline.day, deadline.words) == ("", "Deadline not reckoned: the file holds several papers.")
    assert days(words, cover="Stadt Kiel\nSehr geehrte Frau Vogt,") == "2026-11-19", "the second page of a letter"
    sections = {"page_kind": "section", "head": "Sehr geehrte Frau Vogt,"}
    assert days(words, cover="Stadt Kiel\n3. November 2026", **sections) == "2026-11-19", "the letterhead is the first"
    assert days(words, cover="Liebe Frau Adler,", **sections) == "-"


def test_a_day_of_some_later_year_and_the_stamp_of_a_message_are_no_deadlines() -> None:
    assert days("Der Urlaub ist bis zum 31. März des Folgejahres zu nehmen.") == "-"
    assert days("Bitte halt dich fern. [06.05.2027, 19:43:02] Albers: Wir haben Risse.") == "-"


def test_without_a_place_nothing_is_reckoned_and_it_is_said() -> None:
    (deadline,) = deadlines_in_letter("Zahlen Sie zwei Wochen vor dem 1. März 2027.", place="")
    assert (deadline.day, deadline.words) == ("", "Whose law holds is not certain: choose the place.")


def test_a_fault_that_a_sentence_brings_out_is_said_beside_it_and_costs_no_other(monkeypatch, caplog) -> None:
    find_due = deadlines_module.find_due

    def faulty(text: str, *given: object):
        if "Formular" in text:
            raise IndexError("tuple index out of range")
        return find_due(text, *given)

    monkeypatch.setattr(deadlines_module, "find_due", faulty)
    one, other = deadlines_in_letter("Senden Sie das Formular bis 1. März 2027.", "Zahlen Sie bis 20. November 2026.")[
        :2
    ]
    assert (one.day, one.words) == ("", "Deadline not reckoned: something went wrong in slmdesk.")
    assert other.day == "2026-11-20"
    assert "IndexError" in caplog.text


def test_an_end_of_a_month_to_come_is_told_from_one_that_is_over_and_from_how_long_something_lasts() -> None:
    assert days("Der Betrag ist bis Monatsende fällig.") == "2026-11-30"
    assert days("Der Betrag war bis Ende Oktober 2026 fällig.", group="") == "-"
    assert days("Die Praxis ist bis Ende November 2026 geschlossen.", group="") == "-"
    assert days("Der Betrag ist bis Monatsende fällig.", dated=()) == "-"
