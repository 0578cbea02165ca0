"""Corrects the text: changes come while it is edited on, and a person decides on each.  No widgets here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record, changed
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions
from slmdesk.runtime.events import Problem
from slmdesk.text.writing.edits import Edit
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.writing.labels import note_of, unanswered_words
from slmdesk.writing.types import Change, Correction, CorrectRequest
from slmdesk.writing.window.snapshot import Snapshot
from slmdesk.writing.window.tracked_text import Pending, Proposal, TrackedText


class ShownChange(Record):
    number: int
    old: str
    new: str
    change: Change

    @property
    def is_doubtful(self) -> bool:
        return not self.change.is_made


class Progress(Record):
    """How far a correction is; total 0: the model is waited for."""

    done: int = 0
    total: int = 0


class CorrectController(QObject):
    listed = Signal()
    progressed = Signal(object)
    said = Signal(str)

    def __init__(self, bridge: Bridge, text: TrackedText, parent: QObject) -> None:
        super().__init__(parent, objectName="correct_controller")
        self._bridge, self._text = bridge, text
        self._about: dict[int, Change] = {}
        """Of every number that was given; those that are in the text count."""
        self._following: Call | None = None
        self._snapshot: Snapshot | None = None
        self._turn, self._number, self._lost = 0, 0, 0
        self._progress = Progress()
        self.changes: Sequence[ShownChange] = ()
        text.changed.connect(self._on_text_changed)

    @property
    def is_busy(self) -> bool:
        return self._following is not None

    # ---- correcting

    def correct(
        self, start: int, end: int, language: str, *, redact: bool = False, decisions: Decisions = NOTHING_DECIDED
    ) -> None:
        """Correct a part of the text; changes of an earlier correction that nobody decided on are taken back.

        `redact`: the model sees it redacted, with what a person decided.
        """
        if self.is_busy:
            return
        self._text.refuse([one.number for one in self._text.pending])
        self._snapshot = Snapshot(self._text, start, end)
        self._turn, self._lost = self._turn + 1, 0
        request = CorrectRequest(self._snapshot.words, language, redact=redact, decisions=decisions)
        turn = self._turn
        found = partial(self._bring, turn)
        self._following = self._bridge.follow(
            self._bridge.services.writing.correct(request, found),
            partial(self._on_corrected, turn),
            partial(self._on_refused, turn),
            partial(self._on_progressed, turn),
        )
        self._progress = Progress()
        self.progressed.emit(self._progress)

    def stop(self) -> None:
        """End the correction; the changes found so far stay."""
        if self._following is None:
            return
        self._following.cancel()
        done, total = self._progress.done, self._progress.total
        self._end()
        self.said.emit(f"Stopped. {done} of {total} sentences were checked." if total else "Stopped.")

    def _bring(self, turn: int, changes: Sequence[Change]) -> None:
        """On the service thread."""
        self._bridge.post_to_ui(partial(self._on_found, turn, changes))

    def _on_found(self, turn: int, changes: Sequence[Change]) -> None:
        snapshot = self._snapshot
        if turn != self._turn or snapshot is None:
            return
        fitting = []
        for one in changes:
            start, end = one.sentence
            begin = snapshot.now(start, end)
            if begin is None:
                self._lost += 1
                continue
            shift, edit = begin - start, one.edit
            fitting.append(changed(one, edit=Edit(edit.start + shift, edit.end + shift, edit.new)))
        self.show(fitting)

    def show(self, changes: Sequence[Change]) -> None:
        proposals = []
        for number, one in enumerate(changes, self._number + 1):
            self._about[number] = one
            proposals.append(Proposal(number, one.edit.start, one.edit.end, one.edit.new, not one.is_made))
        self._number += len(proposals)
        if proposals:
            self._text.propose(proposals)

    def _on_progressed(self, turn: int, report: tuple[int, int]) -> None:
        if turn == self._turn and self.is_busy:
            self._progress = Progress(*report)
            self.progressed.emit(self._progress)

    def _on_corrected(self, turn: int, found: Correction) -> None:
        if turn != self._turn or self._snapshot is None:
            return
        line = self._snapshot.line
        self._end()
        whole = changed(found, unanswered=tuple(one + line for one in found.unanswered))
        self.said.emit(" ".join((found_words(found), *lost_words(self._lost), unanswered_words(whole))).strip())

    def _on_refused(self, turn: int, problem: Problem) -> None:
        if turn == self._turn:
            self._end()
            self.said.emit(problem.sentence)

    def _end(self) -> None:
        self._turn += 1
        self._following = self._snapshot = None
        self.progressed.emit(None)

    # ---- deciding

    def accept(self, number: int) -> None:
        """Make a change, a doubtful one too; Undo takes it back."""
        self._text.accept([number])
        self._on_text_changed()  # at once: the next key is for the next change

    def refuse(self, number: int) -> None:
        """Leave the words of a change as they are; Undo brings it back."""
        self._text.refuse([number])
        self._on_text_changed()

    def accept_all(self) -> None:
        """Make all changes but the doubtful ones, of which it is said that they are left."""
        sure = [one.number for one in self.changes if not one.is_doubtful]
        left = len(self.changes) - len(sure)
        self._text.accept(sure)
        self.said.emit(accepted_words(len(sure), left))

    def refuse_all(self) -> None:
        count = len(self.changes)
        self._text.refuse([one.number for one in self.changes])
        self.said.emit(
            f"{_counted(count, 'change')} refused. Undo (Ctrl+Z) brings {'it' if count == 1 else 'them'} back."
        )

    def not_decided(self) -> Iterator[Change]:
        for one in self._text.pending:
            yield changed(self._about[one.number], edit=Edit(one.start, one.end, one.new), old=one.old)

    def tracked(self) -> Iterator[tuple[Edit, str]]:
        """The changes left, as they are written to a Word file: doubtful ones with the words of a comment."""
        for one in self.not_decided():
            yield one.edit, "" if one.is_made else note_of(one)

    def _on_text_changed(self) -> None:
        changes = tuple(_shown(self._text.pending, self._about))
        if changes != self.changes:
            self.changes = changes
            self.listed.emit()


def _shown(pending: Sequence[Pending], about: Mapping[int, Change]) -> Iterator[ShownChange]:
    """Each change once, though words were typed inside it."""
    parts: dict[int, list[Pending]] = {}
    for one in pending:
        parts.setdefault(one.number, []).append(one)
    for number, found in parts.items():
        yield ShownChange(number, "…".join(one.old for one in found), "".join(one.new for one in found), about[number])


# ---- words


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def found_words(found: Correction) -> str:
    if not found.changes:
        return "No mistakes found."
    doubtful = sum(not one.is_made for one in found.changes)
    words = f"{_counted(len(found.changes), 'change')} found"
    if all(one.doubt == "model" for one in found.changes):
        return f"{words}. The model often changes too much: decide on each."
    return f"{words}, {doubtful} of them doubtful." if doubtful else f"{words}."


def lost_words(count: int) -> Iterator[str]:
    if count:
        was = "was" if count == 1 else "were"
        yield f"{_counted(count, 'change')} no longer fitted the text as you have edited it, and {was} left out."


def accepted_words(sure: int, left: int) -> str:
    doubtful = f"{_counted(left, 'doubtful change')} {'is' if left == 1 else 'are'} left: decide on each."
    if not sure:
        return f"Nothing was accepted. {doubtful}" if left else "There are no changes."
    words = f"{_counted(sure, 'change')} accepted. Undo (Ctrl+Z) takes {'it' if sure == 1 else 'them'} back."
    return f"{words} {doubtful}" if left else words
