"""First start, settings, theme, errors, closing, remembering."""

from __future__ import annotations

import gc
import threading

import psutil
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget

from slmdesk.core.records import Status
from slmdesk.gui.models.adding.dialog import AddDialog
from slmdesk.gui.online.network_log import LedgerModel
from slmdesk.gui.online.network_log_window import LedgerWindow

pytestmark = pytest.mark.gui
LONG = " ".join(f"word{number}" for number in range(150))


def test_first_start_imports_the_starter_model_and_answers(start, model_file, monkeypatch):
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(model_file))
    service_thread = start()
    service_thread.wait(lambda: service_thread.find("starter_button").isVisible())
    service_thread.click("starter_button")
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    assert not service_thread.page.first_start.isVisible()
    service_thread.send("hello")
    service_thread.wait_idle()
    assert service_thread.last().status is Status.COMPLETE


def test_one_click_at_the_first_start_gets_an_answer(start, model_file, monkeypatch):
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(model_file))
    service_thread = start()
    service_thread.wait(lambda: service_thread.find("first_example_0").isVisible())
    words = service_thread.find("first_example_0").toolTip().removeprefix("Ask this: ")
    service_thread.click("first_example_0")
    service_thread.wait(lambda: len(service_thread.messages()) == 2)
    service_thread.wait_idle()
    assert service_thread.chat.text_of(service_thread.chat.message_ids[0]) == words
    assert service_thread.last().status is Status.COMPLETE


def test_a_suggestion_is_sent_but_never_takes_the_place_of_what_is_being_written(service_thread):
    service_thread.type("Dear Ms Nowak")
    service_thread.click("example_0")
    service_thread.wait(lambda: "sky is blue" in service_thread.page.composer.text)
    assert service_thread.page.composer.text.startswith("Dear Ms Nowak\n")
    assert not service_thread.messages()
    service_thread.page.composer.set_text("")
    service_thread.click("example_0")
    service_thread.wait(lambda: len(service_thread.messages()) == 2)
    assert not service_thread.page.composer.text
    service_thread.wait_idle()


def test_first_start_without_a_starter_offers_a_file(start, monkeypatch, tmp_path):
    monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(tmp_path / "none.gguf"))
    service_thread = start()
    service_thread.wait(lambda: service_thread.page.first_start.isVisible())
    assert not service_thread.find("starter_button").isVisible()
    assert service_thread.find("add_model_button").isVisible()


def test_a_chosen_file_is_shown_before_it_is_copied_in(start, model_file):
    service_thread = start()
    service_thread.frame.models.look_at(model_file)
    service_thread.wait(lambda: service_thread.window.findChild(AddDialog))
    assert not service_thread.ask(lambda services: services.models.list())
    service_thread.click(service_thread.find("add_copy", service_thread.window.findChild(AddDialog)))
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    assert not service_thread.ask(lambda services: services.models.list())[0].linked


def test_a_file_that_is_no_model_is_refused_in_a_sentence(start, tmp_path):
    service_thread = start()
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"%PDF-1.7 nothing")
    service_thread.frame.models.import_file(bad)
    service_thread.wait(lambda: service_thread.notices())
    assert "not a GGUF model file" in service_thread.notices()[0]
    assert not service_thread.find("import_bar").isVisible()


def test_loading_shows_progress_and_can_be_cancelled(start, model_file):
    service_thread = start(load_seconds=5.0)
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "loading" in service_thread.page.picker.button.text())
    service_thread.wait(lambda: service_thread.page.picker.cancel_button.isVisible())
    service_thread.click(service_thread.page.picker.cancel_button)
    service_thread.wait(lambda: "not loaded" in service_thread.page.picker.button.text())


def test_a_setting_counts_at_once_and_nothing_pops_up(service_thread):
    service_thread.window.show_page("Settings")
    theme = service_thread.find("setting_theme")
    theme.setCurrentIndex(theme.findData("dark"))
    theme.activated.emit(theme.currentIndex())
    service_thread.wait(lambda: service_thread.frame.settings.current.theme == "dark")
    service_thread.wait(lambda: QApplication.palette().window().color().lightness() < 60)
    assert not service_thread.notices()


def test_a_larger_context_loads_the_model_anew(service_thread):
    service_thread.frame.settings.change("context_tokens", 8192)
    service_thread.wait(lambda: service_thread.ask(lambda services: services.models.state.loaded))
    service_thread.wait(lambda: service_thread.ask(lambda services: services.models.state.loaded.context_tokens) > 4096)


def test_text_size_counts_at_once(service_thread):
    before = QApplication.font().pointSizeF()
    service_thread.frame.settings.change("font_scale", 150)
    service_thread.wait(lambda: QApplication.font().pointSizeF() > before * 1.4)


def test_window_and_last_chat_are_remembered(start, model_file):
    service_thread = start()
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    service_thread.send("remember me")
    service_thread.wait_idle()
    chat = service_thread.chat.chat
    service_thread.window.resize(760, 611)
    service_thread.close()
    again = start()
    again.wait(lambda: again.chat.chat == chat)
    assert (again.window.width(), again.window.height()) == (760, 611)
    assert again.page._title.full_text == "remember me"


def test_the_page_last_shown_comes_back(start):
    service_thread = start()
    service_thread.window.show_page("Models")
    service_thread.wait(lambda: service_thread.ask(lambda services: services.settings.current.last_page) == "Models")
    service_thread.window.show_page("Documents")
    service_thread.close()
    again = start()
    again.wait(lambda: again.frame.documents_page.isVisible())
    assert not again.page.isVisible()


def test_each_page_that_is_shown_gets_the_keyboard(service_thread):
    pages = {
        "2": service_thread.frame.documents_page,
        "3": service_thread.frame.translate_page,
        "4": service_thread.frame.models_page,
        "5": service_thread.frame.jobs_page,
        "Comma": service_thread.frame.settings_page,
    }
    for key, page in pages.items():
        QTest.keyClick(service_thread.window, getattr(Qt.Key, f"Key_{key}"), Qt.KeyboardModifier.ControlModifier)
        service_thread.wait(page.isVisible)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert focus is page or page.isAncestorOf(focus), key


def test_closing_while_streaming_keeps_the_text_and_leaves_no_process(start, model_file, qtbot):
    service_thread = start()
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    service_thread.send("hello", slow=0.1, answer=LONG)
    service_thread.wait(lambda: "word3" in service_thread.words())
    seen = service_thread.words()
    chat = service_thread.chat.chat
    children = psutil.Process().children(recursive=True)
    assert children
    service_thread.close()
    _gone, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    again = start()
    again.wait(lambda: again.chat.chat == chat)
    kept = again.last()
    assert kept.status is Status.INTERRUPTED
    assert kept.text.startswith(seen)


def test_the_status_bar_counts_requests_from_the_ledger(service_thread):
    button = service_thread.find("network_button")
    service_thread.wait(lambda: "0 requests today" in button.text())
    assert "Offline" in button.text()
    service_thread.ask(lambda services: services.store.record_request("example.org", "GET", "/x", "test"))
    service_thread.ask(lambda services: services.network.say_today())
    service_thread.wait(lambda: "1 request today" in button.text())
    service_thread.click(button)
    service_thread.click("ledger_button")
    service_thread.wait(lambda: service_thread.window.findChild(LedgerWindow))
    model = service_thread.window.findChild(LedgerModel)
    service_thread.wait(lambda: model.rowCount())
    assert (model.rows[0].host, model.rows[0].path) == ("example.org", "/x")


def test_g5_errors_in_50_handlers_show_one_dialog_and_the_program_goes_on(service_thread, qtbot):
    secret = "the person's own words"

    def fail() -> None:
        raise ValueError(secret)

    class Dying:
        def __del__(self) -> None:
            fail()

    received: list[str] = []
    service_thread.frame.errors.error_caught.connect(received.append)
    button = QPushButton(service_thread.window)
    button.clicked.connect(fail)
    with qtbot.captureExceptions():  # pytest-qt's own hook gives way to the program's below
        service_thread.frame.errors.remove()
        service_thread.frame.errors.install()
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
            service_thread.bridge.ask(lambda _services: fail())
        service_thread.wait(lambda: len(received) == 50)
        service_thread.frame.errors.remove()
    assert len([w for w in QApplication.topLevelWidgets() if w.objectName() == "error_dialog" and w.isVisible()]) <= 1
    dialog = service_thread.frame.errors.dialog
    assert "50 times" in dialog.informativeText()
    assert secret not in dialog.detailedText() + "".join(received)
    assert "ValueError" in dialog.detailedText()
    assert "slmdesk" in dialog.detailedText()
    copy = service_thread.find("copy_details_button", dialog)
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert "ValueError" in QApplication.clipboard().text()
    dialog.close()
    service_thread.send("still here?")
    service_thread.wait_idle()
    assert service_thread.last().status is Status.COMPLETE


def test_u1_broken_settings_are_noted_and_defaults_used(start, paths):
    paths.settings_file.write_text("{ not json")
    service_thread = start()
    service_thread.wait(lambda: service_thread.notices())
    assert "cannot be used" in service_thread.notices()[0]
    assert list(paths.config.glob("settings*.json*"))


def test_w7_a_model_that_crashes_at_load_is_not_started_again_by_itself(start, model_file):
    service_thread = start(fault="abort", at=-1)
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: "crashed" in service_thread.page.picker.button.text())
    service_thread.close()
    again = start(fault="abort", at=-1)
    again.wait(lambda: "crashed" in again.page.picker.button.text())
    again.close()
    third = start(fault="abort", at=-1)
    third.wait(lambda: "crashed" in third.page.picker.button.text())
    third.wait(lambda: any("not started by itself" in text for text in third.notices()))
    assert third.find("input_box").isEnabled()


def test_every_control_has_a_name_for_screen_readers_and_a_place_for_the_keyboard(service_thread):
    for kind in (QPushButton, QToolButton):
        for button in service_thread.window.findChildren(kind):
            if button.objectName().startswith("qt_"):
                continue
            assert button.accessibleName() or button.text(), button.objectName()
            assert button.objectName(), button
    assert service_thread.page.composer.input_box.accessibleName()


def test_labels_show_foreign_text_as_it_is(service_thread):

    for label in service_thread.window.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText or not label.text(), label.objectName()


def test_no_two_actions_share_a_shortcut(service_thread):
    """A key means one thing: on each page and everywhere; Qt hears no key of a page that is not in front."""
    from PySide6.QtGui import QShortcut

    pages = (
        service_thread.frame.chat_page,
        service_thread.frame.documents_page,
        service_thread.frame.models_place,
        service_thread.frame.settings_page,
    )
    translate = service_thread.frame.translate_page
    holders = (QShortcut, QToolButton, QAction)
    for page in pages:
        keys = []
        for holder in (one for kind in holders for one in service_thread.window.findChildren(kind)):
            if any(other is not page and other.isAncestorOf(_widget_of(holder)) for other in (*pages, translate)):
                continue
            if isinstance(holder, QAction) and not holder.associatedObjects():  # it only shows its key in a menu
                continue
            if _widget_of(holder).window() is not service_thread.window:  # a window of its own hears its own keys
                continue
            keys.append((holder.key() if isinstance(holder, QShortcut) else holder.shortcut()).toString())
        keys = [key for key in keys if key]
        assert keys
        assert len(keys) == len(set(keys)), [key for key in keys if keys.count(key) > 1]
    keys = [one.key().toString() for one in translate.document.findChildren(QShortcut)]
    assert len(keys) == len(set(keys)), sorted(keys)


def _widget_of(holder):
    while not isinstance(holder, QWidget):
        holder = holder.parent()
    return holder


def test_tab_reaches_every_control_of_the_chat_page(service_thread):
    seen: list[str] = []
    service_thread.page.composer.input_box.setFocus()
    for _ in range(40):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget().objectName())
    requested = {"input_box", "search_box", "chat_view", "new_chat_button", "model_button", "network_button", "entry_0"}
    assert requested <= set(seen), " ".join(seen)


def test_shortcuts(service_thread):
    window = service_thread.window
    service_thread.page.composer.input_box.setFocus()
    QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    service_thread.wait(lambda: service_thread.frame.settings_page.isVisible())
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    service_thread.wait(lambda: service_thread.page.isVisible())
    QTest.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert not service_thread.page.chat_list.isVisible()
    search = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_F, search)
    assert service_thread.page.chat_list.isVisible()
    assert service_thread.page.chat_list.search_box.hasFocus()
    service_thread.send("hello")
    service_thread.wait_idle()
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert service_thread.chat.chat == ""
    assert service_thread.page.composer.input_box.hasFocus()


def test_icons_grow_and_shrink_with_the_letters(service_thread):
    buttons = [service_thread.find(name) for name in ("entry_0", "attach_button", "panel_button")]
    before = [one.iconSize().width() for one in buttons]
    service_thread.frame.settings.change("font_scale", 150)
    service_thread.wait(lambda: [one.iconSize().width() for one in buttons] == [round(size * 1.5) for size in before])
    assert QApplication.overrideCursor() is None
    service_thread.wait(
        lambda: buttons[0].height() >= buttons[0].sizeHint().height()
    )  # the layouts have heard of it, too
    service_thread.frame.settings.change("font_scale", 100)
    service_thread.wait(lambda: [one.iconSize().width() for one in buttons] == before)
