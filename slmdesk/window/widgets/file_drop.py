"""Files dragged onto the window, and the dialog for model files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from slmdesk.window.widgets.named import passing
from slmdesk.window.widgets.shares import admit

MODEL_SUFFIX = ".gguf"
PACK_SUFFIX = ".tar"
MODEL_FILTER = "Model files (*.gguf);;All files (*)"
LAST_FOLDER = "last_model_folder"
"""Property of the application: where a model file was last chosen."""


def model_files(event: QDropEvent) -> list[Path]:
    """The model files in a drag, judged by name alone."""
    return [path for path in dropped_paths(event) if path.suffix.lower() == MODEL_SUFFIX]


def packs_among(paths: Sequence[Path]) -> list[Path]:
    """The model packs among files, judged by name alone."""
    return [path for path in paths if path.suffix.lower() == PACK_SUFFIX]


def dropped_paths(event: QDropEvent) -> list[Path]:
    """All files and folders in a drag, some perhaps on other computers; nothing here accesses them."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


class FileDrop(QObject):
    """Lets files be dropped anywhere on `page`: `dropped` gets those that `pick` finds in the drag."""

    def __init__(
        self,
        page: QWidget,
        dropped: Callable[[Sequence[Path]], None],
        *,
        pick: Callable[[QDropEvent], list[Path]] = dropped_paths,
        entered: Callable[[], None] | None = None,
    ) -> None:
        """`entered` is called as soon as something that fits is dragged over the page."""
        super().__init__(page, objectName="file_drop")
        self._page, self._dropped, self._pick, self._entered = page, dropped, pick, entered
        page.setAcceptDrops(True)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QDropEvent) or event.type() not in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            return False
        files = self._pick(event)
        if files:
            event.acceptProposedAction()
            if event.type() == QEvent.Type.Drop:
                admit(self._page, files, self._dropped)
            elif self._entered is not None:
                self._entered()
        return bool(files)


class ModelDrop(FileDrop):
    def __init__(self, page: QWidget, dropped: Callable[[Sequence[Path]], None]) -> None:
        super().__init__(page, dropped, pick=model_files)


def choose_model_file(parent: QWidget, name: str, chosen: Callable[[Sequence[Path]], None]) -> None:
    """Ask for model files, in the folder used last or the home folder.  Does not block."""
    app = QApplication.instance()
    assert app is not None
    dialog = passing(
        QFileDialog(parent, "Add model files", str(app.property(LAST_FOLDER) or Path.home()), MODEL_FILTER), name
    )
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)

    def selected(files: Sequence[str]) -> None:
        if files:
            app.setProperty(LAST_FOLDER, str(Path(files[0]).parent))
            admit(parent, [Path(one) for one in files], chosen, is_chosen=True)

    dialog.filesSelected.connect(selected)
    dialog.open()
