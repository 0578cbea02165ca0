"""A button whose text ends in an ellipsis where there is no room for all of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QWidget

ICON_GAP = 4
"""Pixels that the style leaves between icon and text."""


class ElidedButton(QPushButton):
    """A button that may be narrower than its text; the caller sets the tooltip."""

    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(words, parent)
        self.setMinimumWidth(1)

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        super().initStyleOption(option)
        space = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        if not self.icon().isNull():
            space -= self.iconSize().width() + ICON_GAP
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, space)
