"""A question whose whole command is killed again and again: nothing is damaged, what was read stays, and the next
answer is the one that was never disturbed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.matrix import counts
from fakes.recorder import add_model, open_echo

pytestmark = pytest.mark.process

ECHO = json.dumps({"slow": 0.02, "answer": "The pump stops at 12 bar, and so it is written."})
QUESTION = "At how many bar does the pump stop?"
FILLER = "Chapter {} is about gardens, roses and the rain of May. "


def manual(path: Path) -> Path:
    pages = [FILLER.format(number) * 8 for number in range(80)]
    path.write_text("\f".join(["The pump stops at 12 bar.", *pages]))
    return path


def home_with_model(folder: Path, monkeypatch, model: Path) -> dict[str, str]:
    monkeypatch.setenv("SLMDESK_HOME", str(folder))
    services = open_echo()
    add_model(services, model)
    services.close()
    return os.environ | {"SLMDESK_HOME": str(folder), "SLMDESK_ECHO": ECHO}


def asked(env, path) -> dict:
    command = [*SLMDESK, "ask", str(path), QUESTION, "--json"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    found = json.loads(done.stdout)
    return {key: value for key, value in found.items() if key not in ("item", "message")}


def rows(home: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(home / "data" / "slmdesk.sqlite3", timeout=10) as db:  # takes back a cut-off write, as any
        return db.execute(sql).fetchall()


@counts("c1_questions")
def test_a_killed_question_damages_nothing_and_the_next_is_answered(tmp_path, monkeypatch, count):
    path = manual(tmp_path / "manual.txt")
    model = tmp_path / "echo.gguf"
    calm = home_with_model(tmp_path / "calm", monkeypatch, model)
    began = time.monotonic()
    requested = asked(calm, path)
    whole_s = time.monotonic() - began
    assert requested["citations"]

    home = tmp_path / "killed"
    env = home_with_model(home, monkeypatch, model)
    seed = random.randrange(1 << 30)
    print(f"seed {seed}, undisturbed {whole_s:.1f} s")
    chance = random.Random(seed)
    read: set[tuple] = set()
    for _ in range(count):
        running = subprocess.Popen(
            [*SLMDESK, "ask", str(path), QUESTION], env=env, cwd=ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(chance.uniform(0.2, 1.0) * whole_s)  # a random moment: no fact is waited for
        running.send_signal(signal.SIGKILL)
        running.wait()
        kept = set(rows(home, "select rowid, document, number from pages"))
        if rows(home, "select 1 from documents where status = 'read'"):
            assert not read or read == kept  # what was read whole is never read again
            read = kept
    assert asked(env, path) == requested
    assert rows(home, "pragma integrity_check") == [("ok",)]
    assert len(rows(home, "select id from documents")) == 1
    assert rows(home, "select id from messages where status = 'streaming'") == []
    ended = {status for (status,) in rows(home, "select status from messages where role = 'assistant'")}
    assert ended <= {"complete", "interrupted"}
    if read:
        assert read == set(rows(home, "select rowid, document, number from pages"))
