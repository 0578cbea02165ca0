"""The ten tasks of a day, each with the most presses of the mouse that it may take.

Drops, keys and the file dialog itself are no presses.  Where a list or a page is on show already, no press leads to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import openpyxl
import pytest
from fakes.asking import ask, is_answered, questions_in, quotations_in
from fakes.dropping import drop
from fakes.encrypted import encrypt
from fakes.reports import press_statement
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QMenu, QPushButton, QToolButton, QWidget
from tasks.writing.window.conftest import on_page
from tasks.writing.window.test_writing_page import KNOWN, RIGHT, able, changes, put

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support|OpenType support missing", extend=True),
]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LETTER = (
    "# The lease\n\nThe tenant must pay 1,200 EUR by 3 March 2026.\n\n"
    + "## Dates\n\nIt begins on 3 March 2024.\n\n" * 3
)


@pytest.fixture
def at_most(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], object]:
    """Counts the presses within: `with at_most(2): …`."""
    press, presses = QTest.mouseClick, []

    def counted(*given, **named) -> None:
        presses.append(given[0].objectName())
        press(*given, **named)

    @contextmanager
    def counting(most: int) -> Iterator[None]:
        presses.clear()
        yield
        assert len(presses) <= most, presses

    monkeypatch.setattr(QTest, "mouseClick", counted)
    return counting


def turn_to(program, page: str) -> None:
    """Press the entry of a page in the side bar."""
    entries = program.find("side_bar").findChildren(QPushButton)
    program.click(next(entry for entry in entries if entry.objectName().startswith("entry_") and entry.text() == page))
    program.wait(lambda: program.window.current_page == page)


def choose(program, button: QWidget, entry: str) -> None:
    """Press a button that has a menu, and an entry of that menu, which comes up while the press goes on."""
    menu: QMenu = button.menu()
    chosen = []

    def press() -> None:
        action = next(choice for choice in menu.actions() if choice.objectName() == entry)
        chosen.append(entry)
        program.click(menu, lambda: menu.actionGeometry(action).center())

    menu.aboutToShow.connect(partial(QTimer.singleShot, 0, press), Qt.ConnectionType.SingleShotConnection)
    program.click(button)
    program.wait(lambda: chosen and not menu.isVisible())


def give_file(program, path: Path) -> None:
    """Write a path into the file dialog that is open; Enter."""

    def dialog() -> QFileDialog | None:
        return next((chooser for chooser in program.window.findChildren(QFileDialog) if chooser.isVisible()), None)

    program.wait(dialog)
    line = dialog().findChild(QLineEdit, "fileNameEdit")
    line.setText(str(path))
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: dialog() is None)


def written(tmp_path: Path, *names: str) -> list[Path]:
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.write_text(f"{LETTER}\n{path.name}\n")
    return paths


def dropped(program, *paths: Path) -> None:
    """Dropped on the page of documents, and read."""
    program.open_documents(1280, 800)
    drop(program.documents, *paths)
    program.wait(lambda: program.coverage.startswith("4 of 4"))
    program.wait(lambda: program.find("document_view").model().rowCount() == len(paths))
    records = lambda: program.ask(lambda services: services.documents.recent(9))  # noqa: E731
    program.wait(lambda: all(record.status.value == "read" for record in records()))


@pytest.mark.parametrize(("most", "sends"), [(0, "by Enter"), (1, "by its button")])
def test_1_from_the_first_start_to_the_first_answer(start, model_file, monkeypatch, at_most, most, sends):
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(model_file))
    program = start(page="")
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    with at_most(most):
        program.type("hello")
        program.enter() if sends == "by Enter" else program.click("send_button")
        program.wait_idle()
    assert program.words() == "You said: hello"


def test_2_a_model_is_linked_and_used(start, model_file, at_most):
    program = start()
    with at_most(4):
        turn_to(program, "Models")
        program.click("library_add_button")
        give_file(program, model_file)
        program.click("add_link")
        program.click("use_button")
        program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    assert program.ask(lambda services: services.models.list())[0].linked


def test_3_and_4_a_dropped_letter_is_summarized_a_sentence_leads_to_its_page_and_questions_are_asked(
    program, tmp_path, at_most
):
    dropped(program, *written(tmp_path, "letter.md"))
    summary, pane = program.find("summary_pane"), program.find("question_pane")
    with at_most(0):
        program.wait(lambda: summary.report is not None and summary.view.isVisible())
    statement = next(statement for statement in summary.view.statements if statement.sources)
    with at_most(1):
        press_statement(summary, statement)
        page = statement.sources[0].page
        program.wait(lambda: program.documents.view.sheets[page - 1].spans)
    with at_most(1):
        program.choose_tab("questions")
        for words in ("How much does the tenant pay?", "When does it begin?", "Who pays?"):
            ask(program, words)
            program.wait(partial(is_answered, pane, words))
            program.wait(program.find("question_ask").isEnabled)
    assert quotations_in(pane)
    program.click("question_anew")
    program.wait(lambda: pane.report is None)
    with at_most(1):
        program.click("suggested_1")
        program.wait(lambda: questions_in(pane))


@pytest.mark.parametrize("shown", [pytest.param("invoice1.md", marks=pytest.mark.soak), "lease.md"])
def test_5_a_table_of_three_invoices_is_saved_as_excel(program, tmp_path, at_most, shown):
    """The document on show is one of those that are chosen, or another one: Shift then chooses the three at once."""
    names = ("invoice1.md", "invoice2.md", "invoice3.md", "lease.md")
    paths = written(tmp_path, *names)
    for number, path in enumerate(paths[:3]):
        path.write_text(f"{LETTER}\nInvoice number: 17{number}\n\nInvoice date: 3 March 2024\n\nTotal: 357.00 EUR\n")
    dropped(program, *sorted(paths, key=lambda path: path.name != shown))
    program.window.findChild(QAction, "sort_by_name_action").trigger()
    view, target = program.find("document_view"), tmp_path / "invoices.xlsx"
    rows = {view.model().index(row).data(): view.model().index(row) for row in range(4)}
    assert view.currentIndex().data() == shown
    with at_most(4):
        if shown in names[:3]:
            for name in names[1:3]:
                program.click(view.viewport(), view.visualRect(rows[name]).center, keys=CTRL)
        else:
            program.click_item(view, rows[names[0]])
            program.says("document_title", names[0])
            program.click(view.viewport(), view.visualRect(rows[names[2]]).center, keys=SHIFT)
        program.says("several_count", "3 selected")
        program.click("several_table")
        program.wait(lambda: program.find("extraction_cells").model().rowCount() == 3)
        program.wait(lambda: not program.find("making_extraction").isVisible())
        program.click("extraction_save")
        give_file(program, target)
        program.wait(lambda: any(f"Written to {target}" in notice for notice in program.notices()))
    files = [row[0].value for row in openpyxl.load_workbook(target)["Table"].iter_rows(min_row=2)]
    assert sorted(files) == list(names[:3])


def test_6_a_lease_is_compared_with_its_other_version(program, tmp_path, at_most):
    lease, other = written(tmp_path, "lease.md", "lease_v2.md")
    other.write_text(lease.read_text().replace("1,200", "1,300"))
    dropped(program, lease, other)
    with at_most(1):
        program.choose_tab("versions")
        program.wait(lambda: program.find("versions_lead").text().startswith("1 change"))


def test_7_a_dropped_page_is_translated_and_saved(program, tmp_path, at_most):
    (page,) = written(tmp_path, "page.md")
    target = tmp_path / "page.de.md"
    program.window.show_page("Translate")
    translate = program.frame.translate_page
    drop(translate, page)
    with at_most(1):
        program.mentions("translation_lead", "translated")
        program.click("save_translation_button")
        give_file(program, target)
        program.wait(target.exists)
    assert target.stat().st_size


def test_8_a_text_is_corrected_accepted_and_exported(start, model_file, tmp_path, at_most):
    program = on_page(able(start(known=KNOWN).with_model(model_file)))
    target = tmp_path / "letter.docx"
    put(program)
    with at_most(4):
        program.click("writing_correct")
        program.wait(lambda: not program.writing.corrections.is_busy and len(changes(program)) == 5)
        program.click("writing_accept_all")
        program.wait(lambda: program.writing.text == RIGHT)
        choose(program, program.find("writing_save"), "export_docx")
        give_file(program, target)
        program.wait(lambda: any("2 open changes" in notice for notice in program.notices()))
    assert target.stat().st_size


def test_9_an_answer_is_tried_again_edited_and_deleted_and_a_new_chat_begun(program, at_most):
    program.say("one")
    view, first = program.page.view, program.last().id

    with at_most(2):
        program.act_at(1, "try_again")
        program.choose("Again")
        program.wait(lambda: program.last().id != first)
        program.wait_idle()
    with at_most(1):
        program.act_at(0, "edit")
        box = program.find("edit_text")
        box.selectAll()
        program.type_into(box, "other")
        QTest.keyClick(box, Qt.Key.Key_Return)
        program.wait(lambda: program.words() == "You said: other")
        program.wait_idle()
    with at_most(2):
        program.act_at(1, "more")
        program.choose("Delete")
        program.wait(lambda: len(view.rows) == 1)
    with at_most(1):
        program.click("new_chat_button")
        program.wait(lambda: not program.chat.chat)


def test_10_the_theme_the_network_log_and_the_lock(start, paths, at_most):
    program = start(key=encrypt(paths))
    with at_most(3):
        turn_to(program, "Settings")
        theme = program.find("setting_theme")
        program.click(theme)
        dark = theme.model().index(theme.findData("dark"), 0)
        QTest.mouseMove(theme.view().viewport(), theme.view().visualRect(dark).center())
        program.click_item(theme.view(), dark)
        program.wait(lambda: QApplication.palette().window().color().lightness() < 60)
    with at_most(2):
        program.click("network_button")
        program.click("ledger_button")
        program.wait(lambda: program.window.findChild(QDialog, "ledger_window"))
    program.wait(lambda: program.frame.locking.ways is not None)
    program.click(program.window.findChild(QDialog, "ledger_window").findChild(QToolButton, "sheet_close"))
    program.wait(program.is_in_front)
    with at_most(0):
        QTest.keyClick(program.window, Qt.Key.Key_L, CTRL | SHIFT)
        assert not program.window.isVisible()
        program.wait(lambda: program.replaced == [["--window", "--locked"]])
