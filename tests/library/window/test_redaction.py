"""A document given out redacted from the window: what is found, kind by kind, words added, the copy, what it says."""

from __future__ import annotations

from pathlib import Path

import docx
import pypdfium2 as pdfium
import pytest
from fakes.dropping import drop
from fakes.recorder import result_of
from fakes.tiny_pdf import Text, TinyPdf
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu

from slmdesk.library.redacted import pairs_in
from slmdesk.library.window.redacted import PLACE, WORDS

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]

LETTER = (
    "Sehr geehrte Frau Quarbelsen,", "Ihr Konto DE89 3704 0044 0532 0130 00 ist da.",
    "Schreiben Sie an beratung@example.org.", "Das Zeichen ist Blauwal-77.",
)  # fmt: skip


@pytest.fixture
def word_file(tmp_path):
    made = docx.Document()
    made.core_properties.author = "Anna Quarbelsen"
    for line in LETTER:
        made.add_paragraph(line)
    path = tmp_path / "letter.docx"
    made.save(path)
    return path


def open_window(program, path, *, found=1):
    """By the menu of the document."""
    drop(program.documents, path)
    view = program.find("document_view")
    program.wait(lambda: view.model().rowCount() == 1)
    index = view.model().index(0)
    view.customContextMenuRequested.emit(view.visualRect(index).center())
    menu = program.find("document_menu")
    assert isinstance(menu, QMenu)
    action = next(action for action in menu.actions() if action.objectName() == "document_redact")
    program.click(menu, lambda: menu.actionGeometry(action).center())
    window = program.find("redaction_window")
    program.wait(lambda: program.find("redaction_table", window).rowCount() >= found)
    return window


def lines(program, window):
    table = program.find("redaction_table", window)
    return {
        table.item(at, WORDS).text(): table.item(at, WORDS).checkState() == Qt.CheckState.Checked
        for at in range(table.rowCount())
    }


def save_as(program, window, target):
    program.click(program.find("redaction_write", window))
    dialog = program.find("redaction_dialog")
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(target))
    dialog.reject()


def test_a_copy_is_written_after_a_look(program, word_file, tmp_path, monkeypatch):
    window = open_window(program, word_file)
    found = lines(program, window)
    assert found["DE89 3704 0044 0532 0130 00"]
    assert found["beratung@example.org"]
    assert found["Anna Quarbelsen"]
    table = program.find("redaction_table", window)
    places = [table.item(at, PLACE).text() for at in range(table.rowCount())]
    assert any("Ihr Konto DE89 3704 0044 0532 0130 00 ist da." in place for place in places)
    assert "The file itself stays as it is" in program.find("redaction_said", window).text()

    program.click(program.find("redaction_kind_email", window))  # one press leaves a kind
    assert not lines(program, window)["beratung@example.org"]
    program.type_into(program.find("redaction_word", window), "Blauwal-77")
    QTest.keyClick(program.find("redaction_word", window), Qt.Key.Key_Return)
    assert lines(program, window)["Blauwal-77"]

    copy = tmp_path / "copy.docx"
    save_as(program, window, copy)
    said = program.find("redaction_said", window)
    program.wait(lambda: "copy.docx is written" in said.text())
    assert "1 bank account" in said.text()
    assert "read the copy before you give it away" in said.text()
    words = [paragraph.text for paragraph in docx.Document(copy).paragraphs]
    assert words == [
        "Sehr geehrte Frau █████,", "Ihr Konto █████ ist da.", "Schreiben Sie an beratung@example.org.",
        "Das Zeichen ist █████.",
    ]  # fmt: skip
    assert docx.Document(copy).core_properties.author == "█████"
    opened = []
    monkeypatch.setattr("slmdesk.window.widgets.opening.QDesktopServices.openUrl", opened.append)
    program.click(program.find("redaction_open", window))
    assert [Path(url.toLocalFile()) for url in opened] == [copy]
    program.click(program.find("redaction_close", window))


def lit(program, window):
    """The words that are lit on the pages, and the lit words that the view has gone to."""
    sheets = program.find("page_view", window).sheets
    every = [sheet.page.text[start:end] for sheet in sheets for start, end in sheet.spans if sheet.has_text]
    return every, [sheet.page.text[slice(*sheet.current)] for sheet in sheets if sheet.current and sheet.has_text]


def test_the_chosen_find_is_lit_on_the_page_beside(program, tmp_path):
    made = docx.Document()
    rest = ["Ein langer Absatz ohne alles."] * 80
    for line in (*LETTER, *rest, "Noch einmal an Frau Quarbelsen, Tel. 0221 4711008."):
        made.add_paragraph(line)
    path = tmp_path / "letter.docx"
    made.save(path)
    program.window.resize(1280, 800)
    window = open_window(program, path)
    table, view = program.find("redaction_table", window), program.find("page_view", window)
    rows = list(lines(program, window))
    assert view.isVisible()
    program.wait(lambda: lit(program, window)[1] == [rows[0]])
    for words, count in (("Quarbelsen", 2), ("beratung@example.org", 1), ("0221 4711008", 1)):
        item = table.item(rows.index(words), WORDS)
        program.click(table.viewport(), lambda item=item: table.visualItemRect(item).center())
        program.wait(lambda words=words, count=count: lit(program, window) == ([words] * count, [words]))
    bar = view.verticalScrollBar()
    program.wait(lambda: bar.value() > bar.maximum() / 2)
    bar.setValue(0)
    program.click(table.viewport(), lambda: table.visualItemRect(item).center())
    program.wait(lambda: bar.value() > bar.maximum() / 2)
    program.type_into(program.find("redaction_word", window), "an")
    QTest.keyClick(program.find("redaction_word", window), Qt.Key.Key_Return)
    program.wait(lambda: lit(program, window)[0] == ["an", "an"])  # not in "langer", where it is not removed
    window.resize(900, 600)
    assert not view.isVisible()


def test_natural_words_want_a_passphrase_for_their_key(program, word_file, tmp_path):
    window = open_window(program, word_file)
    way = program.find("redaction_way", window)
    way.setCurrentIndex(1)
    way.activated.emit(1)
    key_box = program.find("redaction_key", window)
    program.click(key_box)
    write = program.find("redaction_write", window)
    assert not write.isEnabled()
    program.type_into(program.find("redaction_passphrase", window), "correct horse")
    assert write.isEnabled()
    copy = tmp_path / "copy.docx"
    save_as(program, window, copy)
    program.wait(lambda: "The key is copy.docx.key" in program.find("redaction_said", window).text())
    assert "█" not in " ".join(paragraph.text for paragraph in docx.Document(copy).paragraphs)
    assert dict(pairs_in(tmp_path / "copy.docx.key", "correct horse"))["beratung@example.org"]
    assert program.find("redaction_passphrase", window).text() == ""


def test_what_is_there_is_not_replaced_and_nothing_ticked_writes_nothing(program, word_file, tmp_path):
    window = open_window(program, word_file)
    taken = tmp_path / "taken.docx"
    taken.write_bytes(b"mine")
    save_as(program, window, taken)
    program.wait(lambda: program.find("redaction_trouble", window).isVisible())
    assert taken.read_bytes() == b"mine"
    assert program.find("redaction_said", window).text() == "Nothing was written."
    table = program.find("redaction_table", window)
    for at in range(table.rowCount()):
        table.item(at, WORDS).setCheckState(Qt.CheckState.Unchecked)
    assert not program.find("redaction_write", window).isEnabled()


def test_a_file_without_finds_says_so_and_takes_words(program, tmp_path):
    made = docx.Document()
    made.core_properties.author = ""
    made.add_paragraph("Nothing to see here at all.")
    path = tmp_path / "plain.docx"
    made.save(path)
    window = open_window(program, path, found=0)
    program.wait(lambda: "Nothing private was found" in program.find("redaction_said", window).text())
    assert "ticked" not in program.find("redaction_said", window).text()
    word = program.find("redaction_word", window)
    assert window.focusWidget() is word
    program.type_into(word, "Nothing")
    QTest.keyClick(word, Qt.Key.Key_Return)
    program.wait(program.find("redaction_write", window).isEnabled)


def test_the_name_of_the_copy_does_not_tell_what_is_removed(program, word_file, tmp_path):
    telling = word_file.rename(tmp_path / "to quarbelsen.docx")
    window = open_window(program, telling)
    program.click(program.find("redaction_write", window))
    dialog = program.find("redaction_dialog")
    assert isinstance(dialog, QFileDialog)
    assert [Path(selectedfile).name for selectedfile in dialog.selectedFiles()] == ["redacted copy.docx"]
    dialog.fileSelected.emit(str(tmp_path / "again to quarbelsen.docx"))
    dialog.reject()
    others = program.find("redaction_others", window)
    program.wait(lambda: "The name of the file still tells “Quarbelsen”" in others.text().replace("\u200b", ""))


def test_large_letters_cut_no_field(program, word_file):
    program.frame.settings.change("font_scale", 150)
    program.window.resize(1024, 700)
    window = open_window(program, word_file)
    assert window.focusWidget() is program.find("redaction_table", window)
    way = program.find("redaction_way", window)
    way.show_value("natural")
    way.activated.emit(way.currentIndex())
    program.click(program.find("redaction_key", window))
    field = program.find("redaction_passphrase", window)
    letters = field.fontMetrics().horizontalAdvance(field.placeholderText())
    program.wait(lambda: field.isVisible() and field.width() > letters)
    head = program.find("redaction_table", window).horizontalHeader()
    assert head.sectionSize(PLACE) >= head.sectionSizeHint(PLACE)


def test_a_pdf_has_its_own_ways(program, tmp_path):
    path, copy = tmp_path / "letter.pdf", tmp_path / "copy.pdf"
    texts = [Text(60, 700 - 20 * at, line) for at, line in enumerate(LETTER)]
    path.write_bytes(bytes(TinyPdf().page(*texts).page(Text(60, 700, "Noch eine Seite mit Worten"), picture=True)))
    window = open_window(program, path)
    assert not program.find("redaction_way", window).isVisible()
    assert program.find("redaction_resolution", window).isVisible()
    assert "Pictures: words in them are not seen (page 2)" in program.find("redaction_others", window).text()
    program.click(program.find("redaction_layer", window))
    save_as(program, window, copy)
    program.wait(lambda: "copy.pdf is written" in program.find("redaction_said", window).text())
    assert "1 bank account" in program.find("redaction_said", window).text()
    with pdfium.PdfDocument(copy) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    assert "Noch eine Seite" in texts[1]
    assert "DE89" not in texts[0]


def test_closing_stops_what_is_going_on(program, word_file, tmp_path):
    window = open_window(program, word_file)
    save_as(program, window, tmp_path / "copy.docx")
    program.click(program.find("redaction_close", window))
    services = program.services
    result_of(services, lambda: services.redacted_copies.preview(word_file))  # the child is free
    assert not list(tmp_path.glob(".copy*"))
