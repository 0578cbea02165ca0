"""A llama.cpp context and its batch, the model's LoRA adapters; what steps cost, and whether they make sense."""

from __future__ import annotations

import ctypes
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Offload
from slmdesk.base.untrusted import clean_label
from slmdesk.children.engine.llama.library import Library
from slmdesk.children.engine.llama.vocabulary import Vocabulary
from slmdesk.models.gguf.header import GgufHeader, misfit, require_adapter
from slmdesk.models.gguf.read import check_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECODED, NO_SPACE, ABORTED, NO_MEMORY = 0, 1, 2, -2
"""What `decode` returns; others below zero are errors of the library."""
LEAST_SLICE = 16
_SLOW_S = 0.03
"""Seconds of a batch: after a slower one, the next is watched, however small; that costs at most a thirtieth."""


class Context:
    """Cells shared by all sequences ("the pool").  Belongs to the engine thread; while loading to the loader's."""

    def __init__(
        self,
        library: Library,
        model: int,
        *,
        cells: int,
        max_sequences: int,
        batch_tokens: int,
        threads: int,
        should_abort: Callable[[], bool],
        least_batch: int = 0,
    ) -> None:
        """`should_abort` is called while a slice or a slow batch is computed.  `least_batch`: tokens that the library
        must be able to take at once, for pictures.

        Raises KnownError when the library refuses.
        """
        api: Any = library.api
        self._api = api
        self.pointer: int = open_context(
            library,
            model,
            cells=cells,
            max_sequences=max_sequences,
            batch_tokens=batch_tokens,
            threads=threads,
            least_batch=least_batch,
        )
        self.batch_tokens = batch_tokens
        self.max_sequences = max_sequences
        self.cells: int = api.llama_n_ctx(self.pointer)
        self._memory = api.llama_get_memory(self.pointer)
        self.n_vocab: int = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
        self._threads = threads
        self._make_batch()
        # The same C function with a plain address as its result: half the time of a typed pointer.
        address_of = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32)
        self._logits_address = address_of(("llama_get_logits_ith", api._lib))
        self._views: dict[int, NDArray[np.float32]] = {}
        self._deadline = math.inf
        # Kept here: if it were garbage-collected, the library's next call would crash the process.
        self._on_abort = api.ggml_abort_callback(lambda _data: should_abort() or time.perf_counter() > self._deadline)
        self._no_abort = api.ggml_abort_callback()
        self._watched = False
        self._slow = True  # until a step was timed

    def close(self) -> None:
        if self.pointer:
            self._api.llama_free(self.pointer)
            self.pointer = 0

    # ---- the batch

    def clear(self) -> None:
        """Begin a new batch."""
        self._batch.n_tokens = 0

    def add(self, token: int, position: int, sequence: int) -> int:
        """Add a token whose logits are needed.  Returns its index for `logits`."""
        at: int = self._batch.n_tokens
        self._tokens[at] = token
        self._positions[at] = position
        self._sequences[at] = self._sequence_addresses[sequence]
        self._requested[at] = 1
        self._batch.n_tokens = at + 1
        return at

    def add_slice(self, tokens: Sequence[int], position: int, sequence: int, *, needs_last: bool) -> int:
        """Add several tokens of a prompt, the first at `position`.  Returns the index of the last."""
        start: int = self._batch.n_tokens
        end = start + len(tokens)
        self._tokens[start:end] = tokens
        self._positions[start:end] = range(position, position + len(tokens))
        self._sequences[start:end] = self._sequence_addresses[sequence]
        self._requested[start:end] = 0
        self._requested[end - 1] = needs_last
        self._batch.n_tokens = end
        return end - 1

    @property
    def most_logits(self) -> int:
        return min(self.max_sequences, int(self._api.llama_n_batch(self.pointer)))

    @property
    def size(self) -> int:
        return int(self._batch.n_tokens)

    def decode(self, threads: int, patience_s: float = math.inf) -> int:
        """Compute the batch: DECODED, NO_SPACE, ABORTED or an error below zero.

        `patience_s`: where batches are slow, a batch that takes longer is aborted.
        """
        self._use_threads(threads)
        self._watch(self.size >= LEAST_SLICE or self._slow)
        started = time.perf_counter()
        self._deadline = started + patience_s
        code = int(self._api.llama_decode(self.pointer, self._batch))
        self._slow = time.perf_counter() - started > _SLOW_S
        return code

    def decode_by(self, decode: Callable[[int], int], threads: int) -> int:
        """Have something else decode a batch of its own, by the pointer of this context.  Returns as `decode`."""
        self._use_threads(threads)
        self._watch(True)
        self._deadline = math.inf
        return decode(self.pointer)

    def _use_threads(self, threads: int) -> None:
        if threads != self._threads:
            self._api.llama_set_n_threads(self.pointer, threads, threads)
            self._threads = threads

    def logits(self, index: int) -> NDArray[np.float32]:
        """The logits after the token at `index` of the batch: a view that the next decode changes."""
        address = self._logits_address(self.pointer, index)
        if not address:
            raise KnownError("model.damaged", reason=_("no logits"))
        view = self._views.get(address)
        if view is None:
            row = (ctypes.c_float * self.n_vocab).from_address(address)
            view = self._views[address] = np.ctypeslib.as_array(row)
        return view

    def _watch(self, watched: bool) -> None:
        """Set whether the next batch may be aborted, and shows that work is being done.

        Being called before each of a graph's operations costs a millisecond: used for slices of a prompt and where a
        step is slow, as on a busy PC, not for every step.
        """
        if watched != self._watched:
            callback = self._on_abort if watched else self._no_abort
            self._api.llama_set_abort_callback(self.pointer, callback, None)
            self._watched = watched

    # ---- the memory of sequences

    def copy(self, source: int, target: int) -> None:
        """Let `target`, which must be empty, share all cells of `source`."""
        self._api.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def cut(self, sequence: int, length: int) -> bool:
        """Remove the cells from position `length` on.  False where the model cannot: then nothing is changed."""
        return bool(self._api.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def forget(self, sequence: int) -> None:
        self._api.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def first_position(self, sequence: int) -> int:
        """The smallest position still in memory (a sliding window drops the first ones); -1: none."""
        return int(self._api.llama_memory_seq_pos_min(self._memory, sequence))

    def last_position(self, sequence: int) -> int:
        """The largest position in memory; -1: none."""
        return int(self._api.llama_memory_seq_pos_max(self._memory, sequence))

    def state_size(self, sequence: int, *, partial: bool = False) -> int:
        return int(self._api.llama_state_seq_get_size_ext(self.pointer, sequence, int(partial)))

    def state(self, sequence: int, *, partial: bool = False) -> memoryview | None:
        """A copy of all cells of a sequence; None where the library returns none.

        `partial`: only what `cut` cannot bring back: recurrent states, and the cells of a sliding window.
        """
        data = np.empty(self.state_size(sequence, partial=partial), dtype=np.uint8)
        get = self._api.llama_state_seq_get_data_ext
        written = int(get(self.pointer, _bytes_of(data), data.size, sequence, int(partial)))
        return data[:written].data if written else None

    def put_state(self, sequence: int, data: bytes | memoryview, *, partial: bool = False) -> bool:
        """Fill an empty sequence with cells that `state` returned.  False: the library refuses them.

        `partial`: replace that part of a sequence's cells.  Other data may end the process: it must have been verified.
        """
        raw = np.frombuffer(data, dtype=np.uint8)
        put = self._api.llama_state_seq_set_data_ext
        taken = int(put(self.pointer, _bytes_of(raw), raw.size, sequence, int(partial)))
        return 0 < taken == raw.size

    @property
    def has_memory(self) -> bool:
        return bool(self._memory)

    def _make_batch(self) -> None:
        n = self.batch_tokens
        self._tokens = np.zeros(n, dtype=np.int32)
        self._positions = np.zeros(n, dtype=np.int32)
        self._counts = np.ones(n, dtype=np.int32)
        self._requested = np.zeros(n, dtype=np.int8)
        self._sequences = np.zeros(n, dtype=np.uintp)
        self._sequence_ids = np.arange(self.max_sequences, dtype=np.int32)
        base = self._sequence_ids.ctypes.data
        self._sequence_addresses = [base + 4 * i for i in range(self.max_sequences)]
        self._sequences[:] = base
        self._batch = self._api.llama_batch()
        for name, array in (
            ("token", self._tokens), ("pos", self._positions), ("n_seq_id", self._counts),
            ("seq_id", self._sequences), ("logits", self._requested),
        ):  # fmt: skip
            kind = dict(self._api.llama_batch._fields_)[name]
            setattr(self._batch, name, ctypes.cast(array.ctypes.data, kind))
        self._batch.n_tokens = 0


def state_version(library: Library, offload: Offload | None = None) -> str:
    """Identifies everything a state depends on besides the model and its tokens: the library, the card that computed
    it, and `open_context`.
    """
    api: Any = library.api
    package = version("llama-cpp-python")
    return f"llama-cpp-python {package}, states {api.LLAMA_STATE_SEQ_VERSION}, cells f16, window cut, no adapter" + (
        f", on {offload.device}" if offload else ""
    )


def _bytes_of(array: NDArray[np.uint8]) -> object:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


def open_context(
    library: Library,
    model: int,
    *,
    cells: int,
    max_sequences: int,
    batch_tokens: int,
    threads: int,
    least_batch: int = 0,
) -> int:
    """Create llama.cpp's context with the settings of this program.  Raises KnownError `model.damaged`."""
    api: Any = library.api
    params = api.llama_context_default_params()
    params.n_ctx = cells
    params.n_batch = params.n_ubatch = max(batch_tokens, least_batch)
    params.n_seq_max = max_sequences
    params.n_outputs_max = max_sequences  # else logits of a whole batch are allocated: 80 MB and more
    params.n_threads = params.n_threads_batch = threads
    params.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_AUTO
    params.no_perf = True
    params.kv_unified = True
    params.swa_full = False
    mark = library.log.mark()
    pointer = api.llama_init_from_model(model, params)
    if not pointer:
        raise KnownError("model.damaged", reason=library.log.reason_since(mark, _("no context")))
    return int(pointer)


MOST_OPEN = 8
"""Kept open beside a model; each is some megabytes.  The adapter opened longest ago goes first."""
_ABOUT_ADAPTERS = re.compile(r"lora|adapter", re.IGNORECASE)
_WHY = {
    "model.missing": N_("its file is not there"),
    "model.unreadable": N_("its file cannot be read"),
    "model.not_gguf": N_("its file is no GGUF file"),
    "model.incomplete": N_("its file is incomplete"),
    "model.wrong_kind": N_("it is no adapter"),
    "model.unsupported": N_("it is of a kind that is not supported"),
}


class Adapter(Record):
    """A loaded adapter at a strength.  Cells computed with an adapter cannot be used with another."""

    number: int = 0
    """Counts the openings, because an address may be reused; 0: the model as it is."""
    scale: float = 0.0
    name: str = ""


NO_ADAPTER = Adapter()
_numbers = count(1)


class AdapterFile(Record):
    path: Path
    identity: tuple[str, int, int]
    """Differs when the file has changed."""
    name: str


def check_adapter(path: Path, base: GgufHeader) -> AdapterFile:
    """Check that the file can be used with a model, before anything of it is loaded.  Any thread.

    Raises KnownError `adapter.unusable`, `adapter.other_model`.
    """
    name = clean_label(path.stem, 120)
    try:
        header = check_file(path)
        name = header.name or name
        require_adapter(header)
        reason = misfit(base, header)
        info = path.stat()
    except KnownError as err:
        said = str(err.args_for_people.get("reason", "")) or N_("it is damaged")
        raise KnownError("adapter.unusable", adapter=name, reason=_WHY.get(err.code, said)) from err
    except OSError as err:
        raise KnownError("adapter.unusable", adapter=name, reason=_WHY["model.unreadable"]) from err
    if reason:
        raise KnownError("adapter.other_model", adapter=name, model=base.name, reason=reason)
    return AdapterFile(path, (str(path), info.st_size, info.st_mtime_ns), name)


class Adapters:
    """The loaded adapters of a model.  Engine thread: llama.cpp reads all of them when it builds a graph."""

    def __init__(self, library: Library, model: int) -> None:
        api: Any = library.api
        self._api, self._log, self._model = api, library.log, model
        self.opened: dict[int, tuple[tuple[str, int, int], Any]] = {}
        self._set = NO_ADAPTER

    def number_of(self, file: AdapterFile) -> int:
        """The number of a loaded adapter; 0: it is not loaded.  Any thread."""
        return next((number for number, (identity, _at) in [*self.opened.items()] if identity == file.identity), 0)

    def open(self, file: AdapterFile) -> int:
        """The number of an adapter, loaded if needed.  Raises KnownError `adapter.unusable`."""
        if known := self.number_of(file):
            return known
        for old in [at for at in self.opened if at != self._set.number][: len(self.opened) - MOST_OPEN + 1]:
            self._api.llama_adapter_lora_free(self.opened.pop(old)[1])
        mark = self._log.mark()
        pointer = self._api.llama_adapter_lora_init(self._model, str(file.path).encode("utf-8", "surrogateescape"))
        if not pointer:
            said = [line for line in self._log.errors_since(mark) if _ABOUT_ADAPTERS.search(line)]
            reason = clean_label(said[0], 200) if said else N_("it is damaged")
            raise KnownError("adapter.unusable", adapter=file.name, reason=reason)
        number = next(_numbers)
        self.opened[number] = (file.identity, pointer)
        return number

    def put_on(self, context: int, adapter: Adapter) -> bool:
        """Use this adapter for the next batches of a context.  False: it was closed since."""
        if adapter == self._set:
            return True
        if adapter.number == 0:
            self._api.llama_set_adapters_lora(context, None, 0, None)
        elif adapter.number not in self.opened:
            return False
        else:
            adapters = (self._api.llama_adapter_lora_p_ctypes * 1)(self.opened[adapter.number][1])
            if self._api.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(adapter.scale)):
                return False
        self._set = adapter
        return True

    def close(self) -> None:
        """Free all adapters; their context must be closed before."""
        for _identity, pointer in self.opened.values():
            self._api.llama_adapter_lora_free(pointer)
        self.opened.clear()


# The cost of decoding several tokens together relative to a single token, measured at a model's first load. A small
# model may compute a few together slower than in turn (2.4 times the cost for two), so by this curve it is decided
# whether drafts pay, and steps of several answers are compared. So many tokens cost about the same whether they belong
# to a single sequence or to as many.


GROUPS = (1, 2, 4, 8, 16)
_BUDGET_S = 3.0
_ROUNDS = 3
_SENSELESS = 1e4

Curve = tuple[tuple[int, float], ...]


class CostCurve:
    """Cost of k tokens in a decode, relative to a single token; linear between the measured points."""

    def __init__(self, points: Sequence[tuple[int, float]]) -> None:
        """`points`: (tokens, cost relative to a single token); where they make no sensible curve, k tokens cost k."""
        sane = sorted({int(k): float(cost) for k, cost in points if k >= 1 and 0 < cost < _SENSELESS}.items())
        known = dict(sane if sane and sane[0][0] == 1 else [(1, 1.0)])
        self._sizes, self._costs = [*known], [*known.values()]

    def cost(self, k: int) -> float:
        """Cost of `k` tokens; proportional beyond the last point."""
        between = float(np.interp(k, self._sizes, self._costs))
        return between * max(1.0, k / self._sizes[-1])


def measure_curve(
    decode: Callable[[int], None],
    *,
    keep_going: Callable[[], bool],
    most: int = GROUPS[-1],
    clock: Callable[[], float] = time.perf_counter,
) -> Curve:
    """Time `decode(k)` for each of GROUPS up to `most` in several rounds, where the fastest counts.

    Takes at most about 3 s: sizes that would not fit into that time are left out.  `keep_going` is called before each
    decode; when it returns False, the curve measured so far is returned.
    """
    fastest: dict[int, float] = {}
    end = clock() + _BUDGET_S
    for _round in range(_ROUNDS):
        before = 1
        for k in GROUPS:
            expected = fastest.get(k, k / before * fastest.get(before, 0.0))
            if k > most or not keep_going() or (1 in fastest and clock() + expected > end):
                break
            started = clock()
            decode(k)
            took = clock() - started
            fastest[k] = min(took, fastest.get(k, took))
            before = k
    if not fastest:
        return ()
    single = max(fastest[1], 1e-9)
    return tuple((k, round(max(fastest[k] / single, 0.05), 3)) for k in sorted(fastest))


# A short test of a model just loaded: does it predict plain sentences, or is it noise? Damage that neither header nor
# checksum shows (weights shifted or zeroed, merges in another order) leaves a model that loads and writes garbage.
# How well it predicts a sentence shows it: 0.5 to 1 bit for each byte of its own language for a working model however
# small, 3 to 8 for damaged ones.


_HOPELESS_BITS = 4.5
"""For a byte of English: about what guessing its letters costs, and more than it costs a model of another language."""
_FIRST = ("All human beings are born free and equal in dignity and rights.", 2.2)
OTHERS = (
    ("Once upon a time there was a little girl who lived in a house with her mother and father.", 2.2),
    ("def main():\n    for i in range(10):\n        print(i)\n", 2.0),
    ("Alle Menschen sind frei und gleich an Würde und Rechten geboren.", 1.3),
    ("Tous les êtres humains naissent libres et égaux en dignité et en droits.", 1.3),
    ("Todos los seres humanos nacen libres e iguales en dignidad y derechos.", 1.3),
    ("Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti.", 1.3),
    ("Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.", 1.3),
    ("人人生而自由，在尊严和权利上一律平等。", 1.2),
    ("すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。", 1.2),
    ("모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.", 1.2),
    ("Все люди рождаются свободными и равными в своем достоинстве и правах.", 0.9),
    ("يولد جميع الناس أحرارا متساوين في الكرامة والحقوق.", 0.9),
    ("सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।", 0.9),
)
"""Sentences that any model of their language has read, and the bits a byte up to which it is taken to know them.

The others are stricter: a working model knows some of them well.  Where a letter takes several bytes, a byte is easier
to predict.
"""


def behaves(context: Context, vocabulary: Vocabulary, threads: int, keep_going: Callable[[], bool]) -> bool | None:
    """Whether the model predicts any of the sentences; None where that could not be determined.

    The context is empty again afterwards.
    """
    for text, most_bits in (_FIRST, *OTHERS):
        if not keep_going():
            return None
        tokens = vocabulary.tokenize(text, special=False, after_text=False)
        if vocabulary.pieces_of(tokens).strip() != text.strip().encode():
            continue  # a tokenizer that does not return what it was given, or lacks these letters
        tokens = [*vocabulary.start, *tokens]
        if len(tokens) > context.cells:
            return None
        try:
            rows = enumerate(log_probability_rows(context, tokens, threads), 1)
            bits = sum(-float(row[tokens[at]]) for at, row in rows) / math.log(2) / len(text.encode())
        except KnownError:
            bits = math.inf
        finally:
            context.forget(0)
        if bits <= most_bits:
            return True
        if text == _FIRST[0] and bits > _HOPELESS_BITS:  # merges in another order spoil what Latin letters write alone
            return False
    return False


def log_probability_rows(context: Context, tokens: Sequence[int], threads: int) -> Iterator[NDArray[np.float64]]:
    """The log-probabilities after each token of a text but the last one, in an empty context.

    Raises KnownError `model.damaged` where the library cannot compute them.
    """
    for begin in range(0, len(tokens) - 1, context.most_logits):
        piece = tokens[begin : min(begin + context.most_logits, len(tokens) - 1)]
        context.clear()
        for offset, token in enumerate(piece):
            context.add(token, begin + offset, 0)
        if context.decode(threads) != DECODED:
            raise KnownError("model.damaged", reason=_("it cannot compute a text"))
        for offset in range(len(piece)):
            logits = context.logits(offset).astype(np.float64)
            logits -= logits.max()
            yield logits - np.log(np.exp(logits).sum())
