"""Questions for a file that do not block."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from slmdesk.gui.widgets.named import named


def ask_file(
    parent: QWidget, title: str, chosen: Callable[[Path], object], *, name: str, filters: str = ""
) -> QFileDialog:
    """Ask for a file that is there; `name` is the dialog's object name."""
    return _open(QFileDialog(parent, title, str(Path.home()), filters), chosen, name, QFileDialog.AcceptMode.AcceptOpen)


def ask_files(
    parent: QWidget, title: str, chosen: Callable[[list[Path]], object], *, name: str, folder: str = "", filters: str
) -> QFileDialog:
    """Ask for one file or several that are there, first in `folder`, else at home."""
    dialog = named(QFileDialog(parent, title, folder or str(Path.home()), filters), name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.filesSelected.connect(lambda paths: chosen([Path(one) for one in paths]) if paths else None)
    dialog.open()
    return dialog


def ask_new_file(
    parent: QWidget, title: str, chosen: Callable[[Path], object], *, name: str, proposed: Path, filters: str = ""
) -> QFileDialog:
    """Ask where to write a file of the kind of `proposed`; the dialog asks by itself before one is replaced."""
    dialog = QFileDialog(parent, title, str(proposed.parent), filters)
    dialog.setDefaultSuffix(proposed.suffix.lstrip("."))
    dialog.selectFile(proposed.name)
    return _open(dialog, chosen, name, QFileDialog.AcceptMode.AcceptSave)


def _open(
    dialog: QFileDialog, chosen: Callable[[Path], object], name: str, mode: QFileDialog.AcceptMode
) -> QFileDialog:
    named(dialog, name).setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(mode)
    if mode is QFileDialog.AcceptMode.AcceptOpen:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.open()
    return dialog
