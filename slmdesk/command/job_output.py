"""Code that the commands for long work share: reading documents, following a job, and writing the output file."""

from __future__ import annotations

import errno
import importlib
import json
import os
import queue
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from getpass import GetPassWarning
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_out
from slmdesk.base.protocol import picked
from slmdesk.base.record import Record
from slmdesk.base.records import DocumentRecord, Item, JobRecord, JobStatus
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.command.console import Console, ReportedError, next_of
from slmdesk.command.terminal import words_for
from slmdesk.jobs.types import DOWNLOAD, JobChanged, kind_words, left_words
from slmdesk.library.types import CollectionChanged, CollectionState, CollectionStatus
from slmdesk.runtime.events import DocumentProgress
from slmdesk.runtime.messages import bytes_for_people, problem_for, problem_of
from slmdesk.services import Services


def form_of(output: Path, forms: Sequence[str]) -> str:
    """Return an output file's format, from its suffix. Raises click.UsageError if it is not one of `forms`."""
    form = output.suffix.lower().removeprefix(".")
    if form not in forms:
        raise click.UsageError(f"“{output.name}” must end in one of {', '.join('.' + form for form in forms)}.")
    return form


def check_file(output: Path, *, replace: bool) -> None:
    """Check that the file `output` can be written. Raises KnownError `file.exists`, `file.unwritable`."""
    if is_there(output) and not replace:
        raise KnownError("file.exists", path=str(output))
    _check_folder(output.absolute().parent, output)


def check_folder(output: Path) -> None:
    """Check that a folder exists or can be created, and is writable. Raises KnownError `file.unwritable`."""
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
        raise KnownError("file.unwritable", path=str(output), reason=os.strerror(number))


def write_json(path: Path, shape: Mapping[str, Json]) -> None:
    """Write JSON for other programs, completely or not at all. Raises KnownError `file.unwritable`, `disk.full`."""
    text = json.dumps(shape, ensure_ascii=False, indent=2) + "\n"
    write_out(path, text.encode("utf-8", "replace"))


# ---- reading documents


PAGES_AT_ONCE = 100


def ask_password(file: Path) -> str:
    """Ask for a document's password, without echo; without a terminal, read a line of stdin. It is not stored."""
    name = " ".join(file.name.split())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)  # otherwise the warning is printed with a line of our source
            found: str = click.prompt(f"Password of {name}", hide_input=True, err=True)
            return found
    except GetPassWarning as err:  # no terminal: read a piped line
        if line := sys.stdin.readline().rstrip("\r\n"):
            return line
        sentence = f"There is no terminal to ask for the password of {name}; give it as a line on stdin."
        raise click.UsageError(sentence) from err


def open_document(
    console: Console, services: Services, file: Path, *, password: str = "", encoding: str = ""
) -> DocumentRecord:
    """Read a document and show the progress on stderr. On a terminal, ask for the password of a locked document.

    Raises KnownError document.…, file.….
    """

    def opened(secret: str) -> DocumentRecord:
        return console.result_of(services, lambda: services.documents.open(file, password=secret, encoding=encoding))

    show_reading(console, services, file)
    try:
        return opened(password)
    except ReportedError as err:
        if err.code not in ("document.locked", "document.wrong_password") or not sys.stdin.isatty():
            raise
        return opened(ask_password(file))
    finally:
        console.end_progress()


def show_reading(console: Console, services: Services, file: Path) -> None:
    def on_progress(event: DocumentProgress) -> None:
        what = f"reading {file.name}" if event.total else f"reading {file.name}, page"
        console.progress(what, event.done, event.total)

    services.on(DocumentProgress, on_progress)


def documents_among(console: Console, services: Services, files: Sequence[Path]) -> list[Path]:
    """Return the files, with each folder replaced by its documents. Raises click.ClickException if there are none."""
    paths = console.result_of(services, lambda: services.documents.expand(files))
    if not paths:
        raise click.ClickException("There is no document in it that could be read.")
    return paths


def say_unread(console: Console, path: Path, err: KnownError) -> dict[str, Json]:
    """Report on stderr that one of several documents could not be read. Return the problem as JSON."""
    problem = err.problem if isinstance(err, ReportedError) else problem_for(err)
    sentence = words_for(problem.code, problem.sentence, problem.args)
    name = " ".join(path.name.split())  # a name may contain line ends
    console.notify(f"error: {name}: {sentence}")
    return {"file": path.name, "code": err.code, "message": sentence}


def all_pages(services: Services, document: str) -> list[Page]:
    found: list[Page] = []

    def next_pages() -> Sequence[Page]:
        begin = found[-1].number + 1 if found else 1
        return services.documents.pages(document, begin=begin, limit=PAGES_AT_ONCE)

    while some := services.service_thread.call(next_pages):
        found += some
    return found


# ---- shows the progress of a job on the terminal until it ends


SECONDS_UNDER_S = 90


def follow(console: Console, services: Services, job: JobRecord) -> None:
    """Show a job's progress until the job ends. Ctrl-C pauses it. Raises the error that paused or failed the job."""
    is_kept = services.store.is_kept
    reported: queue.SimpleQueue[JobChanged] = queue.SimpleQueue()
    how_to_resume = f"Paused. It goes on with: slmdesk jobs resume {job.id}"

    services.on(JobChanged, lambda event: reported.put(event) if event.id == job.id else None)
    now = services.call.jobs.get(job.id)  # the job may have ended before we subscribed
    status = now.status
    try:
        while status in (JobStatus.OPEN, JobStatus.RUNNING):
            news = next_of(reported)
            status = news.status
            if news.total or news.share is not None:
                console.progress(f"{clean_label(news.title, 60)}: {_progress(news)}", *_shares(news))
            if news.problem:
                if is_kept and status is JobStatus.PAUSED:
                    console.end_progress()
                    console.notify(how_to_resume)
                raise ReportedError(news.problem)
    except KeyboardInterrupt:
        services.service_thread.call(lambda: services.jobs.pause(job.id), 5.0)
        console.end_progress()
        console.notify(how_to_resume if is_kept else "Stopped, and not kept.")
        raise
    finally:
        console.end_progress()
    ended = services.call.jobs.get(job.id)
    if ended.error_code:  # the failure was published before we subscribed
        raise ReportedError(problem_of(ended.error_code, ended.error_args))


def amount(kind: str, done: int, total: int) -> str:
    if kind == DOWNLOAD:
        return f"{bytes_for_people(done)} of {bytes_for_people(total)}"
    return f"{done} of {total}"


def _progress(news: JobChanged) -> str:
    done = amount(news.kind, news.done, news.total + news.steps_ahead)
    left = news.left
    if left is None:
        return done
    if left.is_sure and left.best < SECONDS_UNDER_S:
        return f"{done}, {max(1, round(left.best))} s left"
    return f"{done}, {left_words(left)}"


def _shares(news: JobChanged) -> tuple[float, float]:
    return (news.done, news.total) if news.share is None else (news.share, 1.0)


# ---- runs the job that makes what a command asks for, and writes the output file


KEY = "output"
"""Key in the settings of an item. Its value is the output file that a command was asked for and has not written yet."""
WRITERS = {
    "translation": "slmdesk.translation.command.translate",
    "summary": "slmdesk.summaries.command",
    "extraction": "slmdesk.tables.command",
}
"""For each kind of item, the module whose `write_output` writes the output file. The module is imported on use."""


class MadeView(Protocol):
    """What a service's `open` returns: an item, the newest job that works on it, and whether the item is finished."""

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
    """Absolute path, since the job may be resumed from another folder."""
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
    """Begin an item and follow its job to the end. If a job was begun before for the same request, resume that job
    instead.

    Ctrl-C pauses the job. Raises click.ClickException if the item was not finished.
    """
    return finish(console, services, service, begin(console, services, service, request, output), output)


def begin(
    console: Console,
    services: Services,
    service: MakingService[R_contra, V_co],
    request: R_contra,
    output: OutputFile | None,
) -> V_co:
    """Begin an item, or resume the job that was begun before for the same request. Store `output` in the item's
    settings.

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
    """Follow the job of `begun` to its end. Ctrl-C pauses it. Raises click.ClickException if the item is unfinished."""
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
    """Context in which a finished item's output file is written. If that fails, a note says how to show the item."""
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
    """Resume a job to its end and write its output file. Return the job and the path of the written file.

    The path is None if no file was written. If the job is already done, only its missing file is written. Raises
    KnownError job.…, and the errors of the writer; the file can then still be written by the next `resume`.
    """

    def resumed() -> tuple[JobRecord, OutputFile | None]:
        job = services.jobs.get(id)
        output = requested(services, job.item or "")
        is_through = job.status is JobStatus.DONE and output is not None
        return (job if is_through else services.jobs.resume(job.id)), output

    job, output = services.service_thread.call(resumed)
    _follow(console, services, job, output)
    job = services.call.jobs.get(job.id)
    if job.status is not JobStatus.DONE or output is None or job.item is None:
        return job, None
    item = services.call.history.item(job.item or "")
    importlib.import_module(WRITERS[item.kind]).write_output(console, services, item.id, output)
    _forget(services, item.id)
    return job, output.path


def requested(services: Services, item: str) -> OutputFile | None:
    """Return the output file of an item that is still to be written, or None. Service thread."""
    kept = services.history.item(item).settings.get(KEY) if item else None
    path = kept.get("path") if isinstance(kept, dict) else None
    if not isinstance(kept, dict) or not isinstance(path, str) or not path:
        return None
    return OutputFile(Path(path), *(kept.get(name) is True for name in ("force", "is_folder", "has_omitted")))


def _forget(services: Services, item: str) -> None:
    services.call.history.change_settings(item, **{KEY: None})


def _follow(console: Console, services: Services, job: JobRecord, output: OutputFile | None) -> None:
    try:
        follow(console, services, job)
    except KeyboardInterrupt:
        if output is not None and services.store.is_kept:
            console.notify(f"note: {output.path} is written when that is done.")
        raise


def open_all(
    console: Console, services: Services, files: Sequence[Path]
) -> tuple[list[DocumentRecord], list[dict[str, Json]]]:
    """Read every document among the files and in the folders. Return the documents, and a problem for each unreadable
    document.

    An unreadable document is reported on stderr and does not stop the others. Raises KnownError if it is the only
    document.
    """
    paths = documents_among(console, services, files)
    documents: list[DocumentRecord] = []
    failed: list[dict[str, Json]] = []
    for path in paths:
        try:
            found = open_document(console, services, path)
        except KnownError as err:
            if len(paths) == 1:
                raise
            failed.append(say_unread(console, path, err))
        else:
            if all(document.id != found.id for document in documents):
                documents.append(found)
    return documents, failed


def index(console: Console, services: Services, folder: Path, *, watched: bool | None = None) -> CollectionState:
    """Read the new documents of a folder and show the progress on stderr. Ctrl-C pauses the job.

    Raises KnownError `collection.…`, or the error that paused the job.
    """

    def on_changed(event: CollectionChanged) -> None:
        if event.state.status is CollectionStatus.INDEXING:
            left = "" if event.state.eta_s is None else f", about {event.state.eta_s:.0f} s left,"
            console.progress(
                f"reading {event.state.done} of {event.state.total}{left}", event.state.done, event.state.total
            )

    services.on(CollectionChanged, on_changed)
    known = services.call.collections.at(folder)
    if known is None or watched:
        begun = console.result_of(services, lambda: services.collections.add(folder, watched=bool(watched)))
    else:
        begun = services.call.collections.state(known.id)
    id = begun.record.id
    try:
        ended = console.result_of(services, lambda: services.collections.look(id, resume=True))
        while ended.status is CollectionStatus.ELSEWHERE:
            console.progress("another window or command reads it", 0, 1)
            time.sleep(0.5)
            ended = console.result_of(services, lambda: services.collections.look(id))
    except KeyboardInterrupt:

        def pause() -> str:
            job = services.collections.runner.unfinished(id)
            if job is not None and job.status is not JobStatus.PAUSED:
                services.jobs.pause(job.id)
            return job.id if job is not None else ""

        paused = services.service_thread.call(pause, 5.0)
        console.end_progress()
        if paused:
            console.notify(f"Paused. It goes on with: slmdesk jobs resume {paused}")
        raise
    finally:
        console.end_progress()
    return ended
