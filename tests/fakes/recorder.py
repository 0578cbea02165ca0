"""A frontend for tests: services over the echo engine in a real child, and a collector of the events they publish."""

from __future__ import annotations

import hashlib
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from fakes.echo.program import ECHO

from slmdesk.base.paths import find_paths
from slmdesk.base.records import Message, ModelRecord
from slmdesk.base.runtime.events import Event, MessageEnded, MessageGrew, Pending
from slmdesk.history.store import DataKey
from slmdesk.services import COMMANDS, Services, open_services

TIMEOUT_S = 120.0
LLAMA = COMMANDS["engine"]
STARTER, LARGE = 135_000_000, 4_000_000_000
"""Parameters of a model that may do nothing unasked, and of one that may do everything."""


class Recorder:
    """Keeps every event, and waits for one that is requested."""

    def __init__(self, services: Services) -> None:
        self.services, self.calls = services, Calls(services)
        self.events: list[Event] = []
        self._more = threading.Condition()
        services.on(Event, self._receive)

    def ask(self, request: Callable[[Services], Any]) -> Any:
        """What a request to the services returns, made on their thread."""
        return self.services.service_thread.call(lambda: request(self.services))

    def _receive(self, event: Event) -> None:
        with self._more:
            self.events.append(event)
            self._more.notify_all()

    def of(self, kind: type, begin: int = 0) -> list:
        """All events of a kind, the first ones first."""
        with self._more:
            return [event for event in self.events[begin:] if isinstance(event, kind)]

    def wait(self, kind: type, requested: Callable[[Event], bool] = lambda _event: True, begin: int = 0):
        """The first event of `kind` that is requested, from the `begin`-th on; waits for it."""

        def seen() -> Event | None:
            return next((event for event in self.events[begin:] if isinstance(event, kind) and requested(event)), None)

        with self._more:
            assert self._more.wait_for(seen, TIMEOUT_S), f"no {kind.__name__} among {self.events[begin:][-20:]}"
            return seen()

    def end_of(self, message: str, begin: int = 0) -> MessageEnded:
        """How an answer ended; waits for it."""
        return self.wait(MessageEnded, lambda event: event.message.id == message, begin)

    def words_of(self, message: str, at_least: int = 1) -> str:
        """What was told of an answer, once `at_least` pieces were."""
        with self._more:

            def pieces() -> list[str]:
                return [
                    event.text for event in self.events if isinstance(event, MessageGrew) and event.message == message
                ]

            assert self._more.wait_for(lambda: len(pieces()) >= at_least, TIMEOUT_S), self.events[-20:]
            return "".join(pieces())


def open_echo(engine: Sequence[str] = ECHO, key: DataKey | None = None) -> Services:
    """Services over the home of the test, the echo engine in the child; `key`: of an encrypted history."""
    return open_services(find_paths(), commands=COMMANDS | {"engine": engine}, key=key)


def on_service_thread(recorder: Recorder, work: Callable[[], Any]) -> Any:
    """What it returns, called on the thread of the services."""
    return recorder.services.service_thread.call(work)


def result_of(services: Services, begin: Callable[[], Pending]):
    """What a method that takes time returns in the end, a value or a Problem; waits for it."""
    ended: queue.SimpleQueue = queue.SimpleQueue()
    services.service_thread.call(lambda: begin().then(ended.put))
    return ended.get(timeout=TIMEOUT_S)


class Calls:
    """The services as a test calls them: on their thread, and what ends later is waited for."""

    def __init__(self, services: Services, path: str = "") -> None:
        self.of, self._path = services, path

    def __getattr__(self, name: str) -> Calls:
        return Calls(self.of, f"{self._path}.{name}".lstrip("."))

    def __call__(self, *given, **named):
        """What a method returns, or the value or Problem that its Pending ends with; on their thread it waits not."""
        method, thread = attrgetter(self._path)(self.of), self.of.service_thread
        if thread.is_here:
            return method(*given, **named)
        ended: queue.SimpleQueue = queue.SimpleQueue()

        def work() -> None:
            result = method(*given, **named)
            if isinstance(result, Pending):
                result.then(ended.put)
            else:
                ended.put(result)

        thread.call(work)
        return ended.get(timeout=TIMEOUT_S)


def import_model(services: Services, path: Path, **more):
    """How the import of a model file ended; waits for it."""
    return result_of(services, lambda: services.models.import_file(path, **more))


def add_model(services: Services, path: Path, name: str = "Echo") -> ModelRecord:
    """A record of any file: what the echo engine is content with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(b"GGUF" + name.encode())  # as a model begins, else it is not deleted with it
    stats = path.stat()
    return services.service_thread.call(
        lambda: services.store.models.add(
            name=name,
            path=os.fsencode(path),
            linked=False,
            bytes=stats.st_size,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            mtime_ns=stats.st_mtime_ns,
            inode=stats.st_ino,
            header={"architecture": "echo", "context_length": 4096},
            source="test",
        )
    )


def sized(services: Services, parameters: int) -> None:
    """Give the model a size: by it the program knows what the model may do."""

    def change() -> None:
        model = services.models.choose(None)
        services.store.models.change(model.id, header={**model.header, "parameters": parameters})

    services.service_thread.call(change)


def wait_until(holds: Callable[[], object]) -> None:
    """Wait for what no event tells."""
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def row(services: Services, message: str) -> Message:
    """A message as the store has it."""
    return services.service_thread.call(lambda: services.store.messages.get(message))


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
