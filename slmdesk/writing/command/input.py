"""What all commands of `slmdesk write` ask for: the text, which goes back in the encoding it came in, and options."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from slmdesk.base.errors import KnownError
from slmdesk.command.console import json_option
from slmdesk.command.redaction import redact_option, redact_preview_option
from slmdesk.writing.decoding import MOST_BYTES, Decoded, decoded

TEXT_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown")


def asked(function: Callable[..., int | None]) -> Callable[..., int | None]:
    decorators: tuple[Callable[[Any], Any], ...] = (
        click.argument("file", type=click.Path(path_type=Path, readable=False, allow_dash=True), required=False),
        click.option("--language", default="", help="Of the text, such as de or German; else found out by itself."),
        click.option("-m", "--model", help="Id, or the beginning of one, or name."),
        redact_option,
        redact_preview_option,
        json_option,
        click.pass_obj,
    )
    for one in reversed(decorators):
        function = one(function)
    return function


class InputText(Decoded):
    name: str = ""
    """Of the file; empty: standard input."""


def read_input(file: Path | None) -> InputText:
    """Read a text file, or standard input where none is named or it is “-”.

    Raises click.UsageError for other kinds of files, KnownError `file.…`, `document.…`, `writing.empty`,
    `writing.encoding`, `writing.too_long`.
    """
    if file is None or str(file) == "-":
        if sys.stdin.isatty():
            raise click.UsageError("There is no text. Give a FILE, or a text on standard input.")
        return _decoded(_read_stdin(), "")
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
    return _decoded(data, file.name)


def _read_stdin() -> bytes:
    try:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    except OSError as err:
        raise KnownError("file.unreadable", path="-", reason=err.strerror or "stdin") from err


def _decoded(data: bytes, name: str) -> InputText:
    found = decoded(data, name or "The input")
    return InputText(found.text, found.encoding, found.lead, name)
