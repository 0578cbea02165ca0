"""The command `slmdesk doctor`: describes this PC, what works, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.base.record import to_json
from slmdesk.base.types import Json
from slmdesk.cli.console import Console, answer, json_option, problem_in, sentence_of
from slmdesk.doctor import examine, examine_computer
from slmdesk.models.online.program import MANIFEST, compare_files


@click.command()
@click.option("--measure", is_flag=True, help="Measure anew how fast this PC reads its memory.")
@click.option("--files", is_flag=True, help="Only compare the installed files with the list they came with.")
@json_option
@click.pass_obj
def doctor(console: Console, measure: bool, files: bool) -> None:
    """Show what this PC has, what works, and which optional parts are missing."""
    if files:
        _compare(console)
        return
    try:
        with console.services() as services:
            if measure:
                console.result_of(services, services.measuring.measure)
            report = console.result_of(services, lambda: examine(services))
    except KnownError as err:  # doctor must work when something else does not
        report = examine_computer(find_paths(console.home))
        report["history"] = {"problem": sentence_of(problem_in(err))}
    answer(console, report, *_lines(report, ""))


def _compare(console: Console) -> None:
    """Raise KnownError where a file is not as it was built."""
    try:
        report = compare_files()
    except OSError as err:
        raise KnownError("file.unreadable", path=MANIFEST, reason=err.strerror or "") from err
    told = to_json(report)
    answer(console, told, *_lines(told, ""))
    if report.are_as_built:
        return
    if console.as_json:
        raise click.exceptions.Exit(1)
    counts = {name: str(len(getattr(report, name))) for name in ("changed", "missing", "extra")}
    raise KnownError("program.changed", **counts)


def _lines(value: Mapping[str, Json], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(inner, indent + "  ")
        elif isinstance(inner, Sequence) and not isinstance(inner, str):
            yield f"{indent}{key}: {', '.join(map(str, inner)) or '-'}"
        else:
            yield f"{indent}{key}: {'-' if inner in (None, '') else inner}"
