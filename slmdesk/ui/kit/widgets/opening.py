"""Opens links, files and folders in other programs.

Of links in a text only http and https can be opened. Signs of deception are named.
"""

from __future__ import annotations

import ipaddress
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from PySide6.QtCore import QMimeDatabase, QProcess, QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QWidget

from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.models.hub.barriers import is_enforced
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.widgets.build import breakable
from slmdesk.ui.kit.widgets.dialogs import Question

if TYPE_CHECKING:
    pass

PORTAL = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.OpenURI"
FILES = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1", "org.freedesktop.FileManager1"
ASKED = "xdg-mime"
FAILED = _("The desktop did not open this. You can copy the address, and open it in a program of your choice.")


def open_outside(url: QUrl) -> None:
    """Open an address, file or folder in another program. Returns at once.

    A program started by slmdesk is kept offline as it is; then the desktop opens addresses, and the file manager files.
    Where no program opens a file, that is said, and its folder offered.
    """
    if is_enforced():
        _ask_desktop(url)
    elif QDesktopServices.openUrl(url) is False:
        _say_failed(url)
    elif url.isLocalFile() and sys.platform.startswith("linux"):
        _look_for_program(url)


def open_path(path: Path) -> None:
    open_outside(QUrl.fromLocalFile(str(path)))


def _look_for_program(url: QUrl) -> None:
    """Ask the desktop whether it has a program for a file: what Qt starts for it ends without a word if it has none."""
    file = Path(url.toLocalFile())
    if not file.is_file() or not QStandardPaths.findExecutable(ASKED):
        return
    asking = QProcess(QApplication.instance())
    kind = QMimeDatabase().mimeTypeForFile(str(file)).name()

    def answered() -> None:
        if not bytes(asking.readAllStandardOutput().data()).strip():
            _say_failed(url)
        asking.deleteLater()

    asking.finished.connect(answered)
    asking.start(ASKED, ["query", "default", kind])


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
    address = url.toLocalFile() if url.isLocalFile() else url.toString()
    file = Path(address)
    is_file = url.isLocalFile() and file.is_file()
    words = _("This PC has no program that opens {name}.").format(name=file.name) if is_file else FAILED
    said = Question(None, "not_opened_dialog", _("Not opened"), words, breakable(address))
    if is_file:
        folder = QUrl.fromLocalFile(str(file.parent))
        said.add_choice(_("Open folder"), "open_folder_button", lambda: open_outside(folder), is_default=True)
    said.add_choice(_("Copy address"), "copy_address_button", lambda: copy_text(address), is_beside=True)
    said.add_cancel(is_default=not is_file)
    said.open()


OPENABLE_SCHEMES = ("http", "https")
LONGEST = 2000
"""Most characters of an address that a person can still check."""


class LinkCheck(Record):
    openable: bool
    address: str
    host: str
    """The host name in its own letters; empty if there is none."""
    reason: str = ""
    """Why the address cannot be opened: "scheme", "host", "letters" or "length". Empty if it can."""
    warnings: tuple[str, ...] = ()
    """Warnings about an address that can be opened: "user_in_address", "look_alike", "number_host", "not_encrypted"."""


def judge_link(url: str) -> LinkCheck:
    """Check an address found in a text. Opens nothing and asks nobody."""
    if len(url) > LONGEST:
        return LinkCheck(False, url, "", "length")
    if any(_is_hidden(letter) for letter in url) or "\\" in url:
        return LinkCheck(False, url, "", "letters")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        __ = parts.port  # raises ValueError if it is not a number
    except ValueError:
        return LinkCheck(False, url, "", "host")
    if parts.scheme.lower() not in OPENABLE_SCHEMES:
        return LinkCheck(False, url, "", "scheme")
    if not host:
        return LinkCheck(False, url, "", "host")
    shown = _in_own_letters(host)
    return LinkCheck(True, url, shown, warnings=_warnings(parts, host, shown))


def _warnings(parts: SplitResult, host: str, shown: str) -> tuple[str, ...]:
    signs = {
        "user_in_address": "@" in parts.netloc,
        "look_alike": not shown.isascii() or "xn--" in host,
        "number_host": _is_number(host),
        "not_encrypted": parts.scheme.lower() == "http",
    }
    return tuple(name for name, is_there in signs.items() if is_there)


def _is_hidden(letter: str) -> bool:
    """Return whether the letter is a control character, a blank, or a mark that changes the direction of text."""
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _in_own_letters(host: str) -> str:
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.replace(".", "").replace("0x", "").isdigit()  # 2130706433 and 0x7f.1 are addresses to a browser
    return True


REASONS = {
    "scheme": _("Only web addresses (http and https) can be opened."),
    "host": _("This address names no site."),
    "letters": _("This address holds hidden characters, as used to deceive."),
    "length": _("This address is longer than anyone can check."),
}
WARNINGS = {
    "user_in_address": _("It has a name before an @, which may hide the real site."),
    "look_alike": _("The site's name has letters that can look like others."),
    "number_host": _("The site is a number instead of a name."),
    "not_encrypted": _("The connection is not encrypted."),
}
MOST_SHOWN = 2000
_ON_OPENED = "link_opened"
"""Property of the application: function that is called for each address that is opened."""


def note_links(on_opened: Callable[[], object]) -> None:
    app = QApplication.instance()
    assert app is not None
    app.setProperty(_ON_OPENED, on_opened)


def ask_about_link(parent: QWidget, untrusted_url: str) -> Question:
    """Show the full address and ask whether to open it. A dangerous address can only be copied. Does not block."""
    verdict = judge_link(untrusted_url)
    title = _("Open this address?") if verdict.openable else _("This address cannot be opened")
    question = Question(parent, "link_dialog", title, _words(verdict), breakable(verdict.address[:MOST_SHOWN]))
    question.add_choice(_("Copy address"), "copy_address_button", lambda: copy_text(verdict.address), is_beside=True)
    question.add_cancel(is_default=True)
    if verdict.openable:
        question.add_choice(_("Open in the browser"), "open_link_button", lambda: _open(verdict.address))
    question.open()
    return question


def _open(address: str) -> None:
    open_outside(QUrl(address, QUrl.ParsingMode.StrictMode))
    on_opened = QApplication.instance().property(_ON_OPENED)  # type: ignore[union-attr]
    if on_opened is not None:
        on_opened()


def _words(verdict: LinkCheck) -> str:
    if not verdict.openable:
        return REASONS.get(verdict.reason, _("This address cannot be opened."))
    lines = [_("The browser will open {host} and go online; slmdesk itself sends nothing.").format(host=verdict.host)]
    lines += [WARNINGS.get(warning, warning) for warning in verdict.warnings]
    return "\n".join(lines)
