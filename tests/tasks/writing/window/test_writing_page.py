"""The page Write: changes in the text and beside it, decided on one by one or all; what is kept, opened and saved."""

from __future__ import annotations

import zipfile

import pytest
from docx import Document
from docx.oxml.ns import qn
from fakes.dropping import drop
from fakes.office import docx, paragraph
from fakes.recorder import LARGE, sized
from lxml import etree
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from tasks.writing.window.conftest import looks, on_page, select

from slmdesk.ui.kit.base.theme import DARK, LIGHT

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support|OpenType support missing", extend=True),
]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
TEXT = "We recieved it on 3 May.\nThe two key was lost.\n\nMr Kruger paid 20 euros."
RIGHT = "We received it on 3 May.\nThe two keys were lost.\n\nMr Kruger paid 20 euros."
KNOWN = {
    "We recieved it on 3 May.": "We received it on 3 May.",
    "The two key was lost.": "The two keys were lost.",
    "Mr Kruger paid 20 euros.": "Mr Krüger paid 30 euros.",
}


def able(program):
    """The program, with a model that is large enough to correct well."""
    sized(program.services, LARGE)
    return program


@pytest.fixture
def program(begin):
    return able(begin(known=KNOWN))


def put(program, text=TEXT):
    program.edit.setFocus()
    program.edit.setPlainText(text)
    program.wait(lambda: program.writing.text == text)


def correct(program, text=TEXT, count=5):
    put(program, text)
    program.click("writing_correct")
    program.wait(lambda: not program.writing.corrections.is_busy)
    program.wait(lambda: len(changes(program)) == count)


def changes(program):
    return program.find("writing_changes").changes


def rows(program):
    return [(row.text, *row.notes, row.doubts) for row in program.find("writing_changes").rows.statements]


def said(program):
    return program.find("writing_said").text()


def formats(program):
    """The words with a look of their own: (words, struck through, colour)."""
    return [(words, form.fontStrikeOut(), form.foreground().color().name()) for words, form in looks(program.edit)]


def test_changes_stand_in_the_text_and_in_the_list_and_nothing_moves(program):
    watched = ("writing_editor", "writing_pane", "writing_correct", "writing_rewrite", "writing_accept_all")

    def places():
        widgets = [program.find(name) for name in watched]
        return [(widget.mapTo(program.window, QPoint()), widget.size()) for widget in widgets]

    put(program)
    before = places()
    assert primaries(program) == ["writing_correct"]
    correct(program)
    assert places() == before
    assert rows(program) == [
        ("recieved → received", "Word", ""),
        ("key → keys", "Word", ""),
        ("was → were", "Word", ""),
        ("Kruger → Krüger", "changes a name"),
        ("20 → 30", "changes a number or a date"),
    ]
    shown = formats(program)
    colours = {"light": LIGHT, "dark": DARK}[program.frame.keeper.theme.name]
    assert shown[0] == ("recieved", True, colours.removed.lower())
    assert shown[1] == ("received", False, colours.added.lower())
    assert shown[-1] == ("30", False, colours.warn.lower())
    assert program.writing.text == TEXT, "nobody has decided yet"
    assert "5 changes found, 2 to check." in said(program)
    assert program.find("writing_changes_title").text() == "5 changes · 2 to check"
    sheet = program.find("writing_editor")
    assert sheet.width() <= 720
    assert abs(2 * sheet.x() + sheet.width() - sheet.parentWidget().width()) <= 1, "in the middle of the desk"
    steps = program.edit.document().availableUndoSteps()
    program.frame.keeper.set_choice("dark" if colours is LIGHT else "light")
    assert formats(program)[0] == ("recieved", True, program.frame.keeper.theme.removed.lower())
    assert program.edit.document().availableUndoSteps() >= steps
    QTest.keyClick(program.edit, Qt.Key.Key_Z, CTRL)
    program.wait(lambda: not changes(program))
    assert program.edit.toPlainText() == TEXT


def primaries(program):
    buttons = (program.find(name) for name in ("writing_correct", "writing_accept_all"))
    return [button.objectName() for button in buttons if button.property("kind") == "primary"]


def test_all_are_accepted_but_the_doubtful_ones_which_is_said_and_undone(program):
    correct(program)
    accept = program.find("writing_accept_all")
    assert accept.text() == "Accept 3"
    assert primaries(program) == ["writing_accept_all"], "what comes next"
    program.click(accept)
    program.wait(lambda: len(changes(program)) == 2)
    assert program.writing.text == RIGHT
    assert said(program) == "3 changes accepted. 2 to check stay open."
    assert not accept.isEnabled()
    QTest.keyClick(program.edit, Qt.Key.Key_Z, CTRL)
    program.wait(lambda: len(changes(program)) == 5)
    assert program.writing.text == TEXT
    program.click("writing_refuse_all")
    program.wait(lambda: not changes(program))
    assert primaries(program) == ["writing_correct"]
    assert program.edit.toPlainText() == TEXT
    assert not formats(program)
    assert program.find("writing_pane").isVisible(), "its place is kept"


def test_changes_are_decided_on_by_their_links(program):
    correct(program)
    listed = program.find("writing_changes")
    program.click_item(listed, listed.rows.index(2))
    tracked = program.edit.tracked
    assert program.edit.textCursor().position() == tracked.pending[2].position
    cursor = program.edit.textCursor()
    cursor.setPosition(tracked.pending[3].position + 1)
    program.edit.setTextCursor(cursor)
    assert listed.number == changes(program)[3].number

    def press(row, which):
        link = listed.painter.drawn(listed.rows.rows[row]).links[which].place
        place = listed.visualRect(listed.rows.index(row)).topLeft() + link.center().toPoint()
        QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=place)

    press(0, 0)
    program.wait(lambda: len(changes(program)) == 4)
    assert program.writing.text.startswith("We received it")
    assert program.edit._current == listed.number == changes(program)[0].number, "its words light up"
    press(1, 1)
    program.wait(lambda: len(changes(program)) == 3)
    assert [change.old for change in changes(program)] == ["key", "Kruger", "20"]


def test_changes_are_decided_on_by_keys_one_by_one(program):
    correct(program)
    program.edit.setFocus()
    QTest.keyClick(program.edit, Qt.Key.Key_F8)
    assert program.find("writing_changes").number == changes(program)[0].number
    QTest.keyClick(program.edit, Qt.Key.Key_Return, CTRL)
    program.wait(lambda: len(changes(program)) == 4)
    assert program.writing.text.startswith("We received it")
    QTest.keyClick(program.edit, Qt.Key.Key_F8)
    QTest.keyClick(program.edit, Qt.Key.Key_F8, SHIFT)
    QTest.keyClick(program.edit, Qt.Key.Key_Return, CTRL | SHIFT)
    program.wait(lambda: len(changes(program)) == 3)
    assert [change.old for change in changes(program)] == ["was", "Kruger", "20"]
    listed = program.find("writing_changes")
    listed.setFocus()
    QTest.keyClick(listed, Qt.Key.Key_Return)
    program.wait(lambda: len(changes(program)) == 2)
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    QTest.keyClick(listed, Qt.Key.Key_Return)
    program.wait(lambda: not changes(program))
    assert program.writing.text == "We received it on 3 May.\nThe two key were lost.\n\nMr Kruger paid 30 euros."


def test_options_are_in_a_popover_and_are_settings(program):
    program.click("writing_options")
    box = program.find("writing_spelling")
    assert box.isChecked()
    program.click(box)
    program.wait(lambda: not program.frame.settings.current.spelling)
    program.frame.settings.change("spelling", True)
    program.wait(box.isChecked)


def test_what_is_typed_while_a_correction_runs_is_kept_and_what_no_longer_fits_is_left_out(begin, tmp_path):
    program = able(begin(known=KNOWN, until=str(tmp_path / "go on")))
    put(program)
    program.click("writing_correct")
    program.wait(lambda: program.find("writing_stop").isVisible())
    cursor = program.edit.textCursor()
    cursor.setPosition(TEXT.index("two"))
    program.edit.setTextCursor(cursor)
    QTest.keyClicks(program.edit, "last ")
    cursor.setPosition(0)
    program.edit.setTextCursor(cursor)
    QTest.keyClicks(program.edit, "Hello.")
    QTest.keyClick(program.edit, Qt.Key.Key_Return)
    (tmp_path / "go on").touch()
    program.wait(lambda: not program.writing.corrections.is_busy)
    program.wait(lambda: len(changes(program)) == 3)
    assert [change.old for change in changes(program)] == ["recieved", "Kruger", "20"]
    assert program.writing.text == "Hello.\n" + TEXT.replace("two", "last two")
    assert "2 changes no longer fitted the text as you have edited it, and were left out." in said(program)
    program.click("writing_accept_all")
    assert "We received it" in program.writing.text


def test_words_typed_in_a_change_or_over_one_belong_to_none(program):
    correct(program)
    where = program.edit.tracked.pending[0]
    cursor = program.edit.textCursor()
    cursor.setPosition(where.last)
    program.edit.setTextCursor(cursor)
    QTest.keyClicks(program.edit, "!")
    cursor.setPosition(program.edit.tracked.pending[1].position)
    cursor.setPosition(program.edit.tracked.pending[1].last, cursor.MoveMode.KeepAnchor)
    program.edit.setTextCursor(cursor)
    QTest.keyClicks(program.edit, "bell")
    program.wait(lambda: len(changes(program)) == 4)
    assert program.writing.text.startswith("We recieved! it on 3 May.\nThe two bell was lost.")
    select(program, "recieved\u2005received! it")
    QTest.keyClick(program.edit, Qt.Key.Key_C, CTRL)
    assert QApplication.clipboard().text() == "recieved! it"
    program.click("writing_refuse_all")
    assert program.writing.text.startswith("We recieved! it on 3 May.\nThe two bell was lost.")


def test_a_correction_can_be_stopped_and_what_was_found_stays(begin):
    program = able(begin(known=KNOWN, slow=0.05))
    put(program, TEXT + "\n" + "\n".join(f"Line {number} stays as it is written here." for number in range(20)))
    program.click("writing_correct")
    program.wait(lambda: changes(program))
    program.click("writing_stop")
    assert said(program).startswith("Stopped.")
    assert not program.find("writing_stop").isVisible()
    in_text = {change.number for change in program.edit.tracked.pending}
    assert in_text
    program.ask(lambda services: None)
    assert {change.number for change in program.edit.tracked.pending} == in_text
    program.wait(lambda: len(changes(program)) == len(in_text))  # the list follows the text soon


def test_only_what_is_selected_is_corrected(program):
    put(program)
    select(program, "The two key was lost.")
    program.wait(lambda: "selected" in program.find("writing_count").text())
    assert "5 selected" in program.find("writing_count").text()
    QTest.keyClick(program.edit, Qt.Key.Key_F7)
    program.wait(lambda: len(changes(program)) == 2 and not program.writing.corrections.is_busy)
    assert [change.new for change in changes(program)] == ["keys", "were"]


def test_without_a_model_it_is_said_what_is_missing(start):
    program = on_page(start())
    put(program)
    program.click("writing_correct")
    program.wait(lambda: said(program) == "There is no model yet. Add a model file (.gguf) first.")
    QTest.keyClick(program.edit, Qt.Key.Key_R, CTRL)
    program.wait(lambda: "no model yet" in program.find("suggestion_words").text())


def test_the_text_is_there_again_after_a_kill_and_gone_once_emptied(start, program):
    put(program, "A letter that is not finished")
    program.wait(lambda: program.ask(lambda services: program.frame.state.current.last_writing))
    again = on_page(start(known=KNOWN))  # nobody has closed the first one
    again.wait(lambda: again.edit.toPlainText() == "A letter that is not finished")
    again.edit.setFocus()
    QTest.keyClick(again.edit, Qt.Key.Key_Z, CTRL)
    assert again.edit.toPlainText() == "A letter that is not finished", "opening it is no step of undo"
    again.edit.setPlainText("")
    again.wait(lambda: not again.ask(lambda services: again.frame.state.current.last_writing))


def test_changes_not_decided_on_come_back_with_the_text(start, program):
    correct(program)
    program.writing.corrections.accept(changes(program)[0].number)
    program.writing.corrections.refuse(changes(program)[0].number)
    text, shown = program.writing.text, rows(program)
    assert len(shown) == 3
    program.writing.keep()
    program.wait(lambda: program.ask(lambda services: program.frame.state.current.last_writing))
    again = on_page(start(known=KNOWN))
    again.wait(lambda: rows(again) == shown)
    assert again.writing.text == text
    again.edit.setFocus()
    QTest.keyClick(again.edit, Qt.Key.Key_Z, CTRL)
    assert rows(again) == shown, "opening them is no step of undo"
    again.click("writing_refuse_all")
    again.wait(lambda: not changes(again))
    again.writing.keep()
    QTest.keyClick(again.edit, Qt.Key.Key_N, CTRL)
    again.wait(lambda: again.writing.text == "")
    item = again.ask(lambda services: services.writing.earlier())[0].id
    again.writing.open_item(item)
    again.wait(lambda: again.writing.text == text)
    assert not changes(again), "what was refused stays so"


def test_a_new_text_leaves_the_one_before_and_a_deleted_one_comes_back_by_undo(program):
    put(program, "The first letter")
    QTest.keyClick(program.edit, Qt.Key.Key_N, CTRL)
    program.wait(lambda: program.writing.text == "")
    put(program, "The second letter")
    program.writing.keep()
    listed = program.find("writing_list")

    def titles():
        return [listed.item(row).text() for row in range(listed.count())]

    program.wait(lambda: titles() == ["The second letter", "The first letter"])
    program.wait(lambda: listed.currentRow() == 0)
    QTest.keyClicks(program.find("writing_search"), "first")
    program.wait(lambda: titles() == ["The first letter"])
    program.click_item(listed, 0)
    program.wait(lambda: program.writing.text == "The first letter")
    assert listed.currentRow() == 0
    menu = program.find("writing_more").menu()
    next(action for action in menu.actions() if action.objectName() == "delete_writing").trigger()
    program.wait(lambda: any("moved to the trash" in notice for notice in program.notices()))
    assert program.writing.text == ""
    entries = program.ask(lambda services: services.history.items("writing"))
    assert [entry.title for entry in entries] == ["The second letter"]
    program.click("notice_action")
    program.wait(lambda: program.writing.text == "The first letter")


def test_a_word_file_that_is_dropped_is_opened_as_its_words(program, tmp_path):
    for name, place in (("page", program.find("writing_page")), ("sheet", program.edit.viewport())):
        path = tmp_path / f"{name}.docx"
        path.write_bytes(docx(paragraph("We recieved it on 3 May.") + paragraph(f"The {name} was lost.")))
        drop(place, path)
        program.wait(lambda name=name: program.writing.text == f"We recieved it on 3 May.\nThe {name} was lost.")
        assert said(program).startswith(f"{name}.docx is opened: its words, without formatting.")


def test_an_opened_word_file_gets_tracked_changes_in_its_own_formatting(program, tmp_path):
    bold = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>The two key was lost.</w:t></w:r></w:p>"
    path, target = tmp_path / "letter.docx", tmp_path / "out.docx"
    path.write_bytes(docx(paragraph("We recieved it on 3 May.") + bold + paragraph("Mr Kruger paid 20 euros.")))
    program.writing.open_files([path])
    program.wait(lambda: program.writing.text.endswith("20 euros."))
    program.click("writing_correct")
    program.wait(lambda: not program.writing.corrections.is_busy and len(changes(program)) == 5)
    QTest.keyClick(program.edit, Qt.Key.Key_F8)
    QTest.keyClick(program.edit, Qt.Key.Key_Return, CTRL)
    program.edit.moveCursor(program.edit.textCursor().MoveOperation.End)
    QTest.keyClicks(program.edit, " Indeed.")
    QTest.keyClick(program.edit, Qt.Key.Key_Return)
    QTest.keyClicks(program.edit, "A new paragraph.")
    QTest.keyClick(program.edit, Qt.Key.Key_S, CTRL)
    dialog = program.find("export_dialog")
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(lambda: any("with 4 tracked changes and its own formatting" in notice for notice in program.notices()))
    words = next(notice for notice in program.notices() if "tracked changes" in notice)
    assert "1 change is not in the file: new paragraphs, or words across formatting." in words
    assert "2 changes to check are not in the file: decide on them first." in words
    with zipfile.ZipFile(target) as made:
        root = etree.fromstring(made.read("word/document.xml"))
    marks = [(etree.QName(node).localname, "".join(node.itertext())) for node in root.iter(qn("w:ins"), qn("w:del"))]
    assert marks == [
        ("del", "recieved"), ("ins", "received"), ("del", "key"), ("ins", "keys"), ("del", "was"), ("ins", "were"),
        ("ins", " Indeed."),
    ]  # fmt: skip
    assert sum(element.find(f".//{qn('w:b')}") is not None for element in root.iter(qn("w:ins"), qn("w:del"))) == 4


def test_a_message_is_opened_to_be_written_on(program):
    program.window.show_page("Chat")
    program.say("Dear Ms Nowak")
    view = program.page.view
    view.rows[-1].widget.text.menu_requested.emit(program.window.rect().center(), "")
    menu = view.findChild(QMenu, "message_menu")
    next(action for action in menu.actions() if action.text() == "Open in Write").trigger()
    menu.close()
    program.wait(lambda: program.edit.isVisible())
    assert "Dear Ms Nowak" in program.writing.text


def test_a_word_file_gets_what_is_not_decided_as_tracked_changes(program, tmp_path):
    correct(program)
    program.edit.setFocus()
    QTest.keyClick(program.edit, Qt.Key.Key_F8)
    QTest.keyClick(program.edit, Qt.Key.Key_Return, CTRL)
    program.wait(lambda: len(changes(program)) == 4)
    target = tmp_path / "out.docx"
    QTest.keyClick(program.edit, Qt.Key.Key_S, CTRL)
    dialog = program.find("export_dialog")
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(lambda: any("4 open changes" in notice for notice in program.notices()))
    Document(str(target))
    with zipfile.ZipFile(target) as made:
        body, comments = made.read("word/document.xml").decode(), made.read("word/comments.xml").decode()
    assert body.count("<w:ins ") == 2
    assert body.count("<w:del ") == 2
    assert "We received it" in body
    assert "“Krüger” instead? (suggestion, figure or name: changes a name)" in comments
