"""Documents and a question in one drop and one line; the page on which the answer rests stands beside it, lit."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from fakes.tiny_pdf import TinyPdf, lines
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget

from slmdesk.base.language import use_language
from slmdesk.base.record import changed
from slmdesk.base.records import Message, Status
from slmdesk.base.texts import use_catalogue
from slmdesk.base.types import Attached, AttachmentPart, Origin, TextPart
from slmdesk.chat.types import Quoted
from slmdesk.ui.chat.messages import UsedPage, extra_of, things_below

pytestmark = pytest.mark.gui
TEXTS = {"lease.pdf": "The rent is due", "pump.pdf": "The pump stops at 12 bar", "valve.pdf": "The valve closes."}


@pytest.fixture
def letters(tmp_path):
    for name, text in TEXTS.items():
        made = TinyPdf().page(*lines(50, 700, "About roses.")).page(*lines(50, 700, text))
        (tmp_path / name).write_bytes(bytes(made))
    return [tmp_path / name for name in TEXTS]


@pytest.fixture
def asked(start, model_file, letters):
    """The window after three documents were dropped on Start and a question was typed: one drop and one line."""
    program = start(answer='It says "The pump stops" there, and "The rent is due" here.').with_model(model_file)
    program.window.resize(1440, 900)
    program.window.show_page("Start")
    program.wait(program.is_in_front)
    drop(program.frame.start_page, *letters)
    program.type("When does the pump stop?")
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Return)
    program.wait(lambda: len(program.chat.message_ids) == 2)
    program.wait_idle()
    program.wait(lambda: len(lines_with(program, "\u201c")) == 2)
    return program


def lines_with(program, words: str) -> list[QToolButton]:
    buttons = program.page.view.findChildren(QToolButton, "message_extra")
    return [button for button in buttons if button.isVisible() and words in button.accessibleName()]


def pane(program) -> QWidget:
    return program.find("source_pane", program.page)


def title(program) -> str:
    return program.find("source_title", pane(program)).text()


def lit(program, page: str = "source_pane") -> list[int]:
    return [sheet.page.number for sheet in program.find("page_view", program.find(page)).sheets if sheet.span_boxes]


def test_the_quoted_page_stands_beside_the_answer_and_is_lit_by_pointing_at_its_source(asked):
    program = asked
    assert program.window.current_page == "Chat"
    program.wait(lambda: pane(program).isVisible() and title(program) == "pump.pdf")  # quoted first in the answer
    program.wait(lambda: lit(program) == [2])
    shown = pane(program)
    shown.hint((shown.document, 1, ((0, 5),)))
    program.wait(lambda: lit(program) == [1])
    line = lines_with(program, "The pump stops")[0]
    middle = line.rect().center().toPointF()
    QApplication.sendEvent(line, QEnterEvent(middle, middle, line.mapToGlobal(middle)))
    program.wait(lambda: lit(program) == [2])
    QApplication.sendEvent(line, QEvent(QEvent.Type.Leave))
    program.wait(lambda: lit(program) == [2])
    program.window.resize(800, 700)
    program.wait(lambda: pane(program).isHidden())  # there is no room for both
    program.click(lines_with(program, "The rent is due")[0])
    program.wait(pane(program).isVisible)
    assert not program.page.view.isVisible()
    program.find("page_view", pane(program)).setFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    program.wait(program.page.view.isVisible)
    assert program.page.composer.input_box.hasFocus()
    program.window.resize(1440, 900)
    program.click(lines_with(program, "The rent is due")[0])
    program.wait(lambda: title(program) == "lease.pdf")
    program.wait(lambda: lit(program) == [2])
    assert program.page.view.isVisible()


def test_a_page_that_was_closed_comes_back_when_it_is_asked_for_and_opens_in_documents(asked):
    program = asked
    program.wait(lambda: lit(program) == [2])
    program.click(program.find("source_close", pane(program)))
    assert not pane(program).isVisible()
    program.say("And the rent?")
    assert pane(program).isHidden(), "what a person closed stays closed"
    program.click(lines_with(program, "The pump stops")[0])
    program.wait(lambda: pane(program).isVisible() and lit(program) == [2])
    program.click(program.find("source_open", pane(program)))
    program.wait(program.frame.documents_page.isVisible)
    program.wait(lambda: lit(program, "documents_page") == [2])
    program.window.show_page("Chat")
    program.click("new_chat_button")
    program.wait(lambda: pane(program).isHidden())  # it is of the other chat


def test_without_a_quotation_the_nearest_sentence_is_lit(start, model_file, letters):
    program = start(answer="As far as I see at 12 bar.").with_model(model_file)
    program.window.resize(1440, 900)
    drop(program.page, *letters)
    program.say("When does it stop?")
    program.wait(lambda: title(program) == "pump.pdf" and lit(program) == [2])
    program.wait(lambda: lines_with(program, "pump.pdf, page 2"))
    document = pane(program).document
    program.bridge.follow(lambda services: services.documents.forget(document))
    program.wait(lambda: pane(program).isHidden())


def test_what_no_document_says_is_told_below_the_answer_also_when_it_is_opened_again(start, model_file, letters):
    program = start(answer="It stops at 99 bar.").with_model(model_file)
    drop(program.page, *letters)
    program.say("When does it stop?")

    def notes() -> list[str]:
        labels = program.page.view.findChildren(QLabel, "message_note")
        return [label.text().replace("\u200b", "") for label in labels if label.isVisible()]

    program.wait(lambda: notes() == ["Check this: 99 bar"])
    assert program.last().text == "It stops at 99 bar."
    chat = program.chat.chat
    program.click("new_chat_button")
    program.wait(lambda: notes() == [])
    program.chat.open_chat(chat)
    program.wait(lambda: notes() == ["Check this: 99 bar"])


def test_below_a_message_stands_what_its_text_does_not_say():
    whole = Attached("lease.txt", "l", is_planned=True, is_whole=True)
    scanned = Attached("scan.pdf", "s", is_planned=True, is_whole=True, pages_total=3, pages_unread=(2,))
    some = Attached("contract.docx", "c", is_planned=True, pages_used=(1,), places=((1, 0, 1, 9),))
    parts = [AttachmentPart("", Origin.DOCUMENT, about) for about in (whole, scanned, some)]
    blank = Message(**dict.fromkeys(Message.__struct_fields__, ()))
    silent, naming = (
        changed(blank, parts=(*parts, TextPart(words, Origin.PERSON)))
        for words in ("What is due?", "What of lease.txt, scan.pdf and contract.docx is due?")
    )
    assert list(things_below(silent, ())) == ["attached 0", "attached 1", "attached 2"]
    assert list(things_below(naming, ())) == ["attached 1", "attached 2"], "of these not all was read"


def test_pages_read_by_passages_are_no_source_of_what_a_document_read_whole_may_say():
    whole = Attached("letter.pdf", "l", is_planned=True, is_whole=True, pages_used=(1, 2))
    some = Attached("contract.docx", "c", page_kind="section", is_planned=True, pages_used=(1,), places=((1, 0, 1, 9),))
    parts = [AttachmentPart("text", Origin.DOCUMENT, about) for about in (whole, some)]
    blank = Message(**dict.fromkeys(Message.__struct_fields__, ()))
    asked = changed(blank, parts=tuple(parts))
    answer = changed(blank, text="EUR 8,810.76 by 11 August.", status=Status.COMPLETE)
    assert things_below(answer, (), asked) == {}
    near = Quoted("letter.pdf", "l", 2, 0, 9, "EUR 8,810.76 by 11 August", is_near=True)
    assert list(things_below(answer, (near,), asked).values()) == [near]
    alone = changed(asked, parts=(parts[1],))
    assert things_below(answer, (), alone) == {}
    (page,) = things_below(changed(answer, text="Nobody knows."), (), alone).values()
    assert isinstance(page, UsedPage)


@pytest.mark.parametrize(
    "thing",
    [Quoted("a.docx", "c", 1, 0, 9, "Das Geld", "section", is_near=True), UsedPage("a.docx", "c", "section", 1, ())],
)
def test_a_source_names_its_place_in_the_language_of_the_window(thing, monkeypatch):
    monkeypatch.setenv("SLMDESK_LANGUAGE", "en")
    use_language("de")
    try:
        line = extra_of("page 0", thing)
    finally:
        use_catalogue(None)
    assert line.words == "a.docx, Abschnitt 1"
    assert "section" not in line.tip
