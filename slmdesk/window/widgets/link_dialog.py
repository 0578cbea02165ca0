"""A dialog that shows where a link leads before it is opened."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.widgets.links import LinkCheck, judge_link
from slmdesk.window.widgets.message_box import message_box
from slmdesk.window.widgets.outside import open_outside
from slmdesk.window.widgets.text import breakable

REASONS = {
    "scheme": "Only web addresses (http and https) can be opened.",
    "host": "This address names no site.",
    "letters": "This address holds hidden characters, as used to deceive.",
    "length": "This address is longer than anyone can check.",
}
WARNINGS = {
    "user_in_address": "It has a name before an @, which may hide the real site.",
    "look_alike": "The site's name has letters that can look like others.",
    "number_host": "The site is a number instead of a name.",
    "not_encrypted": "The connection is not encrypted.",
}
MOST_SHOWN = 2000
_ON_OPENED = "link_opened"
"""Property of the application: what is called for each address that is opened."""


def note_links(on_opened: Callable[[], object]) -> None:
    app = QApplication.instance()
    assert app is not None
    app.setProperty(_ON_OPENED, on_opened)


def ask_about_link(parent: QWidget, untrusted_url: str) -> QMessageBox:
    """Show the full address and ask; a dangerous one can only be copied.  Does not block."""
    verdict = judge_link(untrusted_url)
    title = "Open this address?" if verdict.openable else "This address cannot be opened"
    box = message_box(parent, "link_dialog", title, _words(verdict), breakable(verdict.address[:MOST_SHOWN]))
    box.setIcon(QMessageBox.Icon.Question if verdict.openable else QMessageBox.Icon.Warning)
    copy = box.addButton("Copy address", QMessageBox.ButtonRole.ActionRole)
    copy.clicked.connect(lambda: copy_text(verdict.address))
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    if verdict.openable:
        browser = box.addButton("Open in the browser", QMessageBox.ButtonRole.AcceptRole)
        browser.setObjectName("open_link_button")
        browser.clicked.connect(lambda: _open(verdict.address))
    box.open()
    return box


def _open(address: str) -> None:
    open_outside(QUrl(address, QUrl.ParsingMode.StrictMode))
    on_opened = QApplication.instance().property(_ON_OPENED)  # type: ignore[union-attr]
    if on_opened is not None:
        on_opened()


def _words(verdict: LinkCheck) -> str:
    if not verdict.openable:
        return REASONS.get(verdict.reason, "This address cannot be opened.")
    lines = [f"The browser will open {verdict.host} and go online; slmdesk itself sends nothing."]
    lines += [WARNINGS.get(warning, warning) for warning in verdict.warnings]
    return "\n".join(lines)
