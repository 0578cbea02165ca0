"""The models that are measured: the starter, with its tuned copy, and a second one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import MODEL

SECOND_VARIABLE = "SLMDESK_BENCH_MODEL"
"""The file of the second model."""
TUNED_VARIABLE = "SLMDESK_BENCH_TUNED"
"""The file of a copy of the starter model in the format that is fastest on this PC."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model with the goals that are its own."""

    path: Path
    tuned: Path | None = None
    is_second: bool = False

    @property
    def name(self) -> str:
        """As tables call it."""
        return self.path.stem

    @property
    def version(self) -> str:
        """Changes with the files."""
        files = [path for path in (self.path, self.tuned) if path]
        return " ".join(f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in files)

    def rounds(self, starter: int, second: int) -> int:
        """How often a row is measured: less often with a model that takes long."""
        return second if self.is_second else starter

    def goal(self, starter: str, second: str) -> str:
        """The goal of a row with this model."""
        return second if self.is_second else starter


def starter() -> Subject:
    """The starter model."""
    tuned = os.environ.get(TUNED_VARIABLE)
    return Subject(MODEL, Path(tuned) if tuned else None)


def second() -> Subject | None:
    """The model named in the environment."""
    path = os.environ.get(SECOND_VARIABLE)
    return Subject(Path(path), is_second=True) if path else None
