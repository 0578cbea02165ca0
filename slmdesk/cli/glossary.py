"""The commands `slmdesk glossary` (terms that translations must use) and `slmdesk memory` (earlier translations)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import click

from slmdesk.base.files import write_out
from slmdesk.base.protocol import Progress, picked
from slmdesk.base.texts import cut
from slmdesk.base.translation import TERM_COLUMNS, GlossaryRecord, language_of
from slmdesk.base.types import Json
from slmdesk.cli.console import Console, NamedFile, answer, json_option, list_out, refuse
from slmdesk.cli.output import check_file
from slmdesk.tasks.translation.glossaries import ImportRequest

MOST_NAMES = 300
"""Most letters of a list of terms in a note."""


@click.group()
def glossary() -> None:
    """Manage lists of terms that translations keep to."""


@glossary.command("list")
@json_option
@click.pass_obj
def list_glossaries(console: Console) -> None:
    """List the glossaries."""
    with console.services() as services:
        glossaries = services.call.glossaries.all()
    rows = [
        (record.id, record.name, _languages(record), f"{record.terms} terms", "" if record.is_active else "(not used)")
        for record in glossaries
    ]
    nothing = "There is no glossary yet. Add one with: slmdesk glossary import FILE --from L --to L"
    list_out(console, list(map(_glossary_json, glossaries)), rows, nothing=nothing)


@glossary.command("import")
@click.argument("file", type=NamedFile())
@click.option("--from", "source", default="", help="Language of the terms, where the file does not say.")
@click.option("--to", "target", default="", help="Language of their translations.")
@click.option("--name", default="", help="Of the glossary; else the file's.")
@click.option("--into", default="", help="Id of a glossary the terms come to; “keep”: words that are not translated.")
@click.option("--domain", default="", help="legal, medical, technical or finance: it then holds for such texts alone.")
@click.option("--columns", default="", help="Where the file does not say: source=1,target=3,note=4 (from 1).")
@click.option("--skip-first", is_flag=True, help="With --columns: the first row is a heading.")
@json_option
@click.pass_obj
def import_glossary(
    console: Console, /, file: Path, columns: str, skip_first: bool, into: str, **requested: str
) -> None:
    """Read a glossary from a CSV, TSV or spreadsheet file."""
    chosen = _columns(columns)
    with console.services() as services:
        services.store.require_writable()
        if into == "keep":
            into = services.call.glossaries.keep_list().id
            chosen = chosen or {"source": 0}
        request = ImportRequest(
            file.absolute(), into=into, columns=chosen, skips_first=skip_first, reuses=False, **requested
        )
        done = console.result_of(
            services, lambda: services.glossaries.import_file(request), partial(_show_progress, console, file)
        )
    record = done.glossary
    if console.as_json:
        known = {**_glossary_json(record), **picked(done, "kept", "skipped", "first_skipped", "duplicates")}
        console.give({**known, "contradictions": list(done.contradictions), "was_there": done.was_there})
        return
    console.say(f"{record.id}  {record.name}: {done.kept} terms, {_languages(record)}.")
    if done.was_there:
        console.notify(
            f"A glossary “{record.name}” was there: what is new came to it. Another --name keeps the file apart."
        )
    _report_skipped(console, done.skipped, done.first_skipped, done.duplicates)
    if done.contradictions:
        names = cut(", ".join(done.contradictions), MOST_NAMES)
        console.notify(f"With more than one translation, of which the first is proposed and any counts: {names}.")


@glossary.command("export")
@click.argument("id")
@click.option("--format", "form", type=click.Choice(("csv",)), default="csv")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file; else standard output.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@json_option
@click.pass_obj
def export_glossary(console: Console, id: str, form: str, output: Path | None, force: bool) -> None:
    """Write a glossary as CSV."""
    with console.services() as services:
        made = services.call.glossaries.get(id).id
        data = services.glossaries.export(made)
    shape: dict[str, Json] = {"id": made, "format": form}
    if output is not None:
        check_file(output, replace=force)
        write_out(output.absolute(), data)
        console.notify(f"Written to {output}.")
        answer(console, {**shape, "path": str(output), "bytes": len(data)})
    elif console.as_json:
        console.give({**shape, "text": data.decode("utf-8-sig")})
    else:
        console.write_bytes(data)


@click.group()
def memory() -> None:
    """Manage earlier translations, which are used again."""


@memory.command("import")
@click.argument("file", type=NamedFile())
@click.option("--from", "source", default="", help="Language; else the file's first.")
@click.option("--to", "target", default="", help="Language; else the file's second.")
@click.option("--domain", default="", help="legal, medical, technical or finance.")
@json_option
@click.pass_obj
def import_memory(console: Console, file: Path, source: str, target: str, domain: str) -> None:
    """Read a TMX file into the memory."""
    with console.services() as services:
        services.store.require_writable()
        done = console.result_of(
            services,
            lambda: services.memory.import_file(file.absolute(), source=source, target=target, domain=domain),
            partial(_show_progress, console, file),
        )
    if console.as_json:
        known = picked(done, "kept", "skipped", "first_skipped", "duplicates", "replaced")
        languages = picked(done, "source_language", "target_language")
        console.give({**known, "contradictions": list(done.contradictions), **languages})
        return
    if not (done.kept or done.duplicates):
        console.say("There is nothing in it to add.")
        return
    console.say(f"{done.kept} pairs kept, {done.source_language} → {done.target_language}.")
    _report_skipped(console, done.skipped, done.first_skipped, done.duplicates)
    if done.replaced:
        console.notify(f"{done.replaced} sentences were remembered with another translation, which gave way.")
    if done.contradictions:
        console.notify(f"Given two translations, the last counts: {cut(', '.join(done.contradictions), MOST_NAMES)}.")


@memory.command("export")
@click.option("--from", "source", default="", help="Only from this language.")
@click.option("--to", "target", default="", help="Only into this language.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file; else standard output.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@json_option
@click.pass_obj
def export_memory(console: Console, source: str, target: str, output: Path | None, force: bool) -> None:
    """Write the memory as TMX: what people wrote or imported, not what a model guessed."""
    codes = [language_of(name).code if name else "" for name in (source, target)]
    with console.services() as services:
        if output is None:
            _give_memory(console, services.memory.tmx(*codes))
            return
        check_file(output, replace=force)
        goal = output.absolute()
        console.result_of(services, lambda: services.memory.export_file(goal, source=codes[0], target=codes[1]))
    answer(console, {"path": str(output), "bytes": goal.stat().st_size})
    console.notify(f"Written to {output}.")


def _give_memory(console: Console, parts: Iterable[str]) -> None:
    if console.as_json:
        console.give({"text": "".join(parts)})
        return
    for part in parts:
        console.write_bytes(part.encode("utf-8", "replace"))


def _glossary_json(record: GlossaryRecord) -> dict[str, Json]:
    known = picked(record, "id", "name", "source_language", "target_language", "domain", "terms")
    return {**known, "active": record.is_active}


def _languages(record: GlossaryRecord) -> str:
    return f"{record.source_language} → {record.target_language}" if record.source_language else "all languages"


def _show_progress(console: Console, file: Path, now: Progress) -> None:
    console.progress(f"{file.name}: rows", now.done, now.total)


def _report_skipped(console: Console, skipped: int, first: str, duplicates: int) -> None:
    if skipped:
        console.notify(f"{skipped} left out, the first of them {first}: nothing could be made of them.")
    if duplicates:
        console.notify(f"{duplicates} said what was there already.")


def _columns(said: str) -> dict[str, int] | None:
    """Parse “source=1,target=3” into column positions that count from 0. Raises click.UsageError."""
    columns = {}
    for part in filter(None, (piece.strip() for piece in said.split(","))):
        name, _, place = part.partition("=")
        if name not in TERM_COLUMNS or not (place.isascii() and place.isdigit() and 0 < int(place) < 1000):
            known = ", ".join(TERM_COLUMNS)
            raise click.UsageError(f"--columns wants {known} with numbers, such as source=1,target=2.")
        columns[name] = int(place) - 1
    refuse(columns and "source" not in columns, "--columns has to say which column is the source.")
    return columns or None
