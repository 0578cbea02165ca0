"""Pictures in the chat's composer: dropped, pasted, shown to a model that sees, read as text for one that does not."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from fakes.dropping import drop
from fakes.tiny_pdf import TinyPdf, lines
from PIL import Image, ImageDraw, ImageFont
from PySide6.QtCore import QByteArray, QMimeData, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from slmdesk.base.runtime.events import ModelsChanged
from slmdesk.base.types import AttachMode
from slmdesk.models.service import ModelService

pytestmark = pytest.mark.gui


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    image = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(image).ellipse((40, 40, 200, 160), fill="red")
    image.save(path, dpi=(300, 300))
    return path


def wait_shown(program):
    drafts = program.chat.attached
    program.wait(lambda: len(drafts.now) == 1 and drafts.now[0].state == "ready" and drafts.now[0].source)
    return drafts.now[0]


def test_a_dropped_picture_is_shown_and_goes_with_the_question(program, photo, monkeypatch):
    monkeypatch.setattr(ModelService, "sees", lambda _self, _record: True)
    drop(program.page, photo)
    draft = wait_shown(program)
    assert (draft.mode, draft.size) == (AttachMode.PICTURE, (300, 200))
    (chip,) = program.page.composer.attachments.chips
    assert "shown as a picture" in chip.accessibleName()
    assert not program.find("chip_icon", chip).pixmap().isNull()
    program.say("What is on it?")
    program.wait(lambda: len(program.messages()) == 2)
    [part] = program.messages()[0].attachments
    assert part.attached.is_picture
    assert Image.open(BytesIO(base64.b64decode(part.attached.source[0]))).size == (300, 200)
    program.click(program.find("message_extra", program.page.view))
    shown = program.find("picture_dialog_picture")
    assert (shown.pixmap().width(), shown.pixmap().height()) == (300, 200)


def test_a_pasted_picture_is_attached_and_not_read_by_the_window(program, photo, monkeypatch):
    monkeypatch.setattr(ModelService, "sees", lambda _self, _record: True)
    held = QMimeData()
    held.setData("image/png", QByteArray(photo.read_bytes()))
    QApplication.clipboard().setMimeData(held)
    program.page.composer.input_box.setFocus()
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert wait_shown(program).name == "Pasted picture"


def words_of(program) -> str:
    (chip,) = program.page.composer.attachments.chips
    return chip.accessibleName()


def test_for_a_model_that_cannot_see_the_text_is_read_and_the_chip_says_so(program, photo):
    drop(program.page, photo)
    program.wait(lambda: program.chat.attached.now and "the model sees no pictures" in words_of(program))
    [draft] = program.chat.attached.now
    assert draft.mode is AttachMode.AUTO
    assert not program.notices()
    program.chat.attached.set_mode(draft.key, AttachMode.PICTURE)
    wait_shown(program)
    program.wait(program.find("chip_read_text").isVisible)
    program.type("What is on it?")
    program.enter()
    program.wait(lambda: program.is_said("nothing was sent"))
    assert not program.messages()
    assert len(program.chat.attached.now) == 1
    program.click("chip_read_text")
    program.wait(lambda: draft.mode is AttachMode.AUTO and draft.state == "ready")


def test_a_pasted_picture_that_the_model_cannot_see_is_said_at_once_and_its_text_is_read(program):
    image, written = Image.new("RGB", (900, 200), "white"), BytesIO()
    font = ImageFont.load_default(60)
    ImageDraw.Draw(image).text((40, 60), "The rent is 840 euros", fill="black", font=font)
    image.save(written, "JPEG")
    program.chat.attached.add_picture(written.getvalue())
    draft = wait_shown(program)
    program.wait(lambda: "the model sees no pictures" in words_of(program))
    program.click("chip_read_text")
    program.wait(lambda: draft.state == "ready" and not draft.is_picture)
    assert "840" in "".join(draft.source)
    assert "sees no pictures" not in words_of(program)
    assert not program.find("chip_read_text").isVisible()
    program.say("How much is the rent?")
    program.wait(lambda: len(program.messages()) == 2)
    assert "840" in program.messages()[0].attachments[0].attached.source[0]


def test_a_pasted_picture_without_words_says_that_none_were_found(program, photo):
    program.chat.attached.add_picture(photo.read_bytes())
    wait_shown(program)
    program.wait(lambda: "the model sees no pictures" in words_of(program))
    program.click("chip_read_text")
    program.wait(lambda: "no words were found" in words_of(program))


def test_a_picture_is_shown_again_when_a_model_that_sees_is_there(program, photo, monkeypatch):
    program.chat.attached.add_picture(photo.read_bytes())
    wait_shown(program)
    program.wait(lambda: "the model sees no pictures" in words_of(program))
    monkeypatch.setattr(ModelService, "sees", lambda _self, _record: True)
    program.ask(lambda services: services.publish(ModelsChanged()))
    program.wait(lambda: "shown as a picture" in words_of(program))


@pytest.mark.qt_log_ignore("This plugin does not support")  # menus
def test_which_page_of_a_pdf_is_shown_is_asked(program, tmp_path):
    pdf, widths = TinyPdf(password="sesame"), (300, 400, 500)
    for width in widths:
        pdf.page(*lines(50, 700, f"This page is {width} wide"), width=width)
    (tmp_path / "plan.pdf").write_bytes(bytes(pdf))
    drop(program.page, tmp_path / "plan.pdf")
    answer(program, "password_dialog", "sesame")
    program.wait(lambda: program.chat.attached.now and program.chat.attached.now[0].pages == 3)
    [draft], shapes = program.chat.attached.now, []
    for number in (3, 2):
        choose_page(program, str(number))
        answer(program, "password_dialog", "sesame")  # a picture is made by itself
        wait_shown(program)
        shapes.append(draft.size[0] / draft.size[1])
        assert (draft.name, draft.number) == (f"plan.pdf, page {number}", number)
    assert shapes == [pytest.approx(width / 800, abs=0.01) for width in (500, 400)]
    choose_page(program, "9")
    answer(program, "password_dialog", "sesame")
    program.wait(lambda: draft.words == "has no page 9; pages in it: 3.")
    program.chat.attached.set_mode(draft.key, AttachMode.AUTO)
    program.wait(lambda: draft.state == "ready" and draft.name == "plan.pdf")


def choose_page(program, number: str) -> None:
    (chip,) = program.page.composer.attachments.chips
    menu = program.find("chip_more", chip).menu()
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text().startswith("As a picture")).trigger()
    answer(program, "page_dialog", number)


def answer(program, name: str, words: str) -> None:
    program.wait(lambda: program.window.findChild(QDialog, name))
    dialog = program.window.findChild(QDialog, name)
    dialog.line.selectAll()
    QTest.keyClicks(dialog.line, words)
    program.click(program.find("question_accept", dialog))
    program.wait(lambda: dialog not in program.window.findChildren(QDialog))
