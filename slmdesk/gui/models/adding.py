"""A model file before it is added: what it is, whether it fits, and the choice to copy it or leave it where it is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from slmdesk.core.quantization import quantization_named
from slmdesk.gui import theme
from slmdesk.gui.bridge import Bridge
from slmdesk.gui.models.card import FitMark
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.notice_bar import notice_of
from slmdesk.gui.widgets.text import breakable, plain_label
from slmdesk.services.facts import Problem
from slmdesk.services.fits import Fit
from slmdesk.services.models import ModelInfo
from slmdesk.services.sentences import bytes_for_people

WIDTH = 420


class AddingController(QObject):
    """Reads what a file says of itself.  Lives on the window's thread.

    Emits `file_read` with its path, ModelInfo and Fit, and `notice_raised` for one that cannot be added.
    """

    file_read = Signal(object, object, object)
    notice_raised = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("adding_controller")
        self._bridge = bridge

    @Slot(object)
    def look_at(self, path: Path) -> None:
        """Read the file's header; nothing is added."""

        def fitted(found: Fit | Problem) -> None:  # on the desk thread
            if isinstance(found, Problem):
                self._bridge.bring(partial(self._raise_problem, found))
                return
            self._bridge.ask(lambda services: services.models.info(str(path), partial(informed, found)))

        def informed(fit: Fit, found: ModelInfo | Problem) -> None:  # on the desk thread
            if isinstance(found, Problem):
                self._bridge.bring(partial(self._raise_problem, found))
            else:
                self._bridge.bring(partial(self.file_read.emit, path, found, fit))

        self._bridge.ask(lambda services: services.models.fit(str(path), None, fitted), None, self._raise_problem)

    def _raise_problem(self, problem: Problem) -> None:
        self.notice_raised.emit(notice_of(problem))


class AddDialog(QDialog):
    """What a file is, and how to add it.  Emits `add_chosen` with whether to link."""

    add_chosen = Signal(bool)

    def __init__(self, parent: QWidget, path: Path, info: ModelInfo, fit: Fit) -> None:
        super().__init__(parent)
        self.setObjectName("add_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Add this model?")
        self._build_ui(path, info, fit)

    def _build_ui(self, path: Path, info: ModelInfo, fit: Fit) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_8)
        layout.addWidget(plain_label(breakable(info.name), self, name="add_name", kind="heading"))
        where = plain_label(breakable(str(path)), self, name="add_path", kind="muted")
        where.setMinimumWidth(WIDTH)  # of the dialog itself, it would let the buttons be squashed
        layout.addWidget(where)
        for at, line in enumerate(lines_of(info, fit)):
            layout.addWidget(plain_label(line, self, name=f"add_line_{at}"))
        mark = FitMark(self)
        mark.show_fit(fit.verdict)
        layout.addWidget(mark, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addSpacing(theme.SPACE_8)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        row.addStretch(1)
        for name, words, tip, link in (
            ("add_cancel", "Cancel", "", None),
            ("add_link", "Link (leave it where it is)", "The file stays where it is and must stay there", True),
            ("add_copy", "Copy into slmdesk", "A copy is kept in the folder for models", False),
        ):
            button = named(QPushButton(words, self), name)
            button.setToolTip(tip)
            button.setAutoDefault(link is False)
            button.clicked.connect(self.reject if link is None else partial(self._on_chosen, link))
            row.addWidget(button)
        button.setProperty("kind", "primary")
        button.setDefault(True)
        layout.addLayout(row)

    def _on_chosen(self, link: bool) -> None:
        self.add_chosen.emit(link)
        self.accept()


def lines_of(info: ModelInfo, fit: Fit) -> list[str]:
    """Size, quantization in words, licence, and the memory it needs."""
    name = info.header.quantization
    known = quantization_named(name)
    needs, free = bytes_for_people(fit.memory.total), bytes_for_people(fit.available_bytes)
    return [
        f"Size: {bytes_for_people(info.bytes)}",
        f"Precision: {name}, {known.label()}" if known else f"Precision: {name or 'not stated'}",
        f"Licence: {info.header.license or 'not stated'}",
        f"Memory: needs about {needs}, {free} are free",
    ]
