"""The lock page: words by keys and clicks, refusals that make one wait, and no way around it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from slmdesk.base.errors import KnownError
from slmdesk.base.settings import Settings
from slmdesk.history.privacy.opening import Ways
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.shell import lock_window
from slmdesk.ui.shell.lock_window import SMALLEST, LockScreen, LockWindow

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
WORDS = Ways(by_words=True, by_keyring=False)
BOTH = Ways(by_words=True, by_keyring=True)
KEYRING = Ways(by_words=False, by_keyring=True)


@pytest.fixture
def page(qtbot):
    def show(ways: Ways, **more) -> LockWindow:
        made = LockWindow(ways, **more)
        qtbot.addWidget(made)
        made.given = []
        made.words_given.connect(made.given.append)
        made.show()
        qtbot.waitUntil(made.isVisible)
        return made

    return show


def part(page: QWidget, name: str) -> QWidget:
    widget = page.findChild(QWidget, name)
    assert widget is not None, name
    return widget


def test_what_is_typed_is_given_by_return_and_by_click_and_is_never_shown(page, qtbot):
    lock = page(WORDS)
    field = part(lock, "lock_field")
    assert field.echoMode() is QLineEdit.EchoMode.Password
    qtbot.waitUntil(lambda: lock.focusWidget() is field)
    QTest.keyClicks(field, "open sesame")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert lock.given == ["open sesame"]
    assert not field.isEnabled()
    assert part(lock, "lock_open_button").text() == "Opening…"
    assert lock.focusWidget() is not part(lock, "lock_quit_button"), "the next key would end the program"
    place = field.mapTo(lock, QPoint())
    lock.show_refusal("Wrong passphrase")
    QApplication.processEvents()
    assert field.mapTo(lock, QPoint()) == place, "an error moves nothing"
    assert (field.text(), part(lock, "lock_problem").text()) == ("", "Wrong passphrase")
    QTest.keyClicks(field, "again")
    assert not part(lock, "lock_problem").isVisible()
    QTest.mouseClick(part(lock, "lock_open_button"), Qt.MouseButton.LeftButton)
    assert lock.given == ["open sesame", "again"]


def test_nothing_typed_asks_for_nothing(page):
    lock = page(WORDS)
    QTest.mouseClick(part(lock, "lock_open_button"), Qt.MouseButton.LeftButton)
    assert lock.given == []


def test_after_three_refusals_each_try_waits_twice_as_long(page, qtbot):
    lock = page(WORDS)
    field, button = part(lock, "lock_field"), part(lock, "lock_open_button")
    lock.findChild(QTimer).setInterval(1)  # seconds of a test
    waits = []
    for tried in range(6):
        QTest.keyClicks(field, "wrong")
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert len(lock.given) == tried + 1
        lock.show_refusal("Wrong passphrase")
        waits.append(int("0" + "".join(filter(str.isdigit, button.text()))))
        if lock.is_waiting:
            assert not button.isEnabled()
            QTest.keyClicks(field, "too soon")
            QTest.keyClick(field, Qt.Key.Key_Return)
            assert len(lock.given) == tried + 1
            field.clear()
        qtbot.waitUntil(button.isEnabled)
    assert waits == [0, 0, 1, 2, 4, 8]


def test_what_is_no_wrong_word_makes_nobody_wait(page):
    lock = page(WORDS)
    for _ in range(6):
        lock.show_problem("The history is open elsewhere.")
    assert not lock.is_waiting
    assert part(lock, "lock_problem").text() == "The history is open elsewhere."


@pytest.mark.parametrize(
    ("ways", "has_field", "has_other"), [(WORDS, True, False), (BOTH, True, True), (KEYRING, False, False)]
)
def test_only_the_ways_that_there_are_can_be_taken(page, ways, has_field, has_other):
    lock = page(ways)
    assert part(lock, "lock_field").isVisible() is has_field
    assert part(lock, "lock_keyring_button").isVisible() is has_other
    QTest.mouseClick(part(lock, "lock_keyring_button" if has_other else "lock_open_button"), Qt.MouseButton.LeftButton)
    assert lock.given == ([""] if ways.by_keyring else [])


def test_closing_the_page_asks_to_quit_and_opens_nothing(page):
    lock = page(WORDS)
    asked = []
    lock.quit_requested.connect(lambda: asked.append(True))
    lock.close()
    assert (asked, lock.isVisible(), lock.given) == ([True], True, [])
    QTest.mouseClick(part(lock, "lock_quit_button"), Qt.MouseButton.LeftButton)
    assert asked == [True, True]


# ---- at the start


@pytest.fixture
def screen(qtbot, qapp):
    made = []

    def begin(ways: Ways, open_by, *, by_itself: bool = True) -> LockScreen:
        lock = LockScreen(qapp, Settings(), ways, open_by, geometry="")
        made.append(lock)
        lock.start(by_itself=by_itself)
        return lock

    yield begin
    for opened in made:
        opened.end()


def test_the_keyring_opens_it_without_a_page(screen, qtbot):
    lock = screen(KEYRING, lambda words: f"key by {words!r}")
    qtbot.waitUntil(lambda: lock.key is not None)
    assert lock.key == "key by ''"
    qtbot.wait(20)
    assert not lock.page.isVisible()


def test_a_keyring_that_takes_its_time_leaves_the_page_to_be_seen(screen, qtbot, monkeypatch):
    monkeypatch.setattr(lock_window, "PATIENCE_MS", 1)
    import threading

    go = threading.Event()
    lock = screen(BOTH, lambda _words: go.wait(60))
    qtbot.waitUntil(lock.page.isVisible)
    go.set()
    qtbot.waitUntil(lambda: lock.key is not None)


def test_after_a_lock_nothing_opens_by_itself(screen, qtbot):
    tried = []
    lock = screen(KEYRING, tried.append, by_itself=False)
    qtbot.waitUntil(lock.page.isVisible)
    assert tried == []


@pytest.mark.parametrize(
    ("code", "args", "words", "waits"),
    [
        ("key.wrong", {}, "Wrong passphrase", True),
        ("key.mistyped", {}, "typing error", True),
        ("key.missing", {}, "holds no key to it", False),
        ("key.file_damaged", {"path": "/home/k.json"}, "file of keys", False),
        ("key.library_missing", {"library": "sqlcipher3"}, "sqlcipher3", False),
        ("store.in_use", {}, "open elsewhere", False),
    ],
)
def test_each_failure_has_a_sentence_of_its_own(screen, qtbot, code, args, words, waits):
    def refuse(_words: str):
        raise KnownError(code, **args)

    lock = screen(WORDS, refuse)
    qtbot.waitUntil(lock.page.isVisible)
    problem = part(lock.page, "lock_problem")
    for _ in range(3):
        field = part(lock.page, "lock_field")
        QTest.keyClicks(field, "x")
        QTest.keyClick(field, Qt.Key.Key_Return)
        qtbot.waitUntil(field.isEnabled)
    assert words in problem.text().replace("\u200b", "")
    assert lock.page.is_waiting is waits
    assert lock.key is None


def test_the_smallest_page_with_large_letters_cuts_nothing(page, qapp, qtbot):
    keeper = ThemeKeeper(qapp, choice="dark", scale=150)
    try:
        lock = page(BOTH)
        lock.resize(*SMALLEST)
        for _ in range(3):
            lock.show_refusal("Wrong passphrase")
        for name in ("lock_open_button", "lock_keyring_button", "lock_quit_button"):
            button = part(lock, name)
            qtbot.waitUntil(lambda button=button: button.width() >= button.sizeHint().width())
        words = part(lock, "lock_words")
        qtbot.waitUntil(lambda: words.height() >= words.heightForWidth(words.width()))
    finally:
        keeper.deleteLater()
        qapp.setStyleSheet("")
