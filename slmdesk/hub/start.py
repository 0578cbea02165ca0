"""Reads the header of a file that is not downloaded, from its first megabytes by ranged requests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.files import private_folder
from slmdesk.gguf.read import GgufHeader, read_header
from slmdesk.hub.problems import is_page, problem_of_line, problem_of_status

if TYPE_CHECKING:
    import httpx2

STEPS = tuple(1 << shift for shift in (20, 22, 24, 26))
"""Bytes from the start, tried one after another: most headers end within the first step, large vocabularies later."""


def remote_header(client: httpx2.Client, address: str, *, repo: str, token: str, folder: Path) -> GgufHeader:
    """The header of the file at `address`; `folder` holds its first bytes meanwhile.

    `file_bytes` of it are those that were fetched.  Inside `because`.  Raises KnownError network.*, hub.*, model.*.
    """
    private_folder(folder)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "start.gguf"
        have = 0
        for step in STEPS:
            before = have
            with path.open("ab") as out:
                for chunk in _range(client, address, have, step, repo=repo, token=token):
                    out.write(chunk)
                    have += len(chunk)
            try:
                return read_header(path)
            except KnownError as err:
                is_last = step == STEPS[-1] or have < step or have == before
                if err.code != "model.incomplete" or is_last:
                    raise
    raise AssertionError  # the last step returns or raises


def _range(client: httpx2.Client, address: str, begin: int, end: int, *, repo: str, token: str) -> Iterator[bytes]:
    import httpx2

    headers = {"accept-encoding": "identity", "range": f"bytes={begin}-{end - 1}"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    host = httpx2.URL(address).host
    try:
        with client.stream("GET", address, headers=headers) as response:
            if response.status_code >= 400:
                raise problem_of_status(response, what=repo, repo=repo)
            if is_page(response):
                raise KnownError("network.login_page", host=response.url.host)
            if response.status_code != 206:
                passed = begin  # all of it comes: what is there already is passed over
            elif response.headers.get("content-range", "").startswith(f"bytes {begin}-"):
                passed = 0
            else:
                raise KnownError("hub.answer_invalid", host=response.url.host, reason="another piece of the file")
            yield from _window(response.iter_raw(), passed, end - begin)
    except (httpx2.HTTPError, httpx2.InvalidURL) as err:
        raise problem_of_line(err, host) from err


def _window(chunks: Iterator[bytes], passed: int, requested: int) -> Iterator[bytes]:
    for chunk in chunks:
        piece = chunk[passed : passed + requested]
        passed = max(0, passed - len(chunk))
        requested -= len(piece)
        if piece:
            yield piece
        if not requested:
            return
