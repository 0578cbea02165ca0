"""Edits one sentence of a translation."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QFrame, QMenu, QPlainTextEdit, QWidget

from slmdesk.base.texts import _
from slmdesk.base.translation import SegmentState
from slmdesk.translation.window.text import TranslateController
from slmdesk.translation.window.text_editors import SegmentEdit
from slmdesk.window.base import theme
from slmdesk.window.base.shortcuts import show_in_menu
from slmdesk.window.widgets.build import ElidedLabel, button, column, named, row


class SentenceActions(QObject):
    """Edits the sentence at the caret, by menu and keys."""

    said = Signal(str)

    def __init__(self, controller: TranslateController, target: SegmentEdit, place: QWidget) -> None:
        super().__init__(place, objectName="sentence_actions")
        self._controller, self._target, self._place = controller, target, place
        self._editor = SentenceEditor(place)
        self._editor.kept.connect(controller.put)
        self._editor.left.connect(target.setFocus)
        self._edit = named(QAction(_("Edit this sentence…"), self), "edit_sentence_action")
        show_in_menu(self._edit, "sentence.edit")
        self._edit.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        target.addAction(self._edit)
        self._edit.triggered.connect(self._on_edit)
        target.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        target.customContextMenuRequested.connect(self._on_menu)

    def _on_edit(self) -> None:
        index, segments = self._target.current_segment, self._controller.last.segments
        segment = segments[index] if 0 <= index < len(segments) else None
        if segment is None or not segment.target or segment.state is SegmentState.OPEN:
            self.said.emit(_("Put the caret into a sentence that is translated."))
            return
        below = self._target.mapTo(self._place, self._target.place_of(index))
        self._editor.open(index, segment.source, segment.target, below)

    def _on_menu(self, at: QPoint) -> None:
        if not self._target.textCursor().hasSelection():
            self._target.setTextCursor(self._target.cursorForPosition(at))
        standard = named(self._target.createStandardContextMenu(), "standard_menu")
        menu = named(QMenu(self._target), "sentence_menu")
        for shown in (menu, standard):
            shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._edit)
        menu.addSeparator()
        menu.addActions(standard.actions())
        menu.destroyed.connect(standard.deleteLater)
        menu.popup(self._target.viewport().mapToGlobal(at))


HEIGHT, LEAST_WIDTH, GAP = 150, 300, 8


class SentenceEditor(QFrame):
    """A card above the texts, at a sentence. Nothing moves for it."""

    kept = Signal(int, str, str)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "sentence_frame", kind="popover")
        self._place, self._at = parent, QPoint()
        self.hide()
        parent.installEventFilter(self)
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
        self._at = below
        self._put()
        self.show()
        self.raise_()
        self._words.setFocus()

    def close_editor(self) -> None:
        """Close without saving."""
        if self.isVisible():
            self.hide()
            self.left.emit()

    def _put(self) -> None:
        """Place the card at its point, moved so far that all of it is inside its parent."""
        space = self._place.rect()
        width = min(space.width(), max(LEAST_WIDTH, space.width() // 2 - theme.SPACE_32))
        height = min(space.height(), max(HEIGHT, self.sizeHint().height() // 2))
        left = max(0, min(self._at.x(), space.width() - width - GAP))
        self.setGeometry(left, max(0, min(self._at.y(), space.height() - height - GAP)), width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._place and event.type() == QEvent.Type.Resize and self.isVisible():
            self._put()
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
