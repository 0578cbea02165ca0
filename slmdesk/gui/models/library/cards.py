"""The first part of the page: the models on this PC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from slmdesk.core.policy import Policy
from slmdesk.gui.base import theme
from slmdesk.gui.models.library.card import LocalCard
from slmdesk.gui.models.library.details import DetailsPanel
from slmdesk.gui.models.library.trials import Trial
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import plain_label
from slmdesk.services.engine.events import ModelState, ModelStateChanged
from slmdesk.services.evaluation.model_cards import ModelCard, ModelDetails
from slmdesk.services.models.defaults import SETTING, Use
from slmdesk.services.models.fit_check import Judged

PAGE = 30
"""Cards made at once: hundreds of models must not hold up the page."""


class LocalModels(QWidget):
    """The list, and the ways to add to it.

    Emits with an id `use_requested`, `details_requested`, `action_requested` (and one of ACTIONS), `default_chosen`
    (with a Use and whether to set it), `trial_requested` and `trial_stopped` (with which); and `add_requested`,
    `cancel_requested` while a file is copied, `grown` with a widget to scroll to.
    """

    use_requested = Signal(str)
    details_requested = Signal(str)
    action_requested = Signal(str, str)
    default_chosen = Signal(str, object, bool)
    trial_requested = Signal(str, str)
    trial_stopped = Signal(str, str)
    add_requested = Signal()
    cancel_requested = Signal()
    grown = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("local_models")
        self._models: tuple[ModelCard, ...] | None = None
        self._judged: Mapping[str, Judged] = {}
        self._trials: dict[tuple[str, str], Trial] = {}
        self._managed: frozenset[Use] = frozenset()
        self._loaded = ""
        self._shown = PAGE
        self._cards: dict[str, LocalCard] = {}
        self._build_ui()

    def _build_ui(self) -> None:
        self._note = plain_label("Looking what is there…", self, name="local_note", kind="muted")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._adapters_heading = plain_label("Adapters (LoRA)", self, name="adapters_heading", kind="strong")
        self._adapters = QVBoxLayout()
        self._adapters.setSpacing(0)
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
        layout.addWidget(self._adapters_heading)
        layout.addLayout(self._adapters)
        self._adapters_heading.hide()
        layout.addLayout(self._import_row)
        layout.addWidget(self._import)

    def _build_import(self) -> None:
        self._add = named(QPushButton("Add model files…", self), "library_add_button")
        self._add.clicked.connect(self.add_requested)
        words = "or drop .gguf files, a folder or a pack anywhere here"
        self._drop = plain_label(words, self, name="drop_words", kind="small")
        self._import_row = QHBoxLayout()
        self._import_row.setSpacing(theme.SPACE_12)
        self._import_row.addWidget(self._add)
        self._import_row.addWidget(self._drop, 1)
        self._import_row.addStretch(0)  # where adding files is hidden, what is left keeps its size
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

    def add_way(self, widget: QWidget) -> None:
        """Add another widget for adding models, beside *Add a model file…*."""
        self._import_row.insertWidget(1, widget)

    @Slot(object)
    def show_models(self, models: Sequence[ModelCard]) -> None:
        """Show the models, the last used first; adapters in a list of their own."""
        ordered = sorted(models, key=lambda one: (-(one.record.last_used or 0.0), -one.record.added))
        if self._models == tuple(ordered):
            return
        self._models = tuple(ordered)
        self._fill()

    @Slot(object)
    def show_details(self, details: ModelDetails) -> None:
        """Show the details of a model, if they are open."""
        card = self._cards.get(details.card.record.id)
        if card is not None and card.details is not None:
            card.details.show_details(details)
            card.details.lock_uses(self._managed)

    @Slot(str, str, object)
    def show_trial(self, model: str, kind: str, trial: Trial | None) -> None:
        if trial is None:
            self._trials.pop((model, kind), None)
        else:
            self._trials[model, kind] = trial
        card = self._cards.get(model)
        if card is not None and card.details is not None:
            card.details.show_trial(kind, trial)

    @Slot(object)
    def show_policy(self, policy: Policy) -> None:
        """Show what the organisation has set, and hide what it has switched off."""
        self._managed = frozenset(use for use, key in SETTING.items() if key in policy.managed)
        for widget in (self._add, self._drop):
            widget.setVisible("models.import" not in policy.hidden)

    @Slot(object)
    def show_judged(self, judged: Mapping[str, Judged]) -> None:
        """Show whether the models can be used, by id."""
        self._judged = judged
        for id, card in self._cards.items():
            if id in judged:
                card.show_judged(judged[id])

    @Slot(object)
    def show_state(self, event: ModelStateChanged) -> None:
        self._loaded = event.model or "" if event.state is ModelState.READY else ""
        for id, card in self._cards.items():
            card.show_in_use(id == self._loaded)

    @Slot(str, float)
    def show_progress(self, words: str, fraction: float) -> None:
        """Show that a file is being imported; `fraction` 0..1."""
        self._words.setText(words)
        self._bar.setValue(round(fraction * 1000))
        self._import.setVisible(True)
        self._add.setEnabled(False)

    def show_model(self, id: str) -> None:
        if card := self._cards.get(id):
            card.open_details()

    @Slot()
    def end_progress(self) -> None:
        self._import.setVisible(False)
        self._add.setEnabled(True)

    @Slot()
    def _on_more(self) -> None:
        self._shown += PAGE
        self._fill()

    def _fill(self) -> None:
        """Update the cards; existing ones stay, with their details open."""
        models = self._models or ()
        main = [one for one in models if one.record.kind != "adapter"]
        adapters = [one for one in models if one.record.kind == "adapter"]
        requested = {one.record.id: one for one in (*main[: self._shown], *adapters)}
        for id in [id for id in self._cards if id not in requested]:
            old = self._cards.pop(id)
            for rows in (self._rows, self._adapters):
                rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        for id, one in requested.items():
            card = self._cards.get(id)
            if card is not None and card.card != one:
                card.show_card(one)
                if card.details is not None and not card.details.isHidden():
                    self.details_requested.emit(id)
            elif card is None:
                self._cards[id] = self._card_of(one)
        _put_in(self._rows, [self._cards[one.record.id] for one in main[: self._shown]])
        _put_in(self._adapters, [self._cards[one.record.id] for one in adapters])
        self._adapters_heading.setVisible(bool(adapters))
        empty = "There is no model on this PC yet. Take one from the suggestions below, or add a file you have."
        self._note.setText(empty)
        self._note.setVisible(not models)
        left = len(main) - self._shown
        self._more.setVisible(left > 0)
        self._more.setText(f"Show more ({left} left)")

    def _card_of(self, one: ModelCard) -> LocalCard:
        id = one.record.id
        card = LocalCard(one, self)
        card.used.connect(lambda: self.use_requested.emit(id))
        card.action_chosen.connect(lambda action: self.action_requested.emit(id, action))
        card.details_opened.connect(partial(self._on_details_opened, id))
        card.show_in_use(id == self._loaded)
        if id in self._judged:
            card.show_judged(self._judged[id])
        return card

    def _on_details_opened(self, id: str, panel: DetailsPanel) -> None:
        if not panel.property("is_connected"):
            panel.setProperty("is_connected", True)
            panel.use_chosen.connect(lambda use, requested: self.default_chosen.emit(id, use, requested))
            panel.trial_requested.connect(lambda kind: self.trial_requested.emit(id, kind))
            panel.trial_stopped.connect(lambda kind: self.trial_stopped.emit(id, kind))
            panel.action_chosen.connect(lambda action: self.action_requested.emit(id, action))
            panel.grown.connect(lambda: self.grown.emit(panel))
            for (model, kind), trial in self._trials.items():
                if model == id:
                    panel.show_trial(kind, trial)
        self.details_requested.emit(id)
        self.grown.emit(panel)


def _put_in(layout: QVBoxLayout, cards: Sequence[QWidget]) -> None:
    """Put the cards in this order; those already in place stay."""
    for at, card in enumerate(cards):
        if layout.indexOf(card) != at:
            layout.removeWidget(card)  # not takeAt: an item that Python holds keeps the next one's height stale
            layout.insertWidget(at, card)
