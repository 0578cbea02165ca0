"""The network log: counts today's requests, and writes each one into the ledger before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_atomically
from slmdesk.base.ledger import Answered, Outgoing
from slmdesk.base.policy import without_password
from slmdesk.base.record import Record, changed
from slmdesk.base.records import NetworkLogRow
from slmdesk.base.settings import Settings, reason_against
from slmdesk.online.enforcement import Enforcement, enforcement
from slmdesk.online.events import RequestsToday
from slmdesk.online.export_log import format_for, to_csv, to_json
from slmdesk.online.ledger_events import LedgerEvents
from slmdesk.online.proxy_password import ProxyPasswords
from slmdesk.online.routes import certificates_in
from slmdesk.runtime.events import Noticed, Problem
from slmdesk.runtime.file_thread import on_file_thread, pending_on_file_thread
from slmdesk.runtime.pending import Pending, ended
from slmdesk.runtime.service import Runtime, Service

RECORD_TIMEOUT_S = 10.0
FEATURE = "settings.network"
ONCE = "allowed only this once"
"""Behind the purpose of a request, where the network was not allowed for good."""
EXPORT_PAGE = 2000
"""Rows read at once, so that the service thread does other things in between."""


class Exported(Record):
    path: str
    rows: int


class NetworkService(Service):
    """It is the guard's log."""

    def __init__(self, runtime: Runtime, passwords: ProxyPasswords, ledger_events: LedgerEvents) -> None:
        super().__init__(runtime)
        self.passwords, self._ledger_events = passwords, ledger_events
        self._reported = -1

    @property
    def is_offline(self) -> bool:
        """Any thread."""
        return self._settings.current.offline

    def set_offline(self, offline: bool) -> None:
        """Raises KnownError when it cannot be saved.  Service thread."""
        self._settings.change(offline=offline)

    @property
    def is_once(self) -> bool:
        return self._settings.is_once

    @property
    def enforcement(self) -> Enforcement:
        """Any thread."""
        return enforcement(self._settings.current, self._settings.policy)

    def allow_once(self) -> None:
        """Allow requests until this process ends; each is marked so in the network log.  Raises KnownError
        `setting.managed`, `network.enforced`.
        """
        self._settings.allow_once()

    def change(self, **values: Any) -> Pending[Settings]:
        """Change how the Hub is reached; returns the new settings.

        A file of certificates is read first, on a file thread: it may be on a share that does not answer.  The password
        of a proxy goes to the keyring or a file of its own, not into the settings.  Problems: `setting.invalid`, which
        names the key, and `setting.managed`.  Raises KnownError `feature.hidden`.
        """
        self._settings.policy.require(FEATURE)

        now = self._settings.current

        def work() -> dict[str, Any]:
            if path := values.get("ca_file"):
                certificates_in(Path(path))
            if "proxy" not in values:
                return values
            self._settings.policy.refuse("proxy", values["proxy"])
            if reason := reason_against("proxy", values["proxy"]):
                raise KnownError("setting.invalid", key="proxy", reason=reason)
            return {**values, **self.passwords.moved(values["proxy"], now)}

        if values.get("ca_file") or "proxy" in values:
            checked = pending_on_file_thread(self._service_thread, work, name="network-settings")
        else:
            checked = ended(values)
        return checked.map(lambda found: self._settings.change(**found))

    def move_password(self) -> None:
        """Move a password written into the settings file by hand to where passwords are stored.  Service thread."""
        now = self._settings.current
        if "proxy" in self._settings.policy.managed or without_password(now.proxy)[1] is None:
            return

        def moved(found: dict[str, Any] | Problem) -> None:
            if isinstance(found, Problem):
                self._publish(Noticed(found))
            elif self._settings.current.proxy == now.proxy:
                self._settings.change(**found)

        on_file_thread(self._service_thread, lambda: self.passwords.moved(now.proxy, now), moved, name="proxy-password")

    def today(self) -> int:
        """Requests since midnight, local time.  Service thread."""
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return self._store.ledger.count_since(midnight.timestamp())

    def say_today(self) -> None:
        """Publish RequestsToday when the number has changed.  Service thread."""
        count = self.today()
        if count != self._reported:
            self._reported = count
            self._publish(RequestsToday(count))

    def requests(self, limit: int = 100, words: str = "", before: int | None = None) -> Sequence[NetworkLogRow]:
        """Return rows of the network log, newest first, with a number below `before` for later pages.  Service
        thread.
        """
        if before is None:
            return self._store.ledger.page(limit, words)
        return self._store.ledger.page(limit, words, before)

    def count(self, words: str = "") -> int:
        """Service thread."""
        return self._store.ledger.count(words)

    def export(self, target: Path, words: str = "") -> Pending[Exported]:
        """Export the network log, or its rows with `words`, as CSV or JSON by file name.

        An existing file is replaced: whoever asked for its name has asked about that.  Raises KnownError
        `request.invalid` for another kind of name.
        """
        kind = format_for(target)

        def rows() -> Iterator[NetworkLogRow]:
            page = self._service_thread.call(lambda: self._store.ledger.page(EXPORT_PAGE, words))
            while page:
                yield from page
                last = page[-1].n
                page = self._service_thread.call(lambda: self._store.ledger.page(EXPORT_PAGE, words, last))  # noqa: B023 (at once)

        def work() -> Exported:
            is_there(target)
            found = list(rows())
            write_atomically(target, to_csv(found) if kind == "csv" else to_json(found))
            return Exported(str(target), len(found))

        return pending_on_file_thread(self._service_thread, work, name="export-ledger")

    def record(self, request: Outgoing) -> int:
        """Commit a row of the ledger before its request is sent: the guard's log.  Never on the service thread.

        Raises KnownError `network.offline` when another instance has just forbidden requests; nothing is sent then.
        """

        def write() -> int:
            self._settings.refresh()
            if self.is_offline:
                self._refuse(request, "network.offline")
                raise KnownError("network.offline", host=request.host)
            self._ledger_events.require_start()
            why = f"{request.purpose} ({ONCE})".strip() if self.is_once else request.purpose
            n = self._store.ledger.record(changed(request, purpose=why))
            self.say_today()
            return n

        return self._service_thread.call(write, RECORD_TIMEOUT_S)

    def finish(self, n: int, answer: Answered) -> None:
        """Record how a request ended: the guard's log.  Any thread; never blocks."""

        def write() -> None:
            self._store.ledger.finish(n, answer)
            self._publish(RequestsToday(self.today()))  # the same number: who shows rows looks again

        self._service_thread.post(write)

    def refuse(self, request: Outgoing, code: str) -> None:
        """Record what was not sent: the guard's log.  Any thread; never blocks, never raises."""
        self._service_thread.post(lambda: self._refuse(request, code))

    def _refuse(self, request: Outgoing, code: str) -> None:
        with suppress(KnownError):
            self._store.ledger.refuse(request, code)
