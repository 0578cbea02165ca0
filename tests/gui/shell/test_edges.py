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
def service_thread(request, start, model_file):
    service_thread = start(turned=True)
    if request.param != 100:
        service_thread.frame.settings.change("font_scale", request.param)
        service_thread.wait(lambda: service_thread.frame._keeper.fonts.scale == request.param)
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    service_thread.found = []
    yield service_thread
    assert not service_thread.found, "\n".join(service_thread.found)


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


def check(service_thread, name: str) -> None:
    """What is cut in the window at any of the widths."""
    for width in WIDTHS:
        service_thread.window.resize(width, HEIGHT)
        service_thread.found += [f"{name} at {width}: {line}" for line in cut_in(service_thread.window)]


def check_dialog(service_thread, name: str) -> None:
    """What is cut in the dialog of this name, as it opens and as narrow as it can be made; it is closed again."""
    service_thread.wait(
        lambda: [one for one in service_thread.window.findChildren(QDialog) if one.objectName() == name]
    )
    dialog = next(one for one in service_thread.window.findChildren(QDialog) if one.objectName() == name)
    service_thread.wait(dialog.isVisible)
    for width in (dialog.width(), dialog.minimumSizeHint().expandedTo(dialog.minimumSize()).width()):
        dialog.resize(width, dialog.height())
        service_thread.found += [f"{name} at {width}: {line}" for line in cut_in(dialog)]
    dialog.close()
    settle()


def page(service_thread, title: str) -> None:
    service_thread.click(
        next(one for one in service_thread.find("side_bar").findChildren(QToolButton) if one.text() == title)
    )
    service_thread.wait(lambda: service_thread.window.current_page == title)


def test_chat(service_thread, tmp_path):
    service_thread.page.picker.show_state(ModelStateChanged(ModelState.READY, "m", NAME, memory_bytes=1_500_000_000))
    check(service_thread, "an empty chat")
    service_thread.send(LONG)
    service_thread.wait_idle()
    service_thread.act("try_again")
    service_thread.wait_idle()
    letter = tmp_path / "A lease of a house with a name as long as its garden and more.md"
    letter.write_text(LETTER)
    service_thread.chat.attached.add_paths([letter])
    service_thread.wait(lambda: service_thread.page.composer.attachments.in_order)
    QTest.keyClick(service_thread.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    check(service_thread, "a chat")
    service_thread.click("panel_button")
    check(service_thread, "a chat with its settings")
    service_thread.page.panel._on_seed_chosen(True)
    check(service_thread, "settings with a seed")
    assert service_thread.find("option_seed_number").width() > 10 * service_thread.page.fontMetrics().horizontalAdvance(
        "0"
    )


def test_first_start_and_settings(start, request):
    service_thread = start()
    for scale in (100, 150):
        service_thread.frame.settings.change("font_scale", scale)
        service_thread.wait(lambda scale=scale: service_thread.frame._keeper.fonts.scale == scale)
        service_thread.found = []
        page(service_thread, "Chat")
        check(service_thread, f"the first start, {scale} %")
        page(service_thread, "Settings")
        service_thread.wait(lambda: service_thread.frame.settings_page.isVisible())
        check(service_thread, f"settings, {scale} %")
        page(service_thread, "Documents")
        check(service_thread, f"documents, none, {scale} %")
        assert not service_thread.found, "\n".join(service_thread.found)


def test_documents(service_thread, tmp_path):
    service_thread.window.resize(1280, HEIGHT)
    page(service_thread, "Documents")
    pages, area = service_thread.frame.documents_page, service_thread.frame.documents_area
    letter = tmp_path / "A lease of a house with a name as long as its garden and more.md"
    letter.write_text(LETTER)
    drop(pages, letter)
    service_thread.wait(
        lambda: service_thread.find("coverage_strip").sentence.startswith("4 of 4") and area.question_pane.isEnabled()
    )
    document = service_thread.frame.documents.current
    service_thread.click("questions_chip")
    check(service_thread, "questions, none yet")
    marks = (Mark("amount", "3,900 EUR", 0, 9),)
    cited = (Citation(document, 2, 0, 30, "The rent of the Donaudampfschifffahrtsgesellschaftskapitän is 1,200 euros"),)
    area.question_pane.show_asked(LONG)
    area.question_pane.show_progress("Reading the passages that fit the question best")
    check(service_thread, "a question on its way")
    area.question_pane.show_answer(Answered("About 3,900 EUR.", True, cited, marks=marks))
    check(service_thread, "an answer with a warning")
    service_thread.click("summary_chip")
    check(service_thread, "no summary yet")
    span = Span(document, 1, 0, 10)
    doubted = Sentence(LONG + ".", (span,), (1,), True)
    coverage = Coverage(4, 4, 1, 1)
    one = OneSummary(document, letter.name, "section", (doubted,), coverage)
    area.summary_pane.show_summary(Summary("bullets", "en", "model", (doubted,), coverage, (one,)))
    check(service_thread, "a summary")
    service_thread.click("table_chip")
    check(service_thread, "no table yet")
    service_thread.click("about_chip")
    check(service_thread, "about a document")


def test_versions_of_a_document(service_thread, tmp_path):
    service_thread.window.resize(1280, HEIGHT)
    page(service_thread, "Documents")
    area = service_thread.frame.documents_area
    old, new = write_docx(tmp_path / "old.docx", OLD), write_pdf(tmp_path / "new.pdf", new_text())
    drop(area.page, new)
    service_thread.wait(lambda: service_thread.find("coverage_words").text().startswith("3 of 3"))
    service_thread.click("versions_chip")
    check(service_thread, "versions to choose")
    drop(area.compare_pane, old)
    service_thread.wait(lambda: service_thread.find("versions_button").isEnabled())
    check(service_thread, "two versions chosen")
    service_thread.click("versions_button")
    service_thread.wait(lambda: service_thread.find("versions_summary").text().startswith("12 changes"))
    check(service_thread, "two versions compared")
    service_thread.click("versions_next")
    check(service_thread, "a change")


def test_translate(service_thread, tmp_path):
    page(service_thread, "Translate")
    check(service_thread, "an empty translation")
    service_thread.frame.translate_page.text.take_text(
        "The rent of 1,200.50 EUR is due today. You must not sublet.\n\nA second one."
    )
    controller = service_thread.frame.translate
    service_thread.wait(lambda: controller.last.is_done and controller.last.segments)
    check(service_thread, "a translation")
    lease = tmp_path / "lease.docx"
    lease.write_bytes(docx("".join(paragraph(one) for one in ("The rent is due today.", LONG, "12 %"))))
    drop(service_thread.frame.translate_page, lease)
    service_thread.wait(
        lambda: [one for one in service_thread.window.findChildren(QDialog, "document_form") if one.isVisible()]
    )
    form = service_thread.window.findChild(QDialog, "document_form")
    service_thread.found += [f"the form of a document: {line}" for line in cut_in(form)]
    service_thread.click("form_begin")
    service_thread.wait(lambda: service_thread.find("save_translation_button").isEnabled())
    service_thread.window.activateWindow()
    check(service_thread, "a document translated")
    table = service_thread.find("segment_table")
    table.setCurrentIndex(table.model().index(1, 1))
    check(service_thread, "a segment")


def test_models_jobs_and_comparison(service_thread):
    page(service_thread, "Models")
    service_thread.wait(lambda: service_thread.frame.models_page.isVisible())
    check(service_thread, "models")
    service_thread.click("compare_button")
    service_thread.wait(service_thread.frame.compare_page.form.isVisible)
    check(service_thread, "models to compare")
    steps = [step_of([ChatMessage(Role.USER, (TextPart("a"),))], Sampling(temperature=0.0))]
    service_thread.ask(
        lambda services: services.jobs.add("summary", LONG, services.models.choose(None), steps, prompt_version="1").id
    )
    page(service_thread, "Jobs")
    service_thread.wait(lambda: service_thread.frame.jobs_page.isVisible())
    check(service_thread, "jobs")


def test_dialogs(service_thread, model_file):
    window, frame = service_thread.window, service_thread.frame
    service_thread.window.resize(1024, HEIGHT)
    DeletedChats(service_thread.bridge, window).show()
    check_dialog(service_thread, "deleted_chats")
    TokenDialog(frame.tokens, window).show()
    check_dialog(service_thread, "token_dialog")
    GatedDialog(frame.tokens, "somebody-with-a-long-name/" + NAME, window).open()
    check_dialog(service_thread, "gated_dialog")
    TextDialog(window, title=LONG, intro=LONG, text=LONG * 4, warning=LONG).show()
    check_dialog(service_thread, "text_dialog")
    frame._on_ledger_requested()
    check_dialog(service_thread, "ledger_window")
    service_thread.click("help_button")
    check_dialog(service_thread, "help_window")
    page(service_thread, "Translate")
    service_thread.click("glossaries_button")
    service_thread.click("new_glossary_button")
    check_dialog(service_thread, "new_glossary_form")
    check_dialog(service_thread, "glossary_window")
    service_thread.click("memory_button")
    check_dialog(service_thread, "memory_window")
