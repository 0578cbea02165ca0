"""The line that says whether a model can translate a pair of languages, and the ways from there."""

from __future__ import annotations

import pytest
from fakes.office import docx, paragraph
from fakes.recorder import add_model
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slmdesk.models.evaluation import recommendation
from slmdesk.models.service import DefaultUse
from slmdesk.tasks.translation.types import TranslationRequest
from slmdesk.ui.online.suggestions import SuggestionCard

pytestmark = pytest.mark.gui


@pytest.fixture
def begin(with_model):
    def make(**echo):
        program = with_model(**echo)
        program.window.show_page("Translate")
        return program

    return make


def models(program):
    return program.ask(lambda services: services.models.list())


def typed(program, text):
    program.type_into("source_text", text)


def test_a_weak_model_is_said_over_texts_and_documents_and_models_made_for_it_are_shown(begin, monkeypatch, tmp_path):
    monkeypatch.setattr("slmdesk.models.running.total_bytes", lambda: 8 << 30)
    program = begin()
    line = program.find("advice_line")
    typed(program, "The rent is due today.")
    words = program.find("translate_warning")
    program.wait(lambda: line.isVisible())
    assert "is very small: expect poor translations." in words.text()
    assert "Better for this PC: Hy-MT2 1.8B, 1.2 GB" in words.text()
    assert not program.find("use_better_button").isVisible()
    program.click("see_models_button")
    assert program.window.current_page == "Models"
    program.wait(lambda: program.find("suggestions_job").currentData() == "translation")  # once its lists have come
    assert program.find("suggestions_language").currentData() == "de"
    cards = program.find("suggestions").findChildren
    program.wait(lambda: any(card.isVisible() for card in cards(SuggestionCard)))
    shown = [card for card in cards(SuggestionCard) if card.isVisible()]
    facts = [" ".join(program.find(name, card).text() for name in ("card_sentence", "card_facts")) for card in shown]
    assert all("translation" in fact and ("German" in fact or " languages" in fact) for fact in facts), facts
    program.window.show_page("Translate")
    program.find("source_text").clear()
    program.wait(lambda: not line.isVisible())
    path = tmp_path / "lease.docx"
    path.write_bytes(docx(paragraph("The rent is due today.")))
    program.frame.translate_page.document.begin([path], TranslationRequest("de", source="en"), False)
    said_again = program.find("document_translate_warning")
    program.wait(lambda: "is very small" in said_again.text())


def test_of_an_earlier_text_it_is_said_for_its_own_languages(begin, monkeypatch):
    monkeypatch.setattr(recommendation, "languages_of", lambda _record: ("en", "it"))
    program = begin()
    typed(program, "The rent is due today.")
    words = program.find("translate_warning")
    program.wait(lambda: "was not made for German" in words.text())
    program.wait(lambda: program.frame.translate.last.is_done)
    program.frame.translate.keep()
    program.frame.translate.set_target("fr")
    program.wait(lambda: "was not made for French" in words.text())
    program.window.open_bar()
    rows = program.find("earlier_list")
    program.wait(lambda: any("→ German" in rows.item(at).text() for at in range(rows.count())))
    program.click_item(rows, next(at for at in range(rows.count()) if "→ German" in rows.item(at).text()))
    program.wait(lambda: "was not made for German" in words.text())


def test_a_model_made_for_it_is_named_and_used_by_one_press(begin, tmp_path):
    program = begin()
    first = models(program)[0]
    good = add_model(program.services, tmp_path / "good.gguf", "Good & new")
    source = "huggingface:tencent/Hy-MT2-7B-GGUF/Hy-MT2-7B-Q4_K_M.gguf@main"
    program.ask(lambda opened: opened.store.models.change(good.id, source=source))
    program.ask(lambda opened: opened.uses.set_default(DefaultUse.TRANSLATE, first.id))
    typed(program, "The rent is due today.")
    button = program.find("use_better_button")
    program.wait(lambda: button.isVisible())
    assert button.accessibleName() == "Translate with Good & new"
    assert "Good & new, on this PC, was made for translation." in program.find("translate_warning").text()
    assert not program.find("see_models_button").isVisible()
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    program.wait(lambda: not program.find("advice_line").isVisible())
    assert program.ask(lambda opened: opened.translations.record(None).id) == good.id
    assert program.ask(lambda opened: opened.settings.current.model_for_translation) == good.id
