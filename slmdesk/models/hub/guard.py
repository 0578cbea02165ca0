"""The guard: the only way anything may leave this PC. Also the speed limit, and network failures as KnownErrors."""

from __future__ import annotations

import email.utils
import ipaddress
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record
from slmdesk.base.records import Answered, Outgoing
from slmdesk.base.texts import N_, _
from slmdesk.base.untrusted import clean_label

if TYPE_CHECKING:
    import httpx2

LONGEST_WAIT_S = 600
"""Longest wait in seconds that is accepted from a Retry-After header."""


def problem_of_status(response: httpx2.Response, *, what: str, repo: str = "") -> KnownError:
    host, status = response.request.url.host, response.status_code
    code = response.headers.get("x-error-code", "")
    has_token = "authorization" in response.request.headers
    if has_token and status == 401:
        return KnownError("hub.token_refused", host=host)
    if has_token and status == 403:
        return KnownError("hub.not_admitted", repo=repo or what)
    if code == "GatedRepo" or (status == 403 and repo):
        return KnownError("hub.gated", repo=repo or what)
    of_what = {401: "hub.unauthorized", 403: "hub.forbidden", 404: "hub.missing", 410: "hub.missing"}
    if status in of_what:
        return KnownError(of_what[status], what=what)
    if status == 407:
        return KnownError("network.proxy", host=host, reason=_("it wants a name and a password"))
    if status == 429:
        return KnownError("hub.busy", host=host, wait_s=retry_after(response))
    return KnownError("hub.error", host=host, status=status, wait_s=retry_after(response))


def retry_after(response: httpx2.Response) -> int:
    """Return the seconds that a Retry-After header asks to wait, at most LONGEST_WAIT_S. The header may be a number or
    a date. Without it, return 0.
    """
    untrusted = response.headers.get("retry-after", "").strip()
    if untrusted.isascii() and untrusted.isdigit():
        return min(int(untrusted[:9]), LONGEST_WAIT_S)
    try:
        wait = email.utils.parsedate_to_datetime(untrusted).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return 0
    return max(0, min(int(wait) + 1, LONGEST_WAIT_S))


def problem_of_line(err: httpx2.HTTPError | httpx2.InvalidURL, host: str) -> KnownError:
    import httpx2

    if isinstance(err, httpx2.TooManyRedirects):
        return KnownError("network.redirects", host=host)
    if isinstance(err, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)):
        return KnownError("network.refused", host=N_("an address that is none of the web"))
    if isinstance(err, httpx2.ProxyError):
        return KnownError("network.proxy", host=host, reason=clean_label(str(err), 120) or _("it refused"))
    said = ""
    cause: BaseException | None = err
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return KnownError("network.tls", host=host, reason=clean_label(cause.verify_message, 120))
        if isinstance(cause, OSError):
            said = said or clean_label(cause.strerror or "", 120)
        cause = cause.__cause__ or cause.__context__
    if isinstance(err, httpx2.TimeoutException):
        return KnownError("network.failed", host=host, reason=_("it does not answer"))
    return KnownError("network.failed", host=host, reason=said or _("the connection was cut"))


def is_page(response: httpx2.Response) -> bool:
    kind: str = response.headers.get("content-type", "")
    return kind.split(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")


LOOK_S = 0.25
"""Seconds after which a wait checks whether it was stopped."""
HOLDS_S = 0.25
"""The token bucket saves up at most the bytes of this many seconds without reads."""
PIECES_A_SECOND = 20
"""Most reads per second under a speed limit. More reads would be tiny and cost more than they gain."""


class SpeedLimit:
    """Speed limit that all downloads of this process share (a token bucket). Any thread."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._rate = 0
        self._space = 0.0
        self._filled = time.monotonic()

    def set(self, bytes_per_s: int) -> None:
        """Set the limit; 0 means no limit. Readers that are already waiting follow the new limit at once."""
        with self._change:
            if bytes_per_s == self._rate:
                return
            self._rate, self._space, self._filled = bytes_per_s, 0.0, time.monotonic()
            self._change.notify_all()

    def take(self, most: int, stop: threading.Event) -> int:
        """Wait, and return how many bytes may be read: 1 to `most`. Raises Stopped within LOOK_S once `stop` is set."""
        with self._change:
            while not stop.is_set():
                if not self._rate:
                    return most
                now = time.monotonic()
                self._space = min(self._space + (now - self._filled) * self._rate, max(self._rate * HOLDS_S, 1.0))
                self._filled = now
                least = min(most, max(1, self._rate // PIECES_A_SECOND))
                if self._space >= least:
                    count = min(most, int(self._space))
                    self._space -= count
                    return count
                self._change.wait(min(LOOK_S, (least - self._space) / self._rate))
        raise Stopped

    def give_back(self, count: int) -> None:
        with self._change:
            if self._rate:
                self._space += count


# The guard. The only client through which anything may leave this PC. It checks and logs every request before it is
# sent. It is a client of httpx2, as huggingface_hub's `set_client_factory` requires. Both are imported only when a
# client is made.


HUB = "https://huggingface.co"
HUB_HOSTS = frozenset({"huggingface.co", ".huggingface.co", ".hf.co"})
"""The Hub and the storage hosts to which it redirects."""
OnWait = Callable[[float], None]


class RequestLog(Protocol):
    """The network log. Its methods are called on the thread of the request, which is never the service thread."""

    def record(self, request: Outgoing) -> int:
        """Write the request to the disk and return its number. If this raises, the request is not sent."""

    def finish(self, n: int, answer: Answered) -> None:
        """Log that the answer to request `n` was read to the end or closed, or that the request failed."""

    def refuse(self, request: Outgoing, code: str) -> None:
        """Log that the request is not sent, with the error code of the reason. Never raises."""


def no_proxy(_scheme: str, _host: str) -> str:
    return ""


class GuardPolicy(Record):
    """Rules for what may be sent and through which proxy. Checked for each request and each redirect."""

    offline: Callable[[], bool]
    hosts: frozenset[str]
    """Allowed hosts in lower case. A name that begins with a dot allows every host below it. A name with a port
    ("127.0.0.1:8080") allows plain http, if the host is this PC itself.
    """
    endpoint: str = HUB
    """Address of the Hub or a mirror. If the endpoint is on this PC, plain http to it is allowed."""
    proxy_for: Callable[[str, str], str] = no_proxy
    """Function that returns the address of the proxy for a scheme and a host, or "" for no proxy."""
    way: str = "none"
    """How the proxy is chosen, for the network log: "system", "none", or the proxy's address without its password."""
    ca_file: str = ""
    """File with the certificates to trust. If empty, the system's certificates or those of SSL_CERT_FILE are used."""

    def check(self, scheme: str, host: str, port: int | None) -> None:
        """Check that the host is allowed. Opens no connection. Raises KnownError network.offline or network.refused."""
        host = host.lower().rstrip(".")
        if self.offline():
            raise KnownError("network.offline", host=host)
        allowed = host in self.hosts or any(each.startswith(".") and host.endswith(each) for each in self.hosts)
        if not (allowed and scheme == "https") and not (scheme == "http" and self._is_plain_allowed(host, port)):
            raise KnownError("network.refused", host=host)

    def is_endpoint(self, scheme: str, host: str, port: int | None) -> bool:
        """Return whether the address is the endpoint, the only place to which an access token may be sent."""
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
    """Set the purpose of the requests made inside the block, for the network log. It applies to this thread.

    Once `stop` is set, the requests raise Stopped within about 0.3 s. `on_wait` gets the seconds since the last byte
    came. `limit` is only followed if `stop` is given.
    """
    token = _reason.set(Reason(purpose, stop, on_wait, limit))
    try:
        yield
    finally:
        _reason.reset(token)


def reason_now() -> Reason:
    return _reason.get()


def make_client(policy: GuardPolicy, log: RequestLog, *, is_library: bool = False) -> httpx2.Client:
    """Return an HTTP client that passes the guard: each request is checked by `policy` and written to `log` before it
    is sent.

    `is_library` is True for the client of huggingface_hub. It reads an answer whole, up to MAX_ANSWER_BYTES, and raises
    KnownError at once, so that the library neither waits nor tries again. Raises `setting.invalid`.
    """
    import httpx2

    from slmdesk.models.hub.transport import AnswerTransport, GuardTransport

    logging.getLogger("httpx2").setLevel(logging.WARNING)  # at INFO it logs whole addresses with the words searched for
    guard = GuardTransport(policy, log)
    return httpx2.Client(
        transport=AnswerTransport(guard) if is_library else guard,
        follow_redirects=True,
        max_redirects=8,
        trust_env=False,
        timeout=httpx2.Timeout(30.0, connect=10.0),
    )
