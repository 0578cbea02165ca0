"""Deadlines reckoned by hand in `tests/golden/deadlines.txt`, each with its reason, and again by the rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from slmdesk.claims.deadlines.finding import find_terms
from slmdesk.claims.deadlines.reckoning import Known, reckon

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parents[2] / "golden"


def cases(name: str) -> list[list[str]]:
    lines = (GOLDEN / name).read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in lines if not line.startswith("#")]


def by_the_rules(place: str, office: str, language: str, dated: str, received: str, words: str) -> str:
    days = [date.fromisoformat(day) if day != "-" else None for day in (dated, received)]
    deadlines = [reckon(term, Known(place, office, *days)) for term in find_terms(words, language)]
    return ", ".join(reckoned.day.isoformat() for reckoned in deadlines if reckoned) or "-"


@pytest.mark.parametrize("name", ["deadlines.txt", "deadlines_held_out.txt"])
def test_the_rules_reckon_as_was_reckoned_by_hand(name) -> None:
    wrong = [
        f"{line[5]} ({line[0]}, {line[1]}): {days}, by hand {line[6]}, for {line[7]}"
        for line in cases(name)
        if (days := by_the_rules(*line[:6])) != line[6]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("place", "office", "words", "expected"),
    [
        ("DE-BY", "private", "Zwei Wochen vor dem 1. März 2027.", "2027-02-15"),
        ("DE-BY", "private", "Spätestens einen Monat vor dem 31. März 2027.", "2027-02-28"),
        ("DE-BY", "private", "Mindestens fünf Werktage vor dem 24. Dezember 2026.", "2026-12-18"),
        ("DE-BY", "private", "Fünf Arbeitstage vor dem 7. Januar 2027.", "2026-12-29"),  # 6 and 1 January
        ("GB-ENG", "court", "At least 3 days before the hearing on 20 October 2028.", "2028-10-16"),  # CPR 2.8's own
        ("GB-ENG", "private", "At least 10 clear days before 1 December 2026.", "2026-11-20"),
        ("GB-ENG", "private", "Within 14 days after 1 March 2027.", "2027-03-15"),
        ("DE", "private", "Innerhalb von 14 Tagen nach dem 6. Februar 2027.", "2027-02-22"),  # 20 is a Saturday
        ("", "private", "Zwei Wochen vor dem 1. März 2027.", "-"),
        ("ES", "private", "Tres días hábiles antes del 22 de enero de 2027.", "2027-01-19"),
        ("ES", "private", "Dos días hábiles antes del 7 de enero de 2027.", "2027-01-04"),  # 6 is a holiday
        ("ES", "private", "En tres días hábiles después del 22 de enero de 2027.", "-"),
        ("ES", "court", "Diez días antes del 1 de marzo de 2027.", "-"),
    ],
)
def test_a_span_is_counted_back_from_a_named_day_and_on_from_it(place, office, words, expected) -> None:
    language = {"GB-ENG": "en", "ES": "es"}.get(place, "de")
    assert by_the_rules(place, office, language, "2026-11-03", "-", words) == expected
