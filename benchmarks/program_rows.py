"""Rows about the window, and the forecast of memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from benchmarks.common import MODEL, ROOT, Row, row_of
from benchmarks.subject import Subject
from slmdesk.children.client.child import ENVIRONMENT_OF_ROLES

BOUNDS = {
    "usable_s": "Four fifths of it are imports: some 850 modules, whose dataclasses alone take a third.",
    "memory_mb": "Most of it is Python, Qt and their libraries.",
}


def memory() -> Iterator[Row]:
    """The forecast from the header, and the exact one of the child, against what a loaded model really takes."""
    for context in (512, 2048, 4096, 8192):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.memory", str(MODEL), str(context)],
            cwd=ROOT, check=True, capture_output=True, text=True,
            env={**ENVIRONMENT_OF_ROLES["engine"], **os.environ},
        )  # fmt: skip
        seen = json.loads(done.stdout.splitlines()[-1])
        for name in ("forecast", "exact"):
            value = f"{seen[name] / seen['measured']:.2f}"
            detail = f"{seen[name] / 1e6:.0f} MB said, {seen['measured'] / 1e6:.0f} MB taken"
            yield Row(f"memory at {context} tokens, {name} ÷ measured", value, "1.00–1.20", detail)


def window(subject: Subject) -> Iterator[Row]:
    """Start-up time and memory of the window, and the event loop while a real answer streams (offscreen)."""
    with tempfile.TemporaryDirectory(prefix="slmdesk-bench-") as home:
        environment = {**os.environ, "SLMDESK_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
        command = [sys.executable, "-m", "benchmarks.program"]
        subprocess.run([*command, "prepare", str(subject.path)], cwd=ROOT, env=environment, check=True)
        seen = []
        for _ in range(6):
            environment["SLMDESK_BENCH_STARTED"] = repr(time.time())
            done = subprocess.run(
                [*command, "probe"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
            )
            seen.append(json.loads(done.stdout.splitlines()[-1]))
    seen = seen[1:]
    for key, what, goal, digits in (
        ("usable_s", "window usable after, s from process start", "≤ 0.55", 2),
        ("memory_mb", "memory of the desk process when usable, MB", "≤ 100", 0),
        ("memory_after_mb", "the same after a 600-token answer, MB", "reported", 0),
        ("gap_p99_ms", "event loop of the window while streaming: gap p99, ms (timer of 10)", "≤ 20", 1),
        ("gap_max_ms", "the same: longest gap, ms", "≤ 50", 1),
    ):
        yield row_of(
            what, [start[key] for start in seen], goal, "offscreen, 5 starts", digits=digits, bound=BOUNDS.get(key, "")
        )


ROWS = (window,)
MORE = (memory,)
