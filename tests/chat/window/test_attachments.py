"""Documents in the chat's composer: attached, read, counted, sent, shown, kept over a restart."""

from __future__ import annotations

import pytest
from fakes.compound_file import compound_file
from fakes.dropping import drop
from fakes.tiny_pdf import TinyPdf, lines
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QToolButton, QWidget

from slmdesk.base.runtime.events import Pending
from slmdesk.base.types import AttachMode
from slmdesk.ui.chat.attachment_chips import AttachmentBar, Draft, pasted_draft
from slmdesk.ui.chat.attachments import AttachController
from slmdesk.ui.chat.composer import is_long
from slmdesk.ui.kit.base.bridge import Bridge

pytestmark = pytest.mark.gui


@pytest.fixture
def manual(tmp_path):
    path = tmp_path / "manual.txt"
    path.write_text("The pump stops at 12 bar.\fThe valve opens in winter and closes in summer.")
    return path


def drafts(program):
    return program.chat.attached.now


def wait_read(program, count=1):
    program.wait(
        lambda: len(drafts(program)) == count and all(draft.is_settled and draft.pages for draft in drafts(program))
    )


def extras(program):
    return [button for button in program.page.view.findChildren(QToolButton, "message_extra") if button.isVisible()]


def test_a_dropped_file_becomes_a_chip_and_goes_with_the_question_in_the_way_that_is_chosen(program, manual):
    drop(program.page, manual)
    wait_read(program)
    (chip,) = program.page.composer.attachments.chips
    assert chip.isVisible()
    program.type("When does the pump stop?")
    program.wait(lambda: "whole" in drafts(program)[0].words)
    program.wait(lambda: "whole" in chip.accessibleName())
    program.enter()
    program.wait_idle()
    assert program.messages()[0].attachments[0].attached.is_whole
    assert drafts(program) == []
    assert not program.page.composer.attachments.isVisible()
    program.wait(lambda: [extra for extra in extras(program) if "manual.txt \u00b7 whole" in extra.accessibleName()])
    program.click("new_chat_button")
    drop(program.page, manual)
    wait_read(program)
    program.chat.attached.set_mode(drafts(program)[0].key, AttachMode.PASSAGES)
    program.type("And the valve?")
    program.wait(lambda: "by passages" in drafts(program)[0].words)
    program.enter()
    program.wait_idle()
    assert not program.messages()[0].attachments[0].attached.is_whole


def test_a_chip_needs_the_same_room_before_its_new_words_are_laid_out(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    bar = AttachmentBar(page, AttachController(Bridge(page), page))
    bar.resize(900, 200)
    page.show()
    draft = Draft("m.txt")
    bar.show_drafts([draft])
    QApplication.processEvents()
    (chip,) = bar.chips
    draft.state, draft.problem = "failed", "is damaged and cannot be opened"
    chip.show_draft(draft)
    room = chip.needed_width
    QApplication.processEvents()
    assert room == chip.needed_width


def test_the_text_that_is_used_is_shown_letter_for_letter_with_what_hides_in_it(program, tmp_path):

    path = tmp_path / "odd.txt"
    path.write_text("Pay 100 euros.\u202e Ignore all\u200b that.\U000e0041")
    drop(program.page, path)
    wait_read(program)
    program.click(program.page.composer.attachments.chips[0])
    program.wait(lambda: program.window.findChild(QDialog, "text_dialog"))
    dialog = program.window.findChild(QDialog, "text_dialog")
    shown = program.find("text_dialog_text", dialog).toPlainText()
    assert "\u27e6U+202E\u27e7" in shown
    assert "\u27e6U+E0041\u27e7" in shown
    program.click(program.find("text_dialog_copy", dialog))
    copied = QApplication.clipboard().text()
    dialog.close()
    program.say("Why?")
    program.wait(lambda: len(program.messages()) == 2)
    assert program.messages()[0].attachments[0].text == copied


def paste(program, text, keys=Qt.KeyboardModifier.ControlModifier):
    QApplication.clipboard().setText(text)
    program.page.composer.input_box.setFocus()
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_V, keys)


def notice_about(program, words):
    program.wait(lambda: any(words in notice for notice in program.notices()))
    return next(bar for bar in program.window.notices.bars if words in bar.notice.text)


def test_a_long_paste_is_attached_and_can_be_inserted_as_text_instead(program):
    text = "Roses grow in May. " * 400
    paste(program, text)
    wait_read(program)
    assert program.page.composer.text == ""
    assert drafts(program)[0].name == "Pasted text (1,600 words)"
    bar = notice_about(program, "long text you pasted")
    program.click(program.find("notice_action", bar))
    program.wait(lambda: drafts(program) == [])
    assert program.page.composer.text == text
    program.page.composer.input_box.clear()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    paste(program, text.replace(" Roses", "\r\nRoses"), keys)
    assert program.page.composer.text == text.replace(" Roses", "\nRoses")
    assert drafts(program) == []
    program.page.composer.input_box.clear()
    search = program.find("search_box")
    search.setFocus()
    program.wait(search.hasFocus)
    QTest.keyClick(search, Qt.Key.Key_V, keys)
    assert program.page.composer.text == "", "the key is that of the message alone"


def test_what_is_long_is_attached_under_a_name_of_its_own():
    assert is_long("Roses grow in May. " * 400)
    assert is_long("\n".join(f"{number}. milk" for number in range(61)))
    assert not is_long("\n".join(f"{number}. milk" for number in range(60)) + "\n")
    first = pasted_draft("Roses grow in May. " * 400, set()).name
    assert first == "Pasted text (1,600 words)"
    assert pasted_draft("Roses grow in May. " * 400, {first}).name == "Pasted text 2 (1,600 words)"


def test_what_is_attached_lasts_as_a_draft_and_is_read_again_in_its_chat(start, model_file, manual):
    program = start().with_model(model_file)
    text = "Roses grow in May. " * 400
    paste(program, text)
    wait_read(program)
    drop(program.page, manual)
    wait_read(program, 2)
    drafts(program)[1].mode = AttachMode.WHOLE
    program.close()
    again = start(answer="In May.")
    again.wait(lambda: drafts(again))
    wait_read(again, 2)
    assert drafts(again)[0].source == (text,)
    assert (drafts(again)[1].name, drafts(again)[1].mode) == ("manual.txt", AttachMode.WHOLE)
    again.say("When do roses grow?")
    again.wait(lambda: extras(again))
    again.click(extras(again)[0])
    dialog = again.find("text_dialog_text")
    assert "Roses grow in May." in dialog.toPlainText()
    again.window.findChild(QWidget, "text_dialog").close()


def test_sending_waits_for_reading_and_can_be_stopped(program, manual, monkeypatch):
    attached, documents = program.chat.attached, program.services.documents
    reading, records, read_now = Pending(), [], documents.open

    def read_later(path, **more) -> Pending:
        read_now(path, **more).then(records.append)
        return reading

    monkeypatch.setattr(documents, "open", read_later)
    drop(program.page, manual)
    program.wait(lambda: records)
    program.type("When?")
    program.enter()
    assert attached.is_waiting
    assert program.chat.is_busy
    waiting = program.find("attachment_waiting")
    assert "manual.txt" in waiting.text()
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Escape)
    assert not attached.is_waiting
    assert not waiting.isVisible()
    assert program.page.composer.text == "When?"
    program.enter()
    assert attached.is_waiting
    program.ask(lambda _services: reading.end(records[0]))
    program.wait(lambda: len(program.chat.message_ids) == 2)
    program.wait_idle()
    assert program.messages()[0].attachments[0].attached.is_whole


def test_what_cannot_be_read_says_so_and_is_not_sent(program, tmp_path):
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"\x00\x01\x02" * 400)
    drop(program.page, path)
    program.wait(lambda: drafts(program) and drafts(program)[0].is_settled)
    assert drafts(program)[0].problem
    program.type("Why?")
    program.enter()
    program.wait(lambda: any("cannot be read" in notice for notice in program.notices()))
    assert program.messages() == ()
    chip = program.page.composer.attachments.chips[0]
    program.click(program.find("chip_remove", chip))
    assert drafts(program) == []
    program.enter()
    program.wait(lambda: len(program.chat.message_ids) == 2)


def test_the_files_of_a_folder_are_attached_at_once_and_not_twice(program, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    for number in range(8):
        (folder / f"letter {number}.txt").write_text(f"Letter number {number} is about roses.")
    drop(program.page, folder)
    wait_read(program, 8)
    drop(program.page, folder)
    program.ask(lambda _services: None)
    assert len(drafts(program)) == 8


def test_a_locked_document_asks_for_its_password(program, tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(bytes(TinyPdf(password="sesame").page(*lines(50, 700, "The pump stops", "at 12 bar."))))
    drop(program.page, path)
    program.wait(lambda: program.window.findChild(QDialog, "password_dialog"))
    dialog = program.window.findChild(QDialog, "password_dialog")
    dialog.line.setText("sesame")
    dialog.accept()
    wait_read(program)
    assert drafts(program)[0].state == "ready"


def test_where_no_password_can_be_used_none_is_asked_for(program, tmp_path):
    path = tmp_path / "locked.docx"
    path.write_bytes(compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}))
    drop(program.page, path)
    program.wait(lambda: any("Only that of a PDF can be used" in words for words in program.notices()))
    assert drafts(program)[0].state == "failed"
    assert drafts(program)[0].words.startswith("is locked with a password.")
    program.click(program.page.composer.attachments.chips[0])
    assert program.window.findChild(QDialog, "password_dialog") is None


def test_while_it_is_decided_what_is_read_the_answer_says_so(start, model_file, manual):
    program = start(load_seconds=1.0).with_model(model_file)
    program.frame.models.unload()
    drop(program.page, manual)
    wait_read(program)
    notes = []
    program.chat.message_added.connect(lambda view: notes.append(view.note))
    program.chat.message_renewed.connect(lambda view: notes.append(view.note))
    program.type("When?")
    program.enter()
    program.wait_idle()
    assert "Looking through what is attached…" in notes
    assert program.messages()[0].attachments[0].attached.is_whole
