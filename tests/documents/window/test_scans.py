"""Scans in the window: pictures opened together, how surely a page was read, the copy that can be searched."""

from __future__ import annotations

import pypdfium2 as pdfium
import pytest
from fakes.dropping import drop, listed
from fakes.scans import WORDS, scan
from PIL import Image, ImageDraw, ImageFont
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QMenu

from slmdesk.children.formats import scans
from slmdesk.ui.kit.widgets import reading

pytestmark = pytest.mark.gui


def picture(path, words="A letter of the office"):
    image = Image.new("L", (1200, 400), 255)
    ImageDraw.Draw(image).text((60, 150), words, fill=0, font=ImageFont.load_default(60))
    image.save(path)
    return path


def test_pictures_opened_together_are_one_paper_if_a_person_says_so_or_stay_apart(program, tmp_path):
    paths = [picture(tmp_path / f"{number}.png", f"Page {number} of the letter") for number in (1, 2)]
    drop(program.documents, *paths)
    program.wait(lambda: program.window.findChild(QDialog, "one_paper_dialog"))
    program.click("one_paper_button")
    program.wait(lambda: program.window.findChild(QFileDialog, "searchable_dialog"))
    dialog = program.window.findChild(QFileDialog, "searchable_dialog")
    assert dialog.selectedFiles()[0].endswith("/1.searchable.pdf")
    dialog.reject()
    assert listed(program) == []
    program.wait(lambda: program.window.findChild(QDialog, "one_paper_dialog") is None)
    drop(program.documents, *paths)
    program.wait(lambda: program.window.findChild(QDialog, "one_paper_dialog"))
    program.click("open_each_button")
    program.wait(lambda: sorted(listed(program)) == ["1.png", "2.png"])


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_a_scan_says_how_surely_it_was_read_is_read_aloud_and_saved_as_a_pdf_to_be_searched(
    program, tmp_path, qtbot, monkeypatch
):
    if not scans.is_available():
        pytest.skip("nothing can be recognised here")
    path, target = tmp_path / "scan.pdf", tmp_path / "copy.pdf"
    path.write_bytes(scan(high=200))
    drop(program.documents, path)
    program.wait(lambda: program.coverage.startswith("1 of 1"))
    program.documents.document.show_about()
    words = [label.text() for label in program.find("about_document").findChildren(QLabel)]
    assert any(text.startswith("Page 1: by OCR, ") for text in words)
    monkeypatch.setattr(reading, "voice_for", lambda _language: reading.Voice(("/nowhere",)))
    program.documents.document.view.menu_requested.emit(1, QPoint())
    menu = program.documents.document.findChild(QMenu, "page_menu")
    with qtbot.waitSignal(program.window.reading_requested) as asked:
        menu.actions()[-1].trigger()
    assert asked.args[0].text.split() == " ".join(WORDS).split()
    assert not asked.args[0].by_words
    menu.close()
    program.documents.document.action_chosen.emit(program.documents.document.record.id, "searchable")
    program.wait(lambda: program.window.findChild(QFileDialog, "searchable_dialog"))
    dialog = program.window.findChild(QFileDialog, "searchable_dialog")
    dialog.selectFile(str(target))
    dialog.accept()
    program.wait(target.exists)
    program.wait(lambda: "copy.pdf" in listed(program))
    program.wait(lambda: program.coverage.startswith("1 of 1"))
    with pdfium.PdfDocument(target) as copy:
        assert copy[0].get_textpage().get_text_range().split() == " ".join(WORDS).split()
