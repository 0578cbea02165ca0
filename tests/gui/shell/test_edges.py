"""Nothing is cut off at its side: every page, pane, panel and dialog, in usual widths and sizes of letters."""

from __future__ import annotations

import pytest
from fakes.contracts import OLD, new_text, write_docx, write_pdf
from fakes.dropping import drop
from fakes.edges import outside
from fakes.office import docx, paragraph
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QToolButton, QWidget

from slmdesk.core.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.gui.settings.deleted_chats import DeletedChats
from slmdesk.gui.settings.token_dialog import TokenDialog
from slmdesk.gui.widgets.gated_panel import GatedDialog
from slmdesk.gui.widgets.text_dialog import TextDialog
from slmdesk.services.documents.citations import Coverage, Mark, Span
from slmdesk.services.documents.nearest import Citation
from slmdesk.services.engine.events import ModelState, ModelStateChanged
from slmdesk.services.jobs.steps import step_of
from slmdesk.services.questions.prompt import Answered
from slmdesk.services.summaries.types import OneSummary, Sentence, Summary

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]

WIDTHS = (1024, 1280, 1920)
HEIGHT = 760
LONG = "A question about the lease of the house, its garden and the Donaudampfschifffahrtsgesellschaft behind it"
NAME = "Quite-a-long-name-of-a-model-2.5-Instruct-1.5B-of-somebody"
LETTER = "# The lease of the house\n\nThe tenant pays 1,200 EUR.\n\n" + "## Dates\n\nIt begins on 3 March 2024.\n\n" * 3


@pytest.fixture(params=[100, 150])
def desk(request, start, model_file):
    desk = start(turned=True)
    if request.param != 100:
        desk.frame.settings.change("font_scale", request.param)
        desk.wait(lambda: desk.frame._keeper.fonts.scale == request.param)
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    desk.found = []
    yield desk
    assert not desk.found, "\n".join(desk.found)


def settle() -> None:
    for _turn in range(3):
        QTest.qWait(15)
        QApplication.processEvents()


def cut_in(root: QWidget) -> list[str]:
    """What stays cut: words that have just grown get their room with the next turn."""
    for _try in range(8):
        settle()
        found = outside(root)
        if not found:
            break
    return found


def check(desk, name: str) -> None:
    """What is cut in the window at any of the widths."""
    for width in WIDTHS:
        desk.window.resize(width, HEIGHT)
        desk.found += [f"{name} at {width}: {line}" for line in cut_in(desk.window)]


def check_dialog(desk, name: str) -> None:
    """What is cut in the dialog of this name, as it opens and as narrow as it can be made; it is closed again."""
    desk.wait(lambda: [one for one in desk.window.findChildren(QDialog) if one.objectName() == name])
    dialog = next(one for one in desk.window.findChildren(QDialog) if one.objectName() == name)
    desk.wait(dialog.isVisible)
    for width in (dialog.width(), dialog.minimumSizeHint().expandedTo(dialog.minimumSize()).width()):
        dialog.resize(width, dialog.height())
        desk.found += [f"{name} at {width}: {line}" for line in cut_in(dialog)]
    dialog.close()
    settle()


def page(desk, title: str) -> None:
    desk.click(next(one for one in desk.find("side_bar").findChildren(QToolButton) if one.text() == title))
    desk.wait(lambda: desk.window.current_page == title)


def test_chat(desk, tmp_path):
    desk.page.picker.show_state(ModelStateChanged(ModelState.READY, "m", NAME, memory_bytes=1_500_000_000))
    check(desk, "an empty chat")
    desk.send(LONG)
    desk.wait_idle()
    desk.act("try_again")
    desk.wait_idle()
    letter = tmp_path / "A lease of a house with a name as long as its garden and more.md"
    letter.write_text(LETTER)
    desk.chat.attached.add_paths([letter])
    desk.wait(lambda: desk.page.composer.attachments.in_order)
    QTest.keyClick(desk.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    check(desk, "a chat")
    desk.click("panel_button")
    check(desk, "a chat with its settings")
    desk.page.panel._on_seed_chosen(True)
    check(desk, "settings with a seed")
    assert desk.find("option_seed_number").width() > 10 * desk.page.fontMetrics().horizontalAdvance("0")


def test_first_start_and_settings(start, request):
    desk = start()
    for scale in (100, 150):
        desk.frame.settings.change("font_scale", scale)
        desk.wait(lambda scale=scale: desk.frame._keeper.fonts.scale == scale)
        desk.found = []
        page(desk, "Chat")
        check(desk, f"the first start, {scale} %")
        page(desk, "Settings")
        desk.wait(lambda: desk.frame.settings_page.isVisible())
        check(desk, f"settings, {scale} %")
        page(desk, "Documents")
        check(desk, f"documents, none, {scale} %")
        assert not desk.found, "\n".join(desk.found)


def test_documents(desk, tmp_path):
    desk.window.resize(1280, HEIGHT)
    page(desk, "Documents")
    pages, area = desk.frame.documents_page, desk.frame.documents_area
    letter = tmp_path / "A lease of a house with a name as long as its garden and more.md"
    letter.write_text(LETTER)
    drop(pages, letter)
    desk.wait(lambda: desk.find("coverage_strip").sentence.startswith("4 of 4") and area.question_pane.isEnabled())
    document = desk.frame.documents.current
    desk.click("questions_chip")
    check(desk, "questions, none yet")
    marks = (Mark("amount", "3,900 EUR", 0, 9),)
    cited = (Citation(document, 2, 0, 30, "The rent of the Donaudampfschifffahrtsgesellschaftskapitän is 1,200 euros"),)
    area.question_pane.show_asked(LONG)
    area.question_pane.show_progress("Reading the passages that fit the question best")
    check(desk, "a question on its way")
    area.question_pane.show_answer(Answered("About 3,900 EUR.", True, cited, marks=marks))
    check(desk, "an answer with a warning")
    desk.click("summary_chip")
    check(desk, "no summary yet")
    span = Span(document, 1, 0, 10)
    doubted = Sentence(LONG + ".", (span,), (1,), True)
    coverage = Coverage(4, 4, 1, 1)
    one = OneSummary(document, letter.name, "section", (doubted,), coverage)
    area.summary_pane.show_summary(Summary("bullets", "en", "model", (doubted,), coverage, (one,)))
    check(desk, "a summary")
    desk.click("table_chip")
    check(desk, "no table yet")
    desk.click("about_chip")
    check(desk, "about a document")


def test_versions_of_a_document(desk, tmp_path):
    desk.window.resize(1280, HEIGHT)
    page(desk, "Documents")
    area = desk.frame.documents_area
    old, new = write_docx(tmp_path / "old.docx", OLD), write_pdf(tmp_path / "new.pdf", new_text())
    drop(area.page, new)
    desk.wait(lambda: desk.find("coverage_words").text().startswith("3 of 3"))
    desk.click("versions_chip")
    check(desk, "versions to choose")
    drop(area.compare_pane, old)
    desk.wait(lambda: desk.find("versions_button").isEnabled())
    check(desk, "two versions chosen")
    desk.click("versions_button")
    desk.wait(lambda: desk.find("versions_summary").text().startswith("12 changes"))
    check(desk, "two versions compared")
    desk.click("versions_next")
    check(desk, "a change")


def test_translate(desk, tmp_path):
    page(desk, "Translate")
    check(desk, "an empty translation")
    desk.frame.translate_page.text.take_text(
        "The rent of 1,200.50 EUR is due today. You must not sublet.\n\nA second one."
    )
    controller = desk.frame.translate
    desk.wait(lambda: controller.last.is_done and controller.last.segments)
    check(desk, "a translation")
    lease = tmp_path / "lease.docx"
    lease.write_bytes(docx("".join(paragraph(one) for one in ("The rent is due today.", LONG, "12 %"))))
    drop(desk.frame.translate_page, lease)
    desk.wait(lambda: [one for one in desk.window.findChildren(QDialog, "document_form") if one.isVisible()])
    form = desk.window.findChild(QDialog, "document_form")
    desk.found += [f"the form of a document: {line}" for line in cut_in(form)]
    desk.click("form_begin")
    desk.wait(lambda: desk.find("save_translation_button").isEnabled())
    desk.window.activateWindow()
    check(desk, "a document translated")
    table = desk.find("segment_table")
    table.setCurrentIndex(table.model().index(1, 1))
    check(desk, "a segment")


def test_models_jobs_and_comparison(desk):
    page(desk, "Models")
    desk.wait(lambda: desk.frame.models_page.isVisible())
    check(desk, "models")
    desk.click("compare_button")
    desk.wait(desk.frame.compare_page.form.isVisible)
    check(desk, "models to compare")
    steps = [step_of([ChatMessage(Role.USER, (TextPart("a"),))], Sampling(temperature=0.0))]
    desk.ask(
        lambda services: services.jobs.add("summary", LONG, services.models.choose(None), steps, prompt_version="1").id
    )
    page(desk, "Jobs")
    desk.wait(lambda: desk.frame.jobs_page.isVisible())
    check(desk, "jobs")


def test_dialogs(desk, model_file):
    window, frame = desk.window, desk.frame
    desk.window.resize(1024, HEIGHT)
    DeletedChats(desk.bridge, window).show()
    check_dialog(desk, "deleted_chats")
    TokenDialog(frame.tokens, window).show()
    check_dialog(desk, "token_dialog")
    GatedDialog(frame.tokens, "somebody-with-a-long-name/" + NAME, window).open()
    check_dialog(desk, "gated_dialog")
    TextDialog(window, title=LONG, intro=LONG, text=LONG * 4, warning=LONG).show()
    check_dialog(desk, "text_dialog")
    frame._on_ledger_requested()
    check_dialog(desk, "ledger_window")
    desk.click("help_button")
    check_dialog(desk, "help_window")
    page(desk, "Translate")
    desk.click("glossaries_button")
    desk.click("new_glossary_button")
    check_dialog(desk, "new_glossary_form")
    check_dialog(desk, "glossary_window")
    desk.click("memory_button")
    check_dialog(desk, "memory_window")
