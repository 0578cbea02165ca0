"""The examples of a preset in the window: the table in which they are written, and the sheet that tries them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QDropEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from slmdesk.base.texts import _, ngettext
from slmdesk.chat.examples import KIND, Room, Score
from slmdesk.chat.pairs import ReadPairs, pairs_in
from slmdesk.chat.presets import Preset
from slmdesk.chat.types import MOST_EXAMPLE, MOST_EXAMPLES, MOST_TOGETHER, ChatOptions, Example
from slmdesk.tasks.jobs.service import event_of
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, ignored
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.panes import JobOwner, MakingBar
from slmdesk.ui.kit.widgets.build import button, column, flow, keep_place, named, plain_label, row, set_kind, show_words
from slmdesk.ui.kit.widgets.dialogs import Dialog
from slmdesk.ui.kit.widgets.files import ask_file, dropped_paths

FILTERS = _("Two columns, or JSON lines (*.csv *.tsv *.txt *.jsonl *.json);;All files (*)")
SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".json")
MOST_UNDONE = 50
Rows = list[tuple[str, str]]


def count_words(count: int) -> str:
    return ngettext("1 example", "{n} examples", count)


def fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    table.setRowCount(len(rows))
    for at, cells in enumerate(rows):
        for side, words in enumerate(cells):
            table.setItem(at, side, item := QTableWidgetItem(words))
            item.setTextAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)


def examples_in(event: QDropEvent) -> list[Path]:
    return [path for path in dropped_paths(event) if path.suffix.lower() in SUFFIXES][:1]


class _Table(QTableWidget):
    """Table with keys for what the buttons below it do, while no cell is being edited."""

    def __init__(self, name: str, label: str, heads: Sequence[str], parent: QWidget) -> None:
        super().__init__(0, len(heads), parent)
        named(self, name, label=label)
        self.keys: dict[QKeySequence.StandardKey, Callable[[], None]] = {}
        self.setHorizontalHeaderLabels(list(heads))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setMinimumHeight(120)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        for key, act in self.keys.items():
            if event.matches(key):
                act()
                event.accept()
                return
        super().keyPressEvent(event)


class ExampleTable(QFrame):
    """Examples as they are written, pasted or read from a file, with undo, and how much of the context they take."""

    changed = Signal()

    def __init__(
        self, bridge: Bridge, options: Callable[[], ChatOptions], examples: Sequence[Example], parent: QWidget
    ) -> None:
        """`options` returns those of the preset as it is being edited, with the examples of this table."""
        super().__init__(parent)
        self._bridge, self._rows = bridge, [(example.question, example.answer) for example in examples]
        self._undone: list[Rows] = []
        """The rows as they were before each change."""
        ask = bridge.services.examples
        self._room: Live[Room | None] = Live(bridge, self, lambda: ask.room(options()), None, refused=ignored)
        self.measure = self._room.again
        self._build_ui()
        self._fill()
        self._table.itemChanged.connect(self._on_cell)
        self._table.itemSelectionChanged.connect(self._show_state)
        self._room.changed.connect(self._show_state)
        self._show_state()

    def _build_ui(self) -> None:
        words = _("Examples: the model reads them before each chat and answers in the same way.")
        heading = plain_label(words, self, name="preset_examples_heading")
        heads = (_("Question"), _("Answer"))
        self._table = _Table("preset_examples", _("Examples"), heads, self)
        keys = QKeySequence.StandardKey
        self._table.keys = {keys.Paste: self._on_paste, keys.Undo: self._on_undo, keys.Delete: self._on_remove}
        tip = _("Paste two columns of a spreadsheet")
        self._more = button(_("Add an example"), "preset_example_add", self, on=self._on_add)
        self._paste = button(_("Paste"), "preset_example_paste", self, tip=tip, on=self._on_paste)
        tip = _("Add the examples of a file with two columns, CSV or TSV, or of JSON lines")
        self._file = button(_("From a file…"), "preset_example_file", self, tip=tip, on=self._on_file)
        self._less = button(_("Remove"), "preset_example_remove", self, on=self._on_remove)
        self._undo = button(_("Undo"), "preset_example_undo", self, on=self._on_undo)
        self._said = plain_label("", self, name="preset_examples_said", kind="warn", is_hidden=True)
        self._taken = plain_label("", self, name="preset_examples_room", kind="small", is_hidden=True)
        buttons = flow(self._more, self._paste, self._file, self._less, self._undo, gap=theme.SPACE_8)
        column(heading, self._table, buttons, self._said, self._taken, into=self, gap=theme.SPACE_4)

    @property
    def examples(self) -> tuple[Example, ...]:
        """Return the examples as they are written, without empty rows."""
        sides = [tuple(side.strip() for side in pair) for pair in self._rows]
        return tuple(Example(*pair) for pair in sides if any(pair))

    @property
    def problem(self) -> str:
        sides = [side for example in self.examples for side in (example.question, example.answer)]
        if not all(sides):
            return _("An example needs a question and an answer.")
        if any(len(side) > MOST_EXAMPLE for side in sides):
            return _("One side of an example has {most_example:,} characters at most.").format(
                most_example=MOST_EXAMPLE
            )
        if sum(map(len, sides)) > MOST_TOGETHER:
            return _("All examples together have {most:,} characters at most.").format(most=MOST_TOGETHER)
        return ""

    def add_file(self, path: Path) -> None:
        self._bridge.ask(self._bridge.services.examples.read(path), self._on_read)

    def _on_add(self) -> None:
        self._change([*self._rows, ("", "")])
        self._table.setCurrentCell(len(self._rows) - 1, 0)
        self._table.editItem(self._table.currentItem())

    def _on_remove(self) -> None:
        gone = {index.row() for index in self._table.selectionModel().selectedRows()} or {self._table.currentRow()}
        self._change([pair for at, pair in enumerate(self._rows) if at not in gone])

    def _on_paste(self) -> None:
        self._on_read(pairs_in(QGuiApplication.clipboard().text(), MOST_EXAMPLE))

    def _on_file(self) -> None:
        ask_file(self, _("Add examples"), self.add_file, name="preset_examples_dialog", filters=FILTERS)

    def _on_read(self, read: ReadPairs) -> None:
        """Add what was read, but for what is there, and say what was left out."""
        kept = [pair for pair in self._rows if any(side.strip() for side in pair)]
        new = [pair for pair in dict.fromkeys(read.pairs) if pair not in kept]
        free = max(0, MOST_EXAMPLES - len(kept))
        said = [read.sentence] if read.sentence else []
        if len(new) > free:
            words = _("A preset has at most {most} examples; {count} were left out.")
            said.append(words.format(most=MOST_EXAMPLES, count=len(new) - free))
        if not (read.pairs or read.wrong):
            said.append(_("There are no examples in it."))
        self._change([*kept, *new[:free]])
        show_words(self._said, " ".join(said))

    def _on_undo(self) -> None:
        if self._undone:
            self._change(self._undone.pop(), is_undo=True)

    def _on_cell(self, item: QTableWidgetItem) -> None:
        rows, at = list(self._rows), item.row()
        question, answer = rows[at]
        rows[at] = (question, item.text()) if item.column() else (item.text(), answer)
        self._change(rows, is_typed=True)

    def _change(self, rows: Rows, *, is_undo: bool = False, is_typed: bool = False) -> None:
        if rows == self._rows:
            return
        if not is_undo:
            self._undone = [*self._undone, self._rows][-MOST_UNDONE:]
        self._rows = rows
        if not is_typed:  # else the cell would go while it is being written
            self._fill()
        show_words(self._said, "")
        self.measure()
        self._show_state()
        self.changed.emit()

    def _fill(self) -> None:
        with QSignalBlocker(self._table):
            fill(self._table, self._rows)

    def _show_state(self) -> None:
        self._more.setEnabled(len(self._rows) < MOST_EXAMPLES)
        self._less.setEnabled(self._table.currentRow() >= 0)
        self._undo.setEnabled(bool(self._undone))
        room, count = self._room.value, len(self.examples)
        show_words(self._taken, f"{count_words(count)}, {room.words}" if count and room else "")
        set_kind(self._taken, "small" if room is None or room.fits else "warn")


class TryWindow(Dialog, JobOwner):
    """Sheet that leaves each example out once, and shows where the model answers otherwise."""

    def __init__(self, bridge: Bridge, preset: Preset, parent: QWidget) -> None:
        title = _("Try the examples of “{name}”").format(name=preset.name)
        super().__init__(parent, "examples_try", title)
        self.resize(760, 560)
        self._bridge, self._preset, self._job = bridge, preset, ""
        ask = bridge.services.examples
        self._score: Live[Score | None] = Live(bridge, self, lambda: ask.score(preset.id), None, refused=ignored)
        self._build_ui()
        self._score.changed.connect(self._show)
        bridge.on(JobChanged, self._on_job)
        self._show()

    def _build_ui(self) -> None:
        intro = _(
            "Each example is left out once, and the model is asked it with all the others. Its answer is compared with "
            "yours; spaces and capital letters do not count."
        )
        self._words = plain_label("", self, name="try_words", kind="strong", is_hidden=True)
        self._refused = plain_label("", self, name="try_refused", kind="danger", is_hidden=True)
        heads = (_("Question"), _("You wrote"), _("The model answers"))
        self._table = _Table("try_others", _("Where the model answers otherwise"), heads, self)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setTabKeyNavigation(False)
        keep_place(self._table)
        self._making = MakingBar(self, self, kind="score", prefix="making_score", resume=_("Resume"))
        self._making.lay_out(has_own_line=False)
        self._begin = button(_("Try"), "try_begin", self, kind="primary", on=self._on_begin)
        self._begin.setDefault(True)
        column(
            plain_label(intro, self, name="try_intro"), self._words, (self._table, 1), self._making, self._refused,
            row(1, self._begin),
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip

    def _on_begin(self) -> None:
        show_words(self._refused, "")
        request = self._bridge.services.examples.begin(self._preset.id)
        self._bridge.ask(request, self._score.again, lambda problem: show_words(self._refused, problem.sentence))

    def _on_job(self, event: JobChanged) -> None:
        if event.kind == KIND:
            if event.id == self._job:
                self._making.show_job(event)
            self._score.again()

    def _show(self) -> None:
        score = self._score.value
        is_open = score is not None and not score.job.status.is_end
        if score is not None and is_open and score.job.id != self._job:
            self._job = score.job.id
            self._making.show_waiting()
            self._making.show_job(event_of(score.job))
        self._making.setVisible(is_open)
        self._begin.setVisible(not is_open)
        self._begin.setText(_("Try") if score is None else _("Try again"))
        words = f"{score.model}: {score.words}" if score is not None and score.tried else ""
        show_words(self._words, words)
        if score is not None and score.problem:
            show_words(self._refused, score.problem)
        others = [trial for trial in score.tried if not trial.is_same] if score else []
        self._table.setVisible(bool(others))
        fill(self._table, [(trial.question, trial.wanted, trial.problem or trial.answer) for trial in others])
        for at, attempt in enumerate(others):
            if (item := self._table.item(at, 2)) is not None and not attempt.problem:
                item.setToolTip(_("{share:.0%} alike").format(share=attempt.likeness))
