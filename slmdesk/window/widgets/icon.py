"""Icons on widgets, redrawn when the theme changes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from slmdesk.window.base.icons import icon, pixmap, scaled
from slmdesk.window.base.theme import ICON_SIZE

ROLES = {
    "text": QPalette.ColorRole.WindowText,
    "muted": QPalette.ColorRole.PlaceholderText,
    "on_accent": QPalette.ColorRole.HighlightedText,
    "accent": QPalette.ColorRole.Accent,
    "danger": QPalette.ColorRole.BrightText,
}
"""Where the palette holds a colour of the theme (theme.palette_of)."""


def set_icon(widget: QAbstractButton | QLabel, name: str, colour: str = "text") -> None:
    """Give a button or label a Lucide icon in a colour of the theme.  The caller sets its text."""
    keeper = widget.findChild(IconKeeper)
    if keeper is None:
        keeper = IconKeeper(widget)
    keeper.show(name, colour)


class IconKeeper(QObject):
    def __init__(self, widget: QAbstractButton | QLabel) -> None:
        super().__init__(widget, objectName="icon_keeper")
        self._widget = widget
        self._drawn: tuple[str, str, int] | None = None
        self._size = 0
        """Of a button's icon beside usual letters; 0: as the style has it, not yet asked."""
        self._name = self._token = ""
        widget.installEventFilter(self)

    def show(self, name: str, token: str) -> None:
        self._name, self._token = name, token
        self._draw()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._draw()
        return False

    def _draw(self) -> None:
        colour = QApplication.palette().color(ROLES[self._token])
        drawn = (self._name, colour.name(), scaled())
        if drawn == self._drawn:
            return
        self._drawn = drawn
        if isinstance(self._widget, QLabel):
            ratio = self._widget.devicePixelRatioF()
            self._widget.setPixmap(pixmap(self._name, colour, size=scaled(), scale=ratio))
        else:
            self._widget.setIcon(icon(self._name, colour, size=scaled()))
            self._fit(self._widget)

    def _fit(self, button: QAbstractButton) -> None:
        if not self._size and scaled() != ICON_SIZE:
            self._size = button.iconSize().width()
        if self._size:
            button.setIconSize(QSize(scaled(self._size), scaled(self._size)))
