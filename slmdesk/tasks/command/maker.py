"""Makes the command of a task: its documents, its fields as options, and the file that it writes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_out
from slmdesk.base.language import in_language
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord
from slmdesk.base.types import Json
from slmdesk.command.console import Console, NamedFile, headings_option, json_option, no_save_option, refuse
from slmdesk.command.opening import named_model
from slmdesk.command.output import (
    OutputFile,
    begin,
    check_file,
    check_folder,
    finish,
    form_of,
    output_file,
    write_json,
    writing,
)
from slmdesk.command.reading import open_all, open_document
from slmdesk.exports.markdown import harmless_markdown
from slmdesk.runtime.headings import spoken
from slmdesk.services import Services
from slmdesk.tasks.command.printing import growth_lines, lines_of, notes_of, say_report
from slmdesk.tasks.report import NotRead, Report
from slmdesk.tasks.service import ReportGrew
from slmdesk.tasks.shape import Documents, Field, FieldKind, Task, TaskContext, TaskView, WrongUsage

AnyTask = Task[Any, Any]
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

ONE_FILE = NamedFile(dir_okay=False)
ARGUMENTS: Mapping[Documents, Mapping[str, Mapping[str, Any]]] = {
    Documents.ONE: {"file": {"type": ONE_FILE, "metavar": "FILE"}},
    Documents.TWO: {"old": {"type": ONE_FILE, "metavar": "OLD"}, "new": {"type": ONE_FILE, "metavar": "NEW"}},
    Documents.MANY: {"files": {"type": NamedFile(), "nargs": -1, "required": True, "metavar": "FILE…"}},
}
CALENDAR = "ics"
NO_NUMBER = "“{value}” is neither one of {values} nor a number of {unit}."


class ChoiceOrNumber(click.ParamType[str | int]):
    """Parameter type for one of a field's values, or a whole number in its range."""

    def __init__(self, field: Field) -> None:
        self.name = field.name
        self._field = field

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        field, words = self._field, str(value)
        names = [name for name, __ in field.values]
        if words in names:
            return words
        if not (words.isascii() and words.isdigit() and len(words) < 8):
            self.fail(NO_NUMBER.format(value=value, values=", ".join(names), unit=field.unit), param, ctx)
        if not field.least <= int(words) <= field.most:
            self.fail(f"it takes {field.least} to {field.most} {field.unit}.", param, ctx)
        return int(words)


def command_of(task: AnyTask) -> click.Command:
    """Return the command of a task."""

    @click.pass_obj
    def run(console: Console, /, **given: Any) -> int | None:
        return TaskCommand(task, console, given).run()

    made: Callable[..., Any] = run
    for decorate in reversed(list(_parameters(task))):
        made = decorate(made)
    return click.command(task.command or task.kind, help=cleandoc(task.more_help or task.help))(made)


def _parameters(task: AnyTask) -> Iterator[Decorator]:
    for name, about in ARGUMENTS[task.documents].items():
        yield click.argument(name, **about)
    for field in task.fields:
        if field.help:
            yield _option_of(field)
    forms = ", ".join(f".{form}" for form in task.forms)
    path = click.Path(path_type=Path)
    yield click.option("-o", "--output", type=path, help=task.file_help or f"A file: {forms}.")
    yield click.option("--force", is_flag=True, help="Replace what is there.")
    if task.folded is not None:
        yield _option_of(task.folded)
    yield from (headings_option, no_save_option, json_option)


def _option_of(field: Field) -> Decorator:
    more: dict[str, Any] = {"default": field.usual or None, "metavar": field.metavar or None}
    if field.kind is FieldKind.FLAG:
        more = {"is_flag": True}
    elif field.kind is FieldKind.DAY:
        more |= {"type": click.DateTime(["%Y-%m-%d"]), "callback": _day}
    elif field.kind is FieldKind.LIST:
        more["callback"] = _list
    elif field.takes_number:
        more["type"] = ChoiceOrNumber(field)
    elif field.values:
        more["type"] = click.Choice([name for name, __ in field.values])
    return click.option(*_spellings(field), field.name, help=field.help, multiple=field.is_repeated, **more)


def _spellings(field: Field) -> list[str]:
    return (field.option or f"--{field.name.replace('_', '-')}").split("/")


def _day(_context: click.Context, _option: click.Parameter, day: Any) -> str | None:
    return day.date().isoformat() if day else None


def _list(_context: click.Context, _option: click.Parameter, words: str | None) -> list[str] | None:
    parts = (part.strip() for part in (words or "").split(","))
    return list(filter(None, parts)) or None


class TaskCommand:
    """One run of a task's command."""

    def __init__(self, task: AnyTask, console: Console, given: Mapping[str, Any]) -> None:
        """`given`: what click read, by name."""
        self._task, self._console = task, console
        self._options = {name: value for name, value in given.items() if value is not None}
        self._files: list[Path] = []
        for name in ARGUMENTS[task.documents]:
            files = self._options.pop(name)
            self._files += [files] if isinstance(files, Path) else files
        self._output: Path | None = self._options.pop("output", None)
        self._force: bool = self._options.pop("force")
        self._no_save: bool = self._options.pop("no_save")
        self._has_folded = bool(task.folded and self._options.pop(task.folded.name))
        self._failed: list[dict[str, Json]] = []

    def run(self) -> int | None:
        """Make the report, write its file or print it, and return the exit status."""
        began = time.monotonic()
        try:
            request = self._task.request_of(self._options)
        except WrongUsage as err:
            raise click.UsageError(str(err)) from err
        goal = self._goal()
        check_output(self._task, goal)
        with self._console.services(lambda _settings: not self._no_save) as services:
            documents = self._read(services, request)
            read_s = time.monotonic() - began
            view, is_stopped = self._made(services, self._about(request, documents), goal)
            report, shape = services.service_thread.call(lambda: self._told(services, view))
            if "timing" in shape:
                seconds = {"reading_s": round(read_s, 1), "total_s": round(time.monotonic() - began, 1)}
                shape["timing"] = {**seconds, **shape["timing"]}
            if goal is not None:
                with writing(self._console, services, view, goal):
                    write_file(self._console, services, self._task, view, shape, goal)
        self._print(report, shape, is_stopped)
        if is_stopped:
            raise KeyboardInterrupt
        return 1 if self._failed or report.has_failed else None

    def _goal(self) -> OutputFile | None:
        is_many = len(self._files) > 1 or self._files[0].is_dir()
        is_calendar = self._output is not None and self._output.suffix.lower() == f".{CALENDAR}"
        is_folder = bool(self._task.folder_file) and is_many and not is_calendar
        return output_file(
            self._console, self._output, force=self._force, is_folder=is_folder, has_omitted=self._has_folded
        )

    def _read(self, services: Services, request: Any) -> list[DocumentRecord]:
        """Read the documents. A model that cannot be had is an error before long reading."""
        services.store.require_writable()
        named_model(services, self._options.get("model"))
        services.service_thread.call(lambda: self._task.model(request, services.task_context))
        if self._task.documents is not Documents.MANY:
            return [open_document(self._console, services, file) for file in self._files]
        documents, self._failed = open_all(self._console, services, self._files)
        return documents

    def _about(self, request: Any, documents: Sequence[DocumentRecord]) -> Any:
        """Return the request with its documents, and with those that could not be read."""
        unread = [NotRead(str(file["file"]), str(file["message"])) for file in self._failed]
        ids = tuple(document.id for document in documents)
        return self._task.with_unread(self._task.with_documents(request, ids), unread)

    def _made(self, services: Services, request: Any, goal: OutputFile | None) -> tuple[TaskView[Any, Any], bool]:
        """Make the report, or go on with one that was begun before. Return it, and whether it was stopped."""
        task, jobs = self._task, services.tasks.of(self._task.kind)
        documents = task.documents_of(request)
        services.service_thread.call(lambda: task.opened(documents, self._options, services.documents))
        if sys.stderr.isatty():
            services.on(ReportGrew, self._show_growth)
        begun: TaskView[Any, Any] = begin(self._console, services, jobs, request, goal)
        try:
            return finish(self._console, services, jobs, begun, goal), False
        except KeyboardInterrupt:
            if not task.gives_drafts:
                raise
            return services.call.tasks.open(begun.item.id), True

    def _show_growth(self, event: ReportGrew) -> None:
        for line in growth_lines(event.growth):
            self._console.end_progress()
            self._console.notify(line)

    def _told(self, services: Services, view: TaskView[Any, Any]) -> tuple[Report, dict[str, Any]]:
        """Return what a result says, for people and for programs. Service thread."""
        shape: dict[str, Any] = self._task.shape(view, services.task_context)
        shape["item"] = None if self._no_save else view.item.id
        if self._failed:
            shape["failed"] = self._failed
        return self._task.report(view, services.task_context, is_exported=True), shape

    def _print(self, report: Report, shape: Mapping[str, Json], is_stopped: bool) -> None:
        console = self._console
        notes = ["What was not reached says “not read”."] if is_stopped else notes_of(report)
        for note in notes:
            console.notify(f"note: {note}")
        if self._output is not None:
            if self._output.suffix.lower() == f".{CALENDAR}" and (undated := sum(not due.day for due in report.due)):
                console.notify(f"note: deadlines without a day, which are tasks in the calendar: {undated}.")
            console.notify(f"Written to {self._output}.")
        if console.as_json:
            console.give(dict(shape))
        elif self._output is None:
            say_report(console, report, has_folded=self._has_folded)


def check_output(task: AnyTask, goal: OutputFile | None) -> None:
    """Check that the file can be written, or the folder. Raises click.UsageError, KnownError `file.…`."""
    if goal is not None and goal.is_folder:
        _check_folder(task, goal)
    elif goal is not None:
        form = form_of(goal.path, _forms(task))
        has_no_place = goal.has_omitted and form not in task.texts
        texts = ", ".join(f".{form}" for form in task.texts)
        refuse(has_no_place, f"{_folded_option(task)} is for {texts}; other forms have no place for it.")
        check_file(goal.path, replace=goal.force)


def _folded_option(task: AnyTask) -> str:
    return _spellings(task.folded)[-1] if task.folded is not None else ""


def _check_folder(task: AnyTask, goal: OutputFile) -> None:
    path = goal.path
    if path.is_file():
        raise KnownError("file.exists", path=str(path))
    is_file = path.suffix.lower().removeprefix(".") in _forms(task) and not path.is_dir()
    refuse(is_file, f"Several documents become several files, so “{path.name}” must name a folder.")
    check_folder(path)
    if path.is_dir():
        check_file(path / task.folder_file, replace=goal.force)


def _forms(task: AnyTask) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*task.forms, *task.texts)))


def write_output(console: Console, services: Services, item: str, goal: OutputFile) -> None:
    """Write the file that the command asked for, after its job was resumed later (see command.output)."""
    view = services.call.tasks.open(item)
    task = services.tasks.task(view.item.kind)
    check_output(task, goal)
    shape = services.service_thread.call(lambda: task.shape(view, services.task_context))
    write_file(console, services, task, view, {**shape, "item": item}, goal)


def write_file(
    console: Console, services: Services, task: AnyTask, view: TaskView[Any, Any], shape: Mapping[str, Json],
    goal: OutputFile,
) -> None:  # fmt: skip
    """Write a report into a file, or of several documents into a folder."""
    form = "" if goal.is_folder else goal.path.suffix.lower().removeprefix(".")
    if goal.is_folder:
        write = _in_its_language(services, task, view, goal, task.writer, has_folded=goal.has_omitted)
        write(goal.path)
    elif form not in task.texts:
        export = partial(services.exports.write, view.item.id, form, goal.path)
        console.result_of(services, lambda: export(replace=goal.force, headings=goal.headings))
    elif form == "json":
        write_json(goal.path, shape)
    else:
        text = _text_of(services, task, view, goal)
        write_out(goal.path, (harmless_markdown(text) if form == "md" else text).encode("utf-8", "replace"))


def _text_of(services: Services, task: AnyTask, view: TaskView[Any, Any], goal: OutputFile) -> str:
    def words(view: TaskView[Any, Any], context: TaskContext) -> Callable[[], str]:
        report = task.report(view, context, is_exported=True)
        if not context.runtime.settings.current.model_line:
            report = changed(report, writer="")
        return lambda: "\n".join(lines_of(report, has_folded=goal.has_omitted))

    return f"{_in_its_language(services, task, view, goal, words)()}\n"


def _in_its_language(
    services: Services, task: AnyTask, view: TaskView[Any, Any], goal: OutputFile, make: Callable[..., Any], **more: Any
) -> Callable[..., Any]:
    """Make a function on the service thread, and let it speak the language that the command was told."""

    def made() -> Callable[..., Any]:
        context = services.task_context
        language = spoken(goal.headings, task.report(view, context).language)
        function = in_language(language, partial(make, view, context, **more))
        return partial(in_language, language, function)

    return services.service_thread.call(made)
