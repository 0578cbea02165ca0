"""Hides what an organisation has switched off.  That it cannot be done either is up to the services."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget

SHOWN_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hub.search": ("hub_heading", "hub_search"),
        "hub.download": ("suggested_heading", "suggestions"),
        "models.import": (
            "library_add_button", "drop_words", "starter_button", "starter_note", "add_model_button", "drop_zone",
        ),
        "models.compare": ("compare_button",),
        "settings.network": ("network_body",),
        "token": ("setting_token", "token_title", "token_sentence"),
    }
)  # fmt: skip
"""Names of the widgets of each of core.policy.FEATURES; what stands in them goes with them."""


def hide_features(window: QWidget, hidden: Collection[str]) -> None:
    """Hide the widgets of these features, also when other code shows them later."""
    for feature in hidden:
        for name in SHOWN_BY.get(feature, ()):
            for widget in window.findChildren(QWidget, name):
                if widget.findChild(_Hider, options=Qt.FindChildOption.FindDirectChildrenOnly) is None:
                    _Hider(widget)


class _Hider(QObject):
    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, objectName="feature_hider")
        self._widget = widget
        widget.installEventFilter(self)
        widget.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hide it again when code that does not know the policy shows it."""
        if watched is self._widget and event.type() == QEvent.Type.ShowToParent:
            self._widget.hide()
        return False
