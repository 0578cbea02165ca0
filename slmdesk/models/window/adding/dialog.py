"""Shows model files before they are added: what they are, whether they fit, and whether to copy or link them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from slmdesk.gguf.quantization import quantization_named
from slmdesk.models.inspect_files import MOST_FILES, Candidate, InspectedFiles
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.build import column, row
from slmdesk.window.widgets.card import DOT, FitMark
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.notice_bar import Notice
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import breakable, plain_label

WIDTH = 460
LIST_HEIGHT = 320


class AddingController(QObject):
    """Reads the headers of model files.

    Emits `files_read` with the Candidates that can be added and those that cannot, if at least one can.
    """

    files_read = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="adding_controller")
        self._bridge = bridge

    def look_at(self, paths: Path | Sequence[Path]) -> None:
        """Read the headers of one file, of several, or of all in a folder; nothing is added."""
        requested = (paths,) if isinstance(paths, Path) else tuple(paths)
        self._bridge.follow(self._bridge.services.looking.look(requested), self._on_looked)

    def _on_looked(self, found: InspectedFiles) -> None:
        good = [one for one in found.candidates if one.problem is None]
        if found.was_cut:
            words = f"Only the first {MOST_FILES} model files were looked at. Add the others afterwards."
            self._bridge.notice_raised.emit(Notice(words, key="many files"))
        if good:
            self.files_read.emit(found.candidates)
        elif not found.candidates:
            self._bridge.notice_raised.emit(Notice("There is no model file (.gguf) in that folder.", key="no files"))
        for one in [] if good else found.candidates[:1]:
            if one.problem:
                self._bridge.problem_met.emit(one.problem)


class AddDialog(Dialog):
    add_chosen = Signal(object, bool)

    def __init__(self, parent: QWidget, candidates: Sequence[Candidate]) -> None:
        super().__init__(parent)
        passing(self, "add_dialog")
        self._candidates = tuple(candidates)
        self._good = tuple(one for one in candidates if one.problem is None)
        count = len(self._good)
        self.setWindowTitle("Add this model?" if count == 1 else f"Add these {count} models?")
        self._build_ui()

    def _build_ui(self) -> None:
        layout = column(into=self, gap=theme.SPACE_8, margins=theme.SPACE_16)
        if len(self._candidates) == 1:
            self._build_one(layout, self._good[0])
        else:
            self._build_list(layout)
        layout.addSpacing(theme.SPACE_8)
        layout.addLayout(self._build_buttons())

    def _build_one(self, layout: QVBoxLayout, one: Candidate) -> None:
        layout.addWidget(plain_label(breakable(one.name), self, name="add_name", kind="heading"))
        where = plain_label(breakable(str(one.path)), self, name="add_path", kind="muted")
        where.setMinimumWidth(WIDTH)  # of the dialog itself, it would let the buttons be squashed
        layout.addWidget(where)
        for at, line in enumerate(lines_of(one)):
            layout.addWidget(plain_label(line, self, name=f"add_line_{at}"))
        mark = FitMark(self)
        mark.show_fit(one.verdict, is_about=one.fit is None)
        layout.addWidget(mark, 0, Qt.AlignmentFlag.AlignLeft)

    def _build_list(self, layout: QVBoxLayout) -> None:
        total = bytes_for_people(sum(one.bytes for one in self._good))
        bad = len(self._candidates) - len(self._good)
        words = f"{len(self._good)} models, {total} in all."
        if bad:
            words += f" {'1 file' if bad == 1 else f'{bad} files'} cannot be added."
        layout.addWidget(plain_label(words, self, name="add_summary", kind="heading"))
        layout.addSpacing(theme.SPACE_4)
        inner = named(QFrame(), "add_list_inner")
        rows = column(into=inner, gap=theme.SPACE_12, margins=(0, 0, theme.SPACE_8, 0))
        for one in self._candidates:
            rows.addLayout(self._row(inner, one))
        rows.addStretch(1)
        area = named(QScrollArea(self), "add_list", label="Model files")
        show_column(area, inner)
        area.setMinimumWidth(WIDTH + theme.SPACE_32)
        area.setMinimumHeight(min(LIST_HEIGHT, inner.heightForWidth(WIDTH)))
        layout.addWidget(area)

    def _row(self, parent: QWidget, one: Candidate) -> QVBoxLayout:
        mark = FitMark(parent)
        mark.show_fit("broken" if one.problem else one.verdict, is_about=one.fit is None)
        head = row((plain_label(breakable(one.name), parent, name="add_row_name", kind="strong"), 1), mark)
        reported = one.problem.sentence if one.problem else DOT.join(short_lines_of(one))
        kind = "danger" if one.problem else "small"
        words = plain_label(breakable(reported), parent, name="add_row_words", kind=kind)
        return column(head, words, gap=theme.SPACE_4)

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        row.addStretch(1)
        in_parts = any(one.parts > 1 for one in self._good)
        it = "it" if len(self._good) == 1 else "them"
        for name, words, tip, link in (
            ("add_cancel", "Cancel", "", None),
            ("add_link", f"Link (leave {it} where {'it is' if it == 'it' else 'they are'})", "", True),
            ("add_copy", "Copy into slmdesk", "A copy is kept in the folder for models", False),
        ):
            button = named(QPushButton(words, self), name, tip=tip)
            button.setAutoDefault(link is False)
            button.clicked.connect(self.reject if link is None else partial(self._on_chosen, link))
            if link:
                button.setEnabled(not in_parts)
                stays = "The file stays where it is and must stay there"
                button.setToolTip(
                    "A model in parts is put together into one file, so it is copied" if in_parts else stays
                )
            row.addWidget(button)
        button.setProperty("kind", "primary")
        button.setDefault(True)
        return row

    def _on_chosen(self, link: bool) -> None:
        self.add_chosen.emit(tuple(one.path for one in self._good), link)
        self.accept()


def lines_of(one: Candidate) -> list[str]:
    header = one.header
    name = header.quantization if header else ""
    known = quantization_named(name)
    parts = f", in {one.parts} parts that are put together into one file" if one.parts > 1 else ""
    lines = [
        f"Size: {bytes_for_people(one.bytes)}{parts}",
        f"Precision: {name}, {known.label()}" if known else f"Precision: {name or 'not stated'}",
        f"Licence: {(header.license if header else '') or 'not stated'}",
    ]
    if header and header.kind == "encoder":
        lines.append("An encoder: it finds passages and cannot chat")
    if one.fit:
        needs, free = bytes_for_people(one.fit.memory.total), bytes_for_people(one.fit.available_bytes)
        lines.append(f"Memory: needs about {needs}, {free} are free")
    return lines


def short_lines_of(one: Candidate) -> list[str]:
    header = one.header
    parts = [bytes_for_people(one.bytes), header.quantization if header else "", (header.license if header else "")]
    if one.parts > 1:
        parts.append(f"{one.parts} parts")
    if header and header.kind == "encoder":
        parts.append("cannot chat")
    return [*(part for part in parts if part), str(one.path)]
