"""Loads a model: plans its memory, tests whether it computes at all, and measures its cost curve."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from slmdesk.core.errors import KnownError, Stopped
from slmdesk.core.gguf.read import GgufHeader
from slmdesk.core.memory import (
    KEPT_SEQUENCES,
    MOST_SEQUENCES,
    STATEFUL_SEQUENCES,
    choose_pool,
    estimate,
    program_bytes,
)
from slmdesk.core.types import LoadedModel, LoadSpec, MemoryParts
from slmdesk.engine.llama.adapters import Adapters
from slmdesk.engine.llama.context import ABORTED, DECODED, Context, state_version
from slmdesk.engine.llama.curve import CostCurve, Curve, measure_curve
from slmdesk.engine.llama.library import Library
from slmdesk.engine.llama.memory import free_memory, give_back_freed, parts_from_log
from slmdesk.engine.llama.model import LoadProgress, WeightFile, forecast_memory, open_weights
from slmdesk.engine.llama.plausibility import behaves
from slmdesk.engine.llama.pool import Pool
from slmdesk.engine.llama.sampler import refuse_strange_logits
from slmdesk.engine.llama.scheduler import Scheduler
from slmdesk.engine.llama.templates import ChatFormat, TryTemplate
from slmdesk.engine.llama.threads import ThreadChooser, thread_candidates, time_threads, usable_cores
from slmdesk.engine.llama.vocabulary import Vocabulary

_FAR_TOO_MUCH = 1.3
"""Times the free memory: above it, the formula's estimate is enough to refuse; below, the library's sizes count."""
_READ_SHARE = 0.9
"""Share of the progress: reading the weights."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How many cells and sequences a model gets."""

    context_tokens: int
    cells: int
    sequences: int | None
    places: int


class Loaded:
    """A loaded model.  `use` keeps it from being freed; the rest belongs to the engine thread."""

    def __init__(
        self,
        weights: WeightFile,
        *,
        vocabulary: Vocabulary,
        chat_format: ChatFormat,
        context: Context,
        scheduler: Scheduler,
        adapters: Adapters,
        info: LoadedModel,
    ) -> None:
        """Use `load_model` instead."""
        self.weights = weights
        self.vocabulary = vocabulary
        self.chat_format = chat_format
        self.scheduler = scheduler
        self.adapters = adapters
        self.info = info
        self.rendering = threading.Lock()
        """Held while the chat format is used: it is made for one thread at a time."""
        self.state_version = state_version(weights.library)
        """See Engine.state_version."""
        self._context = context
        self._users = 0
        self._closed = False
        self._changed = threading.Condition()

    @contextmanager
    def use(self) -> Iterator[None]:
        """Keep the weights and the vocabulary from being freed during the block.  Raises KnownError
        `model.not_loaded`.
        """
        with self._changed:
            if self._closed:
                raise KnownError("model.not_loaded")
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End all requests with `model.not_loaded` and free everything.  On the engine thread; waits for users."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._users == 0)
        self.scheduler.end_all("model.not_loaded")
        self._context.close()
        self.adapters.close()
        self.weights.close()
        give_back_freed()


def load_model(
    library: Library,
    spec: LoadSpec,
    header: GgufHeader,
    *,
    handle: str,
    on_progress: LoadProgress,
    on_work: Callable[[], None],
    try_template: TryTemplate | None = None,
) -> Loaded:
    """Load a model.  Blocks; any thread, one load at a time (the library's log is read).

    `on_work` is called while it computes.  Raises Stopped, KnownError of the family `model.`.
    """
    on_work()
    plan = _plan(library, spec, header, on_work)
    mark = library.log.mark()
    weights = open_weights(library, spec.path, header, lambda done: on_progress(done * _READ_SHARE))
    try:
        on_work()
        vocabulary = Vocabulary(weights.vocab)
        on_work()
        with _ticking(on_work):  # the trial has limits of its own, longer than the heartbeat's
            chat_format = _chat_format(library, spec, weights, vocabulary, try_template)
        making = _PartialModel(library, spec, handle, plan, weights, vocabulary, chat_format, on_progress, on_work)
        return making.loaded(mark)
    except BaseException:
        weights.close()
        raise


@dataclass(frozen=True, slots=True)
class _PartialModel:
    """A model whose weights are loaded and that has no context yet."""

    library: Library
    spec: LoadSpec
    handle: str
    plan: _Plan
    weights: WeightFile
    vocabulary: Vocabulary
    chat_format: ChatFormat
    on_progress: LoadProgress
    on_work: Callable[[], None]

    def loaded(self, mark: int) -> Loaded:
        """Create its context and test it.  `mark`: where the log of this load begins.  Raises as `load_model`."""
        spec, plan = self.spec, self.plan
        candidates = (spec.threads,) if spec.threads else thread_candidates(usable_cores())
        abort = _Abort(self.on_work)
        context = Context(
            self.library,
            self.weights.pointer,
            cells=plan.cells,
            max_sequences=plan.places,
            batch_tokens=self.weights.batch_tokens,
            threads=candidates[0],
            should_abort=abort,
        )
        try:
            memory = parts_from_log(line.text for line in self.library.log.since(mark))
            steps = ThreadChooser(candidates)
            with ThreadPoolExecutor(1) as passing:
                # On a thread that ends: each thread that computes has OpenMP workers of its own while it lives, and
                # with more of them than cores all wait asleep at their barriers, at two thirds of the speed.
                keep_going = partial(self.on_progress, _READ_SHARE)
                trial = passing.submit(_try_out, context, self.vocabulary, spec, steps, candidates, keep_going)
                curve, is_sane = trial.result()
            adapters = Adapters(self.library, self.weights.pointer)
            scheduler = abort.scheduler = self._scheduler(context, adapters, curve, steps, candidates)
        except BaseException:
            context.close()
            raise
        self.on_progress(1.0)
        return Loaded(
            self.weights,
            vocabulary=self.vocabulary,
            chat_format=self.chat_format,
            context=context,
            scheduler=scheduler,
            adapters=adapters,
            info=_info(self.handle, plan, self.weights, self.chat_format, scheduler, curve, memory, is_sane),
        )

    def _scheduler(
        self, context: Context, adapters: Adapters, curve: Curve, steps: ThreadChooser, candidates: tuple[int, ...]
    ) -> Scheduler:
        plan, cost = self.plan, CostCurve(curve)
        return Scheduler(
            context,
            Pool(context, sliding_window=self.weights.sliding_window),
            sequences=plan.sequences or min(plan.places - 1, cost.default_sequences()),
            adapters=adapters,
            curve=cost,
            step_threads=steps,
            read_threads=ThreadChooser(candidates, first_gap=4, hint=steps),
            can_redo=not self.weights.keeps_state,
        )


class _Abort:
    """The abort callback: called while a prompt is computed, so that it also shows that work is being done."""

    def __init__(self, on_work: Callable[[], None]) -> None:
        self.scheduler: Scheduler | None = None
        self._on_work = on_work

    def __call__(self) -> bool:
        self._on_work()
        return self.scheduler is not None and self.scheduler.should_abort()


@contextmanager
def _ticking(on_work: Callable[[], None]) -> Iterator[None]:
    """Call `on_work` every second while waiting for something with a time limit of its own."""
    done = threading.Event()

    def tick() -> None:
        while not done.wait(1.0):
            on_work()

    thread = threading.Thread(target=tick, name="ticking", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _plan(library: Library, spec: LoadSpec, header: GgufHeader, on_work: Callable[[], None]) -> _Plan:
    """Choose the memory.  Raises KnownError `model.out_of_memory` when the model does not fit beside other programs.

    With `spec.anyway` it gets exactly what was requested: then the system decides, and ends this child first.
    """
    limit = max(1, min(spec.context_tokens, header.context_length or spec.context_tokens))
    requested = spec.sequences or (CostCurve(spec.cost_curve).default_sequences() if spec.cost_curve else None)
    places = (requested or MOST_SEQUENCES) + KEPT_SEQUENCES
    asked = max(limit, spec.pool_tokens or limit)
    space = free_memory()
    rough = estimate(header, context_tokens=asked)
    if (
        rough.total > _FAR_TOO_MUCH * space.available and not spec.anyway
    ):  # allocating a pool that large alone takes minutes
        raise KnownError("model.out_of_memory", needed_bytes=rough.total, available_bytes=space.available)
    sketch = forecast_memory(library, spec.path, header, cells=asked, max_sequences=places)
    on_work()
    if sketch.keeps_state and not spec.sequences:
        requested, places = STATEFUL_SEQUENCES, 2 * STATEFUL_SEQUENCES
        sketch = forecast_memory(library, spec.path, header, cells=asked, max_sequences=places)
    if not space.holds(sketch.parts) and not spec.anyway:
        raise KnownError("model.out_of_memory", needed_bytes=sketch.parts.total, available_bytes=space.available)
    cells = asked if spec.pool_tokens else choose_pool(limit, sketch.parts, space.available)
    return _Plan(limit, cells, requested, places)


def _chat_format(
    library: Library, spec: LoadSpec, weights: WeightFile, vocabulary: Vocabulary, trial: TryTemplate | None
) -> ChatFormat:
    header = weights.header
    template = header.chat_template
    if template is None and header.template_bytes:  # too long to be kept with the header, but it identifies the family
        raw: bytes = library.api.llama_model_chat_template(weights.pointer, None) or b""
        template = raw.decode("utf-8", "replace")
    return ChatFormat.for_model(
        template=template,
        architecture=header.architecture,
        name=header.name,
        vocabulary=vocabulary,
        requested=spec.template,
        checked=spec.template_checked,
        trial=trial,
    )


def _try_out(
    context: Context,
    vocabulary: Vocabulary,
    spec: LoadSpec,
    steps: ThreadChooser,
    candidates: tuple[int, ...],
    keep_going: Callable[[], bool],
) -> tuple[Curve, bool | None]:
    """Compute a few tokens: whether the logits are numbers, how many threads are best, the cost curve, and
    whether it behaves like a language model.
    """
    if not context.has_memory:
        raise KnownError("model.wrong_kind", kind="encoder")
    token = max(vocabulary.bos, 0)
    _compute(context, [token], candidates[-1])
    refuse_strange_logits(context, [0])
    _try_threads(context, token, steps, candidates, keep_going)
    curve = spec.cost_curve
    if not curve:
        curve = measure_curve(
            lambda k: _compute_size(context, token, k, steps.best),
            keep_going=keep_going,
            most=min(context.batch_tokens, context.cells),
        )
    is_sane = spec.behaves if spec.behaves is not None else behaves(context, vocabulary, steps.best, keep_going)
    if not keep_going():
        raise Stopped
    return curve, is_sane


def _try_threads(
    context: Context,
    token: int,
    steps: ThreadChooser,
    candidates: tuple[int, ...],
    keep_going: Callable[[], bool],
) -> None:
    """Time one step for each number of threads.  Raises Stopped."""

    def decode(threads: int, patience_s: float) -> None:
        _compute(context, [token], threads, patience_s=patience_s)

    for threads, seconds in time_threads(decode, candidates, keep_going).items():
        steps.note(threads, seconds)
    if not keep_going():
        raise Stopped
    steps.settle()


def _compute(context: Context, tokens: list[int], threads: int, *, patience_s: float = math.inf) -> None:
    """Decode one token in each of several sequences and forget them.  A decode slower than `patience_s` is aborted."""
    context.clear()
    for sequence, token in enumerate(tokens):
        context.add(token, 0, sequence)
    code = context.decode(threads, patience_s)
    for sequence in range(len(tokens)):
        context.forget(sequence)
    if code not in (DECODED, ABORTED):
        raise KnownError("model.damaged", reason=f"llama.cpp gives error {code}")


def _compute_size(context: Context, token: int, size: int, threads: int) -> None:
    """Decode one token in each of `size` sequences, or a slice of one where there are not so many."""
    if size <= min(MOST_SEQUENCES, context.max_sequences):
        _compute(context, [token] * size, threads)
        return
    context.clear()
    context.add_slice([token] * size, 0, 0, needs_last=True)
    code = context.decode(threads)
    context.forget(0)
    if code not in (DECODED, ABORTED):
        raise KnownError("model.damaged", reason=f"llama.cpp gives error {code}")


def _info(
    handle: str,
    plan: _Plan,
    weights: WeightFile,
    chat_format: ChatFormat,
    scheduler: Scheduler,
    curve: Curve,
    memory: MemoryParts,
    is_sane: bool | None,
) -> LoadedModel:
    header = weights.header
    return LoadedModel(
        handle=handle,
        name=header.name,
        architecture=header.architecture,
        context_tokens=plan.context_tokens,
        train_context_tokens=weights.train_context,
        pool_tokens=scheduler.cells,
        sequences=scheduler.most,
        has_chat_template=chat_format.has_chat_template,
        template=chat_format.source,
        template_problem=chat_format.problem,
        memory=replace(
            memory,
            weights=memory.weights or weights.size_bytes,
            compute=memory.compute + program_bytes(header),
        ),
        cost_curve=curve,
        sampling_defaults=header.sampling,
        sliding_window=weights.sliding_window,
        behaves=is_sane,
    )
