"""The models on this PC: what can be done with them, their tests, and the details below a model's row."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLocale, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QPlainTextEdit, QPushButton, QWidget

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.base.runtime.messages import Problem, bytes_for_people, problem_for
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _, ngettext
from slmdesk.models.abilities import measured_words, suits_words
from slmdesk.models.evaluation.formats import FEATURE as FORMATS_FEATURE
from slmdesk.models.evaluation.formats import FormatProgress, progress_words
from slmdesk.models.evaluation.model_cards import BenchProgress, ModelCard, ModelDetails
from slmdesk.models.gguf.header import LISTENERS
from slmdesk.models.gguf.memory import offload_of, offload_words, speed_in_words
from slmdesk.models.gguf.quantization import quantization_named
from slmdesk.models.importer import ImportEnded, VerifyResult
from slmdesk.models.loader.model_loader import crashed_card
from slmdesk.models.running import FitCheck
from slmdesk.models.service import (
    SETTING,
    WORDS,
    DefaultUse,
    PaceChanged,
    can_do,
    copies_of,
    lost_words,
    origin_of,
    translator_words,
)
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.text import today_or_day
from slmdesk.ui.kit.widgets.bars import SettingsController, thin_bar
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    breakable,
    button,
    column,
    fold_button,
    named,
    plain_label,
    row,
    set_icon,
    set_tip,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.files import ModelImports
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice, notice_of
from slmdesk.ui.kit.widgets.rows import Removals, empty_layout
from slmdesk.ui.models.formats import FormatState, state_of

if TYPE_CHECKING:
    from slmdesk.base.runtime.events import Pending
    from slmdesk.services import Services
    from slmdesk.ui.kit.base.bridge import Promise


class LibraryController(QObject):
    changed = Signal()
    """Emitted when anything that is shown of the models is different."""
    chat_requested = Signal(str)

    def __init__(self, bridge: Bridge, settings: SettingsController, parent: QObject) -> None:
        super().__init__(parent, objectName="library_controller")
        self.bridge = self._bridge = bridge
        self.settings = settings
        self.removals = Removals(bridge, self)
        self.removals.dropped.connect(self.changed)
        self.trials = TrialController(bridge, self)
        services = bridge.services
        self.cards: Live[tuple[ModelCard, ...] | None] = Live(bridge, self, lambda: services.cards.list(), None)
        self.judged: Live[Mapping[str, FitCheck]] = Live(bridge, self, self._ask_judged, {})
        self.loaded = ""
        """Id of the model that is loaded, or empty."""
        self._defaults: tuple[str, ...] = ()
        self.imports = ModelImports(bridge, self)
        self.imports.ended.connect(self._on_imports_ended)
        for shown in (self.cards.changed, self.judged.changed, settings.policy_shown):
            shown.connect(self.changed)
        self.cards.changed.connect(self.judged.again)
        bridge.on(ModelsChanged, self.refresh)
        bridge.on(PaceChanged, self.refresh)
        bridge.settings_changed.connect(self._on_settings_changed)
        bridge.on(ModelStateChanged, self.show_state)

    @property
    def listed(self) -> list[ModelCard]:
        """The models, but those whose removal can be undone, and their copies."""

        def is_kept(record: ModelRecord) -> bool:
            origin = origin_of(record)
            return record.id not in self.removals and not (origin and origin.model in self.removals)

        return [card for card in self.cards.value or () if is_kept(card.record)]

    def record(self, model: str) -> ModelRecord:
        return next(record for record in self._records if record.id == model)

    @property
    def _records(self) -> list[ModelRecord]:
        return [card.record for card in self.cards.value or ()]

    def _ask_judged(self) -> Any:
        return self._bridge.services.measuring.judge(self._records)

    def refresh(self) -> None:
        self.cards.again()
        self.judged.again()

    def use(self, model: str) -> None:
        self.chat_requested.emit(model)

    def rename(self, model: str, name: str) -> None:
        self._bridge.services.models.rename(model, name)

    def set_default(self, model: str, use: DefaultUse, chosen: str) -> None:
        """Make `chosen` (`model` or a copy of it) the default for `use`. With '', `model` is no longer the default."""
        self._bridge.ask(
            self._bridge.services.uses.set_default(use, chosen or None), None, partial(self._default_refused, model)
        )

    def _default_refused(self, model: str, problem: Problem) -> None:
        self.trials.ended.emit(model)  # show the default that is in force
        self._bridge.problem_met.emit(problem)

    def folder_of(self, model: str) -> Path:
        return Path(os.fsdecode(self.record(model).path)).parent

    def remove(self, model: str) -> None:
        """Take a model and its copies off the page now. They are deleted from disk when the time for *Undo* is over."""
        record = self.record(model)
        copies = copies_of(record, self._records)
        if not copies:
            fate = _("The file stays in its folder.") if record.linked else _("The file is deleted in a moment.")
            self._begin_removal(model, _("{name} is removed. {fate}").format(name=record.name, fate=fate))
            return
        also = (
            _("the copy {name}").format(name=copies[0].name)
            if len(copies) == 1
            else _("its {count} copies").format(count=len(copies))
        )

        def begin(freed: int) -> None:
            kept = _(" The original file stays in its folder.") if record.linked else ""
            words = _("{name} is removed, and {also} too: {size} are deleted in a moment.").format(
                name=record.name, also=also, size=bytes_for_people(freed)
            )
            self._begin_removal(model, f"{words}{kept}")

        self._bridge.ask(self._bridge.services.models.freed_by_removing(model), begin)

    def _begin_removal(self, model: str, words: str) -> None:
        removed, undone = self._remove_now, lambda _model: self.changed.emit()
        self.removals.begin([model], words, removed, undone, key=f"remove {model}")
        self.changed.emit()

    @Slot(object, bool)
    def add_files(self, paths: Sequence[Path], link: bool = False) -> None:
        self.imports.add(paths, link=link)

    def _on_imports_ended(self, ended: Sequence[ImportEnded]) -> None:
        reported = [event for event in ended if event.model or event.problem]
        if len(reported) == 1:
            self._say_one(reported[0])
        elif reported:
            is_whole = all(event.model is not None and not event.was_here for event in reported)
            details = "" if is_whole else "\n".join(_added_words(event) for event in reported)
            life = UNDO_MS if is_whole else 0
            notice = Notice(_summary_of(reported), details, life_ms=life, key="import", full=details)
            self._bridge.notice_raised.emit(notice)

    def _say_one(self, event: ImportEnded) -> None:
        if event.problem is not None:
            self._bridge.problem_met.emit(event.problem)
        elif event.model is not None:
            record, action, use = event.model, "", None
            if can_do(record, DefaultUse.CHAT):
                action, use = _("Use now"), partial(self.use, record.id)
            elif can_do(record, DefaultUse.TRANSLATE):
                action = _("Use for translation")
                use = partial(self.set_default, record.id, DefaultUse.TRANSLATE, record.id)
            words = " ".join(filter(None, (_added_words(event), translator_words(record))))
            self._bridge.notice_raised.emit(Notice(words, action=action, on_action=use, key=f"come {record.id}"))

    def show_state(self, event: ModelStateChanged) -> None:
        self.loaded = event.model or "" if event.state is ModelState.READY else ""
        self.changed.emit()
        if event.state is ModelState.READY:
            self.refresh()  # the model was used just now

    def _on_settings_changed(self, settings: Settings) -> None:
        defaults = tuple(getattr(settings, key) for key in SETTING.values())
        if defaults != self._defaults:
            self._defaults = defaults
            self.refresh()

    def _remove_now(self, model: str) -> None:
        record = next((record for record in self._records if record.id == model), None)
        if record is None:  # it went meanwhile
            return
        gone = {model, *(copy.id for copy in copies_of(record, self._records))}
        self.cards.put(tuple(card for card in self.cards.value or () if card.record.id not in gone))
        name = record.name

        def remove(services: Services) -> tuple[int, str]:
            lost = lost_words(services.uses.uses_of(model))
            return services.models.remove(model), lost

        def removed(answer: tuple[int, str]) -> None:
            freed, lost = answer
            words = (
                _("{name} is removed; {size} are free again.").format(name=name, size=bytes_for_people(freed))
                if freed
                else _("{name} is removed.").format(name=name)
            )
            life = 0 if lost else UNDO_MS
            self._bridge.notice_raised.emit(Notice(f"{words} {lost}".strip(), life_ms=life, key=f"remove {model}"))

        def refused(problem: Problem) -> None:
            self.refresh()
            self._bridge.problem_met.emit(problem)

        self._bridge.ask(remove, removed, refused)


def _added_words(event: ImportEnded) -> str:
    if event.model is None:
        return f"{Path(event.path).name}: {event.problem.sentence if event.problem else _('not added')}"
    if event.was_here:
        return _("{name} is already here as {name2}.").format(name=Path(event.path).name, name2=event.model.name)
    if event.is_checked:
        return _("{name} was added; its checksum agrees.").format(name=event.model.name)
    return _("{name} was added.").format(name=event.model.name)


def _summary_of(ended: Sequence[ImportEnded]) -> str:
    here = [event.model.name for event in ended if event.model and event.was_here]
    new = sum(event.model is not None and not event.was_here for event in ended)
    failed = [event for event in ended if event.model is None]
    parts = [_("{counted} added.").format(counted=_counted(new)) if new else ""]
    if here:
        parts.append(_("Already here: {here}.").format(here=", ".join(here)))
    if failed:
        parts.append(
            _("{counted} not added: {names}.").format(
                counted=_counted(len(failed)), names=", ".join(Path(ended.path).name for ended in failed)
            )
        )
    return " ".join(part for part in parts if part)


def _counted(count: int) -> str:
    return ngettext("1 model was", "{n} models were", count)


BENCH, FORMATS, VERIFY = "bench", "formats", "verify"


class Trial(Record):
    """Progress of a running test or other work: a text, and the fraction that is done, from 0 to 1."""

    words: str
    fraction: float


def _measured(now: BenchProgress) -> Trial:
    return Trial(now.what, now.fraction)


def _made(began: float, now: FormatProgress) -> Trial:
    words = progress_words(now.what, now.fraction, time.monotonic() - began)
    return Trial(words[0].upper() + words[1:], now.fraction)


def _read(bytes_done: tuple[int, int]) -> Trial:
    done, total = bytes_done
    return Trial(
        _("{size} of {size2} are read").format(size=bytes_for_people(done), size2=bytes_for_people(total)),
        done / max(total, 1),
    )


class TrialController(QObject):
    changed = Signal(str)
    """Emitted with a model whose running tests are others, or have come further."""
    ended = Signal(str)
    """Emitted with a model of which there is more to say."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="trial_controller")
        self._bridge = bridge
        self._now: dict[tuple[str, str], Trial] = {}
        self._running: dict[tuple[str, str], Call] = {}

    def running(self, model: str) -> dict[str, Trial]:
        return {kind: trial for (name, kind), trial in self._now.items() if name == model}

    def start(self, model: str, kind: str) -> None:
        services = self._bridge.services
        if kind == BENCH:
            self._set(model, kind, Trial(_("Loading the model again…"), 0.0))
            self._follow(model, kind, services.cards.measure(model), lambda _result: self._end(model, kind), _measured)
        elif (model, kind) not in self._running:
            self._set(model, kind, Trial(_("The whole file is read…"), 0.0))
            self._follow(model, kind, services.models.verify([model]), partial(self._on_verified, model), _read)

    def make_copy(self, model: str, name: str, layers: int) -> None:
        """Make a copy in the format `name` without so many layers, and use it."""
        if any(kind == FORMATS for _model, kind in self._running):
            self._bridge.problem_met.emit(problem_for(KnownError("formats.busy")))
            return
        making = self._bridge.services.formats.make(model, name, layers)
        began = time.monotonic()
        self._set(model, FORMATS, Trial(_("Beginning…"), 0.0))
        self._follow(model, FORMATS, making, partial(self._on_copied, model), partial(_made, began))

    def use_copy(self, model: str, copy: str = "") -> None:
        """Use a copy of a model, or without `copy` its published file, in place of the one that is in use."""
        self._bridge.ask(self._bridge.services.formats.use(copy or model, copy=bool(copy)))

    def stop(self, model: str, kind: str) -> None:
        if (model, kind) in self._running:
            self._running[model, kind].cancel()

    def _follow(
        self,
        model: str,
        kind: str,
        work: Promise[Pending[Any]],
        ended: Callable[[Any], object],
        trial: Callable[[Any], Trial],
    ) -> None:
        def on_progress(now: object) -> None:
            self._set(model, kind, trial(now))

        self._running[model, kind] = self._bridge.follow(work, ended, partial(self._refused, model, kind), on_progress)

    def _on_copied(self, model: str, made: ModelRecord | None) -> None:
        self._end(model, FORMATS)
        if made is not None:
            words = _("{name} is made, and used from now on. The published file is still here.").format(name=made.name)
            back = partial(self.use_copy, model)
            self._bridge.notice_raised.emit(
                Notice(words, action=_("Use the published file"), on_action=back, life_ms=UNDO_MS, key="formats")
            )

    def _on_verified(self, model: str, verdicts: Sequence[VerifyResult]) -> None:
        self._end(model, VERIFY)
        problem = next((result.problem for result in verdicts if result.problem), None)
        key = f"verify {model}"
        if problem is not None:
            reported = notice_of(problem)
            self._bridge.notice_raised.emit(
                Notice(reported.text, reported.details, key=key, is_error=True, report=reported.report)
            )
        elif verdicts:
            words = _("The file is, to the last bit, what it was when it came in.")
            self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key=key))

    def _set(self, model: str, kind: str, trial: Trial | None) -> None:
        if trial is None:
            self._now.pop((model, kind), None)
        else:
            self._now[model, kind] = trial
        self.changed.emit(model)

    def _end(self, model: str, kind: str) -> None:
        self._running.pop((model, kind), None)
        self._set(model, kind, None)
        self.ended.emit(model)

    def _refused(self, model: str, kind: str, problem: Problem) -> None:
        self._end(model, kind)
        self._bridge.problem_met.emit(problem)


LONG = ("path", "sha256", "source")
"""Keys of detail lines whose text has no spaces, so that it may be broken anywhere."""


class DetailsPanel(QFrame):
    action_chosen = Signal(str)
    grown = Signal()

    def __init__(self, library: LibraryController, model: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "model_details")
        self._library, self._model = library, model
        self._uses: tuple[DefaultUse, ...] = ()
        self._use_buttons: dict[DefaultUse, QPushButton] = {}
        self._details: Live[ModelDetails | None] = Live(
            library.bridge, self, lambda: library.bridge.services.cards.details(model), None, is_watched=False
        )
        self._formats: Live[FormatState | None] = Live(
            library.bridge, self, self._ask_formats, None, refused=self._on_unread, is_watched=False
        )
        self._build_ui()
        for live in (self._details, self._formats):
            live.changed.connect(self._show)
        library.trials.changed.connect(self._show_trials)
        library.trials.ended.connect(self._on_ended)
        library.settings.policy_shown.connect(self._show)

    def _build_ui(self) -> None:
        self._trouble = plain_label("", self, name="details_trouble", kind="danger", is_hidden=True)
        self._trials = {
            BENCH: TrialLine(
                self, kind="bench", title=_("Speed"), button=_("Test speed"),
                tip=_("Loads the model again and measures one answer (some seconds)"),
            ),
            FORMATS: TrialLine(
                self, kind="formats", title=_("Smaller copy"), button=_("Make a smaller copy…"),
                tip=_("In a format that takes less memory, or without some layers"),
            ),
            VERIFY: TrialLine(
                self, kind="verify", title=_("File"), button=_("Verify file"),
                tip=_("Reads the whole file and compares the checksum"),
            ),
        }  # fmt: skip
        for kind, line in self._trials.items():
            line.start_requested.connect(partial(self._start, kind))
            line.stop_requested.connect(partial(self._library.trials.stop, self._model, kind))
        self._trials[FORMATS].hide()
        self._show_trials(self._model)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.SPACE_16)
        self._grid.setVerticalSpacing(theme.SPACE_4)
        self._grid.setColumnStretch(1, 1)
        self._fields = HeaderFields(self.grown.emit, self)
        rest = QWidget(self)
        column(*self._trials.values(), self._grid, self._fields, into=rest, gap=theme.SPACE_12)
        self._toggle = fold_button(_("More details"), "more_details_button", rest, self, self.grown.emit)
        column(self._trouble, self._build_uses(), row(self._toggle, 1), rest,
               into=self, gap=theme.SPACE_12, margins=(0, theme.SPACE_4, 0, theme.SPACE_12))  # fmt: skip

    def unfold(self) -> None:
        self._toggle.setChecked(True)

    def _build_uses(self) -> QWidget:
        part = named(QWidget(self), "uses")
        for use, words in WORDS.items():
            chip = button(words.capitalize(), f"use_{use.value}", part, kind="chip")
            chip.clicked.connect(lambda requested, use=use: self._on_use_clicked(use, requested))
            self._use_buttons[use] = chip
            chip.setCheckable(True)
            chip.toggled.connect(partial(_mark, chip))
            _mark(chip, False)
            chip.setVisible(False)
        title = plain_label(_("Default for"), part, name="uses_title", kind="strong")
        column(title, row(*self._use_buttons.values(), 1, gap=theme.SPACE_8), into=part, gap=theme.SPACE_4)
        return part

    def watch(self, is_open: bool) -> None:
        """Read the details again if a person looks at them."""
        for live in (self._details, self._formats):
            live.watch(is_open)
            live.again()

    def show_uses(self, uses: tuple[DefaultUse, ...]) -> None:
        """Show what the model or a copy of it is the default for, and read the details again."""
        self._uses = uses
        self._on_ended(self._model)

    def _on_ended(self, model: str) -> None:
        if model == self._model:
            self._show()
            self._details.again()
            self._formats.again()

    def _may_copy(self) -> bool:
        return FORMATS_FEATURE not in self._library.settings.policy.hidden

    def _ask_formats(self) -> Any:
        return (lambda services: state_of(services, self._model)) if self._may_copy() else None

    def _on_unread(self, problem: Problem) -> None:
        if problem.report:  # otherwise the model was removed or cannot chat: nothing to show
            self._library.bridge.problem_met.emit(problem)

    def _show(self, *_news: object) -> None:
        self._trials[FORMATS].setVisible(self._formats.value is not None and self._may_copy())
        if self._formats.value is not None:
            self._trials[FORMATS].words.setText(format_words(self._formats.value))
        details = self._details.value
        if details is None:
            return
        show_words(self._trouble, breakable(details.problem.sentence) if details.problem else "")
        self._trials[BENCH].setVisible(DefaultUse.TRANSLATE in details.can_do)
        self._trials[BENCH].words.setText(bench_words(details))
        self._trials[VERIFY].words.setText(_("Last verified: {day}.").format(day=today_or_day(details.verified)))
        managed = self._library.settings.policy.managed
        for use, chip in self._use_buttons.items():
            chip.setVisible(use in details.can_do)
            chip.setChecked(use in self._uses)
            is_managed = SETTING.get(use) in managed
            chip.setEnabled(not is_managed)
            tip = _("Use this model by default for {word}").format(word=WORDS[use])
            chip.setToolTip(_("Set by your organisation") if is_managed else tip)
        self._fill_grid(details)
        self._fields.show_fields(details.fields, details.fields_left_out)

    def _on_use_clicked(self, use: DefaultUse, requested: bool) -> None:
        used = self._formats.value.used if self._formats.value else self._model
        self._library.set_default(self._model, use, used if requested else "")

    def _start(self, kind: str) -> None:
        if kind == FORMATS:
            self.action_chosen.emit("formats")
        else:
            self._library.trials.start(self._model, kind)

    def _show_trials(self, model: str) -> None:
        if model == self._model:
            running = self._library.trials.running(model)
            for kind, line in self._trials.items():
                line.show_trial(running.get(kind))

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


def bench_words(details: ModelDetails) -> str:
    if details.bench is None and details.is_measured and details.fit and details.fit.speed:
        words = speed_in_words(details.fit.speed)
        how = _("by its answers on this PC. The test is more exact; it takes about a minute.")
        return f"{words[0].upper()}{words[1:]}, {how}"
    if details.bench is None:
        return _("Not tested on this PC yet. The test takes about a minute.")
    return _("{sentence} Measured: {day}.").format(
        sentence=details.bench.sentence(), day=today_or_day(details.bench.measured)
    )


def format_words(state: FormatState) -> str:
    if state.copy:
        return _("A copy made on this PC is in use: {used}.").format(used=state.copy)
    return _("The published file is in use.")


def _mark(button: QPushButton, is_on: bool) -> None:
    """Show whether a button is chosen, by a sign and not by colour alone."""
    set_icon(button, "check" if is_on else "plus", "accent" if is_on else "ink2")


HEIGHT = 200


class HeaderFields(QWidget):
    def __init__(self, unfolded: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("header_fields")
        self._fields: tuple[tuple[str, str], ...] = ()
        self._left_out = 0
        inner = QWidget(self)
        self._toggle = fold_button("", "fields_toggle", inner, self, unfolded)
        label = _("Search the fields of the header")
        self._search = text_line("fields_search", self, _("Search the fields"), label=label, clears=CLEAR)
        self._search.textChanged.connect(self._show)
        self._list = named(QPlainTextEdit(self), "fields_list", label=_("Fields of the header"), kind="code")
        self._list.setReadOnly(True)
        self._list.setTabChangesFocus(True)
        self._list.setFixedHeight(HEIGHT)
        self._note = plain_label("", self, name="fields_note", kind="small")
        column(self._search, self._list, self._note, into=inner, gap=theme.SPACE_8)
        column((self._toggle, Qt.AlignmentFlag.AlignLeft), inner, into=self, gap=theme.SPACE_8)
        self.hide()  # until there are any

    def show_fields(self, fields: Sequence[tuple[str, str]], left_out: int) -> None:
        self._fields, self._left_out = tuple(fields), left_out
        self.setVisible(bool(fields))
        count = QLocale().toString(len(fields) + left_out)
        self._toggle.setText(_("All {count} fields of the header").format(count=count))
        self._show()

    def _show(self) -> None:
        words = self._search.text().casefold().split()
        lines = [f"{key}: {value}" for key, value in self._fields]
        matches = [line for line in lines if all(word in line.casefold() for word in words)]
        self._list.setPlainText("\n".join(matches))
        parts = [_("{count} of {count2} fields.").format(count=len(matches), count2=len(lines))] if words else []
        if self._left_out:
            parts.append(_("{left_out} more are not shown.").format(left_out=self._left_out))
        show_words(self._note, " ".join(parts))


class TrialLine(QWidget):
    """Line for one test of a model: text on the left, a button on the right, and a progress bar below while it runs."""

    start_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget, *, kind: str, title: str, button: str, tip: str) -> None:
        super().__init__(parent)
        self.setObjectName(f"{kind}_line")
        self._start_words, self._is_running = button, False
        self.words = plain_label("", self, name=f"{kind}_words")
        self._button = named(QPushButton(button, self), f"{kind}_button")
        set_tip(self._button, tip)
        self._button.clicked.connect(self._on_clicked)
        self._state = plain_label("", self, name=f"{kind}_state", kind="small")
        self._bar = thin_bar(f"{kind}_bar", self, title, most=1000)
        head = plain_label(title, self, name=f"{kind}_title", kind="strong")
        line = row((self.words, 1), (self._button, Qt.AlignmentFlag.AlignTop), gap=theme.SPACE_12)
        column(head, line, self._state, self._bar, into=self, gap=theme.SPACE_4)
        self.show_trial(None)

    def show_trial(self, trial: Trial | None) -> None:
        self._is_running = trial is not None
        self._button.setText(_("Stop") if self._is_running else self._start_words)
        self._state.setVisible(trial is not None)
        self._bar.setVisible(trial is not None)
        if trial:
            self._state.setText(trial.words)
            self._bar.setValue(round(trial.fraction * 1000))

    def _on_clicked(self) -> None:
        if self._is_running:
            self.stop_requested.emit()
        else:
            self.start_requested.emit()


BESIDE_CHAT = {
    "encoder": _("Encoder: finds passages, cannot chat"),
    **dict.fromkeys(LISTENERS, _("Speech model: writes down what is said")),
    "adapter": _("Adapter (LoRA): works with its base model"),
    "projector": _("Projector: lets its model see or hear"),
}


def rows_of(details: ModelDetails) -> list[tuple[str, str, str]]:
    record, locale = details.card.record, QLocale()
    header = record.header
    parameters, context = header.get("parameters"), header.get("context_length")
    count = parameters if isinstance(parameters, int) else 0
    tokens = locale.toString(context) if isinstance(context, int) and context else ""
    size, exact = bytes_for_people(record.bytes), locale.toString(record.bytes)
    rows = [
        ("family", _("Family"), str(header.get("architecture") or "")),
        ("kind", _("Kind"), {"model": _("Chat model"), **BESIDE_CHAT}.get(record.kind, record.kind)),
        ("base", _("Base"), str(header.get("base") or "")),
        ("quantization", _("Quantization"), quantization_words(record)),
        ("size", _("Size"), _("{size} ({bytes} bytes)").format(size=size, bytes=exact)),
        ("parameters", _("Parameters"), parameters_words(count)),
        ("context", _("Context"), _("{context} tokens").format(context=tokens) if tokens else ""),
        ("memory", _("Memory"), memory_words(details)),
        ("speed", _("Expected speed"), expected_words(details)),
        ("card", _("Graphics card"), card_words(record)),
        ("template", _("Chat format"), template_words(record)),
        ("behaves", _("Quick test"), behaves_words(record)),
        ("made", "", translator_words(record)),
        ("suits", _("Good for"), suits_words(record)),
        ("measured", _("Measured"), measured_words(record)),
        ("license", _("Licence"), str(header.get("license") or _("not stated in the file"))),
        ("source", _("Came from"), source_words(record.source)),
        ("added", _("Added"), today_or_day(record.added)),
        ("used", _("Last used"), today_or_day(record.last_used) if record.last_used else _("never")),
        ("path", _("File"), os.fsdecode(record.path)),
        ("linked", "", _("Linked – file stays in its folder, also after removing the model") if record.linked else ""),
        ("sha256", "sha256", record.sha256),
        ("verified", _("Verified"), _("by checksum, {day}").format(day=today_or_day(details.verified))),
    ]
    return [row for row in rows if row[2]]


def quantization_words(record: ModelRecord) -> str:
    name = str(record.header.get("quantization") or "")
    known = quantization_named(name)
    return f"{name}: {known.label()}" if known else name


def parameters_words(count: int) -> str:
    for size, word in ((1e9, _("billion")), (1e6, _("million"))):
        if count >= size:
            return f"{QLocale().toString(count / size, 'f', 1 if count < 10 * size else 0)} {word}"
    return QLocale().toString(count) if count else ""


def memory_words(details: ModelDetails) -> str:
    fit = details.fit
    if fit is None:
        return ""
    words = {"fits": _("fits this PC"), "tight": _("tight on this PC"), "too_large": _("too large for this PC")}
    needs, free = bytes_for_people(fit.memory.total), bytes_for_people(fit.available_bytes)
    tokens = QLocale().toString(fit.context_tokens)
    return _("{words}: about {needs} for {tokens} tokens, {free} are free").format(
        words=words.get(fit.verdict, fit.verdict), needs=needs, tokens=tokens, free=free
    )


def card_words(record: ModelRecord) -> str:
    if card := crashed_card(record.info):
        return _("not used: the model's process ended unexpectedly on {card}").format(card=card)
    offload = offload_of(record.info)
    return offload_words(offload) if offload else ""


def template_words(record: ModelRecord) -> str:
    if not can_do(record, DefaultUse.CHAT):
        return ""
    if not record.header.get("has_chat_template"):
        return _("none in the file; slmdesk uses a plain one, and answers may be worse")
    if "template_checked" in record.info and record.info["template_checked"] is not True:
        return _("the one in the file cannot be used; a built-in one of its family is used")
    return _("its own")


def expected_words(details: ModelDetails) -> str:
    if details.fit is None or details.fit.speed is None:
        return ""
    return f"{speed_in_words(details.fit.speed)}{_(' (measured here)') if details.is_measured else ''}"


def behaves_words(record: ModelRecord) -> str:
    if record.behaves is None:
        return ""
    return _("Passed") if record.behaves else _("Failed: no language model, or damaged")


def source_words(source: str) -> str:
    place, __, rest = source.removeprefix("pack:").partition(":")  # earlier versions passed models on in packs
    if place in ("file", "pack"):
        return _("This PC")
    if place != "huggingface":
        return source
    hub = _("the Hugging Face Hub")
    return f"{hub}: {rest}" if rest else hub
