"""Other words for a part of a translation, and how such a part becomes a term of a glossary."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.base.translation import GlossaryRecord, Term
from slmdesk.tasks.translation.typed import OtherWords
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Call, Delay
from slmdesk.ui.kit.widgets.build import (
    ElidedButton,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    set_tip,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.translation.text import TranslateController, WordPlace

ASK_MS = 300
"""Milliseconds for which words must stay chosen before the model is asked: a click may only place the caret."""
WIDTH, MOST_LETTERS = 320, 200


class WordCard(Popover):
    """Card below chosen words. Opened by the mouse it leaves the focus in the text, so that typing goes on."""

    def __init__(self, controller: TranslateController, parent: QWidget) -> None:
        super().__init__(parent, "word_card", label=_("Other words"), width=WIDTH)
        self._controller = controller
        self._place: WordPlace | None = None
        self._call: Call | None = None
        self._takes_focus = False
        self._delay = Delay(self, ASK_MS, self._ask, "other_words_timer")
        self._others = OtherWords()
        self._offer = named(ElidedButton("", self), "other_words", label=_("Other words"), tip=_("Take these words"))
        self._offer.clicked.connect(self._on_taken)
        self._said = plain_label("", self, name="other_words_said", kind="small")
        self._source = text_line("term_source", self, _("A term"), most=MOST_LETTERS)
        self._target = text_line("term_target", self, _("The translation"), most=MOST_LETTERS)
        self._add = button(_("Add to glossary"), "add_to_glossary_button", self, on=self._on_add)
        column(
            self._offer, self._said, row((self._source, 1), (self._target, 1), gap=theme.SPACE_8),
            row(1, self._add), into=self, gap=theme.SPACE_8, margins=theme.SPACE_12,
        )  # fmt: skip
        for line in (self._source, self._target):
            line.textChanged.connect(self._show_add)
            line.returnPressed.connect(self._on_add)

    def show_about(self, place: WordPlace, anchor: QWidget, part: QRect, *, takes_focus: bool) -> None:
        self._place, self._takes_focus = place, takes_focus
        self._source.clear()
        self._target.setText(place.words)
        self._show(OtherWords(), _("Looking for other words…"))
        self._delay.start()
        part.setWidth(theme.scaled(WIDTH))  # begins at the words, on whatever side of the window they are
        self.toggle(anchor, part)

    def focus_target(self) -> QWidget | None:
        return self._target if self._takes_focus else None

    def dismiss(self) -> None:
        self._delay.stop()
        self._place = None
        if self._call is not None:
            self._call.cancel()
            self._call = None
        super().dismiss()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self._anchor
        if is_key and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.dismiss()
            return True
        return super().eventFilter(watched, event)

    def _ask(self) -> None:
        if (place := self._place) is not None:
            self._call = self._controller.bridge.follow(
                lambda services: services.live.other_words(place.index, place.segment.source, place.begin),
                partial(self._on_found, place),
                partial(self._on_refused, place),
            )

    def _on_found(self, place: WordPlace, others: OtherWords) -> None:
        if place is self._place:
            self._show(others, "" if others.words else _("The model knows no other words here."))
            if self._takes_focus and others.words and not self._target.isModified():
                self._offer.setFocus()

    def _on_refused(self, place: WordPlace, problem: Problem) -> None:
        if place is self._place:
            self._show(OtherWords(), problem.sentence)

    def _show(self, others: OtherWords, words: str) -> None:
        self._others = others
        self._offer.setText(others.words)
        self._offer.setAccessibleName(others.words)
        set_tip(self._offer, plain_tip(others.whole))
        self._offer.setVisible(bool(others.words))
        show_words(self._said, words)
        self._show_add()

    def _show_add(self) -> None:
        self._add.setEnabled(bool(self._source.text().strip() and self._target.text().strip()))

    def _on_taken(self) -> None:
        if (place := self._place) is not None:
            self.dismiss()
            self._controller.take(place, self._others.whole)

    def _on_add(self) -> None:
        term = Term(self._source.text(), self._target.text())
        if (place := self._place) is None or not self._add.isEnabled():
            return
        manner, source = self._controller.manner, place.segment.language or self._controller.languages[0]
        self._controller.bridge.ask(
            lambda services: services.glossaries.add_to_pair(source, manner.target, manner.domain, term),
            self._on_added,
            partial(self._on_refused, place),
        )

    def _on_added(self, glossary: GlossaryRecord) -> None:
        show_words(self._said, _("Added to “{name}”.").format(name=glossary.name))
        self._add.setEnabled(False)
        self._controller.translate()
