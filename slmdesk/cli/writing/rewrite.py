"""`slmdesk write rephrase`, `shorten`, `expand`, `tone`, `continue`: a text of one's own in other words."""

from __future__ import annotations

from pathlib import Path

import click

from slmdesk.cli.console import Console
from slmdesk.cli.models.library import named_model
from slmdesk.cli.writing.input import asked, read_input
from slmdesk.core.languages import language_of
from slmdesk.core.types import Json
from slmdesk.services.writing.labels import remarks
from slmdesk.services.writing.types import LENGTHS, TONES, RewriteRequest, Rewriting, Task, Version
from slmdesk.text.writing.edits import reason_of


@click.command()
@asked
def rephrase(console: Console, file: Path | None, language: str, model: str | None) -> None:
    """Say a text in other words, in three ways.

    Numbers and names that are new or missing in one are told beside it.
    """
    _rewrite(console, file, language, model, Task.REPHRASE)


@click.command()
@asked
@click.option("--to", "length", type=click.Choice(LENGTHS), default="half", help="How short; half by default.")
def shorten(console: Console, file: Path | None, language: str, model: str | None, length: str) -> None:
    """Shorten a text to half, or to one sentence.

    Numbers and names that are new or missing in it are told beside it.
    """
    _rewrite(console, file, language, model, Task.SHORTEN, length)


@click.command()
@asked
def expand(console: Console, file: Path | None, language: str, model: str | None) -> None:
    """Write a full text from a few words or notes.

    Numbers and names that the notes do not have, or that are missing, are told beside it.
    """
    _rewrite(console, file, language, model, Task.EXPAND)


@click.command()
@asked
@click.option("--tone", "manner", type=click.Choice(TONES), required=True, help="How it is to sound.")
def tone(console: Console, file: Path | None, language: str, model: str | None, manner: str) -> None:
    """Say a text in another tone.

    Numbers and names that are new or missing in it are told beside it.
    """
    _rewrite(console, file, language, model, Task.TONE, manner)


@click.command("continue")
@asked
def go_on(console: Console, file: Path | None, language: str, model: str | None) -> None:
    """Continue a text; only what comes next is printed.

    Numbers and names that your text does not have are told beside it.
    """
    _rewrite(console, file, language, model, Task.CONTINUE)


REWRITERS = (rephrase, shorten, expand, tone, go_on)


def _rewrite(
    console: Console, file: Path | None, language: str, model: str | None, task: Task, manner: str = ""
) -> None:
    source = read_input(file)
    code = language_of(language).code if language else ""
    request = RewriteRequest(source.text, task, manner, code, model)
    with console.services() as services:
        named_model(services, model)
        found = console.result_of(services, lambda: services.writing.rewrite(request))
    is_numbered = task is Task.REPHRASE
    for number, one in enumerate(found.versions, 1):
        for remark in remarks(found, one, request):
            console.notify(f"{number}. {remark}" if is_numbered else remark)
    if is_numbered and len(found.versions) < found.asked:
        console.notify(f"The model gave {len(found.versions)} of {found.asked} versions; the others were the same.")
    if console.as_json:
        console.give(_json_of(found, request))
        return
    texts = [one.text for one in found.versions]
    console.say("\n\n".join(f"{number}. {one}" for number, one in enumerate(texts, 1)) if is_numbered else texts[0])


def _json_of(found: Rewriting, request: RewriteRequest) -> dict[str, Json]:
    versions: list[Json] = [
        {**_json_of_version(found.source, one), "remarks": list(remarks(found, one, request))} for one in found.versions
    ]
    first = _json_of_version(found.source, found.versions[0])
    return {"text": first["text"], "changes": first["changes"], "language": found.language, "versions": versions}


def _json_of_version(source: str, version: Version) -> dict[str, Json]:
    changes: list[Json] = [
        {"from": one.old(source), "to": one.new, "reason": reason_of(source, one)} for one in version.edits
    ]
    return {
        "text": version.text,
        "changes": changes,
        "added": list(version.added),
        "missing": list(version.missing),
        "cut": version.is_cut,
    }
