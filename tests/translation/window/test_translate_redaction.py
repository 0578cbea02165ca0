"""The shield on the page Translate: what is private is shown first, hidden from the model, and put back; by clicks."""

from __future__ import annotations

import pytest
from fakes.asked import recorded
from fakes.office import docx, paragraph
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QListWidget
from translation.window.conftest import on_page, output, with_options

from slmdesk.translation.window.text import WAITS

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
LETTER = "Dear Ms Ashworth, Ashworth owes Hollowell & Sons Ltd money. The garden is green."


@pytest.fixture
def asked(monkeypatch):
    return recorded(monkeypatch)


@pytest.fixture
def program(asked, with_model):
    return on_page(with_model())


def preview(program, press):
    """The dialog after a button was pressed, or what else shows it."""
    if press:
        program.click(press)
    program.wait(lambda: program.find("redaction_preview") and program.find("redaction_preview").isVisible())
    return program.find("redaction_preview")


def gone(program):
    program.wait(lambda: program.window.findChild(QDialog, "redaction_preview") is None)


def test_typed_text_waits_is_shown_and_comes_back_with_the_originals(program, asked, start):
    assert not program.find("translate_redact").isChecked()
    with_options(program, "translate_redact")
    program.translate.text.take_text(LETTER)
    program.wait(lambda: program.find("translate_look").isVisible())
    assert program.find("translate_words").text() == WAITS
    preview(program, "translate_look")
    rows = program.find("redaction_list")
    assert isinstance(rows, QListWidget)
    assert rows.item(0).text().startswith("Ashworth (2 times)")
    QTest.keyClick(program.find("redaction_preview"), Qt.Key.Key_Escape)
    gone(program)
    assert asked() == ""
    preview(program, "translate_look")
    program.click("redaction_kind_firm")  # one press for a kind: firms stay as they are
    program.click("redaction_send")
    program.wait(lambda: "Ashworth" in output(program) and "THE GARDEN" in output(program).upper())
    program.wait(lambda: program.frame.translate.last.is_done)
    assert "ashworth" not in asked()
    assert "hollowell" in asked()
    assert not program.find("translate_look").isVisible()
    program.find("source_text").setPlainText(f"{LETTER} Ms Penhallow waits.")
    program.wait(lambda: program.find("translate_look").isVisible())
    program.ask(lambda services: None)
    assert "penhallow" not in asked()
    program.find("source_text").setPlainText(LETTER)
    program.wait(lambda: not program.find("translate_look").isVisible())
    program.frame.translate.keep()
    program.wait(lambda: program.frame.state.current.last_typed)
    program.close()
    again = on_page(start(turned=True))
    again.wait(lambda: again.find("source_text").toPlainText() == LETTER)
    again.wait(lambda: again.find("translate_redact").isChecked())
    assert "ashworth" not in asked()


def test_the_search_finds_the_originals_without_the_shield(program, asked):
    program.translate.text.take_text(LETTER)
    program.wait(lambda: "ASHWORTH" in output(program).upper() and program.frame.translate.last.is_done)
    assert "ashworth" in asked()


def test_a_document_is_shown_first_and_translated_with_the_originals(program, asked, tmp_path):
    path = tmp_path / "letter.docx"
    path.write_bytes(docx(paragraph("Ashworth has not paid.") + paragraph(LETTER)))
    program.frame.document_translation.look([path])
    program.wait(lambda: program.find("document_form") and program.find("document_form").isVisible())
    assert not program.find("form_redact").isChecked()
    program.find("form_source").show_value("en")
    program.find("form_target").show_value("de")
    program.click("form_redact")
    program.click("form_begin")
    preview(program, "")
    assert asked() == ""
    program.click("redaction_send")
    program.wait(lambda: program.find("document_translation_pane").isVisible())
    item = program.frame.document_translation.item
    program.wait(lambda: program.ask(lambda services: services.translations.open(item)).is_done)
    words = program.ask(lambda services: services.translations.text_of(item))
    assert words.casefold().count("ashworth") == 3
    assert asked()
    assert "ashworth" not in asked()
    assert "hollowell" not in asked()
