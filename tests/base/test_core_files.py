"""A crash leaves no file with a person's words; with a control that shows that one would be left."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from fakes.commands import SLMDESK
from fakes.tiny_gguf import tiny_llama, write

pytestmark = [pytest.mark.process, pytest.mark.skipif(sys.platform != "linux", reason="core files as Linux has them")]

PATTERN = Path("/proc/sys/kernel/core_pattern")
MARKER = "quokka-marker-of-a-core-file"
BARE = f"import time; words = {MARKER!r}; print('up', flush=True); time.sleep(600)"


def allow_core_files():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def crashed(command, folder, environment=None):
    """Start it where core files are allowed, let it crash once it says something: its limits, what it left."""
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        preexec_fn=allow_core_files,
    ) as process:  # fmt: skip
        assert process.stdout.read(1)
        limits = resource.prlimit(process.pid, resource.RLIMIT_CORE)
        children = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGSEGV)
        assert process.wait(60) == -signal.SIGSEGV
        psutil.wait_procs(children, timeout=60)
    return limits, [path for path in folder.iterdir() if path.is_file() and MARKER.encode() in path.read_bytes()]


def test_p3_control_another_program_leaves_its_words_in_a_core_file(tmp_path):
    if PATTERN.read_text().startswith("|") or "/" in PATTERN.read_text():
        pytest.skip("this system keeps core files elsewhere")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("no core files are allowed here")
    limits, left = crashed([sys.executable, "-c", BARE], tmp_path)
    assert limits[0] == resource.RLIM_INFINITY
    assert len(left) == 1


@pytest.mark.parametrize("words", [["--help"], []], ids=["command", "window"])
def test_p3_no_process_of_ours_may_write_a_core_file(words, tmp_path):
    """The entrance itself, for the command line and for the window, which a test of a command does not go through."""
    code = (
        "import resource, sys; from slmdesk import __main__, app; from slmdesk.cli import main\n"
        "app.run_window = main.run_command_line = lambda *_, **__: print(resource.getrlimit(resource.RLIMIT_CORE))\n"
        f"__main__.main({words!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=allow_core_files, check=True
    )
    assert done.stdout.strip() == "(0, 0)"


def test_p3_a_chat_that_crashes_leaves_no_core_file(tmp_path):
    environment = os.environ | {"SLMDESK_HOME": str(tmp_path / "home")}
    model = write(tmp_path / "tiny.gguf", tiny_llama(endless=True))
    subprocess.run([*SLMDESK, "models", "import", "--link", str(model)], env=environment, check=True)
    chat = [*SLMDESK, "chat", "--no-save", f"Count to a thousand, {MARKER}.", "--max-tokens", "2000"]
    limits, left = crashed(chat, tmp_path, environment)
    assert limits == (0, 0)
    assert left == []
    assert not list(tmp_path.glob("core*"))
