"""Dialogs and menus for adding models to the library, for packs of models, and for moving their folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from slmdesk.base.policy import Policy
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _, ngettext
from slmdesk.gguf.quantization import quantization_named
from slmdesk.models.importer import (
    MOST_FILES,
    Candidate,
    FoundModel,
    FoundModels,
    ImportEnded,
    ImportProgress,
    InspectedFiles,
)
from slmdesk.models.move import MovePlan, MoveProgress, MoveResult, MoveStep
from slmdesk.models.packs import OfferedModel, PackContents, PackPlan, PackResult
from slmdesk.models.window.work import CheckList, CheckRow, Work, WorkDialog
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call, Delay, copy_text
from slmdesk.window.widgets.build import (
    ElidedLabel,
    breakable,
    button,
    column,
    named,
    passing,
    plain_label,
    row,
    set_kind,
    show_column,
    show_words,
    text_line,
)
from slmdesk.window.widgets.dialogs import Dialog, TextDialog
from slmdesk.window.widgets.notices import UNDO_MS, Notice
from slmdesk.window.widgets.opening import PACK_SUFFIX, ask_file
from slmdesk.window.widgets.rows import DOT, FitMark, amount_words

if TYPE_CHECKING:
    pass

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


# ---- what a file or folder is, before it is added


WIDTH = 460
LIST_HEIGHT = 320


def look_at_files(bridge: Bridge, paths: Path | Sequence[Path], read: Callable[[Sequence[Candidate]], object]) -> None:
    """Inspect the files or folders, and call `read` with the candidates if at least one of them can be added."""

    def looked(found: InspectedFiles) -> None:
        problems = [candidate.problem for candidate in found.candidates]
        if found.was_cut:
            words = _("Only the first {most_files} model files were looked at. Add the others afterwards.").format(
                most_files=MOST_FILES
            )
            bridge.notice_raised.emit(Notice(words, key="many files"))
        if not problems:
            bridge.notice_raised.emit(Notice(_("There is no model file (.gguf) in that folder."), key="no files"))
        elif all(problems):
            bridge.problem_met.emit(problems[0])
        else:
            read(found.candidates)

    bridge.follow(bridge.services.looking.look((paths,) if isinstance(paths, Path) else tuple(paths)), looked)


class AddDialog(Dialog):
    add_chosen = Signal(object, bool)

    def __init__(self, parent: QWidget, candidates: Sequence[Candidate]) -> None:
        super().__init__(parent)
        passing(self, "add_dialog")
        self._candidates = tuple(candidates)
        self._good = tuple(candidate for candidate in candidates if candidate.problem is None)
        count = len(self._good)
        self.setWindowTitle(ngettext("Add this model?", "Add these {n} models?", count))
        self._build_ui()

    def _build_ui(self) -> None:
        total = bytes_for_people(sum(candidate.bytes for candidate in self._good))
        count, bad = len(self._candidates), len(self._candidates) - len(self._good)
        words = _("{count} models, {total} in all.").format(count=len(self._good), total=total)
        if bad:
            words += ngettext(" 1 file cannot be added.", " {n} files cannot be added.", bad)
        summary = plain_label(words, self, name="add_summary", kind="heading", is_hidden=count == 1)
        inner = named(QFrame(), "add_list_inner")
        rows = [self._row(inner, candidate) for candidate in self._candidates]
        column(*rows, 1, into=inner, gap=theme.SPACE_12, margins=(0, 0, theme.SPACE_8, 0))
        area = named(QScrollArea(self), "add_list", label=_("Model files"))
        show_column(area, inner)
        area.setMinimumWidth(WIDTH + theme.SPACE_32)
        area.setMinimumHeight(min(LIST_HEIGHT, inner.heightForWidth(WIDTH)))
        column(summary, area, self._build_buttons(), into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)

    def _row(self, parent: QWidget, candidate: Candidate) -> QVBoxLayout:
        mark = FitMark(parent)
        mark.show_fit("broken" if candidate.problem else candidate.verdict, is_about=candidate.fit is None)
        head = row((plain_label(breakable(candidate.name), parent, name="add_row_name", kind="strong"), 1), mark)
        lines, gap = [*lines_of(candidate), str(candidate.path)], "\n" if len(self._candidates) == 1 else DOT
        reported = candidate.problem.sentence if candidate.problem else gap.join(lines)
        kind = "danger" if candidate.problem else "small"
        words = plain_label(breakable(reported), parent, name="add_row_words", kind=kind)
        return column(head, words, gap=theme.SPACE_4)

    def _build_buttons(self) -> QHBoxLayout:
        in_parts = any(candidate.parts > 1 for candidate in self._good)
        cancel = button(_("Cancel"), "add_cancel", self, on=self.reject)
        words = ngettext("Link (leave it where it is)", "Link (leave them where they are)", len(self._good))
        tip = _("The file stays where it is and must stay there")
        if in_parts:
            tip = _("A model in parts is put together into one file, so it is copied")
        link = button(words, "add_link", self, tip=tip, on=partial(self._on_chosen, True))
        link.setEnabled(not in_parts)
        tip = _("A copy is kept in the folder for models")
        copy = button(
            _("Copy into slmdesk"), "add_copy", self, tip=tip, kind="primary", on=partial(self._on_chosen, False)
        )
        cancel.setAutoDefault(False)
        link.setAutoDefault(False)
        copy.setDefault(True)
        return row(1, cancel, link, copy, gap=theme.SPACE_8)

    def _on_chosen(self, link: bool) -> None:
        self.add_chosen.emit(tuple(candidate.path for candidate in self._good), link)
        self.accept()


def lines_of(candidate: Candidate) -> list[str]:
    header = candidate.header
    name = header.quantization if header else ""
    known = quantization_named(name)
    parts = (
        _(", in {parts} parts that are put together into one file").format(parts=candidate.parts)
        if candidate.parts > 1
        else ""
    )
    lines = [
        _("Size: {size}{parts}").format(size=bytes_for_people(candidate.bytes), parts=parts),
        _("Precision: {name}, {label}").format(name=name, label=known.label())
        if known
        else _("Precision: {name}").format(name=name or _("not stated")),
        _("Licence: {license}").format(license=(header.license if header else "") or _("not stated")),
    ]
    if header and header.kind == "encoder":
        lines.append(_("Encoder: finds passages, cannot chat"))
    if candidate.fit:
        needs, free = bytes_for_people(candidate.fit.memory.total), bytes_for_people(candidate.fit.available_bytes)
        lines.append(_("Memory: needs about {needs}, {free} are free").format(needs=needs, free=free))
    return lines


# ---- other ways to add or move models


class ModelDialogs(QObject):
    chat_requested = Signal(str)

    def __init__(self, bridge: Bridge, window: QWidget, menu: AddMenu, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="ways")
        self._bridge = bridge
        self._window = window
        self._open: dict[str, QDialog] = {}
        self.packs = Work(bridge, self, "pack", _("A pack is being made or opened already."))
        self.linking = Work(bridge, self, "linked")
        self.moving = Work(bridge, self, "move", _("The models are being moved already."))
        menu.find_requested.connect(self.find)
        menu.open_pack_requested.connect(self.choose_pack)
        menu.make_pack_requested.connect(self.make_pack)
        self.packs.ended.connect(self._on_pack_ended)
        self.packs.refused.connect(partial(self._on_refused, "pack"))
        self.linking.ended.connect(self._on_linked)
        self.moving.ended.connect(self._on_moved)
        self.moving.refused.connect(partial(self._on_refused, "move"))

    def find(self) -> None:
        self._show("found", lambda: FoundDialog(self._window, self.linking))

    def make_pack(self) -> None:
        self._show("pack", lambda: MakePackDialog(self._window, self.packs))

    def choose_pack(self) -> None:
        name = "open_pack_file_dialog"
        ask_file(self._window, _("Open a pack of models"), self.open_pack, name=name, filters=PACK_FILTER)

    def open_pack(self, path: Path) -> None:
        if not self._raise("pack"):
            self._bridge.follow(self._bridge.services.packs.contents(path), self._on_pack_opened)

    def choose_folder(self, folder: str) -> None:
        if self._raise("move"):
            return
        dialog = passing(QFileDialog(self._window, _("A folder for models"), folder), "folder_dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._on_folder_chosen)
        dialog.open()

    def _on_folder_chosen(self, folder: str) -> None:
        if not self.moving.is_busy():
            self._bridge.follow(self._bridge.services.moving.plan(Path(folder)), self._on_planned)

    def _on_pack_opened(self, contents: PackContents) -> None:
        self._show("pack", lambda: OpenPackDialog(self._window, self.packs, contents))

    def _on_planned(self, plan: MovePlan) -> None:
        self._show("move", lambda: MoveDialog(self._window, self.moving, plan))

    def _on_pack_ended(self, event: PackResult) -> None:
        """Notify of an unpacked pack, or a written one whose dialog was closed. An open dialog shows the checksum."""
        if not event.manifest_sha256:
            return
        new = [model.model for model in event.models if model.is_new]
        if not event.models:
            words = _("The pack {name} is written. The checksum of its list: {manifest_sha256}").format(
                name=Path(event.path).name, manifest_sha256=event.manifest_sha256
            )
            notice = Notice(words, event.manifest_sha256, key="pack")
        elif len(new) == 1:
            use = partial(self.chat_requested.emit, new[0].id)
            words = _("{name} came out of the pack, and is exactly what was packed.").format(name=new[0].name)
            notice = Notice(words, action=_("Use now") if new[0].can_chat else "", on_action=use, key="pack")
        else:
            notice = Notice(
                _("{count} models came out of the pack, and are exactly what was packed.").format(count=len(new)),
                key="pack",
            )
        if event.models or "pack" not in self._open:
            self._bridge.notice_raised.emit(notice)

    def _on_linked(self, ends: tuple[ImportEnded, ...]) -> None:
        count = len([end for end in ends if end.model])
        failed = [end for end in ends if end.problem]
        if count or failed:
            words = ngettext("1 model is linked.", "{n} models are linked.", count)
            more = _(" {count} could not be.").format(count=len(failed)) if failed else ""
            details = "\n".join(f"{ended.path}: {ended.problem.sentence}" for ended in failed if ended.problem)
            life = 0 if failed else UNDO_MS
            notice = Notice(words + more, details, life_ms=life, key="linked", is_error=bool(failed))
            self._bridge.notice_raised.emit(notice)

    def _on_moved(self, event: MoveResult) -> None:
        words = _("The move was stopped. All models are where they were.") if event.moved is None else _end_words(event)
        self._bridge.notice_raised.emit(Notice(words, "\n".join(event.left), key="move"))

    def _on_refused(self, kind: str, problem: Problem) -> None:
        if kind not in self._open:
            self._bridge.problem_met.emit(problem)

    def _show(self, kind: str, make: Callable[[], QDialog]) -> None:
        if self._raise(kind):
            return
        dialog = make()
        self._open[kind] = dialog
        dialog.finished.connect(lambda _result: self._open.pop(kind, None))
        dialog.show()

    def _raise(self, kind: str) -> bool:
        dialog = self._open.get(kind)
        if dialog is not None:
            dialog.raise_()
            dialog.activateWindow()
        return dialog is not None


# ---- models of other programs on this PC


INTRO = _(
    "Models of LM Studio, Jan, GPT4All, Ollama and of the Hugging Face cache. Those you choose are linked: slmdesk "
    "uses the files where they are, nothing is copied or changed."
)
LOOKING = _("Looking into the folders of these programs…")


class FoundDialog(WorkDialog):
    def __init__(self, parent: QWidget, linking: Work) -> None:
        title = _("Models on this PC")
        super().__init__(parent, linking, name="found_models", title=title, intro=INTRO, doing=_("Looking for models"))
        self._looking: Call | None = None
        self._models: dict[str, FoundModel] = {}
        self._skipped = ""
        self._build_ui()
        self._look()

    def _build_ui(self) -> None:
        self._note = plain_label("", self, name="found_note", kind="muted")
        self._list = CheckList(self, name="found_list", height=180)
        self.body.addWidget(self._note)
        self.body.addWidget(self._list, 1)
        self._note.setVisible(False)
        self._more = self.add_button(_("Not looked at…"), name="found_skipped")
        self._more.setVisible(False)
        self._more.clicked.connect(self._on_more)
        self._link = self._add_foot(_("Link"), "found_link", "found_close", self._on_link)
        self._link.setEnabled(False)
        self._list.chosen_changed.connect(self._refresh)

    def _look(self) -> None:
        self._close.setText(_("Cancel"))
        self.work.show_work(LOOKING, None)
        finding = self._bridge.services.finding.find()
        self._looking = self._bridge.follow(finding, self._on_found, self._on_refused)

    def _on_found(self, found: FoundModels) -> None:
        self._looking = None
        self.work.end()
        self._close.setText(_("Close"))
        self._models = {str(model.path): model for model in found.models}
        self._list.show_rows([found_row(model) for model in found.models], chosen=False)
        self._skipped = "\n".join(f"{skipped.path}: {skipped.reason}" for skipped in found.skipped)
        self._more.setVisible(bool(self._skipped))
        words = "" if found.models else _("No model files of other programs were found on this PC.")
        if found.models and self._list.is_empty:
            words = _("What was found is in the library already, or cannot be used here.")
        show_words(self._note, words)
        self._list.focus_first()

    def _on_refused(self, problem: Problem) -> None:
        self._is_busy = True  # looking may have failed, too
        super()._on_refused(problem)

    def _refresh(self) -> None:
        chosen = self._list.chosen
        self._link.setEnabled(bool(chosen) and not self._is_busy)
        self._list.setEnabled(not self._is_busy)
        super()._refresh()

    def _on_link(self) -> None:
        models = [self._models[other_row.key] for other_row in self._list.chosen]
        self._begin_work(_("Reading them once, for their checksums…"))
        self._worker.begin(self._bridge.services.finding.link(models))

    def _on_progressed(self, now: ImportProgress) -> None:
        if self._is_busy:
            chosen = self._list.chosen
            at = next((at for at, row in enumerate(chosen) if row.key == str(now.path)), 0)
            what = _("Reading {name} ({at} of {count})").format(
                name=self._models[str(now.path)].name, at=at + 1, count=len(chosen)
            )
            words = amount_words(what, now.done_bytes, now.total_bytes, None)
            self.work.show_work(words, now.done_bytes / max(now.total_bytes, 1))

    def _on_ended(self, ends: tuple[ImportEnded, ...]) -> None:
        if not self._is_busy:
            return
        self._is_busy = False
        self.work.end()
        if all(end.model for end in ends) and len(ends) == len(self._list.chosen):
            self.accept()
            return
        self._refresh()
        self._look()

    def _on_more(self) -> None:
        TextDialog(
            self,
            title=_("Not looked at"),
            intro=_("What was passed over, and why."),
            text=self._skipped,
            is_prose=False,
        ).show()

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
    return CheckRow(
        str(model.path),
        model.name,
        DOT.join(part for part in parts if part),
        model.bytes,
        words=breakable(str(model.path)),
        trouble=model.problem.sentence if model.problem else "",
        is_here=bool(model.known),
    )


# ---- a small menu beside *Add a model file…*


WAYS = (
    ("find", _("Look for models on this PC…")),
    ("open_pack", _("Open a pack…")),
    ("make_pack", _("Create a pack…")),
)


class AddMenu(QPushButton):
    find_requested = Signal()
    open_pack_requested = Signal()
    make_pack_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(_("More"), parent)
        self.setObjectName("more_ways_button")
        self.setToolTip(_("Models of other programs on this PC, and packs for PCs without a network"))
        menu = named(QMenu(self), "more_ways_menu")
        signals = (self.find_requested, self.open_pack_requested, self.make_pack_requested)
        for (key, words), signal in zip(WAYS, signals, strict=True):
            menu.addAction(words, signal.emit).setObjectName(f"way_{key}")
        self.setMenu(menu)

    def show_policy(self, policy: Policy) -> None:
        for action in self.menu().actions():
            feature = "models.import" if action.objectName() == "way_find" else "models.packs"
            action.setVisible(feature not in policy.hidden)
        self.setVisible(any(action.isVisible() for action in self.menu().actions()))


# ---- the dialog that moves the models to another folder


MOVE_INTRO = _("Models can be used while they are moved. Linked models stay where they are.")
STEPS = {
    MoveStep.COPYING: _("Copying {name}"),
    MoveStep.CHECKING: _("Comparing the copy of {name}"),
    MoveStep.FINISHING: _("Finishing"),
}


class MoveDialog(WorkDialog):
    def __init__(self, parent: QWidget, moving: Work, plan: MovePlan) -> None:
        title = _("Move the folder for models")
        super().__init__(
            parent, moving, name="move_models", title=title, intro=MOVE_INTRO, doing=_("Moving the models")
        )
        self._plan = plan
        self._build_ui()
        self.fit(self.width())

    def _build_ui(self) -> None:
        for name, words in plan_words(self._plan):
            self.body.addWidget(plain_label(breakable(words), self, name=f"move_{name}"))
        self.body.addStretch(1)
        self._only = self.add_button(
            _("Only for new models"), name="move_only_new", tip=_("Those that are here stay where they are")
        )
        self._only.setVisible(self._plan.folder != self._plan.target)
        self._only.clicked.connect(self._on_only)
        self._move = self._add_foot(_("Move"), "move_start", "move_close", self._on_move)
        self._close.setText(_("Cancel"))
        if not self._plan.models:
            self._move.setText(_("Use this folder"))
            self._only.setVisible(False)
        self._move.setFocus()

    def _on_move(self) -> None:
        self._begin_work(_("Beginning…"))
        self._worker.begin(self._bridge.services.moving.move(Path(self._plan.target)))

    def _on_only(self) -> None:
        """Store only new models in the chosen folder. The present models stay where they are and remain usable."""
        words = _("New models are kept in {target}. Those added before stay where they are.").format(
            target=self._plan.target
        )
        said = Notice(words, life_ms=UNDO_MS, key="move")
        raised, target = self._bridge.notice_raised, self._plan.target
        self._bridge.ask(self._bridge.services.settings.change(models_folder=target), lambda _new: raised.emit(said))
        self.accept()

    def _on_progressed(self, event: MoveProgress) -> None:
        if self._is_busy:
            what = STEPS[event.step].format(name=event.name)
            self.work.show_work(amount_words(what, event.done_bytes, event.total_bytes, event.eta_s), event.fraction)
            self._close.setEnabled(event.step is not MoveStep.FINISHING)

    def _on_ended(self, _event: MoveResult) -> None:
        if self._is_busy:
            self._is_busy = False
            self.accept()

    def _refresh(self) -> None:
        self._move.setEnabled(not self._is_busy)
        self._only.setEnabled(not self._is_busy)
        self._close.setEnabled(True)


def plan_words(plan: MovePlan) -> list[tuple[str, str]]:
    lines = [
        ("from", _("From: {folder}").format(folder=plan.folder)),
        ("to", _("To: {target}").format(target=plan.target)),
    ]
    count = ngettext("1 model", "{n} models", plan.models)
    if not plan.models:
        lines.append(("amount", _("There is no copied model yet; new ones are kept there from now on.")))
    elif plan.copy_bytes:
        size, free = bytes_for_people(plan.bytes), bytes_for_people(plan.free_bytes)
        lines.append(
            (
                "amount",
                _("{count}, {size}{dot}{free} are free there").format(count=count, size=size, dot=DOT, free=free),
            )
        )
        how = _("It is another disk: each file is copied and compared, and the old ones are deleted at the very end.")
        lines.append(("how", how))
    else:
        lines.append(("amount", f"{count}, {bytes_for_people(plan.bytes)}"))
        lines.append(("how", _("It is on the same disk, so this takes only a moment.")))
    if plan.downloads:
        count = ngettext("A running download is", "{n} running downloads are", plan.downloads)
        lines.append(
            (
                "downloads",
                _("{count} paused meanwhile and go on afterwards, with what has come so far.").format(count=count),
            )
        )
    if plan.missing:
        lines.append(("missing", _("Not there now, so not moved: {names}").format(names=", ".join(plan.missing[:5]))))
    return lines


def _end_words(event: MoveResult) -> str:
    count = ngettext("1 model is", "{n} models are", event.moved or 0)
    left = (
        ""
        if not event.left
        else _(" {count} were not there and stay listed at their old place.").format(count=len(event.left))
    )
    return (
        _("{count} now in {target}.{left}").format(count=count, target=event.target, left=left)
        if event.moved
        else _("Models are kept in {target} now.{left}").format(target=event.target, left=left)
    )
