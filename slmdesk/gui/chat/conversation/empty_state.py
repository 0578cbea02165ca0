"""Shown where there are no messages: the first start, and a new chat."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from slmdesk.gui.base import theme
from slmdesk.gui.widgets.elided_button import ElidedButton
from slmdesk.gui.widgets.file_drop import model_files
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.scroll_column import show_column
from slmdesk.gui.widgets.shares import admit
from slmdesk.gui.widgets.text import plain_label

EXAMPLES = (
    "Explain in three sentences why the sky is blue.",
    "Write a short, friendly reply that declines an invitation.",
    "Give me five names for a small bakery.",
)
STAYS = (
    "Your chats are written to a file on this PC and nowhere else.",
    "Models run on this PC's processor; no text leaves it.",
    "slmdesk needs no account and works with the network unplugged. "
    "The bar below counts every request it makes: there are none unless you ask for one.",
)
WITH_STARTER = "slmdesk needs a language model to work. Start with the small one included, or add your own (.gguf)."
WITHOUT_STARTER = "slmdesk needs a language model to work. Add your own (.gguf)."
COLUMN, COLUMN_LETTERS = 560, 76
"""The widest column: in pixels, and in letters where they are large."""


class EmptyChat(QScrollArea):
    """Three example messages.  Emits `example_chosen` with the text."""

    example_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("empty_chat")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = named(QWidget(self), "empty_inner")
        inner.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_8)
        column.addWidget(plain_label("What would you like to write about?", inner, name="empty_title", kind="title"))
        note = "Small models are good at short texts and make mistakes: check what matters."
        column.addWidget(plain_label(note, inner, name="empty_note", kind="muted"))
        column.addSpacing(theme.SPACE_8)
        self._examples: list[QWidget] = []
        for at, words in enumerate(EXAMPLES):
            button = _example(words, inner, f"example_{at}")
            button.clicked.connect(lambda _checked=False, chosen=words: self.example_chosen.emit(chosen))
            column.addWidget(button)
            self._examples.append(button)
        _centre(inner, column)
        show_column(self, inner)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return tuple(self._examples)


class FirstStart(QScrollArea):
    """Shown when there is no model: offers the starter model when it is there, or a model file, and says what stays on
    this PC. Emits `starter_requested`, `example_chosen` with a message for the starter model, `add_file_requested`,
    `file_dropped` with a Path, and `cancel_requested` while a file is copied.
    """

    starter_requested = Signal()
    example_chosen = Signal(str)
    add_file_requested = Signal()
    file_dropped = Signal(object)
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("first_start")
        self.setAcceptDrops(True)
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        inner = named(QWidget(self), "first_start_inner")
        inner.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_12)
        column.addWidget(plain_label("Welcome to slmdesk", inner, name="first_title", kind="title"))
        self._words = plain_label("", inner, name="first_words")
        column.addWidget(self._words)
        self._starter = named(QPushButton("Use the starter model", inner), "starter_button")
        self._starter.setProperty("kind", "primary")
        self._starter_note = plain_label("", inner, name="starter_note", kind="muted")
        self._add = named(QPushButton("Add a model file…", inner), "add_model_button")
        self._add.setToolTip("Choose a GGUF file on this PC")
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        row.addWidget(self._starter)
        row.addWidget(self._add)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._starter_note)
        self._build_examples(inner, column)
        self._drop = plain_label("or drop a .gguf file here", inner, name="drop_zone", kind="drop")
        self._drop.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._drop)
        self._progress = named(QProgressBar(inner), "import_bar")
        self._progress.setAccessibleName("Copying the model file")
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        self._progress_note = plain_label("", inner, name="import_note", kind="muted")
        self._cancel = named(QPushButton("Cancel", inner), "import_cancel")
        bottom = QHBoxLayout()
        bottom.addWidget(self._progress_note, 1)
        bottom.addWidget(self._cancel)
        column.addWidget(self._progress)
        column.addLayout(bottom)
        column.addSpacing(theme.SPACE_8)
        column.addWidget(plain_label("What stays on this PC: everything", inner, name="stays_title", kind="heading"))
        for at, line in enumerate(STAYS):
            column.addWidget(plain_label(f"•  {line}", inner, name=f"stays_{at}", kind="muted"))
        _centre(inner, column)
        show_column(self, inner)
        self.set_starter("")
        self.end_progress()

    def _build_examples(self, inner: QWidget, column: QVBoxLayout) -> None:
        self._try = plain_label("Or ask it something at once:", inner, name="first_try", kind="muted")
        column.addWidget(self._try)
        self._examples: list[QWidget] = []
        for at, words in enumerate(EXAMPLES):
            button = _example(words, inner, f"first_example_{at}")
            button.clicked.connect(lambda _checked=False, chosen=words: self.example_chosen.emit(chosen))
            column.addWidget(button)
            self._examples.append(button)

    def _connect(self) -> None:
        self._starter.clicked.connect(self.starter_requested)
        self._add.clicked.connect(self.add_file_requested)
        self._cancel.clicked.connect(self.cancel_requested)

    @Slot(str)
    def set_starter(self, words: str) -> None:
        """Offer the starter model with this sentence; '' when it is not there."""
        self._words.setText(WITH_STARTER if words else WITHOUT_STARTER)
        self._starter.setVisible(bool(words))
        self._starter_note.setVisible(bool(words))
        self._starter_note.setText(words)
        for widget in (self._try, *self._examples):
            widget.setVisible(bool(words))
        kind = "" if words else "primary"
        self._add.setProperty("kind", kind)
        self._add.style().unpolish(self._add)
        self._add.style().polish(self._add)

    @Slot(str, float)
    def show_progress(self, words: str, fraction: float) -> None:
        """Show that a file is being copied; `fraction` 0..1."""
        self._progress.setRange(0, 1000)
        self._progress.setValue(round(fraction * 1000))
        self._progress_note.setText(words)
        self._set_importing(True)

    @Slot()
    def end_progress(self) -> None:
        self._set_importing(False)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if model_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = model_files(event)
        if files:
            event.acceptProposedAction()
            admit(self, files[:1], lambda paths: self.file_dropped.emit(paths[0]))

    def _set_importing(self, is_importing: bool) -> None:
        for widget in (self._progress, self._progress_note, self._cancel):
            widget.setVisible(is_importing)
        self._drop.setVisible(not is_importing)
        for button in (self._starter, self._add, *self._examples):
            button.setEnabled(not is_importing)


def _example(words: str, parent: QWidget, name: str) -> ElidedButton:
    button = named(ElidedButton(words, parent), name)
    button.setProperty("kind", "example")
    button.setToolTip(f"Ask this: {words}")
    return button


def _centre(widget: QWidget, column: QVBoxLayout) -> None:
    """Centre a column of at most COLUMN pixels, or wider with larger fonts, in a widget."""
    holder = _Column(widget)
    holder.setLayout(column)
    column.setContentsMargins(0, 0, 0, 0)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(holder, 1000)
    row.addStretch(1)
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(theme.SPACE_24, theme.SPACE_24, theme.SPACE_24, theme.SPACE_24)
    layout.addStretch(1)
    layout.addLayout(row)
    layout.addStretch(1)


class _Column(QWidget):
    """As wide as a line that is easy to read."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        self.setMaximumWidth(max(COLUMN, COLUMN_LETTERS * self.fontMetrics().averageCharWidth()))
