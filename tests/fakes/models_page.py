"""Hands for the page of models: what it shows, and clicks and keys on it."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QToolButton, QWidget


def shown(program, kind, name: str, within=None) -> list:
    """The visible widgets of a kind and name on the page, or within a widget."""
    return [widget for widget in (within or program.frame.models_page).findChildren(kind, name) if widget.isVisible()]


def local(program) -> list:
    """The cards of the models on this PC."""
    page = program.frame.models_page
    return [
        card for card in page.findChildren(QWidget) if card.objectName().startswith("model_card_") and card.isVisible()
    ]


def press(program, name: str, within=None) -> None:
    """Scroll to a button and click it."""
    program.wait(lambda: shown(program, QAbstractButton, name, within))
    button = shown(program, QAbstractButton, name, within)[0]
    program.frame.models_page.ensureWidgetVisible(button)
    program.click(button)


def action(card, name: str) -> None:
    """Choose an entry of the menu of a model."""
    menu = card.findChild(QToolButton, "model_actions").menu()
    menu.aboutToShow.emit()
    menu.findChild(QAction, f"action_{name}").trigger()


def write(program, words: str) -> None:
    """Type words into the search on the Hub."""
    program.open_all_models()
    field = program.frame.models_area.search.field
    program.frame.models_page.ensureWidgetVisible(field)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, words)
