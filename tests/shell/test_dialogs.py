"""Every dialog fits a screen of 1024 by 768 in letters of 150 %, with its buttons.

All are found by their classes, so that a new one is tried too; what they show is made up out of the types they ask for.
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
from types import SimpleNamespace

import pytest
from fakes.edges import outside
from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QPushButton, QScrollArea, QWidget

import slmdesk
from slmdesk.base.record import Record
from slmdesk.window.base.live import Live
from slmdesk.window.widgets.build import button, column, plain_label, row, text_line
from slmdesk.window.widgets.dialogs import FRAME, Dialog

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]

SCREEN = QRect(0, 0, 1024, 728)
"""With a bar of the desktop."""
LONG = "A question about the lease of the house, its garden and the Donaudampfschifffahrtsgesellschaft behind it"
SHORT = "Ask again"


def dialogs() -> list[type[QDialog]]:
    """All classes of dialogs that no other one is made from."""
    root = Path(slmdesk.__file__).parent
    for file in root.rglob("*.py"):
        if {"window", "shell"} & {*file.parts}:
            importlib.import_module(".".join(("slmdesk", *file.relative_to(root).with_suffix("").parts)))

    def below(kind: type) -> list[type]:
        found = [subclass for subclass in kind.__subclasses__() if subclass.__module__.startswith("slmdesk.")]
        return [leaf for one in found for leaf in (below(one) or [one])]

    return below(QDialog)


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
            return (SHORT,) * len(args) if set(args) == {str} else tuple(self.make(one) for one in args)
        if origin in (tuple, list, collections.abc.Sequence, collections.abc.Collection, frozenset, set):
            return (origin if origin in (list, set, frozenset) else tuple)([self.make(args[0], name)])
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return next(iter(hint))
        if isinstance(hint, type) and issubclass(hint, QObject):
            return self.find(hint) or self.build(hint)
        return self.build(hint)

    def find(self, kind: type[QObject]) -> QObject | None:
        """The one that the window has."""
        seen, waiting = set(), [self.program.frame, self.program.run]
        while waiting:
            one = waiting.pop(0)
            if isinstance(one, kind):
                return one
            if id(one) not in seen and type(one).__module__.startswith("slmdesk."):
                seen.add(id(one))
                held = getattr(one, "__dict__", None)  # the bridge's `services` has a call for every name
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
        made = {one.name: self.make(hints[one.name], one.name) for one in wanted}
        return kind(**made)


def cut(dialog: QDialog) -> list[str]:
    """What is wrong with it, in words."""
    name, side, top = type(dialog).__name__, *FRAME
    found = [f"{name}: {line}" for line in outside(dialog)]
    if dialog.width() > SCREEN.width() - 2 * side or dialog.height() > SCREEN.height() - top - side:
        found.append(f"{name} is {dialog.width()} by {dialog.height()}")
    area = dialog.findChild(QScrollArea, "dialog_area")
    if area is not None and area.horizontalScrollBar().maximum():
        found.append(f"{name} scrolls sideways")
    buttons = [one for one in dialog.findChildren(QPushButton) if one.isVisible() and one.window() is dialog]
    fixed = [other_button for other_button in buttons if not _scrolls(other_button, dialog)]
    outer = dialog.rect()
    found += [
        f"{name}: {one.text()} at {place}"
        for one in fixed
        if not outer.contains(place := one.rect().translated(one.mapTo(dialog, QPoint())))
    ]
    return found if fixed or not buttons or name == "HelpWindow" else [*found, f"{name}: all of its buttons scroll"]


def _scrolls(widget: QWidget, dialog: QDialog) -> bool:
    return any(area.isAncestorOf(widget) for area in dialog.findChildren(QScrollArea))


def test_every_dialog_fits_a_small_screen_with_large_letters(start, monkeypatch):
    program = start()
    program.frame.settings.change("font_scale", 150)
    program.wait(lambda: program.frame.keeper.fonts.scale == 150)
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _screen: SCREEN)
    maker, found = Maker(program), []
    for kind in dialogs():
        assert issubclass(kind, Dialog), f"{kind.__name__} is larger than a screen may be"
        dialog = maker.build(kind)
        dialog.show()
        for _turn in range(8):
            QTest.qWait(1)
            QApplication.processEvents()
            if not cut(dialog):
                break
        found += cut(dialog)
        dialog.close()
    assert not found, "\n".join(found)


def test_cancel_stands_before_the_main_button_in_every_box(program):
    for is_first in (False, True):
        box = QMessageBox(program.window)
        add = [lambda box: box.addButton("Delete", QMessageBox.ButtonRole.AcceptRole)]
        add.insert(0 if is_first else 1, lambda box: box.addButton(QMessageBox.StandardButton.Cancel))
        for one in add:
            one(box)
        box.open()
        program.wait(box.isVisible)
        main = next(one for one in box.buttons() if one.text() == "Delete")
        assert box.button(QMessageBox.StandardButton.Cancel).x() < main.x()
        box.close()


def test_a_dialog_that_grows_scrolls_over_its_buttons_and_keeps_the_cursor(qtbot, monkeypatch):
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _screen: SCREEN)
    dialog = Dialog()
    qtbot.addWidget(dialog)
    words, field = plain_label("", dialog, name="words"), text_line("field", dialog, "Name")
    close = button("Close", "close", dialog)
    column(words, field, row(1, close), into=dialog)
    dialog.fit(400)
    dialog.show()
    dialog.move(600, 500)
    field.setFocus()
    before = dialog.height()
    words.setText("word " * 100)
    qtbot.waitUntil(lambda: dialog.height() > before)
    assert dialog.findChild(QScrollArea) is None, "there is room"
    qtbot.waitUntil(lambda: SCREEN.contains(dialog.geometry()))
    words.setText("word " * 4000)
    qtbot.waitUntil(lambda: dialog.findChild(QScrollArea) is not None)
    assert not cut(dialog)
    assert close.isVisible()
    assert dialog.focusWidget() is field
    words.setText("")
    QApplication.processEvents()
    dialog.reveal(field)
    assert field.visibleRegion().boundingRect() == field.rect()


@pytest.fixture
def words(qtbot, monkeypatch):
    """What stands in a dialog that is shown, over three fields and two buttons."""
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _screen: SCREEN)
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = Dialog(parent)
    words = plain_label("", dialog, name="words")
    fields = [text_line(f"f{at}", dialog, "Name") for at in range(3)]
    column(words, *fields, row(1, *(button(one, one, dialog) for one in ("ok", "cancel"))), into=dialog)
    dialog.fit(400)
    dialog.show()
    yield words
    parent.close()


def say(words, text: str) -> QDialog:
    """Its dialog, once that is laid out anew."""
    words.setText(text)
    for _turn in range(3):
        QApplication.sendPostedEvents()
        QApplication.processEvents()
    return words.window()


def test_a_dialog_that_was_moved_to_another_screen_stays_there(words, monkeypatch):
    other = SCREEN.translated(SCREEN.width(), 0)
    screens = [SimpleNamespace(availableGeometry=lambda one=one: one) for one in (SCREEN, other)]
    monkeypatch.setattr(QGuiApplication, "screenAt", lambda point: screens[point.x() >= other.left()])
    dialog = words.window()
    dialog.move(1300, 600)
    before = dialog.height()
    say(words, "word " * 100)
    assert dialog.height() > before
    assert other.contains(dialog.geometry())


@pytest.mark.parametrize("how", ["maximized", "full screen", "tiled"])
def test_a_dialog_that_fills_its_screen_does_so_with_other_words(words, how):
    dialog = say(words, "")
    if how == "tiled":
        dialog.resize(500, SCREEN.height() - dialog.frameGeometry().height() + dialog.height())
    else:
        (dialog.showMaximized if how == "maximized" else dialog.showFullScreen)()
    QApplication.processEvents()
    before = dialog.size(), dialog.windowState()
    say(words, "word " * 100)
    assert (dialog.size(), dialog.windowState()) == before


def test_a_dialog_that_begins_to_scroll_keeps_its_order_for_tab(words):
    dialog = say(words, "word " * 4000)
    assert dialog.findChild(QScrollArea) is not None
    found, one = [], dialog.nextInFocusChain()
    while one is not dialog:
        found.append(one.objectName())
        one = one.nextInFocusChain()
    wanted = ["f0", "f1", "f2", "ok", "cancel"]
    assert [one for one in found if one in wanted] == wanted
