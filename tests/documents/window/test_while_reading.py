"""What a person asks of papers that are still being read."""

from __future__ import annotations

import threading

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentStatus
from slmdesk.children.formats import text
from slmdesk.ui.redaction.nameless import NamelessSheet

pytestmark = pytest.mark.gui
LETTER = "Sehr geehrte Frau Adler,\n\nbitte zahlen Sie 120,50 € bis zum 30. November 2026.\n\nRent: 900 EUR\n"
WAITS = "Begins as soon as reading is done."


class Reading:
    """Texts are not read to their end before `end` is called."""

    def __init__(self) -> None:
        self._may_end = threading.Event()
        self._is_lost = False

    def begin(self) -> None:
        self._may_end.clear()

    def end(self, *, is_lost: bool = False) -> None:
        self._is_lost = is_lost
        self._may_end.set()

    def read(self, reading):
        yield from text.pages_of(text.decoded_text(reading))
        self._may_end.wait()
        if self._is_lost:
            raise KnownError("document.unreadable", path=reading.path.name)


@pytest.fixture
def reading(monkeypatch):
    made = Reading()
    monkeypatch.setattr(text, "read", made.read)
    yield made
    made.end()


@pytest.fixture
def program(start, reading, tmp_path):
    made = start().open_documents()
    made.paths = [tmp_path / "brief.txt", tmp_path / "antwort.txt"]
    for path in made.paths:
        path.write_text(f"{path.stem}\n\n{LETTER}", encoding="utf-8")
    return made


def opened(program, *paths) -> None:
    """They are listed, and the first is on show."""
    program.frame.documents.open_paths(paths)
    shown = program.find("document_list").shown
    program.wait(lambda: len(program.find("document_list").shown) == len(paths) and program.frame.documents.current)
    assert all(record.status is DocumentStatus.READING for record in shown)


@pytest.mark.parametrize(("tab", "kind"), [("table", "extraction"), ("reply", "reply")])
def test_what_a_tab_begins_waits_for_the_paper_and_says_so(program, reading, tab, kind) -> None:
    opened(program, program.paths[0])
    program.choose_tab(tab)
    program.says(f"{kind}_note", WAITS)
    reading.end()
    pane = program.find(f"{kind}_pane")
    program.wait(lambda: pane.report is not None)
    assert program.find(f"{kind}_note").isHidden()


def test_the_menu_of_a_paper_that_is_being_read_leads_to_its_answer(program, reading) -> None:
    opened(program, program.paths[0])
    program.documents.document.action_chosen.emit(program.frame.documents.current, "reply")
    program.says("reply_note", WAITS)
    reading.end()
    pane = program.find("reply_pane")
    program.wait(lambda: pane.report is not None)


def test_nothing_is_begun_for_a_person_who_went_on(program, reading) -> None:
    opened(program, program.paths[0])
    program.choose_tab("table")
    program.choose_tab("questions")
    reading.end()
    pane = program.find("extraction_pane")
    program.wait(pane.isEnabled)
    program.ask(lambda _services: None)
    assert not pane.controller.item


def test_nothing_is_begun_of_several_that_are_chosen_no_longer(program, reading) -> None:
    opened(program, *program.paths)
    listed = program.find("document_list")
    listed.mark([record.id for record in listed.shown])
    program.click("several_table")
    program.says("extraction_note", WAITS)
    listed.several_requested.emit("", ())
    assert program.find("extraction_note").isHidden()
    reading.end()
    pane = program.find("extraction_pane")
    program.wait(pane.isEnabled)
    program.wait(lambda: all(record.status is DocumentStatus.READ for record in listed.shown))
    program.ask(lambda _services: None)
    assert not pane.controller.item


def test_no_promise_stays_where_a_person_went_on_while_a_paper_is_read_again(program, reading) -> None:
    opened(program, program.paths[0])
    reading.end()
    area = program.frame.documents_area
    program.wait(lambda: area.questions.document)
    reading.begin()
    program.frame.documents.read_again(area.questions.document)
    program.wait(lambda: not area.table_pane.isEnabled())
    program.choose_tab("table")
    program.says("extraction_note", WAITS)
    program.choose_tab("questions")
    assert program.find("extraction_note").isHidden()


def test_a_paper_that_cannot_be_read_leaves_no_promise(program, reading) -> None:
    opened(program, program.paths[0])
    program.choose_tab("table")
    program.says("extraction_note", WAITS)
    reading.end(is_lost=True)
    record = program.frame.documents.current
    program.wait(lambda: program.frame.documents.records([record])[record].status is DocumentStatus.FAILED)
    program.wait(program.find("extraction_note").isHidden)


@pytest.mark.parametrize(
    ("action", "kind"), [("summarize", "summary"), ("table", "extraction"), ("compare", "versions"), ("reply", "reply")]
)
def test_what_is_asked_of_several_waits_until_all_are_read(program, reading, action, kind) -> None:
    opened(program, *program.paths)
    listed = program.find("document_list")
    listed.mark([record.id for record in listed.shown])
    program.click(f"several_{action}")
    program.says(f"{kind}_note", WAITS)
    reading.end()
    pane = program.find(f"{kind}_pane")
    program.wait(lambda: pane.report is not None and len(pane.report.documents) == 2)


def test_several_are_asked_together_though_they_were_being_read(program, reading) -> None:
    opened(program, *program.paths)
    listed = program.find("document_list")
    ids = {record.id for record in listed.shown}
    listed.mark(ids)
    program.click("several_ask")
    reading.end()
    program.wait(lambda: {*program.frame.documents_area.questions.scope[1]} == ids)


def test_no_part_of_a_paper_is_copied_without_names_as_if_it_were_all(program, reading) -> None:
    opened(program, program.paths[0])
    program.frame.documents_page.nameless_requested_of.emit(program.frame.documents.current)
    program.wait(lambda: program.is_said("brief.txt is still being read"))
    assert program.window.findChild(NamelessSheet) is None
