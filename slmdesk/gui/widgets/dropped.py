"""Model files that are dragged onto the window, or chosen in a dialog."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

MODEL_SUFFIX = ".gguf"
PACK_SUFFIX = ".tar"
MODEL_FILTER = "Model files (*.gguf);;All files (*)"
"""For file dialogs."""
LAST_FOLDER = "last_model_folder"
"""Property of the application: where a model file was last chosen."""


def model_files(event: QDropEvent) -> list[Path]:
    """The model files among what is dragged, judged by name alone."""
    return _files(event, MODEL_SUFFIX)


def pack_files(event: QDropEvent) -> list[Path]:
    """The packs of models among what is dragged, judged by name alone."""
    return _files(event, PACK_SUFFIX)


def _files(event: QDropEvent, suffix: str) -> list[Path]:
    urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for url in urls if (path := Path(url.toLocalFile())).suffix.lower() == suffix]


def dropped_paths(event: QDropEvent) -> list[Path]:
    """All files and folders of this PC among what is dragged; what they are is found out elsewhere."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


class ModelDrop(QObject):
    """Lets model files be dropped anywhere on `page`; `dropped` is told them."""

    def __init__(self, page: QWidget, dropped: Callable[[Sequence[Path]], None]) -> None:
        super().__init__(page)
        self.setObjectName("model_drop")
        self._dropped = dropped
        page.setAcceptDrops(True)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hear what is dragged and dropped."""
        if isinstance(event, QDropEvent) and event.type() in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            files = model_files(event)
            if files:
                event.acceptProposedAction()
                if event.type() == QEvent.Type.Drop:
                    self._dropped(files)
            return bool(files)
        return False


def choose_model_file(parent: QWidget, name: str, chosen: Callable[[Sequence[Path]], None]) -> None:
    """Ask for model files, in the folder used last or the person's own.  Does not block."""
    app = QApplication.instance()
    assert app is not None
    dialog = QFileDialog(parent, "Add model files", str(app.property(LAST_FOLDER) or Path.home()), MODEL_FILTER)
    dialog.setObjectName(name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)

    def selected(files: Sequence[str]) -> None:
        if files:
            app.setProperty(LAST_FOLDER, str(Path(files[0]).parent))
            chosen([Path(one) for one in files])

    dialog.filesSelected.connect(selected)
    dialog.open()
