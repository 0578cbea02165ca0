"""Suggestions beside what they would replace, with what differs marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QLayout, QPlainTextEdit, QScrollArea, QWidget

from slmdesk.window.base import theme
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.clear_layout import empty_layout
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label
from slmdesk.writing.labels import remarks
from slmdesk.writing.types import Version
from slmdesk.writing.window.rewriting import RewriteController, Suggestions, title_of
from slmdesk.writing.window.tracked_text import size16

Spans = Sequence[tuple[int, int]]
LEAST_LETTERS = 28
"""Of a column's width: where there is less room they scroll sideways."""
LEAST_LINES = 5


class VersionPanel(QFrame):
    said = Signal(str)

    def __init__(self, controller: RewriteController, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("versions_of_text")
        self._controller, self._keeper = controller, keeper
        self._build_ui()
        controller.shown.connect(self._on_shown)
        keeper.theme_changed.connect(lambda _theme: self._on_shown(controller.now))
        self.hide()

    def _build_ui(self) -> None:
        controller = self._controller
        self._words = plain_label("", self, name="suggestion_words", kind="muted")
        self._stop = button("Stop", "suggestion_stop", self, label="Stop asking", on=controller.discard)
        self._again = button("Try again", "suggestion_again", self, on=controller.again)
        self._discard = button(
            "Discard", "suggestion_discard", self, tip="Leave the text as it is (Esc)", on=controller.discard
        )
        self._bar = thin_bar("suggestion_progress", self, "Asking the model", most=0)
        self._inner = named(QFrame(self), "suggestion_inner")
        self._columns = row(into=self._inner, gap=theme.SPACE_12)
        area = named(_Columns(self), "suggestion_area")
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(self._inner)
        head = row((self._words, 1), self._stop, self._again, self._discard, gap=theme.SPACE_8)
        column(head, self._bar, (area, 1), into=self, gap=theme.SPACE_8, margins=(0, theme.SPACE_8, 0, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._controller.discard()
        else:
            super().keyPressEvent(event)

    def _on_shown(self, now: Suggestions | None) -> None:
        empty_layout(self._columns)
        self.setVisible(now is not None)
        if now is None:
            return
        self._words.setText(now.words)
        for one in (self._stop, self._bar):
            one.setVisible(now.is_busy)
        for one in (self._again, self._discard):
            one.setVisible(not now.is_busy)
        versions = now.found.versions if now.found else ()
        gone = _gone_from(versions)
        self._add("Your text", now.request.text, [(gone, "danger", True)], versions, is_source=True)
        for number, version in enumerate(versions, 1):
            marks = [(version.others, "accent", False)]
            self._add(title_of(now.request, number), version.text, marks, [version], number=number)

    def _add(
        self,
        title: str,
        text: str,
        marks: Sequence[tuple[Spans, str, bool]],
        versions: Sequence[Version],
        *,
        number: int = 0,
        is_source: bool = False,
    ) -> None:
        frame = named(QFrame(self._inner), f"suggestion_{number}")
        frame.setMinimumWidth(LEAST_LETTERS * self.fontMetrics().averageCharWidth())
        view = named(_Text(frame), f"suggestion_text_{number}", label=title)
        view.setReadOnly(True)
        view.setUndoRedoEnabled(False)
        view.setTabChangesFocus(True)
        view.setPlainText(text)
        facts = [one for version in versions for one in (version.missing if is_source else version.added)]
        is_marked = not is_source or len(versions) == 1
        for spans, colour, is_struck in marks:
            for span in spans:
                self._draw(view, text, span, colour, is_struck)
        for span in _places(text, facts) if is_marked else ():
            self._draw(view, text, span, "warn", None)
        now, words = self._controller.now, ""
        if not is_source and now is not None and now.found is not None:
            words = "\n".join(remarks(now.found, versions[0], now.request))
        said = plain_label(words, frame, name=f"suggestion_remarks_{number}", kind="warn", is_hidden=not words)
        head = self._head(title, frame, number, versions[0] if not is_source else None)
        parts: tuple[QLayout | QWidget | tuple[QWidget, int], ...] = (head, (view, 1), said)
        column(*parts, into=frame, gap=theme.SPACE_4)
        self._columns.addWidget(frame, 1)

    def _head(self, title: str, frame: QFrame, number: int, version: Version | None) -> QLayout:
        words = plain_label(title, frame, name="suggestion_title", kind="strong", wraps=False)
        if version is None:
            return row((words, 1))
        make = partial(button, parent=frame, kind="quiet")
        tip = "Put it in the place of your text"
        use = make("Use", f"suggestion_use_{number}", tip=tip, on=lambda: self._controller.use(version))
        copy = make("Copy", f"suggestion_copy_{number}", on=self._copying(version.text))
        return row((words, 1), use, copy, gap=theme.SPACE_4)

    def _copying(self, text: str) -> Callable[[], None]:
        def copy() -> None:
            copy_text(text)
            self.said.emit("Copied.")

        return copy

    def _draw(
        self, view: QPlainTextEdit, text: str, span: tuple[int, int], colour: str, is_struck: bool | None
    ) -> None:
        form, styles = QTextCharFormat(), QTextCharFormat.UnderlineStyle
        form.setForeground(self._keeper.theme.colour(colour))
        if is_struck:
            form.setFontStrikeOut(True)
        else:
            form.setUnderlineStyle(styles.DotLine if is_struck is None else styles.SingleUnderline)
        if is_struck is None:
            form.setFontWeight(QFont.Weight.DemiBold)
        cursor = QTextCursor(view.document())
        cursor.setPosition(size16(text[: span[0]]))
        cursor.setPosition(size16(text[: span[1]]), QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(form)


class _Text(QPlainTextEdit):
    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), LEAST_LINES * self.fontMetrics().lineSpacing())


class _Columns(QScrollArea):
    def minimumSizeHint(self) -> QSize:
        inner, bar = self.widget(), self.horizontalScrollBar().sizeHint().height()
        height = inner.minimumSizeHint().height() + bar if inner is not None else bar
        return QSize(super().minimumSizeHint().width(), height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()  # other columns may be higher
        return super().eventFilter(watched, event)


def _gone_from(versions: Sequence[Version]) -> Spans:
    """Where the text has words that the only suggestion does not have."""
    if len(versions) != 1:
        return ()
    return [(one.start, one.end) for one in versions[0].edits if one.end > one.start]


def _places(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    for one in dict.fromkeys(words):
        at = text.find(one)
        while one and at >= 0:
            yield at, at + len(one)
            at = text.find(one, at + len(one))
