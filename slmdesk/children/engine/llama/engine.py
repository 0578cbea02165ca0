"""The llama.cpp engine: models by handle, requests made ready, and one thread that computes for all of them."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator
from collections.abc import Sequence as AbstractSequence
from collections.abc import Sequence as Items
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np

from slmdesk.base.errors import BUG_CODE, KnownError, Stopped
from slmdesk.base.texts import _
from slmdesk.base.types import (
    MOST_STRENGTH,
    THINKING_OFF,
    THINKING_USUAL,
    ChatMessage,
    Device,
    LoadedModel,
    LoadSpec,
    Priority,
    PromptPart,
    Recipe,
)
from slmdesk.children.engine.interface import ReadState, Rendered, Request, RequestFailed
from slmdesk.children.engine.llama import sequence as sequences
from slmdesk.children.engine.llama.cards import find_backends, find_cards
from slmdesk.children.engine.llama.context import NO_ADAPTER, Adapter, check_adapter
from slmdesk.children.engine.llama.file_jobs import divergence, embed_texts, quantize
from slmdesk.children.engine.llama.library import free_memory, load_library
from slmdesk.children.engine.llama.loading import Loaded, check_model_file, load_model
from slmdesk.children.engine.llama.sampler import MAX_SEED, USUAL, Sampler
from slmdesk.children.engine.llama.sequence import EventStream, Outbox, PreparedRequest, Sequence, marks_among
from slmdesk.children.engine.llama.sight import Sight
from slmdesk.children.engine.llama.templates import TryTemplate
from slmdesk.children.engine.llama.thinking import NO_THOUGHTS, Thought
from slmdesk.children.engine.llama.vocabulary import (
    Detokenizer,
    FileVocabulary,
    lookalikes,
    tokens_and_edges,
    tokens_of_choices,
)

log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")
_POLL_S = 0.1


class LlamaEngine:
    """Loads models and answers requests.  All methods may be called from any thread; each blocks only its caller."""

    def __init__(self, *, try_template: TryTemplate | None = None) -> None:
        """`try_template`: how templates are tried, in a process that may not start programs itself."""
        self._try_template = try_template
        self._handles = count(1)
        self._models: dict[str, Loaded] = {}
        self._commands: deque[Callable[[], None]] = deque()
        self._wake = threading.Condition()
        self._loading = threading.Lock()
        self._embedding = threading.Lock()
        self._loads = 0
        self._card = ""
        self._renders = 0
        self._work = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        self._file_vocabulary = FileVocabulary()

    # ---- models

    def load(self, spec: LoadSpec, on_progress: Callable[[float], bool]) -> LoadedModel:
        """`on_progress` gets 0..1 and returns False to cancel (Stopped).  Raises KnownError `model.…`."""
        progress = self._counting(on_progress)

        def on_card(name: str) -> None:
            self._card = name
            progress(0.0)

        with self._counted_load(), self._alone_in_loading(progress):
            header = check_model_file(spec.path)
            library = load_library()
            model = load_model(
                library,
                spec,
                header,
                handle=f"m{next(self._handles)}",
                on_progress=progress,
                on_work=self._count_work,
                on_card=on_card,
                try_template=self._try_template,
            )
        with self._wake:
            if not self._closing:
                self._models[model.info.handle] = model
                return model.info
        model.close()
        raise Stopped

    def unload(self, handle: str) -> None:
        """Running requests end with `model.not_loaded`.  An unknown handle is no error."""

        def free() -> None:
            with self._wake:
                model = self._models.pop(handle, None)
            if model is not None:
                model.close()

        self._on_engine_thread(free)

    def model(self, handle: str) -> Loaded:
        """The model that was loaded under this handle.  Raises KnownError `model.not_loaded`."""
        with self._wake:
            model = self._models.get(handle)
        if model is None:
            raise KnownError("model.not_loaded")
        return model

    def thinks(self, handle: str) -> bool:
        """Whether the model can think before it answers.  Raises KnownError `model.not_loaded`."""
        return bool(self.model(handle).info.thinking)

    # ---- texts

    def count_tokens(self, handle: str, texts: AbstractSequence[str]) -> list[int]:
        """The texts are taken as untrusted.  Raises KnownError `model.not_loaded`."""
        model = self.model(handle)
        with model.use():
            return [model.vocabulary.count(text) for text in texts]

    def count_tokens_of_file(self, path: str, texts: AbstractSequence[str]) -> list[int]:
        """No weights are read; the vocabulary last used stays open.  Raises KnownError `model.…`."""
        return self._file_vocabulary.count(Path(path), texts)

    def render(
        self,
        handle: str,
        messages: AbstractSequence[ChatMessage],
        answer_prefix: str = "",
        thinking: str = THINKING_OFF,
    ) -> Rendered:
        model = self.model(handle)
        with model.use():
            parts, missing = self._parts_of(model, messages, answer_prefix, thinking)
            tokens = len(_counted(model, parts)[0])
            return Rendered(parts, tokens, missing, lookalikes(parts, model.vocabulary))

    # ---- answers

    def generate(self, requests: AbstractSequence[Request], priority: Priority = Priority.INTERACTIVE) -> EventStream:
        """Answer all requests together.  They are rendered, tokenised and checked before this returns.

        A request that does not fit ends with RequestFailed `context.full` (needed, available, in tokens) before
        anything is computed for it.
        """
        outbox = Outbox()
        started: dict[str, list[sequences.Sequence]] = {}
        for request in requests:
            try:
                started.setdefault(request.handle, []).append(self._prepare(request, Priority(priority), outbox))
            except KnownError as err:
                outbox.put(RequestFailed(request.key, err.code, dict(err.args_for_people)))
        for handle, requested in started.items():
            self._submit(handle, requested)
        return EventStream(outbox, len(requests), self._cancel)

    def embed(self, path: str, texts: AbstractSequence[str], keep_going: Callable[[], bool]) -> Iterator[list[bytes]]:
        """Yield the vectors of texts by the embedding model at `path`, some at a time and in order: float32,
        little-endian, of length 1.  The model is loaded for this call and freed after it.  Each caller computes at a
        time.

        `keep_going` returns False to cancel (Stopped).  Raises KnownError `model.…`.
        """
        go_on = self._counting(keep_going)
        with self._counted_load():
            while not self._embedding.acquire(timeout=_POLL_S):
                if not go_on():
                    raise Stopped
            try:
                yield from embed_texts(path, texts, go_on)
            finally:
                self._embedding.release()

    # ---- formats of a file

    def quantize(self, source: str, target: str, recipe: Recipe, on_progress: Callable[[float], bool]) -> None:
        """`on_progress` gets 0..1; what it returns is not heeded until the end.

        Raises KnownError `request.invalid`, `model.not_converted`, `model.…`, Stopped.
        """
        with self._counted_load():
            check_model_file(source)
            quantize(load_library(), Path(source), Path(target), recipe, self._counting(on_progress))

    def divergence(
        self, path: str, text: str, predictions: str, on_progress: Callable[[float], bool], *, is_reference: bool
    ) -> float:
        """Write what a file predicts over `text` into the file `predictions`, or return how far it is from what is
        there.

        Raises KnownError `model.…`, OSError, Stopped.
        """
        keep_going = self._counting(on_progress)
        with self._counted_load():
            return divergence(load_library(), path, text, Path(predictions), keep_going, is_reference=is_reference)

    def _counting(self, keep_going: Callable[_P, bool]) -> Callable[_P, bool]:
        """The same, which shows that work is being done, and says no once the engine is closing."""

        def counted(*args: _P.args, **kwargs: _P.kwargs) -> bool:
            self._count_work()
            return keep_going(*args, **kwargs) and not self._closing

        return counted

    # ---- states, to be kept on disk

    def state_version(self, handle: str) -> str:
        """What a state depends on besides the model's file and the tokens; states of another are useless."""
        return self.model(handle).state_version

    def state_of(self, handle: str, messages: AbstractSequence[ChatMessage]) -> ReadState | None:
        """The state of the longest beginning of `messages` that is in memory, read without an adapter.

        None where nothing is in memory, where the model cannot give its state, or memory is short.
        """
        model = self.model(handle)
        with model.use():
            ways = (
                (THINKING_OFF, THINKING_USUAL) if model.info.thinking else (THINKING_OFF,)
            )  # as it was asked is not known
            prompts = [self._parts_of(model, messages, "", thinking)[0] for thinking in ways]
            able = [_without_end(*_counted(model, parts)) for parts in prompts]

        def take() -> ReadState | None:
            slots = model.scheduler.slots
            tokens = max(able, key=slots.held)
            state = slots.state_of(tokens, lambda size: size < free_memory() // 2)
            if state is None:
                return None
            length, data = state
            return ReadState(np.asarray(tokens[:length], dtype="<i4").tobytes(), data)

        return self._between_steps(model, take)

    def restore(self, handle: str, tokens: bytes, load: Callable[[], bytes | memoryview]) -> int:
        """Restore a state, so that a prompt that begins with its `tokens` need not be read again.

        `load` returns the data, and is called only where these tokens are not in memory already; what it raises is
        raised here.  Returns how many tokens are in memory now; 0 where the state cannot be used.
        """
        model = self.model(handle)
        requested: list[int] = np.frombuffer(tokens, dtype="<i4").tolist()
        is_there = self._between_steps(model, lambda: model.scheduler.slots.holds(requested))
        if not is_there:
            data = load()
            is_there = self._between_steps(model, lambda: model.scheduler.restore(requested, data))
        return len(requested) if is_there else 0

    # ---- heartbeat and end

    def work_done(self) -> int:
        """A counter that changes while something is computed or loaded; the heartbeat carries it."""
        return self._work

    def is_busy(self) -> bool:
        with self._wake:
            return bool(self._loads or self._renders or any(m.scheduler.level for m in self._models.values()))

    def in_template(self) -> bool:
        """Whether a template is being rendered now (it has a shorter time limit)."""
        return self._renders > 0

    def devices(self) -> tuple[Device, ...]:
        return tuple(card.device for card in find_cards())

    def backends(self) -> tuple[str, ...]:
        return find_backends()

    def card_of_load(self) -> str:
        """Name of the graphics card that the model being loaded is put on; empty: none."""
        return self._card

    def close(self) -> None:
        with self._wake:
            self._closing = True
            for model in self._models.values():
                model.scheduler.interrupt()
            self._wake.notify_all()
        self._thread.join()
        self._file_vocabulary.close()

    # ---- the engine thread

    def _run(self) -> None:
        while not self._closing:
            with self._wake:
                self._wake.wait_for(self._has_something_to_do)
                commands = [*self._commands]
                self._commands.clear()
                models = [*self._models.values()]
                for model in models:
                    model.scheduler.resume()
            for command in commands:
                command()
            levels = [model.scheduler.level for model in models]
            most_urgent = Priority.INTERACTIVE if Priority.INTERACTIVE in levels else Priority.BACKGROUND
            for model, level in zip(models, levels, strict=True):
                if level is most_urgent and not self._closing:
                    self._step(model)
        for command in self._commands:
            command()
        for model in self._models.values():
            model.close()

    def _has_something_to_do(self) -> bool:
        return bool(self._closing or self._commands or any(m.scheduler.level for m in self._models.values()))

    def _step(self, model: Loaded) -> None:
        self._count_work()
        try:
            model.scheduler.step()
        except Exception:
            log.exception("a step died")
            model.scheduler.end_all(BUG_CODE)

    def _on_engine_thread(self, command: Callable[[], _T]) -> _T | None:
        """What `command` returns or raises on the engine thread between two steps; None once the engine is closing."""
        done = Future[_T]()

        def run() -> None:
            try:
                done.set_result(command())
            except BaseException as err:  # noqa: BLE001  it belongs to the waiting caller
                done.set_exception(err)

        with self._wake:
            if self._closing:
                return None
            self._commands.append(run)
            for model in self._models.values():
                model.scheduler.interrupt()
            self._wake.notify_all()
        return done.result()

    def _between_steps(self, model: Loaded, command: Callable[[], _T]) -> _T | None:
        """As `_on_engine_thread`; None also where the model has been unloaded."""

        def unless_unloaded() -> _T | None:
            return command() if self._models.get(model.info.handle) is model else None

        return self._on_engine_thread(unless_unloaded)

    # ---- helpers for any thread

    def _prepare(self, request: Request, priority: Priority, outbox: Outbox) -> sequences.Sequence:
        """Raises KnownError."""
        model = self.model(request.handle)
        adapter = self._adapter(model, request)  # not in `use`: the engine thread waits for users before it frees
        with model.use():
            if request.messages:
                parts, __ = self._parts_of(model, request.messages, request.answer_prefix, request.thinking)
            else:
                parts = (*request.prompt, PromptPart(request.answer_prefix, trusted=False))
            return prepare(model, request, parts, priority=priority, outbox=outbox, adapter=adapter)

    def _adapter(self, model: Loaded, request: Request) -> Adapter:
        """The adapter a request needs, loaded beside its model.  Raises KnownError `adapter.…`, `model.not_loaded`."""
        if not request.lora or request.lora_scale <= 0:
            return NO_ADAPTER
        file = check_adapter(Path(request.lora), model.weights.header)
        known = model.adapters.number_of(file)
        number = known or self._between_steps(model, lambda: model.adapters.open(file))
        if not number:
            raise KnownError("model.not_loaded")
        return Adapter(number, min(request.lora_scale, MOST_STRENGTH), file.name)

    def _submit(self, handle: str, requested: list[sequences.Sequence]) -> None:
        with self._wake:
            model = self._models.get(handle)
            if model is not None:
                model.scheduler.submit(requested)
                self._wake.notify_all()
                return
        for request in requested:  # the model was unloaded in between
            request.fail("model.not_loaded")
            request.sampler.close()

    def _cancel(self) -> None:
        with self._wake:
            for model in self._models.values():
                model.scheduler.cancel()
            self._wake.notify_all()

    def _parts_of(
        self, model: Loaded, messages: AbstractSequence[ChatMessage], answer_prefix: str, thinking: str
    ) -> tuple[tuple[PromptPart, ...], tuple[int, ...]]:
        with model.rendering, self._counted_render():
            rendered = model.chat_format.render(messages, answer_prefix, thinking)
        return rendered.parts, rendered.missing

    @contextmanager
    def _alone_in_loading(self, progress: Callable[[float], bool]) -> Iterator[None]:
        """Never let two loads run together; raises Stopped when cancelled while waiting."""
        while not self._loading.acquire(timeout=_POLL_S):
            if not progress(0.0):
                raise Stopped
        try:
            yield
        finally:
            self._loading.release()

    @contextmanager
    def _counted_load(self) -> Iterator[None]:
        with self._wake:
            self._loads += 1
        try:
            yield
        finally:
            with self._wake:
                self._loads -= 1

    @contextmanager
    def _counted_render(self) -> Iterator[None]:
        with self._wake:
            self._renders += 1
        try:
            yield
        finally:
            with self._wake:
                self._renders -= 1

    def _count_work(self) -> None:
        self._work += 1  # an increment may be lost between threads; the counter only has to change


LEAST_ANSWER = 16
"""Tokens an answer must have space for, unless fewer are requested."""


def prepare(
    model: Loaded, request: Request, parts: Items[PromptPart], *, priority: Priority, outbox: Outbox, adapter: Adapter
) -> Sequence:
    """The sequence of a request whose prompt is `parts`.  Within `model.use()`, any thread.

    Raises KnownError `context.full`, `request.invalid`, `grammar.invalid`.
    """
    vocabulary, info = model.vocabulary, model.info
    thinks = model.thoughts if request.messages and request.is_free else NO_THOUGHTS
    sight = Sight(model.opened_projector)
    prompt, edges = tokens_and_edges(vocabulary, parts, see=sight.see)
    sampling = request.sampling.over(info.sampling_defaults).over(USUAL)
    choices = tokens_of_choices(vocabulary, request.choices)
    given = tuple(vocabulary.tokenize(request.given, special=False))
    longest = 1 if choices else len(given) or sampling.max_tokens
    most = _most_tokens(len(prompt), longest, info.context_tokens)
    seed = secrets.randbelow(MAX_SEED) if sampling.seed is None else sampling.seed & 0xFFFFFFFF
    sampler = Sampler(model.weights.library, vocabulary, vocab=model.weights.vocab, sampling=sampling, seed=seed)
    if request.answer_prefix:
        sampler.begin_behind(vocabulary.tokenize(request.answer_prefix, special=False))
    return Sequence(
        PreparedRequest(
            key=request.key,
            prompt=tuple(prompt),
            most_tokens=most,
            seed=seed,
            seed_given=sampling.seed is not None,
            stops=(*sampling.stop, *(model.chat_format.stop_strings if request.messages else ())),
            drop_lead=model.chat_format.answer_lead if request.messages and not request.answer_prefix else "",
            context_tokens=info.context_tokens,
            choices=request.choices,
            choice_tokens=choices,
            with_probabilities=request.with_probabilities,
            given=given,
            marks=tuple(marks_among(edges[:-1])) if model.scheduler.slots.needs_marks else (),
        ),
        priority=priority,
        outbox=outbox,
        sampler=sampler,
        detokenizer=Detokenizer(vocabulary.pieces),
        end_tokens=vocabulary.end_tokens,
        adapter=adapter,
        sight=sight,
        thought=Thought(thinks, sampling, is_open=thinks.marks.is_open_in(_end_of(parts))),
    )


def _counted(model: Loaded, parts: Items[PromptPart]) -> tuple[list[int], list[int]]:
    """The tokens and edges of a prompt whose pictures are counted, not looked at."""
    sight = Sight(model.opened_projector)
    return tokens_and_edges(model.vocabulary, parts, see=sight.count)


def _without_end(tokens: list[int], edges: list[int]) -> list[int]:
    """A prompt without what the format writes behind its last text, since a question comes in its place."""
    return tokens[: edges[-2]] if len(edges) > 1 else tokens


def _end_of(parts: Items[PromptPart]) -> str:
    last = max((at for at, part in enumerate(parts) if not part.trusted), default=-1)
    return "".join(part.text for part in parts[last + 1 :])


def _most_tokens(prompt: int, max_tokens: int | None, context_tokens: int) -> int:
    """The limit for the answer's length.  Raises KnownError `context.full`, `request.invalid`."""
    if prompt == 0:
        raise KnownError("request.invalid", what=_("an empty prompt"))
    if max_tokens is not None and max_tokens < 1:
        raise KnownError("request.invalid", what="max_tokens")
    space = context_tokens - prompt
    least = min(LEAST_ANSWER, max_tokens or LEAST_ANSWER)
    if space < least:
        raise KnownError("context.full", needed=prompt + least, available=context_tokens)
    return space if max_tokens is None else min(max_tokens, space)
