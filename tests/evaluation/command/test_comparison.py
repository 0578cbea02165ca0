from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest
from fakes.commands import ROOT, SLMDESK, TIMEOUT_S
from fakes.tiny_gguf import tiny_llama, write

pytestmark = pytest.mark.process

PROMPT = "Say it in one word"


@pytest.fixture
def two(run, with_model, tmp_path) -> list[str]:
    """Ids of two models of the library."""
    path = write(tmp_path / "other.gguf", tiny_llama(seed=2))
    return [with_model["id"], run("models", "import", str(path), "--name", "Other", "--json").json["id"]]


def named(two: list[str]) -> list[str]:
    return [part for one in two for part in ("-m", one)]


@pytest.mark.real_child
def test_two_models_answer(run, two) -> None:
    done = run("models", "compare", PROMPT, *named(two), "--seed", "7")
    assert done.status == 0, done.err
    assert done.out.count("--- ") == 2
    assert done.out.count("tokens/s") == 2
    found = run("models", "compare", PROMPT, *named(two), "--json").json
    assert all(one["model"] and one["tokens_per_s"] > 0 and one["memory_bytes"] > 0 for one in found["answers"])
    assert len(run("history", "list", "--kind", "comparison", "--json").json) == 2
    assert run("history", "list", "--kind", "chat", "--json").json == []
    assert len(run("history", "list", "--json").json) == 2
    assert PROMPT in run("history", "show", found["id"]).out
    assert run("history", "delete", found["id"]).status == 0
    assert [one["kind"] for one in run("history", "list", "--deleted", "--json").json] == ["comparison"]


def test_the_prompt_may_come_from_stdin(run, two) -> None:
    found = run("models", "compare", *named(two), "--json", stdin="from a pipe").json
    assert found["prompt"] == "from a pipe"
    assert all(one["status"] == "complete" for one in found["answers"])


def test_wrong_use_is_said(run, two) -> None:
    assert run("models", "compare", PROMPT, "-m", two[0]).status == 2
    assert run("models", "compare", *named(two)).status == 2
    assert run("models", "compare", PROMPT, "-m", two[0], "-m", two[0]).status == 1
    unknown = run("models", "compare", PROMPT, "-m", two[0], "-m", "nobody", "--json")
    assert (unknown.status, unknown.json["error"]["code"]) == (1, "model.unknown")


@pytest.mark.parametrize(
    "args", [("vote", "3f", "B", "--note", "shorter", "--json"), ("compare", PROMPT, "--blind", "-m", "a", "-m", "b")]
)
def test_voting_and_blind_comparison_are_said_to_be_gone(run, args) -> None:
    done = run("models", *args)
    assert (done.status, done.out) == (2, "")
    assert "gone since version" in done.err
    assert "vote" not in run("models", "--help").out


def test_one_that_fails_is_said_and_the_other_answers(run, two) -> None:
    done = run("models", "compare", PROMPT, *named(two), "--json", echo={"fail": "model.damaged"})
    assert done.status == 1
    assert [one["error"] for one in done.json["answers"]] == ["model.damaged"] * 2
    assert done.err.count("error: ") == 2


def test_ctrl_c_stops_and_keeps_what_came(run, two, environment) -> None:
    slow = environment | {"SLMDESK_ECHO": json.dumps({"words": True, "slow": 0.2})}
    child = subprocess.Popen(
        [*SLMDESK, "models", "compare", "one two three four five six", *named(two)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=slow, cwd=ROOT,
        start_new_session=True,
    )  # fmt: skip
    assert child.stdout.readline().startswith("--- ")
    os.kill(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=TIMEOUT_S)
    assert child.returncode == 130
    assert "history show" in err
    (item,) = run("history", "list", "--kind", "comparison", "--json").json
    states = [one["status"] for one in run("history", "show", item["id"], "--json").json["messages"]]
    assert states == ["complete", "cancelled", "cancelled"]
