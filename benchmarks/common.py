"""What all benchmarks share: children that answer timings, interleaving, medians, the table."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmdesk.client.child import ENVIRONMENT_OF_ROLES

ROOT = Path(__file__).resolve().parent.parent
MODEL = next(iter(sorted((ROOT / ".cache" / "starter-model").glob("*.gguf"))), ROOT / "no-model.gguf")

WORDS = (
    "The office keeps its letters in folders by year and by name. A clerk reads each letter, notes the date, the "
    "sender and what is asked, and puts it where it can be found again. When a question comes, the folder is opened. "
)


def long_text(characters: int, mark: str) -> str:
    """About so many characters of plain English; `mark` in front makes the whole prompt new to any cache."""
    return (f"Note {mark}. " + WORDS * (characters // len(WORDS) + 1))[:characters]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `value` is compared with `goal` by a person, never by a test."""

    what: str
    value: str
    goal: str
    detail: str = ""


class Runner:
    """A child that answers one JSON line for each it is given (benchmarks/runners.py)."""

    def __init__(self, name: str, model: Path = MODEL, **options: object) -> None:
        command = [sys.executable, "-m", "benchmarks.runners", name, str(model), json.dumps(options)]
        self.name = name
        own = ENVIRONMENT_OF_ROLES["engine"] if name in ("ours", "steps_ours") else {}  # as the program starts it
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**own, **os.environ}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
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
            raise RuntimeError(f"the runner {self.name} ended with {self._process.wait()}")
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


@contextmanager
def runners(*names: str, **options: object) -> Iterator[list[Runner]]:
    """Several children, all ended at the end."""
    started: list[Runner] = []
    try:
        for name in names:
            started.append(Runner(name, **options))
        yield started
    finally:
        for one in started:
            one.close()


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
    """The rows as Markdown."""
    lines = ["| what | seen: median (min–max) | goal | detail |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.value} | {row.goal} | {row.detail} |" for row in rows]
    return "\n".join(lines)
