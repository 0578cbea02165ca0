"""A question whose whole command is killed again and again: nothing is damaged, what was read stays, and the next
answer is the one that was never disturbed.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.killed import home_with_model, rows
from fakes.matrix import counts

pytestmark = pytest.mark.process

ECHO = json.dumps({"slow": 0.02, "answer": "The pump stops at 12 bar, and so it is written."})
QUESTION = "At how many bar does the pump stop?"
FILLER = "Chapter {} is about gardens, roses and the rain of May. "


def manual(path: Path) -> Path:
    pages = [FILLER.format(number) * 8 for number in range(40)]
    path.write_text("\f".join(["The pump stops at 12 bar.", *pages]))
    return path


def asked(path) -> dict:
    command = [*SLMDESK, "ask", str(path), QUESTION, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    shape = json.loads(done.stdout)
    return {key: value for key, value in shape.items() if key not in ("item", "message")}


@counts("c1_questions")
def test_a_killed_question_damages_nothing_and_the_next_is_answered(tmp_path, monkeypatch, count):
    path = manual(tmp_path / "manual.txt")
    model = tmp_path / "echo.gguf"
    monkeypatch.setenv("SLMDESK_ECHO", ECHO)
    home_with_model(tmp_path / "calm", monkeypatch, model)
    began = time.monotonic()
    requested = asked(path)
    whole_s = time.monotonic() - began
    assert requested["citations"]

    home = tmp_path / "killed"
    home_with_model(home, monkeypatch, model)
    seed = random.randrange(1 << 30)
    print(f"seed {seed}, undisturbed {whole_s:.1f} s")
    chance = random.Random(seed)
    read: set[tuple] = set()
    for _ in range(count):
        command = [*SLMDESK, "ask", str(path), QUESTION]
        running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.2, 1.0) * whole_s)  # a random moment: no fact is waited for
        running.send_signal(signal.SIGKILL)
        running.wait()
        kept = set(rows(home, "select rowid, document, number from pages"))
        if rows(home, "select 1 from documents where status = 'read'"):
            assert not read or read == kept  # what was read whole is never read again
            read = kept
    assert asked(path) == requested
    assert rows(home, "pragma integrity_check") == [("ok",)]
    assert len(rows(home, "select id from documents")) == 1
    assert rows(home, "select id from messages where status = 'streaming'") == []
    ended = {status for (status,) in rows(home, "select status from messages where role = 'assistant'")}
    assert ended <= {"complete", "interrupted"}
    if read:
        assert read == set(rows(home, "select rowid, document, number from pages"))
