"""Writes a translated document to a file with the reader child.  Service thread."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from slmdesk.client import ChildClient
from slmdesk.core.errors import KnownError
from slmdesk.core.files import is_there, write_atomically
from slmdesk.core.languages import LANGUAGES
from slmdesk.core.translation import SegmentFlag, SegmentRecord
from slmdesk.core.types import Json
from slmdesk.services.base.file_thread import pending_on_file_thread
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.base.slices import Slices
from slmdesk.services.documents.reader_jobs import start_reader
from slmdesk.services.translation.readout import segments_of_item
from slmdesk.services.translation.types import TranslationRequest, WrittenFile
from slmdesk.store import Store

UNWRITTEN = SegmentFlag("unwritten")
"""Of a segment with a translation that could not be put into the file."""


def written(
    service_thread: ServiceThread,
    reader: ChildClient,
    payload: Mapping[str, Json],
    answers: Iterator[tuple[int, str, str]],
    target: Path,
    *,
    may_replace: bool,
) -> Slices[WrittenFile]:
    """Send all units (number, text, translation) to the reader child and write the file it makes.

    Raises KnownError `file.exists`, `child.protocol`; ends with a Problem of the document or the disk.
    """
    if is_there(target) and not may_replace:
        raise KnownError("file.exists", path=str(target))
    pieces: list[bytes] = []
    broken = False

    def on_partial(value: Mapping[str, Any]) -> None:
        nonlocal broken
        try:
            pieces.append(base64.b64decode(str(value.get("data", "")), validate=True))
        except (binascii.Error, ValueError):
            broken = True

    job, rewriting = start_reader(service_thread, reader, "rewrite", payload, on_partial)
    try:
        for number, source, translation in answers:
            if rewriting.is_ended:
                break
            job.step(str(number), {"source": source, "target": translation})
            yield
        job.end_of_steps()
        result = yield rewriting
    except BaseException:
        job.cancel()
        raise
    data = b"".join(pieces)
    refused = result.get("refused")
    numbers = tuple(one for one in refused if isinstance(one, int)) if isinstance(refused, list) else ()

    def write() -> WrittenFile:
        if broken or hashlib.sha256(data).hexdigest() != result.get("sha256"):
            raise KnownError("child.protocol", reason="rewrite")
        write_atomically(target, data)
        return WrittenFile(target, len(data), numbers)

    file: WrittenFile = yield pending_on_file_thread(service_thread, write, name="translation")
    return file


def mark_unwritten(
    store: Store, item: str, refused: Collection[int], publish: Callable[[SegmentRecord], None]
) -> Slices[None]:
    """Flag the segments whose units were written untranslated, and unflag the others, so that all views name them."""
    for one in segments_of_item(store, item):
        is_unwritten = one.unit in refused and bool(one.target)
        if (UNWRITTEN in one.flags) != is_unwritten:
            others = tuple(flag for flag in one.flags if flag != UNWRITTEN)
            flags = (UNWRITTEN, *others) if is_unwritten else others
            publish(store.segments.change(item, one.number, flags=flags))
        yield


def payload_of(request: TranslationRequest) -> dict[str, Json]:
    """Return the input of the reader child's jobs `units` and `rewrite`."""
    return {
        "path": request.path,
        "password": request.password,
        "options": {
            "language": request.target,
            "is_right_to_left": LANGUAGES[request.target].is_right_to_left,
            "sheet_names": request.sheet_names,
            "properties": request.properties,
            "columns": list(request.columns),
        },
    }


def units_in(untrusted: Json) -> list[Mapping[str, Any]]:
    """Return the units, and what is left out, from a message of the reader child's job `units`."""
    found = untrusted if isinstance(untrusted, list | tuple) else ()
    return [one for one in found if isinstance(one, Mapping) and _is_found(one)]


def _is_found(one: Mapping[str, Any]) -> bool:
    unit, left = one.get("unit"), one.get("left")
    if isinstance(unit, Mapping):
        numbers = (unit.get("paired"), unit.get("lone"))
        return isinstance(unit.get("text"), str) and all(
            isinstance(some, list | tuple) and all(isinstance(n, int) for n in some) for some in numbers
        )
    return isinstance(left, Mapping)
