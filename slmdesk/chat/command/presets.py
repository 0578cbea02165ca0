"""`slmdesk presets`: instructions and settings for chats, under a name."""

from __future__ import annotations

from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.types import Json
from slmdesk.chat.presets import Preset
from slmdesk.chat.samplers import SETTINGS
from slmdesk.command.console import Console, NamedFile, json_option


@click.group()
def presets() -> None:
    """Manage presets: instructions and settings for chats, used by chat --preset."""


@presets.command("list")
@json_option
@click.pass_obj
def list_presets(console: Console) -> None:
    """List your presets, then those that come with the program."""
    with console.services() as services:
        found = services.service_thread.call(services.chats.presets.list)
    if console.as_json:
        console.give([_shape(one) for one in found])
        return
    width = max(len(one.id) for one in found)
    for one in found:
        console.say(f"{one.id:<{width}}  {one.name}" + (f" \u2014 {one.words}" if one.words else ""))


@presets.command("export")
@click.argument("preset")
@click.argument("file", type=NamedFile())
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@json_option
@click.pass_obj
def export_preset(console: Console, /, preset: str, file: Path, force: bool) -> None:
    """Write PRESET (name or id) to FILE, for others; the choice of a model is not part of it."""
    if file.exists() and not force:
        raise KnownError("file.exists", path=str(file))
    with console.services() as services:
        found = services.service_thread.call(lambda: services.chats.presets.get(preset))
        services.service_thread.call(lambda: services.chats.presets.export_file(found.id, file.absolute()))
    _say_done(console, found, file, "written to")


@presets.command("import")
@click.argument("file", type=NamedFile())
@json_option
@click.pass_obj
def import_preset(console: Console, /, file: Path) -> None:
    """Add the preset in FILE to yours."""
    with console.services() as services:
        made = services.service_thread.call(lambda: services.chats.presets.import_file(file))
    _say_done(console, made, file, "added from")


def _say_done(console: Console, preset: Preset, file: Path, words: str) -> None:
    if console.as_json:
        console.give(_shape(preset))
    else:
        console.say(f"{preset.name} was {words} {file}.")


def _shape(preset: Preset) -> dict[str, Json]:
    options = preset.options
    return {
        "id": preset.id,
        "name": preset.name,
        "shipped": preset.is_shipped,
        "instructions": options.system,
        **{one.name: getattr(options, one.name) for one in SETTINGS},
        "max_tokens": options.max_tokens,
        "json_schema": options.json_schema or None,
        "grammar": options.grammar or None,
        "stop": list(options.stop),
        "word_bias": [list(one) for one in options.word_bias],
        "thinking": options.thinking or None,
        "answer_language": options.answer_language or None,
        "model": options.model or None,
        "examples": [{"question": one.question, "answer": one.answer} for one in options.examples],
    }
