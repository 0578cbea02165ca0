"""Sits between huggingface_hub and the guard: reads answers whole and bounded, raises failures as known errors."""

from __future__ import annotations

import time
from contextlib import closing

import httpx2

from slmdesk.base.errors import KnownError
from slmdesk.hub.problems import is_page, problem_of_line, problem_of_status

MAX_ANSWER_BYTES = 4 << 20
"""Of one answer, unpacked.  A hundred repositories with their files take about 1 MiB; as Python objects a hostile
answer takes up to forty times its size."""
ANSWER_S = 60.0
"""Seconds for one whole answer, however slowly its bytes arrive."""
_WAITS = {"connect": 10.0, "read": 20.0, "write": 20.0, "pool": 20.0}
_API = "/api/models/"


class AnswerTransport(httpx2.BaseTransport):
    """Raises KnownError where huggingface_hub would log the address, sleep and try again."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises KnownError network.*, hub.*, and Stopped."""
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
            raise KnownError("hub.answer_invalid", host=host, reason="far too much data")
        if time.monotonic() > deadline:
            raise KnownError("network.failed", host=host, reason="it answers too slowly")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise KnownError("hub.answer_invalid", host=host, reason="packed, though that was not asked for")
    headers = [(key, value) for key, value in response.headers.items() if key in ("content-type", "link")]
    return httpx2.Response(response.status_code, headers=headers, content=bytes(body))
