"""What was measured, kept as it comes, so that a run that was interrupted goes on; and the table in the docs."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.busy import LIMIT_CORES, STOLEN_LIMIT_CORES
from benchmarks.common import ROOT, Row, table
from benchmarks.subject import SECOND_VARIABLE, Subject

FOLDER = ROOT / ".cache" / "bench"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
DAY_S = 24 * 3600
HEAD = """Made by `make bench` on {date}: {machine}. Each figure is a ratio of runs interleaved in one call, on fixed
prompts (sides in processes of their own, the order turned each time), except where a unit stands beside it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The rows of one measurement with one model."""

    name: str
    model: str
    """`Subject.version`."""
    at: float
    """Seconds since the epoch."""
    seconds: float
    """What it took."""
    others: float
    """Cores that other programs used meanwhile, or just before."""
    rows: tuple[Row, ...]
    problem: str = ""
    """Why there are no more rows, where a side ended or could not begin."""
    stolen: float = 0.0
    """Cores that the host of a virtual PC took meanwhile."""

    @property
    def is_whole(self) -> bool:
        """Whether all rows are there and nothing disturbed them."""
        return not self.problem and not self.is_busy

    @property
    def is_busy(self) -> bool:
        """Whether others took too much for the figures to be trusted."""
        return self.others > LIMIT_CORES or self.stolen > STOLEN_LIMIT_CORES


class Kept:
    """The measurements of a day with the code as it is now, in a file of one JSON line each."""

    def __init__(self, folder: Path = FOLDER, version: str = "") -> None:
        self._path = folder / f"{version or code_version()}.jsonl"

    def add(self, record: Measured) -> None:
        """Keep it, on the disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(record), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def known(self) -> dict[tuple[str, str], Measured]:
        """Those younger than a day that are whole, by name and model; a line that was cut counts as none."""
        records = {}
        for line in self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else ():
            try:
                record = _from(json.loads(line))
            except ValueError:
                continue
            if time.time() - record.at < DAY_S and record.is_whole:
                records[record.name, record.model] = record
        return records


def _from(kept: dict[str, Any]) -> Measured:
    return Measured(**{**kept, "rows": tuple(Row(**row) for row in kept["rows"])})


def code_version() -> str:
    """Changes with the commit, and with what was changed since in the program or the benchmarks."""

    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout

    changed = git("diff", "HEAD", "--", "slmdesk", "benchmarks")
    return hashlib.sha256(git("rev-parse", "HEAD") + changed).hexdigest()[:16]


def machine() -> str:
    """In words, without names that would identify it."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{os.cpu_count()} cores, {model}, {platform.system()}, Python {platform.python_version()}"


def report(measured: Sequence[tuple[Subject, Measured]], *, has_second: bool) -> str:
    """All tables as Markdown, with what holds the goals that are missed."""
    lines = [HEAD.format(date=datetime.now(UTC).date().isoformat(), machine=machine())]
    if (stolen := max((record.stolen for _subject, record in measured), default=0.0)) >= 0.01:
        lines += [f"A virtual PC: its host took up to {stolen:.2f} of {os.cpu_count()} cores away meanwhile."]
    for is_second in (False, True):
        some = [(subject, record) for subject, record in measured if subject.is_second == is_second]
        rows = [_marked(row, record) for _subject, record in some for row in record.rows]
        rows += [Row(record.name, "failed", "", record.problem) for _subject, record in some if record.problem]
        if rows:
            lines += ["", f"**{some[0][0].name}**", "", table(rows)]
            lines += _bounds(rows)
        elif is_second and not has_second:
            lines += ["", f"A second model was not measured: `{SECOND_VARIABLE}` names none."]
    return "\n".join(lines) + "\n"


def _marked(row: Row, record: Measured) -> Row:
    if not record.is_busy:
        return row
    return Row(row.what, f"{row.value}, busy machine", row.goal, row.detail, row.figure, row.bound)


def _bounds(rows: Sequence[Row]) -> list[str]:
    missed = [f"- {row.what}: {row.value}, goal {row.goal}. {row.bound}".rstrip() for row in rows if row.is_missed]
    return ["", "Goals that are missed, and what holds them:", *missed] if missed else []


def write_page(text: str, path: Path = PAGE) -> None:
    """Put the tables between their marks in docs/performance.md."""
    page = path.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")
