"""The translator's text: languages to choose, reading, single sentences in doubt, what was typed earlier."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QTextCursor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPlainTextEdit
from tasks.translation.window.conftest import on_page, output, tab, with_options

from slmdesk.base.runtime.events import ended
from slmdesk.base.translation import LiveSegment, SegmentState
from slmdesk.tasks.translation.typed import LiveTranslation, OtherWords
from slmdesk.ui.translation.text import PaneState, edited

pytestmark = pytest.mark.gui

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
POPUP = "This plugin does not support|OpenType support missing"


def put(program, text):
    """Have a text translated; the words that came."""
    program.translate.text.take_text(text)
    controller = program.frame.translate
    program.wait(lambda: controller.last.is_done and controller.last.source == text and controller.last.segments)
    return output(program)


def test_text_languages_and_letters_are_there_again_at_the_next_start_until_they_are_cleared(start, program):
    program.frame.translate.set_target("it")
    program.frame.translate.set_source("en")
    words = put(program, "The house is old. It is cold here.")
    letters = lambda window: window.find("target_text").document().defaultFont().pointSizeF()  # noqa: E731
    usual = letters(program)
    QTest.keyClick(program.find("source_text"), Qt.Key.Key_Minus, CTRL)
    program.wait(lambda: program.frame.state.current.translate_font_percent == 90)
    program.close()
    again = on_page(start(turned=True))
    again.wait(lambda: again.find("source_text").toPlainText() == "The house is old. It is cold here.")
    again.wait(lambda: output(again) == words)
    assert [again.find(f"{side}_language").currentData() for side in ("source", "target")] == ["en", "it"]
    assert letters(again) == pytest.approx(usual * 0.9)
    again.find("source_text").setPlainText("")
    again.wait(lambda: output(again) == "")
    again.wait(lambda: again.ask(lambda services: again.frame.state.current.last_typed) == "")
    again.find("source_text").setPlainText("It is late.")
    again.wait(lambda: again.frame.translate.last.is_done and again.frame.translate.last.source == "It is late.")
    again.frame.translate.keep()
    again.wait(lambda: again.frame.state.current.last_typed)
    item = again.frame.state.current.last_typed
    again.ask(lambda services: services.history.trash(item))
    again.close()
    third = on_page(start(turned=True))
    third.ask(lambda services: None)
    assert third.find("source_text").toPlainText() == "", "it was deleted"


def select(program, words):
    """Select words of the translation."""
    pane = program.find("target_text")
    cursor = pane.textCursor()
    cursor.setPosition(pane.toPlainText().index(words))
    cursor.setPosition(cursor.position() + len(words), cursor.MoveMode.KeepAnchor)
    pane.setTextCursor(cursor)
    pane.setFocus()
    return pane


def memory(program):
    return [(pair.source, pair.target) for pair in program.ask(lambda services: services.store.memory.page())]


def rows_of(listed):
    return [listed.item(row).text() for row in range(listed.count())]


@pytest.mark.qt_log_ignore(POPUP, extend=True)
def test_a_language_is_found_by_typing_and_pinned_by_key_and_by_click(program):
    program.find("target_language").showPopup()
    program.type_into("language_search", "polsk")
    assert rows_of(program.find("language_list")) == ["Polish — Polski"]
    QTest.keyClick(program.find("language_search"), Qt.Key.Key_Return)
    assert program.find("target_language").currentData() == "pl"
    assert program.frame.translate.manner.target == "pl"
    program.qtbot.waitUntil(lambda: program.window.findChild(QLineEdit, "language_search") is None)
    program.find("target_language").showPopup()
    assert rows_of(program.find("language_list"))[:2] == ["Used last", "Polish — Polski"]
    program.type_into("language_search", "french")
    QTest.keyClick(program.find("language_search"), Qt.Key.Key_D, CTRL)
    program.find("language_search").clear()
    listed = program.find("language_list")
    assert rows_of(listed)[:2] == ["Pinned", "French — Français"]
    row = listed.item(rows_of(listed).index("Dutch — Nederlands"))
    listed.scrollToItem(row)
    program.click(listed.viewport(), lambda: listed.visualItemRect(row).topLeft() + QPoint(9, 9))
    assert rows_of(listed)[:3] == ["Pinned", "French — Français", "Dutch — Nederlands"]
    assert program.find("target_language").currentData() == "pl", "a click on the pin chooses nothing"
    QTest.keyClick(program.find("language_search"), Qt.Key.Key_Escape)
    program.wait(lambda: program.frame.state.current.translate_favourites == "fr nl")


def test_what_is_typed_in_the_target_language_goes_into_another_unless_a_person_chose_it(program):
    target, words, german = program.find("target_language"), program.find("translate_words"), "Das Haus steht am Rande."
    program.type_into("source_text", "Hallo,")
    QTest.keyClick(program.find("source_text"), Qt.Key.Key_Return)
    program.type_into("source_text", german)
    program.wait(lambda: target.currentData() == "en" and output(program).endswith(german.swapcase()))
    program.frame.translate.set_target("de")
    program.wait(lambda: words.text() == "2 sentences; 1 is in German already")
    program.type_into("source_text", " Es ist kalt.")
    program.wait(lambda: words.text() == "3 sentences; 2 are in German already")
    assert target.currentData() == "de", "a person chose it for a German text"
    program.find("source_text").clear()
    program.type_into("source_text", german)
    program.wait(lambda: target.currentData() == "en" and output(program) == german.swapcase())
    program.find("source_text").clear()
    program.type_into("source_text", "The house is old and cold.")
    program.wait(lambda: target.currentData() == "de" and output(program) == "tHE HOUSE IS OLD AND COLD.")


def segment(language, at, state=SegmentState.TRANSLATED):
    return LiveSegment("a b", "", "\n", language, "c", state, paragraph=at)


SHORT, WIDE = "This is the sentence with the number {0}.", " ".join(["Here we are at the number {0} of them all."] * 4)
LONG = "\n".join((SHORT if at % 3 else WIDE).format(at) for at in range(1, 90))


def test_panes_scroll_in_step_by_segment(program):
    put(program, LONG)
    source, target = program.find("source_text"), program.find("target_text")
    program.window.resize(900, 600)
    target.set_letters(150)  # the same lines are elsewhere
    for pane, other in ((source, target), (target, source)):
        for value in (5, 40, 80):
            pane.verticalScrollBar().setValue(value)
            assert other.top()[0] == pane.top()[0], value
        pane.verticalScrollBar().setValue(pane.verticalScrollBar().maximum())
        assert other.verticalScrollBar().value() == other.verticalScrollBar().maximum()


def test_letters_grow_and_shrink(program):
    pane = program.find("source_text")
    letters = pane.document().defaultFont
    size = letters().pointSizeF()
    assert size == pytest.approx(1.33 * program.frame.keeper.fonts.points(), rel=0.01)
    QTest.keyClick(pane, Qt.Key.Key_Plus, CTRL)
    QTest.keyClick(pane, Qt.Key.Key_Plus, CTRL)
    assert letters().pointSizeF() == pytest.approx(size * 1.25)
    turn_wheel(pane, -120)
    assert letters().pointSizeF() == pytest.approx(size * 1.1)
    QTest.keyClick(pane, Qt.Key.Key_0, CTRL)
    assert letters().pointSizeF() == size


def turn_wheel(pane, by):
    place = QPointF(pane.viewport().rect().center())
    event = QWheelEvent(
        place, pane.viewport().mapToGlobal(place), QPoint(), QPoint(0, by), Qt.MouseButton.NoButton, CTRL,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane.viewport(), event)


def test_what_is_to_be_checked_is_gone_to_one_after_another(program):
    put(program, f"You must not go.\n{LONG}\nYou must not sublet the flat.")
    pane, check = program.find("target_text"), program.find("check_count_button")
    assert check.text() == "2 to check"
    program.click(check)
    assert pane.textCursor().position() == 0
    program.click(check)
    assert pane.hasFocus()
    assert pane.toPlainText()[pane.textCursor().position() :] == "yOU MUST NOT SUBLET THE FLAT."
    assert program.find("source_text").cursorRect().top() > 0
    assert program.find("translate_words").text() == "Negation may be missing (“not”)"
    lit = [selection.cursor.selectedText() for selection in pane.extraSelections()]
    assert lit.count("yOU MUST NOT SUBLET THE FLAT.") == 2, "its flag, and the light"
    program.click(check)
    assert pane.textCursor().position() == 0


def test_words_the_model_was_unsure_of_are_shaded_on_request(program):
    put(program, "The 𝄞 sun is up.")
    pane, pane_view = program.find("target_text"), program.frame.translate
    first = pane_view.last.segments[0]
    from slmdesk.base.record import changed

    doubtful = changed(first, doubts=((6, 9, 0.31),))
    pane_view.last = PaneState((doubtful,), True, "en")
    pane_view.shown.emit()
    assert pane.extraSelections() == []
    with_options(program, "shade_button")
    shaded = pane.extraSelections()
    assert [selection.cursor.selectedText() for selection in shaded] == ["SUN"], "counted as Qt does, beyond the clef"
    assert shaded[0].format.background().color() == program.frame.keeper.theme.colour("warn_soft")
    with_options(program, "shade_button")
    assert pane.extraSelections() == []


def test_the_translation_can_be_typed_in_and_is_remembered(program):
    pane = program.find("target_text")
    assert pane.isReadOnly(), "there is nothing to change yet"
    put(program, "The sun is up. We go out.")
    select(program, "GO")
    QTest.keyClicks(pane, "geh")
    assert output(program) == "tHE SUN IS UP. wE geh OUT."
    assert memory(program) == []
    QTest.keyClick(pane, Qt.Key.Key_Z, CTRL)
    assert output(program) == "tHE SUN IS UP. wE GO OUT."
    select(program, "GO")
    QTest.keyClicks(pane, "geh")
    QTest.keyClick(pane, Qt.Key.Key_Home, CTRL)  # leaves the sentence
    program.wait(lambda: memory(program) == [("We go out.", "wE geh OUT.")])
    program.wait(lambda: program.find("translate_words").text() == "2 sentences, 1 edited")
    QTest.keyClick(program.find("source_text"), Qt.Key.Key_End, CTRL)
    program.type_into("source_text", " It is late.")
    program.wait(lambda: output(program) == "tHE SUN IS UP. wE geh OUT. iT IS LATE.")
    assert not program.notices()


THREE = "The sun is up.\n\nWe go out. It is late."
THREE_ZH = ("今天天气很好。", "我们出去走走。", "你来吗？")
SHOWN = "tHE SUN IS UP.\n\nwE GO OUT. iT IS LATE."


def over(program, words):
    """Select words of the translation by keys."""
    pane = program.find("target_text")
    pane.setFocus()
    QTest.keyClick(pane, Qt.Key.Key_Home, CTRL)
    for _times in range(output(program).index(words)):
        QTest.keyClick(pane, Qt.Key.Key_Right)
    for _times in words:
        QTest.keyClick(pane, Qt.Key.Key_Right, SHIFT)
    return pane


def pause(program):
    """Let pass the time after which what is typed is saved in the history."""
    program.frame.translate.findChild(QTimer, "keep_typed_timer").timeout.emit()
    program.ask(lambda services: None)


@pytest.mark.parametrize(
    ("words", "first", "now", "pairs"),
    [
        ("tHE SUN IS UP.", None, "Wir gehen aus.\n\nwE GO OUT. iT IS LATE.", [("The sun is up.", "Wir gehen aus.")]),
        ("UP.\n\nwE GO OUT.", Qt.Key.Key_Backspace, "tHE SUN IS Wir gehen aus. iT IS LATE.", []),
    ],
    ids=["one", "over two"],
)
def test_what_is_typed_over_sentences_is_theirs_and_remembered_whole(program, words, first, now, pairs):
    put(program, THREE)
    pane = over(program, words)
    if first is not None:
        QTest.keyClick(pane, first)
        pause(program)
        assert output(program) == SHOWN.replace(words, ""), "nothing moves under the caret"
    for part in ("Wir", " gehen", " aus."):
        QTest.keyClicks(pane, part)
        pause(program)
        assert memory(program) == [], "half a sentence is not remembered"
    assert output(program) == now
    pane.clearFocus()
    program.ask(lambda services: None)
    assert memory(program) == pairs
    assert output(program) == now


def test_a_sentence_pasted_over_or_gone_on_with_is_remembered_and_undone(program):
    put(program, THREE)
    QApplication.clipboard().setText("Wir gehen aus.")
    pane = over(program, "wE GO OUT.")
    QTest.keyClick(pane, Qt.Key.Key_V, CTRL)
    QTest.keyClicks(pane, " Und ein.")
    words = program.find("translate_words")
    assert (output(program), words.text()) == (
        SHOWN.replace("wE GO OUT.", "Wir gehen aus. Und ein."), "3 sentences, 1 edited",
    )  # fmt: skip
    for _times in range(3):
        QTest.keyClick(pane, Qt.Key.Key_Z, CTRL)
    assert (output(program), words.text()) == (SHOWN, "3 sentences")
    for _times in range(3):
        QTest.keyClick(pane, Qt.Key.Key_Y, CTRL)
    pane.clearFocus()
    program.ask(lambda services: None)
    assert memory(program) == [("We go out.", "Wir gehen aus. Und ein.")]
    program.find("source_text").clear()
    assert "Wir gehen aus. Und ein. iT IS LATE." in put(program, THREE)


def test_sentences_without_a_space_between_them_are_typed_over_and_deleted(program):
    first, second, third = THREE_ZH
    put(program, "".join(THREE_ZH))
    pane = over(program, first)
    for part in ("Wir", " gehen", " aus."):
        QTest.keyClicks(pane, part)
        QTest.keyClick(pane, Qt.Key.Key_Left)  # inside the sentence
        assert memory(program) == []
        QTest.keyClick(pane, Qt.Key.Key_Right)
    assert output(program) == f"Wir gehen aus.{second}{third}"
    over(program, second)
    QTest.keyClick(pane, Qt.Key.Key_Delete)
    QTest.keyClicks(pane, "Komm mit.")
    assert output(program) == f"Wir gehen aus.Komm mit.{third}"
    pane.clearFocus()
    assert memory(program) == [(first, "Wir gehen aus."), (second, "Komm mit.")]


def test_a_sentence_that_is_taken_out_leaves_no_space_and_stays_out(program):
    put(program, THREE)
    pane = over(program, "wE GO OUT.")
    QTest.keyClick(pane, Qt.Key.Key_Delete)
    QTest.keyClick(pane, Qt.Key.Key_End, CTRL)
    program.wait(lambda: output(program) == "tHE SUN IS UP. iT IS LATE.")
    QTest.keyClicks(pane, " Ja.")
    program.find("source_text").clear()
    program.ask(lambda services: None)
    assert memory(program) == [("It is late.", "iT IS LATE. Ja.")]
    program.frame.translate.open(program.ask(lambda services: services.history.items("translation"))[0].id)
    program.wait(lambda: output(program) == "tHE SUN IS UP. iT IS LATE. Ja.")


def test_a_sentence_that_is_there_can_be_typed_in_while_the_next_is_written(with_model):
    program = on_page(with_model(slow=0.1))
    controller, pane, late = program.frame.translate, program.find("target_text"), " ".join(["and we go out"] * 4)
    program.translate.text.take_text(f"The sun is up. We stay in {late}.")
    program.wait(lambda: not pane.isReadOnly())
    select(program, "SUN")
    QTest.keyClicks(pane, "son")
    assert output(program).startswith("tHE son IS UP. "), "nothing comes between"
    pane.moveCursor(QTextCursor.MoveOperation.End)  # leaves the sentence
    QTest.keyClicks(pane, "mine")
    assert "mine" not in output(program), "the model is writing there"
    assert program.find("translate_words").text() == "The model is still writing this sentence."
    assert not controller.last.is_done, "the control"
    program.wait(lambda: controller.last.is_done)
    assert output(program) == f"tHE son IS UP. wE STAY IN {late.upper()}."
    assert memory(program) == [("The sun is up.", "tHE son IS UP.")]


def lives(*words):
    return tuple(
        LiveSegment(f"{at}.", "", trail, "en", target, SegmentState.TRANSLATED)
        for at, (target, trail) in enumerate(words)
    )


@pytest.mark.parametrize(
    ("now", "targets"),
    [
        ("Ab. Neu.\n\nC.", ["Ab.", "Neu.", "C."]),
        ("Ab. B.\n\nC. Und", ["Ab.", "B.", "C. Und"]),
        ("Ab.B.\n\nC.", ["Ab.B.", "", "C."]),
        ("Ab. B. C.", ["Ab.", "B. C.", ""]),
        ("Ab. \n\nC.", ["Ab.", "", "C."]),
        ("B.\n\nC.", ["B.", "", "C."]),
        ("Ab. B.\nNeu\nC.", ["Ab.", "B.\nNeu\nC.", ""]),
        ("", ["", "", ""]),
    ],
)
def test_what_is_typed_belongs_to_its_sentence(now, targets):
    segments = edited(lives(("Ab.", " "), ("B.", "\n\n"), ("C.", "")), now)
    assert [segment.target for segment in segments] == targets
    assert PaneState(segments, True, "").text.split() == now.split()
    edits = [segment.state is SegmentState.EDITED for segment in segments]
    assert edits == [target != old for target, old in zip(targets, ("Ab.", "B.", "C."), strict=True)]


def test_what_is_typed_behind_the_last_sentence_that_is_there_belongs_to_it():
    segments = (*lives(("Ab.", " ")), LiveSegment("1.", "", "", "en", "", SegmentState.OPEN))
    assert [segment.target for segment in edited(segments, "Ab.  ")] == ["Ab. ", ""]


def test_a_click_on_a_word_offers_others_and_makes_it_a_term(program, monkeypatch):
    put(program, "We go out.")
    pane = program.find("target_text")
    cursor = pane.textCursor()
    cursor.setPosition(4)

    def press():
        pane.setTextCursor(cursor)
        program.click(pane.viewport(), lambda: pane.cursorRect().center())

    press()
    assert program.find("word_card").isVisible()
    assert pane.hasFocus(), "typing goes on"
    assert program.find("term_target").text() == "GO"
    program.wait(lambda: "no other words" in program.find("other_words_said").text())
    QTest.keyClick(pane, Qt.Key.Key_Escape)
    assert not program.find("word_card").isVisible()
    offer = OtherWords("LEAVE", "wE LEAVE.")
    monkeypatch.setattr(LiveTranslation, "other_words", lambda *_about: ended(offer))  # the fake has one answer for all
    press()
    words = program.find("other_words")
    program.wait(lambda: words.text() == "LEAVE")
    program.click(words)
    assert output(program) == "wE LEAVE."
    program.wait(lambda: memory(program) == [("We go out.", "wE LEAVE.")])
    select(program, "LEAVE")
    QTest.keyClick(pane, Qt.Key.Key_F2)
    program.wait(words.hasFocus)
    program.type_into("term_source", "go out")
    program.click("add_to_glossary_button")
    program.wait(lambda: "Added to" in program.find("other_words_said").text())
    glossary = program.ask(lambda services: services.glossaries.of_pair("en", "de"))[0]
    terms = program.ask(lambda services: services.store.terms.of_glossary(glossary.id))
    assert [(term.source, term.target) for term in terms] == [("go out", "LEAVE")]
    assert output(program) == "wE LEAVE.", "a person's words stay"


def kept(program):
    return [entry.title for entry in program.ask(lambda services: services.history.items("translation"))]


def test_typed_texts_are_kept_found_and_opened_again(program, start):
    put(program, "The rent is due today.")
    program.frame.translate.edit("Die Miete ist heute fällig.")
    assert output(program) == "Die Miete ist heute fällig."
    program.find("source_text").clear()
    program.wait(lambda: kept(program) == ["The rent is due today. → German"])
    put(program, "We go out.")
    QTest.keyClick(program.window, Qt.Key.Key_2, CTRL)
    program.wait(lambda: kept(program) == ["We go out. → German", "The rent is due today. → German"])
    program.close()
    again = on_page(start(turned=True))
    QTest.keyClick(again.window, Qt.Key.Key_H, CTRL | SHIFT)
    listed, search = again.find("earlier_list"), again.find("earlier_search")
    again.wait(lambda: listed.count() == 2 and search.hasFocus())
    search.setText("fällig")  # QTest knows no ä
    again.wait(lambda: listed.count() == 1)
    assert rows_of(listed) == ["The rent is due today. → German\nThe rent is due today. Die Miete ist heute fällig."]
    assert listed.textElideMode() is Qt.TextElideMode.ElideRight  # what was found stands near the beginning
    QTest.keyClick(search, Qt.Key.Key_Down)
    QTest.keyClick(listed, Qt.Key.Key_Return)
    again.wait(lambda: output(again) == "Die Miete ist heute fällig.")
    again.wait(lambda: again.find("source_text").toPlainText() == "The rent is due today.")
    again.type_into("source_text", " ")
    again.wait(lambda: again.frame.translate.last.is_done)
    assert output(again).strip() == "Die Miete ist heute fällig."


def test_a_text_is_kept_once_in_each_language(program):
    put(program, "The rent is due today.")
    program.frame.translate.keep()
    program.frame.translate.keep()
    program.frame.translate.set_target("fr")
    program.wait(lambda: not program.frame.translate.is_stale and program.frame.translate.last.is_done)
    program.find("source_text").clear()
    assert sorted(kept(program)) == ["The rent is due today. → French", "The rent is due today. → German"]


def test_an_earlier_text_is_renamed_and_forgotten_with_a_way_back(program):
    put(program, "The rent is due today.")
    program.frame.translate.keep()
    QTest.keyClick(program.window, Qt.Key.Key_H, CTRL | SHIFT)
    listed = program.find("earlier_list")
    program.wait(lambda: listed.count() == 1)
    program.click_item(listed, 0)
    listed.setFocus()
    QTest.keyClick(listed, Qt.Key.Key_F2)
    (title,) = listed.viewport().findChildren(QLineEdit)
    QTest.keyClicks(title, "of ")
    (item,) = program.ask(lambda services: services.history.items("translation"))
    program.ask(lambda services: services.history.rename(item.id, "by another program"))
    program.ask(lambda _services: None)  # the list is known anew by then
    QTest.keyClicks(title, "May")
    QTest.keyClick(title, Qt.Key.Key_Return)
    program.wait(lambda: kept(program) == ["of May"])
    program.wait(lambda: listed.item(0).text() == "of May")
    listed.setCurrentRow(0)
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    program.wait(lambda: listed.count() == 0)
    assert program.find("earlier_hint").text() == "None yet"
    bar = next(bar for bar in program.window.notices.bars if "trash" in bar.notice.text)
    bar.notice.on_action()
    program.wait(lambda: listed.count() == 1)
    program.click("new_translation")
    assert not program.find("source_text").toPlainText()
    program.wait(lambda: not output(program))
    assert kept(program) == ["of May"]


def test_a_pasted_text_of_megabytes_is_offered_as_a_document_and_a_short_one_is_translated(program, tmp_path):
    typed = "Hello there"
    program.type_into("source_text", typed)
    big = "The rent is due. " * 320_000
    data = QMimeData()
    data.setText(big)
    program.find("source_text").insertFromMimeData(data)
    assert program.find("source_text").toPlainText() == typed, "what is there stays"
    assert "5,440,000 characters" in program.find("long_text_words").text()
    program.click("long_text_button")
    dialog = program.translate.findChild(QFileDialog, "long_text_dialog")
    path = tmp_path / "pasted.txt"
    program.find("source_text").setFocus()
    dialog.fileSelected.emit(str(path))
    dialog.close()
    program.wait(lambda: program.find("translation_title").full_text == "pasted.txt")
    program.find("translation_pane").controller.cancel()
    assert path.read_text() == big
    assert not program.find("long_text_bar").isVisible()
    tab(program, 0)
    pane: QPlainTextEdit = program.find("source_text")
    pane.setPlainText("word " * 12_000)
    assert program.find("long_text_bar").isVisible()
    program.wait(lambda: "as a document" in program.find("translate_words").text())
    assert len(pane.toPlainText()) == 60_000
    pane.setPlainText("We go out.")
    assert not program.find("long_text_bar").isVisible()
    program.wait(lambda: output(program) == "wE GO OUT.")


def typed(program, text):
    program.type_into("source_text", text)


def test_typed_text_is_translated_and_copied_and_the_languages_exchanged(program):
    typed(program, "The sun is up. We go out.")
    program.wait(lambda: output(program) == "tHE SUN IS UP. wE GO OUT.")
    program.wait(lambda: program.find("translate_words").text() == "2 sentences")
    assert not program.find("stop_translation_button").isVisible()
    program.click("copy_translation_button")
    assert QApplication.clipboard().text() == "tHE SUN IS UP. wE GO OUT."
    program.find("source_text").clear()
    program.wait(lambda: output(program) == "")
    typed(program, "The sun is up today.")
    program.wait(lambda: output(program) == "tHE SUN IS UP TODAY.")
    program.click("swap_button")
    assert program.find("source_text").toPlainText() == "tHE SUN IS UP TODAY."
    assert program.find("source_language").currentData() == "de"
    assert program.find("target_language").currentData() == "en"
    program.wait(lambda: output(program) == "The sun is up today.")


def test_without_a_model_the_page_says_so(start):
    program = start(turned=True)
    QTest.keyClick(program.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    typed(program, "Hello there, how are you?")
    program.wait(lambda: "no model" in program.find("translate_words").text().lower())
    assert program.find("source_text").toPlainText() == "Hello there, how are you?"
