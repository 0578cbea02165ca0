"""The text of the page Write: kept while it is written, opened from documents, given out as files.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal

from slmdesk.base.record import changed
from slmdesk.base.records import Item
from slmdesk.redaction.service import Decisions
from slmdesk.runtime.events import ItemGone, Problem
from slmdesk.services import Services
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay
from slmdesk.window.base.window_state import WindowStateFile
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice, trash
from slmdesk.window.widgets.outside import open_outside
from slmdesk.writing.files import OpenedText, WriteRequest, WrittenWord
from slmdesk.writing.types import Change, RewriteRequest, Task
from slmdesk.writing.window.correcting import CorrectController
from slmdesk.writing.window.redaction import WritingRedaction
from slmdesk.writing.window.rewriting import RewriteController
from slmdesk.writing.window.tracked_text import TrackedText

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
        self.redaction = WritingRedaction(self._bridge, self)
        self.corrections = CorrectController(self._bridge, text, self)
        self.suggestions = RewriteController(self._bridge, text, self)
        for one in (self.corrections, self.suggestions, self.redaction):
            one.said.connect(self.said)
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
