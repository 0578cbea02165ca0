"""Lists the text units of a document, and writes the document with translations of them."""

from __future__ import annotations

import base64
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.formats import format_named
from slmdesk.base.protocol import Partial, Progress
from slmdesk.base.types import Json
from slmdesk.children.tasks.base import Job, Task
from slmdesk.children.tasks.read import chosen_format, reading_of
from slmdesk.formats.rewriting.base import Found, LeftAsIs, Options, Rewriter, Rewriting, Unit
from slmdesk.formats.rewriting.driving import listed, written_to
from slmdesk.formats.rewriting.registry import rewriter_of

PIECE_BYTES = 384 << 10
"""Of the file, in one line: as base64 it has a third more, and a line has a MiB at most."""
MOST_STEPS = 500
MOST_LEFT = 2_000
"""Unchanged things that are listed one by one; more are counted by their kind."""
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
    for one in _listed(rewriter, rewriting):
        job.check()
        if isinstance(one, Unit):
            counts["units"] += 1
            reported.append({"unit": {"text": one.text, "paired": list(one.tags.paired), "lone": list(one.tags.lone),
                                  "kind": one.kind, "place": one.place, "language": one.language}})  # fmt: skip
        else:
            counts["left"] += 1
            reported.append({"left": {"kind": one.kind, "place": one.place, "text": one.text}})
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
    rewriting, rewriter, _ = _begun(job)
    out = io.BytesIO()
    refused = _written(rewriter, rewriting, answers, out)
    data = out.getbuffer()
    yield Progress(job.id, 0, len(data), "byte")
    for number, at in enumerate(range(0, len(data), PIECE_BYTES)):
        job.check()
        yield Partial(job.id, str(number), {"data": base64.b64encode(data[at : at + PIECE_BYTES]).decode("ascii")})
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "refused": list(refused)}


def _begun(job: Job) -> tuple[Rewriting, Rewriter, str]:
    reading = reading_of(job)
    format_id = job.payload.get("format", "")
    chosen = chosen_format(reading, format_id if isinstance(format_id, str) else "")
    if (
        PurePath(reading.path).suffix.lower() not in format_named(chosen).suffixes
    ):  # it would come back with a wrong name
        reason = f"it is {format_named(chosen).name}, which its name does not say; give it its right name first"
        raise KnownError("document.unreadable", path=reading.path, reason=reason)
    return Rewriting(reading, _options(job.payload.get("options"))), rewriter_of(chosen, reading.path), chosen


def _options(untrusted: Json) -> Options:
    shape = untrusted if isinstance(untrusted, Mapping) else {}
    language, columns, tracked = shape.get("language", ""), shape.get("columns", ()), shape.get("tracked", "")
    if not isinstance(language, str) or not isinstance(tracked, str) or not isinstance(columns, list | tuple):
        raise KnownError("request.invalid", what="options")
    return Options(
        language=language,
        tracked=tracked,
        is_right_to_left=shape.get("is_right_to_left") is True,
        sheet_names=shape.get("sheet_names") is True,
        properties=shape.get("properties") is True,
        columns=tuple(
            one
            for one in columns
            if isinstance(one, str) or (type(one) is int and one >= 0)  # no bool
        ),
    )


def _listed(rewriter: Rewriter, rewriting: Rewriting) -> Iterator[Found]:
    """What a rewriter finds; of what is left so much as people read, and how many more there are."""
    count, more = 0, Counter[str]()
    for one in _guarded(listed(rewriter, rewriting), rewriting.reading.path):
        if isinstance(one, LeftAsIs):
            count += 1
            if count > MOST_LEFT:
                more[one.kind] += 1
                rewriting.reading.check()
                continue
        yield one
    for kind, others in more.items():
        yield LeftAsIs(kind, "", f"and {others} more")


def _guarded(found: Iterator[Found], path: str) -> Iterator[Found]:
    """What a rewriter gives; a fault nobody foresaw means that the document is damaged."""
    try:
        yield from found
    except (KnownError, Stopped, MemoryError):
        raise
    except Exception as err:
        raise KnownError("document.damaged", path=path, reason=type(err).__name__) from err


def _written(
    rewriter: Rewriter, rewriting: Rewriting, answers: Mapping[int, tuple[str, str]], out: io.BytesIO
) -> list[int]:
    try:
        return written_to(rewriter, rewriting, answers, out)
    except (KnownError, Stopped, MemoryError):
        raise
    except Exception as err:
        raise KnownError("document.damaged", path=rewriting.reading.path, reason=type(err).__name__) from err
