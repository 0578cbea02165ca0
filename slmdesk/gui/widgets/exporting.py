"""Exports an item of the history, with a notice that shows the progress.  No widgets."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from slmdesk.core.files import write_atomically
from slmdesk.gui.base.bridge import Bridge
from slmdesk.gui.widgets.notice_bar import UNDO_MS, Notice, notice_of
from slmdesk.services.base.events import Problem


class ExportController(QObject):
    """Lives on the window's thread.  Emits `written` with the Path of a complete file."""

    written = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="export_controller")
        self._bridge = bridge

    def export(self, item: str, form: str, target: Path) -> None:
        """Write an item of the history to a file.  An existing file is replaced: the dialog has asked."""
        self._on_progressed(target, (0, 0))
        self._bridge.follow(
            lambda services: services.exports.write(item, form, target, replace=True),
            partial(self._on_written, target),
            partial(self._on_failed, target),
            partial(self._on_progressed, target),
        )

    def write_text(self, text: str, target: Path) -> None:
        """Write a text to a file.  An existing file is replaced: the dialog has asked.

        The notice offers no "Open", for the text can be a program.
        """
        self._bridge.ask(
            lambda _services: write_atomically(target, text.encode()),
            lambda _none: self._bridge.notice_raised.emit(
                Notice(
                    f"Written to {target}.",
                    action="Open folder",
                    on_action=partial(_open, target.parent),
                    life_ms=2 * UNDO_MS,
                    key=f"export {target}",
                )
            ),
            partial(self._on_failed, target),
        )

    def _on_progressed(self, target: Path, report: tuple[int, int]) -> None:
        done, total = report
        pages = f": page {done:,} of {total:,}" if total else f": {done:,} pages" if done else "…"
        self._bridge.notice_raised.emit(Notice(f"Writing {target.name}{pages}", key=f"export {target}"))

    def _on_failed(self, target: Path, problem: Problem) -> None:
        self._bridge.notice_raised.emit(replace(notice_of(problem), key=f"export {target}"))

    def _on_written(self, target: Path, _size: int) -> None:
        self._bridge.notice_raised.emit(
            Notice(
                f"Written to {target}.",
                action="Open",
                on_action=partial(_open, target),
                other="Open folder",
                on_other=partial(_open, target.parent),
                life_ms=2 * UNDO_MS,
                key=f"export {target}",
            )
        )
        self.written.emit(target)


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
