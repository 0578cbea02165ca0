"""Dialogs for adding models to the library, and for the folder where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

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
from slmdesk.models.window.work import CheckList, CheckRow, Work, WorkDialog
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.build import (
    breakable,
    button,
    column,
    named,
    passing,
    plain_label,
    row,
    show_column,
    show_words,
)
from slmdesk.window.widgets.dialogs import Dialog, TextDialog
from slmdesk.window.widgets.notices import UNDO_MS, Notice
from slmdesk.window.widgets.rows import DOT, FitMark, amount_words

if TYPE_CHECKING:
    pass

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


# ---- other ways to add models, and their folder


class ModelDialogs(QObject):
    def __init__(self, bridge: Bridge, window: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="ways")
        self._bridge = bridge
        self._window = window
        self._found: FoundDialog | None = None
        self._linking = Work(bridge, self)
        self._linking.ended.connect(self._on_linked)

    def find(self) -> None:
        if self._found is None:
            self._found = FoundDialog(self._window, self._linking)
            self._found.finished.connect(self._on_closed)
            self._found.show()
        self._found.raise_()
        self._found.activateWindow()

    def _on_closed(self) -> None:
        self._found = None

    def choose_folder(self, folder: str) -> None:
        dialog = passing(QFileDialog(self._window, _("A folder for models"), folder), "folder_dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._on_folder_chosen)
        dialog.open()

    def _on_folder_chosen(self, folder: str) -> None:
        words = _("New models are kept in {target}. Those added before stay where they are.").format(target=folder)
        said = Notice(words, life_ms=UNDO_MS, key="models folder")
        keeping = self._bridge.services.models.keep_in(Path(folder))
        self._bridge.follow(keeping, lambda _none: self._bridge.notice_raised.emit(said))

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
