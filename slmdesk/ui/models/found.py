"""The dialog that lists models of other programs on this PC, and links those that are chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from slmdesk.base.record import Record
from slmdesk.base.runtime.messages import Problem, bytes_for_people
from slmdesk.base.texts import _
from slmdesk.models.gguf.quantization import quantization_named
from slmdesk.models.importer import FoundModel, FoundModels, ImportEnded, ImportProgress
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import (
    CheckBox,
    breakable,
    button,
    column,
    named,
    plain_label,
    row,
    set_tip,
    show_column,
    show_words,
)
from slmdesk.ui.kit.widgets.dialogs import Dialog, TextDialog
from slmdesk.ui.kit.widgets.rows import DOT

WIDTH, HEIGHT = 620, 560
INTRO = _(
    "Models of LM Studio, Jan, GPT4All, Ollama and of the Hugging Face cache. Those you choose are linked: slmdesk "
    "uses the files where they are, nothing is copied or changed."
)
LOOKING = _("Looking into the folders of these programs…")


class Linking(QObject):
    """The linking that a dialog starts. It goes on after the dialog is closed."""

    progressed = Signal(object)
    ended = Signal(object)
    refused = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self.bridge = bridge
        self._call: Call | None = None

    def begin(self, models: Sequence[FoundModel]) -> None:
        linking = self.bridge.services.finding.link(models)
        self._call = self.bridge.follow(linking, self.ended.emit, self.refused.emit, self.progressed.emit)

    def cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()


class FoundDialog(Dialog):
    """Sheet whose linking goes on after it is closed; a notice tells when it ends."""

    def __init__(self, parent: QWidget, linking: Linking) -> None:
        super().__init__(parent, "found_models", _("Models on this PC"))
        self.resize(WIDTH, HEIGHT)
        self._linking, self._bridge, self._is_busy = linking, linking.bridge, False
        self._looking: Call | None = None
        self._models: dict[str, FoundModel] = {}
        self._skipped = ""
        self._build_ui()
        linking.progressed.connect(self._on_progressed)
        linking.ended.connect(self._on_ended)
        linking.refused.connect(self._on_refused)
        self._look()

    def _build_ui(self) -> None:
        intro = plain_label(INTRO, self, name="found_intro")
        self._note = plain_label("", self, name="found_note", kind="muted", is_hidden=True)
        self._list = CheckList(self)
        self._trouble = plain_label("", self, name="found_trouble", kind="danger", is_hidden=True)
        self._words = plain_label("", self, name="found_words", kind="muted", is_hidden=True)
        self._bar = thin_bar("found_bar", self, _("Looking for models"))
        self._more = button(_("Not looked at…"), "found_skipped", self, on=self._on_more)
        self._more.setVisible(False)
        self._cancel = button(_("Cancel"), "found_cancel", self, on=self._on_cancel)
        self._link = button(_("Link"), "found_link", self, kind="primary", on=self._on_link)
        self._link.setDefault(True)
        self._list.chosen_changed.connect(self._refresh)
        buttons = row(self._more, 1, self._cancel, self._link, gap=theme.SPACE_8)
        column(
            intro, self._note, (self._list, 1), self._trouble, self._words, self._bar, buttons,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip

    def _show_work(self, words: str, fraction: float | None = None) -> None:
        """Show words and a progress bar. `fraction` is from 0 to 1, or None if unknown. Empty words hide both."""
        show_words(self._words, breakable(words))
        self._bar.setRange(0, 0 if fraction is None else 1000)
        self._bar.setValue(round((fraction or 0.0) * 1000))
        self._bar.setVisible(bool(words))

    def _look(self) -> None:
        self._show_work(LOOKING)
        finding = self._bridge.services.finding.find()
        self._looking = self._bridge.follow(finding, self._on_found, self._on_refused)
        self._refresh()

    def _on_found(self, models: FoundModels) -> None:
        self._looking = None
        self._show_work("")
        self._models = {str(model.path): model for model in models.models}
        self._list.show_rows([found_row(model) for model in models.models])
        self._skipped = "\n".join(f"{skipped.path}: {skipped.reason}" for skipped in models.skipped)
        self._more.setVisible(bool(self._skipped))
        words = "" if models.models else _("No model files of other programs were found on this PC.")
        if models.models and self._list.is_empty:
            words = _("What was found is in the library already, or cannot be used here.")
        show_words(self._note, words)
        self._list.focus_first()

    def _refresh(self) -> None:
        self._link.setEnabled(bool(self._list.chosen) and not self._is_busy)
        self._list.setEnabled(not self._is_busy)
        self._cancel.setVisible(self._is_busy or self._looking is not None)

    def _on_link(self) -> None:
        self._is_busy = True
        show_words(self._trouble, "")
        self._show_work(_("Reading them once, for their checksums…"), 0.0)
        self._refresh()
        self._linking.begin([self._models[each.key] for each in self._list.chosen])

    def _on_progressed(self, now: ImportProgress) -> None:
        if self._is_busy:
            chosen = self._list.chosen
            at = next((at for at, row in enumerate(chosen) if row.key == str(now.path)), 0)
            what = _("Reading {name} ({at} of {count})").format(
                name=self._models[str(now.path)].name, at=at + 1, count=len(chosen)
            )
            done, total = bytes_for_people(now.done_bytes), bytes_for_people(now.total_bytes)
            amount = _("{size} of {size2}").format(size=done, size2=total)
            self._show_work(f"{what}{DOT}{amount}", now.done_bytes / max(now.total_bytes, 1))

    def _on_ended(self, ends: tuple[ImportEnded, ...]) -> None:
        if not self._is_busy:
            return
        self._is_busy = False
        self._show_work("")
        if all(end.model for end in ends) and len(ends) == len(self._list.chosen):
            self.accept()
        else:
            self._look()

    def _on_refused(self, problem: Problem) -> None:
        self._is_busy, self._looking = False, None
        self._show_work("")
        show_words(self._trouble, breakable(problem.sentence))
        self._refresh()

    def _on_cancel(self) -> None:
        if self._is_busy:
            self._linking.cancel()
        else:
            self.reject()

    def _on_more(self) -> None:
        title, intro = _("Not looked at"), _("What was passed over, and why.")
        TextDialog(self, title=title, intro=intro, text=self._skipped, is_prose=False).show()

    def reject(self) -> None:
        """Close the dialog. A running search stops, but linking goes on."""
        if self._looking is not None:
            self._looking.cancel()
        super().reject()


def found_row(model: FoundModel) -> CheckRow:
    known = quantization_named(model.quantization) if model.quantization else None
    parts = [model.program, bytes_for_people(model.bytes)]
    parts.append(f"{model.quantization}, {known.label()}" if known else model.quantization)
    parts.append(_("in the library already") if model.known else "")
    trouble = model.problem.sentence if model.problem else ""
    info = DOT.join(part for part in parts if part)
    words = breakable(str(model.path))
    return CheckRow(str(model.path), model.name, info, words, trouble, is_here=bool(model.known))


INDENT = 30
"""Pixels by which the facts are indented, so that they stand under the name and not under its check box."""


class CheckRow(Record):
    key: str
    title: str
    info: str
    words: str
    trouble: str
    is_here: bool


class NameBox(CheckBox):
    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "check_box", label=text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._full = text
        self._show(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        advance = self.fontMetrics().horizontalAdvance
        box = self.sizeHint().width() - advance(self.text().replace("&&", "&"))  # wider with large letters
        self._show(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, self.width() - box))

    def _show(self, text: str) -> None:
        self.setText(text.replace("&", "&&"))  # Qt would take an ampersand as the mark of a shortcut
        set_tip(self, self._full if text != self._full else "")


class CheckList(QScrollArea):
    """List of models with check boxes. Models that are unusable or already in the library cannot be chosen."""

    chosen_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("found_list")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its boxes are stops; it scrolls along with them
        self.setMinimumHeight(180)
        self._boxes: dict[str, NameBox] = {}  # those that can be chosen
        self._rows: tuple[CheckRow, ...] = ()

    def show_rows(self, rows: Sequence[CheckRow]) -> None:
        self._rows, self._boxes = tuple(rows), {}
        inner = named(QFrame(self), "check_list_inner")
        boxes = [self._row(row, inner) for row in rows]
        column(*boxes, 1, into=inner, gap=theme.SPACE_8, margins=(0, 0, theme.SPACE_8, 0))
        show_column(self, inner)
        self.chosen_changed.emit()

    @property
    def chosen(self) -> list[CheckRow]:
        return [row for row in self._rows if (box := self._boxes.get(row.key)) and box.isChecked()]

    @property
    def is_empty(self) -> bool:
        return not self._boxes

    def focus_first(self) -> None:
        first = next(iter(self._boxes.values()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _row(self, row: CheckRow, parent: QWidget) -> QWidget:
        holder = named(QFrame(parent), "check_row")
        can_be = not row.trouble and not row.is_here
        box = NameBox(row.title, holder)
        box.setAccessibleDescription(" ".join(words for words in (row.info, row.words, row.trouble) if words))
        box.setEnabled(can_be)
        box.toggled.connect(self.chosen_changed)
        if can_be:
            self._boxes[row.key] = box
        lines = (("facts", row.info, "small"), ("words", row.words, "small"), ("trouble", row.trouble, "danger"))
        labels = [
            plain_label(breakable(text), holder, name=f"check_{name}", kind=kind) for name, text, kind in lines if text
        ]
        under = column(*labels, gap=theme.SPACE_4, margins=(INDENT, 0, 0, 0))
        column(box, under, into=holder, gap=0, margins=(0, 0, 0, theme.SPACE_4))
        return holder
