"""Asks for passphrases, opens an encrypted history and reads stdin. A history is opened
by the keyring, else by words typed on the terminal or read from an open file.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from getpass import GetPassWarning
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths, find_paths, make_folders
from slmdesk.cli.console import refuse
from slmdesk.cli.terminal import Terminal

if TYPE_CHECKING:
    from slmdesk.history.privacy.opening import Key
    from slmdesk.services import Services

MOST_BYTES = 4_096


def passphrase(what: str, descriptor: int | None, *, twice: bool = False) -> str:
    """Return a passphrase from `descriptor`, or ask on the terminal if it is None.
    Raises click.UsageError if the passphrase is empty or there is no terminal.
    """
    if descriptor is not None:
        secret = _line_of(descriptor)
    else:
        no_terminal = (
            "There is no terminal to ask for the passphrase; give it with "
            "--passphrase-fd N."
        )
        refuse(not sys.stdin.isatty(), no_terminal)
        secret = str(
            click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
        )
    refuse(not secret, "The passphrase is empty.")
    return secret


# Opening an encrypted history for a command. The keyring, else the terminal, else the
# open file of --passphrase-fd. Never an argument or an environment variable, since
# other programs can read both.


TRIES = 3
"""How often a person may type a passphrase on the terminal."""
WORDS = "Passphrase or recovery key"


def key_of_history(console: Terminal, paths: Paths) -> Key | None:
    """Return the key of the history, or None if the history is not encrypted. Ask for a
    passphrase if the keyring has no key.

    Raises KnownError key.missing, key.wrong, key.mistyped, key.file_damaged,
    key.library_missing.
    """
    from slmdesk.history.privacy.opening import open_by, ways_of

    ways = ways_of(paths)
    if ways is None:
        return None
    if ways.by_keyring and (key := key_in_keyring(paths)) is not None:
        return key
    if not ways.by_words:
        raise KnownError("key.missing")

    def open_it(words: str) -> Key:
        key = open_by(paths, words)
        console.opened_by = words
        return key

    return _asked(console, WORDS, open_it)


def key_in_keyring(paths: Paths) -> Key | None:
    """Return the key of the history if the keyring alone opens it, else None."""
    from slmdesk.history.privacy.opening import open_by

    try:
        return open_by(paths, "")
    except KnownError as known:
        if known.code != "key.missing":
            raise
        return None


def key_of_backup(console: Terminal, backup: Path) -> Key:
    from slmdesk.history.privacy.opening import open_backup

    return _asked(
        console, f"{WORDS} of {backup.name}", lambda words: open_backup(backup, words)
    )


def keys_for_restoring(
    console: Terminal, paths: Paths, backup: Path
) -> tuple[Key | None, Key | None]:
    """Return the key of the history and the key of the backup. A key is None if there
    is none or it is not known.

    The person is asked only once: a passphrase that opens the backup is tried on the
    history too.
    """
    from slmdesk.history.privacy.opening import (
        needs_words,
        open_backup,
        open_by,
        opens,
        ways_of,
    )

    if not needs_words(backup):
        return key_of_history(console, paths), None
    ways = ways_of(paths)
    key = None
    if ways is not None and ways.by_keyring:
        key = key_in_keyring(paths)
    if key is not None and opens(backup, key):
        return key, key
    words = ""

    def open_it(typed: str) -> Key:
        nonlocal words
        words = typed
        return open_backup(backup, typed)

    source_key = _asked(console, f"{WORDS} of {backup.name}", open_it)
    if key is None and ways is not None:
        try:
            key = open_by(paths, words)
        except KnownError:
            console.notify(
                "note: The keys of the history are not known, so those of the backup "
                "open it from now on."
            )
    return key, source_key


def present_words(console: Terminal) -> str:
    """Return the words that open the history now: the passphrase that just opened it,
    or ask as `ask_words` does.
    """
    return console.opened_by or ask_words(console, f"{WORDS}, as it is now")


def ask_words(console: Terminal, prompt: str) -> str:
    """Return a passphrase or recovery key: the next line of the open file named by
    --passphrase-fd, or typed without echo.

    Raises KnownError `key.missing` if there is no terminal or nothing was typed.
    """
    if console.passphrase_fd is not None:
        words = _line_of(console.passphrase_fd)
    else:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "error", GetPassWarning
                )  # otherwise a piped line would be taken
                words = str(
                    click.prompt(
                        prompt,
                        hide_input=True,
                        err=True,
                        default="",
                        show_default=False,
                    )
                )
        except GetPassWarning as err:
            raise KnownError("key.missing") from err
    if not words:
        raise KnownError("key.missing")
    return words


def _asked(console: Terminal, prompt: str, open_it: Callable[[str], Key]) -> Key:
    """Ask for a passphrase until `open_it` accepts it, at most TRIES times on a
    terminal and once from a file.
    """
    left = 1
    if console.passphrase_fd is None:
        left = TRIES
    while True:
        left -= 1
        try:
            return open_it(ask_words(console, prompt))
        except KnownError as known:
            if known.code not in ("key.wrong", "key.mistyped") or not left:
                raise
            from slmdesk.base.runtime.messages import problem_for

            console.notify(problem_for(known).sentence)


def _line_of(descriptor: int) -> str:
    """Return the next line of an open file. Reads not a byte more, so that the next
    question gets the next line.
    """
    read = bytearray()
    try:
        while len(read) <= MOST_BYTES and (byte := os.read(descriptor, 1)) not in (
            b"",
            b"\n",
        ):
            read += byte
    except OSError as err:
        raise click.UsageError(f"--passphrase-fd: {err.strerror}") from err
    try:
        return read.decode().rstrip("\r")
    except UnicodeDecodeError as err:
        raise click.UsageError(
            "--passphrase-fd: what is read there is not UTF-8"
        ) from err


@contextmanager
def usable_paths(console: Terminal, paths: Paths) -> Iterator[Paths]:
    """Yield the folders of the program, or, if they cannot be written, empty ones that
    are deleted afterwards. Only the settings are those of the program then.
    """
    try:
        make_folders(paths)
        is_usable = not paths.database.exists() or os.access(paths.database, os.W_OK)
    except KnownError:
        is_usable = False
    if is_usable:
        yield paths
        return
    console.notify(
        f"note: {paths.data} cannot be written, so this is done without the history "
        "and its models."
    )
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="slmdesk-", ignore_cleanup_errors=True) as folder:
        other = find_paths(Path(folder))
        if paths.config.is_dir():
            other = other._replace(config=paths.config)
        yield other


MAX_STDIN_BYTES = 16 << 20


def named_model(services: Services, model: str | None) -> None:
    """Check that a named model exists, and allow using it even if it crashed. Raises
    KnownError `model.unknown`.
    """
    if model is not None:
        services.call.models.try_again(model)


def read_stdin() -> str:
    """Return all text of stdin. Raises KnownError `request.invalid` above
    MAX_STDIN_BYTES, and `file.unreadable`.
    """
    data = stdin_bytes(MAX_STDIN_BYTES + 1)
    if len(data) > MAX_STDIN_BYTES:
        raise KnownError(
            "request.invalid", what=f"more than {MAX_STDIN_BYTES >> 20} MiB on stdin"
        )
    return data.decode("utf-8", "replace")


def stdin_bytes(most: int) -> bytes:
    """Return what stdin holds, at most so many bytes. Raises KnownError
    `file.unreadable`.
    """
    try:
        return sys.stdin.buffer.read(most)
    except OSError as err:
        raise KnownError(
            "file.unreadable", path="-", reason=err.strerror or "stdin"
        ) from err
