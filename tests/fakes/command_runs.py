from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.commands import ROOT, SLMDESK, Ran, run_here, run_process
from fakes.fake_hub import FakeHub, online
from fakes.tiny_gguf import tiny_llama, write


@pytest.fixture
def environment(home, monkeypatch) -> dict[str, str]:
    """Of a command: the home of the test, the echo engine in the child."""
    monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"words": True}))
    return dict(os.environ)


def runner(environment: dict[str, str], way: Callable) -> Callable[..., Ran]:
    """Runs commands in a way; `echo` are options of the echo engine, `real` takes the real one."""

    def run(*args: str, stdin: str | None = None, echo: dict | None = None, real: bool = False) -> Ran:
        env = dict(environment)
        if echo:
            env["SLMDESK_ECHO"] = json.dumps({"words": True, **echo})
        if real:
            env["SLMDESK_TEST_ENGINE"] = "real"
        status, out, err = way(args, env, (stdin or "").encode())
        assert b"Traceback" not in err + out, err.decode()
        return Ran(status, *(io.TextIOWrapper(io.BytesIO(stream), encoding="utf-8").read() for stream in (out, err)))

    return run


@pytest.fixture
def run(environment):
    """Runs one command in the process of the test."""
    return runner(environment, run_here)


@pytest.fixture
def run_apart(environment):
    """Runs one command in a process of its own, where the process is what is tested."""
    return runner(environment, run_process)


@pytest.fixture
def run_bytes(environment):
    """Runs one command and gives its output as bytes."""

    def output(*args: str) -> bytes:
        status, out, err = run_here(args, environment)
        assert status == 0, err
        return out

    return output


@pytest.fixture
def tiny(tmp_path) -> Path:
    return write(tmp_path / "tiny.gguf", tiny_llama())


@pytest.fixture
def with_model(run, tiny) -> dict:
    """A home with one model; its JSON object."""
    done = run("models", "import", str(tiny), "--json")
    assert done.status == 0, done.err
    return done.json


@pytest.fixture
def hub(home):
    """A fake Hub that the home asks."""
    with FakeHub() as it:
        online(home, it)
        yield it


@pytest.fixture
def begin(environment):
    """Starts a command and gives its process; ends what is left at the end."""
    started = []

    def start(*args: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [*SLMDESK, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
