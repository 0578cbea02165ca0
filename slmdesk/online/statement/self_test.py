"""Tries, at the moment of a statement, who of our processes can reach a listener on this PC; with a control that must.

Nothing leaves the PC: all goes to 127.0.0.1.  On a thread that lives until the end: the processes die with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.json_file import object_in
from slmdesk.base.record import Record, field
from slmdesk.base.try_network import ALLOWED, REFUSED, outcome_of, try_all
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_dict, stored_from
from slmdesk.online.statement.verify import is_control, is_refused

ROLES = ("engine", "reader", "printer", "speller")
WAIT_S = 60.0
COMMAND = (sys.executable, "-m", "slmdesk.children.worker.try_network")
_NOBODY = 9, 9


class Tried(Record):
    who: str
    ways: Mapping[str, str]

    @property
    def is_refused(self) -> bool:
        return is_refused(self.ways)


class SelfTest(Record):
    control: Tried
    desk: Tried
    children: tuple[Tried, ...]
    guard: str
    """What the program's own check said to a request: the code of the refusal."""
    heard: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_control(self) -> bool:
        """Whether a process without walls did reach the listener, so that a refusal means something."""
        return is_control(self.control.ways)

    def to_json(self) -> dict[str, Json]:
        return {
            "control": dict(self.control.ways),
            "control_reached_the_listener": self.has_control,
            "this_program": dict(self.desk.ways),
            "children": {one.who: dict(one.ways) for one in self.children},
            "check_of_the_program": self.guard,
            "heard_by_the_listener": dict(self.heard),
        }


class Control:
    """The process without walls, which listens.  Begun before anything forbids this one the network."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._process = subprocess.Popen(
            [*command, "control"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        )
        self._said = self._read()

    def __enter__(self) -> Control:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def ports(self) -> tuple[int, int]:
        return stored_from(tuple[int, int], self._said.get("ports")) or _NOBODY

    def tried(self) -> Tried:
        if "ports" in self._said:
            return Tried("control", stored_dict(str, self._read().get("tries")))
        reason = REFUSED if self._said.get("errno") in (1, 13) else str(self._said.get("error", "it did not start"))
        return Tried("control", dict.fromkeys(("connection", "name look-up"), reason))

    def heard(self) -> dict[str, int]:
        """End it; how often it was reached."""
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        heard = stored_dict(int, self._read().get("heard"))
        self.close()
        return heard

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return _object(self._process.stdout.readline() if not self._process.stdout.closed else b"")


def run_self_test(
    guard: Callable[[], None],
    *,
    control: Control,
    desk_ways: Mapping[str, Callable[[int], None]] | None = None,
    command: Sequence[str] = COMMAND,
) -> SelfTest:
    """Try it all; takes a second or two.  `guard` makes a request that the program itself must refuse; `desk_ways` are
    further ways of this process to a port, such as a socket of the window's library.
    """
    tried = control.tried()
    stream, datagram = control.ports
    more = {name: outcome_of(lambda way=way: way(stream)) for name, way in (desk_ways or {}).items()}  # type: ignore[misc]
    desk = Tried("this program", {**try_all(stream, datagram), **more})
    children = tuple(_tried_by(role, (stream, datagram), command) for role in ROLES)
    return SelfTest(tried, desk, children, _refusal_of(guard), control.heard())


def _tried_by(role: str, ports: tuple[int, int], command: Sequence[str]) -> Tried:
    """A process with the walls of that child, on this PC and now."""
    try:
        done = subprocess.run(
            [*command, role, *map(str, ports)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=WAIT_S, check=False, env=_environment(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as err:
        return Tried(role, {"start": f"failed: {type(err).__name__}"})
    tries = stored_dict(str, _object(done.stdout).get("tries"))
    return Tried(role, tries or {"start": f"failed: status {done.returncode}"})


def _refusal_of(guard: Callable[[], None]) -> str:
    try:
        guard()
    except KnownError as err:
        return err.code
    return ALLOWED


def _object(line: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        return object_in(line)
    return {}


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SLMDESK_")}
