"""The whole program but the window as a side: services, store, pipe, engine child; and the window itself, probed."""

from __future__ import annotations

import json
import os
import queue
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.base.paths import find_paths
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import Event, MessageEnded, MessageGrew, ModelState, ModelStateChanged
from slmdesk.base.types import Origin, Role, Sampling, TextPart
from slmdesk.chat.types import SendRequest
from slmdesk.services import Services, open_services

MAY_REPEAT = " You may repeat yourself."
"""Else an answer that went round is ended, and its tokens are not counted."""


class Program:
    """Services over a home of their own, with the model linked in."""

    def __init__(self, model: str, options: Mapping[str, Any]) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="slmdesk-bench-")
        self._info: queue.Queue[tuple[float, Event]] = queue.Queue()
        home = Path(self._home.name)
        self.services: Services = open_services(find_paths(home))
        self.services.on(Event, lambda event: self._info.put((time.perf_counter(), event)))
        link_model(self.services, model)
        self.services.service_thread.call(self.services.models.warm_up)
        self._wait_until_ready()

    def close(self) -> None:
        """End the children: the time of one that nobody waits for would count as another program's."""
        self.services.close()

    def _wait_until_ready(self) -> None:
        while True:
            _, event = self._info.get(timeout=120)
            if isinstance(event, ModelStateChanged) and event.state is ModelState.READY:
                return

    def __call__(self, request: Mapping[str, Any]) -> Mapping[str, float]:
        """A question in a chat of its own, or the next one in a long chat, never ending early."""
        if request.get("do") == "next_question":
            return self._next_question(request)
        return self._asked(SendRequest(request["prompt"] + MAY_REPEAT, sampling=_sampling(request["max_tokens"])))

    def _asked(self, request: SendRequest) -> Mapping[str, float]:
        """Pieces are timed as the services tell them."""
        started = time.perf_counter()
        sent = self.services.service_thread.call(lambda: self.services.chats.send(request))
        times, sizes = [], []
        while True:
            at, event = self._info.get(timeout=600)
            if isinstance(event, MessageGrew) and event.message == sent.answer.id:
                times.append(at)
                sizes.append(len(event.text))
            elif isinstance(event, MessageEnded) and event.message.id == sent.answer.id:
                break
        assert event.usage is not None
        tokens, decode = event.usage.output_tokens, times[-1] - times[0]
        after_first = tokens * (1 - sizes[0] / sum(sizes))  # a piece may hold several tokens
        return {
            "first_token_s": times[0] - started, "decode_s": decode, "tokens": tokens,
            "rate": after_first / max(decode, 1e-9), "prompt": event.usage.prompt_tokens,
        }  # fmt: skip

    def _next_question(self, request: Mapping[str, Any]) -> Mapping[str, float]:
        """A question in a chat of another day; with `ahead` the chat is read before Enter, as when its first letter
        is typed.
        """
        services = self.services
        item = services.service_thread.call(lambda: self._kept_chat(request["turns"][:-1]))
        began = time.perf_counter()
        if request["ahead"]:
            services.service_thread.call(lambda: services.chats.expect_question(item))
            while services.service_thread.call(lambda: services.chats.answers.read_ahead.lease is not None):
                time.sleep(0.02)
        ahead_s = time.perf_counter() - began
        seen = self._asked(SendRequest(request["question"], chat=item, sampling=_sampling(2)))
        services.service_thread.call(lambda: services.history.trash(item))  # else its state is kept beside later rounds
        return {**seen, "ahead_s": ahead_s}

    def _kept_chat(self, turns: Sequence[Sequence[str]]) -> str:
        """A chat as it lies in the history.  On the service thread."""
        chat, parent = self.services.chats.new_chat("Another day"), None
        for role, text in turns:
            parts = (TextPart(text, Origin.PERSON),) if role == "user" else ()
            row = self.services.store.messages.add(
                chat.id, parent=parent, role=Role(role), parts=parts, text="" if parts else text, status=Status.COMPLETE
            )
            parent = row.id
        return chat.id


def _sampling(max_tokens: int) -> Sampling:
    return Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=max_tokens, ignore_eos=True)


def probe_window(question: str) -> dict[str, float]:
    """Start the real window offscreen, ask one question, and note: usable after, memory, gaps of the event loop."""
    started = float(os.environ["SLMDESK_BENCH_STARTED"])
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from slmdesk.app import WindowRun
    from slmdesk.base.paths import make_folders

    paths = find_paths()
    make_folders(paths)
    app = QApplication(["slmdesk"])
    run = WindowRun(app, paths)
    seen: dict[str, float] = {}
    gaps: list[float] = []
    tick = QTimer(interval=10)
    last = [0.0]

    def on_tick() -> None:
        now = time.perf_counter()
        if last[0]:
            gaps.append((now - last[0]) * 1000)
        last[0] = now

    def on_opened() -> None:
        seen["usable_s"] = time.time() - started
        seen["memory_mb"] = resident_mb()

    def on_state(event: ModelStateChanged) -> None:
        if event.state is ModelState.READY and "asked" not in seen:
            seen["asked"] = 1
            sampling = Sampling(temperature=0.0, max_tokens=600, ignore_eos=True)
            run.bridge.ask(lambda services: services.chats.send(SendRequest(question, sampling=sampling)), on_sent)

    def on_sent(sent: Any) -> None:
        run.frame.chat.open_chat(sent.item.id)
        tick.start()

    def on_ended(_event: object) -> None:
        tick.stop()
        seen["memory_after_mb"] = resident_mb()
        QTimer.singleShot(50, run.close)

    tick.timeout.connect(on_tick)
    run.bridge.opened.connect(on_opened)
    run.bridge.on(ModelStateChanged, on_state)
    run.bridge.on(MessageEnded, on_ended)
    run.run()
    gaps.sort()
    return seen | {"gap_p99_ms": gaps[int(len(gaps) * 0.99)], "gap_max_ms": gaps[-1], "ticks": len(gaps)}


def resident_mb() -> float:
    """Memory of this process alone."""
    import psutil

    return float(psutil.Process().memory_info().rss / 1e6)


def link_model(services: Services, model: str) -> None:
    """Put the model into the library, where it lies."""
    ended: queue.Queue[object] = queue.Queue()
    services.service_thread.call(lambda: services.models.import_file(Path(model), link=True).then(ended.put))
    ended.get(timeout=60)


def prepare_home(model: str) -> None:
    """Link the model into SLMDESK_HOME, so that the probed window finds it."""
    services = open_services(find_paths())
    link_model(services, model)
    services.close()


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare_home(sys.argv[2])
    else:
        print(json.dumps(probe_window("Tell a long story about a lighthouse keeper and her dog." + MAY_REPEAT)))
