"""A document given out redacted from the window: what is found, kind by kind, words added, the copy, what it says."""

from __future__ import annotations

from pathlib import Path

import docx
import pypdfium2 as pdfium
import pytest
from fakes.dropping import drop
from fakes.recorder import add_model, result_of
from fakes.tiny_pdf import Text, TinyPdf
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from slmdesk.documents.redacted import RedactionService
from slmdesk.documents.redaction_key import pairs_in
from slmdesk.ui.tasks.rows import RowKind

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]

LETTER = (
    "Sehr geehrte Frau Quarbelsen,", "Ihr Konto DE89 3704 0044 0532 0130 00 ist da.",
    "Schreiben Sie an beratung@example.org.", "Das Zeichen ist Blauwal-77.",
)  # fmt: skip


@pytest.fixture
def program(start):
    return start().open_documents()


@pytest.fixture
def word_file(tmp_path):
    made = docx.Document()
    made.core_properties.author = "Anna Quarbelsen"
    for line in LETTER:
        made.add_paragraph(line)
    path = tmp_path / "letter.docx"
    made.save(path)
    return path


def opened(program, path, *, count=1):
    """The finds of a document, after one click on the tab."""
    drop(program.documents, path)
    program.wait(lambda: program.find("document_view").model().rowCount() == 1 and "read" in program.coverage)
    program.choose_tab("redact")
    pane = program.find("redact_pane")
    program.wait(lambda: " found " in program.find("redaction_said").text() and len(rows(program)) >= count)
    return pane


def rows(program):
    return {find.text: find for find in program.find("redaction_list").rows.statements}


def ticks(program):
    return {words: find.is_approved for words, find in rows(program).items()}


def select(program, words):
    shown = program.find("redaction_list")
    shown.setCurrentIndex(shown.rows.index_of(rows(program)[words]))
    return shown


def tick(program, words, *, is_title=False):
    """Press Space on a find, or on the title above it."""
    shown = select(program, words)
    if is_title:
        titles = [at for at, row in enumerate(shown.rows.rows) if row.kind is RowKind.TITLE]
        shown.setCurrentIndex(shown.rows.index(max(at for at in titles if at < shown.currentIndex().row())))
    QTest.keyClick(shown, Qt.Key.Key_Space)


def places_of(program, *names):
    for _turn in range(3):
        QApplication.processEvents()
    parts = [program.find(f"redaction_{name}") for name in names]
    return [part.mapTo(program.window, QPoint()) for part in parts]


def save_as(program, target):
    program.click("redaction_elsewhere")
    dialog = program.find("redaction_dialog")
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(target))
    dialog.reject()


def option(program, name):
    """The field of an option, in view."""
    if not program.find("redaction_how").isVisible():
        program.click("redaction_options")
    return program.find(name)


def test_the_page_shows_black_what_is_ticked_and_the_selected_words_so_that_they_can_be_read(program, word_file):
    opened(program, word_file)
    view = program.documents.view

    def black() -> set[str]:
        text = view.sheets[0].page.text
        return {" ".join(text[start:end].split()) for start, end in view.sheets[0].black}

    def marked() -> set[str]:
        text = view.sheets[0].page.text
        return {" ".join(text[start:end].split()) for start, end in view.sheets[0].spans} - black()

    select(program, "Quarbelsen")
    program.wait(lambda: marked() == {"Quarbelsen"} and "beratung@example.org" in black())
    select(program, "beratung@example.org")
    program.wait(lambda: marked() == {"beratung@example.org"} and "Quarbelsen" in black())
    tick(program, "Quarbelsen")
    program.wait(lambda: "Quarbelsen" not in black())
    program.choose_tab("summary")
    program.wait(lambda: not black() and not marked())


def test_a_copy_is_written_after_a_look(program, word_file, tmp_path, monkeypatch):
    opened(program, word_file)
    ticked = ticks(program)
    assert ticked["DE89 3704 0044 0532 0130 00"]
    assert ticked["beratung@example.org"]
    assert ticked["Anna Quarbelsen"]
    places = [find.notes[0] for find in rows(program).values()]
    assert any("Ihr Konto DE89 3704 0044 0532 0130 00 ist da." in place for place in places)
    assert "The file itself stays as it is" in program.find("redaction_said").text()

    tick(program, "beratung@example.org", is_title=True)
    assert not ticks(program)["beratung@example.org"]
    program.type_into(program.find("redaction_word"), "Blauwal-77")
    QTest.keyClick(program.find("redaction_word"), Qt.Key.Key_Return)
    assert ticks(program)["Blauwal-77"]

    program.window.resize(1280, 800)
    stands = places_of(program, "list", "word", "add", "options")
    height = program.find("redaction_list").height()
    program.click("redaction_write")
    copy, said = tmp_path / "letter.redacted.docx", program.find("redaction_said")
    program.wait(lambda: "letter.redacted.docx is written" in said.text())
    assert "1 bank account" in said.text()
    assert program.find("redaction_open").hasFocus(), "what is pressed next stands where the last button was"
    QApplication.processEvents()
    assert program.find("redaction_list").height() == height, "what is said has its place"
    assert "read the copy before you give it away" in said.text()
    assert places_of(program, "list", "word", "add", "options") == stands
    words = [paragraph.text for paragraph in docx.Document(copy).paragraphs]
    assert words == [
        "Sehr geehrte Frau █████,", "Ihr Konto █████ ist da.", "Schreiben Sie an beratung@example.org.",
        "Das Zeichen ist █████.",
    ]  # fmt: skip
    assert docx.Document(copy).core_properties.author == "█████"
    foot = [program.find(f"redaction_{name}") for name in ("options", "folder", "open")]
    program.wait(lambda: all(button.width() >= button.sizeHint().width() for button in foot))
    seen = []
    monkeypatch.setattr("slmdesk.ui.kit.widgets.opening.QDesktopServices.openUrl", seen.append)
    program.click(program.find("redaction_open"))
    assert [Path(url.toLocalFile()) for url in seen] == [copy]


def test_words_below_the_list_move_nothing_and_one_line_says_what_no_model_means(program, word_file):
    opened(program, word_file)
    program.wait(lambda: "No language model" in program.find("redaction_asking").text())
    parts, word = ("list", "said", "word", "add", "options"), program.find("redaction_word")
    for size in ((1024, 768), (900, 520)):
        program.window.resize(*size)
        stands = places_of(program, *parts)
        for words in ("Blauwal-77", "Q", "Quarbel which is nowhere in the text of this letter, however long one looks"):
            program.type_into(word, words)
            QTest.keyClick(word, Qt.Key.Key_Return)
            assert places_of(program, *parts) == stands
            word.clear()
    stands, height = places_of(program, "list", "word"), program.find("redaction_list").height()
    program.find("redaction_said").setText("word " * 300)
    program.find("redaction_others").setText("line\n" * 20)
    program.find("redaction_others").show()
    assert places_of(program, "list", "word") == stands
    assert program.find("redaction_list").height() == height


def lit(program):
    """The words that are lit on the pages, and the lit words that the view has gone to."""
    sheets = program.documents.view.sheets
    spans = [(sheet, span) for sheet in sheets for span in sheet.spans if sheet.has_text and span not in sheet.black]
    every = [sheet.page.text[start:end] for sheet, (start, end) in spans]
    return every, [sheet.page.text[slice(*sheet.current)] for sheet in sheets if sheet.current and sheet.has_text]


def test_the_chosen_find_is_lit_on_the_page_beside(program, tmp_path):
    made = docx.Document()
    rest = ["Ein langer Absatz ohne alles."] * 80
    for line in (*LETTER, *rest, "Noch einmal an Frau Quarbelsen, Tel. 0221 4711008."):
        made.add_paragraph(line)
    path = tmp_path / "letter.docx"
    made.save(path)
    program.window.resize(1280, 800)
    opened(program, path)
    shown, view = program.find("redaction_list"), program.documents.view
    assert view.isVisible()
    program.wait(lambda: lit(program)[1] == [next(iter(rows(program)))])
    for words, count in (("Quarbelsen", 2), ("beratung@example.org", 1), ("0221 4711008", 1)):
        index = shown.rows.index_of(rows(program)[words])
        program.click_item(shown, index)
        program.wait(lambda words=words, count=count: lit(program) == ([words] * count, [words]))
    assert [span.page for span in rows(program)["Quarbelsen"].sources] == [1, 1]
    bar = view.verticalScrollBar()
    program.wait(lambda: bar.value() > bar.maximum() / 2)
    bar.setValue(0)
    program.click_item(shown, index)
    program.wait(lambda: bar.value() > bar.maximum() / 2)
    program.type_into(program.find("redaction_word"), "an")
    QTest.keyClick(program.find("redaction_word"), Qt.Key.Key_Return)
    program.wait(lambda: lit(program)[0] == ["an", "an"])  # not in "langer", where it is not removed
    program.choose_tab("summary")
    program.wait(lambda: lit(program)[0] == [])


def test_natural_words_want_a_passphrase_for_their_key(program, word_file, tmp_path):
    opened(program, word_file)
    way = option(program, "redaction_way")
    way.setCurrentIndex(1)
    way.activated.emit(1)
    program.click(option(program, "redaction_key"))
    write = program.find("redaction_write")
    assert not write.isEnabled()
    program.type_into(program.find("redaction_passphrase"), "correct horse")
    assert write.isEnabled()
    QTest.keyClick(program.find("redaction_passphrase"), Qt.Key.Key_Escape)
    copy = tmp_path / "copy.docx"
    save_as(program, copy)
    program.wait(lambda: "The key is copy.docx.key" in program.find("redaction_said").text())
    assert "█" not in " ".join(paragraph.text for paragraph in docx.Document(copy).paragraphs)
    assert dict(pairs_in(tmp_path / "copy.docx.key", "correct horse"))["beratung@example.org"]
    assert program.find("redaction_passphrase").text() == ""


def test_what_is_there_is_not_replaced_and_the_name_does_not_tell_what_is_removed(program, word_file, tmp_path):
    opened(program, word_file.rename(tmp_path / "Rent_Quarbelsen_May.docx"))
    program.click("redaction_elsewhere")
    dialog = program.find("redaction_dialog")
    assert isinstance(dialog, QFileDialog)
    assert [Path(proposed).name for proposed in dialog.selectedFiles()] == ["Rent May.redacted.docx"]
    dialog.fileSelected.emit(str(tmp_path / "again to quarbelsen.docx"))
    dialog.reject()
    others = program.find("redaction_others")
    program.wait(lambda: "The name of the file still tells “Quarbelsen”" in others.text().replace("\u200b", ""))
    taken = tmp_path / "taken.docx"
    taken.write_bytes(b"mine")
    save_as(program, taken)
    program.wait(lambda: program.find("redaction_trouble").isVisible())
    assert taken.read_bytes() == b"mine"
    assert program.find("redaction_said").text() == "Nothing was written."
    for words, is_ticked in ticks(program).items():
        if is_ticked:
            tick(program, words)
    assert not program.find("redaction_write").isEnabled()


def test_a_model_looks_too_and_adds_what_it_finds_while_ticks_stay(start, word_file, tmp_path, monkeypatch):
    answer = '{"people": ["Blauwal", "Quarbelsen"], "companies": [], "addresses": [], "numbers": []}'
    goes_on = tmp_path / "goes on"
    program = start(answer=answer, until=str(goes_on))
    record = add_model(program.services, tmp_path / "echo.gguf")
    monkeypatch.setattr(RedactionService, "model_for", lambda _copies, _requested: record)
    opened(program.open_documents(), word_file)
    program.wait(lambda: program.find("redaction_enough").isVisible())
    assert "Blauwal" not in rows(program)
    assert "rule" in rows(program)["Quarbelsen"].notes[0]
    tick(program, "Quarbelsen")
    goes_on.touch()
    program.wait(lambda: "Blauwal" in rows(program))
    program.wait(lambda: not program.find("redaction_enough").isVisible())
    assert "  ·  found by model  ·  " in rows(program)["Blauwal"].notes[0]
    assert ticks(program)["Blauwal"]
    assert not ticks(program)["Quarbelsen"]
    assert program.find("redaction_list").current.text == "Quarbelsen", "who walks through the list stays there"
    assert program.find("redaction_said").text().startswith(f"{len(rows(program))} found")


def test_a_tick_and_an_added_word_are_taken_back(program, word_file):
    opened(program, word_file)
    before = ticks(program)
    tick(program, "Quarbelsen")
    program.type_into(program.find("redaction_word"), "Blauwal-77")
    QTest.keyClick(program.find("redaction_word"), Qt.Key.Key_Return)
    assert ticks(program) == {**before, "Quarbelsen": False, "Blauwal-77": True}
    program.type_into(program.find("redaction_word"), "Grauwal")
    QTest.keyClick(program.find("redaction_word"), Qt.Key.Key_Return)
    assert "Grauwal" in program.find("redaction_trouble").text()
    program.click("redaction_undo")
    assert not program.find("redaction_trouble").text()
    program.click("redaction_undo")
    assert ticks(program) == {**before, "Quarbelsen": False}
    QTest.keyClick(program.find("redaction_list"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert ticks(program) == before
    assert not program.find("redaction_undo").isEnabled()


def test_a_file_without_finds_says_so_and_takes_words(program, tmp_path):
    made = docx.Document()
    made.core_properties.author = ""
    made.add_paragraph("Nothing to see here at all.")
    path = tmp_path / "plain.docx"
    made.save(path)
    opened(program, path, count=0)
    program.wait(lambda: "Nothing private was found" in program.find("redaction_said").text())
    assert "ticked" not in program.find("redaction_said").text()
    word = program.find("redaction_word")
    program.type_into(word, "Nothing")
    QTest.keyClick(word, Qt.Key.Key_Return)
    program.wait(program.find("redaction_write").isEnabled)


def test_a_pdf_has_its_own_ways(program, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "slmdesk.children.formats.pdf.is_available", lambda: False
    )  # text recognition is not the subject
    path, copy = tmp_path / "letter.pdf", tmp_path / "copy.pdf"
    texts = [Text(60, 700 - 20 * at, line) for at, line in enumerate(LETTER)]
    path.write_bytes(bytes(TinyPdf().page(*texts).page(Text(60, 700, "Noch eine Seite mit Worten"), picture=True)))
    opened(program, path)
    assert option(program, "redaction_resolution").isVisible()
    assert not program.find("redaction_way").isVisible()
    assert "Pictures: words in them are not seen (page 2)" in program.find("redaction_others").text()
    program.click(option(program, "redaction_layer"))
    QTest.keyClick(program.find("redaction_layer"), Qt.Key.Key_Escape)
    save_as(program, copy)
    program.wait(lambda: "copy.pdf is written" in program.find("redaction_said").text())
    assert "1 bank account" in program.find("redaction_said").text()
    with pdfium.PdfDocument(copy) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    assert "Noch eine Seite" in texts[1]
    assert "DE89" not in texts[0]


def test_a_file_that_is_gone_is_said_and_tried_again(program, word_file, tmp_path):
    drop(program.documents, word_file)
    program.wait(lambda: program.find("document_view").model().rowCount() == 1 and "read" in program.coverage)
    away = word_file.rename(tmp_path / "away.docx")
    program.choose_tab("redact")
    program.wait(program.find("redaction_trouble").isVisible)
    away.rename(word_file)
    assert program.find("redaction_write").text() == "Try again"
    program.click("redaction_write")
    program.wait(lambda: "4 found" in program.find("redaction_said").text())


def test_the_entry_of_the_menu_leads_there_and_another_document_stops_what_is_going_on(program, word_file, tmp_path):
    drop(program.documents, word_file)
    view = program.find("document_view")
    program.wait(lambda: view.model().rowCount() == 1 and "read" in program.coverage)
    index = view.model().index(0)
    view.customContextMenuRequested.emit(view.visualRect(index).center())
    menu = program.find("document_menu")
    action = next(action for action in menu.actions() if action.objectName() == "document_redact")
    program.click(menu, lambda: menu.actionGeometry(action).center())
    program.wait(lambda: rows(program) and " found " in program.find("redaction_said").text())
    program.click("redaction_write")
    pane = program.find("redact_pane")
    pane.show_document(None)
    services = program.services
    result_of(services, lambda: services.redaction.preview(word_file))  # the child is free
    assert not list(tmp_path.glob(".letter*"))
