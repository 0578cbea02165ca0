"""Glossaries and the memory in the window: made, edited, read from files, searched, with a way back."""

from __future__ import annotations

import sys

import pytest
from fakes.contents import contents
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemDelegate, QDialog, QFileDialog, QLabel, QPushButton

from slmdesk.core.translation import Origin, Term
from slmdesk.gui.translate.terms.glossary_model import FORMS, KEEPS, LOOK, TARGET
from slmdesk.gui.translate.terms.memory_model import DIFFERENCE, LIKE

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]


@pytest.fixture
def desk(start):
    desk = start(turned=True)
    QTest.keyClick(desk.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: desk.frame.translate_page.isVisible())
    return desk


@pytest.fixture
def lease(desk):
    """A window with one glossary of two terms on show."""

    def fill(services):
        made = services.glossaries.add("Leases", "en", "de")
        services.glossaries.add_terms(made.id, [Term("tenant", "Mieter"), Term("rent", "Miete")])
        return made

    desk.made = desk.ask(fill)
    desk.click("glossaries_button")
    desk.wait(lambda: rows(desk) == ["tenant", "rent"])
    return desk


def rows(desk, name="term_table", column=0):
    model = desk.find(name).model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def entries(desk):
    listed = desk.find("glossary_list")
    return [listed.item(at).text().split("\n")[0] for at in range(listed.count())]


def choose_file(desk, name, path):
    dialog = desk.find("glossary_window").findChild(QFileDialog, name)
    dialog.fileSelected.emit(str(path))
    dialog.close()


def test_a_glossary_is_made_filled_and_obeyed(desk):
    desk.click("glossaries_button")
    desk.wait(lambda: "no glossary yet" in desk.find("glossary_nothing").text())
    desk.click("new_glossary_button")
    QTest.keyClicks(desk.find("glossary_name_line"), "Leases")
    desk.click("new_glossary_form_accept")
    desk.wait(lambda: desk.find("new_term_line").isVisible())
    QTest.keyClicks(desk.find("new_term_line"), "tenant")
    QTest.keyClick(desk.find("new_term_line"), Qt.Key.Key_Return)
    QTest.keyClicks(desk.find("new_translation_line"), "Mieter")
    QTest.keyClick(desk.find("new_translation_line"), Qt.Key.Key_Return)
    desk.wait(lambda: rows(desk) == ["tenant"])
    desk.wait(lambda: desk.find("new_term_line").text() == "")
    assert entries(desk) == ["Leases"]
    assert desk.find("glossary_count").text() == "1 term"
    flags = desk.ask(lambda services: [one.target for one in services.translations.terms("en", "de")])
    assert flags == ["Mieter"]
    box = desk.find("glossary_list").item(0)
    box.setCheckState(Qt.CheckState.Unchecked)
    desk.wait(lambda: not desk.ask(lambda services: services.glossaries.all())[0].is_active)
    assert not list(desk.ask(lambda services: services.translations.terms("en", "de")))


def test_what_is_no_term_is_refused_beside_the_line_and_kept_there(lease):
    desk = lease
    QTest.keyClicks(desk.find("new_term_line"), "deposit")
    desk.click("add_term_button")
    desk.wait(lambda: desk.find("glossary_trouble").isVisible())
    assert "needs a translation" in desk.find("glossary_trouble").text()
    assert desk.find("new_term_line").text() == "deposit"
    table = desk.find("term_table")
    table.model().setData(table.model().index(0, KEEPS), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    desk.wait(lambda: "stay untranslated" in desk.find("glossary_trouble").text())
    assert table.model().index(0, KEEPS).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    table.model().setData(table.model().index(0, 0), "  ")
    desk.wait(lambda: "needs a word" in desk.find("glossary_trouble").text())
    assert rows(desk) == ["tenant", "rent"]


def test_terms_are_edited_in_place_searched_sorted_and_their_contradictions_marked(lease):
    desk, table = lease, lease.find("term_table")
    table.setCurrentIndex(table.model().index(0, TARGET))
    QTest.keyClick(table, Qt.Key.Key_F2)
    editor = desk.find("cell_editor", table)
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, "Bewohner")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    desk.wait(lambda: rows(desk, column=TARGET)[0] == "Bewohner")
    desk.ask(lambda services: services.glossaries.add_term(desk.made.id, Term("Tenant", "Mieter")))
    desk.find("term_search").setText("tenan")
    desk.wait(lambda: rows(desk) == ["tenant", "Tenant"])
    assert rows(desk, column=LOOK) == ["two translations"] * 2
    assert desk.find("glossary_count").text() == "2 of 3 terms, 1 contradiction"
    desk.find("term_search").clear()
    table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
    desk.wait(lambda: rows(desk)[0] == "rent")
    delegate = table.itemDelegateForColumn(FORMS)
    table.setCurrentIndex(table.model().index(0, FORMS))
    table.edit(table.model().index(0, FORMS))
    chooser = desk.find("term_forms_editor", table)
    chooser.setCurrentText("exactly so")
    delegate.commitData.emit(chooser)
    delegate.closeEditor.emit(chooser, QAbstractItemDelegate.EndEditHint.NoHint)
    desk.wait(lambda: rows(desk, column=FORMS)[0] == "exactly so")


def test_deleted_terms_and_forgotten_glossaries_come_back(lease):
    desk, table = lease, lease.find("term_table")
    table.selectAll()
    desk.click("delete_terms_button")
    desk.wait(lambda: rows(desk) == [])
    window = desk.find("glossary_window")
    desk.click(desk.find("notice_action", window))
    desk.wait(lambda: rows(desk) == ["tenant", "rent"])
    desk.find("glossary_menu").aboutToShow.emit()
    actions = {one.objectName(): one for one in desk.find("glossary_menu").actions()}
    actions["duplicate_glossary"].trigger()
    desk.wait(lambda: sorted(entries(desk)) == ["Leases", "Leases (copy)"])
    desk.wait(lambda: desk.find("glossary_title").full_text == "Leases (copy)")
    desk.find("glossary_menu").aboutToShow.emit()
    next(one for one in desk.find("glossary_menu").actions() if one.objectName() == "forget_glossary").trigger()
    desk.wait(lambda: entries(desk) == ["Leases"])
    desk.click(window.findChildren(QPushButton, "notice_action")[-1])
    desk.wait(lambda: sorted(entries(desk)) == ["Leases", "Leases (copy)"])
    assert rows(desk) == ["tenant", "rent"]


def test_a_file_whose_columns_are_not_known_is_read_as_the_person_says(lease, tmp_path):
    desk = lease
    path = tmp_path / "words.csv"
    path.write_text("Kind,Wort,Word\nlegal,Kaution,deposit\nlegal,Kündigung,notice\n")
    desk.click("import_glossary_button")
    choose_file(desk, "glossary_file_dialog", path)
    desk.wait(lambda: any("“Kind”, “Wort”, “Word”" in one.text() for one in problems(desk)))
    assert desk.find("import_sample").item(1, 1).text() == "Kaution"
    desk.find("import_source_column").show_value(2)
    desk.find("import_target_column").show_value(1)
    desk.click("import_question_accept")
    desk.wait(lambda: any("does not say" in one.text() for one in problems(desk)))
    question = problems(desk)[-1].parent()
    desk.find("import_source_choice", question).show_value("en")
    desk.find("import_target_choice", question).show_value("de")
    desk.click(desk.find("import_question_accept", question))
    desk.wait(lambda: "words" in entries(desk))
    desk.wait(lambda: rows(desk) == ["deposit", "notice"])
    assert rows(desk, column=TARGET) == ["Kaution", "Kündigung"]
    assert "2 terms came" in desk.find("glossary_said").text()


def test_a_file_that_is_read_twice_makes_one_glossary_and_that_is_said(lease, tmp_path):
    desk = lease
    path = tmp_path / "words.csv"
    path.write_text("en,de\nnotice,Kündigung\n")
    for said in ("1 term came into “words”.", "0 terms came into “words”. A glossary of this name was there already"):
        desk.click("import_glossary_button")
        choose_file(desk, "glossary_file_dialog", path)
        desk.wait(lambda said=said: desk.find("glossary_said").text().startswith(said))
    desk.wait(lambda: sorted(entries(desk)) == ["Leases", "words"])
    desk.wait(lambda: rows(desk) == ["notice"])


def problems(desk):
    return [one for one in desk.find("glossary_window").findChildren(QLabel, "import_problem") if one.isVisible()]


def test_words_that_are_not_translated_have_a_list_for_all_languages(lease):
    desk = lease
    desk.click("keep_list_button")
    desk.wait(lambda: desk.find("glossary_title").full_text == "Do not translate")
    assert not desk.find("new_translation_line").isVisible()
    QTest.keyClicks(desk.find("new_term_line"), "Kowalska")
    desk.click("add_term_button")
    desk.wait(lambda: rows(desk) == ["Kowalska"])
    assert desk.find("term_table").isColumnHidden(TARGET)
    for pair in (("pl", "fr"), ("en", "de")):
        found = desk.ask(lambda services, pair=pair: [one.source for one in services.translations.terms(*pair)])
        assert "Kowalska" in found


def test_terms_of_a_document_are_proposed_and_those_ticked_are_added(lease, tmp_path):
    desk = lease
    path = tmp_path / "lease.txt"
    path.write_text("The security deposit is due. A security deposit is safe. The tenant pays. The tenant goes.\n")
    desk.click("propose_terms_button")
    desk.wait(lambda: desk.find("proposal_file_button").isVisible())
    desk.click("proposal_file_button")
    dialog = desk.find("proposal_window").findChild(QFileDialog, "proposal_file_dialog")
    dialog.fileSelected.emit(str(path))
    dialog.close()
    table = desk.find("proposal_table")
    desk.wait(lambda: table.rowCount() == 1)
    assert [table.item(0, at).text() for at in (0, 2, 3)] == ["security deposit", "2", "The security deposit is due."]
    assert "1 more are in a glossary already" in desk.find("proposal_said").text()
    table.item(0, 0).setCheckState(Qt.CheckState.Checked)
    desk.click("add_proposals_button")
    desk.wait(lambda: "Write a translation for" in desk.find("proposal_trouble").text())
    table.item(0, 1).setText("Kaution")
    desk.click("add_proposals_button")
    desk.wait(lambda: "security deposit" in rows(desk))
    assert table.rowCount() == 0


@pytest.fixture
def memory(desk):
    """The window of a memory of three pairs."""

    def fill(services):
        first = [("The rent is due on Monday.", "Die Miete ist am Montag fällig."), ("It rains.", "Es regnet.")]
        services.store.remember("en", "de", first, origin=Origin.IMPORT)
        pairs = [("The rent is due on Friday.", "Die Miete ist am Freitag fällig.")]
        services.store.remember("en", "de", pairs, domain="legal", origin=Origin.PERSON)

    desk.ask(fill)
    desk.click("memory_button")
    desk.wait(lambda: len(rows(desk, "memory_table")) == 3)
    return desk


def test_the_memory_is_searched_by_words_and_by_likeness(memory):
    desk = memory
    assert desk.find("memory_summary").text() == "3 entries in 1 pair of languages."
    QTest.keyClicks(desk.find("memory_search"), "rains")
    desk.wait(lambda: rows(desk, "memory_table", 1) == ["It rains."])
    desk.click("memory_like_box")
    desk.find("memory_search").setText("The rent is due on Sunday.")
    desk.wait(lambda: len(rows(desk, "memory_table")) == 2)
    assert rows(desk, "memory_table", LIKE) == ["92 %", "83 % *"]
    assert rows(desk, "memory_table", DIFFERENCE) == ["Monday. → Sunday.", "Friday. → Sunday."]
    assert "another domain" in desk.find("memory_said").text()
    desk.click("memory_like_box")
    desk.find("memory_search").clear()
    desk.find("memory_domain_choice").value_chosen.emit("legal")
    desk.wait(lambda: rows(desk, "memory_table", 1) == ["The rent is due on Friday."])


def test_entries_are_edited_deleted_brought_back_and_deleted_for_good(memory):
    desk, table = memory, memory.find("memory_table")
    table.model().setData(table.model().index(0, 2), "Freitags ist Miete.")
    desk.wait(lambda: rows(desk, "memory_table", 2)[0] == "Freitags ist Miete.")
    table.model().setData(table.model().index(1, 2), " ")
    desk.wait(lambda: "needs both" in desk.find("memory_trouble").text())
    table.clearSelection()
    assert not desk.find("delete_pairs_button").isEnabled(), "nothing is chosen"
    table.selectRow(1)
    desk.click("delete_pairs_button")
    desk.wait(lambda: len(rows(desk, "memory_table")) == 2)
    window = desk.find("memory_window")
    desk.click(desk.find("notice_action", window))
    desk.wait(lambda: len(rows(desk, "memory_table")) == 3)
    table.selectRow(1)
    desk.click("delete_pairs_button")
    desk.wait(lambda: len(rows(desk, "memory_table")) == 2)
    bars = window.findChildren(QPushButton, "notice_other_action")
    desk.click([one for one in bars if one.isVisible()][-1])
    desk.ask(lambda services: services.memory.shares())  # behind the wish to purge
    home = desk.ask(lambda services: services.paths.database.parent)
    raw = b"".join(held for _file, held in contents(home))
    assert b"It rains" not in raw
    assert b"Freitags ist" in raw, "the control"


def test_a_tmx_of_three_languages_asks_which_and_goes_out_again(memory, tmp_path):
    desk = memory
    path = tmp_path / "three.tmx"
    variants = "".join(f'<tuv xml:lang="{code}"><seg>{word}</seg></tuv>' for code, word in TREE)
    path.write_text(f'<tmx version="1.4"><header srclang="en"/><body><tu>{variants}</tu></body></tmx>')
    desk.click("import_tmx_button")
    dialog = desk.find("memory_window").findChild(QFileDialog, "tmx_file_dialog")
    dialog.fileSelected.emit(str(path))
    dialog.close()
    desk.wait(lambda: form(desk) is not None)
    desk.find("languages_source_choice").show_value("fr")
    desk.find("languages_target_choice").show_value("de")
    desk.click("languages_form_accept")
    desk.wait(lambda: "arbre" in rows(desk, "memory_table", 1))
    assert "1 pairs were kept" in desk.find("memory_said").text() or len(rows(desk, "memory_table")) == 4
    out = tmp_path / "out.tmx"
    desk.click("export_tmx_button")
    dialog = desk.find("memory_window").findChild(QFileDialog, "tmx_export_dialog")
    dialog.fileSelected.emit(str(out))
    dialog.close()
    desk.wait(out.exists)
    assert "<seg>arbre</seg>" in out.read_text()


TREE = [("en", "tree"), ("fr", "arbre"), ("de", "Baum")]


def form(desk):
    return desk.find("memory_window").findChild(QDialog, "languages_form")


def test_a_window_may_be_closed_before_its_answers_come(desk, tmp_path, monkeypatch):
    errors = []
    monkeypatch.setattr(sys, "excepthook", lambda *seen: errors.append(seen))
    path = tmp_path / "many.csv"
    path.write_text("en,de\n" + "".join(f"word {at},Wort {at}\n" for at in range(600)))
    desk.click("glossaries_button")
    desk.click("new_glossary_button")
    QTest.keyClicks(desk.find("glossary_name_line"), "Leases")
    desk.click("new_glossary_form_accept")
    desk.wait(lambda: entries(desk) == ["Leases"])
    desk.click("import_glossary_button")
    choose_file(desk, "glossary_file_dialog", path)
    desk.find("term_search").setText("word")
    desk.click("glossary_close")
    desk.wait(lambda: desk.frame.translate_page.findChild(QDialog, "glossary_window") is None)
    desk.wait(lambda: 600 in [one.terms for one in desk.ask(lambda services: services.glossaries.all())])
    desk.ask(lambda _services: None)
    assert not errors
