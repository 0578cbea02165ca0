"""Documents in the window: opened, looked at page by page, searched, taken off the list with a way back."""

from __future__ import annotations

import json
import subprocess
from itertools import product
from pathlib import Path

import docx
import pypdfium2
import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.dropping import drop
from fakes.tiny_pdf import Text, TinyPdf
from PySide6.QtCore import QPoint, QPointF, QRegularExpression, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QLabel, QPushButton, QToolButton, QWidget

from slmdesk.base.documents import PageStatus
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import JobStatus
from slmdesk.jobs.types import JobChanged
from slmdesk.library.search import Citation
from slmdesk.library.types import Coverage, Mark, Span
from slmdesk.questions.prompt import Answered
from slmdesk.questions.service import QuestionService
from slmdesk.questions.window import CitationRow
from slmdesk.summaries.plan import TOO_MUCH_TO_DO
from slmdesk.summaries.types import DocumentSummary, Kind, Sentence, Summary
from slmdesk.summaries.window import SentenceRow, due_words
from slmdesk.window.panes import EarlierBox, EarlierRow, Entry

pytestmark = pytest.mark.gui

CHIP = QRegularExpression("^suggested_")

LETTER = "# The lease\n\nThe tenant pays 1,200 EUR.\n\n" + "## Dates\n\nIt begins on 3 March 2024.\n\n" * 3


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text(LETTER)
    return path


def opened(program, *paths):
    drop(program.documents, *paths)
    program.wait(lambda: program.coverage.startswith("4 of 4"))


def rows(program):
    model = program.find("document_view").model()
    return [model.index(row).data() for row in range(model.rowCount())]


def test_an_empty_page_says_what_to_do(program):
    assert program.find("documents_empty").isVisible()
    program.wait(lambda: program.find("document_list_note").text() == "No documents yet")
    assert program.find("empty_open_button").hasFocus() or program.find("empty_open_button").isEnabled()


def test_what_a_command_reads_meanwhile_comes_into_the_list(program, letter):
    opened(program, letter)
    other = letter.with_name("annex.md")
    other.write_text(LETTER + "\nAnnex.\n")
    done = subprocess.run(
        [*SLMDESK, "documents", "add", str(other)], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    program.wait(lambda: rows(program) == ["annex.md", "lease.md"])
    assert program.find("document_title").full_text == "lease.md"
    assert program.documents.view.count == 4


def test_a_dropped_document_is_read_and_its_pages_are_shown(program, letter):
    opened(program, letter)
    assert rows(program) == ["lease.md"]
    assert program.documents.view.count == 4
    assert program.find("document_title").full_text == "lease.md"
    assert program.coverage == "4 of 4 sections read"
    assert program.find("document_state").text() == "4 sections"
    assert not program.find("document_unread_button").isVisible(), "loud only where something is missing"
    program.documents.document.show_about()
    assert program.find("about_popover").isVisible()
    words = [label.text() for label in program.find("about_document").findChildren(QLabel)]
    assert "4 of 4 sections have words that were read." in words
    program.wait(lambda: program.documents.view.sheets[0].words is not None)
    assert "The tenant pays" in program.documents.view.sheets[0].page.text


def test_words_are_found_marked_and_gone_to(program, letter):
    opened(program, letter)
    QTest.keyClick(program.documents, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    line = program.find("find_line")
    QTest.keyClicks(line, "march")
    program.wait(lambda: program.find("find_count").text() == "1 of 3")
    assert [sheet.page.number for sheet in program.documents.view.sheets if sheet.spans] == [2, 3, 4]
    start, end = program.documents.view.sheets[1].spans[0]
    program.wait(lambda: program.documents.view.sheets[1].page.text[start:end] == "March")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert program.find("find_count").text() == "2 of 3"
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert program.find("find_count").text() == "3 of 3"
    QTest.keyClick(line, Qt.Key.Key_Escape)
    program.wait(lambda: not any(sheet.spans for sheet in program.documents.view.sheets))
    QTest.keyClicks(line, "absent")
    program.wait(lambda: program.find("find_count").text() == "not found")


def test_the_place_gone_to_stands_out_and_other_marks_end_the_count(program, letter):
    opened(program, letter)
    program.click("find_in_document_button")
    line, count = program.find("find_line"), program.find("find_count")
    QTest.keyClicks(line, "e")
    program.wait(lambda: count.text().startswith("1 of "))
    first = program.documents.view.sheets[0]
    assert first.current == first.spans[0]
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert first.current == first.spans[1]
    program.documents.document.go_to_spans({2: [(0, 4)]})
    assert count.text() == ""
    assert not program.find("find_next").isEnabled()
    assert all(sheet.current is None for sheet in program.documents.view.sheets)
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: count.text().startswith("1 of "))
    other = letter.with_name("other.md")
    other.write_text("# Another")
    drop(program.documents, other)
    program.wait(lambda: program.find("document_title").full_text == "other.md")
    assert line.text() == ""
    (clear,) = line.findChildren(QToolButton)
    program.wait(lambda: not clear.isVisible() or not clear.property("opacity"))


def test_on_a_picture_the_place_gone_to_is_framed(program, tmp_path):
    path = tmp_path / "rent.pdf"
    path.write_bytes(bytes(TinyPdf().page(Text(72, 700, "The rent is due."), Text(72, 300, "The rent is paid."))))
    drop(program.documents, path)
    program.wait(lambda: program.coverage.startswith("1 of 1"))
    program.click("find_in_document_button")
    program.type_into("find_line", "rent")
    program.wait(lambda: program.find("find_count").text() == "1 of 2")
    sheet = program.documents.view.sheets[0]
    program.wait(lambda: sheet.picture is not None and len(sheet.marks) == 2)
    upper = sheet.current_boxes
    QTest.keyClick(program.find("find_line"), Qt.Key.Key_Return)
    assert sheet.current_boxes
    assert sheet.current_boxes[0][1] > upper[0][1]


def test_a_document_is_taken_off_the_list_and_comes_back(program, letter):
    opened(program, letter)
    program.find("document_view").setFocus()
    QTest.keyClick(program.find("document_view"), Qt.Key.Key_Delete)
    program.wait(lambda: program.find("documents_empty").isVisible())
    assert rows(program) == []
    (bar,) = program.window.notices.bars
    assert "The file stays" in bar.notice.text
    bar.notice.on_action()
    program.wait(lambda: rows(program) == ["lease.md"] and program.documents.view.count == 4)
    assert letter.read_text() == LETTER


@pytest.fixture
def three(program, letter):
    others = [letter.with_name(name) for name in ("invoice a.md", "invoice b.md")]
    for other in others:
        other.write_text(LETTER + other.name)
    drop(program.documents, letter, *others)
    program.wait(lambda: len(rows(program)) == 3 and program.coverage.startswith("4 of 4"))
    services = lambda: program.ask(lambda services: services.documents.recent(9))  # noqa: E731
    program.wait(lambda: all(record.status.value == "read" for record in services()))
    assert rows(program) == ["lease.md", "invoice a.md", "invoice b.md"], "in the order in which they were dropped"
    return program


def test_several_documents_are_chosen_and_only_those_that_are_listed(three):
    program, view = three, three.find("document_view")
    names = lambda: sorted(index.data() for index in view.selectionModel().selectedRows())  # noqa: E731
    program.type_into("document_filter", "invoice")
    program.wait(lambda: len(rows(program)) == 2)
    assert not program.find("several_card").isVisible()
    program.click_item(view, 0)
    program.wait(lambda: program.find("document_title").full_text == rows(program)[0])
    rect = view.visualRect(view.model().index(1, 0))
    program.click(view.viewport(), rect.center, keys=Qt.KeyboardModifier.ControlModifier)
    assert program.find("several_count").text() == "2 selected"
    assert names() == ["invoice a.md", "invoice b.md"]
    assert not program.find("several_all").isVisible()
    program.click(view.viewport(), lambda: QPoint(12, rect.center().y()))  # the box of the second takes it away
    assert len(names()) == 1
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    program.click("several_ask")
    assert program.find("document_title").full_text == "2 documents"
    area = program.frame.documents_area
    assert len(area.questions._together) == 2
    program.click("several_none")
    program.wait(lambda: program.find("document_title").full_text == rows(program)[0])
    assert not area._scope
    program.click_item(view, 0)
    assert not area.questions._together


def recent(program):
    return [row for row in program.find("start_page").findChildren(QPushButton, "recent_item") if row.isVisible()]


def summary_of_all(program):
    """The item of a summary of all listed documents, whose notices are gone."""
    view = program.find("document_view")
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    program.click("several_summarize")
    pane = program.find("summary_pane")
    program.wait(lambda: pane.summary is not None and len(pane.summary.documents) == 3)
    (made,) = program.ask(lambda services: services.history.items("summary"))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    return made


def test_several_are_removed_and_come_back_as_one_act(three):
    program, view, before = three, three.find("document_view"), rows(three)
    made = summary_of_all(program)
    program.click("several_remove")
    (words,) = [words for words in program.notices() if "removed" in words]
    assert words.startswith("3 documents were removed")
    assert rows(program) == []
    program.window.show_page("Start")
    program.wait(lambda: program.find("start_page").isVisible() and not recent(program))
    program.frame.opener.any(made.id)
    program.wait(lambda: program.is_said("was removed"))
    assert program.window.current_page == "Start"
    program.window.notices.drop_text(program.window.notices.bars[-1].notice.text)
    program.window.show_page("Documents")
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: rows(program) == before)
    program.window.show_page("Start")
    program.wait(lambda: recent(program))
    program.click(recent(program)[0])
    program.wait(lambda: program.window.current_page == "Documents" and program.find("summary_pane").summary)


def test_the_title_of_a_selection_goes_with_it(three):
    program, view = three, three.find("document_view")
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    program.click("several_ask")
    program.wait(lambda: program.find("document_title").full_text == "3 documents")
    for row in (1, 2):
        place = view.visualRect(view.model().index(row, 0)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place)
    program.wait(lambda: program.find("document_title").full_text == "lease.md")
    assert not program.frame.documents_area._scope


def test_focus_goes_to_what_comes_back_and_never_to_the_foot_of_the_window(three):
    program, view = three, three.find("document_view")
    program.window.activateWindow()

    def press_undo():
        QTest.keyClick(program.window.focusWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    def press_button():
        program.click(program.window.notices.bars[-1].findChild(QPushButton, "notice_action"))

    def press_button_by_key():
        undo = program.window.notices.bars[-1].findChild(QPushButton, "notice_action")
        undo.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(undo, Qt.Key.Key_Space)

    def remove_by_key():
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Delete)

    def remove_all():
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        program.click("several_remove")

    def remove_by_menu():
        program.find("document_more_button").setFocus()
        program.frame.documents_page.document.action_chosen.emit(program.frame.documents.current, "remove")

    for remove, undo in product(
        (remove_by_key, remove_all, remove_by_menu), (press_undo, press_button, press_button_by_key)
    ):
        remove()
        program.wait(lambda: len(rows(program)) < 3 and program.window.notices.isVisible())
        undo()
        program.wait(lambda: len(rows(program)) == 3)
        program.wait(lambda: program.find("document_title").isVisible())
        assert program.window.focusWidget() is view, (remove.__name__, undo.__name__)


def test_a_removal_waits_long_and_is_done_at_the_end_but_not_if_the_file_is_opened_again(three, start, letter):
    program = three
    program.frame.documents.remove(program.frame.documents.current)
    (bar,) = program.window.notices.bars
    assert bar.notice.life_ms >= 60_000
    drop(program.documents, letter)
    program.wait(lambda: len(rows(program)) == 3)
    program.find("notice_close").click()
    program.frame.documents.remove(program.frame.documents.current)
    program.close()
    again = start().open_documents()
    again.wait(lambda: sorted(rows(again)) == ["invoice a.md", "invoice b.md"])
    left = again.ask(lambda services: services.store.documents.page())
    assert sorted(record.name for record in left) == ["invoice a.md", "invoice b.md"]


def test_what_was_made_of_removed_documents_goes_into_the_trash_with_a_way_back(three):
    program = three
    made = summary_of_all(program)
    program.frame.documents.removals.undo_ms = 1
    program.click("several_remove")
    program.wait(lambda: not program.ask(lambda services: services.store.documents.page()))
    program.window.show_page("Start")
    program.wait(lambda: program.find("start_page").isVisible() and not recent(program))
    for words, action in (("is in the trash", "Restore"), ("that this was made of was removed", "")):
        program.frame.opener.any(made.id)
        program.wait(lambda words=words: program.is_said(words))
        bar = program.window.notices.bars[-1]
        assert (bar.notice.action, program.window.current_page) == (action, "Start")
        if action:
            bar.notice.on_action()
    program.ask(lambda services: services.history.delete_for_good(made.id))
    program.frame.opener.any(made.id)
    program.wait(lambda: program.is_said("no longer here"))
    assert program.window.current_page == "Start"


def test_an_opened_document_is_listed_also_while_a_search_is_typed(program, letter):
    opened(program, letter)
    view = program.find("document_view")
    program.type_into("document_filter", "lease")
    assert view.currentIndex().data() == "lease.md", "the shown one keeps its mark"
    other = letter.with_name("annex.md")
    other.write_text(LETTER + "Annex.")
    drop(program.documents, other)
    program.wait(lambda: rows(program) == ["annex.md", "lease.md"])
    assert [index.data() for index in view.selectionModel().selectedRows()] == ["annex.md"]


def test_the_next_start_still_has_it(program, letter, start):
    opened(program, letter)
    program.close()
    again = start().open_documents()
    again.wait(lambda: rows(again) == ["lease.md"])
    letter.write_text(LETTER + "\nMore.")
    view = again.find("document_view")
    again.click_item(view, 0)
    again.wait(lambda: again.documents.view.count == 4)
    again.wait(lambda: any("has changed" in bar.notice.text for bar in again.window.notices.bars))


def test_5000_pages_scroll_and_only_those_in_sight_are_asked_for(program, tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("\f".join(f"Page {number}\n\nwords" for number in range(1, 5001)))
    drop(program.documents, path)
    is_read = lambda: program.coverage == "5,000 of 5,000 pages read"  # noqa: E731
    program.qtbot.waitUntil(is_read, timeout=90_000)
    view = program.documents.view
    QTest.keyClick(view, Qt.Key.Key_End)
    program.wait(lambda: view.sheets[-1].words is not None)
    assert "Page 5000" in view.sheets[-1].page.text
    assert sum(sheet.words is not None for sheet in view.sheets) < 60


def test_without_a_model_a_summary_leads_to_its_passages(program, letter):
    """The sentences are the document's own, each with its place."""
    opened(program, letter)
    program.click("summarize_button")
    pane = program.find("summary_pane")
    program.wait(lambda: pane.summary is not None)
    assert not program.find("summary_coverage").isVisible()
    program.wait(lambda: pane.rows and pane.rows[0].isVisible())
    has_bullets = [row.findChild(QLabel, "row_bullet") is not None for row in pane.rows]
    assert has_bullets == [False] + [True] * (len(pane.rows) - 1), "the first says what the document is"
    row = next(row for row in pane.rows if row.sentence.pages)
    program.click(row)
    page = row.sentence.blocks[0].page
    program.wait(lambda: [sheet.page.number for sheet in program.documents.view.sheets if sheet.spans][:1] == [page])
    start, end = program.documents.view.sheets[page - 1].spans[0]
    program.wait(lambda: program.documents.view.sheets[page - 1].has_text)
    words = program.documents.view.sheets[page - 1].page.text[start:end]
    assert row.sentence.text.split()[0] in words
    program.click("copy_summary_button")
    assert QApplication.clipboard().text().endswith("4 of 4 sections read.")
    program.documents.view.place_clicked.emit(page, start, QPointF())
    assert row.property("lit")


def test_why_no_summary_is_made_stands_in_its_place_until_there_is_one(program, letter):
    opened(program, letter)
    kind, note = program.find("summary_kind"), program.find("summary_note")
    kind.setCurrentIndex(kind.findData(Kind.SIMPLE))
    program.click("summarize_button")
    program.wait(lambda: note.isVisible() and "model" in note.text())
    assert program.notices() == []
    kind.setCurrentIndex(kind.findData(Kind.BULLETS))
    program.click("summarize_button")
    program.wait(lambda: program.find("summary_pane").rows)
    assert not note.isVisible()


def test_a_model_too_weak_for_a_summary_names_a_better_one(program, letter, model_file):
    program.with_model(model_file)
    opened(program, letter)
    program.find("summary_kind").setCurrentIndex(program.find("summary_kind").findData(Kind.SIMPLE))
    program.click("summarize_button")
    program.wait(lambda: "too weak" in program.find("summary_coverage").text())
    program.wait(lambda: program.find("summary_offer").text().startswith("Better for this PC: "))


def test_a_question_is_answered_with_passages_that_open(program, letter, model_file):
    """The tiny model is too weak to quote: the passages that fit best are the answer, and that is said."""
    program.with_model(model_file)
    opened(program, letter)
    program.choose_tab("questions")
    program.type_into("question_line", "How much does the tenant pay?")
    QTest.keyClick(program.find("question_line"), Qt.Key.Key_Return)
    pane = program.find("question_pane")
    program.wait(lambda: pane.findChildren(CitationRow) and program.find("ask_button").isEnabled())
    words = [one.text() for one in pane.findChildren(QLabel, "question_part")]
    assert words[0].replace("\u200b", "") == "How much does the tenant pay?"
    assert "too weak" in words[1]
    program.wait(lambda: "Better for this PC: " in pane.findChildren(QLabel, "question_part")[-1].text())
    row = pane.findChildren(CitationRow)[0]
    assert "1,200 EUR" in row.citation.quote
    program.wait(row.isVisible)
    program.click(row)
    page = row.citation.page
    program.wait(lambda: program.documents.view.sheets[page - 1].spans == ((row.citation.start, row.citation.end),))
    program.frame.documents.remove(program.frame.documents.current)
    program.wait(lambda: not [one for one in pane.findChildren(CitationRow) if one.isVisible()])


def test_an_answer_that_the_text_does_not_carry_stands_below_the_text(program, letter, model_file):
    """A plain Yes where the letter says no, with its quotation: the words of the letter come first."""
    program.with_model(model_file)
    opened(program, letter)
    program.choose_tab("questions")
    pane, document = program.find("question_pane"), program.frame.documents.current
    citation = Citation(document, 1, 0, 20, "The rent is not reduced.")
    pane.show_asked("May I pay less?")
    pane.show_answer(Answered("Yes, you may pay less.", True, (citation,), marks=(Mark("words", "less", 9, 12),)))
    row = pane.findChildren(CitationRow)[0]
    parts = {one.text().replace("\u200b", ""): one for one in pane.findChildren(QLabel, "question_part")}
    answer = parts["Yes, you may pay less."]
    (mark,) = [one for words, one in parts.items() if words.startswith("⚠ Check this:")]
    program.wait(lambda: row.isVisible() and row.y() < mark.y() < answer.y())
    asked = parts["May I pay less?"]
    foot, line = program.find("question_foot"), program.find("question_line")
    program.wait(lambda: asked.y() < 40)
    assert foot.y() - answer.geometry().bottom() < line.y() - foot.geometry().bottom()
    assert not program.find("answers_copied").isVisible()
    program.click("copy_answers_button")
    assert program.find("answers_copied").isVisible()
    assert QApplication.clipboard().text().endswith("Yes, you may pay less.")


def test_words_typed_while_a_question_is_answered_stay(program, letter, model_file):
    program.with_model(model_file)
    opened(program, letter)
    program.choose_tab("questions")
    line, asked = program.find("question_line"), []

    def type_the_next(question: str) -> None:
        asked.append(question)
        QTest.keyClicks(line, "And when?")
        QTest.keyClick(line, Qt.Key.Key_Return)

    program.frame.documents_area.questions.asked.connect(type_the_next)
    program.type_into(line, "How much does the tenant pay?")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: asked and program.find("ask_button").isEnabled())
    assert line.text() == "And when?"
    assert asked == ["How much does the tenant pay?"]


def exported(program, button: str, form: str, target) -> None:
    """Choose a form in the menu of a button and a file in the dialog that follows."""
    menu = program.find(button).menu()
    next(action for action in menu.actions() if action.objectName() == f"export_{form}").trigger()
    dialog = program.documents.findChild(QFileDialog, "export_dialog")
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(lambda: any(f"Written to {target}" in notice for notice in program.notices()))


@pytest.fixture
def summarized(program, letter, model_file):
    program.with_model(model_file)
    opened(program, letter)
    program.click("summarize_button")
    pane = program.find("summary_pane")
    program.wait(lambda: pane.summary is not None and pane.rows and pane.rows[0].isVisible())
    return program


def kept_summary(program, *, note="", **changes):
    """The shown summary, changed in the history as `changes` of its document say, and shown again."""
    services, summaries = program.services, program.frame.documents_area.summaries
    summary = program.find("summary_pane").summary
    updated = changed(summary, note=note, documents=(changed(summary.documents[0], **changes),))
    services.service_thread.call(lambda: services.store.results.save(summaries.item, to_json(updated)))
    summaries.choose(summaries.item)
    program.wait(lambda: program.find("summary_pane").summary == updated)
    return updated


def test_what_a_document_says_beside_its_summary_is_added_by_a_click(summarized):
    program, pane = summarized, summarized.find("summary_pane")
    first = pane.summary.sentences[0]
    kept_summary(program, omitted=(changed(first, text="The deposit is 2,400 euros.", quotation=True),))
    count, more = len(pane.rows), program.find("more_passages_button")
    assert more.text() == "1 more passage"
    program.click("copy_summary_button")
    assert "\n1 more passage with figures or duties.\n" in QApplication.clipboard().text()
    program.click(more)
    program.find("add_omitted_button").setFocus()
    QTest.keyClick(program.find("add_omitted_button"), Qt.Key.Key_Space)
    program.wait(lambda: len(pane.rows) == count + 1)
    assert pane.hasFocus(), "it stays in the pane"
    assert "The deposit is 2,400 euros." in [row.sentence.text for row in pane.rows]
    assert not more.isVisible()
    program.wait(lambda: pane.findChild(QToolButton, "add_omitted_button") is None)
    assert [row.sentence.text for row in pane.findChildren(SentenceRow)].count("The deposit is 2,400 euros.") == 1
    services, item = program.services, program.frame.documents_area.summaries.item
    stored = services.service_thread.call(lambda: services.summaries.open(item)).summary
    assert stored.documents[0].omitted == ()
    assert len(stored.sentences) == count + 1


def test_where_only_what_has_to_be_done_fits_the_rest_is_shown_and_no_button_stands_alone(summarized):
    program, pane = summarized, summarized.find("summary_pane")
    omitted = (changed(pane.summary.sentences[0], text="The deposit is 2,400 euros.", quotation=True),)
    kept_summary(program, note=TOO_MUCH_TO_DO, omitted=omitted)
    assert program.find("more_passages_button").isChecked()
    program.wait(lambda: program.find("add_omitted_button").isVisible())
    only, copy = program.find("earlier_summaries_more"), program.find("copy_summary_button")
    program.wait(lambda: only.isVisible() and not program.find("earlier_summaries").isVisible())
    assert only.mapTo(pane, QPoint()).y() == copy.mapTo(pane, QPoint()).y()
    kept_summary(program, note="", omitted=omitted)
    assert not program.find("more_passages_button").isChecked()


def test_a_sentence_is_seen_while_it_is_written(program, letter):
    opened(program, letter)
    pane = program.find("summary_pane")
    pane.show_begun()
    one = Sentence("The rent is 900 euros.", (), (1,), True)
    pane.show_growing([one], 0, 4, "section")
    kept = pane.rows[0]
    pane.show_writing("The lease ends on")
    assert program.find("summary_writing").text() == "The lease ends on …"
    assert program.find("summary_writing").isVisible()
    pane.show_growing([one, changed(one, text="The lease ends in May.")], 1, 4, "section")
    assert pane.rows[0] is kept  # what stands there stays, with its focus
    assert len(pane.rows) == 2
    pane.show_writing("")
    assert not program.find("summary_writing").isVisible()
    assert "1 of 4 sections read" in program.find("summary_note").text()


def test_what_was_written_of_a_cancelled_summary_is_shown_again(summarized):
    program, pane, summaries = summarized, summarized.find("summary_pane"), summarized.frame.documents_area.summaries
    services, summary, item = program.services, summarized.find("summary_pane").summary, summaries.item

    def leave_unfinished():
        job = services.summaries.open(item).job
        services.store.database.run("update jobs set status = 'cancelled' where id = ?", (job.id,))
        services.store.results.save(item, to_json(changed(summary, is_draft=True)))

    services.service_thread.call(leave_unfinished)
    summaries.choose(item)
    program.wait(lambda: pane.summary is None and len(pane.rows) == 1)
    program.wait(lambda: "had been written" in program.find("summary_note").text())
    assert "cancelled" in program.find("summary_note").text()
    assert program.find("summarize_button").isEnabled()


def test_a_summary_is_exported_with_its_proof_and_offered_beside_its_document(summarized, letter, tmp_path):
    program = summarized
    for form in ("docx", "json"):
        exported(program, "export_summary_button", form, tmp_path / f"s.{form}")
    words = "\n".join(paragraph.text for paragraph in docx.Document(tmp_path / "s.docx").paragraphs)
    assert "What was read" in words
    assert "[section" in words
    assert json.loads((tmp_path / "s.json").read_text())["coverage"]["pages_read"] == 4
    (bar,) = [bar for bar in program.window.notices.bars if "s.json" in bar.notice.text]
    assert (bar.notice.action, bar.notice.other) == ("Open", "Open folder")
    menu = program.find("export_summary_button").menu()
    next(action for action in menu.actions() if action.objectName() == "export_pdf").trigger()
    dialog = program.documents.findChild(QFileDialog, "export_dialog")
    assert Path(dialog.directory().absolutePath()) == letter.parent
    assert Path(dialog.selectedFiles()[0]).parent == letter.parent
    dialog.fileSelected.emit(str(tmp_path / "none" / "s.pdf"))
    program.wait(lambda: any(bar.notice.is_error and "none" in bar.notice.text for bar in program.window.notices.bars))


def test_how_far_a_summary_is_takes_one_line(summarized):
    pane = summarized.find("summary_pane")
    words = summarized.find("making_words")

    def on_one_line() -> bool:
        pane.show_begun()  # each time: the summary itself may be shown once more
        pane.show_job(JobChanged("j", "summary", JobStatus.RUNNING, 19, 48, eta_s=240.0))
        return words.isVisible() and words.height() < 2 * words.fontMetrics().lineSpacing()

    summarized.wait(on_one_line)
    assert "4 min left" in words.text()


def test_what_is_below_the_title_stays_where_it_is(program, letter):
    opened(program, letter)
    places = lambda: [program.find(name).geometry() for name in ("document_tabs", "page_button", "document_body")]  # noqa: E731
    before, side = places(), program.documents.side.geometry()
    short = letter.with_name("short.txt")
    short.write_text("one page")
    drop(program.documents, short)
    program.wait(lambda: program.find("document_title").full_text == "short.txt" and program.documents.view.count == 1)
    program.wait(lambda: not program.find("reading_progress").isVisible())
    program.find("documents_work").layout().activate()
    assert places() == before
    program.click("page_button")
    assert not program.documents.view.isVisible()
    assert places() == before
    assert program.documents.side.geometry() == side


def test_each_length_is_made_once_and_remembered(summarized, start):
    program, pane, summaries = summarized, summarized.find("summary_pane"), summarized.frame.documents_area.summaries
    first, length = summaries.item, program.find("summary_length")
    assert (length.currentText(), program.find("summary_paper").currentText()) == ("Medium", "Contract")
    QTest.keyClick(length, Qt.Key.Key_Down)
    program.wait(lambda: summaries.item != first and pane.summary is not None and len(summaries.items.shown) == 2)
    QTest.keyClick(length, Qt.Key.Key_Up)
    program.wait(lambda: summaries.item == first and pane.summary is not None)
    QTest.keyClick(length, Qt.Key.Key_Down)
    program.wait(lambda: summaries.item != first and pane.summary is not None)
    assert len(program.ask(lambda services: services.history.items("summary"))) == 2
    program.close()
    assert start().find("summary_pane").form.last_length == "long"


def test_a_long_sentence_is_folded_until_it_is_chosen(qtbot):
    said = " ".join(f"word{number}" for number in range(1, 41))
    around = QWidget()
    qtbot.addWidget(around)
    row = SentenceRow(Sentence(said, (), (1,), True), "page", around)
    words = row.findChild(QLabel, "row_text")
    assert words.text() == said[: said.index(" word31")] + " …"
    QTest.keyClick(row, Qt.Key.Key_Return)
    assert words.text() == said


def test_a_sentence_is_copied_with_file_and_page(summarized):
    program = summarized
    row = program.find("summary_pane").rows[0]
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().endswith(f"[lease.md, section {row.sentence.pages[0]}]")
    program.click("copy_summary_button")
    assert QApplication.clipboard().text().count("[lease.md, section") == len(program.find("summary_pane").rows)


def test_pointing_at_a_sentence_marks_its_passages_until_the_mouse_leaves(summarized):
    program = summarized
    row = next(row for row in program.find("summary_pane").rows if row.sentence.blocks)
    pages = {block.page for block in row.sentence.blocks}
    marked = lambda: {sheet.page.number for sheet in program.documents.view.sheets if sheet.spans}  # noqa: E731
    row.pointed_at.emit(True)
    program.wait(lambda: marked() == pages)
    row.pointed_at.emit(False)
    program.wait(lambda: not marked())
    program.click(row)
    program.wait(lambda: marked() == pages)
    row.pointed_at.emit(True)
    row.pointed_at.emit(False)
    program.wait(lambda: marked() == pages)


def test_a_summary_that_is_reported_twice_keeps_its_rows(summarized):
    """It is, when its job ends while it is being opened."""
    program = summarized
    pane, summaries = program.find("summary_pane"), program.frame.documents_area.summaries
    rows, made = list(pane.rows), []
    rows[0].setFocus()
    summaries.made.connect(made.append)
    summaries.choose(summaries.item)
    program.wait(lambda: made)
    assert pane.rows == rows
    assert rows[0].hasFocus()


def test_what_is_on_show_has_no_menu_before_there_is_something(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    box = EarlierBox(parent, name="earlier")
    assert box.only.isHidden()
    box.show_entries([Entry("a", "Summary", 0.0, "Summary")], "a")
    assert not box.only.isHidden()
    assert box.only.menu() is not None
    box.show_entries([], "")
    assert box.only.isHidden()


def test_earlier_summaries_are_chosen_renamed_and_deleted_with_a_way_back(summarized):
    program = summarized
    summaries, pane = program.frame.documents_area.summaries, program.find("summary_pane")
    first = summaries.item
    program.wait(program.find("earlier_summaries_more").isVisible)
    menu = program.find("earlier_summaries_more").menu()
    assert [action.text() for action in menu.actions()] == ["Rename…", "Delete"]
    assert not program.find("earlier_summaries_button").isVisible()
    program.click("summary_other_button")
    program.click("summarize_button")
    program.wait(lambda: summaries.item != first and pane.summary is not None and pane.rows)
    button = program.find("earlier_summaries_button")
    program.wait(lambda: button.isVisible() and button.text() == "1 earlier")
    program.click(button)
    rows = lambda: [one for one in pane.findChildren(EarlierRow) if one.isVisible()]  # noqa: E731
    program.wait(lambda: len(rows()) == 2)
    held = rows()
    with program.qtbot.waitSignal(summaries.items.listed):
        summaries.items.refresh()
    assert rows() == held, "a row that is being clicked stays"
    program.click(rows()[1])
    program.wait(lambda: summaries.item == first)
    program.wait(lambda: len(rows()) == 2)
    QTest.keyClick(rows()[1], Qt.Key.Key_F2)
    dialog = program.window.findChild(QInputDialog, "rename_dialog")
    dialog.setTextValue("For the lawyer")
    dialog.accept()
    program.wait(lambda: any("For the lawyer" in row.accessibleName() for row in rows()))
    QTest.keyClick(next(row for row in rows() if "lawyer" in row.accessibleName()), Qt.Key.Key_Delete)
    program.wait(lambda: summaries.item not in ("", first) and pane.rows)
    (bar,) = [bar for bar in program.window.notices.bars if "trash" in bar.notice.text]
    bar.notice.on_action()
    program.wait(lambda: len(rows()) == 2)


def test_questions_stay_with_their_document_over_a_restart(program, letter, model_file, start):
    program.with_model(model_file)
    opened(program, letter)
    program.choose_tab("questions")
    for words in ("How much does the tenant pay?", "When does it begin?"):
        program.type_into("question_line", words)
        QTest.keyClick(program.find("question_line"), Qt.Key.Key_Return)
        program.wait(lambda: program.find("question_foot").isVisible())
    item = program.frame.documents_area.questions.item
    program.close()
    again = start().open_documents()
    again.wait(lambda: again.documents.view.count == 4)
    again.wait(lambda: again.documents.side.current == "questions")
    pane = again.find("question_pane")
    asked = lambda: [one.text() for one in pane.findChildren(QLabel, "question_part")]  # noqa: E731
    again.wait(lambda: "When does it begin?" in asked() and pane.rows)
    assert again.frame.documents_area.questions.item == item
    again.wait(lambda: again.find("new_questions_button").isVisible())
    again.click("new_questions_button")
    again.wait(lambda: not asked() and again.find("earlier_questions").isVisible())


def test_the_shown_document_is_read_ahead_and_on_questions_the_model_is_loaded_for_it(program, letter, monkeypatch):
    expected = []
    monkeypatch.setattr(
        QuestionService, "expect_question", lambda _self, document, *, loads=False: expected.append((document, loads))
    )
    opened(program, letter)
    document = program.frame.documents.current
    program.wait(lambda: (document, False) in expected)
    program.choose_tab("questions")
    program.wait(lambda: (document, True) in expected)


def test_in_a_narrow_window_the_pages_are_a_drawer_over_the_result(program, letter):
    opened(program, letter)
    program.window.resize(800, 600)
    view, side = program.documents.view, program.documents.side
    program.wait(lambda: not view.isVisible())
    program.click("page_button")
    assert view.isVisible()
    place = side.geometry()
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.isVisible()
    assert side.geometry() == place
    assert program.documents.isAncestorOf(QApplication.focusWidget())
    program.documents.document.go_to_spans({2: [(0, 3)]})
    assert view.isVisible()
    program.window.resize(1300, 800)
    program.wait(lambda: side.isVisible() and view.isVisible() and not view.visibleRegion().isEmpty())


def test_pages_that_were_not_read_are_said_beside_the_title_with_the_reason(program, tmp_path):
    path = tmp_path / "scan.pdf"
    path.write_bytes(bytes(TinyPdf().page(Text(72, 700, "Read."))))
    drop(program.documents, path)
    program.wait(lambda: program.coverage == "1 of 1 page read")
    view = program.documents.document
    page = view._pages[0]
    view._on_pages_listed([page, changed(page, number=2, status=PageStatus.SCANNED, reason="only a picture")], True)
    assert program.coverage == "1 of 2 pages read, 1 could not be read"
    program.click("document_unread_button")
    program.click("unread_page_button")
    assert not program.find("unread_popover").isVisible()


def test_a_folder_is_summarized_into_another_and_one_bad_file_keeps_no_other_from_it(summarized, tmp_path):
    program = summarized
    folder, target = tmp_path / "post", tmp_path / "out"
    folder.mkdir()
    (folder / "a.txt").write_text("The roof must be mended before the winter comes.\n\nThe bill is 900 EUR.")
    (folder / "b.docx").write_bytes(b"PK\x03\x04 this is none")
    (folder / "c.md").write_text("# Garden\n\nThe hedge is cut in May and in September by the gardener.")
    program.find("document_list").folder_summary_requested.emit()
    for chosen in (folder, target):
        dialog = program.documents.findChild(QFileDialog, "folder_dialog")
        dialog.fileSelected.emit(str(chosen))
        dialog.done(0)
        program.wait(lambda gone=dialog: gone is not program.documents.findChild(QFileDialog, "folder_dialog"))
    program.wait(lambda: any("files with summaries were written" in notice for notice in program.notices()))
    (words,) = [notice for notice in program.notices() if "files with summaries" in notice]
    assert words.startswith("4 files")
    assert "1 of the documents could not be read" in words
    assert sorted(path.name for path in target.iterdir()) == ["a.txt.md", "c.md.md", "summaries.csv", "together.md"]
    assert "b.docx" in (target / "summaries.csv").read_text("utf-8-sig")
    program.wait(lambda: program.find("document_title").full_text == "a.txt")
    pane = program.find("summary_pane")
    program.wait(lambda: pane.summary is not None and len(pane.summary.documents) == 2 and pane.rows)

    def row():
        return next(row for row in pane.rows if "c.md" in row.accessibleName())  # the rows may be made once more

    program.wait(lambda: row().isVisible())
    program.click(row())  # its passage is in the other document, which is opened there
    program.wait(lambda: program.find("document_title").full_text == "c.md")
    program.wait(lambda: any(sheet.spans for sheet in program.documents.view.sheets))
    assert len(pane.summary.documents) == 2, "the joint summary stays beside it"


def test_small_pages_lead_and_follow_and_are_remembered(program, letter, start):
    letter.write_text(letter.read_text() + "\n\nThe last page is higher than the view." * 40)
    opened(program, letter)
    thumbs = program.find("thumbnails")
    program.window.resize(1600, 800)
    program.wait(thumbs.isVisible)
    assert [thumbs.model().index(row).data() for row in range(4)] == [
        "1  The lease", "2  Dates", "3  Dates", "4  Dates",
    ]  # fmt: skip
    program.click_item(thumbs, 3)
    program.wait(lambda: program.documents.view.reached >= 3)
    QTest.keyClick(program.documents.view, Qt.Key.Key_Home)
    program.wait(lambda: thumbs.currentIndex().row() == 0)
    program.documents.document.show_thumbnails(False)
    assert not thumbs.isVisible()
    program.close()
    again = start().open_documents()
    again.wait(lambda: again.frame.documents_page.view.count == 4)
    assert not again.find("thumbnails").isVisible()


def test_small_pictures_of_a_pdf_come_for_what_is_in_sight(program, tmp_path):
    path = tmp_path / "long.pdf"
    pdf = pypdfium2.PdfDocument.new()
    for _ in range(60):
        pdf.new_page(300, 400)
    pdf.save(path)
    drop(program.documents, path)
    program.window.resize(1600, 800)
    thumbs = program.find("thumbnails")
    program.wait(lambda: program.documents.view.count == 60 and thumbs.isVisible())
    rows = thumbs.model()
    program.wait(lambda: rows.has_image(1) and rows.has_image(3))
    assert not rows.has_image(50)
    thumbs.scrollToBottom()
    program.wait(lambda: rows.has_image(60))


def test_a_place_clicked_at_finds_the_sentences_that_rest_on_it_also_on_pictures(program, tmp_path):
    """A sentence with passages on two pages, another one on the second page only."""
    from slmdesk.base.documents import Paper, paragraph
    from slmdesk.children.printing import prepare, print_pdf

    words = [f"Passage number {number} stands here and says something." for number in range(1, 90)]
    prepare()
    pages = print_pdf(Paper("Lease", tuple(paragraph(word) for word in words)), "A4")
    path = tmp_path / "lease.pdf"
    try:
        while True:
            next(pages)
    except StopIteration as end:
        path.write_bytes(end.value)
    drop(program.documents, path)
    view, area = program.documents.view, program.frame.documents_area
    program.wait(lambda: "pages read" in program.coverage and view.count > 1)
    program.wait(lambda: program.frame.documents.current and program.find("summarize_button").isEnabled())
    document = program.frame.documents.current
    kept = {one.number: one.text for one in program.ask(lambda services: services.documents.pages(document))}

    def span(number):
        page = next(page for page, text in kept.items() if words[number - 1] in text)
        start = kept[page].index(words[number - 1])
        return Span(document, page, start, start + len(words[number - 1]))

    first, last = span(3), span(88)
    assert first.page != last.page
    both = Sentence("Both.", (first, last), (first.page, last.page), True)
    below = span(89)
    assert below.page == last.page
    other = Sentence("The other.", (below,), (last.page,), True)
    coverage = Coverage(view.count, view.count, 1, 1)
    one = DocumentSummary(document, "lease.pdf", "page", (both, other), coverage)
    area.summary_pane.show_summary(Summary("bullets", "en", "model", (both, other), coverage, (one,)))
    program.wait(lambda: area.summary_pane.rows[0].isVisible())
    program.click(area.summary_pane.rows[0])
    marked = lambda: [sheet.page.number for sheet in view.sheets if sheet.spans]  # noqa: E731
    program.wait(lambda: marked() == [first.page, last.page])
    sheet = view.sheets[first.page - 1]
    program.wait(lambda: sheet.picture is not None and sheet.boxes)
    lit = lambda: [row.sentence.text for row in area.summary_pane.rows if row.property("lit")]  # noqa: E731

    def click(number, box):
        left, top, right, bottom = box
        view.place_clicked.emit(number, -1, QPointF((left + right) / 2, (top + bottom) / 2))

    click(first.page, (0.5, 0.95, 0.5, 0.95))  # nothing rests on the foot of the page
    program.wait(lambda: lit() == [])
    click(first.page, sheet.boxes[0])
    program.wait(lambda: lit() == ["Both."])
    view.go_to(last.page, to_mark=True)
    sheet = view.sheets[last.page - 1]
    program.wait(lambda: sheet.boxes)
    click(last.page, sheet.boxes[0])
    program.wait(lambda: lit() == ["Both."])
    both_boxes = list(sheet.boxes)
    program.click(area.summary_pane.rows[1])
    program.wait(lambda: marked() == [last.page] and sheet.boxes and sheet.boxes != both_boxes)
    program.wait(lambda: lit() == ["Both."])  # where the mark stands is no matter: only a click counts
    click(last.page, sheet.boxes[0])
    program.wait(lambda: lit() == ["The other."])


def shown_chips(program):
    return [chip for chip in program.find("question_pane").findChildren(QPushButton, CHIP) if chip.isVisible()]


def test_a_suggested_question_is_asked_with_a_click(program, tmp_path):
    letter = tmp_path / "lease.txt"
    letter.write_text("The tenant must pay the rent of €1,200 by 3 March 2026. It goes to the account of the landlord.")
    drop(program.documents, letter)
    program.choose_tab("questions")
    program.wait(lambda: program.window.findChildren(QPushButton, "suggested_1"))
    program.wait(lambda: shown_chips(program))
    count = len(shown_chips(program))
    program.click("suggested_1")
    asked = "What is to be done by 3 March 2026?"
    program.wait(lambda: asked in [part.text() for part in program.window.findChildren(QLabel, "question_part")])
    assert not shown_chips(program)
    program.wait(lambda: program.find("new_questions_button").isVisible())
    program.click("new_questions_button")
    program.wait(lambda: len(shown_chips(program)) == count)
    other = tmp_path / "poem.txt"
    other.write_text("Roses are red and violets are blue, and the sky is over the garden.")
    drop(program.documents, other)
    program.wait(lambda: program.find("document_title").full_text == "poem.txt")
    program.wait(lambda: not shown_chips(program))


def test_no_question_on_one_document_is_suggested_for_several(program, letter):
    opened(program, letter)
    program.choose_tab("questions")
    program.wait(lambda: shown_chips(program))
    other = letter.with_name("annex.md")
    other.write_text(LETTER + "\nAnnex.\n")
    drop(program.documents, other)
    program.wait(lambda: len(rows(program)) == 2 and shown_chips(program))
    program.documents.documents.choose_all()
    program.click("several_ask")
    program.wait(lambda: program.find("document_title").full_text == "2 documents")
    assert not shown_chips(program)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Please send us the invoice by 26 February 2026.", "26 Feb"), ("Before 3 March you must pay.", "3 Mar"),
        ("Pay by 03/04/2026.", ""), ("Keep the cupboards until March 2026.", ""), ("Call us.", ""),
    ],
)  # fmt: skip
def test_what_is_to_be_done_shows_its_first_sure_date(text, shown):
    assert due_words(text, "en") == shown


def test_dates_of_what_is_to_be_done_are_not_cut_by_a_larger_text(start, tmp_path, model_file):
    program = start().with_model(model_file).open_documents()
    letter = tmp_path / "pipe.txt"
    letter.write_text("The pipe costs 3,300 EUR.\n\nPlease return the signed form by 12 December 2026.\n")
    drop(program.documents, letter)
    program.wait(lambda: program.coverage.startswith("1 of 1"))
    program.click("summarize_button")
    program.wait(lambda: program.window.findChildren(QLabel, "row_due"))
    (due,) = [label for label in program.window.findChildren(QLabel, "row_due") if label.text() == "12 Dec"]
    program.frame.keeper.set_font_scale(200)
    program.wait(lambda: due.fontMetrics().horizontalAdvance("12 Dec") <= due.width() - 2)
