"""The translator in the window: typed text is translated, its doubts are said, languages are exchanged."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from fakes.office import docx, paragraph
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from translation.window.conftest import output, tab

pytestmark = pytest.mark.gui


def typed(program, text):
    program.type_into("source_text", text)


def test_an_empty_page_says_what_to_do(program):
    assert "drop a document" in program.find("source_text").placeholderText()
    assert program.find("translate_words").text() == "Translated on this PC"
    assert not program.find("copy_translation_button").isEnabled()


def test_typed_text_is_translated_and_copied(program):
    typed(program, "The sun is up. We go out.")
    program.wait(lambda: output(program) == "tHE SUN IS UP. wE GO OUT.")
    program.wait(lambda: program.find("translate_words").text() == "2 sentences")
    assert not program.find("stop_translation_button").isVisible()
    program.click("copy_translation_button")
    assert QApplication.clipboard().text() == "tHE SUN IS UP. wE GO OUT."
    program.find("source_text").clear()
    program.wait(lambda: output(program) == "")


def test_a_document_stays_reachable_behind_its_tab_and_so_does_the_text(program, tmp_path):
    path = tmp_path / "lease.docx"
    path.write_bytes(docx(paragraph("The rent is due today.")))
    tab(program, 1)
    assert program.find("document_empty").isVisible()
    tab(program, 0)
    typed(program, "We go out.")
    drop(program.translate, path)
    program.click("form_begin")
    program.wait(lambda: program.find("translation_title").full_text == "lease.docx")
    tab(program, 0)
    assert program.find("source_text").toPlainText() == "We go out."
    tab(program, 1)
    assert program.find("segment_table").isVisible()


def test_the_options_hide_behind_one_button(program):
    program.click("translate_options_button")
    names = ("domain_choice", "formality_choice", "shade_button", "together_box")
    assert all(program.find(name).isVisible() for name in names)
    program.click("together_box")
    program.wait(lambda: not program.frame.state.current.translate_together)
    QTest.keyClick(program.find("together_box"), Qt.Key.Key_Escape)
    assert not program.find("domain_choice").isVisible()


def test_languages_are_exchanged_and_the_translation_goes_on(program):
    typed(program, "The sun is up today.")
    program.wait(lambda: output(program) == "tHE SUN IS UP TODAY.")
    program.click("swap_button")
    assert program.find("source_text").toPlainText() == "tHE SUN IS UP TODAY."
    assert program.find("source_language").currentData() == "de"
    assert program.find("target_language").currentData() == "en"
    program.wait(lambda: output(program) == "The sun is up today.")


def test_without_a_model_the_page_says_so(start):
    program = start(turned=True)
    QTest.keyClick(program.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    typed(program, "Hello there, how are you?")
    program.wait(lambda: "no model" in program.find("translate_words").text().lower())
    assert program.find("source_text").toPlainText() == "Hello there, how are you?"
