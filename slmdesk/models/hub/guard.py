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
from slmdesk.base.record import Record, field
from slmdesk.base.records import Answered, Outgoing
from slmdesk.base.texts import N_, _
from slmdesk.base.untrusted import clean_label

if TYPE_CHECKING:
    import httpx2

LONGEST_WAIT_S = 600
"""Longest wait in seconds that is accepted from a Retry-After header."""


def problem_of_status(response: httpx2.Response, asking: Asking) -> KnownError:
    url, status = response.request.url, response.status_code
    host, code = url.host, response.headers.get("x-error-code", "")
    what, repo = asking.what or asking.repo or host, asking.repo
    if status in (401, 403) and not asking.policy.is_endpoint(url.scheme, host, url.port):
        # the storage address has expired: the Hub gives a new one
        return KnownError("hub.error", host=host, status=status, wait_s=0)
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


class SpeedLimit:
    """Speed limit that all downloads of this process share. Any thread."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._rate = 0
        self._free_at = 0.0

    def set(self, bytes_per_s: int) -> None:
        """Set the limit; 0 means no limit. Readers that are already waiting follow the new limit at once."""
        with self._change:
            self._rate, self._free_at = bytes_per_s, 0.0
            self._change.notify_all()

    def spend(self, count: int, stop: threading.Event) -> None:
        """Wait as long as `count` bytes take. Raises Stopped within LOOK_S once `stop` is set."""
        with self._change:
            rate, free_at = self._rate, max(self._free_at, time.monotonic())
            self._free_at = free_at + count / rate if rate else 0.0
            while rate and rate == self._rate and (wait_s := free_at - time.monotonic()) > 0:
                self._change.wait(min(LOOK_S, wait_s))
                if stop.is_set():
                    raise Stopped


# The guard. The only client through which anything may leave this PC. It checks and logs every request before it is
# sent. It is a client of httpx2, as huggingface_hub's `set_client_factory` requires. Both are imported only when a
# client is made.


class CannotResume(KnownError):
    """The server did not send the part of a file that it was asked for."""


HUB = "https://huggingface.co"
HUB_HOSTS = frozenset({"huggingface.co", ".huggingface.co", ".hf.co"})
"""The Hub and the storage hosts to which it redirects."""


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


class Asking(Record):
    """Who asks, why, and for what: by this the guard decides about a request and logs it."""

    policy: GuardPolicy
    log: RequestLog
    purpose: str = ""
    repo: str = ""
    what: str = ""
    """Name of what is asked for, for the words of an error. Empty: the repository, else the host."""
    stop: Event = field(default_factory=Event)
    """Once it is set, the requests raise Stopped within about 0.3 s; while they connect, once that has ended."""
    is_long: bool = False
    """Whether an answer may be of any size and take any time."""
    silence_s: float = 20.0
    """Seconds without a byte after which the connection is given up."""
    on_wait: Callable[[float], None] = lambda _seconds: None
    """Called during a silence, with its seconds so far."""


_asking: ContextVar[Asking] = ContextVar("asking")


@contextmanager
def because(asking: Asking) -> Iterator[None]:
    """Say who sends the requests made inside the block. It applies to this thread."""
    token = _asking.set(asking)
    try:
        yield
    finally:
        _asking.reset(token)


def asking_now() -> Asking:
    """Return what `because` was told. Raises LookupError: nobody asks outside such a block."""
    return _asking.get()


def make_client() -> httpx2.Client:
    """Return the HTTP client that huggingface_hub gets. Each request is checked and logged before it is sent."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx2

    from slmdesk.models.hub.transport import GuardTransport

    logging.getLogger("httpx2").setLevel(logging.WARNING)  # at INFO it logs whole addresses with the words searched for
    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)  # it prints warnings in the words of the server
    none_kept = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return httpx2.Client(
        transport=GuardTransport(), cookies=none_kept, follow_redirects=True, max_redirects=8, trust_env=False
    )
