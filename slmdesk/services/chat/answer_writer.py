"""Writes answers of the model into their message rows, from the request to the end.  Everything on the service thread.

A row exists before its first token and grows every 250 ms, less often as it gets longer but at least every second.
When a row cannot be written (busy, full disk), the text is kept in memory and the next tick tries again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from slmdesk.client import JobHandle
from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Progress, Token
from slmdesk.core.records import Ending, Message, ModelRecord, Status
from slmdesk.core.types import Answer, ChatMessage, Json, LoadedModel, Sampling
from slmdesk.core.wire import answer_from, messages_to_json, to_json
from slmdesk.services.base.events import Event, MessageEnded, MessageGrew, Noticed, NoticeOver, Problem, PromptProgress
from slmdesk.services.base.messages import problem_for, problem_of
from slmdesk.services.base.service_thread import Later, ServiceThread
from slmdesk.services.chat.ephemeral import MessageStore
from slmdesk.services.chat.options import Lora
from slmdesk.services.engine.model_loader import LoadRequest, ModelLoader

FIRST_GAP_S = 0.25
LONGEST_GAP_S = 1.0
CHARACTERS_PER_GAP_S = 100_000
"""A row waits one second longer between two commits per this many characters, up to LONGEST_GAP_S."""
TICK_S = 0.05
RETRY_S = 1.0


class Watcher(Protocol):
    """Interface for following an answer while it is written.  Called on the service thread."""

    def began(self) -> None:
        """The model is loaded and is given the request now; called again when its process was replaced."""

    def ending(self, answer: Answer | None) -> None:
        """The answer has ended and the model is still loaded; `answer` is None when it did not end well."""

    def ended(self, message: Message) -> None:
        """The answer's row has ended and MessageEnded was published.  Not called when the app ends."""


@dataclass(slots=True, eq=False)
class _Growing:
    """State of one answer being written."""

    message: Message
    message_store: MessageStore
    record: ModelRecord
    turns: tuple[ChatMessage, ...]
    sampling: Sampling
    lora: Lora | None
    prefix: str
    watcher: Watcher | None = None
    state: Mapping[str, Json] | None = None
    """A saved state in which the model has read the beginning of the turns."""
    polish: Callable[[str], str] | None = None
    """Turns the text of a whole answer into the text that is kept."""
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    written: int = 0
    due: float = 0.0
    load_request: LoadRequest | None = None
    job: JobHandle | None = None
    is_running: bool = False
    generation: int = 0
    """Generation of the child process that had the model when the request was started."""
    was_retried: bool = False
    ending: Ending | None = None
    """Set when the answer has ended but its row could not be written yet."""

    @property
    def text(self) -> str:
        """The text so far, including the old text of a continued answer."""
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        return self.prefix + "".join(self.pieces)


class Answers:
    """The answers this instance is writing."""

    def __init__(self, service_thread: ServiceThread, loader: ModelLoader, publish: Callable[[Event], None]) -> None:
        self._service_thread, self._loader, self._publish = service_thread, loader, publish
        self._growing: dict[str, _Growing] = {}
        self._tick: Later | None = None
        self._said = ""

    @property
    def count(self) -> int:
        """Number of answers being written or waiting for a model."""
        return sum(one.ending is None for one in self._growing.values())

    def is_writing(self, message: str) -> bool:
        """Return whether this instance is writing this message."""
        held = self._growing.get(message)
        return held is not None and held.ending is None

    def as_it_is(self, message: Message) -> Message:
        """Return a stored message with the text, and the end, that are not yet in its row."""
        held = self._growing.get(message.id)
        if held is None:
            return message
        if held.ending is None:
            return replace(message, text=held.text, status=Status.STREAMING)
        return _ended(message, held.text, held.ending)

    def start(
        self,
        message: Message,
        message_store: MessageStore,
        record: ModelRecord,
        turns: Sequence[ChatMessage],
        sampling: Sampling,
        *,
        lora: Lora | None = None,
        explicit: bool = False,
        watcher: Watcher | None = None,
        polish: Callable[[str], str] | None = None,
        state: Mapping[str, Json] | None = None,
    ) -> None:
        """Write an answer into `message`, continuing after the text it has.  The row must be `streaming` already.

        `polish` turns the text of an answer that ended well into the text that is kept.  `state`: see
        StateService.known.
        """
        growing = _Growing(
            message, message_store, record, tuple(turns), sampling, lora, prefix=message.text, watcher=watcher
        )
        growing.polish, growing.state = polish, state
        self._growing[message.id] = growing
        self._want(growing, explicit=explicit)

    def stop(self, message: str) -> None:
        """Stop writing and keep the text; does nothing when the message is not being written.  MessageEnded follows."""
        growing = self._growing.get(message)
        if growing is None or growing.ending is not None:
            return
        if growing.job:
            growing.job.cancel()
        else:
            if growing.load_request:
                self._loader.forget(growing.load_request)
            self._end(growing, Ending(Status.CANCELLED))

    def save_end(self, message: str) -> Problem | None:
        """Write the end of an answer that could not be written earlier; returns the Problem if it still cannot be."""
        growing = self._growing.get(message)
        if growing is None or growing.ending is None:
            return None
        error = self._write_end(growing, growing.ending)
        return problem_for(error) if error else None

    def close(self) -> None:
        """Keep the answers being written as `interrupted`, so that they can be continued, when the app ends."""
        for growing in tuple(self._growing.values()):
            if growing.job and growing.ending is None:
                growing.job.cancel()
            if growing.load_request:  # else the end of its load would end it once more
                self._loader.forget(growing.load_request)
            ending = growing.ending or Ending(Status.INTERRUPTED)
            try:
                growing.message_store.end_message(growing.message.id, growing.text, ending)
            except KnownError:
                continue  # the row stays `streaming`: the next desk makes it `interrupted`
        self._growing.clear()
        if self._tick:
            self._tick.cancel()

    # ---- the model, then the job

    def _want(self, growing: _Growing, *, explicit: bool = False) -> None:
        def failed(problem: Problem | None) -> None:
            growing.load_request = None
            self._end_failed(growing, problem) if problem else self._end(growing, Ending(Status.CANCELLED))

        def ready(model: LoadedModel) -> None:
            growing.load_request = None
            self._begin(growing, model)

        load_request = self._loader.want(growing.record, ready, failed, explicit=explicit)
        if growing.job is None and growing.message.id in self._growing and growing.ending is None:
            growing.load_request = load_request

    def _begin(self, growing: _Growing, model: LoadedModel) -> None:
        if growing.ending is not None or growing.message.id not in self._growing:
            return
        payload: dict[str, Json] = {
            "handle": model.handle,
            "messages": messages_to_json(growing.turns),
            "sampling": to_json(growing.sampling),
            "answer_prefix": growing.prefix + "".join(growing.pieces),
        }
        if growing.lora:
            payload |= {"lora": growing.lora.path, "lora_scale": growing.lora.scale}
        if growing.state:
            payload["state"] = dict(growing.state)
        growing.is_running = True
        growing.generation = self._loader.generation
        self._loader.begin()
        if growing.watcher:
            growing.watcher.began()
        growing.job = self._loader.client.start(
            "chat", payload, lambda event: self._service_thread.post(lambda: self._on_event(growing, event))
        )

    def _on_event(self, growing: _Growing, event: FromChild) -> None:
        if growing.ending is not None or self._growing.get(growing.message.id) is not growing:
            return
        if isinstance(event, Token):
            growing.pieces.append(event.text)
            growing.length += len(event.text)
            self._publish(MessageGrew(growing.message.item, growing.message.id, event.text))
            self._schedule()
        elif isinstance(event, Progress):
            self._publish(PromptProgress(growing.message.item, growing.message.id, event.done, event.total))
        elif isinstance(event, Done):
            self._end_done(growing, event.result)
        elif isinstance(event, Failed):
            if event.code == "model.not_loaded" and self._was_replaced(growing):
                growing.was_retried = True
                self._leave_room(growing)
                growing.job = None
                self._want(growing)
            else:
                self._end_failed(growing, problem_of(event.code, event.args))
        elif isinstance(event, Cancelled):
            self._end(growing, Ending(Status.CANCELLED))

    def _was_replaced(self, growing: _Growing) -> bool:
        """Return whether the child was replaced between loading and this request, which has no text yet."""
        if growing.pieces or growing.was_retried or growing.job is None:
            return False
        return growing.generation != growing.job.generation

    # ---- the row

    def _schedule(self, seconds: float = 0.0) -> None:
        if self._tick is None:
            self._tick = self._service_thread.call_later(max(TICK_S, seconds), self._write_rows)

    def _write_rows(self) -> None:
        self._tick = None
        now = time.monotonic()
        for growing in tuple(self._growing.values()):
            if growing.due > now or (growing.ending is None and growing.written == growing.length):
                continue
            if growing.ending is not None:
                self._write_end(growing, growing.ending)
            else:
                self._write_row(growing)
        unwritten = [one.due for one in self._growing.values() if one.ending is not None or one.written != one.length]
        if unwritten:
            self._schedule(min(unwritten) - now)

    def _write_row(self, growing: _Growing) -> None:
        started = time.monotonic()
        length = growing.length
        gap = min(LONGEST_GAP_S, FIRST_GAP_S + (len(growing.prefix) + length) / CHARACTERS_PER_GAP_S)
        try:
            if growing.message_store.grow_message(growing.message.id, growing.text):
                growing.written = length
        except KnownError as err:
            gap = RETRY_S
            self._say_unwritable(err)
        growing.due = started + gap

    def _write_end(self, growing: _Growing, ending: Ending) -> KnownError | None:
        """Write the end into the row; returns why it cannot be written now, None also when the row is gone."""
        try:
            growing.message_store.end_message(growing.message.id, growing.text, ending)
        except KnownError as err:
            growing.due = time.monotonic() + RETRY_S
            if err.code == "item.unknown":  # deleted for good meanwhile: there is nothing to keep it in
                del self._growing[growing.message.id]
                return None
            if err.code != "store.busy":
                self._say_unwritable(err)
            return err
        del self._growing[growing.message.id]
        if self._said and not any(one.ending for one in self._growing.values()):
            self._publish(NoticeOver(self._said))
            self._said = ""
        return None

    def _say_unwritable(self, error: KnownError) -> None:
        if not self._said and error.code != "item.unknown":
            self._said = error.code
            self._publish(Noticed(problem_for(error)))

    # ---- endings

    def _end_done(self, growing: _Growing, untrusted_result: Mapping[str, Json]) -> None:
        try:
            answer = answer_from(untrusted_result)
        except KnownError as err:
            self._end_failed(growing, problem_for(err))
            return
        ending = Ending(
            Status.COMPLETE,
            finish_reason=str(answer.finish_reason),
            tokens_in=answer.usage.prompt_tokens,
            tokens_out=answer.usage.output_tokens,
            tokens_reused=answer.usage.cached_tokens,
            seconds=_seconds(answer),
            seed=answer.seed,
            reproducible=answer.reproducible,
        )
        self._end(growing, ending, answer=answer)

    def _end_failed(self, growing: _Growing, problem: Problem) -> None:
        ending = Ending(Status.FAILED, error_code=problem.code, error_args=dict(problem.args))
        self._end(growing, ending, problem=problem)

    def _end(
        self, growing: _Growing, ending: Ending, *, problem: Problem | None = None, answer: Answer | None = None
    ) -> None:
        if growing.ending is not None:
            return
        growing.ending = ending
        if growing.polish and ending.status is Status.COMPLETE:
            growing.prefix, growing.pieces = growing.polish(growing.text), []
        if growing.watcher:
            growing.watcher.ending(answer)
        self._leave_room(growing)
        if self._write_end(growing, ending):
            self._schedule()
        ended = _ended(growing.message, growing.text, ending)
        usage, timing = (answer.usage, answer.timing) if answer else (None, None)
        self._publish(MessageEnded(ended, problem, usage, timing))
        if growing.watcher:
            growing.watcher.ended(ended)

    def _leave_room(self, growing: _Growing) -> None:
        if growing.is_running:
            growing.is_running = False
            self._loader.end()


def _ended(message: Message, text: str, ending: Ending) -> Message:
    return replace(
        message,
        text=text,
        status=ending.status,
        owner=None,
        finish_reason=ending.finish_reason,
        tokens_in=ending.tokens_in,
        tokens_out=ending.tokens_out,
        tokens_reused=ending.tokens_reused,
        seconds=ending.seconds,
        seed=ending.seed if ending.seed is not None else message.seed,
        sampling=ending.sampling_of(message.sampling),
        error_code=ending.error_code,
        error_args=ending.error_args,
    )


def _seconds(answer: Answer) -> float:
    rate = answer.timing.tokens_per_s
    return answer.timing.first_token_s + (answer.usage.output_tokens / rate if rate > 0 else 0.0)
