"""Looks through a document that is to be given out, writes it redacted, and looks whether a word is left in it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import PurePath

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.formats import format_named
from slmdesk.base.protocol import Partial, Progress
from slmdesk.base.types import Json
from slmdesk.children.tasks.base import Job, Task, TaskEvent, text_of
from slmdesk.children.tasks.read import chosen_format, reading_of
from slmdesk.formats.base import Reading
from slmdesk.formats.redacting.base import Redacting, Said
from slmdesk.formats.redacting.check import left_in
from slmdesk.formats.redacting.registry import REDACTORS, redactor_of
from slmdesk.formats.redacting.words import Listing, Replacing, Seeking
from slmdesk.formats.registry import reader_of

PIECE_BYTES = 384 << 10
"""Of the file, in one line: as base64 it has a third more, and a line has a MiB at most."""
PIECE_CHARACTERS = 100_000
"""Of text, in one line."""
MOST_STEPS = 500
MOST_PAIRS = 500_000
LEAST_RESOLUTION, MOST_RESOLUTION = 72, 300


def private_texts(job: Job) -> Task:
    """Payload as for `read`.  Partials {texts: [{place, text, is_shown}, …]}: what the document says, page by page,
    then what stands elsewhere in the file; long text is cut into several.

    Result {format, people: [names the file gives as authors], removed, unsure: [{kind, place}, …]}.
    """
    reading, chosen = _begun(job)
    pages: list[tuple[str, str]] = []
    for page in _guarded(reading.path, reader_of(chosen)(reading)):
        job.check()
        pages.append((page.label or f"page {page.number}", page.text))
        yield Progress(job.id, page.number, max(reading.total, 0), "page")
    listing = Listing()
    redacting = Redacting(_again(reading), listing, draws=False)
    yield from _run(job, redacting, chosen)
    known = {" ".join(line.split()) for _, text in pages for line in text.replace("\t", "\n").split("\n")}
    more = [
        (place, "\n".join(line for line in text.split("\n") if " ".join(line.split()) not in known))
        for text, place in listing.texts.items()
        if not (chosen == "pdf" and place.startswith("page "))
    ]
    portions = [(True, some) for some in _portions(pages)] + [(False, some) for some in _portions(more)]
    for number, (is_shown, some) in enumerate(portions):
        job.check()
        texts: list[Json] = [{"place": place, "text": text, "is_shown": is_shown} for place, text in some]
        yield Partial(job.id, str(number), {"texts": texts})
    return {"format": chosen, "people": list(redacting.people), **_said(redacting)}


def redact(job: Job) -> Task:
    """Payload as for `read`, with {resolution: pixels an inch of a PDF's pages, text_layer, restore: words are put back
    and nothing is taken out}; each step: {original, substitute}.

    Partials {data: base64}, their keys numbered from 0: the file, piece by piece.  Result {format, bytes, sha256,
    counts: [how often each pair was replaced], removed, unsure: [{kind, place}, …]}.
    """
    pairs = list(_pairs(job))
    reading, chosen = _begun(job)
    resolution = job.payload.get("resolution", 150)
    if type(resolution) is not int or not LEAST_RESOLUTION <= resolution <= MOST_RESOLUTION:
        raise KnownError("request.invalid", what="resolution")
    words = Replacing(pairs)
    redacting = Redacting(
        reading, words, removes=job.payload.get("restore") is not True, pixels_per_inch=resolution,
        text_layer=job.payload.get("text_layer") is True,
    )  # fmt: skip
    data = yield from _run(job, redacting, chosen)
    yield Progress(job.id, 0, len(data), "byte")
    for number, at in enumerate(range(0, len(data), PIECE_BYTES)):
        job.check()
        yield Partial(job.id, str(number), {"data": base64.b64encode(data[at : at + PIECE_BYTES]).decode("ascii")})
    return {
        "format": chosen, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
        "counts": [words.counts[number] for number in range(len(pairs))], **_said(redacting),
    }  # fmt: skip


def check_redacted(job: Job) -> Task:
    """Payload {format}; steps {data: base64} in order, and {original}.  Result {left: [[number of the original, place
    where it was found], …]}: none, if all is well.
    """
    chosen = text_of(job, "format")
    if chosen not in REDACTORS:
        raise KnownError("request.invalid", what="format")
    pieces: list[bytes] = []
    originals: list[str] = []
    for steps in job.batches(MOST_STEPS):
        job.worked()
        for step in steps:
            original, data = step.payload.get("original"), step.payload.get("data")
            if isinstance(original, str):
                originals.append(original)
            else:
                pieces.append(_bytes_of(data))
    data = b"".join(pieces)
    yield Progress(job.id, 0, len(data), "byte")
    name = f"result{format_named(chosen).suffixes[0]}"
    left = left_in(data, originals, job.worked)
    job.check()
    seeking = Seeking(originals)
    redacting = Redacting(Reading(name, data=data, stop=job.stop, worked=job.worked), seeking, draws=False)
    yield from _run(job, redacting, chosen)
    return {"left": [[number, place] for number, place in sorted({**seeking.found, **left}.items())]}


def _begun(job: Job) -> tuple[Reading, str]:
    reading = reading_of(job)
    chosen = chosen_format(reading, text_of(job, "format", ""))
    redactor_of(chosen, reading.path)
    if PurePath(reading.path).suffix.lower() not in format_named(chosen).suffixes:
        reason = f"it is {format_named(chosen).name}, which its name does not say; give it its right name first"
        raise KnownError("document.unreadable", path=reading.path, reason=reason)
    return reading, chosen


def _again(reading: Reading) -> Reading:
    return Reading(
        reading.path, data=reading.data, descriptor=reading.descriptor, password=reading.password,
        encoding=reading.encoding, stop=reading.stop, worked=reading.worked,
    )  # fmt: skip


def _pairs(job: Job) -> Iterator[tuple[str, str]]:
    count = 0
    for steps in job.batches(MOST_STEPS):
        job.worked()
        for step in steps:
            original, substitute = step.payload.get("original"), step.payload.get("substitute")
            count += 1
            if not isinstance(original, str) or not isinstance(substitute, str) or count > MOST_PAIRS:
                raise KnownError("request.invalid", what="step")
            yield original, substitute


def _run(job: Job, redacting: Redacting, chosen: str) -> Generator[TaskEvent, None, bytes]:
    """Redact, on a thread of its own so that its progress can be told; returns the bytes."""
    redactor = redactor_of(chosen, redacting.reading.path)

    def work(report: Callable[[TaskEvent], None]) -> bytes:
        redacting.progress = lambda done, total: report(Progress(job.id, done, total, "page"))
        try:
            return redactor(redacting)
        except (KnownError, Stopped, MemoryError):
            raise
        except Exception as err:
            reason = type(err).__name__
            raise KnownError("document.damaged", path=redacting.reading.path, reason=reason) from err

    return (yield from job.reported_by(work))


def _guarded(path: str, pages: Iterable[Page]) -> Iterator[Page]:
    try:
        yield from pages
    except (KnownError, Stopped, MemoryError):
        raise
    except Exception as err:
        raise KnownError("document.damaged", path=path, reason=type(err).__name__) from err


def _portions(texts: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    some: list[tuple[str, str]] = []
    size = 0
    for place, text in texts:
        for at in range(0, len(text), PIECE_CHARACTERS):
            piece = text[at : at + PIECE_CHARACTERS]
            if some and size + len(piece) > PIECE_CHARACTERS:
                yield some
                some, size = [], 0
            some.append((place, piece))
            size += len(piece)
    if some:
        yield some


def _said(redacting: Redacting) -> Mapping[str, Json]:
    def listed(some: Iterable[Said]) -> list[Json]:
        return [{"kind": one.kind, "place": one.place} for one in some]

    return {"removed": listed(redacting.removed), "unsure": listed(redacting.unsure)}


def _bytes_of(untrusted: Json) -> bytes:
    try:
        return base64.b64decode(str(untrusted), validate=True)
    except (binascii.Error, ValueError) as err:
        raise KnownError("request.invalid", what="step") from err
