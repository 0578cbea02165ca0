"""The details below a model's row: exam, speed, default uses, origin, actions."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QWidget

from slmdesk.evaluation.formats.labels import advice_of
from slmdesk.evaluation.model_cards import ModelDetails
from slmdesk.evaluation.window.formats.controller import FormatState, FormatWork
from slmdesk.evaluation.window.formats.dialog import title_of
from slmdesk.gguf.speed import speed_in_words
from slmdesk.models.defaults import WORDS, DefaultUse
from slmdesk.models.window.details_labels import rows_of
from slmdesk.models.window.library.controller import LibraryController
from slmdesk.models.window.library.fields import HeaderFields
from slmdesk.models.window.library.trial_line import TrialLine
from slmdesk.models.window.library.trials import BENCH, EXAM, VERIFY, Trial
from slmdesk.window.base import theme
from slmdesk.window.base.dates import day_words
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import breakable, plain_label, show_words

LONG = ("path", "sha256", "source")
"""Lines whose words have no spaces: broken anywhere."""
ACTIONS = (("rename", "Rename…"), ("folder", "Open its folder"), ("remove", "Remove"))


class DetailsPanel(QFrame):
    action_chosen = Signal(str)
    grown = Signal()

    def __init__(self, library: LibraryController, model: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "model_details", kind="band")
        self._library, self._model = library, model
        self._boxes: dict[DefaultUse, QPushButton] = {}
        self._may_format, self._used = True, model
        self._build_ui()

    def _build_ui(self) -> None:
        self._trouble = plain_label("", self, name="details_trouble", kind="danger", is_hidden=True)
        self._trials = {
            EXAM: TrialLine(
                self, kind="exam", title="What it is good for", button="Test now",
                tip="A few short tasks in the background: does it keep to a form, tell true from false, correct?",
            ),
            BENCH: TrialLine(
                self, kind="bench", title="Speed", button="Test speed",
                tip="Loads the model anew and measures one answer; takes some seconds",
            ),
            VERIFY: TrialLine(
                self, kind="verify", title="Its file", button="Compare with its checksum",
                tip="Reads the whole file: is it, to the last bit, what came in?",
            ),
        }  # fmt: skip
        for kind, line in self._trials.items():
            line.start_requested.connect(partial(self._library.trials.start, self._model, kind))
            line.stop_requested.connect(partial(self._library.trials.stop, self._model, kind))
            line.show_trial(self._library.trials.running(self._model).get(kind))
        self._formats = TrialLine(
            self, kind="formats", title="Format", button="", stops=False,
            tip="Which format of this model does this PC compute fastest, and are its answers as good?",
        )  # fmt: skip
        self._formats.start_requested.connect(lambda: self.action_chosen.emit("formats"))
        self._formats.hide()
        self.show_format_work(self._library.formats.work_of(self._model))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.SPACE_16)
        self._grid.setVerticalSpacing(theme.SPACE_4)
        self._grid.setColumnStretch(1, 1)
        self._fields = HeaderFields(self)
        self._fields.unfolded.connect(self.grown)
        exam, bench, verify = self._trials.values()
        trials = (exam, bench, self._formats, self._build_uses(), verify)
        margins = (theme.SPACE_16, theme.SPACE_12, theme.SPACE_16, theme.SPACE_16)
        parts = (self._trouble, *trials, self._grid, self._build_actions(), self._fields)
        column(*parts, into=self, gap=theme.SPACE_12, margins=margins)

    def _build_uses(self) -> QWidget:
        part = named(QWidget(self), "uses")
        for use, words in WORDS.items():
            tip = f"Make it the default for {words}"
            box = button(words.capitalize(), f"use_{use.value}", part, kind="chip", tip=tip)
            box.clicked.connect(lambda requested, use=use: self._on_use_clicked(use, requested))
            self._boxes[use] = box
            box.setCheckable(True)
            box.toggled.connect(partial(_mark, box))
            _mark(box, False)
            box.setVisible(False)
        title = plain_label("Use it by default for", part, name="uses_title", kind="strong")
        column(title, row(*self._boxes.values(), 1, gap=theme.SPACE_8), into=part, gap=theme.SPACE_4)
        return part

    def _build_actions(self) -> QHBoxLayout:
        buttons = [
            button(words, f"details_{key}", self, on=lambda _checked=False, chosen=key: self.action_chosen.emit(chosen))
            for key, words in ACTIONS
        ]
        return row(*buttons, 1, gap=theme.SPACE_8)

    def show_details(self, details: ModelDetails) -> None:
        show_words(self._trouble, breakable(details.problem.sentence) if details.problem else "")
        exam = self._trials[EXAM]
        exam.setVisible(DefaultUse.CHAT in details.can_do)
        exam.show_words(exam_words(details))
        self._trials[BENCH].setVisible(DefaultUse.CHAT in details.can_do)
        self._trials[BENCH].show_words(bench_words(details))
        self._trials[VERIFY].show_words(f"Last compared: {day_words(details.verified)}.")
        self.show_uses(details.card.uses, details.can_do)
        self._fill_grid(details)
        self._fields.show_fields(details.fields, details.fields_left_out)

    def show_uses(self, chosen: tuple[DefaultUse, ...], possible: tuple[DefaultUse, ...]) -> None:
        for use, box in self._boxes.items():
            box.setVisible(use in possible)
            box.setChecked(use in chosen)

    def lock_uses(self, managed: frozenset[DefaultUse]) -> None:
        for use, box in self._boxes.items():
            box.setEnabled(use not in managed)
            box.setToolTip("Set by your organisation" if use in managed else f"Make it the default for {WORDS[use]}")

    def allow_formats(self, is_allowed: bool) -> None:
        """Show or hide what is done with other formats; it stays hidden until something is known of them."""
        self._may_format = is_allowed
        if is_allowed:
            self._library.formats.read(self._model)
        else:
            self._formats.hide()

    def show_format_state(self, state: FormatState) -> None:
        self._used = state.used
        self._formats.set_button(f"{title_of(state.model)}…")
        self._formats.show_words(format_words(state))
        self._formats.setVisible(self._may_format)

    def show_format_work(self, work: FormatWork | None) -> None:
        self._formats.show_trial(Trial(work.words, work.fraction) if work else None)

    def _on_use_clicked(self, use: DefaultUse, requested: bool) -> None:
        self._library.set_default(self._model, use, self._used if requested else "")

    def show_trial(self, kind: str, trial: Trial | None) -> None:
        self._trials[kind].show_trial(trial)

    def _fill_grid(self, details: ModelDetails) -> None:
        empty_layout(self._grid)
        for at, (key, label, value) in enumerate(rows_of(details)):
            if key == "verified":
                continue  # said above
            name = plain_label(label, self, name=f"label_{key}", kind="muted", wraps=False)
            text = plain_label(breakable(value, 16 if key in LONG else 30), self, name=f"value_{key}")
            text.setAccessibleName(f"{label}: {value}" if label else value)
            self._grid.addWidget(name, at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, at, 1)


def exam_words(details: ModelDetails) -> str:
    if details.exam_lines and details.exam_taken is not None:
        return "\n".join((*details.exam_lines, f"Examined: {day_words(details.exam_taken)}."))
    return details.exam_note or "Not examined yet. The exam is short and runs in the background."


def bench_words(details: ModelDetails) -> str:
    if details.bench is None and details.is_measured and details.fit and details.fit.speed:
        words = speed_in_words(details.fit.speed)
        how = "by its answers on this PC. The test is more exact; it takes about a minute."
        return f"{words[0].upper()}{words[1:]}, {how}"
    if details.bench is None:
        return "Not tested on this PC yet. The test takes about a minute."
    return f"{details.bench.sentence()} Measured: {day_words(details.bench.measured)}."


def format_words(state: FormatState) -> str:
    used = next((name for name, one in state.copies.items() if one.id == state.used), "")
    if used:
        return f"A copy made on this PC is in use: {used}."
    if state.report is None or not state.report.results:
        return "The published file is in use. Other formats are not measured on this PC yet."
    best = state.report.fastest()
    return f"Recommended for this PC: {best.format}." if best else advice_of(state.report)


def _mark(button: QPushButton, is_on: bool) -> None:
    """Show by a sign, not by colour alone, whether a button is chosen."""
    set_icon(button, "check" if is_on else "plus", "accent" if is_on else "muted")
