"""What all benchmarks share: children that answer timings, interleaving, medians, the table."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from slmdesk.children.client.child import ENVIRONMENT_OF_ROLES

ROOT = Path(__file__).resolve().parent.parent
MODEL = next(iter(sorted((ROOT / ".cache" / "starter-model").glob("*.gguf"))), ROOT / "no-model.gguf")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    value: str
    goal: str
    detail: str = ""
    figure: float | None = None
    """What is compared with the goal."""
    bound: str = ""
    """What holds it where the goal is missed; a sentence."""

    @property
    def is_missed(self) -> bool:
        """Whether there is a goal such as `≤ 0.5`, and the figure does not reach it."""
        sign, _, number = self.goal.partition(" ")
        if self.figure is None or sign not in ("≤", "≥"):
            return False
        return self.figure > float(number) if sign == "≤" else self.figure < float(number)


def row_of(what: str, values: Sequence[float], goal: str, detail: str = "", *, digits: int = 2, bound: str = "") -> Row:
    """A row of the median of these values."""
    return Row(what, median_and_span(values, digits), goal, detail, statistics.median(values), bound)


def middle(seen: Sequence[Mapping[str, float]], key: str) -> float:
    """The median of one figure."""
    return statistics.median(answer[key] for answer in seen)


OURS = ("ours", "steps_ours", "chats")
"""Runners with our engine in them."""


def has_server() -> bool:
    """Whether the server engine is installed: `make bench` does it, the set-up for tests does not."""
    return find_spec("xllamacpp") is not None


class Runner:
    """A child that answers one JSON line for each it is given (benchmarks/runners.py)."""

    def __init__(self, name: str, model: Path = MODEL, **options: object) -> None:
        command = [sys.executable, "-m", "benchmarks.runners", name, str(model), json.dumps(options)]
        self.name = name
        own = ENVIRONMENT_OF_ROLES["engine"] if name in OURS else {}  # as the program starts it
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the child)
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**own, **os.environ}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip
        self.ask(ready=True)

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._process.pid

    def ask(self, **request: object) -> Mapping[str, Any]:
        """Give one request, wait for its figures."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._errors.seek(0)
            last = self._errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise RuntimeError(f"the runner {self.name} ended with {status}: {last}")
        answer: Mapping[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._errors.close()


@contextmanager
def runners(*names: str, model: Path = MODEL, **options: object) -> Iterator[list[Runner]]:
    """Several children, all ended at the end."""
    started: list[Runner] = []
    try:
        for name in names:
            started.append(Runner(name, model, **options))
        yield started
    finally:
        for runner in started:
            runner.close()


def interleave(
    sides: Mapping[str, Callable[[int], Mapping[str, float]]], rounds: int, pause_s: float = 0.3
) -> dict[str, list[Mapping[str, float]]]:
    """Run all sides in turn, `rounds` times after one warm-up; the order turns round each time."""
    results: dict[str, list[Mapping[str, float]]] = {name: [] for name in sides}
    for turn in range(rounds + 1):
        names = list(sides) if turn % 2 else list(reversed(sides))
        for name in names:
            figures = sides[name](turn)
            if turn:
                results[name].append(figures)
            time.sleep(pause_s)  # spinning threads of the side before come to rest
    return results


def ratios(of: Sequence[Mapping[str, float]], to: Sequence[Mapping[str, float]], key: str) -> list[float]:
    """Pair by pair, of ÷ to."""
    return [a[key] / b[key] for a, b in zip(of, to, strict=True)]


def median_and_span(values: Sequence[float], digits: int = 2) -> str:
    """`1.02 (0.98–1.05)`."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown; a goal that is missed is said so."""
    lines = ["| what | seen: median (min–max) | goal | detail |", "|---|---|---|---|"]
    lines += [
        f"| {row.what} | {row.value} | {row.goal}{' (missed)' if row.is_missed else ''} | {row.detail} |"
        for row in rows
    ]
    return "\n".join(lines)
