"""The details below a model's row: exam, speed, default uses, origin, actions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPlainTextEdit, QPushButton, QWidget

from slmdesk.base.records import ModelRecord
from slmdesk.evaluation.formats import advice_of
from slmdesk.evaluation.model_cards import ModelDetails
from slmdesk.gguf.memory import offload_of, offload_words, speed_in_words
from slmdesk.gguf.quantization import quantization_named
from slmdesk.loader.model_loader import crashed_card
from slmdesk.models.service import WORDS, DefaultUse
from slmdesk.models.window.controller import BENCH, EXAM, VERIFY, LibraryController, Trial
from slmdesk.models.window.formats import FormatState, FormatWork, title_of
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.translation.pairs import note_lines, notes_of, pair_line, results_of
from slmdesk.window.base import theme
from slmdesk.window.base.text import day_words
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import (
    CLEAR,
    breakable,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    set_icon,
    show_words,
    text_line,
)
from slmdesk.window.widgets.rows import empty_layout

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
    used = next((name for name, copy in state.copies.items() if copy.id == state.used), "")
    if used:
        return f"A copy made on this PC is in use: {used}."
    if state.report is None or not state.report.results:
        return "The published file is in use. Other formats are not measured on this PC yet."
    best = state.report.fastest()
    return f"Recommended for this PC: {best.format}." if best else advice_of(state.report)


def _mark(button: QPushButton, is_on: bool) -> None:
    """Show by a sign, not by colour alone, whether a button is chosen."""
    set_icon(button, "check" if is_on else "plus", "accent" if is_on else "muted")


# ---- all fields of a model file's header, in a folded list with search


HEIGHT = 200


class HeaderFields(QWidget):
    unfolded = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("header_fields")
        self._fields: tuple[tuple[str, str], ...] = ()
        self._left_out = 0
        self._toggle = named(QPushButton("", self), "fields_toggle")
        self._toggle.setCheckable(True)
        self._toggle.toggled.connect(self._on_toggled)
        label = "Search the fields of the header"
        self._search = text_line("fields_search", self, "Search the fields", label=label, clears=CLEAR)
        self._search.textChanged.connect(self._show)
        self._list = named(QPlainTextEdit(self), "fields_list", label="Fields of the header", kind="code")
        self._list.setReadOnly(True)
        self._list.setTabChangesFocus(True)
        self._list.setFixedHeight(HEIGHT)
        self._note = plain_label("", self, name="fields_note", kind="small")
        layout = column((self._toggle, Qt.AlignmentFlag.AlignLeft), into=self, gap=theme.SPACE_8)
        for widget in (self._search, self._list, self._note):
            layout.addWidget(widget)
            widget.setVisible(False)

    def show_fields(self, fields: Sequence[tuple[str, str]], left_out: int) -> None:
        self._fields, self._left_out = tuple(fields), left_out
        self.setVisible(bool(fields))
        count = QLocale().toString(len(fields) + left_out)
        self._toggle.setText(f"All {count} fields of its header")
        self._show()

    def _on_toggled(self, is_open: bool) -> None:
        for widget in (self._search, self._list, self._note):
            widget.setVisible(is_open)
        self._show()
        if is_open:
            self.unfolded.emit()

    def _show(self) -> None:
        if not self._toggle.isChecked():
            return
        words = self._search.text().casefold().split()
        lines = [f"{key}: {value}" for key, value in self._fields]
        found = [line for line in lines if all(word in line.casefold() for word in words)]
        self._list.setPlainText("\n".join(found))
        parts = [f"{len(found)} of {len(lines)} fields."] if words else []
        if self._left_out:
            parts.append(f"{self._left_out} more are not shown.")
        self._note.setText(" ".join(parts))
        self._note.setVisible(bool(parts))


# ---- one trial of a model (exam, measurement or checksum)


class TrialLine(QWidget):
    """Text on the left, the button on the right; a bar below while it runs."""

    start_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget, *, kind: str, title: str, button: str, tip: str, stops: bool = True) -> None:
        super().__init__(parent)
        self.setObjectName(f"{kind}_line")
        self._start_words, self._stops, self._is_running = button, stops, False
        self._words = plain_label("", self, name=f"{kind}_words")
        self._button = named(QPushButton(button, self), f"{kind}_button", tip=plain_tip(tip))
        self._button.clicked.connect(self._on_clicked)
        self._state = plain_label("", self, name=f"{kind}_state", kind="small")
        self._bar = thin_bar(f"{kind}_bar", self, title, most=1000)
        head = plain_label(title, self, name=f"{kind}_title", kind="strong")
        line = row((self._words, 1), (self._button, Qt.AlignmentFlag.AlignTop), gap=theme.SPACE_12)
        column(head, line, self._state, self._bar, into=self, gap=theme.SPACE_4)
        self.show_trial(None)

    def show_words(self, text: str) -> None:
        self._words.setText(text)

    def set_button(self, text: str) -> None:
        self._start_words = text
        if not self._is_running:
            self._button.setText(text)

    def show_trial(self, trial: Trial | None) -> None:
        self._is_running = trial is not None and self._stops
        self._button.setText("Stop" if self._is_running else self._start_words)
        self._state.setVisible(trial is not None)
        self._bar.setVisible(trial is not None)
        if trial:
            self._state.setText(trial.words)
            self._bar.setValue(round(trial.fraction * 1000))

    def _on_clicked(self) -> None:
        (self.stop_requested if self._is_running else self.start_requested).emit()


# ---- a model's details as labelled lines


KINDS = {
    "model": "a model for chatting",
    "encoder": "an encoder: it finds passages and cannot chat",
    "adapter": "an adapter (LoRA): it works together with its base model",
}


def rows_of(details: ModelDetails) -> list[tuple[str, str, str]]:
    """Key, label and value of each line; unknown values are left out."""
    record, locale = details.card.record, QLocale()
    header = record.header
    parameters, context = header.get("parameters"), header.get("context_length")
    count = parameters if isinstance(parameters, int) else 0
    rows = [
        ("family", "Family", str(header.get("architecture") or "")),
        ("kind", "Kind", KINDS.get(record.kind, record.kind)),
        ("base", "Base", str(header.get("base") or "")),
        ("quantization", "Quantization", quantization_words(record)),
        ("size", "Size", f"{bytes_for_people(record.bytes)} ({locale.toString(record.bytes)} bytes)"),
        ("parameters", "Parameters", parameters_words(count)),
        ("context", "Sees up to", f"{locale.toString(context)} tokens" if isinstance(context, int) and context else ""),
        ("memory", "Memory", memory_words(details)),
        ("speed", "Expected speed", expected_words(details)),
        ("card", "Graphics card", card_words(record)),
        ("template", "Chat format", template_words(record)),
        ("behaves", "Quick test", behaves_words(record)),
        ("pairs", "Translates", "\n".join((*map(pair_line, results_of(record)), *note_lines(notes_of(record))))),
        ("license", "Licence", str(header.get("license") or "not stated in the file")),
        ("source", "Came from", source_words(record.source)),
        ("added", "Added", day_words(record.added)),
        ("used", "Last used", day_words(record.last_used) if record.last_used else "never"),
        ("path", "File", os.fsdecode(record.path)),
        (
            "linked",
            "",
            "Linked: the file stays where it is, and removing the model leaves it." if record.linked else "",
        ),
        ("sha256", "sha256", record.sha256),
        ("verified", "Compared", f"with its checksum, {day_words(details.verified)}"),
    ]
    return [row for row in rows if row[2]]


def quantization_words(record: ModelRecord) -> str:
    """Name and meaning: "Q4_K_M: 4-bit: small, nearly as good"."""
    name = str(record.header.get("quantization") or "")
    known = quantization_named(name)
    return f"{name}: {known.label()}" if known else name


def parameters_words(count: int) -> str:
    """An approximate number of parameters: "1.5 billion"; empty if unknown."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if count >= size:
            return f"{QLocale().toString(count / size, 'f', 1 if count < 10 * size else 0)} {word}"
    return QLocale().toString(count) if count else ""


def memory_words(details: ModelDetails) -> str:
    fit = details.fit
    if fit is None:
        return ""
    words = {"fits": "fits this PC", "tight": "tight on this PC", "too_large": "too large for this PC"}
    needs, free = bytes_for_people(fit.memory.total), bytes_for_people(fit.available_bytes)
    tokens = QLocale().toString(fit.context_tokens)
    return f"{words.get(fit.verdict, fit.verdict)}: about {needs} for {tokens} tokens, {free} are free"


def card_words(record: ModelRecord) -> str:
    if card := crashed_card(record.info):
        return f"not used: the model's process ended unexpectedly on {card}"
    offload = offload_of(record.info)
    return offload_words(offload) if offload else ""


def template_words(record: ModelRecord) -> str:
    if not record.can_chat:
        return ""
    if not record.header.get("has_chat_template"):
        return "none in the file; slmdesk uses a plain one, and answers may be worse"
    if "template_checked" in record.info and record.info["template_checked"] is not True:
        return "the one in the file cannot be used; a built-in one of its family is used"
    return "its own"


def expected_words(details: ModelDetails) -> str:
    if details.fit is None or details.fit.speed is None:
        return ""
    return f"{speed_in_words(details.fit.speed)}{' (measured here)' if details.is_measured else ''}"


def behaves_words(record: ModelRecord) -> str:
    if record.behaves is None:
        return ""
    return "reads plain sentences" if record.behaves else "does not behave like a language model; perhaps damaged"


def source_words(source: str) -> str:
    if source == "file":
        return "a file of this PC"
    place, _, rest = source.partition(":")
    names = {"huggingface": "the Hugging Face Hub", "pack": "a pack"}
    if place not in names:
        return source
    return f"{names[place]}: {rest.removeprefix('huggingface:')}" if rest else names[place]
