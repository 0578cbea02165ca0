"""The shield: what is private is shown before it is sent, replaced for the model, and put back: by real clicks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QListWidget

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
LETTER = "Dear Ms Ashworth, Ashworth owes Hollowell & Sons Ltd money. Number 5260001246, project Nightjar."


def shield(program):
    return program.find("redact_button")


def begin(program, text=LETTER):
    """Switch the shield on, write, and press Enter."""
    if not shield(program).isChecked():
        program.click(shield(program))
    box = program.page.composer.input_box
    box.setFocus()
    program.type_into(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)
    program.wait(lambda: program.find("redaction_preview").isVisible())


def answered(program, count: int = 2) -> None:
    program.click("redaction_send")
    program.wait(lambda: len(program.chat.message_ids) == count)
    program.wait_idle()


def test_who_switches_the_shield_off_while_it_is_looked_sees_no_preview(program):
    """It would promise what is not done any more."""
    program.click(shield(program))
    program.type_into(program.page.composer.input_box, LETTER)
    program.enter()
    shield(program).click()  # in the same turn: a click of the mouse would let the finds come first
    program.ask(lambda services: services.redaction.names())  # the finds have come before it
    assert program.window.findChild(QDialog, "redaction_preview") is None
    assert program.page.composer.text == LETTER


def test_words_written_while_a_message_is_looked_through_stay(program):
    program.click(shield(program))
    box = program.page.composer.input_box
    program.type_into(box, LETTER)
    program.enter()
    box.insertPlainText(" And Anna?")
    program.wait(lambda: program.window.findChild(QDialog, "redaction_preview") is not None)
    answered(program)
    assert program.page.view.rows[0].view.text.startswith(LETTER)
    assert "Anna" not in program.page.view.rows[0].view.text
    assert program.page.composer.text == "And Anna?"


def rows(program) -> list[tuple[str, bool]]:
    shown = program.find("redaction_list")
    assert isinstance(shown, QListWidget)
    return [
        (shown.item(at).text().splitlines()[0], shown.item(at).checkState() is Qt.CheckState.Checked)
        for at in range(shown.count())
    ]


def prompt(program) -> str:
    answer = program.chat.message_ids[-1]
    got = []
    program.bridge.follow(lambda services: services.chats.seen_by_model(answer), got.append)
    program.wait(lambda: got)
    return got[0].text


def test_a_redacted_message_is_shown_first_and_the_answer_has_the_originals(program):
    begin(program)
    assert ("Ashworth (2 times)", True) in rows(program)
    assert ("5260001246", False) in rows(program)
    assert "1 not sure" in program.find("redaction_said").text()
    assert program.page.composer.text == LETTER
    answered(program)
    row = program.page.view.rows[-1].view
    assert "Ms Ashworth" in row.text
    assert "restored" in row.note
    seen = prompt(program)
    assert "Ashworth" not in seen
    assert "Hollowell" not in seen
    assert "5260001246" in seen
    assert shield(program).isChecked()


def test_cancelling_sends_nothing_and_keeps_the_words(program):
    begin(program)
    QTest.keyClick(program.find("redaction_preview"), Qt.Key.Key_Escape)
    program.wait(lambda: program.window.findChild(QDialog, "redaction_preview") is None)
    assert program.page.composer.text == LETTER
    assert program.chat.message_ids == ()


def test_a_preview_closes_when_its_chat_is_redacted_no_longer(program):
    """Its Send would send nothing."""
    begin(program, "Hello Ms Ashworth")
    program.click("redaction_send")
    program.wait_idle()
    begin(program)
    chat = program.chat.chat
    program.ask(lambda services: services.chats.redact(chat, on=False))  # as in another window
    program.wait(lambda: program.window.findChild(QDialog, "redaction_preview") is None)
    assert program.page.composer.text == LETTER
    assert len(program.chat.message_ids) == 2
    assert not shield(program).isChecked()


def test_what_is_added_and_dropped_counts(program):
    begin(program)
    mark(program, LETTER.index("Nightjar"), LETTER.index("Nightjar") + 8)
    assert ("Nightjar", True) in rows(program)
    program.click("redaction_kind_firm")
    assert ("Hollowell & Sons Ltd", False) in rows(program)
    shown = program.find("redaction_list")
    shown.setFocus()
    shown.setCurrentRow(next(at for at, row in enumerate(rows(program)) if row[0] == "5260001246"))
    QTest.keyClick(shown, Qt.Key.Key_Space)
    QTest.keyClick(shown, Qt.Key.Key_Return)
    program.wait(lambda: len(program.chat.message_ids) == 2)
    program.wait_idle()
    seen = prompt(program)
    assert "Nightjar" not in seen
    assert "5260001246" not in seen
    assert "Hollowell & Sons Ltd" in seen
    assert "Nightjar" in program.page.view.rows[-1].view.text


def mark(program, start, end):
    """Select part of the message and press "Replace too"."""
    text = program.find("redaction_text")
    cursor = text.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(end, cursor.MoveMode.KeepAnchor)
    text.setTextCursor(cursor)
    program.click("redaction_add")


def test_what_is_shown_as_replaced_is_what_is_replaced(program):
    text = "The Bluebird report, secret, names bluebirds and BLUEBIRD."
    begin(program, text)
    mark(program, text.index("Blue"), text.index("Blue") + 4)
    mark(program, text.index(", secret"), text.index(", secret") + 8)
    assert rows(program) == [("Bluebird (3 times)", True), ("secret", True)]
    shown = sorted(one.cursor.selectedText() for one in program.find("redaction_text").extraSelections())
    assert shown == ["BLUEBIRD", "Bluebird", "bluebirds", "secret"]
    answered(program)
    seen = prompt(program).casefold()
    assert not [one for one in ("bluebird", "secret") if one in seen]
    assert text in program.page.view.rows[-1].view.text


def test_what_resembles_a_substitute_is_underlined_and_says_why(program):
    from PySide6.QtGui import QHelpEvent
    from PySide6.QtWidgets import QApplication, QToolTip

    begin(program, "Dear Ms Ashworth, thank you.")
    answered(program)
    chat = program.chat.chat
    table = program.ask(lambda services: services.redaction.table(chat))
    half = next(sub for entry in table for one, sub in entry.pairs if one == "Ashworth")[:-1]
    begin(program, f'#echo {{"answer": "**{half}** wrote, and Ashworth."}}')
    answered(program, 4)
    row = program.page.view.rows[-1]
    assert f"“{half}”" in row.view.note
    text = row.widget.text
    (mark,) = text.extraSelections()
    assert mark.cursor.selectedText() == half
    place = text.cursorRect(mark.cursor).center()
    event = QHelpEvent(QHelpEvent.Type.ToolTip, place, text.viewport().mapToGlobal(place))
    QApplication.sendEvent(text.viewport(), event)
    assert "Resembles a name" in QToolTip.text()
    program.page.view.find("Ashworth")  # words that are looked for are marked beside it
    assert len(text.extraSelections()) == 2
    program.page.view.find("")
    assert [extraselection.cursor.selectedText() for extraselection in text.extraSelections()] == [half]


def test_a_click_on_a_find_drops_it(program):
    begin(program)
    text = program.find("redaction_text")
    cursor = text.textCursor()
    cursor.setPosition(LETTER.index("Ashworth") + 3)
    program.click(text.viewport(), lambda: text.cursorRect(cursor).center())
    assert ("Ashworth (2 times)", False) in rows(program)


def test_the_shield_is_off_in_a_new_chat_and_remembered_in_its_own(program):
    begin(program)
    answered(program)
    first = program.chat.chat
    program.chat.new_chat()
    assert not shield(program).isChecked()
    program.chat.open_chat(first)
    program.wait(lambda: shield(program).isChecked())
    program.click(shield(program))
    program.send("Ashworth")
    program.wait(lambda: len(program.chat.message_ids) == 4)
    program.wait_idle()
    assert "Ashworth" in prompt(program)


def test_names_of_the_settings_are_found_whatever_stands_around_them(program):
    program.window.show_page("Settings")
    program.click("setting_private_names")
    program.find("private_names_text").setPlainText("Nightjar\n\nAnna Berg\nNightjar")
    program.click("private_names_save")
    program.wait(lambda: "2 names" in program.find("private_names_sentence").text())
    names = program.ask(lambda services: services.redaction.names())
    assert [(name.words, str(name.kind)) for name in names] == [("Nightjar", "other"), ("Anna Berg", "person")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_boxes_of_the_list_are_seen_ticked_or_not_in_every_row(program, theme):
    program.frame.settings.change("theme", theme)
    begin(program)
    listed = program.find("redaction_list")
    assert isinstance(listed, QListWidget)
    listed.setCurrentRow(0)
    for at in range(listed.count()):
        item = listed.item(at)
        listed.scrollToItem(item)
        place = listed.visualItemRect(item)
        place.setWidth(30)
        picture = listed.viewport().grab(place).toImage()
        ground = picture.pixelColor(picture.width() - 1, picture.height() - 1).lightness()
        seen = {picture.pixelColor(x, y).lightness() for x in range(picture.width()) for y in range(picture.height())}
        assert max(abs(one - ground) for one in seen) > 60, item.text()
