"""The guard as an httpx2 transport, so that each hop of a redirect passes it too."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

import httpcore2
import httpx2

from slmdesk.base.errors import KnownError
from slmdesk.base.ledger import Answered, Outgoing
from slmdesk.hub.audit import passing
from slmdesk.hub.guard import GuardPolicy, RequestLog, reason_now
from slmdesk.hub.lines import READ_BYTES, HearingBackend, HearingStream

USER_AGENT = "slmdesk"
STANDARD_PORTS = {"https": 443, "http": 80}


class GuardTransport(httpx2.BaseTransport):
    def __init__(self, policy: GuardPolicy, log: RequestLog) -> None:
        self._policy = policy
        self._log = log
        self._tls: ssl.SSLContext | None = None
        self._ways: dict[tuple[str, str], _ConnectionPool] = {}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises KnownError network.offline or network.refused before any socket, and what `record` raises."""
        url = request.url
        outgoing = self._outgoing(request)
        try:
            self._policy.check(url.scheme, url.host, url.port)
        except KnownError as err:
            self._log.refuse(outgoing, err.code)
            raise
        request.headers["user-agent"] = USER_AGENT  # the library's own reveals versions and more about this PC
        for name in ("cookie", *(() if self._policy.is_endpoint(url.scheme, url.host, url.port) else _SECRET)):
            request.headers.pop(name, None)
        number, proxy = self._log.record(outgoing), ""
        try:
            with passing():
                proxy = self._policy.proxy_for(url.scheme, url.host)  # on Windows this may ask for the host's address
                response = self._way(proxy, url.scheme).handle_request(request)
        except BaseException:
            self._log.finish(number, Answered(0, proxy=_host_of(proxy)))
            raise
        assert isinstance(response.stream, httpx2.SyncByteStream)

        def finish(size: int) -> None:
            self._log.finish(number, Answered(size, response.status_code, _host_of(proxy)))

        stream: httpx2.SyncByteStream = _Counted(response.stream, finish, _straight(request, response))
        if response.has_redirect_location:  # httpx2 would read its body, however long
            stream.close()
            stream = httpx2.ByteStream(b"")
        return httpx2.Response(
            response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
        )

    def close(self) -> None:
        for way in self._ways.values():
            way.close()

    def _outgoing(self, request: httpx2.Request) -> Outgoing:
        url = request.url
        return Outgoing(
            url.host,
            request.method,
            url.path,
            purpose=reason_now().purpose,
            port=url.port or STANDARD_PORTS.get(url.scheme, 0),
            via=self._policy.way,
            query_sha256=hashlib.sha256(url.query).hexdigest() if url.query else "",
        )

    def _way(self, proxy: str, scheme: str) -> _ConnectionPool:
        if (proxy, scheme) not in self._ways:
            if self._tls is None and (scheme == "https" or self._policy.ca_file):  # 30 ms, of no use to plain http
                self._tls = _certificates(self._policy.ca_file)
            self._ways[proxy, scheme] = _ConnectionPool(proxy, self._tls)
        return self._ways[proxy, scheme]


_SECRET = ("authorization",)


class _ConnectionPool(httpx2.HTTPTransport):
    def __init__(self, proxy: str, tls: ssl.SSLContext | None) -> None:
        backend = HearingBackend()
        # the parent's constructor has no place for a backend: its pool is the one thing replaced (tests/hub/test_guard)
        if not proxy:
            self._pool = httpcore2.ConnectionPool(ssl_context=tls, network_backend=backend)
            return
        parts = urlsplit(proxy)
        if parts.scheme != "http" or not parts.hostname:
            raise KnownError("setting.invalid", key="proxy", reason="it must look like http://host:port")
        user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._pool = httpcore2.HTTPProxy(
            f"http://{_bracketed(parts.hostname)}:{parts.port or 80}/",
            proxy_auth=user,
            ssl_context=tls,
            network_backend=backend,
        )


def _host_of(proxy: str) -> str:
    return urlsplit(proxy).netloc.rpartition("@")[2]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _certificates(ca_file: str) -> ssl.SSLContext:
    if not ca_file:
        return httpx2.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as err:
        raise KnownError("setting.invalid", key="ca_file", reason=err.strerror or type(err).__name__) from err


STRAIGHT_BYTES = 1 << 20
"""Of a longer answer the rest is read past the library."""


class _DirectReader:
    """Reads the rest of a body of known length from the connection itself.

    httpcore2 takes each piece through four copies, half of what a download costs on a fast line.  Once the body has
    begun, what comes is the body and nothing else; the connection is not used again (tests/hub/test_guard).
    """

    def __init__(self, line: HearingStream, length: int, timeout_s: float | None) -> None:
        self._line, self._length, self._timeout_s = line, length, timeout_s

    def after(self, come: int) -> Iterator[bytes]:
        """What follows the first `come` bytes.  Raises httpx2.HTTPError, Stopped."""
        while come < self._length:
            try:
                piece = self._line.read(READ_BYTES, self._timeout_s)[: self._length - come]
            except httpcore2.TimeoutException as err:
                raise httpx2.ReadTimeout(str(err)) from err
            except httpcore2.NetworkError as err:
                raise httpx2.ReadError(str(err)) from err
            if not piece:
                raise httpx2.RemoteProtocolError("the connection ended early")
            come += len(piece)
            yield piece


def _straight(request: httpx2.Request, response: httpx2.Response) -> _DirectReader | None:
    """A way to the body past the library, where nothing has to be taken out of it."""
    line, length = response.extensions.get("network_stream"), response.headers.get("content-length", "")
    is_plain = request.method == "GET" and response.status_code in (200, 206)
    is_plain = is_plain and not {"transfer-encoding", "content-encoding"} & set(response.headers)
    if not isinstance(line, HearingStream) or not is_plain or not (length.isascii() and length.isdigit()):
        return None
    if int(length[:18]) <= STRAIGHT_BYTES:  # its connection can be used again
        return None
    return _DirectReader(line, int(length[:18]), request.extensions.get("timeout", {}).get("read"))


class _Counted(httpx2.SyncByteStream):
    """Counts the bytes of an answer as they came over the line."""

    def __init__(
        self, stream: httpx2.SyncByteStream, finish: Callable[[int], None], straight: _DirectReader | None = None
    ) -> None:
        self._stream = stream
        self._finish = finish
        self._straight = straight
        self._bytes = 0
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._stream)  # kept to the end: the library closes the connection when this goes
        for chunk in pieces:
            self._bytes += len(chunk)
            yield chunk
            if self._straight:  # the library holds nothing back behind the first piece
                break
        for chunk in self._straight.after(self._bytes) if self._straight else ():
            self._bytes += len(chunk)
            yield chunk

    def close(self) -> None:
        self._stream.close()
        if not self._is_closed:
            self._is_closed = True
            self._finish(self._bytes)
