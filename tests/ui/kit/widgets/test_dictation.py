"""Dictation into the fields: by the button and by its key, with sound that is fed instead of a microphone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.settings import Settings
from slmdesk.documents.voice.events import DictationEnded, DictationGrew
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.widgets import dictation
from slmdesk.ui.kit.widgets.build import column, dictate_button, settle

pytestmark = [pytest.mark.gui, pytest.mark.quick]
FIELDS = (QTextEdit, QPlainTextEdit, QLineEdit)
SOUND = bytes(3200)


class Voice:
    """The service as the window knows it: what it hears is said by the test."""

    def __init__(self, bridge):
        self.bridge, self.calls, self.problem, self.is_busy = bridge, [], None, False
        self.id = ""

    def dictate(self, language=None):
        self.calls.append(("dictate", language))
        pending = Pending()
        if self.problem is not None:
            pending.end(self.problem)
        elif self.id:
            pending.end(Problem("speech.busy", {}, "Another dictation goes on."))
        else:
            self.id = f"d{len(self.calls)}"
            pending.end(self.id)
        return pending

    def feed(self, id, sound):
        self.calls.append(("feed", len(sound)))

    def finish(self, id):
        self.calls.append(("finish", id))

    def cancel(self, id):
        self.calls.append(("cancel", id))
        self.end(id)

    def say(self, text, *, is_final=False, id=""):
        self.bridge.deliver(DictationGrew(id or self.id, text, is_final))

    def end(self, id="", problem=None):
        ended, self.id = id or self.id, ""
        self.bridge.publish(DictationEnded(ended, problem))

    def made(self, kind):
        return [what for name, what in self.calls if name == kind]


class Desk:
    """A window with a field for each kind, their buttons, and a microphone that the test speaks into."""

    def __init__(self, qtbot, monkeypatch, kinds=FIELDS):
        self.bridge = Bridge()
        self.voice = Voice(self.bridge)
        post = SimpleNamespace(post=lambda work: work())
        settings = SimpleNamespace(current=Settings())
        self.bridge.attach(SimpleNamespace(service_thread=post, voice=self.voice, settings=settings))
        self.opened, self.notices, self.listening = [], [], []
        self.bridge.notice_raised.connect(lambda notice: self.notices.append(notice.text))
        self.bridge.problem_met.connect(lambda problem: self.notices.append(problem.sentence))
        self.bridge.listening_changed.connect(self.listening.append)
        monkeypatch.setattr(dictation.Microphone, "start", lambda microphone: self.opened.append(microphone))
        monkeypatch.setattr(
            dictation.Microphone,
            "stop",
            lambda microphone: self.opened.remove(microphone) if microphone in self.opened else None,
        )
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.fields = [kind(self.window) for kind in kinds]
        self.buttons = [
            dictate_button(self.bridge, field, self.window, f"f{at}_") for at, field in enumerate(self.fields)
        ]
        column(*self.fields, *self.buttons, into=self.window)
        self.window.show()
        qtbot.waitUntil(self.window.isActiveWindow)
        self.field, self.button = self.fields[0], self.buttons[0]
        self.field.setFocus()

    def press(self, at=0):
        QTest.mouseClick(self.buttons[at], Qt.MouseButton.LeftButton)
        QApplication.processEvents()

    @property
    def text(self):
        return text_of(self.field)

    def shown(self):
        """What stands in the field and is not yet part of its text."""
        return self.buttons[self.fields.index(self.field)].findChild(dictation.Dictation).words.shown

    def key(self, kind, *, repeats=False):
        none = Qt.KeyboardModifier.NoModifier
        event = QKeyEvent(kind, Qt.Key.Key_F9, none, "", repeats)
        QApplication.sendEvent(self.field, event)


def text_of(field):
    return field.text() if isinstance(field, QLineEdit) else field.toPlainText()


@pytest.fixture(params=FIELDS, ids=lambda kind: kind.__name__)
def desk(request, qtbot, monkeypatch):
    return Desk(qtbot, monkeypatch, (request.param, QPlainTextEdit))


@pytest.fixture
def page(qtbot, monkeypatch):
    return Desk(qtbot, monkeypatch, (QTextEdit, QPlainTextEdit))


def test_words_are_provisional_until_the_pause_and_one_undo_takes_back_a_stretch(desk, qtbot):
    QTest.keyClicks(desk.field, "Note:")
    desk.press()
    desk.opened[0].heard.emit(SOUND)
    assert desk.voice.made("feed") == [len(SOUND)]
    desk.voice.say("the rent")
    assert (desk.text, desk.shown()) == ("Note:", "the rent")
    desk.voice.say("The rent rises.")
    assert (desk.text, desk.shown()) == ("Note:", "The rent rises.")
    desk.voice.say("The rent rises.", is_final=True)
    assert (desk.text, desk.shown()) == ("Note: The rent rises.", "")
    desk.voice.say("By ten euros.", is_final=True)
    assert desk.text == "Note: The rent rises. By ten euros."
    desk.field.undo()
    assert desk.text == "Note: The rent rises."
    desk.field.undo()
    assert desk.text == "Note:"


def test_a_selection_is_replaced(desk):
    QTest.keyClicks(desk.field, "old words")
    desk.field.selectAll()
    desk.press()
    desk.voice.say("new")
    desk.voice.say("New words", is_final=True)
    assert desk.text == "New words"
    desk.field.undo()
    assert desk.text == "old words"


def test_esc_throws_the_stretch_away(desk):
    desk.press()
    desk.voice.say("kept", is_final=True)
    desk.voice.say("not this")
    QTest.keyClick(desk.field, Qt.Key.Key_Escape)
    assert (desk.text, desk.shown(), desk.opened) == ("kept", "", [])
    assert desk.voice.made("cancel")


def test_a_click_keeps_it_on_and_the_next_ends_it(page):
    page.press()
    assert page.opened
    assert page.listening[-1] is not None
    id = page.voice.id
    page.press()
    assert not page.opened
    assert page.listening[-1] is None
    assert page.voice.made("finish") == [id]
    page.voice.say("the end of it", is_final=True)
    assert page.text == "the end of it"


def test_a_held_button_and_a_held_key_listen_until_they_are_released(page, qtbot):
    QTest.mousePress(page.button, Qt.MouseButton.LeftButton)
    hold = page.button.findChild(QTimer, "hold_timer")
    qtbot.waitUntil(lambda: not hold.isActive())
    assert page.opened
    QTest.mouseRelease(page.button, Qt.MouseButton.LeftButton)
    assert not page.opened
    page.voice.end()
    QTest.keyPress(page.field, Qt.Key.Key_F9)
    page.key(QEvent.Type.KeyRelease, repeats=True)
    qtbot.waitUntil(lambda: bool(page.opened) and not hold.isActive())
    page.key(QEvent.Type.KeyRelease)
    assert not page.opened


def test_what_is_typed_meanwhile_keeps_its_place(page):
    page.field.setPlainText("Dear Ms Roth\n\nYours")
    cursor = page.field.textCursor()
    cursor.setPosition(len("Dear Ms Roth\n"))
    page.field.setTextCursor(cursor)
    page.press()
    page.voice.say("the lease")
    cursor.setPosition(len("Dear"))
    page.field.setTextCursor(cursor)
    QTest.keyClicks(page.field, "est")
    page.voice.say("the lease ends")
    assert page.field.document().findBlockByNumber(1).layout().preeditAreaText() == "the lease ends"
    page.voice.say("The lease ends.", is_final=True)
    assert page.text == "Dearest Ms Roth\nThe lease ends.\nYours"
    assert page.field.textCursor().position() == len("Dearest")


def test_a_line_broken_before_the_stretch_takes_it_along(page):
    page.field.setPlainText("one two")
    page.field.moveCursor(page.field.textCursor().MoveOperation.End)
    page.press()
    page.voice.say("three")
    cursor = page.field.textCursor()
    cursor.setPosition(3)
    cursor.insertText("\n")
    blocks = page.field.document()
    assert [blocks.findBlockByNumber(at).layout().preeditAreaText() for at in (0, 1)] == ["", " three"]
    page.voice.say("three", is_final=True)
    assert page.text == "one\n two three"


def test_what_is_shown_is_sent(page):
    page.press()
    page.voice.say("send this")
    settle(page.button)
    assert (page.text, page.opened) == ("send this", [])
    page.voice.say("send this now", is_final=True, id="d1")
    assert page.text == "send this"


def test_one_field_listens_at_a_time(page, qtbot):
    page.press()
    first = page.voice.id
    page.press(1)
    assert page.voice.made("finish") == [first]
    page.voice.say("first", is_final=True)
    page.voice.end(first)
    qtbot.waitUntil(lambda: len(page.opened) == 1)
    assert page.voice.id != first
    assert page.listening[-1] is page.buttons[1].findChild(dictation.Dictation)
    page.voice.say("second", is_final=True)
    assert [text_of(field) for field in page.fields] == ["first", "second"]


def test_without_a_model_it_says_so_and_opens_no_microphone(page):
    page.voice.problem = Problem("speech.no_model", {}, "There is no speech model yet.")
    page.press()
    assert page.notices == ["There is no speech model yet."]
    assert (page.opened, page.listening[-1]) == ([], None)


@pytest.mark.parametrize("has_heard", [True, False])
def test_a_microphone_that_fails_keeps_what_was_heard(page, has_heard):
    page.press()
    if has_heard:
        page.opened[0].heard.emit(SOUND)
        page.voice.say("so far")
    page.opened[0].failed.emit()
    assert page.notices == [dictation.GONE if has_heard else dictation.NO_MICROPHONE]
    page.voice.end()
    QApplication.processEvents()
    assert page.text == ("so far" if has_heard else "")


def test_a_dictation_that_ends_with_a_problem_keeps_what_was_heard(page):
    page.press()
    page.voice.say("so far")
    page.voice.end(problem=Problem("child.died", {}, "The listener ended."))
    QApplication.processEvents()
    assert (page.text, page.opened, page.notices) == ("so far", [], ["The listener ended."])


def test_a_field_that_goes_out_of_sight_listens_no_more(page):
    page.press()
    page.window.hide()
    assert not page.opened
    assert page.voice.made("finish")


def test_the_language_is_the_windows_unless_another_is_chosen(page, monkeypatch):
    monkeypatch.setenv("SLMDESK_LANGUAGE", "de")
    page.press()
    assert page.voice.made("dictate") == ["de"]


@pytest.mark.parametrize(
    ("words", "before", "after", "spaced"),
    [
        ("Hello", "", "", "Hello"), ("Hello", "a", "", " Hello"), ("Hello", "a", "b", " Hello "),
        (", and", "a", " ", ", and"), ("Hello", "(", ")", "Hello"), ("\nHello", "a", "", "\nHello"),
        ("Hello", "\n", "", "Hello"), ("  ", "a", "b", ""), ("so", "\u201e", "\u201c", "so"),
    ],
)  # fmt: skip
def test_words_get_the_spaces_that_they_need(words, before, after, spaced):
    assert dictation.spaced(words, before, after) == spaced
