"""A translation whose whole command is killed again and again: what was stored stays, and the end is the same."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.office import docx
from fakes.told import add_model, open_echo

pytestmark = pytest.mark.process
ECHO = json.dumps({"words": True, "turned": True, "slow": 0.004})
WORDS = "boiler tenant garden window lease roof repair notice payment deposit cellar stairs".split()  # noqa: SIM905
SEGMENTS_A_KILL = 30


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


def home_with_model(folder: Path, monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    monkeypatch.setenv("SLMDESK_HOME", str(folder))
    services = open_echo()
    try:
        add_model(services, model)
    finally:
        services.close()


def rows(home: Path, wanted: str) -> list[tuple]:
    """What is on the disk, read beside whoever writes."""
    with sqlite3.connect(f"file:{home}/data/slmdesk.sqlite3?mode=ro", uri=True, timeout=10) as db:
        return db.execute(wanted).fetchall()


def segments(home: Path) -> list[tuple]:
    return rows(home, "select number, source, target, state, flags, reason from segments order by number")


def stored(home: Path) -> dict[str, tuple]:
    """The steps that are done: where each stands in the table, and what came of it."""
    return {key: rest for key, *rest in rows(home, "select key, n, value from steps where status = 'done'")}


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_a_killed_translation_goes_on_where_it_was(environment, tmp_path, monkeypatch, kills) -> None:
    path, model = tmp_path / "long.docx", tmp_path / "echo.gguf"
    document(path, SEGMENTS_A_KILL * kills)
    env = environment | {"SLMDESK_ECHO": ECHO}
    homes = tmp_path / "calm", tmp_path / "killed"
    for home in homes:
        home_with_model(home, monkeypatch, model)
    calm, killed = homes
    command = ["translate", str(path), "--to", "de", "--from", "en"]
    subprocess.run(
        [*SLMDESK, *command, "-o", str(tmp_path / "calm.docx")],
        env=env | {"SLMDESK_HOME": str(calm)}, cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    wanted = segments(calm)
    assert len(wanted) == SEGMENTS_A_KILL * kills
    assert {state for *_, state, _, _ in wanted} == {"translated"}

    env["SLMDESK_HOME"] = str(killed)
    chance, before, deaths = random.Random(kills), {}, 0
    for _ in range(kills):
        running = subprocess.Popen([*SLMDESK, *command], env=env, cwd=ROOT, stderr=subprocess.DEVNULL)
        due = len(before) + chance.randint(1, SEGMENTS_A_KILL // 2)
        while running.poll() is None and not (rows(killed, "select 1 from jobs") and len(stored(killed)) >= due):
            time.sleep(0.02)
        deaths += running.poll() is None
        running.send_signal(signal.SIGKILL)
        running.wait()
        after = stored(killed)
        assert before.items() <= after.items(), "what was stored is neither lost nor done again"
        before = after
        command = ["jobs", "resume", rows(killed, "select id from jobs")[0][0]]
    assert deaths == kills, "each command was killed in the midst of its work"
    subprocess.run([*SLMDESK, *command], env=env, cwd=ROOT, capture_output=True, check=True)
    assert before.items() <= stored(killed).items()
    assert segments(killed) == wanted
    assert rows(killed, "select count(*) - count(distinct key) from steps") == [(0,)]
