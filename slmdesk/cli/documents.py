"""`slmdesk documents`: what the reader sees."""

from __future__ import annotations

from pathlib import Path

import click

from slmdesk.cli.face import Face, NamedFile, json_option


@click.group()
def documents() -> None:
    """Documents as the program reads them."""


@documents.command()
@click.argument("file", type=NamedFile())
@json_option
@click.pass_obj
def text(face: Face, file: Path) -> None:
    """The text of FILE, page by page; a page without text says why."""
    from slmdesk.services.documents import DocumentText

    with face.services() as services:
        found: DocumentText = face.wait_for(services, lambda told: services.documents.read(file, told))
    if face.as_json:
        face.give(
            {
                "format": found.format,
                "pages": [
                    {
                        "number": one.number,
                        "label": one.label,
                        "text": one.text,
                        "status": one.status,
                        "reason": one.reason,
                    }
                    for one in found.pages
                ],
            }
        )
        return
    for one in found.pages:
        if one.text:
            face.write(one.text if one.text.endswith("\n") else one.text + "\n")
        if one.reason:
            face.tell(f"note: page {one.label or one.number}: {one.reason}")
