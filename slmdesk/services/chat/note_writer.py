"""Has the model write notes on a part of a chat, to stand for it in later prompts.  On the service thread.

The request is put behind the very turns that the model has read already, so that it reads hardly anything anew.  What
does not fit at once is read in several rounds, each with the notes so far.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from slmdesk.core.labels import clean_label
from slmdesk.core.records import Message, ModelRecord
from slmdesk.core.types import ChatMessage, Origin, Role, Sampling, TextPart
from slmdesk.services.base.events import Problem
from slmdesk.services.base.pending import Pending
from slmdesk.services.chat.context_window import ContextWindow, Group
from slmdesk.services.chat.prompt_inspector import Prompts
from slmdesk.services.engine.lease import Lease
from slmdesk.services.engine.model_loader import ModelLoader
from slmdesk.services.engine.one_shot import Words, ask_once
from slmdesk.services.jobs.steps import step_of

T = TypeVar("T")

NOTES_SHARE, MOST_NOTES_TOKENS = 8, 512
"""Notes take at most an eighth of the context."""
WORDS_PER_TOKEN = 0.6
REQUEST = (
    "Write notes on our conversation so far, so that it can be continued without reading it again. Keep every name, "
    "number, date, decision and open question, and what earlier notes say. Write short points in the language of the "
    "conversation, at most {words} words. Write nothing but the notes."
)
TOO_LONG = "(A message was too long to be summarized: “{beginning}”)"
MOST_BEGINNING = 80
"""Characters of it that are shown."""


def space_for_notes(context_tokens: int) -> int:
    """Return the tokens of a context that notes may take."""
    return max(16, min(MOST_NOTES_TOKENS, context_tokens // NOTES_SHARE))


@dataclass(frozen=True, slots=True)
class NoteWriter:
    """Writes notes with the model of a chat."""

    loader: ModelLoader
    prompts: Prompts

    def write(
        self, record: ModelRecord, window: ContextWindow, path: Sequence[Message], groups: Sequence[Group]
    ) -> Pending[str]:
        """Return notes on `groups`, which follow each other on `path`, and on what the window's notes say.

        Cancelled, it reports nothing.  A Problem when the model cannot be loaded or its process fails.
        """
        writing = _Writing(self, record, window, tuple(path), list(groups))
        writing.begin()
        return writing.pending


class _Writing:
    """Notes being written, round by round."""

    def __init__(
        self, at: NoteWriter, record: ModelRecord, window: ContextWindow, path: tuple[Message, ...], left: list[Group]
    ) -> None:
        self._at, self._record, self._window, self._path, self._left = at, record, window, path, left
        self._notes = window.notes_on(path)
        self._unread: list[str] = []
        self._context = 0
        self._lease: Lease | None = None
        self._asking: Pending[list[Words]] | None = None
        self._is_over = False
        self.pending: Pending[str] = Pending(self._cancel)

    def begin(self) -> None:
        self._lease = self._at.loader.acquire(self._record, self._on_ready, self._on_not_loaded)

    def _on_ready(self, lease: Lease) -> None:
        self._context = lease.model.context_tokens
        self._next(len(self._left))

    def _next(self, count: int) -> None:
        """Read the first `count` groups that are left, or fewer where they do not fit."""
        if not self._left:
            self._end("\n".join(one for one in (self._notes, *self._unread) if one))
            return
        turns = self._turns(count)

        def measured(found: tuple[int, int]) -> None:
            if found[0] + space_for_notes(self._context) <= self._context:
                self._ask(turns, count)
            elif count > 1:
                self._next(count // 2)
            else:
                beginning = clean_label(self._left.pop(0)[0].words, MOST_BEGINNING)
                self._unread.append(TOO_LONG.format(beginning=beginning))
                self._next(len(self._left))

        self._when(self._at.prompts.measure(self._record, turns), measured)

    def _turns(self, count: int) -> list[ChatMessage]:
        groups = self._left[:count]
        ids = [one.id for one in self._path]
        begin = ids.index(groups[0][0].id)
        window = replace(self._window, after=ids[begin - 1] if begin else "", notes=self._notes)
        turns, _ids = window.turns(self._path[: ids.index(groups[-1][-1].id) + 1])
        words = int(space_for_notes(self._context) * WORDS_PER_TOKEN)
        request = TextPart(REQUEST.format(words=words), Origin.PROGRAM)
        if turns[-1].role is Role.USER:
            turns[-1] = ChatMessage(Role.USER, (*turns[-1].parts, TextPart("\n\n", Origin.PROGRAM), request))
        else:
            turns.append(ChatMessage(Role.USER, (request,)))
        return turns

    def _ask(self, turns: Sequence[ChatMessage], count: int) -> None:
        most = space_for_notes(self._context)
        sampling = Sampling(temperature=0.0, repeat_penalty=1.1, penalty_last_n=256, max_tokens=most)

        def answered(words: list[Words]) -> None:
            self._notes = words[0].text.strip() or self._notes
            del self._left[:count]
            self._next(len(self._left))

        self._asking = ask_once(self._at.loader, self._record, [step_of(turns, sampling)])
        self._when(self._asking, answered)

    def _when(self, pending: Pending[T], step: Callable[[T], None]) -> None:
        def ended(result: T | Problem) -> None:
            if isinstance(result, Problem):
                self._end(result)
            elif not self._is_over:
                step(result)

        pending.then(ended)

    def _on_not_loaded(self, problem: Problem | None) -> None:
        if problem is None:
            self._cancel()
        else:
            self._end(problem)

    def _end(self, result: str | Problem) -> None:
        if not self._is_over:
            self._cancel()
            self.pending.end(result)

    def _cancel(self) -> None:
        self._is_over = True
        if self._asking:
            self._asking.cancel()
        if self._lease:
            self._lease.release()
