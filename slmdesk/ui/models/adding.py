"""Dialogs for adding models to the library, and for the folder where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.texts import _, ngettext
from slmdesk.models.gguf.quantization import quantization_named
from slmdesk.models.importer import MOST_FILES, Candidate, ImportEnded, InspectedFiles
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.widgets.build import breakable, button, column, named, plain_label, row, show_column
from slmdesk.ui.kit.widgets.dialogs import Dialog
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice, ask_folder
from slmdesk.ui.kit.widgets.rows import DOT, FitMark
from slmdesk.ui.models.found import FoundDialog, Linking
from slmdesk.ui.models.library import BESIDE_CHAT

WIDTH = 460
LIST_HEIGHT = 320


def look_at_files(bridge: Bridge, paths: Path | Sequence[Path], read: Callable[[Sequence[Candidate]], object]) -> None:
    """Inspect the files or folders, and call `read` with the candidates if at least one of them can be added."""

    def looked(files: InspectedFiles) -> None:
        problems = [candidate.problem for candidate in files.candidates]
        if files.was_cut:
            words = _("Only the first {most_files} model files were looked at. Add the others afterwards.").format(
                most_files=MOST_FILES
            )
            bridge.notice_raised.emit(Notice(words, key="many files"))
        if not problems:
            bridge.notice_raised.emit(Notice(_("There is no model file (.gguf) in that folder."), key="no files"))
        elif all(problems):
            bridge.problem_met.emit(problems[0])
        else:
            read(files.candidates)

    bridge.follow(bridge.services.finding.look((paths,) if isinstance(paths, Path) else tuple(paths)), looked)


class AddDialog(Dialog):
    add_chosen = Signal(object, bool)

    def __init__(self, parent: QWidget, candidates: Sequence[Candidate]) -> None:
        super().__init__(parent, "add_dialog")
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
        lines = [*lines_of(candidate), str(candidate.path)]
        gap = "\n" if len(self._candidates) == 1 else DOT
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
    if header and header.kind in BESIDE_CHAT:
        lines.append(BESIDE_CHAT[header.kind])
    if candidate.fit:
        needs, free = bytes_for_people(candidate.fit.memory.total), bytes_for_people(candidate.fit.available_bytes)
        lines.append(_("Memory: needs about {needs}, {free} are free").format(needs=needs, free=free))
    return lines


class ModelDialogs(QObject):
    def __init__(self, bridge: Bridge, window: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="ways")
        self._bridge = bridge
        self._window = window
        self._linking = Linking(bridge, self)
        self._linking.ended.connect(self._on_linked)

    def find(self) -> None:
        FoundDialog(self._window, self._linking).show()

    def choose_folder(self, folder: str) -> None:
        ask_folder(self._window, _("A folder for models"), self._on_folder_chosen, place=folder)

    def _on_folder_chosen(self, folder: Path) -> None:
        words = _("New models are kept in {target}. Those added before stay where they are.").format(target=folder)
        said = Notice(words, life_ms=UNDO_MS, key="models folder")
        keeping = self._bridge.services.models.keep_in(folder)
        self._bridge.follow(keeping, lambda _none: self._bridge.notice_raised.emit(said))

    def _on_linked(self, ends: tuple[ImportEnded, ...]) -> None:
        count = len([end for end in ends if end.model])
        failed = [end for end in ends if end.problem]
        if count or failed:
            words = ngettext("1 model is linked.", "{n} models are linked.", count)
            more = _(" {count} could not be.").format(count=len(failed)) if failed else ""
            details = "\n".join(f"{ended.path}: {ended.problem.sentence}" for ended in failed if ended.problem)
            life = 0 if failed else UNDO_MS
            notice = Notice(words + more, details, life_ms=life, key="linked", is_error=bool(failed), full=details)
            self._bridge.notice_raised.emit(notice)
