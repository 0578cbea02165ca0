"""The translator reached from elsewhere: clipboard, selections, other pages, dropped words, another start."""

from __future__ import annotations

import pytest
from fakes.office import docx, paragraph
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from slmdesk.gui.chat.view.widget import MessageWidget
from slmdesk.gui.translate.text.controller import PASTED_MS, TYPED_MS, WORD_MS, pause_ms
from slmdesk.gui.translate.text.entry import target_for
from slmdesk.gui.widgets.text_dialog import TextDialog

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def desk(start, model_file):
    desk = start(turned=True)
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    return desk


def press(desk):
    """The shortcut, on whatever page is in front."""
    QTest.keyClick(desk.window, Qt.Key.Key_T, CONTROL_SHIFT)


def is_shown(desk, words):
    return desk.window.current_page == "Translate" and desk.find("target_text").toPlainText() == words


def choose(desk, widget, place, words):
    """An entry of the menu that opens at this place of a widget."""
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    menus = [one for one in QApplication.topLevelWidgets() if isinstance(one, QMenu) and one.isVisible()]
    (entry,) = [action for action in menus[-1].actions() if action.text() == words]
    entry.trigger()
    menus[-1].close()


def test_what_was_copied_is_translated_from_every_page(desk):
    QApplication.clipboard().setText("The sun is up. We go out.")
    press(desk)
    desk.wait(lambda: is_shown(desk, "tHE SUN IS UP. wE GO OUT."))
    assert desk.find("source_text").hasFocus()
    desk.window.show_page("Jobs")
    QApplication.clipboard().setText("It rains again today.")
    press(desk)
    desk.wait(lambda: is_shown(desk, "iT RAINS AGAIN TODAY."))
    QTest.keyClick(desk.find("source_text"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.find("source_text").toPlainText() == "The sun is up. We go out."
    desk.click("paste_button")
    desk.wait(lambda: is_shown(desk, "iT RAINS AGAIN TODAY."))


def test_an_empty_clipboard_and_a_picture_say_what_to_do(desk):
    QApplication.clipboard().clear()
    press(desk)
    desk.wait(lambda: any("clipboard is empty" in words for words in desk.notices()))
    picture = QImage(4, 4, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    QApplication.clipboard().setImage(picture)
    press(desk)
    desk.wait(lambda: any("neither a text nor a file" in words for words in desk.notices()))
    assert desk.window.current_page == "Chat"


def test_files_on_the_clipboard_are_documents(desk, qtbot, tmp_path):
    path = tmp_path / "lease.docx"
    path.write_bytes(docx(paragraph("The rent is due today.")))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    QApplication.clipboard().setMimeData(data)
    with qtbot.waitSignal(desk.frame.reach.documents_taken, timeout=60_000) as heard:
        press(desk)
    assert (heard.args, desk.window.current_page) == ([[path]], "Translate")


def test_files_pasted_into_the_text_are_documents_and_words_are_words(desk, qtbot, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("The rent is due today.")
    desk.window.show_page("Translate")
    pane = desk.find("source_text")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    QApplication.clipboard().setMimeData(data)
    with qtbot.waitSignal(desk.find("translate_text").files_pasted, timeout=60_000) as heard:
        QTest.keyClick(pane, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert (heard.args, pane.toPlainText()) == ([[path]], "")
    QApplication.clipboard().setText("Good morning")
    pane.paste()
    assert pane.toPlainText() == "Good morning"


def test_words_dropped_on_the_page_are_translated(desk):
    desk.window.show_page("Translate")
    page = desk.frame.translate_page
    data = QMimeData()
    data.setText("The sun is up today.")
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), action, data, buttons, keys)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page, QDropEvent(QPointF(50, 50), action, data, buttons, keys))
    desk.wait(lambda: is_shown(desk, "tHE SUN IS UP TODAY."))


@pytest.mark.parametrize(
    ("language", "target", "others", "wanted"),
    [
        ("en", "de", ("fr",), "de"),
        ("", "de", ("fr",), "de"),
        ("de", "de", ("fr", "en"), "fr"),
        ("de", "de", ("de", "", "pl", "en"), "pl"),
        ("de", "de", ("xx", "de"), "de"),
    ],
)
def test_a_text_in_the_language_wanted_goes_into_another(language, target, others, wanted):
    assert target_for(language, target, others) == wanted


def test_a_german_text_is_not_translated_into_german(desk, monkeypatch):
    monkeypatch.setattr("slmdesk.gui.translate.text.entry.own_language", lambda: "fr")
    QApplication.clipboard().setText("Die Sonne scheint heute und wir gehen in den Garten.")
    press(desk)
    desk.wait(lambda: is_shown(desk, "dIE sONNE SCHEINT HEUTE UND WIR GEHEN IN DEN gARTEN."))
    assert desk.find("target_language").currentData() == "fr"
    assert desk.find("source_language").currentData() == ""


def test_a_message_and_what_is_selected_in_it_are_translated(desk):
    desk.send("Where is the old key")
    desk.wait_idle()
    desk.act("translate")
    desk.wait(lambda: is_shown(desk, "Where is the old key"))
    desk.window.show_page("Chat")
    text = desk.page.view.findChildren(MessageWidget)[0].text
    text.select(0, 12)
    choose(desk, text.viewport(), QPoint(5, 5), "Translate selection")
    desk.wait(lambda: desk.find("source_text").toPlainText() == "Where is the")


def test_a_page_its_document_and_an_answer_are_translated(desk, qtbot, tmp_path):
    path = tmp_path / "letter.md"
    path.write_text("The tenant pays on the third of March.")
    desk.window.show_page("Documents")
    desk.frame.documents.open_files([path])
    view = desk.frame.documents_page.view
    desk.wait(lambda: view.count == 1 and desk.find("coverage_strip").sentence.startswith("1 of 1"))
    choose(desk, view.viewport(), QPoint(60, 60), "Translate this page")
    desk.wait(lambda: is_shown(desk, "tHE TENANT PAYS ON THE THIRD OF mARCH."))
    desk.window.show_page("Documents")
    with qtbot.waitSignal(desk.frame.reach.documents_taken, timeout=60_000) as heard:
        desk.click("translate_document_button")
    assert heard.args == [[path]]
    assert desk.window.current_page == "Translate"


def test_a_text_that_is_shown_is_translated(desk):
    dialog = TextDialog(desk.window, title="Used", intro="What was used", text="The roof leaks again.")
    dialog.show()
    desk.click(desk.find("text_dialog_translate", dialog))
    desk.wait(lambda: is_shown(desk, "tHE ROOF LEAKS AGAIN."))
    choose(desk, desk.find("text_dialog_text", dialog).viewport(), QPoint(5, 5), "Translate this text")
    dialog.close()


def test_another_start_has_the_clipboard_translated(desk):
    QApplication.clipboard().setText("The sun is up today.")
    desk.run.translate_clipboard("")
    desk.wait(lambda: is_shown(desk, "tHE SUN IS UP TODAY."))


def test_a_language_chosen_does_not_make_typing_hasty(desk):
    desk.window.show_page("Translate")
    desk.frame.translate.set_domain("legal")
    desk.wait(lambda: not desk.frame.translate._timer.isActive())
    QTest.keyClicks(desk.find("source_text"), "word")
    assert desk.frame.translate._timer.interval() > 0


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


def test_tab_goes_through_the_page_as_the_eye_does_and_every_stop_has_a_name(desk):
    desk.window.show_page("Translate")
    QApplication.clipboard().setText("You must not go. The sun is up.")
    press(desk)
    desk.wait(
        lambda: desk.find("translation_flags").isVisible() and not desk.find("stop_translation_button").isVisible()
    )
    desk.find("source_language").setFocus()
    pane, seen = desk.find("translate_text"), []
    focus = QApplication.focusWidget()
    while focus is not None and pane.isAncestorOf(focus) and focus not in seen:
        seen.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
    names = [one.objectName() for one in seen]
    assert all(names)
    assert all(one.accessibleName() or getattr(one, "text", str)() for one in seen), names
    wanted = (
        "source_language", "swap_button", "target_language", "domain_choice", "formality_choice", "pairs_button",
        "source_text", "target_text", "translation_flags", "copy_translation_button", "paste_button",
        "clear_text_button", "choose_document_button", "earlier_translations_button", "glossaries_button",
        "memory_button",
    )  # fmt: skip
    assert [name for name in names if name in wanted] == list(wanted)


def test_with_large_letters_in_a_low_window_nothing_lies_over_another(desk):
    desk.window.show_page("Translate")
    desk.frame.settings.change("font_scale", 150)
    desk.window.resize(900, 600)
    QApplication.clipboard().setText("You must not go. The sun is up.")
    press(desk)
    desk.wait(lambda: desk.find("translation_flags").isVisible())
    inner = desk.find("translate_inner")
    names = (
        "swap_button",
        "domain_choice",
        "source_text",
        "translation_flags",
        "copy_translation_button",
        "memory_button",
    )

    def is_whole() -> bool:
        tops = [desk.find(name).mapTo(inner, QPoint(0, 0)).y() for name in names]
        ends = [top + desk.find(name).height() for top, name in zip(tops, names, strict=True)]
        return all(end <= top for end, top in zip(ends, [*tops[1:], inner.height()], strict=True))

    desk.wait(is_whole)  # the letters grow when the setting is kept


def test_a_translation_into_arabic_begins_at_the_right(desk):
    desk.window.show_page("Translate")
    desk.frame.translate.set_target("ar")
    pane = desk.find("target_text")
    pane.setPlainText("مرحبا")
    assert pane.cursorRect(pane.textCursor()).x() > pane.width() // 2
    desk.frame.translate.set_target("de")
    pane.setPlainText("Hallo")
    assert pane.cursorRect(pane.textCursor()).x() < pane.width() // 2


def test_the_marks_of_flags_take_the_colours_of_the_theme(desk):
    desk.frame.settings.change("theme", "light")
    desk.wait(lambda: desk.window.palette().window().color().lightness() > 200)
    desk.window.show_page("Translate")
    QApplication.clipboard().setText("You must not go.")
    press(desk)
    flags = desk.find("translation_flags")
    desk.wait(lambda: flags.isVisible() and flags.count())
    light = flags.item(0).icon().pixmap(16, 16).toImage()
    desk.frame.settings.change("theme", "dark")
    desk.wait(lambda: flags.item(0).icon().pixmap(16, 16).toImage() != light)
