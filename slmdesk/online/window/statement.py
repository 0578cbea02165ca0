"""The window that makes a statement for an auditor."""

from __future__ import annotations

import errno
import os
import platform
import socket
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtNetwork import QHostAddress, QNetworkProxy, QTcpSocket
from PySide6.QtWidgets import QLineEdit, QWidget

from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import Json
from slmdesk.base.walls import HERE, REFUSED, outcome_of
from slmdesk.online.statement.service import STAGES, StatementMade, StatementProgress, StatementRequest
from slmdesk.runtime.messages import Problem
from slmdesk.system.doctor import examine
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call, copy_text
from slmdesk.window.base.theme import scaled
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import (
    CheckBox,
    breakable,
    button,
    column,
    flow,
    named,
    passing,
    plain_label,
    row,
    set_kind,
    text_line,
)
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.opening import ask_new_file, open_outside

T = TypeVar("T")

TITLE = _("Statement for an auditor")
INTRODUCTION = _(
    "A statement says what left this PC, what was refused, and what keeps the rest from leaving. It is written to a "
    "file and sent nowhere: you hand it over yourself."
)
CONTENT = (
    _(
        "The network log: every request with its time, host and reason, everything that was "
        "refused, starts and ends. No words of yours: of a search, only a checksum."
    ),
    _(
        "This system, the version of slmdesk and of its libraries, whether their files are as they were built, and the "
        "policy of your organisation."
    ),
    _("A test made at that moment: who of its processes can reach the network, and who is kept from it by the system."),
    _("What it does not cover, such as other programs and the browser."),
)
WIDTH = 620
MONTH = timedelta(days=30)
FILTER = _("Statements (*.tar)")
STOPPED = _("Stopped; nothing was written.")
PLACES = {"keyring": _("the system's keyring"), "file": _("a file that only this account can read")}
LEVELS = {
    "kernel": _("The system itself keeps slmdesk and all of its processes from the network."),
    "children only": _(
        "The system keeps the processes that open models and documents from the network; slmdesk itself is kept from "
        "it by its own check."
    ),
    "program only": _(
        "The system keeps none, or not all, of the processes from the network, or that could not be shown; slmdesk's "
        "own check does."
    ),
}


class StatementWindow(Dialog):
    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "statement_window", TITLE)
        self._bridge = bridge
        self._call: Call | None = None
        self._turn = 0
        self._made: StatementMade | None = None
        self._was_wrong = False
        self._build_ui()
        self._connect()
        self._refresh()
        self.fit(scaled(WIDTH))
        self._make.setFocus()

    def _build_ui(self) -> None:
        introduction = plain_label(INTRODUCTION, self, name="statement_introduction")
        heading = plain_label(_("Contents"), self, name="statement_content_heading", kind="heading")
        content = [
            plain_label(f"•  {words}", self, name=f"statement_content_{at}", kind="muted")
            for at, words in enumerate(CONTENT)
        ]
        period = plain_label(_("Period"), self, name="statement_period_heading", kind="heading")
        host = platform.node()
        days = self._build_period()  # built before the box, so that Tab reaches it first
        self._named = named(CheckBox(_("Include PC name ({host})").format(host=host), self), "statement_host")
        self._stage = plain_label("", self, name="statement_stage", kind="muted")
        self._bar = thin_bar("statement_progress", self, _("Creating the statement"), keeps_place=True)
        self._result = plain_label("", self, name="statement_result")
        column(
            introduction, heading, *content, period, days, (self._named, Qt.AlignmentFlag.AlignLeft), 1, self._result,
            self._stage, self._bar, self._build_foot(), into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip

    def _build_period(self) -> QWidget:
        self._some = named(
            CheckBox(_("Only the days from"), self), "statement_some", label=_("Only the days from one to another")
        )
        today = date.today()
        self._since = self._make_day("statement_since", _("First day"), today - MONTH)
        self._until = self._make_day("statement_until", _("Last day"), today)
        to = plain_label(_("to"), self, name="statement_to", wraps=False)
        holder = named(QWidget(self), "statement_period")
        flow(self._some, self._since, to, self._until, into=holder, gap=theme.SPACE_8)
        return holder

    def _make_day(self, name: str, label: str, day: date) -> QLineEdit:
        made = text_line(name, self, "2026-01-31", label=label, most=10)
        made.setText(day.isoformat())
        made.setFixedWidth(made.fontMetrics().horizontalAdvance("0000-00-00") + 4 * theme.SPACE_8)
        return made

    def _build_foot(self) -> QWidget:
        self._copy = button(_("Copy"), "statement_copy", self, label=_("Copy checksum and key"), on=self._on_copy)
        self._folder = button(_("Show in folder"), "statement_folder", self, on=self._on_folder)
        self._close = button(_("Close"), "statement_close", self, on=self._on_close)
        self._make = button(_("Create…"), "statement_make", self, kind="primary", on=self._on_make)
        self._make.setDefault(True)
        foot = named(QWidget(self), "statement_foot")
        row(self._copy, self._folder, 1, self._close, self._make, into=foot, gap=theme.SPACE_8)
        return foot

    def _connect(self) -> None:
        self._some.toggled.connect(self._refresh)
        for day in (self._since, self._until):
            day.textChanged.connect(self._refresh)

    def _refresh(self) -> None:
        is_busy, is_some = self._call is not None, self._some.isChecked()
        for widget in (self._some, self._named):
            widget.setEnabled(not is_busy)
        for day in (self._since, self._until):
            day.setEnabled(is_some and not is_busy)
        wrong = self._wrong_period() if is_some else ""
        self._make.setEnabled(not wrong and not is_busy)
        if wrong:
            self._say(wrong, "danger")
        elif self._was_wrong:
            self._stage.clear()
        self._was_wrong = bool(wrong)
        self._bar.setVisible(is_busy)
        self._close.setText(_("Stop") if is_busy else _("Close"))
        for shown in (self._copy, self._folder, self._result):
            shown.setVisible(self._made is not None)

    def _wrong_period(self) -> str:
        since, until = _day_of(self._since), _day_of(self._until)
        if since is None or until is None:
            return _("Write each day as year, month and day: 2026-01-31.")
        return _("The last day is before the first.") if since > until else ""

    def _on_make(self) -> None:
        proposed = Path.home() / _("slmdesk statement {date}.tar").format(date=date.today().isoformat())
        name = "statement_file_dialog"
        ask_new_file(self, TITLE, self._on_target_chosen, name=name, proposed=proposed, filters=FILTER)

    def _on_target_chosen(self, target: Path) -> None:
        """Take the chosen file. If it exists, the dialog has already asked whether to replace it."""
        self._made = None
        is_some = self._some.isChecked()
        self._begin(
            StatementRequest(
                target,
                since=_day_of(self._since) if is_some else None,
                until=_day_of(self._until) if is_some else None,
                with_host_name=self._named.isChecked(),
                replace=True,
                desk_ways={QT_WAY: connect_by_qt},
            )
        )
        self._refresh()

    def _begin(self, request: StatementRequest) -> None:
        self._turn += 1
        self._on_progressed(StatementProgress("test"))
        refused = self._now(self._on_refused)

        def examined(found: dict[str, Json]) -> None:
            making = self._bridge.services.statements.make(request, found)
            self._call = self._bridge.follow(making, self._now(self._on_made), refused, self._now(self._on_progressed))

        self._call = self._bridge.follow(examine, self._now(examined), refused)

    def _now(self, then: Callable[[T], object]) -> Callable[[T], None]:
        """Return a function that calls `then`, unless the work was cancelled meanwhile."""
        turn = self._turn

        def heard(what: T) -> None:
            if turn == self._turn:
                then(what)

        return heard

    def _cancel(self) -> None:
        """Cancel the work. No file is written, unless it was written just before."""
        if self._call is not None:
            call, self._call = self._call, None
            self._turn += 1
            call.cancel()
            self._say(STOPPED, "muted")

    def _on_progressed(self, far: StatementProgress) -> None:
        self._say(f"{STAGES[far.stage]} …", "muted")
        self._bar.setRange(0, far.total)
        self._bar.setValue(far.done)

    def _on_made(self, made: StatementMade) -> None:
        self._call, self._made = None, made
        self._say(_("Written to {path}").format(path=made.path), "muted")
        self._result.setText(breakable(result_words(made)))
        self._refresh()
        self._folder.setFocus()
        QTimer.singleShot(0, self._result, lambda: self.reveal(self._result))  # after the layout has made room

    def _on_refused(self, problem: Problem) -> None:
        self._call = None
        self._refresh()
        self._say(problem.sentence, "danger")

    def _on_copy(self) -> None:
        if self._made is not None:
            copy_text(f"{self._made.sha256}  {self._made.path.name}\n{self._made.fingerprint}")

    def _on_folder(self) -> None:
        if self._made is not None:
            open_outside(QUrl.fromLocalFile(str(self._made.path.parent)))

    def _on_close(self) -> None:
        if self._call is not None:
            self._cancel()
            self._refresh()
        else:
            self.reject()

    def reject(self) -> None:
        self._cancel()
        super().reject()

    def _say(self, words: str, kind: str) -> None:
        self._stage.setText(breakable(words))
        set_kind(self._stage, kind)


def result_words(made: StatementMade) -> str:
    noun = ngettext("request", "requests", made.requests)
    new = _(" New key – write it down.") if made.is_key_new else ""
    lines = [
        *made.problems,
        _("{requests:,} {noun} left this PC, {refused:,} refused. {level}").format(
            requests=made.requests, noun=noun, refused=made.refused, level=LEVELS[made.level]
        ),
        _("Checksum of the file: {sha256}").format(sha256=made.sha256),
        _("Signed with the key {fingerprint}, kept in {place}.{new}").format(
            fingerprint=made.fingerprint, place=PLACES[made.key_place], new=new
        ),
    ]
    return "\n".join(lines)


def _day_of(field: QLineEdit) -> date | None:
    try:
        return date.fromisoformat(field.text().strip())
    except ValueError:
        return None


# ---- how the window itself tries to reach the network


QT_WAY = _("connection by Qt")
WAIT_MS = 5000


def connect_by_qt(port: int) -> None:
    """Connect to a port of this PC with a socket of Qt, as a window would. Any thread; waits for the result.

    Raises OSError. It is PermissionError if the system forbids this process every socket.
    """
    made = QTcpSocket()
    made.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
    made.connectToHost(QHostAddress(HERE), port)
    if made.waitForConnected(WAIT_MS):
        made.abort()
        return
    if outcome_of(lambda: socket.socket().close()) == REFUSED:  # Qt itself says "unknown error"
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    raise OSError(errno.ECONNREFUSED, made.errorString())
