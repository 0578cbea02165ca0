"""`slmdesk lock`: tells the open window to hide everything and lock the history, at once."""

from __future__ import annotations

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.command.console import Console, json_option
from slmdesk.runtime.window_channel import LOCK, PLAIN, ask_window


@click.command()
@json_option
@click.pass_obj
def lock(console: Console) -> None:
    """Lock the open window: it hides, the history is closed, and jobs go on after unlocking."""
    answer = ask_window(find_paths(console.home).data, LOCK)
    if answer == PLAIN:
        raise KnownError("lock.plain")
    if answer == b"":
        raise KnownError("lock.silent")
    if console.as_json:
        console.give({"locked": answer is not None, "window": answer is not None})
    elif answer is None:
        console.notify("No window is open, so there is nothing to lock.")
    else:
        console.say("Locked.")
