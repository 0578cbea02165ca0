"""A table whose whole command is killed: what was stored stays, and the end is the same."""

from __future__ import annotations

import json
import os

import pytest
from fakes.commands import run_here
from fakes.killed import go_on, home_with_model, kill_again, rows
from fakes.matrix import counts

pytestmark = pytest.mark.process
ECHO = json.dumps({"words": True, "slow": 0.01, "answer": json.dumps({"Price": "900 euros", "Who": ""})})


def result(home) -> dict:
    ((value,),) = rows(home, "select value from results")
    table = json.loads(value)
    del table["seconds"]
    for row in table["rows"]:
        del row["document"]
    return table


@counts("c1_tables")
def test_a_killed_command_goes_on_where_it_was(run, tmp_path, monkeypatch, count) -> None:
    folder = tmp_path / "leases"
    folder.mkdir()
    for number in range(4 * (count + 1)):
        (folder / f"{number:02}.txt").write_text(f"Flat {number}. The rent is 900 euros.")
    command = ["extract", str(folder), "--columns", "Price:amount,Who"]
    env = os.environ | {"SLMDESK_ECHO": ECHO}
    home_with_model(tmp_path / "calm", monkeypatch, tmp_path / "echo.gguf")
    env["SLMDESK_HOME"] = str(tmp_path / "calm")
    assert run_here(command, env)[0] == 0
    requested = result(tmp_path / "calm")
    assert {row["cells"][0]["value"] for row in requested["rows"]} == {"900 euros"}

    home = tmp_path / "killed"
    home_with_model(home, monkeypatch, tmp_path / "echo.gguf")
    env["SLMDESK_HOME"] = str(home)
    go_on(home, env, kill_again(home, env, command, kills=count, ahead=4))
    assert result(home) == requested
