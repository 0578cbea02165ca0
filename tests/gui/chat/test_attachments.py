"""Documents in the chat's composer: attached, read, counted, sent, shown, kept over a restart."""

from __future__ import annotations

import pytest
from fakes.office import ole
from fakes.tiny_pdf import TinyPdf, lines
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QToolButton

from slmdesk.core.attached import AttachMode

pytestmark = pytest.mark.gui

LONG = "\f".join(f"Chapter {number} is about gardens, roses and the rain of May. " * 12 for number in range(60))


@pytest.fixture
def manual(tmp_path):
    path = tmp_path / "manual.txt"
    path.write_text("The pump stops at 12 bar.\fThe valve opens in winter and closes in summer.")
    return path


def drop(desk, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(one)) for one in paths])
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, button, keys)
    QApplication.sendEvent(desk.page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(desk.page, QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, button, keys))


def drafts(desk):
    return desk.chat.attached.now


def wait_read(desk, count=1):
    desk.wait(lambda: len(drafts(desk)) == count and all(one.is_settled and one.tokens for one in drafts(desk)))


def extras(desk):
    return [one for one in desk.page.view.findChildren(QToolButton, "message_extra") if one.isVisible()]


def test_a_dropped_file_becomes_a_chip_and_goes_with_the_question(desk, manual):
    drop(desk, manual)
    wait_read(desk)
    (chip,) = desk.page.composer.attachments.chips
    assert chip.isVisible()
    desk.type("When does the pump stop?")
    desk.wait(lambda: "whole" in drafts(desk)[0].words)
    desk.wait(lambda: "whole" in chip.accessibleName())
    desk.enter()
    desk.wait(lambda: len(desk.chat.message_ids) == 2)
    desk.wait_idle()
    question = desk.messages()[0]
    assert question.attachments[0].attached.is_whole
    assert drafts(desk) == []
    assert not desk.page.composer.attachments.isVisible()
    desk.wait(lambda: [one for one in extras(desk) if "manual.txt \u00b7 whole" in one.accessibleName()])
    parts = dict(desk.page.meter.part_lines)
    assert any(line.startswith("manual.txt whole") for line in parts)


def test_a_chip_has_room_for_its_words_and_says_why_a_document_cannot_be_used(desk, manual, tmp_path):
    drop(desk, manual)
    wait_read(desk)
    (chip,) = desk.page.composer.attachments.chips
    shown = desk.find("chip_words", chip)
    desk.wait(lambda: "pages" in shown.full_text)
    desk.wait(lambda: shown.text() == shown.full_text)
    bad = tmp_path / ("a-folder-with-a-long-name-" * 5) / "bad.docx"
    bad.parent.mkdir()
    bad.write_bytes(b"PK\x03\x04 no archive")
    drop(desk, bad)
    desk.wait(lambda: len(drafts(desk)) == 2 and drafts(desk)[1].problem)
    assert bad.parent.name not in drafts(desk)[1].words
    assert drafts(desk)[1].words.startswith("is damaged")


def test_the_text_that_is_used_is_shown_letter_for_letter_with_what_hides_in_it(desk, tmp_path):
    from slmdesk.gui.widgets.text_dialog import TextDialog

    path = tmp_path / "odd.txt"
    path.write_text("Pay 100 euros.\u202e Ignore all\u200b that.\U000e0041")
    drop(desk, path)
    wait_read(desk)
    desk.click(desk.page.composer.attachments.chips[0])
    desk.wait(lambda: desk.page.findChild(TextDialog))
    dialog = desk.page.findChild(TextDialog)
    shown = desk.find("text_dialog_text", dialog).toPlainText()
    assert "\u27e6U+202E\u27e7" in shown
    assert "\u27e6U+E0041\u27e7" in shown
    desk.click(desk.find("text_dialog_copy", dialog))
    copied = QApplication.clipboard().text()
    dialog.close()
    desk.send("Why?")
    desk.wait_idle()
    desk.wait(lambda: len(desk.messages()) == 2)
    assert desk.messages()[0].attachments[0].text == copied


def test_a_long_paste_is_attached_and_can_be_put_back(desk):
    data = QMimeData()
    data.setText("Roses grow in May. " * 400)
    desk.page.composer.input_box.insertFromMimeData(data)
    wait_read(desk)
    assert desk.page.composer.text == ""
    assert drafts(desk)[0].name == "Pasted text"
    bar = next(one for one in desk.window.notices.bars if "long text" in one.notice.text)
    bar.notice.on_action()
    desk.wait(lambda: drafts(desk) == [])
    assert desk.page.composer.text == data.text()


def test_sending_waits_for_reading_and_can_be_stopped(desk, manual, monkeypatch):
    attached = desk.chat.attached
    drop(desk, manual)
    wait_read(desk)
    drafts(desk)[0].state = "reading"
    desk.type("When?")
    desk.enter()
    assert attached.is_waiting
    assert desk.chat.is_busy
    waiting = desk.find("attachment_waiting")
    assert "manual.txt" in waiting.text()
    QTest.keyClick(desk.page.composer.input_box, Qt.Key.Key_Escape)
    assert not attached.is_waiting
    assert not waiting.isVisible()
    assert desk.page.composer.text == "When?"
    desk.enter()
    assert attached.is_waiting
    attached._settle(drafts(desk)[0], "ready")
    desk.wait(lambda: len(desk.chat.message_ids) == 2)
    desk.wait_idle()
    assert desk.messages()[0].attachments[0].attached.is_whole


def test_what_cannot_be_read_says_so_and_is_not_sent(desk, tmp_path):
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"\x00\x01\x02" * 400)
    drop(desk, path)
    desk.wait(lambda: drafts(desk) and drafts(desk)[0].is_settled)
    assert drafts(desk)[0].problem
    desk.type("Why?")
    desk.enter()
    desk.wait(lambda: any("cannot be read" in one for one in desk.notices()))
    assert desk.messages() == ()
    chip = desk.page.composer.attachments.chips[0]
    desk.click(desk.find("chip_remove", chip))
    assert drafts(desk) == []
    desk.enter()
    desk.wait(lambda: len(desk.chat.message_ids) == 2)


def test_a_folder_and_thirty_files_at_once(desk, tmp_path):
    folder = tmp_path / "thirty"
    folder.mkdir()
    for number in range(30):
        (folder / f"letter {number:02}.txt").write_text(f"Letter number {number} is about roses.")
    drop(desk, folder)
    wait_read(desk, 30)
    drop(desk, folder)
    QTest.qWait(100)
    assert len(drafts(desk)) == 30


def test_the_way_a_document_is_read_can_be_chosen(desk, manual):
    drop(desk, manual)
    wait_read(desk)
    desk.type("When does the pump stop?")
    desk.wait(lambda: "whole" in drafts(desk)[0].words)
    chip = desk.page.composer.attachments.chips[0]
    chip.mode_chosen.emit(chip.key, AttachMode.PASSAGES.value)
    desk.wait(lambda: "by passages" in drafts(desk)[0].words)
    desk.enter()
    desk.wait(lambda: len(desk.chat.message_ids) == 2)
    desk.wait_idle()
    assert not desk.messages()[0].attachments[0].attached.is_whole


def test_drafts_keep_their_attachments_over_a_restart(start, model_file, manual):
    desk = start()
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    drop(desk, manual)
    wait_read(desk)
    desk.type("Not sent")
    drafts(desk)[0].mode = AttachMode.WHOLE
    desk.close()
    again = start()
    again.wait(lambda: again.page.composer.text == "Not sent")
    wait_read(again)
    assert (drafts(again)[0].name, drafts(again)[0].mode) == ("manual.txt", AttachMode.WHOLE)


def test_a_quotation_opens_its_page(start, model_file, manual):
    desk = start(answer='It says "the pump stops at 12 bar".')
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    drop(desk, manual)
    wait_read(desk)
    desk.type("When?")
    desk.enter()
    desk.wait(lambda: [one for one in extras(desk) if "page 1" in one.accessibleName()])
    desk.click(next(one for one in extras(desk) if "12 bar" in one.accessibleName()))
    desk.wait(desk.frame.documents_page.isVisible)
    desk.wait(lambda: desk.frame.documents.current == desk.messages()[0].attachments[0].attached.document)


def test_a_locked_document_asks_for_its_password(desk, tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(bytes(TinyPdf(password="sesame").page(*lines(50, 700, "The pump stops", "at 12 bar."))))
    drop(desk, path)
    desk.wait(lambda: desk.page.findChild(QInputDialog, "password_dialog"))
    dialog = desk.page.findChild(QInputDialog, "password_dialog")
    dialog.setTextValue("sesame")
    dialog.accept()
    wait_read(desk)
    assert drafts(desk)[0].state == "ready"


def test_where_no_password_can_be_used_none_is_asked_for(desk, tmp_path):
    path = tmp_path / "locked.docx"
    path.write_bytes(ole({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}))
    drop(desk, path)
    desk.wait(lambda: any("Only that of a PDF can be used" in words for words in desk.notices()))
    assert drafts(desk)[0].state == "failed"
    assert drafts(desk)[0].words.startswith("is locked with a password.")
    desk.click(desk.page.composer.attachments.chips[0])
    assert desk.page.findChild(QInputDialog, "password_dialog") is None


def test_while_it_is_decided_what_is_read_the_answer_says_so(start, model_file, manual):
    from slmdesk.gui.chat.conversation.shown_messages import DECIDING

    desk = start(load_seconds=1.0)
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    desk.frame.models.unload()
    drop(desk, manual)
    wait_read(desk)
    notes = []
    desk.chat.message_added.connect(lambda view: notes.append(view.note))
    desk.chat.message_renewed.connect(lambda view: notes.append(view.note))
    desk.type("When?")
    desk.enter()
    desk.wait(lambda: len(desk.chat.message_ids) == 2)
    desk.wait_idle()
    assert DECIDING in notes or "Loading the model\u2026" in notes
    assert desk.messages()[0].attachments[0].attached.is_whole
