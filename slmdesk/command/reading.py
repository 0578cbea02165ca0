"""How commands have documents read: asked for, opened, and their pages fetched."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from getpass import GetPassWarning
from pathlib import Path

import click

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentRecord
from slmdesk.base.types import Json
from slmdesk.command.console import Console, ReportedError, words_for
from slmdesk.library.events import DocumentProgress
from slmdesk.runtime.messages import problem_for
from slmdesk.services import Services

PAGES_AT_ONCE = 100


def ask_password(file: Path) -> str:
    """Ask for a document's password without echo, or read a line of stdin without a terminal; it is not stored."""
    name = " ".join(file.name.split())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)  # else it is printed with a line of our source
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
    """Have a document read, with progress on stderr; on a terminal ask for the password of a locked one.

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
    """The files, and the documents in folders among them.  Raises click.ClickException where there are none."""
    paths = console.result_of(services, lambda: services.documents.expand(files))
    if not paths:
        raise click.ClickException("There is no document in it that could be read.")
    return paths


def say_unread(console: Console, path: Path, err: KnownError) -> dict[str, Json]:
    """Report on stderr that one of several documents could not be read; returns the problem for JSON."""
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
