"""The widgets on the page of models: on this PC, suggested, and on the Hub. Controllers make the decisions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QLocale, Qt, QTimer, QUrl, Signal
from PySide6.QtWidgets import QFrame, QMenu, QPushButton, QScrollArea, QWidget

from slmdesk.base.record import Record
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.texts import _
from slmdesk.models.abilities import suits_words
from slmdesk.models.evaluation.formats import FEATURE as FORMATS_FEATURE
from slmdesk.models.evaluation.formats import copy_label
from slmdesk.models.evaluation.model_cards import ModelCard
from slmdesk.models.gguf.header import LISTENERS
from slmdesk.models.gguf.hearing import KINDS as HEARING
from slmdesk.models.gguf.memory import speed_in_words
from slmdesk.models.gguf.projectors import BESIDE, PROJECTOR
from slmdesk.models.online.hub import licence_named
from slmdesk.models.running import FitCheck
from slmdesk.models.service import WORDS, DefaultUse, can_do, is_for_this_pc, origin_of, used_of
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.text import today_or_day
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import (
    breakable,
    button,
    column,
    fold_button,
    named,
    plain_label,
    row,
    show_column,
    show_words,
    tool_button,
)
from slmdesk.ui.kit.widgets.dialogs import LineQuestion
from slmdesk.ui.kit.widgets.files import FileDrop, choose_model_file
from slmdesk.ui.kit.widgets.model_rows import ModelRow, TableHead
from slmdesk.ui.kit.widgets.opening import open_outside
from slmdesk.ui.kit.widgets.rows import DOT, Rows, ScrollAnchor, TabOrder, empty_layout
from slmdesk.ui.models.formats import CopyDialog
from slmdesk.ui.models.library import VERIFY, DetailsPanel, LibraryController, quantization_words

COLUMN = 920


class ModelsPage(QScrollArea):
    file_chosen = Signal(object)
    find_requested = Signal()

    def __init__(
        self, library: LibraryController, better: QWidget, downloads: QWidget, suggestions: QWidget, search: QWidget
    ) -> None:
        super().__init__()
        named(self, "models_page", label=_("Models"))
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # what is in it are the stops of Tab
        FileDrop(self, self._on_dropped)
        self._library = library
        self._build_ui(better, downloads, suggestions, search)
        self._connect()

    def _build_ui(self, better: QWidget, downloads: QWidget, suggestions: QWidget, search: QWidget) -> None:
        inner = named(QFrame(self), "models_inner")
        inner.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        holder = self._holder = QWidget(inner)
        self.local = LocalModels(self._library, holder)
        tip = _("Models of other programs on this PC, such as LM Studio or Ollama")
        find = button(_("Look on this PC…"), "find_models_button", holder, tip=tip, on=self.find_requested)
        title, local, suggested, hub = (
            plain_label(words, holder, name=f"{name}_heading", kind=kind)
            for name, words, kind in (
                ("models", _("Models"), "title"), ("local", _("On this PC"), "heading"),
                ("suggested", _("Suggested"), "heading"), ("hub", _("On the Hugging Face Hub"), "heading"),
            )
        )  # fmt: skip
        self.all_models = named(QWidget(holder), "all_models")
        add = row(self.local.add, find, 1, gap=theme.SPACE_8)
        column(add, suggested, suggestions, hub, search, into=self.all_models, gap=theme.SPACE_12)
        self._all = fold_button(_("All models"), "all_models_button", self.all_models, holder)
        column(
            title, better, downloads, local, self.local, (self._all, Qt.AlignmentFlag.AlignLeft), self.all_models, 1,
            into=holder, gap=theme.SPACE_12, margins=(theme.SPACE_24, theme.SPACE_16, theme.SPACE_24, theme.SPACE_24),
        )  # fmt: skip
        row(1, (holder, 1000), 1, into=inner)
        show_column(self, inner)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._fit()
        self.steady = ScrollAnchor(self)
        TabOrder(self, inner)

    def _fit(self) -> None:
        self._holder.setMaximumWidth(scaled(COLUMN) + 2 * theme.SPACE_24)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_holder"):
            self._fit()

    def _connect(self) -> None:
        self.local.grown.connect(self._on_grown)
        self._library.cards.changed.connect(self._on_listed)
        self.local.add.clicked.connect(lambda: choose_model_file(self, "library_file_dialog", self.file_chosen.emit))

    def open_all(self, part: QWidget | None = None) -> None:
        """Show all models, and `part` of them at the top."""
        self._all.setChecked(True)
        QTimer.singleShot(0, self, lambda: self._scroll_to(part or self._all))

    def _scroll_to(self, part: QWidget) -> None:
        if (inner := self.widget()) is not None:
            top = part.mapTo(inner, part.rect().topLeft()).y()
            self.verticalScrollBar().setValue(top - theme.SPACE_32)

    def _on_listed(self) -> None:
        """Without a model, show what can be had: there is nothing else to do here."""
        if not self._library.listed:
            self._all.setChecked(True)

    def _on_grown(self, widget: QWidget) -> None:
        QTimer.singleShot(0, widget, lambda: self.ensureWidgetVisible(widget, 0, theme.SPACE_24))

    def _on_dropped(self, paths: Sequence[Path]) -> None:
        self.file_chosen.emit(list(paths))


PAGE = 30
"""Most cards that are made at once, so that hundreds of models do not block the page."""


class LocalModels(QWidget):
    grown = Signal(object)

    def __init__(self, library: LibraryController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("local_models")
        self._library = library
        self._copies: Mapping[str, tuple[ModelCard, ...]] = {}
        self._most = PAGE
        self._awaited = ""
        self._build_ui()
        library.changed.connect(self._show)
        library.imports.progressed.connect(self.show_progress)
        library.imports.ended.connect(self.end_progress)

    def _build_ui(self) -> None:
        self._note = plain_label(_("Looking what is there…"), self, name="local_note", kind="muted")
        self._head = TableHead(self, "local_head")
        models, adapters = column(gap=0), column(gap=0)
        self._main, self._adapters = (
            Rows(layout, lambda card: card.record.id, self._make_card, self._show_card) for layout in (models, adapters)
        )
        self._adapters_heading = plain_label(_("Adapters (LoRA)"), self, name="adapters_heading", kind="strong")
        self._adapters_heading.hide()
        self._more = button(_("Show more"), "local_more", self, on=self._on_more)
        self._more.setVisible(False)
        tip = _("Or drop .gguf files or a folder anywhere here")
        self.add = button(_("Add model file…"), "library_add_button", self, tip=tip)
        self._build_import()
        more = (self._more, Qt.AlignmentFlag.AlignLeft)
        parts = (self._note, self._head, models, more, self._adapters_heading, adapters, self._import)
        column(*parts, into=self, gap=theme.SPACE_8)

    @property
    def _cards(self) -> dict[Hashable, LocalCard]:
        return self._main.rows | self._adapters.rows

    def _build_import(self) -> None:
        self._import = named(QWidget(self), "library_import")
        self._words = plain_label("", self._import, name="library_import_words", kind="muted")
        stop, stop_label = self._library.imports.cancel, _("Stop adding the model file")
        cancel = button(_("Cancel"), "library_import_cancel", self._import, label=stop_label, on=stop)
        self._bar = thin_bar("library_import_bar", self._import, _("Adding the model file"), most=1000)
        column(row((self._words, 1), cancel), self._bar, into=self._import)
        self._import.setVisible(False)

    def show_progress(self, words: str, fraction: float) -> None:
        self._words.setText(words)
        self._bar.setValue(round(fraction * 1000))
        self._import.setVisible(True)
        self.add.setEnabled(False)

    def show_model(self, id: str) -> None:
        """Open the row of a model, as soon as it is listed."""
        self._awaited = id
        self._show()

    def end_progress(self) -> None:
        self._import.setVisible(False)
        self.add.setEnabled(True)

    def _on_more(self) -> None:
        self._most += PAGE
        self._show()

    def _show(self) -> None:
        if self._library.cards.value is None:
            return
        models, self._copies = arranged(self._library.listed)
        main = [model for model in models if model.record.kind not in BESIDE]
        adapters = [model for model in models if model.record.kind in BESIDE]
        self._main.show(main[: self._most])
        self._adapters.show(adapters)
        sees = any(model.record.kind == PROJECTOR for model in adapters)
        self._adapters_heading.setText(_("Used beside a model") if sees else _("Adapters (LoRA)"))
        self._adapters_heading.setVisible(bool(adapters))
        empty = _("There is no model on this PC yet. Choose one under “All models”, or add a file you have.")
        show_words(self._note, "" if models else empty)
        self._head.setVisible(bool(models))
        self._head.show_tags(any(uses_of(model, self._copies.get(model.record.id, ())) for model in models))
        left = len(main) - self._most
        self._more.setVisible(left > 0)
        self._more.setText(_("Show more ({left} left)").format(left=left))
        if card := self._cards.get(self._awaited):
            self._awaited = ""
            card.open()

    def _make_card(self, card: ModelCard) -> LocalCard:
        made = LocalCard(self._library, card, self)
        made.action_chosen.connect(partial(self._on_action, card.record.id))
        made.grown.connect(self.grown)
        return made

    def _show_card(self, row: LocalCard, card: ModelCard) -> None:
        library, id = self._library, card.record.id
        can_switch = FORMATS_FEATURE not in library.settings.policy.hidden
        row.show_card(Shown(card, self._copies.get(id, ()), library.judged.value.get(id), library.loaded, can_switch))

    def _on_action(self, model: str, action: str) -> None:
        library = self._library
        does = {
            "rename": self._ask_name,
            "verify": lambda model: library.trials.start(model, VERIFY),
            "folder": lambda model: open_outside(QUrl.fromLocalFile(str(library.folder_of(model)))),
            "remove": library.remove,
            "formats": self._ask_copy,
        }
        does[action](model)

    def _ask_copy(self, model: str) -> None:
        dialog = CopyDialog(self.window(), self._cards[model].card.record)
        dialog.chosen.connect(partial(self._library.trials.make_copy, model))
        dialog.open()

    def _ask_name(self, model: str) -> None:
        title, words = _("Rename the model"), _("The new name. The file keeps its name.")
        name, rename = self._cards[model].card.record.name, partial(self._library.rename, model)
        LineQuestion(self, "rename_dialog", title, words, rename, text=name).open()


def arranged(models: Sequence[ModelCard]) -> tuple[list[ModelCard], Mapping[str, tuple[ModelCard, ...]]]:
    """Return the models, the last used first, and their copies by id: these stand with their model."""
    known = {model.record.id for model in models}
    owners = {model.record.id: origin.model for model in models if (origin := origin_of(model.record))}
    copies: dict[str, tuple[ModelCard, ...]] = {}
    for model in models:
        if (owner := owners.get(model.record.id)) in known:
            copies[owner] = (*copies.get(owner, ()), model)

    def key(card: ModelCard) -> tuple[float, float]:
        together = (card, *copies.get(card.record.id, ()))
        return -max(each.record.last_used or 0.0 for each in together), -card.record.added

    return sorted((model for model in models if owners.get(model.record.id) not in known), key=key), copies


ACTIONS = (
    ("rename", _("Rename…")),
    ("verify", _("Verify file")),
    ("folder", _("Open folder")),
    ("remove", _("Remove")),
)
NOISE = _("Does not behave like a language model: its answers are probably nonsense. The file may be damaged.")


class Shown(Record):
    card: ModelCard
    copies: tuple[ModelCard, ...] = ()
    judged: FitCheck | None = None
    loaded: str = ""
    """Id of the model that is loaded, or empty."""
    can_switch: bool = True
    """False if the organisation forbids other formats."""


class LocalCard(ModelRow):
    grown = Signal(object)
    action_chosen = Signal(str)

    def __init__(self, library: LibraryController, card: ModelCard, parent: QWidget) -> None:
        record = card.record
        super().__init__(parent, name=f"model_card_{record.id}", title=record.name, toggle_name="details_button")
        self.details: DetailsPanel | None = None
        self._library, self.card = library, card
        self._shown: Shown | None = None
        self._copied: tuple[ModelCard, ...] = ()
        """The copies of the model."""
        self.body.setSpacing(theme.SPACE_8)
        self._badge = plain_label("", self, name="default_badge", kind="badge", wraps=False, is_hidden=True)
        self.body.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignLeft)
        self._use: QPushButton | None = None
        if can_do(record, DefaultUse.CHAT):
            self._use = self.add_button(_("Use"), "use_button", "", lambda: library.use(self.used.record.id))
        self._build_menu()
        self._copies: CopyLines | None = None
        self.opened.connect(self._on_opened)

    @property
    def used(self) -> ModelCard:
        """What is in use: the model itself or one of its copies."""
        return used_card(self.card, self._copied)

    def _build_menu(self) -> None:
        self._more = tool_button("model_actions", self, icon="ellipsis")
        self._more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.add_widget(self._more)
        self._more.setToolTip(_("Rename, verify, folder, remove"))
        self._menu = named(QMenu(self._more), "model_actions_menu")
        self._menu.aboutToShow.connect(self._fill_menu)  # not before: thirty cards are made at once
        self._more.setMenu(self._menu)

    def _fill_menu(self) -> None:
        for key, words in () if self._menu.actions() else ACTIONS:
            self._menu.addAction(words, partial(self._on_action, key)).setObjectName(f"action_{key}")

    def show_card(self, shown: Shown) -> None:
        if shown == self._shown:
            return
        is_other = (shown.card, shown.copies) != (self.card, self._copied)
        self._shown, self.card, self._copied = shown, shown.card, shown.copies
        record, judged, used, uses = shown.card.record, shown.judged, self.used, uses_of(shown.card, shown.copies)
        self.set_title(record.name)
        self.setAccessibleName(record.name)
        self._more.setAccessibleName(_("More to do with {name}").format(name=record.name))
        self.set_sentence(sentence_of(shown.card))
        self.set_info(info_of(shown.card, speed_of(judged) if judged else ""))
        self.show_columns([WORDS[use].capitalize() for use in uses], bytes_for_people(record.bytes))
        names = ", ".join(WORDS[use] for use in uses)
        self._badge.setText(_("Default for {names}").format(names=names) if uses else "")
        self._badge.setVisible(bool(uses) and self.is_open)
        problem = judged.problem.sentence if judged and judged.problem else ""
        self.set_trouble(problem or (NOISE if record.behaves is False else ""))
        if judged:
            size = bytes_for_people(judged.needed_bytes)
            needs = _("Needs about {size} of memory.").format(size=size) if judged.needed_bytes else ""
            self.fit.show_fit(judged.fit, why=problem or needs)
            self.speed.show_speed(judged.speed, is_measured=judged.is_measured)
        if self._use:
            self._use.setAccessibleName(_("Chat with {name}").format(name=record.name))
            self._use.setToolTip(_("Chat with this model now"))
            self._use.setEnabled(not problem)
            is_loaded = shown.loaded == used.record.id
            self._use.setVisible(not is_loaded)
            self.show_state(_("In use") if is_loaded else "")
        if self._copies is None and shown.copies:
            self._copies = CopyLines(self._library, self)
            self.body.insertWidget(0, self._copies)
        if self._copies is not None:
            self._copies.show_copies(shown.card, shown.copies, can_switch=shown.can_switch)
        if self.details and is_other:
            self.details.show_uses(uses)

    def _on_opened(self, is_open: bool) -> None:
        self._badge.setVisible(is_open and bool(self._badge.text()))
        if is_open and self.details is None:
            details = self.details = DetailsPanel(self._library, self.card.record.id, self)
            details.action_chosen.connect(self.action_chosen)
            details.grown.connect(lambda: self.grown.emit(details))
            details.show_uses(uses_of(self.card, self._copied))
            self.body.addWidget(details)
        if self.details:
            self.details.setVisible(is_open)
            self.details.watch(is_open)
            if is_open:
                self.grown.emit(self.details)

    def _on_action(self, action: str) -> None:
        if action == "verify":
            self.open()
            if self.details:
                self.details.unfold()
        self.action_chosen.emit(action)


def uses_of(card: ModelCard, copies: Sequence[ModelCard]) -> tuple[DefaultUse, ...]:
    able = {use for copy in (card, *copies) for use in copy.uses}
    return tuple(use for use in DefaultUse if use in able)


def speed_of(judged: FitCheck) -> str:
    if judged.speed is None:
        return ""
    return f"{speed_in_words(judged.speed)}{_(' (measured here)') if judged.is_measured else ''}"


def sentence_of(card: ModelCard) -> str:
    if card.record.kind == "encoder":
        return _("Finds passages, cannot chat.")
    if card.record.kind in LISTENERS:
        return _("Writes down dictation and recordings.")
    if card.record.kind == PROJECTOR and card.record.header.get("projector") in HEARING:
        return _("Lets the model it was published with hear.")
    if card.record.kind == PROJECTOR:
        return _("Lets the model it was published with see pictures.")
    if card.record.kind == "adapter":
        base = str(card.record.header.get("base") or _("its base model"))
        return _("Changes how {base} answers; choose it in the settings of a chat.").format(base=base)
    return suits_words(card.record)


def info_of(card: ModelCard, speed: str = "") -> str:
    record, locale = card.record, QLocale()
    header = record.header
    parts = [str(header.get("architecture") or ""), quantization_words(record), bytes_for_people(record.bytes)]
    context = header.get("context_length")
    if isinstance(context, int) and context:
        parts.append(_("context: {context} tokens").format(context=locale.toString(context)))
    measured = (
        _("writes {tokens_per_s} tokens a second here").format(tokens_per_s=locale.toString(card.tokens_per_s, "f", 0))
        if card.tokens_per_s
        else ""
    )
    parts.append(measured or speed)
    licence = licence_named(str(header.get("license") or ""))
    parts.append(_("licence: {name}").format(name=licence.name) if licence else _("licence not stated"))
    if record.linked:
        parts.append(_("linked, file stays in its folder"))
    parts.append(
        _("last used {day}").format(day=today_or_day(record.last_used))
        if record.last_used is not None
        else _("never used")
    )
    return DOT.join(part for part in parts if part)


class CopyLines(QFrame):
    def __init__(self, library: LibraryController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("copy_lines")
        self._library = library
        self._layout = column(into=self, gap=theme.SPACE_4)

    def show_copies(self, card: ModelCard, copies: Sequence[ModelCard], *, can_switch: bool) -> None:
        focused, used = self.window().focusWidget(), used_card(card, copies)
        name = focused.objectName() if focused is not None and self.isAncestorOf(focused) else ""
        empty_layout(self._layout)
        for copy in copies:
            line = self._line_of(card, copy, is_used=copy is used, can_switch=can_switch)
            self._layout.addWidget(line)
            if name and (again := line.findChild(QWidget, name)) is not None:
                again.setFocus()
        self.setVisible(bool(copies))

    def _line_of(self, card: ModelCard, copy: ModelCard, *, is_used: bool, can_switch: bool) -> QWidget:
        library, id, name, top = self._library, copy.record.id, copy.record.name, Qt.AlignmentFlag.AlignTop
        line = named(QWidget(self), f"copy_{id}")
        words = plain_label(breakable(copy_words(copy, is_used=is_used)), line, name="copy_words")
        published = _("Use the published file of {name}").format(name=card.record.name)
        switch = button(
            _("Use the published file") if is_used else _("Use the copy"), "copy_switch", line, kind="quiet",
            label=published if is_used else _("Use {name}").format(name=name),
            tip=_("Wherever the other one is used now"),
            on=lambda: library.trials.use_copy(card.record.id, "" if is_used else id),
        )  # fmt: skip
        switch.setVisible(can_switch and is_for_this_pc(copy.record))
        remove = button(
            _("Remove the copy"), "copy_remove", line, kind="quiet", tip=_("The published file stays"),
            label=_("Remove {name}").format(name=name), on=lambda: library.remove(id),
        )  # fmt: skip
        row((words, 1), (switch, top), (remove, top), into=line, gap=theme.SPACE_8)
        return line


def used_card(card: ModelCard, copies: Sequence[ModelCard]) -> ModelCard:
    able = (card, *(copy for copy in copies if is_for_this_pc(copy.record)))
    used = used_of([card.record for card in able], {card.record.id for card in able if card.uses})
    return next(card for card in able if card.record is used)


def copy_words(copy: ModelCard, *, is_used: bool) -> str:
    """Return what a copy is and whether it is in use, such as "Q8_0, made on this PC · 145 MB · in use"."""
    origin = origin_of(copy.record)
    assert origin is not None, "only copies are shown"
    here = is_for_this_pc(copy.record)
    place = _("this PC") if here else _("another PC")
    if is_used:
        state = _("in use")
    elif here:
        state = _("not in use")
    else:
        state = _("not used here, where another format may be the best")
    return DOT.join(
        (
            _("{copy}, made on {place}").format(copy=copy_label(origin), place=place),
            bytes_for_people(copy.record.bytes),
            state,
        )
    )
