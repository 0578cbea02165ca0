"""Exports of a translation besides the document itself: both languages side by side, a report, TMX.  Service thread."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_atomically
from slmdesk.base.languages import LANGUAGES
from slmdesk.base.paper import Paper
from slmdesk.base.translation import SegmentRecord, SegmentState
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_from
from slmdesk.exports.forms import PAPER_FORMS
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.translation.asking.labels import REASON_WORDS, STATE_WORDS, flag_words
from slmdesk.translation.export_texts import Report, TranslatedRow, pair_paper, report_paper
from slmdesk.translation.export_tmx import ANY, to_tmx
from slmdesk.translation.readout import gathered as all_segments
from slmdesk.translation.service import TranslationService
from slmdesk.translation.types import TranslationView

REPORT_FORMAT = "slmdesk-translation-report"


class Handout(StrEnum):
    PAIR = "pair"
    """Both languages side by side."""
    REPORT = "report"
    TMX = "tmx"


HANDOUT_FORMS = {
    Handout.PAIR: ("docx", "xlsx", "html", "md"),
    Handout.REPORT: ("html", "docx", "md", "json"),
    Handout.TMX: ("tmx",),
}


class TranslationFiles(Service):
    def __init__(self, runtime: Runtime, translations: TranslationService) -> None:
        super().__init__(runtime)
        self._translations = translations

    def write(self, item: str, what: Handout, form: str, target: Path, *, replace: bool = False) -> Pending[int]:
        """Write an export in one of HANDOUT_FORMS to `target`; the result is its size in bytes.

        Ends with a Problem `file.exists` …  Raises KnownError `item.unknown`, `request.invalid`.
        """
        if form not in HANDOUT_FORMS[what]:
            raise KnownError("request.invalid", what=f"no form {form[:20]} for this")
        view = self._translations.open(item)
        return in_slices(self._service_thread, self._writing(view, what, form, target, may_replace=replace))

    def _writing(
        self, view: TranslationView, what: Handout, form: str, target: Path, *, may_replace: bool
    ) -> Slices[int]:
        segments = yield from all_segments(self._store, view.item.id)
        info = self._info(view) if what is Handout.REPORT else []

        def make() -> int:
            if is_there(target) and not may_replace:
                raise KnownError("file.exists", path=str(target))
            data = _data(view, what, form, segments, info)
            write_atomically(target, data)
            return len(data)

        size: int = yield pending_on_file_thread(self._service_thread, make, name="export")
        return size

    def _info(self, view: TranslationView) -> list[tuple[str, str]]:
        request, jobs = view.request, self._store.jobs.of_item(view.item.id)
        names = {one.sha256: one.name for one in self._store.models.all()}
        models = dict.fromkeys(names.get(one.model_sha256, one.model_sha256[:12]) for one in reversed(jobs))
        known = self._store.glossaries.all(source_language=request.source, target_language=request.target)
        used = [one.name for one in known if one.id in request.glossaries or (not request.glossaries and one.is_active)]
        source = request.source or stored_from(str, (self._store.results.get(view.item.id) or {}).get("language")) or ""
        return [
            ("Document", request.path or "a text"),
            ("Languages", f"{_language(source)} to {_language(request.target)}"),
            ("About", ", ".join(one for one in (request.domain, request.formality) if one)),
            ("Model", ", ".join(models) or "none yet"),
            ("Glossaries", ", ".join(used) or "none"),
            ("Begun", _day(view.item.created)),
            ("Last changed", _day(max((one.updated for one in jobs), default=view.item.updated))),
        ]


def _data(
    view: TranslationView, what: Handout, form: str, segments: Sequence[SegmentRecord], info: list[tuple[str, str]]
) -> bytes:
    request, title = view.request, view.item.title
    if what is Handout.TMX:
        units = (
            (one.language or request.source, one.source, request.target, one.target)
            for one in segments
            if one.target and one.state is not SegmentState.LEFT
        )
        return "".join(to_tmx(units, request.source or ANY)).encode("utf-8", "replace")
    if what is Handout.REPORT:
        report = report_of(view, segments, info)
        return _json(report) if form == "json" else PAPER_FORMS[form](report_paper(report))
    return PAPER_FORMS[form](_pair(title, _language(request.source), _language(request.target), segments))


def _pair(title: str, source: str, target: str, segments: Sequence[SegmentRecord]) -> Paper:
    """Build the bilingual paper; a segment without translation has its source alone."""
    return pair_paper(title, (source, target), ((one.source, _shown(one)) for one in segments))


def _shown(segment: SegmentRecord) -> str:
    return segment.source if segment.state is SegmentState.LEFT else segment.target


def report_of(view: TranslationView, segments: Sequence[SegmentRecord], info: Sequence[tuple[str, str]]) -> Report:
    """Build the report of a translation; every segment is in one of its lists.  Any thread."""
    lists: dict[str, list[TranslatedRow]] = {"failed": [], "flagged": [], "left": [], "fine": []}
    for one in segments:
        lists[_list_of(one)].append(_row(one))
    counts = [
        ("all", len(segments)),
        ("translated", sum(bool(one.target) and one.state is not SegmentState.LEFT for one in segments)),
        ("not translated", len(lists["failed"])),
        ("to look at", view.look),
        ("left as they are", len(lists["left"])),
        *[(STATE_WORDS[state], view.counts[state]) for state in (SegmentState.EDITED, SegmentState.APPROVED)
          if view.counts.get(state)],
        ("parts that are no text to be translated", len(view.left)),
    ]  # fmt: skip
    parts = [(one.kind, one.place, one.text) for one in view.left]
    return Report(f"Report: {view.item.title}", info, counts, **lists, parts=parts)


def _list_of(segment: SegmentRecord) -> str:
    if segment.state is SegmentState.LEFT:
        return "left"
    if segment.state in (SegmentState.FAILED, SegmentState.OPEN) or not segment.target:
        return "failed"
    return "flagged" if segment.flags and segment.state is not SegmentState.APPROVED else "fine"


def _row(segment: SegmentRecord) -> TranslatedRow:
    said = [REASON_WORDS.get(segment.reason, segment.reason)] if segment.reason else []
    said += [flag_words(flag) for flag in segment.flags]
    if segment.state is SegmentState.OPEN:
        said.append("it was not its turn yet")
    return TranslatedRow(segment.place, segment.source, segment.target, STATE_WORDS[segment.state], "; ".join(said))


def _json(report: Report) -> bytes:
    def rows(found: Sequence[TranslatedRow]) -> list[Json]:
        return [{"place": one.place, "source": one.source, "target": one.target, "state": one.state,
                 "reason": one.flags} for one in found]  # fmt: skip

    shape: dict[str, Json] = {
        "format": REPORT_FORMAT, "version": 1, "title": report.title, "facts": dict(report.info),
        "counts": dict(report.counts), "failed": rows(report.failed), "flagged": rows(report.flagged),
        "left": rows(report.left), "translated": rows(report.fine),
        "parts": [list(one) for one in report.parts],
    }  # fmt: skip
    return (json.dumps(shape, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def _language(code: str) -> str:
    return LANGUAGES[code].name if code in LANGUAGES else "Source"


def _day(time: float) -> str:
    return datetime.datetime.fromtimestamp(time).astimezone().strftime("%Y-%m-%d %H:%M")
