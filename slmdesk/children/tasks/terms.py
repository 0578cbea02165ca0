"""Glossaries and translation memories of other programs, read like any foreign document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.protocol import Partial, Progress
from slmdesk.base.record import Count
from slmdesk.base.translation import TERM_COLUMNS
from slmdesk.base.types import Json
from slmdesk.base.wire import record_from
from slmdesk.children.tasks.base import Job, Task, text_of
from slmdesk.children.tasks.read import chosen_format, reading_of
from slmdesk.formats.base import Reading
from slmdesk.formats.term_files import Wording, pairs_of, sample_of, terms_of

ROWS_AT_ONCE = 200
TABLES = ("csv", "xlsx", "xls", "xlsb", "ods")


def terms(job: Job) -> Task:
    """Payload as for `read`, with {source, target}: codes of languages, or "", and {columns: {name: place from 0},
    skips_first: the first row is a head that is not understood}.

    Partials {terms: [{source, target, forbidden, keeps, minds_case, note, forms}, …]}.  Result {languages, skipped,
    first_skipped}.
    """
    reading, reported = reading_of(job), Wording()
    found = terms_of(
        reading, _format_of(reading), reported,
        text_of(job, "source", ""), text_of(job, "target", ""), _columns_of(job),
        skips_first=job.payload.get("skips_first") is True,
    )  # fmt: skip
    rows: Iterator[Json] = (
        {"source": one.source, "target": one.target, "forbidden": list(one.forbidden), "keeps": one.keeps,
         "minds_case": one.minds_case, "note": one.note, "forms": one.forms} for one in found
    )  # fmt: skip
    return (yield from _reported(job, reading, rows, "terms", reported))


def columns(job: Job) -> Task:
    """Payload as for `read`: the first rows of a table that may be a glossary.  Result {rows: [[cell, …], …]}."""
    reading = reading_of(job)
    chosen = _format_of(reading)
    if chosen == "tbx":
        raise KnownError("glossary.no_columns", path=reading.path, columns="")
    yield Progress(job.id, 0, 1, "row")
    rows: list[Json] = [list[Json](row) for row in sample_of(reading, chosen)]
    return {"rows": rows}


def _format_of(reading: Reading) -> str:
    is_tbx = PurePath(reading.path).suffix.lower() in (".tbx", ".xml")
    chosen = "tbx" if is_tbx else chosen_format(reading, "")
    if chosen not in (*TABLES, "tbx"):
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
    found = pairs_of(reading, reported, text_of(job, "source", ""), text_of(job, "target", ""))
    rows: Iterator[Json] = ([source, target] for source, target in found)
    return (yield from _reported(job, reading, rows, "pairs", reported))


def _reported(job: Job, reading: Reading, rows: Iterator[Json], name: str, reported: Wording) -> Task:
    part: list[Json] = []
    count = number = 0
    try:
        for row in rows:
            job.check()
            part.append(row)
            count += 1
            if len(part) >= ROWS_AT_ONCE:
                yield Partial(job.id, str(number), {name: part})
                yield Progress(job.id, count, 0, "row")
                part, number = [], number + 1
    except (KnownError, Stopped, MemoryError):
        raise
    except Exception as err:
        raise KnownError("document.damaged", path=reading.path, reason=type(err).__name__) from err
    if part:
        yield Partial(job.id, str(number), {name: part})
    return {"languages": list(reported.languages), "skipped": reported.skipped, "first_skipped": reported.first_skipped}
