"""The list of chats by day; the archive, several chats at once, the trash."""

from __future__ import annotations

import time
from datetime import date, datetime

import pytest
from fakes.dropping import drop as drop_files
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit

from slmdesk.chat.spaces import Space
from slmdesk.ui.chat.list_rows import HEADING_ROLE, UNREAD_ROLE, WRITING_ROLE, heading_height
from slmdesk.ui.kit.base.text import age_words

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]

DAY = 86_400


def view_of(program):
    return program.page.chat_list.view


def rows(program) -> list[tuple[str, str]]:
    """The heading over each row ('' for none), and its title."""
    model = view_of(program).model()
    return [(model.index(at).data(HEADING_ROLE), model.index(at).data()) for at in range(model.rowCount())]


def titles(program) -> list[str]:
    return [title for _heading, title in rows(program)]


def make(program, **days: float) -> dict[str, str]:
    """Chats by their titles, last changed so many days ago; their ids."""

    def chats(services):
        store = services.store
        made = {name: services.chats.new_chat(name).id for name in reversed(days)}
        with store.together():
            for name, id in made.items():
                store.database.run("update items set updated = ? where id = ?", (time.time() - days[name] * DAY, id))
        return made

    made = program.ask(chats)
    program.frame.chats.start()
    program.wait(lambda: sorted(titles(program)) == sorted(days))
    return made


def place_of(program, title: str) -> QPoint:
    view = view_of(program)
    return view.visualRect(view.model().index(titles(program).index(title))).bottomLeft() + QPoint(40, -10)


def click(program, title: str, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    program.click(view_of(program).viewport(), lambda: place_of(program, title), keys=modifier)


def mark(program, *names: str) -> None:
    for name in names:
        click(program, name, Qt.KeyboardModifier.ControlModifier)


def menu_of(program, title: str):
    view = view_of(program)
    program.click(view.viewport(), lambda: place_of(program, title), Qt.MouseButton.RightButton)
    view.customContextMenuRequested.emit(place_of(program, title))
    return QApplication.activePopupWidget()


def pick(menu, words: str) -> None:
    action = next(action for action in menu.actions() if action.text() == words)
    action.trigger()
    menu.close()


@pytest.mark.parametrize(
    ("when", "group"),
    [
        ("2026-03-10 23:59", "Today"), ("2026-03-11 08:00", "Today"), ("2026-03-10 00:00", "Today"),
        ("2026-03-09 23:59", "Yesterday"), ("2026-03-08 12:00", "Previous 7 days"),
        ("2026-03-03 00:00", "Previous 7 days"), ("2026-03-02 23:59", "March"), ("2026-01-31 10:00", "January"),
        ("2025-12-31 23:59", "December 2025"), ("2025-03-10 10:00", "March 2025"),
    ],
)  # fmt: skip
def test_a_day_has_its_group(when, group):
    assert age_words(datetime.fromisoformat(when).timestamp(), date(2026, 3, 10)) == group


def test_chats_stand_under_their_days_with_pinned_ones_on_top(program):
    made = make(program, today=0, too=0.0001, before=1, week=4, old=400)
    view = view_of(program)
    first, second = (view.visualRect(view.model().index(at)) for at in (0, 1))
    height = heading_height(view.fontMetrics())
    heading = QPoint(first.left() + 40, first.top() + height // 2)
    assert not view.indexAt(heading).isValid(), "a heading is no part of its row"
    assert view.indexAt(first.center()).row() == 0
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, heading)
    assert program.chat.chat == ""
    assert first.height() - second.height() == height
    then = datetime.fromtimestamp(time.time() - 400 * DAY)
    assert rows(program) == [
        ("Today", "today"), ("", "too"), ("Yesterday", "before"), ("Previous 7 days", "week"),
        (f"{then:%B %Y}", "old"),
    ]  # fmt: skip
    pick(menu_of(program, "week"), "Pin")
    program.wait(lambda: rows(program)[:3] == [("Pinned", "week"), ("Today", "today"), ("", "too")])
    program.frame.chats.start()
    program.wait(lambda: titles(program) == ["week", "today", "too", "before", "old"])
    pick(menu_of(program, "week"), "Unpin")
    program.wait(lambda: rows(program)[3] == ("Previous 7 days", "week"))
    program.ask(lambda services: services.history.trash(made["today"]))
    program.wait(lambda: rows(program)[0] == ("Today", "too"))
    view_of(program).model().set_today(date.fromtimestamp(time.time() + DAY))
    assert rows(program)[:2] == [("Yesterday", "too"), ("Previous 7 days", "before")]


def test_an_archived_chat_is_found_again_in_the_archive(program):
    make(program, alpha=0, beta=0.0001)
    pick(menu_of(program, "alpha"), "Archive")
    program.wait(lambda: titles(program) == ["beta"])
    program.wait(lambda: "“alpha” was moved to the archive." in program.notices())
    box = program.page.chat_list.search_box
    QTest.keyClicks(box, "alpha")
    program.says("chat_list_hint", "Nothing found")
    QTest.keyClick(box, Qt.Key.Key_Escape)
    menu = program.find("list_menu_button").menu()
    pick(menu, "Archived")
    program.wait(lambda: titles(program) == ["alpha"])
    program.says("place_title", "Archived")
    QTest.keyClicks(box, "alp")
    program.says("chat_list_hint", "1 match")
    QTest.keyClick(box, Qt.Key.Key_Escape)
    program.wait(lambda: program.find("chat_list_hint").isHidden() and titles(program) == ["alpha"])
    pick(menu_of(program, "alpha"), "Take out of the archive")
    program.says("chat_list_hint", "Nothing is archived.")
    program.click("place_back")
    program.wait(lambda: titles(program) == ["alpha", "beta"])
    assert program.find("place_bar").isHidden()


def test_several_chats_are_marked_with_the_mouse_and_the_keyboard(program):
    make(program, one=0, two=0.0001, three=0.0002, four=0.0003)
    view, bar = view_of(program), program.find("selection_bar")
    click(program, "one")
    program.wait(lambda: program.page.title.full_text == "one")
    assert bar.isHidden(), "one alone is only where the keyboard is"
    click(program, "three", Qt.KeyboardModifier.ShiftModifier)
    assert (view.marked, program.find("selection_count").full_text) == (3, "3 marked")
    assert program.page.title.full_text == "one", "marking opens nothing"
    click(program, "two", Qt.KeyboardModifier.ControlModifier)
    assert [index.data() for index in view.marked_rows] == ["one", "three"]
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert (view.marked, bar.isHidden()) == (0, True)
    click(program, "one")
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert view.marked == 2
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert view.marked == 4
    QTest.keyClick(view, Qt.Key.Key_Delete)
    program.wait(lambda: titles(program) == [])
    program.wait(lambda: "4 chats were moved to the trash." in program.notices())
    assert program.chat.chat == "", "the open one is among them"
    program.click("notice_action")
    program.wait(lambda: titles(program) == ["one", "two", "three", "four"])


def test_marked_chats_are_exported_into_a_folder(program, tmp_path):
    made = make(program, one=0, two=0.0001)
    program.ask(lambda services: services.chats.rename(made["two"], "one"))
    program.wait(lambda: titles(program) == ["one", "one"])
    (tmp_path / "one.md").write_text("mine")
    view = view_of(program)
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    program.page.chat_list.export_menu.form_chosen.emit("md")
    dialog = program.find("folder_dialog")
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(tmp_path))
    dialog.close()
    program.wait(lambda: f"2 of 2 chats were written to {tmp_path}." in program.notices())
    assert sorted(path.name for path in tmp_path.glob("*.md")) == ["one (2).md", "one (3).md", "one.md"]
    assert (tmp_path / "one.md").read_text() == "mine"
    program.page.chat_list.export_menu.form_chosen.emit("md")
    dialog = program.find("folder_dialog")
    dialog.fileSelected.emit(str(tmp_path / "gone"))
    dialog.close()
    program.wait(lambda: any(text.startswith("0 of 2 chats were written") for text in program.notices()))


def test_the_trash_is_opened_from_the_list_and_emptied(program):
    make(program, one=0, two=0.0001, three=0.0002)
    mark(program, "one", "two", "three")
    program.click("selection_delete")
    program.wait(lambda: titles(program) == [])
    pick(program.find("list_menu_button").menu(), "Trash…")
    dialog = program.find("deleted_chats")
    listed = program.find("deleted_list", dialog)
    program.wait(lambda: listed.count() == 3)
    program.mentions("deleted_intro", "stay until you delete them for good", dialog)
    listed.selectAll()
    listed.item(0).setSelected(False)
    program.click(program.find("restore_button", dialog))
    program.wait(lambda: listed.count() == 1 and len(titles(program)) == 2)
    program.click(program.find("empty_trash_button", dialog))
    program.click(program.find("empty_sure_button"))
    program.wait(lambda: listed.count() == 0)
    assert not program.find("empty_trash_button", dialog).isEnabled()
    assert program.ask(lambda services: services.history.items(None, deleted=True)) == []
    dialog.close()


def drop(program, names, onto: str) -> bool:
    """Drop chats on a row, as Qt hands it over at the end of a drag; whether it was taken."""
    view = view_of(program)
    model = view.model()
    data = model.mimeData([model.index(titles(program).index(name)) for name in names])
    place = view.visualRect(model.index(titles(program).index(onto))).bottomLeft() + QPoint(40, -10)
    event = QDropEvent(
        QPointF(place), Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    view.dropEvent(event)
    return event.isAccepted()


def make_space(program, name: str, **values):
    space = program.ask(lambda services: services.chats.spaces.add(Space("", name, **values)))
    program.wait(lambda: name in titles(program))
    return space


def test_chats_are_dragged_into_a_space(program):
    make(program, one=0, two=0.0001, three=0.0002)
    make_space(program, "Pumps")
    assert rows(program)[:2] == [("Spaces", "Pumps"), ("Today", "one")]
    assert not drop(program, ["one"], "two"), "a chat takes none"
    assert drop(program, ["one", "three"], "Pumps")
    program.wait(lambda: titles(program) == ["Pumps", "two"])
    program.wait(lambda: "2 chats were moved to the space “Pumps”." in program.notices())
    space = view_of(program).model().index(0)
    program.wait(lambda: space.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "A space with 2 chats.")
    click(program, "Pumps")
    program.wait(lambda: titles(program) == ["one", "three"])
    mark(program, "one", "three")
    bar_menu = program.page.chat_list.move_menu
    bar_menu.aboutToShow.emit()
    pick(bar_menu, "Out of this space")
    program.says("chat_list_hint", "No chats in this space yet.")
    QTest.keyClick(view_of(program), Qt.Key.Key_Backspace)
    program.wait(lambda: titles(program) == ["Pumps", "one", "two", "three"])


def test_a_space_is_made_for_chats_and_renamed_in_place(program):
    make(program, one=0, two=0.0001)
    menu = menu_of(program, "one")
    move = next(action.menu() for action in menu.actions() if action.menu() and action.text() == "Move to a space")
    move.aboutToShow.emit()
    pick(move, "New space…")
    menu.close()
    editor = program.find("space_editor")
    assert not program.find("space_save", editor).isEnabled()
    QTest.keyClicks(program.find("space_name", editor), "Pumps")
    QTest.keyClicks(program.find("space_system", editor), "Be brief.")
    program.click(program.find("space_save", editor))
    program.wait(lambda: titles(program) == ["Pumps", "two"])
    view = view_of(program)
    view.setCurrentIndex(view.model().index(0))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_F2)
    program.wait(lambda: view.findChild(QLineEdit))
    line = view.findChild(QLineEdit)
    line.selectAll()
    QTest.keyClicks(line, "Valves")
    QTest.keyClick(line, Qt.Key.Key_Return)
    program.wait(lambda: titles(program) == ["Valves", "two"])


def test_a_deleted_space_gives_its_chats_back(program):
    made = make(program, one=0, two=0.0001)
    space = make_space(program, "Pumps & co")
    program.ask(lambda services: services.chats.places.change([made["one"]], space=space.id))
    program.wait(lambda: titles(program) == ["Pumps & co", "two"])
    program.wait(lambda: program.frame.chats.spaces.of(space.id).count == 1)
    pick(menu_of(program, "Pumps & co"), "Delete…")
    program.find("delete_space_dialog").close()
    assert titles(program) == ["Pumps & co", "two"]
    program.wait(lambda: program.window.findChild(QDialog, "delete_space_dialog") is None)
    pick(menu_of(program, "Pumps & co"), "Delete…")
    box = program.find("delete_space_dialog")
    program.mentions("question_text", "its chat goes back to the list", box)
    program.click(program.find("delete_space_button", box))
    program.wait(lambda: titles(program) == ["one", "two"])
    program.click("notice_action")
    program.wait(lambda: titles(program) == ["Pumps & co", "two"])


def test_a_new_chat_in_a_space_takes_over_what_is_chosen_for_it_and_its_answer_is_news(program, tmp_path):
    paper = tmp_path / "pump.txt"
    paper.write_text("The pump stops at 12 bar.")
    space = make_space(program, "Pumps", system="Be brief.")
    click(program, "Pumps")
    program.says("place_title", "Pumps")
    pick(program.find("place_more").menu(), "Edit space…")
    editor = program.find("space_editor")
    drop_files(editor, paper)
    program.wait(program.find("attachment_bar", editor).isVisible)
    program.click(program.find("space_save", editor))
    program.wait(lambda: program.frame.chats.spaces.of(space.id).attachments)
    program.says("new_chat_button", "New chat here")
    program.click("new_chat_button")
    program.wait(lambda: program.chat.chat and program.chat.space == space.id)
    program.wait(lambda: [attachment.name for attachment in program.chat.attached.now] == ["pump.txt"])
    program.wait(lambda: program.frame.options.options.system == "Be brief.")
    program.says("chat_space", "Pumps")
    program.wait(lambda: program.chat.attached.requests())
    program.say("When does it stop?")
    assert [part.attached.name for part in program.messages()[0].attachments] == ["pump.txt"]
    program.wait(lambda: titles(program) == ["When does it stop?"])
    program.click("place_back")
    program.wait(lambda: titles(program) == ["Pumps"])
    program.click("chat_space")
    program.wait(lambda: titles(program) == ["When does it stop?"])
    program.send("hello", slow=0.05, answer=" ".join(f"word{number}" for number in range(20)))
    program.wait(lambda: program.chat.is_busy)
    program.click("place_back")
    program.wait(lambda: view_of(program).model().index(0).data(WRITING_ROLE))
    program.click("new_chat_button")
    program.wait(lambda: view_of(program).model().index(0).data(UNREAD_ROLE))
