"""Reads files of terms and pairs of other programs with the reader child, and checks the result.  Service thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slmdesk.base.languages import language_of
from slmdesk.base.record import Record
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_from, stored_list
from slmdesk.children.client import ChildClient
from slmdesk.library.reader_jobs import ask_reader, start_reader
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.runtime.slices import Slices


class FileRows(Record):
    name: str
    rows: tuple[Any, ...]
    """As the child sent them: not checked yet."""
    languages: tuple[str, str]
    """From which, to which: as requested, else as the file says; empty where neither is known."""
    skipped: int
    first_skipped: str


class TermReader:
    def __init__(self, service_thread: ServiceThread, reader: ChildClient) -> None:
        self._service_thread, self._reader = service_thread, reader

    def rows(
        self,
        kind: str,
        path: Path,
        *,
        source: str = "",
        target: str = "",
        columns: Mapping[str, int] | None = None,
        skips_first: bool = False,
    ) -> Slices[FileRows]:
        """Read all rows of a file: `kind` is terms or pairs (see tasks.terms).  Reports core.protocol.Progress.

        Ends with a Problem for an unusable file; raises KnownError `language.unknown` for the request, or for a file in
        an unsupported language.
        """
        codes = [language_of(one).code if one else "" for one in (source, target)]
        payload: dict[str, Json] = {"path": str(path), "source": codes[0], "target": codes[1]}
        if columns is not None:
            payload |= {"columns": dict(columns), "skips_first": skips_first}
        found: list[Any] = []

        def on_partial(value: Mapping[str, Any]) -> None:
            found.extend(stored_from(list, value.get(kind)) or ())

        result = yield start_reader(self._service_thread, self._reader, kind, payload, on_partial, tells_progress=True)[
            1
        ]
        reported = stored_list(str, result.get("languages"))
        first, second = (
            (one or (language_of(other).code if other else ""))
            for one, other in zip(codes, [*reported, "", ""], strict=False)
        )
        count = stored_from(int, result.get("skipped")) or 0
        return FileRows(path.name, tuple(found), (first, second), count, str(result.get("first_skipped", "")))

    def sample(self, path: Path) -> Slices[list[list[str]]]:
        payload: dict[str, Json] = {"path": str(path)}
        result = yield ask_reader(self._service_thread, self._reader, "columns", payload, lambda _value: None)
        return stored_list(list[str], result.get("rows"))
