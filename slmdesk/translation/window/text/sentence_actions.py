"""Actions on one sentence of a translation, by menu and keys: edit, back-translate, other translations, undo."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QStackedWidget

from slmdesk.base.translation import LiveSegment, SegmentState
from slmdesk.translation.window.text.controller import TranslateController
from slmdesk.translation.window.text.doubts import Doubt
from slmdesk.translation.window.text.pair_view import PairView
from slmdesk.translation.window.text.redaction import WAITS
from slmdesk.translation.window.text.segment_edit import SegmentEdit
from slmdesk.translation.window.text.sentence_editor import SentenceEditor
from slmdesk.window.base.shortcuts import show_in_menu
from slmdesk.window.widgets.named import named


class SentenceActions(QObject):
    """Acts on the sentence at the caret, or on the current row."""

    said = Signal(str)

    def __init__(
        self,
        controller: TranslateController,
        source: SegmentEdit,
        target: SegmentEdit,
        pairs: PairView,
        place: QStackedWidget,
    ) -> None:
        super().__init__(place, objectName="sentence_actions")
        self._controller, self._source, self._target, self._pairs = controller, source, target, pairs
        self._place = place
        self._editor = SentenceEditor(place)
        self._editor.kept.connect(controller.put)
        self._editor.left.connect(target.setFocus)
        self._build_actions()

    def _build_actions(self) -> None:
        edit = self._action("edit_sentence_action", "Edit this sentence…", "sentence.edit", self._target)
        edit.triggered.connect(self._on_edit)
        self._menu_actions = [edit]
        for pane in (self._source, self._target, self._pairs):
            name = pane.objectName()
            back = self._action(f"{name}_back_action", "Translate back (to check)", "sentence.back", pane)
            back.triggered.connect(lambda: self._ask(is_back=True))
            wordings = self._action(f"{name}_wordings_action", "Other wordings", "sentence.wordings", pane)
            wordings.triggered.connect(lambda: self._ask(is_back=False))
            if pane is self._target:
                self._menu_actions += [back, wordings]
            if pane is not self._source:
                undo = self._action(f"{name}_undo_action", "Undo the last edit", "segment.undo", pane)
                undo.triggered.connect(self._controller.take_back)
        self._pairs.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._target.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._target.customContextMenuRequested.connect(self._on_menu)

    def _action(self, name: str, words: str, shortcut: str, pane: SegmentEdit | PairView) -> QAction:
        action = named(QAction(words, self), name)
        show_in_menu(action, shortcut)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        pane.addAction(action)
        return action

    def _current(self) -> tuple[int, LiveSegment, str] | None:
        words, shown = "", self._controller.last
        if self._controller.view.view.is_paired:
            index = self._pairs.current_segment
        elif self._source.hasFocus():
            index = self._source.current_segment
        else:
            index = self._target.current_segment
            words = self._target.words_within(index) if index >= 0 else ""
        if not 0 <= index < len(shown.segments):
            return None
        segment = shown.segments[index]
        return (index, segment, words) if segment.target and segment.state is not SegmentState.OPEN else None

    def _on_edit(self) -> None:
        found = self._current()
        if found is None:
            self._say_none()
            return
        index, segment, _ = found
        below = self._target.mapTo(self._place, self._target.place_of(index))
        self._editor.open(index, segment.source, segment.target, below)

    def _ask(self, *, is_back: bool) -> None:
        found = self._current()
        if found is None:
            self._say_none()
        elif self._controller.redaction.waits(self._controller.text):
            self.said.emit(WAITS)
        else:
            self._controller.doubts.ask(Doubt(*found, is_back), self._controller.manner)

    def _say_none(self) -> None:
        self.said.emit("Put the caret into a sentence that is translated.")

    def _on_menu(self, at: QPoint) -> None:
        if not self._target.textCursor().hasSelection():
            self._target.setTextCursor(self._target.cursorForPosition(at))
        standard = named(self._target.createStandardContextMenu(), "standard_menu")
        menu = named(QMenu(self._target), "sentence_menu")
        for one in (menu, standard):
            one.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self._menu_actions)
        menu.addSeparator()
        menu.addActions(standard.actions())
        menu.destroyed.connect(standard.deleteLater)
        menu.popup(self._target.viewport().mapToGlobal(at))
