"""What a model expects after each token of some texts, kept in a file, and how far another model's expectations are
from it.

The measure is the Kullback–Leibler divergence of the next-token distribution (S. Kullback and R. A. Leibler, On
information and sufficiency, 1951), as llama.cpp's perplexity tool has it.  Of each distribution the KEPT likeliest
tokens are stored, and the rest as one: what is computed is a lower bound of the divergence over all tokens, and close
to it, since the rest is small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.model_formats import FormatQuality
from slmdesk.engine.llama.context import DECODED, Context

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEPT = 1024
"""Of the likeliest tokens at each place."""
_FLOOR = 1e-9
"""The least the rest is taken to be: it is a difference of rounded numbers."""


def keep_predictions(
    context: Context, texts: Sequence[Sequence[int]], threads: int, path: Path, keep_going: Callable[[int], bool]
) -> FormatQuality:
    """Write what the model expects into `path`.  Its own divergence is 0.  `keep_going` gets the tokens done.

    Raises Stopped, KnownError `model.damaged`, OSError.
    """
    ids, logs, surprises = [], [], []
    for row, following in _rows(context, texts, threads, keep_going):
        most = min(KEPT, row.size - 1)
        top = np.argpartition(row, -most)[-most:].astype(np.int32)
        top = top[np.argsort(row[top])[::-1]]
        ids.append(top)
        logs.append(row[top])
        surprises.append(-float(row[following]))
    with path.open("wb") as out:
        np.asarray([len(ids), ids[0].size if ids else 0], dtype="<i4").tofile(out)
        np.asarray(ids, dtype="<i4").tofile(out)
        np.asarray(logs, dtype="<f4").tofile(out)
    return FormatQuality(0.0, float(np.exp(np.mean(surprises))), len(ids), 1.0)


def compare_predictions(
    context: Context, texts: Sequence[Sequence[int]], threads: int, path: Path, keep_going: Callable[[int], bool]
) -> FormatQuality:
    """How far the model is from what `keep_predictions` wrote over the same texts.  Raises as that does."""
    ids, logs = _read(path, context.n_vocab)
    divergences, surprises, same = [], [], 0
    for at, (row, following) in enumerate(_rows(context, texts, threads, keep_going)):
        if at >= len(ids):
            raise KnownError("request.invalid", what="predictions of other texts")
        divergences.append(_divergence(logs[at], row[ids[at]].astype(np.float64)))
        surprises.append(-float(row[following]))
        same += int(row.argmax()) == int(ids[at][0])
    if len(divergences) != len(ids):
        raise KnownError("request.invalid", what="predictions of other texts")
    perplexity = float(np.exp(np.mean(surprises)))
    return FormatQuality(max(0.0, float(np.mean(divergences))), perplexity, len(ids), same / max(1, len(ids)))


def _read(path: Path, n_vocab: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Tokens and their log-probabilities, a row for each place.  Raises KnownError `request.invalid`."""
    raw = path.read_bytes()
    rows, kept = np.frombuffer(raw[:8], dtype="<i4").tolist() if len(raw) >= 8 else (0, 0)
    if rows < 1 or kept < 1 or len(raw) != 8 + 8 * rows * kept:
        raise KnownError("request.invalid", what="predictions of another shape")
    ids = np.frombuffer(raw, dtype="<i4", count=rows * kept, offset=8).reshape(rows, kept)
    logs = np.frombuffer(raw, dtype="<f4", offset=8 + 4 * rows * kept).reshape(rows, kept)
    if ids.min() < 0 or ids.max() >= n_vocab:
        raise KnownError("request.invalid", what="predictions of another model")
    return ids, logs.astype(np.float64)


def _divergence(reference: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Of two lists of log-probabilities of the same tokens; what is missing to 1 counts as one token more."""
    likely = np.exp(reference)
    rest, other_rest = max(_FLOOR, 1.0 - float(likely.sum())), max(_FLOOR, 1.0 - float(np.exp(other).sum()))
    return float((likely * (reference - other)).sum()) + rest * float(np.log(rest / other_rest))


def _rows(
    context: Context, texts: Sequence[Sequence[int]], threads: int, keep_going: Callable[[int], bool]
) -> Iterator[tuple[NDArray[np.floating[Any]], int]]:
    """The log-probabilities after each token of the texts but the last ones, and the token that follows there."""
    done = 0
    for tokens in texts:
        try:
            for begin in range(0, len(tokens) - 1, context.most_logits):
                if not keep_going(done):
                    raise Stopped
                piece = tokens[begin : min(begin + context.most_logits, len(tokens) - 1)]
                context.clear()
                for offset, token in enumerate(piece):
                    context.add(token, begin + offset, 0)
                if context.decode(threads) != DECODED:
                    raise KnownError("model.damaged", reason="it cannot compute a text")
                for offset in range(len(piece)):
                    logits = context.logits(offset).astype(np.float64)
                    logits -= logits.max()
                    yield logits - np.log(np.exp(logits).sum()), tokens[begin + offset + 1]
                done += len(piece)
        finally:
            context.forget(0)
