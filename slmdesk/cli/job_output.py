"""Remembers the file of `-o` with an item, so that interrupted work can write it when it is resumed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.cli.console import Console
from slmdesk.core.types import Json

if TYPE_CHECKING:
    from slmdesk.core.records import JobRecord
    from slmdesk.services.container import Services

KEY = "output"
"""In the settings of an item: what a command was to write and has not written yet."""
WRITERS = {
    "translation": "slmdesk.cli.translation.output:write_wished",
    "summary": "slmdesk.cli.summaries.summarize:write_wished",
    "extraction": "slmdesk.cli.tables.extract:write_wished",
}
"""Imported only when a job of the kind has ended."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """The file that is to be written of an item."""

    path: Path
    """Absolute: the work may be resumed elsewhere."""
    force: bool
    is_folder: bool = False


def remember(services: Services, item: str, output: Path | None, *, force: bool, is_folder: bool = False) -> None:
    """Save the output file with an item, on the service thread; None: nothing is to be written."""
    if output is not None:
        request: Json = {"path": str(output.absolute()), "force": force, "is_folder": is_folder}
        services.store.change_item_settings(item, **{KEY: request})


def take_up(console: Console, services: Services, before: JobRecord | None) -> str | None:
    """The item of an unfinished job that was started with the same request, which is resumed and reported.

    On the service thread.  None: there is no such job.  Raises KnownError job.…
    """
    if before is None or before.item is None:
        return None
    services.jobs.resume(before.id)
    console.notify(
        f"note: This was begun before and goes on where it was: {before.done} steps are done (job {before.id})."
    )
    return before.item


def requested(services: Services, item: str) -> OutputFile | None:
    """The file still to be written of an item; None where there is none.  On the service thread."""
    if not item:
        return None
    kept = services.store.item(item).settings.get(KEY)
    path = kept.get("path") if isinstance(kept, dict) else None
    if not isinstance(kept, dict) or not isinstance(path, str) or not path:
        return None
    return OutputFile(Path(path), kept.get("force") is True, kept.get("is_folder") is True)


def forget(services: Services, item: str) -> None:
    """Remove the output file from an item: it has been written."""
    services.store.change_item_settings(item, **{KEY: None})


def write_output(console: Console, services: Services, item: str) -> Path | None:
    """Write the file that the command that started an item asked for; returns None where there is none.

    Raises KnownError `file.exists`, `file.unwritable`, `disk.full` and those of the writer; the file stays requested
    then.
    """
    request = services.service_thread.call(lambda: requested(services, item))
    if request is None:
        return None
    kind = services.service_thread.call(lambda: services.store.item(item)).kind
    module, _, name = WRITERS[kind].partition(":")
    write: Callable[[Console, Services, str, OutputFile], None] = getattr(importlib.import_module(module), name)
    write(console, services, item, request)
    services.service_thread.call(lambda: forget(services, item))
    return request.path
