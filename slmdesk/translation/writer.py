"""Writes a translated document to a file with the reader child.  Service thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_atomically
from slmdesk.base.languages import LANGUAGES
from slmdesk.base.translation import SegmentFlag, SegmentRecord
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.library.rewriting import rewritten
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.runtime.slices import Slices
from slmdesk.store import Store
from slmdesk.translation.readout import segments_of_item
from slmdesk.translation.types import TranslationRequest, WrittenFile

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
    data, numbers = yield from rewritten(service_thread, reader, payload, answers)

    def write() -> WrittenFile:
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
