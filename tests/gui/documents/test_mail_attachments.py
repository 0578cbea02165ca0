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
def service_thread(start):
    service_thread = start()
    QTest.keyClick(service_thread.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    service_thread.documents = service_thread.frame.documents_page
    service_thread.wait(lambda: service_thread.documents.isVisible())
    service_thread.window.resize(1200, 800)
    return service_thread


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


def shown(service_thread, title):
    service_thread.wait(lambda: service_thread.find("document_title").full_text == title)
    service_thread.wait(
        lambda: service_thread.documents.view.count and service_thread.documents.view._sheets[0].words is not None
    )
    return service_thread.documents.view._sheets[0].page.text


def buttons(service_thread, name="attached_document"):
    bar = service_thread.find("attached_bar")
    return [one for one in bar.findChildren(QPushButton, name) if one.isVisible()]


def test_an_attachment_opens_at_one_click_and_leads_back(service_thread, tmp_path):
    path = tmp_path / "delay.eml"
    path.write_bytes(mail_with(("Price list.dat", prices()), ("tool.exe", bytes(range(256)))).as_bytes())
    drop(service_thread.documents, path)
    shown(service_thread, "delay.eml")
    service_thread.wait(lambda: len(buttons(service_thread)) == 2)
    first, second = buttons(service_thread)
    assert (first.text(), first.isEnabled(), second.isEnabled()) == ("Price list.dat", True, False)
    assert "cannot be read" in second.accessibleName()
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    assert "Bolt\t23.70" in shown(service_thread, "Price list.dat")  # by its bytes, whatever its name says
    service_thread.wait(lambda: not buttons(service_thread))
    (back,) = buttons(service_thread, "attached_to")
    assert back.text() == "delay.eml"
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    shown(service_thread, "delay.eml")
    service_thread.wait(lambda: len(buttons(service_thread)) == 2)


def test_a_click_on_the_listed_name_opens_it_too(service_thread, tmp_path):
    path = tmp_path / "delay.eml"
    path.write_bytes(mail_with(("first.txt", b"One."), ("Price list.xlsx", prices())).as_bytes())
    drop(service_thread.documents, path)
    shown(service_thread, "delay.eml")
    view = service_thread.documents.view
    service_thread.wait(lambda: view.count == 2 and view._sheets[1].words is not None and buttons(service_thread))
    words, place = view._sheets[1].words, view._place(1)
    start = view._sheets[1].page.text.index("Price list")
    down = words.top_of(start) + 12
    across = next(x for x in range(20, 300, 2) if (words.character_at(QPointF(x, down)) or 0) > start)
    at = QPointF(place.left() + across, place.top() + down - view.verticalScrollBar().value()).toPoint()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert "Bolt\t23.70" in shown(service_thread, "Price list.xlsx")


def test_a_mail_in_a_mail_opens_and_what_is_attached_to_that(service_thread, tmp_path):
    outer = mail_with()
    outer.add_attachment(mail_with(("Price list.xlsx", prices())))
    path = tmp_path / "outer.eml"
    path.write_bytes(outer.as_bytes())
    drop(service_thread.documents, path)
    shown(service_thread, "outer.eml")
    service_thread.wait(lambda: len(buttons(service_thread)) == 1)
    QTest.mouseClick(buttons(service_thread)[0], Qt.MouseButton.LeftButton)
    assert "See what is attached" in shown(service_thread, "Delivery delay.eml")
    service_thread.wait(lambda: [one.text() for one in buttons(service_thread)] == ["Price list.xlsx"])
    QTest.mouseClick(buttons(service_thread)[0], Qt.MouseButton.LeftButton)
    assert "Bolt\t23.70" in shown(service_thread, "Price list.xlsx")
    service_thread.wait(
        lambda: [one.text() for one in buttons(service_thread, "attached_to")] == ["Delivery delay.eml"]
    )


def test_many_attachments_are_listed_beside_the_pages(service_thread, tmp_path):
    path = tmp_path / "many.eml"
    path.write_bytes(mail_with(*((f"note & {number}.txt", b"words") for number in range(9))).as_bytes())
    drop(service_thread.documents, path)
    shown(service_thread, "many.eml")
    service_thread.wait(lambda: len(buttons(service_thread)) == 6)
    (more,) = buttons(service_thread, "attached_more")
    assert more.text() == "3 more…"
    QTest.mouseClick(more, Qt.MouseButton.LeftButton)
    service_thread.wait(lambda: service_thread.documents.side.current == "about")
    service_thread.wait(
        lambda: len(service_thread.find("about_document").findChildren(QPushButton, "attachment_button")) == 9
    )


def test_a_document_of_its_own_has_no_such_line(service_thread, tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("Words.")
    drop(service_thread.documents, path)
    shown(service_thread, "note.txt")
    assert not service_thread.find("attached_bar").isVisible()
