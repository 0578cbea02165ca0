"""llama.cpp itself, and this PC under it: the library's load and log, graphics cards, threads, memory and its speed."""

from __future__ import annotations

import ctypes
import importlib
import math
import os
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.types import MemoryParts
from slmdesk.base.untrusted import clean_label

ENVIRONMENT = {"GGML_NO_BACKTRACE": "1"}
"""Read by the library once: without it a failed assertion starts a debugger in the child."""

MAX_LOG_LINES = 4000
MAX_LOG_LINE_CHARACTERS = 500
_NO_MEMORY = re.compile(r"failed to allocate|unable to allocate|out of memory|bad_alloc", re.IGNORECASE)
_LONGEST_REASON = 200
_GGML = {"win32": "ggml.dll", "darwin": "libggml.dylib"}
_VARIANT = "ggml-cpu-"
"""In the names of libraries for one kind of processor."""
_LEVEL_ERROR = 4
_LEVEL_CONTINUED = 5

_lock = threading.Lock()
_loaded: list[Library] = []  # at most one: a native library exists once in a process


class LogLine(Record):
    """A line of the library's log.  It may name files, never a user's text."""

    n: int
    """Counts all lines of this process, from 0."""
    level: int
    """1 debug, 2 information, 3 warning, 4 error."""
    text: str


class LibraryLog:
    """The last log lines of llama.cpp and ggml.  Written and read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[LogLine] = deque(maxlen=MAX_LOG_LINES)
        self._unfinished = ""
        self._level = 0
        self._count = 0

    def write(self, level: int, text: bytes) -> None:
        """Add what the library logs, which need not be a whole line."""
        with self._lock:
            if level != _LEVEL_CONTINUED:
                self._level = level
            *whole, rest = (self._unfinished + text.decode("utf-8", "replace")).split("\n")
            self._unfinished = rest[:MAX_LOG_LINE_CHARACTERS]
            for line in whole:
                self._lines.append(LogLine(self._count, self._level, line[:MAX_LOG_LINE_CHARACTERS]))
                self._count += 1

    def mark(self) -> int:
        """A position to read on from with `since`."""
        with self._lock:
            return self._count

    def since(self, mark: int) -> list[LogLine]:
        with self._lock:
            return [line for line in self._lines if line.n >= mark]

    def errors_since(self, mark: int) -> list[str]:
        """The texts of the error lines after `mark`, oldest first: the first names the cause."""
        return [line.text for line in self.since(mark) if line.level == _LEVEL_ERROR]

    def reason_since(self, mark: int, otherwise: str) -> str:
        """The first error after `mark`, for people; `otherwise` where the library gives none."""
        errors = self.errors_since(mark)
        return clean_label(errors[0], _LONGEST_REASON) if errors else otherwise


def lacks_memory(errors: Iterable[str]) -> bool:
    return any(map(_NO_MEMORY.search, errors))


class Library(Record):
    """The loaded library: `api` is the module llama_cpp.llama_cpp (untyped), `log` its log."""

    api: Any
    log: LibraryLog
    keep: tuple[object, ...]
    """Python's callbacks in the library: collected, the next call would crash the process."""


def load_library() -> Library:
    """Import llama_cpp and start its backend, once in a process.  Any thread; 0.1 s the first time.

    Raises KnownError `child.no_library`.
    """
    with _lock:
        if not _loaded:
            _loaded.append(_load())
        return _loaded[0]


def _load() -> Library:
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        api: Any = importlib.import_module("llama_cpp.llama_cpp")
    except (ImportError, OSError, RuntimeError) as err:  # the binding's own words for a file that cannot be loaded
        raise KnownError("child.no_library", reason=clean_label(str(err), _LONGEST_REASON)) from err
    log = LibraryLog()

    @api.llama_log_callback  # type: ignore[untyped-decorator]
    def on_log(level: int, text: bytes | None, _user_data: object) -> None:
        log.write(level, text or b"")

    api.llama_log_set(on_log, ctypes.c_void_p(0))
    _choose_libraries(api)
    api.llama_backend_init()
    return Library(api, log, (on_log,))


def ggml_of(api: Any) -> Any:
    """The library ggml beside the binding's llama: the one that llama uses.  Raises OSError."""
    return ctypes.CDLL(str(Path(api._base_path) / _GGML.get(sys.platform, "libggml.so")))


def _choose_libraries(api: Any) -> None:
    """Where each kind of processor and card has a library of its own, load those for this PC.  Raises KnownError."""
    folder = Path(api._base_path)
    if not any(folder.glob(f"*{_VARIANT}*")):
        return
    ggml = ggml_of(api)
    ggml.ggml_backend_load_all_from_path.argtypes = [ctypes.c_char_p]
    ggml.ggml_backend_load_all_from_path.restype = None
    ggml.ggml_backend_load_all_from_path(os.fsencode(folder))
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    if not ggml.ggml_backend_dev_count():
        raise KnownError("child.no_library", reason=clean_label(f"{folder}: {_VARIANT}", _LONGEST_REASON))


def processor_variant() -> str:
    """The kind of processor whose library was chosen ("haswell"); empty where there is one library only."""
    try:
        names = [Path(each.path).name.partition(_VARIANT)[2] for each in psutil.Process().memory_maps()]
    except (psutil.Error, OSError, AttributeError):  # psutil has no maps on macOS
        return ""
    return next((name.partition(".")[0] for name in names if name), "")


# Chooses the number of threads while running, since an office computer is never idle. With OpenMP's spinning barriers
# two threads fall to a quarter of one thread's speed as soon as another program uses a core, and no setting at start
# wins both cases; changing the number between two steps costs nothing.


_WEIGHT_OF_NEW = 0.25
_LONGEST_GAP = 256
_NEAR = 1.25
_HOPELESS = 4.0
"""Times the cost of the best: a try that takes longer is given up."""
_LEAST_PATIENCE_S = 0.5
_ROUNDS = 5
_TRY_S = 1.0
"""For timing numbers of threads at a load: a slow PC tries each once."""


def thread_candidates(cores: int) -> tuple[int, ...]:
    """The numbers of threads worth trying on `cores` cores, the largest first: all, half, one."""
    return tuple(sorted({cores, max(1, cores // 2), 1}, reverse=True))


def give_up_after(best_s: float) -> float:
    """Seconds a trial may take where the best known number of threads takes `best_s`.

    On a busy machine, with collapsed barriers, a step was seen to take more than ten seconds.
    """
    return max(_LEAST_PATIENCE_S, _HOPELESS * best_s)


def time_threads(
    decode: Callable[[int, float], None],
    candidates: Sequence[int],
    keep_going: Callable[[], bool],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[int, float]:
    """Seconds of `decode(threads, patience)` for each number of threads: the best of several rounds.

    One round decides nothing, since another program may have used the processor in it.  The fewest threads go first:
    they tolerate a busy machine, where more may collapse.  Ends early when `keep_going` returns False.
    """
    fastest: dict[int, float] = {}
    until = clock() + _TRY_S
    for n, threads in enumerate(sorted(candidates) * _ROUNDS):
        if not keep_going() or (n >= len(candidates) and clock() > until):
            break
        started = clock()
        decode(threads, give_up_after(min(fastest.values(), default=math.inf)))
        took = clock() - started
        fastest[threads] = min(took, fastest.get(threads, took))
    return fastest


class ThreadChooser:
    """Keeps a running cost for each number of threads, uses the cheapest and tries another now and then.

    Trials become rarer while they lose (`first_gap`, doubled up to 256 steps).  A chooser serves a kind of step; it
    lives as long as the model, so that costs are kept across turns.
    """

    def __init__(self, candidates: Sequence[int], *, first_gap: int = 16, hint: ThreadChooser | None = None) -> None:
        """`hint`: a chooser for cheaper steps; fewer threads than its best are not tried here.

        So a slice of a prompt is not read by one thread just to see, which takes twice as long: single steps gain less
        from many threads, so what is too few for them is too few here.  More threads than they need are always tried.
        """
        self._hint = hint
        self._candidates = tuple(candidates)
        self._costs: dict[int, float] = {}
        self._first_gap = self._gap = first_gap
        self._steps = 0
        self._due = 2
        self._probing: int | None = None
        self._turn = 0

    @property
    def most(self) -> int:
        return self._candidates[0]

    @property
    def best(self) -> int:
        """The cheapest number of threads seen so far; before anything is known, the largest that is good for `hint`."""
        if not self._costs:
            near = (n for n in self._candidates if self._hint is None or self._hint.is_near_best(n))
            return next(near, self._candidates[0])
        return min(self._costs, key=self._costs.__getitem__)

    def choose(self) -> int:
        self._steps += 1
        if self._steps < self._due:
            return self.best
        if self._probing is None:
            self._probing = self._next_other()
        if self._probing is None:
            self._due = self._steps + self._gap
            return self.best
        return self._probing

    def note(self, threads: int, cost: float) -> None:
        """Record that a step with `threads` cost `cost`: seconds for the same amount of work each time."""
        known = self._costs.get(threads)
        if threads != self._probing:
            self._costs[threads] = cost if known is None else known + _WEIGHT_OF_NEW * (cost - known)
            return
        before = self.best
        # A trial counts unsmoothed: its last figure may be an hour old.
        self._costs[threads] = cost
        won = threads == self.best and threads != before
        untried = bool({*self._others()} - self._costs.keys())
        self._gap = self._first_gap if won or untried else min(2 * self._gap, _LONGEST_GAP)
        self._due = self._steps + (2 if untried else self._gap)
        self._probing = None

    def settle(self) -> None:
        """Count all as tried just now, outside of `choose`: the next trial comes as late as after any other."""
        self._due = self._steps + self._gap

    def patience(self, threads: int, work: float = 1.0) -> float:
        """Seconds after which a step with `threads` may be aborted: never, unless it is a trial beside a known best.

        `work`: multiple of the amount of work that the costs are for.
        """
        if threads != self._probing:
            return math.inf
        return give_up_after(work * min(self._costs.values(), default=math.inf))

    def is_near_best(self, threads: int) -> bool:
        cost = self._costs.get(threads)
        return cost is not None and cost <= _NEAR * min(self._costs.values())

    def _others(self) -> list[int]:
        least = self._hint.best if self._hint else 0
        return [n for n in self._candidates if n != self.best and n >= least]

    def _next_other(self) -> int | None:
        """The others in turn, so that each has been tried before one is tried again."""
        others = self._others()
        if not others:
            return None
        threads = others[self._turn % len(others)]
        self._turn += 1
        return threads


# The memory a model really needs: the sizes llama.cpp logs while it allocates its buffers. No getter is bound for
# them, so the log is read. Loaded with `no_alloc` it logs the same sizes without reading a byte of weights, in 0.1 to
# 0.2 s.


_MIB = 1 << 20
_CACHE = re.compile(r"^llama_(?:kv_cache|memory_recurrent)\w*: size = +([\d.]+) MiB")
_COMPUTE = re.compile(r"(?:compute|output) buffer size = +([\d.]+) MiB")
_CARD_COMPUTE = re.compile(r"(\S+) +(?:compute|output) buffer size = +([\d.]+) MiB")
_WEIGHTS = re.compile(r"model buffer size = +([\d.]+) MiB")


def free_memory() -> int:
    """The bytes of memory that other programs leave free, without swapping."""
    return int(psutil.virtual_memory().available)


def total_memory() -> int:
    return int(psutil.virtual_memory().total)


def parts_from_log(lines: Iterable[str], *, weights: int | None = None) -> MemoryParts:
    """The sizes named in the log of a load and a context.  `weights`: bytes, where the log has none (no_alloc)."""
    cache = compute = buffers = 0.0
    for line in lines:
        if match := _CACHE.search(line):
            cache += float(match[1])
        elif match := _COMPUTE.search(line):
            compute += float(match[1])
        elif match := _WEIGHTS.search(line):
            buffers += float(match[1])
    return MemoryParts(
        weights=int(buffers * _MIB) if weights is None else weights,
        kv_cache=int(cache * _MIB),
        compute=int(compute * _MIB),
    )


def compute_from_log(lines: Iterable[str], card: str) -> int:
    sizes = [match for line in lines if (match := _CARD_COMPUTE.search(line)) and match[1].startswith(card)]
    return int(sum(float(siz[2]) for siz in sizes) * _MIB)


def give_back_freed() -> None:
    """Return freed memory to the system: glibc keeps blocks below 32 MiB, hundreds of megabytes of a model."""
    if sys.platform == "linux" and hasattr(c := ctypes.CDLL(None), "malloc_trim"):
        c.malloc_trim(0)


BUFFER_BYTES = 256 << 20
"""More than the caches of office PCs hold."""
_LEAST_BYTES = 32 << 20
_SHARE_OF_FREE = 0.1
_LEAST_ROUNDS = 3


def measure_bandwidth(threads: int, *, seconds: float, keep_going: Callable[[], bool]) -> float:
    """Bytes per second, from the fastest of the rounds within `seconds`, so that other programs matter little.

    0 when `keep_going` returns False before the first round is over.  Uses at most a tenth of the free memory.
    """
    size = int(min(BUFFER_BYTES, max(_LEAST_BYTES, psutil.virtual_memory().available * _SHARE_OF_FREE)))
    buffer = np.ones(size // 4, dtype=np.float32)  # ones: all pages of zeros would share a single page of memory
    parts = np.array_split(buffer, threads)
    best = 0.0
    end = time.perf_counter() + seconds
    rounds = 0
    while (rounds < _LEAST_ROUNDS or time.perf_counter() < end) and keep_going():
        best = max(best, buffer.nbytes / _read(parts))
        rounds += 1
    return best


def _read(parts: list[np.ndarray]) -> float:
    """Seconds to read each part once on a thread of its own; numpy lets the threads run in parallel."""
    others = [threading.Thread(target=part.max, name="reading", daemon=True) for part in parts[1:]]
    started = time.perf_counter()
    for thread in others:
        thread.start()
    parts[0].max()
    for thread in others:
        thread.join()
    return time.perf_counter() - started
