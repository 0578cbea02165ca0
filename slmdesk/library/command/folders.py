"""`slmdesk documents …`: documents read so far, and folders of documents that are asked together."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.records import CollectionRecord, DocumentRecord, JobStatus
from slmdesk.base.types import Json
from slmdesk.base.wire import picked
from slmdesk.command.console import Console, NamedFile, json_option, table
from slmdesk.command.reading import open_document, say_unread
from slmdesk.library.events import CollectionChanged
from slmdesk.library.folder_types import CollectionState, CollectionStatus
from slmdesk.library.labels import counted_documents, folder_words
from slmdesk.runtime.messages import problem_of
from slmdesk.services import Services

MOST = 100_000


@click.command("list")
@click.option("--folder", help="Only the documents of this folder: its place, its id or the beginning of one.")
@json_option
@click.pass_obj
def list_documents(console: Console, folder: str | None) -> None:
    """List the documents that were opened, the last one first; or those of a folder."""
    with console.services() as services:

        def read() -> tuple[list[DocumentRecord], dict[str, str]]:
            folders = {one.record.id: os.fsdecode(one.record.path) for one in services.collections.all()}
            if folder is None:
                return services.documents.recent(MOST), folders
            return services.collections.documents(find_folder(services, folder).id), folders

        found, folders = services.service_thread.call(read)
    if console.as_json:
        console.give([_document_shape(one, folders) for one in found])
        return
    if not found:
        console.notify("There are no documents.")
        return
    rows = [("ID", "PAGES", "STATUS", "NAME")]
    rows += [(one.id, str(one.pages), one.status.value, one.name) for one in found]
    table(console, rows)


@click.command()
@click.argument("files", type=NamedFile(), nargs=-1, required=True, metavar="FILE…")
@json_option
@click.pass_obj
def add(console: Console, files: Sequence[Path]) -> int | None:
    """Read each FILE, and the documents in folders, and keep the text for later."""
    reported: list[Json] = []
    failed = 0
    with console.services() as services:
        paths = console.result_of(services, lambda: services.documents.expand(files))
        for path in paths:
            try:
                record = open_document(console, services, path)
            except KnownError as err:
                failed += 1
                reported.append(
                    {"path": str(path)}
                    | {key: it for key, it in say_unread(console, path, err).items() if key != "file"}
                )
            else:
                reported.append(_document_shape(record, {}))
                if not console.as_json:
                    console.say(f"{record.id}  {record.name}")
    if not paths:
        console.notify("There is no document in it that could be read.")
    if console.as_json:
        console.give(reported)
    return 1 if failed or not paths else None


@click.command()
@click.argument("document")
@json_option
@click.pass_obj
def forget(console: Console, document: str) -> None:
    """Delete everything read from DOCUMENT (an id, or the beginning of one); its file is not touched."""
    with console.services() as services:
        gone = console.result_of(services, lambda: services.documents.forget(document))
    if console.as_json:
        console.give({"id": gone.id, "name": gone.name})
    else:
        console.say(f"{gone.id}  {gone.name}: forgotten")


# ---- folders


@click.command()
@json_option
@click.pass_obj
def folders(console: Console) -> None:
    """List the folders whose documents are asked together."""
    with console.services() as services:
        found = services.service_thread.call(services.collections.all)
    if console.as_json:
        console.give([json_of(one) for one in found])
        return
    if not found:
        console.notify("There are no folders. “slmdesk documents watch FOLDER” adds one.")
        return
    rows = [("ID", "DOCUMENTS", "UNREAD", "WATCHED", "FOLDER")]
    rows += [
        (one.record.id, str(one.documents), str(one.unread), "yes" if one.record.watched else "no", _place(one.record))
        for one in found
    ]
    table(console, rows)


@click.command()
@click.argument("folder", type=NamedFile())
@json_option
@click.pass_obj
def watch(console: Console, folder: Path) -> int | None:
    """Read the documents in FOLDER, to be asked together; an open window keeps looking for new ones in it."""
    with console.services() as services:
        state = index(console, services, folder, watched=True)
        _wait_for_meaning(console, services)
        return _show(console, services, state)


@click.command("index")
@click.argument("folder", type=NamedFile())
@json_option
@click.pass_obj
def index_folder(console: Console, folder: Path) -> int | None:
    """Look now for new, changed and deleted documents in FOLDER; it is added if it was not there.

    Reading that was paused or interrupted is resumed.
    """
    with console.services() as services:
        state = index(console, services, folder)
        _wait_for_meaning(console, services)
        return _show(console, services, state)


@click.command()
@click.argument("folder")
@click.option("--keep", is_flag=True, help="Keep what was read of it, to be asked; only look no more by itself.")
@json_option
@click.pass_obj
def unwatch(console: Console, folder: str, keep: bool) -> None:
    """Forget FOLDER and everything read from it; its files are not touched."""
    with console.services() as services:
        record = services.service_thread.call(lambda: find_folder(services, folder))
        if keep:
            services.service_thread.call(lambda: services.collections.set_watched(record.id, False))
        else:
            console.result_of(services, lambda: services.collections.forget(record.id))
    if console.as_json:
        console.give({"id": record.id, "path": _place(record), "kept": keep})
    else:
        console.say(f"{record.id}  {_place(record)}: {'kept, but not watched any more' if keep else 'forgotten'}")


def find_folder(services: Services, requested: str) -> CollectionRecord:
    """Find a folder by its path, its id, or the only id that begins with it.  Service thread.  Raises KnownError."""
    return services.collections.at(Path(requested)) or services.collections.get(requested)


def index(console: Console, services: Services, folder: Path, *, watched: bool | None = None) -> CollectionState:
    """Have new documents of a folder read, with progress on stderr; Ctrl-C pauses the job.

    Raises KnownError `collection.…`, or the error that paused the job.
    """

    def on_changed(event: CollectionChanged) -> None:
        if event.state.status is CollectionStatus.INDEXING:
            left = "" if event.state.eta_s is None else f", about {event.state.eta_s:.0f} s left,"
            console.progress(
                f"reading {event.state.done} of {event.state.total}{left}", event.state.done, event.state.total
            )

    services.on(CollectionChanged, on_changed)
    known = services.service_thread.call(lambda: services.collections.at(folder))
    if known is None or watched:
        begun = console.result_of(services, lambda: services.collections.add(folder, watched=bool(watched)))
    else:
        begun = services.service_thread.call(lambda: services.collections.state(known.id))
    id = begun.record.id
    try:
        ended = console.result_of(services, lambda: services.collections.look(id, resume=True))
        while ended.status is CollectionStatus.ELSEWHERE:
            console.progress("another window or command reads it", 0, 1)
            time.sleep(0.5)
            ended = console.result_of(services, lambda: services.collections.look(id))
    except KeyboardInterrupt:

        def pause() -> None:
            job = services.collections.runner.unfinished(id)
            if job is not None and job.status is not JobStatus.PAUSED:
                services.jobs.pause(job.id)

        services.service_thread.call(pause, 5.0)
        console.end_progress()
        console.notify(f"Paused. It goes on with: slmdesk documents index {folder}")
        raise
    finally:
        console.end_progress()
    return ended


def _wait_for_meaning(console: Console, services: Services) -> None:
    """Where the library has an embedding model, wait until the documents' vectors are made; after Ctrl-C the rest is
    made the next time.
    """
    services.service_thread.call(services.embedding.take_up)
    most = 0
    try:
        while left := services.service_thread.call(lambda: services.embedding.waiting):
            most = max(most, left)
            console.progress(f"to be found by meaning: {most - left} of {most}", most - left, most)
            time.sleep(0.2)
    finally:
        console.end_progress()


def _show(console: Console, services: Services, state: CollectionState) -> int | None:
    """Print what was found; a folder that cannot be reached, or a paused job, is a failure."""
    left = services.service_thread.call(lambda: services.collections.unread(state.record.id))
    if console.as_json:
        named: list[Json] = [{"path": one.path, "code": one.code, "reason": one.sentence} for one in left]
        console.give({**json_of(state), "unread_documents": named})
    else:
        console.say(
            f"{state.record.id}  {counted_documents(state.documents)}, {state.pages:,} pages  {_place(state.record)}"
        )
        for one in left:
            console.notify(f"note: {one.sentence}")
        if not state.documents and not left and state.status is CollectionStatus.CURRENT:
            console.notify("note: there is no document in it; source code in folders is left out.")
    if state.status is not CollectionStatus.CURRENT:
        console.notify(f"note: {folder_words(state)}")
        return 1
    return None


def json_of(state: CollectionState) -> dict[str, Json]:
    return {
        "id": state.record.id,
        "name": state.record.name,
        "path": _place(state.record),
        "watched": state.record.watched,
        "status": state.status.value,
        **picked(state, "documents", "pages", "unread", "later", "gone"),
        "job": state.job or None,
        "reason": state.reason or None,
    }


def _document_shape(record: DocumentRecord, folders: dict[str, str]) -> dict[str, Json]:
    return {
        "id": record.id,
        "name": record.name,
        "path": os.fsdecode(record.path),
        "format": record.format,
        "pages": record.pages,
        "status": record.status.value,
        "reason": problem_of(record.error_code, record.error_args).sentence if record.error_code else None,
        "folder": folders.get(record.collection or ""),
    }


def _place(record: CollectionRecord) -> str:
    return os.fsdecode(record.path)
