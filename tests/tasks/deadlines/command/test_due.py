"""`slmdesk due`: the list, its calendar, and the sheet of one day."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

pytestmark = pytest.mark.process

LETTER = """Stadtwerke Linde GmbH

Leipzig, 3. November 2025

Sehr geehrte Frau Adler,

bitte zahlen Sie den Betrag von 120,50 Euro bis zum 30. November 2025.

Mit freundlichen Grüßen
"""


@pytest.fixture
def letter(run, tmp_path):
    path = tmp_path / "stadtwerke.txt"
    path.write_text(LETTER, encoding="utf-8")
    done = run("summarize", str(path), "--own-words")
    assert done.status == 0, done.err
    return path


def test_it_lists_what_is_due_with_its_paper(run, letter):
    done = run("due")
    assert done.status == 0, done.err
    assert "Overdue" in done.out
    said = "Bitte zahlen Sie den Betrag von 120,50 Euro bis zum 30. November 2025. [stadtwerke.txt, p. 1]"
    assert f"1. 30 November 2025: {said}" in done.out


def test_it_prints_json_for_programs(run, letter):
    done = run("due", "--json")
    assert done.status == 0, done.err
    (day,) = json.loads(done.out)["days"]
    assert (day["day"], day["file"], day["state"]) == ("2025-11-30", "stadtwerke.txt", "open")


FAIR = date.today() + timedelta(days=9)


def test_it_counts_the_other_days_and_lists_them_all(run, letter, tmp_path):
    fair = tmp_path / "messe.txt"
    fair.write_text(f"Die Messe öffnet am {FAIR:%d.%m.%Y}.\n", encoding="utf-8")
    assert run("summarize", str(fair), "--own-words").status == 0
    short, whole = run("due"), run("due", "--all")
    assert "Other days named in these papers: 1 (--all lists them)" in short.err
    assert "Messe" not in short.out
    assert "  2. " in whole.out
    assert f"Die Messe öffnet am {FAIR:%d.%m.%Y}. [messe.txt, p. 1]" in whole.out
    made = json.loads(run("due", "--all", "--json").out)
    listed = [(day["day"], day["state"]) for day in made["days"]]
    assert listed == [("2025-11-30", "open"), (FAIR.isoformat(), "other")]
    assert json.loads(run("due", "--json").out)["other_days"] == 1


def test_it_writes_a_calendar(run, letter, tmp_path):
    done = run("due", "--ics", str(tmp_path / "due.ics"))
    assert done.status == 0, done.err
    assert "DTSTART;VALUE=DATE:20251130" in (tmp_path / "due.ics").read_text()


def test_it_writes_the_sheet_of_one_day(run, letter, tmp_path):
    done = run("due", "--sheet", "1", "-o", str(tmp_path / "sheet.pdf"))
    assert done.status == 0, done.err
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    "wrong", [("--sheet", "1"), ("--all", "--ics", "x.ics"), ("--sheet", "9", "-o", "x.pdf"), ("--ics", "x.pdf")]
)
def test_options_that_do_not_go_together_are_wrong_usage(run, letter, tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    assert run("due", *wrong).status == 2
