"""The command `slmdesk extract`: makes a table from documents, with a row for each document."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import picked
from slmdesk.base.record import to_json
from slmdesk.base.texts import cut
from slmdesk.base.types import Json
from slmdesk.command.console import Console, NamedFile, headings_option, json_option, no_save_option, table
from slmdesk.command.opening import named_model
from slmdesk.command.output import OutputFile, begin, check_file, finish, form_of, output_file, write_json, writing
from slmdesk.command.reading import open_all
from slmdesk.services import Services
from slmdesk.tables import cells
from slmdesk.tables.counts import charts_of, labels_of
from slmdesk.tables.labels import label_column, label_presets
from slmdesk.tables.request import TableRequest, checked_columns
from slmdesk.tables.types import (
    DOUBTFUL,
    Column,
    ColumnKind,
    Flag,
    Table,
    TableCell,
    TableRow,
    cell_words,
    columns_with,
    doubts_of,
    unasked_words,
)
from slmdesk.tasks.extract import TASK

PRESETS = ("invoice", "contract", "cv", "minutes")
FORMS = ("csv", "xlsx", "json", "docx", "pdf", "html", "md", "svg")
MARK = "(!)"
MOST_DOUBTS = 20
MOST_ROWS = 40
"""Most rows of labelled texts on the terminal."""
WIDEST = 34
"""Most characters of a cell on the terminal."""


@click.command()
@click.argument("files", type=NamedFile(), nargs=-1, required=True, metavar="FILE…")
@click.option("--columns", metavar="A,B,…", help="What to look for; a kind may follow a name: Total:amount.")
@click.option("--preset", type=click.Choice(PRESETS), help="Columns that come with the program.")
@click.option(
    "--label", "labels", multiple=True, metavar="NAME", help="Of a text: sentiment, urgency, topic or your own."
)
@click.option("--text", "text_column", metavar="COLUMN", help="Where the texts stand; else the column with most words.")
@click.option("-m", "--model", help="Id or name, or its beginning.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file: .csv, .xlsx, .json, .docx, .pdf, .html.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@headings_option
@no_save_option
@json_option
@click.pass_obj
def extract(
    console: Console,
    files: Sequence[Path],
    columns: str | None,
    preset: str | None,
    labels: Sequence[str],
    text_column: str | None,
    model: str | None,
    output: Path | None,
    force: bool,
    no_save: bool,
) -> int | None:
    """Make a table of FILE…: a row for each, a cell for each column; a folder stands for the documents in it.

    A row contains only what the document says, with the page; all other cells stay empty.  Kinds of columns are text,
    number, date, amount, person, list, code (the number of a paper), iban and period.

    With --label each document, or each row of a spreadsheet, gets a label and the words that carry it; counts by month,
    language and other columns follow.  Own labels: --label "Reason=price: too dear; moving".  Give next month's file
    beside the first, and only what is new is asked about.
    """
    began = time.monotonic()
    try:
        requested = checked_columns([*_columns(columns, preset, bool(labels)), *map(_label, labels)])
    except KnownError as err:
        raise click.UsageError(f"--columns: {err.args_for_people['what']}.") from err
    _check_output(output, force)
    with console.services(lambda _settings: not no_save) as services:
        services.store.require_writable()
        named_model(services, model)
        if services.call.models.list():
            services.call.models.choose(model)  # before long reading
        documents, failed = open_all(console, services, files)
        read_s = time.monotonic() - began
        if not documents:
            return 1
        ids = tuple(document.id for document in documents)
        request = TableRequest(ids, requested, model, text_column or "")
        goal = output_file(console, output, force=force)
        view, is_stopped = begin(console, services, services.tasks.of(TASK.kind), request, goal), False
        item = view.item.id
        try:
            view = finish(console, services, services.tasks.of(TASK.kind), view, goal)
        except KeyboardInterrupt:  # what is there by now has a row for each document
            view, is_stopped = services.call.tasks.open(item), True
        made = view.newest
        assert made is not None  # it is done, or stopped
        timing = {"reading_s": round(read_s, 1), "total_s": round(time.monotonic() - began, 1)}
        shape = _as_json(None if no_save else item, made, timing, failed)
        if goal is not None:
            with writing(console, services, view, goal):
                _write(console, services, item, shape, goal)
    unread = _unread(made)
    if is_stopped:
        console.notify("note: What was not reached says “not read”.")
    else:
        _note_gaps(console, made, unread)
    if output is not None:
        console.notify(f"Written to {output}.")
    if console.as_json:
        console.give(shape)
    elif output is None:
        _show(console, made)
    if is_stopped:
        raise KeyboardInterrupt
    return 1 if failed or unread else None


def _note_gaps(console: Console, made: Table, unread: Sequence[tuple[str, Sequence[str]]]) -> None:
    for row in made.rows:
        if not row.coverage.pages_read:
            reasons = ", ".join(dict.fromkeys(page.reason for page in row.coverage.unreadable)) or "empty"
            console.notify(f"note: {row.name}: no words could be read ({reasons}), so its row is empty.")
    for line in filter(None, (unasked_words(made), *made.note.split("\n"))):
        console.notify(f"note: {line}")
    for name, missing in unread:
        columns = ", ".join(missing)
        console.notify(f"note: {name}: no answer of the model could be used for {columns}, so that is empty.")


def _unread(made: Table) -> list[tuple[str, list[str]]]:
    """Return the documents that were read, with the columns for which the model failed.

    The empty cells of these columns mean nothing.
    """
    gaps = [(row.name, columns_with(made, Flag.UNREAD, [row])) for row in made.rows if row.coverage.pages_read]
    return [(name, columns) for name, columns in gaps if columns]


def _label(words: str) -> Column:
    if (label := label_column(words)) is None:
        known = ", ".join(id for id, __ in label_presets())
        raise click.UsageError(
            f"--label: “{words}” is none of {known}, nor 2 to 9 own ones: “NAME=label: when; label”."
        )
    return label


def _columns(columns: str | None, preset: str | None, has_labels: bool) -> list[Column]:
    if columns is None and preset is None and not has_labels:
        raise click.UsageError("Say what to look for: --columns A,B,…, --preset NAME or --label NAME.")
    known = [column for some in cells.presets() if some.id == preset for column in some.columns]
    return [*known, *(_column(name.strip()) for name in columns.split(","))] if columns else known


def _column(words: str) -> Column:
    """Raises UsageError if a column such as "Total:money" names an unknown kind. "Ratio 1:2" counts as a name."""
    name, __, kind = (part.strip() for part in words.rpartition(":"))
    kinds = [kind.value for kind in ColumnKind]
    if name and kind.isalpha() and kind not in kinds:
        raise click.UsageError(f"--columns: “{kind}” is no kind of column; there are {', '.join(kinds)}.")
    return cells.column_named(words)


def _check_output(output: Path | None, force: bool) -> None:
    if output is not None:
        form_of(output, FORMS)
        check_file(output, replace=force)


def write_output(console: Console, services: Services, item: str, request: OutputFile) -> None:
    """Write the file that the command asked for after an interrupted table was resumed (see command.output)."""
    made = services.call.tasks.open(item).newest
    assert made is not None  # its job is done
    _check_output(request.path, request.force)
    _write(console, services, item, _as_json(item, made, {}, ()), request)


def _write(console: Console, services: Services, item: str, shape: Mapping[str, Json], request: OutputFile) -> None:
    form = form_of(request.path, FORMS)
    if form == "json":
        write_json(request.path, shape)
    else:
        export = partial(services.exports.write, item, form, request.path)
        console.result_of(services, lambda: export(replace=request.force, headings=request.headings))


def _as_json(
    item: str | None, made: Table, timing: Mapping[str, float], failed: Sequence[Mapping[str, Json]]
) -> dict[str, Json]:
    shape: dict[str, Json] = {
        "columns": [{"name": column.name, "kind": column.kind.value} for column in made.columns],
        "rows": [_row(made, row) for row in made.rows],
        "item": item,
        "model": made.model,
        "timing": {**timing, "table_s": made.seconds},
        "coverage": [{"file": row.name, **to_json(row.coverage)} for row in made.rows],
    }
    if charts := charts_of(made):
        shape["counts"] = [[list(line) for line in chart.rows] for chart in charts]
    return shape | {"failed": list(failed)} if failed else shape


def _row(made: Table, row: TableRow) -> dict[str, Json]:
    values = {column.name: _cell(cell) for column, cell in zip(made.columns, row.cells, strict=True)}
    return {"file": row.name, "document": row.document, "whole": row.is_whole, "cells": values}


def _cell(cell: TableCell) -> dict[str, Json]:
    place = {"page": cell.page or None, "flag": cell.flag.value}
    rest = picked(cell, "edited", "number", "unit", "date", "origin", "certainty", "note")
    return {**picked(cell, "value", "quote"), **place, **rest}


def _show(console: Console, made: Table) -> None:
    for chart in charts_of(made):
        table(console, chart.rows)
        console.say("")
    if labels_of(made) and len(made.rows) > MOST_ROWS:
        console.notify(f"note: with -o a file keeps all {len(made.rows):,} texts and their labels.")
        return
    if len(made.rows) == 1:
        lines = [
            (column.name, cell.value or "–", cell_words(cell, made.rows[0].page_kind))
            for column, cell in zip(made.columns, made.rows[0].cells, strict=True)
        ]
        table(console, lines)
        return
    head = ("DOCUMENT", *(column.name.upper() for column in made.columns))
    table(console, [head, *((cut(row.name, WIDEST), *map(_short_cell, row.cells)) for row in made.rows)])
    kinds = " or ".join(dict.fromkeys(row.page_kind for row in made.rows))
    console.notify(f"note: the number in brackets is the {kinds}. With -o a file keeps the quotations, too.")
    doubts = doubts_of(made)
    for name, column, why in doubts[:MOST_DOUBTS]:
        console.notify(f"note: {MARK} {name}, {column}: {why}")
    if len(doubts) > MOST_DOUBTS:
        console.notify(f"note: {MARK} and {len(doubts) - MOST_DOUBTS} more to review; with -o a file names them all.")


def _short_cell(cell: TableCell) -> str:
    behind = (f" [{cell.page}]" if cell.page else "") + (f" {MARK}" if cell.flag in DOUBTFUL else "")
    behind = f" {cell.certainty:.0%}{behind}" if cell.certainty else behind
    return cut(cell.value or "–", WIDEST - len(behind)) + behind
