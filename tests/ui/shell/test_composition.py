"""First start, settings, theme, errors, closing, remembering."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from itertools import groupby

import psutil
import pytest
from fakes.dropping import LEASE, drop, open_read
from fakes.edges import out_of_order
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QToolButton, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import Status
from slmdesk.services import open_services
from slmdesk.tasks.writing.edits import Edit
from slmdesk.tasks.writing.types import Change
from slmdesk.ui.kit.widgets.rows import tab_stops

pytestmark = pytest.mark.gui
LONG = " ".join(f"word{number}" for number in range(150))


def test_start_says_what_is_to_check_and_begins_a_new_chat(program):
    change = Change(Edit(8, 11, "keys"), "key", 1, "meaning", (0, 21))
    program.ask(lambda services: services.writing.keep("The two key was lost.", "", [change]))
    program.say("hello")
    chat = program.chat.chat
    program.window.show_page("Start")
    items = lambda: program.window.findChildren(QPushButton, "recent_item")  # noqa: E731
    program.wait(lambda: len(items()) == 2)
    program.says("start_title", "What do you want to do?")  # it asks, and does not reproach
    (checked,) = [item for item in items() if item.accessibleName() == "The two key was lost., 1 to check"]
    count = program.find("recent_open", checked)
    assert count.text() == "1 to check"
    program.find("start_page").ensureWidgetVisible(checked)
    at = lambda: count.mapTo(program.window, count.rect().center())  # noqa: E731
    program.wait(lambda: program.window.childAt(at()) is checked)  # all of it is pressed
    assert not program.chat.chat
    program.window.show_page("Chat")
    program.wait(lambda: program.chat.chat == chat)
    program.window.show_page("Start")
    program.wait(lambda: [item for item in items() if item.accessibleName().startswith("hello")])
    program.click(next(item for item in items() if item.accessibleName().startswith("hello")))
    program.wait(lambda: program.window.current_page == "Chat" and program.chat.chat == chat)


def test_the_page_before_is_out_of_sight_while_a_page_is_made(program, monkeypatch):
    window, seen = program.window, []
    page = window.pages["Write"]
    assert not window.is_made("Write")

    def make() -> QWidget:
        seen.append((program.frame.chat_page.isVisible(), program.find("entry_4").isChecked()))
        return page.make()

    monkeypatch.setitem(window.pages, "Write", changed(page, make=make))
    program.click("entry_4")
    assert seen == [(False, True)]
    assert program.frame.writing_page.isVisible()


def test_a_screen_reader_meets_parts_in_the_order_in_which_they_stand(program, request):
    program.window.show_page("Translate")
    panes = program.find("translate_splitter")
    assert out_of_order(program.window)
    assert [part.objectName() for part in read_in(panes)] != ["source_side", "target_side"]
    request.addfinalizer(lambda: QAccessible.setActive(False))
    QAccessible.setActive(True)
    QApplication.instance().focusWindowChanged.emit(None)  # somebody comes back from the settings of the desktop
    assert not out_of_order(program.window)
    assert [part.objectName() for part in read_in(panes)] == ["source_side", "target_side"]


TITLES = {
    "Start": "What do you want to do?", "Documents": "lease.md", "Write": "New text", "Models": "Models",
    "Settings": "General", "Jobs": "Jobs",
}  # fmt: skip


def told(read: QAccessibleInterface) -> Iterator[str]:
    """The names that a screen reader says of what is in a part, in its order."""
    if read.state().invisible:
        return
    name = read.text(QAccessible.Text.Name)
    if name and read.role() not in (QAccessible.Role.Client, QAccessible.Role.Pane):
        yield name
    for at in range(read.childCount()):
        yield from told(read.child(at))


def test_a_screen_reader_meets_the_title_of_a_page_first_and_the_result_before_the_pages(program, request, tmp_path):
    letter = tmp_path / "lease.md"
    letter.write_text(LEASE)
    program.open_documents()
    open_read(program, letter)
    program.wait(program.find("summary_export").isVisible)
    request.addfinalizer(lambda: QAccessible.setActive(False))
    QAccessible.setActive(True)
    QApplication.instance().focusWindowChanged.emit(None)
    for page, title in TITLES.items():
        program.window.show_page(page)
        QApplication.processEvents()
        words = list(told(QAccessible.queryAccessibleInterface(program.window.page(page))))
        assert words[0] == title, page
        if page == "Documents":
            said = [next(at for at, name in enumerate(words) if name.startswith(begin)) for begin in
                    ("More", "Summary", "The lease", "Number of the page")]  # fmt: skip
            assert said == sorted(said)


def read_in(holder: QWidget) -> list[QWidget]:
    parts = holder.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [part for part in parts if part.objectName() in ("source_side", "target_side")]


def test_the_card_for_versions_asks_for_two_files_and_compares_these(start, tmp_path):
    """Another version of the same name lies in the list, and the tab last open is another one."""
    program = start()
    texts = {"lease.txt": "1,200", "lease_v2.txt": "1,300", "offer.txt": "1,400"}
    files = [tmp_path / name for name in texts]
    for file, rent in zip(files, texts.values(), strict=True):
        file.write_text(f"The tenant pays {rent} EUR.\n")
    program.open_documents()
    for at, file in enumerate(files[:2], 1):
        drop(program.documents, file)
        program.wait(lambda at=at: program.find("document_view").model().rowCount() == at)
    program.choose_tab("versions")
    pane = program.frame.documents_area.compare_pane
    program.wait(lambda: pane.report)  # of the pair that the names propose
    program.choose_tab("summary")
    program.window.show_page("Start")
    program.click("card_compare")
    dialog = program.find("documents_dialog")
    dialog.filesSelected.emit([str(files[0]), str(files[2])])
    dialog.reject()
    program.wait(lambda: pane.report and {name for __, name in pane.report.documents} == {files[0].name, files[2].name})
    program.wait(lambda: program.find("versions_lead").isVisible())
    program.says("versions_lead", "1 change on 1 page: 1 amount.")


def test_a_chosen_file_is_shown_before_it_is_copied_in(start, model_file):
    program = start()
    program.frame.models.file_chosen.emit(model_file)
    program.wait(lambda: program.window.findChild(QDialog, "add_dialog"))
    assert not program.ask(lambda services: services.models.list())
    program.click(program.find("add_copy", program.window.findChild(QDialog, "add_dialog")))
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    assert not program.ask(lambda services: services.models.list())[0].linked


def test_loading_shows_progress_and_can_be_cancelled(start, model_file):
    program = start(load_seconds=5.0)
    program.frame.models.import_file(model_file)
    program.wait(lambda: "loading" in program.page.picker.button.accessibleName())
    program.wait(lambda: program.page.picker.cancel_button.isVisible())
    program.click(program.page.picker.cancel_button)
    program.wait(lambda: "not loaded" in program.page.picker.button.accessibleName())


def test_window_and_last_chat_are_remembered(start, model_file):
    program = start().with_model(model_file)
    program.say("remember me")
    chat = program.chat.chat
    program.window.resize(760, 611)
    program.close()
    again = start()
    again.wait(lambda: again.chat.chat == chat)
    assert (again.window.width(), again.window.height()) == (760, 611)
    assert again.page.title.full_text == "remember me"


def test_a_page_is_made_when_it_is_first_shown_and_what_is_kept_of_it_stays(start):
    program = start()
    state = program.frame.state
    program.ask(lambda _services: state.change(last_document_pane="versions", last_document_page=2))
    program.frame.keep_layout()
    program.ask(lambda _services: None)
    assert [page for page in program.pages if program.window.is_made(page)] == []
    assert (state.current.last_document_pane, state.current.last_document_page) == ("versions", 2)
    program.window.show_page("Documents")
    assert program.frame.documents_area.state["last_document_pane"] == "versions"
    assert [page for page in program.pages if program.window.is_made(page)] == ["Documents"]


@pytest.mark.real_child
def test_closing_while_streaming_keeps_the_text_and_leaves_no_process(start, model_file, qtbot):
    program = start().with_model(model_file)
    program.send("hello", slow=0.1, answer=LONG)
    program.wait(lambda: program.words().startswith("word0 word1 word2"))
    seen = program.words()
    chat = program.chat.chat
    children = psutil.Process().children(recursive=True)
    assert children
    program.close()
    _gone, alive = psutil.wait_procs(children, timeout=60)
    assert not alive
    again = start()
    again.wait(lambda: again.chat.chat == chat)
    kept = again.last()
    assert kept.status is Status.INTERRUPTED
    assert kept.text.startswith(seen)


def test_each_page_is_shown_by_its_key_and_gets_the_keyboard(program):
    window, control = program.window, Qt.KeyboardModifier.ControlModifier
    pages = {
        "1": program.frame.start_page,
        "2": program.page,
        "3": program.frame.documents_page,
        "4": program.frame.translate_page,
        "6": program.frame.models_page,
        "J": program.frame.jobs_page,
        "Comma": program.frame.settings_page,
    }
    for key, page in pages.items():
        QTest.keyClick(window, getattr(Qt.Key, f"Key_{key}"), control)
        program.wait(page.isVisible)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert focus is page or page.isAncestorOf(focus), key
    QTest.keyClick(window, Qt.Key.Key_2, control)
    program.wait(lambda: program.page.isVisible())
    QTest.keyClick(window, Qt.Key.Key_B, control)
    assert not program.page.chat_list.isVisible()
    QTest.keyClick(window, Qt.Key.Key_F, control | Qt.KeyboardModifier.ShiftModifier)
    assert program.page.chat_list.isVisible()
    assert program.page.chat_list.search_box.hasFocus()
    program.say("hello")
    QTest.keyClick(window, Qt.Key.Key_N, control)
    assert program.chat.chat == ""
    assert program.page.composer.input_box.hasFocus()


def test_requests_counted_before_the_window_listens_are_shown(start, monkeypatch):
    def open_and_count(*args, **options):
        services = open_services(*args, **options)
        services.service_thread.call(services.network.say_today)
        return services

    monkeypatch.setattr("slmdesk.services.open_services", open_and_count)
    program = start()
    program.wait(lambda: "no request today" in program.find("network_button").toolTip())


def test_g5_errors_in_50_handlers_show_one_dialog_and_the_program_goes_on(program, qtbot):
    secret = "the person's own words"

    def fail() -> None:
        raise ValueError(secret)

    class Dying:
        def __del__(self) -> None:
            fail()

    received: list[str] = []
    program.frame.errors.caught.connect(received.append, Qt.ConnectionType.QueuedConnection)
    button = QPushButton(program.window)
    button.clicked.connect(fail)
    with qtbot.captureExceptions():  # pytest-qt's own hook gives way to the program's below
        program.frame.errors.remove()
        program.frame.errors.install()
        for _ in range(20):
            button.click()
        for _ in range(10):
            QTimer.singleShot(0, fail)
        for _ in range(10):
            thread = threading.Thread(target=fail)
            thread.start()
            thread.join()
        for _ in range(5):
            dying = Dying()
            del dying
            gc.collect()
        for _ in range(5):
            program.bridge.ask(lambda _services: fail())
        program.wait(lambda: len(received) == 50)
        program.frame.errors.remove()
    assert len([w for w in QApplication.topLevelWidgets() if w.objectName() == "error_dialog" and w.isVisible()]) <= 1
    dialog = program.frame.errors.dialog
    assert "50 times" in dialog.informativeText()
    assert secret not in dialog.detailedText() + "".join(received)
    assert "ValueError" in dialog.detailedText()
    assert "slmdesk" in dialog.detailedText()
    program.click(program.find("copy_details_button", dialog))
    assert "ValueError" in QApplication.clipboard().text()
    dialog.close()
    program.say("still here?")
    assert program.last().status is Status.COMPLETE


def test_u1_broken_settings_are_noted_and_defaults_used(start, paths):
    paths.settings_file.write_text("{ not json")
    program = start()
    program.wait(lambda: program.notices())
    assert "cannot be used" in program.notices()[0]
    assert list(paths.config.glob("settings*.json*"))


def test_no_two_actions_share_a_shortcut(program):
    """A key means one thing: on each page and everywhere; Qt hears no key of a page that is not in front."""
    from PySide6.QtGui import QShortcut

    pages = (
        program.frame.chat_page,
        program.frame.documents_page,
        program.frame.models_area,
        program.frame.settings_page,
        program.frame.writing_page,
    )
    translate = program.frame.translate_page
    program.make_pages()
    holders = (QShortcut, QToolButton, QAction)
    for page in pages:
        keys = []
        for holder in (child for kind in holders for child in program.window.findChildren(kind)):
            if any(other is not page and other.isAncestorOf(_widget_of(holder)) for other in (*pages, translate)):
                continue
            if isinstance(holder, QAction) and not holder.associatedObjects():  # it only shows its key in a menu
                continue
            if _widget_of(holder).window() is not program.window:  # a window of its own hears its own keys
                continue
            if (
                isinstance(holder, QShortcut) and holder.objectName() == "dictate" and "F9" in keys
            ):  # each field hears its own
                continue
            keys.append((holder.key() if isinstance(holder, QShortcut) else holder.shortcut()).toString())
        keys = [key for key in keys if key]
        assert keys
        assert len(keys) == len(set(keys)), [key for key in keys if keys.count(key) > 1]
    keys = [shortcut.key().toString() for shortcut in translate.document.findChildren(QShortcut)]
    assert len(keys) == len(set(keys)), sorted(keys)


def _widget_of(holder):
    while not isinstance(holder, QWidget):
        holder = holder.parent()
    return holder


def test_a_button_brings_the_list_back_in_a_narrow_window(program):
    program.window.resize(1024, 700)
    program.window.show_page("Documents")
    program.wait(lambda: not program.find("document_list").isVisible())
    program.click("fold_button")
    program.wait(program.find("document_list").isVisible)
    program.click("fold_button")
    program.wait(lambda: not program.find("document_list").isVisible())


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_files_are_dropped_on_the_cards_of_start_and_beside_them(program, tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("The tenant pays 1,200 EUR.\n")
    for card, page in (
        ("document", "Documents"),
        ("translate", "Translate"),
        ("compare", "Documents"),
        ("write", "Write"),
    ):
        program.window.show_page("Start")
        program.click(f"card_{card}")
        program.wait(lambda page=page: program.window.current_page == page)
        if page == "Documents":
            program.find("documents_dialog").reject()
        program.window.show_page("Start")
        drop(program.find(f"card_{card}"), letter)
        program.wait(lambda page=page: program.window.current_page == page)
        if card == "document":
            program.wait(lambda: program.frame.documents.current)
    program.wait(lambda: "1,200 EUR" in program.frame.writing_page.text)
    program.window.show_page("Start")
    drop(program.frame.start_page, letter)
    program.wait(lambda: program.page.composer.attachments.in_order)
    assert program.window.current_page == "Start"
    assert not program.find("drop_frame", program.frame.start_page).isVisible()


def test_what_the_window_has_is_named_to_a_screen_reader_and_foreign_text_is_plain(program):
    program.make_pages()
    assert program.page.panel
    for kind in (QPushButton, QToolButton):
        for button in program.window.findChildren(kind):
            if button.objectName().startswith("qt_"):
                continue
            assert button.accessibleName() or button.text(), button.objectName()
            assert button.objectName(), button
    assert program.page.composer.input_box.accessibleName()
    for label in program.window.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText or not label.text(), label.objectName()
    read = QAccessible.queryAccessibleInterface
    card = read(program.find("card_translate"))
    assert card.role() == QAccessible.Role.Button
    assert card.text(QAccessible.Text.Name).startswith("Translate. ")
    assert card.childCount() == 3
    chosen: list[str] = []
    program.find("card_translate").chosen.connect(chosen.append)
    card.actionInterface().doAction("Press")
    assert chosen == ["translate"], "by its name, as by voice"
    fold = program.find("all_models_button")
    was_open = fold.isChecked()
    assert read(fold).role() == QAccessible.Role.Button
    assert (read(fold).text(QAccessible.Text.Name), bool(read(fold).state().expanded)) == (fold.text(), was_open)
    read(fold).actionInterface().doAction("Press")
    assert bool(read(fold).state().expanded) is not was_open
    for name in ("page_button", "panel_button", "summary_options"):
        assert read(program.find(name)).role() == QAccessible.Role.Button, "it opens and closes something"
    for name in ("entry_1", "settings_network"):
        assert read(program.find(name)).role() == QAccessible.Role.RadioButton, "one of several"


def test_tab_goes_through_the_page_then_the_side_bar_then_the_status_line(program):
    program.say("hello")
    parts = {"page": program.window.stack, "side bar": program.window.bar, "status line": program.window.status}
    for page in ("Chat", "Documents", "Translate", "Write", "Models", "Settings", "Start"):
        program.window.show_page(page)
        program.ask(lambda _services: None)
        first = next(stop for stop in tab_stops(parts["side bar"].layout()) if stop.isVisible())
        first.setFocus()
        stops: list[QWidget] = []
        while not stops or QApplication.focusWidget() is not first:
            stops.append(QApplication.focusWidget())
            assert len(stops) < 200
            QTest.keyClick(stops[-1], Qt.Key.Key_Tab)
        order = [next(name for name, part in parts.items() if part.isAncestorOf(stop)) for stop in stops]
        assert [name for name, _all in groupby(order)] == ["side bar", "status line", "page"], page
        if page == "Chat":
            wanted = {"input_box", "search_box", "chat_view", "new_chat_button", "model_button", "network_button"}
            assert wanted <= {stop.objectName() for stop in stops}


def test_icons_and_words_grow_and_shrink_also_on_a_page_left_before(program):
    window, keeper = program.window, program.frame.keeper
    window.resize(1024, 768)
    window.show_page("Models")
    program.wait(lambda: window.findChildren(QWidget, "suggestion_card"))
    window.show_page("Chat")
    buttons = [program.find(name) for name in ("export_button", "attach_button", "panel_button")]
    before = [button.iconSize().width() for button in buttons]
    program.frame.settings.change("font_scale", 200)
    program.wait(lambda: [button.iconSize().width() for button in buttons] == [size * 2 for size in before])
    assert QApplication.overrideCursor() is None
    program.wait(lambda: buttons[0].height() >= buttons[0].sizeHint().height())  # the layouts have heard of it, too
    window.show_page("Models")
    program.wait(lambda: any(label.text() == "In use" for label in window.findChildren(QLabel, "row_state")))
    labels = [*window.findChildren(QLabel, "row_size"), *window.findChildren(QLabel, "row_state")]
    assert {label.font().pointSizeF() for label in labels} == {keeper.fonts.text().pointSizeF()}
    program.frame.settings.change("font_scale", 100)
    program.wait(lambda: [button.iconSize().width() for button in buttons] == before)
