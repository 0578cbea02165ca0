from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.fake_hub import FakeHub, online
from fakes.tiny_gguf import tiny_llama, write

TIMEOUT_S = 180


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self) -> list[dict]:
        return [json.loads(one) for one in self.out.splitlines()]


@pytest.fixture
def environment(home, monkeypatch) -> dict[str, str]:
    """Of a command: the home of the test, the echo engine in the child."""
    monkeypatch.setenv("SLMDESK_TEST_ENGINE", "echo")
    monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"words": True}))
    return dict(os.environ)


@pytest.fixture
def run(environment):
    """Runs one command in a process of its own; `echo` are options of the echo engine."""

    def one(*args: str, stdin: str | None = None, echo: dict | None = None, real: bool = False) -> Ran:
        env = dict(environment)
        if echo:
            env["SLMDESK_ECHO"] = json.dumps({"words": True, **echo})
        if real:
            del env["SLMDESK_TEST_ENGINE"]
        done = subprocess.run(
            [*SLMDESK, *args], input=stdin or "", capture_output=True, text=True, timeout=TIMEOUT_S, env=env, cwd=ROOT
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    return one


@pytest.fixture
def run_bytes(environment):
    """Runs one command and gives its output as bytes."""

    def one(*args: str) -> bytes:
        done = subprocess.run([*SLMDESK, *args], capture_output=True, timeout=TIMEOUT_S, env=environment, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return one


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

    def one(*args: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [*SLMDESK, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )
        started.append(process)
        return process

    yield one
    for process in started:
        process.kill()
        process.communicate()
