from __future__ import annotations

import queue
import subprocess

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.told import TIMEOUT_S, open_echo

from slmdesk.core.errors import KnownError
from slmdesk.hub.guard import GuardPolicy, make_client

pytestmark = pytest.mark.process


def command(*args: str) -> None:
    """Another desk, in a process of its own."""
    done = subprocess.run(
        [*SLMDESK, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def test_offline_said_on_the_command_line_reaches_an_open_window_and_its_guard(home) -> None:
    window = open_echo()
    try:
        window.desk.call(lambda: window.network.set_offline(False))
        seen: queue.SimpleQueue = queue.SimpleQueue()
        window.desk.call(lambda: window.settings.listeners.append(seen.put))
        policy = GuardPolicy(offline=lambda: window.network.is_offline, hosts=frozenset({"huggingface.co"}))
        policy.check("https", "huggingface.co", 443)
        command("network", "--offline", "on")
        with make_client(policy, window.network.record, window.network.finish) as client:
            with pytest.raises(KnownError) as refused:  # at once: also before the look of this second
                client.get("https://huggingface.co/api/models")
            assert refused.value.code == "network.offline"
        assert window.desk.call(window.network.requests) == []
        assert seen.get(timeout=TIMEOUT_S).offline is True
        command("network", "--offline", "off")
        assert seen.get(timeout=TIMEOUT_S).offline is False, "nobody asked the window for anything: it looked by itself"
        assert window.network.is_offline is False
    finally:
        window.close()
