"""Makes room in a chat that has become longer than the context, in the way that was chosen for the chat.

The oldest questions with their answers are left out of the prompt, down to a share of the context, so that the
beginning of the prompt stays the same for several questions and is not read anew for each; notes of the model may stand
for them.  Decided on the tokens of the rendered prompt, once the model is loaded.  On the service thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace  # noqa: TID251
from typing import TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import Message
from slmdesk.chat.answer_writer import AnswerRequest
from slmdesk.chat.attachments.budget import space_for_answer
from slmdesk.chat.context_window import (
    AFTER,
    NOTES,
    ContextWindow,
    Group,
    groups_of,
    groups_to_leave_out,
)
from slmdesk.chat.conversation import turns_for_engine
from slmdesk.chat.events import NotesBegun, TurnsLeftOut
from slmdesk.chat.note_writer import NoteWriter, space_for_notes
from slmdesk.chat.options import SUMMARIZE
from slmdesk.chat.prompt_inspector import FRAME
from slmdesk.loader.lease import Lease
from slmdesk.loader.token_count import count_tokens
from slmdesk.runtime.events import Event, ItemChanged, Problem
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending

T = TypeVar("T")

SHARE = 0.6
"""Of the context: what a prompt takes at most once room was made."""
LEAST_ANSWER = 16
"""Tokens without which no answer is begun; the engine's own limit."""


class RoomWorkers(Record):
    writer: NoteWriter
    publish: Callable[[Event], None]


class Room:
    """Makes room for one question; at most one of `ready` and `failed` is called, once, unless it is cancelled."""

    def __init__(
        self, workers: RoomWorkers, request: AnswerRequest, window: ContextWindow, path: Sequence[Message], way: str
    ) -> None:
        """`path`: the messages before the answer, the question last; `way`: LEAVE_OUT or SUMMARIZE."""
        self._at, self._request, self._path, self._way = workers, request, tuple(path), way
        self._window = window
        self._lease: Lease | None = None
        self._writing: Pending[str] | None = None
        self._context = 0
        self._is_over = False

    def begin(self, ready: Callable[[ContextWindow], None], failed: Callable[[Problem | None], None]) -> None:
        """Call `ready` with what the model sees from now on, or `failed`: with None when loading was cancelled."""
        self._ready, self._failed = ready, failed
        request = self._request
        self._lease = self._at.writer.loader.acquire(
            request.record, self._on_loaded, self._fail, explicit=request.explicit
        )

    def cancel(self) -> None:
        self._is_over = True
        if self._writing:
            self._writing.cancel()
        if self._lease:
            self._lease.release()

    # ---- what there is

    def _on_loaded(self, lease: Lease) -> None:
        self._context = lease.model.context_tokens
        self._measure(self._window, self._look)

    def _measure(self, window: ContextWindow, then: Callable[[int], None]) -> None:
        try:
            turns, _ids = window.turns(self._path, self._request.message.text)
        except KnownError as err:
            self._fail(problem_for(err))
            return
        self._when(self._at.writer.prompts.measure(self._request.record, turns), lambda found: then(found[0]))

    def _look(self, tokens: int) -> None:
        groups = groups_of(self._path[self._window.place(self._path) :])
        if len(groups) > 1 and not self._path[-1].id:  # asks to write an answer once more, which must be seen
            groups[-2:] = [groups[-2] + groups[-1]]
        if self._fits(tokens) or len(groups) < 2:
            self._end(self._window)
            return
        each = [[turn.text for turn in turns_for_engine("", group)[0]] for group in groups]

        def counted(counts: list[int]) -> None:
            numbers = iter(counts)
            sizes = [sum(next(numbers) + FRAME for _text in texts) for texts in each]
            self._choose(groups, sizes, max(0, tokens - sum(sizes)))

        texts = [text for one in each for text in one]
        if self._window.veil:
            texts = self._window.veil.hide(texts)
        self._when(count_tokens(self._at.writer.loader, self._request.record, texts), counted)

    def _fits(self, tokens: int) -> bool:
        return tokens + space_for_answer(self._context, self._request.sampling.max_tokens) <= self._context

    # ---- what is left out

    def _choose(self, groups: list[Group], sizes: Sequence[int], fixed: int) -> None:
        for_notes = space_for_notes(self._context) if self._way == SUMMARIZE else 0
        stays = [self._window.holds(group) for group in groups]
        count = groups_to_leave_out(sizes, stays, fixed + for_notes, int(self._context * SHARE))
        self._try(groups, max(1, count), for_notes)

    def _try(self, groups: list[Group], count: int, for_notes: int) -> None:
        window = replace(self._window, after=groups[count - 1][-1].id)
        bare = replace(window, notes="") if for_notes else window

        def measured(tokens: int) -> None:
            needed = tokens + for_notes
            if not self._fits(needed) and count < len(groups) - 1:
                self._try(groups, count + 1, for_notes)
            elif needed + LEAST_ANSWER > self._context:  # the rest alone is too long: nothing is left out in vain
                full = KnownError("context.full", needed=needed + LEAST_ANSWER, available=self._context)
                self._fail(problem_for(full))
            elif for_notes:
                self._summarize(window, groups[:count])
            else:
                self._keep(window)

        self._measure(bare, measured)

    def _summarize(self, window: ContextWindow, gone: Sequence[Group]) -> None:
        message = self._request.message
        self._at.publish(NotesBegun(message.item, message.id))
        unpinned = [group for group in gone if not self._window.holds(group)]
        self._writing = self._at.writer.write(
            self._request.record, self._window.notes_on(self._path), unpinned, self._window.veil
        )
        self._when(self._writing, lambda notes: self._keep(replace(window, notes=notes)))

    def _keep(self, window: ContextWindow) -> None:
        message, store = self._request.message, self._request.message_store
        try:
            item = store.items.change_settings(message.item, **{AFTER: window.after, NOTES: window.notes or None})
        except KnownError as err:
            self._fail(problem_for(err))
            return
        self._at.publish(ItemChanged(item))
        has_notes = self._way == SUMMARIZE and bool(window.notes)
        gone = len(window.left_out(self._path))
        self._at.publish(TurnsLeftOut(message.item, message.id, gone, has_notes=has_notes))
        self._end(window)

    # ---- the end

    def _when(self, pending: Pending[T], step: Callable[[T], None]) -> None:
        def ended(result: T | Problem) -> None:
            if isinstance(result, Problem):
                self._fail(result)
            elif not self._is_over:
                step(result)

        pending.then(ended)

    def _end(self, window: ContextWindow) -> None:
        if not self._is_over:
            self._is_over = True
            self._ready(window)

    def _fail(self, problem: Problem | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._failed(problem)
