"""What is attached to a mail opens at one click, and leads back to its mail."""

from __future__ import annotations

import io
from email.message import EmailMessage

import openpyxl
import pytest
from fakes.dropping import drop
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

pytestmark = pytest.mark.gui


@pytest.fixture
def desk(start):
    desk = start()
    QTest.keyClick(desk.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    desk.documents = desk.frame.documents_page
    desk.wait(lambda: desk.documents.isVisible())
    desk.window.resize(1200, 800)
    return desk


def mail_with(*attached):
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@example.org", "Delivery delay"
    mail.set_content("See what is attached.")
    for name, data in attached:
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail


def prices():
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Article", "Price"])
    book.active.append(["Bolt", 23.7])
    book.active["B2"].number_format = "0.00"
    book.save(file)
    return file.getvalue()


def shown(desk, title):
    desk.wait(lambda: desk.find("document_title").full_text == title)
    desk.wait(lambda: desk.documents.view.count and desk.documents.view._sheets[0].words is not None)
    return desk.documents.view._sheets[0].page.text


def buttons(desk, name="attached_document"):
    bar = desk.find("attached_bar")
    return [one for one in bar.findChildren(QPushButton, name) if one.isVisible()]


def test_an_attachment_opens_at_one_click_and_leads_back(desk, tmp_path):
    path = tmp_path / "delay.eml"
    path.write_bytes(mail_with(("Price list.dat", prices()), ("tool.exe", bytes(range(256)))).as_bytes())
    drop(desk.documents, path)
    shown(desk, "delay.eml")
    desk.wait(lambda: len(buttons(desk)) == 2)
    first, second = buttons(desk)
    assert (first.text(), first.isEnabled(), second.isEnabled()) == ("Price list.dat", True, False)
    assert "cannot be read" in second.accessibleName()
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    assert "Bolt\t23.70" in shown(desk, "Price list.dat")  # by its bytes, whatever its name says
    desk.wait(lambda: not buttons(desk))
    (back,) = buttons(desk, "attached_to")
    assert back.text() == "delay.eml"
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    shown(desk, "delay.eml")
    desk.wait(lambda: len(buttons(desk)) == 2)


def test_a_click_on_the_listed_name_opens_it_too(desk, tmp_path):
    path = tmp_path / "delay.eml"
    path.write_bytes(mail_with(("first.txt", b"One."), ("Price list.xlsx", prices())).as_bytes())
    drop(desk.documents, path)
    shown(desk, "delay.eml")
    view = desk.documents.view
    desk.wait(lambda: view.count == 2 and view._sheets[1].words is not None and buttons(desk))
    words, place = view._sheets[1].words, view._place(1)
    start = view._sheets[1].page.text.index("Price list")
    down = words.top_of(start) + 12
    across = next(x for x in range(20, 300, 2) if (words.character_at(QPointF(x, down)) or 0) > start)
    at = QPointF(place.left() + across, place.top() + down - view.verticalScrollBar().value()).toPoint()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert "Bolt\t23.70" in shown(desk, "Price list.xlsx")


def test_a_mail_in_a_mail_opens_and_what_is_attached_to_that(desk, tmp_path):
    outer = mail_with()
    outer.add_attachment(mail_with(("Price list.xlsx", prices())))
    path = tmp_path / "outer.eml"
    path.write_bytes(outer.as_bytes())
    drop(desk.documents, path)
    shown(desk, "outer.eml")
    desk.wait(lambda: len(buttons(desk)) == 1)
    QTest.mouseClick(buttons(desk)[0], Qt.MouseButton.LeftButton)
    assert "See what is attached" in shown(desk, "Delivery delay.eml")
    desk.wait(lambda: [one.text() for one in buttons(desk)] == ["Price list.xlsx"])
    QTest.mouseClick(buttons(desk)[0], Qt.MouseButton.LeftButton)
    assert "Bolt\t23.70" in shown(desk, "Price list.xlsx")
    desk.wait(lambda: [one.text() for one in buttons(desk, "attached_to")] == ["Delivery delay.eml"])


def test_many_attachments_are_listed_beside_the_pages(desk, tmp_path):
    path = tmp_path / "many.eml"
    path.write_bytes(mail_with(*((f"note & {number}.txt", b"words") for number in range(9))).as_bytes())
    drop(desk.documents, path)
    shown(desk, "many.eml")
    desk.wait(lambda: len(buttons(desk)) == 6)
    (more,) = buttons(desk, "attached_more")
    assert more.text() == "3 more…"
    QTest.mouseClick(more, Qt.MouseButton.LeftButton)
    desk.wait(lambda: desk.documents.side.current == "about")
    desk.wait(lambda: len(desk.find("about_document").findChildren(QPushButton, "attachment_button")) == 9)


def test_a_document_of_its_own_has_no_such_line(desk, tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("Words.")
    drop(desk.documents, path)
    shown(desk, "note.txt")
    assert not desk.find("attached_bar").isVisible()
