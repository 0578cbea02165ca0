"""The line that says whether a model can translate a pair of languages, and the ways from there."""

from __future__ import annotations

import pytest
from fakes.office import docx, paragraph
from fakes.parallel import table
from fakes.told import add_model
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from slmdesk.core.records import JobStatus
from slmdesk.gui.models.online.suggestions import SuggestionCard
from slmdesk.services.models.defaults import Use

pytestmark = pytest.mark.gui


@pytest.fixture
def begin(start, model_file):
    def make(**echo):
        desk = start(**echo)
        desk.frame.models.import_file(model_file)
        desk.wait(lambda: "ready" in desk.page.picker.button.text())
        desk.window.show_page("Translate")
        desk.translate_form = lambda: desk.window.findChild(QWidget, "document_form")
        return desk

    return make


def models(desk):
    return desk.ask(lambda services: services.models.list())


def examine(desk, model, source="en", target="de"):
    desk.ask(lambda services: services.pair_exams.take(model, source, target))
    desk.wait(lambda: all(one.status is JobStatus.DONE for one in desk.ask(lambda services: services.jobs.list())))


def typed(desk, text):
    QTest.keyClicks(desk.find("source_text"), text)


def test_a_weak_model_is_said_and_models_made_for_it_are_shown(begin):
    desk = begin(turned=True)
    line = desk.find("advice_line")
    typed(desk, "The rent is due today.")
    words = desk.find("translate_warning")
    desk.wait(lambda: line.isVisible())
    assert "is very small: expect poor translations." in words.text(), "all that is known without an exam"
    desk.click("examine_pair_button")
    desk.wait(lambda: "was not made for German: in its exam 0 of 12 answers were in German." in words.text())
    assert not desk.find("use_better_button").isVisible()
    assert not desk.find("examine_pair_button").isVisible()
    desk.click("see_models_button")
    assert desk.window.current_page == "Models"
    assert desk.find("suggestions_job").currentData() == "translation"
    assert desk.find("suggestions_language").currentData() == "de"
    found = desk.find("suggestions")
    desk.wait(lambda: found.findChildren(SuggestionCard))
    cards = [one for one in found.findChildren(SuggestionCard) if not one.isHidden()]
    facts = [desk.find("card_facts", one).text() for one in cards]
    assert all("translation" in one and ("German" in one or "many languages" in one) for one in facts), facts
    desk.window.show_page("Translate")
    desk.click("clear_text_button")
    desk.wait(lambda: not line.isVisible())


def test_of_an_earlier_text_it_is_said_for_its_own_languages(begin):
    desk = begin(turned=True)
    model = models(desk)[0]
    examine(desk, model.id)
    examine(desk, model.id, target="fr")
    typed(desk, "The rent is due today.")
    words = desk.find("translate_warning")
    desk.wait(lambda: "was not made for German" in words.text())
    desk.wait(lambda: desk.frame.translate.last.is_done)
    desk.frame.translate.keep()
    desk.frame.translate.set_target("fr")
    desk.wait(lambda: "was not made for French" in words.text())
    desk.click("earlier_translations_button")
    rows = desk.find("earlier_list")
    desk.wait(lambda: any("→ German" in rows.item(at).text() for at in range(rows.count())))
    rows.setCurrentRow(next(at for at in range(rows.count()) if "→ German" in rows.item(at).text()))
    desk.click("open_earlier_button")
    desk.wait(lambda: "was not made for German" in words.text())


def test_a_better_model_here_is_named_and_used_by_one_press(begin, tmp_path):
    desk = begin(known=table("en", "de"), turned=True)
    first = models(desk)[0]
    good = add_model(desk.run._services, tmp_path / "good.gguf", "Good & new")
    examine(desk, good.id)
    fact = next(one for one in models(desk) if one.id == good.id).facts["pair_exams"]
    pair = dict(fact["pairs"]["en-de"], level="weak")
    pair["skills"] = [dict(one, level="weak", passed=1) for one in pair["skills"]]
    weak = {**fact, "pairs": {"en-de": pair}}
    desk.ask(lambda opened: opened.store.set_model_facts(first.id, pair_exams=weak))
    desk.ask(lambda opened: opened.uses.set_default(Use.TRANSLATE, first.id))
    typed(desk, "The rent is due today.")
    button = desk.find("use_better_button")
    desk.wait(lambda: button.isVisible())
    assert button.accessibleName() == "Translate with Good & new"
    assert "Good & new, on this PC, is good at it." in desk.find("translate_warning").text()
    assert not desk.find("see_models_button").isVisible()
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    desk.wait(lambda: not desk.find("advice_line").isVisible())
    assert desk.ask(lambda opened: opened.translations.record(None).id) == good.id
    assert desk.ask(lambda opened: opened.settings.current.model_for_translation) == good.id


def test_before_a_document_is_begun_the_same_is_said(begin, tmp_path):
    desk = begin(turned=True)
    examine(desk, models(desk)[0].id)
    path = tmp_path / "lease.docx"
    path.write_bytes(docx(paragraph("The rent is due today.")))
    desk.frame.document_translation.look([path])
    desk.wait(lambda: desk.translate_form() is not None)
    form = desk.translate_form()
    words = desk.find("translate_warning", form)
    desk.wait(lambda: "was not made for German" in words.text())
    QTest.mouseClick(desk.find("see_models_button", form), Qt.MouseButton.LeftButton)
    desk.wait(lambda: desk.window.current_page == "Models")
    desk.wait(lambda: desk.translate_form() is None or not desk.translate_form().isVisible())
