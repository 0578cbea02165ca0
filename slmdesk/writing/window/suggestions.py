"""Says the text of the page Write, or a part of it, in another way: suggestions beside what they would replace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QLayout, QPlainTextEdit, QScrollArea, QWidget

from slmdesk.base.record import Record, changed
from slmdesk.runtime.messages import Problem
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call, copy_text
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import button, column, named, plain_label, row
from slmdesk.window.widgets.rows import empty_layout
from slmdesk.writing.types import RewriteRequest, Rewriting, Task, Version, remarks
from slmdesk.writing.window.editor import TrackedText, size16

Spans = Sequence[tuple[int, int]]
LEAST_LETTERS = 28
"""Of a column's width: where there is less room they scroll sideways."""
LEAST_LINES = 5
_DOING = {
    Task.REPHRASE: "Rephrasing…",
    Task.SHORTEN: "Shortening…",
    Task.EXPAND: "Expanding…",
    Task.TONE: "Changing the tone…",
    Task.CONTINUE: "Continuing…",
}
_TITLES = {"half": "Half as long", "sentence": "In a sentence", "friendlier": "Friendlier", "firmer": "Firmer",
           "plainer": "Plainer", "formal": "More formal"}  # fmt: skip


class Suggestions(Record):
    request: RewriteRequest
    found: Rewriting | None = None
    """None: the model is at it, or `words` says why there is nothing."""
    is_busy: bool = True
    words: str = ""


class SuggestionPanel(QFrame):
    said = Signal(str)

    def __init__(self, bridge: Bridge, text: TrackedText, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("versions_of_text")
        self._bridge, self._text, self._keeper = bridge, text, keeper
        self._place: QTextCursor | None = None
        self._following: Call | None = None
        self._turn = 0
        self.now: Suggestions | None = None
        self._build_ui()
        keeper.theme_changed.connect(lambda _theme: self._show(self.now))
        self.hide()

    def _build_ui(self) -> None:
        self._words = plain_label("", self, name="suggestion_words", kind="muted")
        self._stop = button("Stop", "suggestion_stop", self, label="Stop asking", on=self.discard)
        self._again = button("Try again", "suggestion_again", self, on=self.again)
        self._discard = button(
            "Discard", "suggestion_discard", self, tip="Leave the text as it is (Esc)", on=self.discard
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
            self.discard()
        else:
            super().keyPressEvent(event)

    # ---- requests

    def begin(self, request: RewriteRequest, start: int, end: int) -> None:
        """Ask for a part of the text in another way; what was suggested before goes."""
        self._cancel()
        self._place = self._text.cursor(start, end)
        self._ask(changed(request, text=self._text.plain[start:end]))

    def again(self) -> None:
        if self.now is not None:
            self._cancel()
            self._ask(changed(self.now.request, again=self.now.request.again + 1))

    def discard(self) -> None:
        """Stop what is asked, and show nothing; the text stays as it is."""
        self._cancel()
        self._show(None)

    def use(self, version: Version) -> None:
        """Put a suggestion in the place of what it was made of; Undo takes it back.

        Where that has been edited meanwhile nothing is replaced, and it is said.
        """
        place, now = self._place, self.now
        if place is None or now is None:
            return
        if self._text.plain_between(place.selectionStart(), place.selectionEnd()) != now.request.text:
            self.said.emit("You have edited this part meanwhile, so nothing was replaced. Copy the suggestion instead.")
            return
        place.insertText(version.text, QTextCharFormat())
        self._show(None)
        self.said.emit("Replaced. Undo (Ctrl+Z) takes it back.")

    # ---- private

    def _ask(self, request: RewriteRequest) -> None:
        self._turn += 1
        turn = self._turn
        self._following = self._bridge.follow(
            self._bridge.services.writing.rewrite(request),
            partial(self._on_rewritten, turn),
            partial(self._on_refused, turn),
            partial(self._on_progressed, turn),
        )
        self._show(Suggestions(request, words=_DOING[request.task]))

    def _cancel(self) -> None:
        self._turn += 1
        if self._following is not None:
            self._following.cancel()
            self._following = None

    def _on_progressed(self, turn: int, report: tuple[int, int]) -> None:
        if turn == self._turn and self.now is not None and report[1] > 1:
            self._show(changed(self.now, words=f"{report[0]} of {report[1]} suggestions are there…"))

    def _on_rewritten(self, turn: int, found: Rewriting) -> None:
        if turn == self._turn and self.now is not None:
            self._following = None
            count, fewer = len(found.versions), "The model gave {} of {}; the others were the same."
            words = "" if count == found.asked else fewer.format(count, found.asked)
            self._show(Suggestions(self.now.request, found, is_busy=False, words=words))

    def _on_refused(self, turn: int, problem: Problem) -> None:
        if turn == self._turn and self.now is not None:
            self._following = None
            self._show(Suggestions(self.now.request, is_busy=False, words=problem.sentence))

    def _show(self, now: Suggestions | None) -> None:
        self.now = now
        empty_layout(self._columns)
        self.setVisible(now is not None)
        if now is None:
            return
        self._words.setText(now.words)
        for other_button in (self._stop, self._bar):
            other_button.setVisible(now.is_busy)
        for other_button in (self._again, self._discard):
            other_button.setVisible(not now.is_busy)
        versions = now.found.versions if now.found else ()
        gone = _gone_from(versions)
        self._add("Your text", now.request.text, [(gone, "danger", True)], versions, is_source=True)
        for number, version in enumerate(versions, 1):
            marks = [(version.others, "accent", False)]
            self._add(_title_of(now.request, number), version.text, marks, [version], number=number)

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
        now, words = self.now, ""
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
        use = make("Use", f"suggestion_use_{number}", tip=tip, on=lambda: self.use(version))
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
    return [(edit.start, edit.end) for edit in versions[0].edits if edit.end > edit.start]


def _places(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    for word in dict.fromkeys(words):
        at = text.find(word)
        while word and at >= 0:
            yield at, at + len(word)
            at = text.find(word, at + len(word))


def _title_of(request: RewriteRequest, number: int) -> str:
    if request.task is Task.REPHRASE:
        return f"Suggestion {number}"
    return _TITLES.get(request.manner, "Expanded")
