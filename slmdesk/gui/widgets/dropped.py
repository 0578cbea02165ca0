"""Model files that are dragged onto the window, or chosen in a dialog."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

MODEL_SUFFIX = ".gguf"
MODEL_FILTER = "Model files (*.gguf);;All files (*)"
"""For file dialogs."""
LAST_FOLDER = "last_model_folder"
"""Property of the application: where a model file was last chosen."""


def model_files(event: QDropEvent) -> list[Path]:
    """The model files among what is dragged, judged by name alone."""
    urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for url in urls if (path := Path(url.toLocalFile())).suffix.lower() == MODEL_SUFFIX]


def choose_model_file(parent: QWidget, name: str, chosen: Callable[[Path], None]) -> None:
    """Ask for a model file, in the folder used last or the person's own.  Does not block."""
    app = QApplication.instance()
    assert app is not None
    dialog = QFileDialog(parent, "Add a model file", str(app.property(LAST_FOLDER) or Path.home()), MODEL_FILTER)
    dialog.setObjectName(name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)

    def selected(file: str) -> None:
        app.setProperty(LAST_FOLDER, str(Path(file).parent))
        chosen(Path(file))

    dialog.fileSelected.connect(selected)
    dialog.open()
