"""Writes scans as a PDF whose words can be searched and copied; several pictures become one paper. Service thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import SHARED_FILE, is_same_file, write_new
from slmdesk.base.protocol import in_pieces
from slmdesk.base.record import Record
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.library.reading import file_from_reader
from slmdesk.runtime.events import Pending
from slmdesk.runtime.service import ServiceThread, Slices, in_slices, pending_on_file_thread

MOST_FILES = 500
"""Most files of one paper."""
MOST_BYTES = 120 << 20
"""Most bytes of the parts of one paper, which are in memory together."""


class SearchableCopy(Record):
    target: Path
    bytes: int


class SearchableCopies:
    def __init__(self, service_thread: ServiceThread, reader: ChildClient) -> None:
        self._service_thread, self._reader = service_thread, reader

    def write(self, files: Sequence[Path], target: Path, *, password: str = "") -> Pending[SearchableCopy]:
        """Write a PDF of these PDFs and pictures, in this order, in which scanned pages can be searched.

        An existing file is never replaced, and a cancel leaves nothing behind. Reports protocol.Progress in pages, of
        one file after another. Problems: `document.not_scanned`, `document.no_ocr`, those of reading, `file.exists`.
        Raises KnownError `file.is_source`, `request.invalid` for too many files.
        """
        if not 1 <= len(files) <= MOST_FILES:
            raise KnownError("request.invalid", what="files")
        for file in files:
            if is_same_file(file, target):
                raise KnownError("file.is_source", path=str(target))
        return in_slices(self._service_thread, self._writing([file.absolute() for file in files], target, password))

    def _writing(self, files: Sequence[Path], target: Path, password: str) -> Slices[SearchableCopy]:
        parts: list[bytes] = []
        for file in files:
            payload: dict[str, Json] = {"path": str(file), "password": password}
            data, _about = yield from file_from_reader(
                self._service_thread, self._reader, "searchable", payload, (), tells_progress=True
            )
            parts.append(data)
            if sum(map(len, parts)) > MOST_BYTES:
                size = sum(map(len, parts))
                raise KnownError("document.too_large", path=target.name, bytes=size, limit=MOST_BYTES)
        if len(parts) > 1:
            data, _about = yield from file_from_reader(
                self._service_thread, self._reader, "join_pages", {}, _steps(parts)
            )
        stop = threading.Event()
        yield pending_on_file_thread(
            self._service_thread, partial(write_new, target, data, SHARED_FILE), cancel=stop.set, name="searchable"
        )
        return SearchableCopy(target, len(data))


def _steps(parts: Sequence[bytes]) -> Iterator[tuple[str, dict[str, Json]]]:
    for number, part in enumerate(parts):
        for at, piece in enumerate(in_pieces(part)):
            yield f"{number}.{at}", {"part": number, "data": piece}
