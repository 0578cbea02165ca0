"""What all commands of `slmdesk write` ask for: the text, which goes back in the encoding it came in, and options."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from slmdesk.cli.console import json_option
from slmdesk.core.errors import KnownError

MOST_BYTES = 4 << 20
"""Read of a file or of standard input; more is too long in any encoding."""
TEXT_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown")

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def asked(function: Callable[..., None]) -> Callable[..., None]:
    """The argument and the options that all of these commands have."""
    decorators: tuple[Callable[[Any], Any], ...] = (
        click.argument("file", type=click.Path(path_type=Path, readable=False, allow_dash=True), required=False),
        click.option("--language", default="", help="Of the text, such as de or German; else found out by itself."),
        click.option("-m", "--model", help="Id, or the beginning of one, or name."),
        json_option,
        click.pass_obj,
    )
    for one in reversed(decorators):
        function = one(function)
    return function


@dataclass(frozen=True, slots=True)
class InputText:
    """A text and how its bytes are made again."""

    text: str
    name: str = ""
    """Of the file; empty: standard input."""
    path: Path | None = None
    encoding: str = "utf-8"
    lead: bytes = b""
    """The mark before the text that says how it is encoded."""

    def encoded(self, text: str) -> bytes:
        """Another text as bytes of the same kind."""
        return self.lead + text.encode(self.encoding)


def read_input(file: Path | None) -> InputText:
    """Read a text file, or standard input where none is named or it is “-”.

    Raises click.UsageError for other kinds of files, KnownError `file.…`, `document.…`, `writing.empty`,
    `writing.encoding`, `writing.too_long`.
    """
    if file is None or str(file) == "-":
        if sys.stdin.isatty():
            raise click.UsageError("There is no text. Give a FILE, or a text on standard input.")
        return _decoded(_read_stdin(), "", None)
    if file.suffix.lower() not in TEXT_SUFFIXES:
        raise click.UsageError(
            f"“{file.name}” is no text. Give a .txt or .md file, or the text on standard input; write correct takes "
            ".docx too."
        )
    try:
        with file.open("rb") as source:
            data = source.read(MOST_BYTES + 1)
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(file)) from err
    except (OSError, ValueError) as err:
        reason = os.strerror(err.errno) if isinstance(err, OSError) and err.errno else "not a file name"
        raise KnownError("file.unreadable", path=str(file), reason=reason) from err
    return _decoded(data, file.name, file)


def _read_stdin() -> bytes:
    try:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    except OSError as err:
        raise KnownError("file.unreadable", path="-", reason=err.strerror or "stdin") from err


def _decoded(data: bytes, name: str, path: Path | None) -> InputText:
    from slmdesk.services.writing.types import MOST_TEXT

    if len(data) > MOST_BYTES:
        raise KnownError("writing.too_long", characters=len(data), limit=MOST_TEXT)
    if not data.strip():
        raise KnownError("writing.empty")
    called = name or "The input"
    mark, encoding = next((one for one in _MARKS if data.startswith(one[0])), (b"", "utf-8"))
    if not mark and b"\0" in data:
        raise KnownError("document.binary", path=called)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as err:
        raise KnownError("writing.encoding", path=called) from err
    return InputText(text, name, path, encoding, mark)
