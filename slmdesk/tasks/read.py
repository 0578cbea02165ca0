"""Reading one document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from slmdesk.core.errors import KnownError
from slmdesk.core.formats import format_of
from slmdesk.core.protocol import Partial, Progress
from slmdesk.core.wire import to_json
from slmdesk.documents.base import PageStatus
from slmdesk.documents.decoding import NotTextError, decode
from slmdesk.documents.opening import look_at, read_file
from slmdesk.documents.registry import READERS
from slmdesk.tasks.base import Job, Task, text_of


def read(job: Job) -> Task:
    """Payload {path, format}; format "" is chosen by the file's name.

    For each page a Partial {number, label, text, status, reason, blocks: [{kind, start, end}]} and Progress in
    characters.  Result {format, pages, encoding, doubt}: a count, how the letters were read, and why that is a guess,
    if it is one.
    """
    path = text_of(job, "path")
    look_at(path)  # what is not there has no kind
    chosen = text_of(job, "format", "") or format_of(Path(path)).id
    if chosen not in READERS:
        raise KnownError("document.unknown_format", suffix=chosen[:40], known=" ".join(READERS))
    try:
        decoded = decode(read_file(path))
    except NotTextError as err:
        raise KnownError("document.unreadable", path=path, reason=f"not text: {err}") from err
    text = decoded.text.replace("\r\n", "\n")
    pages = done = 0
    for page in READERS[chosen](text):
        pages, done = page.number, done + len(page.text)
        told = replace(page, reason=decoded.doubt) if page.status is PageStatus.READ else page
        yield Partial(job.id, str(page.number), to_json(told))
        yield Progress(job.id, done, len(text), "character")
    return {"format": chosen, "pages": pages, "encoding": decoded.encoding, "doubt": decoded.doubt}
