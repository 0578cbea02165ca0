"""Packs of models in the window: the dialogs to make and open them, and the list to choose models from."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QWidget

from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _, ngettext
from slmdesk.models.packs import OfferedModel, PackContents, PackPlan, PackResult
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call, Delay, copy_text
from slmdesk.window.widgets.build import (
    CheckBox,
    ElidedLabel,
    breakable,
    button,
    column,
    named,
    passing,
    plain_label,
    plain_tip,
    row,
    set_kind,
    show_column,
    text_line,
)
from slmdesk.window.widgets.notices import Notice
from slmdesk.window.widgets.opening import PACK_SUFFIX
from slmdesk.window.widgets.rows import DOT, WideDialog, amount_words

if TYPE_CHECKING:
    from slmdesk.runtime.events import Pending

PACK_FILTER = _("Packs of models (*.tar);;All files (*)")
PLAN_MS = 150
MAKE_INTRO = _(
    "A pack is one file with the models you choose, their checksums and licences, for PCs without a network: "
    "copy it there, on a USB stick for instance, and open it in slmdesk."
)
MADE_INTRO = _(
    "Hand this checksum on by another way than the pack itself: by mail, on paper, by telephone. Whoever opens the "
    "pack can compare it, and so knows that nothing was changed on the way."
)
OPEN_INTRO = _(
    "Compare the checksum with the one you were told by whoever made the pack. Every byte of the pack is checked "
    "before the first model is kept."
)
SAME = _("✓ It is the same: this is the pack you were told of.")
OTHER = _("It is another one: this is not the pack you were told of. Do not bring it in.")
STOPPED = _("Stopped; nothing was kept.")


class Work(QObject):
    """Work that a dialog starts and shows, one piece at a time. It goes on after the dialog is closed."""

    progressed = Signal(object)
    ended = Signal(object)
    refused = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject, name: str, busy: str = "") -> None:
        """`busy` is the text of the notice for a second start while the work runs."""
        super().__init__(parent, objectName=f"{name}_work")
        self.bridge, self._key, self._busy = bridge, name, busy
        self._call: Call | None = None

    def is_busy(self) -> bool:
        """Return whether the work is running. If it is, also show the notice about it."""
        if self._call is not None:
            self.bridge.notice_raised.emit(Notice(self._busy, key=self._key))
        return self._call is not None

    def begin(self, request: Pending[Any]) -> None:
        self._call = self.bridge.follow(request, self._on_ended, self._on_refused, self.progressed.emit)

    def cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def _on_ended(self, result: object) -> None:
        self._call = None
        self.ended.emit(result)

    def _on_refused(self, problem: Problem) -> None:
        self._call = None
        self.refused.emit(problem)


class WorkDialog(WideDialog):
    """Dialog that shows a Work. Its button *Cancel* stops the work."""

    def __init__(self, parent: QWidget, worker: Work, *, name: str, title: str, intro: str, doing: str) -> None:
        super().__init__(parent, name=name, title=title, intro=intro, spoken=doing)
        self._worker, self._bridge, self._doing, self._is_busy = worker, worker.bridge, doing, False
        worker.refused.connect(self._on_refused)
        worker.progressed.connect(self._on_progressed)
        worker.ended.connect(self._on_ended)

    def _add_foot(self, go: str, go_name: str, close_name: str, on: Callable[[], object]) -> QPushButton:
        """Add the buttons that close the dialog and begin the work. Return the latter."""
        self.buttons.addStretch(1)
        self._close = self.add_button(_("Close"), name=close_name)
        self._close.clicked.connect(self._on_close)
        made = self.add_button(go, name=go_name, is_primary=True)
        made.clicked.connect(lambda: on())
        return made

    def _begin_work(self, words: str) -> None:
        self._is_busy = True
        self.show_trouble("")
        self.work.show_work(words, 0.0)
        self._refresh()

    def _on_refused(self, problem: Problem) -> None:
        self._end_work(problem.sentence)

    def _on_close(self) -> None:
        if self._is_busy:
            self._worker.cancel()
        else:
            self.reject()

    def _end_work(self, sentence: str) -> None:
        if self._is_busy:
            self._is_busy = False
            self.work.end()
            self.show_trouble(sentence)
            self._refresh()

    def _refresh(self) -> None:
        self._close.setText(_("Cancel") if self._is_busy else _("Close"))

    def _on_progressed(self, event: Any) -> None:
        if self._is_busy:
            words = amount_words(self._doing, event.done_bytes, event.total_bytes, event.eta_s)
            self.work.show_work(words, event.done_bytes / max(event.total_bytes, 1))

    def _on_ended(self, result: Any) -> None:
        raise NotImplementedError


class MakePackDialog(WorkDialog):
    def __init__(self, parent: QWidget, packs: Work) -> None:
        super().__init__(
            parent, packs, name="make_pack", title=_("Create a pack"), intro=MAKE_INTRO, doing=_("Writing the pack")
        )
        self._target: Path | None = None
        self._plan: PackPlan | None = None
        self._sha256 = ""
        self._turn = 0
        self._timer = Delay(self, PLAN_MS, self._on_time)
        self._build_ui()
        self._bridge.ask(self._bridge.services.models.list(), self._on_models_listed, self._on_refused)

    def _build_ui(self) -> None:
        self._list = CheckList(self, name="make_pack_models", height=180)
        self._sum = plain_label("", self, name="make_pack_sum", kind="muted")
        self._place = ElidedLabel(self, name="make_pack_place", text=_("No place chosen yet"))
        self._choose = button(_("Where to…"), "make_pack_where", self, label=_("Choose where the pack is written"))
        self._choose.setAutoDefault(False)
        self._checksum = _checksum_label(self, "make_pack_checksum")
        self._copy = button(_("Copy"), "make_pack_copy", self, label=_("Copy the checksum"), on=self._on_copy)
        self._copy.setAutoDefault(False)
        self.body.addWidget(self._list, 1)
        self.body.addWidget(self._sum)
        self.body.addLayout(row((self._place, 1), self._choose, gap=theme.SPACE_8))
        self.body.addLayout(row((self._checksum, 1), self._copy, gap=theme.SPACE_8))
        for widget in (self._checksum, self._copy):
            widget.setVisible(False)
        self._make = self._add_foot(_("Create pack"), "make_pack_make", "make_pack_close", self._on_make)
        self._make.setEnabled(False)
        self._list.chosen_changed.connect(self._on_changed)
        self._choose.clicked.connect(self._on_choose)

    def set_target(self, target: Path) -> None:
        self._target = target
        self._place.set_full_text(str(target))
        self._on_changed()

    def _on_models_listed(self, models: Sequence[ModelRecord]) -> None:
        rows = [
            CheckRow(model.id, model.name, _record_info(model), model.bytes)
            for model in sorted(models, key=lambda model: model.name.casefold())
        ]
        self._list.show_rows(rows, chosen=len(rows) == 1)
        if not rows:
            self.show_trouble(_("There is no model yet that could be packed."))
        self._list.focus_first()

    def _on_changed(self) -> None:
        chosen = self._list.chosen
        self._plan = None
        size = bytes_for_people(sum(other_row.bytes for other_row in chosen))
        count = ngettext("1 model", "{n} models", len(chosen))
        self._sum.setText(f"{count}, {size}" if chosen else _("No model chosen yet"))
        self.show_trouble("")
        self._refresh()
        if chosen and self._target:
            self._timer.start()

    def _on_time(self) -> None:
        if self._target and self._list.chosen:
            self._turn += 1
            planning = self._bridge.services.packs.plan([row.key for row in self._list.chosen], self._target)
            self._bridge.follow(planning, partial(self._on_planned, self._turn), self._on_refused)

    def _on_planned(self, turn: int, plan: PackPlan) -> None:
        if self._is_busy or turn != self._turn:
            return
        self._plan = plan
        size, free = bytes_for_people(plan.bytes), bytes_for_people(plan.free_bytes)
        full = _("Not enough space there: the pack takes {size}, {free} are free.").format(size=size, free=free)
        full = full if plan.bytes > plan.free_bytes else ""
        self.show_trouble(plan.problem.sentence if plan.problem else full)
        if plan.bytes:
            self._sum.setText(
                _("{count} chosen{dot}the pack takes {size}{dot}{free} are free there").format(
                    count=len(self._list.chosen), dot=DOT, size=size, free=free
                )
            )
        self._refresh()

    def _on_choose(self) -> None:
        where = self._target or Path.home() / "models.tar"
        dialog = passing(QFileDialog(self, _("Where to write the pack"), str(where), PACK_FILTER), "pack_file_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # a file that is there is refused with a sentence
        dialog.setDefaultSuffix(PACK_SUFFIX.removeprefix("."))
        dialog.fileSelected.connect(lambda file: self.set_target(Path(file)))
        dialog.open()

    def _on_make(self) -> None:
        chosen = self._list.chosen
        if not chosen or self._target is None or self._worker.is_busy():
            return
        self._begin_work(self._doing)
        self._worker.begin(self._bridge.services.packs.pack([row.key for row in chosen], self._target))

    def _on_ended(self, event: PackResult) -> None:
        if event.models or not event.manifest_sha256:
            self._end_work(STOPPED)
            return
        self._is_busy = False
        self.work.end()
        self._sha256 = event.manifest_sha256
        self._checksum.setText(grouped(self._sha256))
        self.intro.setText(MADE_INTRO)
        self._sum.setText(_("The pack is written and checked: {size}").format(size=bytes_for_people(event.bytes)))
        for widget in (self._list, self._choose, self._make):
            widget.setVisible(False)
        for shown in (self._checksum, self._copy):
            shown.setVisible(True)
        self.body.addStretch(1)
        self._copy.setFocus()
        self._refresh()
        self.fit(self.width())

    def _on_copy(self) -> None:
        copy_text(self._sha256)
        self._copy.setText(_("Copied"))

    def _refresh(self) -> None:
        plan = self._plan
        is_possible = plan is not None and plan.problem is None and plan.bytes <= plan.free_bytes
        self._make.setEnabled(is_possible and not self._is_busy and bool(self._list.chosen))
        self._list.setEnabled(not self._is_busy)
        self._choose.setEnabled(not self._is_busy)
        super()._refresh()


class OpenPackDialog(WorkDialog):
    def __init__(self, parent: QWidget, packs: Work, contents: PackContents) -> None:
        name = Path(contents.path).name
        super().__init__(
            parent, packs, name="open_pack", title=_("Open a pack"), intro=OPEN_INTRO, doing=_("Checking the pack")
        )
        self._contents, self._is_other = contents, False
        self._build_ui(name)
        self._list.show_rows([row_of(model) for model in contents.models])
        self._list.focus_first()

    def _build_ui(self, name: str) -> None:
        size = bytes_for_people(self._contents.bytes)
        self._file = plain_label(breakable(f"{name}{DOT}{size}"), self, name="open_pack_file", kind="muted")
        self._checksum = _checksum_label(self, "open_pack_checksum")
        self._checksum.setText(grouped(self._contents.manifest_sha256))
        hint, label = _("Paste the checksum you were told, to have it compared"), _("The checksum you were told")
        self._reported = text_line("open_pack_told", self, hint, label=label)
        self._verdict = plain_label("", self, name="open_pack_verdict", kind="small", is_hidden=True)
        self._list = CheckList(self, name="open_pack_models", height=150)
        self._sum = plain_label("", self, name="open_pack_sum", kind="muted")
        for widget in (self._file, self._checksum, self._reported, self._verdict):
            self.body.addWidget(widget)
        self.body.addWidget(self._list, 1)
        self.body.addWidget(self._sum)
        self._take = self._add_foot(_("Add"), "open_pack_take", "open_pack_close", self._on_take)
        self._list.chosen_changed.connect(self._on_changed)
        self._reported.textChanged.connect(self._on_reported)

    def _on_changed(self) -> None:
        chosen, free = self._list.chosen, self._contents.free_bytes
        size = sum(other_row.bytes for other_row in chosen)
        if self._list.is_empty:
            words = (
                _("All models of the pack are on this PC already.")
                if self._contents.models
                else _("No model in the pack.")
            )
        elif not chosen:
            words = _("No model chosen")
        else:
            count = ngettext("1 model", "{n} models", len(chosen))
            words = _("{count}, {size}{dot}{size2} are free").format(
                count=count, size=bytes_for_people(size), dot=DOT, size2=bytes_for_people(free)
            )
        self._sum.setText(words)
        full = _("Not enough space: {size} are needed, {size2} are free.").format(
            size=bytes_for_people(size), size2=bytes_for_people(free)
        )
        self.show_trouble(full if size > free else "")
        self._refresh()

    def _on_reported(self, text: str) -> None:
        reported = "".join(text.split()).lower()
        self._is_other = bool(reported) and reported != self._contents.manifest_sha256
        self._verdict.setText(OTHER if self._is_other else SAME)
        set_kind(self._verdict, "danger" if self._is_other else "small")
        self._verdict.setVisible(bool(reported))
        self._refresh()

    def _on_take(self) -> None:
        if self._worker.is_busy():
            return
        self._begin_work(_("Checking the pack"))
        self._doing = _("Checking and copying")
        path, expected = Path(self._contents.path), self._contents.manifest_sha256
        only = [row.key for row in self._list.chosen]
        self._worker.begin(self._bridge.services.packs.unpack(path, expected=expected, only=only))

    def _on_ended(self, event: PackResult) -> None:
        if not event.manifest_sha256:
            self._end_work(STOPPED)
        elif event.models and self._is_busy:
            self._is_busy = False
            self.accept()

    def _refresh(self) -> None:
        size = sum(other_row.bytes for other_row in self._list.chosen)
        is_possible = 0 < size <= self._contents.free_bytes and not self._is_other
        self._take.setEnabled(is_possible and not self._is_busy)
        self._reported.setEnabled(not self._is_busy)
        self._list.setEnabled(not self._is_busy)
        super()._refresh()


def row_of(model: OfferedModel) -> CheckRow:
    listed = model.listed
    licence = listed.about.get("licence") or listed.license or _("not stated")
    info = [bytes_for_people(listed.bytes), _("licence: {licence}").format(licence=licence)]
    if model.here:
        info.append(_("on this PC already"))
    words = " ".join(listed.about[key] for key in ("good_for", "weakness") if listed.about.get(key))
    name = listed.name or re.sub(r"-[0-9a-f]{12}\.gguf$", "", os.path.basename(listed.file))  # noqa: PTH119  no path here
    return CheckRow(listed.sha256, name, DOT.join(info), listed.bytes, words, is_here=bool(model.here))


def _record_info(record: ModelRecord) -> str:
    known = (record.header.get("quantization"), record.header.get("license") or _("licence not stated"))
    return DOT.join([bytes_for_people(record.bytes), *(str(fact) for fact in known if fact)])


def grouped(sha256: str) -> str:
    """Return a checksum in groups, which are easy to read out and compare."""
    return " ".join(sha256[at : at + 8] for at in range(0, len(sha256), 8))


def _checksum_label(parent: QWidget, name: str) -> QLabel:
    label = plain_label("", parent, name=name, kind="strong")
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAccessibleName(_("Checksum of the pack (sha256)"))
    label.setToolTip(_("sha256 of the list of the pack, which holds the checksum of everything in it"))
    return label


# ---- a list of models to choose from


INDENT = 30
"""Pixels by which the facts are indented, so that they stand under the name and not under its check box."""
BOX_WIDTH = 40


class CheckRow(Record):
    key: str
    title: str
    info: str
    bytes: int
    words: str = ""
    trouble: str = ""
    is_here: bool = False


class NameBox(CheckBox):
    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "check_box", label=text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._full = text
        self._show(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, self.width() - BOX_WIDTH))

    def _show(self, text: str) -> None:
        self.setText(text.replace("&", "&&"))  # Qt would take an ampersand as the mark of a shortcut
        self.setToolTip(plain_tip(self._full) if text != self._full else "")


class CheckList(QScrollArea):
    """List of models with check boxes. Models that are unusable or already in the library cannot be chosen."""

    chosen_changed = Signal()

    def __init__(self, parent: QWidget, *, name: str, height: int = 260) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its boxes are stops; it scrolls along with them
        self.setMinimumHeight(height)
        self._boxes: dict[str, NameBox] = {}  # those that can be chosen
        self._rows: tuple[CheckRow, ...] = ()

    @Slot(object)
    def show_rows(self, rows: Sequence[CheckRow], chosen: bool = True) -> None:
        self._rows, self._boxes = tuple(rows), {}
        inner = named(QFrame(self), "check_list_inner")
        boxes = [self._row(row, inner, chosen=chosen) for row in rows]
        column(*boxes, 1, into=inner, gap=theme.SPACE_8, margins=(0, 0, theme.SPACE_8, 0))
        show_column(self, inner)
        self.chosen_changed.emit()

    @property
    def chosen(self) -> list[CheckRow]:
        return [other_row for other_row in self._rows if (box := self._boxes.get(other_row.key)) and box.isChecked()]

    @property
    def is_empty(self) -> bool:
        return not self._boxes

    def focus_first(self) -> None:
        first = next(iter(self._boxes.values()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _row(self, row: CheckRow, parent: QWidget, *, chosen: bool) -> QWidget:
        holder = named(QFrame(parent), "check_row")
        can_be = not row.trouble and not row.is_here
        box = NameBox(row.title, holder)
        box.setAccessibleDescription(" ".join(words for words in (row.info, row.words, row.trouble) if words))
        box.setChecked(chosen and can_be)
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
