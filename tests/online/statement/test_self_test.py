"""The self-test: the control reaches its listener, who stands behind walls does not; both are shown as they are."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.walls import ALLOWED, REFUSED, STOPPED, UNPROVEN, outcome_of
from slmdesk.online.statement.proofs import ROLES, Control, SelfTest, Tried, run_self_test

pytestmark = pytest.mark.process
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="walls are for Linux so far")


def refuse() -> None:
    raise KnownError("network.offline", host="self-test.invalid")


@LINUX
def test_children_are_refused_and_the_control_and_an_open_desk_are_not():
    with Control() as control:
        test = run_self_test(refuse, control=control)
    assert test.has_control
    assert set(test.control.ways.values()) == {ALLOWED}
    assert set(test.desk.ways.values()) == {ALLOWED}, "no filter is on the desk of the test, and that is said"
    assert not test.desk.is_refused
    assert [child.who for child in test.children] == list(ROLES)
    for child in test.children:
        assert set(child.ways.values()) == {REFUSED}, child
        assert child.is_refused
    assert test.guard == "network.offline"
    assert test.heard == {"connection": 4, "name look-up": 2}, "control and desk alone were heard: two connections each"
    json.dumps(test.to_json())


def test_without_walls_the_same_test_says_allowed(monkeypatch):
    """The control of the test itself: where the filter is missing, nothing says that it is there."""
    command = [sys.executable, "-c", NO_WALLS]
    with Control() as control:
        test = run_self_test(lambda: None, control=control, command=command)
    for child in test.children:
        assert set(child.ways.values()) == {ALLOWED}, child
        assert not child.is_refused
    assert test.guard == ALLOWED


NO_WALLS = """
import sys
import slmdesk.children.worker.try_network as program
program.harden = lambda role: ()
sys.exit(program.main(sys.argv[1:]))
"""

UNDER_THE_FILTER = """
import json, sys
from slmdesk.online.statement.proofs import Control, run_self_test
from slmdesk.children.worker.sandbox import install
early = Control() if sys.argv[1] == "early" else None
assert install(deny_exec=False)
with early or Control() as control:
    test = run_self_test(lambda: None, control=control)
print(json.dumps({**test.to_json(), "is_refused": test.desk.is_refused}))
"""


@LINUX
@pytest.mark.parametrize("when", ["early", "late"])
def test_a_desk_that_the_kernel_keeps_from_the_network(when):
    done = subprocess.run(
        [sys.executable, "-c", UNDER_THE_FILTER, when], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["is_refused"] is True
    assert set(found["this_program"].values()) == {REFUSED}
    assert found["control_reached_the_listener"] is (when == "early"), (
        "a control begun behind the filter is behind it too"
    )
    if when == "early":
        assert found["heard_by_the_listener"] == {"connection": 2, "name look-up": 1}, "the control alone"


def test_what_stops_python_alone_is_no_refusal_of_the_system():
    def stopped() -> None:
        raise KnownError("network.refused", host="x")

    def hook() -> None:
        raise PermissionError("audit")

    assert outcome_of(stopped) == outcome_of(hook) == STOPPED
    assert outcome_of(lambda: None) == ALLOWED


@LINUX
def test_a_refusal_counts_only_where_the_kernel_names_a_filter(monkeypatch):
    """What was loaded before the libraries of the system can answer a socket as a filter does."""

    def forbidden() -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr("slmdesk.base.walls.is_filtered", lambda: False)
    assert outcome_of(forbidden) == UNPROVEN
    assert not Tried("reader", {"connection": outcome_of(forbidden)}).is_refused
    monkeypatch.setattr("slmdesk.base.walls.is_filtered", lambda: True)
    assert outcome_of(forbidden) == REFUSED


def test_a_control_that_does_not_start_is_none(tmp_path):
    with Control([sys.executable, "-c", "raise SystemExit(1)"]) as control:
        test = run_self_test(refuse, control=control, command=[sys.executable, "-c", "raise SystemExit(3)"])
    assert not test.has_control
    assert isinstance(test, SelfTest)
    assert {child.ways["start"] for child in test.children} == {"failed: status 3"}
    assert not any(child.is_refused for child in test.children)


FRESH = """
import ctypes, psutil, PySide6.QtCore
from slmdesk.online.statement.proofs import code_from_elsewhere
callback = ctypes.CFUNCTYPE(None)(print)
print(code_from_elsewhere({}))
"""


@LINUX
def test_nothing_in_a_fresh_process_is_from_elsewhere():
    """In this one a debugger or a profiler may be."""
    done = subprocess.run([sys.executable, "-I", "-c", FRESH], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
