"""The guard's place in httpx2: a transport, so that each hop of a redirect passes it too."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2

from slmdesk.hub.guard import Finish, GuardPolicy, Record, purpose_now

USER_AGENT = "slmdesk"


class GuardTransport(httpx2.BaseTransport):
    """Checks, notes, sends, counts."""

    def __init__(self, policy: GuardPolicy, record: Record, finish: Finish) -> None:
        self._policy = policy
        self._record = record
        self._finish = finish
        self._inner = httpx2.HTTPTransport()  # of the surroundings it reads SSL_CERT_FILE alone

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises KnownError network.offline or network.refused before any socket, and what `record` raises."""
        url = request.url
        self._policy.check(url.scheme, url.host, url.port)
        request.headers["user-agent"] = USER_AGENT  # the library's own tells versions and more of this PC
        number = self._record(url.host, request.method, url.path, purpose_now())
        try:
            response = self._inner.handle_request(request)
        except BaseException:
            self._finish(number, 0)
            raise
        assert isinstance(response.stream, httpx2.SyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Counted(response.stream, number, self._finish),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class _Counted(httpx2.SyncByteStream):
    """Counts the bytes of an answer as they came over the line."""

    def __init__(self, stream: httpx2.SyncByteStream, number: int, finish: Finish) -> None:
        self._stream = stream
        self._number = number
        self._finish = finish
        self._bytes = 0
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._bytes += len(chunk)
            yield chunk

    def close(self) -> None:
        self._stream.close()
        if not self._is_closed:
            self._is_closed = True
            self._finish(self._number, self._bytes)
