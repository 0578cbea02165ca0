"""Says a text, or a part of it, in another way: suggestions beside what they would replace.  No widgets here."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QTextCharFormat, QTextCursor

from slmdesk.base.record import Record, changed
from slmdesk.runtime.events import Problem
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.writing.types import RewriteRequest, Rewriting, Task, Version
from slmdesk.writing.window.tracked_text import TrackedText


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
