"""Keeps Qt's own settings (the folders of file dialogs) inside our folders."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QSettings

from slmdesk.base.errors import KnownError
from slmdesk.base.files import open_new, write_atomically

_ORGANISATION = "QtProject"
_NAMES = ("FileDialog/history", "FileDialog/lastVisited")


def keep_inside(file: Path) -> None:
    """Make Qt write its settings to `file` and not into the account's.

    Call before the first dialog.  Windows and macOS keep the native format elsewhere: `forget_folders` reaches it
    there.
    """
    for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(file.parent))
    with suppress(OSError):
        os.close(open_new(file))  # Qt keeps the mode of a file that is there, and makes others readable for all


def keep_nowhere(file: Path) -> None:
    """Make Qt keep nothing of its dialogs from now on, and forget what it kept in `file`: the history is encrypted.

    Its settings would have to lie below a file, where there can be no folder.  Windows and macOS keep the native
    format elsewhere: `forget_folders` reaches it there.
    """
    for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(file))
    with suppress(OSError, KnownError):
        if file.stat().st_size:
            write_atomically(file, b"")


def forget_folders() -> None:
    kept = QSettings(QSettings.Scope.UserScope, _ORGANISATION)
    for name in _NAMES:
        if kept.contains(name):
            kept.remove(name)
