"""The real window over the real services, store and a real echo child; only the model's words are made up."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import tiny_gguf
from fakes.echo.program import ECHO
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QAction, QPalette, QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QDialog,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)
from shiboken6 import delete

from slmdesk.app import import_plainly

import_plainly()
WAIT_MS = 60_000
HOME = Path.home()


MOST_TEXTS = 200


def shown_texts(window: QWidget) -> str:
    """What a window shows, a line for each text: for a report of what never came."""
    kinds = (QLabel, QAbstractButton)
    some = [widget for kind in kinds for widget in window.findChildren(kind) if widget.isVisible() and widget.text()]
    marks = {True: " [checked]", False: ""}
    lines = [
        f"{widget.objectName()}{marks[isinstance(widget, QAbstractButton) and widget.isChecked()]}: {widget.text()}"
        for widget in some[:MOST_TEXTS]
    ]
    return "\n".join(["The window shows:", *lines])


def said_by(widget: QWidget | None) -> str:
    """What a widget says as a whole, even where there is room only for its beginning."""
    for name in ("full_text", "text", "toPlainText", "currentText"):
        said = getattr(widget, name, None)
        if said is not None:
            words = said if isinstance(said, str) else said()
            return words.replace("\u200b", "")  # where a long name may break
    return ""


def _centre_of(menu: QMenu, action: QAction) -> QPoint:
    return menu.actionGeometry(action).center()


class WindowDriver:
    """One run of the window, driven by clicks and keys."""

    pages = ("Settings", "Models", "Jobs", "Write", "Translate", "Documents")
    """Those that are made when first asked for."""

    def __init__(self, run, qtbot) -> None:
        self.run, self.qtbot = run, qtbot
        self.frame, self.bridge, self.window = run.frame, run.bridge, run.frame.window
        self.page, self.chat = run.frame.chat_page, run.frame.chat
        self.closed = False
        self.replaced: list[list[str]] = []
        """The arguments of the process that would have taken the place of this one."""
        run.bridge.closed.connect(self._on_closed)

    def _on_closed(self) -> None:
        self.closed = True

    def wait(self, holds: Callable[[], object]) -> None:
        missed: list[Exception] = []

        def look() -> bool:
            missed.clear()
            try:
                return bool(holds())
            except (IndexError, KeyError, StopIteration) as err:  # what is looked at has not come yet
                missed.append(err)
                return False

        try:
            self.qtbot.waitUntil(look, timeout=WAIT_MS)
        except self.qtbot.TimeoutError as err:
            err.add_note(shown_texts(self.window))
            raise err from (missed[0] if missed else None)

    def ask(self, request):
        """The answer of the services, waited for."""
        got = []
        self.bridge.ask(request, got.append)
        self.wait(lambda: got)
        return got[0]

    @property
    def services(self):
        """The services of the window, which belong to their own thread."""
        return self.ask(lambda services: services)

    def is_in_front(self) -> bool:
        """Whether keys reach the window; one asks again for what a busy machine has not heard."""
        if not self.window.isActiveWindow():
            self.window.activateWindow()
        return self.window.isActiveWindow()

    def find(self, name: str, within=None):
        widgets: list[QWidget | None] = [None]

        def is_there() -> bool:
            widgets[0] = (within or self.window).findChild(QWidget, name)
            return widgets[0] is not None

        if not is_there() and within is None and self.bridge.is_open:
            self.ask(lambda _services: None)  # what was asked for has come by then
            for title in self.pages:
                if not is_there():
                    self.window.page(title)
            if not is_there():
                self.build_panes()
        if not is_there():
            with suppress(self.qtbot.TimeoutError):  # many come with an answer of the services
                self.wait(is_there)
        assert widgets[0] is not None, name
        return widgets[0]

    def says(self, name: str, words: str, within=None) -> None:
        """Wait until the widget of this name says these words and no others."""
        self._wait_for_words(name, within, lambda said: said == words, f"not {words!r}")

    def mentions(self, name: str, part: str, within=None) -> None:
        """Wait until these words are a part of what the widget of this name says."""
        self._wait_for_words(name, within, lambda said: part in said, f"nothing of {part!r}")

    def _wait_for_words(self, name: str, within, holds: Callable[[str], bool], wanted: str) -> None:
        self.find(name, within)
        said = ""

        def is_said() -> bool:
            nonlocal said
            said = said_by((within or self.window).findChild(QWidget, name))  # it may be made anew meanwhile
            return holds(said)

        try:
            self.wait(is_said)
        except self.qtbot.TimeoutError as err:
            raise AssertionError(f"{name} says {said!r}, {wanted}\n{shown_texts(self.window)}") from err

    def click(self, widget, at=QPoint, button=Qt.MouseButton.LeftButton, keys=Qt.KeyboardModifier.NoModifier) -> None:
        """`at` tells the place once all is laid out; else the centre, or the box of a check box."""
        usable = self._usable(widget)
        if at is QPoint and isinstance(usable, QCheckBox):
            QTest.mouseClick(usable, button, keys, QPoint(12, usable.height() // 2))
        else:
            QTest.mouseClick(usable, button, keys, at())

    def setting(self, name: str):
        """The control of a setting, with its section in front."""
        self.window.show_page("Settings")
        control = self.find(f"setting_{name}")
        self.frame.settings_page.reach(control)
        return control

    def click_item(self, view: QAbstractItemView, row: int | QModelIndex, button=Qt.MouseButton.LeftButton) -> None:
        index = view.model().index(row, 0) if isinstance(row, int) else row
        self.click(view.viewport(), lambda: view.visualRect(index).center(), button)

    def type_into(self, widget, text: str) -> None:
        """Keys that a widget which cannot be used yet would not hear."""
        QTest.keyClicks(self._usable(widget), text)

    def _usable(self, widget):
        """A person waits for what comes, and until it is laid out: a list of no width has no row under the mouse."""
        if isinstance(widget, str):
            widget = self.find(widget)
        if self.window.is_made("Settings"):
            self.frame.settings_page.reach(widget)

        def is_in_place() -> bool:
            before = widget.mapToGlobal(QPoint()), widget.size()
            QApplication.processEvents()  # what was shown or hidden just now is laid out by an event
            return before == (widget.mapToGlobal(QPoint()), widget.size()) and not widget.size().isEmpty()

        is_at_rest = False
        with suppress(self.qtbot.TimeoutError):  # what never comes is named
            self.wait(lambda: widget.isVisible() and widget.isEnabled() and is_in_place())
            is_at_rest = True
        assert widget.isVisible(), widget.objectName()
        assert widget.isEnabled(), widget.objectName()
        assert is_at_rest, f"{widget.objectName()} never comes to rest"
        return widget

    def type(self, text: str) -> None:
        QTest.keyClicks(self.page.composer.input_box, text)

    def put(self, text: str) -> None:
        self.page.composer.input_box.insertPlainText(text)

    def enter(self) -> None:
        QTest.keyClick(self.page.composer.input_box, Qt.Key.Key_Return)

    def send(self, text: str, **echo) -> None:
        """Write and send; `echo` tells the fake engine how to behave for this message."""
        if echo:
            self.put("#echo " + json.dumps(echo) + "\n")
        self.put(text)
        self.enter()

    def say(self, text: str, **echo) -> None:
        """Send, and wait for the answer's end."""
        self.send(text, **echo)
        self.wait_idle()

    def with_model(self, file: Path) -> WindowDriver:
        """The same, once a model is added and loaded."""
        self.frame.models.import_file(file)
        self.wait(lambda: self.page.view.models and "ready" in self.page.picker.button.accessibleName())
        return self

    def make_pages(self) -> None:
        """Make the pages that nobody has looked at yet."""
        for title in self.pages:
            self.window.page(title)
        self.build_panes()
        self.ask(lambda _services: None)  # what they asked for has come by then

    def build_panes(self) -> None:
        """Make what the panes have only once they are shown, and what is asked before an action."""
        from slmdesk.ui.tasks.pane import ResultPane

        for pane in self.window.findChildren(ResultPane):
            assert pane.parts
            for action in pane.task.action_fields:
                pane.action_form(action)

    def messages(self):
        chat = self.chat.chat
        return self.ask(lambda services: services.chats.open(chat).messages) if chat else ()

    def last(self):
        return self.messages()[-1]

    def act(self, action: str) -> None:
        """Click an action of the newest message that has it. Trying again is an entry of a menu."""
        buttons = self.page.view.findChildren(QToolButton, f"action_{action}")
        self.click([button for button in buttons if button.isVisible()][-1])
        if action == "try_again" and self.message_menus():
            self.choose("Again")

    def act_at(self, at: int, action: str) -> None:
        """Go to a message and click one of its actions."""
        self.wait(self.is_in_front)  # a dialog may just have closed
        view = self.page.view
        view.setFocus()
        view.set_current(at)
        self.click(view.rows[at].widget.findChildren(QToolButton, f"action_{action}")[-1])

    def message_menus(self) -> list[QMenu]:
        return [menu for menu in self.page.view.findChildren(QMenu, "message_menu") if menu.isVisible()]

    def choose(self, *words: str) -> None:
        """Click an entry of the menu of a message that is open, or of its submenu."""
        menu = self.message_menus()[-1]
        for word in words:
            action = next(action for action in menu.actions() if action.text() == word)
            self.click(menu, partial(_centre_of, menu, action))
            menu = action.menu()

    def words(self) -> str:
        """What is shown of the newest message."""
        return next((message.words for message in reversed(self.chat.shown.by_id.values())), "")

    def wait_idle(self) -> None:
        self.wait(lambda: self.chat.chat and not self.chat.is_busy)

    def notices(self) -> list[str]:
        return [bar.notice.text for bar in self.window.notices.bars]

    def is_said(self, words: str) -> bool:
        """Whether a notice holds these words."""
        return any(words in notice for notice in self.notices())

    def open_documents(self, width: int = 1200, height: int = 800):
        """Show the page of documents, which is `documents` from now on."""
        QTest.keyClick(self.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
        self.documents = self.frame.documents_page
        self.wait(self.documents.isVisible)
        self.window.resize(width, height)
        return self

    @property
    def coverage(self) -> str:
        """How much of the shown document was read."""
        return self.frame.documents_page.document.coverage

    def choose_tab(self, name: str) -> None:
        """Click the tab of a document's pane."""
        tabs = self.find("document_tabs")
        at = next(at for at in range(tabs.count()) if tabs.tabData(at) == name)
        self.click(tabs, lambda: tabs.tabRect(at).center())

    def open_models(self):
        """Show the page of models."""
        QTest.keyClick(self.window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
        self.wait(lambda: self.frame.models_page.isVisible())
        return self

    def open_all_models(self):
        """Unfold all models on their page, which does so itself where there is none on this PC."""
        self.wait(lambda: self.frame.library.cards.value is not None)
        if not self.frame.models_page.all_models.isVisible():
            button = self.find("all_models_button")
            self.frame.models_page.ensureWidgetVisible(button)
            self.click(button)
        return self

    def close(self) -> None:
        if not self.closed:
            for sheet in reversed(self.window.findChildren(QDialog)):
                if sheet.isVisible():
                    sheet.close()
            self.window.close()
            if box := self.window.findChild(QDialog, "quit_dialog"):
                box.findChild(QPushButton, "quit_button").click()
            self.wait(lambda: self.closed)


@pytest.fixture(autouse=True)
def clean_window(request: pytest.FixtureRequest) -> None:
    """For the tests of windows."""
    if {"window", "ui"} & {*request.path.parts}:
        for name in ("calm_garbage", "usual_screen", "look_of_the_system", "empty_clipboard"):
            request.getfixturevalue(name)
        if "start_real" not in request.fixturenames:
            request.getfixturevalue("echo_engine")


@pytest.fixture
def calm_garbage(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No widgets of an earlier test are destroyed while Qt hands out events (see slmdesk.ui.kit.base.bridge)."""
    kept = {name: getattr(gc, name) for name in ("disable", "enable", "collect", "get_count", "get_threshold")}
    frozen = dict.fromkeys(("freeze", "unfreeze"), lambda: None)  # the tests stay frozen (conftest.py)
    monkeypatch.setattr("slmdesk.ui.kit.base.garbage.gc", SimpleNamespace(**kept, **frozen))
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def usual_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The offscreen one is of 800 by 800, smaller than the windows that are tried."""
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _screen: QRect(0, 0, 1920, 1040))


@pytest.fixture
def look_of_the_system(qapp) -> Iterator[None]:
    """A window that was dark or had large letters leaves none of it, which the next one would take for the system's."""
    from slmdesk.ui.kit.base.theme import SCALE

    palette, font, style = QPalette(qapp.palette()), qapp.font(), qapp.styleSheet()
    scale = qapp.property(SCALE)
    yield
    qapp.setPalette(palette)
    qapp.setProperty(SCALE, scale)
    if qapp.styleSheet() != style:
        qapp.setStyleSheet(style)
    if qapp.font() != font:
        qapp.setFont(font)


@pytest.fixture
def empty_clipboard(qapp) -> Iterator[None]:
    """Data that Python made must not lie on the clipboard when the tests end: Qt frees it after Python is gone, which
    takes the process down.  The program itself ends before that (slmdesk.app).
    """
    yield
    qapp.clipboard().clear()


@pytest.fixture
def paths(home: Path):
    from slmdesk.base.paths import find_paths, make_folders

    folders = find_paths(home)
    make_folders(folders)
    return folders


@pytest.fixture
def echo_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    from slmdesk import services as container

    monkeypatch.setitem(container.COMMANDS, "engine", ECHO)
    monkeypatch.setattr(container.Services, "unasked_work", lambda _self: ())


@pytest.fixture
def start(qtbot, qapp, paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., WindowDriver]]:
    """Start the window; called again after `close`, the next run of the same home."""
    from slmdesk.app import WindowRun
    from slmdesk.models.importer import all_places

    def places(home, environ):
        return () if home == HOME else all_places(home, environ)  # those of whoever runs the tests are not looked at

    monkeypatch.setattr("slmdesk.models.importer.all_places", places)

    instances: list[WindowDriver] = []

    def begin(
        before: Callable[[WindowDriver], None] | None = None, *, key=None, page: str = "Chat", **echo
    ) -> WindowDriver:
        """`page` is shown first, unless the home remembers another; '' leaves the choice to the program."""
        monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"words": True, **echo}))
        if "SLMDESK_STARTER_MODEL" not in os.environ:  # a first start uses the starter without a question
            monkeypatch.setenv("SLMDESK_STARTER_MODEL", str(paths.data / "no-starter.gguf"))

        def replace(arguments) -> None:
            program.replaced.append(arguments)
            run.bridge.post_to_ui(run.bridge.closed.emit)

        for former in [
            instance for instance in instances if instance.closed
        ]:  # else all of its widgets are styled anew with this one
            instances.remove(former)
            end(former)
        run = WindowRun(qapp, paths, key=key, replace=replace)
        program = WindowDriver(run, qtbot)
        instances.append(program)
        run.start()
        if before is not None:
            before(program)
        program.wait(program.is_in_front)
        program.wait(lambda: run.bridge.is_open)
        if page:
            program.window.open_bar()  # the screen of the tests is narrow
            if program.window.current_page == "Start":
                program.window.show_page(page)
        return program

    def end(program: WindowDriver) -> None:
        program.close()
        program.run.end()
        gc.disable()
        program.window.close_for_good()
        delete(program.window)
        delete(program.frame)
        delete(program.bridge)

    yield begin
    for program in instances:
        end(program)


@pytest.fixture
def start_real(start) -> Callable[..., WindowDriver]:
    """The same with the real engine."""
    return start


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    return tiny_gguf.write(tmp_path / "tiny.gguf", tiny_gguf.tiny_llama())


@pytest.fixture
def program(start, model_file) -> WindowDriver:
    """A window with a model loaded, ready to chat."""
    return start().with_model(model_file)
