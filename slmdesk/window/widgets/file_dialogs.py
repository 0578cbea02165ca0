"""File dialogs that do not block."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from slmdesk.window.widgets.named import passing
from slmdesk.window.widgets.shares import admit

LAST_FOLDER = "last_document_folder"


def document_folder() -> str:
    """The folder of the document chosen last in this run, on any page; at first the home folder."""
    app = QApplication.instance()
    return str((app.property(LAST_FOLDER) if app else "") or Path.home())


def note_document_folder(chosen: Path) -> None:
    if app := QApplication.instance():
        app.setProperty(LAST_FOLDER, str(chosen.parent))


def ask_file(
    parent: QWidget, title: str, chosen: Callable[[Path], object], *, name: str, filters: str = ""
) -> QFileDialog:
    """Ask for an existing file; `name` is the dialog's object name.  Does not block."""

    def selected(path: Path) -> None:
        admit(parent, [path], lambda paths: chosen(paths[0]), is_chosen=True)

    dialog = QFileDialog(parent, title, str(Path.home()), filters)
    return _open(dialog, selected, name, QFileDialog.AcceptMode.AcceptOpen)


def ask_files(
    parent: QWidget, title: str, chosen: Callable[[list[Path]], object], *, name: str, filters: str
) -> QFileDialog:
    """Ask for existing documents, starting in the folder used last.  Does not block."""
    dialog = passing(QFileDialog(parent, title, document_folder(), filters), name)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)

    def selected(paths: list[str]) -> None:
        if paths:
            note_document_folder(Path(paths[0]))
            admit(parent, [Path(one) for one in paths], chosen, is_chosen=True)

    dialog.filesSelected.connect(selected)
    dialog.open()
    return dialog


def ask_new_file(
    parent: QWidget, title: str, chosen: Callable[[Path], object], *, name: str, proposed: Path, filters: str = ""
) -> QFileDialog:
    """Ask where to write a file of the kind of `proposed`; the dialog itself asks before one is replaced.

    Does not block.
    """
    dialog = QFileDialog(parent, title, str(proposed.parent), filters)
    dialog.setDefaultSuffix(proposed.suffix.lstrip("."))
    dialog.selectFile(proposed.name)
    return _open(dialog, chosen, name, QFileDialog.AcceptMode.AcceptSave)


def _open(
    dialog: QFileDialog, chosen: Callable[[Path], object], name: str, mode: QFileDialog.AcceptMode
) -> QFileDialog:
    passing(dialog, name).setAcceptMode(mode)
    if mode is QFileDialog.AcceptMode.AcceptOpen:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.open()
    return dialog
