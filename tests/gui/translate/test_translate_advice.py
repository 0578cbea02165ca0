"""The line that says whether a model can translate a pair of languages, and the ways from there."""

from __future__ import annotations

import pytest
from fakes.office import docx, paragraph
from fakes.parallel import table
from fakes.recorder import add_model
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
        service_thread = start(**echo)
        service_thread.frame.models.import_file(model_file)
        service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
        service_thread.window.show_page("Translate")
        service_thread.translate_form = lambda: service_thread.window.findChild(QWidget, "document_form")
        return service_thread

    return make


def models(service_thread):
    return service_thread.ask(lambda services: services.models.list())


def examine(service_thread, model, source="en", target="de"):
    service_thread.ask(lambda services: services.pair_exams.take(model, source, target))
    service_thread.wait(
        lambda: all(one.status is JobStatus.DONE for one in service_thread.ask(lambda services: services.jobs.list()))
    )


def typed(service_thread, text):
    QTest.keyClicks(service_thread.find("source_text"), text)


def test_a_weak_model_is_said_and_models_made_for_it_are_shown(begin):
    service_thread = begin(turned=True)
    line = service_thread.find("advice_line")
    typed(service_thread, "The rent is due today.")
    words = service_thread.find("translate_warning")
    service_thread.wait(lambda: line.isVisible())
    assert "is very small: expect poor translations." in words.text(), "all that is known without an exam"
    service_thread.click("examine_pair_button")
    service_thread.wait(lambda: "was not made for German: in its exam 0 of 12 answers were in German." in words.text())
    assert not service_thread.find("use_better_button").isVisible()
    assert not service_thread.find("examine_pair_button").isVisible()
    service_thread.click("see_models_button")
    assert service_thread.window.current_page == "Models"
    assert service_thread.find("suggestions_job").currentData() == "translation"
    assert service_thread.find("suggestions_language").currentData() == "de"
    found = service_thread.find("suggestions")
    service_thread.wait(lambda: found.findChildren(SuggestionCard))
    cards = [one for one in found.findChildren(SuggestionCard) if not one.isHidden()]
    events = [service_thread.find("card_facts", one).text() for one in cards]
    assert all("translation" in one and ("German" in one or "many languages" in one) for one in events), events
    service_thread.window.show_page("Translate")
    service_thread.click("clear_text_button")
    service_thread.wait(lambda: not line.isVisible())


def test_of_an_earlier_text_it_is_said_for_its_own_languages(begin):
    service_thread = begin(turned=True)
    model = models(service_thread)[0]
    examine(service_thread, model.id)
    examine(service_thread, model.id, target="fr")
    typed(service_thread, "The rent is due today.")
    words = service_thread.find("translate_warning")
    service_thread.wait(lambda: "was not made for German" in words.text())
    service_thread.wait(lambda: service_thread.frame.translate.last.is_done)
    service_thread.frame.translate.keep()
    service_thread.frame.translate.set_target("fr")
    service_thread.wait(lambda: "was not made for French" in words.text())
    service_thread.click("earlier_translations_button")
    rows = service_thread.find("earlier_list")
    service_thread.wait(lambda: any("→ German" in rows.item(at).text() for at in range(rows.count())))
    rows.setCurrentRow(next(at for at in range(rows.count()) if "→ German" in rows.item(at).text()))
    service_thread.click("open_earlier_button")
    service_thread.wait(lambda: "was not made for German" in words.text())


def test_a_better_model_here_is_named_and_used_by_one_press(begin, tmp_path):
    service_thread = begin(known=table("en", "de"), turned=True)
    first = models(service_thread)[0]
    good = add_model(service_thread.run._services, tmp_path / "good.gguf", "Good & new")
    examine(service_thread, good.id)
    event = next(one for one in models(service_thread) if one.id == good.id).info["pair_exams"]
    pair = dict(event["pairs"]["en-de"], level="weak")
    pair["skills"] = [dict(one, level="weak", passed=1) for one in pair["skills"]]
    weak = {**event, "pairs": {"en-de": pair}}
    service_thread.ask(lambda opened: opened.store.set_model_info(first.id, pair_exams=weak))
    service_thread.ask(lambda opened: opened.uses.set_default(Use.TRANSLATE, first.id))
    typed(service_thread, "The rent is due today.")
    button = service_thread.find("use_better_button")
    service_thread.wait(lambda: button.isVisible())
    assert button.accessibleName() == "Translate with Good & new"
    assert "Good & new, on this PC, is good at it." in service_thread.find("translate_warning").text()
    assert not service_thread.find("see_models_button").isVisible()
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    service_thread.wait(lambda: not service_thread.find("advice_line").isVisible())
    assert service_thread.ask(lambda opened: opened.translations.record(None).id) == good.id
    assert service_thread.ask(lambda opened: opened.settings.current.model_for_translation) == good.id


def test_before_a_document_is_begun_the_same_is_said(begin, tmp_path):
    service_thread = begin(turned=True)
    examine(service_thread, models(service_thread)[0].id)
    path = tmp_path / "lease.docx"
    path.write_bytes(docx(paragraph("The rent is due today.")))
    service_thread.frame.document_translation.look([path])
    service_thread.wait(lambda: service_thread.translate_form() is not None)
    form = service_thread.translate_form()
    words = service_thread.find("translate_warning", form)
    service_thread.wait(lambda: "was not made for German" in words.text())
    QTest.mouseClick(service_thread.find("see_models_button", form), Qt.MouseButton.LeftButton)
    service_thread.wait(lambda: service_thread.window.current_page == "Models")
    service_thread.wait(
        lambda: service_thread.translate_form() is None or not service_thread.translate_form().isVisible()
    )
