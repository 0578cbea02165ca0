"""`slmdesk write correct`: a text of one's own with its mistakes corrected, or listed, or as tracked changes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file, write_atomically
from slmdesk.base.languages import language_of
from slmdesk.base.types import Json
from slmdesk.command.console import Console
from slmdesk.command.output_files import check_file, form_of
from slmdesk.command.redaction import print_preview, redacted_json
from slmdesk.models.command.library import named_model
from slmdesk.redaction.labels import replaced_words
from slmdesk.runtime.pending import Pending
from slmdesk.services import Services
from slmdesk.writing.command.input import InputText, asked, read_input
from slmdesk.writing.labels import change_words, counted, marked_sentence, note_of, unanswered_words
from slmdesk.writing.types import Change, Correction, CorrectRequest, DocumentRequest

FORMS = ("docx", "txt", "md")


@click.command()
@asked
@click.option("--changes", "lists", is_flag=True, help="List the changes instead of the corrected text.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file: .docx with tracked changes, .txt, .md.")
@click.option("--force", is_flag=True, help="Replace what is there.")
def correct(
    console: Console,
    file: Path | None,
    language: str,
    model: str | None,
    redact: bool,
    redact_preview: bool,
    lists: bool,
    output: Path | None,
    force: bool,
) -> int:
    """Correct spelling, grammar and punctuation, and nothing else.

    FILE may be a Word file too (.docx).  Line breaks and formatting stay as they are.  A change that touches a number,
    a name or a negation, or that would rewrite a sentence, is not made but suggested.  In the list of changes removed
    words stand between [- and -], added words between {+ and +}.
    """
    document = file if file is not None and file.suffix.lower() == ".docx" else None
    form = _check_output(file, output, force)
    if redact_preview and output is not None:
        raise click.UsageError("--redact-preview corrects nothing, so there is nothing to write.")
    if document and not redact_preview and not (lists or console.as_json or form == "docx"):
        raise click.UsageError("Of a Word file, -o NAME.docx writes one with tracked changes; --changes lists them.")
    if document and form not in ("", "docx"):
        raise click.UsageError("A Word file is written as .docx.")
    source = None if document else read_input(file)
    code = language_of(language).code if language else ""
    with console.services() as services:
        if redact_preview:
            path = str(document.absolute()) if document else ""
            words = console.result_of(services, lambda: services.writing.words(path)) if path else ""
            return print_preview(console, services, source.text if source else words)
        named_model(services, model)
        if document:
            target = output.absolute() if output else None
            whole = DocumentRequest(str(document.absolute()), target, code, model, may_replace=force, redact=redact)
            found = _result(console, services, lambda: services.writing.correct_document(whole))
        else:
            request = CorrectRequest(source.text if source else "", code, model, redact=redact)
            found = _result(console, services, lambda: services.writing.correct(request))
    if output is not None and source is not None:
        write_atomically(output.absolute(), _file_of(found, source, form))
    place = "paragraph" if document else "line"
    _notify(console, found, output, place, lists=lists)
    if console.as_json:
        console.give({**json_of(found), **({"output": str(output.absolute())} if output else {})})
    elif lists:
        say_changes(console, found, place)
    elif output is None and source is not None:
        say_text(console, source, found.text)
    return 0


def _notify(console: Console, found: Correction, output: Path | None, place: str, *, lists: bool) -> None:
    console.notify(counted(found) + ("" if lists or not found.changes else " --changes lists them."))
    if found.redacted is not None:
        console.notify(replaced_words(found.redacted))
    if words := unanswered_words(found, place):
        console.notify(words)
    if output is not None:
        console.notify(f"Written to {output}.")


def _result(console: Console, services: Services, begin: Callable[[], Pending[Correction]]) -> Correction:
    return console.result_of(services, begin, lambda report: console.progress("correcting", *report))


def json_of(found: Correction) -> dict[str, Json]:
    """A correction as JSON; characters are counted from 0."""
    return {
        "text": found.text,
        "changes": [_json_of_change(one) for one in found.changes],
        "language": found.language,
        "sentences": found.sentences,
        "unanswered_lines": list(found.unanswered),
        **redacted_json(found.redacted),
    }


def _json_of_change(change: Change) -> dict[str, Json]:
    shape: dict[str, Json] = {
        "from": change.old,
        "to": change.edit.new,
        "reason": change.reason,
        "line": change.line,
        "begin": change.edit.start,
        "end": change.edit.end,
        "made": change.is_made,
    }
    return shape if change.is_made else shape | {"doubt": change.doubt}


def say_changes(console: Console, found: Correction, place: str) -> None:
    for number, one in enumerate(found.changes, 1):
        console.say(f"{number}. [{place} {one.line}] {change_words(one)}")
        console.say(f"     {marked_sentence(found.source, one)}\n")


def say_text(console: Console, source: InputText, text: str) -> None:
    """Print a text as it is, byte by byte where nobody looks at it."""
    if sys.stdout.isatty():
        console.say(text.rstrip("\n"))
    else:
        console.write_bytes(source.encoded(text))


def _check_output(file: Path | None, output: Path | None, force: bool) -> str:
    if output is None:
        return ""
    form = form_of(output, FORMS)
    if file is not None and is_same_file(file, output):
        raise KnownError("file.is_source", path=str(output))
    check_file(output, replace=force)
    return form


def _file_of(found: Correction, source: InputText, form: str) -> bytes:
    if form != "docx":
        return source.encoded(found.text)
    from slmdesk.writing.export import TrackedChange, tracked_docx

    changes = [
        TrackedChange(one.edit.start, one.edit.end, one.edit.new, "" if one.is_made else note_of(one))
        for one in found.changes
    ]
    return tracked_docx(found.source, changes, title=source.name)
