"""The translator in the window: typed text is translated, its doubts are said, languages are exchanged."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

pytestmark = pytest.mark.gui


@pytest.fixture
def service_thread(start, model_file):
    service_thread = start(turned=True)
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    QTest.keyClick(service_thread.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    service_thread.translate = service_thread.frame.translate_page
    service_thread.wait(lambda: service_thread.translate.isVisible())
    return service_thread


def typed(service_thread, text):
    QTest.keyClicks(service_thread.find("source_text"), text)


def output(service_thread):
    return service_thread.find("target_text").toPlainText()


def test_an_empty_page_says_what_to_do(service_thread):
    assert "drop a document" in service_thread.find("source_text").placeholderText()
    assert service_thread.find("translate_words").text() == "Your text stays on this PC."
    assert not service_thread.find("copy_translation_button").isEnabled()


def test_typed_text_is_translated_and_copied(service_thread):
    typed(service_thread, "The sun is up. We go out.")
    service_thread.wait(lambda: output(service_thread) == "tHE SUN IS UP. wE GO OUT.")
    service_thread.wait(lambda: service_thread.find("translate_words").text() == "2 sentences")
    assert not service_thread.find("stop_translation_button").isVisible()
    service_thread.click("copy_translation_button")
    assert QApplication.clipboard().text() == "tHE SUN IS UP. wE GO OUT."
    service_thread.click("clear_text_button")
    service_thread.wait(lambda: output(service_thread) == "")


def test_doubts_are_said_in_words(service_thread):
    typed(service_thread, "You must not sublet the flat.")
    flags = service_thread.find("translation_flags")
    service_thread.wait(lambda: flags.isVisible())
    assert "the translation may say the opposite" in flags.words
    service_thread.wait(lambda: service_thread.find("translate_words").text().endswith("1 to review"))


def test_languages_are_exchanged_and_the_translation_goes_on(service_thread):
    typed(service_thread, "The sun is up today.")
    service_thread.wait(lambda: output(service_thread) == "tHE SUN IS UP TODAY.")
    service_thread.click("swap_button")
    assert service_thread.find("source_text").toPlainText() == "tHE SUN IS UP TODAY."
    assert service_thread.find("source_language").currentData() == "de"
    assert service_thread.find("target_language").currentData() == "en"
    service_thread.wait(lambda: output(service_thread) == "The sun is up today.")


def test_a_text_that_is_too_long_is_kept_and_said(service_thread):
    service_thread.find("source_text").setPlainText("word " * 20_000)
    service_thread.wait(lambda: "as a document" in service_thread.find("translate_words").text())
    assert len(service_thread.find("source_text").toPlainText()) == 100_000


def test_without_a_model_the_page_says_so(start):
    service_thread = start(turned=True)
    QTest.keyClick(service_thread.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    typed(service_thread, "Hello there, how are you?")
    service_thread.wait(lambda: "no model" in service_thread.find("translate_words").text().lower())
    assert service_thread.find("source_text").toPlainText() == "Hello there, how are you?"
