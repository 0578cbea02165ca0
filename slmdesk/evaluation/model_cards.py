"""Collects what is known of the models on this PC: a line for each, or all details of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record
from slmdesk.base.records import JobStatus, ModelRecord
from slmdesk.base.types import Json
from slmdesk.evaluation.benchmark import BenchResult, BenchService
from slmdesk.evaluation.exam_labels import few_words, lines_of, note_words, sentence_of, short_words
from slmdesk.evaluation.exams import ExamService, result_of
from slmdesk.gguf.read import GgufHeader, plain_metadata, read_header, require_chat_model
from slmdesk.models.defaults import DefaultUse, can_do, uses_in
from slmdesk.models.fit import Fit, Pc, fit_header
from slmdesk.models.verify import VERIFIED
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

MOST_FIELDS = 2000
FIELD_CHARACTERS = 400
NAME_CHARACTERS = 120


class ModelCard(Record):
    record: ModelRecord
    uses: tuple[DefaultUse, ...] = ()
    exam: str = ""
    tokens_per_s: float | None = None


class ModelDetails(Record):
    card: ModelCard
    can_do: tuple[DefaultUse, ...]
    exam_lines: tuple[str, ...]
    exam_taken: float | None
    """Seconds since the epoch."""
    exam_note: str
    bench: BenchResult | None
    verified: float
    """When its file was last compared with its checksum; at first when it came in."""
    header: GgufHeader | None = None
    fields: tuple[tuple[str, str], ...] = ()
    fields_left_out: int = 0
    fit: Fit | None = None
    problem: Problem | None = None
    is_measured: bool = False
    """The speed in `fit` is that of answers it wrote on this PC."""


class _Read(Record):
    header: GgufHeader | None = None
    fields: tuple[tuple[str, str], ...] = ()
    fit: Fit | None = None
    problem: Problem | None = None


class CardService(Service):
    """Builds model cards.  Service thread; file headers are read on another."""

    def __init__(self, runtime: Runtime, bench: BenchService, exams: ExamService, pc: Callable[[], Pc]) -> None:
        super().__init__(runtime)
        self.pc, self._bench, self._exams = pc, bench, exams

    def list(self) -> tuple[ModelCard, ...]:
        return tuple(self._card(one) for one in self._store.models.all())

    def exams(self) -> Mapping[str, tuple[str, str]]:
        """What each examined model is good for, by id: a few words for a menu, and a whole sentence."""
        models = self._store.models.all()
        found = ((one, result_of(one)) for one in models)
        return {one.id: (few_words(result), sentence_of(one.name, result)) for one, result in found if result}

    def details(self, model: str) -> Pending[ModelDetails]:
        """Read all that is known of a model.  Raises KnownError `model.unknown`."""
        record = self._store.models.get(model)
        context, pc = self._settings.current.context_tokens, self.pc()
        read = pending_on_file_thread(self._service_thread, lambda: _read(record, context, pc), name="read-details")
        return read.map(lambda found: self._details(record, found))

    def _card(self, record: ModelRecord) -> ModelCard:
        result, bench = result_of(record), self._bench.result(record)
        exam = short_words(result) if result else ""
        return ModelCard(
            record, uses_in(self._settings.current, record), exam, bench.output_tokens_per_s if bench else None
        )

    def _details(self, old: ModelRecord, found: _Read) -> ModelDetails:
        try:
            record = self._store.models.get(old.id)
        except KnownError:
            record = old  # removed meanwhile; whoever asked hears of that too
        result, verified = result_of(record), record.info.get(VERIFIED)
        return ModelDetails(
            card=self._card(record),
            can_do=tuple(use for use in DefaultUse if can_do(record, use)),
            exam_lines=lines_of(result) if result else (),
            exam_taken=result.taken if result else None,
            exam_note=self._exam_note(record) if result is None else "",
            bench=self._bench.result(record),
            verified=float(verified) if isinstance(verified, int | float) else record.added,
            header=found.header,
            fields=found.fields[:MOST_FIELDS],
            fields_left_out=max(0, len(found.fields) - MOST_FIELDS)
            + (found.header.metadata_left_out if found.header else 0),
            fit=found.fit,
            problem=found.problem,
            is_measured=record.sha256 in self.pc().pace.measured,
        )

    def _exam_note(self, record: ModelRecord) -> str:
        if note := note_words(record):
            return note
        job = self._exams.unfinished(record)
        if job is None or job.status is not JobStatus.PAUSED:
            return ""
        return f"The exam is paused: {job.done} of {job.total} tasks are done. “Test now” goes on with it."


def _read(record: ModelRecord, context_tokens: int, pc: Pc) -> _Read:
    """On a file thread."""
    try:
        header = read_header(Path(os.fsdecode(record.path)))
        fields = tuple(
            (clean_label(key, NAME_CHARACTERS), clean_label(_plain(value), FIELD_CHARACTERS))
            for key, value in sorted(plain_metadata(header).items())
        )
        fit = None
        if record.can_chat:
            require_chat_model(header)
            fit = fit_header(header, context_tokens, pc, sha256=record.sha256)
        return _Read(header, fields, fit)
    except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
        return _Read(problem=problem_for(err))


def _plain(value: Json) -> str:
    if isinstance(value, Mapping):  # a long list, which the header's reader has summarised
        return f"{value.get('count', '?')} values of the type {value.get('type', '?')}"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value[:100])
    return str(value)
