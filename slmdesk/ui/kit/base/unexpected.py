"""Reports errors that nobody expected: they are shown in a dialog and never end the program."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from slmdesk.base.texts import _
from slmdesk.ui.kit.base.clipboard import copy_text

TITLE = _("Something went wrong in slmdesk")


SENTENCE = _(
    "slmdesk made a mistake of its own. Your chats are saved, and the program goes on. "
    "The details name program versions and places in the program; they hold nothing you wrote."
)
MAX_REPORTS = 20
"""Most error reports that are kept for copying. Further reports are only counted."""


class ErrorReporter(QObject):
    """Receives uncaught errors of all threads and shows one dialog for all of them."""

    caught = Signal(str)
    """An error report, made here or elsewhere, that is to be shown. May be emitted on any thread."""

    def __init__(self, window: Callable[[], QWidget | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error_reporter")
        self._window = window
        self.dialog: QMessageBox | None = None
        self._reports: list[str] = []
        self._count = 0
        self._before: tuple[Any, Any, Any] | None = None
        self.caught.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._receive
        threading.excepthook = lambda seen: self._receive(seen.exc_type, seen.exc_value, seen.exc_traceback)
        sys.unraisablehook = lambda seen: self._receive(seen.exc_type, seen.exc_value, seen.exc_traceback)

    def remove(self) -> None:
        if self._before is not None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
            self._before = None

    def _on_arrived(self, report: str) -> None:
        self._count += 1
        if len(self._reports) < MAX_REPORTS and report not in self._reports:
            self._reports.append(report)
        if self.dialog is None:
            self._open_dialog()
        self._fill_dialog()

    def _on_finished(self) -> None:
        self.dialog = None
        self._reports.clear()
        self._count = 0

    def _receive(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None = None
    ) -> None:
        """Handle an uncaught error. Must not raise. Any thread."""
        if issubclass(kind, KeyboardInterrupt):
            return
        from slmdesk.base.runtime.messages import bug_report  # late: not needed before the window shows

        raised = kind() if error is None else error
        report = bug_report(raised.with_traceback(trace))
        try:
            self.caught.emit(report)
        except RuntimeError:  # Qt has ended already: only the terminal is left
            print(report, file=sys.stderr)  # noqa: T201

    def _open_dialog(self) -> None:
        box = QMessageBox(QMessageBox.Icon.Warning, TITLE, SENTENCE, parent=self._window())
        box.setObjectName("error_dialog")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowModality(Qt.WindowModality.NonModal)
        copy = box.addButton(_("Copy details"), QMessageBox.ButtonRole.ActionRole)
        copy.setObjectName("copy_details_button")
        copy.clicked.disconnect()  # so that the dialog stays open
        copy.clicked.connect(lambda: copy_text("\n\n".join(self._reports)))
        box.addButton(QMessageBox.StandardButton.Close)
        box.finished.connect(self._on_finished)
        self.dialog = box
        box.open()

    def _fill_dialog(self) -> None:
        if self.dialog is None:
            return
        more = "" if self._count == 1 else _("\n\nThis happened {count:,} times.").format(count=self._count)
        self.dialog.setInformativeText(more.strip())
        self.dialog.setDetailedText("\n\n".join(self._reports))
