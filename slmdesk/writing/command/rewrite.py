"""`slmdesk write rephrase`, `shorten`, `expand`, `tone`, `continue`: a text of one's own in other words."""

from __future__ import annotations

from pathlib import Path

import click

from slmdesk.base.languages import language_of
from slmdesk.base.record import changed
from slmdesk.base.types import Json
from slmdesk.command.console import Console
from slmdesk.command.redaction import print_preview, redacted_json
from slmdesk.models.command.library import named_model
from slmdesk.redaction.labels import replaced_words
from slmdesk.text.writing.edits import reason_of
from slmdesk.writing.command.input import asked, read_input
from slmdesk.writing.labels import remarks
from slmdesk.writing.types import LENGTHS, TONES, RewriteRequest, Rewriting, Task, Version


@click.command()
@asked
def rephrase(
    console: Console, file: Path | None, language: str, model: str | None, redact: bool, redact_preview: bool
) -> int:
    """Say a text in other words, in three ways.

    Numbers and names that are new or missing in one are told beside it.
    """
    asked_for = RewriteRequest("", Task.REPHRASE, language=language, model=model, redact=redact)
    return _rewrite(console, file, asked_for, is_preview=redact_preview)


@click.command()
@asked
@click.option("--to", "length", type=click.Choice(LENGTHS), default="half", help="How short; half by default.")
def shorten(
    console: Console,
    file: Path | None,
    language: str,
    model: str | None,
    redact: bool,
    redact_preview: bool,
    length: str,
) -> int:
    """Shorten a text to half, or to one sentence.

    Numbers and names that are new or missing in it are told beside it.
    """
    asked_for = RewriteRequest("", Task.SHORTEN, length, language=language, model=model, redact=redact)
    return _rewrite(console, file, asked_for, is_preview=redact_preview)


@click.command()
@asked
def expand(
    console: Console, file: Path | None, language: str, model: str | None, redact: bool, redact_preview: bool
) -> int:
    """Write a full text from a few words or notes.

    Numbers and names that the notes do not have, or that are missing, are told beside it.
    """
    asked_for = RewriteRequest("", Task.EXPAND, language=language, model=model, redact=redact)
    return _rewrite(console, file, asked_for, is_preview=redact_preview)


@click.command()
@asked
@click.option("--tone", "manner", type=click.Choice(TONES), required=True, help="How it is to sound.")
def tone(
    console: Console,
    file: Path | None,
    language: str,
    model: str | None,
    redact: bool,
    redact_preview: bool,
    manner: str,
) -> int:
    """Say a text in another tone.

    Numbers and names that are new or missing in it are told beside it.
    """
    asked_for = RewriteRequest("", Task.TONE, manner, language=language, model=model, redact=redact)
    return _rewrite(console, file, asked_for, is_preview=redact_preview)


@click.command("continue")
@asked
def go_on(
    console: Console, file: Path | None, language: str, model: str | None, redact: bool, redact_preview: bool
) -> int:
    """Continue a text; only what comes next is printed.

    Numbers and names that your text does not have are told beside it.
    """
    asked_for = RewriteRequest("", Task.CONTINUE, language=language, model=model, redact=redact)
    return _rewrite(console, file, asked_for, is_preview=redact_preview)


REWRITERS = (rephrase, shorten, expand, tone, go_on)


def _rewrite(console: Console, file: Path | None, asked_for: RewriteRequest, *, is_preview: bool) -> int:
    """Ask for a text in other words, or print what would be redacted in it.  Returns the exit status."""
    source = read_input(file)
    code = language_of(asked_for.language).code if asked_for.language else ""
    request = changed(asked_for, text=source.text, language=code)
    with console.services() as services:
        if is_preview:
            return print_preview(console, services, source.text)
        named_model(services, request.model)
        found = console.result_of(services, lambda: services.writing.rewrite(request))
    if found.redacted is not None:
        console.notify(replaced_words(found.redacted))
    is_numbered = request.task is Task.REPHRASE
    for number, one in enumerate(found.versions, 1):
        for remark in remarks(found, one, request):
            console.notify(f"{number}. {remark}" if is_numbered else remark)
    if is_numbered and len(found.versions) < found.asked:
        console.notify(f"The model gave {len(found.versions)} of {found.asked} versions; the others were the same.")
    if console.as_json:
        console.give(_json_of(found, request))
        return 0
    texts = [one.text for one in found.versions]
    console.say("\n\n".join(f"{number}. {one}" for number, one in enumerate(texts, 1)) if is_numbered else texts[0])
    return 0


def _json_of(found: Rewriting, request: RewriteRequest) -> dict[str, Json]:
    versions: list[Json] = [
        {**_json_of_version(found.source, one), "remarks": list(remarks(found, one, request))} for one in found.versions
    ]
    first = _json_of_version(found.source, found.versions[0])
    shape: dict[str, Json] = {
        "text": first["text"], "changes": first["changes"], "language": found.language, "versions": versions,
    }  # fmt: skip
    return shape | redacted_json(found.redacted)


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
        **({"spoilt": list(version.spoilt)} if version.spoilt else {}),
    }
