"""The dialog that finds the best format of a model for this PC."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QSizePolicy, QWidget

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.evaluation.formats import (
    LAYERS_KEY,
    NOT_SLOWER,
    RULE,
    FormatProgress,
    FormatReport,
    FormatResult,
    Likeness,
    advice_of,
    candidates,
    copy_label,
    gain_words,
    likeness_words,
    progress_words,
    size_words,
)
from slmdesk.gguf.quantization import quantization_named
from slmdesk.models.service import origin_of
from slmdesk.runtime.events import ModelsChanged
from slmdesk.runtime.messages import Problem, problem_for
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.build import (
    breakable,
    button,
    column,
    named,
    plain_label,
    row,
    set_kind,
    show_column,
    show_words,
)
from slmdesk.window.widgets.notices import UNDO_MS, Notice
from slmdesk.window.widgets.rows import DOT, WideDialog

if TYPE_CHECKING:
    from slmdesk.services import Services

FASTER, SMALLER = _("Make it faster on this PC"), _("Make it smaller or faster")
INTRO = _(
    "The same model can be stored in several formats, and which one is computed fastest differs from PC to PC. Each is "
    "tried here beside the published file of {name}; that file always stays, and nothing is kept until you choose it."
)
NOTHING = _("Nothing is measured yet. It takes a few minutes; close other programs meanwhile, and do not chat.")
HEIGHT = 720
LAYERS = _(
    "Leaving out layers makes a model smaller and faster, and for most models much worse. Those whose absence changes "
    "its predictions least were left out here."
)
NO_LAYERS = _("It has too few layers for one to be left out.")
LEGEND = _("Longer bars are faster. The line is the published file.")
STOPPED = _("Stopped. What was measured is kept, and the next run goes on from there.")


def title_of(record: ModelRecord) -> str:
    return SMALLER if can_shrink(record) else FASTER


class FormatDialog(WideDialog):
    """Dialog with one row per measured format. Measuring goes on after closing, and a notice tells when it ends."""

    def __init__(self, parent: QWidget, controller: FormatController, model: ModelRecord) -> None:
        title, intro = title_of(model), INTRO.format(name=breakable(model.name))
        super().__init__(parent, name="formats", title=title, intro=intro, spoken=_("Measuring the formats"))
        self._controller, self.model = controller, model
        self._state: FormatState | None = None
        self._is_stopping = False
        self._rows: dict[str, FormatRow] = {}
        self.resize(self.width(), HEIGHT)
        self._build_ui()
        self._connect()
        controller.open_model = model.id
        self._show_work(controller.work_of(model.id))
        controller.read(model.id)

    def _build_ui(self) -> None:
        self._advice = plain_label(_("Looking what is known…"), self, name="formats_advice")
        self._legend = plain_label(LEGEND, self, name="formats_legend", kind="small", is_hidden=True)
        area = named(QScrollArea(self), "formats_area")
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = named(QFrame(area), "formats_inner")
        self._list, self._without = column(gap=0), column(gap=0)
        self._rule = plain_label(RULE, inner, name="formats_rule", kind="small", is_hidden=True)
        self._layers = plain_label("", inner, name="formats_layers", kind="muted", is_hidden=True)
        column(
            self._list,
            self._rule,
            self._layers,
            self._without,
            1,
            into=inner,
            gap=theme.SPACE_8,
            margins=(0, 0, theme.SPACE_12, 0),
        )
        show_column(area, inner)
        self.body.addWidget(self._advice)
        self.body.addWidget(self._legend)
        self.body.addWidget(area, 1)
        self._again = self.add_button(_("Measure again"), name="formats_again", tip=_("Measure all formats again"))
        self._prune = self.add_button(
            _("Try without layers"),
            name="formats_prune",
            tip=_("Smaller, and for most models much worse; some minutes"),
        )
        self.buttons.addStretch(1)
        self._stop = self.add_button(_("Stop"), name="formats_stop", tip=_("What was measured is kept"))
        self._close = self.add_button(_("Close"), name="formats_close")
        self._measure = self.add_button(_("Measure"), name="formats_measure", is_primary=True)
        for other_button in (self._again, self._prune, self._stop, self._measure):
            other_button.setVisible(False)

    def _connect(self) -> None:
        controller = self._controller
        controller.state_read.connect(self._on_state_read)
        controller.work_changed.connect(self._on_work_changed)
        controller.refused.connect(self._on_refused)
        self._measure.clicked.connect(lambda: self._on_measure())
        self._again.clicked.connect(lambda: self._on_measure(again=True))
        self._prune.clicked.connect(lambda: self._on_measure(prunes=True))
        self._stop.clicked.connect(self._on_stop)
        self._close.clicked.connect(self.reject)
        self.finished.connect(lambda: setattr(controller, "open_model", ""))

    # ---- what is shown

    def _on_state_read(self, state: FormatState) -> None:
        if state.model.id == self.model.id:
            self._state = state
            self._refresh()

    def _on_work_changed(self, model: str, work: Trial | None) -> None:
        if model == self.model.id:
            if work is None and self._is_stopping:
                self.show_trouble(STOPPED)
            self._is_stopping = self._is_stopping and work is not None
            self._show_work(work)

    def _on_refused(self, model: str, problem: Problem) -> None:
        if model == self.model.id:
            self.show_trouble(problem.sentence)

    def _show_work(self, work: Trial | None) -> None:
        if work is None:
            self.work.end()
        else:
            self.work.show_work(_("Stopping…") if self._is_stopping else work.words, work.fraction)
        self._refresh()

    def _refresh(self) -> None:
        state, is_busy = self._state, self._controller.work_of(self.model.id) is not None
        self._stop.setVisible(is_busy)
        self._stop.setEnabled(not self._is_stopping)
        if state is None:
            return
        report = state.report if state.report and state.report.results else None
        self._measure.setVisible(not is_busy and not state.is_measured)
        self._measure.setText(_("Go on measuring") if report else _("Measure"))
        self._again.setVisible(not is_busy and report is not None)
        self._prune.setVisible(not is_busy and state.without is None)
        show_words(self._advice, self._advice_of(state, report, is_busy=is_busy))
        set_kind(self._advice, "strong" if report else "")
        has_rows = report is not None or bool(state.without and state.without.tried)
        for widget in (self._legend, self._rule):
            widget.setVisible(has_rows)
        show_words(self._layers, (LAYERS if state.without.tried else NO_LAYERS) if state.without else "")
        self._show_rows(state, is_busy=is_busy)

    def _advice_of(self, state: FormatState, report: FormatReport | None, *, is_busy: bool) -> str:
        if report is None:
            return "" if is_busy else NOTHING
        best = report.fastest()
        if best is not None:
            return _("Recommended for this PC: {format}.").format(format=best.format)
        return advice_of(report) if state.is_measured else ""

    def _show_rows(self, state: FormatState, *, is_busy: bool) -> None:
        places = ((state.report, self._list), (state.without, self._without))
        found = [(report, place) for report, place in places if report is not None]
        names = {name for report, __ in found for name in report.results}
        for name in [name for name in self._rows if name not in names]:
            old = self._rows.pop(name)
            old.hide()
            old.deleteLater()
        for report, place in found:
            for result in report.tried:
                if result.format not in self._rows:
                    made = self._rows[result.format] = FormatRow(result.format, self)
                    made.use_requested.connect(partial(self._on_use, result.format))
                    place.addWidget(made)
                shown = self._rows[result.format]
                shown.show_result(result, report, state, shrinks=can_shrink(self.model), is_busy=is_busy)

    # ---- requests

    def _on_measure(self, **how: bool) -> None:
        self.show_trouble("")
        self._controller.measure(self.model.id, **how)

    def _on_stop(self) -> None:
        self._is_stopping = True
        self._controller.stop()
        self._show_work(self._controller.work_of(self.model.id))

    def _on_use(self, name: str) -> None:
        state = self._state
        assert state is not None, "its rows are shown"
        self.show_trouble("")
        if copy := state.copies.get(name):
            self._controller.use(self.model.id, copy.id)
            return
        reports = [report for report in (state.report, state.without) if report]
        self._controller.make(self.model.id, next(report.results[name] for report in reports if name in report.results))


# ---- formats of a model


EXACT_BITS = 8
"""Bits per weight from which a file can usefully be made smaller, not only faster."""


class FormatState(Record):
    model: ModelRecord
    """The published model, from which the copies are made."""
    report: FormatReport | None
    without: FormatReport | None
    """Report on files in which some layers are left out."""
    copies: Mapping[str, ModelRecord]
    """Copies by their label. The label is the format if no layers are left out."""
    used: str
    """Id of the model or copy that is in use."""

    @property
    def is_measured(self) -> bool:
        done = {name for name, result in self.report.results.items() if not result.reason} if self.report else set()
        return done >= set(formats_of(self.model))


class Trial(Record):
    """Progress of a running test or other work: a text, and the fraction that is done, from 0 to 1."""

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
        """Id of the model whose dialog is open. That dialog shows results and problems, which are notices otherwise."""
        self._running: Call | None = None
        self._model, self._work, self._began = "", Trial("", 0.0), 0.0
        bridge.on(ModelsChanged, self._on_models_changed)

    def work_of(self, model: str) -> Trial | None:
        return self._work if self._running is not None and self._model == model else None

    def read(self, model: str) -> None:
        self._bridge.ask(lambda services: _state_of(services, model), self.state_read.emit, self._on_unread)

    def measure(self, model: str, *, again: bool = False, prunes: bool = False) -> None:
        """Measure the formats that were not measured yet, all formats if `again`, or leaving out layers if `prunes`."""

        def begin(services: Services) -> Any:
            formats = services.formats
            return formats.measure_without_layers(model) if prunes else formats.measure(model, again=again)

        self._start(model, _("Beginning…"), begin, self._on_measured)

    def make(self, model: str, result: FormatResult) -> None:
        """Make a copy in the format that was measured, and use it."""
        name, left_out = "" if result.left_out else result.format, result.left_out
        self._start(
            model,
            _("Making {format}").format(format=result.format),
            lambda services: services.formats.make(model, name, left_out),
            self._on_made,
        )

    def use(self, model: str, copy: str = "") -> None:
        """Use a copy of a model, or without `copy` its published file, in place of the one that is in use."""
        self._bridge.ask(
            self._bridge.services.formats.use(copy or model, copy=bool(copy)), None, partial(self._tell, model)
        )

    def stop(self) -> None:
        """Stop the running work. The formats measured so far are kept."""
        if self._running is not None:
            self._running.cancel()

    # ---- inside

    def _on_unread(self, problem: Problem) -> None:
        if problem.report:  # otherwise the model was removed or cannot chat: nothing to show
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
        self._show(Trial(words, 0.0))

    def _on_progress(self, news: FormatProgress | FormatResult) -> None:
        if isinstance(news, FormatResult):
            self.read(self._model)
            return
        words = progress_words(news.what, news.fraction, time.monotonic() - self._began)
        self._show(Trial(words[0].upper() + words[1:], news.fraction))

    def _on_ended(self, model: str, ended: Callable[[str, Any], None], result: object) -> None:
        self._end(model)
        if result is not None:
            ended(model, result)

    def _on_measured(self, model: str, report: FormatReport) -> None:
        if self.open_model != model:
            show = partial(self.show_requested.emit, model)
            self._bridge.notice_raised.emit(Notice(advice_of(report), action=_("Show"), on_action=show, key="formats"))

    def _on_made(self, model: str, made: ModelRecord) -> None:
        words = _("{name} is made, and used from now on. The published file is still here.").format(name=made.name)
        back = partial(self.use, model)
        self._bridge.notice_raised.emit(
            Notice(words, action=_("Use the published file"), on_action=back, life_ms=UNDO_MS, key="formats")
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

    def _show(self, work: Trial) -> None:
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
    copies = {copy_label(origin): copy for copy in formats.copies(model) if (origin := origin_of(copy)) is not None}
    return FormatState(
        formats.published(model),
        formats.report(model),
        formats.report(model, LAYERS_KEY),
        copies,
        formats.used(model).id,
    )


# ---- a format beside the published file


BAR_HEIGHT, THICKNESS = 16, 8
LEAST_SCALE = 1.5
"""Smallest speed-up that the right end of the bars stands for."""


class GainBar(QWidget):
    """Bar that shows how many times as fast a format is. A line at 1 stands for the published file."""

    def __init__(self, parent: QWidget, *, name: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._gain, self._scale = 0.0, LEAST_SCALE

    def show_gain(self, gain: float, scale: float) -> None:
        """Show the speed-up `gain`. The right end of the bar stands for `scale`."""
        self._gain, self._scale = gain, scale
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, BAR_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        role, painter = QPalette.ColorRole, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        top, full = (self.height() - THICKNESS) / 2, float(self.width())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(role.AlternateBase))
        painter.drawRoundedRect(QRectF(0, top, full, THICKNESS), 2, 2)
        slow = self._gain < NOT_SLOWER
        painter.setBrush(self.palette().color(role.PlaceholderText if slow else role.Accent))
        painter.drawRoundedRect(QRectF(0, top, full * min(1.0, self._gain / self._scale), THICKNESS), 2, 2)
        painter.setPen(QPen(self.palette().color(role.Text), 2))
        line = full / self._scale
        painter.drawLine(round(line), 1, round(line), self.height() - 1)


class FormatRow(QFrame):
    use_requested = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, f"format_{name}", kind="card", label=name)
        self._name = name
        self._title = plain_label(name, self, name="format_title", kind="strong", wraps=False)
        self._badge = plain_label("", self, name="format_badge", kind="badge", wraps=False, is_hidden=True)
        self._use = button("", "format_use", self, on=self.use_requested)
        self._info = plain_label("", self, name="format_info", kind="small")
        self._likeness = plain_label("", self, name="format_likeness")
        self._bars = self._build_bars()
        head = row(self._title, self._badge, 1, self._use, gap=theme.SPACE_12)
        margins = (0, theme.SPACE_8, 0, theme.SPACE_12)
        column(head, self._info, self._bars, self._likeness, into=self, gap=theme.SPACE_4, margins=margins)

    def _build_bars(self) -> QWidget:
        bars = named(QWidget(self), "format_bars")
        grid = QGridLayout(bars)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE_12)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        self._gains = []
        for at, (key, words) in enumerate((("answers", _("Answers")), ("long", _("Long documents")))):
            bar = GainBar(bars, name=f"gain_{key}")
            label = plain_label("", bars, name=f"gain_{key}_words", wraps=False)
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance("0.00 × as fast"))
            grid.addWidget(plain_label(words, bars, name=f"gain_{key}_title", kind="muted", wraps=False), at, 0)
            grid.addWidget(bar, at, 1)
            grid.addWidget(label, at, 2)
            self._gains.append((bar, label))
        return bars

    def show_result(
        self, result: FormatResult, report: FormatReport, state: FormatState, *, shrinks: bool, is_busy: bool
    ) -> None:
        """Show the result of one format, from a report of `state`.

        If `shrinks`, the smallest good format is marked too. While `is_busy`, its button is disabled.
        """
        gains = (result.answer_gain, result.long_work_gain)
        scale = max((scale_of(report) for report in (state.report, state.without) if report), default=LEAST_SCALE)
        for (bar, label), gain in zip(self._gains, gains, strict=True):
            bar.show_gain(gain, scale)
            label.setText(gain_words(gain))
        self._bars.setVisible(not result.reason)
        known = quantization_named(self._name)
        parts = [known.bits_text if known else "", "" if result.reason else size_words(result, report)]
        self._info.setText(DOT.join(part for part in parts if part))
        self._likeness.setText(likeness_of(result))
        show_words(self._badge, badge_of(result, report, shrinks=shrinks))
        self._show_button(result, state, is_best=report.fastest() == result, is_busy=is_busy)
        self.setAccessibleDescription(f"{self._badge.text()} {self._info.text()} {self._likeness.text()}".strip())

    def _show_button(self, result: FormatResult, state: FormatState, *, is_best: bool, is_busy: bool) -> None:
        copy = state.copies.get(self._name)
        is_used = copy is not None and copy.id == state.used
        words = _("In use") if is_used else _("Use this format") if copy else _("Create and use this format")
        self._use.setText(words)
        self._use.setAccessibleName(f"{self._name}: {words}")
        self._use.setVisible(copy is not None or not (result.reason or result.likeness is Likeness.UNKNOWN))
        self._use.setEnabled(not is_used and not is_busy)
        set_kind(self._use, "primary" if is_best and not is_used else "")


def scale_of(report: FormatReport) -> float:
    gains = [gain for result in report.results.values() for gain in (result.answer_gain, result.long_work_gain)]
    return max(LEAST_SCALE, *gains) if gains else LEAST_SCALE


def badge_of(result: FormatResult, report: FormatReport, *, shrinks: bool) -> str:
    is_best, is_smallest = report.fastest() == result, shrinks and report.smallest() == result
    if is_best:
        return _("Recommended, and the smallest") if is_smallest else _("Recommended")
    return _("Smallest with answers as good") if is_smallest else ""


def likeness_of(result: FormatResult) -> str:
    if result.reason:
        return result.reason
    if result.likeness is Likeness.UNKNOWN:
        return _("Neither faster nor smaller, so its answers were not compared.")
    return f"{likeness_words(result)}."
