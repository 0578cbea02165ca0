"""Asks before files on another computer are accessed, since even looking at them contacts that computer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from slmdesk.base.labels import clean_label
from slmdesk.base.policy import Policy
from slmdesk.base.shares import is_on, server_of
from slmdesk.window.widgets.message_box import message_box

_POLICY = "share_policy"
_ALLOWED = "share_servers"
"""Properties of the application: the rules, and the computers that were allowed in this run."""
MOST_NAME = 80
WHY = (
    "To open it, this PC connects to that computer and tells it who you are. Do so only if you know it. "
    "slmdesk asks once for each computer until it is closed."
)


def heed(policy: Policy) -> None:
    """Apply the organisation's rules from now on; what was allowed before is asked again."""
    app = QApplication.instance()
    assert app is not None
    app.setProperty(_POLICY, policy)
    app.setProperty(_ALLOWED, frozenset())


def admit(
    parent: QWidget | None,
    paths: Sequence[Path],
    then: Callable[[list[Path]], object],
    *,
    is_chosen: bool = False,
) -> None:
    """Call `then` with the paths of this PC at once, or with those on other computers too once a person allows it.

    `is_chosen`: the person chose them in a dialog, and is not asked.  Where the organisation has slmdesk work offline
    only the shares it names are opened.  Nothing here accesses a path.
    """
    policy = _policy()
    away = [one for one in paths if server_of(str(one)) and not is_on(str(one), policy.shares)]
    if policy.forced.get("offline") is True and away:
        _say_refused(parent, away)
        paths = [one for one in paths if one not in away]
        away = []
    unknown = [one for one in away if server_of(str(one)).casefold() not in _allowed()]
    if unknown and not is_chosen:
        _ask(parent, list(paths), unknown, then)
    elif paths:
        then(list(paths))


def _policy() -> Policy:
    found = QApplication.instance().property(_POLICY)  # type: ignore[union-attr]
    return found if isinstance(found, Policy) else Policy()


def _allowed() -> frozenset[str]:
    return QApplication.instance().property(_ALLOWED) or frozenset()  # type: ignore[union-attr]


def _where(paths: Sequence[Path]) -> str:
    names = [clean_label(one.name or str(one), MOST_NAME) for one in paths]
    servers = sorted({clean_label(server_of(str(one)), MOST_NAME) for one in paths})
    what = f"“{names[0]}” is" if len(names) == 1 else f"{len(names)} of these files are"
    return f"{what} on another computer: {', '.join(servers)}."


def _say_refused(parent: QWidget | None, paths: Sequence[Path]) -> None:
    words = "Your organisation has set slmdesk to work offline, so nothing is opened there."
    box = message_box(parent or QApplication.activeWindow(), "share_refused_dialog", "slmdesk", _where(paths), words)
    box.addButton(QMessageBox.StandardButton.Close)
    box.open()


def _ask(
    parent: QWidget | None, paths: list[Path], unknown: Sequence[Path], then: Callable[[list[Path]], object]
) -> None:
    box = message_box(parent or QApplication.activeWindow(), "share_dialog", "slmdesk", _where(unknown), WHY)
    yes = box.addButton("Open", QMessageBox.ButtonRole.AcceptRole)
    yes.setObjectName("share_open_button")
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))

    def answered() -> None:
        if box.clickedButton() is yes:
            servers = {server_of(str(one)).casefold() for one in unknown}
            QApplication.instance().setProperty(_ALLOWED, _allowed() | servers)  # type: ignore[union-attr]
            then(paths)
        elif here := [one for one in paths if one not in unknown]:
            then(here)

    box.finished.connect(answered)
    box.open()
