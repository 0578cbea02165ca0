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
def service_thread(start):
    service_thread = start(turned=True)
    QTest.keyClick(service_thread.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    service_thread.wait(lambda: service_thread.frame.translate_page.isVisible())
    return service_thread


@pytest.fixture
def lease(service_thread):
    """A window with one glossary of two terms on show."""

    def fill(services):
        made = services.glossaries.add("Leases", "en", "de")
        services.glossaries.add_terms(made.id, [Term("tenant", "Mieter"), Term("rent", "Miete")])
        return made

    service_thread.made = service_thread.ask(fill)
    service_thread.click("glossaries_button")
    service_thread.wait(lambda: rows(service_thread) == ["tenant", "rent"])
    return service_thread


def rows(service_thread, name="term_table", column=0):
    model = service_thread.find(name).model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def entries(service_thread):
    listed = service_thread.find("glossary_list")
    return [listed.item(at).text().split("\n")[0] for at in range(listed.count())]


def choose_file(service_thread, name, path):
    dialog = service_thread.find("glossary_window").findChild(QFileDialog, name)
    dialog.fileSelected.emit(str(path))
    dialog.close()


def test_a_glossary_is_made_filled_and_obeyed(service_thread):
    service_thread.click("glossaries_button")
    service_thread.wait(lambda: "no glossary yet" in service_thread.find("glossary_nothing").text())
    service_thread.click("new_glossary_button")
    QTest.keyClicks(service_thread.find("glossary_name_line"), "Leases")
    service_thread.click("new_glossary_form_accept")
    service_thread.wait(lambda: service_thread.find("new_term_line").isVisible())
    QTest.keyClicks(service_thread.find("new_term_line"), "tenant")
    QTest.keyClick(service_thread.find("new_term_line"), Qt.Key.Key_Return)
    QTest.keyClicks(service_thread.find("new_translation_line"), "Mieter")
    QTest.keyClick(service_thread.find("new_translation_line"), Qt.Key.Key_Return)
    service_thread.wait(lambda: rows(service_thread) == ["tenant"])
    service_thread.wait(lambda: service_thread.find("new_term_line").text() == "")
    assert entries(service_thread) == ["Leases"]
    assert service_thread.find("glossary_count").text() == "1 term"
    flags = service_thread.ask(lambda services: [one.target for one in services.translations.terms("en", "de")])
    assert flags == ["Mieter"]
    box = service_thread.find("glossary_list").item(0)
    box.setCheckState(Qt.CheckState.Unchecked)
    service_thread.wait(lambda: not service_thread.ask(lambda services: services.glossaries.all())[0].is_active)
    assert not list(service_thread.ask(lambda services: services.translations.terms("en", "de")))


def test_what_is_no_term_is_refused_beside_the_line_and_kept_there(lease):
    service_thread = lease
    QTest.keyClicks(service_thread.find("new_term_line"), "deposit")
    service_thread.click("add_term_button")
    service_thread.wait(lambda: service_thread.find("glossary_trouble").isVisible())
    assert "needs a translation" in service_thread.find("glossary_trouble").text()
    assert service_thread.find("new_term_line").text() == "deposit"
    table = service_thread.find("term_table")
    table.model().setData(table.model().index(0, KEEPS), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    service_thread.wait(lambda: "stay untranslated" in service_thread.find("glossary_trouble").text())
    assert table.model().index(0, KEEPS).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    table.model().setData(table.model().index(0, 0), "  ")
    service_thread.wait(lambda: "needs a word" in service_thread.find("glossary_trouble").text())
    assert rows(service_thread) == ["tenant", "rent"]


def test_terms_are_edited_in_place_searched_sorted_and_their_contradictions_marked(lease):
    service_thread, table = lease, lease.find("term_table")
    table.setCurrentIndex(table.model().index(0, TARGET))
    QTest.keyClick(table, Qt.Key.Key_F2)
    editor = service_thread.find("cell_editor", table)
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, "Bewohner")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    service_thread.wait(lambda: rows(service_thread, column=TARGET)[0] == "Bewohner")
    service_thread.ask(lambda services: services.glossaries.add_term(service_thread.made.id, Term("Tenant", "Mieter")))
    service_thread.find("term_search").setText("tenan")
    service_thread.wait(lambda: rows(service_thread) == ["tenant", "Tenant"])
    assert rows(service_thread, column=LOOK) == ["two translations"] * 2
    assert service_thread.find("glossary_count").text() == "2 of 3 terms, 1 contradiction"
    service_thread.find("term_search").clear()
    table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
    service_thread.wait(lambda: rows(service_thread)[0] == "rent")
    delegate = table.itemDelegateForColumn(FORMS)
    table.setCurrentIndex(table.model().index(0, FORMS))
    table.edit(table.model().index(0, FORMS))
    chooser = service_thread.find("term_forms_editor", table)
    chooser.setCurrentText("exactly so")
    delegate.commitData.emit(chooser)
    delegate.closeEditor.emit(chooser, QAbstractItemDelegate.EndEditHint.NoHint)
    service_thread.wait(lambda: rows(service_thread, column=FORMS)[0] == "exactly so")


def test_deleted_terms_and_forgotten_glossaries_come_back(lease):
    service_thread, table = lease, lease.find("term_table")
    table.selectAll()
    service_thread.click("delete_terms_button")
    service_thread.wait(lambda: rows(service_thread) == [])
    window = service_thread.find("glossary_window")
    service_thread.click(service_thread.find("notice_action", window))
    service_thread.wait(lambda: rows(service_thread) == ["tenant", "rent"])
    service_thread.find("glossary_menu").aboutToShow.emit()
    actions = {one.objectName(): one for one in service_thread.find("glossary_menu").actions()}
    actions["duplicate_glossary"].trigger()
    service_thread.wait(lambda: sorted(entries(service_thread)) == ["Leases", "Leases (copy)"])
    service_thread.wait(lambda: service_thread.find("glossary_title").full_text == "Leases (copy)")
    service_thread.find("glossary_menu").aboutToShow.emit()
    next(
        one for one in service_thread.find("glossary_menu").actions() if one.objectName() == "forget_glossary"
    ).trigger()
    service_thread.wait(lambda: entries(service_thread) == ["Leases"])
    service_thread.click(window.findChildren(QPushButton, "notice_action")[-1])
    service_thread.wait(lambda: sorted(entries(service_thread)) == ["Leases", "Leases (copy)"])
    assert rows(service_thread) == ["tenant", "rent"]


def test_a_file_whose_columns_are_not_known_is_read_as_the_person_says(lease, tmp_path):
    service_thread = lease
    path = tmp_path / "words.csv"
    path.write_text("Kind,Wort,Word\nlegal,Kaution,deposit\nlegal,Kündigung,notice\n")
    service_thread.click("import_glossary_button")
    choose_file(service_thread, "glossary_file_dialog", path)
    service_thread.wait(lambda: any("“Kind”, “Wort”, “Word”" in one.text() for one in problems(service_thread)))
    assert service_thread.find("import_sample").item(1, 1).text() == "Kaution"
    service_thread.find("import_source_column").show_value(2)
    service_thread.find("import_target_column").show_value(1)
    service_thread.click("import_question_accept")
    service_thread.wait(lambda: any("does not say" in one.text() for one in problems(service_thread)))
    question = problems(service_thread)[-1].parent()
    service_thread.find("import_source_choice", question).show_value("en")
    service_thread.find("import_target_choice", question).show_value("de")
    service_thread.click(service_thread.find("import_question_accept", question))
    service_thread.wait(lambda: "words" in entries(service_thread))
    service_thread.wait(lambda: rows(service_thread) == ["deposit", "notice"])
    assert rows(service_thread, column=TARGET) == ["Kaution", "Kündigung"]
    assert "2 terms came" in service_thread.find("glossary_said").text()


def test_a_file_that_is_read_twice_makes_one_glossary_and_that_is_said(lease, tmp_path):
    service_thread = lease
    path = tmp_path / "words.csv"
    path.write_text("en,de\nnotice,Kündigung\n")
    for said in ("1 term came into “words”.", "0 terms came into “words”. A glossary of this name was there already"):
        service_thread.click("import_glossary_button")
        choose_file(service_thread, "glossary_file_dialog", path)
        service_thread.wait(lambda said=said: service_thread.find("glossary_said").text().startswith(said))
    service_thread.wait(lambda: sorted(entries(service_thread)) == ["Leases", "words"])
    service_thread.wait(lambda: rows(service_thread) == ["notice"])


def problems(service_thread):
    return [
        one for one in service_thread.find("glossary_window").findChildren(QLabel, "import_problem") if one.isVisible()
    ]


def test_words_that_are_not_translated_have_a_list_for_all_languages(lease):
    service_thread = lease
    service_thread.click("keep_list_button")
    service_thread.wait(lambda: service_thread.find("glossary_title").full_text == "Do not translate")
    assert not service_thread.find("new_translation_line").isVisible()
    QTest.keyClicks(service_thread.find("new_term_line"), "Kowalska")
    service_thread.click("add_term_button")
    service_thread.wait(lambda: rows(service_thread) == ["Kowalska"])
    assert service_thread.find("term_table").isColumnHidden(TARGET)
    for pair in (("pl", "fr"), ("en", "de")):
        found = service_thread.ask(
            lambda services, pair=pair: [one.source for one in services.translations.terms(*pair)]
        )
        assert "Kowalska" in found


def test_terms_of_a_document_are_proposed_and_those_ticked_are_added(lease, tmp_path):
    service_thread = lease
    path = tmp_path / "lease.txt"
    path.write_text("The security deposit is due. A security deposit is safe. The tenant pays. The tenant goes.\n")
    service_thread.click("propose_terms_button")
    service_thread.wait(lambda: service_thread.find("proposal_file_button").isVisible())
    service_thread.click("proposal_file_button")
    dialog = service_thread.find("proposal_window").findChild(QFileDialog, "proposal_file_dialog")
    dialog.fileSelected.emit(str(path))
    dialog.close()
    table = service_thread.find("proposal_table")
    service_thread.wait(lambda: table.rowCount() == 1)
    assert [table.item(0, at).text() for at in (0, 2, 3)] == ["security deposit", "2", "The security deposit is due."]
    assert "1 more are in a glossary already" in service_thread.find("proposal_said").text()
    table.item(0, 0).setCheckState(Qt.CheckState.Checked)
    service_thread.click("add_proposals_button")
    service_thread.wait(lambda: "Write a translation for" in service_thread.find("proposal_trouble").text())
    table.item(0, 1).setText("Kaution")
    service_thread.click("add_proposals_button")
    service_thread.wait(lambda: "security deposit" in rows(service_thread))
    assert table.rowCount() == 0


@pytest.fixture
def memory(service_thread):
    """The window of a memory of three pairs."""

    def fill(services):
        first = [("The rent is due on Monday.", "Die Miete ist am Montag fällig."), ("It rains.", "Es regnet.")]
        services.store.remember("en", "de", first, origin=Origin.IMPORT)
        pairs = [("The rent is due on Friday.", "Die Miete ist am Freitag fällig.")]
        services.store.remember("en", "de", pairs, domain="legal", origin=Origin.PERSON)

    service_thread.ask(fill)
    service_thread.click("memory_button")
    service_thread.wait(lambda: len(rows(service_thread, "memory_table")) == 3)
    return service_thread


def test_the_memory_is_searched_by_words_and_by_likeness(memory):
    service_thread = memory
    assert service_thread.find("memory_summary").text() == "3 entries in 1 pair of languages."
    QTest.keyClicks(service_thread.find("memory_search"), "rains")
    service_thread.wait(lambda: rows(service_thread, "memory_table", 1) == ["It rains."])
    service_thread.click("memory_like_box")
    service_thread.find("memory_search").setText("The rent is due on Sunday.")
    service_thread.wait(lambda: len(rows(service_thread, "memory_table")) == 2)
    assert rows(service_thread, "memory_table", LIKE) == ["92 %", "83 % *"]
    assert rows(service_thread, "memory_table", DIFFERENCE) == ["Monday. → Sunday.", "Friday. → Sunday."]
    assert "another domain" in service_thread.find("memory_said").text()
    service_thread.click("memory_like_box")
    service_thread.find("memory_search").clear()
    service_thread.find("memory_domain_choice").value_chosen.emit("legal")
    service_thread.wait(lambda: rows(service_thread, "memory_table", 1) == ["The rent is due on Friday."])


def test_entries_are_edited_deleted_brought_back_and_deleted_for_good(memory):
    service_thread, table = memory, memory.find("memory_table")
    table.model().setData(table.model().index(0, 2), "Freitags ist Miete.")
    service_thread.wait(lambda: rows(service_thread, "memory_table", 2)[0] == "Freitags ist Miete.")
    table.model().setData(table.model().index(1, 2), " ")
    service_thread.wait(lambda: "needs both" in service_thread.find("memory_trouble").text())
    table.clearSelection()
    assert not service_thread.find("delete_pairs_button").isEnabled(), "nothing is chosen"
    table.selectRow(1)
    service_thread.click("delete_pairs_button")
    service_thread.wait(lambda: len(rows(service_thread, "memory_table")) == 2)
    window = service_thread.find("memory_window")
    service_thread.click(service_thread.find("notice_action", window))
    service_thread.wait(lambda: len(rows(service_thread, "memory_table")) == 3)
    table.selectRow(1)
    service_thread.click("delete_pairs_button")
    service_thread.wait(lambda: len(rows(service_thread, "memory_table")) == 2)
    bars = window.findChildren(QPushButton, "notice_other_action")
    service_thread.click([one for one in bars if one.isVisible()][-1])
    service_thread.ask(lambda services: services.memory.shares())  # behind the request to purge
    home = service_thread.ask(lambda services: services.paths.database.parent)
    raw = b"".join(held for _file, held in contents(home))
    assert b"It rains" not in raw
    assert b"Freitags ist" in raw, "the control"


def test_a_tmx_of_three_languages_asks_which_and_goes_out_again(memory, tmp_path):
    service_thread = memory
    path = tmp_path / "three.tmx"
    variants = "".join(f'<tuv xml:lang="{code}"><seg>{word}</seg></tuv>' for code, word in TREE)
    path.write_text(f'<tmx version="1.4"><header srclang="en"/><body><tu>{variants}</tu></body></tmx>')
    service_thread.click("import_tmx_button")
    dialog = service_thread.find("memory_window").findChild(QFileDialog, "tmx_file_dialog")
    dialog.fileSelected.emit(str(path))
    dialog.close()
    service_thread.wait(lambda: form(service_thread) is not None)
    service_thread.find("languages_source_choice").show_value("fr")
    service_thread.find("languages_target_choice").show_value("de")
    service_thread.click("languages_form_accept")
    service_thread.wait(lambda: "arbre" in rows(service_thread, "memory_table", 1))
    assert (
        "1 pairs were kept" in service_thread.find("memory_said").text()
        or len(rows(service_thread, "memory_table")) == 4
    )
    out = tmp_path / "out.tmx"
    service_thread.click("export_tmx_button")
    dialog = service_thread.find("memory_window").findChild(QFileDialog, "tmx_export_dialog")
    dialog.fileSelected.emit(str(out))
    dialog.close()
    service_thread.wait(out.exists)
    assert "<seg>arbre</seg>" in out.read_text()


TREE = [("en", "tree"), ("fr", "arbre"), ("de", "Baum")]


def form(service_thread):
    return service_thread.find("memory_window").findChild(QDialog, "languages_form")


def test_a_window_may_be_closed_before_its_answers_come(service_thread, tmp_path, monkeypatch):
    errors = []
    monkeypatch.setattr(sys, "excepthook", lambda *seen: errors.append(seen))
    path = tmp_path / "many.csv"
    path.write_text("en,de\n" + "".join(f"word {at},Wort {at}\n" for at in range(600)))
    service_thread.click("glossaries_button")
    service_thread.click("new_glossary_button")
    QTest.keyClicks(service_thread.find("glossary_name_line"), "Leases")
    service_thread.click("new_glossary_form_accept")
    service_thread.wait(lambda: entries(service_thread) == ["Leases"])
    service_thread.click("import_glossary_button")
    choose_file(service_thread, "glossary_file_dialog", path)
    service_thread.find("term_search").setText("word")
    service_thread.click("glossary_close")
    service_thread.wait(lambda: service_thread.frame.translate_page.findChild(QDialog, "glossary_window") is None)
    service_thread.wait(
        lambda: 600 in [one.terms for one in service_thread.ask(lambda services: services.glossaries.all())]
    )
    service_thread.ask(lambda _services: None)
    assert not errors
