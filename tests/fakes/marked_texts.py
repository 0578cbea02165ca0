"""A language that marks each text, but not what is filled into it: what a window shows without a mark is English."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

from PySide6.QtCore import QAbstractListModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLabel, QLineEdit, QMenu, QTabBar, QWidget

import slmdesk
from slmdesk.base.language import CATALOGUES, Catalogue

FIELD = re.compile(r"\{[^{}]*\}")
MARKED = re.compile(r"‹[^‹›]*›")
OPENED = re.compile(r"‹[^‹›]*$|^[^‹›]*›")
"""What is left of a mark that an ellipsis has cut."""
WORD = re.compile(r"[^\W\d_]{3,}")
MOST_ROWS = 40


class Marked(Catalogue):
    def gettext(self, message: str) -> str:
        known = message and super().gettext(message)
        return marked(message) if known and (known != message or message in self.own) else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return marked(msgid1 if n == 1 else msgid2)

    @property
    def own(self) -> dict[str, str]:
        return self._catalog


def marked(text: str) -> str:
    return f"‹{FIELD.sub(lambda field: f'›{field[0]}‹', text)}›"


def marks() -> Marked:
    with (CATALOGUES / "de" / "LC_MESSAGES" / "slmdesk.mo").open("rb") as file:
        return Marked(file)


def import_all() -> None:
    """Import the program, so that its constants have the language that is chosen now."""
    for module in pkgutil.walk_packages(slmdesk.__path__, "slmdesk."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)


def unmarked(text: str, names: frozenset[str], *phrases: str) -> str:
    """The words of a text that no catalogue was asked for and that are no names, nor in a phrase."""
    text = re.sub(r"<[^>]*>|&\w+;", " ", text.replace("\u200b", ""))
    for phrase in phrases:
        text = text.replace(phrase, " ")
    while (less := MARKED.sub(" ", text)) != text:
        text = less
    return " ".join(word for word in WORD.findall(OPENED.sub(" ", text)) if word.casefold() not in names)


def texts_of(widget: QWidget) -> Iterator[str]:
    yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
    yield widget.windowTitle() if widget.isWindow() else ""
    if isinstance(widget, QLabel | QAbstractButton):
        yield getattr(widget, "full_text", "") or widget.text()
    if isinstance(widget, QLineEdit):
        yield widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(at) for at in range(widget.count()))
    if isinstance(widget, QTabBar):
        yield from (widget.tabText(at) for at in range(widget.count()))
    if isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
        columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount()  # it has none to ask
        for column in range(min(columns, MOST_ROWS)):
            yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
            for row in range(min(model.rowCount(), MOST_ROWS)):
                for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                    yield str(model.index(row, column).data(role) or "")
    for menu in widget.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
        yield from (action.text() for action in menu.actions() if isinstance(action, QAction))


def english(root: QWidget, names: frozenset[str], *phrases: str) -> list[str]:
    """A line for each text shown that has words without a mark."""
    shown = [root, *(widget for widget in root.findChildren(QWidget) if widget.isVisibleTo(root))]
    texts = [
        (widget.objectName(), text, unmarked(text, names, *phrases))
        for widget in shown
        for text in dict.fromkeys(texts_of(widget))
    ]
    return [f"{name}: {words!r} in {text!r}" for name, text, words in texts if words]
