from __future__ import annotations

import json
import signal

import pytest

pytestmark = pytest.mark.model


@pytest.fixture
def started(run, starter_model, measured_before) -> dict:
    done = run("models", "import", str(starter_model), "--link", "--json", real=True)
    assert done.status == 0, done.err
    return done.json


def test_import_and_info_of_the_starter_model(run, starter_model, started) -> None:
    info = run("models", "info", started["id"], "--json", real=True).json
    assert (info["architecture"], info["quantization"], info["context_length"]) == ("llama", "Q4_1", 8192)
    assert info["has_chat_template"] is True
    assert info["bytes"] == starter_model.stat().st_size


def test_two_turns_and_an_export(run, started) -> None:
    limits = ("--json", "--max-tokens", "6", "--temperature", "0")
    first = run("chat", "Say hello.", *limits, real=True)
    assert first.status == 0, first.err
    *tokens, done = first.lines
    assert "".join(token["text"] for token in tokens) == done["text"] != ""
    assert done["finish_reason"] in ("stop", "length")
    assert done["usage"]["prompt_tokens"] > 5
    assert 0 < done["usage"]["output_tokens"] <= 6
    assert done["timing"]["first_token_s"] > 0
    second = run("chat", "And now goodbye.", "-c", done["chat"], *limits, real=True).lines[-1]
    assert second["type"] == "done"
    assert second["usage"]["prompt_tokens"] > done["usage"]["prompt_tokens"]
    exported = json.loads(run("history", "export", done["chat"], "--format", "json", real=True).out)
    assert [message["role"] for message in exported["messages"]] == ["user", "assistant"] * 2
    assert exported["messages"][1]["text"] == done["text"]
    assert exported["messages"][1]["model_sha256"] == started["sha256"]


def test_making_a_format_is_told_step_by_step_through_a_pipe_and_a_stop_leaves_nothing(
    run, begin, environment, home, starter_model
) -> None:
    model = run("models", "import", str(starter_model), "--link", "--json", real=True).json["id"]
    environment["SLMDESK_TEST_ENGINE"] = "real"
    stopped = begin("models", "tune", model, "--make", "F16")
    assert stopped.stderr.readline() == "making F16…\n"
    stopped.send_signal(signal.SIGINT)
    assert "done" not in stopped.communicate()[1]
    assert stopped.returncode == 130
    assert not [path for path in (home / "models").glob(".formats*") if path.is_dir()]
    made = run("models", "tune", model, "--make", "Q8_0")
    assert made.status == 0, made.err
    assert made.err.splitlines()[0] == "making Q8_0…"
