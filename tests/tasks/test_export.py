"""Exports of reports: each form of each task's results, compared with what stands in `data`."""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from fakes.results import SAMPLES, Sample, compared

from slmdesk.base.documents import Paper
from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.service import Make
from slmdesk.exports.writers import in_form
from slmdesk.tasks.export import export_report
from slmdesk.tasks.known import known_tasks
from slmdesk.tasks.versions.report import report_of

pytestmark = pytest.mark.pure
DATA = Path(__file__).parent / "data"
WRITES = "SLMDESK_WRITE_EXPORTS"
"""Environment variable with which the files of `data` are written anew, to be read before they are kept."""


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def made(sample: Sample, form: str) -> Make | None:
    return export_report(sample.tasks(known_tasks()[sample.item.kind]), sample.context, sample.item, form)


def words_of(data: bytes, form: str) -> str:
    """Return what a file says, without what is the same in all, or never the same."""
    if form == "xlsx":
        return "\n".join(cells_of(data)) + "\n"
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    if form == "html":
        return text.partition("<body>\n")[2]
    return re.sub(r"DTSTAMP:\w+", "DTSTAMP:", text)


def cells_of(data: bytes) -> Iterator[str]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in book:
        yield f"== {sheet.title}, charts: {len(sheet._charts)}"
        for row in sheet:
            yield " | ".join(repr(cell.value) for cell in row)
            for cell in row:
                if cell.value is not None and cell.number_format != "General":
                    yield f"    {cell.coordinate}: {cell.number_format}"
                if cell.comment:
                    yield f"    {cell.coordinate}: {cell.comment.text!r}"


@pytest.mark.parametrize(("name", "form"), [(name, form) for name, sample in SAMPLES.items() for form in sample.forms])
def test_an_export_says_what_it_said(name: str, form: str) -> None:
    make = made(SAMPLES[name], form)
    assert callable(make)
    data = in_form(make(), form, has_line=True)
    assert not isinstance(data, Paper)
    words, path = words_of(data, form), DATA / f"{name}.{form}.txt".replace(" ", "_")
    if os.environ.get(WRITES):
        path.write_text(words, "utf-8")
    assert words == path.read_text("utf-8")


def test_a_form_that_a_task_does_not_have_is_refused() -> None:
    for name, form in (("summary", "csv"), ("comparison", "ics"), ("table", "odt")):
        make = made(SAMPLES[name], form)
        assert callable(make)
        with pytest.raises(KnownError, match=r"request\.invalid"):
            in_form(make(), form, has_line=True)


def test_words_around_a_change_stand_beside_it_and_are_no_change() -> None:
    old, new = "He pays. It rains. She goes.", "He pays late. It rains. She goes now. Dogs bark."
    report = report_of("V", compared(f"Same.\n{old}", f"Same.\n{new}"))
    assert [section.is_folded for section in report.sections] == [True, False]
    statements = report.sections[1].statements
    assert "".join(statement.text for statement in statements).replace(" ", "") == new.replace(" ", "")
    assert "".join(statement.other for statement in statements).replace(" ", "") == old.replace(" ", "")
    assert [statement.id for statement in statements if statement.heading] == ["0", "1", "2"]
    assert sorted(statement.rank for statement in statements if statement.heading) == [1, 2, 3]
