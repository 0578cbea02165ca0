"""The layout of one setting: name, sentence, and its widget."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column, row
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label


def add_setting(
    settings: QVBoxLayout, widget: QWidget, name: str, title: str, sentence: str, *, is_wide: bool = False
) -> None:
    """Add one setting: its name and sentence, and the widget beside or (wide) under them."""
    parent = widget.parentWidget()
    assert parent is not None
    named(widget, f"setting_{name}", label=title)
    widget.setAccessibleDescription(sentence)
    heading = plain_label(title, parent, name=f"{name}_title", wraps=False)
    heading.setBuddy(widget)
    words = column(heading, plain_label(sentence, parent, name=f"{name}_sentence", kind="muted"), gap=0)
    if is_wide:
        words.addSpacing(theme.SPACE_4)
        words.addWidget(widget)
        settings.addLayout(words)
    else:
        settings.addLayout(row((words, 1), (widget, Qt.AlignmentFlag.AlignTop), gap=theme.SPACE_16))
