"""The panels of the page Write: changes beside the text, and suggested rewordings below it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLayout,
    QListView,
    QPlainTextEdit,
    QScrollArea,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.base.record import Record, changed
from slmdesk.base.texts import _, ngettext
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions
from slmdesk.runtime.messages import Problem
from slmdesk.text.writing import Edit
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call, copy_text
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import button, column, named, plain_label, plain_tip, row, tool_button
from slmdesk.window.widgets.rows import empty_layout
from slmdesk.writing.types import (
    DOUBT_WORDS,
    Change,
    Correction,
    CorrectRequest,
    RewriteRequest,
    Rewriting,
    Task,
    Version,
    note_of,
    remarks,
    unanswered_words,
)
from slmdesk.writing.window.editor import Pending, Proposal, TrackedText, size16

# ---- corrections: the changes, how far the correction is, and what decides on them


class ShownChange(Record):
    number: int
    old: str
    new: str
    change: Change

    @property
    def is_doubtful(self) -> bool:
        return not self.change.is_made


class CorrectionPanel(QFrame):
    """Panel with the undecided changes. It is hidden if there are none and nothing is being corrected."""

    change_chosen = Signal(int)
    said = Signal(str)
    busy_changed = Signal()

    def __init__(self, bridge: Bridge, text: TrackedText, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("writing_panel")
        self._bridge, self._text = bridge, text
        self._about: dict[int, Change] = {}
        """All changes shown so far, by number. Only those still in the text are valid."""
        self._following: Call | None = None
        self._snapshot: Snapshot | None = None
        self._turn, self._number, self._lost = 0, 0, 0
        self._done, self._total = 0, 0
        """Sentences done and sentences in all. A total of 0 means that the model is still loading or busy."""
        self.changes: Sequence[ShownChange] = ()
        self._build_ui()
        self.list.change_chosen.connect(self._on_chosen)
        self.list.accept_requested.connect(self.accept_current)
        self.list.refuse_requested.connect(self.refuse_current)
        text.changed.connect(self._on_text_changed)
        self._show_progress()

    def _build_ui(self) -> None:
        self._busy = named(QFrame(self), "writing_busy")
        self._busy_words = plain_label("", self._busy, name="writing_busy_words", kind="muted")
        stop = button(_("Stop"), "writing_stop", self._busy, label=_("Stop correcting"), on=self.stop)
        self._bar = thin_bar("writing_progress", self._busy, _("Correcting"), most=0)
        column(row((self._busy_words, 1), stop), self._bar, into=self._busy)
        self.list = ChangeList(self)
        self._title = plain_label("", self, name="writing_changes_title", kind="strong")
        self._back = tool_button(
            "writing_previous", self, icon="chevron-up", label=_("The change before"), tip=_("The change before"),
            shortcut="change.previous", on=lambda: self.list.step(-1),
        )  # fmt: skip
        self._next = tool_button(
            "writing_next", self, icon="chevron-down", label=_("The next change"), tip=_("The next change"),
            shortcut="change.next", on=lambda: self.list.step(1),
        )  # fmt: skip
        make = partial(button, parent=self, kind="quiet")
        self._accept = make(
            _("Accept"), "writing_accept", tip=_("Make this change"), shortcut="change.accept", on=self.accept_current
        )
        self._refuse = make(
            _("Reject"), "writing_refuse", tip=_("Leave your words"), shortcut="change.refuse", on=self.refuse_current
        )
        self._accept_all = make(
            _("Accept all"), "writing_accept_all", tip=_("Accept all changes except those to check"),
            on=self.accept_all,
        )  # fmt: skip
        self._refuse_all = make(
            _("Reject all"), "writing_refuse_all", tip=_("Leave the text as it is"), on=self.refuse_all
        )
        ways = column(
            row(self._accept, self._refuse, 1, gap=theme.SPACE_8),
            row(self._accept_all, self._refuse_all, 1, gap=theme.SPACE_8),
            gap=theme.SPACE_8,
        )
        head = row((self._title, 1), self._back, self._next, gap=theme.SPACE_4)
        column(
            self._busy, head, (self.list, 1), ways, into=self, gap=theme.SPACE_8,
            margins=(theme.SPACE_8, theme.SPACE_4, theme.SPACE_8, theme.SPACE_4),
        )  # fmt: skip

    @property
    def is_busy(self) -> bool:
        return self._following is not None

    # ---- correcting

    def correct(
        self, start: int, end: int, language: str, *, redact: bool = False, decisions: Decisions = NOTHING_DECIDED
    ) -> None:
        """Correct a part of the text. Undecided changes of an earlier correction are removed.

        `redact`: hide private details from the model, with a person's `decisions`.
        """
        if self.is_busy:
            return
        self._text.refuse([pending.number for pending in self._text.pending])
        self._snapshot = Snapshot(self._text, start, end)
        self._turn, self._lost = self._turn + 1, 0
        request = CorrectRequest(self._snapshot.words, language, redact=redact, decisions=decisions)
        turn = self._turn

        def bring(changes: Sequence[Change]) -> None:  # on the service thread
            self._bridge.post_to_ui(partial(self._on_found, turn, changes))

        self._following = self._bridge.follow(
            self._bridge.services.writing.correct(request, bring),
            partial(self._on_corrected, turn),
            partial(self._on_refused, turn),
            partial(self._on_progressed, turn),
        )
        self._done, self._total = 0, 0
        self._show_progress()
        self.busy_changed.emit()

    def stop(self) -> None:
        """Stop the correction. The changes found so far stay."""
        if self._following is None:
            return
        self._following.cancel()
        self._end()
        checked = (
            _(" {done} of {total} sentences were checked.").format(done=self._done, total=self._total)
            if self._total
            else ""
        )
        self.said.emit(_("Stopped.{checked}").format(checked=checked))

    def _on_found(self, turn: int, changes: Sequence[Change]) -> None:
        snapshot = self._snapshot
        if turn != self._turn or snapshot is None:
            return
        fitting = []
        for change in changes:
            start, end = change.sentence
            begin = snapshot.now(start, end)
            if begin is None:
                self._lost += 1
                continue
            shift, edit = begin - start, change.edit
            fitting.append(changed(change, edit=Edit(edit.start + shift, edit.end + shift, edit.new)))
        self.show_changes(fitting)

    def show_changes(self, changes: Sequence[Change]) -> None:
        """Show changes in the text for the person to decide on."""
        proposals = []
        for number, change in enumerate(changes, self._number + 1):
            self._about[number] = change
            proposals.append(Proposal(number, change.edit.start, change.edit.end, change.edit.new, not change.is_made))
        self._number += len(proposals)
        if proposals:
            self._text.propose(proposals)

    def _on_progressed(self, turn: int, report: tuple[int, int]) -> None:
        if turn == self._turn and self.is_busy:
            self._done, self._total = report
            self._show_progress()

    def _on_corrected(self, turn: int, found: Correction) -> None:
        if turn != self._turn or self._snapshot is None:
            return
        line = self._snapshot.line
        self._end()
        whole = changed(found, unanswered=tuple(number + line for number in found.unanswered))
        self.said.emit(" ".join((found_words(found), *lost_words(self._lost), unanswered_words(whole))).strip())

    def _on_refused(self, turn: int, problem: Problem) -> None:
        if turn == self._turn:
            self._end()
            self.said.emit(problem.sentence)

    def _end(self) -> None:
        self._turn += 1
        self._following = self._snapshot = None
        self._show_progress()
        self.busy_changed.emit()

    # ---- deciding

    def accept(self, number: int) -> None:
        """Apply a change, even a doubtful one. It can be undone."""
        self._text.accept([number])
        self._on_text_changed()  # at once: the next key is for the next change

    def refuse(self, number: int) -> None:
        """Remove a change and leave its words as they are. Undo brings the change back."""
        self._text.refuse([number])
        self._on_text_changed()

    def accept_current(self) -> None:
        if number := self.list.current:
            self.accept(number)

    def refuse_current(self) -> None:
        if number := self.list.current:
            self.refuse(number)

    def accept_all(self) -> None:
        """Apply all changes except the doubtful ones, and tell the user that these are left."""
        sure = [change.number for change in self.changes if not change.is_doubtful]
        left = len(self.changes) - len(sure)
        self._text.accept(sure)
        self.said.emit(accepted_words(len(sure), left))

    def refuse_all(self) -> None:
        count = len(self.changes)
        self._text.refuse([change.number for change in self.changes])
        self.said.emit(
            ngettext(
                "{n:,} change rejected. Undo (Ctrl+Z) brings it back.",
                "{n:,} changes rejected. Undo (Ctrl+Z) brings them back.",
                count,
            )
        )

    def not_decided(self) -> Iterator[Change]:
        for pending in self._text.pending:
            yield changed(
                self._about[pending.number], edit=Edit(pending.start, pending.end, pending.new), old=pending.old
            )

    def tracked(self) -> Iterator[tuple[Edit, str]]:
        """Yield the undecided changes for a Word file. A doubtful change comes with the text of its comment."""
        for change in self.not_decided():
            yield change.edit, "" if change.is_made else note_of(change)

    def _on_text_changed(self) -> None:
        changes = tuple(_changes_in(self._text.pending, self._about))
        if changes == self.changes:
            return
        before, self.changes = self.list.current, changes
        self.list.show_changes(changes)
        self._show()
        if before and self.list.current != before:  # the change was decided, so go to the next one
            self.change_chosen.emit(self.list.current)

    # ---- what is shown

    def show_change(self, number: int) -> None:
        self.list.show_change(number)
        self._show_buttons()

    def _on_chosen(self, number: int) -> None:
        self._show_buttons()
        self.change_chosen.emit(number)

    def _show_progress(self) -> None:
        self._busy.setVisible(self.is_busy)
        self._bar.setRange(0, self._total)
        self._bar.setValue(self._done)
        known = _("{done:,} of {total:,} sentences checked").format(done=self._done, total=self._total)
        self._busy_words.setText(known if self._total else _("Waiting for the model…"))
        self._show()

    def _show(self) -> None:
        changes = self.changes
        doubtful = sum(change.is_doubtful for change in changes)
        words = ngettext("{n:,} change", "{n:,} changes", len(changes))
        self._title.setText(
            _("{words} · {doubtful} to check").format(words=words, doubtful=doubtful)
            if doubtful
            else words
            if changes
            else _("No changes yet")
        )
        for other_button in (self._accept_all, self._refuse_all, self._back, self._next):
            other_button.setEnabled(bool(changes))
        self._show_buttons()
        self.setVisible(bool(changes) or self.is_busy)

    def _show_buttons(self) -> None:
        for other_button in (self._accept, self._refuse):
            other_button.setEnabled(bool(self.list.current))


def _changes_in(pending: Sequence[Pending], about: Mapping[int, Change]) -> Iterator[ShownChange]:
    """Yield each undecided change once, even if words typed inside it split it."""
    parts: dict[int, list[Pending]] = {}
    for other_pending in pending:
        parts.setdefault(other_pending.number, []).append(other_pending)
    for number, found in parts.items():
        yield ShownChange(number, "…".join(at.old for at in found), "".join(at.new for at in found), about[number])


# ---- words


def found_words(found: Correction) -> str:
    if not found.changes:
        return _("No mistakes found.")
    doubtful = sum(not change.is_made for change in found.changes)
    words = ngettext("{n:,} change found", "{n:,} changes found", len(found.changes))
    if all(change.doubt == "model" for change in found.changes):
        return _("{words}. The model often changes too much: decide on each.").format(words=words)
    return _("{words}, {doubtful} to check.").format(words=words, doubtful=doubtful) if doubtful else f"{words}."


def lost_words(count: int) -> Iterator[str]:
    if count:
        yield ngettext(
            "{n:,} change no longer fitted the text as you have edited it, and was left out.",
            "{n:,} changes no longer fitted the text as you have edited it, and were left out.",
            count,
        )


def accepted_words(sure: int, left: int) -> str:
    doubtful = ngettext("{n:,} change to check is left.", "{n:,} changes to check are left.", left)
    if not sure:
        return _("Nothing was accepted. {doubtful}").format(doubtful=doubtful) if left else _("There are no changes.")
    words = ngettext(
        "{n:,} change accepted. Undo (Ctrl+Z) takes it back.",
        "{n:,} changes accepted. Undo (Ctrl+Z) takes them back.",
        sure,
    )
    return f"{words} {doubtful}" if left else words


# ---- the list of changes beside the text


NUMBER_ROLE = int(Qt.ItemDataRole.UserRole)
PADDING = 6
MOST = 60
"""Most characters of the old and of the new words in the list. The tool tip has all of them."""


class ChangeLines(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.changes: Sequence[ShownChange] = ()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own
        return 0 if parent.isValid() else len(self.changes)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.changes):
            return None
        change = self.changes[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{sign_of(change)}  {change_line(change, MOST)}\n{reason_words(change)}"
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(f"{change_line(change, 800)}\n{reason_words(change)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{index.row() + 1}. {change_line(change, MOST)}, {reason_words(change)}"
            case _ if role == NUMBER_ROLE:
                return change.number
        return None

    def show_changes(self, changes: Sequence[ShownChange]) -> None:
        self.beginResetModel()
        self.changes = changes
        self.endResetModel()

    def row_of(self, number: int) -> int:
        """Return the row of a change, or -1 if it is not listed."""
        return next((row for row, change in enumerate(self.changes) if change.number == number), -1)


class _Wrapped(QStyledItemDelegate):
    """Delegate for lines that wrap. The list alone would reserve only the height of unwrapped lines."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        area = self.parent()
        width = (area.viewport().width() if isinstance(area, QListView) else 200) - 2 * PADDING - theme.SPACE_8
        words = str(index.data(Qt.ItemDataRole.DisplayRole))
        room = QRect(0, 0, max(1, width), 10_000)
        needed = option.fontMetrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), words)
        return QSize(width, needed.height() + 2 * PADDING)


class ChangeList(QListView):
    change_chosen = Signal(int)
    accept_requested = Signal()
    refuse_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "writing_changes", label=_("Changes"))
        self.lines = ChangeLines(self)
        self.setModel(self.lines)
        self.setSpacing(theme.SPACE_4 // 2)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(True)
        self.setItemDelegate(_Wrapped(self))
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setFrameShape(self.Shape.NoFrame)
        self._is_showing = False

    @property
    def current(self) -> int:
        found = self.currentIndex().data(NUMBER_ROLE) if self.currentIndex().isValid() else 0
        return found if isinstance(found, int) else 0

    def show_changes(self, changes: Sequence[ShownChange]) -> None:
        """Show these changes. The current change stays current; if it is gone, the one in its place becomes current."""
        number, row = self.current, self.currentIndex().row()
        self._is_showing = True
        self.lines.show_changes(changes)
        there = self.lines.row_of(number)
        self._go(there if there >= 0 else min(row, len(changes) - 1))
        self._is_showing = False

    def show_change(self, number: int) -> None:
        """Make a change current without emitting `change_chosen`."""
        self._is_showing = True
        self._go(self.lines.row_of(number))
        self._is_showing = False

    def step(self, by: int) -> None:
        count = len(self.lines.changes)
        if count:
            row = self.currentIndex().row()
            self._go((row + by) % count if row >= 0 else 0 if by > 0 else count - 1)

    def sizeHint(self) -> QSize:
        return QSize(260, 120)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() == Qt.KeyboardModifier.NoModifier and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept_requested.emit()
        elif event.modifiers() == Qt.KeyboardModifier.NoModifier and event.key() == Qt.Key.Key_Delete:
            self.refuse_requested.emit()
        else:
            super().keyPressEvent(event)

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().currentChanged(current, previous)
        number = current.data(NUMBER_ROLE) if current.isValid() else None
        if isinstance(number, int) and not self._is_showing:
            self.change_chosen.emit(number)

    def _go(self, row: int) -> None:
        self.setCurrentIndex(self.lines.index(row) if row >= 0 else QModelIndex())


def sign_of(change: ShownChange) -> str:
    if change.is_doubtful:
        return "?"
    return "≠" if change.old.strip() and change.new.strip() else "+" if change.new.strip() else "−"


def change_line(change: ShownChange, most: int) -> str:
    return f"{_shown(change.old, most)} → {_shown(change.new, most)}"


def reason_words(change: ShownChange) -> str:
    about = change.change
    return (
        _("{reason}; check: {doubt}").format(reason=about.reason, doubt=DOUBT_WORDS[about.doubt])
        if about.doubt
        else about.reason
    )


def _shown(words: str, most: int) -> str:
    if not words:
        return _("nothing")
    if not words.strip():
        return _("line break") if "\n" in words else ngettext("space", "{n} spaces", len(words))
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


# ---- a text as it was when its correction began, and where its sentences stand while it is edited on


REACH = 2_000
"""Most characters before and after its old position in which a moved sentence is searched."""


class Snapshot:
    """Part of a text as it was at one moment. A document cursor for each line follows later edits."""

    def __init__(self, text: TrackedText, start: int, end: int) -> None:
        self._text, self.start = text, start
        self.words = text.plain[start:end]
        self._starts: list[int] = []
        self._cursors: list[QTextCursor] = []
        at, block = 0, text.document.findBlock(text.position_of(start))
        for line in self.words.split("\n"):
            cursor = QTextCursor(block)
            cursor.setPosition(text.position_of(start + at))
            self._starts.append(at)
            self._cursors.append(cursor)
            at += len(line) + 1
            block = block.next()

    @property
    def line(self) -> int:
        """Return the number of the line of the whole text in which this part begins, from 0."""
        return self._text.plain.count("\n", 0, self.start)

    def now(self, start: int, end: int) -> int | None:
        """Return where a sentence, given by its start and end in `words`, begins in the text now.

        None if the sentence was changed, is gone, or appears twice.
        """
        sentence, plain = self.words[start:end], self._text.plain
        line = bisect_right(self._starts, start) - 1
        likely = self._text.at(self._cursors[line].position()) + start - self._starts[line]
        if plain.startswith(sentence, likely):
            return likely
        first, last = max(0, likely - REACH), likely + len(sentence) + REACH
        found = plain.find(sentence, first, last)
        return found if found >= 0 and plain.find(sentence, found + 1, last) < 0 else None


# ---- suggestions beside what they would replace, with what differs marked


Spans = Sequence[tuple[int, int]]
LEAST_LETTERS = 28
"""Least width of a column in letters. If there is less space, the columns scroll sideways."""
LEAST_LINES = 5
_DOING = {
    Task.REPHRASE: _("Rephrasing…"),
    Task.SHORTEN: _("Shortening…"),
    Task.EXPAND: _("Expanding…"),
    Task.TONE: _("Changing the tone…"),
    Task.CONTINUE: _("Continuing…"),
}
_TITLES = {
    "half": _("Half as long"),
    "sentence": _("In a sentence"),
    "friendlier": _("Friendlier"),
    "firmer": _("Firmer"),
    "plainer": _("Plainer"),
    "formal": _("More formal"),
}


class Suggestions(Record):
    request: RewriteRequest
    found: Rewriting | None = None
    """The result. None while the model works, or if `words` says why there is no result."""
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
        self._stop = button(_("Stop"), "suggestion_stop", self, label=_("Stop asking"), on=self.discard)
        self._again = button(_("Try again"), "suggestion_again", self, on=self.again)
        self._discard = button(
            _("Discard"), "suggestion_discard", self, tip=_("Leave the text as it is (Esc)"), on=self.discard
        )
        self._bar = thin_bar("suggestion_progress", self, _("Asking the model"), most=0)
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
        """Rewrite a part of the text. Earlier suggestions are removed."""
        self._cancel()
        self._place = self._text.cursor(start, end)
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
        place, now = self._place, self.now
        if place is None or now is None:
            return
        if self._text.plain_between(place.selectionStart(), place.selectionEnd()) != now.request.text:
            self.said.emit(
                _("You have edited this part meanwhile, so nothing was replaced. Copy the suggestion instead.")
            )
            return
        place.insertText(version.text, QTextCharFormat())
        self._show(None)
        self.said.emit(_("Replaced. Undo (Ctrl+Z) takes it back."))

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
            self._show(
                changed(
                    self.now,
                    words=_("{report} of {report2} suggestions are there…").format(report=report[0], report2=report[1]),
                )
            )

    def _on_rewritten(self, turn: int, found: Rewriting) -> None:
        if turn == self._turn and self.now is not None:
            self._following = None
            count, fewer = len(found.versions), _("The model gave {} of {}; the others were the same.")
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
        self._add(_("Your text"), now.request.text, [(gone, "danger", True)], versions, is_source=True)
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
        facts = [fact for version in versions for fact in (version.missing if is_source else version.added)]
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
        tip = _("Replace your text")
        use = make(_("Use"), f"suggestion_use_{number}", tip=tip, on=lambda: self.use(version))
        copy = make(_("Copy"), f"suggestion_copy_{number}", on=self._copying(version.text))
        return row((words, 1), use, copy, gap=theme.SPACE_4)

    def _copying(self, text: str) -> Callable[[], None]:
        def copy() -> None:
            copy_text(text)
            self.said.emit(_("Copied."))

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
    """Return the positions of words that the text has and the only suggestion lacks."""
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
        return _("Suggestion {number}").format(number=number)
    return _TITLES.get(request.manner, _("Expanded"))
