"""Imports files of terms and pairs from other programs with the reader child, and checks the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmdesk.client import ChildClient, JobHandle
from slmdesk.core.errors import KnownError
from slmdesk.core.languages import language_of
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.core.types import Json
from slmdesk.services.base.file_thread import OnEnded
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.documents.reading_queue import read_problem


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of a file, and what it says about itself."""

    name: str
    rows: tuple[Any, ...]
    """As the child sent them: not checked yet."""
    languages: tuple[str, str]
    """From which, to which: as wished, else as the file says; empty where neither is known."""
    skipped: int
    first_skipped: str


class TermReader:
    """Reads files with the reader child.  Service thread."""

    def __init__(self, service_thread: ServiceThread, reader: ChildClient) -> None:
        self._service_thread, self._reader = service_thread, reader

    def read(
        self,
        kind: str,
        path: Path,
        ended: OnEnded[FileRows],
        *,
        source: str = "",
        target: str = "",
        columns: Mapping[str, int] | None = None,
        skips_first: bool = False,
    ) -> JobHandle:
        """Read all rows of a file: `kind` is terms or pairs (see tasks.terms).

        `ended` gets a Problem for an unusable file, and `language.unknown` for one in an unsupported language.  Raises
        KnownError `language.unknown` for the request.
        """
        codes = [language_of(one).code if one else "" for one in (source, target)]
        found: list[Any] = []

        def made(result: Mapping[str, Json]) -> FileRows:
            languages = result.get("languages")
            reported = [str(one) for one in languages] if isinstance(languages, list) else []
            first, second = (
                (one or (language_of(other).code if other else ""))
                for one, other in zip(codes, [*reported, "", ""], strict=False)
            )
            skipped = result.get("skipped")
            count = skipped if isinstance(skipped, int) and not isinstance(skipped, bool) else 0
            return FileRows(path.name, tuple(found), (first, second), count, str(result.get("first_skipped", "")))

        payload: dict[str, Json] = {"source": codes[0], "target": codes[1]}
        if columns is not None:
            payload |= {"columns": dict(columns), "skips_first": skips_first}
        return self._start(kind, path, payload, lambda rows: found.extend(rows), made, ended)

    def sample(self, path: Path, ended: OnEnded[list[list[str]]]) -> JobHandle:
        """Return the first rows of a table that may be a glossary through `ended`."""

        def made(result: Mapping[str, Json]) -> list[list[str]]:
            rows = result.get("rows")
            lists = rows if isinstance(rows, list) else []
            return [[str(cell) for cell in row] for row in lists if isinstance(row, list | tuple)]

        return self._start("columns", path, {}, lambda _rows: None, made, ended)

    def _start(
        self,
        kind: str,
        path: Path,
        payload: dict[str, Json],
        reported: Callable[[Sequence[Any]], None],
        made: Callable[[Mapping[str, Json]], Any],
        ended: OnEnded[Any],
    ) -> JobHandle:
        def finish(event: FromChild) -> None:
            result: Any
            try:
                if isinstance(event, Done):
                    result = made(event.result)
                elif isinstance(event, Failed):
                    result = read_problem(path.name, event)
                else:
                    result = problem_for(KnownError("document.stopped", path=path.name))
            except KnownError as err:
                result = problem_for(err)
            ended(result)

        def on_event(event: FromChild) -> None:  # on a thread of the client
            if isinstance(event, Partial):
                rows = event.value.get(kind)
                if isinstance(rows, list):
                    reported(rows)
            elif isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(lambda: finish(event))

        return self._reader.start(kind, {"path": str(path), **payload}, on_event)
