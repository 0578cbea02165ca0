"""The real window, offscreen, as other rows need it: a page of 300 models, a day of questions.  One JSON line each.

python -m benchmarks.windows many N       put so many models into SLMDESK_HOME
python -m benchmarks.windows library      SLMDESK_HOME has the models: how long their page takes to open
python -m benchmarks.windows day N [URL]  N questions in new chats, one after another; URL: one search on that Hub too
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.runtime.events import ModelState, ModelStateChanged
from slmdesk.base.types import Sampling
from slmdesk.chat.types import SendRequest
from slmdesk.services import open_services

QUESTIONS = ("What is a lighthouse?", "Write a polite letter.", "Shorten: the office is closed on Monday.", "Why?")
NEW_CHAT_EVERY = 5


def many_models(count: int) -> None:
    """So many records in SLMDESK_HOME, each with a small file of its own, last used at different times."""
    from benchmarks.common import ROOT

    sys.path.insert(0, str(ROOT / "tests"))
    from fakes.tiny_gguf import tiny_llama

    services = open_services(find_paths())
    folder = services.paths.models
    folder.mkdir(parents=True, exist_ok=True)
    data = tiny_llama().data

    def add(number: int) -> None:
        path = folder / f"model-{number}.gguf"
        path.write_bytes(data)
        info = path.stat()
        services.store.models.add(
            name=f"Some model of a middling length {number}", path=os.fsencode(path), linked=False,
            bytes=4_000_000_000 + number, sha256=f"{number:064x}", mtime_ns=info.st_mtime_ns, inode=info.st_ino,
            header={"architecture": "llama", "quantization": "Q4_K_M", "context_length": 131072, "license": "mit"},
            source="file",
        )  # fmt: skip

    for number in range(count):
        services.service_thread.call(partial(add, number))
    services.close()


def probe_library() -> dict[str, float]:
    """Milliseconds from the key to the painted page, and the longest hold of the event loop while all is judged."""
    from PySide6.QtCore import QEvent, QObject, Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    app = QApplication(["slmdesk"])
    run = _window(app)
    seen: dict[str, float] = {}
    last, gaps = [time.perf_counter()], [0.0]

    def on_tick() -> None:
        now = time.perf_counter()
        gaps.append((now - last[0]) * 1000)
        last[0] = now

    class Painted(QObject):
        """Hears when a card of the page is painted."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
            if "open_ms" not in seen and event.type() == QEvent.Type.Paint and _is_card(watched):
                seen["open_ms"] = (time.perf_counter() - started[0]) * 1000
                QTimer.singleShot(300, run.close)
            return False

    started = [0.0]
    painted = Painted()
    app.installEventFilter(painted)

    def press() -> None:
        seen["listed_gap_ms"] = max(gaps)
        started[0] = time.perf_counter()
        QTest.keyClick(run.frame.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)

    tick = QTimer(interval=5)
    tick.timeout.connect(on_tick)
    tick.start()
    run.bridge.opened.connect(lambda: QTimer.singleShot(3000, press))
    run.run()
    return seen


def _is_card(watched: Any) -> bool:
    return str(watched.objectName()).startswith("model_card_")


def probe_day(questions: int, hub: str) -> dict[str, float]:
    """Ask so many questions; how many answers came, and what the ledger counts at the end."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    app = QApplication(["slmdesk"])
    run = _window(app)
    seen = {"answers": 0.0, "ledger": -1.0}
    chat: list[str | None] = [None]

    def ask() -> None:
        number = int(seen["answers"])
        request = SendRequest(
            QUESTIONS[number % len(QUESTIONS)], chat=chat[0] if number % NEW_CHAT_EVERY else None,
            sampling=Sampling(temperature=0.0, max_tokens=4),
        )  # fmt: skip
        run.bridge.ask(lambda services: services.chats.send(request), lambda sent: chat.__setitem__(0, sent.item.id))

    def on_ended(_event: object) -> None:
        seen["answers"] += 1
        if seen["answers"] < questions:
            ask()
        elif hub:
            run.bridge.follow(
                lambda services: services.hub.search("tiny", limit=5),
                lambda _found: count(),
                lambda _problem: count(),
            )
        else:
            count()

    def count() -> None:
        run.bridge.ask(lambda services: services.network.today(), end)

    def end(today: int) -> None:
        seen["ledger"] = today
        QTimer.singleShot(50, run.close)

    def on_state(event: ModelStateChanged) -> None:
        if event.state is ModelState.READY and "asked" not in seen:
            seen["asked"] = 1.0
            ask()

    run.bridge.model_state_changed.connect(on_state)
    run.bridge.message_ended.connect(on_ended)
    run.bridge.problem_met.connect(lambda problem: print(problem.sentence, file=sys.stderr, flush=True))
    run.run()
    return seen


def _window(app: Any) -> Any:
    from slmdesk.app import WindowRun

    paths = find_paths()
    make_folders(paths)
    return WindowRun(app, paths)


def main() -> None:
    """One of the above."""
    probes: dict[str, Callable[[], dict[str, float]]] = {
        "library": probe_library,
        "day": lambda: probe_day(int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""),
    }
    if sys.argv[1] == "many":
        many_models(int(sys.argv[2]))
        return
    print(json.dumps(probes[sys.argv[1]]()))


if __name__ == "__main__":
    main()
