"""`slmdesk write`: the group of its commands."""

from __future__ import annotations

import click

from slmdesk.writing.command.correct import correct
from slmdesk.writing.command.rewrite import REWRITERS


@click.group()
def write() -> None:
    """Correct a text, or write it in another way: FILE (.txt, .md), or the text on standard input.

    Nothing is kept in the history.
    """


for one in (correct, *REWRITERS):
    write.add_command(one)
