"""Opens an address, a file or a folder in the program of the desktop that is for it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMessageBox

from slmdesk.hub.kernel import is_enforced
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.widgets.message_box import message_box
from slmdesk.window.widgets.text import breakable

PORTAL = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.OpenURI"
FILES = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1", "org.freedesktop.FileManager1"
FAILED = "The desktop did not open this. You can copy the address, and open it in a program of your choice."


def open_outside(url: QUrl) -> None:
    """Open an address, file or folder; returns at once.

    Where the system keeps slmdesk offline, it would keep every program offline that slmdesk starts.  The desktop is
    asked to open it then: an address through its portal; a file is shown in the file manager.
    """
    if is_enforced():
        _ask_desktop(url)
    else:
        QDesktopServices.openUrl(url)


def _ask_desktop(url: QUrl) -> None:
    from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher  # late: loads a library

    if url.isLocalFile():
        member = "ShowFolders" if Path(url.toLocalFile()).is_dir() else "ShowItems"
        message = QDBusMessage.createMethodCall(*FILES, member)
        message.setArguments([[url.toString(QUrl.ComponentFormattingOption.FullyEncoded)], ""])
    else:
        message = QDBusMessage.createMethodCall(*PORTAL, "OpenURI")
        message.setArguments(["", url.toString(QUrl.ComponentFormattingOption.FullyEncoded), {}])
    watcher = QDBusPendingCallWatcher(QDBusConnection.sessionBus().asyncCall(message), QApplication.instance())

    def answered() -> None:
        if watcher.isError():
            _say_failed(url)
        watcher.deleteLater()

    if watcher.isFinished():  # there is no bus to ask
        answered()
    else:
        watcher.finished.connect(answered)


def _say_failed(url: QUrl) -> None:
    shown = (one for one in QApplication.topLevelWidgets() if one.isVisible())
    parent = QApplication.activeWindow() or next(shown, None)  # a box without a parent would be gone at once
    address = url.toLocalFile() if url.isLocalFile() else url.toString()
    box = message_box(parent, "not_opened_dialog", "Not opened", FAILED, breakable(address))
    copy = box.addButton("Copy address", QMessageBox.ButtonRole.ActionRole)
    copy.clicked.connect(lambda: copy_text(address))
    box.addButton(QMessageBox.StandardButton.Close)
    box.open()
