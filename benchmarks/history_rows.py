"""Rows about a long history: a chat of 10,000 messages opens, and words are found among a million.

python -m benchmarks.history_rows fill MESSAGES [PER_CHAT]   put them into SLMDESK_HOME
python -m benchmarks.history_rows open                       how long its longest chat takes to open in the window
python -m benchmarks.history_rows search                     how long searches of all texts take
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from benchmarks.common import ROOT, Row, median_and_span
from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.text.folding import fold_for_search
from slmdesk.services import open_services

LONG, MANY, PER_CHAT = 10_000, 1_000_000, 100
OPENINGS, SEARCHES, PATIENCE_S = 7, 9, 180
REST_MS = 3000
"""Between two openings: the older part and the meter of the context are read meanwhile."""
WORDS = 40
"""Of a message."""
ASKED = ("w000", "w000 w001", "w00", "w450", "w999 w998", "w04 w001", "nowhere", "chat")
"""In nearly every message; two such; the beginning of such; in some; in few together; a beginning and a word; in none;
in no message and every title.
"""
TEXTS = 20_000
"""Different ones."""
BATCH = 50_000


def long_history() -> Iterator[Row]:
    """The window, offscreen, over a chat of 10,000 messages; and searches of a history of a million."""
    with tempfile.TemporaryDirectory(prefix="slmdesk-bench-") as home:
        run_part(home, "fill", str(LONG), str(LONG))
        seen = run_part(home, "open")
    detail = f"offscreen, {len(seen['open_ms'])} times, another chat between"
    yield Row(f"chat of {LONG:,} messages opens, ms", median_and_span(seen["open_ms"], 0), "≤ 60", detail)
    yield Row("longest hold of the window meanwhile, ms", median_and_span(seen["hold_ms"], 0), "reported", detail)
    with tempfile.TemporaryDirectory(prefix="slmdesk-bench-", dir=os.environ.get("SLMDESK_BENCH_FOLDER")) as home:
        run_part(home, "fill", str(MANY), str(PER_CHAT))
        seen = run_part(home, "search")
    for words, times in seen.items():
        yield Row(
            f"search of {MANY:,} messages for “{words}”, ms", median_and_span(times, 1), "≤ 100", f"{len(times)} times"
        )


def run_part(home: str, *args: str) -> Any:
    """A part of this module in a process of its own, over this home; what it printed last."""
    environment: Mapping[str, str] = {**os.environ, "SLMDESK_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "benchmarks.history_rows", *args]
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}


def fill(count: int, per_chat: int) -> None:
    """Messages in chats of this size, and one more chat of two; words by a law like that of language."""
    sys.path.insert(0, str(ROOT / "tests"))
    from fakes.tiny_gguf import tiny_llama, write

    paths = find_paths()
    services = open_services(paths)
    ended = threading.Event()

    def import_one() -> None:  # without any the window shows its first page
        model = write(paths.data / "tiny.gguf", tiny_llama())
        services.models.import_file(model).then(lambda _ended: ended.set())

    services.service_thread.call(import_one)
    ended.wait(PATIENCE_S)
    services.close()
    rng = random.Random(1)
    vocabulary = [f"w{number:03}" for number in range(2000)]
    weights = [1 / (number + 2) for number in range(len(vocabulary))]
    texts = [" ".join(rng.choices(vocabulary, weights, k=WORDS)) for _ in range(TEXTS)]
    pool = [(text, fold_for_search(text)) for text in texts]
    with closing(sqlite3.connect(paths.database)) as db:
        db.execute("pragma journal_mode = off")
        db.execute("pragma synchronous = off")
        chats = [per_chat] * (count // per_chat) + [2]
        for chat, size in enumerate(chats):
            _add_chat(db, chat, rng.choices(pool, k=size))
            if chat * per_chat % BATCH < per_chat:
                db.commit()
        db.commit()


def _add_chat(db: sqlite3.Connection, chat: int, texts: list[tuple[str, str]]) -> None:
    ident = f"{chat:08x}{chat:08x}"
    db.execute(
        "insert into items (id, kind, title, pinned, created, updated, revision, settings)"
        " values (?, 'chat', ?, 0, ?, ?, 0, '{}')",
        (ident, f"Chat {chat}", chat, chat),
    )
    parent = None
    for number, (text, folded) in enumerate(texts):
        is_question = number % 2 == 0
        parts = json.dumps([{"text": text, "origin": "person"}] if is_question else [])
        own = f"{chat:08x}{number:08x}"
        row = db.execute(
            "insert into messages (id, item, parent, role, parts, text, status, sampling, error_args, created,"
            " revision, tokens_out, seconds, model_name)"
            " values (?, ?, ?, ?, ?, ?, 'complete', '{}', '{}', ?, 0, 40, 1.5, 'Model')",
            (own, ident, parent, "user" if is_question else "assistant", parts, "" if is_question else text, number),
        )
        db.execute("insert into words (rowid, folded) values (?, ?)", (row.lastrowid, folded))
        parent = own


def search() -> dict[str, list[float]]:
    """Milliseconds of each search, through the service, with warm pages as after the first letter typed."""
    services = open_services(find_paths())
    seen: dict[str, list[float]] = {}
    for words in ASKED:
        times = []
        for _ in range(SEARCHES + 1):
            began = time.perf_counter()
            services.service_thread.call(lambda words=words: services.history.search(words, limit=50))
            times.append((time.perf_counter() - began) * 1000)
        seen[words] = times[1:]
    services.close()
    return seen


def open_longest() -> dict[str, list[float]]:
    """Milliseconds from the request until the last message is painted, and the longest hold of the event loop."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication

    from slmdesk.app import WindowRun
    from slmdesk.ui.chat.view.message import MessageWidget

    paths = find_paths()
    make_folders(paths)
    app = QApplication(["slmdesk"])
    sys.path.insert(0, str(ROOT / "tests"))
    from fakes.echo.program import take_echo

    take_echo()
    run = WindowRun(app, paths)
    seen: dict[str, list[float]] = {"open_ms": [], "hold_ms": []}
    state = {"began": 0.0, "tick": time.perf_counter(), "hold": 0.0}
    longest, other = f"{0:08x}{0:08x}", f"{1:08x}{1:08x}"

    class Painted(QObject):
        """Hears when a message of the long chat is painted."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
            is_painted = event.type() == QEvent.Type.Paint and isinstance(watched, MessageWidget)
            if is_painted and state["began"] and run.frame.chat.chat == longest:
                seen["open_ms"].append((time.perf_counter() - state["began"]) * 1000)
                state["began"] = 0.0
                QTimer.singleShot(REST_MS, next_one)
            return False

    def on_tick() -> None:
        now = time.perf_counter()
        state["hold"], state["tick"] = max(state["hold"], (now - state["tick"]) * 1000), now

    def next_one() -> None:
        seen["hold_ms"].append(state["hold"])
        if len(seen["open_ms"]) > OPENINGS:
            run.close()
            return
        run.frame.chat.open_chat(other)
        QTimer.singleShot(REST_MS, open_long)

    def open_long() -> None:
        state.update(began=time.perf_counter(), hold=0.0, tick=time.perf_counter())
        run.frame.chat.open_chat(longest)

    painted, tick = Painted(), QTimer(interval=2)
    app.installEventFilter(painted)
    tick.timeout.connect(on_tick)
    tick.start()
    run.bridge.opened.connect(lambda: QTimer.singleShot(2000, open_long))
    QTimer.singleShot(PATIENCE_S * 1000, run.close)
    run.run()
    return {name: values[1:] for name, values in seen.items()}


MORE = (long_history,)


def main() -> None:
    """One of the above."""
    match sys.argv[1:]:
        case ["fill", count, *per_chat]:
            fill(int(count), int(per_chat[0]) if per_chat else PER_CHAT)
        case ["open"]:
            print(json.dumps(open_longest()))
        case ["search"]:
            print(json.dumps(search()))


if __name__ == "__main__":
    main()
