"""The command `slmdesk compare`: shows what changed from one version of a document to another."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from slmdesk.base.types import unlike_marks
from slmdesk.command.console import (
    Console,
    NamedFile,
    headings_option,
    json_option,
    no_save_option,
)
from slmdesk.command.opening import named_model
from slmdesk.command.output import check_file, form_of, make, naming
from slmdesk.command.reading import open_document
from slmdesk.command.terminal import harmless
from slmdesk.tasks.compare import TASK
from slmdesk.versions.difference.types import Change, ChangeKind
from slmdesk.versions.types import (
    Comparison,
    VersionRequest,
    by_importance,
    change_words,
    coverage_line,
    headline,
    kind_words,
    marked_text,
    place_words,
)
from slmdesk.versions.words import json_of

FORMS = ("md", "docx", "html", "pdf", "xlsx", "json")
RED, GREEN, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[0m"


@click.command()
@click.argument("old", type=NamedFile(dir_okay=False), metavar="OLD")
@click.argument("new", type=NamedFile(dir_okay=False), metavar="NEW")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file: .md, .docx, .html, .pdf, .xlsx, .json.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("-m", "--model", help="Whose words are wanted: id or name, or its beginning.")
@click.option("--no-model", is_flag=True, help="Ask no model; the changes speak for themselves.")
@headings_option
@no_save_option
@json_option
@click.pass_obj
def compare(
    console: Console,
    old: Path,
    new: Path,
    output: Path | None,
    force: bool,
    model: str | None,
    no_model: bool,
    no_save: bool,
) -> None:
    """Show what changed from OLD to NEW, in any two formats: each change with its clause and pages, duties, negations
    and amounts before mere wording.

    Differences in layout alone are ignored.  Removed words stand between [- and -], added words between {+ and +}.
    A model adds a sentence below a change, if its exam shows that it can be trusted or -m names it, and if the sentence
    passes the check.
    """
    if no_model and model:
        raise click.UsageError("--no-model and --model exclude each other.")
    form = form_of(output, FORMS) if output is not None else ""
    if output is not None:
        check_file(output, replace=force)
    with console.services(lambda _settings: not no_save) as services:
        services.store.require_writable()
        named_model(services, model)
        before, after = open_document(console, services, old), open_document(console, services, new)
        request = VersionRequest(before.id, after.id, model, not no_model)
        view = make(console, services, services.tasks.of(TASK.kind), request, None)
        comparison = view.result
        assert comparison is not None  # it is done
        if output is not None:
            target = output.absolute()
            write = partial(services.exports.write, view.item.id, form, target)
            with naming(console, output):
                console.result_of(services, lambda: write(replace=force, headings=console.headings))
            console.notify(f"Written to {output}.")
    if console.as_json:
        console.give({**json_of(comparison), "item": None if no_save else view.item.id})
    elif output is None:
        _say(console, comparison)


def _say(console: Console, comparison: Comparison) -> None:
    is_coloured = sys.stdout.isatty()
    console.say(headline(comparison))
    if comparison.note:
        console.say(comparison.note)
    for number, at in enumerate(by_importance(comparison.changes), 1):
        change = comparison.changes[at]
        is_whole = change.kind in (ChangeKind.ADDED, ChangeKind.REMOVED)  # its words are printed below
        words = f": {change_words(change)}" if change.named and not is_whole else ""
        console.say(f"\n{number}.{place_words(change, comparison, ' [{}]')} {kind_words(change)}{words}")
        if remark := comparison.remark(at):
            console.say(f"   {comparison.model}: {unlike_marks(remark)}")
        if is_coloured:
            _say_coloured(console, change)
        else:
            console.say(_indented(marked_text(change.old_runs, change.new_runs)))
    console.say(f"\n{coverage_line(comparison)}")


def _say_coloured(console: Console, change: Change) -> None:
    for runs, sign, begin, end in (
        (change.old_runs, "-", f"{RED}[-", f"-]{PLAIN}"),
        (change.new_runs, "+", f"{GREEN}{{+", f"+}}{PLAIN}"),
    ):
        texts = (f"{begin}{harmless(run.text)}{end}" if run.is_marked else harmless(run.text) for run in runs)
        if words := "".join(texts):
            console.write_shown(f"   {sign} {_indented(words).lstrip()}\n")


def _indented(text: str) -> str:
    return "\n".join(f"     {line}" for line in text.split("\n"))
