"""Exports an item of the history, with a notice that shows the progress.  No widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal

from slmdesk.base.files import write_atomically
from slmdesk.base.record import changed
from slmdesk.runtime.events import Problem
from slmdesk.runtime.pending import Pending
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.export_menu import file_name
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice, notice_of
from slmdesk.window.widgets.outside import open_outside

if TYPE_CHECKING:
    from slmdesk.services import Services


class ExportController(QObject):
    """Emits `written` with the Path of a complete file."""

    written = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="export_controller")
        self._bridge = bridge

    def export(self, item: str, form: str, target: Path) -> None:
        """Write an item of the history to a file.  An existing file is replaced: the dialog has asked."""
        self._follow(lambda services: services.exports.write(item, form, target, replace=True), target)

    def export_together(self, chats: Sequence[str], form: str, target: Path) -> None:
        """Write chats into one file, each a section of it.  An existing file is replaced: the dialog has asked."""
        self._follow(lambda services: services.exports.write_several(chats, form, target, replace=True), target)

    def export_all(self, items: Sequence[tuple[str, str]], form: str, folder: Path) -> None:
        """Write items, given with their titles, into files of a folder, one after the other; no file is replaced.

        The first that cannot be written ends it; a notice says so, and how many were written.
        """
        _Exports(self._bridge, items, form, folder, self).begin()

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

    def _follow(self, writing: Callable[[Services], Pending[int]], target: Path) -> None:
        self._on_progressed(target, (0, 0))
        self._bridge.follow(
            writing,
            partial(self._on_written, target),
            partial(self._on_failed, target),
            partial(self._on_progressed, target),
        )

    def _on_progressed(self, target: Path, report: tuple[int, int]) -> None:
        done, total = report
        pages = f": page {done:,} of {total:,}" if total else f": {done:,} pages" if done else "…"
        self._bridge.notice_raised.emit(Notice(f"Writing {target.name}{pages}", key=f"export {target}"))

    def _on_failed(self, target: Path, problem: Problem) -> None:
        self._bridge.notice_raised.emit(changed(notice_of(problem), key=f"export {target}"))

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


class _Exports(QObject):
    def __init__(
        self, bridge: Bridge, items: Sequence[tuple[str, str]], form: str, folder: Path, parent: QObject
    ) -> None:
        super().__init__(parent, objectName="exports")
        self._bridge, self._items, self._form, self._folder = bridge, items, form, folder
        self._done = 0
        self._is_stopped = False
        self._key = f"export {folder} {items[0][0]}"

    def begin(self) -> None:
        total = len(self._items)
        if self._done == total or self._is_stopped:
            self._say(f"{self._done:,} of {total:,} chats were written to {self._folder}.")
            self.deleteLater()
            return
        notice = Notice(
            f"Writing {self._done + 1:,} of {total:,}…", action="Cancel", on_action=self._stop, key=self._key
        )
        self._bridge.notice_raised.emit(notice)
        item, title = self._items[self._done]
        form, folder = self._form, self._folder
        self._bridge.follow(
            self._bridge.services.exports.write_new(item, form, folder, file_name(title)),
            self._on_written,
            self._on_failed,
        )

    def _stop(self) -> None:
        self._is_stopped = True

    def _on_written(self, _size: int) -> None:
        self._done += 1
        self.begin()

    def _on_failed(self, problem: Problem) -> None:
        said = f"{self._done:,} of {len(self._items):,} chats were written to {self._folder}. {problem.sentence}"
        self._bridge.notice_raised.emit(changed(notice_of(problem), text=said, key=self._key))
        self.deleteLater()

    def _say(self, words: str) -> None:
        self._bridge.notice_raised.emit(
            Notice(
                words, action="Open folder", on_action=partial(_open, self._folder), life_ms=2 * UNDO_MS, key=self._key
            )
        )


def _open(path: Path) -> None:
    open_outside(QUrl.fromLocalFile(str(path)))
