"""`slmdesk documents`: what the reader sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from slmdesk.cli.face import Face, NamedFile, ToldError, json_option
from slmdesk.core.types import Json

if TYPE_CHECKING:
    from slmdesk.core.documents import DocumentFacts, Page
    from slmdesk.core.records import DocumentRecord
    from slmdesk.services.services import Services

T = TypeVar("T")
PAGES_AT_ONCE = 100


@click.group()
def documents() -> None:
    """Documents as the program reads them."""


@documents.command()
@click.argument("file", type=NamedFile())
@click.option("--password", is_flag=True, help="Ask for the password of a locked document first.")
@click.option("--encoding", default="", help="How the letters of a text file are to be read, such as cp1252.")
@click.option("--blocks", "with_blocks", is_flag=True, help="With --json: headings, paragraphs, rows … of each page.")
@click.option("--no-save", "unsaved", is_flag=True, help="Keep nothing of the document here.")
@json_option
@click.pass_obj
def text(face: Face, file: Path, password: bool, encoding: str, with_blocks: bool, unsaved: bool) -> None:
    """The text of FILE, page by page; a page without text says why."""
    secret = ask_password(file) if password else ""
    with face.services() as services:
        if unsaved or services.read_only:
            facts, pages = _read(face, services, file, secret, encoding)
        else:
            from slmdesk.services.documents import facts_of

            record = open_document(face, services, file, password=secret, encoding=encoding)
            facts, pages = facts_of(record), all_pages(services, record.id)
    if face.as_json:
        face.give(_as_json(facts, pages, with_blocks=with_blocks))
        return
    for one in pages:
        if one.text:
            face.write(one.text if one.text.endswith("\n") else one.text + "\n")
        if one.reason:
            face.tell(f"note: page {one.label or one.number}: {one.reason}")
    for note in facts.notes:
        face.tell(f"note: {note.replace('_', ' ')}")


def ask_password(file: Path) -> str:
    """The password of a document, typed unseen; it is kept nowhere."""
    found: str = click.prompt(f"Password of {file.name}", hide_input=True, err=True)
    return found


def open_document(
    face: Face, services: Services, file: Path, *, password: str = "", encoding: str = ""
) -> DocumentRecord:
    """Have a document read, with how far it is on stderr; on a terminal a locked one asks for its password.

    Raises KnownError document.…, file.….
    """
    import sys

    from slmdesk.services.facts import DocumentProgress, Fact

    def on_fact(fact: Fact) -> None:
        if isinstance(fact, DocumentProgress):
            face.progress(f"reading {file.name}", fact.done, fact.total)

    def opened(secret: str) -> DocumentRecord:
        begun: list[Any] = []
        found: DocumentRecord = face.wait_for(
            services,
            lambda told: begun.append(services.documents.open(file, told, password=secret, encoding=encoding)),
            lambda: services.documents.cancel(begun[0]),
        )
        return found

    services.add_listener(on_fact)
    try:
        return opened(password)
    except ToldError as err:
        if err.code not in ("document.locked", "document.wrong_password") or not sys.stdin.isatty():
            raise
        return opened(ask_password(file))
    finally:
        face.end_progress()


def all_pages(services: Services, document: str) -> list[Page]:
    """The pages of a document that was read."""
    found: list[Page] = []

    def next_pages() -> Sequence[Page]:
        begin = found[-1].number + 1 if found else 1
        return services.documents.pages(document, begin=begin, limit=PAGES_AT_ONCE)

    while some := services.desk.call(next_pages):
        found += some
    return found


def _read(
    face: Face, services: Services, file: Path, password: str, encoding: str
) -> tuple[DocumentFacts, Sequence[Page]]:
    """Without keeping anything of it."""
    found: Any = face.wait_for(
        services, lambda told: services.documents.read(file, told, password=password, encoding=encoding)
    )
    return found.facts, found.pages


def _as_json(facts: DocumentFacts, pages: Sequence[Page], *, with_blocks: bool) -> Mapping[str, Json]:
    from slmdesk.core.wire import to_json

    told: list[Json] = []
    for one in pages:
        page: dict[str, Json] = {
            "number": one.number, "label": one.label, "text": one.text, "status": one.status, "reason": one.reason,
        }  # fmt: skip
        if with_blocks:
            page["blocks"] = [to_json(block) for block in one.blocks]
        told.append(page)
    about = {key: value for key, value in to_json(facts).items() if key not in ("format", "pages")}
    return {"format": facts.format, "pages": told, "facts": about, "notes": list(facts.notes)}
