"""The panel behind the status bar's network entry: the offline switch and the way to the network log."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from slmdesk.hub.kernel import is_enforced
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column
from slmdesk.window.widgets.check_box import CheckBox
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label

WIDTH = 340
SET_BY_ORGANISATION = "Set by your organisation."
ONLY_ONCE = "Allow only this once"
ONCE_TIP = "Until slmdesk is closed; then it works offline again"
UNTIL_CLOSED = "Allowed until slmdesk is closed; then it works offline again."
ENFORCED = "The system enforces that until slmdesk is started again."
WORDS = {
    True: "Nothing leaves this PC. Models can be neither searched nor downloaded.",
    False: "Models may be searched and downloaded, when you ask for it. Your chats never leave this PC.",
}


class NetworkPanel(QFrame):
    """A child widget, not a window: where a popup stands is the desktop's choice.

    A click elsewhere closes it.
    """

    offline_chosen = Signal(bool)
    once_chosen = Signal()
    ledger_requested = Signal()
    statement_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "network_panel", label="Network")
        self._anchor: QWidget | None = None
        self._is_enforced, self._is_managed = is_enforced(), False
        self._build_ui()
        self._switch.setEnabled(not self._is_enforced)
        self._switch.clicked.connect(self.offline_chosen)
        self.show_offline(True)
        self.hide()

    def _build_ui(self) -> None:
        self._switch = named(CheckBox("Work offline", self), "offline_switch")
        self._words = plain_label("", self, name="network_words", kind="muted")
        self._once = button(ONLY_ONCE, "once_button", self, tip=ONCE_TIP, on=self._on_once)
        log = button("Show the ledger of requests", "ledger_button", self, on=self._on_ledger)
        auditor = button("Statement for an auditor…", "statement_button", self, on=self._on_statement)
        margins = (theme.SPACE_16, theme.SPACE_12)
        column(self._switch, self._words, self._once, log, auditor, into=self, gap=theme.SPACE_8, margins=margins)

    def show_offline(self, is_offline: bool, *, is_once: bool = False) -> None:
        """Show whether slmdesk is offline; `is_once`: online until slmdesk is closed."""
        self._switch.setChecked(is_offline)
        reasons = ((is_once, UNTIL_CLOSED), (self._is_enforced, ENFORCED), (self._is_managed, SET_BY_ORGANISATION))
        self._words.setText(" ".join([WORDS[is_offline], *(words for holds, words in reasons if holds)]))
        self._once.setVisible(is_offline and self._switch.isEnabled())

    def show_managed(self, is_managed: bool) -> None:
        self._is_managed = is_managed
        self._switch.setEnabled(not is_managed and not self._is_enforced)
        self.show_offline(self._switch.isChecked())

    def toggle_above(self, anchor: QWidget) -> None:
        """Open it above a widget of the status bar, or close it."""
        if self.isVisible():
            self._close()
            return
        window = anchor.window()
        self._anchor = anchor
        self.setParent(window)
        width = round(WIDTH * max(1.0, self.fontMetrics().height() / 20))
        height = self.heightForWidth(width)  # the hint of wrapped words is that of another width
        self.setGeometry(0, 0, width, height)
        self.move(anchor.mapTo(window, QPoint(0, -height - theme.SPACE_4)))
        self.show()
        self.raise_()
        self._switch.setFocus()
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(watched, QWidget):
            is_own = watched is self or self.isAncestorOf(watched) or watched is self._anchor
            if not is_own:
                self._close()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def _on_once(self) -> None:
        self._close()
        self.once_chosen.emit()

    def _on_ledger(self) -> None:
        self._close()
        self.ledger_requested.emit()

    def _on_statement(self) -> None:
        self._close()
        self.statement_requested.emit()

    def _close(self) -> None:
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        focus = QApplication.focusWidget()
        if self._anchor is not None and focus is not None and self.isAncestorOf(focus):
            self._anchor.setFocus()  # else it would fall to the next in line
        self.hide()
