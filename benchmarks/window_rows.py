"""Rows about the window's pages, and about what leaves this PC while somebody chats."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.common import MODEL, ROOT, Row, median_and_span

MODELS = 300
QUESTIONS = 40


def library_page() -> Iterator[Row]:
    """The page of models with 300 of them: from the key to its first painted rows."""
    with tempfile.TemporaryDirectory(prefix="slmdesk-bench-") as home:
        environment = _environment(home)
        _probe(environment, "many", str(MODELS))
        seen = [_probe(environment, "library") for _ in range(5)][1:]
    detail = f"offscreen, {len(seen)} starts"
    yield Row(
        f"page of {MODELS} models opens, ms", median_and_span([start["open_ms"] for start in seen], 0), "≤ 200", detail
    )
    held = median_and_span([start["listed_gap_ms"] for start in seen], 0)
    yield Row("longest hold of the window while they are listed and judged, ms", held, "reported", detail)


def working_day() -> Iterator[Row]:
    """Questions one after another in the real window under strace: sockets that could reach beyond this PC."""
    strace = shutil.which("strace")
    if strace is None:
        yield Row("requests in a day of chatting", "not counted: no strace here", "0")
        return
    sys.path.insert(0, str(ROOT / "tests"))
    from fakes.fake_hub import FakeHub, online

    with tempfile.TemporaryDirectory(prefix="slmdesk-bench-") as folder, FakeHub() as hub:
        for name, more in (("chatting", []), ("control", [hub.endpoint])):
            home = Path(folder) / name
            environment = _environment(str(home))
            command = [sys.executable, "-m", "benchmarks.program", "prepare", str(MODEL)]
            subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
            questions = QUESTIONS if not more else 2
            if more:
                online(home, hub)
            log = Path(folder) / f"{name}.log"
            trace = [strace, "-f", "-q", "-e", "trace=network,execve", "-o", str(log)]
            seen = _probe(environment, "day", str(questions), *more, before=trace)
            calls = log.read_text("utf-8", "replace")
            assert "execve" in calls, "the trace sees what children do"
            sockets = len(re.findall(r"socket\(AF_(?:INET6?|PACKET)", calls))
            detail = f"{seen['answers']:.0f} answers; the ledger says {seen['ledger']:.0f}"
            what = f"network sockets in {questions} questions" + (" and one search (the control)" if more else "")
            yield Row(
                what, str(sockets), "> 0" if more else "0", f"strace over the real window and its children; {detail}"
            )


def _environment(home: str) -> dict[str, str]:
    return {**os.environ, "SLMDESK_HOME": home, "QT_QPA_PLATFORM": "offscreen"}


def _probe(environment: Mapping[str, str], *args: str, before: list[str] | None = None) -> dict[str, float]:
    command = [*(before or []), sys.executable, "-m", "benchmarks.windows", *args]
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), check=True, capture_output=True, text=True)
    seen: dict[str, float] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    return seen


MORE = (library_page, working_day)
