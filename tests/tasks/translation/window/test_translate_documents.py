"""A document translated in the window: asked about first, followed, looked through, changed, written."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from fakes.compound_file import compound_file
from fakes.dropping import drop
from fakes.office import docx, paragraph
from fakes.tiny_pdf import TinyPdf, lines
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget
from tasks.translation.window.conftest import choose_value, on_page, tab, with_options

from slmdesk.base.translation import NewSegment, Origin, SegmentFlag, SegmentState, Term
from slmdesk.tasks.translation.types import SegmentChanged
from slmdesk.ui.kit.widgets.dialogs import LineQuestion
from slmdesk.ui.translation.documents import DocumentForm
from slmdesk.ui.translation.segment_table import SegmentModel, sign_of

pytestmark = pytest.mark.gui
CONTROL = Qt.KeyboardModifier.ControlModifier


def document(tmp_path, *words, name="lease.docx"):
    path = tmp_path / name
    texts = words or ("The rent is due today.", "You must not sublet.", "12 %")
    path.write_bytes(docx("".join(paragraph(text) for text in texts)))
    return path


def dropped(program, *paths):
    """Dropped on the page; the form that asks how."""
    drop(program.translate, *paths)
    program.wait(lambda: form(program) is not None)
    return form(program)


def form(program):
    return next((widget for widget in program.window.findChildren(DocumentForm) if widget.isVisible()), None)


def translated(program, path):
    """Dropped and done, with no further question."""
    drop(program.translate, path)
    program.wait(lambda: program.find("translation_title").full_text == path.name and is_done(program))


def otherwise(program):
    """The form to translate the shown document in another way."""
    program.wait(lambda: program.find("document_options_button").isVisible())
    with_options(program, "document_otherwise_button", "document_options_button")
    program.wait(lambda: form(program) is not None)
    return form(program)


def begun(program):
    """The form's button, and the end of the translation."""
    before = program.frame.translate_page.document.item
    program.click("form_begin")
    program.wait(lambda: program.frame.translate_page.document.item != before and is_done(program))
    come_forward(program)


def come_forward(program):
    """After a dialog the window is in front again, as a desktop has it."""
    program.window.activateWindow()
    program.wait(program.window.isActiveWindow)


def is_done(program):
    return program.find("save_translation_button").isEnabled() and (
        "translated" in words(program) or "Written" in words(program)
    )


def words(program):
    return program.find("translation_progress_words").text()


def rows(program):
    """Source, translation and state of what the table shows, in its order."""
    model, state = program.find("segment_table").model(), Qt.ItemDataRole.AccessibleTextRole
    return [
        (model.index(at, 0).data(), model.index(at, 1).data(), model.index(at, 2).data(state))
        for at in range(model.rowCount())
    ]


def row_of(program, source):
    return [row[0] for row in rows(program)].index(source)


GERMAN = ("Die Miete ist am ersten Werktag fällig.", "Der Mieter darf die Wohnung nicht untervermieten.")


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_a_document_in_the_last_target_goes_into_another_and_a_person_chooses_any(program, tmp_path):
    program.frame.translate.set_target("de")
    translated(program, document(tmp_path, *GERMAN))
    assert program.find("document_target").currentData() == "en"
    program.wait(lambda: "From German" in program.find("document_target").toolTip())
    program.find("document_target").showPopup()
    program.type_into("language_search", "french")
    QTest.keyClick(program.find("language_search"), Qt.Key.Key_Return)
    program.wait(lambda: program.frame.translate_page.document.languages[1] == "fr" and is_done(program))
    otherwise(program)
    assert program.find("form_target").currentData() == "fr"
    choose_value(program.find("form_target"), "de")
    program.wait(lambda: program.frame.translate_page.document.segments.language)
    program.wait(lambda: "German" in program.find("form_said").text())
    choose_value(program.find("form_target"), "de")
    program.click("form_begin")
    assert "Choose another language" in program.find("form_said").text()
    choose_value(program.find("form_source"), "de")
    program.click("form_begin")
    assert "different languages" in program.find("form_said").text()
    choose_value(program.find("form_source"), "nl")  # a person knows better
    begun(program)


def choose(program, row):
    table = program.find("segment_table")
    table.setFocus()
    program.wait(lambda: table.model().rowCount() > row)
    table.setCurrentIndex(table.model().index(row, 1))
    return table


def type_into(program, row, text):
    """F2, words, Enter."""
    table = choose(program, row)
    QTest.keyClick(table, Qt.Key.Key_F2)
    program.wait(lambda: table.findChild(object, "segment_editor") is not None)
    editor = program.find("segment_editor")
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def offered(panel, name):
    """What can be taken; one that is on its way out does not count."""
    return next((widget for widget in panel.findChildren(QWidget, name) if widget.isVisible()), None)


def saved(program, name, dialog_name, target):
    program.click(name) if name else None
    program.wait(lambda: program.translate.findChild(QFileDialog, dialog_name) is not None)
    dialog = program.translate.findChild(QFileDialog, dialog_name)
    proposed = Path(dialog.selectedFiles()[0]).name
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(lambda: program.find("open_translation_button").isVisible())
    return proposed


def test_the_end_is_told_before_the_list_is_counted_again(monkeypatch, request, tmp_path):
    """On a slow PC it is older than the end: no segment, or none that is translated."""
    monkeypatch.setattr("slmdesk.ui.translation.segment_list.COUNT_MS", 3_600_000)
    program = request.getfixturevalue("program")
    translated(program, document(tmp_path))
    assert words(program).startswith("2 segments are translated, 1 to check.")


def test_a_dropped_document_is_translated_edited_saved_and_opened_again(program, tmp_path):
    translated(program, document(tmp_path))
    program.wait(lambda: len(rows(program)) == 2)
    check, rest = "You must not sublet.", "The rent is due today."
    program.wait(lambda: rows(program) == [
        (check, "yOU MUST NOT SUBLET.", "translated"), (rest, "tHE RENT IS DUE TODAY.", "translated"),
    ])  # fmt: skip
    assert "1 to check" in words(program)
    program.wait(lambda: "Negation" in program.find("segment_marks").text())
    type_into(program, 0, "Untervermieten ist nicht erlaubt.")
    program.wait(lambda: rows(program)[0] == (check, "Untervermieten ist nicht erlaubt.", "edited"))
    program.wait(lambda: words(program) == "2 segments are translated.")
    assert program.find("segment_marks").text() == ""
    choose(program, 1)
    program.click("approve_segment_button")
    program.wait(lambda: rows(program)[1][2] == "approved")
    target = tmp_path / "out.docx"
    assert saved(program, "save_translation_button", "save_translation_dialog", target) == "lease.de.docx"
    with zipfile.ZipFile(target) as made:
        assert "Untervermieten ist nicht erlaubt." in made.read("word/document.xml").decode()
    report = tmp_path / "report.json"
    menu = program.find("handout_menu")
    next(action for action in menu.actions() if action.objectName() == "handout_report_json").trigger()
    assert saved(program, "", "export_dialog", report) == "lease de report.json"
    program.wait(report.exists)
    tab(program, 0)
    program.window.open_bar()
    listed = program.find("earlier_list")
    program.wait(lambda: listed.count() == 1)
    assert listed.item(0).text().startswith("lease.docx → German")
    program.click_item(listed, 0)
    program.wait(lambda: program.find("document_translation_pane").isVisible() and len(rows(program)) == 2)
    assert program.find("save_translation_button").isEnabled()


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_form_asks_what_fits_the_document_and_remembers(program, tmp_path):
    def glossary(services):
        made = services.store.glossaries.add("law", source_language="en", target_language="de")
        services.store.terms.add(made.id, [Term("rent", "Miete")])
        services.store.glossaries.change(
            services.store.glossaries.add("french", source_language="en", target_language="fr").id
        )
        return made.id

    known = program.ask(glossary)
    translated(program, document(tmp_path))
    asked = otherwise(program)
    assert program.find("form_names", asked).text() == "lease.docx"
    program.wait(lambda: program.find("form_glossaries", asked).count() == 1)
    assert not program.find("form_columns", asked).isVisible()
    assert not program.find("form_sheet_names", asked).isVisible()
    program.click("form_properties")
    glossaries = program.find("form_glossaries", asked)
    glossaries.item(0).setCheckState(Qt.CheckState.Unchecked)
    target = program.find("form_target", asked)
    choose_value(target, "fr")
    program.wait(lambda: glossaries.count() == 1 and glossaries.item(0).text().startswith("french"))
    choose_value(target, "de")
    program.wait(lambda: glossaries.item(0).text().startswith("law"))
    glossaries.item(0).setCheckState(Qt.CheckState.Unchecked)
    begun(program)
    item = program.frame.translate_page.document.item
    request = program.ask(lambda services: services.translations.open(item)).request
    assert request.properties
    assert request.glossaries == ("none",), known
    asked = otherwise(program)
    assert program.find("form_properties", asked).isChecked()
    program.click("form_cancel")
    program.wait(lambda: form(program) is None)
    assert program.find("document_translation_pane").isVisible()


def test_columns_of_a_table_are_offered_and_obeyed(program, tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("id,stars,text\nA-1,5,I like it very much\nA-2,1,It broke after two days\n", "utf-8")
    asked = dropped(program, path)
    columns = program.find("form_columns", asked)
    program.wait(lambda: columns.count() == 3)
    ticked = [columns.item(row).checkState() is Qt.CheckState.Checked for row in range(3)]
    assert ticked == [False, False, True], "the one with sentences"
    assert "It broke" in columns.item(2).text()
    begun(program)
    program.wait(lambda: len(rows(program)) == 3)
    assert {source for source, _, _ in rows(program)} == {"text", "I like it very much", "It broke after two days"}


def test_several_documents_go_one_after_another_and_are_written_beside(program, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    first, second = document(tmp_path, "It is late.", name="one.docx"), document(folder, "Go home.", name="two.docx")
    (folder / "one.xyz").write_text("nothing of ours")
    program.click("choose_document_button")
    dialog = program.find("choose_document_dialog", program.translate)
    assert "*.docx" in dialog.nameFilters()[0]
    assert "*.zip" not in dialog.nameFilters()[0]
    dialog.close()
    assert "2 documents" in dropped(program, first, folder).windowTitle()
    assert program.find("form_beside").isChecked()
    assert program.find("form_names").text() == "one.docx\ntwo.docx"
    program.click("form_begin")
    for path in (first.with_name("one.de.docx"), second.with_name("two.de.docx")):
        program.wait(path.exists)
    listed = program.find("earlier_list")
    program.wait(lambda: listed.count() == 2)
    program.click_item(listed, next(at for at in range(2) if listed.item(at).text().startswith("two.docx")))
    program.wait(lambda: [source for source, _, _ in rows(program)] == ["Go home."])


def test_what_cannot_be_translated_is_said_and_the_text_stays(program, tmp_path):
    program.type_into("source_text", "Hello there")
    table = tmp_path / "old.xls"
    table.write_bytes(b"x")
    drop(program.translate, table)
    program.wait(lambda: any("old.xls" in notice for notice in program.notices()))
    assert form(program) is None
    path = tmp_path / "broken.docx"
    path.write_bytes(b"PK not a document")
    drop(program.translate, path)
    program.wait(lambda: "broken.docx" in words(program))
    path = tmp_path / "lease.docx"
    path.write_bytes(compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}))
    drop(program.translate, path)
    program.wait(lambda: "save a copy without a password in the program it was made with" in words(program))
    assert asked_password(program) is None, "none could be used"
    for name in ("save_translation_button", "export_translation_button", "retry_all_button"):
        assert not program.find(name).isEnabled()
    tab(program, 0)
    assert program.find("source_text").toPlainText() == "Hello there"


def test_a_segment_is_translated_once_more_with_a_wish(program, tmp_path):
    translated(program, document(tmp_path, "The rent is due today.", "It is late."))
    program.wait(lambda: len(rows(program)) == 2)
    type_into(program, 0, "Falsch")
    program.wait(lambda: rows(program)[0][1:] == ("Falsch", "edited"))
    choose(program, 0)
    QTest.keyClick(program.find("segment_table"), Qt.Key.Key_R, CONTROL)
    assert program.find("segment_hint").hasFocus()
    program.type_into("segment_hint", "more formal")
    program.wait(lambda: program.find("retry_segment_button").isEnabled())
    QTest.keyClick(program.find("segment_hint"), Qt.Key.Key_Return)
    program.wait(lambda: rows(program)[0][1:] == ("tHE RENT IS DUE TODAY.", "translated"))
    assert program.find("segment_hint").text() == "more formal", "it can be mended, and tried again"
    program.wait(lambda: program.find("retry_segment_button").isEnabled())
    program.click("retry_segment_button")
    program.wait(lambda: program.find("segment_busy").text() == "The model gave the same words again.")
    choose(program, 1)
    program.wait(lambda: program.find("segment_hint").text() == "")


def test_words_without_their_tags_stay_in_the_editor(program, tmp_path):
    path = tmp_path / "a.docx"
    run = "<w:r>{}<w:t xml:space='preserve'>{}</w:t></w:r>".format
    body = run("", "The ") + run("<w:rPr><w:b/></w:rPr>", "end") + run("", " is near.")
    path.write_bytes(docx(f"<w:p>{body}</w:p>"))
    translated(program, path)
    type_into(program, 0, "Das Ende ist nah.")
    program.wait(lambda: program.notices())
    editor = program.find("segment_editor")
    assert editor.toPlainText() == "Das Ende ist nah."
    QTest.keyClick(editor, Qt.Key.Key_Return, CONTROL)  # nor is what it was to replace approved in its place
    program.wait(lambda: program.find("segment_editor") is not editor)
    assert rows(program)[0][2] == "translated"
    editor = program.find("segment_editor")
    assert editor.toPlainText() == "Das Ende ist nah."
    editor.setPlainText("Das <1>Ende</1> ist nah.")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    program.wait(lambda: rows(program)[0][1] == "Das <1>Ende</1> ist nah.")


def test_the_keyboard_alone_goes_through_the_segments(program, tmp_path):
    sentences = ("Cats are in the house.", "You must not go into it.", "Dogs are there.", "You must not leave today.")
    translated(program, document(tmp_path, *sentences))
    table = program.find("segment_table")
    assert table.hasFocus()
    program.wait(lambda: len(rows(program)) == 4 and rows(program)[1][0] == sentences[3])
    assert [row for row in range(4) if sign_of(table.model().segment(row))] == [0, 1]
    choose(program, 2)
    program.find("save_translation_button").setFocus()
    QTest.keyClick(program.find("save_translation_button"), Qt.Key.Key_F3)  # beside the segments too
    assert (table.currentIndex().row(), table.hasFocus()) == (0, True)
    QTest.keyClick(table, Qt.Key.Key_F3)
    assert table.currentIndex().row() == 1
    QTest.keyClick(table, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert table.currentIndex().row() == 0
    QTest.keyClick(table, Qt.Key.Key_Return)
    program.type_into("segment_editor", "Geh fort.")
    QTest.keyClick(program.find("segment_editor"), Qt.Key.Key_Escape)
    program.wait(lambda: table.findChild(object, "segment_editor") is None)
    assert rows(program)[0][1] == "yOU MUST NOT GO INTO IT."
    QTest.keyClick(table, Qt.Key.Key_Return)
    program.type_into("segment_editor", "Geh nicht.")
    QTest.keyClick(program.find("segment_editor"), Qt.Key.Key_Return, CONTROL)
    program.wait(lambda: rows(program)[0][1:] == ("Geh nicht.", "approved"))
    assert table.currentIndex().row() == 1
    QTest.keyClick(table, Qt.Key.Key_A, CONTROL)
    QTest.keyClick(table, Qt.Key.Key_Return, CONTROL)
    program.wait(lambda: {state for _, _, state in rows(program)} == {"approved"})
    program.wait(lambda: words(program) == "4 segments are translated.")  # a person has looked
    QTest.keyClick(table, Qt.Key.Key_Z, CONTROL)
    program.wait(lambda: [state for _, _, state in rows(program)] == ["approved", *["translated"] * 3])
    QTest.keyClick(table, Qt.Key.Key_Z, CONTROL)
    QTest.keyClick(table, Qt.Key.Key_Z, CONTROL)
    program.wait(lambda: rows(program)[0][1:] == ("yOU MUST NOT GO INTO IT.", "translated"))
    program.wait(lambda: "2 to check" in words(program))


def test_of_thousands_of_segments_only_those_in_view_are_measured(program, monkeypatch):
    asked = set()
    words_of = SegmentModel.data

    def data(model, index, role=Qt.ItemDataRole.DisplayRole):
        asked.add(index.row())
        return words_of(model, index, role)

    def fill(services):
        settings = {"request": {"target": "de", "path": "/long.docx"}}
        item = services.store.items.add("translation", "long.docx → German", settings=settings)
        state = SegmentState.TRANSLATED
        new = [NewSegment(at, f"Sentence {at}.", target=f"Satz {at}.", state=state) for at in range(5_000)]
        services.store.segments.add(item.id, new)
        services.store.results.save(item.id, {"done": True})
        return item.id

    monkeypatch.setattr(SegmentModel, "data", data)
    program.frame.translate_page.document.open(program.ask(fill))
    program.wait(lambda: program.find("segment_table").model().rowCount() == 5_000)
    program.wait(lambda: words(program) == "5,000 segments are translated.")
    assert len(asked) < 100


def test_a_deleted_translation_is_no_longer_shown(program, tmp_path):
    translated(program, document(tmp_path))
    item = program.frame.translate_page.document.item
    program.ask(lambda services: services.history.trash(item))
    program.wait(lambda: program.frame.translate_page.document.item == "")
    assert rows(program) == []
    assert program.find("document_target").findData("") == -1
    program.frame.translate_page.document.open(item)
    program.wait(lambda: len(rows(program)) == 2)


def test_a_file_that_was_written_does_not_follow_what_is_changed_and_that_is_said(program, tmp_path):
    translated(program, document(tmp_path))
    program.find("form_beside", otherwise(program)).setChecked(True)
    program.click("form_begin")
    program.wait(lambda: words(program).startswith("Written to"))
    come_forward(program)
    type_into(program, 0, "Falsch")
    program.wait(lambda: words(program).startswith("Changed since"))
    assert words(program).endswith("lease.de.docx was written. Save it again to have that in the file.")


def test_a_running_translation_is_paused_by_a_key_cancelled_and_taken_up_again(with_model, tmp_path):
    program = on_page(with_model(slow=0.05))
    drop(program.translate, document(tmp_path, *(f"This is line number {number} of it." for number in range(30))))
    program.wait(lambda: "of 30 segments" in words(program) and not words(program).startswith(("0 ", "30 ")))
    program.wait(lambda: any(target for _, target, _ in rows(program)))  # the first are shown at once
    come_forward(program)
    program.find("pause_translation_button").setFocus()
    QTest.keyClick(program.find("pause_translation_button"), Qt.Key.Key_Space)
    program.wait(lambda: words(program).startswith("Paused"))
    assert program.find("resume_translation_button").hasFocus()
    QTest.keyClick(program.find("resume_translation_button"), Qt.Key.Key_Space)
    program.wait(lambda: program.find("pause_translation_button").isVisible())
    assert program.find("pause_translation_button").hasFocus()
    program.click("cancel_translation_button")
    program.wait(lambda: words(program).startswith("Cancelled"))
    assert program.find("save_translation_button").isEnabled()
    program.click("resume_translation_button")
    program.click("pause_translation_button")
    program.wait(lambda: words(program).startswith("Paused"))
    tab(program, 0)
    QTest.keyClick(program.window, Qt.Key.Key_J, CONTROL)
    program.wait(lambda: program.frame.jobs_page.isVisible())
    program.wait(lambda: offered(program.frame.jobs_page, "job_open_button") is not None)
    program.click(offered(program.frame.jobs_page, "job_open_button"))
    program.wait(lambda: program.find("document_translation_pane").isVisible())
    program.wait(lambda: words(program).startswith("Paused"))
    program.wait(lambda: len(rows(program)) == 30)
    program.click("resume_translation_button")
    program.wait(lambda: words(program).startswith("30 segments are translated"))
    assert all(target for _, target, _ in rows(program))


def test_the_memory_and_the_terms_help_with_a_segment(program, tmp_path):
    def known(services):
        made = services.store.glossaries.add("law", source_language="en", target_language="de")
        services.store.terms.add(made.id, [Term("rent", "Miete")])
        pair = [("The rent is due on the first day.", "Die Miete ist am ersten Tag fällig.")]
        services.store.memory.remember("en", "de", pair, domain="legal", origin=Origin.PERSON)

    program.ask(known)
    translated(program, document(tmp_path, "The rent is due on the last day."))
    otherwise(program)
    choose_value(program.find("form_source"), "en")
    begun(program)
    choose(program, 0)
    program.wait(lambda: program.find("segment_marks").text() == "Glossary: rent → Miete")
    assert "1 to check" in words(program)
    glossary = program.ask(lambda services: services.glossaries.all())[0].id
    program.ask(lambda services: services.glossaries.change(glossary, is_active=False))
    program.wait(lambda: "to check" not in words(program))
    similar = program.find("similar_button")
    program.wait(similar.isVisible)
    assert "Die Miete ist am ersten Tag" in similar.text()
    program.click(similar)
    program.wait(lambda: rows(program)[0][1:] == ("Die Miete ist am ersten Tag fällig.", "edited"))
    program.wait(lambda: not similar.isVisible())


def test_what_failed_is_tried_again_and_saving_before_is_warned_of(program, tmp_path):
    path = document(tmp_path, "It is late.", "The rent is due today.", "You must not sublet.")
    translated(program, path)
    item = program.frame.translate_page.document.item
    program.ask(
        lambda services: services.store.segments.change(item, 1, target="", state=SegmentState.FAILED, reason="tags")
    )
    program.click("save_translation_button")
    program.wait(lambda: program.window.findChild(object, "save_anyway") is not None)
    box = program.window.findChild(object, "save_anyway")
    assert program.find("question_text", box).text() == "Still open: 1 could not be translated, 2 to check."
    program.click(program.find("look_first_button", box))
    program.wait(lambda: [row[2] for row in rows(program)] == ["not translated", "translated", "translated"])
    assert program.find("segment_table").currentIndex().row() == 0
    program.wait(lambda: program.find("segment_marks").text() == "the marks of the formatting were lost")
    with_options(program, "retry_all_button", "document_options_button")
    program.wait(lambda: is_done(program))
    program.wait(lambda: rows(program)[0][0] == "You must not sublet.")


def opened_by_mouse(program, row):
    """Two clicks on a translation, again where its row moved between them; the editor that opens."""
    table = program.find("segment_table")
    program.wait(lambda: table.model().rowCount() > row)

    def is_open():
        if table.findChild(object, "segment_editor") is None:
            at = table.visualRect(table.model().index(row, 1)).center()
            QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
            QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        return table.findChild(object, "segment_editor") is not None

    program.wait(is_open)
    return program.find("segment_editor")


def test_nothing_moves_under_an_open_editor_while_the_translation_goes_on_and_ends(with_model, tmp_path):
    program = on_page(with_model(slow=0.02))
    long = "is a long line of the house, which goes on and on until it needs several lines of the table."
    drop(program.translate, document(tmp_path, *(f"This {long} It is {number}." for number in range(5))))
    program.wait(lambda: " of 10 segments" in words(program) and not words(program).startswith("0"))
    come_forward(program)
    editor = opened_by_mouse(program, 2)
    place = editor.mapToGlobal(QPoint(0, 0))
    QTest.keyClicks(editor, "Mine.")
    program.wait(lambda: is_done(program))
    program.wait(lambda: all(target for _, target, _ in rows(program)))
    assert editor.isVisible()
    assert editor.mapToGlobal(QPoint(0, 0)) == place
    table, translation = program.find("segment_table"), program.frame.translate_page.document
    assert table.currentIndex().row() == 2
    QTest.keyClick(editor, Qt.Key.Key_Return)
    program.wait(lambda: "edited" in [state for _, _, state in rows(program)])
    assert [target for _, target, state in rows(program) if state == "edited"] == ["Mine."]
    translation.open(translation.item)
    program.ask(lambda services: None)
    assert table.currentIndex().data() == "Mine."


def test_an_open_editor_keeps_its_segment_whatever_comes_to_be_checked(program, tmp_path):
    translated(program, document(tmp_path, *(f"This is house {number}." for number in range(6))))
    item, table = program.frame.translate_page.document.item, program.find("segment_table")
    program.wait(lambda: len(rows(program)) == 6)

    def change(services):
        changed = services.store.segments.change(item, 5, flags=(SegmentFlag("number", "1"),))
        services.publish(SegmentChanged(item, changed))

    editor = opened_by_mouse(program, 1)
    QTest.keyClicks(editor, "Mine 1.")
    program.ask(change)
    program.wait(lambda: "1 to check" in words(program))
    program.frame.translate_page.document.segments.refresh()
    program.ask(lambda _services: None)
    assert editor.isVisible()
    assert rows(program)[5][0] == "This is house 5."
    QTest.keyClick(editor, Qt.Key.Key_Return)
    program.wait(lambda: rows(program)[0][0] == "This is house 5.")  # what was held back comes now
    program.wait(lambda: rows(program)[row_of(program, "This is house 1.")][1] == "Mine 1.")
    assert table.currentIndex().row() == row_of(program, "This is house 1.")


def answered(program, password):
    """Give a password where one is asked."""
    program.wait(lambda: asked_password(program) is not None)
    dialog = asked_password(program)
    words = program.find("question_text", dialog).text()
    dialog.line.setText(password)
    dialog.accept()
    return words


def asked_password(program):
    return next((question for question in program.window.findChildren(LineQuestion) if question.isVisible()), None)


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_a_locked_document_asks_for_its_password_until_it_is_right(program, tmp_path):
    path = tmp_path / "lease.pdf"
    path.write_bytes(bytes(TinyPdf(password="secret").page(*lines(50, 700, "The tenant pays the rent today."))))
    drop(program.translate, path)
    assert "lease.pdf is locked" in answered(program, "wrong")
    assert "That was not the password" in answered(program, "secret")
    program.wait(lambda: is_done(program))
    program.wait(lambda: [source for source, _, _ in rows(program)] == ["The tenant pays the rent today."])
    assert "becomes a Word document" in words(program)
    target = tmp_path / "out.docx"
    assert saved(program, "save_translation_button", "save_translation_dialog", target) == "lease.de.docx"
    kept = json.dumps([path.name for path in tmp_path.rglob("*")])
    assert "secret" not in kept
    item = program.frame.translate_page.document.item
    assert "secret" not in str(program.ask(lambda services: services.store.items.get(item)))


def test_a_low_window_with_large_letters_still_shows_segments_and_buttons(program, tmp_path):
    program.ask(lambda services: services.settings.change(font_scale=150))
    program.window.resize(900, 600)
    translated(program, document(tmp_path))
    asked = otherwise(program)
    assert asked.width() <= 900
    begun(program)
    table, save = program.find("segment_table"), program.find("save_translation_button")
    program.wait(lambda: program.window.height() <= 600 and save.fontMetrics().height() > 18)
    program.find("translation_progress_words").setText("The document cannot be read, for more than one reason. " * 4)
    program.wait(lambda: table.viewport().height() >= 3 * table.fontMetrics().lineSpacing())
    scrolled = program.find("document_scroll")
    for name in ("document_options_button", "approve_segment_button", "save_translation_button"):
        button = program.find(name)
        scrolled.ensureWidgetVisible(button)
        assert button.width() >= button.sizeHint().width()
        assert button.visibleRegion().boundingRect().height() >= button.sizeHint().height() - 2, name
