"""Rows about an encrypted history, each beside the same of a plain one.

python -m benchmarks.encryption_rows [MESSAGES]   a million unless said; one JSON line a row
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.common import Row, median_and_span
from benchmarks.history_rows import ASKED, MANY, PER_CHAT, SEARCHES, run_part
from slmdesk.base.paths import find_paths
from slmdesk.base.records import Status
from slmdesk.base.types import Role
from slmdesk.history.store import Cost, DataKey, KeyFile, Store, new_data_key, open_store

WRITES = 200
"""Commits of a growing row, of each length and each kind, taken in turns."""
LENGTHS = {8_000: "≤ 20", 100_000: "≤ 60"}
OPENINGS = 25


def encrypted_history(count: int = MANY) -> Iterator[Row]:
    """Search, growing rows and opening, encrypted and plain."""
    folder = os.environ.get("SLMDESK_BENCH_FOLDER")
    with tempfile.TemporaryDirectory(prefix="slmdesk-bench-", dir=folder) as home:
        run_part(home, "fill", str(count), str(PER_CHAT))
        with tempfile.TemporaryDirectory(prefix="slmdesk-bench-", dir=folder) as small:
            yield from _writes(Path(small))
        plain, plain_openings = _searches(home, None), _openings(home, None)
        began = time.perf_counter()
        key = _encrypt(home)
        size = find_paths(Path(home)).database.stat().st_size / 1e6
        seconds = f"{time.perf_counter() - began:.1f}"
        yield Row(f"encrypting {count:,} messages, s", seconds, "reported", f"{size:.0f} MB")
        for words, times in _searches(home, key).items():
            detail = f"plain {median_and_span(plain[words], 1)}"
            what = f"encrypted search of {count:,} messages for “{words}”, ms"
            yield Row(what, median_and_span(times, 1), "≤ 200", detail, statistics.median(times))
        times = _openings(home, key)
        more = statistics.median(times) - statistics.median(plain_openings)
        detail = f"{median_and_span(times, 1)}; plain {median_and_span(plain_openings, 1)}; without the passphrase"
        yield Row("an encrypted history opens later by, ms", f"{more:.1f}", "≤ 50", detail, more)


def _writes(folder: Path) -> Iterator[Row]:
    """A growing row, one commit each, the two kinds in turns so that a busy PC meets both alike."""
    stores = {"plain": _store(folder / "plain", None), "encrypted": _store(folder / "encrypted", new_data_key())}
    rows = {}
    for name, store in stores.items():
        item = store.items.add("chat", "one")
        rows[name] = store.messages.add(item.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING).id
    for length, goal in LENGTHS.items():
        taken: dict[str, list[float]] = {name: [] for name in stores}
        for number in range(WRITES):
            text = "words of an answer " * (length // 19 + number)  # of one length SQLite writes what differs alone
            for name, store in stores.items():
                began = time.perf_counter()
                store.messages.grow(rows[name], text)
                taken[name].append((time.perf_counter() - began) * 1000)
        plain, encrypted = (statistics.median(taken[name]) for name in ("plain", "encrypted"))
        detail = f"{encrypted:.2f} ms, plain {plain:.2f} ms, {WRITES} commits each in turns"
        more = (encrypted / plain - 1) * 100
        yield Row(f"growing row of {length // 1000} kB takes longer encrypted by, %", f"{more:.0f}", goal, detail, more)
    for store in stores.values():
        store.close()


def _store(home: Path, key: DataKey | None) -> Store:
    return open_store(find_paths(home), instance_id="bench", key=key).store


def _encrypt(home: str) -> DataKey:
    store, key = _store(Path(home), None), new_data_key()
    store.change_key(key, KeyFile().with_passphrase(key, "bench", Cost()))
    store.close()
    return key


def _openings(home: str, key: DataKey | None) -> list[float]:
    """Milliseconds until the store is ready."""
    times = []
    for _ in range(OPENINGS + 1):
        began = time.perf_counter()
        store = _store(Path(home), key)
        times.append((time.perf_counter() - began) * 1000)
        store.close()
    return times[1:]


def _searches(home: str, key: DataKey | None) -> dict[str, list[float]]:
    """Milliseconds of each search in the store, with warm pages."""
    store = _store(Path(home), key)
    try:
        return {words: _timed(lambda words=words: store.index.search(words, limit=50)) for words in ASKED}
    finally:
        store.close()


def _timed(search: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(SEARCHES + 1):
        began = time.perf_counter()
        search()
        times.append((time.perf_counter() - began) * 1000)
    return times[1:]


MORE = (encrypted_history,)


def main() -> None:
    """The rows alone, as JSON lines."""
    for row in encrypted_history(int(sys.argv[1]) if len(sys.argv) > 1 else MANY):
        print(json.dumps({"what": row.what, "value": row.value, "goal": row.goal, "detail": row.detail}), flush=True)


if __name__ == "__main__":
    main()
