"""The command `slmdesk write`: corrects a text (or lists its mistakes, or tracks changes) or rewrites it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file, write_out
from slmdesk.base.language import in_language
from slmdesk.base.record import changed
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.headings import spoken
from slmdesk.base.types import Json
from slmdesk.cli.console import Console, answer, headings_option, json_option, refuse
from slmdesk.cli.opening import named_model, stdin_bytes
from slmdesk.cli.output import check_file, form_of
from slmdesk.services import Services
from slmdesk.tasks.writing.files import MOST_BYTES, Decoded, bytes_of, decoded
from slmdesk.tasks.writing.types import (
    LENGTHS,
    TONES,
    Change,
    Correction,
    CorrectRequest,
    DocumentRequest,
    RewriteRequest,
    Rewriting,
    Task,
    Version,
    change_words,
    counted,
    marked_sentence,
    note_of,
    remarks,
    unanswered_words,
)

TEXT_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown")


class InputText(Decoded):
    name: str = ""
    """Name of the file. Empty means standard input."""


def read_input(file: Path | None) -> InputText:
    """Read a text file, or standard input if no file is given or it is “-”.

    Raises click.UsageError for other kinds of files, KnownError `file.…`, `document.…`, `writing.empty`,
    `writing.encoding`, `writing.too_long`.
    """
    if file is None or str(file) == "-":
        refuse(sys.stdin.isatty(), "There is no text. Give a FILE, or a text on standard input.")
        return _decoded(stdin_bytes(MOST_BYTES + 1), "")
    refuse(
        file.suffix.lower() not in TEXT_SUFFIXES,
        f"“{file.name}” is no text. Give a .txt or .md file, or the text on standard input; “--as correct” takes .docx "
        "too.",
    )
    return _decoded(bytes_of(file), file.name)


def _decoded(data: bytes, name: str) -> InputText:
    content = decoded(data, name or "The input")
    return InputText(content.text, content.encoding, content.lead, name)


FORMS = ("docx", "txt", "md")


def _correct(
    console: Console, file: Path | None, language: str, model: str | None, lists: bool, output: Path | None, force: bool
) -> None:
    form = _check_output(file, output, force)
    if file is not None and file.suffix.lower() == ".docx":
        refuse(form not in ("", "docx"), "A Word file is written as .docx.")
        not_given = "Of a Word file, -o NAME.docx writes one with tracked changes; --changes lists them."
        refuse(not (lists or form or console.as_json), not_given)
        whole = DocumentRequest(str(file.absolute()), output and output.absolute(), language, model, may_replace=force)
        correction = _result(console, model, lambda services: services.writing.correct_document(whole))
        _tell(console, correction, output, "paragraph", lists=lists)
        return

    source = read_input(file)
    request = CorrectRequest(source.text, language, model)
    correction = _result(console, model, lambda services: services.writing.correct(request))
    if output is not None:
        spoken_in = spoken(console.headings, correction.language)
        write_out(output.absolute(), in_language(spoken_in, _file_of, correction, source, form))
    _tell(console, correction, output, "line", lists=lists)
    if not (output or lists or console.as_json):
        say_text(console, source, correction.text)


def _result(console: Console, model: str | None, begin: Callable[[Services], Pending[Correction]]) -> Correction:
    with console.services() as services:
        named_model(services, model)
        return console.result_of(
            services, lambda: begin(services), lambda report: console.progress("correcting", *report)
        )


def _tell(console: Console, correction: Correction, output: Path | None, place: str, *, lists: bool) -> None:
    """Say what was found: as notes, and as JSON or as a list where it is asked for."""
    hint = " --changes lists them."
    if lists or not correction.changes:
        hint = ""
    console.notify(counted(correction) + hint)
    if words := unanswered_words(correction, place):
        console.notify(words)
    shape = json_of(correction)
    if output is not None:
        console.notify(f"Written to {output}.")
        shape["output"] = str(output.absolute())
    if console.as_json:
        console.give(shape)
    elif lists:
        say_changes(console, correction, place)


def json_of(correction: Correction) -> dict[str, Json]:
    """Return a correction as JSON. Character positions count from 0."""
    return {
        "text": correction.text,
        "changes": [_json_of_change(change) for change in correction.changes],
        "language": correction.language,
        "sentences": correction.sentences,
        "unanswered_lines": list(correction.unanswered),
    }


def _json_of_change(change: Change) -> dict[str, Json]:
    shape: dict[str, Json] = {
        "from": change.old,
        "to": change.edit.new,
        "reason": change.kind,
        "line": change.line,
        "begin": change.edit.start,
        "end": change.edit.end,
        "made": change.is_made,
    }
    return shape if change.is_made else shape | {"doubt": change.doubt}


def say_changes(console: Console, correction: Correction, place: str) -> None:
    for number, change in enumerate(correction.changes, 1):
        console.say(f"{number}. [{place} {change.line}] {change_words(change)}")
        console.say(f"     {marked_sentence(correction.source, change)}\n")


def say_text(console: Console, source: InputText, text: str) -> None:
    """Print a text unchanged, as bytes if the output is not a terminal."""
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


def _file_of(correction: Correction, source: InputText, form: str) -> bytes:
    if form != "docx":
        return source.encoded(correction.text)
    from slmdesk.tasks.writing.export import tracked_docx

    changes = [(change.edit, note_of(change)) for change in correction.changes]
    return tracked_docx(correction.source, changes, title=source.name)


def _rewrite(console: Console, file: Path | None, asked_for: RewriteRequest) -> None:
    source = read_input(file)
    request = changed(asked_for, text=source.text)
    with console.services() as services:
        named_model(services, request.model)
        rewriting = console.result_of(services, lambda: services.writing.rewrite(request))
    is_numbered = request.task is Task.REPHRASE
    for number, version in enumerate(rewriting.versions, 1):
        for remark in remarks(rewriting, version, request):
            console.notify(f"{number}. {remark}" if is_numbered else remark)
    if is_numbered and len(rewriting.versions) < rewriting.asked:
        console.notify(
            f"The model gave {len(rewriting.versions)} of {rewriting.asked} versions; the others were the same."
        )
    texts = [version.text for version in rewriting.versions]
    if is_numbered:
        texts = [f"{number}. {text}" for number, text in enumerate(texts, 1)]
    else:
        del texts[1:]
    answer(console, _json_of(rewriting, request), "\n\n".join(texts))


def _json_of(rewriting: Rewriting, request: RewriteRequest) -> dict[str, Json]:
    versions: list[Json] = [
        {**_json_of_version(rewriting, version), "remarks": list(remarks(rewriting, version, request))}
        for version in rewriting.versions
    ]
    first = _json_of_version(rewriting, rewriting.versions[0])
    return {"text": first["text"], "changes": first["changes"], "language": rewriting.language, "versions": versions}


def _json_of_version(rewriting: Rewriting, version: Version) -> dict[str, Json]:
    source = rewriting.source
    changes: list[Json] = [
        {"from": edit.old(source), "to": edit.new, "reason": version.kind_of(edit.old(source), edit.new)}
        for edit in version.edits
    ]
    return {
        "text": version.text,
        "changes": changes,
        "added": list(version.added),
        "missing": list(version.missing),
        "cut": version.is_cut,
    }


CORRECT = "correct"
TASKS = (CORRECT, *(task.value for task in Task))


@click.command()
@click.argument("file", type=click.Path(path_type=Path, readable=False, allow_dash=True), required=False)
@click.option("--as", "task", type=click.Choice(TASKS), required=True, help="What to do with the text.")
@click.option("--language", default="", help="Of the text, such as de or German; else found out by itself.")
@click.option("-m", "--model", help="Id or name, or its beginning.")
@click.option("--to", "length", type=click.Choice(LENGTHS), help="With shorten: how short; half by default.")
@click.option("--tone", type=click.Choice(TONES), help="With tone: how it is to sound.")
@click.option("--changes", "lists", is_flag=True, help="With correct: list the changes instead of the corrected text.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path),
    help="With correct: a file, .docx with tracked changes, .txt, .md.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="With correct: replace what is there.")
@headings_option
@json_option
@click.pass_obj
def write(
    console: Console,
    file: Path | None,
    task: str,
    language: str,
    model: str | None,
    length: str | None,
    tone: str | None,
    lists: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Correct a text, or write it in another way: FILE (.txt, .md), or the text on standard input.

    Nothing is kept in the history.

    With --as correct, only spelling, grammar and punctuation change, and FILE may be a Word file too (.docx).  A
    change that touches a number, a name or a negation, or rewrites a sentence, is only
    suggested. Removed words stand between [- and -], added words between {+ and +}.

    Otherwise numbers and names that are new or missing are told. rephrase gives three
    versions, expand makes a text of notes, continue prints what comes next.
    """
    _check_options(task, {"--changes": lists, "--output": output, "--force": force}, CORRECT)
    _check_options(task, {"--to": length}, Task.SHORTEN)
    _check_options(task, {"--tone": tone}, Task.TONE)
    if task == CORRECT:
        _correct(console, file, language, model, lists, output, force)
        return
    is_unsaid = task == Task.TONE and tone is None
    refuse(is_unsaid, f"Say how it is to sound: --tone {', '.join(TONES)}.")
    manner = {Task.TONE: tone, Task.SHORTEN: length or "half"}.get(Task(task)) or ""
    _rewrite(console, file, RewriteRequest("", Task(task), language=language, model=model, manner=manner))


def _check_options(task: str, given: Mapping[str, object], of: str) -> None:
    for name, value in given.items():
        refuse(value and task != of, f"{name} goes with --as {of}.")
