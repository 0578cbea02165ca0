"""The command `slmdesk translate`: translates a text or a document, with a report and a list of segments to review."""

from __future__ import annotations

import codecs
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import click

from slmdesk.base.documents import FORMATS, requested_suffixes, translated_name
from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file, write_out
from slmdesk.base.protocol import picked
from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.events import TranslationRead
from slmdesk.base.runtime.messages import problem_for
from slmdesk.base.settings import Settings
from slmdesk.base.texts import cut
from slmdesk.base.translation import LANGUAGES, SegmentFlag, SegmentRecord, language_of
from slmdesk.base.types import Json
from slmdesk.cli.console import Console, headings_option, json_option, no_save_option, refuse
from slmdesk.cli.opening import named_model, stdin_bytes
from slmdesk.cli.output import OutputFile, begin, check_file, finish, output_file, writing
from slmdesk.cli.terminal import one_line
from slmdesk.services import Services
from slmdesk.tasks.translate import MOST_TEXT, View
from slmdesk.tasks.translation.documents import WITH_COLUMNS, WITH_PROPERTIES, WITH_SHEETS, piped_folder
from slmdesk.tasks.translation.glossaries import ImportRequest
from slmdesk.tasks.translation.prompts import DOMAINS
from slmdesk.tasks.translation.service import HANDOUT_FORMS, Handout
from slmdesk.tasks.translation.types import (
    KIND,
    UNWRITTEN,
    Translation,
    TranslationRequest,
    WrittenFile,
    counted_left,
    flag_words,
    language_of_most,
    left_words,
    reason_words,
    translation_of,
)

FORMALITY = {None: "", True: "formal", False: "informal"}


def _refuse_more(_context: click.Context, _option: click.Parameter, is_given: bool) -> None:
    """Refuse `--clipboard` among other words. Alone, it never comes here: it starts the window (`__main__`)."""
    refuse(is_given, "--clipboard stands alone: “slmdesk translate --clipboard”.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, readable=False, allow_dash=True), required=False)
@click.option(
    "--clipboard",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_refuse_more,
    help="Have the window translate what was copied. Takes no other option: bind it to a key.",
)
@click.option("--to", "target", required=True, help="The language, such as de or German.")
@click.option("--from", "source", default="", help="Of the text, believed unseen; else found out by itself.")
@click.option("--domain", type=click.Choice(DOMAINS), default="everyday", help="What the text is about.")
@click.option("--formal/--informal", "formal", default=None, help="How the reader is spoken to.")
@click.option("--sheet-names", is_flag=True, help="Translate the names of sheets too.")
@click.option("--properties", is_flag=True, help="Translate the title in the file's properties too.")
@click.option("--glossary", default="", help="A file of terms, which is imported, or the id of one that is here.")
@click.option("--columns", default="", help="Of a table as text: columns by number or name; else those with sentences.")
@click.option("-m", "--model", help="Id or name, or its beginning.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The translated file; else NAME.LANGUAGE.SUFFIX.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@headings_option
@no_save_option
@click.option("--doubts", is_flag=True, help="List the words of which the model was unsure.")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="What happened to each segment, as a file: .html, .docx, .md or .json.",
)
@json_option
@click.pass_obj
def translate(
    console: Console,
    file: Path | None,
    target: str,
    source: str,
    domain: str,
    formal: bool | None,
    sheet_names: bool,
    properties: bool,
    glossary: str,
    columns: str,
    model: str | None,
    output: Path | None,
    force: bool,
    no_save: bool,
    doubts: bool,
    report: Path | None,
) -> int:
    """Translate FILE into a file of the same format (of a PDF: Word), or a text from standard input (also as “-”).

    What could not be translated, and what needs review, is listed.
    """
    chosen, document = _columns(columns), _document(file)
    refuse(columns and not chosen, "--columns names no column.")
    code = language_of(target).code
    _check_applies(document, code, columns=bool(columns), sheet_names=sheet_names, properties=properties, formal=formal)
    is_piped = output is not None and str(output) == "-"
    is_both = is_piped and console.as_json and document
    refuse(is_both, "--json and the document cannot both go to standard output.")
    goal = None if is_piped else _goal(document, output, code)
    if goal is not None:
        check_file(goal, replace=force)
    form = _report_form(report, document, goal, force)
    requested = Requested(goal, is_piped, report.absolute() if report else None, form, doubts=doubts, force=force)
    path = text = ""
    if document:
        path = str(document.absolute())
    else:
        text = _read_text()
    request = TranslationRequest(
        code, path=path, text=text, source=source, domain=domain, formality=FORMALITY[formal], sheet_names=sheet_names,
        properties=properties, columns=chosen, model=model,
    )  # fmt: skip

    def keeps(settings: Settings) -> bool:
        return not no_save and (document is not None or settings.writing_history)

    with console.services(keeps) as services:
        services.store.require_writable()
        named_model(services, model)
        if glossary:
            request = changed(request, glossaries=(_glossary(console, services, glossary, source, code),))
        _check_language(console, services, request)
        _warn(console, services, request)
        item = _make(console, services, request, output_file(console, goal, force=force))
        hand_out(console, services, item, requested)
        return 0


def _document(file: Path | None) -> Path | None:
    """Return the document to translate, or None if the text is read from stdin.

    Raises click.UsageError for a folder, and KnownError `file.missing` before any work is started.
    """
    if file is None or str(file) == "-":
        return None
    is_folder = not file.name or os.path.isdir(file)  # noqa: PTH112 - no fault for a name that cannot be
    refuse(is_folder, "FILE is a folder. Name a document.")
    try:
        file.stat()
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(file)) from err
    except (OSError, ValueError):
        return file  # the reader will report why it cannot be read
    return file


def _check_applies(
    document: Path | None, code: str, *, columns: bool, sheet_names: bool, properties: bool, formal: bool | None
) -> None:
    """Raise click.UsageError for an option that does not apply to this document, so that no option is silently ignored.

    A document of unknown format passes, because the reader will report that it cannot be translated.
    """
    language = LANGUAGES[code]
    one_way = f"--{FORMALITY[formal]} is for languages with two ways to speak to a reader; {language.name} has one."
    refuse(formal is not None and not language.has_formal, one_way)
    suffix = document.suffix.lower() if document else ""
    form = next((each.id for each in FORMATS if suffix and suffix in each.suffixes), "")
    if document is not None and not form:
        return
    what_it_is = f"“{document.name}”" if document else "a text from standard input"
    for is_requested, option, formats, what in (
        (columns, "--columns", WITH_COLUMNS, "tables as text"),
        (sheet_names, "--sheet-names", WITH_SHEETS, "documents with sheets"),
        (properties, "--properties", WITH_PROPERTIES, "documents with a title in their properties"),
    ):
        endings = " ".join(end for each in FORMATS if each.id in formats for end in each.suffixes)
        no_such = f"{option} is for {what} ({endings}); {what_it_is} is no such document."
        refuse(is_requested and form not in formats, no_such)


def _report_form(report: Path | None, file: Path | None, goal: Path | None, force: bool) -> str:
    """Return the format of the report, which its file name decides.

    Raises click.UsageError, KnownError `file.exists`, `file.is_source`, `file.unwritable`.
    """
    if report is None:
        return ""
    form = report.suffix.lower().lstrip(".")
    known = ", ".join(f".{ending}" for ending in HANDOUT_FORMS[Handout.REPORT])
    is_known = form in HANDOUT_FORMS[Handout.REPORT]
    refuse(not is_known, f"--report wants a name that ends in one of {known}.")
    refuse(report.absolute() == goal, "--report and the translation are to be two files.")
    if file is not None and is_same_file(file, report):
        raise KnownError("file.is_source", path=str(report))
    check_file(report, replace=force)
    return form


def _read_text() -> str:
    """Read the text from stdin.

    Raises click.UsageError if it is empty, KnownError `text.too_long`, `text.encoding`, `file.unreadable`.
    """
    data = stdin_bytes(MOST_TEXT + 1)
    if len(data) > MOST_TEXT:
        raise KnownError("text.too_long", limit=f"{MOST_TEXT >> 20} MiB")
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as err:
        raise KnownError("text.encoding") from err
    refuse(not text.strip(), "There is no text. Give a FILE, or a text on standard input.")
    return text


def _columns(columns: str) -> tuple[int | str, ...]:
    """Parse a list of columns: numbers that count from 0, or names that the document must have."""
    parts = [name.strip() for name in columns.split(",") if name.strip()]
    is_number = [part.isascii() and part.isdigit() and 0 < int(part) < 10_000 for part in parts]
    return tuple(int(part) - 1 if number else part for part, number in zip(parts, is_number, strict=True))


def _glossary(console: Console, services: Services, requested: str, source: str, target: str) -> str:
    """Return the id of the requested glossary: an existing glossary, or a glossary file that is imported first."""
    path = Path(requested)
    if not path.exists():
        return requested
    try:
        done = console.result_of(
            services,
            lambda: services.glossaries.import_file(ImportRequest(path.absolute(), source, target, reuses=True)),
        )
    except KnownError as err:
        if err.code != "glossary.no_languages":
            raise
        raise click.UsageError(f"{path.name} does not say its languages. Name that of the text with --from.") from err
    kept = f", kept as {done.glossary.id}" if services.store.is_kept else ""
    console.notify(f"Glossary {done.glossary.name}: {done.glossary.terms} terms{kept}.")
    return done.glossary.id


def _goal(file: Path | None, output: Path | None, code: str) -> Path | None:
    """Return the file to write the translation to: `output`, or a file beside the document with the language in its
    name. None for a text without `output`.

    Raises click.UsageError for a suffix of another format, KnownError `file.is_source` for the document itself.
    """
    if file is None or output is None:
        if output:
            return output.absolute()
        if file:
            return file.with_name(translated_name(file, code)).absolute()
        return None
    if output.suffix.lower() not in (endings := requested_suffixes(file)):
        known = " or ".join(ending or "no ending" for ending in endings)
        raise click.UsageError(f"The translation of “{file.name}” is a file in {known}, “{output.name}” is not.")
    if is_same_file(file, output):
        raise KnownError("file.is_source", path=str(output))
    return output.absolute()


def _check_language(console: Console, services: Services, request: TranslationRequest) -> None:
    """Raise KnownError `translation.already` if the text is in the requested language already. Nothing is checked if
    the user named the source language.
    """
    if not request.source:
        language = console.result_of(services, lambda: services.translations.detect(request))
        if language == request.target:
            name = f"“{Path(request.path).name}”" if request.path else "The text"
            raise KnownError("translation.already", name=name, language=LANGUAGES[language].name)


def _warn(console: Console, services: Services, request: TranslationRequest) -> None:
    """Say before a translation what speaks against the model."""
    begun_from = language_of(request.source).code if request.source else ""
    advice = services.call.translations.advice(request.model, begun_from, request.target)
    if advice.words:
        console.notify(advice.words)


def _make(console: Console, services: Services, request: TranslationRequest, goal: OutputFile | None) -> str:
    """Run the translation and return its id. Ctrl-C pauses it."""

    def on_read(event: TranslationRead) -> None:
        if event.item == begun.item.id:
            what = f"reading {name}" if event.total else f"reading {name}, text"
            console.progress(what, event.done, event.total)

    name = Path(request.path).name or "the text"
    jobs = services.tasks.of(KIND)
    begun: View = begin(console, services, jobs, request, goal)
    services.on(TranslationRead, on_read)
    return finish(console, services, jobs, begun, goal).item.id


MOST_REPORTED = 20
"""Most flags that are shown on a terminal. `--json` prints all of them."""
MOST_LEFT_REPORTED = 10
DONE = ("translated", "edited", "approved")
GRAVEST = ("failed", "unwritten")
"""Kinds of flags that are shown first: the segment is untranslated in the file."""
SHOWN_CHARACTERS = 80
"""Most characters that are shown of a text that stays untranslated."""


class Requested(Record):
    goal: Path | None
    """The file to write. None means stdout; a document is written to stdout only on request (`is_piped`)."""
    is_piped: bool
    report: Path | None
    form: str
    """Format of the report."""
    doubts: bool
    force: bool


def hand_out(console: Console, services: Services, item: str, requested: Requested) -> None:
    view: View = services.call.tasks.open(item)
    is_text = not view.request.path
    written: WrittenFile | None = None
    goal = output_file(console, requested.goal, force=requested.force)
    with writing(console, services, view, goal):
        _check_some_done(console, services, view)
        if requested.is_piped and not is_text:
            _give_document(console, services, view)
        elif goal is not None:
            written = _write(console, services, view, goal)
    view = services.call.tasks.open(item)  # by now what could not be written is flagged
    shape = _as_json(services, view, written)
    unreported: KnownError | None = None
    if requested.report is not None:
        try:
            shape["report"] = _write_report(console, services, item, requested.report, requested.form, requested.force)
        except KnownError as err:
            unreported = err  # the translation is complete, and is written first
    if requested.doubts:
        shape["doubts"] = _doubts(_segments(view))
    if is_text:
        shape = {"text": translation_of(_segments(view)), **shape}
    if not console.as_json:
        _say_result(console, shape, requested)
    elif unreported is None:
        console.give(shape)
    _report_flags(console, shape)
    if unreported is not None:  # with --json, one value has both the result and the failure
        what_became = f"was written to {requested.goal}" if requested.goal is not None else "was given whole"
        console.notify(f"note: the translation itself {what_became}; only the report is missing.")
        problem = problem_for(unreported)
        console.fail(problem.code, problem.sentence, problem.args, shape)
        raise click.exceptions.Exit(1)


def _say_result(console: Console, shape: dict[str, Json], requested: Requested) -> None:
    if requested.goal is not None and "text" in shape:
        console.notify(f"Written to {requested.goal}.")
    elif requested.goal is not None:
        console.say(one_line(f"Written to {requested.goal}."))
    elif "text" in shape:
        words = str(shape["text"])
        console.write(words if words.endswith("\n") else f"{words}\n")


def _segments(view: View) -> Sequence[SegmentRecord]:
    if view.newest is None:
        return ()
    return view.newest.segments


def _check_some_done(console: Console, services: Services, view: View) -> None:
    """List the reasons and raise KnownError `translation.all_failed` if no segment could be translated.

    Without this check, the command would write the source under the name of a translation.
    """
    counts = Counter(segment.state.value for segment in _segments(view))
    if counts.get("failed") and not any(counts.get(state) for state in DONE):
        _report_flags(console, _as_json(services, view, None))
        raise KnownError("translation.all_failed", count=counts["failed"])


def write_output(console: Console, services: Services, item: str, request: OutputFile) -> None:
    """Write the file that the command asked for after an interrupted translation was resumed (see command.output)."""
    view: View = services.call.tasks.open(item)
    _check_some_done(console, services, view)
    written = _write(console, services, view, request)
    if not console.as_json:
        _report_flags(console, _as_json(services, services.call.tasks.open(item), written))


def _give_document(console: Console, services: Services, view: View) -> None:
    """Write the translated document to stdout (-o -)."""
    with piped_folder(services.paths, services.instance_id) as folder:
        kept = folder / "document"
        _write(console, services, view, OutputFile(str(kept), force=False))
        console.write_bytes(kept.read_bytes())


def _write(console: Console, services: Services, view: View, request: OutputFile) -> WrittenFile:
    item = view.item.id
    if view.request.path:
        return console.result_of(
            services, lambda: services.translations.write(item, request.target, replace=request.force)
        )
    check_file(request.target, replace=request.force)
    data = translation_of(_segments(view)).encode("utf-8", "replace")
    write_out(request.target, data)
    return WrittenFile(request.target, len(data), ())


def _write_report(console: Console, services: Services, item: str, report: Path, form: str, force: bool) -> str:
    """Write the report after the translation.  Raises KnownError `file.exists`, `file.unwritable`, `disk.full`."""
    write = partial(services.translations.write_handout, item, Handout.REPORT, form, report)
    console.result_of(services, lambda: write(replace=force, headings=console.headings))
    console.notify(f"Report written to {report}.")
    return str(report)


def _as_json(services: Services, view: View, written: WrittenFile | None) -> dict[str, Json]:
    segments, translation = _segments(view), view.newest or Translation()
    states = [segment.state.value for segment in segments]
    shape: dict[str, Json] = {
        "id": view.item.id if services.store.is_kept else None,
        "source_language": language_of_most(segments) or view.request.source,
        "segments_total": len(segments),
        "segments_translated": sum(
            segment.state.value in DONE and UNWRITTEN not in segment.flags for segment in segments
        ),
        "segments_left": states.count("left"),
        "segments_failed": states.count("failed"),
        "segments_to_review": translation.look,
        "left_because": dict(Counter(segment.reason for segment in segments if segment.state.value == "left")),
        "flags": list(chain.from_iterable(map(_flags_of, segments))),
        "left": [picked(part, "kind", "place", "text") for part in translation.left],
    }
    if written is not None:
        shape["output"] = str(written.path)
    return shape


def _flags_of(segment: SegmentRecord) -> Iterator[Json]:
    at: dict[str, Json] = {"segment": segment.number, "place": segment.place}
    for flag in segment.flags:
        yield at | picked(flag, "kind", "text", "detail")
    if segment.state.value == "failed":
        yield at | {"kind": "failed", "text": segment.source, "detail": segment.reason}


def _doubts(segments: Sequence[SegmentRecord]) -> list[Json]:
    """Return the words the model was unsure of, by segment: their position in the target and their probability."""
    return [
        {"segment": segment.number, "place": segment.place, "text": segment.target[begin:end], "begin": begin,
         "end": end, "probability": probability}
        for segment in segments
        for begin, end, probability in segment.doubts
    ]  # fmt: skip


def _report_flags(console: Console, shape: Mapping[str, Any]) -> None:
    """Say what became of the segments, what was left, and what should be looked at, the gravest first."""
    if console.as_json:
        return
    unwritten = len({flag["segment"] for flag in shape["flags"] if flag["kind"] == "unwritten"})
    because = ", ".join(f"{count} {reason_words(reason)}" for reason, count in shape["left_because"].items())
    left = f"{shape['segments_left']} left as they are"
    counted = (
        f"{shape['segments_translated']} of {shape['segments_total']} segments translated",
        f"{shape['segments_failed']} not translated" if shape["segments_failed"] else "",
        f"{unwritten} not in the file" if unwritten else "",
        f"{left} ({because})" if because else left,
        f"{shape['segments_to_review']} to review" if shape["segments_to_review"] else "",
    )
    console.notify(f"{', '.join(filter(None, counted))}.")
    if not shape["segments_total"]:
        console.notify("There is no text to translate in it.")
    if shape["left"]:
        kinds = counted_left(part["kind"] for part in shape["left"])
        console.notify(f"Not translated: {kinds}; --json has all their places.")
    parts = [(part["place"], left_words(part["kind"]), cut(part["text"], SHOWN_CHARACTERS)) for part in shape["left"]]
    _list_some(console, [": ".join(filter(None, part)) for part in parts], MOST_LEFT_REPORTED, "")
    lost = {flag["segment"] for flag in shape["flags"] if flag["kind"] == "failed"}
    flags = [flag for flag in shape["flags"] if flag["kind"] == "failed" or flag["segment"] not in lost]
    flags.sort(key=lambda flag: flag["kind"] not in GRAVEST)
    _list_some(console, list(map(_flag_line, flags)), MOST_REPORTED, "; --json lists all")
    doubts = sorted(shape.get("doubts", ()), key=lambda doubt: float(doubt["probability"]))
    lines = [
        f"{doubt['place'] or doubt['segment']}: unsure of “{doubt['text']}” ({doubt['probability']:.0%})"
        for doubt in doubts
    ]
    _list_some(console, lines, MOST_REPORTED, " words; --json lists all")


def _flag_line(flag: Mapping[str, Any]) -> str:
    reason = reason_words(flag["detail"]) if flag["kind"] == "failed" else flag["detail"]
    words = flag_words(SegmentFlag(flag["kind"], flag["text"], reason))
    place = flag["place"] or f"segment {flag['segment'] + 1}"
    return f"{place}: {words} [{flag['kind']}]"


def _list_some(console: Console, lines: Sequence[str], most: int, what: str) -> None:
    for line in lines[:most]:
        console.notify(f"  {line}")
    if len(lines) > most:
        console.notify(f"  … and {len(lines) - most} more{what}.")
