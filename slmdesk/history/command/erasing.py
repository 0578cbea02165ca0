"""`slmdesk delete-everything`: nothing of slmdesk is left on this PC."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from slmdesk.base.paths import find_paths
from slmdesk.base.types import Json
from slmdesk.command.console import Console, json_option
from slmdesk.history.erasing import CONFIRMATION, Erasure, erase
from slmdesk.runtime.messages import bytes_for_people


@click.command("delete-everything")
@click.option("--models", is_flag=True, help="The models too, those that were copied in or downloaded.")
@json_option
@click.pass_obj
def delete_everything(console: Console, models: bool) -> int | None:
    """Delete the history, settings, backups, logs and secrets in the keyring, for good; the models stay.

    It is asked for, in words to be typed; without a terminal they are read from stdin.  Close the window first.  What
    is held refuses it.
    """
    with console.services() as services:
        found = console.result_of(services, lambda: services.erasing.look(models=models))
        if not _is_confirmed(console, found):
            console.notify("Nothing was deleted.")
            return 1
        kept = console.result_of(services, services.erasing.forget_secrets)
    left = erase(find_paths(console.home), found)
    for one in kept:
        console.notify(f"note: {one} is still in the system's keyring; remove it there, under “slmdesk”.")
    _report(console, found, left)
    return 1 if left or kept else None


def _is_confirmed(console: Console, found: Erasure) -> bool:
    console.notify(f"This deletes {found.files:,} files ({bytes_for_people(found.bytes)}) for good:")
    for one in (*found.folders, *found.models):
        console.notify(f"  {one}")
    if not found.models:
        console.notify("The files of the models stay.")
    console.notify("Backups, exports and copies that you made elsewhere stay where they are.")
    if sys.stdin.isatty():
        console.notify(f"To go on, type: {CONFIRMATION}")
    try:
        return input("> " if sys.stdin.isatty() else "").strip() == CONFIRMATION
    except (EOFError, UnicodeDecodeError):
        return False


def _report(console: Console, found: Erasure, left: Sequence[Path]) -> None:
    for one in left:
        console.notify(f"error: {one} could not be deleted.")
    if console.as_json:
        remain: list[Json] = [str(one) for one in left]
        console.give({"files": found.files, "bytes": found.bytes, "left": remain})
    elif not left:
        models = "" if found.models else " and the files of models"
        console.say(f"{found.files:,} files deleted. What is left of slmdesk here: the program{models}.")
