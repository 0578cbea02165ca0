"""The lines under a message that can be opened: attachments, quotations."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from slmdesk.chat.window.view.message import Extra
from slmdesk.window.base.icons import icon
from slmdesk.window.base.theme import SPACE_8
from slmdesk.window.markdown.style import ViewStyle
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip

ICON_SIZE = 16


class ExtraLines(QObject):
    chosen = Signal(str)

    def __init__(self, style: ViewStyle, parent: QWidget) -> None:
        super().__init__(parent, objectName="extra_lines")
        self._style, self._parent = style, parent
        self._extras: tuple[Extra, ...] = ()
        self.buttons: list[QToolButton] = []

    def show_extras(self, extras: Sequence[Extra]) -> None:
        if tuple(extras) == self._extras:
            return
        self._extras = tuple(extras)
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self.buttons = [self._make(one) for one in self._extras]

    def lay(self, y: int, width: int) -> int:
        """Place them from `y` down.  Returns where they end, in device-independent pixels."""
        for button, extra in zip(self.buttons, self._extras, strict=True):
            button.ensurePolished()  # the style sheet has a word in its font
            space = width - 2 * SPACE_8
            taken = button.sizeHint().width() - button.fontMetrics().horizontalAdvance(_safe(button.text()))
            words = button.fontMetrics().elidedText(extra.words, Qt.TextElideMode.ElideMiddle, max(space - taken, 40))
            button.setText(words.replace("&", "&&"))
            place = QRect(SPACE_8, y, min(button.sizeHint().width(), space), self._style.row_height)
            if self._parent.isRightToLeft():
                place.moveRight(width - SPACE_8)
            button.setGeometry(place)
            button.show()
            y += self._style.row_height
        return y

    def _make(self, extra: Extra) -> QToolButton:
        button = QToolButton(self._parent)
        named(button, "message_extra", kind="small")
        button.setIcon(icon(extra.icon, self._style.theme.colour("muted")))
        button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        button.setFont(self._style.small_font)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setText(extra.words.replace("&", "&&"))
        button.setAccessibleName(extra.words)
        button.setToolTip(plain_tip(extra.tip or extra.words))
        button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda _checked=False, key=extra.key: self.chosen.emit(key))
        return button


def _safe(text: str) -> str:
    return text.replace("&&", "&")
