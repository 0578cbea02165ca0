"""Rows about the forecasts: memory and speed said from a header alone, against a model loaded and at work."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.common import MODEL, Row, Runner, median_and_span
from benchmarks.prompts import long_text
from slmdesk.base.threads import usable_cores
from slmdesk.children.engine.llama.library import measure_bandwidth
from slmdesk.models.gguf.memory import Pace, estimate_loaded
from slmdesk.models.gguf.read import check_file

CONTEXT = 4096
ROUNDS = 5
TOKENS = 32
FIRST_TOKENS = 600
"""At least one whole batch of tokens, with which a model has all the memory it will ever take."""


def estimates() -> Iterator[Row]:
    """The starter model, generated ones of several layouts, and those named in SLMDESK_BENCH_MODELS."""
    from benchmarks.large_models import LARGE

    more = [Path(path) for path in os.environ.get("SLMDESK_BENCH_MODELS", "").split(os.pathsep) if path]
    for path in (MODEL, *more):
        yield from _rows(path.stem, path)
    for name, large in LARGE.items():
        with tempfile.TemporaryDirectory(prefix="slmdesk-bench-") as folder:
            yield from _rows(name, large.make(Path(folder)))


def _rows(name: str, path: Path) -> Iterator[Row]:
    header = check_file(path)
    said = estimate_loaded(header, context_tokens=CONTEXT, available_bytes=psutil.virtual_memory().available)
    ratios, rates, expected = [], [], []
    with Runner("ours", path, context=CONTEXT) as runner:
        runner.ask(prompt=long_text(FIRST_TOKENS, "first"), max_tokens=4)
        for turn in range(ROUNDS):
            bandwidth = measure_bandwidth(usable_cores(), seconds=0.3, keep_going=lambda: True)
            seen = runner.ask(prompt=long_text(30, f"{turn}"), max_tokens=TOKENS)
            speed = Pace(bandwidth).of_header(header, past_tokens=int(seen["prompt_tokens"]) + TOKENS // 2)
            assert speed is not None
            ratios.append(seen["rate"] / speed.tokens_per_s)
            rates.append(seen["rate"])
            expected.append(speed.tokens_per_s)
        peak = _peak_bytes(runner.pid)
    size = f"{header.file_bytes / 1e6:.0f} MB"
    detail = f"{said.total / 1e6:.0f} MB said, {peak / 1e6:.0f} MB taken at most, {CONTEXT} tokens"
    yield Row(f"memory said ÷ taken: {name}, {size}", f"{said.total / peak:.2f}", "1.00–1.20", detail)
    detail = f"{statistics.median(rates):.1f} tokens/s, {statistics.median(expected):.1f} expected from the bandwidth"
    yield Row(f"speed ÷ expected: {name}, {size}", median_and_span(ratios), "0.70–1.30", detail)


def _peak_bytes(pid: int) -> int:
    """The most a process ever had in memory (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise RuntimeError("no VmHWM")


MORE = (estimates,)
