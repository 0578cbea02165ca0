"""Files dropped on a widget, as a file manager does it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

LEASE = "# The lease\n\nThe tenant pays 1,200 EUR.\n\n" + "## Dates\n\nIt begins on 3 March 2024.\n\n" * 3
"""A letter of four sections."""


def drop(widget: QWidget, *paths: Path, words: str = "") -> None:
    """Drag them in and let go; `words` instead of files."""
    data = QMimeData()
    data.setText(words) if words else data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), action, data, buttons, keys)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(50, 50), action, data, buttons, keys))


def open_read(program, *paths: Path) -> None:
    """Drop them on the page of documents, and wait until the one on show, a lease, is read."""
    drop(program.documents, *paths)
    program.wait(lambda: program.coverage.startswith("4 of 4"))
    program.wait(program.find("question_pane").isEnabled)  # its end is told after its last page


def listed(program) -> list[str]:
    """The names in the list of documents."""
    model = program.find("document_view").model()
    return [model.index(row).data() for row in range(model.rowCount())]
