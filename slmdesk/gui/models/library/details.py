"""The details below a model's row: exam, speed, default uses, origin, actions."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from slmdesk.core.speed import speed_in_words
from slmdesk.gui.base import theme
from slmdesk.gui.base.dates import day_words
from slmdesk.gui.models.common.details_labels import rows_of
from slmdesk.gui.models.library.fields import HeaderFields
from slmdesk.gui.models.library.trial_line import TrialLine
from slmdesk.gui.models.library.trials import BENCH, EXAM, VERIFY, Trial
from slmdesk.gui.widgets.icon import set_icon
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import breakable, plain_label
from slmdesk.services.evaluation.model_cards import ModelDetails
from slmdesk.services.models.defaults import WORDS, Use

LONG = ("path", "sha256", "source")
"""Lines whose words have no spaces: broken anywhere."""
ACTIONS = (("rename", "Rename…"), ("folder", "Open its folder"), ("remove", "Remove"))


class DetailsPanel(QFrame):
    """Everything known about one model.

    Emits `use_chosen` with a Use and whether to set it, `trial_requested` and `trial_stopped` with which,
    `action_chosen` with one of ACTIONS, `grown` when it needs more room on the page.
    """

    use_chosen = Signal(object, bool)
    trial_requested = Signal(str)
    trial_stopped = Signal(str)
    action_chosen = Signal(str)
    grown = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("model_details")
        self.setProperty("kind", "band")
        self._boxes: dict[Use, QPushButton] = {}
        self._build_ui()

    def _build_ui(self) -> None:
        self._trouble = plain_label("", self, name="details_trouble", kind="danger")
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
            line.start_requested.connect(partial(self.trial_requested.emit, kind))
            line.stop_requested.connect(partial(self.trial_stopped.emit, kind))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.SPACE_16)
        self._grid.setVerticalSpacing(theme.SPACE_4)
        self._grid.setColumnStretch(1, 1)
        self._fields = HeaderFields(self)
        self._fields.unfolded.connect(self.grown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_12, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_12)
        layout.addWidget(self._trouble)
        layout.addWidget(self._trials[EXAM])
        layout.addWidget(self._trials[BENCH])
        layout.addWidget(self._build_uses())
        layout.addWidget(self._trials[VERIFY])
        layout.addLayout(self._grid)
        layout.addLayout(self._build_actions())
        layout.addWidget(self._fields)
        self._trouble.hide()

    def _build_uses(self) -> QWidget:
        part = named(QWidget(self), "uses")
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        for use, words in WORDS.items():
            box = self._boxes[use] = named(QPushButton(words.capitalize(), part), f"use_{use.value}")
            box.setProperty("kind", "chip")
            box.setCheckable(True)
            box.toggled.connect(partial(_mark, box))
            _mark(box, False)
            box.setToolTip(f"Make it the default for {words}")
            box.setVisible(False)
            box.clicked.connect(lambda requested, use=use: self.use_chosen.emit(use, requested))
            row.addWidget(box)
        row.addStretch(1)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_4)
        column.addWidget(plain_label("Use it by default for", part, name="uses_title", kind="strong"))
        column.addLayout(row)
        return part

    def _build_actions(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        for key, words in ACTIONS:
            button = named(QPushButton(words, self), f"details_{key}")
            button.clicked.connect(lambda _checked=False, chosen=key: self.action_chosen.emit(chosen))
            row.addWidget(button)
        row.addStretch(1)
        return row

    def show_details(self, details: ModelDetails) -> None:
        self._trouble.setText(breakable(details.problem.sentence) if details.problem else "")
        self._trouble.setVisible(details.problem is not None)
        exam = self._trials[EXAM]
        exam.setVisible(Use.CHAT in details.can_do)
        exam.show_words(exam_words(details))
        self._trials[BENCH].setVisible(Use.CHAT in details.can_do)
        self._trials[BENCH].show_words(bench_words(details))
        self._trials[VERIFY].show_words(f"Last compared: {day_words(details.verified)}.")
        self.show_uses(details.card.uses, details.can_do)
        self._fill_grid(details)
        self._fields.show_fields(details.fields, details.fields_left_out)

    def show_uses(self, chosen: tuple[Use, ...], possible: tuple[Use, ...]) -> None:
        for use, box in self._boxes.items():
            box.setVisible(use in possible)
            box.setChecked(use in chosen)

    def lock_uses(self, managed: frozenset[Use]) -> None:
        for use, box in self._boxes.items():
            box.setEnabled(use not in managed)
            box.setToolTip("Set by your organisation" if use in managed else f"Make it the default for {WORDS[use]}")

    @Slot(str, object)
    def show_trial(self, kind: str, trial: Trial | None) -> None:
        self._trials[kind].show_trial(trial)

    def _fill_grid(self, details: ModelDetails) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for at, (key, label, value) in enumerate(rows_of(details)):
            if key == "verified":
                continue  # said above
            name = plain_label(label, self, name=f"label_{key}", kind="muted", wraps=False)
            text = plain_label(breakable(value, 16 if key in LONG else 30), self, name=f"value_{key}")
            text.setAccessibleName(f"{label}: {value}" if label else value)
            self._grid.addWidget(name, at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, at, 1)


def exam_words(details: ModelDetails) -> str:
    """The exam result, a line for each skill, with the day; else why there is none."""
    if details.exam_lines and details.exam_taken is not None:
        return "\n".join((*details.exam_lines, f"Examined: {day_words(details.exam_taken)}."))
    return details.exam_note or "Not examined yet. The exam is short and runs in the background."


def bench_words(details: ModelDetails) -> str:
    """Its measured speed on this PC, with the day."""
    if details.bench is None and details.is_measured and details.fit and details.fit.speed:
        words = speed_in_words(details.fit.speed)
        how = "by its answers on this PC. The test is more exact; it takes about a minute."
        return f"{words[0].upper()}{words[1:]}, {how}"
    if details.bench is None:
        return "Not tested on this PC yet. The test takes about a minute."
    return f"{details.bench.sentence()} Measured: {day_words(details.bench.measured)}."


def _mark(button: QPushButton, is_on: bool) -> None:
    """Show by a sign, not by colour alone, whether a button is chosen."""
    set_icon(button, "check" if is_on else "plus", "accent" if is_on else "muted")
