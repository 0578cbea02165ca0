"""The translator's text: languages to choose, reading, single sentences in doubt, what was typed earlier."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QPlainTextEdit

from slmdesk.core.translation import LiveSegment, SegmentState
from slmdesk.gui.translate.text.status_text import Shown, count_words, language_words
from slmdesk.services.translation.asking.prompts import Manner

pytestmark = pytest.mark.gui

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
POPUP = "This plugin does not support|OpenType support missing"


@pytest.fixture
def desk(start, model_file):
    desk = start(turned=True)
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    return opened(desk)


def opened(desk):
    QTest.keyClick(desk.window, Qt.Key.Key_3, CTRL)
    desk.translate = desk.frame.translate_page
    desk.wait(lambda: desk.translate.isVisible())
    return desk


def put(desk, text):
    """Have a text translated; the words that came."""
    desk.translate.text.take_text(text)
    controller = desk.frame.translate
    desk.wait(lambda: controller.last.is_done and controller.last.source == text and controller.last.segments)
    return output(desk)


def output(desk):
    return desk.find("target_text").toPlainText()


def test_a_text_is_there_again_at_the_next_start_until_it_is_cleared(start, desk):
    words = put(desk, "The house is old. It is cold here.")
    desk.close()
    again = opened(start(turned=True))
    again.wait(lambda: again.find("source_text").toPlainText() == "The house is old. It is cold here.")
    again.wait(lambda: output(again) == words)
    again.find("source_text").setPlainText("")
    again.wait(lambda: output(again) == "")
    again.wait(lambda: again.ask(lambda services: services.settings.current.last_typed) == "")
    again.close()
    third = opened(start(turned=True))
    third.ask(lambda services: None)
    assert third.find("source_text").toPlainText() == ""


def test_a_text_that_was_deleted_is_not_there_at_the_next_start(start, desk):
    put(desk, "The house is old.")
    desk.frame.translate.keep()
    desk.wait(lambda: desk.frame.translate._entry.item)
    item = desk.frame.translate._entry.item
    desk.ask(lambda services: services.chats.trash(item))
    desk.close()
    again = opened(start(turned=True))
    again.ask(lambda services: None)
    assert again.find("source_text").toPlainText() == ""


def select(desk, words):
    """Select words of the translation."""
    pane = desk.find("target_text")
    cursor = pane.textCursor()
    cursor.setPosition(pane.toPlainText().index(words))
    cursor.setPosition(cursor.position() + len(words), cursor.MoveMode.KeepAnchor)
    pane.setTextCursor(cursor)
    pane.setFocus()
    return pane


def memory(desk):
    return [(one.source, one.target) for one in desk.ask(lambda services: services.store.memory())]


# ---- languages


def rows_of(listed):
    return [listed.item(row).text() for row in range(listed.count())]


@pytest.mark.qt_log_ignore(POPUP, extend=True)
def test_a_language_is_found_by_typing_and_stands_on_top_afterwards(desk):
    desk.find("target_language").showPopup()
    QTest.keyClicks(desk.find("language_search"), "polsk")
    assert rows_of(desk.find("language_list")) == ["Polish — Polski"]
    QTest.keyClick(desk.find("language_search"), Qt.Key.Key_Return)
    assert desk.find("target_language").currentData() == "pl"
    assert desk.frame.translate.manner.target == "pl"
    desk.qtbot.waitUntil(lambda: desk.window.findChild(QLineEdit, "language_search") is None)
    desk.find("target_language").showPopup()
    assert rows_of(desk.find("language_list"))[:2] == ["Used last", "Polish — Polski"]
    desk.find("language_popup").close()


@pytest.mark.qt_log_ignore(POPUP, extend=True)
def test_a_language_is_pinned_by_key_and_by_click_and_stays_so(desk, start):
    desk.find("target_language").showPopup()
    QTest.keyClicks(desk.find("language_search"), "french")
    QTest.keyClick(desk.find("language_search"), Qt.Key.Key_D, CTRL)
    desk.find("language_search").clear()
    listed = desk.find("language_list")
    assert rows_of(listed)[:2] == ["Pinned", "French — Français"]
    row = listed.item(rows_of(listed).index("Dutch — Nederlands"))
    listed.scrollToItem(row)
    QTest.mouseClick(
        listed.viewport(), Qt.MouseButton.LeftButton, pos=listed.visualItemRect(row).topLeft() + QPoint(9, 9)
    )
    assert rows_of(listed)[:3] == ["Pinned", "French — Français", "Dutch — Nederlands"]
    assert desk.find("target_language").currentData() == "de", "a click on the pin chooses nothing"
    QTest.keyClick(desk.find("language_search"), Qt.Key.Key_Escape)
    desk.wait(lambda: desk.ask(lambda services: services.settings.current.translate_favourites) == "fr nl")
    desk.close()
    again = opened(start(turned=True))
    assert again.frame.translate.view.view.favourites == ("fr", "nl")


def test_the_languages_of_the_last_run_are_there_again(desk, start):
    desk.frame.translate.set_target("it")
    desk.frame.translate.set_source("fr")
    desk.close()
    again = opened(start(turned=True))
    assert again.find("target_language").currentData() == "it"
    assert again.find("source_language").currentData() == "fr"


def test_each_paragraph_tells_its_language(desk):
    put(desk, "The weather is fine today and we go out.")
    assert desk.find("detected_language").text() == "Detected: English"
    french = "Le propriétaire doit entretenir le bâtiment chaque année."
    put(desk, f"The weather is fine today and we go out.\nWe stay here until the evening.\n{french}")
    assert desk.find("detected_language").text() == "Detected: 2 paragraphs English, 1 French"
    assert "3. French" in desk.find("detected_language").toolTip()


def test_what_is_in_the_language_already_is_said(desk):
    words = put(desk, "Das Haus steht am Rande der Stadt und ist groß.")
    assert words == "Das Haus steht am Rande der Stadt und ist groß."
    assert desk.find("translate_words").text() == "1 sentence; it is in German already"


def test_blanks_alone_are_no_text(desk):
    desk.translate.text.take_text("   \n  ")
    desk.wait(lambda: desk.find("translate_words").text() == "There are no words to translate.")


def segment(language, sure, at, state=SegmentState.TRANSLATED):
    return LiveSegment("a b", "", "\n", language, "c", state, paragraph=at, sure=sure)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([("de", 0.999)], "Detected: German"),
        ([("de", 0.95)], "Detected: German (fairly sure)"),
        ([("de", 0.81)], "Detected: German (uncertain)"),
        ([("", 0.0)], "Language not recognised: choose it, or write more"),
        ([("de", 1.0), ("fr", 1.0), ("de", 0.0)], "Detected: 2 paragraphs German, 1 French"),
    ],
)
def test_how_sure_a_language_is_told_in_words(found, words):
    shown = Shown(tuple(segment(code, sure, at) for at, (code, sure) in enumerate(found)), True, "")
    assert language_words(shown, Manner("en"))[0] == words
    assert language_words(shown, Manner("en", "de")) == ("", ""), "one that was chosen is not told"


def test_counts_speak_of_one_and_of_many():
    many = Shown((segment("de", 1, 0), segment("en", 1, 1, SegmentState.LEFT)), True, "de")
    assert count_words(many, Manner("en")) == "2 sentences; 1 is in English already"
    assert count_words(many, Manner("en", "de")) == "2 sentences"


# ---- reading


SHORT, WIDE = "This is the sentence with the number {0}.", " ".join(["Here we are at the number {0} of them all."] * 4)
LONG = "\n".join((SHORT if at % 3 else WIDE).format(at) for at in range(1, 90))


@pytest.mark.parametrize(("moved", "follows"), [("source_text", "target_text"), ("target_text", "source_text")])
def test_panes_scroll_in_step_by_segment(desk, moved, follows):
    put(desk, LONG)
    one, other = desk.find(moved), desk.find(follows)
    desk.window.resize(900, 600)
    other.set_letters(150)  # the same lines are elsewhere
    for value in (5, 40, 80):
        one.verticalScrollBar().setValue(value)
        assert other.top()[0] == one.top()[0], value
    one.verticalScrollBar().setValue(one.verticalScrollBar().maximum())
    assert other.verticalScrollBar().value() == other.verticalScrollBar().maximum()


def test_letters_grow_shrink_and_are_remembered(desk, start):
    pane = desk.find("source_text")
    size = pane.document().defaultFont().pointSizeF()
    desk.click("larger_button")
    QTest.keyClick(pane, Qt.Key.Key_Plus, CTRL)
    assert desk.find("letter_size_button").text() == "125 %"
    assert pane.document().defaultFont().pointSizeF() == pytest.approx(size * 1.25)
    QTest.keyClick(pane, Qt.Key.Key_Minus, CTRL)
    assert desk.find("letter_size_button").text() == "110 %"
    QTest.keyClick(pane, Qt.Key.Key_0, CTRL)
    assert pane.document().defaultFont().pointSizeF() == size
    desk.click("smaller_button")
    desk.wait(lambda: desk.ask(lambda services: services.settings.current.translate_font_percent) == 90)
    desk.close()
    again = opened(start(turned=True))
    assert again.find("letter_size_button").text() == "90 %"
    assert again.find("target_text").document().defaultFont().pointSizeF() == pytest.approx(size * 0.9)


def test_a_line_of_the_flags_goes_to_its_sentence(desk):
    put(desk, f"{LONG}\nYou must not sublet the flat.")
    flags = desk.find("translation_flags")
    assert flags.words == (
        "“You must not sublet the flat.”: “not” of the source is missing, so the translation may say the opposite"
    )
    flags.setCurrentRow(0)
    QTest.keyClick(flags, Qt.Key.Key_Return)
    pane = desk.find("target_text")
    assert pane.hasFocus()
    assert pane.toPlainText()[pane.textCursor().position() :] == "yOU MUST NOT SUBLET THE FLAT."
    assert desk.find("source_text").cursorRect().top() > 0
    lit = [one for one in pane.extraSelections() if one.cursor.selectedText() == "yOU MUST NOT SUBLET THE FLAT."]
    assert len(lit) == 2, "its flag, and the light"


def test_sentences_are_read_side_by_side_copied_and_edited(desk):
    put(desk, "The sun is up. We go out.")
    desk.click("pairs_button")
    table = desk.find("pair_table")
    assert table.isVisible()
    assert not desk.find("source_text").isVisible()
    model = table.model()
    assert [model.index(1, column).data() for column in range(2)] == ["We go out.", "wE GO OUT."]
    assert table.isColumnHidden(2), "nothing is to be looked at"
    table.selectAll()
    QTest.keyClick(table, Qt.Key.Key_C, CTRL)
    assert QApplication.clipboard().text() == "The sun is up.\ttHE SUN IS UP.\nWe go out.\twE GO OUT."
    table.setCurrentIndex(model.index(1, 1))
    QTest.keyClick(table, Qt.Key.Key_F2)
    editor = desk.find("segment_editor")
    QTest.keyClicks(editor, "Wir gehen aus.")
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    desk.wait(lambda: model.index(1, 1).data() == "Wir gehen aus.")
    desk.wait(lambda: memory(desk) == [("We go out.", "Wir gehen aus.")])
    desk.click("pairs_button")
    assert output(desk) == "tHE SUN IS UP. Wir gehen aus."


def test_no_row_of_the_side_by_side_is_cut_off(desk):
    put(desk, " ".join(f"The {'very ' * count}long sentence goes on." for count in range(8, 32)))
    desk.click("pairs_button")
    table = desk.find("pair_table")
    for percent in (100, 150, 200):
        table.set_letters(percent)
        desk.wait(lambda: not table._timer.isActive())
        letters = QFontMetrics(table.font())
        for row in range(table.model().rowCount()):
            width = table.columnWidth(1) - 17  # grid, padding, border, margin
            words = str(table.model().index(row, 1).data())
            needed = letters.boundingRect(0, 0, width, 10_000, Qt.TextFlag.TextWordWrap, words).height()
            assert table.rowHeight(row) >= needed, (percent, row)


def test_words_the_model_was_unsure_of_are_shaded_on_request(desk):
    put(desk, "The 𝄞 sun is up.")
    pane, pane_view = desk.find("target_text"), desk.frame.translate
    one = pane_view.last.segments[0]
    from dataclasses import replace

    doubtful = replace(one, doubts=((6, 9, 0.31),))
    pane_view._last = Shown((doubtful,), True, "en")
    pane_view.shown.emit(pane_view.last)
    assert pane.extraSelections() == []
    desk.click("shade_button")
    shaded = pane.extraSelections()
    assert [one.cursor.selectedText() for one in shaded] == ["SUN"], "counted as Qt does, beyond the clef"
    assert shaded[0].format.background().color().alpha() > 0
    desk.click("shade_button")
    assert pane.extraSelections() == []


# ---- one sentence


def test_a_sentence_is_edited_remembered_and_taken_back(desk):
    put(desk, "The sun is up. We go out.")
    pane = select(desk, "GO")
    QTest.keyClick(pane, Qt.Key.Key_F2)
    editor = desk.find("sentence_editor")
    assert editor.toPlainText() == "wE GO OUT."
    QTest.keyClicks(editor, "Wir gehen aus.")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    desk.wait(lambda: output(desk) == "tHE SUN IS UP. Wir gehen aus.")
    assert memory(desk) == [("We go out.", "Wir gehen aus.")]
    assert any("remembered" in words for words in desk.notices())
    QTest.keyClick(pane, Qt.Key.Key_Z, CTRL)
    desk.wait(lambda: output(desk) == "tHE SUN IS UP. wE GO OUT.")
    assert memory(desk) == []


def test_an_editor_that_is_left_changes_nothing(desk):
    put(desk, "The sun is up.")
    pane = select(desk, "SUN")
    QTest.keyClick(pane, Qt.Key.Key_F2)
    editor = desk.find("sentence_editor")
    QTest.keyClicks(editor, "Falsch")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert not desk.find("sentence_frame").isVisible()
    assert pane.hasFocus()
    assert output(desk) == "tHE SUN IS UP."
    assert memory(desk) == []


def test_a_sentence_is_put_back_into_its_language(desk):
    put(desk, "The sun is up. We go out.")
    pane = select(desk, "GO")
    pane.moveCursor(pane.textCursor().MoveOperation.End)
    QTest.keyClick(pane, Qt.Key.Key_R, CTRL | SHIFT)
    words = desk.find("doubt_words")
    desk.wait(lambda: words.text() == "We go out.\nThe text says: We go out.")
    assert not desk.find("doubt_progress").isVisible()
    select(desk, "GO OUT")
    QTest.keyClick(pane, Qt.Key.Key_R, CTRL | SHIFT)
    desk.wait(lambda: words.text() == "go out")
    desk.click("close_doubt_button")
    assert not desk.find("doubt_panel").isVisible()


def test_another_wording_is_used_and_undone(desk):
    put(desk, "The sun is up. We go out.")
    desk.frame.translate.put(1, "We go out.", "Wir laufen.")
    desk.wait(lambda: output(desk).endswith("Wir laufen."))
    pane = select(desk, "laufen")
    QTest.keyClick(pane, Qt.Key.Key_A, CTRL | SHIFT)
    listed = desk.find("wording_list")
    desk.wait(lambda: rows_of(listed) == ["wE GO OUT."])
    desk.click("use_wording_button")
    desk.wait(lambda: output(desk) == "tHE SUN IS UP. wE GO OUT.")
    assert not desk.find("doubt_panel").isVisible()
    QTest.keyClick(pane, Qt.Key.Key_Z, CTRL)
    desk.wait(lambda: output(desk).endswith("Wir laufen."))
    assert memory(desk) == [("We go out.", "Wir laufen.")]


def test_an_undo_may_come_before_the_change_is_answered(desk):
    put(desk, "We go out.")
    pane = select(desk, "GO")
    gate = threading.Event()
    desk.bridge.ask(lambda services: gate.wait(30))  # the desk thread is busy
    desk.frame.translate.put(0, "We go out.", "Wir laufen.")
    QTest.keyClick(pane, Qt.Key.Key_Z, CTRL)
    gate.set()
    assert memory(desk) == []
    desk.wait(lambda: output(desk) == "wE GO OUT.")
    assert not any("remembered" in one for one in desk.notices())


def test_where_there_is_no_other_wording_it_is_said(desk):
    put(desk, "We go out.")
    pane = select(desk, "GO")
    QTest.keyClick(pane, Qt.Key.Key_A, CTRL | SHIFT)
    desk.wait(lambda: desk.find("doubt_words").text() == "The model found no other wording without “GO”.")
    assert not desk.find("use_wording_button").isVisible()


def test_a_question_is_cancelled(start, model_file):
    desk = start(turned=True, slow=0.3)
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    opened(desk)
    put(desk, "We go out.")
    pane = select(desk, "GO")
    QTest.keyClick(pane, Qt.Key.Key_R, CTRL | SHIFT)
    assert desk.find("doubt_progress").isVisible()
    desk.click("close_doubt_button")
    assert not desk.find("doubt_panel").isVisible()
    words = put(desk, "We go home.")
    assert words == "wE GO HOME.", "the engine is free again"
    assert not desk.find("doubt_panel").isVisible()


def test_without_a_sentence_under_the_caret_it_is_said(desk):
    desk.find("target_text").setFocus()
    QTest.keyClick(desk.find("target_text"), Qt.Key.Key_R, CTRL | SHIFT)
    assert "Put the caret" in desk.find("translate_words").text()


# ---- what was typed earlier


def kept(desk):
    return [one.title for one in desk.ask(lambda services: services.history.items("translation"))]


def test_typed_texts_are_kept_found_and_opened_again(desk, start):
    put(desk, "The rent is due today.")
    desk.frame.translate.put(0, "The rent is due today.", "Die Miete ist heute fällig.")
    desk.wait(lambda: "Miete" in output(desk))
    desk.click("clear_text_button")
    desk.wait(lambda: kept(desk) == ["The rent is due today. → German"])
    put(desk, "We go out.")
    QTest.keyClick(desk.window, Qt.Key.Key_1, CTRL)
    desk.wait(lambda: kept(desk) == ["We go out. → German", "The rent is due today. → German"])
    desk.close()
    again = opened(start(turned=True))
    again.click("earlier_translations_button")
    listed, search = again.find("earlier_list"), again.find("earlier_search")
    again.wait(lambda: listed.count() == 2)
    search.setText("fällig")  # QTest knows no ä
    again.wait(lambda: listed.count() == 1)
    assert rows_of(listed) == ["The rent is due today. → German\nThe rent is due today. Die Miete ist heute fällig."]
    assert listed.textElideMode() is Qt.TextElideMode.ElideRight  # what was found stands near the beginning
    QTest.keyClick(search, Qt.Key.Key_Down)
    QTest.keyClick(listed, Qt.Key.Key_Return)
    again.wait(lambda: output(again) == "Die Miete ist heute fällig.")
    again.wait(lambda: again.find("source_text").toPlainText() == "The rent is due today.")
    QTest.keyClicks(again.find("source_text"), " ")
    again.wait(lambda: again.frame.translate.last.is_done)
    assert output(again).strip() == "Die Miete ist heute fällig."


def test_a_text_is_kept_once_while_it_is_edited(desk):
    put(desk, "The rent is due today.")
    desk.frame.translate.keep()
    QTest.keyClick(desk.find("source_text"), Qt.Key.Key_End)
    QTest.keyClicks(desk.find("source_text"), " It is high.")
    desk.wait(lambda: output(desk).endswith("iT IS HIGH.") and desk.frame.translate.last.is_done)
    desk.frame.translate.keep()
    desk.frame.translate.keep()
    assert kept(desk) == ["The rent is due today. It is high. → German"]
    desk.frame.translate.set_target("fr")
    desk.wait(lambda: not desk.frame.translate._is_stale and desk.frame.translate.last.is_done)
    desk.click("clear_text_button")
    assert sorted(kept(desk)) == [
        "The rent is due today. It is high. → French", "The rent is due today. It is high. → German",
    ]  # fmt: skip


def test_an_earlier_text_is_renamed_and_forgotten_with_a_way_back(desk):
    put(desk, "The rent is due today.")
    desk.frame.translate.keep()
    desk.click("earlier_translations_button")
    listed = desk.find("earlier_list")
    desk.wait(lambda: listed.count() == 1)
    listed.setFocus()
    QTest.keyClick(listed, Qt.Key.Key_F2)
    desk.find("earlier_title").selectAll()
    QTest.keyClicks(desk.find("earlier_title"), "Letter")
    QTest.keyClick(desk.find("earlier_title"), Qt.Key.Key_Return)
    desk.wait(lambda: listed.count() and listed.item(0).text().startswith("Letter\n"))
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    desk.wait(lambda: listed.count() == 0)
    assert desk.find("earlier_hint").text() == "There is no earlier translation."
    bar = next(bar for bar in desk.window.notices.bars if "trash" in bar.notice.text)
    bar.notice.on_action()
    desk.wait(lambda: listed.count() == 1)


def test_nothing_is_kept_where_the_person_wants_none(desk):
    desk.frame.settings.change("translate_history", False)
    desk.wait(lambda: not desk.ask(lambda services: services.settings.current.translate_history))
    put(desk, "The rent is due today.")
    desk.click("clear_text_button")
    assert kept(desk) == []


# ---- too much


def test_a_pasted_text_of_megabytes_is_offered_as_a_document(desk, tmp_path):
    typed = "Hello there"
    QTest.keyClicks(desk.find("source_text"), typed)
    big = "The rent is due. " * 320_000
    data = QMimeData()
    data.setText(big)
    desk.find("source_text").insertFromMimeData(data)
    assert desk.find("source_text").toPlainText() == typed, "what is there stays"
    assert "5,440,000 characters" in desk.find("long_text_words").text()
    desk.click("long_text_button")
    dialog = desk.translate.findChild(QFileDialog, "long_text_dialog")
    path = tmp_path / "pasted.txt"
    desk.find("source_text").setFocus()
    dialog.fileSelected.emit(str(path))
    dialog.close()
    desk.wait(lambda: desk.translate.findChild(QDialog, "document_form") is not None)
    desk.translate.findChild(QDialog, "document_form").close()
    assert path.read_text() == big
    assert not desk.find("long_text_bar").isVisible()


def test_a_long_text_that_becomes_short_is_translated(desk):
    pane: QPlainTextEdit = desk.find("source_text")
    pane.setPlainText("word " * 12_000)
    assert desk.find("long_text_bar").isVisible()
    pane.setPlainText("We go out.")
    assert not desk.find("long_text_bar").isVisible()
    desk.wait(lambda: output(desk) == "wE GO OUT.")
