"""Asks for passphrases: on the terminal without echo, or from an open file descriptor; never from arguments."""

from __future__ import annotations

import os
import sys

import click

MOST_BYTES = 4_096


def passphrase(what: str, descriptor: int | None, *, twice: bool = False) -> str:
    """A passphrase.  Raises click.UsageError where there is none, and no terminal to ask on."""
    found = _read(descriptor) if descriptor is not None else _asked(what, twice=twice)
    if not found:
        raise click.UsageError("The passphrase is empty.")
    return found


def _read(descriptor: int) -> str:
    data = b""
    try:
        while b"\n" not in data and len(data) <= MOST_BYTES and (more := os.read(descriptor, MOST_BYTES)):
            data += more
    except OSError as err:
        raise click.UsageError(f"Nothing can be read from the descriptor {descriptor}.") from err
    try:
        return data.partition(b"\n")[0].rstrip(b"\r").decode()
    except UnicodeDecodeError as err:
        raise click.UsageError("The passphrase is not UTF-8.") from err


def _asked(what: str, *, twice: bool) -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask for the passphrase; give it with --passphrase-fd N.")
    found: str = click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
    return found
