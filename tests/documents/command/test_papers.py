"""Small papers that were once read wrongly, through the commands: what they must show, and what they must not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from fakes.commands import ROOT

pytestmark = pytest.mark.process
PAPERS = ROOT / "tests" / "golden" / "papers"
ROWS = tomllib.loads((PAPERS / "rows.toml").read_text("utf-8"))["row"]
CELLS = re.compile(r" *\| *|\t+")


def plain(words: str) -> str:
    """Words in one line, cells of a row apart by a bar."""
    return " ".join(CELLS.sub(" | ", words).replace("**", "").split())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_paper_shows_what_it_means(run, row, tmp_path: Path) -> None:
    paper = str(PAPERS / row["file"])
    said: dict[str, str] = {}
    if "text" in row or "not_text" in row:
        done = run("documents", "text", "--no-save", paper)
        said["text"] = plain(done.out)
    if "summary" in row or "not_summary" in row:
        done = run("summarize", "--own-words", "--no-save", paper)
        said["summary"] = plain(f"{done.out} {done.err}")
    if "other" in row:
        done = run("compare", "--no-model", "--no-save", str(PAPERS / row["other"]), paper)
        said["differences"] = plain(done.out)
    for kind, words in said.items():
        assert [part for part in row.get(kind, ()) if part not in words] == [], words
        assert [part for part in row.get(f"not_{kind}", ()) if part in words] == [], words
    if "days" in row:
        calendar = tmp_path / "days.ics"
        options = ("--received", "2026-11-05", "--place", row["place"], "-o", str(calendar))
        done = run("summarize", "--own-words", "--no-save", paper, *options)
        assert done.status == 0, done.err
        days = re.findall(r"^DTSTART\S*:(\d{4})(\d\d)(\d\d)", calendar.read_text("utf-8"), re.MULTILINE)
        assert sorted("-".join(day) for day in days) == row["days"]


def test_every_paper_is_in_the_table() -> None:
    known = {row["file"] for row in ROWS} | {row.get("other", "") for row in ROWS}
    assert {path.name for path in PAPERS.iterdir() if path.suffix != ".toml"} <= known
