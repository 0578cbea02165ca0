"""Hides what an organisation has switched off.

The services refuse the actions as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QWidget,
)

if TYPE_CHECKING:
    pass


SHOWN_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hub.search": ("hub_heading", "hub_search"),
        "hub.download": ("suggested_heading", "suggestions"),
        "models.import": ("library_add_button", "find_models_button"),
        "settings.network": ("network_body",),
        "token": ("row_token",),
        "microphone": (
            "dictate_button", "question_dictate_button", "folder_question_dictate_button", "writing_dictate_button",
            "edit_dictate_button", "row_speech_language",
        ),
    }
)  # fmt: skip
"""Widget names of each feature in core.policy.FEATURES. If a widget is hidden, everything in it is hidden too."""


def hide_features(window: QWidget, hidden: Collection[str]) -> None:
    """Hide the widgets of these features, and keep them hidden if other code shows them later."""
    for feature in hidden:
        for name in SHOWN_BY.get(feature, ()):
            for widget in window.findChildren(QWidget, name):
                if widget.findChild(_Hider, options=Qt.FindChildOption.FindDirectChildrenOnly) is None:
                    _Hider(widget)


class _Hider(QObject):
    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, objectName="feature_hider")
        self._widget = widget
        widget.setProperty("forbidden", True)
        widget.installEventFilter(self)
        widget.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hide the widget again if code that does not know the policy shows it."""
        if watched is self._widget and event.type() == QEvent.Type.ShowToParent:
            self._widget.hide()
        return False
