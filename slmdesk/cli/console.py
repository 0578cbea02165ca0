"""What the commands share: it prints, opens the services and waits for their results.
Ctrl-C ends such a wait.
"""

from __future__ import annotations

import math
import queue
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from slmdesk.base.errors import BUG_CODE, KnownError
from slmdesk.base.paths import find_paths
from slmdesk.cli.terminal import Terminal, one_line, words_for

if TYPE_CHECKING:
    from slmdesk.base.runtime.events import Pending
    from slmdesk.base.runtime.messages import Problem
    from slmdesk.base.settings import Settings
    from slmdesk.base.types import Json
    from slmdesk.history.privacy.opening import Key
    from slmdesk.services import Services

T = TypeVar("T")

LOOK_S = 0.5
"""Seconds that a wait may ignore Ctrl-C, on systems where waiting for a lock cannot be
interrupted.
"""


class NamedFile(click.Path):
    """Parameter type for a file that must have a name: neither empty nor '-', which
    means stdin or stdout.

    Whether the file exists and is readable is checked later, by the code that reads the
    file.
    """

    def __init__(self, *, dir_okay: bool = True) -> None:
        super().__init__(path_type=Path, readable=False, dir_okay=dir_okay)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        if value == "-":
            self.fail(
                "“-” cannot be used here: give the name of a file (./- for one that is "
                "called so).",
                param,
                ctx,
            )
        if value == "":
            self.fail("the name of the file is empty.", param, ctx)
        return super().convert(value, param, ctx)


class Console(Terminal):
    """The terminal of a command with what the command was given for all, and the way to
    the services.
    """

    def __init__(self) -> None:
        super().__init__()
        self.home: Path | None = None
        self.debug = False
        self.requested_headings = ""
        """Language of what is exported, as the command was told: a code, or
        `document`.
        """
        self.is_own_process = False
        """True if nothing but this command runs in the process. The process may then
        give up rights for good.
        """
        self._fault: Problem | None = None
        """First fault of the code on the service thread, until somebody is told."""

    @property
    def headings(self) -> str:
        """Language in which an export speaks: as the command was told, else that of the
        locale.
        """
        from slmdesk.base.runtime.headings import DOCUMENT
        from slmdesk.base.translation import language_of, usual_language

        wanted = self.requested_headings
        if wanted == DOCUMENT:
            return wanted
        if wanted:
            return language_of(wanted).code
        return usual_language()[0] or "en"

    def shut_in(self) -> None:
        """Block every connection that bypasses the guard, and every connection at all
        where offline mode is enforced. This cannot be undone.

        Does nothing unless this command has the process to itself. Call it before the
        process has other threads.
        """
        if self.is_own_process:
            from slmdesk.models.online.offline import wall_in

            wall_in(find_paths(self.home), is_window=False)

    @contextmanager
    def services(
        self,
        keeps: Callable[[Settings], bool] = lambda _settings: True,
        *,
        key: Key | None = None,
    ) -> Iterator[Services]:
        """Open the services, yield them, and close them whatever happens. Notices from
        opening are printed on stderr.

        `key` opens an encrypted history. Without `key`, the keyring or the person is
        asked. `keeps` returns whether this command may write to the history.
        """
        from slmdesk.base.runtime.events import Noticed
        from slmdesk.base.settings import Settings
        from slmdesk.cli.opening import key_of_history, usable_paths
        from slmdesk.services import open_services

        def on_notice(event: Noticed) -> None:
            if event.problem.code == BUG_CODE:
                self._fault = self._fault or event.problem
            else:
                self.notify(f"note: {sentence_of(event.problem)}")

        if self.requested_headings:
            _ = self.headings  # raises for an unknown language, before long work
        with ExitStack() as held:
            paths = find_paths(self.home)
            if not keeps(Settings()):
                paths = held.enter_context(usable_paths(self, paths))
            key = key or key_of_history(self, paths)
            services = open_services(paths, key=key, keeps=keeps)
            self.is_kept_offline = bool(services.settings.policy.forced.get("offline"))
            try:
                services.on(Noticed, on_notice)
                yield services
            finally:
                # a second Ctrl-C would leave text unsaved; this takes two seconds
                with deaf_to_ctrl_c():
                    services.close()
                if self._fault is not None:
                    self.notify(f"note: {sentence_of(self._fault)}")

    def next_of(self, answers: queue.SimpleQueue[T]) -> T:
        """Wait for the next item of the queue and return it. Ctrl-C interrupts the wait
        on every system. A fault of the code on the service thread is raised, since what
        is waited for may never come then.
        """
        while True:
            try:
                return answers.get(timeout=LOOK_S)
            except queue.Empty:
                if self._fault is not None:
                    fault, self._fault = self._fault, None
                    raise ReportedError(fault) from None

    def result_of(
        self,
        services: Services,
        begin: Callable[[], Pending[T]],
        progressed: Callable[[Any], object] | None = None,
    ) -> T:
        """Call `begin` on the service thread and wait for its result. A Problem is
        raised as KnownError.

        `progressed` is called on this thread with each progress report. The progress
        line is cleared when the wait ends. Ctrl-C cancels the work and is raised again.
        """
        from slmdesk.base.runtime.messages import Problem

        answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        def start() -> Pending[T]:
            pending = begin()
            if progressed is not None:
                pending.listen(lambda report: answers.put((False, report)))
            return pending.then(lambda result: answers.put((True, result)))

        pending = services.service_thread.call(start)
        try:
            is_end, answer = self.next_of(answers)
            while not is_end:
                if progressed is not None:
                    progressed(answer)
                is_end, answer = self.next_of(answers)
        except KeyboardInterrupt:
            services.service_thread.call(pending.cancel, 5.0)
            raise
        finally:
            if progressed is not None:
                self.end_progress()
        if isinstance(answer, Problem):
            raise ReportedError(answer)
        return answer  # type: ignore[no-any-return]


class ReportedError(KnownError):
    """Exception for a Problem, whose sentence for people is already made."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code, **problem.args)
        self.problem = problem


def problem_in(error: Exception) -> Problem:
    from slmdesk.base.runtime.messages import problem_for

    if isinstance(error, ReportedError):
        return error.problem
    return problem_for(error)


def sentence_of(problem: Problem) -> str:
    """Return the sentence of a problem for the command line."""
    return words_for(problem.code, problem.sentence, problem.args)


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Ignore Ctrl-C inside the block. The block must end by itself."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread, which alone receives Ctrl-C
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def link_shared(console: Console, services: Services) -> None:
    """If there is no model yet, link those of the organisation's folder. Their
    checksums are computed meanwhile.
    """
    if services.settings.policy.models_folder and not services.call.models.list():
        console.result_of(services, lambda: services.models.adopt(only_shared=True))


def refuse(is_wrong: object, sentence: str) -> None:
    """Raise click.UsageError with the sentence, so that the command ends with status 2,
    if its usage is wrong.
    """
    if is_wrong:
        raise click.UsageError(sentence)


def answer(console: Console, shape: Json, *lines: str) -> None:
    """Print the result of a command: the shape with --json, else the lines."""
    if console.as_json:
        console.give(shape)
        return
    for line in lines:
        console.say(line)


def list_out(
    console: Console,
    shape: Sequence[Json],
    rows: Sequence[Sequence[str]],
    head: Sequence[str] = (),
    nothing: str = "",
) -> None:
    """Print a list: the shape with --json, else a table with a head, or a note where
    there is nothing in it.
    """
    if console.as_json:
        console.give(list(shape))
    elif rows:
        table(console, [row for row in (head, *rows) if row])
    elif nothing:
        console.notify(nothing)


def table(console: Console, rows: Sequence[Sequence[str]]) -> None:
    for line in columns_of(rows):
        console.say(line)


def columns_of(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as columns. Each column is as wide as its widest cell, and the last
    column is not padded.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)
        ]
        yield one_line("  ".join([*cells, row[-1]]).rstrip())


json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    expose_value=False,
    callback=lambda context, _option, value: setattr(
        context.find_object(Console), "as_json", bool(value)
    ),
    help="Print JSON.",
)


def _keep_headings(
    context: click.Context, _option: click.Parameter, language: str | None
) -> None:
    console = context.find_object(Console)
    assert console is not None
    console.requested_headings = language or ""


headings_option = click.option(
    "--headings", metavar="CODE", expose_value=False,
    callback=_keep_headings,
    help="Language of the headings and dates in a file, such as de; document: the "
    "document's; else the locale's.",
)  # fmt: skip
no_save_option = click.option(
    "--no-save", is_flag=True, help="Keep nothing of it on the disk."
)


class FiniteRange(click.FloatRange):
    """Parameter type for a number in a range. It also rejects 'inf' and 'nan', which
    click's own range lets through.
    """

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number that can be used here.", param, ctx)
        return number
