"""Runs the job that makes what a command asks for, and writes the output file."""

from __future__ import annotations

import errno
import importlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_out
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import Item, JobRecord, JobStatus
from slmdesk.base.types import Json
from slmdesk.cli.console import Console
from slmdesk.cli.progress import follow
from slmdesk.services import Services
from slmdesk.tasks.jobs.types import kind_words

KEY = "output"
"""Key in the settings of an item. Its value is the output file that a command was asked
for and has not written yet.
"""
WRITERS = {"translation": "slmdesk.cli.translate"}
TASKS_WRITER = "slmdesk.cli.tasks.running"
"""The modules whose `write_output` writes the output file of a kind of item. Each is
imported on use.
"""


class MadeView(Protocol):
    """What a service's `open` returns: an item, the newest job that works on it, and
    whether the item is finished.
    """

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
    path: str
    """Absolute path, since the job may be resumed from another folder."""
    force: bool = False
    is_folder: bool = False
    has_omitted: bool = False
    headings: str = ""
    """Language in which it speaks (see `Console.headings`)."""

    @property
    def target(self) -> Path:
        return Path(self.path)


def output_file(
    console: Console,
    output: Path | None,
    *,
    force: bool,
    is_folder: bool = False,
    has_omitted: bool = False,
) -> OutputFile | None:
    return (
        OutputFile(
            str(output.absolute()), force, is_folder, has_omitted, console.headings
        )
        if output
        else None
    )


def make(
    console: Console,
    services: Services,
    service: MakingService[R_contra, V_co],
    request: R_contra,
    output: OutputFile | None,
) -> V_co:
    """Begin an item and follow its job to the end. If a job was begun before for the
    same request, resume that job instead.

    Ctrl-C pauses the job. Raises click.ClickException if the item was not finished.
    """
    return finish(
        console,
        services,
        service,
        begin(console, services, service, request, output),
        output,
    )


def begin(
    console: Console,
    services: Services,
    service: MakingService[R_contra, V_co],
    request: R_contra,
    output: OutputFile | None,
) -> V_co:
    """Begin an item, or resume the job that was begun before for the same request.
    Store `output` in the item's settings.

    Raises KnownError of the service, job.…
    """

    def begin_or_resume() -> V_co:
        before = service.begun_before(request)
        if before is not None and before.item is not None:
            services.jobs.resume(before.id)
            console.notify(
                "note: This was begun before and goes on where it was: "
                f"{before.done} steps are done (job {before.id})."
            )
            item = before.item
        else:
            item = service.begin(request).id
        if output is not None:
            services.history.change_settings(item, **{KEY: to_json(output)})
        return service.open(item)

    return services.service_thread.call(begin_or_resume)


def finish(
    console: Console,
    services: Services,
    service: MakingService[Any, V_co],
    begun: MadeView,
    output: OutputFile | None,
) -> V_co:
    """Follow the job of `begun` to its end. Ctrl-C pauses it. Raises
    click.ClickException if the item is unfinished.
    """
    if begun.job is not None:
        _follow(console, services, begun.job, output)
    view = services.service_thread.call(lambda: service.open(begun.item.id))
    if (
        view.job is not None and begun.job is not None and view.job.id != begun.job.id
    ):  # a second one adds to it
        _follow(console, services, view.job, output)
        view = services.service_thread.call(lambda: service.open(begun.item.id))
    if not view.is_done:
        what = kind_words(begun.item.kind).lower()
        where = (
            " “slmdesk jobs list” shows how it stands."
            if services.store.is_kept
            else ""
        )
        raise click.ClickException(f"The {what} was not finished.{where}")
    return view


@contextmanager
def naming(console: Console, path: Path | None) -> Iterator[None]:
    """Context in which a file is written. If that fails, a note names the file before
    the error says why.
    """
    try:
        yield
    except Exception:
        if path is not None:
            console.notify(f"note: {path} was not written.")
        raise


@contextmanager
def writing(
    console: Console, services: Services, view: MadeView, output: OutputFile | None
) -> Iterator[None]:
    """Context in which an item's output file is written. If that fails, a note says how
    to show the item.

    One that was stopped is written once more, in its place, when its job is done.
    """
    try:
        with naming(console, output.target if output else None):
            yield
    except KnownError:
        if services.store.is_kept:
            what = kind_words(view.item.kind).lower()
            console.notify(
                f"note: the {what} is kept: slmdesk history show {view.item.id}"
            )
        raise
    if output is not None and view.is_done:
        _forget(services, view.item.id)
    elif output is not None:
        services.call.history.change_settings(
            view.item.id, **{KEY: to_json(changed(output, force=True))}
        )


def resume(
    console: Console, services: Services, id: str
) -> tuple[JobRecord, Path | None]:
    """Resume a job to its end and write its output file. Return the job and the path of
    the written file.

    The path is None if no file was written. If the job is already done, only its
    missing file is written. Raises KnownError job.…, and the errors of the writer; the
    file can then still be written by the next `resume`.
    """

    def resumed() -> tuple[JobRecord, OutputFile | None]:
        job = services.jobs.get(id)
        output = requested(services, job.item or "")
        is_through = job.status is JobStatus.DONE and output is not None
        if not is_through:
            job = services.jobs.resume(job.id)
        return job, output

    job, output = services.service_thread.call(resumed)
    _follow(console, services, job, output)
    job = services.call.jobs.get(job.id)
    if job.status is not JobStatus.DONE or output is None or job.item is None:
        return job, None
    item = services.call.history.item(job.item or "")
    with naming(console, output.target):
        importlib.import_module(WRITERS.get(item.kind, TASKS_WRITER)).write_output(
            console, services, item.id, output
        )
    _forget(services, item.id)
    return job, output.target


def requested(services: Services, item: str) -> OutputFile | None:
    """Return the output file of an item that is still to be written, or None. Service
    thread.
    """
    if not item:
        return None
    output = stored_from(OutputFile, services.history.item(item).settings.get(KEY))
    if output is None or not output.path:
        return None
    return output


def _forget(services: Services, item: str) -> None:
    services.call.history.change_settings(item, **{KEY: None})


def _follow(
    console: Console, services: Services, job: JobRecord, output: OutputFile | None
) -> None:
    try:
        follow(console, services, job)
    except KeyboardInterrupt:
        if output is not None and services.store.is_kept:
            console.notify(f"note: {output.path} is written when that is done.")
        raise


def form_of(output: Path, forms: Sequence[str]) -> str:
    """Return an output file's format, from its suffix. Raises click.UsageError if it is
    not one of `forms`.
    """
    form = output.suffix.lower().removeprefix(".")
    if form not in forms:
        known = ", ".join(f".{known}" for known in forms)
        raise click.UsageError(f"“{output.name}” must end in one of {known}.")
    return form


def check_file(output: Path, *, replace: bool) -> None:
    """Check that the file `output` can be written. Raises KnownError `file.exists`,
    `file.unwritable`.
    """
    if is_there(output) and not replace:
        raise KnownError("file.exists", path=str(output))
    _check_folder(output.absolute().parent, output)


def check_folder(output: Path) -> None:
    """Check that a folder exists or can be created, and is writable. Raises KnownError
    `file.unwritable`.
    """
    above = output.absolute()
    while not above.exists() and above != above.parent:
        above = above.parent
    _check_folder(above, output)


def _check_folder(folder: Path, output: Path) -> None:
    number = 0
    if not folder.exists():
        number = errno.ENOENT
    elif not folder.is_dir():
        number = errno.ENOTDIR
    elif not os.access(folder, os.W_OK | os.X_OK):
        number = errno.EACCES
    if number:
        raise KnownError(
            "file.unwritable", path=str(output), reason=os.strerror(number)
        )


def write_json(path: Path, shape: Mapping[str, Json]) -> None:
    """Write JSON for other programs, completely or not at all. Raises KnownError
    `file.unwritable`, `disk.full`.
    """
    write_out(path, json_text(shape).encode("utf-8", "replace"))


def json_text(shape: Mapping[str, Json]) -> str:
    return json.dumps(shape, ensure_ascii=False, indent=2) + "\n"
