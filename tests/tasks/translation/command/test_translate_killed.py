"""A translation whose whole command is killed again and again: what was stored stays, and the end is the same."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

import pytest
from fakes.commands import ROOT, SLMDESK, run_here
from fakes.killed import go_on, has_steps, home_with_model, kill_again, rows
from fakes.matrix import counts
from fakes.office import docx

pytestmark = pytest.mark.process
ECHO = json.dumps({"words": True, "turned": True, "slow": 0.01})
WORDS = "boiler tenant garden window lease roof repair notice payment deposit cellar stairs".split()  # noqa: SIM905
SEGMENTS_A_KILL = 12


def document(path: Path, paragraphs: int) -> None:
    """Of sentences with a number, each with a word of another look."""
    chance = random.Random(7)
    body = "".join(
        f"<w:p><w:r><w:t xml:space='preserve'>The {chance.choice(WORDS)} of flat {number} concerns the </w:t></w:r>"
        f"<w:r><w:rPr><w:b/></w:rPr><w:t>{chance.choice(WORDS)}</w:t></w:r>"
        f"<w:r><w:t xml:space='preserve'> beside the {chance.choice(WORDS)}.</w:t></w:r></w:p>"
        for number in range(paragraphs)
    )
    path.write_bytes(docx(body))


def segments(home: Path) -> list[tuple]:
    return rows(home, "select number, source, target, state, flags, reason from segments order by number")


@counts("c1_translations")
def test_a_killed_translation_goes_on_where_it_was(environment, tmp_path, monkeypatch, count) -> None:
    path, model = tmp_path / "long.docx", tmp_path / "echo.gguf"
    document(path, SEGMENTS_A_KILL * count)
    env = environment | {"SLMDESK_ECHO": ECHO}
    homes = tmp_path / "calm", tmp_path / "killed"
    for home in homes:
        home_with_model(home, monkeypatch, model)
    calm, killed = homes
    command = ["translate", str(path), "--to", "de", "--from", "en"]
    assert run_here([*command, "-o", str(tmp_path / "calm.docx")], env | {"SLMDESK_HOME": str(calm)})[0] == 0
    requested = segments(calm)
    assert len(requested) == SEGMENTS_A_KILL * count
    assert {state for *_, state, _, _ in requested} == {"translated"}

    env["SLMDESK_HOME"] = str(killed)
    end = kill_again(killed, env, command, kills=count, ahead=SEGMENTS_A_KILL // 2)
    assert end.deaths, "a command was killed in the midst of its work"
    go_on(killed, env, end)
    assert segments(killed) == requested
    assert rows(killed, "select count(*) - count(distinct key) from steps") == [(0,)]


def test_the_same_request_again_goes_on_with_the_killed_job(environment, tmp_path, monkeypatch) -> None:
    path, model, home = tmp_path / "long.docx", tmp_path / "echo.gguf", tmp_path / "home"
    document(path, 2 * SEGMENTS_A_KILL)
    home_with_model(home, monkeypatch, model)
    env = environment | {"SLMDESK_ECHO": ECHO, "SLMDESK_HOME": str(home)}
    command = ["translate", str(path), "--to", "de", "--from", "en", "-o", str(tmp_path / "out.docx")]
    running = subprocess.Popen(
        [*SLMDESK, *command], env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while running.poll() is None and not has_steps(home, 5):
        time.sleep(0.01)
    running.kill()
    running.wait()
    status, _, err = run_here(command, env)
    assert (status, b"goes on where it was" in err) == (0, True), err
    assert (tmp_path / "out.docx").exists()
    assert rows(home, "select status from jobs") == [("done",)], "a second try makes no second job"
    assert b"goes on where it was" not in run_here([*command, "--force"], env)[2], "what has ended is no open job"
