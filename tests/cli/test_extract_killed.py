"""A table whose whole command is killed: what was stored stays, and the end is the same."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import time

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.told import add_model, open_echo

pytestmark = pytest.mark.process
CELL = {"quote": "The rent is 900 euros", "value": "900 euros"}
ECHO = json.dumps({"words": True, "slow": 0.02, "answer": json.dumps({"Price": CELL, "Who": None})})


def a_home(home, monkeypatch, model) -> None:
    monkeypatch.setenv("SLMDESK_HOME", str(home))
    services = open_echo()
    try:
        add_model(services, model)
    finally:
        services.close()


def result(home) -> dict:
    with sqlite3.connect(f"file:{home}/data/slmdesk.sqlite3?mode=ro", uri=True, timeout=10) as db:
        (value,) = db.execute("select value from results").fetchone()
    table = json.loads(value)
    del table["seconds"]
    for row in table["rows"]:
        del row["document"]
    return table


def stored(home) -> dict[str, str]:
    """What is on the disk of the steps, read beside whoever writes."""
    with sqlite3.connect(f"file:{home}/data/slmdesk.sqlite3?mode=ro", uri=True, timeout=10) as db:
        return dict(db.execute("select key, value from steps where status = 'done'").fetchall())


@pytest.mark.parametrize("kills", [1, pytest.param(5, marks=pytest.mark.soak)])
def test_a_killed_command_goes_on_where_it_was(run, tmp_path, monkeypatch, kills) -> None:
    folder = tmp_path / "leases"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}.txt").write_text(f"Flat {number}. The rent is 900 euros.")
    command = ["extract", str(folder), "--columns", "Price:amount,Who"]
    env = os.environ | {"SLMDESK_TEST_ENGINE": "echo", "SLMDESK_ECHO": ECHO}
    a_home(tmp_path / "calm", monkeypatch, tmp_path / "echo.gguf")
    env["SLMDESK_HOME"] = str(tmp_path / "calm")
    subprocess.run([*SLMDESK, *command], env=env, cwd=ROOT, capture_output=True, check=True)
    wanted = result(tmp_path / "calm")
    assert {row["cells"][0]["value"] for row in wanted["rows"]} == {"900 euros"}

    home = tmp_path / "killed"
    a_home(home, monkeypatch, tmp_path / "echo.gguf")
    env["SLMDESK_HOME"] = str(home)
    chance, before, status = random.Random(kills), {}, ""
    for _ in range(kills):
        running = subprocess.Popen(
            [*SLMDESK, *command], env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        due = len(before) + chance.randint(1, 4)
        while running.poll() is None and len(stored(home)) < due:
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.wait()
        after = stored(home)
        assert before.items() <= after.items()
        before = after
        with sqlite3.connect(f"file:{home}/data/slmdesk.sqlite3?mode=ro", uri=True, timeout=10) as db:
            job, status = db.execute("select id, status from jobs").fetchone()
        if status == "done":
            break
        command = ["jobs", "resume", job]
    subprocess.run([*SLMDESK, *command], env=env, cwd=ROOT, capture_output=True, check=status != "done")
    assert before.items() <= stored(home).items()
    assert result(home) == wanted
