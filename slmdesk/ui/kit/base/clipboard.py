"""Puts what is copied on the clipboard.

With a mark that asks the system not to keep the text in a history or a cloud. Windows and KDE have such marks, which
clipboard managers of other desktops know too. On macOS Qt offers no way to set one. A program that ignores the marks
still gets the text.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QClipboard, QGuiApplication

from slmdesk.base.settings import Settings

if TYPE_CHECKING:
    from slmdesk.ui.kit.base.bridge import Bridge

_AS_USUAL = "copies_as_usual"
"""Property of the application. If it is true, copied text gets no marks."""
_WINDOWS = ("ExcludeClipboardContentFromMonitorProcessing", "CanIncludeInClipboardHistory", "CanUploadToCloudClipboard")
_OF_ONE_PROGRAM = ("offscreen", "minimal")
"""Qt platforms whose clipboard belongs to one program only. Qt does not report it as owned by the program."""
_NO = bytes(4)
"""The number 0 as Windows stores it."""


def marks(platform: str = sys.platform) -> Mapping[str, bytes]:
    """Return the extra clipboard formats that ask this system not to keep a text. Empty if the system has none."""
    if platform == "win32":
        return {f'application/x-qt-windows-mime;value="{name}"': _NO for name in _WINDOWS}
    return {} if platform == "darwin" else {"x-kde-passwordManagerHint": b"secret"}


def copy_text(text: str) -> None:
    data = QMimeData()
    data.setText(text)
    copy_data(data)


def copy_data(data: QMimeData) -> None:
    QGuiApplication.clipboard().setMimeData(marked(data))


def marked(data: QMimeData) -> QMimeData:
    """Add the marks to the data, unless the person has switched them off, and return the data."""
    app = QGuiApplication.instance()
    if app is not None and not app.property(_AS_USUAL):
        for name, value in marks().items():
            data.setData(name, value)
    return data


def clear_clipboard() -> None:
    """Empty the clipboard and the selection (X11), if their contents came from this program."""
    clipboard = QGuiApplication.clipboard()
    if clipboard.ownsClipboard() or QGuiApplication.platformName() in _OF_ONE_PROGRAM:
        clipboard.clear()
    if clipboard.supportsSelection() and clipboard.ownsSelection():
        clipboard.clear(QClipboard.Mode.Selection)


class ClipboardMarker(QObject):
    """Adds the marks to what Qt's own text fields copy, right after they copied it."""

    def __init__(self, bridge: Bridge, settings: Settings, parent: QObject) -> None:
        super().__init__(parent, objectName="clipboard_marker")
        self._clipboard = QGuiApplication.clipboard()
        self._take(settings)
        bridge.settings_changed.connect(self._take)
        self._clipboard.dataChanged.connect(self._on_changed)

    def _take(self, settings: Settings) -> None:
        if app := QGuiApplication.instance():
            app.setProperty(_AS_USUAL, not settings.private_copies)

    def _on_changed(self) -> None:
        if not (self._clipboard.ownsClipboard() or QGuiApplication.platformName() in _OF_ONE_PROGRAM):
            return
        made, data = QMimeData(), self._clipboard.mimeData()
        if data is None:  # it was emptied; the type stubs do not know None
            return
        for name in data.formats():
            made.setData(name, data.data(name))
        if made.formats() and set(marked(made).formats()) != set(data.formats()):
            self._clipboard.setMimeData(made)
