"""Fills a template with a letter: a person's own file, which the reader child reads, or ours."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.letters import Letter
from slmdesk.base.record import to_json
from slmdesk.base.runtime.service import ServiceThread, Slices, pending_on_file_thread
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.documents.reading import file_from_reader
from slmdesk.exports.letters import filling_of, usual_template


def letter_file(
    service_thread: ServiceThread, reader: ChildClient, letter: Letter, template: str, *, has_sources: bool
) -> Slices[bytes]:
    """Return a letter as a Word file. `template`: path of a Word file; "": our own form.

    Raises KnownError `child.protocol`, `letter.no_template`, `letter.lock_file`. Ends with the Problem `letter.…` or
    `document.…` where the template cannot be used.
    """
    payload: dict[str, Json] = {"letter": to_json(filling_of(letter, has_sources=has_sources))}
    if template:
        payload["path"] = template
        _check(Path(template))
    else:
        made: bytes = yield pending_on_file_thread(
            service_thread, lambda: usual_template(letter.language), name="letter"
        )
        payload |= {"name": "letter.docx", "data": base64.b64encode(made).decode("ascii")}
    data, _about = yield from file_from_reader(service_thread, reader, "fill_letter", payload, ())
    return data


def _check(template: Path) -> None:
    if template.name.startswith("~$"):
        raise KnownError("letter.lock_file", path=template.name)
    if not os.path.lexists(template):
        raise KnownError("letter.no_template", path=str(template))
