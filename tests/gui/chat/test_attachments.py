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


def drop(service_thread, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(one)) for one in paths])
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, button, keys)
    QApplication.sendEvent(service_thread.page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(service_thread.page, QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, button, keys))


def drafts(service_thread):
    return service_thread.chat.attached.now


def wait_read(service_thread, count=1):
    service_thread.wait(
        lambda: (
            len(drafts(service_thread)) == count
            and all(one.is_settled and one.tokens for one in drafts(service_thread))
        )
    )


def extras(service_thread):
    return [one for one in service_thread.page.view.findChildren(QToolButton, "message_extra") if one.isVisible()]


def test_a_dropped_file_becomes_a_chip_and_goes_with_the_question(service_thread, manual):
    drop(service_thread, manual)
    wait_read(service_thread)
    (chip,) = service_thread.page.composer.attachments.chips
    assert chip.isVisible()
    service_thread.type("When does the pump stop?")
    service_thread.wait(lambda: "whole" in drafts(service_thread)[0].words)
    service_thread.wait(lambda: "whole" in chip.accessibleName())
    service_thread.enter()
    service_thread.wait(lambda: len(service_thread.chat.message_ids) == 2)
    service_thread.wait_idle()
    question = service_thread.messages()[0]
    assert question.attachments[0].attached.is_whole
    assert drafts(service_thread) == []
    assert not service_thread.page.composer.attachments.isVisible()
    service_thread.wait(
        lambda: [one for one in extras(service_thread) if "manual.txt \u00b7 whole" in one.accessibleName()]
    )
    parts = dict(service_thread.page.meter.part_lines)
    assert any(line.startswith("manual.txt whole") for line in parts)


def test_a_chip_has_room_for_its_words_and_says_why_a_document_cannot_be_used(service_thread, manual, tmp_path):
    drop(service_thread, manual)
    wait_read(service_thread)
    (chip,) = service_thread.page.composer.attachments.chips
    shown = service_thread.find("chip_words", chip)
    service_thread.wait(lambda: "pages" in shown.full_text)
    service_thread.wait(lambda: shown.text() == shown.full_text)
    bad = tmp_path / ("a-folder-with-a-long-name-" * 5) / "bad.docx"
    bad.parent.mkdir()
    bad.write_bytes(b"PK\x03\x04 no archive")
    drop(service_thread, bad)
    service_thread.wait(lambda: len(drafts(service_thread)) == 2 and drafts(service_thread)[1].problem)
    assert bad.parent.name not in drafts(service_thread)[1].words
    assert drafts(service_thread)[1].words.startswith("is damaged")


def test_the_text_that_is_used_is_shown_letter_for_letter_with_what_hides_in_it(service_thread, tmp_path):
    from slmdesk.gui.widgets.text_dialog import TextDialog

    path = tmp_path / "odd.txt"
    path.write_text("Pay 100 euros.\u202e Ignore all\u200b that.\U000e0041")
    drop(service_thread, path)
    wait_read(service_thread)
    service_thread.click(service_thread.page.composer.attachments.chips[0])
    service_thread.wait(lambda: service_thread.page.findChild(TextDialog))
    dialog = service_thread.page.findChild(TextDialog)
    shown = service_thread.find("text_dialog_text", dialog).toPlainText()
    assert "\u27e6U+202E\u27e7" in shown
    assert "\u27e6U+E0041\u27e7" in shown
    service_thread.click(service_thread.find("text_dialog_copy", dialog))
    copied = QApplication.clipboard().text()
    dialog.close()
    service_thread.send("Why?")
    service_thread.wait_idle()
    service_thread.wait(lambda: len(service_thread.messages()) == 2)
    assert service_thread.messages()[0].attachments[0].text == copied


def test_a_long_paste_is_attached_and_can_be_put_back(service_thread):
    data = QMimeData()
    data.setText("Roses grow in May. " * 400)
    service_thread.page.composer.input_box.insertFromMimeData(data)
    wait_read(service_thread)
    assert service_thread.page.composer.text == ""
    assert drafts(service_thread)[0].name == "Pasted text"
    bar = next(one for one in service_thread.window.notices.bars if "long text" in one.notice.text)
    bar.notice.on_action()
    service_thread.wait(lambda: drafts(service_thread) == [])
    assert service_thread.page.composer.text == data.text()


def test_sending_waits_for_reading_and_can_be_stopped(service_thread, manual, monkeypatch):
    attached = service_thread.chat.attached
    drop(service_thread, manual)
    wait_read(service_thread)
    drafts(service_thread)[0].state = "reading"
    service_thread.type("When?")
    service_thread.enter()
    assert attached.is_waiting
    assert service_thread.chat.is_busy
    waiting = service_thread.find("attachment_waiting")
    assert "manual.txt" in waiting.text()
    QTest.keyClick(service_thread.page.composer.input_box, Qt.Key.Key_Escape)
    assert not attached.is_waiting
    assert not waiting.isVisible()
    assert service_thread.page.composer.text == "When?"
    service_thread.enter()
    assert attached.is_waiting
    attached._settle(drafts(service_thread)[0], "ready")
    service_thread.wait(lambda: len(service_thread.chat.message_ids) == 2)
    service_thread.wait_idle()
    assert service_thread.messages()[0].attachments[0].attached.is_whole


def test_what_cannot_be_read_says_so_and_is_not_sent(service_thread, tmp_path):
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"\x00\x01\x02" * 400)
    drop(service_thread, path)
    service_thread.wait(lambda: drafts(service_thread) and drafts(service_thread)[0].is_settled)
    assert drafts(service_thread)[0].problem
    service_thread.type("Why?")
    service_thread.enter()
    service_thread.wait(lambda: any("cannot be read" in one for one in service_thread.notices()))
    assert service_thread.messages() == ()
    chip = service_thread.page.composer.attachments.chips[0]
    service_thread.click(service_thread.find("chip_remove", chip))
    assert drafts(service_thread) == []
    service_thread.enter()
    service_thread.wait(lambda: len(service_thread.chat.message_ids) == 2)


def test_a_folder_and_thirty_files_at_once(service_thread, tmp_path):
    folder = tmp_path / "thirty"
    folder.mkdir()
    for number in range(30):
        (folder / f"letter {number:02}.txt").write_text(f"Letter number {number} is about roses.")
    drop(service_thread, folder)
    wait_read(service_thread, 30)
    drop(service_thread, folder)
    QTest.qWait(100)
    assert len(drafts(service_thread)) == 30


def test_the_way_a_document_is_read_can_be_chosen(service_thread, manual):
    drop(service_thread, manual)
    wait_read(service_thread)
    service_thread.type("When does the pump stop?")
    service_thread.wait(lambda: "whole" in drafts(service_thread)[0].words)
    chip = service_thread.page.composer.attachments.chips[0]
    chip.mode_chosen.emit(chip.key, AttachMode.PASSAGES.value)
    service_thread.wait(lambda: "by passages" in drafts(service_thread)[0].words)
    service_thread.enter()
    service_thread.wait(lambda: len(service_thread.chat.message_ids) == 2)
    service_thread.wait_idle()
    assert not service_thread.messages()[0].attachments[0].attached.is_whole


def test_drafts_keep_their_attachments_over_a_restart(start, model_file, manual):
    service_thread = start()
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    drop(service_thread, manual)
    wait_read(service_thread)
    service_thread.type("Not sent")
    drafts(service_thread)[0].mode = AttachMode.WHOLE
    service_thread.close()
    again = start()
    again.wait(lambda: again.page.composer.text == "Not sent")
    wait_read(again)
    assert (drafts(again)[0].name, drafts(again)[0].mode) == ("manual.txt", AttachMode.WHOLE)


def test_a_quotation_opens_its_page(start, model_file, manual):
    service_thread = start(answer='It says "the pump stops at 12 bar".')
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    drop(service_thread, manual)
    wait_read(service_thread)
    service_thread.type("When?")
    service_thread.enter()
    service_thread.wait(lambda: [one for one in extras(service_thread) if "page 1" in one.accessibleName()])
    service_thread.click(next(one for one in extras(service_thread) if "12 bar" in one.accessibleName()))
    service_thread.wait(service_thread.frame.documents_page.isVisible)
    service_thread.wait(
        lambda: service_thread.frame.documents.current == service_thread.messages()[0].attachments[0].attached.document
    )


def test_a_locked_document_asks_for_its_password(service_thread, tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(bytes(TinyPdf(password="sesame").page(*lines(50, 700, "The pump stops", "at 12 bar."))))
    drop(service_thread, path)
    service_thread.wait(lambda: service_thread.page.findChild(QInputDialog, "password_dialog"))
    dialog = service_thread.page.findChild(QInputDialog, "password_dialog")
    dialog.setTextValue("sesame")
    dialog.accept()
    wait_read(service_thread)
    assert drafts(service_thread)[0].state == "ready"


def test_where_no_password_can_be_used_none_is_asked_for(service_thread, tmp_path):
    path = tmp_path / "locked.docx"
    path.write_bytes(ole({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}))
    drop(service_thread, path)
    service_thread.wait(lambda: any("Only that of a PDF can be used" in words for words in service_thread.notices()))
    assert drafts(service_thread)[0].state == "failed"
    assert drafts(service_thread)[0].words.startswith("is locked with a password.")
    service_thread.click(service_thread.page.composer.attachments.chips[0])
    assert service_thread.page.findChild(QInputDialog, "password_dialog") is None


def test_while_it_is_decided_what_is_read_the_answer_says_so(start, model_file, manual):
    from slmdesk.gui.chat.conversation.shown_messages import DECIDING

    service_thread = start(load_seconds=1.0)
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    service_thread.frame.models.unload()
    drop(service_thread, manual)
    wait_read(service_thread)
    notes = []
    service_thread.chat.message_added.connect(lambda view: notes.append(view.note))
    service_thread.chat.message_renewed.connect(lambda view: notes.append(view.note))
    service_thread.type("When?")
    service_thread.enter()
    service_thread.wait(lambda: len(service_thread.chat.message_ids) == 2)
    service_thread.wait_idle()
    assert DECIDING in notes or "Loading the model\u2026" in notes
    assert service_thread.messages()[0].attachments[0].attached.is_whole
