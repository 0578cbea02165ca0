"""`slmdesk spaces`: folders of chats with instructions, a preset and documents."""

from __future__ import annotations

import click

from slmdesk.base.types import Json
from slmdesk.chat.spaces import Space
from slmdesk.command.console import Console, json_option, table


@click.group()
def spaces() -> None:
    """Show spaces: folders of chats with instructions, a preset and documents.  chat --space begins a chat in one."""


@spaces.command("list")
@json_option
@click.pass_obj
def list_spaces(console: Console) -> None:
    """List the spaces by their names, each with the number of its chats."""
    with console.services() as services:
        found = services.service_thread.call(services.chats.spaces.list)
    if console.as_json:
        console.give([_shape(one) for one in found])
    elif found:
        table(console, [(one.id, f"{one.count:,}", one.name) for one in found])


def _shape(space: Space) -> dict[str, Json]:
    return {
        "id": space.id,
        "name": space.name,
        "chats": space.count,
        "instructions": space.system,
        "preset": space.preset or None,
        "documents": [one.document for one in space.attachments if one.document],
        "folders": [one.collection for one in space.attachments if one.collection],
    }
