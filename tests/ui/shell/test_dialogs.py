"""A sheet keeps what is below it out of reach, and fits its window with its buttons.

All sheets are found here by their classes, so that a new one is tried too (test_layout, test_language); what they show
is made up out of the types they ask for.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import importlib
import inspect
import types
import typing
from pathlib import Path

import pytest
from fakes.edges import outside
from PySide6.QtCore import QObject, QPoint, QSize, Qt
from PySide6.QtGui import QAccessible, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

import slmdesk
from slmdesk.base.record import Record
from slmdesk.ui.chat.attachments import AttachController
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.reading_order import ReadingOrder
from slmdesk.ui.kit.widgets.build import button, column, plain_label, row, text_line
from slmdesk.ui.kit.widgets.dialogs import AWAY, Dialog, LineQuestion, Question, TextDialog

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]

SPACE = QSize(1024, 728)
"""Of the window."""
LONG = "A question about the lease of the house, its garden and the Donaudampfschifffahrtsgesellschaft behind it"
SHORT = "Ask again"
ENTER = {
    "TextDialog": "sheet_close", "Question": "sheet_close", "LineQuestion": "question_accept",
    "NewGlossarySheet": "new_glossary_form_accept",
    "DocumentForm": "form_begin", "SampleDialog": "check_agree",
    "FoundDialog": "found_link", "CopyDialog": "copy_make",
    "AddDialog": "add_copy", "TryWindow": "try_begin", "PresetEditor": "preset_save", "SpaceEditor": "space_save",
    "EditDialog": "edit_save", "TokenDialog": "token_keep_button", "NamesDialog": "private_names_save",
    "NamelessSheet": "nameless_copy", "NamesBackSheet": "names_back_copy",
    "SecretsDialog": "_dialog_next", "EraseDialog": "erase_cancel",
    # what is chosen in a list, or typed into a field, has Enter for itself
    "GlossaryWindow": "", "PresetsWindow": "", "NetworkLogWindow": "", "OwnWordsDialog": "", "DeletedChats": "",
    "HelpWindow": "", "GatedDialog": "",
    "ForgetDay": "",  # its button deletes for good
}  # fmt: skip
"""What Enter presses in each dialog without a button in focus. A question's own choice, such as Cancel, is first."""


def dialogs() -> list[type[QDialog]]:
    """All classes of dialogs that no other one is made from. They are sheets."""
    root = Path(slmdesk.__file__).parent
    for file in root.glob("ui/**/*.py"):
        importlib.import_module(".".join(("slmdesk", *file.relative_to(root).with_suffix("").parts)))

    def below(kind: type) -> list[type]:
        kinds = [subclass for subclass in kind.__subclasses__() if subclass.__module__.startswith("slmdesk.")]
        return [leaf for branch in kinds for leaf in (below(branch) or [branch])]

    classes = below(QDialog)
    assert all(issubclass(kind, Dialog) for kind in classes), classes
    return classes


class Maker:
    """Makes what a dialog asks for; what belongs to the window is taken from it."""

    def __init__(self, program) -> None:
        self.program = program

    def make(self, hint, name: str = "") -> object:
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if name in ("source_language", "source", "language", "target_language", "target") and hint is str:
            return "en"
        plain = {
            str: LONG, int: 3, float: 3.0, bool: True, bytes: b"x", Path: Path("/home/a-person") / LONG,
            QWidget: self.program.window, type(None): None, typing.Any: None, object: None,
        }  # fmt: skip
        if hint in plain:
            return plain[hint]
        if origin is Live:
            return Live(self.program.bridge, self.program.window, lambda: None, self.make(args[0]))
        if origin in (typing.Union, types.UnionType):
            return None if type(None) in args else self.make(args[0], name)
        if origin is typing.Literal:
            return args[0]
        if origin is collections.abc.Callable:
            return lambda *_args: None
        if origin in (collections.abc.Mapping, dict):
            return {}
        if origin is tuple and args[-1] is not ...:
            return (SHORT,) * len(args) if set(args) == {str} else tuple(self.make(hint) for hint in args)
        if origin in (tuple, list, collections.abc.Sequence, collections.abc.Collection, frozenset, set):
            return (origin if origin in (list, set, frozenset) else tuple)([self.make(args[0], name)])
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return next(iter(hint))
        if hint is AttachController:  # it becomes the dialog's, and goes with it
            return self.build(hint)
        if isinstance(hint, type) and issubclass(hint, QObject):
            return self.find(hint) or self.build(hint)
        return self.build(hint)

    def find(self, kind: type[QObject]) -> QObject | None:
        """The one that the window has."""
        seen, waiting = set(), [self.program.frame, self.program.run]
        while waiting:
            holder = waiting.pop(0)
            if isinstance(holder, kind):
                return holder
            if id(holder) not in seen and type(holder).__module__.startswith("slmdesk."):
                seen.add(id(holder))
                held = getattr(holder, "__dict__", None)  # the bridge's `services` has a call for every name
                waiting += held.values() if isinstance(held, dict) else ()
        return None

    def build(self, kind: type):
        """Make one of a class; what has a default keeps it."""
        hints = typing.get_type_hints(
            kind if dataclasses.is_dataclass(kind) or issubclass(kind, Record) else kind.__init__,
            localns=vars(collections.abc),
        )
        wanted = [
            parameter
            for parameter in inspect.signature(kind).parameters.values()
            if parameter.default is parameter.empty
        ]
        made = {field.name: self.make(hints[field.name], field.name) for field in wanted}
        return kind(**made)


def cut(dialog: QDialog) -> list[str]:
    """What is wrong with it, in words."""
    name = type(dialog).__name__
    faults = [f"{name}: {line}" for line in outside(dialog)]
    space = dialog.window().rect().adjusted(AWAY, AWAY, -AWAY, -AWAY)
    if not space.contains(dialog.geometry()):
        faults.append(f"{name} is at {dialog.geometry()}")
    area = dialog.findChild(QScrollArea, "dialog_area")
    if area is not None and area.horizontalScrollBar().maximum():
        faults.append(f"{name} scrolls sideways")
    heads = [label.text() for label in dialog.findChildren(QLabel) if label.property("kind") == "heading"]
    faults += [f"{name}: its title stands twice"] * (dialog.windowTitle() in heads)
    faults += [
        f"{name}: it has a second Close" for control in dialog.findChildren(QPushButton) if control.text() == "Close"
    ]
    buttons = [control for control in dialog.findChildren(QPushButton) if control.isVisible()]
    fixed = [other_button for other_button in buttons if not _scrolls(other_button, dialog)]
    outer = dialog.rect()
    faults += [
        f"{name}: {widget.text()} at {place}"
        for widget in fixed
        if not outer.contains(place := widget.rect().translated(widget.mapTo(dialog, QPoint())))
    ]
    return faults if fixed or not buttons or name == "HelpWindow" else [*faults, f"{name}: all of its buttons scroll"]


def _scrolls(widget: QWidget, dialog: QDialog) -> bool:
    return any(area.isAncestorOf(widget) for area in dialog.findChildren(QScrollArea))


@pytest.fixture
def host(qtbot):
    """A window with a field and a shortcut."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(SPACE)
    column(text_line("below", window, "Below"), into=window)
    window.pressed = []
    for keys in ("Ctrl+2", "Ctrl+F"):
        QShortcut(QKeySequence(keys), window, lambda keys=keys: window.pressed.append(keys))
    window.show()
    qtbot.waitActive(window)
    window.findChild(QLineEdit, "below").setFocus()
    return window


def made(host, name: str = "sheet") -> Dialog:
    """A sheet with words over three fields and two buttons."""
    dialog = Dialog(host, name, "A title")
    words = plain_label("", dialog, name="words")
    fields = [text_line(f"f{at}", dialog, "Name") for at in range(3)]
    column(words, *fields, row(1, *(button(name, name, dialog) for name in ("ok", "cancel"))), into=dialog)
    dialog.fit(400)
    return dialog


def say(dialog, text: str) -> None:
    dialog.findChild(QLabel, "words").setText(text)
    for _turn in range(3):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def focused() -> str:
    return QApplication.focusWidget().objectName()


def tabs() -> list[str]:
    """What Tab reaches until it is back where it began."""
    names = [focused()]
    while True:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if focused() == names[0]:
            return [name for name in names if name != "dialog_area"]
        names.append(focused())


def test_enter_presses_the_same_button_in_the_order_of_a_screen_reader(program, request):
    """The order in which widgets are stacked decides about Enter where a dialog names no button."""

    def pressed_by_enter() -> dict[str, list[str]]:
        maker, found = Maker(program), {}
        for kind in dialogs():
            sheet = maker.build(kind)
            sheet.show()
            QApplication.processEvents()
            buttons = [each for each in sheet.findChildren(QPushButton) if each.isVisible()]
            found[kind.__name__] = [each.objectName() for each in buttons if each.isDefault()]
            if not found[kind.__name__] and kind.is_only_read:
                found[kind.__name__] = ["sheet_close"]
            assert not [each for each in buttons if each.autoDefault() and not each.isDefault()] or found[kind.__name__]
            sheet.close()
        return found

    before = pressed_by_enter()
    assert {name: found[0].removeprefix(LONG) if found else "" for name, found in before.items()} == ENTER
    assert all(len(names) <= 1 for names in before.values()), before
    order = ReadingOrder(QApplication.instance(), program.window)
    request.addfinalizer(lambda: QApplication.instance().removeEventFilter(order))
    assert pressed_by_enter() == before


def test_cancel_stands_before_the_answer_and_enter_presses_the_default(program):
    host, answers = program.window, []
    for is_first in (False, True):
        question = Question(host, "question", "Delete?", "Everything is deleted.")
        add = [lambda sheet: sheet.add_choice("Delete", "delete", lambda: answers.append("deleted"), kind="danger")]
        add.insert(0 if is_first else 1, lambda sheet: sheet.add_cancel(is_default=True))
        for action in add:
            action(question)
        question.open()
        cancel, main = (question.findChild(QPushButton, name) for name in ("question_cancel", "delete"))
        assert cancel.mapTo(host, QPoint()).x() < main.mapTo(host, QPoint()).x()
        assert focused() == "question_cancel"
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
        program.wait(lambda: not host.findChildren(QDialog))
        assert not answers


def test_enter_closes_what_is_only_read(program):
    host = program.window
    TextDialog(host, title="Read", intro="As it was read.", text="The pump stops at 12 bar.").show()
    assert focused() == "text_dialog_text"
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    program.wait(lambda: not host.findChildren(QDialog, "text_dialog"))
    Question(host, "question", "Not opened", "This PC has no program for it.").open()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    program.wait(lambda: not host.findChildren(QDialog))


def test_a_line_is_given_by_enter_unless_it_is_empty(host):
    given = []
    question = LineQuestion(host, "rename", "Rename", "New name:", given.append, text="Leases")
    question.open()
    for keys in ("  ", " Flats "):
        question.line.selectAll()
        QTest.keyClicks(QApplication.focusWidget(), keys)
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert given == ["Flats"]
    assert not question.isVisible()


def test_enter_presses_the_default_button_or_the_one_with_the_focus(host):
    dialog, pressed = made(host), []
    for name in ("ok", "cancel"):
        dialog.findChild(QPushButton, name).clicked.connect(lambda _is_on=False, name=name: pressed.append(name))
    dialog.findChild(QPushButton, "cancel").setDefault(True)
    dialog.show()
    for place in ("f0", "ok", "f1", "cancel", "f2"):
        dialog.findChild(QWidget, place).setFocus()
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert pressed == ["cancel", "ok", "cancel", "cancel", "cancel"]


def test_a_sheet_keeps_tab_the_keys_and_the_focus_and_gives_it_back(host):
    dialog = made(host)
    dialog.show()
    assert focused() == "f0"
    read = QAccessible.queryAccessibleInterface(dialog)
    assert (read.role(), read.text(QAccessible.Text.Name)) == (QAccessible.Role.Dialog, "A title")
    assert tabs() == ["f0", "f1", "f2", "ok", "cancel", "sheet_close"]
    QShortcut(QKeySequence("Ctrl+F"), dialog, lambda: host.pressed.append("of the sheet"))
    for key in (Qt.Key.Key_2, Qt.Key.Key_F):
        QTest.keyClick(QApplication.focusWidget(), key, Qt.KeyboardModifier.ControlModifier)
    assert host.pressed == ["of the sheet"]
    host.findChild(QLineEdit, "below").setFocus()  # by an answer that comes late
    assert focused() == "f0"
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert focused() == "below"
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert host.pressed[1:] == ["Ctrl+2"]


def test_what_a_page_switches_off_below_a_sheet_stays_off(host):
    dialog = made(host)
    dialog.show()
    shortcut = next(child for child in host.findChildren(QShortcut) if child.parent() is host)
    shortcut.setEnabled(False)
    dialog.reject()
    for key in (Qt.Key.Key_2, Qt.Key.Key_F):
        QTest.keyClick(QApplication.focusWidget(), key, Qt.KeyboardModifier.ControlModifier)
    assert host.pressed == ["Ctrl+F"]


def test_the_mouse_reaches_nothing_below_a_sheet(host, qtbot):
    below = button("Below", "below_button", host)
    below.move(2, 2)
    below.show()
    dialog, pressed = made(host), []
    below.clicked.connect(lambda: pressed.append(True))
    dialog.show()
    assert host.childAt(below.geometry().center()).objectName() == "shade"
    dialog.findChild(QToolButton, "sheet_close").click()
    assert host.childAt(below.geometry().center()) is below
    qtbot.waitUntil(lambda: host.findChild(QWidget, "shade") is None)


def test_a_sheet_over_a_sheet_gives_the_focus_back_to_it(host):
    first, second = made(host, "first"), made(host, "second")
    first.show()
    first.findChild(QLineEdit, "f1").setFocus()
    second.show()
    assert second.isAncestorOf(QApplication.focusWidget())
    assert host.childAt(host.rect().center()).window() is host
    second.reject()
    assert first.isAncestorOf(QApplication.focusWidget())
    assert focused() == "f1"


def test_a_sheet_follows_its_window(host):
    dialog = made(host)
    dialog.resize(800, 500)
    dialog.show()
    before = dialog.size()
    host.resize(512, 384)
    assert not cut(dialog)
    host.resize(SPACE)
    assert dialog.size() == before
    assert dialog.geometry().center().x() == host.rect().center().x()


def test_a_sheet_that_grows_scrolls_over_its_buttons_and_keeps_cursor_and_order(host, qtbot):
    dialog = made(host)
    dialog.show()
    field = dialog.findChild(QLineEdit, "f0")
    before = dialog.height()
    say(dialog, "word " * 100)
    assert dialog.height() > before
    assert dialog.findChild(QScrollArea) is None, "there is room"
    say(dialog, "word " * 4000)
    assert dialog.findChild(QScrollArea) is not None
    assert not cut(dialog)
    assert dialog.findChild(QPushButton, "ok").isVisible()
    assert dialog.focusWidget() is field
    assert tabs() == ["f0", "f1", "f2", "ok", "cancel", "sheet_close"]
    say(dialog, "")
    dialog.reveal(field)
    assert field.visibleRegion().boundingRect() == field.rect()
