"""Lists the columns of a table as text, for a person to choose from."""

from __future__ import annotations

from itertools import islice

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.protocol import Partial
from slmdesk.base.types import Json
from slmdesk.children.tasks.base import Job, Task
from slmdesk.children.tasks.read import chosen_format, reading_of
from slmdesk.formats.base import Reading
from slmdesk.formats.decoding import text_of
from slmdesk.formats.rewriting.separated import SAMPLE_ROWS, columns_with_sentences
from slmdesk.formats.separated import REPORTED, delimiter_of, rows_of

MOST_COLUMNS = 200
MOST_SAMPLES, MOST_CHARACTERS = 3, 60


def table_columns(job: Job) -> Task:
    """Payload as for `read`.  One Partial {columns: [{name, samples, is_text}, …]}.  Result {columns}: how many.

    `is_text`: it is translated unless a person says otherwise.  Raises KnownError `document.…`;
    `document.unknown_format` for what is no table as text.
    """
    reading = reading_of(job)
    chosen = chosen_format(reading, "")
    if chosen != "csv":
        raise KnownError("document.unknown_format", suffix=chosen, known="csv")
    try:
        rows = _first_rows(reading)
    except (KnownError, Stopped, MemoryError):
        raise
    except Exception as err:
        raise KnownError("document.damaged", path=reading.path, reason=type(err).__name__) from err
    texts = columns_with_sentences(rows)
    width = max(map(len, rows), default=0)
    reported: list[Json] = [_reported(rows, column, column in texts) for column in range(min(width, MOST_COLUMNS))]
    yield Partial(job.id, "0", {"columns": reported})
    return {"columns": width}


def _first_rows(reading: Reading) -> list[list[str]]:
    text = text_of(reading).replace("\r\n", "\n").replace("\r", "\n")
    reported = REPORTED.match(text)
    delimiter, begin = (reported[1], reported.end()) if reported else (delimiter_of(text), 0)
    return [[one.strip() for one in row] for row in islice(rows_of(text, delimiter, begin), SAMPLE_ROWS)]


def _reported(rows: list[list[str]], column: int, is_text: bool) -> Json:
    values = [" ".join(row[column].split())[:MOST_CHARACTERS] if len(row) > column else "" for row in rows]
    samples = [one for one in values[1:] if one][:MOST_SAMPLES]
    return {"name": values[0], "samples": samples, "is_text": is_text}
