"""The network ledger: how many requests left today, and the records the guard asks for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from slmdesk.core.errors import KnownError
from slmdesk.core.files import is_there, write_atomically
from slmdesk.core.records import LedgerRow
from slmdesk.exports.ledger import format_for, to_csv, to_json
from slmdesk.services.desk import Desk
from slmdesk.services.facts import Fact, Problem, RequestsToday
from slmdesk.services.routes import certificates_in
from slmdesk.services.sentences import problem_for
from slmdesk.settings import Settings, SettingsFile
from slmdesk.store import Store

RECORD_TIMEOUT_S = 10.0
FEATURE = "settings.network"
"""What an organisation may hide."""
EXPORT_PAGE = 2000
"""Rows read at once, so that the desk thread does other things in between."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The ledger was written."""

    path: str
    rows: int


class NetworkService:
    """What left this PC, and whether anything may."""

    def __init__(self, desk: Desk, store: Store, settings: SettingsFile, tell: Callable[[Fact], None]) -> None:
        self._desk, self._store, self._settings, self._tell = desk, store, settings, tell
        self._told = -1

    @property
    def is_offline(self) -> bool:
        """Whether nothing may leave.  Any thread."""
        return self._settings.current.offline

    def set_offline(self, offline: bool) -> None:
        """Forbid or allow requests.  Raises KnownError when it cannot be saved.  Desk thread."""
        self._settings.change(offline=offline)

    def change(self, **values: Any) -> Settings:
        """Change how the Hub is reached.  Desk thread; a file of certificates is read, which must be small and near.

        Raises KnownError `setting.invalid` which names the key, `setting.managed`, `feature.hidden`.
        """
        self._settings.policy.require(FEATURE)
        if path := values.get("ca_file"):
            certificates_in(Path(path))
        return self._settings.change(**values)

    def today(self) -> int:
        """Requests since midnight, local time.  Desk thread."""
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return self._store.requests_since(midnight.timestamp())

    def say_today(self) -> None:
        """Tell RequestsToday when the number is another than the last told.  Desk thread."""
        count = self.today()
        if count != self._told:
            self._told = count
            self._tell(RequestsToday(count))

    def requests(self, limit: int = 100, words: str = "", before: int | None = None) -> Sequence[LedgerRow]:
        """Rows of the ledger, newest first; of a page, those with a number below `before`.  Desk thread."""
        if before is None:
            return self._store.requests(limit, words)
        return self._store.requests(limit, words, before)

    def count(self, words: str = "") -> int:
        """How many rows the ledger has in all.  Desk thread."""
        return self._store.count_requests(words)

    def export(self, target: Path, ended: Callable[[Exported | Problem], None], words: str = "") -> None:
        """Write the ledger, or what of it holds `words`, as CSV or JSON, by the name; `ended` is on the desk thread.

        A file that is there is replaced: whoever asks for its name has asked about that.  Raises KnownError
        `request.invalid` for another kind of name.
        """
        kind = format_for(target)

        def rows() -> Iterator[LedgerRow]:
            page = self._desk.call(lambda: self._store.requests(EXPORT_PAGE, words))
            while page:
                yield from page
                last = page[-1].n
                page = self._desk.call(lambda: self._store.requests(EXPORT_PAGE, words, last))  # noqa: B023 (at once)

        def run() -> None:
            result: Exported | Problem
            try:
                is_there(target)
                found = list(rows())
                write_atomically(target, to_csv(found) if kind == "csv" else to_json(found))
                result = Exported(str(target), len(found))
            except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
                result = problem_for(err)
            self._desk.post(lambda: ended(result))

        threading.Thread(target=run, name="export-ledger", daemon=True).start()

    def record(self, host: str, method: str, path: str, purpose: str) -> int:
        """Commit a ledger row before its request leaves: the guard's `record`.  Never on the desk thread.

        Raises KnownError `network.offline` when another desk has just forbidden requests; nothing is noted or sent.
        """

        def write() -> int:
            self._settings.refresh()
            if self.is_offline:
                raise KnownError("network.offline", host=host)
            n = self._store.record_request(host, method, path, purpose)
            self.say_today()
            return n

        return self._desk.call(write, RECORD_TIMEOUT_S)

    def finish(self, n: int, size: int) -> None:
        """Note the bytes of a request that ended: the guard's `finish`.  Any thread, waits for nothing."""

        def write() -> None:
            self._store.finish_request(n, size)
            self._tell(RequestsToday(self.today()))  # the same number: who shows rows looks again

        self._desk.post(write)
