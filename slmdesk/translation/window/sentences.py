"""Actions on one sentence of a translation: edit it, translate it back, choose another wording."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QListWidget, QListWidgetItem, QMenu, QPlainTextEdit, QWidget

from slmdesk.base.record import changed
from slmdesk.base.texts import _, in_quotes
from slmdesk.base.translation import LiveSegment, SegmentState
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.translation.prompts import TranslationStyle
from slmdesk.translation.window.text import TranslateController
from slmdesk.translation.window.text_editors import SegmentEdit
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.base.shortcuts import show_in_menu
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import ElidedLabel, button, column, named, plain_label, row, show_words

# ---- actions on one sentence of a translation, by menu and keys


class SentenceActions(QObject):
    """Actions on the sentence at the caret, or on the current row."""

    said = Signal(str)

    def __init__(
        self,
        controller: TranslateController,
        doubts: DoubtPanel,
        source: SegmentEdit,
        target: SegmentEdit,
        place: QWidget,
    ) -> None:
        super().__init__(place, objectName="sentence_actions")
        self._controller, self._source, self._target = controller, source, target
        self._doubts, self._place = doubts, place
        self._editor = SentenceEditor(place)
        self._editor.kept.connect(controller.put)
        self._editor.left.connect(target.setFocus)
        self._build_actions()

    def _build_actions(self) -> None:
        edit = self._action("edit_sentence_action", _("Edit this sentence…"), "sentence.edit", self._target)
        edit.triggered.connect(self._on_edit)
        self._menu_actions = [edit]
        for pane in (self._source, self._target):
            name = pane.objectName()
            back = self._action(f"{name}_back_action", _("Translate back (to check)"), "sentence.back", pane)
            back.triggered.connect(self.put_back)
            wordings = self._action(f"{name}_wordings_action", _("Other wordings"), "sentence.wordings", pane)
            wordings.triggered.connect(lambda: self._ask(is_back=False))
            if pane is self._target:
                self._menu_actions += [back, wordings]
                undo = self._action(f"{name}_undo_action", _("Undo the last edit"), "segment.undo", pane)
                undo.triggered.connect(self._controller.take_back)
        self._target.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._target.customContextMenuRequested.connect(self._on_menu)

    def _action(self, name: str, words: str, shortcut: str, pane: SegmentEdit) -> QAction:
        action = named(QAction(words, self), name)
        show_in_menu(action, shortcut)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        pane.addAction(action)
        return action

    def _current(self) -> tuple[int, LiveSegment, str] | None:
        words, shown = "", self._controller.last
        if self._source.hasFocus():
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
        index, segment, __ = found
        self._editor.open(index, segment.source, segment.target, self._below(index))

    def _below(self, index: int) -> QPoint:
        return self._target.mapTo(self._place, self._target.place_of(index))

    def put_back(self) -> None:
        """Have the sentence at the caret translated back."""
        self._ask(is_back=True)

    def _ask(self, *, is_back: bool) -> None:
        found = self._current()
        if found is None:
            self._say_none()
        else:
            self._doubts.ask(*found, self._controller.manner, self._below(found[0]), is_back=is_back)

    def _say_none(self) -> None:
        self.said.emit(_("Put the caret into a sentence that is translated."))

    def _on_menu(self, at: QPoint) -> None:
        if not self._target.textCursor().hasSelection():
            self._target.setTextCursor(self._target.cursorForPosition(at))
        standard = named(self._target.createStandardContextMenu(), "standard_menu")
        menu = named(QMenu(self._target), "sentence_menu")
        for other_menu in (menu, standard):
            other_menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self._menu_actions)
        menu.addSeparator()
        menu.addActions(standard.actions())
        menu.destroyed.connect(standard.deleteLater)
        menu.popup(self._target.viewport().mapToGlobal(at))


# ---- an editor for one sentence of a translation, and what the model says to one


HEIGHT, LEAST_WIDTH, GAP = 150, 300, 8


class SentenceCard(QFrame):
    """A card above the texts, at a sentence. Nothing moves for it."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        named(self, name, kind="popover")
        self._place, self._at = parent, QPoint()
        self.hide()
        parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._place and event.type() == QEvent.Type.Resize and self.isVisible():
            self.put(self._at, self.height())
        return False

    def put(self, at: QPoint, height: int) -> None:
        """Place the card at a point in its parent's coordinates, moved so far that all of it is inside."""
        self._at = at
        space = self._place.rect()
        width = min(space.width(), max(LEAST_WIDTH, space.width() // 2 - theme.SPACE_32))
        height = min(space.height(), height)
        left = max(0, min(at.x(), space.width() - width - GAP))
        self.setGeometry(left, max(0, min(at.y(), space.height() - height - GAP)), width, height)


class SentenceEditor(SentenceCard):
    kept = Signal(int, str, str)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "sentence_frame")
        self._index, self._source = -1, ""
        self._words = named(QPlainTextEdit(self), "sentence_editor", label=_("The translation of this sentence"))
        self._words.setTabChangesFocus(True)
        self._words.installEventFilter(self)
        self._about = ElidedLabel(self, name="sentence_source", kind="small")
        self._keep = button(
            _("Keep"), "keep_sentence_button", self, kind="primary",
            tip=_("Keep these words, and remember them for this sentence (Enter)"),
        )  # fmt: skip
        self._leave = button(_("Cancel"), "leave_sentence_button", self, tip=_("Leave the translation as it was (Esc)"))
        foot = row(1, self._leave, self._keep)
        column(self._about, (self._words, 1), foot, into=self, gap=theme.SPACE_4, margins=theme.SPACE_12)
        self._keep.clicked.connect(self._on_keep)
        self._leave.clicked.connect(self.close_editor)

    def open(self, index: int, source: str, target: str, below: QPoint) -> None:
        """Edit a sentence. `below` is the position of the editor, in the parent's coordinates."""
        self._index, self._source = index, source
        self._about.set_full_text(source)
        self._words.setPlainText(target)
        self._words.selectAll()
        self.put(below, max(HEIGHT, self.sizeHint().height() // 2))
        self.show()
        self.raise_()
        self._words.setFocus()

    def close_editor(self) -> None:
        """Close without saving."""
        if self.isVisible():
            self.hide()
            self.left.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._words and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.close_editor()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_keep()
                return True
        return super().eventFilter(watched, event)

    def _on_keep(self) -> None:
        words = " ".join(self._words.toPlainText().split())
        if words:
            self.kept.emit(self._index, self._source, words)
            self.close_editor()


LIST_HEIGHT = 120


class DoubtPanel(SentenceCard):
    """A back-translation or other translations of a sentence, to use or to dismiss."""

    used = Signal(int, str, str)
    left = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent, "doubt_panel")
        self._bridge = bridge
        self._index, self._source = -1, ""
        """Index and source of the sentence in question."""
        self._call: Call | None = None
        self._build_ui()

    def _build_ui(self) -> None:
        self._title = plain_label("", self, name="doubt_title", kind="strong", wraps=False)
        self._about = ElidedLabel(self, name="doubt_about")
        self._close = button(
            _("Close"), "close_doubt_button", self, tip=_("Close, and stop asking (Esc)"), on=self.close_panel
        )
        self._bar = thin_bar("doubt_progress", self, _("The model is asked"), most=0, keeps_place=True)
        self._words = plain_label("", self, name="doubt_words")
        self._words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._list = named(QListWidget(self), "wording_list", label=_("Other wordings"))
        self._list.setWordWrap(True)
        self._list.setMaximumHeight(LIST_HEIGHT)
        self._list.itemActivated.connect(self._on_use)
        tip = _("Put this sentence into the translation (Enter)")
        self._use = button(_("Use this"), "use_wording_button", self, tip=tip, on=self._on_use)
        top = row(self._title, (self._about, 1), self._use, self._close, gap=theme.SPACE_8)
        column(
            top, self._bar, self._words, self._list, into=self, gap=theme.SPACE_8,
            margins=(theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8),
        )  # fmt: skip

    def ask(
        self, index: int, segment: LiveSegment, words: str, manner: TranslationStyle, below: QPoint, *, is_back: bool
    ) -> None:
        """Ask the model for a back-translation of a sentence, or for other translations. A new question ends the
        previous one.

        `words` is the selected part of the sentence. Empty means the whole sentence. `below` is the place of the panel.
        """
        self._stop()
        self._index, self._source = index, segment.source
        self._title.setText(_("Back-translation") if is_back else _("Other wordings"))
        self._about.set_full_text(in_quotes(words or segment.target))
        self._at = below
        self._show([], "", is_asking=True)
        self.show()
        self.raise_()
        now, source, asked_as = (
            segment.target,
            segment.source,
            changed(manner, source=segment.language or manner.source),
        )

        def question(services: Services) -> Pending[list[str]]:
            if is_back:
                back = services.segment_edits.back(words or now, asked_as, source)
                return back.map(lambda text: [text])
            return services.segment_edits.alternatives(source, asked_as, now=now, word=words)

        def answered(call: Call, texts: list[str]) -> None:
            if call is self._call:
                self._on_answered([text for text in texts if text], words, is_back=is_back)

        def refused(call: Call, problem: Problem) -> None:
            if call is self._call:
                self._show([], problem.sentence)

        self._call = call = self._bridge.begin(question)
        call.answer(partial(answered, call), partial(refused, call), is_followed=True)

    def close_panel(self) -> None:
        self._stop()
        focus = QApplication.focusWidget()
        had_keys = focus is not None and self.isAncestorOf(focus)
        self.hide()
        if had_keys:
            self.left.emit()

    def _stop(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)

    def _on_answered(self, said: list[str], words: str, *, is_back: bool) -> None:
        if is_back:
            source = "" if words else _("\nThe text says: {source}").format(source=self._source)
            self._show([], f"{said[0]}{source}" if said else _("The model gave no words."))
        elif said:
            self._show(said, "")
        else:
            otherwise = _(" without “{words}”").format(words=words) if words else ""
            self._show([], _("The model found no other wording{otherwise}.").format(otherwise=otherwise))

    def _on_use(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self.used.emit(self._index, self._source, item.text())
            self.close_panel()

    def _show(self, sentences: Sequence[str], words: str, *, is_asking: bool = False) -> None:
        self._bar.setVisible(is_asking)
        show_words(self._words, words)
        self._list.clear()
        for sentence in sentences:
            QListWidgetItem(sentence, self._list)
        self._list.setVisible(bool(sentences))
        self._use.setVisible(bool(sentences))
        if sentences:
            rows = sum(self._list.sizeHintForRow(row) for row in range(self._list.count()))
            self._list.setFixedHeight(min(LIST_HEIGHT, rows + theme.SPACE_8))
            self._list.setCurrentRow(0)
        self.put(self._at, self._needed())
        if sentences:
            self._list.setFocus()
        elif not is_asking:
            self._close.setFocus()

    def _needed(self) -> int:
        self.ensurePolished()
        layout = self.layout()
        assert layout is not None
        layout.invalidate()
        width = min(self._place.width(), max(LEAST_WIDTH, self._place.width() // 2 - theme.SPACE_32))
        return layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()
