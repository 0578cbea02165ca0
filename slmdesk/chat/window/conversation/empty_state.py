"""Shown where there are no messages: the first start, and a new chat."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from slmdesk.chat.window.model.controller import ModelsController
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row, set_kind
from slmdesk.window.widgets.elided_button import ElidedButton
from slmdesk.window.widgets.file_drop import choose_model_file, model_files
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.shares import admit
from slmdesk.window.widgets.text import plain_label

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
ENCRYPTION = (
    "•  The history can be encrypted, so that nobody reads it from the disk or a backup: now, or at any time in "
    "Settings, under Privacy."
)
COLUMN, COLUMN_LETTERS = 560, 76
"""The widest column: in pixels, and in letters where they are large."""


class EmptyChat(QScrollArea):
    """Three example messages."""

    example_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("empty_chat")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = named(QWidget(self), "empty_inner")
        inner.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        title = plain_label("What would you like to write about?", inner, name="empty_title", kind="title")
        note = "Small models are good at short texts and make mistakes: check what matters."
        parts = column(title, plain_label(note, inner, name="empty_note", kind="muted"), gap=theme.SPACE_8)
        parts.addSpacing(theme.SPACE_8)
        self.in_order = _add_examples(parts, inner, "example", self.example_chosen.emit)
        _centre(inner, parts)
        show_column(self, inner)


class FirstStart(QScrollArea):
    """Shown when there is no model: offers the starter model when it is there, or a model file, and says what stays on
    this PC.
    """

    encrypt_requested = Signal()

    def __init__(self, models: ModelsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("first_start")
        self.setAcceptDrops(True)
        self._models = models
        self.first_words = ""
        """The example to send as soon as a model is ready."""
        self._build_ui()
        models.starter_found.connect(self.set_starter)
        models.imports.progressed.connect(self.show_progress)
        models.imports.ended.connect(self.end_progress)

    def _build_ui(self) -> None:
        inner = named(QWidget(self), "first_start_inner")
        inner.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        self._words = plain_label("", inner, name="first_words")
        self._starter = button(
            "Use the starter model", "starter_button", inner, kind="primary", on=self._models.import_starter
        )
        self._starter_note = plain_label("", inner, name="starter_note", kind="muted")
        tip = "Choose a GGUF file on this PC"
        self._add = button("Add a model file…", "add_model_button", inner, tip=tip, on=self._on_add_file)
        self._try = plain_label("Or ask it something at once:", inner, name="first_try", kind="muted")
        parts = column(
            plain_label("Welcome to slmdesk", inner, name="first_title", kind="title"),
            self._words,
            row(self._starter, self._add, 1, gap=theme.SPACE_8),
            self._starter_note,
            self._try,
            gap=theme.SPACE_12,
        )
        self._examples = _add_examples(parts, inner, "first_example", self._on_example)
        self._drop = plain_label("or drop a .gguf file here", inner, name="drop_zone", kind="drop")
        self._drop.setAlignment(Qt.AlignmentFlag.AlignCenter)
        parts.addWidget(self._drop)
        self._progress = thin_bar("import_bar", inner, "Copying the model file")
        self._progress_note = plain_label("", inner, name="import_note", kind="muted")
        self._cancel = button("Cancel", "import_cancel", inner, on=self._on_cancel)
        parts.addWidget(self._progress)
        parts.addLayout(row((self._progress_note, 1), self._cancel))
        parts.addSpacing(theme.SPACE_8)
        parts.addWidget(plain_label("What stays on this PC: everything", inner, name="stays_title", kind="heading"))
        for at, line in enumerate(STAYS):
            parts.addWidget(plain_label(f"•  {line}", inner, name=f"stays_{at}", kind="muted"))
        self._offer = plain_label(ENCRYPTION, inner, name="encryption_offer", kind="muted", is_hidden=True)
        self._encrypt = button("Encrypt the history…", "offer_encrypt_button", inner, on=self.encrypt_requested)
        self._encrypt.hide()
        parts.addWidget(self._offer)
        parts.addLayout(row(self._encrypt, 1))
        _centre(inner, parts)
        show_column(self, inner)
        self.set_starter("")
        self.end_progress()

    def _on_example(self, words: str) -> None:
        self.first_words = words
        self._models.import_starter()

    def _on_add_file(self) -> None:
        choose_model_file(self.window(), "model_file_dialog", self._models.look_at)

    def _on_cancel(self) -> None:
        self.first_words = ""
        self._models.imports.cancel()

    def set_starter(self, words: str) -> None:
        self._words.setText(WITH_STARTER if words else WITHOUT_STARTER)
        self._starter.setVisible(bool(words))
        self._starter_note.setVisible(bool(words))
        self._starter_note.setText(words)
        for widget in (self._try, *self._examples):
            widget.setVisible(bool(words))
        set_kind(self._add, "" if words else "primary")

    def show_progress(self, words: str, fraction: float) -> None:
        """Show that a file is being copied; `fraction` 0..1."""
        self._progress.setRange(0, 1000)
        self._progress.setValue(round(fraction * 1000))
        self._progress_note.setText(words)
        self._set_importing(True)

    def end_progress(self) -> None:
        self._set_importing(False)

    def offer_encryption(self, is_offered: bool) -> None:
        self._offer.setVisible(is_offered)
        self._encrypt.setVisible(is_offered)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if model_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = model_files(event)
        if files:
            event.acceptProposedAction()
            admit(self, files[:1], lambda paths: self._models.look_at(paths[0]))

    def _set_importing(self, is_importing: bool) -> None:
        for widget in (self._progress, self._progress_note, self._cancel):
            widget.setVisible(is_importing)
        self._drop.setVisible(not is_importing)
        for one in (self._starter, self._add, *self._examples):
            one.setEnabled(not is_importing)


def _add_examples(
    parts: QVBoxLayout, parent: QWidget, name: str, chosen: Callable[[str], None]
) -> tuple[ElidedButton, ...]:
    examples = tuple(named(ElidedButton(words, parent), f"{name}_{at}") for at, words in enumerate(EXAMPLES))
    for example, words in zip(examples, EXAMPLES, strict=True):
        example.setProperty("kind", "example")
        example.setToolTip(f"Ask this: {words}")
        example.clicked.connect(lambda _checked=False, words=words: chosen(words))
        parts.addWidget(example)
    return examples


def _centre(widget: QWidget, parts: QVBoxLayout) -> None:
    """Centre a column of at most COLUMN pixels, or wider with larger fonts, in a widget."""
    holder = _Column(widget)
    holder.setLayout(parts)
    column(1, row(1, (holder, 1000), 1), 1, into=widget, margins=theme.SPACE_24)


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
