"""Writes the results of a translation: the file, the text, the report, and the segments to review."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_atomically
from slmdesk.base.record import Record
from slmdesk.base.translation import SegmentFlag, SegmentRecord
from slmdesk.base.types import Json
from slmdesk.command.console import Console
from slmdesk.command.job_output import OutputFile, output_file, writing
from slmdesk.command.output_files import check_file
from slmdesk.command.redaction import redacted_json
from slmdesk.redaction.labels import replaced_words
from slmdesk.runtime.messages import problem_for
from slmdesk.services import Services
from slmdesk.text.redaction.types import Kind
from slmdesk.translation.asking.labels import REASON_WORDS, counted_left, flag_words, left_words
from slmdesk.translation.handouts import Handout
from slmdesk.translation.standard_output import piped_folder
from slmdesk.translation.types import TranslationView, WrittenFile
from slmdesk.translation.writer import UNWRITTEN

MOST_REPORTED = 20
"""Flags shown on a terminal; --json has all."""
MOST_LEFT_REPORTED = 10
DONE = ("translated", "edited", "approved")
GRAVEST = ("failed", "unwritten")
"""Told first: the text stands in the file untranslated."""
SHOWN_CHARACTERS = 80
"""Of a text that stays as it is."""


class Requested(Record):
    goal: Path | None
    """The file; None: stdout, where a document is written only on request (`is_piped`)."""
    is_piped: bool
    report: Path | None
    form: str
    """Of the report."""
    doubts: bool
    force: bool


def hand_out(console: Console, services: Services, item: str, requested: Requested) -> None:
    view: TranslationView = services.service_thread.call(lambda: services.translations.open(item))
    is_text = not view.request.path
    written: WrittenFile | None = None
    goal = output_file(requested.goal, force=requested.force)
    with writing(console, services, view, goal):
        _check_some_done(console, services, view)
        if requested.is_piped and not is_text:
            _give_document(console, services, view)
        elif goal is not None:
            written = _write(console, services, view, goal)
    shape = _as_json(services, view, written)
    unreported: KnownError | None = None
    if requested.report is not None:
        try:
            shape["report"] = _write_report(console, services, item, requested.report, requested.form, requested.force)
        except KnownError as err:
            unreported = err  # the translation is complete, and is written first
    if requested.doubts:
        shape["doubts"] = _doubts(services, item)
    if unreported is not None and console.as_json:  # one value on stdout: the result, and the failure
        _report_on_console(console, requested)
        if is_text:
            shape = {"text": services.service_thread.call(lambda: services.translations.text_of(item)), **shape}
        problem = problem_for(unreported)
        console.fail(problem.code, problem.sentence, problem.args, shape)
        raise click.exceptions.Exit(1)
    if is_text:
        _give_text(console, services.service_thread.call(lambda: services.translations.text_of(item)), shape, written)
    elif console.as_json:
        console.give(shape)
    elif requested.goal is not None:
        console.say(f"Written to {requested.goal}.")
    _report_flags(console, shape)
    if unreported is not None:
        _report_on_console(console, requested)
        raise unreported


def _report_on_console(console: Console, requested: Requested) -> None:
    """Print the results before the error about the report."""
    if requested.goal is not None:
        console.notify(f"note: the translation itself was written to {requested.goal}; only the report is missing.")
    else:
        console.notify("note: the translation itself was given whole; only the report is missing.")


def _check_some_done(console: Console, services: Services, view: TranslationView) -> None:
    """Raise KnownError `translation.all_failed`, after listing the reasons, where everything to translate failed.

    The file would otherwise be the source under the name of a translation.
    """
    counts = {state.value: count for state, count in view.counts.items()}
    if counts.get("failed") and not any(counts.get(state) for state in DONE):
        _report_flags(console, _as_json(services, view, None))
        raise KnownError("translation.all_failed", count=counts["failed"])


def write_output(console: Console, services: Services, item: str, request: OutputFile) -> None:
    """Write the file that the command asked for, after the translation was resumed (see job_output)."""
    view: TranslationView = services.service_thread.call(lambda: services.translations.open(item))
    _check_some_done(console, services, view)
    written = _write(console, services, view, request)
    if not console.as_json:
        _report_flags(console, _as_json(services, view, written))


def _give_document(console: Console, services: Services, view: TranslationView) -> None:
    """Write the translated document to stdout (-o -)."""
    with piped_folder(services.paths, services.instance_id) as folder:
        kept = folder / "document"
        _write(console, services, view, OutputFile(kept, force=False))
        console.write_bytes(kept.read_bytes())


def _write(console: Console, services: Services, view: TranslationView, request: OutputFile) -> WrittenFile:
    item = view.item.id
    if view.request.path:
        return console.result_of(
            services, lambda: services.translations.write(item, request.path, replace=request.force)
        )
    check_file(request.path, replace=request.force)
    words = services.service_thread.call(lambda: services.translations.text_of(item))
    data = words.encode("utf-8", "replace")
    write_atomically(request.path, data)
    return WrittenFile(request.path, len(data), ())


def _give_text(console: Console, words: str, shape: dict[str, Json], written: WrittenFile | None) -> None:
    if written is not None:
        console.notify(f"Written to {written.path}.")
    if console.as_json:
        console.give({"text": words, **{name: value for name, value in shape.items() if value or name != "output"}})
    elif written is None:
        console.write(words if words.endswith("\n") else f"{words}\n")


def _write_report(console: Console, services: Services, item: str, report: Path, form: str, force: bool) -> str:
    """Write the report after the translation.  Raises KnownError `file.exists`, `file.unwritable`, `disk.full`."""
    console.result_of(
        services, lambda: services.translation_files.write(item, Handout.REPORT, form, report, replace=force)
    )
    console.notify(f"Report written to {report}.")
    return str(report)


def _as_json(services: Services, view: TranslationView, written: WrittenFile | None) -> dict[str, Json]:
    segments: list[SegmentRecord] = services.service_thread.call(
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
        "id": view.item.id if services.store.is_kept else None,
        "output": str(written.path) if written else "",
        "source_language": max(set(languages), key=languages.count) if languages else view.request.source,
        "segments_total": len(segments),
        "segments_translated": sum(one.state.value in DONE and UNWRITTEN not in one.flags for one in segments),
        "segments_left": states.count("left"),
        "segments_failed": states.count("failed"),
        "segments_to_review": services.service_thread.call(lambda: services.translations.open(view.item.id).look),
        "left_because": dict(Counter(one.reason for one in segments if one.state.value == "left")),
        "flags": flags,
        "left": [{"kind": one.kind, "place": one.place, "text": one.text} for one in view.left],
        **_replaced(services, view),
    }


def _replaced(services: Services, view: TranslationView) -> dict[str, Json]:
    """What the model did not get to see of a translation that is redacted: how many of each kind."""
    if not view.request.redact:
        return {}
    counts: dict[Kind, int] = services.service_thread.call(lambda: services.translations.replaced(view.item.id))
    return redacted_json(counts)


def _doubts(services: Services, item: str) -> list[Json]:
    """The words the model was unsure of, by segment: where in the target, and their probability."""
    segments: list[SegmentRecord] = services.service_thread.call(
        lambda: services.translations.segments(item, limit=1 << 30)
    )
    return [
        {"segment": one.number, "place": one.place, "text": one.target[begin:end], "begin": begin, "end": end,
         "probability": probability}
        for one in segments for begin, end, probability in one.doubts
    ]  # fmt: skip


def _report_flags(console: Console, shape: dict[str, Json]) -> None:
    if console.as_json:
        return
    redacted = shape.get("redacted")
    if isinstance(redacted, dict):
        console.notify(replaced_words({Kind(kind): int(str(count)) for kind, count in redacted.items()}))
    total, done, because = shape["segments_total"], shape["segments_translated"], shape["left_because"]
    assert isinstance(because, dict)
    why = ", ".join(f"{count} {REASON_WORDS.get(reason, reason)}" for reason, count in because.items())
    behind = f" ({why})" if why else ""
    every: Any = shape["flags"]
    failed = f", {shape['segments_failed']} not translated" if shape["segments_failed"] else ""
    unwritten = len({one["segment"] for one in every if one["kind"] == "unwritten"})
    failed += f", {unwritten} not in the file" if unwritten else ""
    failed += f", {shape['segments_left']} left as they are{behind}"
    failed += f", {shape['segments_to_review']} to review" if shape["segments_to_review"] else ""
    console.notify(f"{done} of {total} segments translated{failed}.")
    if not total:
        console.notify("There is no text to translate in it.")
    left: Any = shape["left"]
    if left:
        console.notify(f"Not translated: {counted_left(one['kind'] for one in left)}; --json has all their places.")
    for one in left[:MOST_LEFT_REPORTED]:
        words = one["text"] if len(one["text"]) <= SHOWN_CHARACTERS else f"{one['text'][:SHOWN_CHARACTERS]}…"
        console.notify("  " + ": ".join(word for word in (one["place"], left_words(one["kind"]), words) if word))
    if len(left) > MOST_LEFT_REPORTED:
        console.notify(f"  … and {len(left) - MOST_LEFT_REPORTED} more.")
    lost = {one["segment"] for one in every if one["kind"] == "failed"}
    flags = [one for one in every if one["kind"] == "failed" or one["segment"] not in lost]  # its flags add nothing
    flags.sort(key=lambda one: one["kind"] not in GRAVEST)
    for one in flags[:MOST_REPORTED]:
        reason = REASON_WORDS.get(one["detail"], one["detail"]) if one["kind"] == "failed" else one["detail"]
        words = flag_words(SegmentFlag(one["kind"], one["text"], reason))
        console.notify(f"  {one['place'] or 'segment {}'.format(one['segment'] + 1)}: {words} [{one['kind']}]")
    if len(flags) > MOST_REPORTED:
        console.notify(f"  … and {len(flags) - MOST_REPORTED} more; --json lists all.")
    listed: Any = shape.get("doubts", ())
    doubts = sorted(listed, key=lambda one: float(one["probability"]))
    for one in doubts[:MOST_REPORTED]:
        console.notify(f"  {one['place'] or one['segment']}: unsure of “{one['text']}” ({one['probability']:.0%})")
    if len(doubts) > MOST_REPORTED:
        console.notify(f"  … and {len(doubts) - MOST_REPORTED} more words; --json lists all.")
