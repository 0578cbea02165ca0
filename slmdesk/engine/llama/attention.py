"""Finds out whether a model writes faster without llama.cpp's flash attention on this processor.

For one answer on a processor, flash attention is computed cell by cell and head by head, which costs a small model
more than its weights: of 135M, 26 ms a token behind 1,000 others, and 16 ms with plain attention, which reads prompts
of that length in a tenth more time.  A model of 1.5B writes as fast either way.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from slmdesk.engine.llama.context import Context

DEPTH = 400
"""Tokens of a text behind which a step is timed."""
_STEPS = 6
_SLOW_S = 0.04
"""Of a step: slower models spend their time elsewhere, and a trial would take long."""
_WORTH = 0.85


def is_plain_faster(
    open_context: Callable[[bool], Context],
    token: int,
    keep_going: Callable[[], bool],
    clock: Callable[[], float] = time.perf_counter,
) -> bool:
    """Time steps in a context with flash attention and in one without; each is closed again.

    `open_context` is given whether to use it.  False also where `keep_going` ends the trial.
    """
    seconds = []
    for flash in (True, False):
        context = open_context(flash)
        try:
            with ThreadPoolExecutor(1) as passing:  # its OpenMP workers end with it; what is allocated there stays
                seconds.append(passing.submit(_step_s, context, token, keep_going, clock).result())
        finally:
            context.close()
        if seconds[0] > _SLOW_S or not keep_going():
            return False
    return seconds[1] < _WORTH * seconds[0]


def _step_s(context: Context, token: int, keep_going: Callable[[], bool], clock: Callable[[], float]) -> float:
    read = 0
    while read < DEPTH and keep_going():
        size = min(context.batch_tokens, DEPTH - read)
        context.clear()
        context.add_slice([token] * size, read, 0, needs_last=read + size == DEPTH)
        context.decode(context.threads)
        read += size
    best = float("inf")
    if read < DEPTH:
        return best
    for position in range(read, read + _STEPS):
        context.clear()
        context.add(token, position, 0)
        began = clock()
        context.decode(context.threads)
        best = min(best, clock() - began)
    return best
