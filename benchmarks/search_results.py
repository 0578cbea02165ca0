"""How long it takes from the Hub's answer to a search until its results stand in the window.

The clock begins when the server has written the last byte of the answer, and ends when the first card is painted: what
lies between is reading and checking the answer, the service thread, the bridge, the widgets and their layout.
`python -m benchmarks.search_results` runs the row alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.common import ROOT, Row, median_and_span, table

SEARCHES, PATIENCE_S = 9, 30
REPOSITORIES, FILES = 20, 25
"""Of one answer; as many files as a diligent publisher has quantizations."""
TEMPLATE = "{% for message in messages %}" + "x" * 4000
"""The Hub sends the chat template of each model along."""


_asked: list[str] = []


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sent_at = sent_cpu = 0.0

    def do_GET(self) -> None:
        """Twenty repositories, whatever is asked for."""
        _asked.append(self.path)
        body = json.dumps([_repo(number) for number in range(REPOSITORIES)]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        _Answers.sent_cpu, _Answers.sent_at = time.process_time(), time.perf_counter()

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


def _repo(number: int) -> dict[str, object]:
    names = [f"Some-Model-{number}B-Instruct-Q{bits}_K_M-{part}.gguf" for bits in range(2, 7) for part in range(5)]
    return {
        "_id": str(number), "id": f"publisher/Model-{len(_asked)}-{number}B-GGUF", "sha": "a" * 40,
        "downloads": 1000 - number, "likes": number, "lastModified": "2026-05-01T12:00:00.000Z", "gated": False,
        "tags": ["gguf", "en", "license:apache-2.0", *(f"tag-{index}" for index in range(30))],
        "siblings": [{"rfilename": name} for name in names[:FILES]],
        "gguf": {"total": (number + 1) * 10**9, "architecture": "llama", "chat_template": TEMPLATE},
    }  # fmt: skip


def search_results() -> Iterator[Row]:
    """The window, offscreen, and a server on loopback."""
    with tempfile.TemporaryDirectory(prefix="slmdesk-bench-") as home:
        environment = {**os.environ, "SLMDESK_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
        command = [sys.executable, "-m", "benchmarks.search_results", "--probe"]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    seen = json.loads(done.stdout.splitlines()[-1])
    detail = f"offscreen, {REPOSITORIES} repositories of {FILES} files, {len(seen)} searches"
    took, worked = zip(*seen, strict=True)
    yield Row("search results on screen after the response, ms", median_and_span(took, 0), "≤ 100", detail)
    yield Row("the same, processor time of the window's process, ms", median_and_span(worked, 0), "reported", detail)


def probe() -> None:
    """Search again and again in a real window; print the milliseconds of each as JSON."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QWidget

    from slmdesk.app import WindowRun
    from slmdesk.base.paths import find_paths, make_folders
    from slmdesk.ui.online.hub import RepoCard

    paths = find_paths()
    make_folders(paths)
    settings = {"offline": False, "hub_endpoint": f"http://127.0.0.1:{server.server_port}", "proxy": "none"}
    Path(paths.settings_file).write_text(json.dumps(settings), encoding="utf-8")
    app = QApplication(["slmdesk"])
    sys.path.insert(0, str(ROOT / "tests"))
    from fakes.echo.program import take_echo

    take_echo()
    run = WindowRun(app, paths)
    seen: list[tuple[float, float]] = []

    class Watcher(QObject):
        """Hears when a card of a new answer has been painted."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
            """Painted is painted once the event has been handled."""
            is_painted = event.type() == QEvent.Type.Paint and _Answers.sent_at and isinstance(watched, RepoCard)
            if is_painted and f"-{len(_asked)}-" in watched.repo:  # those of the search before are painted too
                begin, _Answers.sent_at = _Answers.sent_at, 0.0
                QTimer.singleShot(0, lambda: end(begin))
            return False

    def end(begin: float) -> None:
        worked = time.process_time() - _Answers.sent_cpu
        seen.append(((time.perf_counter() - begin) * 1000, worked * 1000))
        if len(seen) > SEARCHES:
            run.close()
        else:
            QTimer.singleShot(300, search)

    def search() -> None:
        page = run.frame.models_page
        run.frame.window.show_page("Models")
        page.verticalScrollBar().setValue(page.verticalScrollBar().maximum())
        page.ensureWidgetVisible(page.findChild(QWidget, "hub_heading"), 0, 400)
        page.search.field.setText(f"words {len(seen)}")

    watcher = Watcher()
    app.installEventFilter(watcher)
    run.bridge.opened.connect(lambda: QTimer.singleShot(1500, search))
    QTimer.singleShot(PATIENCE_S * 1000, run.close)
    run.run()
    server.shutdown()
    print(json.dumps(seen[1:]))  # the first one imports the library of the Hub


MORE = (search_results,)

if __name__ == "__main__":
    if sys.argv[1:] == ["--probe"]:
        probe()
    else:
        print(table(list(search_results())))
