"""Command due: what is due in the papers that were read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from slmdesk.base.files import write_out
from slmdesk.base.language import in_language
from slmdesk.base.record import changed
from slmdesk.cli.console import (
    Console,
    headings_option,
    json_option,
    refuse,
)
from slmdesk.cli.documents import find_folder
from slmdesk.cli.output import check_file, form_of
from slmdesk.services import Services
from slmdesk.tasks.deadlines.report import report_of, shape_of
from slmdesk.tasks.deadlines.types import DueRequest
from slmdesk.tasks.due import TASK
from slmdesk.tasks.report import Report
from slmdesk.tasks.words import statement_words

FILE = click.Path(path_type=Path)
FORMS = ", ".join(f".{form}" for form in TASK.forms)


@click.command()
@click.option(
    "--folder",
    metavar="FOLDER",
    help="Only those of this folder: place, id or its beginning.",
)
@click.option("--ics", type=FILE, metavar="FILE", help="Write a calendar.")
@click.option(
    "--sheet",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Write the sheet of the deadline with this number into the .pdf of -o.",
)
@click.option(
    "--all", "is_all", is_flag=True, help="Print the other days to come, too."
)
@click.option("-o", "--output", type=FILE, help=f"A file: {FORMS}.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@headings_option
@json_option
@click.pass_obj
def due(
    console: Console,
    folder: str | None,
    ics: Path | None,
    sheet: int | None,
    is_all: bool,
    output: Path | None,
    force: bool,
) -> None:
    """List what is due in the papers that were read, the past days first.

    Each with its paper and page, and with how the day was reckoned.

    Other days from today on that the papers name are counted; --all prints them, too.
    """
    refuse(ics is not None and output is not None, "Use one of --ics and --output.")
    refuse(sheet is not None and output is None, "--sheet needs -o FILE.pdf.")
    target = ics or output
    refuse(is_all and target is not None, "--all prints, and writes no file.")
    if target is not None:
        forms: Sequence[str] = TASK.forms
        if ics is not None:
            forms = ("ics",)
        elif sheet is not None:
            forms = ("pdf",)
        form_of(target, forms)
        check_file(target, replace=force)

    with console.services() as services:
        console.result_of(services, services.due.found)
        request = DueRequest()
        if folder is not None:
            found = services.service_thread.call(lambda: find_folder(services, folder))
            request = DueRequest(found.id)
        listed = services.call.due.listed(request.folder)
        if is_all:
            others = services.call.due.others(listed.others)
            listed = changed(listed, days=(*listed.days, *others), others=())
        report = report_of(TASK.kind, "Deadlines", listed, is_exported=True)
        if target is not None:
            if sheet is not None:
                _write_sheet(console, services, report, sheet, target)
            else:
                _write(console, services, request, target, force=force)
            console.notify(f"Written to {target}.")
    if console.as_json:
        console.give(shape_of(listed))
    elif target is None:
        _say(console, report, is_all=is_all)


def _write(
    console: Console,
    services: Services,
    request: DueRequest,
    target: Path,
    *,
    force: bool,
) -> None:
    item = services.service_thread.call(
        lambda: services.tasks.begin(TASK.kind, request)
    )
    form = target.suffix.lower().removeprefix(".")
    console.result_of(
        services,
        lambda: services.exports.write(
            item.id, form, target, replace=force, headings=console.headings
        ),
    )


def _write_sheet(
    console: Console, services: Services, report: Report, number: int, target: Path
) -> None:
    ids = [statement.id for statement in report.statements]
    refuse(number > len(ids), f"There are {len(ids)} deadlines.")
    id = ids[number - 1]
    data = console.result_of(
        services,
        lambda: services.exports.print(
            in_language(console.headings, services.due.sheet, id)
        ),
    )
    write_out(target, data)


def _say(console: Console, report: Report, *, is_all: bool) -> None:
    console.say(report.lead)
    number = 0
    for section in report.sections:
        if section.is_folded and not is_all:
            console.notify(f"{section.fold} (--all lists them)")
            continue
        console.say(f"\n{section.title}")
        for statement in section.statements:
            number += 1
            console.say(f"{number:>3}. {statement_words(statement)}")
            for note in statement.notes:
                console.say(f"     {note}")
