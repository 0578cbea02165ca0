"""Loads a model: plans its memory, tests whether it computes at all, and measures its cost curve."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record, changed
from slmdesk.base.types import LoadedModel, LoadSpec, MemoryParts, Offload
from slmdesk.engine.llama.adapters import Adapters
from slmdesk.engine.llama.attention import DEPTH, is_plain_faster
from slmdesk.engine.llama.context import ABORTED, DECODED, Context, state_version
from slmdesk.engine.llama.curve import CostCurve, Curve, measure_curve
from slmdesk.engine.llama.devices import best_card
from slmdesk.engine.llama.library import Library, lacks_memory
from slmdesk.engine.llama.memory import give_back_freed, parts_from_log
from slmdesk.engine.llama.model import LoadProgress, WeightFile, open_weights
from slmdesk.engine.llama.plan import Plan, plan_load
from slmdesk.engine.llama.plausibility import behaves
from slmdesk.engine.llama.pool import Pool
from slmdesk.engine.llama.sampler import refuse_strange_logits
from slmdesk.engine.llama.scheduler import Scheduler
from slmdesk.engine.llama.templates import ChatFormat, TryTemplate
from slmdesk.engine.llama.thinking import ThoughtTokens
from slmdesk.engine.llama.threads import ThreadChooser, thread_candidates, time_threads, usable_cores
from slmdesk.engine.llama.ticking import ticking
from slmdesk.engine.llama.vocabulary import Vocabulary
from slmdesk.gguf.memory import MOST_SEQUENCES, program_bytes
from slmdesk.gguf.read import GgufHeader

log = logging.getLogger(__name__)

_MAY_BE_THE_CARD = ("model.out_of_memory", "model.damaged")
"""Failures of a load that may have another end without the card."""
PLAIN_CROWD_CELLS = 1536
"""See Admission: without flash attention."""
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
        info: LoadedModel,
    ) -> None:
        self.weights = weights
        self.vocabulary = vocabulary
        self.chat_format = chat_format
        self.thoughts = ThoughtTokens.of(chat_format.marks, vocabulary) if chat_format.marks else None
        self.scheduler = scheduler
        self.adapters = adapters
        self.info = info
        self.rendering = threading.Lock()
        """Held while the chat format is used: it is made for one thread at a time."""
        self.state_version = state_version(weights.library, info.offload, flash=info.flash)
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
    on_card: Callable[[str], None] = lambda _name: None,
    try_template: TryTemplate | None = None,
) -> Loaded:
    """Load a model.  Blocks; any thread, one load at a time (the library's log is read).

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
        if _offload_of(plan, self.header) != spec.measured_on:
            spec = changed(spec, cost_curve=(), behaves=None, flash=None)
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
        weights = parts_from_log(line.text for line in self.library.log.since(mark)).weights
        flash = self._uses_flash(candidates[-1], abort)
        mark = self.library.log.mark()
        context = self._open_context(abort, candidates[0], cells=plan.cells, places=plan.places, flash=flash)
        try:
            parts = parts_from_log(line.text for line in self.library.log.since(mark))
            memory = changed(parts, weights=parts.weights or weights)
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
            info=_info(
                self.handle, plan, self.weights, self.chat_format, scheduler, curve, memory, is_sane, flash=flash
            ),
        )

    def _open_context(self, abort: _Abort, threads: int, *, cells: int, places: int, flash: bool) -> Context:
        return Context(
            self.library,
            self.weights.pointer,
            cells=cells,
            max_sequences=places,
            batch_tokens=self.weights.batch_tokens,
            threads=threads,
            should_abort=abort,
            flash=flash,
        )

    def _uses_flash(self, threads: int, abort: _Abort) -> bool:
        """Whether flash attention is used: as was found out before, else by a trial.

        Always with a card, and where the other kind takes other memory: a window, or heads that differ by layer.
        """
        weights = self.weights
        differ = weights.keeps_state or weights.sliding_window > 0 or len(set(weights.header.kv_heads)) > 1
        if self.plan.placement.layers or differ or self.spec.flash is not None:
            return bool(self.plan.placement.layers or differ) or self.spec.flash is not False
        keep_going = partial(self.on_progress, _READ_SHARE)
        is_plain = is_plain_faster(
            lambda flash: self._open_context(abort, threads, cells=2 * DEPTH, places=1, flash=flash),
            max(self.vocabulary.bos, 0),
            keep_going,
        )
        give_back_freed()
        return not is_plain

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
            can_draft=not self.weights.keeps_state and self.weights.sliding_window <= 0,
            crowd_cells=None if context.flash else PLAIN_CROWD_CELLS,
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
        raise KnownError("model.damaged", reason=f"llama.cpp gives error {code}")


def _compute_size(context: Context, token: int, size: int, threads: int) -> None:
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
    plan: Plan,
    weights: WeightFile,
    chat_format: ChatFormat,
    scheduler: Scheduler,
    curve: Curve,
    memory: MemoryParts,
    is_sane: bool | None,
    *,
    flash: bool,
) -> LoadedModel:
    header = weights.header
    return LoadedModel(
        handle=handle,
        name=header.name,
        architecture=header.architecture,
        context_tokens=plan.context_tokens,
        pool_tokens=scheduler.cells,
        sequences=scheduler.most,
        has_chat_template=chat_format.has_chat_template,
        template=chat_format.source,
        template_problem=chat_format.problem,
        memory=changed(
            memory,
            weights=memory.weights or weights.size_bytes,
            compute=memory.compute + program_bytes(header),
        ),
        cost_curve=curve,
        sampling_defaults=header.sampling,
        sliding_window=weights.sliding_window,
        behaves=is_sane,
        offload=_offload_of(plan, header),
        thinking=chat_format.thinking,
        flash=flash,
    )


def _offload_of(plan: Plan, header: GgufHeader) -> Offload | None:
    card, layers = plan.placement.card, plan.placement.layers
    return Offload(card.device.name, layers, header.layers + 1) if card and layers else None
