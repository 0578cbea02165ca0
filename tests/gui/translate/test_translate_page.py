"""The translator in the window: typed text is translated, its doubts are said, languages are exchanged."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

pytestmark = pytest.mark.gui


@pytest.fixture
def desk(start, model_file):
    desk = start(turned=True)
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    QTest.keyClick(desk.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    desk.translate = desk.frame.translate_page
    desk.wait(lambda: desk.translate.isVisible())
    return desk


def typed(desk, text):
    QTest.keyClicks(desk.find("source_text"), text)


def output(desk):
    return desk.find("target_text").toPlainText()


def test_an_empty_page_says_what_to_do(desk):
    assert "drop a document" in desk.find("source_text").placeholderText()
    assert desk.find("translate_words").text() == "Your text stays on this PC."
    assert not desk.find("copy_translation_button").isEnabled()


def test_typed_text_is_translated_and_copied(desk):
    typed(desk, "The sun is up. We go out.")
    desk.wait(lambda: output(desk) == "tHE SUN IS UP. wE GO OUT.")
    desk.wait(lambda: desk.find("translate_words").text() == "2 sentences")
    assert not desk.find("stop_translation_button").isVisible()
    desk.click("copy_translation_button")
    assert QApplication.clipboard().text() == "tHE SUN IS UP. wE GO OUT."
    desk.click("clear_text_button")
    desk.wait(lambda: output(desk) == "")


def test_doubts_are_said_in_words(desk):
    typed(desk, "You must not sublet the flat.")
    flags = desk.find("translation_flags")
    desk.wait(lambda: flags.isVisible())
    assert "the translation may say the opposite" in flags.words
    desk.wait(lambda: desk.find("translate_words").text().endswith("1 to review"))


def test_languages_are_exchanged_and_the_translation_goes_on(desk):
    typed(desk, "The sun is up today.")
    desk.wait(lambda: output(desk) == "tHE SUN IS UP TODAY.")
    desk.click("swap_button")
    assert desk.find("source_text").toPlainText() == "tHE SUN IS UP TODAY."
    assert desk.find("source_language").currentData() == "de"
    assert desk.find("target_language").currentData() == "en"
    desk.wait(lambda: output(desk) == "The sun is up today.")


def test_a_text_that_is_too_long_is_kept_and_said(desk):
    desk.find("source_text").setPlainText("word " * 20_000)
    desk.wait(lambda: "as a document" in desk.find("translate_words").text())
    assert len(desk.find("source_text").toPlainText()) == 100_000


def test_without_a_model_the_page_says_so(start):
    desk = start(turned=True)
    QTest.keyClick(desk.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    typed(desk, "Hello there, how are you?")
    desk.wait(lambda: "no model" in desk.find("translate_words").text().lower())
    assert desk.find("source_text").toPlainText() == "Hello there, how are you?"
