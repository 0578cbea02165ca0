"""The guard as an httpx2 transport: each request is checked, logged and can be stopped; each answer is looked at."""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.records import Answered, Outgoing
from slmdesk.base.texts import _
from slmdesk.models.hub.barriers import passing
from slmdesk.models.hub.guard import (
    LOOK_S,
    Asking,
    CannotResume,
    asking_now,
    is_page,
    problem_of_line,
    problem_of_status,
)

MAX_ANSWER_BYTES = 4 << 20
"""Most bytes of an answer. A hundred repositories with their files take about 1 MiB. As Python objects, a hostile
answer takes up to forty times its size.
"""
ANSWER_S = 60.0
"""Most seconds for a whole answer, however slowly its bytes arrive."""
CONNECT_S = 10.0
WRITE_S = 20.0
USER_AGENT = "slmdesk"
STANDARD_PORTS = {"https": 443, "http": 80}


class HearingBackend(httpcore2.SyncBackend):
    """Connections whose reads end within LOOK_S seconds once they are stopped."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        return HearingStream(super().connect_tcp(host, port, timeout, local_address, socket_options))


class HearingStream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes. Raises Stopped, and httpcore2.ReadTimeout after too long a silence."""
        asking, begin = asking_now(), time.monotonic()
        while not asking.stop.is_set():
            try:
                return self._inner.read(max_bytes, LOOK_S)
            except httpcore2.ReadTimeout:
                waited = time.monotonic() - begin
                asking.on_wait(waited)
                if waited >= asking.silence_s:
                    raise
        raise Stopped

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return HearingStream(self._inner.start_tls(ssl_context, server_hostname, timeout))


class GuardTransport(httpx2.BaseTransport):
    def __init__(self) -> None:
        self._ways: dict[tuple[str, str], httpx2.HTTPTransport] = {}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Check, log and send the request. What `RequestLog.record` raises is raised again.

        Raises KnownError network.offline or network.refused before any socket is opened, and for an answer that is of
        no use: hub.*, network.login_page.
        """
        asking, url = asking_now(), request.url
        policy, log, outgoing = asking.policy, asking.log, _outgoing(request, asking)
        try:
            policy.check(url.scheme, url.host, url.port)
        except KnownError as err:
            log.refuse(outgoing, err.code)
            raise
        request.headers["user-agent"] = USER_AGENT  # the library's own reveals versions and more about this PC
        request.headers["accept-encoding"] = "identity"
        request.headers.pop("cookie", None)
        if not policy.is_endpoint(url.scheme, url.host, url.port):
            request.headers.pop("authorization", None)
        request.extensions["timeout"] = {
            "connect": CONNECT_S, "read": asking.silence_s, "write": WRITE_S, "pool": CONNECT_S,
        }  # fmt: skip
        number, proxy = log.record(outgoing), ""
        try:
            with passing():
                proxy = policy.proxy_for(url.scheme, url.host)  # on Windows this may ask for the host's address
                response = self._way(proxy, policy.ca_file).handle_request(request)
        except BaseException as err:
            log.finish(number, Answered(0, proxy=_host_of(proxy)))
            if isinstance(err, httpx2.HTTPError):  # huggingface_hub would wait and ask again, deaf to `stop`
                raise problem_of_line(err, url.host) from err
            raise
        assert isinstance(response.stream, httpx2.SyncByteStream)

        def finish(size: int) -> None:
            log.finish(number, Answered(size, response.status_code, _host_of(proxy)))

        response.stream = _Counted(response.stream, url.host, asking.is_long, finish)
        response.request = request
        if response.has_redirect_location:  # httpx2 would read its body, however long
            response.close()
            return httpx2.Response(response.status_code, headers=response.headers)
        try:
            _check(response, asking)
        except BaseException:
            response.close()
            raise
        return response

    def close(self) -> None:
        for way in self._ways.values():
            way.close()

    def _way(self, proxy: str, ca_file: str) -> httpx2.HTTPTransport:
        if (proxy, ca_file) not in self._ways:
            if proxy and urlsplit(proxy).scheme != "http":
                raise KnownError("setting.invalid", key="proxy", reason=_("it must look like http://host:port"))
            way = httpx2.HTTPTransport(verify=_certificates(ca_file), proxy=proxy or None)
            # its constructor accepts no backend (tests/models/hub/test_guard)
            way._pool._network_backend = HearingBackend()
            self._ways[proxy, ca_file] = way
        return self._ways[proxy, ca_file]


def _outgoing(request: httpx2.Request, asking: Asking) -> Outgoing:
    url = request.url
    return Outgoing(
        url.host,
        request.method,
        url.path,
        purpose=asking.purpose,
        port=url.port or STANDARD_PORTS.get(url.scheme, 0),
        via=asking.policy.way,
        query_sha256=hashlib.sha256(url.query).hexdigest() if url.query else "",
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


def _check(response: httpx2.Response, asking: Asking) -> None:
    """Raise a KnownError for an answer that huggingface_hub would wait for, ask for again, or take for the file."""
    host, status = response.request.url.host, response.status_code
    begin = response.request.headers.get("range", "").removeprefix("bytes=").partition("-")[0]
    is_of_range = response.headers.get("content-range", "").startswith(f"bytes {begin}-")
    if begin and status in (206, 416) and not is_of_range:
        raise CannotResume("hub.answer_invalid", host=host, reason=_("another piece of the file"))
    if status >= 400:
        raise problem_of_status(response, asking)
    if is_page(response):
        raise KnownError("network.login_page", host=host)
    if response.headers.get("content-encoding", "identity") != "identity":
        raise KnownError("hub.answer_invalid", host=host, reason=_("packed, though that was not asked for"))


class _Counted(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, host: str, is_long: bool, finish: Callable[[int], None]) -> None:
        self._stream, self._host, self._is_long, self._finish = stream, host, is_long, finish
        self._bytes = 0
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        deadline = time.monotonic() + ANSWER_S
        for chunk in self._told():
            self._bytes += len(chunk)
            if self._bytes > MAX_ANSWER_BYTES and not self._is_long:
                raise KnownError("hub.answer_invalid", host=self._host, reason=_("far too much data"))
            if time.monotonic() > deadline and not self._is_long:
                raise KnownError("network.failed", host=self._host, reason=_("it answers too slowly"))
            yield chunk

    def _told(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except httpx2.HTTPError as err:
            raise problem_of_line(err, self._host) from err

    def close(self) -> None:
        self._stream.close()
        if not self._is_closed:
            self._is_closed = True
            self._finish(self._bytes)
