"""`slmdesk history forget-day`: told first, and then nothing of it is left."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.process


def test_a_day_is_forgotten_after_it_was_confirmed(run, with_model, home) -> None:
    assert run("chat", "about the zqquokka").status == 0
    today = time.strftime("%Y-%m-%d")
    refused = run("history", "forget-day", today)
    assert (refused.status, "1 chat" in refused.err, "--yes does it" in refused.err) == (1, True, True)
    assert len(run("history", "list", "--json").json) == 1
    done = run("history", "forget-day", today, "--yes", "--json").json
    assert (done["counts"], len(done["deleted"])) == ({"chat": 1}, 1)
    assert run("history", "list", "--json").json == []
    files = [path for path in home.rglob("*") if path.is_file() and b"zqquokka" in path.read_bytes()]
    assert files == []
    assert "Nothing that was made on" in run("history", "forget-day", today).err
