"""A scroll area for a column that scrolls only up and down."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget


def show_column(area: QScrollArea, content: QWidget) -> None:
    """Show `content` in `area`, as wide as the area: labels wrap, fields shrink, nothing is cut at the right.

    Without this a scroll area gives its content the least width the content asks for, and cuts what does not fit.
    """
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    policy = content.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    content.setSizePolicy(policy)
    area.setWidget(content)
