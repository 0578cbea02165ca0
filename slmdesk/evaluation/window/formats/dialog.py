"""The dialog that finds the best format of a model for this PC."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from slmdesk.base.records import ModelRecord
from slmdesk.evaluation.formats.labels import RULE, advice_of
from slmdesk.evaluation.formats.types import FormatReport
from slmdesk.evaluation.window.formats.controller import FormatController, FormatState, FormatWork, can_shrink
from slmdesk.evaluation.window.formats.row import FormatRow
from slmdesk.runtime.events import Problem
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column, set_kind
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import breakable, plain_label, show_words
from slmdesk.window.widgets.wide_dialog import WideDialog

FASTER, SMALLER = "Make it faster on this PC", "Make it smaller or faster"
INTRO = (
    "The same model can be stored in several formats, and which one is computed fastest differs from PC to PC. Each is "
    "tried here beside the published file of {name}; that file always stays, and nothing is kept until you choose it."
)
NOTHING = "Nothing is measured yet. It takes a few minutes; close other programs meanwhile, and do not chat."
HEIGHT = 720
LAYERS = (
    "Leaving out layers makes a model smaller and faster, and for most models much worse. Those whose absence changes "
    "its predictions least were left out here."
)
NO_LAYERS = "It has too few layers for one to be left out."
LEGEND = "Longer bars are faster. The line is the published file."
STOPPED = "Stopped. What was measured is kept, and the next run goes on from there."


def title_of(record: ModelRecord) -> str:
    return SMALLER if can_shrink(record) else FASTER


class FormatDialog(WideDialog):
    """What was measured, a row a format; measuring goes on when it is closed, and a notice tells the end."""

    def __init__(self, parent: QWidget, controller: FormatController, model: ModelRecord) -> None:
        title, intro = title_of(model), INTRO.format(name=breakable(model.name))
        super().__init__(parent, name="formats", title=title, intro=intro, spoken="Measuring the formats")
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
        self._advice = plain_label("Looking what is known…", self, name="formats_advice")
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
        self._again = self.add_button("Measure again", name="formats_again", tip="Measure all of them anew")
        self._prune = self.add_button(
            "Try without layers", name="formats_prune", tip="Smaller, and for most models much worse; some minutes"
        )
        self.buttons.addStretch(1)
        self._stop = self.add_button("Stop", name="formats_stop", tip="What was measured is kept")
        self._close = self.add_button("Close", name="formats_close")
        self._measure = self.add_button("Measure", name="formats_measure", is_primary=True)
        for one in (self._again, self._prune, self._stop, self._measure):
            one.setVisible(False)

    def _connect(self) -> None:
        controller = self._controller
        controller.state_read.connect(self._on_state_read)
        controller.work_changed.connect(self._on_work_changed)
        controller.refused.connect(self._on_refused)
        self._measure.clicked.connect(lambda: self._on_measure(again=False))
        self._again.clicked.connect(lambda: self._on_measure(again=True))
        self._prune.clicked.connect(self._on_prune)
        self._stop.clicked.connect(self._on_stop)
        self._close.clicked.connect(self.reject)
        self.finished.connect(self._on_finished)

    # ---- what is shown

    def _on_state_read(self, state: FormatState) -> None:
        if state.model.id == self.model.id:
            self._state = state
            self._refresh()

    def _on_work_changed(self, model: str, work: FormatWork | None) -> None:
        if model == self.model.id:
            if work is None and self._is_stopping:
                self.show_trouble(STOPPED)
            self._is_stopping = self._is_stopping and work is not None
            self._show_work(work)

    def _on_refused(self, model: str, problem: Problem) -> None:
        if model == self.model.id:
            self.show_trouble(problem.sentence)

    def _show_work(self, work: FormatWork | None) -> None:
        if work is None:
            self.work.end()
        else:
            self.work.show_work("Stopping…" if self._is_stopping else work.words, work.fraction)
        self._refresh()

    def _refresh(self) -> None:
        state, is_busy = self._state, self._controller.work_of(self.model.id) is not None
        self._stop.setVisible(is_busy)
        self._stop.setEnabled(not self._is_stopping)
        if state is None:
            return
        report = state.report if state.report and state.report.results else None
        self._measure.setVisible(not is_busy and not state.is_measured)
        self._measure.setText("Go on measuring" if report else "Measure")
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
            return f"Recommended for this PC: {best.format}."
        return advice_of(report) if state.is_measured else ""

    def _show_rows(self, state: FormatState, *, is_busy: bool) -> None:
        places = ((state.report, self._list), (state.without, self._without))
        found = [(report, place) for report, place in places if report is not None]
        names = {name for report, _ in found for name in report.results}
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

    def _on_measure(self, *, again: bool) -> None:
        self.show_trouble("")
        self._controller.measure(self.model.id, again=again)

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
        reports = [one for one in (state.report, state.without) if one]
        self._controller.make(self.model.id, next(one.results[name] for one in reports if name in one.results))

    def _on_prune(self) -> None:
        self.show_trouble("")
        self._controller.measure_without_layers(self.model.id)

    def _on_finished(self) -> None:
        self._controller.open_model = ""
