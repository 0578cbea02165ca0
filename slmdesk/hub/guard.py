"""The guard: the one client through which anything may leave this PC.  Refuses before a socket, notes before a byte.

The client is httpx2's, which huggingface_hub's `set_client_factory` wants; both are imported only when it is made.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from slmdesk.core.errors import KnownError

if TYPE_CHECKING:
    import httpx2

HUB = "https://huggingface.co"
Record = Callable[[str, str, str, str], int]
Finish = Callable[[int, int], None]

_purpose: ContextVar[str] = ContextVar("purpose", default="")


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """What may leave, asked anew for each request and each hop of a redirect."""

    offline: Callable[[], bool]
    hosts: frozenset[str]
    """Allowed hosts in lower case; one that begins with a dot allows every host below it."""
    endpoint: str = HUB
    """The Hub or a mirror.  Plain http is allowed to it alone, and only when it is this PC itself."""

    def check(self, scheme: str, host: str, port: int | None) -> None:
        """Raises KnownError network.offline or network.refused; opens nothing."""
        host = host.lower().rstrip(".")
        if self.offline():
            raise KnownError("network.offline", host=host)
        allowed = host in self.hosts or any(each.startswith(".") and host.endswith(each) for each in self.hosts)
        if not allowed or not (scheme == "https" or self._is_own_plain_endpoint(scheme, host, port)):
            raise KnownError("network.refused", host=host)

    def _is_own_plain_endpoint(self, scheme: str, host: str, port: int | None) -> bool:
        ours = urlsplit(self.endpoint)
        return scheme == "http" == ours.scheme and (host, port) == (ours.hostname, ours.port) and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def because(purpose: str) -> Iterator[None]:
    """Why the requests made inside are made ("search", "download of NAME"): stands in the ledger.  Per thread."""
    token = _purpose.set(purpose)
    try:
        yield
    finally:
        _purpose.reset(token)


def purpose_now() -> str:
    """The reason given by the innermost `because`, else empty."""
    return _purpose.get()


def make_client(policy: GuardPolicy, record: Record, finish: Finish) -> httpx2.Client:
    """A client that asks `policy`, then calls `record(host, method, path, purpose)`, and only then sends.

    `record` returns the ledger's number once the row is committed; when it raises, nothing is sent.
    `finish(number, bytes)` is called once the answer is read, closed or failed.  Both are called on the thread of the
    request, which is never the desk thread.  Not trusted by it: proxy and netrc settings of the surroundings.
    """
    import httpx2

    from slmdesk.hub.transport import GuardTransport

    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs whole addresses, in which searched words stand
    return httpx2.Client(
        transport=GuardTransport(policy, record, finish),
        follow_redirects=True,
        trust_env=False,
        timeout=httpx2.Timeout(30.0, connect=10.0),
    )
