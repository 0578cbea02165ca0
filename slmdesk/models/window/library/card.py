"""A model on this PC as a row: what it is, what it is good at, what it is used for; its details open below."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QToolButton, QWidget

from slmdesk.evaluation.model_cards import ModelCard
from slmdesk.gguf.speed import is_too_slow, speed_in_words
from slmdesk.models.defaults import WORDS, DefaultUse
from slmdesk.models.fit_check import FitCheck
from slmdesk.models.window.details_labels import quantization_words
from slmdesk.models.window.library.controller import LibraryController
from slmdesk.models.window.library.copy_line import CopyLines, used_card
from slmdesk.models.window.library.details import DetailsPanel
from slmdesk.online.licences import licence_named
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.dates import day_words
from slmdesk.window.widgets.build import tool_button
from slmdesk.window.widgets.card import DOT, Card
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label

ACTIONS = (
    ("details", "Details"),
    ("rename", "Rename…"),
    ("verify", "Verify: read the whole file and compare"),
    ("folder", "Open its folder"),
    ("remove", "Remove"),
)
NOISE = "Does not behave like a language model: its answers are probably nonsense. The file may be damaged."


class LocalCard(Card):
    grown = Signal(object)
    action_chosen = Signal(str)

    def __init__(self, library: LibraryController, card: ModelCard, parent: QWidget) -> None:
        record = card.record
        super().__init__(parent, name=f"model_card_{record.id}", title=record.name)
        self.details: DetailsPanel | None = None
        self._library, self.card = library, card
        self.copies: tuple[ModelCard, ...] = ()
        self._speed = self._problem = ""
        self.body.setSpacing(theme.SPACE_8)
        self._badge = plain_label("", self, name="default_badge", kind="badge", wraps=False)
        self.body.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignLeft)
        self._use: QPushButton | None = None
        if record.can_chat:
            self._use = self.add_button("Use for chat", name="use_button", spoken="")
            self._use.clicked.connect(lambda: library.use(self.used))
        self._toggle = self._tool("details_button", "chevron-down")
        self._toggle.setCheckable(True)
        self._toggle.toggled.connect(self._on_toggled)
        self._build_menu()
        self._copies: CopyLines | None = None
        self.show_card(card)

    @property
    def used(self) -> str:
        """The id of what is in use: the model's own, or that of a copy."""
        return used_card(self.card, self.copies).record.id

    def _tool(self, name: str, icon: str) -> QToolButton:
        made = tool_button(name, self, icon=icon)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.add_widget(made)
        return made

    def _build_menu(self) -> None:
        self._more = self._tool("model_actions", "ellipsis")
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setToolTip("Details, rename, verify, folder, remove")
        self._menu = named(QMenu(self._more), "model_actions_menu")
        self._menu.aboutToShow.connect(self._fill_menu)  # not before: thirty cards are made at once
        self._more.setMenu(self._menu)

    def _fill_menu(self) -> None:
        for key, words in () if self._menu.actions() else ACTIONS:
            self._menu.addAction(words, partial(self._on_action, key)).setObjectName(f"action_{key}")

    def show_card(self, card: ModelCard, copies: tuple[ModelCard, ...] = (), *, can_switch: bool = True) -> None:
        """Show a model with its copies; `can_switch`: whether the organisation allows another format."""
        self.card, self.copies, record = card, copies, card.record
        self.set_title(record.name)
        self.setAccessibleName(record.name)
        if self._use:
            self._use.setAccessibleName(f"Chat with {record.name}")
            self._use.setToolTip("Chat with this model now")
        self._more.setAccessibleName(f"More to do with {record.name}")
        self._name_toggle()
        self.set_sentence(sentence_of(examined_card(card, copies)))
        self.set_info(info_of(card, self._speed))
        uses = uses_of(card, copies)
        self._badge.setText(f"Default for {', '.join(WORDS[use] for use in uses)}" if uses else "")
        self._badge.setVisible(bool(uses))
        self._show_copies(can_switch=can_switch)
        self._show_trouble()

    def _show_copies(self, *, can_switch: bool) -> None:
        if self._copies is None and self.copies:
            self._copies = CopyLines(self._library, self)
            self.body.insertWidget(0, self._copies)
        if self._copies is not None:
            self._copies.show_copies(self.card, self.copies, can_switch=can_switch)

    def _show_trouble(self) -> None:
        self.set_trouble(self._problem or (NOISE if self.card.record.behaves is False else ""))

    def show_judged(self, judged: FitCheck) -> None:
        needs = f"Needs about {bytes_for_people(judged.needed_bytes)} of memory." if judged.needed_bytes else ""
        why = judged.problem.sentence if judged.problem else needs
        self.fit.show_fit(judged.fit, why=why, is_slow=is_too_slow(judged.speed))
        self._problem = judged.problem.sentence if judged.problem else ""
        self._show_trouble()
        self._speed = speed_of(judged)
        self.set_info(info_of(self.card, self._speed))
        if self._use:
            self._use.setEnabled(judged.problem is None)

    def show_loaded(self, id: str) -> None:
        """Show whether the model with this id, which is loaded, is this one or a copy of it; '': none is."""
        if self._use:
            is_loaded = id in (self.card.record.id, *(one.record.id for one in self.copies))
            self._use.setText("In use" if is_loaded else "Use for chat")

    def open_details(self) -> None:
        self._toggle.setChecked(True)

    def _on_toggled(self, is_open: bool) -> None:
        set_icon(self._toggle, "chevron-up" if is_open else "chevron-down")
        self._name_toggle()
        if is_open and self.details is None:
            details = self.details = DetailsPanel(self._library, self.card.record.id, self)
            details.action_chosen.connect(self.action_chosen)
            details.grown.connect(lambda: self.grown.emit(details))
            self.body.addWidget(details)
        if self.details:
            self.details.setVisible(is_open)
            if is_open:
                self._library.trials.read_details(self.card.record.id)
                self.grown.emit(self.details)

    def _name_toggle(self) -> None:
        words = "Close the details of" if self._toggle.isChecked() else "Details of"
        self._toggle.setAccessibleName(f"{words} {self.card.record.name}")
        self._toggle.setToolTip("Close the details" if self._toggle.isChecked() else "Details")

    def _on_action(self, action: str) -> None:
        if action in ("details", "verify"):
            self.open_details()
        if action != "details":
            self.action_chosen.emit(action)


def examined_card(card: ModelCard, copies: Sequence[ModelCard]) -> ModelCard:
    """The one in use, of a model and its copies, once it has sat an exam of its own; else the model."""
    used = used_card(card, copies)
    return used if used.exam else card


def uses_of(card: ModelCard, copies: Sequence[ModelCard]) -> tuple[DefaultUse, ...]:
    able = {use for one in (card, *copies) for use in one.uses}
    return tuple(use for use in DefaultUse if use in able)


def speed_of(judged: FitCheck) -> str:
    if judged.speed is None:
        return ""
    return f"{speed_in_words(judged.speed)}{' (measured here)' if judged.is_measured else ''}"


def sentence_of(card: ModelCard) -> str:
    if card.record.kind == "encoder":
        return "Finds passages; it cannot chat."
    if card.record.kind == "adapter":
        base = str(card.record.header.get("base") or "its base model")
        return f"Changes how {base} answers; choose it in the settings of a chat."
    return f"{card.exam[0].upper()}{card.exam[1:]}." if card.exam else ""


def info_of(card: ModelCard, speed: str = "") -> str:
    record, locale = card.record, QLocale()
    header = record.header
    parts = [str(header.get("architecture") or ""), quantization_words(record), bytes_for_people(record.bytes)]
    context = header.get("context_length")
    if isinstance(context, int) and context:
        parts.append(f"sees up to {locale.toString(context)} tokens")
    measured = f"writes {locale.toString(card.tokens_per_s, 'f', 0)} tokens a second here" if card.tokens_per_s else ""
    parts.append(measured or speed)
    licence = licence_named(str(header.get("license") or ""))
    parts.append(f"licence: {licence.name}" if licence else "licence not stated")
    if record.linked:
        parts.append("linked, its file stays where it is")
    parts.append(f"last used {day_words(record.last_used)}" if record.last_used is not None else "never used")
    return DOT.join(part for part in parts if part)
