"""A small menu beside *Add a model file…*: models of other programs, and packs."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from slmdesk.base.policy import Policy
from slmdesk.window.widgets.named import named

WAYS = (
    ("find", "Look for models on this PC…"),
    ("open_pack", "Open a pack…"),
    ("make_pack", "Make a pack…"),
)


class AddMenu(QPushButton):
    find_requested = Signal()
    open_pack_requested = Signal()
    make_pack_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("More ways to add…", parent)
        self.setObjectName("more_ways_button")
        self.setToolTip("Models of other programs on this PC, and packs for PCs without a network")
        menu = named(QMenu(self), "more_ways_menu")
        signals = (self.find_requested, self.open_pack_requested, self.make_pack_requested)
        for (key, words), signal in zip(WAYS, signals, strict=True):
            menu.addAction(words, signal.emit).setObjectName(f"way_{key}")
        self.setMenu(menu)

    def show_policy(self, policy: Policy) -> None:
        for action in self.menu().actions():
            feature = "models.import" if action.objectName() == "way_find" else "models.packs"
            action.setVisible(feature not in policy.hidden)
        self.setVisible(any(action.isVisible() for action in self.menu().actions()))
