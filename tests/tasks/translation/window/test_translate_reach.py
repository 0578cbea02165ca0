"""The translator reached from elsewhere: clipboard, selections, other pages, dropped words, another start."""

from __future__ import annotations

import pytest
from fakes.dropping import drop
from fakes.office import docx, paragraph
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from slmdesk.__main__ import main
from slmdesk.ui.chat.view.message import MessageWidget
from slmdesk.ui.kit.widgets.dialogs import TextDialog, sheets_over
from slmdesk.ui.translation.languages import target_for
from slmdesk.ui.translation.text import PASTED_MS, TYPED_MS, WORD_MS, pause_ms

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def program(with_model):
    return with_model()


def press(program):
    """The shortcut, on whatever page is in front."""
    QTest.keyClick(program.window, Qt.Key.Key_T, CONTROL_SHIFT)


def is_shown(program, words):
    return program.window.current_page == "Translate" and program.find("target_text").toPlainText() == words


def choose(program, widget, place, words):
    """An entry of the menu that opens at this place of a widget."""
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    menus = [menu for menu in QApplication.topLevelWidgets() if isinstance(menu, QMenu) and menu.isVisible()]
    (entry,) = [action for action in menus[-1].actions() if action.text() == words]
    entry.trigger()
    menus[-1].close()


def test_what_was_copied_is_translated_from_every_page(program):
    QApplication.clipboard().setText("The sun is up. We go out.")
    press(program)
    program.wait(lambda: is_shown(program, "tHE SUN IS UP. wE GO OUT."))
    assert program.find("source_text").hasFocus()
    program.window.show_page("Jobs")
    QApplication.clipboard().setText("It rains again today.")
    press(program)
    program.wait(lambda: is_shown(program, "iT RAINS AGAIN TODAY."))
    QTest.keyClick(program.find("source_text"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert program.find("source_text").toPlainText() == "The sun is up. We go out."
    program.click("paste_button")
    program.wait(lambda: is_shown(program, "iT RAINS AGAIN TODAY."))
    drop(program.frame.translate_page, words="We go out.")
    program.wait(lambda: is_shown(program, "wE GO OUT."))
    QApplication.clipboard().setText("The sun is up today.")
    program.run.translate_clipboard("")  # another start of the program
    program.wait(lambda: is_shown(program, "tHE SUN IS UP TODAY."))


def test_of_a_clipboard_files_are_documents_and_what_is_no_text_says_so(program, qtbot, tmp_path):
    QApplication.clipboard().clear()
    press(program)
    program.wait(lambda: any("clipboard is empty" in words for words in program.notices()))
    picture = QImage(4, 4, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    QApplication.clipboard().setImage(picture)
    press(program)
    program.wait(lambda: any("neither a text nor a file" in words for words in program.notices()))
    assert program.window.current_page == "Chat"
    path = tmp_path / "lease.docx"
    path.write_bytes(docx(paragraph("The rent is due today.")))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    QApplication.clipboard().setMimeData(data)
    with qtbot.waitSignal(program.frame.reach.documents_taken, timeout=60_000) as received:
        press(program)
    assert (received.args, program.window.current_page) == ([[path]], "Translate")
    pane = program.find("source_text")
    with qtbot.waitSignal(program.find("translate_text").files_given, timeout=60_000) as received:
        QTest.keyClick(pane, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert (received.args, pane.toPlainText()) == ([[path]], "")
    QApplication.clipboard().setText("Good morning")
    pane.paste()
    assert pane.toPlainText() == "Good morning"


@pytest.mark.parametrize(
    ("language", "target", "others", "requested"),
    [
        ("en", "de", ("fr",), "de"),
        ("", "de", ("fr",), "de"),
        ("de", "de", ("fr", "en"), "fr"),
        ("de", "de", ("de", "", "pl", "en"), "pl"),
        ("de", "de", ("xx", "de"), "de"),
    ],
)
def test_a_text_in_the_language_wanted_goes_into_another(language, target, others, requested):
    assert target_for(language, target, others) == requested


def test_a_message_what_is_selected_in_it_and_a_text_that_is_shown_are_translated(program):
    program.say("Where is the old key")
    program.act("more")
    program.choose("Translate")
    program.wait(lambda: is_shown(program, "Where is the old key"))
    program.window.show_page("Chat")
    text = program.page.view.findChildren(MessageWidget)[0].text
    text.select(0, 12)
    choose(program, text.viewport(), QPoint(5, 5), "Translate")
    program.wait(lambda: program.find("source_text").toPlainText() == "Where is the")
    dialog = TextDialog(program.window, title="Used", intro="What was used", text="The roof leaks again.")
    dialog.show()
    program.click(program.find("text_dialog_translate", dialog))
    program.wait(lambda: is_shown(program, "tHE ROOF LEAKS AGAIN."))
    assert not sheets_over(program.window), "the page is seen"


def test_a_page_its_document_and_an_answer_are_translated(program, qtbot, tmp_path):
    path = tmp_path / "letter.md"
    path.write_text("The tenant pays on the third of March.")
    program.window.show_page("Documents")
    program.frame.documents.open_files([path])
    view = program.frame.documents_page.view
    program.wait(lambda: view.count == 1 and program.coverage.startswith("1 of 1"))
    choose(program, view.viewport(), QPoint(60, 60), "Translate this page")
    program.wait(lambda: is_shown(program, "tHE TENANT PAYS ON THE THIRD OF mARCH."))
    program.window.show_page("Documents")
    with qtbot.waitSignal(program.frame.reach.documents_taken, timeout=60_000) as received:
        program.click("translate_document_button")
    assert received.args == [[path]]
    assert program.window.current_page == "Translate"


def test_the_command_for_a_key_of_the_desktop_is_one_of_the_window(home, monkeypatch):
    given: list[str] = []
    monkeypatch.setattr("slmdesk.app.choose_language", lambda _paths: None)
    monkeypatch.setattr("slmdesk.models.online.offline.wall_in", lambda _paths, *, is_window: None)
    monkeypatch.setattr("slmdesk.app.run_window", lambda arguments: given.extend(arguments) or 0)
    assert main(["translate", "--clipboard"]) == 0
    assert given == ["translate", "--clipboard"]


@pytest.mark.parametrize(
    ("before", "now", "pause"),
    [
        ("The hous", "The house", TYPED_MS),
        ("The house", "The house ", WORD_MS),
        ("The house", "The house.", WORD_MS),
        ("The houses", "The house", TYPED_MS),
        ("", "The house is big.", PASTED_MS),
        ("The house is big.", "", PASTED_MS),
    ],
)
def test_text_is_translated_the_sooner_the_surer_a_word_is_whole(before, now, pause):
    assert pause_ms(before, now) == pause


def test_tab_goes_through_the_page_as_the_eye_does_and_every_stop_has_a_name(program):
    program.window.show_page("Translate")
    QApplication.clipboard().setText("You must not go. The sun is up.")
    press(program)
    program.wait(
        lambda: (
            program.find("check_count_button").isVisible() and not program.find("stop_translation_button").isVisible()
        )
    )
    program.find("source_language").setFocus()
    pane, seen = program.find("translate_text"), []
    focus = QApplication.focusWidget()
    while focus is not None and pane.isAncestorOf(focus) and focus not in seen:
        seen.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
    names = [widget.objectName() for widget in seen]
    assert all(names)
    assert all(widget.accessibleName() or getattr(widget, "text", str)() for widget in seen), names
    requested = (
        "source_language", "swap_button", "target_language", "source_text", "target_text", "paste_button",
        "choose_document_button", "copy_translation_button", "check_count_button",
    )  # fmt: skip
    assert [name for name in names if name in requested] == list(requested)


def test_a_translation_into_arabic_begins_at_the_right(program):
    program.window.show_page("Translate")
    program.frame.translate.set_target("ar")
    pane = program.find("target_text")
    pane.setPlainText("مرحبا")
    assert pane.cursorRect(pane.textCursor()).x() > pane.width() // 2
    program.frame.translate.set_target("de")
    pane.setPlainText("Hallo")
    assert pane.cursorRect(pane.textCursor()).x() < pane.width() // 2
