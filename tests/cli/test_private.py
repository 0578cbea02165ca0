"""P1 and P3: nothing leaves, and words are in the database alone.  Each with a control that shows the test can see."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.commands import ROOT, SLMDESK

pytestmark = pytest.mark.process

MARKER = "quokka-marker"
TIMEOUT_S = 120


def traced(command: list[str], log: Path, env: dict[str, str], stdin: str = "") -> str:
    """Run under strace; the calls about the network of all its processes."""
    args = ["strace", "-f", "-q", "-e", "trace=network,execve", "-o", str(log), *command]
    subprocess.run(args, input=stdin, capture_output=True, text=True, timeout=TIMEOUT_S, env=env, cwd=ROOT)
    return log.read_text(errors="replace")


def internet(calls: str) -> list[str]:
    """Calls that could reach beyond this computer."""
    return re.findall(r".*(?:AF_INET|AF_PACKET).*", calls)


def needs_strace(tmp_path: Path) -> None:
    if not shutil.which("strace") or "execve" not in traced(["true"], tmp_path / "probe", dict(os.environ)):
        pytest.skip("strace cannot be used here")


def flow(model: Path, chat: str | None = None) -> list[list[str]]:
    return [
        ["models", "import", str(model)],
        ["models", "list", "--json"],
        ["models", "verify"],
        ["models", "fit", str(model)],
        ["chat", f"Say {MARKER}.", "--json", "--max-tokens", "8"],
        ["history", "list", "--json"],
        ["history", "search", "marker"],
        ["network"],
        ["doctor"],
    ]


def test_p1_no_internet_socket_in_the_whole_flow_with_the_echo_engine(environment, tiny, tmp_path) -> None:
    needs_strace(tmp_path)
    for number, args in enumerate(flow(tiny)):
        calls = traced([*SLMDESK, *args], tmp_path / f"calls-{number}", environment)
        assert "execve" in calls
        assert internet(calls) == []


def test_p1_control_a_socket_and_a_name_lookup_are_seen_also_in_a_child(tmp_path, environment) -> None:
    needs_strace(tmp_path)
    opens = "import socket; socket.socket(socket.AF_INET).close()"
    asks = "import socket, contextlib\nwith contextlib.suppress(OSError): socket.getaddrinfo('a.invalid', 80)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {opens!r}])"
    for number, code in enumerate((opens, asks, child)):
        calls = traced([sys.executable, "-c", code], tmp_path / f"control-{number}", environment)
        assert internet(calls), code


@pytest.mark.model
def test_p1_p3_all_works_on_a_machine_without_any_network(environment, starter_model, home) -> None:
    alone = ["unshare", "-rn", "--"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("no namespaces here")
    environment.pop("SLMDESK_TEST_ENGINE")
    control = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    refused = subprocess.run([*alone, sys.executable, "-c", control], capture_output=True, text=True)
    assert "Network is unreachable" in refused.stderr
    for args in flow(starter_model):
        done = subprocess.run(
            [*alone, *SLMDESK, *args], capture_output=True, text=True, timeout=TIMEOUT_S, env=environment, cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), (args, done.stdout, done.stderr)
    files = [one for one in home.rglob("*") if one.is_file() and one.stat().st_size < 50_000_000]
    assert [one.name for one in files if MARKER.encode() in one.read_bytes()] == ["slmdesk.sqlite3"]


def test_p3_words_are_in_the_database_alone_and_files_are_private(environment, tiny, tmp_path, home) -> None:
    places = {name: tmp_path / name for name in ("user", "tmp", "run")}
    for place in places.values():
        place.mkdir()
    environment |= {
        "HOME": str(places["user"]), "TMPDIR": str(places["tmp"]), "XDG_RUNTIME_DIR": str(places["run"]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    for args in (*flow(tiny), ["chat", f"and {MARKER} again", "-m", "tiny"], ["history", "show", "nothing"]):
        subprocess.run(
            [*SLMDESK, *args],
            capture_output=True,
            timeout=TIMEOUT_S,
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )
    crash = {**environment, "SLMDESK_ECHO": '{"at": 1, "fault": "segfault"}'}
    subprocess.run([*SLMDESK, "chat", f"{MARKER} crash"], capture_output=True, env=crash, cwd=ROOT, timeout=TIMEOUT_S)
    files = [one for place in (home, *places.values()) for one in place.rglob("*") if one.is_file()]
    holding = [one.name for one in files if MARKER.encode() in one.read_bytes()]
    assert holding == ["slmdesk.sqlite3"]
    assert [one for one in files if one.name.startswith("core")] == []
    assert any(one.name == "engine.log" for one in files)
    for one in home.rglob("*"):
        assert one.stat().st_mode & 0o077 == 0, one


def test_h6_a_home_that_cannot_be_written_is_read_and_nothing_is_lost(environment, tiny, home) -> None:
    inside = ["unshare", "-rm", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"']
    if not shutil.which("unshare") or subprocess.run([*inside, "/tmp", "true"], capture_output=True).returncode:
        pytest.skip("no namespaces here")

    def run(*args: str, read_only: bool = True) -> subprocess.CompletedProcess[str]:
        command = [*inside, str(home), *SLMDESK, *args] if read_only else [*SLMDESK, *args]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment, cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    run("models", "import", str(tiny), read_only=False)
    run("chat", "hello", read_only=False)
    listed = run("history", "list")
    assert (listed.returncode, listed.stdout.count("hello")) == (0, 1)
    assert "cannot be written" in listed.stderr
    refused = run("chat", "again", "--json")
    assert (refused.returncode, '"store.read_only"' in refused.stdout) == (1, True)
    assert run("chat", "again", "--no-save").stdout == "You said: again\n"
    assert run("doctor").returncode == 0
    assert (run("models", "verify").returncode, run("models", "fit", "tiny llama").returncode) == (0, 0)
    removed = run("models", "remove", "tiny llama", "--json")
    assert (removed.returncode, '"store.read_only"' in removed.stdout) == (1, True)
    assert run("history", "list", read_only=False).stdout.count("hello") == 1


FULL = """
mount -t tmpfs -o size=2m none "$1" || exit 99
export SLMDESK_HOME="$1/home"; shift
"$@" models import --link "$MODEL" >&2 && "$@" chat "first words" >&2 || exit 98
dd if=/dev/zero of="$SLMDESK_HOME/fill" bs=4k >/dev/null 2>&1
"$@" history list; echo "listed $?"
"$@" chat "second words"; echo "refused $?"
"$@" chat "not kept" --no-save; echo "answered $?"
rm "$SLMDESK_HOME/fill"
"$@" chat "third words" >&2; echo "kept $?"
"$@" history list
"""


def test_h5_d12_a_full_disk_is_said_and_nothing_is_lost(environment, tiny, tmp_path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", FULL, "sh", str(place), *SLMDESK], capture_output=True, text=True, cwd=ROOT,
        timeout=TIMEOUT_S, env={**environment, "MODEL": str(tiny)}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("no namespaces here")
    lines = [one for one in done.stdout.splitlines() if not one.startswith("You said")]
    assert "first words" in lines[0]
    assert lines[1:5] == ["listed 0", "refused 1", "answered 0", "kept 0"], done.stderr
    assert [one.split("  ")[-1] for one in lines[5:]] == ["third words", "first words"]
    assert "disk is full" in done.stderr
    assert "damaged" not in done.stderr
    assert "Traceback" not in done.stderr
