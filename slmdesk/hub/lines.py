"""Network connections that can be stopped while they wait: for a name, for a handshake, for the next byte."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any

import httpcore2

from slmdesk.base.errors import Stopped
from slmdesk.hub.guard import reason_now

READ_BYTES = 1 << 18
"""Bytes of one read: httpcore2 asks for 64 KiB, and each piece costs the same whatever its size.
Half and double of it were slower (benchmarks/download_throughput.py)."""
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
        """Raises Stopped, and what httpcore2 raises."""
        connect = self._inner.connect_tcp
        return HearingStream(_hearing(lambda: connect(host, port, timeout, local_address, socket_options)))


class HearingStream(httpcore2.NetworkStream):
    """A connection whose reads end within LOOK_S once the reason's stop is set."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes.  Raises Stopped, and httpcore2.ReadTimeout when none came for `timeout` seconds."""
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
        """Write a request; it is small, so the system takes it at once."""
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Raises Stopped, and what httpcore2 raises."""
        begin = self._inner.start_tls
        return HearingStream(_hearing(lambda: begin(ssl_context, server_hostname, timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _hearing(work: Callable[[], httpcore2.NetworkStream]) -> httpcore2.NetworkStream:
    """Do `work` on a thread of its own and abandon it once the reason's stop is set.

    Neither looking up a name nor a handshake can be ended from outside; a connection that comes too late is closed.
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

    own = copy_context()  # it passes the guard as whoever waits does (audit.py)
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
