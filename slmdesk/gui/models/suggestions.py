"""The second part of the page: models worth knowing, without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from slmdesk.core.speed import speed_in_words
from slmdesk.gui import theme
from slmdesk.gui.models.card import DOT, Card
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import plain_label
from slmdesk.services.offers import Suggestion
from slmdesk.services.sentences import bytes_for_people

FIRST = 5
"""Shown before a person asks for all: the search stands below them."""


class Suggestions(QWidget):
    """Cards of the curated list.  Emits `download_requested` with repository, file, quantization,
    and `page_requested` with a repository.
    """

    download_requested = Signal(str, str, str)
    page_requested = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("suggestions")
        self._waiting: list[Suggestion] = []
        self._note = plain_label("Reading the list…", self, name="suggestions_note", kind="muted")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._all = named(QPushButton("", self), "suggestions_all")
        self._all.clicked.connect(self._on_all)
        self._all.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        layout.addWidget(self._note)
        layout.addLayout(self._rows)
        layout.addWidget(self._all, 0, Qt.AlignmentFlag.AlignLeft)

    @Slot(object)
    def show_suggestions(self, found: Sequence[Suggestion]) -> None:
        """Show the list."""
        while (item := self._rows.takeAt(0)) is not None:
            if (card := item.widget()) is not None:
                card.hide()
                card.deleteLater()
        self._note.setText(
            "Chosen by hand, with what each is bad at. Sizes are estimates; the Hub knows the real ones."
        )
        self._waiting = list(found[FIRST:])
        self._all.setText(f"Show all {len(found)}")
        self._all.setVisible(bool(self._waiting))
        self._add(found[:FIRST])

    @Slot()
    def _on_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._all.setVisible(False)
        self._add(waiting)

    def _add(self, found: Sequence[Suggestion]) -> None:
        for one in found:
            self._rows.addWidget(self._card_of(one))

    def _card_of(self, one: Suggestion) -> Card:
        card = Card(self, name="suggestion_card", title=one.title)
        card.set_sentence(f"{one.good_for} {one.weakness}")
        about = f"about {bytes_for_people(one.about_bytes)}" if one.about_bytes else ""
        speed = f"{DOT}{speed_in_words(one.speed)}" if one.speed else ""
        lines = (f"{one.parameters}{DOT}{one.quantization}{DOT}{about}{speed}", f"{one.languages}{DOT}{one.licence}")
        card.set_facts("\n".join(lines))
        why = f"Judged by its parameters in {one.quantization}; the file's own size may differ."
        card.fit.show_fit(one.fit, why=why, is_about=True)
        card.add_button(
            "Its page…", name="page_button", spoken=f"Read about {one.title} in the browser"
        ).clicked.connect(lambda: self.page_requested.emit(one.repo))  # fmt: skip
        get = card.add_button("Download", name="download_button", spoken=f"Download {one.title}")
        get.clicked.connect(lambda: self.download_requested.emit(one.repo, one.file, one.quantization))
        return card
