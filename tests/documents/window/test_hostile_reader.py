"""X4 in the whole program: a parser hangs, eats or dies; the window lives, Stop works, the next document is read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fakes.dropping import drop

from slmdesk.base.records import DocumentStatus
from slmdesk.services import COMMANDS

pytestmark = pytest.mark.gui

ODD = [sys.executable, str(Path(__file__).resolve().parents[2] / "fakes" / "odd_reader.py")]


@pytest.fixture
def page(start, monkeypatch):
    monkeypatch.setitem(COMMANDS, "reader", ODD)
    return start().open_documents()


def record_of(program, name):
    return next(
        (record for record in program.ask(lambda services: services.documents.recent()) if record.name == name), None
    )


def dropped(program, folder, way):
    bad, good = folder / f"bad.{way}", folder / "good.md"
    bad.write_text("x")
    good.write_text("# Rules\n\nThe valve opens at noon.")
    drop(program.documents, bad, good)
    program.wait(Path(f"{bad}.reached").exists)


def is_read(program, name):
    record = record_of(program, name)
    return record is not None and record.status is DocumentStatus.READ


def test_a_parser_that_hangs_is_stopped_by_the_button(page, tmp_path):
    program, way = page, "spin"
    dropped(program, tmp_path, way)
    button = program.find("stop_reading_button")
    program.wait(button.isVisible)
    program.click(button)
    program.wait(lambda: button.text() == "Go on")
    program.wait(lambda: record_of(program, f"bad.{way}").status is not DocumentStatus.READING)
    record = record_of(program, f"bad.{way}")
    assert (record.status, record.error_code) == (DocumentStatus.FAILED, "document.stopped")
    program.wait(lambda: is_read(program, "good.md"))


def test_a_reading_paused_before_its_first_page_is_no_failure(page, tmp_path):
    dropped(page, tmp_path, "wait")
    page.click("stop_reading_button")
    page.wait(lambda: page.find("unread_title").isVisible())
    assert page.find("unread_title").text() == "Reading is paused"
    assert not page.find("unread_reason").isVisible()
    page.click("read_again_button")
    page.wait(page.find("stop_reading_button").isVisible)


def test_what_was_paused_is_summarized_once_it_is_read(page, tmp_path):
    bad = tmp_path / "bad.hang"
    bad.write_text("x")
    drop(page.documents, bad)
    page.wait(Path(f"{bad}.reached").exists)
    page.click("stop_reading_button")
    page.wait(lambda: page.find("stop_reading_button").text() == "Go on")
    page.wait(lambda: record_of(page, bad.name).status is DocumentStatus.FAILED)
    document = record_of(page, bad.name).id
    assert not page.ask(lambda services: services.store.documents.is_used(document, "summary"))
    Path(f"{bad}.mended").touch()
    page.click("stop_reading_button")
    page.wait(lambda: page.find("summary_pane").report is not None)


def test_a_parser_that_dies_takes_only_its_document_with_it(page, tmp_path):
    program, way = page, "eat"
    dropped(program, tmp_path, way)
    program.wait(lambda: is_read(program, "good.md"))
    program.wait(lambda: record_of(program, f"bad.{way}").status is not DocumentStatus.READING)
    record = record_of(program, f"bad.{way}")
    assert (record.status, record.error_code) == (DocumentStatus.FAILED, "document.reader_died")
    program.wait(lambda: any(f"bad.{way}" in text for text in program.notices()))
