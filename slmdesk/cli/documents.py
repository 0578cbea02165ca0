"""The commands `slmdesk documents`, for documents and folders that were read."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from slmdesk.base.documents import DocumentInfo, Page, format_named, is_recording
from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_out
from slmdesk.base.protocol import Progress, picked
from slmdesk.base.record import to_json
from slmdesk.base.records import CollectionRecord, DocumentRecord
from slmdesk.base.runtime.messages import bytes_for_people, problem_of
from slmdesk.base.translation import language_of
from slmdesk.base.types import Json, counted_pages
from slmdesk.cli.console import Console, NamedFile, answer, json_option, list_out, refuse
from slmdesk.cli.output import check_file, form_of, json_text
from slmdesk.cli.reading import (
    all_pages,
    ask_password,
    index,
    open_document,
    say_unread,
    show_reading,
)
from slmdesk.cli.terminal import one_line
from slmdesk.documents.types import CollectionState, CollectionStatus, counted_documents, folder_words, info_of
from slmdesk.documents.voice.types import transcript_of
from slmdesk.services import Services

MOST = 100_000


@click.command("list")
@click.option("--folder", help="Only those of this folder: place, id or its beginning.")
@click.option("--folders", "lists_folders", is_flag=True, help="The folders whose documents are asked together.")
@json_option
@click.pass_obj
def list_documents(console: Console, folder: str | None, lists_folders: bool) -> None:
    """List the documents that were opened, the last one first; or those of a folder; or the folders."""
    if lists_folders:
        refuse(folder is not None, "Use one of --folder and --folders.")
        _list_folders(console)
        return
    with console.services() as services:

        def read() -> tuple[list[DocumentRecord], dict[str, str]]:
            folders = {
                collection.record.id: os.fsdecode(collection.record.path) for collection in services.collections.all()
            }
            if folder is None:
                return services.documents.recent(MOST), folders
            return services.collections.documents(find_folder(services, folder).id), folders

        records, folders = services.service_thread.call(read)
    shapes = [_document_shape(document, folders) for document in records]
    rows = [(document.id, str(document.pages), document.status.value, document.name) for document in records]
    list_out(console, shapes, rows, ("ID", "PAGES", "STATUS", "NAME"), "There are no documents.")


def _list_folders(console: Console) -> None:
    with console.services() as services:
        states = services.call.collections.all()
    rows = [_folder_row(state) for state in states]
    nothing = "There are no folders. “slmdesk documents watch FOLDER” adds one."
    list_out(console, [json_of(state) for state in states], rows, FOLDER_HEAD, nothing)


FOLDER_HEAD = ("ID", "DOCUMENTS", "UNREAD", "WATCHED", "FOLDER")


def _folder_row(state: CollectionState) -> tuple[str, ...]:
    watched = "yes" if state.record.watched else "no"
    return state.record.id, str(state.documents), str(state.unread), watched, _place(state.record)


@click.command()
@click.argument("files", type=NamedFile(), nargs=-1, required=True, metavar="FILE…")
@json_option
@click.pass_obj
def add(console: Console, files: Sequence[Path]) -> int | None:
    """Read each FILE, and the documents in folders, and keep the text for later."""
    reported: list[Json] = []
    lines: list[str] = []
    with console.services() as services:
        paths = console.result_of(services, lambda: services.documents.expand(files))
        for path in paths:
            try:
                record = open_document(console, services, path)
            except KnownError as err:
                problem = say_unread(console, path, err)
                del problem["file"]
                reported.append({"path": str(path), **problem})
            else:
                reported.append(_document_shape(record, {}))
                lines.append(f"{record.id}  {record.name}")
    if not paths:
        console.notify("There is no document in it that could be read.")
    answer(console, reported, *lines)
    return None if lines and len(lines) == len(paths) else 1


@click.command()
@click.argument("document")
@json_option
@click.pass_obj
def forget(console: Console, document: str) -> None:
    """Delete everything read from DOCUMENT (an id, or the beginning of one); its file is not touched.

    What was made of it alone, such as a summary, goes into the trash.
    """
    with console.services() as services:
        gone = console.result_of(services, lambda: services.documents.forget(document))
    answer(console, {"id": gone.id, "name": gone.name}, f"{gone.id}  {gone.name}: forgotten")


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
            services.call.collections.set_watched(record.id, False)
        else:
            console.result_of(services, lambda: services.collections.forget(record.id))
    words = "kept, but not watched any more" if keep else "forgotten"
    shape: Json = {"id": record.id, "path": _place(record), "kept": keep}
    answer(console, shape, f"{record.id}  {_place(record)}: {words}")


def find_folder(services: Services, requested: str) -> CollectionRecord:
    """Find a folder by its path, its id, or the only id that begins with it.  Service thread.  Raises KnownError."""
    return services.collections.at(Path(requested)) or services.collections.get(requested)


def _wait_for_meaning(console: Console, services: Services) -> None:
    """Wait until the vectors of all documents are computed, if the library has an embedding model. After Ctrl-C the
    next run computes the rest.
    """
    services.call.embedding.take_up()
    most = 0
    try:
        while left := services.service_thread.call(lambda: services.embedding.waiting):
            most = max(most, left)
            console.progress(f"to be found by meaning: {most - left} of {most}", most - left, most)
            time.sleep(0.2)
    finally:
        console.end_progress()


def _show(console: Console, services: Services, state: CollectionState) -> int | None:
    """Print what was found. Returns 1 as exit status if the folder is not up to date (such as unreachable, or its job
    is paused), otherwise None.
    """
    left = services.call.collections.unread(state.record.id)
    if console.as_json:
        named: list[Json] = [
            {"path": document.path, "code": document.code, "reason": document.sentence} for document in left
        ]
        console.give({**json_of(state), "unread_documents": named})
    else:
        counted = f"{counted_documents(state.documents)}, {counted_pages(state.pages, 'page')}"
        console.say(one_line(f"{state.record.id}  {counted}  {_place(state.record)}"))
        for document in left:
            console.notify(f"note: {document.sentence}")
        is_current = state.status is CollectionStatus.CURRENT
        if state.later and is_current:
            console.notify(f"note: {folder_words(state)}")
        elif is_current and not (state.documents or left):
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


@click.group()
def documents() -> None:
    """Show documents as the program reads them, and manage folders of documents that are asked together."""


for _command in (add, forget, list_documents, unwatch, watch):
    documents.add_command(_command)


@documents.command()
@click.argument("file", type=NamedFile())
@click.option("--password", is_flag=True, help="Ask for the password of each locked document first.")
@click.option("--encoding", default="", help="How the letters of a text file are to be read, such as cp1252.")
@click.option("--blocks", "with_blocks", is_flag=True, help="With --json: headings, paragraphs, rows … of each page.")
@click.option(
    "--attachment",
    "number",
    type=click.IntRange(min=1),
    metavar="N",
    help="Read what is attached to FILE (a mail, a PDF) instead.",
)
@click.option("--no-save", "unsaved", is_flag=True, help="Keep nothing of the document here.")
@json_option
@click.pass_obj
def text(
    console: Console, file: Path, password: bool, encoding: str, with_blocks: bool, number: int | None, unsaved: bool
) -> None:
    """Print the text of FILE, page by page; for a page without text, the reason."""
    secret = ask_password(file) if password else ""
    with console.services(lambda _settings: not unsaved) as services:
        if unsaved or services.read_only:
            info, pages = _read(console, services, file, secret, encoding, number)
        else:
            info, pages = _kept(console, services, file, secret, encoding, number)
    if console.as_json:
        console.give(_as_json(info, pages, with_blocks=with_blocks))
        return
    for page in pages:
        if page.text:
            console.write(page.text if page.text.endswith("\n") else page.text + "\n")
        if page.reason:
            console.notify(f"note: page {page.label or page.number}: {page.reason}")
    for note in info.notes:
        about = (str(info.counts.get(note, "")), *info.names.get(note, ()))
        console.notify(f"note: {' '.join((note.replace('_', ' '), ', '.join(filter(None, about)))).strip()}")
    if number is None:
        _list_attachments(console, info)


def _list_attachments(console: Console, info: DocumentInfo) -> None:
    for attachment in info.attachments:
        about = bytes_for_people(attachment.bytes) if attachment.format else "no reader knows it"
        console.notify(f"note: attachment {attachment.index + 1}: {attachment.name} ({about})")
    if any(attachment.format for attachment in info.attachments):
        console.notify("note: --attachment N reads one of them")


def _attachment(info: DocumentInfo, file: Path, number: int) -> int:
    """Return an attachment's index from its number as shown to people. Raises click.UsageError if there is none."""
    position = next((attachment.index for attachment in info.attachments if attachment.index == number - 1), None)
    if position is None:
        name, count = " ".join(file.name.split()), len(info.attachments)
        there = f"{count:,} attachment{'' if count == 1 else 's'}" if count else "no attachments"
        raise click.UsageError(f"{name} has {there}; there is no number {number:,}.")
    return position


def _kept(
    console: Console, services: Services, file: Path, password: str, encoding: str, number: int | None
) -> tuple[DocumentInfo, Sequence[Page]]:
    """Read the document and store it for the next command. If the disk is full, only read it, and print that."""
    try:
        record = open_document(console, services, file, password=password, encoding=encoding)
        if number is not None:
            mail, index = record.id, _attachment(info_of(record), file, number)
            record = console.result_of(services, lambda: services.documents.open_attachment(mail, index))
    except KnownError as err:
        if err.code not in ("store.full", "disk.full"):
            raise
        console.notify("note: The disk is full, so nothing of the document is kept.")
        return _read(console, services, file, password, encoding, number)
    return info_of(record), all_pages(services, record.id)


def _read(
    console: Console, services: Services, file: Path, password: str, encoding: str, number: int | None
) -> tuple[DocumentInfo, Sequence[Page]]:
    def read(attachment: int | None) -> tuple[DocumentInfo, Sequence[Page]]:
        document = console.result_of(
            services,
            lambda: services.documents.read(file, password=password, encoding=encoding, attachment=attachment),
        )
        return document.info, document.pages

    show_reading(console, services, file)
    try:
        whole = read(None)
        return whole if number is None else read(_attachment(whole[0], file, number))
    finally:
        console.end_progress()


def _as_json(info: DocumentInfo, pages: Sequence[Page], *, with_blocks: bool) -> Mapping[str, Json]:
    reported: list[Json] = []
    for page in pages:
        shape: dict[str, Json] = picked(page, "number", "label", "text", "status", "reason")
        if with_blocks:
            shape["blocks"] = [to_json(block) for block in page.blocks]
        reported.append(shape)
    about = {key: value for key, value in to_json(info).items() if key not in ("format", "pages")}
    return {"format": info.format, "pages": reported, "facts": about, "notes": list(info.notes)}


@documents.command()
@click.argument("file", type=NamedFile(dir_okay=False))
@click.option("--language", default="", help="The language spoken, such as de. Without it the model finds it.")
@click.option("-m", "--model", default="", help="The speech model. FILE is then heard anew.")
@click.option("-o", "--output", type=NamedFile(dir_okay=False), help="A file ending in .txt, .srt or .json.")
@json_option
@click.pass_obj
def transcribe(console: Console, file: Path, language: str, model: str, output: Path | None) -> None:
    """Write down what is said in FILE, a recording, with times.

    Broken off, it goes on where it was.
    """
    form = "json" if console.as_json else "txt"
    if output:
        form = form_of(output, ("txt", "srt", "json"))
        check_file(output, replace=False)
    refuse(not is_recording(file), f"{file.name} must end in one of {' '.join(format_named('recording').suffixes)}.")
    code = language_of(language).code if language else ""
    with console.services() as services:
        if model:
            services.call.voice.use(model)
        record = open_document(console, services, file, encoding=code, force=bool(model))
        transcript = transcript_of(all_pages(services, record.id), info_of(record).encoding)
    text = {"json": json_text(to_json(transcript)), "srt": transcript.as_srt(), "txt": transcript.as_text()}[form]
    if output:
        write_out(output, text.encode("utf-8", "replace"))
    else:
        console.write(text)


@documents.command()
@click.argument("files", type=NamedFile(dir_okay=False), nargs=-1, required=True, metavar="FILE…")
@click.option("-o", "--output", type=NamedFile(dir_okay=False), required=True, help="The PDF to be written.")
@click.option("--password", is_flag=True, help="Ask for the password of each locked document first.")
@json_option
@click.pass_obj
def searchable(console: Console, files: Sequence[Path], output: Path, password: bool) -> None:
    """Write a PDF of the scans in each FILE, a PDF or a picture, whose words can be searched and copied.

    Several become one PDF, in the order given. Pages are turned upright.
    """
    check_file(output, replace=False)
    refuse(output.suffix.lower() != ".pdf", "The copy must end in .pdf.")
    secret = ask_password(files[0]) if password else ""

    def told(report: object) -> None:
        if isinstance(report, Progress) and report.unit == "page":
            console.progress("recognising", report.done, report.total)

    with console.services() as services:
        made = console.result_of(
            services,
            lambda: services.documents.write_searchable(files, output.absolute(), password=secret),
            told,
        )
    shape: Json = {"output": str(made.target), "bytes": made.bytes}
    answer(console, shape, one_line(f"{output}  {bytes_for_people(made.bytes)}"))
