"""The conversation as a reader meets it: opening, scrolling, growing, acting, all with real clicks and keys."""

from __future__ import annotations

from itertools import pairwise

import pytest
from chat.window.view.made_up import ALL_ACTIONS, answer, chat, user
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton

from slmdesk.base.record import changed
from slmdesk.base.records import Status
from slmdesk.ui.chat.view import MessageView
from slmdesk.ui.kit.base.theme import DARK, LIGHT, window_fonts

pytestmark = pytest.mark.gui

KEY = Qt.Key
ACCENT = QColor(LIGHT.accent)


def widgets_of(view):
    return [row.widget for row in view.rows if row.widget is not None]


def newest(view):
    return view.findChild(QPushButton, "newest_button")


def last_bottom(view):
    index = len(view.rows) - 1
    return view.top_of(index) + view.rows[index].height


def press_action(qtbot, view, message_id, key):
    widget = view.rows[view.rows.index_of(message_id)].widget
    qtbot.mouseMove(widget, QPoint(5, 5))
    button = widget.findChild(object, f"action_{key}")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


# opening and scrolling --------------------------------------------------------------------------------------------


def test_only_messages_in_sight_are_widgets(view):
    view.show_conversation(chat(2000))
    assert len(widgets_of(view)) < 40
    assert view.follow_end
    assert last_bottom(view) <= view.viewport().height()
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()


def test_few_messages_begin_at_the_top(view):
    view.show_conversation(chat(2, lines=1))
    assert 0 <= view.top_of(0) < 40
    assert view.follow_end
    assert not newest(view).isVisible()


def test_messages_do_not_overlap_and_stand_in_order(view):
    view.show_conversation(chat(100))
    view.scroll_to("m50")
    placed = [(view.top_of(i), view.rows[i].height) for i, row in enumerate(view.rows) if row.widget]
    assert len(placed) > 3
    for (top, height), (following, _) in pairwise(placed):
        assert top + height == following


def test_scroll_to_puts_the_message_at_the_top(view):
    view.show_conversation(chat(500))
    view.scroll_to("m250")
    assert 0 <= view.top_of(250) < 40
    assert not view.follow_end
    with pytest.raises(KeyError):
        view.scroll_to("nobody")


def test_scrolling_there_and_back_moves_nothing(view):
    view.show_conversation(chat(500))
    view.scroll_to("m250")
    for _ in range(30):
        view.scroll_by(137)
    for _ in range(30):
        view.scroll_by(-137)
    assert abs(view.top_of(250) - 16) <= 1


def test_scrolled_to_both_ends(view):
    view.show_conversation(chat(60))
    view.scroll_by(-10_000_000)
    assert view.top_of(0) == 16
    assert view.verticalScrollBar().value() == 0
    view.scroll_by(10_000_000)
    assert view.follow_end
    assert last_bottom(view) <= view.viewport().height()


def test_bar_dragged_shows_that_part(view):
    view.show_conversation(chat(1000))
    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    assert 350 < view.row_at(100) < 650
    bar.setValue(0)
    assert view.top_of(0) is not None
    bar.setValue(bar.maximum())
    assert view.follow_end


def test_wheel_over_a_text_scrolls_the_view(qtbot, view):
    view.resize(900, 1000)  # the last message is shown whole in any font
    view.show_conversation(chat(100))
    text = view.rows[99].widget.text
    place = QPointF(text.viewport().mapTo(view, QPoint(20, 5)))
    QTest.wheelEvent(view.windowHandle(), place, QPoint(0, 240))  # only an event of the window system travels up
    qtbot.waitUntil(lambda: not view.follow_end)


def test_anchor_stays_when_heights_above_are_corrected(view):
    view.show_conversation(chat(400))
    view.scroll_to("m200")
    before = view.top_of(200)
    for index in range(200):  # what is above turns out to be quite different
        view.rows.set_height(index, view.rows[index].height * 2)
    view.relay()
    assert view.top_of(200) == before


def test_anchor_stays_over_width_and_theme(view):
    view.show_conversation(chat(400))
    view.scroll_to("m201")
    view.scroll_by(60)
    view.resize(600, 700)
    assert view.row_at(0) == 201
    view.set_style(DARK, window_fonts(150))
    assert view.row_at(0) == 201
    view.resize(900, 700)
    assert view.row_at(0) == 201


def test_theme_reaches_the_words(view):
    view.show_conversation([answer("a", "plain words")])
    view.set_style(DARK, window_fonts())
    block = view.rows[0].widget.text.document().begin()
    assert block.begin().fragment().charFormat().foreground().color() == QColor(DARK.ink)


def test_a_long_stored_message_comes_in_slices(view, settled):
    text = "\n\n".join(f"## Part {i}\n\n" + "some words " * 60 for i in range(120))
    view.show_conversation([answer("a", text)])
    assert view.rows[0].has_more
    settled(view)
    assert "Part 119" in view.rows[0].widget.text.toPlainText()
    assert view.follow_end
    assert last_bottom(view) <= view.viewport().height()


def test_empty_widget_shows_while_there_is_nothing(view):
    empty = QLabel("Nothing yet")
    view.set_empty_widget(empty)
    assert empty.isVisible()
    view.show_conversation(chat(2))
    assert not empty.isVisible()
    view.show_conversation([])
    assert empty.isVisible()


# growing ----------------------------------------------------------------------------------------------------------


def grow(view, settled, pieces, message_id="new"):
    for piece in pieces:
        view.append_text(message_id, piece)
    settled(view)


def test_pieces_are_gathered_and_shown(view, settled):
    view.show_conversation(chat(4))
    view.add_message(answer("new", "", Status.STREAMING))
    view.append_text("new", "Hel")
    view.append_text("new", "lo **you**")
    assert view.rows[4].widget.text.toPlainText() == ""
    settled(view)
    assert view.rows[4].widget.text.toPlainText() == "Hello you"


def test_the_end_is_followed_while_words_come(view, settled):
    view.show_conversation(chat(30))
    view.add_message(answer("new", "", Status.STREAMING))
    for _ in range(5):
        grow(view, settled, ["words and words\n\n"] * 20)
        assert view.follow_end
        assert abs(last_bottom(view) - (view.viewport().height() - 16)) <= 1


def test_a_reader_who_scrolled_up_is_left_alone(qtbot, view, settled):
    view.show_conversation(chat(30))
    view.add_message(answer("new", "", Status.STREAMING))
    view.scroll_by(-500)
    assert not view.follow_end
    row = view.row_at(0)
    before = view.top_of(row)
    grow(view, settled, ["words and words\n\n"] * 100)
    assert view.top_of(row) == before
    assert newest(view).isVisible()
    qtbot.mouseClick(newest(view), Qt.MouseButton.LeftButton)
    assert view.follow_end
    assert not newest(view).isVisible()


def test_words_for_a_message_out_of_sight_are_not_lost(view, settled):
    view.show_conversation(chat(200))
    view.add_message(answer("new", "", Status.STREAMING))
    view.scroll_to("m10")
    grow(view, settled, ["word\n\n"] * 50)
    view.scroll_to_end()
    settled(view)
    assert view.rows[200].widget.text.toPlainText().count("word") == 50


def test_the_end_of_an_answer_formats_what_was_open(view, settled):
    view.show_conversation([answer("new", "", Status.STREAMING)])
    grow(view, settled, ["```python\nx = 1"])
    view.update_message(answer("new", "```python\nx = 1\n```", note=""))
    text = view.rows[0].widget.text
    assert [line for line in text.toPlainText().split("\n") if "x" in line and "text" not in line] == ["x = 1"]


def test_an_answer_that_is_continued_grows_again(view, settled):
    view.show_conversation([answer("new", "It goes **on", Status.CANCELLED, note="Stopped.")])
    view.update_message(answer("new", "It goes **on", Status.STREAMING))
    grow(view, settled, [" and** on"])
    assert view.rows[0].widget.text.toPlainText() == "It goes on and on"
    assert view.rows[0].widget.findChild(QLabel, "message_note") is None


def test_an_older_state_takes_no_words_back(view, settled):
    view.show_conversation([answer("new", "", Status.STREAMING)])
    grow(view, settled, ["some words"])
    view.update_message(answer("new", "some", Status.STREAMING, note="Reading."))
    assert view.rows[0].widget.text.toPlainText() == "some words"
    assert view.rows[0].widget.findChild(QLabel, "message_note").text() == "Reading."


def test_a_changed_text_is_shown_anew(view):
    view.show_conversation([answer("a", "old words")])
    view.update_message(answer("a", "new words"))
    assert view.rows[0].widget.text.toPlainText() == "new words"


def test_remove_after(view):
    view.show_conversation(chat(20))
    view.remove_after("m9")
    assert len(view.rows) == 10
    assert view.follow_end
    assert last_bottom(view) <= view.viewport().height()
    view.add_message(user("n", "again"))
    assert view.rows.index_of("n") == 10


def test_failed_and_cut_messages_say_so_in_words_with_an_icon(view):
    failed = answer("f", "so far", Status.FAILED)
    view.show_conversation([changed(failed, note="The model's process ended.")])
    widget = view.rows[0].widget
    assert widget.findChild(QLabel, "message_note").text() == "The model's process ended."
    assert not widget.findChild(QLabel, "message_note_icon").pixmap().isNull()
    assert widget.findChild(object, "action_try_again").isVisible()


def test_plain_fallback_is_said(view, settled):
    view.show_conversation([answer("a", "> " * 10_000 + "end")])
    settled(view)
    assert "without formatting" in view.rows[0].widget.findChild(QLabel, "message_note").text()


def test_labels_take_no_rich_text(view):
    hostile = "<img src='file:///etc/passwd'><b>x</b>"
    message = MessageView("a", "assistant", "x", status=Status.FAILED, note=hostile, details=hostile, author=hostile)
    view.show_conversation([message])
    view.set_current(0)
    for label in view.rows[0].widget.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText or not label.pixmap().isNull()


# acting -----------------------------------------------------------------------------------------------------------


def test_actions_tell_which_message(qtbot, view):
    view.show_conversation([user("u", "question"), answer("a", "*answer*")])
    for key, signal in (("try_again", view.try_again_requested), ("continue", view.continue_requested)):
        with qtbot.waitSignal(signal) as reported:
            press_action(qtbot, view, "a", key)
        assert reported.args == ["a"]


def test_actions_have_names_and_show_on_hover_and_focus_only(qtbot, view):
    view.show_conversation([*chat(4), answer("z", "last")])
    widget = view.rows[1].widget
    assert widget.buttons == []
    view.set_current(1)
    assert [b.objectName() for b in widget.buttons] == [
        f"action_{k}" for k in ("copy", "try_again", "continue", "more")
    ]
    assert all(b.accessibleName() and b.toolTip() for b in widget.buttons)
    view.set_current(2)
    assert widget.buttons == []
    view.scroll_to_end()
    assert len(view.rows[4].widget.buttons) == len(ALL_ACTIONS)  # the last message's always show


def test_code_can_be_copied(qtbot, view):
    view.show_conversation([answer("a", "```python\nx = 1\ny = 2\n```")])
    text = view.rows[0].widget.text
    cursor = text.document().find("Copy")
    place = text.cursorRect(cursor).center() - QPoint(6, 0)
    qtbot.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert QApplication.clipboard().text() == "x = 1\ny = 2\n"


def click_words(qtbot, view, words, index=0):
    text = view.rows[index].widget.text
    place = text.cursorRect(text.document().find(words)).center() - QPoint(6, 0)
    qtbot.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_g2_only_web_links_are_told_and_nothing_is_opened(qtbot, view, monkeypatch):
    from PySide6.QtGui import QDesktopServices

    opened = []
    for scheme in ("http", "https", "file", "javascript", "data", "smb"):
        QDesktopServices.setUrlHandler(scheme, view, "setFocus")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url))
    reported = []
    view.link_activated.connect(reported.append)
    links = [
        "javascript:alert(1)", "file:///etc/passwd", "\\\\\\\\server\\\\share", "//server/share", "data:text/html,x",
        "smb://server/x", "mailto:a@b.org", "slmdesk-copy-code:1", "slmdesk-all-rows:",
    ]  # fmt: skip
    view.show_conversation(
        [
            answer(
                "a",
                "\n\n".join(f"[trap{i}](<{url}>)" for i, url in enumerate(links)) + "\n\n[good](https://example.org/a)",
            )
        ]
    )
    for i in range(len(links)):
        click_words(qtbot, view, f"trap{i}")
    assert reported == []
    click_words(qtbot, view, "good")
    assert reported == ["https://example.org/a"]
    assert opened == []
    for scheme in ("http", "https", "file", "javascript", "data", "smb"):
        QDesktopServices.unsetUrlHandler(scheme)


# the keyboard -----------------------------------------------------------------------------------------------------


def test_arrows_move_and_enter_goes_into_the_text(qtbot, view):
    view.show_conversation(chat(40))
    qtbot.keyClick(view, KEY.Key_Home)
    assert view.current == 0
    assert view.top_of(0) == 16
    qtbot.keyClick(view, KEY.Key_Down)
    assert view.current == 1
    qtbot.keyClick(view, KEY.Key_Return)
    text = view.rows[1].widget.text
    assert text.hasFocus()
    qtbot.keyClick(text, KEY.Key_Right)
    qtbot.keyClick(text, KEY.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert text.selected_text()
    qtbot.keyClick(text, KEY.Key_Escape)
    assert view.hasFocus()
    assert view.current == 1
    qtbot.keyClick(view, KEY.Key_End)
    assert view.current == 39
    assert view.follow_end


def test_end_shows_the_end_of_a_message_higher_than_the_view(qtbot, view, settled):
    view.show_conversation([user("u", "q"), answer("a", "words\n\n" * 100)])
    settled(view)
    qtbot.keyClick(view, KEY.Key_Home)
    assert not view.follow_end
    qtbot.keyClick(view, KEY.Key_End)
    assert view.current == 1
    assert view.follow_end


def test_pages_scroll_also_from_within_a_text(qtbot, view):
    view.resize(900, 1000)  # the last message is shown whole in any font
    view.show_conversation(chat(60))
    view.enter_text(59)
    text = view.rows[59].widget.text
    qtbot.keyClick(text, KEY.Key_PageUp)
    assert not view.follow_end
    qtbot.keyClick(view, KEY.Key_PageDown)
    assert view.follow_end


def test_a_message_higher_than_the_view_is_scrolled_through(qtbot, view, settled):
    view.show_conversation([user("u", "q"), answer("a", "words\n\n" * 100), user("v", "r")])
    settled(view)
    view.set_current(0)
    qtbot.keyClick(view, KEY.Key_Down)
    assert view.current == 1
    qtbot.keyClick(view, KEY.Key_Down)
    assert view.current == 1
    for _ in range(100):
        qtbot.keyClick(view, KEY.Key_Down)
    assert view.current == 2


def test_tab_goes_as_the_eye_and_out_again(qtbot, view):
    from PySide6.QtWidgets import QVBoxLayout, QWidget

    window = QWidget()
    qtbot.addWidget(window)
    before, behind = QPushButton("before"), QPushButton("behind")
    layout = QVBoxLayout(window)
    for thing in (before, view, behind):
        layout.addWidget(thing)
    window.resize(900, 700)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    view.show_conversation(chat(4))
    before.setFocus()
    names = []
    for _ in range(7):
        qtbot.keyClick(window.focusWidget(), KEY.Key_Tab)
        names.append(window.focusWidget().objectName())
    last = ["action_copy", "action_try_again", "action_continue", "action_more"]
    assert names == ["conversation", "message_text", *last, ""]
    assert window.focusWidget() is behind
    qtbot.keyClick(behind, KEY.Key_Backtab)
    assert window.focusWidget() is view
    qtbot.keyClick(view, KEY.Key_Backtab)
    assert window.focusWidget() is before
    view.setParent(None)


def test_the_ring_is_where_the_keyboard_is(qtbot, view):
    def ringed():
        image = view.grab().toImage()
        shown = []
        for row in view.rows:
            band = row.widget.band
            corner = row.widget.mapTo(view, QPoint(band.center().x(), 1))
            if image.pixelColor(corner) == ACCENT:
                shown.append(row.view.id)
        return shown

    view.show_conversation([user("u", "q"), answer("a", "x")])
    qtbot.keyClick(view, KEY.Key_Home)
    assert ringed() == ["u"]
    qtbot.keyClick(view, KEY.Key_Down)
    assert ringed() == ["a"]
    qtbot.keyClick(view, KEY.Key_Return)
    assert ringed() == ["a"]
    qtbot.mouseClick(view.rows[0].widget.text.viewport(), Qt.MouseButton.LeftButton)
    assert ringed() == []


def test_link_by_keyboard(qtbot, view):
    view.show_conversation([answer("a", "see [it](https://example.org/a)")])
    qtbot.keyClick(view, KEY.Key_Home)
    qtbot.keyClick(view, KEY.Key_Tab)
    text = view.rows[0].widget.text
    qtbot.keyClick(text, KEY.Key_Tab)
    assert text.textCursor().selectedText() == "it"
    with qtbot.waitSignal(view.link_activated) as reported:
        qtbot.keyClick(text, KEY.Key_Return)
    assert reported.args == ["https://example.org/a"]


def test_focus_in_a_message_survives_its_scrolling_away(qtbot, view):
    view.show_conversation(chat(300))
    view.enter_text(299)
    text = view.rows[299].widget.text
    view.scroll_to("m5")
    assert text.hasFocus()
    assert view.top_of(299) is None
    qtbot.keyClick(text, KEY.Key_Escape)
    view.scroll_to("m6")
    assert view.rows[299].widget is None


def test_all_rows_of_a_long_table_come(qtbot, view, settled):
    rows = "\n".join(f"| row {n} | {'x' * 20} |" for n in range(400))
    view.show_conversation([answer("a", f"| a | b |\n|---|---|\n{rows}\n\nend")])
    settled(view)
    view.scroll_to_end()
    click_words(qtbot, view, "Show all")
    settled(view)
    words = view.rows[0].widget.text.toPlainText()
    assert "row 399" in words
    assert words.endswith("end")


# found words ------------------------------------------------------------------------------------------------------


def test_found_words_are_counted_and_marked_also_after_scrolling(view):
    view.show_conversation([*chat(100), answer("z", "The Needle, **needle** and 🙂 needle")])
    hits = view.find("needle")
    assert [(hit.id, hit.count) for hit in hits] == [("z", 3)]
    marks = view.rows[100].widget.text.extraSelections()
    assert [mark.cursor.selectedText().lower() for mark in marks] == ["needle"] * 3
    view.scroll_to("m0")
    view.scroll_to_end()
    assert len(view.rows[100].widget.text.extraSelections()) == 3
    assert view.find("") == ()
    assert view.rows[100].widget.text.extraSelections() == []


def test_found_words_keep_up_with_what_is_written(view, settled):
    view.show_conversation([answer("a", "a needle", Status.STREAMING)])
    settled(view)
    view.find("needle")
    view.show_hit("a", 0)
    view.append_text("a", " and a needle")
    settled(view)
    assert [hit.count for hit in view.find_again()] == [2]
    text = view.rows[0].widget.text
    assert len(text.extraSelections()) == 2
    view.show_hit("gone", 0)
    assert len(text.extraSelections()) == 2


# versions, markers, details -----------------------------------------------------------------------------------------


def test_versions_are_flipped_by_buttons_and_keys(qtbot, view):
    message = changed(answer("a", "x"), version=2, versions=3)
    view.show_conversation([user("u", "q"), message, user("v", "q"), answer("b", "y")])
    widget = view.rows[1].widget
    assert widget.findChild(QLabel, "message_version").text() == "2 of 3"
    assert [b.objectName() for b in widget.buttons][-2:] == ["action_previous_version", "action_next_version"]
    view.set_current(1)
    for key, step in ((KEY.Key_Left, -1), (KEY.Key_Right, 1)):
        with qtbot.waitSignal(view.version_requested) as reported:
            qtbot.keyClick(view, key)
        assert reported.args == ["a", step]
    view.update_message(changed(message, version=3))
    view.set_current(1)
    with qtbot.assertNotEmitted(view.version_requested):
        qtbot.keyClick(view, KEY.Key_Right)
    assert widget.buttons[-1].objectName() == "action_previous_version"
    assert "action_next_version" not in [b.objectName() for b in widget.buttons]


def test_long_numbers_of_a_list_have_room(view, settled):
    def left_of_words(text):
        view.show_conversation([answer("a", text)])
        settled(view)
        shown = view.rows[0].widget.text
        return shown.cursorRect(QTextCursor(shown.document())).x()

    usual = left_of_words("1. word\n2. word")
    metrics = view.rows[0].widget.text.fontMetrics()
    assert left_of_words("\n".join(f"{number}. word" for number in range(96, 106))) >= metrics.horizontalAdvance(
        "105. "
    )
    longest = left_of_words("\n".join(f"{number}. word" for number in range(99_998, 100_003)))
    assert longest >= metrics.horizontalAdvance("100002. ") > usual


def test_a_question_is_as_wide_as_its_words_at_the_end_of_the_column(view):
    view.show_conversation([user("u", "short"), user("v", "long " * 200), answer("a", "x")])
    short, long, answered = (row.widget for row in view.rows)
    assert short.text.geometry().right() > long.text.geometry().center().x() > answered.text.x()
    assert long.text.width() <= 600
    assert answered.text.accessibleName() == "Answer"
    assert short.text.accessibleName() == "You"


def test_a_long_question_is_folded_and_what_is_found_in_it_is_shown(qtbot, view):
    view.show_conversation([user("u", "some words " * 200 + "needle"), user("v", "short"), answer("a", "x")])
    widget = view.rows[0].widget
    whole = widget.text.document().size().height()
    assert widget.is_folded
    assert widget.text.height() < whole / 2
    assert not view.rows[1].widget.is_folded
    view.set_current(0)
    fold = widget.findChild(QToolButton, "message_fold")
    assert fold.text() == "Show all"
    qtbot.mouseClick(fold, Qt.MouseButton.LeftButton)
    assert widget.text.height() >= whole
    assert fold.text() == "Show less"
    qtbot.mouseClick(fold, Qt.MouseButton.LeftButton)
    assert widget.is_folded
    view.find("needle")
    view.show_hit("u", 0)
    assert not widget.is_folded


def test_the_ground_of_code_ends_below_its_last_line(view, settled):
    view.show_conversation([answer("a", "```\nwords\n```")])
    settled(view)
    text = view.rows[0].widget.text
    last = text.document().documentLayout().blockBoundingRect(text.document().lastBlock())
    assert text.height() >= last.bottom() + 6
