"""The guard as an httpx2 transport: connections that can be stopped, and answers that are read whole up to a limit."""

from __future__ import annotations

import hashlib
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore2
import httpx2

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.records import Answered, Outgoing
from slmdesk.base.texts import N_, _
from slmdesk.models.hub.barriers import passing
from slmdesk.models.hub.guard import GuardPolicy, RequestLog, is_page, problem_of_line, problem_of_status, reason_now

MAX_ANSWER_BYTES = 4 << 20
"""Most bytes of an answer, after unpacking. A hundred repositories with their files take about 1 MiB. As Python
objects, a hostile answer takes up to forty times its size.
"""
ANSWER_S = 60.0
"""Most seconds for a whole answer, however slowly its bytes arrive."""
_WAITS = {"connect": 10.0, "read": 20.0, "write": 20.0, "pool": 20.0}
_API = "/api/models/"


class AnswerTransport(httpx2.BaseTransport):
    """Transport for huggingface_hub that reads whole answers. It raises KnownError where the library would log the
    address, sleep and try again.
    """

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request and return its answer, read to the end. Raises KnownError network.*, hub.*, and Stopped."""
        host = request.url.host
        request.extensions["timeout"] = dict(_WAITS)  # the library sets no timeout at all
        request.headers["accept-encoding"] = "identity"
        try:
            response = self._inner.handle_request(request)
            response.request = request
            with closing(response):
                if response.has_redirect_location:
                    return httpx2.Response(response.status_code, headers=response.headers)
                return _whole(response, host, request.url.path)
        except httpx2.HTTPError as err:
            raise problem_of_line(err, host) from err

    def close(self) -> None:
        self._inner.close()


def _whole(response: httpx2.Response, host: str, path: str) -> httpx2.Response:
    if response.status_code >= 400:
        repo = path.removeprefix(_API).partition("/revision/")[0] if path.startswith(_API) else ""
        raise problem_of_status(response, what=repo or host, repo=repo)
    if is_page(response):
        raise KnownError("network.login_page", host=host)
    deadline = time.monotonic() + ANSWER_S
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise KnownError("hub.answer_invalid", host=host, reason=_("far too much data"))
        if time.monotonic() > deadline:
            raise KnownError("network.failed", host=host, reason=_("it answers too slowly"))
    if response.headers.get("content-encoding", "identity") != "identity":
        raise KnownError("hub.answer_invalid", host=host, reason=_("packed, though that was not asked for"))
    headers = [(key, value) for key, value in response.headers.items() if key in ("content-type", "link")]
    return httpx2.Response(response.status_code, headers=headers, content=bytes(body))


READ_BYTES = 1 << 18
"""Most bytes of a read. httpcore2 asks for 64 KiB, and each read costs the same whatever its size. Half and double of
this value were slower (benchmarks/download_throughput.py).
"""
LOOK_S = 0.25


class HearingBackend(httpcore2.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        connect = self._inner.connect_tcp
        return HearingStream(_hearing(lambda: connect(host, port, timeout, local_address, socket_options)))


class HearingStream(httpcore2.NetworkStream):
    """Connection whose reads end within LOOK_S seconds once the `stop` given to `because` is set."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes. Raises Stopped, and httpcore2.ReadTimeout if no byte came for `timeout` seconds."""
        reason = reason_now()
        if reason.stop is None:
            return self._inner.read(max_bytes, timeout)
        begin = time.monotonic()
        while not reason.stop.is_set():
            most = max(max_bytes, READ_BYTES)
            if reason.limit:
                most = reason.limit.take(most, reason.stop)
            received = 0
            try:
                read = self._inner.read(most, LOOK_S)
                received = len(read)
                return read
            except httpcore2.ReadTimeout:
                waited = time.monotonic() - begin
                if reason.on_wait:
                    reason.on_wait(waited)
                if timeout is not None and waited >= timeout:
                    raise
            finally:
                if reason.limit:
                    reason.limit.give_back(most - received)
        raise Stopped

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        begin = self._inner.start_tls
        return HearingStream(_hearing(lambda: begin(ssl_context, server_hostname, timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _hearing(work: Callable[[], httpcore2.NetworkStream]) -> httpcore2.NetworkStream:
    """Run `work`, a look-up or handshake, on a thread of its own, and give up waiting once the `stop` given to
    `because` is set.

    Such work cannot be ended from outside. If it yields a connection too late, that connection is closed.
    """
    stop = reason_now().stop
    if stop is None:
        return work()
    answers: SimpleQueue[httpcore2.NetworkStream | BaseException] = SimpleQueue()
    is_left = threading.Event()

    def close_late() -> None:
        try:
            late = answers.get_nowait()
        except Empty:
            return
        if isinstance(late, httpcore2.NetworkStream):
            late.close()

    def run() -> None:
        try:
            answers.put(work())
        except BaseException as err:  # noqa: BLE001  it is raised to the caller who waits
            answers.put(err)
        if is_left.is_set():
            close_late()

    own = copy_context()  # the new thread keeps the caller's `passing` and `because` (barriers.py)
    threading.Thread(target=own.run, args=(run,), name="connect", daemon=True).start()
    while not stop.is_set():
        try:
            answer = answers.get(timeout=LOOK_S)
        except Empty:
            continue
        if isinstance(answer, BaseException):
            raise answer
        return answer
    is_left.set()
    close_late()
    raise Stopped


USER_AGENT = "slmdesk"
STANDARD_PORTS = {"https": 443, "http": 80}


class GuardTransport(httpx2.BaseTransport):
    def __init__(self, policy: GuardPolicy, log: RequestLog) -> None:
        self._policy = policy
        self._log = log
        self._tls: ssl.SSLContext | None = None
        self._ways: dict[tuple[str, str], _ConnectionPool] = {}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Check, log and send the request. What `RequestLog.record` raises is raised again.

        Raises KnownError network.offline or network.refused before any socket is opened.
        """
        url = request.url
        outgoing = self._outgoing(request)
        try:
            self._policy.check(url.scheme, url.host, url.port)
        except KnownError as err:
            self._log.refuse(outgoing, err.code)
            raise
        request.headers["user-agent"] = USER_AGENT  # the library's own reveals versions and more about this PC
        request.headers.pop("cookie", None)
        if not self._policy.is_endpoint(url.scheme, url.host, url.port):
            request.headers.pop("authorization", None)
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
            if self._tls is None and (
                scheme == "https" or self._policy.ca_file
            ):  # loading takes 30 ms and plain http does not need it
                self._tls = _certificates(self._policy.ca_file)
            self._ways[proxy, scheme] = _ConnectionPool(proxy, self._tls)
        return self._ways[proxy, scheme]


class _ConnectionPool(httpx2.HTTPTransport):
    def __init__(self, proxy: str, tls: ssl.SSLContext | None) -> None:
        backend = HearingBackend()
        # the parent's constructor accepts no backend, so only its pool is replaced (tests/models/hub/test_guard)
        if not proxy:
            self._pool = httpcore2.ConnectionPool(ssl_context=tls, network_backend=backend)
            return
        parts = urlsplit(proxy)
        if parts.scheme != "http" or not parts.hostname:
            raise KnownError("setting.invalid", key="proxy", reason=_("it must look like http://host:port"))
        user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._pool = httpcore2.HTTPProxy(
            f"http://{f'[{parts.hostname}]' if ':' in parts.hostname else parts.hostname}:{parts.port or 80}/",
            proxy_auth=user,
            ssl_context=tls,
            network_backend=backend,
        )


def _host_of(proxy: str) -> str:
    return urlsplit(proxy).netloc.rpartition("@")[2]


def _certificates(ca_file: str) -> ssl.SSLContext:
    if not ca_file:
        return httpx2.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as err:
        raise KnownError("setting.invalid", key="ca_file", reason=err.strerror or type(err).__name__) from err


STRAIGHT_BYTES = 1 << 20
"""Answers longer than these bytes are read directly from the connection, not through httpcore2."""


class _DirectReader:
    """Reads the rest of a body of known length directly from the connection. The four copies that httpcore2 makes cost
    half of the speed on a fast line. The connection is not used again (tests/models/hub/test_guard).
    """

    def __init__(self, line: HearingStream, length: int, timeout_s: float | None) -> None:
        self._line, self._length, self._timeout_s = line, length, timeout_s

    def after(self, come: int) -> Iterator[bytes]:
        """Yield the body after its first `come` bytes. Raises httpx2.HTTPError, Stopped."""
        while come < self._length:
            try:
                piece = self._line.read(READ_BYTES, self._timeout_s)[: self._length - come]
            except httpcore2.TimeoutException as err:
                raise httpx2.ReadTimeout(str(err)) from err
            except httpcore2.NetworkError as err:
                raise httpx2.ReadError(str(err)) from err
            if not piece:
                raise httpx2.RemoteProtocolError(N_("the connection ended early"))
            come += len(piece)
            yield piece


def _straight(request: httpx2.Request, response: httpx2.Response) -> _DirectReader | None:
    """Return a direct reader for a long, plain body, or None if it is short, encoded or of unknown length."""
    line, length = response.extensions.get("network_stream"), response.headers.get("content-length", "")
    is_plain = request.method == "GET" and response.status_code in (200, 206)
    is_plain = is_plain and not {"transfer-encoding", "content-encoding"} & set(response.headers)
    if not isinstance(line, HearingStream) or not is_plain or not (length.isascii() and length.isdigit()):
        return None
    if int(length[:18]) <= STRAIGHT_BYTES:  # a short body: httpcore2 can use its connection again
        return None
    return _DirectReader(line, int(length[:18]), request.extensions.get("timeout", {}).get("read"))


class _Counted(httpx2.SyncByteStream):
    def __init__(
        self, stream: httpx2.SyncByteStream, finish: Callable[[int], None], straight: _DirectReader | None = None
    ) -> None:
        self._stream = stream
        self._finish = finish
        self._straight = straight
        self._bytes = 0
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._stream)  # keep a reference: the library closes the connection when the iterator is deleted
        for chunk in pieces:
            self._bytes += len(chunk)
            yield chunk
            if self._straight:  # the library has buffered nothing after the first piece
                break
        for chunk in self._straight.after(self._bytes) if self._straight else ():
            self._bytes += len(chunk)
            yield chunk

    def close(self) -> None:
        self._stream.close()
        if not self._is_closed:
            self._is_closed = True
            self._finish(self._bytes)
