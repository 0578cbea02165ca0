"""Opens a model file, plans its memory, loads it, and tests whether it computes at all."""

from __future__ import annotations

import ctypes
import logging
import math
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _
from slmdesk.base.threads import ticking, usable_cores
from slmdesk.base.types import LoadedModel, LoadSpec, MemoryParts
from slmdesk.base.untrusted import clean_label
from slmdesk.children.engine.llama.cards import ON_PROCESSOR, Card, Placement, best_card, layers_on, offload_of
from slmdesk.children.engine.llama.context import (
    ABORTED,
    DECODED,
    Adapters,
    Context,
    CostCurve,
    Curve,
    behaves,
    measure_curve,
    open_context,
    state_version,
)
from slmdesk.children.engine.llama.library import (
    Library,
    LibraryLog,
    ThreadChooser,
    compute_from_log,
    free_memory,
    give_back_freed,
    lacks_memory,
    parts_from_log,
    thread_candidates,
    time_threads,
)
from slmdesk.children.engine.llama.sampler import refuse_strange
from slmdesk.children.engine.llama.scheduler import Scheduler
from slmdesk.children.engine.llama.sight import Projector
from slmdesk.children.engine.llama.slots import Slots
from slmdesk.children.engine.llama.templates import ChatFormat, TryTemplate
from slmdesk.children.engine.llama.thinking import NO_THOUGHTS, ThoughtTokens
from slmdesk.children.engine.llama.vocabulary import Vocabulary
from slmdesk.models.gguf.header import GgufHeader, family_of, recommended_sampling
from slmdesk.models.gguf.memory import (
    KEPT_SEQUENCES,
    MOST_SEQUENCES,
    STATEFUL_SEQUENCES,
    choose_pool,
    estimate,
    program_bytes,
)
from slmdesk.models.gguf.projectors import check_projector, sight_bytes, tokens_at_once
from slmdesk.models.gguf.read import check_file, check_tokenizer, require_chat_model

log = logging.getLogger(__name__)

_MAY_BE_THE_CARD = ("model.out_of_memory", "model.damaged")
"""Failures of a load that may have another end without the card."""
_READ_SHARE = 0.9


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
        open_projector: Callable[[], Projector] | None,
        info: LoadedModel,
    ) -> None:
        self.weights = weights
        self.vocabulary = vocabulary
        self.chat_format = chat_format
        self.thoughts = ThoughtTokens.of(chat_format.marks, vocabulary) if chat_format.marks else NO_THOUGHTS
        self.scheduler = scheduler
        self.adapters = adapters
        self.info = info
        self.rendering = threading.Lock()
        """Held while the chat format is used: it is not made for two threads together."""
        self.state_version = state_version(weights.library, info.offload)
        self._context = context
        self._open_projector = open_projector
        self.projector: Projector | None = None
        self._opening = threading.Lock()
        self._users = 0
        self._closed = False
        self._changed = threading.Condition()

    @contextmanager
    def use(self) -> Iterator[None]:
        """Keep the weights and vocabulary from being freed during the block. Raises KnownError `model.not_loaded`."""
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

    def opened_projector(self) -> Projector:
        """What reads the pictures of prompts, opened at the first.  Any thread.

        Raises KnownError `projector.…`, `model.blind`.
        """
        with self._opening:
            if self._open_projector is None:
                raise KnownError("model.blind", name=_("This model"))
            self.projector = self.projector or self._open_projector()
            return self.projector

    def close(self) -> None:
        """End all requests with `model.not_loaded` and free everything.  On the engine thread; waits for users."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._users == 0)
        self.scheduler.end_all("model.not_loaded")
        self._context.close()
        self.adapters.close()
        if self.projector:
            self.projector.close()
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
    on_card: Callable[[str], None] = lambda _name: None,
    try_template: TryTemplate | None = None,
) -> Loaded:
    """Load a model.  Blocks; any thread, loads in turn (the library's log is read).

    As many layers go onto a graphics card as its free memory holds.  Where the card then refuses, half as many are
    tried, and at last none; where it computes nonsense, none.  `on_card` is told the card's name before it is touched,
    and "" when it is done without.  `on_work` is called while it computes.  Raises Stopped, KnownError of the family
    `model.`.
    """
    card = best_card() if spec.use_card else None
    most = header.layers + 1
    while True:
        on_card(card.device.name if card else "")
        on_work()
        mark, plan = library.log.mark(), None
        loading = _Load(library, spec, header, handle, on_progress, on_work, try_template)
        try:
            plan = plan_load(library, spec, header, on_work, card, most)
            if card and not plan.placement.layers:  # no room there: what happens from here on is not the card's doing
                on_card("")
            loaded = loading.run(plan)
            if not plan.placement.layers or loaded.info.behaves is not False or spec.behaves is False:
                return loaded
            loaded.close()
            most = 0
        except KnownError as err:
            if card is None or err.code not in _MAY_BE_THE_CARD:
                raise
            is_full = plan is not None and lacks_memory(library.log.errors_since(mark))
            most = plan.placement.layers // 2 if plan and is_full else 0
        log.warning("%s: a load on the graphics card failed; next with %d layers there", spec.path, most)
        card = card if most else None


class _Load(Record):
    library: Library
    spec: LoadSpec
    header: GgufHeader
    handle: str
    on_progress: LoadProgress
    on_work: Callable[[], None]
    try_template: TryTemplate | None

    def run(self, plan: Plan) -> Loaded:
        """Raises as `load_model`."""
        library, spec = self.library, self.spec
        if offload_of(plan.placement, self.header) != spec.measured_on:
            spec = changed(spec, cost_curve=(), behaves=None)
        mark = library.log.mark()
        weights = open_weights(
            library, spec.path, self.header, lambda done: self.on_progress(done * _READ_SHARE), plan.placement
        )
        try:
            self.on_work()
            vocabulary = Vocabulary(weights.vocab)
            self.on_work()
            with ticking(self.on_work):  # the trial has limits of its own, longer than the heartbeat's
                chat_format = _chat_format(library, spec, weights, vocabulary, self.try_template)
            making = _PartialModel(
                library, spec, self.handle, plan, weights, vocabulary, chat_format, self.on_progress, self.on_work
            )
            return making.loaded(mark)
        except BaseException:
            weights.close()
            raise


class _PartialModel(Record):
    """A model whose weights are loaded and that has no context yet."""

    library: Library
    spec: LoadSpec
    handle: str
    plan: Plan
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
        context = self._open_context(abort, candidates[0], cells=plan.cells, places=plan.places)
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
            open_projector=self._projector if spec.projector else None,
            info=_info(self.handle, plan, self.weights, self.chat_format, scheduler, curve, memory, is_sane),
        )

    def _projector(self) -> Projector:
        weights, needed, free = self.weights, self.plan.sight_bytes, free_memory()
        if needed > free and not self.spec.anyway:
            raise KnownError("model.out_of_memory", needed_bytes=needed, available_bytes=free)
        with ticking(self.on_work):
            return Projector(self.library, self.spec.projector, weights.header, weights.pointer, self.on_work)

    def _open_context(self, abort: _Abort, threads: int, *, cells: int, places: int) -> Context:
        return Context(
            self.library,
            self.weights.pointer,
            cells=cells,
            max_sequences=places,
            batch_tokens=self.weights.batch_tokens,
            threads=threads,
            should_abort=abort,
            least_batch=self.plan.least_batch,
        )

    def _scheduler(
        self, context: Context, adapters: Adapters, curve: Curve, steps: ThreadChooser, candidates: tuple[int, ...]
    ) -> Scheduler:
        return Scheduler(
            context,
            Slots(context, sliding_window=self.weights.sliding_window, keeps_state=self.weights.keeps_state),
            sequences=self.plan.sequences,
            adapters=adapters,
            curve=CostCurve(curve),
            step_threads=steps,
            read_threads=ThreadChooser(candidates, first_gap=4, hint=steps),
            can_redo=not self.weights.keeps_state,
            can_draft=not self.weights.keeps_state and self.weights.sliding_window <= 0,
        )


class _Abort:
    """The abort callback: called while a prompt is computed, so that it also shows that work is being done."""

    def __init__(self, on_work: Callable[[], None]) -> None:
        self.scheduler: Scheduler | None = None
        self._on_work = on_work

    def __call__(self) -> bool:
        self._on_work()
        return self.scheduler is not None and self.scheduler.should_abort()


def _chat_format(
    library: Library, spec: LoadSpec, weights: WeightFile, vocabulary: Vocabulary, trial: TryTemplate | None
) -> ChatFormat:
    header = weights.header
    template = header.chat_template
    if template is None and header.template_bytes:  # too long to be kept with the header, but it identifies the family
        raw: bytes = library.api.llama_model_chat_template(weights.pointer, None) or b""
        template = raw.decode("utf-8", "replace")
    family = family_of(header)
    return ChatFormat.for_model(
        template=template,
        architecture=header.architecture,
        name=header.name,
        vocabulary=vocabulary,
        requested=spec.template or (family.format if family else "") or None,
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
    refuse_strange(context.logits(0))
    _try_threads(context, token, steps, candidates, keep_going)
    curve = spec.cost_curve
    if not curve:
        curve = measure_curve(
            lambda k: _compute(context, [token] * k, steps.best),
            keep_going=keep_going,
            most=min(context.max_sequences, context.cells),
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
    """Raises Stopped."""

    def decode(threads: int, patience_s: float) -> None:
        _compute(context, [token], threads, patience_s=patience_s)

    for threads, seconds in time_threads(decode, candidates, keep_going).items():
        steps.note(threads, seconds)
    if not keep_going():
        raise Stopped
    steps.settle()


def _compute(context: Context, tokens: list[int], threads: int, *, patience_s: float = math.inf) -> None:
    context.clear()
    for sequence, token in enumerate(tokens):
        context.add(token, 0, sequence)
    code = context.decode(threads, patience_s)
    for sequence in range(len(tokens)):
        context.forget(sequence)
    if code not in (DECODED, ABORTED):
        raise KnownError("model.damaged", reason=_("llama.cpp gives error {code}").format(code=code))


def _info(
    handle: str,
    plan: Plan,
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
        pool_tokens=plan.cells,
        sequences=plan.sequences,
        has_chat_template=chat_format.has_chat_template,
        template=chat_format.source,
        template_problem=chat_format.problem,
        memory=changed(
            memory,
            weights=memory.weights or weights.size_bytes,
            compute=memory.compute + program_bytes(header) + plan.sight_bytes,
        ),
        cost_curve=curve,
        sampling_defaults=recommended_sampling(header),
        sliding_window=weights.sliding_window,
        behaves=is_sane,
        offload=offload_of(plan.placement, header),
        thinking=chat_format.thinking,
    )


_UNKNOWN_ARCHITECTURE = re.compile(r"unknown model architecture: '([^']*)'")

LoadProgress = Callable[[float], bool]
"""Gets 0..1, returns False to cancel."""


class WeightFile:
    """The weights of a file in memory.  `pointer` is llama.cpp's model."""

    def __init__(self, library: Library, header: GgufHeader, pointer: int) -> None:
        api: Any = library.api
        self._api = api
        self.library = library
        self.header = header
        self.pointer = pointer
        self.vocab: int = api.llama_model_get_vocab(pointer)
        self.size_bytes: int = api.llama_model_size(pointer)
        self.parameters: int = api.llama_model_n_params(pointer)
        self.sliding_window: int = api.llama_model_n_swa(pointer)
        self.keeps_state: bool = api.llama_model_is_recurrent(pointer) or api.llama_model_is_hybrid(pointer)
        """Recurrent layers: a sequence's past is a single state that only a mark brings back."""

    @property
    def batch_tokens(self) -> int:
        """How many tokens of a prompt are computed at once: fewer for larger models, so that a step stays short.

        By size and not by speed: other slices round differently, and the same seed must give the same text.
        """
        if self.parameters < 600_000_000:
            return 512
        return 256 if self.parameters < 2_000_000_000 else 128

    def close(self) -> None:
        """Free the weights; contexts that use them must be closed before."""
        if self.pointer:
            self._api.llama_model_free(self.pointer)
            self.pointer = 0


def check_model_file(path: str) -> GgufHeader:
    """The header of a file that is a chat model.  Raises KnownError of the family `model.`; loads nothing."""
    header = check_file(Path(path))
    require_chat_model(header)
    check_tokenizer(Path(path), header)
    return header


def open_weights(
    library: Library, path: str, header: GgufHeader, on_progress: LoadProgress, placement: Placement = ON_PROCESSOR
) -> WeightFile:
    """Read the weights.  Blocks; any thread.  Raises Stopped, KnownError of the family `model.`.

    Read into our own memory, not mapped: weights that are repacked for this processor are then held once instead of
    twice, and a file that is truncated or deleted later cannot end the process (SIGBUS).
    """
    stopped = False

    def progress(done: float, _data: object) -> bool:
        nonlocal stopped
        stopped = stopped or not on_progress(done)
        return not stopped

    api: Any = library.api
    params, devices = _params(library, placement)
    params.check_tensors = True
    callback = params.progress_callback = api.llama_progress_callback(progress)
    mark = library.log.mark()
    pointer = api.llama_model_load_from_file(path.encode("utf-8", "surrogateescape"), params)
    del callback, devices
    if stopped:
        if pointer:
            api.llama_model_free(pointer)
        raise Stopped
    if not pointer:
        raise _why_not(library.log, mark, header)
    return WeightFile(library, header, int(pointer))


def _params(library: Library, placement: Placement) -> tuple[Any, object]:
    """The library's parameters of a load, and what must live as long as they are used.

    The devices are always named: left to itself, the library takes every card there is and puts all layers there.
    """
    params: Any = library.api.llama_model_default_params()
    params.load_mode = library.api.LLAMA_LOAD_MODE_NONE
    devices = (ctypes.c_void_p * 2)(placement.card.pointer if placement.card else None, None)
    params.devices = ctypes.addressof(devices)
    params.n_gpu_layers = placement.layers
    return params, devices


class ModelOutline(Record):
    parts: MemoryParts
    keeps_state: bool
    batch_tokens: int
    card_compute: int = 0
    """Bytes of the buffers for computing on the card; `parts` includes them."""


def forecast_memory(
    library: Library,
    path: str,
    header: GgufHeader,
    *,
    cells: int,
    max_sequences: int,
    placement: Placement = ON_PROCESSOR,
    least_batch: int = 0,
) -> ModelOutline:
    """Predict the memory a model needs with a pool of `cells`, to the byte, reading no weights: 0.1 to 0.2 s.

    Raises KnownError of the family `model.`.
    """
    api: Any = library.api
    params, _devices = _params(library, placement)
    params.no_alloc = True
    mark = library.log.mark()
    pointer = api.llama_model_load_from_file(path.encode("utf-8", "surrogateescape"), params)
    if not pointer:
        raise _why_not(library.log, mark, header)
    weights = WeightFile(library, header, int(pointer))
    try:
        mark = library.log.mark()
        context = open_context(
            library,
            weights.pointer,
            cells=cells,
            max_sequences=max_sequences,
            batch_tokens=weights.batch_tokens,
            threads=1,
            least_batch=least_batch,
        )
        api.llama_free(context)
        lines = [line.text for line in library.log.since(mark)]
        on_card = compute_from_log(lines, placement.card.name) if placement.card else 0
        parts = parts_from_log(lines, weights=weights.size_bytes)
        return ModelOutline(parts, weights.keeps_state, weights.batch_tokens, on_card)
    finally:
        weights.close()


def _why_not(log_of_load: LibraryLog, mark: int, header: GgufHeader) -> KnownError:
    reasons = log_of_load.errors_since(mark)
    for reason in reasons:
        if match := _UNKNOWN_ARCHITECTURE.search(reason):
            return KnownError("model.unsupported", architecture=clean_label(match[1], 80))
    if lacks_memory(reasons):
        return KnownError("model.out_of_memory", needed_bytes=header.weight_bytes, available_bytes=0)
    return KnownError("model.damaged", reason=log_of_load.reason_since(mark, N_("the library gives no reason")))


_FAR_TOO_MUCH = 1.3
"""Times the free memory: above it, the formula's estimate is enough to refuse; below, the library's sizes count."""


def _projector_header(spec: LoadSpec, header: GgufHeader) -> GgufHeader | None:
    """None also for one that is unfit: the first picture is told so, and until then the model reads words."""
    with suppress(KnownError):
        return check_projector(Path(spec.projector), header) if spec.projector else None
    return None


class Plan(Record):
    context_tokens: int
    cells: int
    sequences: int
    places: int
    placement: Placement = ON_PROCESSOR
    least_batch: int = 0
    sight_bytes: int = 0


def plan_load(
    library: Library,
    spec: LoadSpec,
    header: GgufHeader,
    on_work: Callable[[], None],
    card: Card | None = None,
    most_layers: int = 0,
) -> Plan:
    """Choose the memory; at most `most_layers` go onto the `card`.

    Raises KnownError `model.out_of_memory` when the model does not fit beside other programs.  With `spec.anyway` it
    gets exactly what was requested: then the system decides, and ends this child first.
    """
    limit = max(1, min(spec.context_tokens, header.context_length or spec.context_tokens))
    sequences = spec.sequences or MOST_SEQUENCES
    places = sequences + KEPT_SEQUENCES
    asked = max(limit, spec.pool_tokens or limit)
    sees = _projector_header(spec, header)
    for_sight, at_once = (sight_bytes(sees), tokens_at_once(sees)) if sees else (0, 0)
    available = free_memory()
    card_bytes = card.device.free_bytes if card and not card.device.is_integrated else 0
    rough = estimate(header, context_tokens=asked)
    if (
        rough.total > _FAR_TOO_MUCH * (available + card_bytes) and not spec.anyway
    ):  # allocating a pool that large alone takes minutes
        raise KnownError("model.out_of_memory", needed_bytes=rough.total, available_bytes=available)
    whole = Placement(card, header.layers + 1) if card else ON_PROCESSOR
    forecast = partial(forecast_memory, library, spec.path, header, cells=asked, placement=whole, least_batch=at_once)
    sketch = forecast(max_sequences=places)
    on_work()
    if sketch.keeps_state and not spec.sequences:
        sequences, places = STATEFUL_SEQUENCES, 2 * STATEFUL_SEQUENCES
        sketch = forecast(max_sequences=places)
    wanted = Placement(card, most_layers)
    room = partial(
        layers_on, wanted, header, sequences=places, batch_tokens=sketch.batch_tokens, compute_bytes=sketch.card_compute
    )
    layers, on_card = room(cells=asked)
    in_pc = changed(sketch.parts, weights=sketch.parts.weights - (on_card if card_bytes else 0))
    if in_pc.total > available and not spec.anyway:
        raise KnownError("model.out_of_memory", needed_bytes=in_pc.total, available_bytes=available)
    cells = asked if spec.pool_tokens else choose_pool(limit, in_pc, max(in_pc.total, available - for_sight))
    if room(cells=cells)[0] < layers:
        cells = asked  # a second context is not worth layers that the processor would have to do
    placement = Placement(card, layers) if layers else ON_PROCESSOR
    return Plan(limit, cells, sequences, places, placement, at_once, for_sight)
