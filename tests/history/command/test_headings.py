"""In which language what the command line exports speaks, and what it says of a file that was not written."""

from __future__ import annotations

import io
import json

import docx
import openpyxl
import pytest

pytestmark = pytest.mark.process

LEASE = """# Mietvertrag

Die Miete für die Wohnung beträgt 900 Euro im Monat.

Der Mieter hat die Treppe jede Woche zu reinigen und den Rasen zu mähen.

Der Vertrag endet am 30. Juni 2027, wenn er nicht verlängert wird.
"""


@pytest.fixture
def lease(tmp_path):
    path = tmp_path / "vertrag.md"
    path.write_text(LEASE, encoding="utf-8")
    return path


def words_in(path) -> str:
    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(path.read_bytes())).paragraphs)


@pytest.mark.parametrize(
    ("given", "is_german"),
    [(("--headings", "de"), True), (("--headings", "document"), True), (("--headings", "fr"), False), ((), False)],
)
def test_a_summary_speaks_as_it_was_told_else_as_the_locale(run, lease, tmp_path, given, is_german) -> None:
    folder = tmp_path / "folder"
    for target in ("z.docx", "z.md", "z.txt"):
        run("summarize", str(lease), "-o", str(tmp_path / target), *given).ok()
    run("summarize", str(lease), str(lease.parent / "vertrag.md"), "-o", str(folder), *given)
    texts = [words_in(tmp_path / "z.docx"), (tmp_path / "z.md").read_text(), (tmp_path / "z.txt").read_text()]
    texts += [path.read_text() for path in folder.glob("*.md")]
    for text in texts:
        assert (" gelesen" in text) is is_german
        assert (" read" in text) is not is_german


def test_the_locale_is_taken_where_nothing_else_is_said(run, environment, lease, tmp_path) -> None:
    environment["LC_ALL"] = "de_DE.UTF-8"
    run("summarize", str(lease), "-o", str(tmp_path / "z.docx")).ok()
    assert "Was gelesen wurde" in words_in(tmp_path / "z.docx")
    item = run("summarize", str(lease), "--json").ok().json["item"]
    assert "## Was gelesen wurde" in run("history", "export", item, "--format", "md").out
    assert "## What was read" in run("history", "export", item, "--format", "md", "--headings", "en").out
    shape = run("history", "export", item, "--format", "json").out
    environment["LC_ALL"] = "C"
    assert json.loads(shape) == json.loads(run("history", "export", item, "--format", "json").out)


def test_comparisons_and_tables_too(run, with_model, lease, tmp_path) -> None:
    other = lease.with_name("neu.md")
    other.write_text(LEASE.replace("900", "950"), encoding="utf-8")
    run("compare", str(lease), str(other), "-o", str(tmp_path / "c.xlsx"), "--headings", "document", "--no-model").ok()
    assert openpyxl.load_workbook(tmp_path / "c.xlsx").sheetnames == ["Änderungen", "Zusammenfassung"]
    table = tmp_path / "t.xlsx"
    run("extract", str(lease), "--columns", "Miete:amount", "-o", str(table), "--headings", "de")
    assert openpyxl.load_workbook(table).sheetnames[:2] == ["Tabelle", "Was gelesen wurde"]


def test_a_language_that_nobody_knows_is_refused_before_long_work(run, lease, tmp_path) -> None:
    refused = run("summarize", str(lease), "-o", str(tmp_path / "z.docx"), "--headings", "klingon", "--json")
    assert refused.status == 1
    assert refused.json["error"]["code"] == "language.unknown"
    assert not (tmp_path / "z.docx").exists()


def test_a_file_that_was_not_written_is_named_also_where_the_program_is_at_fault(
    run, lease, tmp_path, monkeypatch
) -> None:
    item = run("summarize", str(lease), "--json").ok().json["item"]

    def broken(*_given: object, **_named: object) -> None:
        raise IndexError("tuple index out of range")

    monkeypatch.setattr("slmdesk.tasks.export.paper_of", broken)
    for command in (("summarize", str(lease)), ("history", "export", item, "--format", "docx")):
        done = run(*command, "-o", str(tmp_path / "z.docx"))
        assert done.status == 1
        assert f"note: {tmp_path / 'z.docx'} was not written." in done.err
        assert not (tmp_path / "z.docx").exists()
