"""P1 and P3: all works without a network, and words are in the database alone; see test_working_day.py."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.commands import run_process
from fakes.in_turn import run_in_turn

pytestmark = pytest.mark.process

MARKER = "quokka-marker"


def flow(model: Path) -> list[list[str]]:
    return [
        ["models", "import", str(model)],
        ["models", "list", "--json"],
        ["models", "verify"],
        ["chat", f"Say {MARKER}.", "--json", "--max-tokens", "8"],
        ["history", "list", "--json"],
        ["history", "search", "marker"],
        ["network"],
        ["doctor"],
    ]


def test_p1_p3_all_works_without_any_network_and_words_are_in_the_database_alone(
    environment, tiny, tmp_path, home
) -> None:
    alone = ["unshare", "-rn", "--"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("no namespaces here")
    control = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    refused = subprocess.run([*alone, sys.executable, "-c", control], capture_output=True, text=True)
    assert "Network is unreachable" in refused.stderr
    places = {name: tmp_path / name for name in ("user", "tmp", "run")}
    for place in places.values():
        place.mkdir()
    environment |= {
        "HOME": str(places["user"]), "TMPDIR": str(places["tmp"]), "XDG_RUNTIME_DIR": str(places["run"]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    done = run_in_turn(flow(tiny), environment | {"SLMDESK_TEST_ENGINE": "real"}, alone)
    assert [run.status for run in done] == [0] * len(done), done
    crash = environment | {"SLMDESK_ECHO": '{"at": 1, "fault": "segfault"}'}
    assert run_process(["chat", f"{MARKER} crash"], crash)[0] == 1
    files = [path for place in (home, *places.values()) for path in place.rglob("*") if path.is_file()]
    assert [file.name for file in files if MARKER.encode() in file.read_bytes()] == ["slmdesk.sqlite3"]
    assert [file for file in files if file.name.startswith("core")] == []
    assert any(file.name == "engine.log" for file in files)
    for path in home.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_h6_a_home_that_cannot_be_written_is_read_and_nothing_is_lost(run, environment, tiny, home) -> None:
    inside = ["unshare", "-rm", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"']
    if not shutil.which("unshare") or subprocess.run([*inside, "/tmp", "true"], capture_output=True).returncode:
        pytest.skip("no namespaces here")

    assert run("models", "import", str(tiny)).status == run("chat", "hello").status == 0
    commands = [
        ["history", "list"], ["chat", "again", "--json"], ["chat", "again", "--no-save"], ["doctor"],
        ["models", "verify"], ["models", "remove", "tiny llama", "--json"],
    ]  # fmt: skip
    listed, refused, answered, *others, removed = run_in_turn(commands, environment, [*inside, str(home)])
    assert (listed.status, listed.out.count("hello")) == (0, 1)
    assert "cannot be written" in listed.err
    assert answered.out == "You said: again\n"
    assert [run.status for run in others] == [0, 0]
    for done in (refused, removed):
        assert (done.status, '"store.read_only"' in done.out) == (1, True)
    assert run("history", "list").out.count("hello") == 1
