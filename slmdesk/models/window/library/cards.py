"""The first part of the page: the models on this PC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import QInputDialog, QVBoxLayout, QWidget

from slmdesk.base.policy import Policy
from slmdesk.evaluation.formats.service import FEATURE as FORMATS_FEATURE
from slmdesk.evaluation.model_cards import ModelCard, ModelDetails
from slmdesk.evaluation.window.formats.controller import FormatState, FormatWork
from slmdesk.evaluation.window.formats.dialog import FormatDialog
from slmdesk.loader.events import ModelState, ModelStateChanged
from slmdesk.models.copies import origin_of
from slmdesk.models.defaults import SETTING, DefaultUse
from slmdesk.models.fit_check import FitCheck
from slmdesk.models.window.library.card import LocalCard, uses_of
from slmdesk.models.window.library.controller import LibraryController
from slmdesk.models.window.library.trials import VERIFY, Trial
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.outside import open_outside
from slmdesk.window.widgets.text import plain_label

PAGE = 30
"""Cards made at once: hundreds of models must not hold up the page."""


class LocalModels(QWidget):
    add_requested = Signal()
    grown = Signal(object)

    def __init__(self, library: LibraryController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("local_models")
        self._library = library
        self._models: tuple[ModelCard, ...] | None = None
        self._copies: dict[str, tuple[ModelCard, ...]] = {}
        self._judged: Mapping[str, FitCheck] = {}
        self._managed: frozenset[DefaultUse] = frozenset()
        self._has_formats = True
        self._dialog: FormatDialog | None = None
        self._loaded = ""
        self._shown = PAGE
        self._cards: dict[str, LocalCard] = {}
        self._build_ui()
        library.models_listed.connect(self.show_models)
        library.models_judged.connect(self.show_judged)
        library.state_changed.connect(self.show_state)
        library.imports.progressed.connect(self.show_progress)
        library.imports.ended.connect(self.end_progress)
        library.policy_shown.connect(self.show_policy)
        library.trials.details_read.connect(self.show_details)
        library.trials.trial_changed.connect(self.show_trial)
        library.formats.state_read.connect(self.show_format_state)
        library.formats.work_changed.connect(self.show_format_work)
        library.formats.show_requested.connect(self.show_formats)

    def _build_ui(self) -> None:
        self._note = plain_label("Looking what is there…", self, name="local_note", kind="muted")
        self._rows = column(gap=0)
        self._adapters_heading = plain_label("Adapters (LoRA)", self, name="adapters_heading", kind="strong")
        self._adapters_heading.hide()
        self._adapters = column(gap=0)
        self._more = button("Show more", "local_more", self, on=self._on_more)
        self._more.setVisible(False)
        self._build_import()
        adapters, more = (self._adapters_heading, self._adapters), (self._more, Qt.AlignmentFlag.AlignLeft)
        parts = (self._note, self._rows, more, *adapters, self._import_row, self._import)
        column(*parts, into=self, gap=theme.SPACE_8)

    def _build_import(self) -> None:
        self._add = button("Add model files…", "library_add_button", self, on=self.add_requested)
        words = "or drop .gguf files, a folder or a pack anywhere here"
        self._drop = plain_label(words, self, name="drop_words", kind="small")
        # the stretch: where adding files is hidden, what is left keeps its size
        self._import_row = row(self._add, (self._drop, 1), 0, gap=theme.SPACE_12)
        self._import = named(QWidget(self), "library_import")
        self._words = plain_label("", self._import, name="library_import_words", kind="muted")
        stop, stop_label = self._library.imports.cancel, "Stop adding the model file"
        cancel = button("Cancel", "library_import_cancel", self._import, label=stop_label, on=stop)
        self._bar = thin_bar("library_import_bar", self._import, "Adding the model file", most=1000)
        column(row((self._words, 1), cancel), self._bar, into=self._import)
        self._import.setVisible(False)

    def add_way(self, widget: QWidget) -> None:
        self._import_row.insertWidget(1, widget)

    def show_models(self, models: Sequence[ModelCard]) -> None:
        """Show the models, the last used first; copies with their model, adapters in a list of their own."""
        known = {one.record.id for one in models}
        owners = {one.record.id: origin.model for one in models if (origin := origin_of(one.record))}
        copies: dict[str, tuple[ModelCard, ...]] = {}
        for one in models:
            if (owner := owners.get(one.record.id)) in known:
                copies[owner] = (*copies.get(owner, ()), one)
        own = [one for one in models if owners.get(one.record.id) not in known]

        def key(one: ModelCard) -> tuple[float, float]:
            together = (one, *copies.get(one.record.id, ()))
            return -max(each.record.last_used or 0.0 for each in together), -one.record.added

        ordered = tuple(sorted(own, key=key))
        if (self._models, self._copies) != (ordered, copies):
            self._models, self._copies = ordered, copies
            self._fill()

    def show_details(self, details: ModelDetails) -> None:
        card = self._cards.get(details.card.record.id)
        if card is not None and card.details is not None:
            card.details.show_details(details)
            card.details.show_uses(uses_of(card.card, card.copies), details.can_do)
            card.details.lock_uses(self._managed)
            card.details.allow_formats(self._has_formats)

    def show_trial(self, model: str, kind: str, trial: Trial | None) -> None:
        card = self._cards.get(model)
        if card is not None and card.details is not None:
            card.details.show_trial(kind, trial)

    def show_format_state(self, state: FormatState) -> None:
        card = self._cards.get(state.model.id)
        if card is not None and card.details is not None:
            card.details.show_format_state(state)

    def show_format_work(self, model: str, work: FormatWork | None) -> None:
        card = self._cards.get(model)
        if card is not None and card.details is not None:
            card.details.show_format_work(work)

    def show_policy(self, policy: Policy) -> None:
        self._managed = frozenset(use for use, key in SETTING.items() if key in policy.managed)
        for widget in (self._add, self._drop):
            widget.setVisible("models.import" not in policy.hidden)
        self._has_formats = FORMATS_FEATURE not in policy.hidden

    def show_judged(self, judged: Mapping[str, FitCheck]) -> None:
        self._judged = judged
        for id, card in self._cards.items():
            if id in judged:
                card.show_judged(judged[id])

    def show_state(self, event: ModelStateChanged) -> None:
        self._loaded = event.model or "" if event.state is ModelState.READY else ""
        for card in self._cards.values():
            card.show_loaded(self._loaded)

    def show_progress(self, words: str, fraction: float) -> None:
        self._words.setText(words)
        self._bar.setValue(round(fraction * 1000))
        self._import.setVisible(True)
        self._add.setEnabled(False)

    def show_model(self, id: str) -> None:
        if card := self._cards.get(id):
            card.open_details()

    def end_progress(self) -> None:
        self._import.setVisible(False)
        self._add.setEnabled(True)

    def _on_more(self) -> None:
        self._shown += PAGE
        self._fill()

    def _fill(self) -> None:
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
            copies = self._copies.get(id, ())
            if card is not None and (card.card, card.copies) != (one, copies):
                card.show_card(one, copies, can_switch=self._has_formats)
                card.show_loaded(self._loaded)
                if card.details is not None and not card.details.isHidden():
                    self._library.trials.read_details(id)
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
        card = LocalCard(self._library, one, self)
        card.action_chosen.connect(partial(self._on_action, id))
        card.grown.connect(self.grown)
        card.show_card(one, self._copies.get(id, ()), can_switch=self._has_formats)
        card.show_loaded(self._loaded)
        if id in self._judged:
            card.show_judged(self._judged[id])
        return card

    def _on_action(self, model: str, action: str) -> None:
        if action == "rename":
            self._ask_name(model)
        elif action == "verify":
            self._library.trials.start(model, VERIFY)
        elif action == "folder":
            open_outside(QUrl.fromLocalFile(str(self._library.folder_of(model))))
        elif action == "remove":
            self._library.remove(model)
        elif action == "formats":
            self.show_formats(model)

    def show_formats(self, model: str) -> None:
        card = self._cards.get(model)
        if self._dialog is not None and self._dialog.model.id != model:
            self._dialog.close()
        if self._dialog is None and card is not None:
            self._dialog = FormatDialog(self.window(), self._library.formats, card.card.record)
            self._dialog.finished.connect(self._on_formats_closed)
            self._dialog.show()
        elif self._dialog is not None:
            self._dialog.raise_()
            self._dialog.activateWindow()

    def _on_formats_closed(self) -> None:
        self._dialog = None

    def _ask_name(self, model: str) -> None:
        dialog = passing(QInputDialog(self), "rename_dialog", "Rename the model")
        dialog.setLabelText("Its new name; the file keeps its own.")
        dialog.setTextValue(self._cards[model].card.record.name)
        dialog.textValueSelected.connect(lambda name: self._library.rename(model, name))
        dialog.open()


def _put_in(layout: QVBoxLayout, cards: Sequence[QWidget]) -> None:
    """Put the cards in this order; those already in place stay."""
    for at, card in enumerate(cards):
        if layout.indexOf(card) != at:
            layout.removeWidget(card)  # not takeAt: an item that Python holds keeps the next one's height stale
            layout.insertWidget(at, card)
