"""The guard: the one client through which anything may leave this PC.  Checks and logs every request before it is sent.

The client is httpx2's, as huggingface_hub's `set_client_factory` requires; both are imported only when it is made.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from slmdesk.base.errors import KnownError
from slmdesk.base.ledger import Answered, Outgoing
from slmdesk.base.record import Record
from slmdesk.hub.limit import SpeedLimit

if TYPE_CHECKING:
    import httpx2

HUB = "https://huggingface.co"
HUB_HOSTS = frozenset({"huggingface.co", ".huggingface.co", ".hf.co"})
"""The Hub and the storage it redirects to."""
OnWait = Callable[[float], None]


class RequestLog(Protocol):
    """Where requests are written down.  Called on the thread of the request, which is never the service thread."""

    def record(self, request: Outgoing) -> int:
        """Write it down and return its number, once that is on the disk.  When this raises, nothing is sent."""

    def finish(self, n: int, answer: Answered) -> None:
        """The answer of request `n` was read, closed or failed."""

    def refuse(self, request: Outgoing, code: str) -> None:
        """It is not sent, for this reason; never raises."""


def _no_proxy(_scheme: str, _host: str) -> str:
    return ""


class GuardPolicy(Record):
    """What may be sent and by which way; asked for every request and every hop of a redirect."""

    offline: Callable[[], bool]
    hosts: frozenset[str]
    """Allowed hosts in lower case; one that begins with a dot allows every host below it, one with a port
    ("127.0.0.1:8080") allows plain http to it when it is this PC itself."""
    endpoint: str = HUB
    """The Hub or a mirror.  Plain http is allowed to it alone, and only when it is this PC itself."""
    proxy_for: Callable[[str, str], str] = _no_proxy
    """The address of the proxy for a scheme and a host, or empty."""
    way: str = "none"
    """How the proxy is chosen, for the log: system, none, or its address without a password."""
    ca_file: str = ""
    """Certificates to trust instead of the system's; empty: the system's, or those of SSL_CERT_FILE."""

    def check(self, scheme: str, host: str, port: int | None) -> None:
        """Raises KnownError network.offline or network.refused; opens nothing."""
        host = host.lower().rstrip(".")
        if self.offline():
            raise KnownError("network.offline", host=host)
        allowed = host in self.hosts or any(each.startswith(".") and host.endswith(each) for each in self.hosts)
        if not (allowed and scheme == "https") and not (scheme == "http" and self._is_plain_allowed(host, port)):
            raise KnownError("network.refused", host=host)

    def is_endpoint(self, scheme: str, host: str, port: int | None) -> bool:
        """Whether this is the Hub itself: the only place a token may be sent to."""
        ours = urlsplit(self.endpoint)
        standard = {"https": 443, "http": 80}.get(scheme)
        return (scheme, host.lower(), port or standard) == (ours.scheme, ours.hostname, ours.port or standard)

    def _is_plain_allowed(self, host: str, port: int | None) -> bool:
        ours = urlsplit(self.endpoint)
        if not _is_loopback(host) or ours.scheme != "http":
            return False
        return f"{host}:{port}" in self.hosts or (host in self.hosts and (host, port) == (ours.hostname, ours.port))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Reason(Record):
    purpose: str = ""
    stop: Event | None = None
    on_wait: OnWait | None = None
    limit: SpeedLimit | None = None


_reason: ContextVar[Reason] = ContextVar("reason", default=Reason())  # noqa: B039 (frozen)


@contextmanager
def because(
    purpose: str, *, stop: Event | None = None, on_wait: OnWait | None = None, limit: SpeedLimit | None = None
) -> Iterator[None]:
    """Give the purpose of the requests made inside ("search", "download of NAME"), for the network log.  Per thread.

    Once `stop` is set they raise Stopped within about 0.3 s, wherever they wait.  `on_wait` is called about four
    times a second with the seconds since the last byte.  `limit` is heeded where there is a `stop`.
    """
    token = _reason.set(Reason(purpose, stop, on_wait, limit))
    try:
        yield
    finally:
        _reason.reset(token)


def reason_now() -> Reason:
    return _reason.get()


def make_client(policy: GuardPolicy, log: RequestLog, *, is_library: bool = False) -> httpx2.Client:
    """A client that asks `policy`, then has the request written down in `log`, and only then sends.

    `is_library`: answers are read whole and bounded, failures are
    KnownErrors at once, so that huggingface_hub neither waits nor tries again by itself.  Of the surroundings only
    SSL_CERT_FILE is read.  Raises KnownError `setting.invalid` for certificates or a proxy that cannot be used.
    """
    import httpx2

    from slmdesk.hub.answers import AnswerTransport
    from slmdesk.hub.transport import GuardTransport

    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs whole addresses, in which searched words stand
    guard = GuardTransport(policy, log)
    return httpx2.Client(
        transport=AnswerTransport(guard) if is_library else guard,
        follow_redirects=True,
        max_redirects=8,
        trust_env=False,
        timeout=httpx2.Timeout(30.0, connect=10.0),
    )
