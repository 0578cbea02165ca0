"""Children on threads of the test's own process: the real client and the real loop of a child, over sockets.

What a child does to its own process is left out: walls, limits, signals, its log.  Where that matters, and for engines
that crash or hang, there is the mark `real_child`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import count

from fakes.echo.engine import EchoEngine
from fakes.echo.options import ENVIRONMENT, EchoOptions
from fakes.echo.program import ECHO

from slmdesk.base import protocol
from slmdesk.base.protocol import Hello
from slmdesk.children.client import child
from slmdesk.children.worker.main import (
    END_S,
    HEARTBEAT_S,
    EngineRole,
    Handles,
    Jobs,
    ListenerRole,
    Output,
    ReaderRole,
    Role,
    obey,
    read_messages,
)

FAULTS = {"fault", "card_fault", "hang", "flood_stderr", "refuse_cancel"}
"""Options with which the echo engine harms its process."""
LEFT_S = 30.0
_numbers = count((1 << 22) + 1)
"""No process of Linux has such a number."""
_start_process = child.start_process


def start(role: str, command: Sequence[str], base: Mapping[str, str], environment: Mapping[str, str], handles):
    """In place of client.child.start_process: a child here where that is possible, else a real one."""
    given = list(command[command.index("--worker") + 1 :]) if "--worker" in command else []
    options = EchoOptions().changed(json.loads({**base, **environment}.get(ENVIRONMENT) or "{}"))
    if list(command) == ECHO and all(getattr(options, name) == getattr(EchoOptions(), name) for name in FAULTS):
        return LocalChild(EngineRole(partial(_Echo, options)), role, handles)
    if given == ["reader"]:
        return LocalChild(ReaderRole(), role, handles)
    if given == ["listener"]:
        return LocalChild(ListenerRole(), role, handles)
    return _start_process(role, command, base, environment, handles)


def end_all() -> None:
    """All children of a test have ended, with their threads."""
    for thread in threading.enumerate():
        if thread.name.startswith(("job ", "local ")):
            thread.join(LEFT_S)
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith(("job ", "local "))]
    assert not left, left


class _Echo(EchoEngine):
    """Refuses what would harm this process."""

    def strike(self, options: EchoOptions) -> None:
        assert not any(getattr(options, name) for name in FAULTS), "this wants the mark real_child"
        super().strike(options)


class _Output(Output):
    """Writes to a socket until the child is over; then nowhere."""

    def __init__(self, channel: socket.socket) -> None:
        super().__init__(-1)
        self._channel = channel

    def _write(self, line: bytes) -> None:
        with suppress(OSError):
            self._channel.sendall(line)


class LocalChild:
    """As far as subprocess.Popen is used of a child."""

    def __init__(self, role: Role, name: str, handles) -> None:
        self.pid, self.returncode = next(_numbers), None
        stdin, self._source = socket.socketpair()
        stdout, self._target = socket.socketpair()
        self.stdin, self.stdout = os.fdopen(stdin.detach(), "wb"), os.fdopen(stdout.detach(), "rb")
        self.stderr = open(os.devnull, "rb")  # noqa: PTH123, SIM115
        number = ""
        if handles is not None:
            number = str(os.dup(handles.theirs.fileno()))
            handles.started()
        self._handles = Handles({"SLMDESK_HANDLES": number})
        self._role, self._name = role, name
        self._ended = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"local {name}", daemon=True)
        self.thread.start()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(self._name, timeout or 0.0)
        return self.returncode

    def kill(self) -> None:
        self._end(-signal.SIGKILL)

    def _end(self, status: int) -> None:
        if self.returncode is None:
            self.returncode = status
        for channel in (self._source, self._target):
            with suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)
        self._ended.set()

    def _run(self) -> None:
        role, output = self._role, _Output(self._target)
        output.send(Hello(protocol.VERSION, self._name, role.kinds, self.pid))
        beating = threading.Thread(target=self._beat, args=(output,), name="local heartbeat", daemon=True)
        beating.start()
        jobs = Jobs(output.send)
        worker = partial(obey, role=role, jobs=jobs, output=output, handles=self._handles)
        read_messages(os.dup(self._source.fileno()), worker, output)
        jobs.cancel_all(END_S)
        role.close()
        self._end(0)
        beating.join()
        for channel in (self._source, self._target, self._handles.channel):
            if channel is not None:
                channel.close()

    def _beat(self, output: Output) -> None:
        while True:
            output.send(self._role.heartbeat())
            if self._ended.wait(HEARTBEAT_S):
                return
