"""Formats of a model: what was measured, measuring, making a copy, switching.  No widgets here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.evaluation.formats.labels import advice_of, copy_label, progress_words
from slmdesk.evaluation.formats.service import LAYERS_KEY
from slmdesk.evaluation.formats.trials import FormatProgress
from slmdesk.evaluation.formats.types import FormatReport, FormatResult, candidates
from slmdesk.gguf.quantization import quantization_named
from slmdesk.loader.events import ModelsChanged
from slmdesk.models.copies import origin_of
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice

if TYPE_CHECKING:
    from slmdesk.services import Services

EXACT_BITS = 8
"""From here on a file can be made smaller too."""


class FormatState(Record):
    model: ModelRecord
    """The published one."""
    report: FormatReport | None
    without: FormatReport | None
    """Of files without some layers."""
    copies: Mapping[str, ModelRecord]
    """By their label, which is the format where nothing was left out."""
    used: str
    """Id of the one in use."""

    @property
    def is_measured(self) -> bool:
        done = {name for name, one in self.report.results.items() if not one.reason} if self.report else set()
        return done >= set(formats_of(self.model))


class FormatWork(Record):
    """What runs now: a text, and a share of the whole, 0..1."""

    words: str
    fraction: float


class FormatController(QObject):
    state_read = Signal(object)
    work_changed = Signal(str, object)
    refused = Signal(str, object)
    show_requested = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="format_controller")
        self._bridge = bridge
        self.open_model = ""
        """The model whose dialog is open: it shows the ends and the problems, which are notices otherwise."""
        self._running: Call | None = None
        self._model, self._work, self._began = "", FormatWork("", 0.0), 0.0
        bridge.on(ModelsChanged, self._on_models_changed)

    def work_of(self, model: str) -> FormatWork | None:
        return self._work if self._running is not None and self._model == model else None

    def read(self, model: str) -> None:
        self._bridge.ask(lambda services: _state_of(services, model), self.state_read.emit, self._on_unread)

    def measure(self, model: str, *, again: bool) -> None:
        """Measure the formats that were not measured yet; `again`: all."""
        self._start(
            model, "Beginning…", lambda services: services.formats.measure(model, again=again), self._on_measured
        )

    def measure_without_layers(self, model: str) -> None:
        self._start(
            model, "Beginning…", lambda services: services.formats.measure_without_layers(model), self._on_measured
        )

    def make(self, model: str, result: FormatResult) -> None:
        """Make the copy that was measured, and use it."""
        name, left_out = "" if result.left_out else result.format, result.left_out
        self._start(
            model,
            f"Making {result.format}",
            lambda services: services.formats.make(model, name, left_out),
            self._on_made,
        )

    def use(self, model: str, copy: str = "") -> None:
        """Use a copy of a model, or its published file, wherever the other one is used."""
        self._bridge.ask(
            self._bridge.services.formats.use(copy or model, copy=bool(copy)), None, partial(self._tell, model)
        )

    def stop(self) -> None:
        """Stop what runs; what was measured is kept."""
        if self._running is not None:
            self._running.cancel()

    # ---- inside

    def _on_unread(self, problem: Problem) -> None:
        if problem.report:  # else it was removed meanwhile, or cannot chat: there is nothing to show
            self._bridge.problem_met.emit(problem)

    def _start(
        self, model: str, words: str, begin: Callable[[Services], Any], ended: Callable[[str, Any], None]
    ) -> None:
        if self._running is not None:
            self._tell(model, problem_for(KnownError("formats.busy")))
            return
        self._model, self._began = model, time.monotonic()
        self._running = self._bridge.follow(
            begin, partial(self._on_ended, model, ended), partial(self._on_refused, model), self._on_progress
        )
        self._show(FormatWork(words, 0.0))

    def _on_progress(self, news: FormatProgress | FormatResult) -> None:
        if isinstance(news, FormatResult):
            self.read(self._model)
            return
        words = progress_words(news.what, news.fraction, time.monotonic() - self._began)
        self._show(FormatWork(words[0].upper() + words[1:], news.fraction))

    def _on_ended(self, model: str, ended: Callable[[str, Any], None], result: object) -> None:
        self._end(model)
        if result is not None:
            ended(model, result)

    def _on_measured(self, model: str, report: FormatReport) -> None:
        if self.open_model != model:
            show = partial(self.show_requested.emit, model)
            self._bridge.notice_raised.emit(Notice(advice_of(report), action="Show", on_action=show, key="formats"))

    def _on_made(self, model: str, made: ModelRecord) -> None:
        words = f"{made.name} is made, and used from now on. The published file is still here."
        back = partial(self.use, model)
        self._bridge.notice_raised.emit(
            Notice(words, action="Use the published file", on_action=back, life_ms=UNDO_MS, key="formats")
        )

    def _on_refused(self, model: str, problem: Problem) -> None:
        self._end(model)
        self._tell(model, problem)

    def _tell(self, model: str, problem: Problem) -> None:
        if self.open_model == model:
            self.refused.emit(model, problem)
        else:
            self._bridge.problem_met.emit(problem)

    def _end(self, model: str) -> None:
        self._running = None
        self.work_changed.emit(model, None)
        self.read(model)

    def _show(self, work: FormatWork) -> None:
        self._work = work
        self.work_changed.emit(self._model, work)

    def _on_models_changed(self) -> None:
        if self.open_model:
            self.read(self.open_model)


def formats_of(record: ModelRecord) -> tuple[str, ...]:
    quantization, parameters = record.header.get("quantization"), record.header.get("parameters")
    return tuple(candidates(str(quantization or ""), parameters if isinstance(parameters, int) else 0))


def can_shrink(record: ModelRecord) -> bool:
    known = quantization_named(str(record.header.get("quantization") or ""))
    return known is None or known.bits >= EXACT_BITS


def _state_of(services: Services, model: str) -> FormatState:
    formats = services.formats
    copies = {copy_label(origin): one for one in formats.copies(model) if (origin := origin_of(one)) is not None}
    return FormatState(
        formats.published(model),
        formats.report(model),
        formats.report(model, LAYERS_KEY),
        copies,
        formats.used(model).id,
    )
