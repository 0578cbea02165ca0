"""Downloads one file: resumes where it was, retries by itself, and accepts only what was published.

Range and If-Range as in RFC 9110, sections 13.1.5 and 14.  A plain generator; closing it, or its stop, keeps the part.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record
from slmdesk.hub.part import Part
from slmdesk.hub.problems import is_page, problem_of_line, problem_of_status

if TYPE_CHECKING:
    import httpx2

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")
_SHA256 = re.compile(r'"?([0-9a-f]{64})"?')
PASSING = frozenset({"network.failed", "hub.busy", "hub.error", "download.cut"})
"""Failures after which another try may do better."""
NOTES = ("ignored", "changed", "shifted", "refused")
"""Why a file was started over: the server sent all of it, another one, another piece, or none of it."""


class TransferLimits(Record):
    tries: int = 6
    """Without progress, one after another."""
    progress_bytes: int = 64 << 10
    """Less than this is none."""
    first_wait_s: float = 1.0
    """Doubled with each try without progress."""
    longest_wait_s: float = 60.0
    connect_s: float = 10.0
    silence_s: float = 20.0
    """Without a byte: the connection is given up and another tried."""

    def wait_after(self, err: KnownError, tries: int) -> float:
        """Seconds before the next try, after so many without progress: longer each time, and what was asked for."""
        asked = float(err.args_for_people.get("wait_s", 0))
        return max(asked, min(self.first_wait_s * 2.0 ** (tries - 1), self.longest_wait_s))


class Progress(Record):
    state: str
    """checking (what is there already), fetching, waiting (before another try)."""
    done: int
    total: int
    note: str = ""
    """One of NOTES."""
    error: KnownError | None = None


class Transfer:
    """One file being downloaded into its part.  On a thread of its own."""

    def __init__(
        self, client: httpx2.Client, address: str, part: Part, *, stop: Event, token: str = "", limits: TransferLimits
    ) -> None:
        self._client, self._address, self._part = client, address, part
        self._stop, self._token, self._limits = stop, token, limits
        self.resumed_from = 0
        """Bytes that were there when it began, as long as they are used."""

    def run(self) -> Generator[Progress, None, None]:
        """Download until the part is complete and verified.  The part is kept whatever happens.

        Raises Stopped, and KnownError: `download.gave_up` after too many tries, `download.damaged`,
        `download.wrong_size`, `download.changed`, `disk.full`, network.*, hub.*.
        """
        part = self._part
        try:
            for done in part.open(self._stop):
                yield self._progress("checking", done)
            self.resumed_from = part.size
            part.need_space()
            yield from self._fetch()
            part.check()
        finally:
            part.close()

    def _fetch(self) -> Iterator[Progress]:
        part, limits = self._part, self._limits
        best, tries = part.size, 0
        yield self._progress("fetching", part.size)
        while part.size < part.file.bytes:
            try:
                yield from self._connection()
            except KnownError as err:
                if err.code not in PASSING:
                    raise
                part.sync()
                tries = 1 if part.size - best >= limits.progress_bytes else tries + 1
                best = max(best, part.size)
                if tries >= limits.tries:
                    raise self._gave_up(err, tries) from err
                yield Progress("waiting", part.size, part.file.bytes, error=err)
                if self._stop.wait(limits.wait_after(err, tries)):
                    raise Stopped from None

    def _connection(self) -> Iterator[Progress]:
        part = self._part
        with self._answer() as response:
            note = self._check(response)
            if note:
                part.start_over()
                self.resumed_from = 0
                if response.status_code != 200:  # what comes is no beginning
                    yield Progress("fetching", 0, part.file.bytes, note)
                    raise KnownError("download.cut", name=part.file.name)
            if part.size == 0:
                part.etag = _strong(response.headers.get("etag", ""))
            yield Progress("fetching", part.size, part.file.bytes, note)
            for chunk in response.iter_raw():
                if self._stop.is_set():
                    raise Stopped
                part.write(chunk)
                yield self._progress("fetching", part.size)
        if part.size < part.file.bytes:
            raise KnownError("download.cut", name=part.file.name)

    @contextmanager
    def _answer(self) -> Iterator[httpx2.Response]:
        import httpx2

        part, limits = self._part, self._limits
        headers = {"accept-encoding": "identity"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        if part.size:
            headers["range"] = f"bytes={part.size}-"
            if part.etag:
                headers["if-range"] = part.etag
        waits = httpx2.Timeout(limits.silence_s, connect=limits.connect_s)
        try:
            with self._client.stream("GET", self._address, headers=headers, timeout=waits) as response:
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL) as err:
            raise problem_of_line(err, httpx2.URL(self._address).host) from err

    def _check(self, response: httpx2.Response) -> str:
        """Empty when this answer goes on with the part, else the note why it is started over.  Raises KnownError."""
        part, status = self._part, response.status_code
        for hop in (*response.history, response):  # the Hub gives the checksum before it redirects to its storage
            linked = _SHA256.fullmatch(hop.headers.get("x-linked-etag", ""))
            if linked and linked[1] != part.file.sha256:
                raise KnownError("download.changed", name=part.file.name)
        if status == 416 and part.size:
            return "refused"
        if status >= 400:
            raise self._problem(response)
        if is_page(response):
            raise KnownError("network.login_page", host=response.url.host)
        if status == 206 and part.size:
            return self._check_range(response)
        if status != 200:
            raise KnownError("hub.error", host=response.url.host, status=status, wait_s=0)
        self._check_length(response.headers.get("content-length", ""))
        if not part.size:
            return ""
        return "changed" if part.etag and response.headers.get("etag") not in (None, part.etag) else "ignored"

    def _check_range(self, response: httpx2.Response) -> str:
        part = self._part
        found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None or int(found[1]) != part.size:
            return "shifted"
        if found[2] != "*":
            self._check_length(found[2])
        etag = response.headers.get("etag")
        return "changed" if part.etag and etag not in (None, part.etag) else ""

    def _check_length(self, length: str) -> None:
        expected = self._part.file.bytes
        if length.isascii() and length.isdigit() and int(length[:18]) != expected:
            raise KnownError(
                "download.wrong_size", name=self._part.file.name, bytes=int(length[:18]), expected=expected
            )

    def _problem(self, response: httpx2.Response) -> KnownError:
        error = problem_of_status(response, what=self._part.file.name, repo=self._part.repo)
        elsewhere = bool(response.history) and response.url.netloc != response.history[0].url.netloc
        if elsewhere and error.code in ("hub.gated", "hub.forbidden", "hub.unauthorized"):
            # the storage's own address has run out: the Hub gives a new one
            return KnownError("hub.error", host=response.url.host, status=response.status_code, wait_s=0)
        return error

    def _gave_up(self, err: KnownError, tries: int) -> KnownError:
        part, args = self._part, err.args_for_people
        reason = str(args.get("reason") or (f"error {args['status']}" if "status" in args else err.code))
        if err.code == "download.cut":
            reason = "the connection ended early"
        elif err.code == "hub.busy":
            reason = "it has too many requests"
        return KnownError(
            "download.gave_up", name=part.file.name, tries=tries, reason=reason, bytes=part.size,
            expected=part.file.bytes,
        )  # fmt: skip

    def _progress(self, state: str, done: int) -> Progress:
        return Progress(state, done, self._part.file.bytes)


def _strong(etag: str) -> str:
    """An ETag that If-Range may carry: weak ones say nothing about bytes."""
    return etag if re.fullmatch(r'"[\x21\x23-\x7e]{1,200}"', etag) else ""
