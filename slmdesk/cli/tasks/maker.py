"""Makes the command of a task: its documents as arguments, its fields as options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from slmdesk.cli.console import (
    Console,
    NamedFile,
    headings_option,
    json_option,
    no_save_option,
)
from slmdesk.cli.tasks.running import TaskCommand
from slmdesk.tasks.shape import Documents, Field, FieldKind, Task

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

ONE_FILE = NamedFile(dir_okay=False)
ARGUMENTS: Mapping[Documents, Mapping[str, Mapping[str, Any]]] = {
    Documents.ONE: {
        "file": {"type": ONE_FILE, "metavar": "FILE"},
    },
    Documents.TWO: {
        "old": {"type": ONE_FILE, "metavar": "OLD"},
        "new": {"type": ONE_FILE, "metavar": "NEW"},
    },
    Documents.MANY: {
        "files": {
            "type": NamedFile(),
            "nargs": -1,
            "required": True,
            "metavar": "FILE…",
        },
    },
}
MOST_DIGITS = 7
NO_NUMBER = "“{value}” is neither one of {names} nor a number of {unit}."
NO_SUCH_NUMBER = "it takes {least} to {most} {unit}."


class ChoiceOrNumber(click.ParamType[str | int]):
    """Parameter type: one of a field's values, or a whole number in its range."""

    def __init__(self, field: Field) -> None:
        self.name = field.name
        self._field = field

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | int:
        field = self._field
        words = str(value)
        names = [name for name, _words in field.values]
        if words in names:
            return words

        # isdigit() alone also takes digits that int() cannot read, such as "²"
        is_number = words.isascii() and words.isdigit() and len(words) <= MOST_DIGITS
        if not is_number:
            known = ", ".join(names)
            reason = NO_NUMBER.format(value=value, names=known, unit=field.unit)
            self.fail(reason, param, ctx)
        number = int(words)
        if not field.least <= number <= field.most:
            reason = NO_SUCH_NUMBER.format(
                least=field.least, most=field.most, unit=field.unit
            )
            self.fail(reason, param, ctx)
        return number


def command_of(task: Task[Any, Any]) -> click.Command:
    """Return the command of a task."""
    arguments = ARGUMENTS[task.documents]

    @click.pass_obj
    def run(console: Console, /, **values: Any) -> int | None:
        files: list[Path] = []
        for name in arguments:
            given = values.pop(name)
            if isinstance(given, Path):
                files.append(given)
            else:
                files += given
        return TaskCommand(task, console, files, values).run()

    command: Callable[..., Any] = run
    for decorate in reversed(list(_parameters(task))):
        command = decorate(command)
    name = task.command or task.kind
    words = task.more_help or task.help
    return click.command(name, help=cleandoc(words))(command)


def _parameters(task: Task[Any, Any]) -> Iterator[Decorator]:
    """Yield the arguments and options in the order of the help."""
    for name, settings in ARGUMENTS[task.documents].items():
        yield click.argument(name, **settings)
    for field in task.fields:
        if field.help:
            yield _option_of(field)

    forms = ", ".join(f".{form}" for form in task.forms)
    file_help = task.file_help or f"A file: {forms}."
    file_type = click.Path(path_type=Path)
    yield click.option("-o", "--output", type=file_type, help=file_help)
    yield click.option("--force", is_flag=True, help="Replace what is there.")
    if task.folded is not None:
        yield _option_of(task.folded)
    yield headings_option
    yield no_save_option
    yield json_option


def _option_of(field: Field) -> Decorator:
    settings: dict[str, Any] = {
        "help": field.help,
        "default": field.usual or None,
        "metavar": field.metavar or None,
        "multiple": field.is_repeated,
    }
    if field.kind is FieldKind.FLAG:
        settings = {"help": field.help, "is_flag": True}
    elif field.kind is FieldKind.DAY:
        settings |= {"type": click.DateTime(["%Y-%m-%d"]), "callback": _read_day}
    elif field.kind is FieldKind.FILE:
        settings["type"] = click.Path(exists=True, dir_okay=False, resolve_path=True)
    elif field.kind is FieldKind.LIST:
        settings["callback"] = _read_list
    elif field.takes_number:
        settings["type"] = ChoiceOrNumber(field)
    elif field.values:
        settings["type"] = click.Choice([name for name, _words in field.values])
    return click.option(*field.spellings, field.name, **settings)


def _read_day(
    _context: click.Context, _option: click.Parameter, day: Any
) -> str | None:
    if day is None:
        return None
    return str(day.date().isoformat())


def _read_list(
    _context: click.Context, _option: click.Parameter, words: str | None
) -> list[str] | None:
    if words is None:
        return None
    return [part.strip() for part in words.split(",") if part.strip()]
