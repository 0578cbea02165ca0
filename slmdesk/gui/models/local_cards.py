"""The first part of the page: the models on this PC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QPushButton, QToolButton, QVBoxLayout, QWidget

from slmdesk.core.quantization import quantization_named
from slmdesk.core.records import ModelRecord
from slmdesk.core.speed import speed_in_words
from slmdesk.gui import theme
from slmdesk.gui.models.card import DOT, Card
from slmdesk.gui.widgets.icon import set_icon
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import plain_label
from slmdesk.services.facts import ModelState, ModelStateChanged
from slmdesk.services.judging import Judged
from slmdesk.services.sentences import bytes_for_people

PAGE = 30
"""Cards made at once: hundreds of models must not hold up the page."""
ACTIONS = (
    ("rename", "Rename…"),
    ("verify", "Verify: read the whole file and compare"),
    ("details", "Details"),
    ("folder", "Open its folder"),
    ("remove", "Remove"),
)


class LocalCard(Card):
    """A model of the library.  Emits `used` and `action_chosen` with one of ACTIONS."""

    used = Signal()
    action_chosen = Signal(str)

    def __init__(self, record: ModelRecord, parent: QWidget) -> None:
        super().__init__(parent, name=f"model_card_{record.id}", title=record.name)
        self._use = self.add_button("Use for chat", name="use_button", spoken=f"Chat with {record.name}")
        self._use.clicked.connect(self.used)
        self._build_menu(record.name)
        self._record_facts = facts_of(record)
        self.set_facts(self._record_facts)

    def _build_menu(self, name: str) -> None:
        button = named(QToolButton(self), "model_actions")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAccessibleName(f"More to do with {name}")
        button.setToolTip("Rename, verify, details, folder, remove")
        set_icon(button, "ellipsis")
        menu = named(QMenu(button), "model_actions_menu")
        for key, words in ACTIONS:
            action = named(QAction(words, menu), f"action_{key}")
            action.triggered.connect(lambda _checked=False, chosen=key: self.action_chosen.emit(chosen))
            menu.addAction(action)
        button.setMenu(menu)
        self.add_widget(button)

    def show_judged(self, judged: Judged) -> None:
        """Whether it can be used here."""
        needs = f"Needs about {bytes_for_people(judged.needed_bytes)} of memory." if judged.needed_bytes else ""
        self.fit.show_fit(judged.fit, why=judged.problem.sentence if judged.problem else needs)
        self.set_trouble(judged.problem.sentence if judged.problem else "")
        self.set_facts(f"{self._record_facts}{DOT}{speed_of(judged)}" if judged.speed else self._record_facts)
        self._use.setEnabled(judged.problem is None)

    def show_in_use(self, is_loaded: bool) -> None:
        """Mark the one that answers."""
        self._use.setText("In use" if is_loaded else "Use for chat")


class LocalModels(QWidget):
    """The list, and what adds to it.

    Emits `use_requested` with an id, `action_requested` with an id and one of ACTIONS, `add_requested`,
    `cancel_requested` while a file is copied in.
    """

    use_requested = Signal(str)
    action_requested = Signal(str, str)
    add_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("local_models")
        self._models: tuple[ModelRecord, ...] | None = None
        self._judged: Mapping[str, Judged] = {}
        self._loaded = ""
        self._shown = PAGE
        self._cards: dict[str, LocalCard] = {}
        self._build_ui()

    def _build_ui(self) -> None:
        self._note = plain_label("Looking what is there…", self, name="local_note", kind="muted")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._more = named(QPushButton("Show more", self), "local_more")
        self._more.clicked.connect(self._on_more)
        self._more.setVisible(False)
        self._build_import()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        layout.addWidget(self._note)
        layout.addLayout(self._rows)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(self._import_row)
        layout.addWidget(self._import)

    def _build_import(self) -> None:
        self._add = named(QPushButton("Add a model file…", self), "library_add_button")
        self._add.clicked.connect(self.add_requested)
        self._drop = plain_label("or drop a .gguf file anywhere on this page", self, name="drop_words", kind="small")
        self._import_row = QHBoxLayout()
        self._import_row.setSpacing(theme.SPACE_12)
        self._import_row.addWidget(self._add)
        self._import_row.addWidget(self._drop, 1)
        self._import = named(QWidget(self), "library_import")
        self._words = plain_label("", self._import, name="library_import_words", kind="muted")
        self._cancel = named(QPushButton("Cancel", self._import), "library_import_cancel")
        self._cancel.setAccessibleName("Stop adding the model file")
        self._cancel.clicked.connect(self.cancel_requested)
        self._bar = named(QProgressBar(self._import), "library_import_bar")
        self._bar.setAccessibleName("Adding the model file")
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self._bar.setRange(0, 1000)
        line = QHBoxLayout()
        line.addWidget(self._words, 1)
        line.addWidget(self._cancel)
        column = QVBoxLayout(self._import)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self._bar)
        self._import.setVisible(False)

    @Slot(object)
    def show_models(self, models: Sequence[ModelRecord]) -> None:
        """The models, the last used first."""
        ordered = sorted(models, key=lambda one: (-(one.last_used or 0.0), -one.added))
        if self._models == tuple(ordered):
            return
        self._models = tuple(ordered)
        self._fill()

    @Slot(object)
    def show_judged(self, judged: Mapping[str, Judged]) -> None:
        """Whether they can be used, by id."""
        self._judged = judged
        for id, card in self._cards.items():
            if id in judged:
                card.show_judged(judged[id])

    @Slot(object)
    def show_state(self, fact: ModelStateChanged) -> None:
        """Which one answers."""
        self._loaded = fact.model or "" if fact.state is ModelState.READY else ""
        for id, card in self._cards.items():
            card.show_in_use(id == self._loaded)

    @Slot(str, float)
    def show_progress(self, words: str, fraction: float) -> None:
        """A file is being brought in; `fraction` 0..1."""
        self._words.setText(words)
        self._bar.setValue(round(fraction * 1000))
        self._import.setVisible(True)
        self._add.setEnabled(False)

    @Slot()
    def end_progress(self) -> None:
        """Nothing is being brought in any more."""
        self._import.setVisible(False)
        self._add.setEnabled(True)

    @Slot()
    def _on_more(self) -> None:
        self._shown += PAGE
        self._fill()

    def _fill(self) -> None:
        models = self._models or ()
        for card in self._cards.values():
            self._rows.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards.clear()
        for record in models[: self._shown]:
            self._cards[record.id] = self._card_of(record)
            self._rows.addWidget(self._cards[record.id])
        empty = "There is no model on this PC yet. Take one from the suggestions below, or add a file you have."
        self._note.setText(empty)
        self._note.setVisible(not models)
        left = len(models) - self._shown
        self._more.setVisible(left > 0)
        self._more.setText(f"Show more ({left} left)")

    def _card_of(self, record: ModelRecord) -> LocalCard:
        card = LocalCard(record, self)
        card.used.connect(lambda: self.use_requested.emit(record.id))
        card.action_chosen.connect(lambda action: self.action_requested.emit(record.id, action))
        card.show_in_use(record.id == self._loaded)
        if record.id in self._judged:
            card.show_judged(self._judged[record.id])
        return card


def speed_of(judged: Judged) -> str:
    """How fast it writes here, and how that is known."""
    if judged.speed is None:
        return ""
    return f"{speed_in_words(judged.speed)}{' (measured here)' if judged.is_measured else ''}"


def facts_of(record: ModelRecord) -> str:
    """Family, quantization in words, size, context, licence, where the file lies, when it was last used."""
    header, locale = record.header, QLocale()
    parts = [str(header.get("architecture") or "")]
    name = str(header.get("quantization") or "")
    known = quantization_named(name)
    parts.append(f"{name}: {known.label()}" if known else name)
    parts.append(bytes_for_people(record.bytes))
    context = header.get("context_length")
    if isinstance(context, int) and context:
        parts.append(f"sees up to {locale.toString(context)} tokens")
    parts.append(str(header.get("license") or "licence not stated"))
    if record.linked:
        parts.append("linked, its file stays where it is")
    if record.last_used is None:
        parts.append("never used")
    else:
        used = QDateTime.fromSecsSinceEpoch(int(record.last_used)).date()
        parts.append(f"last used {locale.toString(used, QLocale.FormatType.ShortFormat)}")
    return DOT.join(part for part in parts if part)
