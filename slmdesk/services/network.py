"""The network ledger: how many requests left today, and the records the guard asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from slmdesk.core.errors import KnownError
from slmdesk.core.records import LedgerRow
from slmdesk.services.desk import Desk
from slmdesk.services.facts import Fact, RequestsToday
from slmdesk.settings import SettingsFile
from slmdesk.store import Store

RECORD_TIMEOUT_S = 10.0


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

    def requests(self, limit: int = 100, words: str = "") -> Sequence[LedgerRow]:
        """Rows of the ledger, newest first.  Desk thread."""
        return self._store.requests(limit, words)

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
        self._desk.post(lambda: self._store.finish_request(n, size))
