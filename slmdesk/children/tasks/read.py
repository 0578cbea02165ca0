"""Reads one document, and draws pictures of its pages."""

from __future__ import annotations

import base64
import os
import re
import threading
from contextlib import closing
from dataclasses import replace  # noqa: TID251
from pathlib import PurePath

from slmdesk.base.documents import DocumentInfo, Note, PageStatus
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.formats import format_named, format_of
from slmdesk.base.protocol import Partial, Progress
from slmdesk.base.record import Count, changed, to_json
from slmdesk.base.types import Json
from slmdesk.base.wire import record_from
from slmdesk.children.tasks.base import Job, Task, text_of
from slmdesk.formats.base import Reading, locked
from slmdesk.formats.ole import OLD
from slmdesk.formats.opening import look_at
from slmdesk.formats.pictures import MAX_WIDTH, PictureRequest
from slmdesk.formats.registry import READERS, attachment_of, picture_of, reader_of
from slmdesk.formats.sniffing import HEAD_BYTES, SIGNED, format_of_bytes, format_of_text

_UNSEEN_LETTERS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]")
"""Unicode's tags: letters no screen shows.  After a black flag they are the flag of a region."""
PATIENCE_S = 0.5
"""A reading lets pictures go first for no longer than this, a page."""
_OLD_NAMES = (".doc", ".dot", ".ppt")


class PictureQueue:
    """Pictures that are being made, before which a reading waits between two of its pages: a person looks at them.

    Without it a reading takes the PDF library's lock again as soon as it lets go of it, and a picture of 16 ms took
    200 ms while a document was read.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, most_s: float = PATIENCE_S) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._count, most_s)


_pictures = PictureQueue()


def _is_empty(reading: Reading) -> bool:
    with reading.open() as file:
        return not file.read(1)


def read(job: Job) -> Task:
    """Payload {path, format, password, encoding, language, attachment}; format "" is found by the file's bytes and
    name; `seen`, where given: [bytes, mtime in ns, inode] of the file meant, which must still be the one at that path;
    `attachment` is the index of a document inside this one, to be read instead of it, or a list of them: the last
    inside the one before.

    For each page a Partial with the fields of core.documents.Page, and Progress in pages (total 0: not known yet).
    Result: the fields of core.documents.DocumentInfo.
    """
    reading = reading_of(job)
    chosen = chosen_format(reading, text_of(job, "format", ""))
    pages = 0
    try:
        with closing(reader_of(chosen)(reading)) as found:  # type: ignore[type-var]  # readers are generators
            for page in found:
                _pictures.wait()
                job.check()
                pages = page.number
                if _UNSEEN_LETTERS.search(page.text):
                    reading.note(Note.HIDDEN_TEXT)
                reported = (
                    changed(page, reason=reading.doubt) if page.status is PageStatus.READ and reading.doubt else page
                )
                yield Partial(job.id, str(page.number), to_json(reported))
                yield Progress(job.id, pages, max(reading.total, pages) if reading.total else 0, "page")
    except KnownError as err:
        if err.code == "document.damaged" and _is_empty(reading):  # every reader misses something else in it
            raise KnownError("document.empty", name=PurePath(reading.path).name) from err
        raise
    except (Stopped, MemoryError):
        raise
    except Exception as err:
        raise KnownError("document.damaged", path=reading.path, reason=type(err).__name__) from err
    info = DocumentInfo(
        format=chosen,
        pages=pages,
        page_kind=reading.page_kind,
        title=reading.title,
        author=reading.author,
        encoding=reading.encoding,
        doubt=reading.doubt,
        notes=tuple(reading.notes),
        attachments=tuple(reading.attachments),
        sheets=reading.sheets,
    )
    return to_json(info)


def page_image(job: Job) -> Task:
    """Payload as for `read`, with {number, width, marks: [[from, up to], …]}.

    Result {png: base64, width, height, boxes: for each mark [[left, top, right, bottom], …], 0..1 of the page}.
    """
    number, width = _whole(job, "number", 1, 1 << 31), _whole(job, "width", 0, MAX_WIDTH)
    marks = record_from(tuple[tuple[Count, Count], ...], job.payload.get("marks", ()))
    with _pictures:
        reading = reading_of(job)
        chosen = chosen_format(reading, text_of(job, "format", ""))
        requested = PictureRequest(number, width, marks)
        picture = picture_of(reading, chosen, requested)
    yield Progress(job.id, 1, 1, "page")
    return {
        "png": base64.b64encode(picture.png).decode("ascii"),
        "width": picture.width,
        "height": picture.height,
        "boxes": [[list(box) for box in boxes] for boxes in picture.boxes],
    }


def prepare(job: Job) -> Task:
    """Payload {format}: its reader is imported, so that the first document need not wait for that.  Result {}."""
    chosen = text_of(job, "format")
    if chosen not in READERS:
        raise KnownError("document.unknown_format", suffix=chosen[:40], known=" ".join(READERS))
    reader_of(chosen)
    yield Progress(job.id, 1, 1, "format")
    return {}


def _whole(job: Job, name: str, least: int, most: int) -> int:
    value = job.payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise KnownError("request.invalid", what=name)
    return value


def reading_of(job: Job) -> Reading:
    """What the payload of a job asks to be read.  Raises KnownError `request.invalid`, `file.missing` …"""
    path = text_of(job, "path")
    look_at(path)  # what is not there has no kind
    reading = Reading(
        path,
        password=text_of(job, "password", ""),
        encoding=text_of(job, "encoding", ""),
        language=text_of(job, "language", ""),
        stop=job.stop,
        worked=job.worked,
        descriptor=job.document,
    )
    if (seen := job.payload.get("seen")) is not None:
        _check_same(reading, seen)
    requested = job.payload.get("attachment")
    for index in () if requested is None else requested if isinstance(requested, list) else (requested,):
        if isinstance(index, bool) or not isinstance(index, int):
            raise KnownError("request.invalid", what="attachment")
        name, data = attachment_of(reading, chosen_format(reading, ""), index)
        reading = replace(reading, path=name, data=data, notes=[], attachments=[])
    return reading


def _check_same(reading: Reading, seen: Json) -> None:
    """Raises KnownError `document.unreadable` where another file has taken the path since the app looked at it."""
    with reading.open() as file:
        now = os.fstat(file.fileno())
    if seen != [now.st_size, now.st_mtime_ns, now.st_ino]:
        raise KnownError("document.unreadable", path=reading.path, reason="changed before it was read")


def chosen_format(reading: Reading, requested: str) -> str:
    """The id of the format: as wanted, as the bytes say, else as the name says.

    Raises KnownError `document.unknown_format`, `document.binary`, `document.locked`, `document.unreadable`.
    """
    if requested:
        if requested not in READERS:
            raise KnownError("document.unknown_format", suffix=requested[:40], known=" ".join(READERS))
        return requested
    with reading.open() as file:
        by_bytes = format_of_bytes(file)
        head = file.read(HEAD_BYTES)
    name = PurePath(reading.path)
    if by_bytes in READERS:
        if name.suffix.lower() not in format_named(by_bytes).suffixes:
            reading.note(Note.OTHER_FORMAT)
        return by_bytes
    if by_bytes == "binary":
        raise KnownError("document.binary", path=reading.path)
    if by_bytes == "locked":
        raise locked(reading)
    if by_bytes in OLD:
        raise KnownError("document.unreadable", path=reading.path, reason=OLD[by_bytes])
    known = "" if name.suffix.lower() in _OLD_NAMES else format_of(name).id
    if not by_bytes and (known in SIGNED or not known) and (found := format_of_text(head)):
        reading.note(Note.OTHER_FORMAT)
        return found
    return known or format_of(name).id
