"""What the reader's child can do: documents read, translated, redacted; tables, glossaries and foreign chats."""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import io
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace  # noqa: TID251
from functools import partial
from itertools import islice
from pathlib import PurePath
from typing import Any

from slmdesk.base.documents import (
    BlockKind,
    DocumentInfo,
    ForeignChat,
    Note,
    PageBox,
    PageStatus,
    format_named,
    format_of,
)
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.letters import Filling
from slmdesk.base.protocol import MOST_LETTERS, Partial, Progress, in_pieces, record_from
from slmdesk.base.record import Count, changed, to_json
from slmdesk.base.texts import N_, _
from slmdesk.base.translation import TERM_COLUMNS
from slmdesk.base.types import MOST_PICTURES, Json
from slmdesk.children.formats.chat_files import Chat, Found, chats_in
from slmdesk.children.formats.containers import HEAD_BYTES, OLD, SIGNED, format_of_bytes, format_of_text
from slmdesk.children.formats.reading import (
    MAX_WIDTH,
    READERS,
    REDACTORS,
    PictureRequest,
    Reading,
    attachment_of,
    locked,
    look_at,
    picture_of,
    reader_of,
    redactor_of,
    rewriter_of,
    searchable_of,
)
from slmdesk.children.formats.redacting.redactors import Listing, Redacting, Replacing, Seeking
from slmdesk.children.formats.redacting.text import left_in
from slmdesk.children.formats.rewriting.rewriters import (
    LeftAsIs,
    Options,
    Rewriter,
    Rewriting,
    Unit,
    UnitOrLeft,
    written_to,
)
from slmdesk.children.formats.rewriting.text_files import SAMPLE_ROWS, columns_with_sentences
from slmdesk.children.formats.sheets import REPORTED, delimiter_of, rows_of
from slmdesk.children.formats.term_files import Wording, pairs_of, terms_of
from slmdesk.children.formats.text import decoded_text
from slmdesk.children.tasks.job import Job, Task, TaskEvent, text_of
from slmdesk.redact import Find

_UNSEEN_LETTERS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]")
"""Unicode's tags: letters no screen shows.  After a black flag they are the flag of a region."""
PATIENCE_S = 0.5
"""A reading lets pictures go first for no longer than this, a page."""
_OLD_NAMES = (".doc", ".dot", ".ppt")
_NO_ROOM = ("failed to map", "annot allocate memory")
"""What the loader of libraries says, in all its versions."""


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

    def __exit__(self, *__: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, most_s: float = PATIENCE_S) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._count, most_s)


_pictures = PictureQueue()


@contextmanager
def _damaged(reading: Reading) -> Iterator[None]:
    """Within it, a fault nobody foresaw means that the document is damaged.  Raises KnownError `document.damaged` or
    `document.empty`, or MemoryError where it came of too little memory.
    """
    try:
        yield
    except KnownError as err:
        if err.code == "document.damaged" and _is_empty(reading):  # every reader misses something else in it
            raise KnownError("document.empty", name=PurePath(reading.path).name) from err
        raise
    except (Stopped, MemoryError):
        raise
    except Exception as err:
        if _is_short_of_memory(err):
            raise MemoryError from err
        if isinstance(err, ImportError):  # of this installation
            raise
        if _is_empty(reading):
            raise KnownError("document.empty", name=PurePath(reading.path).name) from err
        raise KnownError("document.damaged", path=reading.path, reason=type(err).__name__) from err


def _is_short_of_memory(err: Exception) -> bool:
    """Also a library that could not be loaded beside a large picture."""
    if isinstance(err, ImportError):
        return any(words in str(err) for words in _NO_ROOM)
    return isinstance(err, OSError) and err.errno == errno.ENOMEM


def _is_empty(reading: Reading) -> bool:
    with reading.open() as file:
        return not file.read(1)


def read(job: Job) -> Task:
    """Payload {path, format, password, encoding, language, attachment}; format "" is found by the file's bytes and
    name; `seen`, where given: [bytes, mtime in ns, inode] of the file meant, which must still be at that path;
    `recognised`: numbers of pages that the app has from a reading that was cut off: they come without their words;
    `attachment` is the index of a document inside this file, to be read instead of it, or a list of them: the last
    inside the document before.

    For each page a Partial with the fields of core.documents.Page, and Progress in pages (total 0: not known yet).
    Result: the fields of core.documents.DocumentInfo.
    """
    reading = reading_of(job)
    chosen = chosen_format(reading, text_of(job, "format", ""))
    pages = letters = 0
    with _damaged(reading), closing(reader_of(chosen)(reading)) as read_pages:  # type: ignore[type-var]  # readers are generators
        for page in read_pages:
            _pictures.wait()
            job.check()
            pages = page.number
            letters += len(page.text)
            if letters > MOST_LETTERS:
                raise KnownError("document.too_large", path=reading.path, bytes=letters, limit=MOST_LETTERS)
            if _UNSEEN_LETTERS.search(page.text):
                reading.note(Note.HIDDEN_TEXT)
            if struck := sum(block.kind is BlockKind.STRUCK for block in page.blocks):
                reading.note(Note.STRUCK, count=struck)
            is_doubtful = page.status is PageStatus.READ and reading.doubt
            reported = changed(page, reason=reading.doubt) if is_doubtful else page
            yield Partial(job.id, str(page.number), to_json(reported))
            yield Progress(job.id, pages, max(reading.total, pages) if reading.total else 0, "page")
    for invoice in reading.einvoices if len(reading.einvoices) > 1 else ():
        reading.note(Note.EINVOICES, name=" ".join(field.shown for field in invoice.every("invoice.number")))
    info = DocumentInfo(
        format=chosen,
        pages=pages,
        page_kind=reading.page_kind,
        title=reading.title,
        author=reading.author,
        message_id=reading.message_id,
        references=reading.references,
        encoding=reading.encoding,
        doubt=reading.doubt,
        notes=tuple(reading.notes),
        attachments=tuple(reading.attachments),
        sheets=reading.sheets,
        counts=reading.counts,
        names=reading.names,
        einvoices=tuple(reading.einvoices),
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


def sight(job: Job) -> Task:
    """Payload as for `read`, or {data: base64 of a picture}, with {number}: a page as a picture for a model.

    Result {width, height, data: base64 of a JPEG, pages: how many there are}.
    """
    from slmdesk.children.formats.sight import LARGEST_WIDTH, made_small

    data = job.payload.get("data")
    with _pictures:
        reading = (
            reading_of(job) if data is None
            else Reading(text_of(job, "name", "picture"), data=_bytes_of(data), stop=job.stop, worked=job.worked)
        )  # fmt: skip
        chosen = chosen_format(reading, "")
        drawn = picture_of(reading, chosen, PictureRequest(_whole(job, "number", 0, 1 << 31), LARGEST_WIDTH, ()))
        yield Progress(job.id, 1, 1, "page")
        width, height, jpeg = made_small(drawn.png)
    made = base64.b64encode(jpeg).decode("ascii")
    return {"width": width, "height": height, "data": made, "pages": reading.total}


def pixels(job: Job) -> Task:
    """Payload {jpegs: [base64, …]}, made by `sight`.  Result {pictures: [{width, height, data: base64 of RGB}, …]}."""
    from slmdesk.children.formats.sight import unpacked

    given = record_from(tuple[str, ...], job.payload.get("jpegs"))
    pictures: list[Json] = []
    for number, jpeg in enumerate(given[:MOST_PICTURES], 1):
        job.check()
        width, height, rgb = unpacked(_bytes_of(jpeg))
        pictures.append({"width": width, "height": height, "data": base64.b64encode(rgb).decode("ascii")})
        yield Progress(job.id, number, len(given), "picture")
    return {"pictures": pictures}


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
        recognised=frozenset(record_from(tuple[Count, ...], job.payload.get("recognised", ()))),
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
        raise KnownError("document.unreadable", path=reading.path, reason=_("changed before it was read"))


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
        if name.suffix.lower() not in (format_named(by_bytes).suffixes or (".xml",)):
            reading.note(Note.OTHER_FORMAT)
        return by_bytes
    if by_bytes == "binary":
        raise KnownError("document.binary", path=reading.path)
    if by_bytes == "locked":
        raise locked(reading)
    if by_bytes in OLD:
        raise KnownError("document.unreadable", path=reading.path, reason=OLD[by_bytes])
    known = "" if name.suffix.lower() in _OLD_NAMES else format_of(name).id
    if not by_bytes and (known in SIGNED or not known) and (by_text := format_of_text(head)):
        reading.note(Note.OTHER_FORMAT)
        return by_text
    return known or format_of(name).id


def _check_name(reading: Reading, chosen: str) -> None:
    """Raises KnownError `document.unreadable` for a file that would come back with a wrong name."""
    if PurePath(reading.path).suffix.lower() not in format_named(chosen).suffixes:
        raise named_wrongly(reading, chosen)


def named_wrongly(reading: Reading, chosen: str) -> KnownError:
    reason = N_("it is {format}, which its name does not say; give it its right name first")
    return KnownError("document.unreadable", path=reading.path, reason=reason.format(format=format_named(chosen).name))


MOST_STEPS = 500
MOST_LEFT = 2_000
"""Unchanged things that are listed; more are counted by their kind."""
UNITS_AT_ONCE = 50


def units(job: Job) -> Task:
    """Payload as for `read`, with {options}: the fields of documents.rewriting.Options.

    Partials {found: [{unit: {text, paired, lone, kind, place, language}} or {left: {kind, place, text}}, …]}, their
    keys numbered from 0.  Result {format, units, left}: counts.
    """
    rewriting, rewriter, chosen = _begun(job)
    counts = {"units": 0, "left": 0}
    reported: list[Json] = []
    number = 0
    for part in _listed(rewriter, rewriting):
        job.check()
        if isinstance(part, Unit):
            counts["units"] += 1
            reported.append({"unit": {"text": part.text, "paired": list(part.tags.paired), "lone": list(part.tags.lone),
                                  "kind": part.kind, "place": part.place, "language": part.language}})  # fmt: skip
        else:
            counts["left"] += 1
            reported.append({"left": to_json(part)})
        if len(reported) >= UNITS_AT_ONCE:
            yield Partial(job.id, str(number), {"found": reported})
            yield Progress(job.id, counts["units"], 0, "unit")
            reported, number = [], number + 1
    if reported:
        yield Partial(job.id, str(number), {"found": reported})
    return {"format": chosen, **counts}


def rewrite(job: Job) -> Task:
    """Payload as for `units`; each step, its key a unit's number: {source, target}.

    After the last step Partials {data: base64}, their keys numbered from 0: the file, piece by piece.  Result {bytes,
    sha256, refused: [numbers of units whose translation could not be put in]}.
    """
    answers: dict[int, tuple[str, str]] = {}
    for steps in job.batches(MOST_STEPS):
        job.worked()
        for step in steps:
            source, target = step.payload.get("source"), step.payload.get("target")
            if not step.key.isdecimal() or not isinstance(source, str) or not isinstance(target, str):
                raise KnownError("request.invalid", what="step")
            answers[int(step.key)] = source, target
    rewriting, rewriter, __ = _begun(job)
    out = io.BytesIO()
    with _damaged(rewriting.reading):
        refused = written_to(rewriter, rewriting, answers, out)
    data = out.getbuffer()
    yield Progress(job.id, 0, len(data), "byte")
    return {**(yield from _given(job, data)), "refused": list(refused)}


def _begun(job: Job) -> tuple[Rewriting, Rewriter, str]:
    reading = reading_of(job)
    format_id = job.payload.get("format", "")
    chosen = chosen_format(reading, format_id if isinstance(format_id, str) else "")
    _check_name(reading, chosen)
    return Rewriting(reading, _options(job.payload.get("options"))), rewriter_of(chosen, reading.path), chosen


def _options(untrusted: Json) -> Options:
    shape = untrusted if isinstance(untrusted, Mapping) else {}
    language, tracked, model = (shape.get(name, "") for name in ("language", "tracked", "model"))
    columns = shape.get("columns", ())
    is_text = all(isinstance(words, str) for words in (language, tracked, model))
    if not is_text or not isinstance(columns, list | tuple):
        raise KnownError("request.invalid", what="options")
    return Options(
        language=str(language),
        tracked=str(tracked),
        model=str(model),
        is_right_to_left=shape.get("is_right_to_left") is True,
        sheet_names=shape.get("sheet_names") is True,
        properties=shape.get("properties") is True,
        columns=tuple(
            column
            for column in columns
            if isinstance(column, str) or (type(column) is int and column >= 0)  # no bool
        ),
    )


def _listed(rewriter: Rewriter, rewriting: Rewriting) -> Iterator[UnitOrLeft]:
    """What a rewriter finds; of what is left so much as people read, and how many more there are."""
    count, more = 0, Counter[str]()
    with _damaged(rewriting.reading):
        for as_is in rewriter(rewriting):
            if isinstance(as_is, LeftAsIs):
                count += 1
                if count > MOST_LEFT:
                    more[as_is.kind] += 1
                    rewriting.reading.check()
                    continue
            yield as_is
    for kind, others in more.items():
        yield LeftAsIs(kind, "", f"and {others} more")


PIECE_CHARACTERS = 100_000
"""Of text, in a line."""
MOST_PAIRS = 500_000
LEAST_RESOLUTION, MOST_RESOLUTION = 72, 300
MOST_PICTURES_SHOWN = 500
"""Most pictures of a document that a person can choose from."""


def private_texts(job: Job) -> Task:
    """Payload as for `read`.  Partials {texts: [{place, text, is_shown, seen: [a Find, …]}]}: what the document says,
    page by page, then what stands elsewhere in the file; long text is cut into several. `seen` is what the small finder
    takes for private in it: only in what is shown, since names of styles and fonts look like names to it.

    Then one Partial {picture: {place, digest, width, height, small: base64 of a PNG, or ""}} for each picture in it.

    Result {format, people: [names the file gives as authors], pages: [[width, height], …] of what has pages that are
    drawn, removed, unsure: [{kind, place}, …]}.
    """
    reading, chosen = _redacting_of(job)
    pages: list[tuple[str, str]] = []
    with _damaged(reading):
        for page in reader_of(chosen)(reading):
            job.check()
            pages.append((page.label or f"page {page.number}", page.text))
            yield Progress(job.id, page.number, max(reading.total, 0), "page")
    listing = Listing()
    redacting = Redacting(_again(reading), listing, draws=False)
    yield from _run(job, redacting, chosen)
    known = {" ".join(line.split()) for __, text in pages for line in text.replace("\t", "\n").split("\n")}
    more = [
        (place, "\n".join(line for line in text.split("\n") if " ".join(line.split()) not in known))
        for text, place in listing.texts.items()
        if not (chosen == "pdf" and place.startswith("page "))
    ]
    shown = [*_pieces(pages)]
    for number, (place, text) in enumerate(shown, 1):
        seen: list[Json] = [*map(to_json, _seen_in(text, job, redacting))]
        yield Partial(job.id, str(number), {"texts": [{"place": place, "text": text, "is_shown": True, "seen": seen}]})
        yield Progress(job.id, number, len(shown), "page")
    for number, line in enumerate(_lines(_pieces(more)), len(shown) + 1):
        texts: list[Json] = [{"place": place, "text": text, "is_shown": False, "seen": []} for place, text in line]
        yield Partial(job.id, str(number), {"texts": texts})
    yield from _small_pictures(job, redacting)
    sizes: list[Json] = [list(size) for size in redacting.sizes]
    return {"format": chosen, "people": list(redacting.people), "pages": sizes, **_said(redacting)}


def private_words(job: Job) -> Task:
    """Payload {text}, no file.  Result {seen: [a Find, …]}: what the small finder takes for private in the text."""
    try:
        from slmdesk.children.formats.redacting.finder import seen_in
    except ImportError:  # there is no onnxruntime for this system
        return {"seen": []}
    yield Progress(job.id, 0, 1, "page")
    return {"seen": [*map(to_json, seen_in(text_of(job, "text"), partial(_look_on, job)))]}


def _look_on(job: Job) -> None:
    job.check()
    job.worked()


def _small_pictures(job: Job, redacting: Redacting) -> Iterator[TaskEvent]:
    for digest, (place, data) in islice(redacting.pictures.items(), MOST_PICTURES_SHOWN):
        from slmdesk.children.formats.redacting.pictures import small_of  # late: its libraries are large

        job.check()
        job.worked()
        width, height, small = small_of(data)
        told: dict[str, Json] = {"place": place, "digest": digest, "width": width, "height": height}
        yield Partial(job.id, digest, {"picture": {**told, "small": base64.b64encode(small).decode("ascii")}})


def _seen_in(text: str, job: Job, redacting: Redacting) -> list[Find]:
    job.check()
    try:
        from slmdesk.children.formats.redacting.finder import seen_in

        return [*seen_in(text, partial(_look_on, job))]
    except ImportError:  # there is no onnxruntime for this system
        redacting.doubt("finder")
        return []


def _pieces(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the texts in pieces, without optional hyphens, which the app takes out too."""
    for place, text in texts:
        text = text.replace("\u00ad", "")
        for at in range(0, len(text), PIECE_CHARACTERS):
            yield place, text[at : at + PIECE_CHARACTERS]


def _lines(pieces: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Yield as many pieces together as there is room for in a line: a letter has hundreds of names of styles."""
    line: list[tuple[str, str]] = []
    length = 0
    for place, text in pieces:
        length += len(place) + len(text)
        if line and length > PIECE_CHARACTERS:
            yield line
            line, length = [], len(place) + len(text)
        line.append((place, text))
    if line:
        yield line


def redact(job: Job) -> Task:
    """Payload as for `read`, with {resolution: pixels an inch of a PDF's pages, text_layer, restore: words are put back
    and nothing is taken out, boxes: [{page, left, top, right, bottom}, …] and pictures: [digest, …] that become black};
    each step: {original, substitute}.

    Partials {data: base64}, their keys numbered from 0: the file, piece by piece.  Result {format, bytes, sha256,
    counts: [how often each pair was replaced], removed, unsure: [{kind, place}, …]}.
    """
    pairs = list(_pairs(job))
    reading, chosen = _redacting_of(job)
    resolution = job.payload.get("resolution", 150)
    if type(resolution) is not int or not LEAST_RESOLUTION <= resolution <= MOST_RESOLUTION:
        raise KnownError("request.invalid", what="resolution")
    words = Replacing(pairs)
    redacting = Redacting(
        reading, words, removes=job.payload.get("restore") is not True, pixels_per_inch=resolution,
        text_layer=job.payload.get("text_layer") is True, **_drawn_by_hand(job),
    )  # fmt: skip
    data = yield from _run(job, redacting, chosen)
    yield Progress(job.id, 0, len(data), "byte")
    given = yield from _given(job, data)
    counts: list[Json] = [words.counts[number] for number in range(len(pairs))]
    return {"format": chosen, **given, "counts": counts, **_said(redacting)}


def check_redacted(job: Job) -> Task:
    """Payload {format, boxes, pictures}; steps {data: base64} in order, and {original}.  Result {left: [[number of the
    original, or -1 for a box or a picture; place where it was found], …]}: none, if all is well.
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
    copy = Reading(name, data=data, stop=job.stop, worked=job.worked)
    redacting = Redacting(copy, seeking, draws=False, **_drawn_by_hand(job))
    yield from _run(job, redacting, chosen)
    words = sorted({**seeking.found, **left}.items())
    return {"left": [*map(list, words), *([-1, place] for place in redacting.left)]}


def searchable(job: Job) -> Task:
    """Payload as for `read`, of a PDF or a picture.  Partials {data: base64}, their keys numbered from 0: a PDF whose
    scanned pages can be searched, piece by piece.  Result {bytes, sha256}.
    """
    reading = reading_of(job)
    making = searchable_of(reading, chosen_format(reading, text_of(job, "format", "")))
    with _damaged(reading):
        try:
            while True:
                done = next(making)
                job.check()
                yield Progress(job.id, done, reading.total, "page")
        except StopIteration as end:
            data: bytes = end.value
    return (yield from _given(job, data))


def join_pages(job: Job) -> Task:
    """Payload {}; steps {part: number, data: base64}: PDFs, piece by piece and in order.  Gives one as `searchable`."""
    from slmdesk.children.formats.pdf import joined

    parts: dict[int, bytearray] = {}
    for steps in job.batches(MOST_STEPS):
        job.worked()
        for step in steps:
            number = step.payload.get("part")
            if not isinstance(number, int):
                raise KnownError("request.invalid", what="step")
            parts.setdefault(number, bytearray()).extend(_bytes_of(step.payload.get("data")))
    return (yield from _given(job, joined([bytes(part) for _number, part in sorted(parts.items())])))


def fill_letter(job: Job) -> Task:
    """Payload as for `read`, or {name, data: base64 of the template}, with {letter: the fields of letters.Filling}.
    Gives a Word file as `searchable` gives a PDF.
    """
    from slmdesk.children.formats.letter_templates import filled

    letter = record_from(Filling, job.payload.get("letter"))
    reading = _template_of(job)
    with _damaged(reading):
        data = filled(reading, letter)
    return (yield from _given(job, data))


def _template_of(job: Job) -> Reading:
    """Raises KnownError `letter.no_word` for a file that is no Word file, and what `chosen_format` raises."""
    data = job.payload.get("data")
    if data is not None:
        return Reading(text_of(job, "name"), data=_bytes_of(data), stop=job.stop, worked=job.worked)
    reading = reading_of(job)
    if chosen_format(reading, "") != "docx":
        raise KnownError("letter.no_word", path=reading.path)
    return reading


def _given(job: Job, data: bytes | memoryview) -> Task:
    for number, piece in enumerate(in_pieces(data)):
        job.check()
        yield Partial(job.id, str(number), {"data": piece})
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _redacting_of(job: Job) -> tuple[Reading, str]:
    reading = reading_of(job)
    chosen = chosen_format(reading, text_of(job, "format", ""))
    redactor_of(chosen, reading.path)
    _check_name(reading, chosen)
    return reading, chosen


def _again(reading: Reading) -> Reading:
    return Reading(
        reading.path, data=reading.data, descriptor=reading.descriptor, password=reading.password,
        encoding=reading.encoding, stop=reading.stop, worked=reading.worked,
    )  # fmt: skip


def _drawn_by_hand(job: Job) -> dict[str, Any]:
    """Return the boxes and the digests of pictures that are to be black. Raises KnownError `request.invalid`."""
    boxes = record_from(tuple[PageBox, ...], job.payload.get("boxes", ()))
    return {"boxes": boxes, "pictures_out": record_from(tuple[str, ...], job.payload.get("pictures", ()))}


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
        with _damaged(redacting.reading):
            return redactor(redacting)

    return (yield from job.reported_by(work))


def _said(redacting: Redacting) -> Mapping[str, Json]:
    return {"removed": [*map(to_json, redacting.removed)], "unsure": [*map(to_json, redacting.unsure)]}


def _bytes_of(untrusted: Json) -> bytes:
    try:
        return base64.b64decode(str(untrusted), validate=True)
    except (binascii.Error, ValueError) as err:
        raise KnownError("request.invalid", what="step") from err


MOST_COLUMNS = 200
MOST_SAMPLES, MOST_CHARACTERS = 3, 60


def table_columns(job: Job) -> Task:
    """Payload as for `read`.  A single Partial {columns: [{name, samples, is_text}, …]}.  Result {columns}: how many.

    `is_text`: it is translated unless a person says otherwise.  Raises KnownError `document.…`;
    `document.unknown_format` for what is no table as text.
    """
    reading = reading_of(job)
    chosen = chosen_format(reading, "")
    if chosen != "csv":
        raise KnownError("document.unknown_format", suffix=chosen, known="csv")
    with _damaged(reading):
        rows = _first_rows(reading)
    texts = columns_with_sentences(rows)
    width = max(map(len, rows), default=0)
    reported: list[Json] = [_reported(rows, column, column in texts) for column in range(min(width, MOST_COLUMNS))]
    yield Partial(job.id, "0", {"columns": reported})
    return {"columns": width}


def _first_rows(reading: Reading) -> list[list[str]]:
    text = decoded_text(reading).replace("\r\n", "\n").replace("\r", "\n")
    reported = REPORTED.match(text)
    delimiter, begin = (reported[1], reported.end()) if reported else (delimiter_of(text), 0)
    return [[cell.strip() for cell in row] for row in islice(rows_of(text, delimiter, begin), SAMPLE_ROWS)]


def _reported(rows: list[list[str]], column: int, is_text: bool) -> Json:
    values = [" ".join(row[column].split())[:MOST_CHARACTERS] if len(row) > column else "" for row in rows]
    samples = [value for value in values[1:] if value][:MOST_SAMPLES]
    return {"name": values[0], "samples": samples, "is_text": is_text}


ROWS_AT_ONCE = 200
TABLES = ("csv", "xlsx", "xls", "xlsb", "ods")


def terms(job: Job) -> Task:
    """Payload as for `read`, with {source, target}: codes of languages, or "", and {columns: {name: place from 0},
    skips_first: the first row is a head that is not understood}.

    Partials {terms: [{source, target, forbidden, keeps, minds_case, note, forms}, …]}.  Result {languages, skipped,
    first_skipped}.
    """
    reading, reported = reading_of(job), Wording()
    terms_read = terms_of(
        reading, _format_of(reading), reported,
        text_of(job, "source", ""), text_of(job, "target", ""), _columns_of(job),
        skips_first=job.payload.get("skips_first") is True,
    )  # fmt: skip
    return (yield from _rows_of(job, reading, map(to_json, terms_read), "terms", reported))


def _format_of(reading: Reading) -> str:
    chosen = chosen_format(reading, "")
    if chosen not in TABLES:
        raise KnownError("glossary.no_columns", path=reading.path, columns="")
    return chosen


def _columns_of(job: Job) -> dict[str, int] | None:
    value = job.payload.get("columns")
    if value is None:
        return None
    columns = record_from(dict[str, Count], value)
    if "source" not in columns or not columns.keys() <= {*TERM_COLUMNS}:
        raise KnownError("request.invalid", what="columns")
    return columns


def pairs(job: Job) -> Task:
    """The same of a TMX file: Partials {pairs: [[source, target], …]}."""
    reading, reported = reading_of(job), Wording()
    aligned = pairs_of(reading, reported, text_of(job, "source", ""), text_of(job, "target", ""))
    return (yield from _rows_of(job, reading, map(list, aligned), "pairs", reported))


def _rows_of(job: Job, reading: Reading, rows: Iterable[Json], name: str, reported: Wording) -> Task:
    part: list[Json] = []
    count = number = 0
    with _damaged(reading):
        for row in rows:
            job.check()
            part.append(row)
            count += 1
            if len(part) >= ROWS_AT_ONCE:
                yield Partial(job.id, str(number), {name: part})
                yield Progress(job.id, count, 0, "row")
                part, number = [], number + 1
    if part:
        yield Partial(job.id, str(number), {name: part})
    return {"languages": list(reported.languages), "skipped": reported.skipped, "first_skipped": reported.first_skipped}


def chats(job: Job) -> Task:
    """Payload {path}.

    For each chat a Partial: {foreign: the fields of base.documents.ForeignChat} or {own: a chat as it was exported}.
    Result {broken: why the file was not read to its end; unknown, too_large, empty: how many were no chats, too large,
    or without messages}.
    """
    reading, tally, number = reading_of(job), Found(), 0
    with _damaged(reading):
        for chat in chats_in(reading, tally):
            job.check()
            value = _value(chat)
            if value is None:
                tally.too_large += 1
                continue
            number += 1
            yield Partial(job.id, str(number), value)
            yield Progress(job.id, number, 0, "chat")
    return {"broken": tally.broken, "unknown": tally.unknown, "too_large": tally.too_large, "empty": tally.empty}


MOST_OWN, MOST_DEPTH = 40_000_000, 40
"""Characters of the JSON of a chat of our own, below what fits into a message to the app; how deep it is nested."""


def _value(chat: Chat) -> dict[str, Json] | None:
    """As it goes to the app; None for a chat too large for that."""
    if isinstance(chat, ForeignChat):
        return {"foreign": to_json(chat)}
    try:
        is_small = _is_flat(chat) and len(json.dumps(chat, allow_nan=False)) <= MOST_OWN
    except ValueError:  # a number that is none
        is_small = False
    return {"own": dict(chat)} if is_small else None


def _is_flat(value: object) -> bool:
    """Whether it is nested no deeper than an export ever is: each level costs the stack of whoever writes it."""
    level = [value]
    for _depth in range(MOST_DEPTH):
        level = [
            inner
            for parent in level
            if isinstance(parent, dict | list)
            for inner in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return True
    return False
