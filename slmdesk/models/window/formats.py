"""Smaller copies of a model in the window: the dialog that asks for one, and the work on it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QWidget

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.evaluation.formats import (
    MOST_LEFT_OUT,
    FormatProgress,
    copy_label,
    name_without,
    progress_words,
    smaller_formats,
)
from slmdesk.gguf.quantization import QUANTIZATIONS
from slmdesk.models.service import origin_of
from slmdesk.runtime.messages import Problem, bytes_for_people, problem_for
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.build import breakable, column, named, passing, plain_label
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.notices import UNDO_MS, Notice
from slmdesk.window.widgets.rows import DOT, Choice

if TYPE_CHECKING:
    from slmdesk.services import Services

INTRO = _(
    "A smaller copy of {name} takes less memory and answers faster, and somewhat less exactly. It stands beside the "
    "published file, which always stays."
)
LAYERS = _(
    "Leaving out layers makes a model smaller and faster, and for most models much worse. Those that its predictions "
    "need least are found first, which takes some minutes."
)


class CopyDialog(Dialog):
    """Asks which smaller copy of a model to make. Emits the format ("" for the published one) and how many layers are
    left out.
    """

    chosen = Signal(str, int)

    def __init__(self, parent: QWidget, model: ModelRecord) -> None:
        super().__init__(parent)
        passing(self, "copy_dialog", _("Make a smaller copy"))
        formats: list[tuple[object, str]] = [("", _("As published"))]
        for name, size in smaller_formats(model):
            formats.append((name, f"{name}: {QUANTIZATIONS[name].label()}{DOT}{bytes_for_people(size)}"))
        layers: list[tuple[object, str]] = [(0, _("None"))]
        layers += [(count, name_without(count)) for count in range(1, MOST_LEFT_OUT + 1)]
        self._format = named(Choice(formats, self), "copy_format", label=_("Format"))
        self._layers = named(Choice(layers, self), "copy_layers", label=_("Left out"))
        self._format.setCurrentIndex(min(1, len(formats) - 1))
        self._note = plain_label(LAYERS, self, name="copy_layers_note", kind="warn", is_hidden=True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._make = self._buttons.addButton(_("Make it"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._make.setObjectName("copy_make")
        column(
            plain_label(INTRO.format(name=breakable(model.name)), self, name="copy_intro"),
            plain_label(_("Format"), self, name="copy_format_heading", wraps=False), self._format,
            plain_label(_("Left out"), self, name="copy_layers_heading", wraps=False), self._layers, self._note,
            1, self._buttons, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._format.value_chosen.connect(lambda _value: self._show())
        self._layers.value_chosen.connect(lambda _value: self._show())
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._show()

    def _show(self) -> None:
        layers = self._layers.currentData()
        self._note.setVisible(bool(layers))
        self._make.setEnabled(bool(layers or self._format.currentData()))

    def _on_accepted(self) -> None:
        self.chosen.emit(str(self._format.currentData()), int(self._layers.currentData()))
        self.accept()


class FormatState(Record):
    model: ModelRecord
    """The published model, from which the copies are made."""
    used: str
    """Id of the model or copy that is in use."""
    copy: str
    """What the copy in use is, such as "Q8_0"; empty while the published file is used."""


class Trial(Record):
    """Progress of a running test or other work: a text, and the fraction that is done, from 0 to 1."""

    words: str
    fraction: float


class FormatController(QObject):
    state_read = Signal(object)
    work_changed = Signal(str, object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="format_controller")
        self._bridge = bridge
        self._running: Call | None = None
        self._model, self._work, self._began = "", Trial("", 0.0), 0.0

    def work_of(self, model: str) -> Trial | None:
        return self._work if self._running is not None and self._model == model else None

    def read(self, model: str) -> None:
        self._bridge.ask(lambda services: _state_of(services, model), self.state_read.emit, self._on_unread)

    def make(self, model: str, name: str, layers: int) -> None:
        """Make a copy in the format `name` without so many layers, and use it."""
        if self._running is not None:
            self._bridge.problem_met.emit(problem_for(KnownError("formats.busy")))
            return
        self._model, self._began = model, time.monotonic()
        making = self._bridge.services.formats.make(model, name, layers)
        ended, refused = partial(self._on_ended, model), partial(self._on_refused, model)
        self._running = self._bridge.follow(making, ended, refused, self._on_progress)
        self._show(Trial(_("Beginning…"), 0.0))

    def use(self, model: str, copy: str = "") -> None:
        """Use a copy of a model, or without `copy` its published file, in place of the one that is in use."""
        self._bridge.ask(self._bridge.services.formats.use(copy or model, copy=bool(copy)))

    def stop(self, model: str) -> None:
        if self._running is not None and self._model == model:
            self._running.cancel()

    def _on_unread(self, problem: Problem) -> None:
        if problem.report:  # otherwise the model was removed or cannot chat: nothing to show
            self._bridge.problem_met.emit(problem)

    def _on_progress(self, news: FormatProgress) -> None:
        words = progress_words(news.what, news.fraction, time.monotonic() - self._began)
        self._show(Trial(words[0].upper() + words[1:], news.fraction))

    def _on_ended(self, model: str, made: ModelRecord | None) -> None:
        self._end(model)
        if made is not None:
            words = _("{name} is made, and used from now on. The published file is still here.").format(name=made.name)
            back = partial(self.use, model)
            self._bridge.notice_raised.emit(
                Notice(words, action=_("Use the published file"), on_action=back, life_ms=UNDO_MS, key="formats")
            )

    def _on_refused(self, model: str, problem: Problem) -> None:
        self._end(model)
        self._bridge.problem_met.emit(problem)

    def _end(self, model: str) -> None:
        self._running = None
        self.work_changed.emit(model, None)
        self.read(model)

    def _show(self, work: Trial) -> None:
        self._work = work
        self.work_changed.emit(self._model, work)


def _state_of(services: Services, model: str) -> FormatState:
    used = services.formats.used(model)
    origin = origin_of(used)
    return FormatState(services.formats.published(model), used.id, copy_label(origin) if origin else "")
