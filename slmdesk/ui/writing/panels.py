"""The panels of the page Write: changes beside the text, and suggested rewordings below it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.base.documents import COME, GONE, Run
from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, cut, ngettext
from slmdesk.tasks.report import Report, Section, Statement
from slmdesk.tasks.writing.edits import Edit
from slmdesk.tasks.writing.types import Change, Correction, CorrectRequest, doubt_words, note_of, unanswered_words
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label, row, tool_button
from slmdesk.ui.kit.widgets.parts import EmptyState
from slmdesk.ui.tasks.rows import Index
from slmdesk.ui.tasks.statements import StatementList
from slmdesk.ui.writing.tracked import Pending, Proposal, TrackedText


class ShownChange(Record):
    number: int
    old: str
    new: str
    change: Change

    @property
    def is_doubtful(self) -> bool:
        return not self.change.is_made


class CorrectionPanel(QFrame):
    """The undecided changes, as cards. Its `foot`, which decides on all, is laid out by the page."""

    change_chosen = Signal(int)
    said = Signal(str)
    busy_changed = Signal()
    changes_shown = Signal()

    def __init__(self, bridge: Bridge, text: TrackedText, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("writing_panel")
        self._bridge, self._text = bridge, text
        self._about: dict[int, Change] = {}
        """All changes shown so far, by number. Only those still in the text are valid."""
        self._following: Call | None = None
        self._snapshot: Snapshot | None = None
        """The text that is being corrected. What comes of an earlier one is dropped."""
        self._number = self._lost = 0
        self._done, self._total = 0, 0
        """Sentences done and sentences in all. A total of 0 means that the model is still loading or busy."""
        self.changes: Sequence[ShownChange] = ()
        self._build_ui()
        self.list.change_chosen.connect(self.change_chosen)
        text.changed.connect(self._on_text_changed)
        self._show_progress()

    def _build_ui(self) -> None:
        self._title = plain_label("", self, name="writing_changes_title", kind="strong")
        self._stop = button(_("Stop"), "writing_stop", self, kind="quiet", label=_("Stop correcting"), on=self.stop)
        self._bar = thin_bar("writing_progress", self, _("Correcting"), most=0, keeps_place=True)
        self._back = tool_button(
            "writing_previous", self, icon="chevron-up", label=_("Previous change"), tip=_("Previous change"),
            shortcut="change.previous", on=lambda: self.list.step(-1),
        )  # fmt: skip
        self._next = tool_button(
            "writing_next", self, icon="chevron-down", label=_("Next change"), tip=_("Next change"),
            shortcut="change.next", on=lambda: self.list.step(1),
        )  # fmt: skip
        self.list: ChangeList = ChangeList(self)
        self._empty = EmptyState(
            self, "writing_no_changes", icon="check", line=_("No open changes"),
            hint=_("Correct finds mistakes, and you decide on each."),
        )  # fmt: skip
        self.foot = named(QWidget(self), "writing_foot")
        self.accept_sure = button(
            _("Accept"), "writing_accept_all", self.foot, tip=_("Accept all changes except those to check"),
            on=self.accept_all,
        )  # fmt: skip
        self._refuse_all = button(
            _("Reject all"), "writing_refuse_all", self.foot, kind="quiet", tip=_("Leave the text as it is"),
            on=self.refuse_all,
        )  # fmt: skip
        right = (0, 0, theme.SCROLL_BAR, 0)
        row((self.accept_sure, 1), self._refuse_all, into=self.foot, gap=theme.SPACE_8, margins=right)
        self._head = named(QWidget(self), "writing_head")
        row((self._title, 1), self._stop, self._back, self._next, into=self._head, gap=theme.SPACE_4, margins=right)
        column(self._bar, self._head, (self.list, 1), (self._empty, 1), into=self, gap=theme.SPACE_4)

    @property
    def is_busy(self) -> bool:
        return self._following is not None

    # ---- correcting

    def correct(self, start: int, end: int, language: str) -> None:
        """Correct a part of the text. Undecided changes of an earlier correction are removed."""
        if self.is_busy:
            return
        self._text.refuse([pending.number for pending in self._text.pending])
        snapshot = self._snapshot = Snapshot(self._text, start, end)
        self._lost = 0
        request = CorrectRequest(snapshot.words, language)

        def bring(changes: Sequence[Change]) -> None:  # on the service thread
            self._bridge.post_to_ui(partial(self._on_found, snapshot, changes))

        self._following = self._bridge.follow(
            self._bridge.services.writing.correct(request, bring),
            partial(self._on_corrected, snapshot),
            partial(self._on_refused, snapshot),
            partial(self._on_progressed, snapshot),
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
        checked = _(" {done} of {total} sentences were checked.") if self._total else ""
        self.said.emit(_("Stopped.{checked}").format(checked=checked.format(done=self._done, total=self._total)))

    def _on_found(self, snapshot: Snapshot, changes: Sequence[Change]) -> None:
        if snapshot is not self._snapshot:
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
        """Propose changes in the text. One that is not made, as it is doubtful, waits for a person."""
        proposals = []
        for number, change in enumerate(changes, self._number + 1):
            self._about[number] = change
            edit = change.edit
            proposals.append(Proposal(number, edit.start, edit.end, edit.new, not change.is_made))
        self._number += len(proposals)
        if proposals:
            self._text.propose(proposals)

    def _on_progressed(self, snapshot: Snapshot, report: tuple[int, int]) -> None:
        if snapshot is self._snapshot:
            self._done, self._total = report
            self._show_progress()

    def _on_corrected(self, snapshot: Snapshot, correction: Correction) -> None:
        if snapshot is not self._snapshot:
            return
        line = snapshot.line
        self._end()
        whole = changed(correction, unanswered=tuple(number + line for number in correction.unanswered))
        self.said.emit(" ".join((found_words(correction), *lost_words(self._lost), unanswered_words(whole))).strip())

    def _on_refused(self, snapshot: Snapshot, problem: Problem) -> None:
        if snapshot is self._snapshot:
            self._end()
            self.said.emit(problem.sentence)

    def _end(self) -> None:
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
        if self.isVisible() and (number := self.list.number):
            self.accept(number)

    def refuse_current(self) -> None:
        if self.isVisible() and (number := self.list.number):
            self.refuse(number)

    def accept_all(self) -> None:
        """Apply all changes except the doubtful ones, and tell the user which are left."""
        sure = [change.number for change in self.changes if not change.is_doubtful]
        left = [change for change in self.changes if change.is_doubtful]
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
        """Yield the undecided changes for a Word file, with what a comment says of those that are doubtful."""
        for change in self.not_decided():
            yield change.edit, note_of(change)

    def _on_text_changed(self) -> None:
        changes = tuple(_changes_in(self._text.pending, self._about))
        if changes == self.changes:
            return
        before, self.changes = self.list.number, changes
        self.list.show_changes(changes)
        self._show()
        if before and self.list.number != before:  # the change was decided, so go to the next one
            self.change_chosen.emit(self.list.number)

    # ---- what is shown

    def _show_progress(self) -> None:
        self._bar.setVisible(self.is_busy)
        self._bar.setRange(0, self._total)
        self._bar.setValue(self._done)
        self._stop.setVisible(self.is_busy)
        for step in (self._back, self._next):
            step.setVisible(not self.is_busy)
        self._show()

    def _show(self) -> None:
        changes = self.changes
        sure = sum(not change.is_doubtful for change in changes)
        self._head.setFixedHeight(theme.scaled(HEAD_HEIGHT))
        self._title.setText(self._words(len(changes), len(changes) - sure))
        self.accept_sure.setText(_("Accept {sure:,}").format(sure=sure) if sure else _("Accept"))
        self.accept_sure.setEnabled(bool(sure))
        for control in (self._refuse_all, self._back, self._next):
            control.setEnabled(bool(changes))
        self.list.setVisible(bool(changes) or self.is_busy)
        self._empty.setVisible(not changes and not self.is_busy)
        self.changes_shown.emit()

    def _words(self, count: int, doubtful: int) -> str:
        if self.is_busy:
            known = _("{done:,} of {total:,} sentences").format(done=self._done, total=self._total)
            return known if self._total else _("Waiting for the model…")
        words = ngettext("{n:,} change", "{n:,} changes", count) if count else ""
        return _("{words} · {doubtful} to check").format(words=words, doubtful=doubtful) if doubtful else words


def _changes_in(pending: Sequence[Pending], about: Mapping[int, Change]) -> Iterator[ShownChange]:
    """Yield each undecided change once, even if words typed inside it split it."""
    parts: dict[int, list[Pending]] = {}
    for part in pending:
        parts.setdefault(part.number, []).append(part)
    for number, pieces in parts.items():
        yield ShownChange(number, "…".join(at.old for at in pieces), "".join(at.new for at in pieces), about[number])


def found_words(correction: Correction) -> str:
    if not correction.changes:
        return _("No mistakes found.")
    doubtful = sum(not change.is_made for change in correction.changes)
    words = ngettext("{n:,} change found", "{n:,} changes found", len(correction.changes))
    if all(change.doubt == "model" for change in correction.changes):
        return _("{words}. The model often changes too much: decide on each.").format(words=words)
    return _("{words}, {doubtful} to check.").format(words=words, doubtful=doubtful) if doubtful else f"{words}."


def lost_words(count: int) -> Iterator[str]:
    if count:
        yield ngettext(
            "{n:,} change no longer fitted the text as you have edited it, and was left out.",
            "{n:,} changes no longer fitted the text as you have edited it, and were left out.",
            count,
        )


def accepted_words(sure: int, left: Sequence[ShownChange]) -> str:
    words = ngettext("{n:,} change accepted.", "{n:,} changes accepted.", sure)
    if len(left) == 1:
        return _("{words} “{word}” stays open.").format(words=words, word=_shown(left[0].new or left[0].old, 20))
    if left:
        return _("{words} {count:,} to check stay open.").format(words=words, count=len(left))
    return words


HEAD_HEIGHT = 34
MOST = 400
"""Most characters of the old and of the new words."""
ACCEPT, REFUSE = "accept", "refuse"
KEYS = {Qt.Key.Key_Return: ACCEPT, Qt.Key.Key_Enter: ACCEPT, Qt.Key.Key_Delete: REFUSE}


class ChangeList(StatementList):
    """The undecided changes as statements. Enter accepts the current one, Delete rejects it."""

    change_chosen = Signal(int)

    def __init__(self, panel: CorrectionPanel) -> None:
        super().__init__(panel, "writing_changes", _("Changes; Enter accepts, Delete rejects"))
        self.changes: Sequence[ShownChange] = ()
        self._deciding = {ACCEPT: panel.accept, REFUSE: panel.refuse}
        self.action_words = {ACCEPT: _("Accept"), REFUSE: _("Reject")}
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # it must not move the links
        self.action_requested.connect(lambda statement, action: self._deciding[action](int(statement.id)))

    @property
    def number(self) -> int:
        """Return the number of the current change, or 0."""
        if self.current is None:
            return 0
        return int(self.current.id)

    def show_changes(self, changes: Sequence[ShownChange]) -> None:
        """Show these changes. The current change stays current; if it is gone, the one in its place becomes current."""
        number, row = self.number, self.currentIndex().row()
        section = Section(tuple(map(statement_of, changes)), is_prose=True)
        with QSignalBlocker(self):
            self.changes = changes
            self.rows.show_report(Report("writing", "", (section,), is_draft=True), is_other=False)
        self.show_change(number, min(row, len(changes) - 1))

    def show_change(self, number: int, otherwise: int = -1) -> None:
        """Make a change current without emitting `change_chosen`, or that in the row `otherwise` if it is gone."""
        rows = (row for row, change in enumerate(self.changes) if change.number == number)
        with QSignalBlocker(self):
            self.setCurrentIndex(self.rows.index(next(rows, otherwise)))

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.lit = []
        if self.current is not None:
            self.lit.append(self.current)
            self.change_chosen.emit(self.number)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = KEYS.get(Qt.Key(event.key()))
        if action and self.number and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self._deciding[action](self.number)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.ignore()  # a change has no source to go to


def statement_of(shown: ShownChange) -> Statement:
    """Return a change as the list shows it: what goes and what comes, and what it touches or why it is doubtful."""
    change = shown.change
    old, new = _shown(shown.old), _shown(shown.new)
    text = f"{old} → {new}"
    if not old:
        text = _("Add “{words}”").format(words=new)
    elif not new:
        text = _("Remove “{words}”").format(words=old)
    kind = _(change.kind)
    return Statement(
        text,
        id=str(shown.number),
        runs=(Run(old, change=GONE), Run(" "), Run(new, change=COME)),
        notes=(kind[:1].upper() + kind[1:],) if change.is_made else (),
        doubt="" if change.is_made else doubt_words(change),
        actions=(ACCEPT, REFUSE),
    )


def _shown(words: str, most: int = MOST) -> str:
    if words and not words.strip():
        return _("line break") if "\n" in words else ngettext("space", "{n} spaces", len(words))
    return cut(" ".join(words.split()), most)


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
        position = plain.find(sentence, first, last)
        return position if position >= 0 and plain.find(sentence, position + 1, last) < 0 else None
