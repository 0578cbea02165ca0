"""Glossaries in the window: made, edited, read from files, searched, with a way back."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QPushButton
from tasks.translation.window.conftest import on_page

from slmdesk.base.translation import Term
from slmdesk.ui.translation.glossary_window import TARGET

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]


@pytest.fixture
def program(start):
    return on_page(start(turned=True))


@pytest.fixture
def lease(program):
    """A window with one glossary of two terms on show."""

    def fill(services):
        made = services.glossaries.add("Leases", "en", "de")
        services.glossaries.add_terms(made.id, [Term("tenant", "Mieter"), Term("rent", "Miete")])
        return made

    program.made = program.ask(fill)
    program.click("glossaries_button")
    program.wait(lambda: rows(program) == ["tenant", "rent"])
    return program


def rows(program, name="term_table", column=0):
    model = program.find(name).model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def entries(program):
    choice = program.find("glossary_choice")
    return [choice.itemText(at).split(" · ")[0] for at in range(choice.count())]


def shown(program):
    return program.find("glossary_choice").currentText()


def choose_file(program, name, path, window="glossary_window"):
    dialog = program.find(window).findChild(QFileDialog, name)
    dialog.fileSelected.emit(str(path))
    dialog.close()


def press(program, name):
    """An entry of the menu behind More."""
    menu = program.find("glossary_menu")
    next(action for action in menu.actions() if action.objectName() == name).trigger()


def test_a_glossary_is_made_filled_and_obeyed(program):
    program.click("glossaries_button")
    program.wait(lambda: "Create a glossary" in program.find("glossary_nothing").text())
    program.click("new_glossary_button")
    name = program.find("glossary_name")
    program.wait(name.hasFocus)
    QTest.keyClicks(name, "Leases")
    program.click("new_glossary_form_accept")
    program.wait(lambda: program.find("new_term_line").isVisible())
    program.type_into("new_term_line", "tenant")
    QTest.keyClick(program.find("new_term_line"), Qt.Key.Key_Return)
    program.type_into("new_translation_line", "Mieter")
    QTest.keyClick(program.find("new_translation_line"), Qt.Key.Key_Return)
    program.wait(lambda: rows(program) == ["tenant"])
    program.wait(lambda: program.find("new_term_line").text() == "")
    assert shown(program) == "Leases · English → German"
    assert program.find("glossary_count").text() == "1 term"
    flags = program.ask(lambda services: [term.target for term in services.translations.terms("en", "de")])
    assert flags == ["Mieter"]
    program.click("glossary_used")
    program.wait(lambda: not program.ask(lambda services: services.glossaries.all())[0].is_active)
    assert not list(program.ask(lambda services: services.translations.terms("en", "de")))


def test_terms_are_refused_edited_in_place_and_searched(lease):
    program, table = lease, lease.find("term_table")
    program.type_into("new_term_line", "deposit")
    program.click("add_term_button")
    program.wait(lambda: program.find("glossary_trouble").isVisible())
    assert "needs a translation" in program.find("glossary_trouble").text()
    assert program.find("new_term_line").text() == "deposit"
    table.model().setData(table.model().index(0, 0), "  ")
    program.wait(lambda: "needs a word" in program.find("glossary_trouble").text())
    assert rows(program) == ["tenant", "rent"]
    table.setCurrentIndex(table.model().index(0, TARGET))
    QTest.keyClick(table, Qt.Key.Key_F2)
    editor = program.find("cell_editor", table)
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, "Bewohner")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    program.wait(lambda: rows(program, column=TARGET)[0] == "Bewohner")
    program.ask(lambda services: services.glossaries.add_term(program.made.id, Term("Tenant", "Mieter")))
    program.find("term_search").setText("tenan")
    program.wait(lambda: rows(program) == ["tenant", "Tenant"])
    assert program.find("glossary_count").text() == "2 of 3 terms, 1 contradiction"


def test_a_term_whose_translation_is_itself_is_not_translated(lease):
    program, table = lease, lease.find("term_table")
    kept = Term("rent", "Miete", ("Pacht",), note="a note")
    program.ask(
        lambda services: services.glossaries.change_term(services.glossaries.page(program.made.id).terms[1].n, kept)
    )
    table.model().setData(table.model().index(1, TARGET), "rent")
    program.wait(lambda: rows(program, column=TARGET) == ["Mieter", "rent"])
    term = program.ask(lambda services: services.glossaries.page(program.made.id)).terms[1]
    assert term.keeps


def test_deleted_terms_and_forgotten_glossaries_come_back(lease):
    program, table = lease, lease.find("term_table")
    assert not program.find("delete_terms_button").isEnabled()
    table.selectRow(0)
    choice = program.find("glossary_choice")
    choice.setFocus()
    program.wait(choice.hasFocus)
    QTest.keyClick(choice, Qt.Key.Key_Delete)  # which deletes no term
    table.selectAll()
    table.setFocus()
    program.wait(table.hasFocus)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    program.wait(lambda: rows(program) == [])
    window = program.find("glossary_window")
    program.click(program.find("notice_action", window))
    program.wait(lambda: rows(program) == ["tenant", "rent"])
    press(program, "forget_glossary")
    program.wait(lambda: entries(program) == [] and window.findChildren(QPushButton, "notice_action"))
    assert program.find("glossary_nothing").isVisible()
    program.click(window.findChildren(QPushButton, "notice_action")[-1])
    program.wait(lambda: entries(program) == ["Leases"])
    program.wait(lambda: rows(program) == ["tenant", "rent"])


def test_a_glossary_is_renamed_filled_from_a_file_and_written_to_one(lease, tmp_path):
    program = lease
    press(program, "rename_glossary")
    program.type_into("question_line", "Law")
    program.click("question_accept")
    program.wait(lambda: entries(program) == ["Law"])
    path = tmp_path / "words.csv"
    path.write_text("Kind,Wort,Word\nlegal,Kaution,deposit\n")
    program.click("import_glossary_button")
    choose_file(program, "glossary_file_dialog", path)
    program.wait(lambda: "“Kind”, “Wort”, “Word”" in program.find("glossary_trouble").text().replace("\u200b", ""))
    path.write_text("note,target,source\nlegal,Kaution,deposit\n")
    program.click("import_glossary_button")
    choose_file(program, "glossary_file_dialog", path)
    program.wait(lambda: rows(program) == ["tenant", "rent", "deposit"])
    assert "1 term came" in program.find("glossary_said").text()
    press(program, "export_glossary")
    choose_file(program, "glossary_export_dialog", tmp_path / "out.csv")
    program.wait(lambda: "Written to" in program.find("glossary_said").text())
    assert "deposit,Kaution" in (tmp_path / "out.csv").read_text("utf-8-sig")


def test_a_file_makes_a_glossary_where_there_is_none(program, tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("en,de\ndeposit,Kaution\n")
    program.click("glossaries_button")
    program.click("import_glossary_button")
    choose_file(program, "glossary_file_dialog", path)
    program.wait(lambda: rows(program) == ["deposit"])
    assert shown(program) == "words · English → German"


def test_words_that_are_not_translated_have_a_list_for_all_languages(lease):
    program = lease
    press(program, "keep_list")
    program.wait(lambda: shown(program) == "Do not translate · all languages")
    assert not program.find("new_translation_line").isVisible()
    program.type_into("new_term_line", "Kowalska")
    program.click("add_term_button")
    program.wait(lambda: rows(program) == ["Kowalska"])
    assert program.find("term_table").isColumnHidden(TARGET)
    for pair in (("pl", "fr"), ("en", "de")):
        sources = program.ask(lambda services, pair=pair: [term.source for term in services.translations.terms(*pair)])
        assert "Kowalska" in sources


def test_a_window_may_be_closed_before_its_answers_come(program, tmp_path, monkeypatch):
    errors = []
    monkeypatch.setattr(sys, "excepthook", lambda *seen: errors.append(seen))
    path = tmp_path / "many.csv"
    path.write_text("en,de\n" + "".join(f"word {at},Wort {at}\n" for at in range(600)))
    program.click("glossaries_button")
    program.click("new_glossary_button")
    program.type_into("glossary_name", "Leases")
    program.click("new_glossary_form_accept")
    program.wait(lambda: entries(program) == ["Leases"])
    program.click("import_glossary_button")
    choose_file(program, "glossary_file_dialog", path)
    program.find("term_search").setText("word")
    program.click("sheet_close")
    program.wait(lambda: program.window.findChild(QDialog, "glossary_window") is None)
    program.wait(lambda: 600 in [entry.terms for entry in program.ask(lambda services: services.glossaries.all())])
    program.ask(lambda _services: None)
    assert not errors
