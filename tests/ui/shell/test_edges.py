"""Nothing is cut off at its side where much is shown, in usual widths; pages as they open are walked by test_layout."""

from __future__ import annotations

import pytest
from fakes.contracts import OLD, new_text, write_docx, write_pdf
from fakes.dropping import drop
from fakes.edges import outside
from fakes.office import docx, paragraph
from fakes.results import said
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QWidget

from slmdesk.base.records import Item
from slmdesk.base.runtime.events import ModelState, ModelStateChanged
from slmdesk.base.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.claims.types import Mark
from slmdesk.documents.search import Citation
from slmdesk.documents.types import Span
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.questions.prompt import Answered
from slmdesk.tasks.questions.report import shown_report
from slmdesk.tasks.questions.types import Conversation
from slmdesk.tasks.report import Report, Section, Statement

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]

WIDTHS = (1024, 1920)
HEIGHT = 760
LONG = "A question about the lease of the house, its garden and the Donaudampfschifffahrtsgesellschaft behind it"
NAME = "Quite-a-long-name-of-a-model-2.5-Instruct-1.5B-of-somebody"
LETTER = "# The lease of the house\n\nThe tenant pays 1,200 EUR.\n\n" + "## Dates\n\nIt begins on 3 March 2024.\n\n" * 3


@pytest.fixture
def program(start, model_file):
    program = start(turned=True)
    program.frame.settings.change("font_scale", 150)  # 100 % is walked by test_layout
    program.wait(lambda: program.frame.keeper.fonts.scale == 150)
    program.frame.models.import_file(model_file)
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    program.found = []
    yield program
    assert not program.found, "\n".join(program.found)


def settle() -> None:
    for _turn in range(3):
        QTest.qWait(15)
        QApplication.processEvents()


def cut_in(root: QWidget) -> list[str]:
    """What stays cut: words that have just grown get their room with the next turn."""
    for _try in range(8):
        settle()
        faults = outside(root)
        if not faults:
            break
    return faults


def check(program, name: str) -> None:
    """What is cut in the window at any of the widths."""
    for width in WIDTHS:
        program.window.resize(width, HEIGHT)
        program.found += [f"{name} at {width}: {line}" for line in cut_in(program.window)]


def page(program, title: str) -> None:
    entry = next(button for button in program.find("side_bar").findChildren(QPushButton) if button.text() == title)
    if entry.isVisible():
        program.click(entry)
    else:
        program.window.show_page(title)
    program.wait(lambda: program.window.current_page == title)


def test_chat(program, tmp_path):
    program.frame.models.state = ModelStateChanged(ModelState.READY, "m", NAME, memory_bytes=1_500_000_000)
    program.page.picker.refresh()
    program.say(LONG)
    program.act("try_again")
    program.wait_idle()
    letter = tmp_path / "A lease of a house with a name as long as its garden and more.md"
    letter.write_text(LETTER)
    program.chat.attached.add_paths([letter])
    program.wait(lambda: program.page.composer.attachments.in_order)
    QTest.keyClick(program.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    check(program, "a chat")
    program.click("panel_button")
    check(program, "a chat with its settings")
    program.click("option_more_button")
    program.find("option_seed").value_chosen.emit(True)
    check(program, "settings with a seed")
    assert program.find("option_seed_number").width() > 10 * program.page.fontMetrics().horizontalAdvance("0")


def test_documents(program, tmp_path):
    program.window.resize(1280, HEIGHT)
    page(program, "Documents")
    pages, area = program.frame.documents_page, program.frame.documents_area
    letter = tmp_path / "A lease of a house with a name as long as its garden and more.md"
    letter.write_text(LETTER)
    drop(pages, letter)
    program.wait(lambda: program.coverage.startswith("4 of 4") and area.question_pane.isEnabled())
    document = program.frame.documents.current
    program.choose_tab("questions")
    marks = (Mark("amount", "3,900 EUR", 0, 9),)
    cited = (Citation(document, 2, 0, 30, "The rent of the Donaudampfschifffahrtsgesellschaftskapitän is 1,200 euros"),)
    item = Item(1, "item", "question", LONG, None, False, 0.0, 0.0, None, 1, {})
    messages = said(1, Role.USER, LONG), said(2, Role.ASSISTANT, "")
    area.questions.made.emit(shown_report(item, Conversation({}, messages)))
    area.questions.reading.emit("Reading the passages that fit the question best", 1, 3)
    check(program, "a question on its way")
    answer = Answered("About 3,900 EUR.", True, cited, marks=marks)
    area.questions.reading.emit("", 0, 0)
    area.questions.made.emit(shown_report(item, Conversation({"m2": answer}, messages)))
    check(program, "an answer with a warning")
    program.choose_tab("summary")
    check(program, "no summary yet")
    span = Span(document, 1, 0, 10)
    doubted = Statement(LONG + ".", (span,), "section 1")
    area.summary_pane.show_report(Report("summary", letter.name, (Section((doubted,)),)))
    check(program, "a summary")


def test_versions_of_a_document(program, tmp_path):
    program.window.resize(1280, HEIGHT)
    page(program, "Documents")
    area = program.frame.documents_area
    old, new = write_docx(tmp_path / "old.docx", OLD), write_pdf(tmp_path / "new.pdf", new_text())
    drop(area.page, new)
    program.wait(lambda: program.coverage.startswith("3 of 3"))
    program.choose_tab("versions")
    drop(area.compare_pane, old)
    program.wait(lambda: program.find("versions_lead").text().startswith("12 changes"))
    check(program, "two versions compared")
    program.click("versions_next")
    check(program, "a change")


def test_translate(program, tmp_path):
    page(program, "Translate")
    program.frame.translate_page.text.take_text(
        "The rent of 1,200.50 EUR is due today. You must not sublet.\n\nA second one."
    )
    controller = program.frame.translate
    program.wait(lambda: controller.last.is_done and controller.last.segments)
    check(program, "a translation")
    lease = tmp_path / "lease.docx"
    lease.write_bytes(docx("".join(paragraph(text) for text in ("The rent is due today.", LONG, "12 %"))))
    other = tmp_path / "picture.xyz"
    other.write_bytes(b"x")
    drop(program.frame.translate_page, lease, other)
    program.wait(lambda: [form for form in program.window.findChildren(QDialog, "document_form") if form.isVisible()])
    form = program.window.findChild(QDialog, "document_form")
    program.found += [f"the form of a document: {line}" for line in cut_in(form)]
    program.click("form_begin")
    program.wait(lambda: "translated" in program.find("translation_lead").text())
    program.window.activateWindow()
    check(program, "a document translated")
    table = program.find("translation_pages")
    table.setCurrentIndex(table.model().index(1, 0))
    check(program, "a segment")


def test_jobs(program):
    steps = [step_of([ChatMessage(Role.USER, (TextPart("a"),))], Sampling(temperature=0.0))]
    program.ask(
        lambda services: services.jobs.add("summary", LONG, services.models.choose(None), steps, prompt_version="1").id
    )
    page(program, "Jobs")
    program.wait(lambda: program.frame.jobs_page.isVisible())
    check(program, "jobs")
