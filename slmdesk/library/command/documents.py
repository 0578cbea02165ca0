"""`slmdesk documents`: the text of a document as the reader sees it; lists and folders are in folders.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from slmdesk.base.documents import DocumentInfo, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import to_json
from slmdesk.base.types import Json
from slmdesk.command.console import Console, NamedFile, json_option
from slmdesk.command.reading import all_pages, ask_password, open_document, show_reading
from slmdesk.library.command import folders
from slmdesk.library.document_info import info_of
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.services import Services


@click.group()
def documents() -> None:
    """Show documents as the program reads them, and manage folders of documents that are asked together."""


for _command in (
    folders.add, folders.folders, folders.forget, folders.index_folder, folders.list_documents, folders.unwatch,
    folders.watch,
):  # fmt: skip
    documents.add_command(_command)


@documents.command()
@click.argument("file", type=NamedFile())
@click.option("--password", is_flag=True, help="Ask for the password of a locked document first.")
@click.option("--encoding", default="", help="How the letters of a text file are to be read, such as cp1252.")
@click.option("--blocks", "with_blocks", is_flag=True, help="With --json: headings, paragraphs, rows … of each page.")
@click.option(
    "--attachment",
    "number",
    type=click.IntRange(min=1),
    metavar="N",
    help="Read what is attached to FILE (a mail, a PDF) instead; without this option the attachments are listed.",
)
@click.option("--no-save", "unsaved", is_flag=True, help="Keep nothing of the document here.")
@json_option
@click.pass_obj
def text(
    console: Console, file: Path, password: bool, encoding: str, with_blocks: bool, number: int | None, unsaved: bool
) -> None:
    """Print the text of FILE, page by page; for a page without text, the reason."""
    secret = ask_password(file) if password else ""
    with console.services() as services:
        if unsaved or services.read_only:
            info, pages = _read(console, services, file, secret, encoding, number)
        else:
            info, pages = _kept(console, services, file, secret, encoding, number)
    if console.as_json:
        console.give(_as_json(info, pages, with_blocks=with_blocks))
        return
    for one in pages:
        if one.text:
            console.write(one.text if one.text.endswith("\n") else one.text + "\n")
        if one.reason:
            console.notify(f"note: page {one.label or one.number}: {one.reason}")
    for note in info.notes:
        console.notify(f"note: {note.replace('_', ' ')}")
    if number is None:
        _list_attachments(console, info)


def _list_attachments(console: Console, info: DocumentInfo) -> None:
    for one in info.attachments:
        about = bytes_for_people(one.bytes) if one.format else "no reader knows it"
        console.notify(f"note: attachment {one.index + 1}: {one.name} ({about})")
    if any(one.format for one in info.attachments):
        console.notify("note: --attachment N reads one of them")


def _attachment(info: DocumentInfo, file: Path, number: int) -> int:
    """The index of an attachment from its number for people.  Raises click.UsageError where there is none."""
    found = next((one.index for one in info.attachments if one.index == number - 1), None)
    if found is None:
        name, count = " ".join(file.name.split()), len(info.attachments)
        there = f"{count:,} attachment{'' if count == 1 else 's'}" if count else "no attachments"
        raise click.UsageError(f"{name} has {there}; there is no number {number:,}.")
    return found


def _kept(
    console: Console, services: Services, file: Path, password: str, encoding: str, number: int | None
) -> tuple[DocumentInfo, Sequence[Page]]:
    """Read the document and keep it for the next command; on a full disk only read it, and say so."""
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
        found = console.result_of(
            services,
            lambda: services.documents.read(file, password=password, encoding=encoding, attachment=attachment),
        )
        return found.info, found.pages

    show_reading(console, services, file)
    try:
        whole = read(None)
        return whole if number is None else read(_attachment(whole[0], file, number))
    finally:
        console.end_progress()


def _as_json(info: DocumentInfo, pages: Sequence[Page], *, with_blocks: bool) -> Mapping[str, Json]:
    reported: list[Json] = []
    for one in pages:
        page: dict[str, Json] = {
            "number": one.number, "label": one.label, "text": one.text, "status": one.status, "reason": one.reason,
        }  # fmt: skip
        if with_blocks:
            page["blocks"] = [to_json(block) for block in one.blocks]
        reported.append(page)
    about = {key: value for key, value in to_json(info).items() if key not in ("format", "pages")}
    return {"format": info.format, "pages": reported, "facts": about, "notes": list(info.notes)}
