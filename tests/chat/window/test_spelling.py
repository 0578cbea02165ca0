"""Misspelled words in the message: underlined while typing, mended by the menu, and what Settings offers for it."""

from __future__ import annotations

import pytest
from fakes import tiny_dictionary
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QListWidget, QMenu

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]

TEXT = "The letter was sennt on Monday and received by the corut "


@pytest.fixture
def writer(start, tmp_path, monkeypatch):
    """A window with an English dictionary, and the focus in the message."""
    tiny_dictionary.write(tmp_path / "dictionaries")
    tiny_dictionary.install(monkeypatch, tmp_path / "dictionaries")
    program = start()
    program.wait(program.is_in_front)
    program.page.composer.setFocus()
    return program


def box(program):
    return program.page.composer.input_box


def marked(program):
    """The words that are underlined."""
    return box(program).findChild(QObject, "spell_marks").words


def press(program, *keys, modifier=Qt.KeyboardModifier.NoModifier):
    for key in keys:
        QTest.keyClick(box(program), key, modifier)


def open_menu(program, word, reason=QContextMenuEvent.Reason.Mouse):
    """Ask for the menu on a word; its entries once the suggestions are there."""
    cursor = box(program).textCursor()
    cursor.setPosition(box(program).toPlainText().index(word) + 1)
    if reason == QContextMenuEvent.Reason.Keyboard:
        box(program).setTextCursor(cursor)
    place = box(program).cursorRect(cursor).center() + QPoint(1, 0)
    target = box(program).viewport() if reason == QContextMenuEvent.Reason.Mouse else box(program)
    QApplication.sendEvent(target, QContextMenuEvent(reason, place, box(program).viewport().mapToGlobal(place)))
    program.wait(lambda: [menu for menu in box(program).findChildren(QMenu, "spelling_menu") if menu.isVisible()])
    menu = box(program).findChildren(QMenu, "spelling_menu")[-1]
    program.wait(lambda: menu.actions()[0].text() != "Looking for suggestions…")
    return menu


def test_misspelled_words_are_underlined_but_not_the_one_being_written(writer):
    program = writer
    program.type(TEXT)
    program.wait(lambda: marked(program) == ["sennt", "corut"])
    program.type("becuase")
    assert marked(program) == ["sennt", "corut"]
    program.wait(lambda: not box(program).findChild(QTimer, "spelling_timer").isActive())
    program.ask(lambda services: None)
    assert marked(program) == ["sennt", "corut"]
    program.type(" ")
    program.wait(lambda: marked(program) == ["sennt", "corut", "becuase"])
    press(program, *[Qt.Key.Key_Backspace] * 8)
    program.wait(lambda: marked(program) == ["sennt", "corut"])
    assert box(program).toPlainText() == TEXT
    assert box(program).extraSelections()[0].format.fontUnderline() is False  # drawn over it, no format of the text


def test_a_word_left_by_a_key_is_underlined_and_code_addresses_and_names_are_not(writer, tmp_path):
    program = writer
    program.type(TEXT.rstrip())
    program.wait(lambda: marked(program) == ["sennt"])
    press(program, *[Qt.Key.Key_Left] * 7)
    program.wait(lambda: marked(program) == ["sennt", "corut"])
    press(program, *[Qt.Key.Key_Right] * 7)
    assert marked(program) == ["sennt", "corut"]
    (tmp_path / "anual reprot.txt").write_text("The pump stops.")
    program.chat.attached.add_paths([tmp_path / "anual reprot.txt"])
    program.wait(lambda: program.chat.attached.now)
    box(program).clear()
    program.put(
        "The letter 🙂🙂 was sennt by foo@exmaple.org, see `gti` and anual reprot.txt\n```\nxyzz\n```\n 🙂 corut."
    )
    program.wait(lambda: marked(program) == ["sennt", "corut"])


def test_the_menu_suggests_replaces_and_undoes(writer):
    program = writer
    program.type(TEXT)
    program.wait(lambda: marked(program) == ["sennt", "corut"])
    menu = open_menu(program, "sennt", QContextMenuEvent.Reason.Keyboard)
    assert menu.actions()[0].text() == "sent"
    menu.close()
    marks = box(program).findChild(QObject, "spell_marks")
    right = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(3, 8), box(program).mapToGlobal(QPoint(3, 8)))
    assert right.type() == QEvent.Type.ContextMenu
    assert not marks.eventFilter(box(program).viewport(), right), "on a right word, the usual menu"
    press(program, Qt.Key.Key_End)
    menu = open_menu(program, "corut")
    words = [action.text() for action in menu.actions()]
    assert words[0] == "court"
    assert "Add to my words" in words
    assert menu.actions()[0].font().bold()
    menu.actions()[0].trigger()
    menu.close()
    assert box(program).toPlainText() == TEXT.replace("corut", "court")
    program.wait(lambda: marked(program) == ["sennt"])
    press(program, Qt.Key.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert box(program).toPlainText() == TEXT
    program.wait(lambda: marked(program) == ["sennt", "corut"])


def test_of_a_long_text_what_is_in_sight_is_marked(writer, model_file):
    program = writer
    program.frame.models.import_file(model_file)
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName() and box(program).isVisible())
    program.put(
        "\n".join(
            f"The letter was {word} on Monday and received by the court"
            for word in ["frist", *["sennt"] * 400, "lasst"]
        )
    )
    bar = box(program).verticalScrollBar()

    def is_at_end() -> bool:  # the lines may be broken anew meanwhile
        press(program, Qt.Key.Key_End, modifier=Qt.KeyboardModifier.ControlModifier)
        return bar.maximum() - bar.value() < bar.pageStep()

    program.wait(lambda: is_at_end() and marked(program)[-1:] == ["lasst"])
    assert len(marked(program)) < 150
    bar.setValue(0)
    program.wait(lambda: marked(program)[:2] == ["frist", "sennt"])
    assert len(marked(program)) < 150


def test_own_words_are_added_by_the_menu_and_removed_in_settings(writer):
    program = writer
    program.type(TEXT)
    program.wait(lambda: marked(program) == ["sennt", "corut"])
    menu = open_menu(program, "sennt")
    next(action for action in menu.actions() if action.objectName() == "spelling_add").trigger()
    menu.close()
    program.wait(lambda: marked(program) == ["corut"])
    program.setting("own_words")
    program.mentions("own_words_sentence", "1 word")
    program.click("setting_own_words")
    dialog = program.find("own_words")
    assert isinstance(dialog, QDialog)
    words = program.find("own_words_list", dialog)
    assert isinstance(words, QListWidget)
    words.setCurrentRow(0)
    program.click(program.find("own_words_remove", dialog))
    program.wait(lambda: words.count() == 0)
    program.wait(lambda: marked(program) == ["sennt", "corut"])
    program.click(program.find("own_words_undo", dialog))
    program.wait(lambda: words.count() == 1)
    program.wait(lambda: marked(program) == ["corut"])
    program.click(program.find("sheet_close", dialog))


def test_settings_switch_it_off_and_name_the_dictionaries(writer):
    program = writer
    program.type(TEXT)
    program.wait(lambda: marked(program) == ["sennt", "corut"])
    switch = program.setting("spelling")
    program.mentions("spelling_language_sentence", "English (US)")
    language = program.find("setting_spelling_language")
    assert [language.itemText(at) for at in range(language.count())] == ["By the text", "English (US)"]
    program.click(switch)
    program.wait(lambda: not program.frame.settings.current.spelling)
    program.wait(lambda: not marked(program))
    program.click(switch)
    program.wait(lambda: marked(program) == ["sennt", "corut"])


def test_without_a_dictionary_nothing_is_shown_and_settings_say_how_to_get_one(start, tmp_path, monkeypatch):
    tiny_dictionary.install(monkeypatch, tmp_path)
    program = start()
    program.type(TEXT)
    program.setting("spelling")
    sentence = program.find("spelling_language_sentence")
    program.wait(lambda: sentence.text().startswith("There is no dictionary on this PC"))
    assert not marked(program)
