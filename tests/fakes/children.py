"""Clients with real children for tests: the echo engine, scripts that misbehave, and a listener that waits."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import psutil
from fakes.echo.program import ECHO

from slmdesk.base.protocol import Cancelled, Done, Failed, Partial, Progress, Token, messages_to_json
from slmdesk.base.record import to_json
from slmdesk.base.types import ChatMessage, LoadSpec, Role, Sampling, TextPart
from slmdesk.children.client import ChildClient, ChildEnded
from slmdesk.children.reach import AllowedPaths

LONG_S = 60.0
"""How long a test waits for a fact before it fails; never how long it takes."""
READER = [sys.executable, "-m", "slmdesk", "--worker", "reader"]


def may_read(*paths):
    """The environment of a child that may read these; the client says it to those that it starts."""
    return os.environ | {"SLMDESK_MAY_OPEN": AllowedPaths(tuple(map(str, paths))).to_variable()}


class Received:
    """A listener that keeps what it hears, with times, and lets a test wait for it."""

    def __init__(self):
        self.events = []
        self.ends = []
        self.times = []
        self._changed = threading.Condition()

    def __call__(self, event):
        with self._changed:
            self.events.append(event)
            if isinstance(event, Done | Failed | Cancelled):
                self.ends.append(event)
            self.times.append(time.monotonic())
            self._changed.notify_all()

    def until(self, requested, timeout=LONG_S):
        """Wait until `wanted(self)` is true."""
        with self._changed:
            assert self._changed.wait_for(lambda: requested(self), timeout), self.events[-5:]
        return self

    @property
    def text(self):
        return "".join(event.text for event in self.events if isinstance(event, Token))

    @property
    def partials(self):
        return [event for event in self.events if isinstance(event, Partial)]

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def end(self, timeout=LONG_S):
        """Wait for the one end."""
        self.until(lambda received: received.ends, timeout)
        assert len(self.ends) == 1
        return self.ends[0]


class Rig:
    """A client, what its children told, and shortcuts."""

    def __init__(self, folder: Path, command=None, *, echo=None, role="engine", environment=None, **options):
        self.children = Received()
        self.log_path = folder / "logs" / f"{role}.log"
        more = {"SLMDESK_ECHO": json.dumps(echo or {})} | (environment or {})
        self.client = ChildClient(
            command or ECHO,
            role=role,
            log_path=self.log_path,
            environment=more,
            on_child=self.children,
            **options,
        )
        self.pids = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pid = self.client.pid
        self.client.close()
        assert_gone(pid)

    def load(self, **spec):
        """Load and return the handle."""
        received = Received()
        self.client.load(LoadSpec("", **spec), received)
        end = received.end()
        assert isinstance(end, Done), end
        return end.result["handle"]

    def chat(self, handle, text, *, priority="interactive", **sampling):
        """Start a chat; its listener and handle."""
        received = Received()
        job = self.client.start("chat", chat_payload(handle, text, **sampling), received, priority=priority)
        return received, job

    def ask(self, text="hello", **sampling):
        """Load a model, ask, and return the text of the whole answer."""
        received, _ = self.chat(self.load(), text, **sampling)
        end = received.end()
        assert isinstance(end, Done), end
        assert end.result["text"] == received.text
        return received.text

    def child_end(self):
        """Wait for the next ChildEnded."""
        self.children.until(lambda received: received.of(ChildEnded))
        return self.children.of(ChildEnded)[0]


def chat_payload(handle, text, **sampling):
    messages = (ChatMessage(Role.USER, (TextPart(text),)),)
    return {
        "handle": handle,
        "messages": messages_to_json(messages),
        "sampling": to_json(Sampling(**sampling)),
        "answer_prefix": "",
    }


def has_progress(received):
    return received.of(Progress)


def has_tokens(count):
    return lambda received: len(received.of(Token)) >= count or received.ends


def assert_gone(pid):
    """The process is neither alive nor a zombie."""
    deadline = time.monotonic() + LONG_S
    pause = threading.Event()
    while pid is not None and psutil.pid_exists(pid):
        assert time.monotonic() < deadline, psutil.Process(pid)
        pause.wait(0.01)
