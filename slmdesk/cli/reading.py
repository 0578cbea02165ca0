"""Reads documents and folders for the commands that work on them."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from getpass import GetPassWarning
from pathlib import Path
from typing import TypeVar

import click

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentRecord, JobStatus
from slmdesk.base.runtime.events import DocumentProgress
from slmdesk.base.types import Json
from slmdesk.cli.console import Console, ReportedError, problem_in, sentence_of
from slmdesk.documents.scan import STILL_S
from slmdesk.documents.types import CollectionChanged, CollectionState, CollectionStatus
from slmdesk.services import Services

T = TypeVar("T")

PAGES_AT_ONCE = 100


def ask_password(file: Path) -> str:
    """Ask for a document's password, without echo; without a terminal, read a line of
    stdin. It is not stored.
    """
    name = " ".join(file.name.split())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error", GetPassWarning
            )  # otherwise the warning is printed with a line of our source
            password: str = click.prompt(
                f"Password of {name}", hide_input=True, err=True
            )
            return password
    except GetPassWarning as err:  # no terminal: read a piped line
        if line := sys.stdin.readline().rstrip("\r\n"):
            return line
        sentence = (
            f"There is no terminal to ask for the password of {name}; give it as a "
            "line on stdin."
        )
        raise click.UsageError(sentence) from err


def open_document(
    console: Console,
    services: Services,
    file: Path,
    *,
    password: str = "",
    encoding: str = "",
    force: bool = False,
) -> DocumentRecord:
    """Read a document and show the progress on stderr. On a terminal, ask for the
    password of a locked document.

    Raises KnownError document.…, file.….
    """

    def opened(secret: str) -> DocumentRecord:
        return console.result_of(
            services,
            lambda: services.documents.open(
                file, password=secret, encoding=encoding, force=force
            ),
        )

    show_reading(console, services, file)
    try:
        return with_password(file, password, opened)
    finally:
        console.end_progress()


def with_password(file: Path, password: str, read: Callable[[str], T]) -> T:
    """Read a file with its password. On a terminal, ask for that of a locked one."""
    try:
        return read(password)
    except ReportedError as err:
        if (
            err.code not in ("document.locked", "document.wrong_password")
            or not sys.stdin.isatty()
        ):
            raise
    return read(ask_password(file))


def show_reading(console: Console, services: Services, file: Path) -> None:
    def on_progress(event: DocumentProgress) -> None:
        what = f"reading {file.name}" if event.total else f"reading {file.name}, page"
        console.progress(what, event.done, event.total)

    services.on(DocumentProgress, on_progress)


def documents_among(
    console: Console, services: Services, files: Sequence[Path]
) -> list[Path]:
    """Return the files, with each folder replaced by its documents. Raises
    click.ClickException if there are none.
    """
    paths = console.result_of(services, lambda: services.documents.expand(files))
    if not paths:
        raise click.ClickException("There is no document in it that could be read.")
    return paths


def say_unread(console: Console, path: Path, err: KnownError) -> dict[str, Json]:
    """Report on stderr that one of several documents could not be read. Return the
    problem as JSON.
    """
    sentence = sentence_of(problem_in(err))
    name = " ".join(path.name.split())  # a name may contain line ends
    console.notify(f"error: {name}: {sentence}")
    return {"file": path.name, "code": err.code, "message": sentence}


def all_pages(services: Services, document: str) -> list[Page]:
    pages: list[Page] = []

    def next_pages() -> Sequence[Page]:
        begin = pages[-1].number + 1 if pages else 1
        return services.documents.pages(document, begin=begin, limit=PAGES_AT_ONCE)

    while some := services.service_thread.call(next_pages):
        pages += some
    return pages


def open_all(
    console: Console, services: Services, files: Sequence[Path]
) -> tuple[list[DocumentRecord], list[dict[str, Json]]]:
    """Read every document among the files and in the folders, each once. Return the
    documents, and a problem for each unreadable document.
    """
    paths = documents_among(console, services, files)
    opened, failed = each_read(
        console, paths, lambda path: open_document(console, services, path)
    )
    return list({document.id: document for document in opened}.values()), failed


def each_read(
    console: Console, files: Sequence[Path], read: Callable[[Path], T]
) -> tuple[list[T], list[dict[str, Json]]]:
    """Read every file. Return what was read, and a problem for each unreadable file.

    An unreadable file is reported on stderr and does not stop the others. Raises
    KnownError if none can be read.
    """
    done: list[T] = []
    failed: list[dict[str, Json]] = []
    for file in files:
        try:
            done.append(read(file))
        except KnownError as err:
            if not done and len(failed) == len(files) - 1:
                raise
            failed.append(say_unread(console, file, err))
    return done, failed


def _looked_at(console: Console, services: Services, id: str) -> CollectionState:
    """Return a folder once its documents are read, here or by another window."""
    ended = console.result_of(
        services, lambda: services.collections.look(id, resume=True)
    )
    while ended.status is CollectionStatus.ELSEWHERE:
        console.progress("another window or command reads it", 0, 1)
        time.sleep(0.5)
        ended = console.result_of(services, lambda: services.collections.look(id))
    if ended.later:  # papers that were copied there just now are still by then
        console.progress("waiting for files that are being written", 0, 1)
        time.sleep(STILL_S)
        ended = console.result_of(services, lambda: services.collections.look(id))
    return ended


def index(
    console: Console, services: Services, folder: Path, *, watched: bool | None = None
) -> CollectionState:
    """Read the new documents of a folder and show the progress on stderr. Ctrl-C pauses
    the job.

    Raises KnownError `collection.…`, or the error that paused the job.
    """

    def on_changed(event: CollectionChanged) -> None:
        if event.state.status is CollectionStatus.INDEXING:
            left = (
                ""
                if event.state.eta_s is None
                else f", about {event.state.eta_s:.0f} s left,"
            )
            console.progress(
                f"reading {event.state.done} of {event.state.total}{left}",
                event.state.done,
                event.state.total,
            )

    services.on(CollectionChanged, on_changed)
    known = services.call.collections.at(folder)
    if known is None or watched:
        begun = console.result_of(
            services, lambda: services.collections.add(folder, watched=bool(watched))
        )
    else:
        begun = services.call.collections.state(known.id)
    id = begun.record.id
    try:
        ended = _looked_at(console, services, id)
    except KeyboardInterrupt:

        def pause() -> str:
            job = services.collections.runner.unfinished(id)
            if job is not None and job.status is not JobStatus.PAUSED:
                services.jobs.pause(job.id)
            if job is None:
                return ""
            return job.id

        paused = services.service_thread.call(pause, 5.0)
        console.end_progress()
        if paused:
            console.notify(f"Paused. It goes on with: slmdesk jobs resume {paused}")
        raise
    finally:
        console.end_progress()
    return ended
