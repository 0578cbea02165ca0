"""A menu of export formats, and the dialog that asks for the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QToolButton, QWidget

from slmdesk.base.paper import FORMS, Form

MOST_NAME = 80
"""Letters of a title that become a file's name."""


class ExportMenu(QMenu):
    form_chosen = Signal(str)

    def __init__(self, parent: QWidget, title: str = "Export as", forms: Sequence[Form] = FORMS) -> None:
        super().__init__(title, parent)
        self.setObjectName("export_menu")
        for form in forms:
            action = self.addAction(f"{form.name}…", partial(self.form_chosen.emit, form.id))
            action.setObjectName(f"export_{form.id}")


class ChatsExportMenu(ExportMenu):
    together_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        together = ExportMenu(self, "All into one file")
        together.setObjectName("together_menu")
        together.form_chosen.connect(self.together_chosen)
        self.addSeparator()
        self.addMenu(together)
        self.show_count(1)

    def show_count(self, count: int) -> None:
        for one in self.actions()[-2:]:  # not held: PySide takes held ones for gone with a menu that had this one
            one.setVisible(count > 1)


def give_export_menu(
    button: QPushButton | QToolButton,
    chosen: Callable[[str], object],
    title: str = "Export as",
    forms: Sequence[Form] = FORMS,
) -> None:
    menu = ExportMenu(button, title, forms)
    menu.form_chosen.connect(chosen)
    button.setMenu(menu)


def ask_where(
    parent: QWidget,
    title: str,
    form: str,
    chosen: Callable[[Path], None],
    forms: Sequence[Form] = FORMS,
    *,
    folder: Path | None = None,
) -> None:
    """Ask for the file to write; the dialog itself asks before one is replaced.

    `title` becomes the name offered, in `folder`; None: where the system keeps documents.
    """
    name = next(one.name for one in forms if one.id == form)
    place = folder or Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
    dialog = QFileDialog(parent, "Export", str(place / f"{file_name(title)}.{form}"), f"{name} (*.{form})")
    dialog.setObjectName("export_dialog")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(form)
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def ask_folder(parent: QWidget, title: str, chosen: Callable[[Path], None]) -> None:
    """Ask for a folder.  Does not block."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    dialog = QFileDialog(parent, title, place)
    dialog.setObjectName("folder_dialog")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def file_name(untrusted: str) -> str:
    """A title as a safe file name: letters, digits and blanks; no folder, no leading dot, nothing a system forbids."""
    kept = "".join(sign if sign.isalnum() or sign in " -_" else " " for sign in untrusted[: 4 * MOST_NAME])
    return " ".join(kept.split())[:MOST_NAME].strip() or "export"
