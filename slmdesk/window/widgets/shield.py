"""The button that has what is private replaced before a model sees it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QToolButton, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named


class Shield(QToolButton):
    """Checked: it is redacted.  Off at first."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, name, label="Redact")
        self.setCheckable(True)
        self.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        self.toggled.connect(self._on_toggled)
        self._on_toggled(False)

    def _on_toggled(self, is_on: bool) -> None:
        state = "on" if is_on else "off"
        set_icon(self, "shield", "accent" if is_on else "muted")
        self.setToolTip(f"Redact names and numbers before the model sees them: {state}")
        self.setAccessibleDescription(f"Is {state}")
