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
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget
from tasks.translation.window.conftest import choose_value, on_page, tab

from slmdesk.base.translation import Origin, SegmentState, Term
from slmdesk.ui.kit.widgets.dialogs import LineQuestion
from slmdesk.ui.translation.documents import DocumentForm

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
    take(program, "Translate otherwise…")
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
    document, results = program.frame.translate_page.document, pane(program).controller
    return results.item == document.item and pane(program).report is not None and not results.report.is_draft


def pane(program):
    return program.find("translation_pane")


def words(program):
    """What is said above the segments, or in their place."""
    lead, note = program.find("translation_lead"), program.find("translation_note")
    return (lead.text() if lead is not None and lead.isVisible() else "") or note.text()


def listed(program):
    return program.find("translation_pages")


def state_of(statement):
    if statement.is_approved:
        return "approved"
    return "edited" if statement.is_edited else statement.missing


def rows(program):
    """Source, translation and state of what is listed, in its order."""
    return [(one.other, one.text, state_of(one)) for one in listed(program).rows.statements]


def row_of(program, source):
    return [row[0] for row in rows(program)].index(source)


def marks(program):
    return [one.doubts for one in listed(program).rows.statements if one.is_to_check]


def take(program, words):
    """Choose something in the menu of the pane."""
    menu = program.find("translation_menu")
    menu.aboutToShow.emit()
    action = next(action for action in menu.actions() if action.text() == words)
    assert action.isEnabled()
    action.trigger()


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
    program.wait(lambda: program.frame.translate_page.document.languages[0])
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
    table = listed(program)
    table.setFocus()
    program.wait(lambda: table.model().rowCount() > row)
    table.setCurrentIndex(table.model().index(row, 0))
    return table


def editor_of(program):
    program.wait(lambda: listed(program).findChild(object, "statement_editor") is not None)
    return program.find("statement_editor")


def type_into(program, row, text):
    """F2, words, Enter."""
    QTest.keyClick(choose(program, row), Qt.Key.Key_F2)
    editor = editor_of(program)
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


def test_a_dropped_document_is_translated_edited_saved_and_opened_again(program, tmp_path):
    translated(program, document(tmp_path))
    check, rest = "You must not sublet.", "The rent is due today."
    assert rows(program) == [(check, "yOU MUST NOT SUBLET.", ""), (rest, "tHE RENT IS DUE TODAY.", "")]
    assert words(program) == "2 segments are translated, 1 to check."
    assert marks(program) == ["Negation may be missing (“not”)"]
    type_into(program, 0, "Untervermieten ist nicht erlaubt.")
    program.wait(lambda: rows(program)[0] == (check, "Untervermieten ist nicht erlaubt.", "edited"))
    program.wait(lambda: words(program) == "2 segments are translated.")
    choose(program, 1)
    QTest.keyClick(listed(program), Qt.Key.Key_Return, CONTROL)
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
    earlier = program.find("earlier_list")
    program.wait(lambda: earlier.count() == 1)
    assert earlier.item(0).text().startswith("lease.docx → German")
    program.click_item(earlier, 0)
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
    request = program.ask(lambda services: services.tasks.open(item)).request
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
    earlier = program.find("earlier_list")
    program.wait(lambda: earlier.count() == 2)
    program.click_item(earlier, next(at for at in range(2) if earlier.item(at).text().startswith("two.docx")))
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
    assert not program.find("save_translation_button").isEnabled()
    assert not program.find("translation_export").isVisible()
    tab(program, 0)
    assert program.find("source_text").toPlainText() == "Hello there"


def test_other_words_are_asked_for_with_a_wish_and_taken_back(program, tmp_path):
    translated(program, document(tmp_path, "The rent is due today.", "It is late."))
    type_into(program, 0, "Falsch")
    program.wait(lambda: rows(program)[0][1:] == ("Falsch", "edited"))
    QTest.keyClick(choose(program, 0), Qt.Key.Key_R, CONTROL)
    program.type_into("reword_hint", "more formal")
    QTest.keyClick(program.find("reword_hint"), Qt.Key.Key_Return)
    program.wait(lambda: rows(program)[0][1:] == ("tHE RENT IS DUE TODAY.", ""))
    QTest.keyClick(choose(program, 0), Qt.Key.Key_R, CONTROL)
    program.type_into("reword_hint", "shorter")
    program.click("confirm_reword")
    program.wait(lambda: said(program) == "The model gave the same words again.")
    for _ in range(2):
        QTest.keyClick(listed(program), Qt.Key.Key_Z, CONTROL)
    program.wait(lambda: rows(program)[0][1:] == ("Falsch", "edited"))


def said(program):
    return program.find("translation_note").text()


def test_words_without_their_tags_stay_in_the_editor(program, tmp_path):
    path = tmp_path / "a.docx"
    run = "<w:r>{}<w:t xml:space='preserve'>{}</w:t></w:r>".format
    body = run("", "The ") + run("<w:rPr><w:b/></w:rPr>", "end") + run("", " is near.")
    path.write_bytes(docx(f"<w:p>{body}</w:p>"))
    translated(program, path)
    type_into(program, 0, "Das Ende ist nah.")
    program.wait(lambda: program.notices())
    editor = editor_of(program)
    program.wait(lambda: editor.toPlainText() == "Das Ende ist nah.")
    QTest.keyClick(editor, Qt.Key.Key_Return, CONTROL)  # nor is what it was to replace approved in its place
    program.wait(lambda: program.find("statement_editor") not in (None, editor))
    assert rows(program)[0][2] == ""
    editor = program.find("statement_editor")
    assert editor.toPlainText() == "Das Ende ist nah."
    editor.setPlainText("Das <1>Ende</1> ist nah.")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    program.wait(lambda: rows(program)[0][1] == "Das <1>Ende</1> ist nah.")


def test_the_keyboard_alone_goes_through_the_segments(program, tmp_path):
    sentences = ("Cats are in the house.", "You must not go into it.", "Dogs are there.", "You must not leave today.")
    translated(program, document(tmp_path, *sentences))
    assert [source for source, *_rest in rows(program)] == [sentences[at] for at in (1, 3, 0, 2)]
    table = choose(program, 2)
    program.find("save_translation_button").setFocus()
    QTest.keyClick(program.find("save_translation_button"), Qt.Key.Key_F3)  # beside the segments too
    assert table.currentIndex().row() == 0
    QTest.keyClick(table, Qt.Key.Key_F3)
    assert table.currentIndex().row() == 1
    QTest.keyClick(table, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert table.currentIndex().row() == 0
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Return)
    program.type_into("statement_editor", "Geh fort.")
    QTest.keyClick(program.find("statement_editor"), Qt.Key.Key_Escape)
    program.wait(lambda: table.findChild(object, "statement_editor") is None)
    assert rows(program)[0][1] == "yOU MUST NOT GO INTO IT."
    QTest.keyClick(table, Qt.Key.Key_Return)
    program.type_into("statement_editor", "Geh nicht.")
    QTest.keyClick(program.find("statement_editor"), Qt.Key.Key_Return, CONTROL)
    program.wait(lambda: rows(program)[0][1:] == ("Geh nicht.", "approved"))
    QTest.keyClick(table, Qt.Key.Key_F3)
    assert table.currentIndex().row() == 1
    QTest.keyClick(table, Qt.Key.Key_Return, CONTROL)
    program.wait(lambda: rows(program)[1][2] == "approved")
    program.wait(lambda: words(program) == "4 segments are translated.")  # a person has looked
    for _ in range(2):
        QTest.keyClick(table, Qt.Key.Key_Z, CONTROL)
    program.wait(lambda: rows(program)[0][1:] == ("yOU MUST NOT GO INTO IT.", ""))
    program.wait(lambda: "2 to check" in words(program))
    program.find("translation_filter").show_value("to check")
    program.find("translation_filter").activated.emit(program.find("translation_filter").currentIndex())
    assert len(rows(program)) == 2


def test_a_file_does_not_follow_what_is_changed_and_what_is_deleted_is_shown_no_more(program, tmp_path):
    translated(program, document(tmp_path))
    program.find("form_beside", otherwise(program)).setChecked(True)
    program.click("form_begin")
    written = program.find("document_written")
    program.wait(lambda: written.text().startswith("Written to"))
    come_forward(program)
    type_into(program, 0, "Falsch")
    program.wait(lambda: written.text().startswith("Changed since"))
    assert written.text().endswith("lease.de.docx was written. Save it again to have that in the file.")
    item = program.frame.translate_page.document.item
    program.ask(lambda services: services.history.trash(item))
    program.wait(lambda: program.find("document_empty").isVisible())
    program.frame.translate_page.document.open(item)
    program.wait(lambda: program.find("translation_pane").isVisible() and len(rows(program)) == 2)


def test_a_running_translation_is_paused_by_a_key_cancelled_and_taken_up_again(with_model, tmp_path):
    program = on_page(with_model(slow=0.05))
    drop(program.translate, document(tmp_path, *(f"This is line number {number} of it." for number in range(30))))
    program.wait(lambda: program.find("pause_translation_button").isVisible())
    program.wait(lambda: any(target for _, target, _ in rows(program)))  # the first are shown at once
    come_forward(program)
    pause, making = program.find("pause_translation_button"), program.find("making_translation_words")
    pause.setFocus()
    QTest.keyClick(pause, Qt.Key.Key_Space)
    program.wait(lambda: making.text().startswith("Paused"))
    QTest.keyClick(pause, Qt.Key.Key_Space)
    program.wait(lambda: not making.text().startswith("Paused"))
    program.click("cancel_translation_button")
    program.wait(lambda: words(program).startswith("Cancelled"))
    program.wait(lambda: program.find("save_translation_button").isEnabled())
    take(program, "Try again")
    program.wait(lambda: pause.isVisible())
    program.click("pause_translation_button")
    program.wait(lambda: making.text().startswith("Paused"))
    tab(program, 0)
    QTest.keyClick(program.window, Qt.Key.Key_J, CONTROL)
    program.wait(lambda: program.frame.jobs_page.isVisible())
    program.wait(lambda: offered(program.frame.jobs_page, "job_open_button") is not None)
    program.click(offered(program.frame.jobs_page, "job_open_button"))
    program.wait(lambda: program.find("document_translation_pane").isVisible())
    program.wait(lambda: making.text().startswith("Paused"))
    program.wait(lambda: len(rows(program)) == 30)
    program.click("pause_translation_button")
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
    program.wait(lambda: marks(program) == ["Glossary: rent → Miete"])
    assert "1 to check" in words(program)
    glossary = program.ask(lambda services: services.glossaries.all())[0].id
    program.ask(lambda services: services.glossaries.change(glossary, is_active=False))
    program.wait(lambda: "to check" not in words(program))
    similar = program.find("similar_button")
    program.wait(similar.isVisible)
    assert "Die Miete ist am ersten Tag" in similar.text()
    program.click(similar)
    program.wait(lambda: rows(program)[0][1:] == ("Die Miete ist am ersten Tag fällig.", "edited"))


def test_what_failed_is_tried_again_and_saving_before_is_warned_of(program, tmp_path):
    path = document(tmp_path, "It is late.", "The rent is due today.", "You must not sublet.")
    translated(program, path)
    item = program.frame.translate_page.document.item
    program.ask(
        lambda services: services.store.segments.change(item, 1, target="", state=SegmentState.FAILED, reason="tags")
    )
    program.frame.translate_page.document.open(item)
    program.wait(lambda: "the marks of the formatting were lost" in marks(program))
    program.click("save_translation_button")
    program.wait(lambda: program.window.findChild(object, "save_anyway") is not None)
    box = program.window.findChild(object, "save_anyway")
    assert program.find("question_text", box).text() == "Still open: 1 could not be translated, 2 to check."
    program.click(program.find("look_first_button", box))
    program.wait(lambda: listed(program).hasFocus())
    take(program, "Try again")
    program.wait(lambda: is_done(program) and words(program).startswith("3 segments are translated, 1 to check"))


def test_what_is_typed_stays_while_the_translation_goes_on_and_ends(with_model, tmp_path):
    program = on_page(with_model(slow=0.02))
    drop(program.translate, document(tmp_path, *(f"This is house {number}. It is old." for number in range(5))))
    program.wait(lambda: any(target for _, target, _ in rows(program)))
    come_forward(program)
    table, at = listed(program), row_of(program, "This is house 3.")
    place = table.visualRect(table.model().index(at, 0)).center()
    for click in (QTest.mouseClick, QTest.mouseDClick):
        click(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    editor = editor_of(program)
    QTest.keyClicks(editor, "Mine.")
    program.wait(lambda: all(target for _, target, _ in rows(program)))
    program.wait(lambda: is_done(program))
    assert editor.isVisible()
    assert row_of(program, "This is house 3.") == at == table.currentIndex().row()
    QTest.keyClick(editor, Qt.Key.Key_Return)
    program.wait(lambda: rows(program)[at][1:] == ("Mine.", "edited"))


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
    assert "becomes a Word document" in program.find("translation_notes").text()
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
    table, save = listed(program), program.find("save_translation_button")
    program.wait(lambda: program.window.height() <= 600 and save.fontMetrics().height() > 18)
    program.wait(lambda: table.viewport().height() >= 3 * table.fontMetrics().lineSpacing())
    for name in ("translation_more_button", "save_translation_button", "translation_next"):
        button = program.find(name)
        assert button.visibleRegion().boundingRect().height() >= button.sizeHint().height() - 2, name
