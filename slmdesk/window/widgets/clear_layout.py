"""Removes all widgets from a layout, also those in layouts inside it."""

from __future__ import annotations

from PySide6.QtWidgets import QLayout


def empty_layout(layout: QLayout, *, keep: int = 0) -> None:
    """Remove all items of a layout except the last `keep`.

    Not by `takeAt` alone: an item that Python holds keeps the next one's height stale.
    """
    while layout.count() > keep:
        item = layout.itemAt(0)
        widget = item.widget() if item else None
        if widget is None:
            if item is not None and (inner := item.layout()) is not None:
                empty_layout(inner)
            layout.takeAt(0)
            continue
        layout.removeWidget(widget)
        widget.hide()
        widget.deleteLater()
