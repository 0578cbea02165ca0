"""Makes what a command asks for by a job, and writes its file, also when the job was interrupted and resumed later."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import Item, JobRecord, JobStatus
from slmdesk.base.wire import picked
from slmdesk.command.console import Console
from slmdesk.command.job_progress import follow
from slmdesk.jobs.labels import kind_words
from slmdesk.services import Services

KEY = "output"
"""In the settings of an item: what a command was to write and has not written yet."""
WRITERS = {
    "translation": "slmdesk.translation.command.output",
    "summary": "slmdesk.summaries.command",
    "extraction": "slmdesk.tables.command",
}
"""By kind of item, the module whose `write_output` writes the file; imported only when it is needed."""


class MadeView(Protocol):
    """What a service opens: an item, the newest job that works for it, and whether it is finished."""

    @property
    def item(self) -> Item: ...
    @property
    def job(self) -> JobRecord | None: ...
    @property
    def is_done(self) -> bool: ...


V_co = TypeVar("V_co", bound=MadeView, covariant=True)
R_contra = TypeVar("R_contra", contravariant=True)


class MakingService(Protocol[R_contra, V_co]):
    def begin(self, request: R_contra) -> Item: ...

    def begun_before(self, request: R_contra) -> JobRecord | None: ...

    def open(self, item: str) -> V_co: ...


class OutputFile(Record):
    path: Path
    """Absolute: the work may be resumed elsewhere."""
    force: bool
    is_folder: bool = False
    has_omitted: bool = False


def output_file(
    output: Path | None, *, force: bool, is_folder: bool = False, has_omitted: bool = False
) -> OutputFile | None:
    return OutputFile(output.absolute(), force, is_folder, has_omitted) if output else None


def make(
    console: Console,
    services: Services,
    service: MakingService[R_contra, V_co],
    request: R_contra,
    output: OutputFile | None,
) -> V_co:
    """Begin an item, or resume the job that was begun for the same request, and follow it to its end.

    Ctrl-C pauses it.  Raises click.ClickException where it was not finished.
    """
    return finish(console, services, service, begin(console, services, service, request, output), output)


def begin(
    console: Console,
    services: Services,
    service: MakingService[R_contra, V_co],
    request: R_contra,
    output: OutputFile | None,
) -> V_co:
    """Begin an item, or resume the job that was begun for the same request; remembers its file.

    Raises KnownError of the service, job.…
    """

    def begin_or_resume() -> V_co:
        before = service.begun_before(request)
        if before is not None and before.item is not None:
            services.jobs.resume(before.id)
            console.notify(
                f"note: This was begun before and goes on where it was: {before.done} steps are done (job {before.id})."
            )
            item = before.item
        else:
            item = service.begin(request).id
        if output is not None:
            kept = {"path": str(output.path), **picked(output, "force", "is_folder", "has_omitted")}
            services.history.change_settings(item, **{KEY: kept})
        return service.open(item)

    return services.service_thread.call(begin_or_resume)


def finish(
    console: Console,
    services: Services,
    service: MakingService[Any, V_co],
    begun: MadeView,
    output: OutputFile | None,
) -> V_co:
    """Follow what was begun to its end; Ctrl-C pauses it.  Raises click.ClickException where it was not finished."""
    if begun.job is not None:
        _follow(console, services, begun.job, output)
    view = services.service_thread.call(lambda: service.open(begun.item.id))
    if not view.is_done:
        what = kind_words(begun.item.kind).lower()
        where = " “slmdesk jobs list” shows how it stands." if services.store.is_kept else ""
        raise click.ClickException(f"The {what} was not finished.{where}")
    return view


@contextmanager
def writing(console: Console, services: Services, view: MadeView, output: OutputFile | None) -> Iterator[None]:
    """Around the writing of a finished item's file: where it fails, a note says how to get at the item."""
    try:
        yield
    except KnownError:
        if services.store.is_kept:
            what = kind_words(view.item.kind).lower()
            console.notify(f"note: the {what} is kept: slmdesk history show {view.item.id}")
        raise
    if output is not None:
        _forget(services, view.item.id)


def resume(console: Console, services: Services, id: str) -> tuple[JobRecord, Path | None]:
    """Resume a job to its end and write the file it was started for; returns the job and the file that was written.

    A finished job only needs its file, where that was not written.  Raises KnownError job.…, and those of the writer;
    the file stays requested then.
    """

    def resumed() -> tuple[JobRecord, OutputFile | None]:
        job = services.jobs.get(id)
        output = requested(services, job.item or "")
        is_through = job.status is JobStatus.DONE and output is not None
        return (job if is_through else services.jobs.resume(job.id)), output

    job, output = services.service_thread.call(resumed)
    _follow(console, services, job, output)
    job = services.service_thread.call(lambda: services.jobs.get(job.id))
    if job.status is not JobStatus.DONE or output is None or job.item is None:
        return job, None
    item = services.service_thread.call(lambda: services.history.item(job.item or ""))
    importlib.import_module(WRITERS[item.kind]).write_output(console, services, item.id, output)
    _forget(services, item.id)
    return job, output.path


def requested(services: Services, item: str) -> OutputFile | None:
    """The file still to be written of an item; None where there is none.  On the service thread."""
    kept = services.history.item(item).settings.get(KEY) if item else None
    path = kept.get("path") if isinstance(kept, dict) else None
    if not isinstance(kept, dict) or not isinstance(path, str) or not path:
        return None
    return OutputFile(Path(path), *(kept.get(one) is True for one in ("force", "is_folder", "has_omitted")))


def _forget(services: Services, item: str) -> None:
    services.service_thread.call(lambda: services.history.change_settings(item, **{KEY: None}))


def _follow(console: Console, services: Services, job: JobRecord, output: OutputFile | None) -> None:
    try:
        follow(console, services, job)
    except KeyboardInterrupt:
        if output is not None and services.store.is_kept:
            console.notify(f"note: {output.path} is written when that is done.")
        raise
