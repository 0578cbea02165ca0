"""The text of the page Write: kept while it is written, opened from documents, given out as files.  No widgets here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QTextCharFormat, QTextCursor

from slmdesk.base.record import Record, changed
from slmdesk.base.records import Item
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions
from slmdesk.runtime.events import ItemGone
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.text.writing import Edit
from slmdesk.window.base.bridge import Bridge, Call, Delay
from slmdesk.window.base.shortcuts import WindowStateFile
from slmdesk.window.widgets.dialogs import RedactionGate
from slmdesk.window.widgets.notices import UNDO_MS, Notice, trash
from slmdesk.window.widgets.opening import open_outside
from slmdesk.writing.files import OpenedText, WriteRequest, WrittenWord
from slmdesk.writing.types import (
    Change,
    Correction,
    CorrectRequest,
    RewriteRequest,
    Rewriting,
    Task,
    Version,
    note_of,
    unanswered_words,
)
from slmdesk.writing.window.editor import Pending, Proposal, TrackedText

KEEP_AFTER_MS = 1_500
"""From the first change that is not kept yet: what a crash may cost."""
MOST_EARLIER = 20


class WritingController(QObject):
    text_opened = Signal(str, bool)
    said = Signal(str)
    earlier_listed = Signal(object)

    def __init__(self, bridge: Bridge, state: WindowStateFile, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="writing_controller")
        self._bridge, self._state = bridge, state
        self._restored = state.current.last_writing
        """The id of the text that stood here in the last run; empty once it was looked for."""
        self._text: TrackedText | None = None
        self._item: list[str] = [""]
        """The id of the item the text is kept in, filled and read on the service thread; another list for another
        text.
        """
        self._kept: tuple[str, Sequence[Change]] = ("", ())
        """The text and the changes not decided on as they were stored last."""
        self.source: OpenedText | None = None
        self.language = ""
        """ISO 639-1; empty: told from the text."""
        self._timer = Delay(self, KEEP_AFTER_MS, self.keep, "keep_writing_timer")
        bridge.on(ItemGone, self._on_item_gone)

    def adopt(self, text: TrackedText) -> None:
        self._text = text
        self.redaction = RedactionGate(self._bridge, self, "writing_redaction")
        self.redaction.switched.connect(lambda is_on: self.said.emit(ON if is_on else OFF))
        self.corrections = CorrectController(self._bridge, text, self)
        self.suggestions = RewriteController(self._bridge, text, self)
        self.corrections.said.connect(self.said)
        self.suggestions.said.connect(self.said)
        text.changed.connect(self._on_changed)

    @property
    def text(self) -> str:
        return self._text.plain if self._text is not None else ""

    # ---- what is kept

    def _on_changed(self) -> None:
        if not self._timer.isActive() and self._now() != self._kept:
            self._timer.start()

    def _now(self) -> tuple[str, Sequence[Change]]:
        return self.text, tuple(self.corrections.not_decided()) if self._text is not None else ()

    def keep(self) -> None:
        """Store the text and the changes not decided on, unless they are stored; a text that was emptied is done with,
        and stays kept.
        """
        self._timer.stop()
        now = text, changes = self._now()
        if now == self._kept:
            return
        self._kept, item = now, self._item
        if not text.strip():
            self._item = [""]

        def work(services: Services) -> None:
            item[0] = services.writing_history.keep(text, item[0], changes) or item[0]
            self._state.change(last_writing=item[0] if text.strip() else "")

        def refused(problem: Problem) -> None:
            self._kept = ("", ())  # it is tried again
            self._bridge.problem_met.emit(problem)

        self._bridge.ask(work, None, refused)

    def restore(self) -> None:
        """Show the text of the last run, unless there is one already; one that was deleted is ignored."""
        item, self._restored = self._restored, ""
        if item and not self.text:
            self._bridge.ask(self._bridge.services.writing_history.open(item), partial(self._on_restored, item))

    def _on_restored(self, item: str, found: tuple[str, Sequence[Change]]) -> None:
        if found[0] and not self.text:
            self._show(*found, [item], is_undoable=False)

    def ask_earlier(self) -> None:
        self._bridge.ask(
            self._bridge.services.writing_history.earlier(MOST_EARLIER), self.earlier_listed.emit, self._on_problem
        )

    def open_item(self, item: str) -> None:
        """Open a text that was kept; the one on show is kept too."""
        self.keep()
        self._bridge.ask(
            self._bridge.services.writing_history.open(item), partial(self._on_item, item), self._on_problem
        )

    def _on_item(self, item: str, found: tuple[str, Sequence[Change]]) -> None:
        if found[0]:
            self._show(*found, [item])
            self._bridge.ask(lambda _services: self._state.change(last_writing=item), None, self._on_problem)

    def begin_new(self) -> None:
        self.take_text("")
        self._bridge.ask(lambda _services: self._state.change(last_writing=""), None, self._on_problem)

    def delete(self) -> None:
        """Move the text to the trash; a notice offers to undo it."""
        self.keep()
        item = self._item
        self._show("", (), [""])

        def found(id: str) -> None:
            if id:
                trash(self._bridge, id, lambda there: self.open_item(there.id))

        self._bridge.ask(lambda _services: item[0], found)
        self._bridge.ask(lambda _services: self._state.change(last_writing=""), None, self._on_problem)

    def _on_item_gone(self, event: ItemGone) -> None:
        if self._item[0] == event.id:
            self._item = [""]

    # ---- from elsewhere

    def take_text(self, text: str) -> None:
        self.keep()
        self._show(text, (), [""])
        self._kept = ("", ())
        self._on_changed()

    def open_files(self, paths: Sequence[Path]) -> None:
        """Open a document; of several the first, and it is said."""
        if not paths:
            return
        path, others = paths[0], len(paths) - 1
        self.said.emit(f"Opening {path.name}…")
        self._bridge.follow(
            self._bridge.services.writing_files.open(path),
            partial(self._on_opened, others),
            lambda problem: self.said.emit(problem.sentence),
        )

    def _on_opened(self, others: int, opened: OpenedText) -> None:
        self.take_text(opened.text)
        self.source = opened
        self.said.emit(opened_words(opened, others))

    def _show(self, text: str, changes: Sequence[Change], item: list[str], *, is_undoable: bool = True) -> None:
        self.corrections.stop()
        self.suggestions.discard()
        self.redaction.drop()
        self._timer.stop()
        self._item, self._kept, self.source = item, (text, changes), None
        self.said.emit("")
        self.text_opened.emit(text, is_undoable)
        self.corrections.show(changes)
        if self._text is not None and not is_undoable:
            self._text.document.clearUndoRedoStacks()

    # ---- given out

    def correct(self, start: int, end: int) -> None:
        """Correct a part of the text; where it is redacted, once a person has looked at it."""
        redact = self.redaction.is_on

        def go_on(decisions: Decisions) -> None:
            self.corrections.correct(start, end, self.language, redact=redact, decisions=decisions)

        self.redaction.before(self.text[start:end], go_on)

    def rewrite(self, task: Task, manner: str, start: int, end: int) -> None:
        request = RewriteRequest("", task, manner, self.language, redact=self.redaction.is_on)

        def go_on(decisions: Decisions) -> None:
            self.suggestions.begin(changed(request, decisions=decisions), start, end)

        self.redaction.before(self.text[start:end], go_on)

    def save(self, target: Path) -> None:
        """Write the text to a file, whose suffix says as what; the dialog has asked before one is replaced.

        Changes not decided on are tracked changes in a Word file, and in no other.
        """
        pending = list(self.corrections.tracked())
        request = WriteRequest(self.text, target, pending, self.source)
        self._bridge.follow(
            self._bridge.services.writing_files.write(request),
            partial(self._on_saved, len(self.corrections.changes)),
            self._on_problem,
        )

    @property
    def word_file(self) -> Path | None:
        source = self.source
        return source.path if source is not None and source.path.suffix.lower() == ".docx" else None

    def save_into(self, target: Path) -> None:
        """Write a copy of the Word file that the text came from, with what differs as tracked changes."""
        pending = list(self.corrections.tracked())
        doubtful = sum(bool(words) for _, words in pending)
        request = WriteRequest(self.text, target, pending, self.source)
        self._bridge.follow(
            self._bridge.services.writing_files.write_into(request),
            lambda written: self._say_written(written.path, tracked_words(written, doubtful)),
            self._on_problem,
        )

    def _on_saved(self, changes: int, target: Path) -> None:
        self._say_written(target, saved_words(target, changes))

    def _say_written(self, target: Path, words: str) -> None:
        notice = Notice(
            words,
            action="Open",
            on_action=partial(_open, target),
            other="Open folder",
            on_other=partial(_open, target.parent),
            life_ms=2 * UNDO_MS,
            key=f"export {target}",
        )
        self._bridge.notice_raised.emit(notice)

    def _on_problem(self, problem: Problem) -> None:
        self._bridge.problem_met.emit(problem)


def _open(path: Path) -> None:
    open_outside(QUrl.fromLocalFile(str(path)))


# ---- words


def title_of_item(item: Item, most: int = 50) -> str:
    title = " ".join(item.title.split())
    return title if len(title) <= most else f"{title[: most - 1].rstrip()}…"


def opened_words(opened: OpenedText, others: int) -> str:
    words = [f"{opened.path.name} is opened: its words, without formatting." if opened.how is None else ""]
    if not words[0]:
        words = [f"{opened.path.name} is opened."]
    if opened.left:
        words.append(f"Not in the text: {', '.join(opened.left)}.")
    if others:
        words.append("One document can be written on at a time: the first was opened.")
    return " ".join(words)


def tracked_words(written: WrittenWord, doubtful: int) -> str:
    count = f"{written.tracked:,} tracked change{'' if written.tracked == 1 else 's'}"
    words = [f"Written to {written.path}, with {count} and its own formatting."]
    if written.lost:
        were = "change is" if written.lost == 1 else "changes are"
        words.append(
            f"{written.lost:,} {were} not in it: new paragraphs, or words across formatting. They are in the text here."
        )
    if doubtful:
        were = "change is" if doubtful == 1 else "changes are"
        words.append(f"{doubtful:,} doubtful {were} not in it: decide on them first.")
    return " ".join(words)


def saved_words(target: Path, changes: int) -> str:
    if not changes:
        return f"Written to {target}."
    count = f"{changes:,} change{'' if changes == 1 else 's'} not decided on"
    if target.suffix.lower() == ".docx":
        return f"Written to {target}, with {count}: tracked changes, and doubtful ones as comments."
    return f"Written to {target}, without the {count}."


# ---- says a text, or a part of it, in another way


class Suggestions(Record):
    request: RewriteRequest
    found: Rewriting | None = None
    """None: the model is at it, or `words` says why there is nothing."""
    is_busy: bool = True
    words: str = ""


class RewriteController(QObject):
    shown = Signal(object)
    said = Signal(str)

    def __init__(self, bridge: Bridge, text: TrackedText, parent: QObject) -> None:
        super().__init__(parent, objectName="rewrite_controller")
        self._bridge, self._text = bridge, text
        self._place: QTextCursor | None = None
        self._following: Call | None = None
        self._turn = 0
        self.now: Suggestions | None = None

    def begin(self, request: RewriteRequest, start: int, end: int) -> None:
        """Ask for a part of the text in another way; what was suggested before goes."""
        self._stop()
        self._place = self._text.cursor(start, end)
        self._ask(changed(request, text=self._text.plain[start:end]))

    def again(self) -> None:
        if self.now is not None:
            self._stop()
            self._ask(changed(self.now.request, again=self.now.request.again + 1))

    def discard(self) -> None:
        """Stop what is asked, and show nothing; the text stays as it is."""
        self._stop()
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
        self._show(Suggestions(request, words=waiting_words(request)))

    def _stop(self) -> None:
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
            count = len(found.versions)
            words = (
                "" if count == found.asked else f"The model gave {count} of {found.asked}; the others were the same."
            )
            self._show(Suggestions(self.now.request, found, is_busy=False, words=words))

    def _on_refused(self, turn: int, problem: Problem) -> None:
        if turn == self._turn and self.now is not None:
            self._following = None
            self._show(Suggestions(self.now.request, is_busy=False, words=problem.sentence))

    def _show(self, now: Suggestions | None) -> None:
        self.now = now
        self.shown.emit(now)


_DOING = {
    Task.REPHRASE: "Rephrasing…",
    Task.SHORTEN: "Shortening…",
    Task.EXPAND: "Expanding…",
    Task.TONE: "Changing the tone…",
    Task.CONTINUE: "Continuing…",
}


def waiting_words(request: RewriteRequest) -> str:
    return _DOING[request.task]


_TITLES = {"half": "Half as long", "sentence": "In a sentence", "friendlier": "Friendlier", "firmer": "Firmer",
           "plainer": "Plainer", "formal": "More formal"}  # fmt: skip


def title_of(request: RewriteRequest, number: int) -> str:
    if request.task is Task.REPHRASE:
        return f"Suggestion {number}"
    return _TITLES.get(request.manner, "Expanded")


# ---- whether what is asked about the text is redacted, and what a person decided about it


ON = "Redaction is on: what you ask for is shown first, and no words are suggested while you type."
OFF = "Redaction is off."


# ---- corrects the text


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
        self._text.refuse([pending.number for pending in self._text.pending])
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
        for change in changes:
            start, end = change.sentence
            begin = snapshot.now(start, end)
            if begin is None:
                self._lost += 1
                continue
            shift, edit = begin - start, change.edit
            fitting.append(changed(change, edit=Edit(edit.start + shift, edit.end + shift, edit.new)))
        self.show(fitting)

    def show(self, changes: Sequence[Change]) -> None:
        proposals = []
        for number, change in enumerate(changes, self._number + 1):
            self._about[number] = change
            proposals.append(Proposal(number, change.edit.start, change.edit.end, change.edit.new, not change.is_made))
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
        sure = [change.number for change in self.changes if not change.is_doubtful]
        left = len(self.changes) - len(sure)
        self._text.accept(sure)
        self.said.emit(accepted_words(len(sure), left))

    def refuse_all(self) -> None:
        count = len(self.changes)
        self._text.refuse([change.number for change in self.changes])
        self.said.emit(
            f"{_counted(count, 'change')} refused. Undo (Ctrl+Z) brings {'it' if count == 1 else 'them'} back."
        )

    def not_decided(self) -> Iterator[Change]:
        for pending in self._text.pending:
            yield changed(
                self._about[pending.number], edit=Edit(pending.start, pending.end, pending.new), old=pending.old
            )

    def tracked(self) -> Iterator[tuple[Edit, str]]:
        """The changes left, as they are written to a Word file: doubtful ones with the words of a comment."""
        for change in self.not_decided():
            yield change.edit, "" if change.is_made else note_of(change)

    def _on_text_changed(self) -> None:
        changes = tuple(_shown(self._text.pending, self._about))
        if changes != self.changes:
            self.changes = changes
            self.listed.emit()


def _shown(pending: Sequence[Pending], about: Mapping[int, Change]) -> Iterator[ShownChange]:
    """Each change once, though words were typed inside it."""
    parts: dict[int, list[Pending]] = {}
    for other_pending in pending:
        parts.setdefault(other_pending.number, []).append(other_pending)
    for number, found in parts.items():
        yield ShownChange(number, "…".join(one.old for one in found), "".join(one.new for one in found), about[number])


# ---- words


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def found_words(found: Correction) -> str:
    if not found.changes:
        return "No mistakes found."
    doubtful = sum(not change.is_made for change in found.changes)
    words = f"{_counted(len(found.changes), 'change')} found"
    if all(change.doubt == "model" for change in found.changes):
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


# ---- a text as it was when its correction began, and where its sentences stand while it is edited on


REACH = 2_000
"""Characters around its old place in which a sentence is looked for that is no longer there."""


class Snapshot:
    """Part of a text; each of its lines is followed by a cursor of the document."""

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
        """The line of the whole text that it begins in, from 0."""
        return self._text.plain.count("\n", 0, self.start)

    def now(self, start: int, end: int) -> int | None:
        """Where a sentence of it (characters of `words`) begins in the text now; None where it was changed or is gone,
        or stands there twice.
        """
        sentence, plain = self.words[start:end], self._text.plain
        line = bisect_right(self._starts, start) - 1
        likely = self._text.at(self._cursors[line].position()) + start - self._starts[line]
        if plain.startswith(sentence, likely):
            return likely
        first, last = max(0, likely - REACH), likely + len(sentence) + REACH
        found = plain.find(sentence, first, last)
        return found if found >= 0 and plain.find(sentence, found + 1, last) < 0 else None
