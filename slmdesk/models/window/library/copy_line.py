"""The copies of a model in other formats, on its card: which one is in use, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.evaluation.formats.labels import copy_label
from slmdesk.evaluation.model_cards import ModelCard
from slmdesk.models.copies import is_for_this_pc, origin_of, used_of
from slmdesk.models.window.library.controller import LibraryController
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.card import DOT
from slmdesk.window.widgets.text import breakable, plain_label


class CopyLine(QWidget):
    def __init__(self, library: LibraryController, copy: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(f"copy_{copy}")
        self._library, self._copy, self._model, self._is_used = library, copy, "", False
        self._words = plain_label("", self, name="copy_words")
        tip = "Wherever the other one is used now"
        self._switch = button("", "copy_switch", self, kind="quiet", tip=tip, on=self._on_switch)
        tip = "The published file stays"
        remove = self._remove = button("Remove the copy", "copy_remove", self, kind="quiet", tip=tip)
        remove.clicked.connect(lambda: library.remove(copy))
        top = Qt.AlignmentFlag.AlignTop
        row((self._words, 1), (self._switch, top), (remove, top), into=self, gap=theme.SPACE_8)

    def show_copy(self, card: ModelCard, copy: ModelCard, *, is_used: bool, can_switch: bool) -> None:
        self._model, self._is_used = card.record.id, is_used
        self._words.setText(breakable(copy_words(copy, is_used=is_used)))
        name = copy.record.name
        self._switch.setText("Use the published file" if is_used else "Use the copy")
        self._switch.setAccessibleName(f"Use the published file of {card.record.name}" if is_used else f"Use {name}")
        self._switch.setVisible(can_switch and is_for_this_pc(copy.record))
        self._remove.setAccessibleName(f"Remove {name}")

    def _on_switch(self) -> None:
        self._library.formats.use(self._model, "" if self._is_used else self._copy)


class CopyLines(QFrame):
    def __init__(self, library: LibraryController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("copy_lines")
        self._library = library
        self._lines: dict[str, CopyLine] = {}
        self._layout = column(into=self, gap=theme.SPACE_4)

    def show_copies(self, card: ModelCard, copies: Sequence[ModelCard], *, can_switch: bool) -> None:
        present = {one.record.id for one in copies}
        for id in self._lines.keys() - present:
            old = self._lines.pop(id)
            self._layout.removeWidget(old)
            old.hide()
            old.deleteLater()
        used = used_card(card, copies)
        for copy in copies:
            id = copy.record.id
            if id not in self._lines:
                self._lines[id] = CopyLine(self._library, id, self)
                self._layout.addWidget(self._lines[id])
            self._lines[id].show_copy(card, copy, is_used=copy is used, can_switch=can_switch)
        self.setVisible(bool(copies))


def used_card(card: ModelCard, copies: Sequence[ModelCard]) -> ModelCard:
    able = (card, *(one for one in copies if is_for_this_pc(one.record)))
    used = used_of([one.record for one in able], {one.record.id for one in able if one.uses})
    return next(one for one in able if one.record is used)


def copy_words(copy: ModelCard, *, is_used: bool) -> str:
    """What a copy is, and whether it is in use: "Q8_0, made on this PC · 145 MB · in use"."""
    origin = origin_of(copy.record)
    assert origin is not None, "only copies are shown"
    here = is_for_this_pc(copy.record)
    place = "this PC" if here else "another PC"
    state = "in use" if is_used else "not in use" if here else "not used here, where another format may be the best"
    return DOT.join((f"{copy_label(origin)}, made on {place}", bytes_for_people(copy.record.bytes), state))
