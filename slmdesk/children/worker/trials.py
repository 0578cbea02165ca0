"""A helper process that may still start programs: it starts the throwaway process in which a chat template is tried.

The engine itself gives up starting programs before it opens a foreign file (sandbox.py).  This helper was forked from
it before that, so that neither reaches the other but by their channel; all it does is to try templates, one after
another, and it dies with the engine.  It keeps no file but the interpreter's, nor do the programs it starts.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from slmdesk.children.worker.hardening import die_with, harden_trials, start_nothing

TryTemplate = Callable[..., str]
"""(text, *, bos, eos) to '' for a usable template, else why it is not; in the helper also `confine` (templates.py)."""
CRASHED = "crashes the template reader"
_END_S = 0.5


class TemplateTrials:
    """The engine's end.  Thread-safe."""

    def __init__(self, channel: socket.socket, pid: int) -> None:
        self._channel = channel
        self._pid = pid
        self._lock = threading.Lock()

    def facts(self) -> tuple[str, ...]:
        """What took effect in the helper, for `hello`; to be called once, before the first trial.

        None of it where the helper has ended.
        """
        try:
            return tuple(map(str, _receive(self._channel)))
        except (OSError, EOFError):
            return ()

    def __call__(self, text: str, *, bos: str, eos: str) -> str:
        """Try a template.  Returns '' when it is usable, else why not."""
        with self._lock:
            try:
                _send(self._channel, [text, bos, eos])
                return str(_receive(self._channel))
            except (OSError, EOFError):
                return CRASHED

    def close(self) -> None:
        """End the helper and reap it: where nobody adopts orphans it would stay as a zombie.

        It learns of it by its channel, since signals do not reach it; during a trial it ends with this process.
        """
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
            deadline = time.monotonic() + _END_S
            while os.waitpid(self._pid, os.WNOHANG)[0] == 0 and time.monotonic() < deadline:
                time.sleep(0.005)


def start_trials(try_template: Callable[[], TryTemplate], *, close: tuple[int, ...]) -> TemplateTrials:
    """Fork the helper; `try_template` gets the function when it is first needed, there.

    To be called while the process has one thread; `close` are descriptors the helper may not keep.  Raises OSError.
    """
    ours, its = socket.socketpair()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            for descriptor in close:
                os.close(descriptor)
            die_with(parent)
            _send(its, harden_trials())
            _serve(its, try_template)
        finally:
            os._exit(0)
    its.close()
    return TemplateTrials(ours, pid)


def _serve(channel: socket.socket, try_template: Callable[[], TryTemplate]) -> None:
    confine = partial(start_nothing, os.getpid())
    try:
        while True:
            text, bos, eos = _receive(channel)
            _send(channel, try_template()(text, bos=bos, eos=eos, confine=confine))
    except EOFError:
        pass


def _send(channel: socket.socket, value: object) -> None:
    raw = json.dumps(value).encode("ascii")
    channel.sendall(struct.pack("!I", len(raw)) + raw)


def _receive(channel: socket.socket) -> Any:
    """A value from the other end.  Raises EOFError when that is gone."""
    (size,) = struct.unpack("!I", _exactly(channel, 4))
    return json.loads(_exactly(channel, size))


def _exactly(channel: socket.socket, size: int) -> bytes:
    raw = b""
    while len(raw) < size:
        block = channel.recv(size - len(raw))
        if not block:
            raise EOFError
        raw += block
    return raw
