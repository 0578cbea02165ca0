"""Deadlines reckoned by hand in `tests/golden/deadlines.txt`, each with its reason, and again by the rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from slmdesk.text.deadlines.finding import find_terms
from slmdesk.text.deadlines.reckoning import Known, reckon

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
