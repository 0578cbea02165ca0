"""The terminal or pipe of a command: results on stdout as text or JSON, and notes on
stderr.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from slmdesk.base.types import Json

KEPT_OFFLINE = (
    "Your organisation has set slmdesk to offline, so nothing was sent. “slmdesk "
    "doctor” names the file."
)


class PipeClosed(Exception):
    """Exception for output that nobody reads any more, as after `| head`. The command
    ends without an error message.
    """


class OutputBroken(Exception):
    """Exception for a result that cannot be written, because of a full disk or a closed
    descriptor. `reason` is the message of the operating system.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Terminal:
    """Where a command writes to. Results go to stdout, everything else goes to
    stderr.
    """

    def __init__(self) -> None:
        self.as_json = False
        self.passphrase_fd: int | None = None
        """Descriptor with an encrypted history's passphrase or recovery key, one a
        line. None: ask on the terminal.
        """
        self.opened_by = ""
        """The passphrase or recovery key that opened the history, kept so that the
        person need not type it again.
        """
        self.is_kept_offline = False
        """Whether the organisation's rules say so."""
        self.is_streaming = False
        """True if the command prints one JSON object per line. A failure is then
        printed as such a line too.
        """
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="replace")

    def say(self, line: str = "") -> None:
        """Print one line of the result. On a terminal, control characters are replaced
        by visible signs.
        """
        self.write(line + "\n")

    def write(self, text: str) -> None:
        """Print a piece of the result and flush it. Raises PipeClosed, OutputBroken."""
        self._out(
            lambda: sys.stdout.write(harmless(text) if sys.stdout.isatty() else text)
        )

    def write_shown(self, text: str) -> None:
        """Print a piece of the result that contains our own colour codes. The caller
        must already have replaced control characters in text from elsewhere.
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
        """Print a note of one line on stderr; it is not part of the result. On a
        terminal it is grey, which no result can be.
        """
        line = one_line(line)
        _notify(f"\x1b[90m{line}\x1b[0m\n" if sys.stderr.isatty() else f"{line}\n")

    def give(self, value: Json) -> None:
        """Print the result as JSON. If the command prints JSON lines, the result takes
        a single line.
        """
        self.say(
            json.dumps(
                value, ensure_ascii=False, indent=None if self.is_streaming else 2
            )
        )

    def fail(
        self,
        code: str,
        sentence: str,
        args: Mapping[str, Any] | None = None,
        result: Mapping[str, Json] | None = None,
    ) -> None:
        """Report a failure as a line on stderr; with --json also as an object on
        stdout, with any partial result.
        """
        if code == "network.offline" and self.is_kept_offline:
            sentence = KEPT_OFFLINE
        else:
            sentence = words_for(code, sentence, args or {})
        self.notify(f"error: {sentence}")
        reported: dict[str, Json] = {
            "code": code,
            "message": sentence,
            "args": dict(args or {}),
        }
        with suppress(PipeClosed, OutputBroken):  # the command has failed anyway
            if self.as_json and self.is_streaming:
                self.give({"type": "failed", **reported, **(result or {})})
            elif self.as_json:
                self.give({**(result or {}), "error": reported})

    def progress(self, what: str, done: float, total: float) -> None:
        """Show progress on a line that is overwritten, if stderr is a terminal. `total`
        is 0 while it is unknown.
        """
        if sys.stderr.isatty():
            far = f"{100 * done / total:.0f} %" if total > 0 else f"{done:,.0f}"
            _notify(f"\r\x1b[K{one_line(what)} {far}")

    def step(self, line: str) -> None:
        """Print a line about long work if stderr is no terminal. `progress` shows
        nothing there, and the line shows that the work is alive.
        """
        if not sys.stderr.isatty():
            self.notify(line)

    def end_progress(self) -> None:
        if sys.stderr.isatty():
            _notify("\r\x1b[K")


def harmless(text: str) -> str:
    """Return the text with each control character replaced by a visible sign, so that
    it cannot affect a terminal.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else _sign(letter)
        for letter in text
    )


def one_line(text: str) -> str:
    """Do the same with line breaks too: a file's name must not begin a line of its own,
    which would pass for ours.
    """
    if text.isprintable():
        return text
    return harmless(text.translate(_BREAKS))


_BREAKS = {
    ord("\n"): "\u240a",
    ord("\t"): "\u2409",
    ord("\u2028"): "\ufffd",
    ord("\u2029"): "\ufffd",
}


def _sign(letter: str) -> str:
    code = ord(letter)
    if letter.isspace() and code > 0x9F:
        return letter
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if _joins(code):
        return letter
    return "\ufffd"


def _joins(code: int) -> bool:
    """Return whether the character is a zero-width joiner or non-joiner. Persian and
    emoji need these.
    """
    return code in (0x200C, 0x200D)


def _notify(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        show_elsewhere(sys.stderr)  # nobody reads stderr; the result is still written


def show_elsewhere(stream: TextIO) -> None:
    """Point a stream nobody reads at the null device, or the interpreter complains
    about unwritten output on exit.
    """
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def open_missing_streams() -> None:
    """Replace standard streams that were closed. Otherwise the next file opened would
    get the number of such a stream.

    Writing to the replacement of stdout fails, so that a lost result is reported.
    """
    for handle, name, mode in (
        (0, "stdin", "r"),
        (1, "stdout", "w"),
        (2, "stderr", "w"),
    ):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_WRONLY if handle == 2 else os.O_RDONLY)
            if opened != handle:
                os.dup2(opened, handle)
                os.close(opened)
            setattr(sys, name, os.fdopen(handle, mode, encoding="utf-8", closefd=False))


def words_for(code: str, sentence: str, args: Mapping[str, Any]) -> str:
    """Return the sentence of an error for the command line, or `sentence` if the
    command line has none of its own. The window's sentence may name a button that only
    the window has.
    """
    from slmdesk.base.error_sentences import FOR_COMMANDS

    try:
        return FOR_COMMANDS[code].format_map(args)
    except (
        KeyError
    ):  # the command line has no sentence of its own, or arguments are missing
        return sentence
