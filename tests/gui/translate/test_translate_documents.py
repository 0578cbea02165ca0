"""A document translated in the window: asked about first, followed, looked through, changed, written."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from fakes.office import docx, ole, paragraph
from fakes.tiny_pdf import TinyPdf, lines
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QPushButton

from slmdesk.core.translation import Origin, SegmentState, Term
from slmdesk.gui.translate.document.controller import counted_words

pytestmark = pytest.mark.gui
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def desk(start, model_file):
    desk = start(turned=True)
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    QTest.keyClick(desk.window, Qt.Key.Key_3, CONTROL)
    desk.translate = desk.frame.translate_page
    desk.wait(lambda: desk.translate.isVisible())
    return desk


def document(tmp_path, *words, name="lease.docx"):
    path = tmp_path / name
    texts = words or ("The rent is due today.", "You must not sublet.", "12 %")
    path.write_bytes(docx("".join(paragraph(one) for one in texts)))
    return path


def drop(desk, *paths):
    """Let go of files over the page."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), action, data, buttons, keys)
    QApplication.sendEvent(desk.translate, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(desk.translate, QDropEvent(QPointF(50, 50), action, data, buttons, keys))


def dropped(desk, *paths):
    """Dropped on the page; the form that asks how."""
    drop(desk, *paths)
    desk.wait(lambda: form(desk) is not None)
    return form(desk)


def form(desk):
    from slmdesk.gui.translate.document.form import DocumentForm

    return next((one for one in desk.translate.findChildren(DocumentForm) if one.isVisible()), None)


def translated(desk, *paths):
    """Dropped, begun and done."""
    dropped(desk, *paths)
    begun(desk)


def begun(desk):
    """The form's button, and the end of the translation."""
    desk.click("form_begin")
    desk.wait(lambda: desk.find("document_translation_pane").isVisible())
    desk.wait(lambda: is_done(desk))
    come_forward(desk)


def come_forward(desk):
    """After a dialog the window is in front again, as a desktop has it."""
    desk.window.activateWindow()
    desk.wait(desk.window.isActiveWindow)


def is_done(desk):
    return desk.find("save_translation_button").isEnabled() and (
        "translated" in words(desk) or "Written" in words(desk)
    )


def words(desk):
    return desk.find("translation_progress_words").text()


def rows(desk):
    """What the table shows; whatever is still being fetched is waited for."""
    model = desk.find("segment_table").model()
    found = []

    def is_here():
        found[:] = [tuple(model.index(row, column).data() for column in range(3)) for row in range(model.rowCount())]
        return all(row[1] is not None for row in found)

    desk.wait(is_here)
    return list(found)


GERMAN = ("Die Miete ist am ersten Werktag fällig.", "Der Mieter darf die Wohnung nicht untervermieten.")


def test_a_document_in_the_language_of_the_translation_is_asked_about(desk, tmp_path):
    asked = dropped(desk, document(tmp_path, *GERMAN))
    target, said = desk.find("form_target"), desk.find("form_said")
    target.show_value("de")
    desk.wait(lambda: "This document is German" in said.text())
    if target.currentData() == "de":  # its language was known before the target was chosen
        desk.click("form_begin")
        assert asked.isVisible()
        assert "Choose another language" in said.text()
        target.show_value("en")
        assert not said.isVisible()
    assert target.currentData() == "en"
    begun(desk)
    assert rows(desk)


def test_a_document_that_is_in_the_last_target_has_another_one_proposed(desk, tmp_path):
    desk.translate._controller.set_target("de")
    asked = dropped(desk, document(tmp_path, *GERMAN))
    desk.wait(lambda: desk.find("form_said").isVisible())
    assert desk.find("form_said").text() == "This document is German. Translate it into English?"
    assert desk.find("form_target").currentData() == "en"
    desk.find("form_target").show_value("de")
    desk.click("form_begin")
    assert asked.isVisible()
    assert "Choose another language" in desk.find("form_said").text()
    desk.find("form_source").show_value("nl")  # a person knows better
    begun(desk)


def choose(desk, row):
    table = desk.find("segment_table")
    table.setFocus()
    desk.wait(lambda: table.model().rowCount() > row and rows(desk)[row])
    table.setCurrentIndex(table.model().index(row, 1))
    return table


def type_into(desk, row, text):
    """F2, words, Enter."""
    table = choose(desk, row)
    QTest.keyClick(table, Qt.Key.Key_F2)
    desk.wait(lambda: table.findChild(object, "segment_editor") is not None)
    editor = desk.find("segment_editor")
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def look(desk, words):
    """Choose a filter by its words."""
    choice = desk.find("segment_filter")
    desk.wait(lambda: any(choice.itemText(at).startswith(words) for at in range(choice.count())))
    at = next(at for at in range(choice.count()) if choice.itemText(at).startswith(words))
    choice.setCurrentIndex(at)
    choice.activated.emit(at)


def offered(panel, name):
    """The button of other words; one that is on its way out does not count."""
    return next((one for one in panel.findChildren(QPushButton, name) if one.isVisible()), None)


def saved(desk, name, dialog_name, target):
    desk.click(name) if name else None
    desk.wait(lambda: desk.translate.findChild(QFileDialog, dialog_name) is not None)
    dialog = desk.translate.findChild(QFileDialog, dialog_name)
    proposed = Path(dialog.selectedFiles()[0]).name
    dialog.fileSelected.emit(str(target))
    dialog.close()
    desk.wait(lambda: desk.find("open_translation_button").isVisible())
    return proposed


def test_a_dropped_document_is_translated_edited_and_saved(desk, tmp_path):
    translated(desk, document(tmp_path))
    desk.wait(lambda: len(rows(desk)) == 2)
    assert rows(desk) == [
        ("The rent is due today.", "tHE RENT IS DUE TODAY.", "translated"),
        ("You must not sublet.", "yOU MUST NOT SUBLET.", "translated"),
    ]
    assert "1 needs review" in words(desk)
    look(desk, "Needs review: 1")
    desk.wait(lambda: [source for source, _, _ in rows(desk)] == ["You must not sublet."])
    type_into(desk, 0, "Untervermieten ist nicht erlaubt.")
    desk.wait(lambda: rows(desk) == [])
    assert desk.find("no_segments").isVisible()
    look(desk, "All ")
    desk.wait(lambda: len(rows(desk)) == 2)
    assert rows(desk)[1] == ("You must not sublet.", "Untervermieten ist nicht erlaubt.", "edited")
    choose(desk, 0)
    desk.click("approve_segment_button")
    desk.wait(lambda: rows(desk)[0][2] == "approved")
    target = tmp_path / "out.docx"
    assert saved(desk, "save_translation_button", "save_translation_dialog", target) == "lease.de.docx"
    with zipfile.ZipFile(target) as made:
        xml = made.read("word/document.xml").decode()
    assert "tHE RENT IS DUE TODAY." in xml
    assert "Untervermieten ist nicht erlaubt." in xml
    assert ">12 %<" in xml


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_form_asks_what_fits_the_document_and_remembers(desk, tmp_path):
    def glossary(services):
        made = services.store.add_glossary("law", source_language="en", target_language="de")
        services.store.add_terms(made.id, [Term("rent", "Miete")])
        services.store.change_glossary(
            services.store.add_glossary("french", source_language="en", target_language="fr").id
        )
        return made.id

    known = desk.ask(glossary)
    asked = dropped(desk, document(tmp_path))
    assert desk.find("form_names", asked).text() == "lease.docx"
    desk.wait(lambda: desk.find("form_glossaries", asked).count() == 1)
    assert not desk.find("form_columns", asked).isVisible()
    assert not desk.find("form_sheet_names", asked).isVisible()
    desk.click("form_properties")
    glossaries = desk.find("form_glossaries", asked)
    glossaries.item(0).setCheckState(Qt.CheckState.Unchecked)
    target = desk.find("form_target", asked)
    target.setCurrentIndex(target.findData("fr"))
    desk.wait(lambda: glossaries.count() == 1 and glossaries.item(0).text().startswith("french"))
    target.setCurrentIndex(target.findData("de"))
    desk.wait(lambda: glossaries.item(0).text().startswith("law"))
    glossaries.item(0).setCheckState(Qt.CheckState.Unchecked)
    desk.click("form_begin")
    desk.wait(lambda: is_done(desk))
    item = desk.frame.document_translation.item
    wish = desk.ask(lambda services: services.translations.open(item)).wish
    assert wish.properties
    assert wish.glossaries == ("none",), known
    assert "terms" not in " ".join(desk.find("segment_filter").itemText(at) for at in range(3)), "none was obeyed"
    desk.click("close_translation_button")
    asked = dropped(desk, document(tmp_path, name="again.docx"))
    assert desk.find("form_properties", asked).isChecked()
    desk.click("form_cancel")
    desk.wait(lambda: form(desk) is None)
    assert desk.find("translate_text").isVisible()


def test_the_same_language_twice_is_said_in_the_form(desk, tmp_path):
    asked = dropped(desk, document(tmp_path))
    source = desk.find("form_source", asked)
    source.setCurrentIndex(source.findData("de"))
    desk.click("form_begin")
    assert "different languages" in desk.find("form_said", asked).text()
    assert asked.isVisible()


def test_columns_of_a_table_are_offered_and_obeyed(desk, tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("id,stars,text\nA-1,5,I like it very much\nA-2,1,It broke after two days\n", "utf-8")
    asked = dropped(desk, path)
    columns = desk.find("form_columns", asked)
    desk.wait(lambda: columns.count() == 3)
    ticked = [columns.item(row).checkState() is Qt.CheckState.Checked for row in range(3)]
    assert ticked == [False, False, True], "the one with sentences"
    assert "It broke" in columns.item(2).text()
    begun(desk)
    desk.wait(lambda: len(rows(desk)) == 3)
    assert [source for source, _, _ in rows(desk)] == ["text", "I like it very much", "It broke after two days"]


def test_several_documents_go_one_after_another_and_are_written_beside(desk, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    first, second = document(tmp_path, "It is late.", name="one.docx"), document(folder, "Go home.", name="two.docx")
    (folder / "one.xyz").write_text("nothing of ours")
    dropped(desk, first, folder)
    assert desk.find("form_beside").isChecked()
    assert desk.find("form_names").text() == "one.docx\ntwo.docx"
    desk.click("form_begin")
    desk.wait(lambda: desk.find("queue_button").isVisible())
    desk.wait(lambda: desk.find("queue_button").text() == "2 of 2 documents done")
    for one in (first.with_name("one.de.docx"), second.with_name("two.de.docx")):
        desk.wait(one.exists)
    menu = desk.find("queue_menu")
    desk.wait(lambda: "written as two.de.docx" in menu.actions()[1].text())
    menu.actions()[1].trigger()
    desk.wait(lambda: [source for source, _, _ in rows(desk)] == ["Go home."])


def test_what_cannot_be_translated_is_said_and_the_text_stays(desk, tmp_path):
    QTest.keyClicks(desk.find("source_text"), "Hello there")
    table = tmp_path / "old.xls"
    table.write_bytes(b"x")
    drop(desk, table)
    desk.wait(lambda: any("old.xls" in one for one in desk.notices()))
    assert form(desk) is None
    path = tmp_path / "broken.docx"
    path.write_bytes(b"PK not a document")
    dropped(desk, path)
    desk.click("form_begin")
    desk.wait(lambda: "broken.docx" in words(desk))
    desk.click("close_translation_button")
    assert desk.find("source_text").toPlainText() == "Hello there"


def test_a_segment_is_translated_once_more_with_a_wish_and_undone(desk, tmp_path):
    translated(desk, document(tmp_path))
    type_into(desk, 0, "Falsch")
    desk.wait(lambda: rows(desk)[0][1:] == ("Falsch", "edited"))
    choose(desk, 0)
    QTest.keyClick(desk.find("segment_table"), Qt.Key.Key_R, CONTROL)
    assert desk.find("segment_hint").hasFocus()
    QTest.keyClicks(desk.find("segment_hint"), "more formal")
    desk.wait(lambda: desk.find("retry_segment_button").isEnabled())
    QTest.keyClick(desk.find("segment_hint"), Qt.Key.Key_Return)
    desk.wait(lambda: rows(desk)[0][1:] == ("tHE RENT IS DUE TODAY.", "translated"))
    table = choose(desk, 0)
    QTest.keyClick(table, Qt.Key.Key_Z, CONTROL)
    desk.wait(lambda: rows(desk)[0][1:] == ("Falsch", "edited"))
    QTest.keyClick(table, Qt.Key.Key_Z, CONTROL)
    desk.wait(lambda: rows(desk)[0][1:] == ("tHE RENT IS DUE TODAY.", "translated"))
    desk.wait(lambda: desk.find("segment_busy").text() == "Undone: edit")
    desk.click("undo_segment_button")
    desk.wait(lambda: "nothing to undo" in desk.find("segment_busy").text())


def test_a_wish_is_for_the_segment_it_was_typed_for(desk, tmp_path):
    translated(desk, document(tmp_path))
    choose(desk, 0)
    hint = desk.find("segment_hint")
    QTest.keyClicks(hint, "shorter")
    desk.wait(lambda: desk.find("retry_segment_button").isEnabled())
    desk.click("retry_segment_button")
    assert hint.text() == "shorter", "it can be mended, and tried again"
    choose(desk, 1)
    desk.wait(lambda: hint.text() == "")


def test_words_without_their_marks_stay_in_the_field(desk, tmp_path):
    path = tmp_path / "a.docx"
    run = "<w:r>{}<w:t xml:space='preserve'>{}</w:t></w:r>".format
    body = run("", "The ") + run("<w:rPr><w:b/></w:rPr>", "end") + run("", " is near.")
    path.write_bytes(docx(f"<w:p>{body}</w:p>"))
    translated(desk, path)
    type_into(desk, 0, "Das Ende ist nah.")
    desk.wait(lambda: desk.notices())
    editor = desk.find("segment_editor")
    assert editor.toPlainText() == "Das Ende ist nah."
    QTest.keyClick(editor, Qt.Key.Key_Return, CONTROL)  # nor is what it was to replace approved in its place
    desk.wait(lambda: desk.find("segment_editor") is not editor)
    assert rows(desk)[0][2] == "translated"
    editor = desk.find("segment_editor")
    assert editor.toPlainText() == "Das Ende ist nah."
    editor.setPlainText("Das <1>Ende</1> ist nah.")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    desk.wait(lambda: rows(desk)[0][1] == "Das <1>Ende</1> ist nah.")


def test_the_keyboard_alone_goes_through_the_segments(desk, tmp_path):
    translated(
        desk,
        document(
            tmp_path,
            "Cats are here in the house.",
            "You must not go into it.",
            "Dogs are there in the house.",
            "You must not leave the house today.",
        ),
    )
    table = desk.find("segment_table")
    assert table.hasFocus()
    desk.find("save_translation_button").setFocus()
    QTest.keyClick(desk.find("save_translation_button"), Qt.Key.Key_F3)  # beside the segments too
    desk.wait(lambda: table.currentIndex().row() == 1)
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_F3)
    desk.wait(lambda: table.currentIndex().row() == 3)
    QTest.keyClick(table, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    desk.wait(lambda: table.currentIndex().row() == 1)
    QTest.keyClick(table, Qt.Key.Key_Return)
    QTest.keyClicks(desk.find("segment_editor"), "Geh nicht.")
    QTest.keyClick(desk.find("segment_editor"), Qt.Key.Key_Return, CONTROL)
    desk.wait(lambda: rows(desk)[1][1:] == ("Geh nicht.", "approved"))
    assert table.currentIndex().row() == 2
    QTest.keyClick(table, Qt.Key.Key_A, CONTROL)
    QTest.keyClick(table, Qt.Key.Key_Return, CONTROL)
    desk.wait(lambda: {state for _, _, state in rows(desk)} == {"approved"})
    look(desk, "Needs review: 0")  # a person has looked
    look(desk, "All ")
    QTest.keyClick(table, Qt.Key.Key_H, CONTROL)
    assert desk.find("segment_search").hasFocus()
    QTest.keyClick(desk.find("segment_search"), Qt.Key.Key_Tab)
    assert desk.find("replace_with").hasFocus()
    QTest.keyClick(table, Qt.Key.Key_F, CONTROL)
    assert desk.find("segment_search").hasFocus()


def test_words_are_replaced_everywhere_and_it_is_undone_as_one(desk, tmp_path):
    translated(desk, document(tmp_path, "The rent is due.", "The rent is low.", "No rent is paid.", "Go home."))
    table = choose(desk, 0)
    desk.click("approve_segment_button")
    desk.wait(lambda: rows(desk)[0][2] == "approved")
    before = rows(desk)
    QTest.keyClick(table, Qt.Key.Key_H, CONTROL)
    assert desk.find("segment_search").hasFocus()
    QTest.keyClicks(desk.find("segment_search"), "RENT")
    QTest.keyClicks(desk.find("replace_with"), "PACHT")
    desk.wait(lambda: desk.find("replace_hits").text() == "3 in 3 segments, 1 of them approved")
    desk.wait(lambda: len(rows(desk)) == 3)
    desk.click("replace_all_button")
    desk.wait(lambda: desk.translate.findChild(object, "replace_approved") is not None)
    desk.click(desk.find("replace_others_only", desk.translate))
    desk.wait(lambda: desk.find("segment_busy").text() == "2 replaced in 2 segments")
    come_forward(desk)
    desk.find("segment_search").clear()
    desk.wait(lambda: len(rows(desk)) == 4)
    assert [target for _, target, _ in rows(desk)] == [
        "tHE RENT IS DUE.", "tHE PACHT IS LOW.", "nO PACHT IS PAID.", "gO HOME.",
    ]  # fmt: skip
    QTest.keyClick(choose(desk, 0), Qt.Key.Key_Z, CONTROL)
    desk.wait(lambda: rows(desk) == before)


def test_what_was_replaced_is_undone_by_the_next_key_and_can_be_replaced_again(desk, tmp_path):
    translated(desk, document(tmp_path, "The rent is due.", "No rent is paid.", "Go home."))
    before = rows(desk)
    QTest.keyClick(choose(desk, 0), Qt.Key.Key_H, CONTROL)
    QTest.keyClicks(desk.find("segment_search"), "RENT")
    QTest.keyClicks(desk.find("replace_with"), "PACHT")
    desk.wait(lambda: desk.find("replace_hits").text() == "2 in 2 segments")
    desk.click("replace_all_button")
    desk.wait(lambda: desk.find("segment_busy").text() == "2 replaced in 2 segments")
    desk.wait(lambda: desk.find("replace_hits").text() == "0 in 0 segments")
    desk.wait(lambda: desk.window.focusWidget() is not None)
    QTest.keyClick(desk.window.focusWidget(), Qt.Key.Key_Z, CONTROL)
    desk.wait(lambda: desk.find("segment_busy").text() == "Undone: replacement of 2 segments")
    desk.wait(lambda: desk.find("replace_hits").text() == "2 in 2 segments")
    assert desk.find("replace_all_button").isEnabled()
    QTest.keyClick(desk.find("replace_match_case"), Qt.Key.Key_Z, CONTROL)
    desk.wait(lambda: desk.find("segment_busy").text() == "There is nothing to undo.")
    desk.find("segment_search").clear()
    desk.wait(lambda: rows(desk) == before)


def test_the_next_to_look_at_takes_the_keys_from_a_button(desk, tmp_path):
    translated(desk, document(tmp_path, "The rent is due.", "You must not sublet."))
    desk.wait(lambda: len(rows(desk)) == 2)
    table = desk.find("segment_table")
    type_into(desk, 1, "Du darfst untervermieten.")
    desk.wait(lambda: rows(desk)[1][2] == "edited")
    look(desk, "Needs review: 1")
    look(desk, "All ")
    desk.wait(lambda: len(rows(desk)) == 2)
    desk.find("export_translation_button").setFocus()
    table.setCurrentIndex(table.model().index(0, 1))
    QTest.keyClick(desk.find("export_translation_button"), Qt.Key.Key_F3)
    desk.wait(lambda: table.currentIndex().row() == 1)
    desk.wait(table.hasFocus)
    QTest.keyClick(table, Qt.Key.Key_Return)
    desk.wait(lambda: table.findChild(object, "segment_editor") is not None)


def test_a_file_that_was_written_does_not_follow_what_is_changed_and_that_is_said(desk, tmp_path):
    form_of = dropped(desk, document(tmp_path))
    desk.find("form_beside", form_of).setChecked(True)
    desk.click("form_begin")
    desk.wait(lambda: words(desk).startswith("Written to"))
    come_forward(desk)
    type_into(desk, 0, "Falsch")
    desk.wait(lambda: words(desk).startswith("Changed since"))
    assert words(desk).endswith("lease.de.docx was written. Save it again to have that in the file.")


def test_several_documents_are_chosen_at_once_and_the_folder_is_remembered(desk, tmp_path):
    one, two = document(tmp_path, "One.", name="one.docx"), document(tmp_path, "Two.", name="two.docx")
    desk.click("choose_document_button")
    dialog = desk.find("choose_document_dialog", desk.translate)
    assert "*.docx" in dialog.nameFilters()[0]
    assert "*.zip" not in dialog.nameFilters()[0]
    dialog.filesSelected.emit([str(one), str(two)])
    dialog.close()
    desk.wait(lambda: form(desk) is not None)
    assert "2 documents" in form(desk).windowTitle()
    form(desk).reject()
    desk.wait(lambda: form(desk) is None)
    come_forward(desk)
    desk.wait(lambda: desk.translate.findChild(QFileDialog, "choose_document_dialog") is None)
    desk.click("choose_document_button")
    again = desk.find("choose_document_dialog", desk.translate)
    assert Path(again.directory().absolutePath()) == tmp_path
    again.close()


def test_the_first_dialog_begins_where_a_document_was_chosen_on_another_page(desk, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    desk.frame.documents_page._on_files_selected([str(document(folder, "One."))])
    desk.click("choose_document_button")
    dialog = desk.find("choose_document_dialog", desk.translate)
    assert Path(dialog.directory().absolutePath()) == folder
    dialog.close()


def test_a_key_that_pauses_takes_it_up_again(start, model_file, tmp_path):
    desk = start(turned=True, slow=0.05)
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    QTest.keyClick(desk.window, Qt.Key.Key_3, CONTROL)
    desk.translate = desk.frame.translate_page
    desk.wait(lambda: desk.translate.isVisible())
    dropped(desk, document(tmp_path, *[f"The garden of house {number} is green." for number in range(200)]))
    desk.click("form_begin")
    desk.wait(lambda: desk.find("pause_translation_button").isVisible())
    come_forward(desk)
    desk.wait(lambda: " of 200 segments" in words(desk))
    desk.find("pause_translation_button").setFocus()
    QTest.keyClick(desk.find("pause_translation_button"), Qt.Key.Key_Space)
    desk.wait(lambda: words(desk).startswith("Paused"))
    assert desk.find("resume_translation_button").hasFocus()
    QTest.keyClick(desk.find("resume_translation_button"), Qt.Key.Key_Space)
    desk.wait(lambda: desk.find("pause_translation_button").isVisible())
    assert desk.find("pause_translation_button").hasFocus()
    desk.click("pause_translation_button")
    desk.wait(lambda: words(desk).startswith("Paused"))
    desk.click("close_translation_button")
    QTest.keyClick(desk.window, Qt.Key.Key_5, CONTROL)
    desk.wait(lambda: desk.frame.jobs_page.isVisible())
    desk.wait(lambda: any(one.isVisible() for one in desk.frame.jobs_page.findChildren(QPushButton, "job_open_button")))
    button = next(one for one in desk.frame.jobs_page.findChildren(QPushButton, "job_open_button") if one.isVisible())
    desk.click(button)
    desk.wait(lambda: desk.find("document_translation_pane").isVisible())
    desk.wait(lambda: words(desk).startswith("Paused"))
    desk.wait(lambda: len(rows(desk)) == 200)


def test_the_memory_and_the_terms_help_with_a_segment(desk, tmp_path):
    def known(services):
        made = services.store.add_glossary("law", source_language="en", target_language="de")
        services.store.add_terms(made.id, [Term("rent", "Miete")])
        pair = [("The rent is due on the first day.", "Die Miete ist am ersten Tag fällig.")]
        services.store.remember("en", "de", pair, domain="legal", origin=Origin.PERSON)

    desk.ask(known)
    dropped(desk, document(tmp_path, "The rent is due on the last day."))
    desk.find("form_source").show_value("en")
    begun(desk)
    choose(desk, 0)
    panel = desk.find("segment_panel")
    desk.wait(lambda: panel.findChild(object, "likeness_source") is not None)
    assert "rent → Miete: not used" in desk.find("segment_term", panel).text()
    about = desk.find("likeness_about", panel).text()
    assert "written by you" in about
    assert "law, counted lower for it" in about
    assert "[only in the memory: first]" in desk.find("likeness_source", panel).accessibleName()
    desk.wait(lambda: offered(panel, "use_likeness") is not None)
    desk.click(offered(panel, "use_likeness"))
    desk.wait(lambda: rows(desk)[0][1:] == ("Die Miete ist am ersten Tag fällig.", "edited"))
    desk.click("back_segment_button")
    desk.wait(lambda: panel.findChild(object, "back_translation") is not None)
    assert desk.find("back_translation", panel).text() == "Die Miete ist am ersten Tag fällig.".swapcase()
    desk.wait(lambda: desk.find("others_segment_button").isEnabled())
    desk.click("others_segment_button")
    desk.wait(lambda: offered(panel, "use_other") is not None)
    desk.click(offered(panel, "use_other"))
    desk.wait(lambda: rows(desk)[0][1] == "tHE RENT IS DUE ON THE LAST DAY.")


def test_what_failed_is_tried_again_and_saving_before_is_warned_of(desk, tmp_path):
    translated(desk, document(tmp_path))
    item = desk.frame.document_translation.item
    desk.ask(
        lambda services: services.store.change_segment(item, 0, target="", state=SegmentState.FAILED, reason="tags")
    )
    desk.click("save_translation_button")
    desk.wait(lambda: desk.translate.findChild(object, "save_anyway") is not None)
    box = desk.translate.findChild(object, "save_anyway")
    assert "1 could not be translated, 2 deserve a look" in box.text() or "1 could not be translated" in box.text()
    desk.click(desk.find("look_first_button", box))
    desk.wait(lambda: desk.find("segment_filter").currentText().startswith("Needs review"))
    desk.wait(lambda: len(rows(desk)) == 2)
    desk.click("retry_all_button")
    desk.wait(lambda: desk.translate.findChild(object, "retry_dialog") is not None)
    assert desk.find("retry_failed", desk.translate).text() == "What could not be translated: 1"
    desk.click(desk.find("retry_begin", desk.translate))
    desk.wait(lambda: is_done(desk) and desk.find("retry_all_button").isVisible())
    desk.wait(lambda: [source for source, _, _ in rows(desk)] == ["You must not sublet."])


@pytest.mark.parametrize(
    ("done", "total", "share", "said"),
    [
        (0, 240, 0.46, "0 of 240 segments ready, more are half done"),
        (110, 240, 0.46, "110 of 240 segments"),
        (230, 240, 0.46, "230 of 240 segments"),
        (0, 240, 0.01, "0 of 240 segments"),
        (0, 240, None, "0 of 240 segments"),
        (0, 0, 0.46, ""),
    ],
)
def test_the_count_of_segments_and_the_share_of_the_work_tell_the_same(done, total, share, said):
    assert counted_words(done, total, share) == said


def test_a_report_and_both_languages_are_handed_out(desk, tmp_path):
    translated(desk, document(tmp_path))
    menu = desk.find("handout_menu")
    action = next(one for one in menu.actions() if one.objectName() == "handout_report_json")
    action.trigger()
    target = tmp_path / "report.json"
    assert saved(desk, "", "export_dialog", target) == "lease de report.json"
    shape = json.loads(target.read_text("utf-8"))
    assert [one["source"] for one in shape["flagged"]] == ["You must not sublet."]
    assert shape["counts"]["all"] == 2


def test_a_running_translation_is_paused_cancelled_and_taken_up_again(start, model_file, tmp_path):
    desk = start(turned=True, slow=0.05)
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    QTest.keyClick(desk.window, Qt.Key.Key_3, CONTROL)
    desk.translate = desk.frame.translate_page
    dropped(desk, document(tmp_path, *(f"This is line number {number} of it." for number in range(30))))
    desk.click("form_begin")
    desk.wait(lambda: "of 30 segments" in words(desk) and not words(desk).startswith(("0 ", "30 ")))
    desk.wait(lambda: any(target for _, target, _ in rows(desk)))  # the first are shown at once
    assert desk.find("pause_translation_button").isVisible()
    desk.click("pause_translation_button")
    desk.wait(lambda: words(desk).startswith("Paused"))
    desk.click("resume_translation_button")
    desk.wait(lambda: desk.find("cancel_translation_button").isVisible())
    desk.click("cancel_translation_button")
    desk.wait(lambda: words(desk).startswith("Cancelled"))
    assert desk.find("save_translation_button").isEnabled()
    desk.click("resume_translation_button")
    desk.wait(lambda: words(desk).startswith("30 segments are translated"))
    assert all(target for _, target, _ in rows(desk))


def test_an_earlier_translation_is_opened_again(desk, tmp_path):
    translated(desk, document(tmp_path))
    desk.click("close_translation_button")
    desk.click("earlier_translations_button")
    listed = desk.find("earlier_list")
    desk.wait(lambda: listed.count() == 1)
    assert listed.item(0).text().startswith("lease.docx → German")
    desk.click("open_earlier_button")
    desk.wait(lambda: desk.find("document_translation_pane").isVisible() and len(rows(desk)) == 2)
    assert desk.find("save_translation_button").isEnabled()


def answered(desk, password):
    """Give a password where one is asked."""
    desk.wait(lambda: asked_password(desk) is not None)
    dialog = asked_password(desk)
    words = dialog.labelText()
    dialog.setTextValue(password)
    dialog.accept()
    return words


def asked_password(desk):
    return next((one for one in desk.translate.findChildren(QInputDialog) if one.isVisible()), None)


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_a_locked_document_asks_for_its_password_until_it_is_right(desk, tmp_path):
    path = tmp_path / "lease.pdf"
    path.write_bytes(bytes(TinyPdf(password="secret").page(*lines(50, 700, "The tenant pays the rent today."))))
    assert "becomes a Word document" in desk.find("form_warning", dropped(desk, path)).text()
    desk.click("form_begin")
    assert "lease.pdf is locked" in answered(desk, "wrong")
    assert "That was not the password" in answered(desk, "secret")
    desk.wait(lambda: is_done(desk))
    desk.wait(lambda: [source for source, _, _ in rows(desk)] == ["The tenant pays the rent today."])
    target = tmp_path / "out.docx"
    assert saved(desk, "save_translation_button", "save_translation_dialog", target) == "lease.de.docx"
    kept = json.dumps([one.name for one in tmp_path.rglob("*")])
    assert "secret" not in kept
    item = desk.frame.document_translation.item
    assert "secret" not in str(desk.ask(lambda services: services.store.item(item)))


def test_no_password_is_asked_for_that_could_not_be_used(desk, tmp_path):
    path = tmp_path / "lease.docx"
    path.write_bytes(ole({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}))
    dropped(desk, path)
    desk.click("form_begin")
    desk.wait(lambda: "save a copy without a password in the program it was made with" in words(desk))
    assert asked_password(desk) is None
    for name in ("save_translation_button", "export_translation_button", "retry_all_button"):
        assert not desk.find(name).isEnabled()


def test_a_low_window_with_large_letters_still_shows_segments_and_buttons(desk, tmp_path):
    desk.ask(lambda services: services.settings.change(font_scale=150))
    desk.window.resize(900, 600)
    asked = dropped(desk, document(tmp_path))
    inner, area = desk.find("document_form_inner", asked), desk.find("document_form_area", asked)
    desk.wait(lambda: inner.width() <= area.viewport().width())
    assert asked.width() <= 900
    begun(desk)
    table, save = desk.find("segment_table"), desk.find("save_translation_button")
    desk.wait(lambda: desk.window.height() <= 600 and save.fontMetrics().height() > 18)
    desk.find("translation_progress_words").setText("The document cannot be read, for more than one reason. " * 4)
    desk.wait(lambda: table.viewport().height() >= 3 * table.fontMetrics().lineSpacing())
    scrolled = desk.find("document_scroll")
    for name in ("export_translation_button", "retry_all_button", "save_translation_button"):
        button = desk.find(name)
        scrolled.ensureWidgetVisible(button)
        assert button.width() >= button.sizeHint().width()
        assert button.visibleRegion().boundingRect().height() >= button.sizeHint().height() - 2, name


def test_shading_of_doubtful_words_is_remembered(desk, tmp_path):
    translated(desk, document(tmp_path))
    desk.click("shade_doubts_box")
    desk.wait(lambda: desk.ask(lambda services: services.settings.current.translate_doubts))
    desk.click("close_translation_button")
    translated(desk, document(tmp_path, name="second.docx"))
    desk.wait(lambda: desk.find("shade_doubts_box").isChecked())
