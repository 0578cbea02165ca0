"""What commands write through: text or JSON on stdout, notes on stderr; the services, and waiting that Ctrl-C ends."""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths

if TYPE_CHECKING:
    from slmdesk.base.settings import Settings
    from slmdesk.base.types import Json
    from slmdesk.privacy.opening import Key
    from slmdesk.runtime.events import Pending
    from slmdesk.runtime.messages import Problem
    from slmdesk.services import Services

T = TypeVar("T")

LOOK_S = 0.5
"""How long a wait is deaf to Ctrl-C on systems where a lock cannot be interrupted."""

KEPT_OFFLINE = "Your organisation has set slmdesk to offline, so nothing was sent. “slmdesk doctor” names the file."


class PipeClosed(Exception):
    """The reader of our output has gone: not an error, but there is nothing more to do."""


class OutputBroken(Exception):
    """The result cannot be written: a full disk, a closed descriptor.  `reason` is the system's message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NamedFile(click.Path):
    """A parameter type for a file that must have a name: not '-', which means stdin or stdout, and not empty.

    Whether it exists and can be read is checked by whoever reads it.
    """

    def __init__(self, *, dir_okay: bool = True) -> None:
        super().__init__(path_type=Path, readable=False, dir_okay=dir_okay)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "-":
            self.fail("“-” cannot be used here: give the name of a file (./- for one that is called so).", param, ctx)
        if value == "":
            self.fail("the name of the file is empty.", param, ctx)
        return super().convert(value, param, ctx)


class Console:
    """The terminal, or the pipe, of a command.  Results go to stdout, all else to stderr."""

    def __init__(self) -> None:
        self.home: Path | None = None
        self.debug = False
        self.as_json = False
        self.is_own_process = False
        """It may give up rights that it never gets back."""
        self.passphrase_fd: int | None = None
        """Where words that open an encrypted history are read, a line each, instead of on the terminal."""
        self.opened_by = ""
        """The words that have opened the history: who has just given them is not asked again."""
        self._is_kept_offline = False
        self.is_streaming = False
        """The command prints JSON lines: a failure is such a line too."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="replace")

    def shut_in(self) -> None:
        """Give up connections past the guard, and all of them where offline is enforced; it cannot be taken back.

        Only in a process of our own, before it has threads.
        """
        if self.is_own_process:
            from slmdesk.online.offline import wall_in

            wall_in(find_paths(self.home), is_window=False)

    # ---- services

    @contextmanager
    def services(
        self, keeps: Callable[[Settings], bool] = lambda _settings: True, *, key: Key | None = None
    ) -> Iterator[Services]:
        """Yield the services, and close them whatever happens.  Notices from opening are printed on stderr.

        `key`: of an encrypted history, where it is known; else the keyring or the person is asked for it.
        `keeps`: whether anything is to be written to the history.
        """
        from slmdesk.command.opening import key_of_history
        from slmdesk.runtime.events import Noticed
        from slmdesk.services import open_services

        paths = find_paths(self.home)
        key = key or key_of_history(self, paths)
        services = open_services(paths, key=key, keeps=keeps)

        self._is_kept_offline = bool(services.settings.policy.forced.get("offline"))

        def on_notice(event: Noticed) -> None:
            self.notify(f"note: {words_for(event.problem.code, event.problem.sentence, event.problem.args)}")

        try:
            services.on(Noticed, on_notice)
            yield services
        finally:
            with deaf_to_ctrl_c():  # a second Ctrl-C would leave text unsaved; this takes two seconds at most
                services.close()

    def result_of(
        self,
        services: Services,
        begin: Callable[[], Pending[T]],
        progressed: Callable[[Any], object] | None = None,
    ) -> T:
        """Begin work on the service thread and wait for its result; a Problem is raised as KnownError.

        `progressed` gets the reports of its progress, on the calling thread; the progress line is cleared at any end.
        Ctrl-C cancels the work and is raised again.
        """
        from slmdesk.runtime.messages import Problem

        answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        def start() -> Pending[T]:
            pending = begin()
            if progressed is not None:
                pending.listen(lambda report: answers.put((False, report)))
            return pending.then(lambda result: answers.put((True, result)))

        pending = services.service_thread.call(start)
        try:
            is_end, answer = next_of(answers)
            while not is_end:
                if progressed is not None:
                    progressed(answer)
                is_end, answer = next_of(answers)
        except KeyboardInterrupt:
            services.service_thread.call(pending.cancel, 5.0)
            raise
        finally:
            if progressed is not None:
                self.end_progress()
        if isinstance(answer, Problem):
            raise ReportedError(answer)
        return answer  # type: ignore[no-any-return]

    # ---- output

    def say(self, line: str = "") -> None:
        """Print a line of the result, with control characters replaced on a terminal."""
        self.write(line + "\n")

    def write(self, text: str) -> None:
        """Print a piece of the result at once.  Raises PipeClosed, OutputBroken."""
        self._out(lambda: sys.stdout.write(harmless(text) if sys.stdout.isatty() else text))

    def write_shown(self, text: str) -> None:
        """Print a piece of the result with colours of our own; the caller has replaced control characters in foreign
        text.
        """
        self._out(lambda: sys.stdout.write(text))

    def write_bytes(self, data: bytes) -> None:
        """Write a binary result.  Raises PipeClosed, OutputBroken."""
        self._out(lambda: sys.stdout.buffer.write(data))

    @staticmethod
    def _out(write: Callable[[], object]) -> None:
        try:
            write()
            sys.stdout.flush()
        except BrokenPipeError as err:
            show_elsewhere(sys.stdout)
            raise PipeClosed from err
        except OSError as err:
            show_elsewhere(sys.stdout)
            raise OutputBroken(err.strerror or type(err).__name__) from err

    def notify(self, line: str) -> None:
        """Print a note, which is not part of the result, on stderr."""
        _notify(harmless(line) + "\n")

    def give(self, value: Json) -> None:
        """Print the result as JSON, on a line when the command streams."""
        self.say(json.dumps(value, ensure_ascii=False, indent=None if self.is_streaming else 2))

    def fail(
        self,
        code: str,
        sentence: str,
        args: Mapping[str, Any] | None = None,
        result: Mapping[str, Json] | None = None,
    ) -> None:
        """Report a failure: a line on stderr, and with --json an object on stdout, with any partial result."""
        if code == "network.offline" and self._is_kept_offline:
            sentence = KEPT_OFFLINE
        else:
            sentence = words_for(code, sentence, args or {})
        self.notify(f"error: {sentence}")
        reported: dict[str, Json] = {"code": code, "message": sentence, "args": dict(args or {})}
        with suppress(PipeClosed, OutputBroken):  # the command has failed anyway
            if self.as_json and self.is_streaming:
                self.give({"type": "failed", **reported, **(result or {})})
            elif self.as_json:
                self.give({**(result or {}), "error": reported})

    def progress(self, what: str, done: float, total: float) -> None:
        """Show progress on a line of a terminal; nothing elsewhere.  Total 0: not known yet."""
        if sys.stderr.isatty():
            far = f"{100 * done / total:.0f} %" if total > 0 else f"{done:,.0f}"
            _notify(f"\r\x1b[K{harmless(what)} {far}")

    def step(self, line: str) -> None:
        """Print a line about long work where `progress` shows nothing, so that it is seen to live."""
        if not sys.stderr.isatty():
            self.notify(line)

    def end_progress(self) -> None:
        if sys.stderr.isatty():
            _notify("\r\x1b[K")


class ReportedError(KnownError):
    """A Problem as an exception; its sentence is ready."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code, **problem.args)
        self.problem = problem


def next_of(answers: queue.SimpleQueue[T]) -> T:
    """Wait for the next item of a queue; Ctrl-C interrupts the wait on every system."""
    while True:
        try:
            return answers.get(timeout=LOOK_S)
        except queue.Empty:
            continue


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Ignore Ctrl-C during a block that ends on its own."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread, and only that receives it
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def harmless(text: str) -> str:
    """Text whose control characters cannot affect a terminal: each is replaced by a visible sign."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in "\n\t" else _sign(letter) for letter in text)


def _sign(letter: str) -> str:
    code = ord(letter)
    if letter.isspace() and code > 0x9F:
        return letter
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else letter if _joins(code) else "\ufffd"


def _joins(code: int) -> bool:
    """Whether it is a zero-width joiner, which Persian and emoji need."""
    return code in (0x200C, 0x200D)


def _notify(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        show_elsewhere(sys.stderr)  # nobody reads it; the result continues


def show_elsewhere(stream: TextIO) -> None:
    """Point a stream that nobody reads at the null device, or the interpreter complains about its buffer on exit."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def open_missing_streams() -> None:
    """Replace standard streams that were closed, or the next file opened would take their number.

    Writing to the replacement of stdout fails, so that a lost result is reported.
    """
    for handle, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_WRONLY if handle == 2 else os.O_RDONLY)
            if opened != handle:
                os.dup2(opened, handle)
                os.close(opened)
            setattr(sys, name, os.fdopen(handle, mode, encoding="utf-8", closefd=False))


def words_for(code: str, sentence: str, args: Mapping[str, Any]) -> str:
    """The sentence for the command line: the window's may name a way out that only the window has."""
    from slmdesk.base.sentences import FOR_COMMANDS

    try:
        return FOR_COMMANDS[code].format_map(args)
    except KeyError:  # no sentence of its own, or arguments are missing
        return sentence


def table(console: Console, rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as their widest cell; the last column is not padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        console.say("  ".join([*cells, row[-1]]).rstrip())


json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    expose_value=False,
    callback=lambda context, _option, value: setattr(context.find_object(Console), "as_json", bool(value)),
    help="Print JSON.",
)
no_save_option = click.option("--no-save", is_flag=True, help="Keep nothing of it on the disk.")

# ---- parameter types for numbers


class FiniteRange(click.FloatRange):
    """A range that rejects 'nan', which is neither above nor below anything, and 'inf'."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number that can be used here.", param, ctx)
        return number
