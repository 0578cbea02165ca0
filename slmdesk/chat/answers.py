"""Has answers written by the model and saves them into their messages, from the request to the end. Service thread.

The message of an answer is stored before its first token. Its text is saved every 250 ms, and less often as it gets
longer, but at least every second. When it cannot be saved (store busy, disk full), the text stays in memory and the
next attempt follows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import (
    Cancelled,
    Done,
    Failed,
    FromChild,
    Progress,
    Token,
    answer_from,
    messages_to_json,
    sampling_from,
    stored_from,
    stored_list,
)
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import AnswerEnding, Message, ModelRecord, Status
from slmdesk.base.runtime.events import (
    MessageEnded,
    MessageGrew,
    ModelState,
    Noticed,
    NoticeOver,
    Pending,
    PromptProgress,
    ThoughtGrew,
)
from slmdesk.base.runtime.messages import Problem, problem_for, problem_of
from slmdesk.base.runtime.service import Later, Runtime, Service, Slices, in_slices
from slmdesk.base.texts import _
from slmdesk.base.types import (
    MOST_THOUGHT_SECONDS,
    MOST_THOUGHT_TOKENS,
    THINKING_USUAL,
    Answer,
    ChatMessage,
    FinishReason,
    Json,
    Origin,
    Role,
    Sampling,
    TextPart,
)
from slmdesk.chat.conversation import StoredChat, Stores, chat_in
from slmdesk.chat.settings import CHAT_SAMPLING, TEXT_SAMPLING
from slmdesk.chat.types import (
    ChatOptions,
    Lora,
    check_options,
    lora_for,
    lora_of,
    sampling_for,
)
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import Lease, ModelLoader
from slmdesk.models.service import ModelService

if TYPE_CHECKING:
    from slmdesk.children.client import JobHandle
    from slmdesk.models.loader.energy import OtherPrograms

WHOLE = (FinishReason.STOP, FinishReason.STOP_STRING)
FIRST_GAP_S = 0.25
LONGEST_GAP_S = 1.0
CHARACTERS_PER_GAP_S = 100_000
"""Number of characters for which the interval between two saves grows by a second, up to LONGEST_GAP_S."""
LOOK_EVERY, LOOK_PART = 80, 20
"""Characters after which it is asked again whether an answer goes astray, or this part of a long one."""
TICK_S = 0.05
RETRY_S = 1.0


class Watcher:
    """Callbacks that follow an answer while it is written. Service thread."""

    def __init__(
        self,
        on_ended: Callable[[Message], object] = lambda _message: None,
        polish: Callable[[str], str] | None = None,
        again: Callable[[Answer, Sequence[float]], AnswerRequest | None] = lambda _answer, _scores: None,
    ) -> None:
        """Create the watcher. `on_ended` is called when the end of the answer was stored and published, but not when
        the app ends. `polish` receives the complete text and returns the text that is stored.

        `again` is called after an answer that ended well, with the answer and, for choices, their scores. It returns
        the next request for the same message, or None if the answer is complete.
        """
        self.on_ended, self.polish, self.again = on_ended, polish, again


class AnswerRequest(Record):
    """Everything a model is asked for one answer."""

    record: ModelRecord
    turns: tuple[ChatMessage, ...]
    sampling: Sampling
    lora: Lora | None = None
    watcher: Watcher = msgspec.field(default_factory=Watcher)
    state: Mapping[str, Json] | None = None
    choices: tuple[str, ...] = ()
    """If not empty, the model writes nothing and is only asked how likely each of these choices is."""
    kept: Mapping[str, Json] = msgspec.field(default_factory=dict)
    astray: Callable[[str], str] = lambda _text: ""
    """Returns the finish reason for an answer that goes astray in its words so far, else ""."""

    def payload(self, answer_so_far: str) -> dict[str, Json]:
        """Return the request in the form of the engine's `chat` job."""
        payload: dict[str, Json] = {
            "messages": messages_to_json(self.turns, with_pixels=True),
            "sampling": to_json(self.sampling),
            "answer_prefix": "" if self.choices else answer_so_far,
        }
        if self.lora:
            payload |= {"lora": self.lora.path, "lora_scale": self.lora.scale}
        if self.choices:
            payload["choices"] = list(self.choices)
        if self.state:
            payload["state"] = dict(self.state)
        return payload

    @property
    def sampling_kept(self) -> dict[str, Json]:
        """Return the settings that are stored with the answer, without those at their defaults."""
        values: dict[str, Json] = {**to_json(self.sampling), **(self.lora.said if self.lora else {})}
        usual = {
            "thinking": THINKING_USUAL,
            "thought_tokens": MOST_THOUGHT_TOKENS,
            "thought_seconds": MOST_THOUGHT_SECONDS,
        }
        shown = (key for key, value in values.items() if value not in (None, [], False) and usual.get(key) != value)
        return {key: values[key] for key in shown}


@dataclass(slots=True, eq=False)
class _Growing:
    message: Message
    request: AnswerRequest
    prefix: str
    thoughts: list[str]
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    written: int = 0
    due: float = 0.0
    work: Pending[_Ended] | None = None
    lease: Lease | None = None
    looked: int = 0
    """Length at which it was last asked whether the answer goes astray."""
    stray: str = ""
    ending: AnswerEnding | None = None
    """Set when the answer has ended but its end could not be stored yet."""

    @property
    def id(self) -> str:
        return self.message.id

    @property
    def job(self) -> JobHandle | None:
        return self.lease.job if self.lease else None

    @property
    def is_written(self) -> bool:
        """Whether the row has all of it, and there is no end to be stored."""
        return self.ending is None and self.written == self.length

    @property
    def thought(self) -> str:
        if len(self.thoughts) > 1:
            self.thoughts[:] = ["".join(self.thoughts)]
        return "".join(self.thoughts)

    @property
    def text(self) -> str:
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        return self.prefix + "".join(self.pieces)


_Ended: TypeAlias = tuple[AnswerEnding, Answer | None, bool] | Problem
"""How an answer ended, the answer if it ended well, and whether other programs were quiet meanwhile; or the Problem."""
_CANCELLED: _Ended = (AnswerEnding(Status.CANCELLED), None, True)


class Answers(Service):
    def __init__(self, runtime: Runtime, loader: ModelLoader, stores: Stores) -> None:
        super().__init__(runtime)
        self._loader, self._stores = loader, stores
        self.read_ahead = ReadAhead(loader)
        self._growing: dict[str, _Growing] = {}
        self._tick: Later | None = None
        self._said = ""

    @property
    def count(self) -> int:
        return sum(growing.ending is None for growing in self._growing.values())

    def is_writing(self, message: str) -> bool:
        held = self._growing.get(message)
        return held is not None and held.ending is None

    def chat(self, id: str) -> StoredChat:
        """Return a chat with the newest text of its answers. Raises KnownError `item.unknown`."""
        return chat_in(self._stores.of(id), id, self.as_it_is)

    def chat_of(self, message: str) -> StoredChat:
        """Return the chat of a message. Raises KnownError `item.unknown`."""
        return self.chat(self._stores.of(message).messages.get(message).item)

    def as_it_is(self, message: Message) -> Message:
        """Return a stored message with its newest text and status, even if these could not be stored yet."""
        held = self._growing.get(message.id)
        if held is None:
            return message
        if held.ending is None:
            return changed(message, text=held.text, thought=held.thought, status=Status.STREAMING)
        return changed(message, **held.ending.fields_for(message, held.text, held.thought))

    def start(
        self,
        message: Message,
        request: AnswerRequest,
        prepared: Slices[AnswerRequest | None] | None = None,
        *,
        explicit: bool = False,
    ) -> None:
        """Write an answer into `message`, after the text it already has. The stored status is already `streaming`.

        `prepared` returns the request as the model is asked it, or None when loading the model was cancelled.
        `explicit`: a person chose this model for this very answer; see `ModelLoader.acquire`.
        """
        self.read_ahead.stop()
        growing = self._growing[message.id] = _Growing(message, request, message.text, [message.thought])
        self._service_thread.post(lambda: self._begin(growing, prepared, explicit=explicit))

    def stop(self, message: str) -> None:
        """Stop writing; keep the text so far. MessageEnded follows. Does nothing if the message is not in progress."""
        growing = self._growing.get(message)
        if growing is None or growing.ending is not None:
            return
        if growing.job:
            growing.job.cancel()
        else:
            _let_go(growing)
            self._end(growing, _CANCELLED)

    def stop_in(self, items: Collection[str]) -> None:
        for answer in [growing.id for growing in self._growing.values() if growing.message.item in items]:
            self.stop(answer)

    def answer_now(self, message: str) -> None:
        """Let the model end its reasoning and write the answer. Does nothing when the model is not reasoning."""
        growing = self._growing.get(message)
        if growing is not None and growing.job:
            growing.job.step("", {})

    def save_end(self, message: str) -> Problem | None:
        growing = self._growing.get(message)
        if growing is None or growing.ending is None:
            return None
        error = self._write_end(growing, growing.ending)
        return problem_for(error) if error else None

    def close(self) -> None:
        """Store unfinished answers as `interrupted` when the app ends, so that they can be continued."""
        self.read_ahead.stop()
        for growing in tuple(self._growing.values()):
            _let_go(growing)
            ending = growing.ending or AnswerEnding(Status.INTERRUPTED, kept=growing.request.kept)
            with suppress(KnownError):  # the next instance changes `streaming` to `interrupted`
                self._stores.of(growing.id).messages.end(growing.id, growing.text, ending, growing.thought)
        self._growing.clear()
        if self._tick:
            self._tick.cancel()

    # ---- the preparation, the model, then the job

    def _begin(self, growing: _Growing, prepared: Slices[AnswerRequest | None] | None, *, explicit: bool) -> None:
        if self._growing.get(growing.id) is growing and growing.ending is None:  # otherwise it was stopped
            growing.work = in_slices(self._service_thread, self._answered(growing, prepared, explicit=explicit))
            growing.work.then(partial(self._end, growing))

    def _answered(
        self, growing: _Growing, prepared: Slices[AnswerRequest | None] | None, *, explicit: bool
    ) -> Slices[_Ended]:
        if prepared is not None:
            request = yield from prepared
            if request is None:
                return _CANCELLED
            growing.request = request
        before: list[Answer] = []
        others: OtherPrograms | None = None
        was_retried = False
        growing.lease = yield self._loader.lease(growing.request.record, explicit=explicit)
        while growing.lease:
            job = self._ask(growing, growing.lease)
            from slmdesk.models.loader.energy import OtherPrograms  # imported late, after the request was sent

            others = others or OtherPrograms()
            end = yield job
            if isinstance(end, Failed):
                was_lost = end.code == "model.not_loaded" and growing.lease.was_replaced
                if was_retried or growing.length or not was_lost:
                    return problem_of(end.code, end.args)
                was_retried = True
                growing.lease.release()
                growing.lease = None
                growing.lease = yield self._loader.lease(growing.request.record)
            elif isinstance(end, Done):
                answer = answer_from(end.result)
                before.append(answer)
                following = growing.request.watcher.again(answer, stored_list(float, end.result.get("scores")))
                if following is None:
                    self._look(growing, LOOK_EVERY)
                    ending = changed(_whole(before), finish_reason=growing.stray or answer.finish_reason.value)
                    return ending, answer, others.are_quiet()
                growing.request = following
                if not following.choices:
                    growing.prefix, growing.pieces, growing.length, growing.written = "", [], 0, -1
            else:
                break
        return (AnswerEnding(Status.COMPLETE, growing.stray), None, True) if growing.stray else _CANCELLED

    def _ask(self, growing: _Growing, lease: Lease) -> Pending[Done | Failed | Cancelled]:
        message, request = growing.message, growing.request
        payload = request.payload(growing.text)
        job: Pending[Done | Failed | Cancelled] = Pending()

        def on_event(event: FromChild) -> None:
            if isinstance(event, Token):
                self._on_token(growing, event)
            elif isinstance(event, Progress):
                self._publish(PromptProgress(message.item, message.id, event.done, event.total))
            elif isinstance(event, Done | Failed | Cancelled):
                job.end(event)

        lease.start("chat", payload, on_event)
        return job

    def _on_token(self, growing: _Growing, token: Token) -> None:
        message, text = growing.message, token.text
        growing.length += len(text)
        if text and token.is_thought:
            growing.thoughts.append(text)
            self._publish(ThoughtGrew(message.item, message.id, text))
        elif text:
            growing.pieces.append(text)
            self._publish(MessageGrew(message.item, message.id, text))
            self._look(growing, growing.looked + max(LOOK_EVERY, growing.looked // LOOK_PART))
        self._schedule()

    def _look(self, growing: _Growing, least: int) -> None:
        """Stop an answer that goes astray."""
        if growing.length >= least and not growing.stray and growing.job:
            growing.looked, growing.stray = growing.length, growing.request.astray(growing.text)
            if growing.stray:
                growing.job.cancel()

    # ---- the row

    def _schedule(self, seconds: float = 0.0) -> None:
        if self._tick is None:
            self._tick = self._service_thread.call_later(max(TICK_S, seconds), self._write_rows)

    def _write_rows(self) -> None:
        self._tick = None
        now = time.monotonic()
        for growing in tuple(self._growing.values()):
            if growing.due > now or growing.is_written:
                continue
            if growing.ending is not None:
                self._write_end(growing, growing.ending)
            else:
                self._write_row(growing)
        unwritten = [growing.due for growing in self._growing.values() if not growing.is_written]
        if unwritten:
            self._schedule(min(unwritten) - now)

    def _write_row(self, growing: _Growing) -> None:
        started = time.monotonic()
        length = growing.length
        gap = min(LONGEST_GAP_S, FIRST_GAP_S + (len(growing.prefix) + length) / CHARACTERS_PER_GAP_S)
        try:
            if self._stores.of(growing.id).messages.grow(growing.id, growing.text, growing.thought):
                growing.written = length
        except KnownError as err:
            gap = RETRY_S
            self._say_unwritable(err)
        growing.due = started + gap

    def _write_end(self, growing: _Growing, ending: AnswerEnding) -> KnownError | None:
        """Store the end of an answer. Returns the error if it cannot be stored now, and None if it was stored or if the
        message was deleted.
        """
        try:
            self._stores.of(growing.id).messages.end(growing.id, growing.text, ending, growing.thought)
        except KnownError as err:
            growing.due = time.monotonic() + RETRY_S
            if err.code == "item.unknown":  # the message was deleted for good meanwhile
                del self._growing[growing.id]
                return None
            if err.code != "store.busy":
                self._say_unwritable(err)
            return err
        del self._growing[growing.id]
        if self._said and not any(growing.ending for growing in self._growing.values()):
            self._publish(NoticeOver(self._said))
            self._said = ""
        return None

    def _say_unwritable(self, error: KnownError) -> None:
        if not self._said and error.code != "item.unknown":
            self._said = error.code
            self._publish(Noticed(problem_for(error)))

    # ---- endings

    def _end(self, growing: _Growing, end: _Ended) -> None:
        if growing.ending is not None:
            return
        problem: Problem | None = None
        if isinstance(end, Problem):
            problem, end = end, (failing(end), None, True)
        ending, answer, was_quiet = end
        request = growing.request
        ending = changed(ending, kept=request.kept)
        if request.watcher.polish and ending.status is Status.COMPLETE:
            growing.prefix, growing.pieces = request.watcher.polish(growing.text), []
        growing.ending = ending
        if growing.lease:
            growing.lease.release()
        if self._write_end(growing, ending):
            self._schedule()
        message = changed(growing.message, **ending.fields_for(growing.message, growing.text, growing.thought))
        usage, timing = (answer.usage, answer.timing) if answer else (None, None)
        self._publish(MessageEnded(message, problem, usage, timing, was_quiet))
        request.watcher.on_ended(message)


def _whole(answers: Sequence[Answer]) -> AnswerEnding:
    """Return the ending of an answer that the model wrote in several steps."""
    last = answers[-1]
    return AnswerEnding(
        Status.COMPLETE,
        finish_reason=str(last.finish_reason),
        tokens_in=sum(answer.usage.prompt_tokens for answer in answers),
        tokens_out=sum(answer.usage.output_tokens for answer in answers),
        tokens_reused=sum(answer.usage.cached_tokens for answer in answers),
        seconds=sum(map(_seconds, answers)),
        seed=last.seed,
        reproducible=last.reproducible,
        thought_seconds=last.thought_seconds if last.thought else None,
    )


def _let_go(growing: _Growing) -> None:
    if growing.work:
        growing.work.cancel()
    if growing.lease:
        growing.lease.release()


def failing(problem: Problem) -> AnswerEnding:
    return AnswerEnding(Status.FAILED, error_code=problem.code, error_args=dict(problem.args))


def _seconds(answer: Answer) -> float:
    rate = answer.timing.tokens_per_s
    return answer.timing.first_token_s + (answer.usage.output_tokens / rate if rate > 0 else 0.0)


class ModelChoice:
    """Chooses who answers in a chat, and how."""

    def __init__(self, store: Store, models: ModelService, loader: ModelLoader) -> None:
        self._store, self._models, self._loader = store, models, loader

    def options_for(self, options: ChatOptions, changes: Mapping[str, Json]) -> ChatOptions:
        """Return the options of a chat with `changes` applied, by name.

        Raises KnownError `model.unknown`, `adapter.unusable`, `request.invalid`.
        """
        if adapter := stored_from(str, changes.get("lora")):
            changes = {**changes, "lora": self._adapter(adapter).id}
        options = changed(options, **changes)  # type: ignore[arg-type]  # checked next
        check_options(options)
        return options

    def request(
        self, options: ChatOptions, model: str | None, sampling: Sampling, *, has_text: bool = False
    ) -> AnswerRequest:
        """Return the request for a new answer, without its turns. `model` and `sampling` override the chat's own
        values.

        `has_text`: the question contains a text to work on, as all do where examples teach a task.

        Raises KnownError `model.…`, `adapter.…`, `request.invalid`.
        """
        record = self._models.choose(model) if model else self._pinned(options) or self._models.choose(None)
        usual = TEXT_SAMPLING if has_text or options.examples else CHAT_SAMPLING
        merged = sampling_for(sampling, options, usual)
        return AnswerRequest(record, (), merged, lora_for(options, record, self._models.list()))

    def request_as(self, message: Message) -> AnswerRequest:
        """Return a request like the one an answer was written with. If its model is gone, the model used last is taken.

        Raises KnownError `model.…`, `adapter.gone`.
        """
        record = self._models.by_sha256(message.model_sha256) or self._models.choose(None)
        return AnswerRequest(record, (), sampling_from(message.sampling), lora_of(message, self._models.list()))

    def record_for(self, options: ChatOptions) -> ModelRecord:
        """Return the model that would answer.  Raises KnownError `model.none`, `model.several`."""
        held = self._loader.loaded()
        return self._pinned(options) or (held[0] if held else self._models.choose(None))

    def _adapter(self, requested: str) -> ModelRecord:
        """Return an adapter by id, unique prefix or name.  Raises KnownError `model.unknown`, `adapter.unusable`."""
        record = self._store.models.get(requested)
        if record.kind != "adapter":
            raise KnownError("adapter.unusable", adapter=record.name, reason=_("it is no adapter"))
        return record

    def _pinned(self, options: ChatOptions) -> ModelRecord | None:
        known = self._models.list() if options.model else []
        return next((model for model in known if model.id == options.model and model.can_chat), None)


LEAST_CHARACTERS = 1000
"""Texts with fewer characters are not read ahead, because reading them takes only a moment."""
_ONE_TOKEN = Sampling(temperature=0.0, max_tokens=1)


class ReadAhead:
    """Lets the idle model read a conversation or document before it is needed, so that the answer begins sooner.

    The engine keeps what it has read of a prompt and reuses it for the next prompt with the same beginning. One text at
    a time.
    """

    def __init__(self, loader: ModelLoader) -> None:
        self._loader = loader
        self.lease: Lease | None = None
        self.last: tuple[object, ...] = ()
        self._is_read = False
        self._tried = ""

    def begin(self, request: AnswerRequest, read: Callable[[float], object] = lambda _seconds: None) -> None:
        """Have the model read the turns of `request` at background priority. Answers for a person take precedence.

        `read` is called with the seconds it took. Does nothing if the turns are short, were read last, or if another
        model is loaded or has work, so that no answer ever waits. If no model is loaded, the model is only loaded.
        """
        record, turns = request.record, request.turns
        if self._loader.loaded() is None:
            self.load(record)
            return
        if sum(len(turn.text) for turn in turns) < LEAST_CHARACTERS or any(turn.pictures for turn in turns):
            return
        key = (record.sha256, request.lora, self._loader.generation, turns)
        if key == self.last:
            return
        self.stop()
        loaded = self._loader.loaded()
        if loaded is None or loaded[0].id != record.id or self._loader.is_busy:
            return
        self.last, self._is_read = key, False
        if turns[-1].role is not Role.USER:
            turns = (*turns, ChatMessage(Role.USER, (TextPart(".", Origin.PROGRAM),)))
        sampling = changed(_ONE_TOKEN, thinking=request.sampling.thinking)
        payload = changed(request, turns=turns, sampling=sampling).payload("")
        self.lease = self._loader.acquire(
            record,
            lambda lease: lease.start(
                "chat", payload, lambda event: self.on_event(lease, event, read), priority="background"
            ),
            lambda _problem: None,
            loads=False,
        )

    def holds(self, turns: Sequence[ChatMessage]) -> bool:
        """Return whether these turns were read last, completely, by the model that is loaded now."""
        return self._is_read and self.last[2:] == (self._loader.generation, tuple(turns))

    def load(self, record: ModelRecord) -> None:
        """Load a model that was unloaded, unless another model is in use."""
        is_free = self._loader.state.state is ModelState.NOT_LOADED and record.id != self._tried
        if is_free and not self._loader.times_crashed(record):
            self._tried = record.id
            self._loader.choose(record, explicit=False)

    def stop(self) -> None:
        """Stop reading. The engine keeps what was read so far as long as it has space."""
        lease, self.lease = self.lease, None
        self._tried = ""
        if lease is not None:
            self.last = ()
            lease.release()

    def on_event(self, lease: Lease, event: FromChild, read: Callable[[float], object]) -> None:
        if isinstance(event, Done | Failed | Cancelled):
            if lease is self.lease:
                self.lease, self._is_read = None, isinstance(event, Done)
            if isinstance(event, Done):
                read(answer_from(event.result).timing.first_token_s)
        elif self._loader.is_shared or self._loader.others_wait(lease.record):
            self.stop()
