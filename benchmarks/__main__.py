"""python -m benchmarks [NAME …]: run the rows, print the table, and keep it in docs/performance.md when all ran."""

from __future__ import annotations

import datetime
import os
import platform
import sys
import time
from pathlib import Path

from benchmarks import (
    document_rows,
    download_throughput,
    engine_rows,
    estimates,
    program_rows,
    search_results,
    translation_rows,
    window_rows,
)
from benchmarks.common import ROOT, Row, table

HEAD = """# Performance

Made by `make bench` on {date}: {machine}. Model: SmolLM2-135M-Instruct Q4_1. Each figure is a
ratio of runs interleaved in one call (sides in processes of their own, one warm-up, the order turned each time), except
where a unit stands beside it. The machine is a shared virtual one: read the medians, and the span as its noise.

"""


def machine() -> str:
    """In words, without names that would identify it."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{os.cpu_count()} cores, {model}, {platform.system()}, Python {platform.python_version()}"


def main(names: list[str]) -> int:
    """Run the rows of these names (all without any)."""
    modules = (
        engine_rows,
        program_rows,
        download_throughput,
        estimates,
        search_results,
        window_rows,
        document_rows,
        translation_rows,
    )
    known = {row.__name__: row for module in modules for row in module.ROWS}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or known:
        started = time.monotonic()
        print(f"{name} …", file=sys.stderr, flush=True)
        for row in known[name]():
            rows.append(row)
            print(f"  {row.what}: {row.value} ({row.detail})", file=sys.stderr, flush=True)
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    text = table(rows)
    print(text)
    if not names:
        head = HEAD.format(date=datetime.date.today().isoformat(), machine=machine())
        path = ROOT / "docs" / "performance.md"
        below = path.read_text(encoding="utf-8").partition("\n## ")  # what is said about it, and other measures
        path.write_text(head + text + "\n" + "".join(below[1:]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
