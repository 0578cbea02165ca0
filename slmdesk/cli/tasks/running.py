"""Runs the command of a task: reads the documents, makes the report, prints it or
writes it into a file.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file, write_out
from slmdesk.base.language import in_language
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord
from slmdesk.base.runtime.headings import spoken
from slmdesk.base.types import Json
from slmdesk.cli.console import Console, refuse
from slmdesk.cli.opening import named_model
from slmdesk.cli.output import (
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
from slmdesk.cli.reading import open_all, open_document
from slmdesk.cli.tasks.printing import (
    growth_lines,
    lines_of,
    notes_of,
    say_report,
)
from slmdesk.exports.markdown import harmless_markdown
from slmdesk.services import Services
from slmdesk.tasks.report import NotRead, Report
from slmdesk.tasks.service import ReportGrew
from slmdesk.tasks.shape import (
    Documents,
    FieldKind,
    Task,
    TaskContext,
    TaskView,
    WrongUsage,
)

AnyTask = Task[Any, Any]
AnyView = TaskView[Any, Any]

CALENDAR = "ics"
STOPPED = "What was not reached says “not read”."
UNDATED = "deadlines without a day, which are tasks in the calendar: {count}."


class TaskCommand:
    """One run of a task's command."""

    def __init__(
        self,
        task: AnyTask,
        console: Console,
        files: Sequence[Path],
        values: Mapping[str, Any],
    ) -> None:
        """`values`: what click read of the options, by name. None: not given."""
        self._task = task
        self._console = console
        self._files = files
        self._options = {
            name: value for name, value in values.items() if value is not None
        }
        self._output: Path | None = self._options.pop("output", None)
        self._force: bool = self._options.pop("force")
        self._no_save: bool = self._options.pop("no_save")
        self._has_folded = False
        if task.folded is not None:
            self._has_folded = self._options.pop(task.folded.name)
        self._unread: list[dict[str, Json]] = []
        """A problem for each document that could not be read."""

    def run(self) -> int | None:
        """Make the report, write its file or print it. Return the exit status."""
        began = time.monotonic()
        try:
            request = self._task.request_of(self._options)
        except WrongUsage as err:
            raise click.UsageError(str(err)) from err
        goal = self._goal()
        check_output(self._task, goal)

        with self._console.services(lambda _settings: not self._no_save) as services:
            documents = self._read(services, request)
            reading_s = time.monotonic() - began
            request = self._with_documents(request, documents)
            view, is_stopped = self._make(services, request, goal)
            report = services.service_thread.call(
                lambda: _report_of(self._task, view, services.task_context)
            )
            shape = services.service_thread.call(lambda: self._shape(services, view))
            if "timing" in shape:
                shape["timing"] |= {
                    "reading_s": round(reading_s, 1),
                    "total_s": round(time.monotonic() - began, 1),
                }
            if goal is not None:
                with writing(self._console, services, view, goal):
                    write_file(self._console, services, self._task, view, shape, goal)

        self._print(report, shape, is_stopped)
        if is_stopped:
            raise KeyboardInterrupt
        if self._unread or report.has_failed:
            return 1
        return None

    def _goal(self) -> OutputFile | None:
        """Return the file to write. Several documents become a folder where the task
        writes folders, but one calendar.
        """
        output = self._output
        if output and any(is_same_file(file, output) for file in self._sources()):
            raise KnownError("file.is_source", path=str(output))
        is_many = len(self._files) > 1 or self._files[0].is_dir()
        is_folder = bool(self._task.folder_file) and is_many and not self._is_calendar
        return output_file(
            self._console,
            self._output,
            force=self._force,
            is_folder=is_folder,
            has_omitted=self._has_folded,
        )

    def _sources(self) -> Iterator[Path]:
        """Yield the files that were given, as documents or with an option."""
        yield from self._files
        for field in self._task.fields:
            if field.kind is FieldKind.FILE and field.name in self._options:
                yield Path(self._options[field.name])

    @property
    def _is_calendar(self) -> bool:
        return self._output is not None and _form_in(self._output) == CALENDAR

    def _read(self, services: Services, request: Any) -> list[DocumentRecord]:
        """Read the documents. A model that cannot be had is an error before that,
        since reading may take long.
        """
        services.store.require_writable()
        named_model(services, self._options.get("model"))
        services.service_thread.call(
            lambda: self._task.model(request, services.task_context)
        )
        if self._task.documents is Documents.MANY:
            documents, self._unread = open_all(self._console, services, self._files)
            return documents
        open_file = partial(open_document, self._console, services)
        return list(map(open_file, self._files))

    def _with_documents(self, request: Any, documents: Sequence[DocumentRecord]) -> Any:
        ids = tuple(document.id for document in documents)
        unread = [
            NotRead(str(problem["file"]), str(problem["message"]))
            for problem in self._unread
        ]
        request = self._task.with_documents(request, ids)
        return self._task.with_unread(request, unread)

    def _make(
        self, services: Services, request: Any, goal: OutputFile | None
    ) -> tuple[AnyView, bool]:
        """Make the report, or go on with one that was begun before.

        Return it, and whether it was stopped.
        """
        task = self._task
        documents = task.documents_of(request)
        services.service_thread.call(
            lambda: task.opened(documents, self._options, services.documents)
        )
        if sys.stderr.isatty():
            services.on(ReportGrew, self._show_growth)

        jobs = services.tasks.of(task.kind)
        view: AnyView = begin(self._console, services, jobs, request, goal)
        try:
            return finish(self._console, services, jobs, view, goal), False
        except KeyboardInterrupt:
            if not task.gives_drafts:
                raise
            return services.call.tasks.open(view.item.id), True

    def _show_growth(self, event: ReportGrew) -> None:
        for line in growth_lines(event.growth):
            self._console.end_progress()
            self._console.notify(line)

    def _shape(self, services: Services, view: AnyView) -> dict[str, Any]:
        """Return the result for programs. Service thread."""
        shape: dict[str, Any] = self._task.shape(view, services.task_context)
        shape["item"] = view.item.id
        if self._no_save:
            shape["item"] = None
        if self._unread:
            shape["failed"] = self._unread
        return shape

    def _print(
        self, report: Report, shape: Mapping[str, Json], is_stopped: bool
    ) -> None:
        console = self._console
        notes = list(notes_of(report))
        if is_stopped:
            notes = [STOPPED]
        undated = sum(not due.day for due in report.due)
        if self._is_calendar and undated:
            notes.append(UNDATED.format(count=undated))
        for note in notes:
            console.notify(f"note: {note}")

        if self._output is not None:
            console.notify(f"Written to {self._output}.")
        if console.as_json:
            console.give(dict(shape))
        elif self._output is None:
            say_report(console, report, has_folded=self._has_folded)


def _report_of(task: AnyTask, view: AnyView, context: TaskContext) -> Report:
    return task.report(view, context, is_exported=True)


# ---- files


def check_output(task: AnyTask, goal: OutputFile | None) -> None:
    """Check that the file or the folder can be written.

    Raises click.UsageError, KnownError `file.…`.
    """
    if goal is None:
        return
    if goal.is_folder:
        _check_folder(task, goal.target, replace=goal.force)
        return
    form = form_of(goal.target, _forms(task))
    if goal.has_omitted and task.folded is not None:
        option = task.folded.spellings[-1]
        texts = ", ".join(f".{text}" for text in task.texts)
        no_place = f"{option} is for {texts}; other forms have no place for it."
        refuse(form not in task.texts, no_place)
    check_file(goal.target, replace=goal.force)


def _check_folder(task: AnyTask, folder: Path, *, replace: bool) -> None:
    if folder.is_file():
        raise KnownError("file.exists", path=str(folder))
    names_file = _form_in(folder) in _forms(task) and not folder.is_dir()
    no_folder = (
        f"Several documents become several files, so “{folder.name}” must name a "
        "folder."
    )
    refuse(names_file, no_folder)
    check_folder(folder)
    if folder.is_dir():
        check_file(folder / task.folder_file, replace=replace)


def _forms(task: AnyTask) -> list[str]:
    """Return the forms of files that the command writes, each once."""
    return list(dict.fromkeys((*task.forms, *task.texts)))


def _form_in(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")


def write_output(
    console: Console, services: Services, item: str, goal: OutputFile
) -> None:
    """Write the file that the command asked for, after its job was resumed later
    (see command.output).
    """
    view = services.call.tasks.open(item)
    task = services.tasks.task(view.item.kind)
    check_output(task, goal)
    shape = services.service_thread.call(
        lambda: task.shape(view, services.task_context)
    )
    write_file(console, services, task, view, {**shape, "item": item}, goal)


def write_file(
    console: Console,
    services: Services,
    task: AnyTask,
    view: AnyView,
    shape: Mapping[str, Json],
    goal: OutputFile,
) -> None:
    """Write a report into a file, or that of several documents into a folder."""
    form = _form_in(goal.target)
    if goal.is_folder:
        make = partial(task.writer, has_folded=goal.has_omitted)
        write = _in_its_language(services, task, view, goal, make)
        write(goal.target)
    elif form not in task.texts:
        export = partial(services.exports.write, view.item.id, form, goal.target)
        console.result_of(
            services, lambda: export(replace=goal.force, headings=goal.headings)
        )
    elif form == "json":
        write_json(goal.target, shape)
    else:
        text = _text_of(services, task, view, goal)
        if form == "md":
            text = harmless_markdown(text)
        write_out(goal.target, text.encode("utf-8", "replace"))


def _text_of(services: Services, task: AnyTask, view: AnyView, goal: OutputFile) -> str:
    """Return what the command would print."""

    def make(view: AnyView, context: TaskContext) -> Callable[[], str]:
        report = _report_of(task, view, context)
        if not context.runtime.settings.current.model_line:
            report = changed(report, writer="")
        return lambda: "\n".join(lines_of(report, has_folded=goal.has_omitted))

    text: str = _in_its_language(services, task, view, goal, make)()
    return text + "\n"


def _in_its_language(
    services: Services,
    task: AnyTask,
    view: AnyView,
    goal: OutputFile,
    make: Callable[[AnyView, TaskContext], Callable[..., Any]],
) -> Callable[..., Any]:
    """Call `make` on the service thread. Return the function that it made.

    Both speak the language that the command was told, or that of the report.
    """

    def made() -> Callable[..., Any]:
        context = services.task_context
        language = spoken(goal.headings, task.report(view, context).language)
        function = in_language(language, partial(make, view, context))
        return partial(in_language, language, function)

    return services.service_thread.call(made)
