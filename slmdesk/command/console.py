"""The console of the commands. Results go to stdout as text or JSON, and notes go to stderr. The console also opens the
services and waits for their results; Ctrl-C ends such a wait.
"""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
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
"""Seconds that a wait may ignore Ctrl-C, on systems where waiting for a lock cannot be interrupted."""

KEPT_OFFLINE = "Your organisation has set slmdesk to offline, so nothing was sent. “slmdesk doctor” names the file."


class PipeClosed(Exception):
    """Exception for output that nobody reads any more, as after `| head`. The command ends without an error message."""


class OutputBroken(Exception):
    """Exception for a result that cannot be written, because of a full disk or a closed descriptor. `reason` is the
    message of the operating system.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NamedFile(click.Path):
    """Parameter type for a file that must have a name: neither empty nor '-', which means stdin or stdout.

    Whether the file exists and is readable is checked later, by the code that reads the file.
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
    """The terminal or pipe that a command writes to. Results go to stdout, everything else goes to stderr."""

    def __init__(self) -> None:
        self.home: Path | None = None
        self.debug = False
        self.as_json = False
        self.is_own_process = False
        """True if nothing but this command runs in the process. The process may then give up rights for good."""
        self.passphrase_fd: int | None = None
        """Descriptor with an encrypted history's passphrase or recovery key, one a line. None: ask on the terminal."""
        self.opened_by = ""
        """The passphrase or recovery key that opened the history, kept so that the person need not type it again."""
        self._is_kept_offline = False
        self.is_streaming = False
        """True if the command prints one JSON object per line. A failure is then printed as such a line too."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="replace")

    def shut_in(self) -> None:
        """Block every connection that bypasses the guard, and every connection at all where offline mode is enforced.
        This cannot be undone.

        Does nothing unless this command has the process to itself. Call it before the process has other threads.
        """
        if self.is_own_process:
            from slmdesk.online.offline import wall_in

            wall_in(find_paths(self.home), is_window=False)

    # ---- services

    @contextmanager
    def services(
        self, keeps: Callable[[Settings], bool] = lambda _settings: True, *, key: Key | None = None
    ) -> Iterator[Services]:
        """Open the services, yield them, and close them whatever happens. Notices from opening are printed on stderr.

        `key` opens an encrypted history. Without `key`, the keyring or the person is asked. `keeps` returns whether
        this command may write to the history.
        """
        from slmdesk.base.settings import Settings
        from slmdesk.command.opening import key_of_history, usable_paths
        from slmdesk.runtime.events import Noticed
        from slmdesk.services import open_services

        def on_notice(event: Noticed) -> None:
            self.notify(f"note: {words_for(event.problem.code, event.problem.sentence, event.problem.args)}")

        with ExitStack() as held:
            paths = find_paths(self.home)
            if not keeps(Settings()):
                paths = held.enter_context(usable_paths(self, paths))
            key = key or key_of_history(self, paths)
            services = open_services(paths, key=key, keeps=keeps)
            self._is_kept_offline = bool(services.settings.policy.forced.get("offline"))
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
        """Call `begin` on the service thread and wait for its result. A Problem is raised as KnownError.

        `progressed` is called on this thread with each progress report. The progress line is cleared when the wait
        ends. Ctrl-C cancels the work and is raised again.
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
        """Print one line of the result. On a terminal, control characters are replaced by visible signs."""
        self.write(line + "\n")

    def write(self, text: str) -> None:
        """Print a piece of the result and flush it. Raises PipeClosed, OutputBroken."""
        self._out(lambda: sys.stdout.write(harmless(text) if sys.stdout.isatty() else text))

    def write_shown(self, text: str) -> None:
        """Print a piece of the result that contains our own colour codes. The caller must already have replaced control
        characters in text from elsewhere.
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
        """Print a note on stderr; it is not part of the result. On a terminal it is grey, which no result can be."""
        _notify(f"\x1b[90m{harmless(line)}\x1b[0m\n" if sys.stderr.isatty() else f"{harmless(line)}\n")

    def give(self, value: Json) -> None:
        """Print the result as JSON. If the command prints JSON lines, the result takes a single line."""
        self.say(json.dumps(value, ensure_ascii=False, indent=None if self.is_streaming else 2))

    def fail(
        self,
        code: str,
        sentence: str,
        args: Mapping[str, Any] | None = None,
        result: Mapping[str, Json] | None = None,
    ) -> None:
        """Report a failure as a line on stderr; with --json also as an object on stdout, with any partial result."""
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
        """Show progress on a line that is overwritten, if stderr is a terminal. `total` is 0 while it is unknown."""
        if sys.stderr.isatty():
            far = f"{100 * done / total:.0f} %" if total > 0 else f"{done:,.0f}"
            _notify(f"\r\x1b[K{harmless(what)} {far}")

    def step(self, line: str) -> None:
        """Print a line about long work if stderr is no terminal. `progress` shows nothing there, and the line shows
        that the work is alive.
        """
        if not sys.stderr.isatty():
            self.notify(line)

    def end_progress(self) -> None:
        if sys.stderr.isatty():
            _notify("\r\x1b[K")


class ReportedError(KnownError):
    """Exception for a Problem, whose sentence for people is already made."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code, **problem.args)
        self.problem = problem


def next_of(answers: queue.SimpleQueue[T]) -> T:
    """Wait for the next item of the queue and return it. Ctrl-C interrupts the wait on every system."""
    while True:
        try:
            return answers.get(timeout=LOOK_S)
        except queue.Empty:
            continue


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


def harmless(text: str) -> str:
    """Return the text with each control character replaced by a visible sign, so that it cannot affect a terminal."""
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
    """Return whether the character is a zero-width joiner or non-joiner. Persian and emoji need these."""
    return code in (0x200C, 0x200D)


def _notify(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        show_elsewhere(sys.stderr)  # nobody reads stderr; the result is still written


def show_elsewhere(stream: TextIO) -> None:
    """Point a stream nobody reads at the null device, or the interpreter complains about unwritten output on exit."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def open_missing_streams() -> None:
    """Replace standard streams that were closed. Otherwise the next file opened would get the number of such a stream.

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
    """Return the sentence of an error for the command line, or `sentence` if the command line has none of its own. The
    window's sentence may name a button that only the window has.
    """
    from slmdesk.base.sentences import FOR_COMMANDS

    try:
        return FOR_COMMANDS[code].format_map(args)
    except KeyError:  # the command line has no sentence of its own, or arguments are missing
        return sentence


def table(console: Console, rows: Sequence[Sequence[str]]) -> None:
    """Print rows as columns. Each column is as wide as its widest cell, and the last column is not padded."""
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


class FiniteRange(click.FloatRange):
    """Parameter type for a number in a range. It also rejects 'inf' and 'nan', which click's own range lets through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number that can be used here.", param, ctx)
        return number
