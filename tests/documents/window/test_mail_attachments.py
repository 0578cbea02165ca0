"""What is attached to a mail opens at one click, and leads back to its mail."""

from __future__ import annotations

import io

import openpyxl
import pytest
from fakes.dropping import drop
from fakes.small_documents import mail
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QPushButton

pytestmark = pytest.mark.gui


def prices():
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Article", "Price"])
    book.active.append(["Bolt", 23.7])
    book.active["B2"].number_format = "0.00"
    book.save(file)
    return file.getvalue()


def shown(program, title):
    program.says("document_title", title)
    program.wait(lambda: program.documents.view.count and program.documents.view.sheets[0].words is not None)
    return program.documents.view.sheets[0].page.text


def buttons(program, name="attached_document"):
    bar = program.find("attached_bar")
    return [button for button in bar.findChildren(QPushButton, name) if button.isVisible()]


def test_an_attachment_opens_at_one_click_and_leads_back(program, tmp_path):
    path = tmp_path / "delay.eml"
    path.write_bytes(mail(enclosed=[("Price list.dat", prices()), ("tool.exe", bytes(range(256)))]))
    drop(program.documents, path)
    shown(program, "delay.eml")
    program.wait(lambda: len(buttons(program)) == 2)
    first, second = buttons(program)
    assert (first.text(), first.isEnabled(), second.isEnabled()) == ("Price list.dat", True, False)
    assert "cannot be read" in second.accessibleName()
    program.click(first)
    assert "Bolt\t23.70" in shown(program, "Price list.dat")  # by its bytes, whatever its name says
    program.wait(lambda: not buttons(program))
    (back,) = buttons(program, "attached_to")
    assert back.text() == "delay.eml"
    program.click(back)
    shown(program, "delay.eml")
    program.wait(lambda: len(buttons(program)) == 2)


def test_a_click_on_the_listed_name_opens_it_too(program, tmp_path):
    path = tmp_path / "delay.eml"
    path.write_bytes(mail(enclosed=[("first.txt", b"One."), ("Price list.xlsx", prices())]))
    drop(program.documents, path)
    shown(program, "delay.eml")
    view = program.documents.view
    program.wait(lambda: view.count == 2 and view.sheets[1].words is not None and buttons(program))
    words, place = view.sheets[1].words, view.sheets.place(1)
    start = view.sheets[1].page.text.index("Price list")
    down = words.top_of(start) + 12
    across = next(x for x in range(20, 300, 2) if (words.character_at(QPointF(x, down)) or 0) > start)
    at = QPointF(place.left() + across, place.top() + down - view.verticalScrollBar().value()).toPoint()
    program.click(view.viewport(), lambda: at)
    assert "Bolt\t23.70" in shown(program, "Price list.xlsx")


def test_many_attachments_are_listed_beside_the_pages(program, tmp_path):
    path = tmp_path / "many.eml"
    path.write_bytes(mail(enclosed=[(f"note & {number}.txt", b"words") for number in range(9)]))
    drop(program.documents, path)
    shown(program, "many.eml")
    program.wait(lambda: len(buttons(program)) == 6)
    (more,) = buttons(program, "attached_more")
    assert more.text() == "3 more…"
    program.click(more)
    program.wait(program.find("about_popover").isVisible)
    program.wait(lambda: len(program.find("about_document").findChildren(QPushButton, "attachment_button")) == 9)
