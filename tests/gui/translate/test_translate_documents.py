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
def service_thread(start, model_file):
    service_thread = start(turned=True)
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    QTest.keyClick(service_thread.window, Qt.Key.Key_3, CONTROL)
    service_thread.translate = service_thread.frame.translate_page
    service_thread.wait(lambda: service_thread.translate.isVisible())
    return service_thread


def document(tmp_path, *words, name="lease.docx"):
    path = tmp_path / name
    texts = words or ("The rent is due today.", "You must not sublet.", "12 %")
    path.write_bytes(docx("".join(paragraph(one) for one in texts)))
    return path


def drop(service_thread, *paths):
    """Let go of files over the page."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), action, data, buttons, keys)
    QApplication.sendEvent(service_thread.translate, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(service_thread.translate, QDropEvent(QPointF(50, 50), action, data, buttons, keys))


def dropped(service_thread, *paths):
    """Dropped on the page; the form that asks how."""
    drop(service_thread, *paths)
    service_thread.wait(lambda: form(service_thread) is not None)
    return form(service_thread)


def form(service_thread):
    from slmdesk.gui.translate.document.form import DocumentForm

    return next((one for one in service_thread.translate.findChildren(DocumentForm) if one.isVisible()), None)


def translated(service_thread, *paths):
    """Dropped, begun and done."""
    dropped(service_thread, *paths)
    begun(service_thread)


def begun(service_thread):
    """The form's button, and the end of the translation."""
    service_thread.click("form_begin")
    service_thread.wait(lambda: service_thread.find("document_translation_pane").isVisible())
    service_thread.wait(lambda: is_done(service_thread))
    come_forward(service_thread)


def come_forward(service_thread):
    """After a dialog the window is in front again, as a desktop has it."""
    service_thread.window.activateWindow()
    service_thread.wait(service_thread.window.isActiveWindow)


def is_done(service_thread):
    return service_thread.find("save_translation_button").isEnabled() and (
        "translated" in words(service_thread) or "Written" in words(service_thread)
    )


def words(service_thread):
    return service_thread.find("translation_progress_words").text()


def rows(service_thread):
    """What the table shows; whatever is still being fetched is waited for."""
    model = service_thread.find("segment_table").model()
    found = []

    def is_here():
        found[:] = [tuple(model.index(row, column).data() for column in range(3)) for row in range(model.rowCount())]
        return all(row[1] is not None for row in found)

    service_thread.wait(is_here)
    return list(found)


GERMAN = ("Die Miete ist am ersten Werktag fällig.", "Der Mieter darf die Wohnung nicht untervermieten.")


def test_a_document_in_the_language_of_the_translation_is_asked_about(service_thread, tmp_path):
    asked = dropped(service_thread, document(tmp_path, *GERMAN))
    target, said = service_thread.find("form_target"), service_thread.find("form_said")
    target.show_value("de")
    service_thread.wait(lambda: "This document is German" in said.text())
    if target.currentData() == "de":  # its language was known before the target was chosen
        service_thread.click("form_begin")
        assert asked.isVisible()
        assert "Choose another language" in said.text()
        target.show_value("en")
        assert not said.isVisible()
    assert target.currentData() == "en"
    begun(service_thread)
    assert rows(service_thread)


def test_a_document_that_is_in_the_last_target_has_another_one_proposed(service_thread, tmp_path):
    service_thread.translate._controller.set_target("de")
    asked = dropped(service_thread, document(tmp_path, *GERMAN))
    service_thread.wait(lambda: service_thread.find("form_said").isVisible())
    assert service_thread.find("form_said").text() == "This document is German. Translate it into English?"
    assert service_thread.find("form_target").currentData() == "en"
    service_thread.find("form_target").show_value("de")
    service_thread.click("form_begin")
    assert asked.isVisible()
    assert "Choose another language" in service_thread.find("form_said").text()
    service_thread.find("form_source").show_value("nl")  # a person knows better
    begun(service_thread)


def choose(service_thread, row):
    table = service_thread.find("segment_table")
    table.setFocus()
    service_thread.wait(lambda: table.model().rowCount() > row and rows(service_thread)[row])
    table.setCurrentIndex(table.model().index(row, 1))
    return table


def type_into(service_thread, row, text):
    """F2, words, Enter."""
    table = choose(service_thread, row)
    QTest.keyClick(table, Qt.Key.Key_F2)
    service_thread.wait(lambda: table.findChild(object, "segment_editor") is not None)
    editor = service_thread.find("segment_editor")
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def look(service_thread, words):
    """Choose a filter by its words."""
    choice = service_thread.find("segment_filter")
    service_thread.wait(lambda: any(choice.itemText(at).startswith(words) for at in range(choice.count())))
    at = next(at for at in range(choice.count()) if choice.itemText(at).startswith(words))
    choice.setCurrentIndex(at)
    choice.activated.emit(at)


def offered(panel, name):
    """The button of other words; one that is on its way out does not count."""
    return next((one for one in panel.findChildren(QPushButton, name) if one.isVisible()), None)


def saved(service_thread, name, dialog_name, target):
    service_thread.click(name) if name else None
    service_thread.wait(lambda: service_thread.translate.findChild(QFileDialog, dialog_name) is not None)
    dialog = service_thread.translate.findChild(QFileDialog, dialog_name)
    proposed = Path(dialog.selectedFiles()[0]).name
    dialog.fileSelected.emit(str(target))
    dialog.close()
    service_thread.wait(lambda: service_thread.find("open_translation_button").isVisible())
    return proposed


def test_a_dropped_document_is_translated_edited_and_saved(service_thread, tmp_path):
    translated(service_thread, document(tmp_path))
    service_thread.wait(lambda: len(rows(service_thread)) == 2)
    assert rows(service_thread) == [
        ("The rent is due today.", "tHE RENT IS DUE TODAY.", "translated"),
        ("You must not sublet.", "yOU MUST NOT SUBLET.", "translated"),
    ]
    assert "1 needs review" in words(service_thread)
    look(service_thread, "Needs review: 1")
    service_thread.wait(lambda: [source for source, _, _ in rows(service_thread)] == ["You must not sublet."])
    type_into(service_thread, 0, "Untervermieten ist nicht erlaubt.")
    service_thread.wait(lambda: rows(service_thread) == [])
    assert service_thread.find("no_segments").isVisible()
    look(service_thread, "All ")
    service_thread.wait(lambda: len(rows(service_thread)) == 2)
    assert rows(service_thread)[1] == ("You must not sublet.", "Untervermieten ist nicht erlaubt.", "edited")
    choose(service_thread, 0)
    service_thread.click("approve_segment_button")
    service_thread.wait(lambda: rows(service_thread)[0][2] == "approved")
    target = tmp_path / "out.docx"
    assert saved(service_thread, "save_translation_button", "save_translation_dialog", target) == "lease.de.docx"
    with zipfile.ZipFile(target) as made:
        xml = made.read("word/document.xml").decode()
    assert "tHE RENT IS DUE TODAY." in xml
    assert "Untervermieten ist nicht erlaubt." in xml
    assert ">12 %<" in xml


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_form_asks_what_fits_the_document_and_remembers(service_thread, tmp_path):
    def glossary(services):
        made = services.store.add_glossary("law", source_language="en", target_language="de")
        services.store.add_terms(made.id, [Term("rent", "Miete")])
        services.store.change_glossary(
            services.store.add_glossary("french", source_language="en", target_language="fr").id
        )
        return made.id

    known = service_thread.ask(glossary)
    asked = dropped(service_thread, document(tmp_path))
    assert service_thread.find("form_names", asked).text() == "lease.docx"
    service_thread.wait(lambda: service_thread.find("form_glossaries", asked).count() == 1)
    assert not service_thread.find("form_columns", asked).isVisible()
    assert not service_thread.find("form_sheet_names", asked).isVisible()
    service_thread.click("form_properties")
    glossaries = service_thread.find("form_glossaries", asked)
    glossaries.item(0).setCheckState(Qt.CheckState.Unchecked)
    target = service_thread.find("form_target", asked)
    target.setCurrentIndex(target.findData("fr"))
    service_thread.wait(lambda: glossaries.count() == 1 and glossaries.item(0).text().startswith("french"))
    target.setCurrentIndex(target.findData("de"))
    service_thread.wait(lambda: glossaries.item(0).text().startswith("law"))
    glossaries.item(0).setCheckState(Qt.CheckState.Unchecked)
    service_thread.click("form_begin")
    service_thread.wait(lambda: is_done(service_thread))
    item = service_thread.frame.document_translation.item
    request = service_thread.ask(lambda services: services.translations.open(item)).request
    assert request.properties
    assert request.glossaries == ("none",), known
    assert "terms" not in " ".join(service_thread.find("segment_filter").itemText(at) for at in range(3)), (
        "none was obeyed"
    )
    service_thread.click("close_translation_button")
    asked = dropped(service_thread, document(tmp_path, name="again.docx"))
    assert service_thread.find("form_properties", asked).isChecked()
    service_thread.click("form_cancel")
    service_thread.wait(lambda: form(service_thread) is None)
    assert service_thread.find("translate_text").isVisible()


def test_the_same_language_twice_is_said_in_the_form(service_thread, tmp_path):
    asked = dropped(service_thread, document(tmp_path))
    source = service_thread.find("form_source", asked)
    source.setCurrentIndex(source.findData("de"))
    service_thread.click("form_begin")
    assert "different languages" in service_thread.find("form_said", asked).text()
    assert asked.isVisible()


def test_columns_of_a_table_are_offered_and_obeyed(service_thread, tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("id,stars,text\nA-1,5,I like it very much\nA-2,1,It broke after two days\n", "utf-8")
    asked = dropped(service_thread, path)
    columns = service_thread.find("form_columns", asked)
    service_thread.wait(lambda: columns.count() == 3)
    ticked = [columns.item(row).checkState() is Qt.CheckState.Checked for row in range(3)]
    assert ticked == [False, False, True], "the one with sentences"
    assert "It broke" in columns.item(2).text()
    begun(service_thread)
    service_thread.wait(lambda: len(rows(service_thread)) == 3)
    assert [source for source, _, _ in rows(service_thread)] == [
        "text",
        "I like it very much",
        "It broke after two days",
    ]


def test_several_documents_go_one_after_another_and_are_written_beside(service_thread, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    first, second = document(tmp_path, "It is late.", name="one.docx"), document(folder, "Go home.", name="two.docx")
    (folder / "one.xyz").write_text("nothing of ours")
    dropped(service_thread, first, folder)
    assert service_thread.find("form_beside").isChecked()
    assert service_thread.find("form_names").text() == "one.docx\ntwo.docx"
    service_thread.click("form_begin")
    service_thread.wait(lambda: service_thread.find("queue_button").isVisible())
    service_thread.wait(lambda: service_thread.find("queue_button").text() == "2 of 2 documents done")
    for one in (first.with_name("one.de.docx"), second.with_name("two.de.docx")):
        service_thread.wait(one.exists)
    menu = service_thread.find("queue_menu")
    service_thread.wait(lambda: "written as two.de.docx" in menu.actions()[1].text())
    menu.actions()[1].trigger()
    service_thread.wait(lambda: [source for source, _, _ in rows(service_thread)] == ["Go home."])


def test_what_cannot_be_translated_is_said_and_the_text_stays(service_thread, tmp_path):
    QTest.keyClicks(service_thread.find("source_text"), "Hello there")
    table = tmp_path / "old.xls"
    table.write_bytes(b"x")
    drop(service_thread, table)
    service_thread.wait(lambda: any("old.xls" in one for one in service_thread.notices()))
    assert form(service_thread) is None
    path = tmp_path / "broken.docx"
    path.write_bytes(b"PK not a document")
    dropped(service_thread, path)
    service_thread.click("form_begin")
    service_thread.wait(lambda: "broken.docx" in words(service_thread))
    service_thread.click("close_translation_button")
    assert service_thread.find("source_text").toPlainText() == "Hello there"


def test_a_segment_is_translated_once_more_with_a_wish_and_undone(service_thread, tmp_path):
    translated(service_thread, document(tmp_path))
    type_into(service_thread, 0, "Falsch")
    service_thread.wait(lambda: rows(service_thread)[0][1:] == ("Falsch", "edited"))
    choose(service_thread, 0)
    QTest.keyClick(service_thread.find("segment_table"), Qt.Key.Key_R, CONTROL)
    assert service_thread.find("segment_hint").hasFocus()
    QTest.keyClicks(service_thread.find("segment_hint"), "more formal")
    service_thread.wait(lambda: service_thread.find("retry_segment_button").isEnabled())
    QTest.keyClick(service_thread.find("segment_hint"), Qt.Key.Key_Return)
    service_thread.wait(lambda: rows(service_thread)[0][1:] == ("tHE RENT IS DUE TODAY.", "translated"))
    table = choose(service_thread, 0)
    QTest.keyClick(table, Qt.Key.Key_Z, CONTROL)
    service_thread.wait(lambda: rows(service_thread)[0][1:] == ("Falsch", "edited"))
    QTest.keyClick(table, Qt.Key.Key_Z, CONTROL)
    service_thread.wait(lambda: rows(service_thread)[0][1:] == ("tHE RENT IS DUE TODAY.", "translated"))
    service_thread.wait(lambda: service_thread.find("segment_busy").text() == "Undone: edit")
    service_thread.click("undo_segment_button")
    service_thread.wait(lambda: "nothing to undo" in service_thread.find("segment_busy").text())


def test_a_wish_is_for_the_segment_it_was_typed_for(service_thread, tmp_path):
    translated(service_thread, document(tmp_path))
    choose(service_thread, 0)
    hint = service_thread.find("segment_hint")
    QTest.keyClicks(hint, "shorter")
    service_thread.wait(lambda: service_thread.find("retry_segment_button").isEnabled())
    service_thread.click("retry_segment_button")
    assert hint.text() == "shorter", "it can be mended, and tried again"
    choose(service_thread, 1)
    service_thread.wait(lambda: hint.text() == "")


def test_words_without_their_marks_stay_in_the_field(service_thread, tmp_path):
    path = tmp_path / "a.docx"
    run = "<w:r>{}<w:t xml:space='preserve'>{}</w:t></w:r>".format
    body = run("", "The ") + run("<w:rPr><w:b/></w:rPr>", "end") + run("", " is near.")
    path.write_bytes(docx(f"<w:p>{body}</w:p>"))
    translated(service_thread, path)
    type_into(service_thread, 0, "Das Ende ist nah.")
    service_thread.wait(lambda: service_thread.notices())
    editor = service_thread.find("segment_editor")
    assert editor.toPlainText() == "Das Ende ist nah."
    QTest.keyClick(editor, Qt.Key.Key_Return, CONTROL)  # nor is what it was to replace approved in its place
    service_thread.wait(lambda: service_thread.find("segment_editor") is not editor)
    assert rows(service_thread)[0][2] == "translated"
    editor = service_thread.find("segment_editor")
    assert editor.toPlainText() == "Das Ende ist nah."
    editor.setPlainText("Das <1>Ende</1> ist nah.")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    service_thread.wait(lambda: rows(service_thread)[0][1] == "Das <1>Ende</1> ist nah.")


def test_the_keyboard_alone_goes_through_the_segments(service_thread, tmp_path):
    translated(
        service_thread,
        document(
            tmp_path,
            "Cats are here in the house.",
            "You must not go into it.",
            "Dogs are there in the house.",
            "You must not leave the house today.",
        ),
    )
    table = service_thread.find("segment_table")
    assert table.hasFocus()
    service_thread.find("save_translation_button").setFocus()
    QTest.keyClick(service_thread.find("save_translation_button"), Qt.Key.Key_F3)  # beside the segments too
    service_thread.wait(lambda: table.currentIndex().row() == 1)
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_F3)
    service_thread.wait(lambda: table.currentIndex().row() == 3)
    QTest.keyClick(table, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    service_thread.wait(lambda: table.currentIndex().row() == 1)
    QTest.keyClick(table, Qt.Key.Key_Return)
    QTest.keyClicks(service_thread.find("segment_editor"), "Geh nicht.")
    QTest.keyClick(service_thread.find("segment_editor"), Qt.Key.Key_Return, CONTROL)
    service_thread.wait(lambda: rows(service_thread)[1][1:] == ("Geh nicht.", "approved"))
    assert table.currentIndex().row() == 2
    QTest.keyClick(table, Qt.Key.Key_A, CONTROL)
    QTest.keyClick(table, Qt.Key.Key_Return, CONTROL)
    service_thread.wait(lambda: {state for _, _, state in rows(service_thread)} == {"approved"})
    look(service_thread, "Needs review: 0")  # a person has looked
    look(service_thread, "All ")
    QTest.keyClick(table, Qt.Key.Key_H, CONTROL)
    assert service_thread.find("segment_search").hasFocus()
    QTest.keyClick(service_thread.find("segment_search"), Qt.Key.Key_Tab)
    assert service_thread.find("replace_with").hasFocus()
    QTest.keyClick(table, Qt.Key.Key_F, CONTROL)
    assert service_thread.find("segment_search").hasFocus()


def test_words_are_replaced_everywhere_and_it_is_undone_as_one(service_thread, tmp_path):
    translated(
        service_thread, document(tmp_path, "The rent is due.", "The rent is low.", "No rent is paid.", "Go home.")
    )
    table = choose(service_thread, 0)
    service_thread.click("approve_segment_button")
    service_thread.wait(lambda: rows(service_thread)[0][2] == "approved")
    before = rows(service_thread)
    QTest.keyClick(table, Qt.Key.Key_H, CONTROL)
    assert service_thread.find("segment_search").hasFocus()
    QTest.keyClicks(service_thread.find("segment_search"), "RENT")
    QTest.keyClicks(service_thread.find("replace_with"), "PACHT")
    service_thread.wait(lambda: service_thread.find("replace_hits").text() == "3 in 3 segments, 1 of them approved")
    service_thread.wait(lambda: len(rows(service_thread)) == 3)
    service_thread.click("replace_all_button")
    service_thread.wait(lambda: service_thread.translate.findChild(object, "replace_approved") is not None)
    service_thread.click(service_thread.find("replace_others_only", service_thread.translate))
    service_thread.wait(lambda: service_thread.find("segment_busy").text() == "2 replaced in 2 segments")
    come_forward(service_thread)
    service_thread.find("segment_search").clear()
    service_thread.wait(lambda: len(rows(service_thread)) == 4)
    assert [target for _, target, _ in rows(service_thread)] == [
        "tHE RENT IS DUE.", "tHE PACHT IS LOW.", "nO PACHT IS PAID.", "gO HOME.",
    ]  # fmt: skip
    QTest.keyClick(choose(service_thread, 0), Qt.Key.Key_Z, CONTROL)
    service_thread.wait(lambda: rows(service_thread) == before)


def test_what_was_replaced_is_undone_by_the_next_key_and_can_be_replaced_again(service_thread, tmp_path):
    translated(service_thread, document(tmp_path, "The rent is due.", "No rent is paid.", "Go home."))
    before = rows(service_thread)
    QTest.keyClick(choose(service_thread, 0), Qt.Key.Key_H, CONTROL)
    QTest.keyClicks(service_thread.find("segment_search"), "RENT")
    QTest.keyClicks(service_thread.find("replace_with"), "PACHT")
    service_thread.wait(lambda: service_thread.find("replace_hits").text() == "2 in 2 segments")
    service_thread.click("replace_all_button")
    service_thread.wait(lambda: service_thread.find("segment_busy").text() == "2 replaced in 2 segments")
    service_thread.wait(lambda: service_thread.find("replace_hits").text() == "0 in 0 segments")
    service_thread.wait(lambda: service_thread.window.focusWidget() is not None)
    QTest.keyClick(service_thread.window.focusWidget(), Qt.Key.Key_Z, CONTROL)
    service_thread.wait(lambda: service_thread.find("segment_busy").text() == "Undone: replacement of 2 segments")
    service_thread.wait(lambda: service_thread.find("replace_hits").text() == "2 in 2 segments")
    assert service_thread.find("replace_all_button").isEnabled()
    QTest.keyClick(service_thread.find("replace_match_case"), Qt.Key.Key_Z, CONTROL)
    service_thread.wait(lambda: service_thread.find("segment_busy").text() == "There is nothing to undo.")
    service_thread.find("segment_search").clear()
    service_thread.wait(lambda: rows(service_thread) == before)


def test_the_next_to_look_at_takes_the_keys_from_a_button(service_thread, tmp_path):
    translated(service_thread, document(tmp_path, "The rent is due.", "You must not sublet."))
    service_thread.wait(lambda: len(rows(service_thread)) == 2)
    table = service_thread.find("segment_table")
    type_into(service_thread, 1, "Du darfst untervermieten.")
    service_thread.wait(lambda: rows(service_thread)[1][2] == "edited")
    look(service_thread, "Needs review: 1")
    look(service_thread, "All ")
    service_thread.wait(lambda: len(rows(service_thread)) == 2)
    service_thread.find("export_translation_button").setFocus()
    table.setCurrentIndex(table.model().index(0, 1))
    QTest.keyClick(service_thread.find("export_translation_button"), Qt.Key.Key_F3)
    service_thread.wait(lambda: table.currentIndex().row() == 1)
    service_thread.wait(table.hasFocus)
    QTest.keyClick(table, Qt.Key.Key_Return)
    service_thread.wait(lambda: table.findChild(object, "segment_editor") is not None)


def test_a_file_that_was_written_does_not_follow_what_is_changed_and_that_is_said(service_thread, tmp_path):
    form_of = dropped(service_thread, document(tmp_path))
    service_thread.find("form_beside", form_of).setChecked(True)
    service_thread.click("form_begin")
    service_thread.wait(lambda: words(service_thread).startswith("Written to"))
    come_forward(service_thread)
    type_into(service_thread, 0, "Falsch")
    service_thread.wait(lambda: words(service_thread).startswith("Changed since"))
    assert words(service_thread).endswith("lease.de.docx was written. Save it again to have that in the file.")


def test_several_documents_are_chosen_at_once_and_the_folder_is_remembered(service_thread, tmp_path):
    one, two = document(tmp_path, "One.", name="one.docx"), document(tmp_path, "Two.", name="two.docx")
    service_thread.click("choose_document_button")
    dialog = service_thread.find("choose_document_dialog", service_thread.translate)
    assert "*.docx" in dialog.nameFilters()[0]
    assert "*.zip" not in dialog.nameFilters()[0]
    dialog.filesSelected.emit([str(one), str(two)])
    dialog.close()
    service_thread.wait(lambda: form(service_thread) is not None)
    assert "2 documents" in form(service_thread).windowTitle()
    form(service_thread).reject()
    service_thread.wait(lambda: form(service_thread) is None)
    come_forward(service_thread)
    service_thread.wait(lambda: service_thread.translate.findChild(QFileDialog, "choose_document_dialog") is None)
    service_thread.click("choose_document_button")
    again = service_thread.find("choose_document_dialog", service_thread.translate)
    assert Path(again.directory().absolutePath()) == tmp_path
    again.close()


def test_the_first_dialog_begins_where_a_document_was_chosen_on_another_page(service_thread, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    service_thread.frame.documents_page._on_files_selected([str(document(folder, "One."))])
    service_thread.click("choose_document_button")
    dialog = service_thread.find("choose_document_dialog", service_thread.translate)
    assert Path(dialog.directory().absolutePath()) == folder
    dialog.close()


def test_a_key_that_pauses_takes_it_up_again(start, model_file, tmp_path):
    service_thread = start(turned=True, slow=0.05)
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    QTest.keyClick(service_thread.window, Qt.Key.Key_3, CONTROL)
    service_thread.translate = service_thread.frame.translate_page
    service_thread.wait(lambda: service_thread.translate.isVisible())
    dropped(service_thread, document(tmp_path, *[f"The garden of house {number} is green." for number in range(200)]))
    service_thread.click("form_begin")
    service_thread.wait(lambda: service_thread.find("pause_translation_button").isVisible())
    come_forward(service_thread)
    service_thread.wait(lambda: " of 200 segments" in words(service_thread))
    service_thread.find("pause_translation_button").setFocus()
    QTest.keyClick(service_thread.find("pause_translation_button"), Qt.Key.Key_Space)
    service_thread.wait(lambda: words(service_thread).startswith("Paused"))
    assert service_thread.find("resume_translation_button").hasFocus()
    QTest.keyClick(service_thread.find("resume_translation_button"), Qt.Key.Key_Space)
    service_thread.wait(lambda: service_thread.find("pause_translation_button").isVisible())
    assert service_thread.find("pause_translation_button").hasFocus()
    service_thread.click("pause_translation_button")
    service_thread.wait(lambda: words(service_thread).startswith("Paused"))
    service_thread.click("close_translation_button")
    QTest.keyClick(service_thread.window, Qt.Key.Key_5, CONTROL)
    service_thread.wait(lambda: service_thread.frame.jobs_page.isVisible())
    service_thread.wait(
        lambda: any(
            one.isVisible() for one in service_thread.frame.jobs_page.findChildren(QPushButton, "job_open_button")
        )
    )
    button = next(
        one for one in service_thread.frame.jobs_page.findChildren(QPushButton, "job_open_button") if one.isVisible()
    )
    service_thread.click(button)
    service_thread.wait(lambda: service_thread.find("document_translation_pane").isVisible())
    service_thread.wait(lambda: words(service_thread).startswith("Paused"))
    service_thread.wait(lambda: len(rows(service_thread)) == 200)


def test_the_memory_and_the_terms_help_with_a_segment(service_thread, tmp_path):
    def known(services):
        made = services.store.add_glossary("law", source_language="en", target_language="de")
        services.store.add_terms(made.id, [Term("rent", "Miete")])
        pair = [("The rent is due on the first day.", "Die Miete ist am ersten Tag fällig.")]
        services.store.remember("en", "de", pair, domain="legal", origin=Origin.PERSON)

    service_thread.ask(known)
    dropped(service_thread, document(tmp_path, "The rent is due on the last day."))
    service_thread.find("form_source").show_value("en")
    begun(service_thread)
    choose(service_thread, 0)
    panel = service_thread.find("segment_panel")
    service_thread.wait(lambda: panel.findChild(object, "likeness_source") is not None)
    assert "rent → Miete: not used" in service_thread.find("segment_term", panel).text()
    about = service_thread.find("likeness_about", panel).text()
    assert "written by you" in about
    assert "law, counted lower for it" in about
    assert "[only in the memory: first]" in service_thread.find("likeness_source", panel).accessibleName()
    service_thread.wait(lambda: offered(panel, "use_likeness") is not None)
    service_thread.click(offered(panel, "use_likeness"))
    service_thread.wait(lambda: rows(service_thread)[0][1:] == ("Die Miete ist am ersten Tag fällig.", "edited"))
    service_thread.click("back_segment_button")
    service_thread.wait(lambda: panel.findChild(object, "back_translation") is not None)
    assert service_thread.find("back_translation", panel).text() == "Die Miete ist am ersten Tag fällig.".swapcase()
    service_thread.wait(lambda: service_thread.find("others_segment_button").isEnabled())
    service_thread.click("others_segment_button")
    service_thread.wait(lambda: offered(panel, "use_other") is not None)
    service_thread.click(offered(panel, "use_other"))
    service_thread.wait(lambda: rows(service_thread)[0][1] == "tHE RENT IS DUE ON THE LAST DAY.")


def test_what_failed_is_tried_again_and_saving_before_is_warned_of(service_thread, tmp_path):
    translated(service_thread, document(tmp_path))
    item = service_thread.frame.document_translation.item
    service_thread.ask(
        lambda services: services.store.change_segment(item, 0, target="", state=SegmentState.FAILED, reason="tags")
    )
    service_thread.click("save_translation_button")
    service_thread.wait(lambda: service_thread.translate.findChild(object, "save_anyway") is not None)
    box = service_thread.translate.findChild(object, "save_anyway")
    assert "1 could not be translated, 2 deserve a look" in box.text() or "1 could not be translated" in box.text()
    service_thread.click(service_thread.find("look_first_button", box))
    service_thread.wait(lambda: service_thread.find("segment_filter").currentText().startswith("Needs review"))
    service_thread.wait(lambda: len(rows(service_thread)) == 2)
    service_thread.click("retry_all_button")
    service_thread.wait(lambda: service_thread.translate.findChild(object, "retry_dialog") is not None)
    assert service_thread.find("retry_failed", service_thread.translate).text() == "What could not be translated: 1"
    service_thread.click(service_thread.find("retry_begin", service_thread.translate))
    service_thread.wait(lambda: is_done(service_thread) and service_thread.find("retry_all_button").isVisible())
    service_thread.wait(lambda: [source for source, _, _ in rows(service_thread)] == ["You must not sublet."])


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


def test_a_report_and_both_languages_are_handed_out(service_thread, tmp_path):
    translated(service_thread, document(tmp_path))
    menu = service_thread.find("handout_menu")
    action = next(one for one in menu.actions() if one.objectName() == "handout_report_json")
    action.trigger()
    target = tmp_path / "report.json"
    assert saved(service_thread, "", "export_dialog", target) == "lease de report.json"
    shape = json.loads(target.read_text("utf-8"))
    assert [one["source"] for one in shape["flagged"]] == ["You must not sublet."]
    assert shape["counts"]["all"] == 2


def test_a_running_translation_is_paused_cancelled_and_taken_up_again(start, model_file, tmp_path):
    service_thread = start(turned=True, slow=0.05)
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    QTest.keyClick(service_thread.window, Qt.Key.Key_3, CONTROL)
    service_thread.translate = service_thread.frame.translate_page
    dropped(service_thread, document(tmp_path, *(f"This is line number {number} of it." for number in range(30))))
    service_thread.click("form_begin")
    service_thread.wait(
        lambda: "of 30 segments" in words(service_thread) and not words(service_thread).startswith(("0 ", "30 "))
    )
    service_thread.wait(lambda: any(target for _, target, _ in rows(service_thread)))  # the first are shown at once
    assert service_thread.find("pause_translation_button").isVisible()
    service_thread.click("pause_translation_button")
    service_thread.wait(lambda: words(service_thread).startswith("Paused"))
    service_thread.click("resume_translation_button")
    service_thread.wait(lambda: service_thread.find("cancel_translation_button").isVisible())
    service_thread.click("cancel_translation_button")
    service_thread.wait(lambda: words(service_thread).startswith("Cancelled"))
    assert service_thread.find("save_translation_button").isEnabled()
    service_thread.click("resume_translation_button")
    service_thread.wait(lambda: words(service_thread).startswith("30 segments are translated"))
    assert all(target for _, target, _ in rows(service_thread))


def test_an_earlier_translation_is_opened_again(service_thread, tmp_path):
    translated(service_thread, document(tmp_path))
    service_thread.click("close_translation_button")
    service_thread.click("earlier_translations_button")
    listed = service_thread.find("earlier_list")
    service_thread.wait(lambda: listed.count() == 1)
    assert listed.item(0).text().startswith("lease.docx → German")
    service_thread.click("open_earlier_button")
    service_thread.wait(
        lambda: service_thread.find("document_translation_pane").isVisible() and len(rows(service_thread)) == 2
    )
    assert service_thread.find("save_translation_button").isEnabled()


def answered(service_thread, password):
    """Give a password where one is asked."""
    service_thread.wait(lambda: asked_password(service_thread) is not None)
    dialog = asked_password(service_thread)
    words = dialog.labelText()
    dialog.setTextValue(password)
    dialog.accept()
    return words


def asked_password(service_thread):
    return next((one for one in service_thread.translate.findChildren(QInputDialog) if one.isVisible()), None)


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_a_locked_document_asks_for_its_password_until_it_is_right(service_thread, tmp_path):
    path = tmp_path / "lease.pdf"
    path.write_bytes(bytes(TinyPdf(password="secret").page(*lines(50, 700, "The tenant pays the rent today."))))
    assert "becomes a Word document" in service_thread.find("form_warning", dropped(service_thread, path)).text()
    service_thread.click("form_begin")
    assert "lease.pdf is locked" in answered(service_thread, "wrong")
    assert "That was not the password" in answered(service_thread, "secret")
    service_thread.wait(lambda: is_done(service_thread))
    service_thread.wait(
        lambda: [source for source, _, _ in rows(service_thread)] == ["The tenant pays the rent today."]
    )
    target = tmp_path / "out.docx"
    assert saved(service_thread, "save_translation_button", "save_translation_dialog", target) == "lease.de.docx"
    kept = json.dumps([one.name for one in tmp_path.rglob("*")])
    assert "secret" not in kept
    item = service_thread.frame.document_translation.item
    assert "secret" not in str(service_thread.ask(lambda services: services.store.item(item)))


def test_no_password_is_asked_for_that_could_not_be_used(service_thread, tmp_path):
    path = tmp_path / "lease.docx"
    path.write_bytes(ole({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}))
    dropped(service_thread, path)
    service_thread.click("form_begin")
    service_thread.wait(
        lambda: "save a copy without a password in the program it was made with" in words(service_thread)
    )
    assert asked_password(service_thread) is None
    for name in ("save_translation_button", "export_translation_button", "retry_all_button"):
        assert not service_thread.find(name).isEnabled()


def test_a_low_window_with_large_letters_still_shows_segments_and_buttons(service_thread, tmp_path):
    service_thread.ask(lambda services: services.settings.change(font_scale=150))
    service_thread.window.resize(900, 600)
    asked = dropped(service_thread, document(tmp_path))
    inner, area = service_thread.find("document_form_inner", asked), service_thread.find("document_form_area", asked)
    service_thread.wait(lambda: inner.width() <= area.viewport().width())
    assert asked.width() <= 900
    begun(service_thread)
    table, save = service_thread.find("segment_table"), service_thread.find("save_translation_button")
    service_thread.wait(lambda: service_thread.window.height() <= 600 and save.fontMetrics().height() > 18)
    service_thread.find("translation_progress_words").setText(
        "The document cannot be read, for more than one reason. " * 4
    )
    service_thread.wait(lambda: table.viewport().height() >= 3 * table.fontMetrics().lineSpacing())
    scrolled = service_thread.find("document_scroll")
    for name in ("export_translation_button", "retry_all_button", "save_translation_button"):
        button = service_thread.find(name)
        scrolled.ensureWidgetVisible(button)
        assert button.width() >= button.sizeHint().width()
        assert button.visibleRegion().boundingRect().height() >= button.sizeHint().height() - 2, name


def test_shading_of_doubtful_words_is_remembered(service_thread, tmp_path):
    translated(service_thread, document(tmp_path))
    service_thread.click("shade_doubts_box")
    service_thread.wait(lambda: service_thread.ask(lambda services: services.settings.current.translate_doubts))
    service_thread.click("close_translation_button")
    translated(service_thread, document(tmp_path, name="second.docx"))
    service_thread.wait(lambda: service_thread.find("shade_doubts_box").isChecked())
