from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import threading

import pytest
from fakes.commands import ROOT, SLMDESK, TIMEOUT_S
from fakes.recorder import examine, open_echo

from slmdesk.command.output import WRITERS

pytestmark = pytest.mark.process

PAUSE = threading.Event()
"""Never set: what is waited for by asking again is not asked for without a pause."""


def test_an_exam_with_thinking_stands_beside_the_one_without(run, with_model) -> None:
    echo = {"thought": "Let me think."}
    done = run("models", "exam", with_model["id"], "--thinking", "--json", echo=echo).ok()
    both = done.json
    assert {skill["skill"] for skill in both["thinking"]["skills"]} == {"format", "language", "correct"}
    assert both["thinking"]["thoughts"] == 36
    assert len(both["skills"]) == 6
    words = run("models", "exam", with_model["id"], "--thinking", echo=echo).out
    assert "without    with thinking" in words
    assert "Thinking made little difference: +0 of 36 tasks." in words
    assert run("models", "exam", with_model["id"], "--thinking", "--translate", "en-de").status == 2


def test_an_exam_on_the_command_line(run, with_model) -> None:
    done = run("models", "exam", with_model["id"], "--json").ok()
    assert {skill["skill"] for skill in done.json["skills"]} == {
        "format",
        "block",
        "truth",
        "language",
        "correct",
        "summary",
    }
    assert all({"level", "passed", "total"} <= set(skill) for skill in done.json["skills"])
    assert done.json["sentence"].endswith(".")
    (job,) = run("jobs", "list", "--json").json
    assert {"id", "kind", "status", "steps_done", "steps_total", "eta_s"} <= set(job)
    assert (job["kind"], job["status"], job["steps_done"]) == ("exam", "done", job["steps_total"])
    assert "Exam" in run("jobs", "list").out
    words = run("models", "exam", with_model["id"])
    assert "short chats" in words.out
    assert run("jobs", "cancel", "zz").status == 1


@pytest.fixture
def begun(run, with_model, environment):
    """An exam under way in a process of its own, and its job with at least two steps done."""
    slow = environment | {"SLMDESK_ECHO": json.dumps({"slow": 0.05})}
    exam = subprocess.Popen(
        [*SLMDESK, "models", "exam", with_model["id"]],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=slow, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    while not (jobs := run("jobs", "list", "--json").json) or jobs[0]["steps_done"] < 2:
        assert exam.poll() is None, exam.communicate()
        PAUSE.wait(0.1)
    yield exam, jobs[0]
    exam.kill()
    exam.communicate()


def goes_on(run, job) -> None:
    resumed = run("jobs", "resume", job["id"][:6], "--json").ok()
    assert (resumed.json["status"], resumed.json["steps_done"]) == ("done", job["steps_total"])


def test_a_summary_that_ctrl_c_paused_writes_its_file_when_it_goes_on(run, with_model, environment, tmp_path) -> None:
    paper, out = tmp_path / "lease.txt", tmp_path / "lease.md"
    paper.write_text("The rent is 900 euros a month.\n\nThe garden belongs to the flat.")
    services = open_echo()
    examine(services)
    services.close()
    slow = environment | {"SLMDESK_ECHO": json.dumps({"slow": 0.3, "words": True})}
    summary = subprocess.Popen(
        [*SLMDESK, "summarize", str(paper), "--language", "de", "-o", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=slow, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    try:
        while not (jobs := run("jobs", "list", "--json").json) or jobs[0]["steps_total"] < 1:
            assert summary.poll() is None, summary.communicate()
            PAUSE.wait(0.1)
        os.kill(summary.pid, signal.SIGINT)
        _, err = summary.communicate(timeout=TIMEOUT_S)
    finally:
        summary.kill()
        summary.communicate()
    assert (summary.returncode, run("jobs", "list", "--json").json[0]["status"]) == (130, "paused")
    assert "jobs resume" in err
    assert f"{out} is written when that is done" in err
    out.write_text("somebody's")
    kept = run("jobs", "resume", jobs[0]["id"])
    assert (kept.status, str(out) in kept.err, out.read_text()) == (1, True, "somebody's")
    out.unlink()
    resumed = run("jobs", "resume", jobs[0]["id"], "--json")
    assert (resumed.json["status"], resumed.json["output"]) == ("done", str(out))
    assert f"slmdesk history show {jobs[0]['item']}" in resumed.err
    assert "page" in out.read_text()
    assert run("jobs", "resume", jobs[0]["id"], "--json").json["error"]["code"] == "job.ended"


def test_a_command_that_is_killed_leaves_its_job_to_the_next(run, begun) -> None:
    exam, job = begun
    refused = run("jobs", "resume", job["id"], "--json")
    assert refused.json["error"]["code"] == "job.elsewhere"
    exam.kill()
    exam.communicate()
    (left,) = run("jobs", "list", "--json").json
    assert left["status"] == "open"  # its instance is gone
    assert left["steps_done"] >= job["steps_done"]
    goes_on(run, left)


def test_a_window_may_pause_it(run, begun) -> None:
    exam, job = begun
    services = open_echo()
    try:
        assert services.service_thread.call(lambda: services.jobs.pause(job["id"])).status == "paused"
    finally:
        services.close()
    exam.communicate(timeout=TIMEOUT_S)
    assert exam.returncode == 1
    goes_on(run, job)


def test_what_stops_a_job_is_said(run, with_model) -> None:
    failed = run("models", "exam", with_model["id"], "--json", echo={"fail": "model.damaged"})
    assert failed.status == 1
    assert failed.json["error"]["code"] == "model.damaged"
    (job,) = run("jobs", "list", "--json").json
    assert job["status"] == "failed"
    assert run("models", "remove", with_model["id"]).status == 0
    gone = run("jobs", "resume", job["id"], "--json")
    assert gone.json["error"]["code"] == "model.unknown"
    assert run("jobs", "list", "--json").json[0]["status"] == "paused"


def test_a_bench_on_the_command_line(run, with_model) -> None:
    done = run("models", "bench", with_model["id"], "--json", echo={"slow": 0.001}).ok()
    assert done.json["prompt_tokens_per_s"] > 0
    assert done.json["output_tokens_per_s"] > 0
    assert {"id", "memory_bytes", "energy_j"} <= set(done.json)
    assert "energy" in run("models", "bench", with_model["id"]).out


def test_each_kind_of_work_that_may_be_resumed_has_a_writer_of_its_file() -> None:
    for module in WRITERS.values():
        assert callable(importlib.import_module(module).write_output), module
