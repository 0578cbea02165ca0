"""What is asked of a table: its documents and its columns."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.tasks.shape import WrongUsage
from slmdesk.tasks.tables import cells
from slmdesk.tasks.tables.labels import MOST_LABELS, label_column, label_presets
from slmdesk.tasks.tables.types import Column, ColumnKind

MOST_COLUMNS, MOST_DOCUMENTS = 40, 500
MOST_NAME, MOST_MEANING, MOST_CELL = 80, 300, 2000
PRESETS = ("invoice", "contract", "cv", "minutes", "letter")


class TableRequest(Record):
    documents: tuple[str, ...]
    """Ids of documents, or unique prefixes of ids."""
    columns: tuple[Column, ...]
    model: str | None = None
    """Model to use. None means the model used last."""
    text: str = ""
    """Of tables of texts, the column with the texts. Empty: the one with most words. If a column has labels, each row
    of a spreadsheet is a text.
    """


def request_from(untrusted: Json) -> TableRequest:
    """Read a stored request. Unknown values are replaced by the defaults."""
    return lenient_from(TableRequest, untrusted, documents=(), columns=())


def checked_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns with clean names.

    Raises KnownError `request.invalid` for no columns, too many, or a name that is empty or used twice.
    """
    if not 1 <= len(columns) <= MOST_COLUMNS:
        what = _("a table has 1 to {most_columns} columns").format(most_columns=MOST_COLUMNS)
        raise KnownError("request.invalid", what=what)
    clean = []
    for column in columns:
        name, meaning = (" ".join(words.split()) for words in (column.name, column.meaning))
        clean.append(changed(column, name=name[:MOST_NAME], meaning=meaning[:MOST_MEANING]))
    seen: set[str] = set()
    for column in clean:
        if column.kind is ColumnKind.LABEL and not 2 <= len(column.choices) <= MOST_LABELS:
            raise KnownError("request.invalid", what=_("“{name}” needs 2 to 9 labels").format(name=column.name))
        if not any(letter.isalnum() for letter in column.name):
            raise KnownError("request.invalid", what=_("a column without a name"))
        if column.name.casefold() in seen:
            raise KnownError("request.invalid", what=_("the column “{name}” is there twice").format(name=column.name))
        seen.add(column.name.casefold())
    return tuple(clean)


def wished_columns(names: str | None, preset: str | None, labels: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of the options of the command. Raises WrongUsage."""
    if names is None and preset is None and not labels:
        raise WrongUsage("Say what to look for: --columns A,B,…, --preset NAME or --label NAME.")
    columns = [column for some in cells.presets() if some.id == preset for column in some.columns]
    if names:
        columns += [_column(name.strip()) for name in names.split(",")]
    columns += map(_label, labels)
    try:
        return checked_columns(columns)
    except KnownError as err:
        raise WrongUsage(f"--columns: {err.args_for_people['what']}.") from err


def _column(words: str) -> Column:
    """Raises WrongUsage if a column such as "Total:money" names an unknown kind. "Ratio 1:2" counts as a name."""
    name, __, kind = (part.strip() for part in words.rpartition(":"))
    kinds = [kind.value for kind in ColumnKind]
    if name and kind.isalpha() and kind not in kinds:
        raise WrongUsage(f"--columns: “{kind}” is no kind of column; there are {', '.join(kinds)}.")
    return cells.column_named(words)


def _label(words: str) -> Column:
    label = label_column(words)
    if label is None:
        known = ", ".join(id for id, __ in label_presets())
        raise WrongUsage(f"--label: “{words}” is none of {known}, nor 2 to 9 own ones: “NAME=label: when; label”.")
    return label
