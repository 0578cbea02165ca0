"""`slmdesk translate`: a text or a whole document in another language, with a list of what deserves a look."""

from __future__ import annotations

import codecs
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from slmdesk.cli.face import Face, json_option
from slmdesk.cli.jobs import follow
from slmdesk.cli.targets import check_file, say_unwritten
from slmdesk.cli.wished import WishedFile, forget, remember
from slmdesk.core.errors import KnownError
from slmdesk.core.types import Json

if TYPE_CHECKING:
    from slmdesk.core.translation import SegmentRecord
    from slmdesk.services.glossaries import Imported
    from slmdesk.services.services import Services
    from slmdesk.services.translation_shapes import TranslationView, TranslationWish, WrittenFile

DOMAINS = ("everyday", "medical", "legal", "technical", "finance")
MOST_TOLD = 20
"""Flags shown on a terminal; --json has all."""
MOST_LEFT_TOLD = 10
DONE = ("translated", "edited", "approved")
"""States of a segment that has a translation."""
GRAVEST = ("failed", "unwritten")
"""Told first: the text stands in the file untranslated."""
SHOWN_CHARACTERS = 80
"""Of a text that stays as it is."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, readable=False, allow_dash=True), required=False)
@click.option("--to", "target", required=True, help="The language, such as de or German.")
@click.option("--from", "source", default="", help="Of the text; else found out by itself.")
@click.option("--domain", type=click.Choice(DOMAINS), default="everyday", help="What the text is about.")
@click.option("--formal/--informal", "formal", default=None, help="How the reader is spoken to.")
@click.option("--sheet-names", is_flag=True, help="Translate the names of sheets too.")
@click.option("--properties", is_flag=True, help="Translate the title in the file's properties too.")
@click.option("--glossary", default="", help="A file of terms, which is imported, or the id of one that is here.")
@click.option(
    "--columns",
    default="",
    help="Of a table as text: columns by number or name; else those with sentences.",
)
@click.option("-m", "--model", help="Id, or the beginning of one, or name.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The translated file; else NAME.LANGUAGE.SUFFIX.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--no-save", is_flag=True, help="Leave nothing of it in the history when it is done.")
@click.option("--doubts", is_flag=True, help="List the words of which the model was unsure.")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="What happened to each segment, as a file: .html, .docx, .md or .json.",
)
@json_option
@click.pass_obj
def translate(
    face: Face,
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
) -> int | None:
    """Translate FILE into a file of the same format (of a PDF: Word), or a text from standard input (also as “-”).

    Formatting is kept.  What could not be translated, and what deserves a look, is listed.
    """
    from slmdesk.core.languages import language_of
    from slmdesk.services.translation_shapes import TranslationWish

    is_text, wanted = file is None or str(file) == "-", _columns(columns)
    if file is not None and not is_text and (not file.name or os.path.isdir(file)):  # noqa: PTH112 - no fault for a name that cannot be
        raise click.UsageError("FILE is a folder. Name a document.")
    code = language_of(target).code
    formality = "" if formal is None else "formal" if formal else "informal"
    is_piped = output is not None and str(output) == "-"
    if is_piped and face.as_json and not is_text:
        raise click.UsageError("--json and the document cannot both go to standard output.")
    goal = None if is_piped else _goal(None if is_text else file, output, code)
    if goal is not None:
        check_file(goal, replace=force)
    form = _report_form(report, None if is_text else file, goal, force)
    text = _read_text() if is_text else ""
    with face.services() as services:
        if services.read_only:
            raise KnownError("store.read_only", path=str(services.paths.database))
        glossaries = (_glossary(face, services, glossary, source, code),) if glossary else ()
        wish = TranslationWish(
            code, path="" if is_text else str(Path(str(file)).absolute()), text=text, source=source, domain=domain,
            formality=formality, glossaries=glossaries, sheet_names=sheet_names, properties=properties, columns=wanted,
            model=model,
        )  # fmt: skip
        begun_from = language_of(source).code if source else ""
        if warning := services.desk.call(
            lambda: services.translations.warning(model, begun_from, code, for_document=not is_text)
        ):
            face.tell(warning)
        forgets = no_save or (is_text and not services.settings.current.translate_history)
        with _begun(face, services, wish, goal, force=force, forgets=forgets) as item:
            _make(face, services, item, goal, is_kept=not forgets)
            view: TranslationView = services.desk.call(lambda: services.translations.open(item))
            written: WrittenFile | None = None
            try:
                _check_some_done(face, services, view)
                if is_piped and not is_text:
                    _give_document(face, services, view)
                elif goal is not None:
                    written = _write(face, services, view, WishedFile(goal, force))
                    services.desk.call(lambda: forget(services, item))
            except KnownError:
                if not forgets:
                    face.tell(f"note: the translation is kept: slmdesk history show {item}")
                raise
            shape = _as_json(services, view, written)
            if report is not None:
                shape["report"] = _write_report(face, services, item, report.absolute(), form, force)
            if doubts:
                shape["doubts"] = _doubts(services, item)
            if is_text:
                _give_text(face, services.desk.call(lambda: services.translations.text_of(item)), shape, written)
            elif face.as_json:
                face.give(shape)
            elif goal is not None:
                face.say(f"Written to {goal}.")
            _tell_flags(face, shape)
    return None


def _give_document(face: Face, services: Services, view: TranslationView) -> None:
    """The translated document on standard output (-o -).  Raises KnownError."""
    with TemporaryDirectory(prefix="slmdesk-") as folder:
        kept = Path(folder, "document")
        _write(face, services, view, WishedFile(kept, force=False))
        face.write_bytes(kept.read_bytes())


def _report_form(report: Path | None, file: Path | None, goal: Path | None, force: bool) -> str:
    """The form of a report, by its name.

    Raises click.UsageError, KnownError `file.exists`, `file.is_source`, `file.unwritable`.
    """
    from slmdesk.core.files import is_same_file
    from slmdesk.services.translation_files import HANDOUT_FORMS, Handout

    if report is None:
        return ""
    form = report.suffix.lower().lstrip(".")
    if form not in HANDOUT_FORMS[Handout.REPORT]:
        known = ", ".join(f".{one}" for one in HANDOUT_FORMS[Handout.REPORT])
        raise click.UsageError(f"--report wants a name that ends in one of {known}.")
    if goal is not None and report.absolute() == goal:
        raise click.UsageError("--report and the translation are to be two files.")
    if file is not None and is_same_file(file, report):
        raise KnownError("file.is_source", path=str(report))
    check_file(report, replace=force)
    return form


def _write_report(face: Face, services: Services, item: str, report: Path, form: str, force: bool) -> str:
    """Raises KnownError `file.exists`, `file.unwritable`, `disk.full`; the translation is written by then."""
    from slmdesk.services.translation_files import Handout

    write = services.translation_files.write
    face.wait_for(services, lambda ended: write(item, Handout.REPORT, form, report, ended, replace=force))
    face.tell(f"Report written to {report}.")
    return str(report)


def _read_text() -> str:
    """What stands on standard input.

    Raises click.UsageError where that is nothing, KnownError `text.too_long`, `text.encoding`, `file.unreadable`.
    """
    from slmdesk.services.translating import MOST_TEXT

    try:
        data = sys.stdin.buffer.read(MOST_TEXT + 1)
    except OSError as err:
        raise KnownError("file.unreadable", path="-", reason=err.strerror or "stdin") from err
    if len(data) > MOST_TEXT:
        raise KnownError("text.too_long", limit=f"{MOST_TEXT >> 20} MiB")
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as err:
        raise KnownError("text.encoding") from err
    if not text.strip():
        raise click.UsageError("There is no text. Give a FILE, or a text on standard input.")
    return text


def _columns(columns: str) -> tuple[int | str, ...]:
    """Columns by their numbers from 0, or by their names, which the document has to know."""
    parts = [one.strip() for one in columns.split(",") if one.strip()]
    is_number = [one.isascii() and one.isdigit() and 0 < int(one) < 10_000 for one in parts]
    return tuple(int(one) - 1 if number else one for one, number in zip(parts, is_number, strict=True))


def _glossary(face: Face, services: Services, wanted: str, source: str, target: str) -> str:
    """The id of a glossary: one that is here, or that of a file, which is read into one."""
    from slmdesk.services.glossaries import ImportWish

    path = Path(wanted)
    if not path.exists():
        return wanted
    try:
        done: Imported = face.wait_for(
            services,
            lambda ended: services.glossaries.import_file(
                ImportWish(path.absolute(), source, target, reuses=True), ended
            ),
        )
    except KnownError as err:
        if err.code != "glossary.no_languages":
            raise
        raise click.UsageError(f"{path.name} does not say its languages. Name that of the text with --from.") from err
    face.tell(f"Glossary {done.glossary.name}: {done.glossary.terms} terms, kept as {done.glossary.id}.")
    return done.glossary.id


def _goal(file: Path | None, output: Path | None, code: str) -> Path | None:
    """Where the translation goes: of a document beside it, with the language in its name; of a text (None) where it is
    wished.

    Raises click.UsageError for a name that says another format, KnownError `file.is_source` for the document itself.
    """
    from slmdesk.core.files import is_same_file
    from slmdesk.core.formats import translated_name, wanted_suffixes

    if file is None or output is None:
        return output.absolute() if output else file.with_name(translated_name(file, code)).absolute() if file else None
    if output.suffix.lower() not in (endings := wanted_suffixes(file)):
        known = " or ".join(one or "no ending" for one in endings)
        raise click.UsageError(f"The translation of “{file.name}” is a file in {known}, “{output.name}” is not.")
    if is_same_file(file, output):
        raise KnownError("file.is_source", path=str(output))
    return output.absolute()


@contextmanager
def _begun(
    face: Face, services: Services, wish: TranslationWish, goal: Path | None, *, force: bool, forgets: bool
) -> Iterator[str]:
    """The id of a translation that is begun; whatever comes of it, one that `forgets` is in no file afterwards."""

    def begin() -> str:
        item = services.translations.begin(wish).id
        if not forgets:
            remember(services, item, goal, force=force)
        return item

    item: str = services.desk.call(begin)
    try:
        yield item
    finally:
        if forgets:
            services.desk.call(lambda: services.history.delete_for_good(item))


def _make(face: Face, services: Services, item: str, goal: Path | None, *, is_kept: bool) -> None:
    """Follow a translation to its end; Ctrl-C pauses it."""
    job = services.desk.call(lambda: services.translations.open(item)).job
    if job is not None:
        try:
            follow(face, services, job, is_kept=is_kept)
        except KeyboardInterrupt:
            if is_kept:
                say_unwritten(face, goal)
            raise
    view: TranslationView = services.desk.call(lambda: services.translations.open(item))
    if not view.is_done:
        raise click.ClickException("The translation was not finished. “slmdesk jobs list” shows how it stands.")


def _check_some_done(face: Face, services: Services, view: TranslationView) -> None:
    """Raises KnownError `translation.all_failed`, after why was listed, where all there was to translate failed.

    Written out it would be the source under the name of a translation.
    """
    counts = {state.value: count for state, count in view.counts.items()}
    if counts.get("failed") and not any(counts.get(state) for state in DONE):
        _tell_flags(face, _as_json(services, view, None))
        raise KnownError("translation.all_failed", count=counts["failed"])


def write_wished(face: Face, services: Services, item: str, wish: WishedFile) -> None:
    """Of a translation that was resumed: the file its command was to write (see cli.wished)."""
    view: TranslationView = services.desk.call(lambda: services.translations.open(item))
    _check_some_done(face, services, view)
    written = _write(face, services, view, wish)
    if not face.as_json:
        _tell_flags(face, _as_json(services, view, written))


def _write(face: Face, services: Services, view: TranslationView, wish: WishedFile) -> WrittenFile:
    """The document with other words, or the translation of a text.  Raises KnownError."""
    from slmdesk.core.files import write_atomically
    from slmdesk.services.translation_shapes import WrittenFile

    item = view.item.id
    if view.wish.path:
        begin = services.translations.write
        done: WrittenFile = face.wait_for(services, lambda ended: begin(item, wish.path, ended, replace=wish.force))
        return done
    check_file(wish.path, replace=wish.force)
    words = services.desk.call(lambda: services.translations.text_of(item))
    data = words.encode("utf-8", "replace")
    write_atomically(wish.path, data)
    return WrittenFile(wish.path, len(data), ())


def _give_text(face: Face, words: str, shape: dict[str, Json], written: WrittenFile | None) -> None:
    if written is not None:
        face.tell(f"Written to {written.path}.")
    if face.as_json:
        face.give({"text": words, **{name: value for name, value in shape.items() if value or name != "output"}})
    elif written is None:
        face.write(words if words.endswith("\n") else f"{words}\n")


def _as_json(services: Services, view: TranslationView, written: WrittenFile | None) -> dict[str, Json]:
    """The fields of the contract, and why what is untranslated is so."""
    from slmdesk.services.translation_writing import UNWRITTEN

    segments: list[SegmentRecord] = services.desk.call(
        lambda: services.translations.segments(view.item.id, limit=1 << 30)
    )
    flags: list[Json] = []
    for one in segments:
        flags += [{"segment": one.number, "place": one.place, "kind": each.kind, "text": each.text,
                   "detail": each.detail} for each in one.flags]  # fmt: skip
        if one.state.value == "failed":
            flags.append({"segment": one.number, "place": one.place, "kind": "failed", "text": one.source,
                          "detail": one.reason})  # fmt: skip
    languages = [one.language for one in segments if one.language]
    states = [one.state.value for one in segments]
    return {
        "id": view.item.id,
        "output": str(written.path) if written else "",
        "source_language": max(set(languages), key=languages.count) if languages else view.wish.source,
        "segments_total": len(segments),
        "segments_translated": sum(one.state.value in DONE and UNWRITTEN not in one.flags for one in segments),
        "segments_left": states.count("left"),
        "segments_failed": states.count("failed"),
        "left_because": dict(Counter(one.reason for one in segments if one.state.value == "left")),
        "flags": flags,
        "left": [{"kind": one.kind, "place": one.place, "text": one.text} for one in view.left],
    }


def _doubts(services: Services, item: str) -> list[Json]:
    """The words of which the model was unsure, by segment: where in the target, and how probable it thought them."""
    segments: list[SegmentRecord] = services.desk.call(lambda: services.translations.segments(item, limit=1 << 30))
    return [
        {"segment": one.number, "place": one.place, "text": one.target[begin:end], "begin": begin, "end": end,
         "probability": probability}
        for one in segments for begin, end, probability in one.doubts
    ]  # fmt: skip


def _tell_flags(face: Face, shape: dict[str, Json]) -> None:
    if face.as_json:
        return
    from slmdesk.core.translation import SegmentFlag
    from slmdesk.services.translation_words import REASON_WORDS, counted_left, flag_words, left_words

    total, done, because = shape["segments_total"], shape["segments_translated"], shape["left_because"]
    assert isinstance(because, dict)
    why = ", ".join(f"{count} {REASON_WORDS.get(reason, reason)}" for reason, count in because.items())
    behind = f" ({why})" if why else ""
    every: Any = shape["flags"]
    failed = f", {shape['segments_failed']} not translated" if shape["segments_failed"] else ""
    unwritten = len({one["segment"] for one in every if one["kind"] == "unwritten"})
    failed += f", {unwritten} not in the file" if unwritten else ""
    face.tell(f"{done} of {total} segments translated{failed}, {shape['segments_left']} left as they are{behind}.")
    if not total:
        face.tell("There is no text to translate in it.")
    left: Any = shape["left"]
    if left:
        face.tell(f"Not translated: {counted_left(one['kind'] for one in left)}; --json has all their places.")
    for one in left[:MOST_LEFT_TOLD]:
        words = one["text"] if len(one["text"]) <= SHOWN_CHARACTERS else f"{one['text'][:SHOWN_CHARACTERS]}…"
        face.tell("  " + ": ".join(word for word in (one["place"], left_words(one["kind"]), words) if word))
    if len(left) > MOST_LEFT_TOLD:
        face.tell(f"  … and {len(left) - MOST_LEFT_TOLD} more.")
    lost = {one["segment"] for one in every if one["kind"] == "failed"}
    flags = [one for one in every if one["kind"] == "failed" or one["segment"] not in lost]  # its flags tell no more
    flags.sort(key=lambda one: one["kind"] not in GRAVEST)
    for one in flags[:MOST_TOLD]:
        reason = REASON_WORDS.get(one["detail"], one["detail"]) if one["kind"] == "failed" else one["detail"]
        words = flag_words(SegmentFlag(one["kind"], one["text"], reason))
        face.tell(f"  {one['place'] or 'segment {}'.format(one['segment'] + 1)}: {words} [{one['kind']}]")
    if len(flags) > MOST_TOLD:
        face.tell(f"  … and {len(flags) - MOST_TOLD} more; --json lists all.")
    listed: Any = shape.get("doubts", ())
    doubts = sorted(listed, key=lambda one: float(one["probability"]))
    for one in doubts[:MOST_TOLD]:
        face.tell(f"  {one['place'] or one['segment']}: unsure of “{one['text']}” ({one['probability']:.0%})")
    if len(doubts) > MOST_TOLD:
        face.tell(f"  … and {len(doubts) - MOST_TOLD} more words; --json lists all.")
