"""Glossaries in the window: made, edited, read from files, searched, with a way back."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemDelegate, QDialog, QFileDialog, QLabel, QPushButton
from translation.window.conftest import choose_value, on_page

from slmdesk.base.translation import Term
from slmdesk.translation.window.terms_forms import FORMS, KEEPS, LOOK, TARGET

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
    listed = program.find("glossary_list")
    return [listed.item(at).text().split("\n")[0] for at in range(listed.count())]


def choose_file(program, name, path, window="glossary_window"):
    dialog = program.find(window).findChild(QFileDialog, name)
    dialog.fileSelected.emit(str(path))
    dialog.close()


def press(program, name):
    """An entry of the menu behind More."""
    menu = program.find("glossary_menu")
    menu.aboutToShow.emit()
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
    assert entries(program) == ["Leases"]
    assert program.find("glossary_count").text() == "1 term"
    flags = program.ask(lambda services: [term.target for term in services.translations.terms("en", "de")])
    assert flags == ["Mieter"]
    box = program.find("glossary_list").item(0)
    box.setCheckState(Qt.CheckState.Unchecked)
    program.wait(lambda: not program.ask(lambda services: services.glossaries.all())[0].is_active)
    assert not list(program.ask(lambda services: services.translations.terms("en", "de")))


def test_terms_are_refused_edited_in_place_searched_sorted_and_their_contradictions_marked(lease):
    program, table = lease, lease.find("term_table")
    program.type_into("new_term_line", "deposit")
    program.click("add_term_button")
    program.wait(lambda: program.find("glossary_trouble").isVisible())
    assert "needs a translation" in program.find("glossary_trouble").text()
    assert program.find("new_term_line").text() == "deposit"
    table.model().setData(table.model().index(0, KEEPS), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    program.wait(lambda: "stay untranslated" in program.find("glossary_trouble").text())
    assert table.model().index(0, KEEPS).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
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
    assert rows(program, column=LOOK) == ["two translations"] * 2
    assert program.find("glossary_count").text() == "2 of 3 terms, 1 contradiction"
    program.find("term_search").clear()
    table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
    program.wait(lambda: rows(program)[0] == "rent")
    delegate = table.itemDelegateForColumn(FORMS)
    table.setCurrentIndex(table.model().index(0, FORMS))
    table.edit(table.model().index(0, FORMS))
    chooser = program.find("term_forms_editor", table)
    chooser.setCurrentText("exactly so")
    delegate.commitData.emit(chooser)
    delegate.closeEditor.emit(chooser, QAbstractItemDelegate.EndEditHint.NoHint)
    program.wait(lambda: rows(program, column=FORMS)[0] == "exactly so")


def test_deleted_terms_and_forgotten_glossaries_come_back(lease):
    program, table = lease, lease.find("term_table")
    assert not program.find("delete_terms_button").isEnabled()
    listed = program.find("glossary_list")
    table.selectRow(0)
    listed.setFocus()
    program.wait(listed.hasFocus)
    QTest.keyClick(listed, Qt.Key.Key_Delete)  # which deletes no term
    table.selectAll()
    table.setFocus()
    program.wait(table.hasFocus)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    program.wait(lambda: rows(program) == [])
    window = program.find("glossary_window")
    program.click(program.find("notice_action", window))
    program.wait(lambda: rows(program) == ["tenant", "rent"])
    press(program, "duplicate_glossary")
    program.wait(lambda: sorted(entries(program)) == ["Leases", "Leases (copy)"])
    program.wait(lambda: program.find("glossary_title").full_text == "Leases (copy)")
    press(program, "forget_glossary")
    program.wait(lambda: entries(program) == ["Leases"] and window.findChildren(QPushButton, "notice_action"))
    program.click(window.findChildren(QPushButton, "notice_action")[-1])
    program.wait(lambda: sorted(entries(program)) == ["Leases", "Leases (copy)"])
    assert rows(program) == ["tenant", "rent"]


def test_a_file_whose_columns_are_not_known_is_read_as_the_person_says(lease, tmp_path):
    program = lease
    path = tmp_path / "words.csv"
    path.write_text("Kind,Wort,Word\nlegal,Kaution,deposit\nlegal,Kündigung,notice\n")
    program.click("import_glossary_button")
    choose_file(program, "glossary_file_dialog", path)
    program.wait(lambda: any("“Kind”, “Wort”, “Word”" in problem.text() for problem in problems(program)))
    assert program.find("import_sample").item(1, 1).text() == "Kaution"
    choose_value(program.find("import_source_column"), 2)
    choose_value(program.find("import_target_column"), 1)
    program.click("import_question_accept")
    program.wait(lambda: any("does not say" in problem.text() for problem in problems(program)))
    question = problems(program)[-1].parent()
    choose_value(program.find("import_source", question), "en")
    choose_value(program.find("import_target", question), "de")
    program.click(program.find("import_question_accept", question))
    program.wait(lambda: "words" in entries(program))
    program.wait(lambda: rows(program) == ["deposit", "notice"])
    assert rows(program, column=TARGET) == ["Kaution", "Kündigung"]
    assert "2 terms came" in program.find("glossary_said").text()


def problems(program):
    return [label for label in program.window.findChildren(QLabel, "import_problem") if label.isVisible()]


def test_words_that_are_not_translated_have_a_list_for_all_languages(lease):
    program = lease
    program.click("keep_list_button")
    program.wait(lambda: program.find("glossary_title").full_text == "Do not translate")
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
