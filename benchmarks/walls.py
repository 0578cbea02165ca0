"""What walls cost: the start of a child with them against without, and the app's own: `python -m benchmarks.walls`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

COUNT = 25
CHILD = """
import sys, time
from slmdesk.children.worker import hardening, main
Hello = main.Hello
def hello(*given):
    print(time.process_time(), file=sys.stderr, flush=True)
    return Hello(*given)
main.Hello = hello
if sys.argv[1] == "without":
    hardening._shut_in = lambda *given, **named: []
    hardening.harden_trials = lambda: ()
sys.exit(main.run_worker(sys.argv[2:]))
"""
ALONE = """
import sys, time
from slmdesk.children.reach import NOTHING
from slmdesk.children.worker import hardening
began = time.process_time()
if sys.argv[1] == "helper":
    hardening.harden_trials()
else:
    hardening._shut_in(hardening.files_of(sys.argv[1], NOTHING))
print(time.process_time() - began)
"""
APP = """
import sys, time
if sys.argv[1] == "hook":
    from slmdesk.models.hub import barriers as audit
    audit.watch()
elif sys.argv[1] == "filter":
    from slmdesk.models.hub import barriers as kernel
    began = time.perf_counter()
    assert kernel.enforce()
    print(time.perf_counter() - began)
    sys.exit()
began = time.process_time()
import slmdesk.cli.doctor, slmdesk.services
print(time.process_time() - began)
"""


def start_s(role: str, side: str, *, clock: str) -> float:
    """From the start of a child to its first line, in seconds: by the clock or of the processor's time."""
    environment = os.environ | {"SLMDESK_DESK_PID": str(os.getpid())}
    began = time.perf_counter()
    command = [sys.executable, "-c", CHILD, side, role]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdin is not None
        hello = json.loads(child.stdout.readline())
        took = time.perf_counter() - began if clock == "wall" else float(child.stderr.readline())
        assert ("no_network" in hello["capabilities"]) == (side == "walls"), hello
        child.stdin.close()
        child.wait()
    return took


def said_s(code: str, argument: str) -> float:
    """What a process says it took, in seconds."""
    done = subprocess.run([sys.executable, "-c", code, argument], capture_output=True, text=True, check=True)
    return float(done.stdout)


def compare(name: str, measure: Callable[[str], float], sides: tuple[str, str]) -> None:
    """Print the medians of two sides, taken in turn, in milliseconds."""
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(COUNT + 1):
        for side in sides if number % 2 else reversed(sides):
            took = measure(side) * 1000
            if number:  # the first reads files from the disk
                taken[side].append(took)
    first, other = (taken[side] for side in sides)
    pairs = [a - b for a, b in zip(first, other, strict=True)]
    print(
        f"{name}: {sides[0]} {statistics.median(first):.1f} ms, {sides[1]} {statistics.median(other):.1f} ms; "
        f"difference {statistics.median(pairs):+.1f} ms (of the smallest {min(first) - min(other):+.1f} ms)"
    )


def main() -> None:
    """Print a line for each."""
    for role in ("engine", "reader", "printer"):
        for clock in ("processor", "wall"):
            compare(f"start of {role}, {clock}", partial(start_s, role, clock=clock), ("walls", "without"))
    for role in ("engine", "reader", "printer", "helper"):
        taken = statistics.median(said_s(ALONE, role) for _ in range(COUNT))
        print(f"walls of {role} alone, processor: {taken * 1000:.1f} ms")
    compare("imports of a command, processor", partial(said_s, APP), ("hook", "without"))
    print(f"filter of the app: {statistics.median(said_s(APP, 'filter') for _ in range(COUNT)) * 1000:.2f} ms")


if __name__ == "__main__":
    main()
