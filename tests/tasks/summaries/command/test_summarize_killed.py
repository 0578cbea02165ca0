"""A summary whose whole command is killed again and again: what was stored stays, and the end is the same."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.commands import run_here
from fakes.killed import go_on, home_with_model, kill_again, rows
from fakes.matrix import counts
from fakes.recorder import Recorder, open_echo

pytestmark = pytest.mark.process
ECHO = json.dumps({"words": True, "slow": 0.004})
WORDS = "boiler tenant garden window lease roof repair notice payment deposit cellar stairs".split()  # noqa: SIM905


def text(flats: int) -> str:
    chance = random.Random(7)
    return "\n\n".join(
        f"The {chance.choice(WORDS)} of flat {number} concerns the {chance.choice(WORDS)} and the "
        f"{chance.choice(WORDS)} beside the {chance.choice(WORDS)} of number {number}."
        for number in range(flats)
    )


def result(home: Path) -> str:
    services = open_echo()
    try:
        reported = Recorder(services)
        item = services.service_thread.call(lambda: reported.services.store.items.page("summary"))[0]
        stored = services.service_thread.call(lambda: services.store.results.get(item.id))
        document = stored["documents"][0]["document"]
    finally:
        services.close()
    del stored["seconds"]
    return json.dumps(stored).replace(document, "D")


@counts("c1_summaries")
def test_a_killed_command_goes_on_where_it_was(run, tmp_path, monkeypatch, count) -> None:
    document = tmp_path / "long.txt"
    document.write_text(text(20 + 20 * count))
    command = ["summarize", str(document), "--length", "long", "--language", "de"]  # a step for each line
    model = tmp_path / "echo.gguf"
    home_with_model(tmp_path / "calm", monkeypatch, model)
    env = os.environ | {"SLMDESK_ECHO": ECHO}
    status, out, err = run_here(command, env)
    assert (status, bool(out)) == (0, True), err
    requested = result(tmp_path / "calm")

    home = tmp_path / "killed"
    home_with_model(home, monkeypatch, model)
    env["SLMDESK_HOME"] = str(home)
    killed = kill_again(home, env, command, kills=count, ahead=2)
    again = command if count == 1 else killed.command  # the same request takes up its job
    go_on(home, env, replace(killed, command=again))
    assert rows(home, "select count(*) from jobs where kind = 'summary'") == [(1,)]
    assert result(home) == requested
