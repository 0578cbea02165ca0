"""Other wordings of a text: the bar over a selection, which asks for them, and the panel beside the text with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QMenu, QPlainTextEdit, QScrollArea, QWidget

from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.tasks.writing.types import RewriteRequest, Rewriting, Task, Version, length_of, remarks
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call, Delay
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.base.text import size16
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label, row, show_column, tool_button
from slmdesk.ui.kit.widgets.rows import empty_layout, order_tabs
from slmdesk.ui.writing.editor import WritingEdit
from slmdesk.ui.writing.tracked import TrackedText

WAYS = (
    (Task.REPHRASE, "", _("Rephrase")),
    (Task.SHORTEN, "half", _("Shorten to half")),
    (Task.SHORTEN, "sentence", _("Shorten to one sentence")),
    (Task.EXPAND, "", _("Expand")),
    (Task.TONE, "friendlier", _("Friendlier")),
    (Task.TONE, "firmer", _("Firmer")),
    (Task.TONE, "plainer", _("Plainer")),
    (Task.TONE, "formal", _("More formal")),
)
Rewrite = Callable[[Task, str], None]


def add_ways(menu: QMenu, rewrite: Rewrite, task: Task | None = None) -> QMenu:
    """Fill a menu with the ways to rewrite a text: all, or those of one task."""
    for each, manner, words in WAYS:
        if task in (None, each):
            action = menu.addAction(words, partial(rewrite, each, manner))
            action.setObjectName(f"{each.value}_{manner}" if manner else each.value)
    return menu


class SelectionBar(QFrame):
    """Floats below the selected words, and offers to rewrite them. A person reaches it by Tab, and leaves it by Esc."""

    translate_requested = Signal()
    AFTER_MS, GAP = 250, 8

    def __init__(self, editor: WritingEdit, rewrite: Rewrite, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "writing_selection_bar", label=_("Rewrite the selected words"), kind="popover")
        self._editor = editor
        self._timer = Delay(self, self.AFTER_MS, self._place, "selection_bar_timer")
        make = partial(button, parent=self, kind="bar")
        rephrase = make(_("Rephrase"), "bar_rephrase", on=lambda: rewrite(Task.REPHRASE, ""), shortcut="write.rephrase")
        shorten, tone = make(_("Shorten"), "bar_shorten"), make(_("Tone"), "bar_tone")
        for owner, task in ((shorten, Task.SHORTEN), (tone, Task.TONE)):
            owner.setMenu(add_ways(named(QMenu(owner), f"{owner.objectName()}_menu"), rewrite, task))
        expand = make(_("Expand"), "bar_expand", on=lambda: rewrite(Task.EXPAND, ""))
        words = _("Translate the selected words")
        translate = tool_button(
            "bar_translate", self, icon="languages", colour="ink2", label=words, tip=words, on=self.translate_requested
        )
        parts = (rephrase, shorten, expand, tone, translate)
        for part in parts:
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus in the text
        order_tabs(editor, *parts)
        row(*parts, into=self, gap=theme.SPACE_4 // 2, margins=theme.SPACE_4)
        self.hide()
        editor.selectionChanged.connect(self._on_selected)
        editor.verticalScrollBar().valueChanged.connect(self._on_moved)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._editor.setFocus()
            self.hide()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._on_moved()

    def _on_moved(self) -> None:
        if self.isVisible():
            self._timer.start()

    def _on_selected(self) -> None:
        start, end = self._editor.selected
        if start == end:
            self._timer.stop()
            self.hide()
        else:
            self._timer.start()

    def _place(self) -> None:
        start, end = self._editor.selected
        if start == end or not self._editor.isVisible():
            return
        cursor, area = self._editor.textCursor(), self._editor.viewport()
        first, last = (
            self._editor.cursorRect(self._at(place)) for place in (cursor.selectionStart(), cursor.selectionEnd())
        )
        if last.bottom() < 0 or first.top() > area.height():
            self.hide()  # the selection is out of sight
            return
        parent = self.parentWidget()
        sheet = self._editor.geometry()
        size = self.sizeHint()
        assert isinstance(parent, QWidget)
        top, bottom = (area.mapTo(parent, QPoint(0, y)).y() for y in (first.top(), last.bottom()))
        y = bottom + self.GAP
        if y + size.height() > parent.height() - self.GAP:
            y = max(self.GAP, top - self.GAP - size.height())
        x = min(sheet.center().x() - size.width() // 2, parent.width() - size.width() - self.GAP)
        self.setGeometry(max(self.GAP, x), y, size.width(), size.height())
        self.show()
        self.raise_()

    def _at(self, place: int) -> QTextCursor:
        cursor = QTextCursor(self._editor.document())
        cursor.setPosition(place)
        return cursor


Spans = Sequence[tuple[int, int]]
_DOING = {
    Task.REPHRASE: _("Rephrasing…"),
    Task.SHORTEN: _("Shortening…"),
    Task.EXPAND: _("Expanding…"),
    Task.TONE: _("Changing the tone…"),
}


class Suggestions(Record):
    request: RewriteRequest
    found: Rewriting | None = None
    """The result. None while the model works, or if `words` says why there is no result."""
    is_busy: bool = True
    words: str = ""


class SuggestionPanel(QFrame):
    said = Signal(str)
    shown = Signal(bool)

    def __init__(self, bridge: Bridge, text: TrackedText, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("versions_of_text")
        self._bridge, self._text, self._keeper = bridge, text, keeper
        self.place: QTextCursor | None = None
        """The words to be replaced. They move with the text."""
        self._following: Call | None = None
        self.now: Suggestions | None = None
        self._build_ui()
        keeper.theme_changed.connect(lambda _theme: self._show(self.now))

    def _build_ui(self) -> None:
        self._words = plain_label("", self, name="suggestion_words", kind="small")
        self._stop = button(_("Stop"), "suggestion_stop", self, kind="quiet", label=_("Stop asking"), on=self.discard)
        self._again = button(_("Try again"), "suggestion_again", self, kind="quiet", on=self.again)
        self._discard = tool_button(
            "suggestion_discard", self, icon="x", label=_("Discard"), tip=_("Leave the text as it is (Esc)"),
            on=self.discard,
        )  # fmt: skip
        self._bar = thin_bar("suggestion_progress", self, _("Asking the model"), most=0, keeps_place=True)
        self._inner = named(QFrame(self), "suggestion_inner")
        self._cards = column(into=self._inner, gap=theme.SPACE_8)
        area = named(QScrollArea(self), "suggestion_area")
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        show_column(area, self._inner)
        right = (0, 0, theme.SCROLL_BAR, 0)
        head = row((self._words, 1), self._stop, self._again, self._discard, gap=theme.SPACE_4, margins=right)
        column(self._bar, head, (area, 1), into=self, gap=theme.SPACE_8)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.discard()
        else:
            super().keyPressEvent(event)

    def begin(self, request: RewriteRequest, start: int, end: int) -> None:
        """Rewrite a part of the text. Earlier suggestions are removed. The request comes without text: that between
        `start` and `end` is taken.
        """
        self._cancel()
        self.place = self._text.cursor(start, end)
        self._ask(changed(request, text=self._text.plain[start:end]))

    def again(self) -> None:
        if self.now is not None:
            self._cancel()
            self._ask(changed(self.now.request, again=self.now.request.again + 1))

    def discard(self) -> None:
        """Stop the request and remove the suggestions. The text stays unchanged."""
        self._cancel()
        self._show(None)

    def use(self, version: Version) -> None:
        """Replace the original words in the text with a suggestion. This can be undone.

        If the original words have been edited since, nothing is replaced and the user is told.
        """
        place, now = self.place, self.now
        if place is None or now is None:
            return
        if self._text.plain_between(place.selectionStart(), place.selectionEnd()) != now.request.text:
            self.said.emit(
                _("You have edited this part meanwhile, so nothing was replaced. Copy the suggestion instead.")
            )
            return
        place.setKeepPositionOnInsert(False)  # else each line would go before the one above it
        place.insertText(version.text, QTextCharFormat())
        self._show(None)
        self.said.emit(_("Replaced. Undo (Ctrl+Z) takes it back."))

    def _ask(self, request: RewriteRequest) -> None:
        self._following = self._bridge.follow(
            self._bridge.services.writing.rewrite(request),
            partial(self._on_rewritten, request),
            partial(self._on_refused, request),
            partial(self._on_progressed, request),
        )
        self._show(Suggestions(request, words=_DOING[request.task]))

    def _cancel(self) -> None:
        if self._following is not None:
            self._following.cancel()
            self._following = None

    def _is_waiting_for(self, request: RewriteRequest) -> bool:
        return self._following is not None and self.now is not None and self.now.request is request

    def _on_progressed(self, request: RewriteRequest, report: tuple[int, int]) -> None:
        if self._is_waiting_for(request) and report[1] > 1:
            words = _("{report} of {report2} suggestions are there…").format(report=report[0], report2=report[1])
            self._show(Suggestions(request, words=words))

    def _on_rewritten(self, request: RewriteRequest, rewriting: Rewriting) -> None:
        if self._is_waiting_for(request):
            self._following = None
            count = len(rewriting.versions)
            fewer = _("The model gave {} of {}; the others were the same.")
            words = "" if count == rewriting.asked else fewer.format(count, rewriting.asked)
            self._show(Suggestions(request, rewriting, is_busy=False, words=words))

    def _on_refused(self, request: RewriteRequest, problem: Problem) -> None:
        if self._is_waiting_for(request):
            self._following = None
            self._show(Suggestions(request, is_busy=False, words=problem.sentence))

    def _show(self, now: Suggestions | None) -> None:
        self.now = now
        empty_layout(self._cards)
        self.shown.emit(now is not None)
        if now is None:
            return
        self._words.setText(now.words)
        for part in (self._stop, self._bar):
            part.setVisible(now.is_busy)
        for way in (self._again, self._discard):
            way.setVisible(not now.is_busy)
        for number, version in enumerate(now.found.versions if now.found else (), 1):
            self._add(now, version, number)
        self._cards.addStretch(1)

    def _add(self, now: Suggestions, version: Version, number: int) -> None:
        assert now.found is not None
        frame = named(QFrame(self._inner), f"suggestion_{number}", kind="choice")
        heading = _title_of(now.found, version, now.request, number)
        title = plain_label(heading, frame, name="suggestion_title", kind="group")
        view = named(_Text(frame), f"suggestion_text_{number}", label=title.text(), kind="bare")
        view.setPlainText(version.text)
        for span in version.others:
            self._draw(view, version.text, span, "added", is_fact=False)
        for span in _places(version.text, version.added):
            self._draw(view, version.text, span, "warn", is_fact=True)
        words = "\n".join(remarks(now.found, version, now.request))
        said = plain_label(words, frame, name=f"suggestion_remarks_{number}", kind="warn", is_hidden=not words)
        make = partial(button, parent=frame)
        use = make(_("Replace"), f"suggestion_use_{number}", tip=_("Replace your text"), on=lambda: self.use(version))
        copy = make(_("Copy"), f"suggestion_copy_{number}", kind="quiet", on=self._copying(version.text))
        ways = row(use, copy, 1, gap=theme.SPACE_8)
        column(title, view, said, ways, into=frame, gap=theme.SPACE_8, margins=theme.SPACE_12)
        self._cards.addWidget(frame)

    def _copying(self, text: str) -> Callable[[], None]:
        def copy() -> None:
            copy_text(text)
            self.said.emit(_("Copied."))

        return copy

    def _draw(self, view: QPlainTextEdit, text: str, span: tuple[int, int], colour: str, *, is_fact: bool) -> None:
        form, styles = QTextCharFormat(), QTextCharFormat.UnderlineStyle
        form.setForeground(self._keeper.theme.colour(colour))
        form.setUnderlineStyle(styles.DotLine if is_fact else styles.SingleUnderline)
        if is_fact:
            form.setFontWeight(QFont.Weight.DemiBold)
        cursor = QTextCursor(view.document())
        cursor.setPosition(size16(text[: span[0]]))
        cursor.setPosition(size16(text[: span[1]]), QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(form)


class _Text(QPlainTextEdit):
    """A text as high as its lines, which scrolls with the panel."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(0)
        for policy in (self.setVerticalScrollBarPolicy, self.setHorizontalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        lines = round(self.document().size().height())
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + theme.SPACE_4)


def _places(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    for word in dict.fromkeys(words):
        at = text.find(word)
        while word and at >= 0:
            yield at, at + len(word)
            at = text.find(word, at + len(word))


def _title_of(rewriting: Rewriting, version: Version, request: RewriteRequest, number: int) -> str:
    if request.task in (Task.SHORTEN, Task.EXPAND):
        old, new = (length_of(text, rewriting.language) for text in (request.text, version.text))
        return _("{old:,} → {new:,} words").format(old=old, new=new)
    if request.task is Task.REPHRASE:
        return _("Suggestion {number}").format(number=number)
    return next((words for task, manner, words in WAYS if (task, manner) == (request.task, request.manner)), "")
