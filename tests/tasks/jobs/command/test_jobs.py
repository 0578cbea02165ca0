from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import threading

import pytest
from fakes.commands import ROOT, SLMDESK, TIMEOUT_S
from fakes.killed import has_steps
from fakes.recorder import open_echo, sized

from slmdesk.base.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.cli.output import WRITERS
from slmdesk.tasks.jobs.runner import step_of

pytestmark = pytest.mark.process

PAUSE = threading.Event()
"""Never set: what is waited for by asking again is not asked for without a pause."""


def test_a_job_is_listed_with_its_steps(run, with_model, paper) -> None:
    run(*translation_of(paper)).ok()
    (job,) = run("jobs", "list", "--json").json
    assert {"id", "kind", "status", "steps_done", "steps_total", "eta_s"} <= set(job)
    assert (job["kind"], job["status"], job["steps_done"]) == ("translation", "done", job["steps_total"])
    assert "Translation" in run("jobs", "list").out
    assert run("jobs", "cancel", "zz").status == 1


@pytest.fixture
def paper(tmp_path):
    """A document of many sentences, each translated in a step of its own."""
    path = tmp_path / "house.txt"
    path.write_text("\n\n".join(f"Flat {number} has a garden of its own." for number in range(24)))
    return path


def translation_of(paper):
    return "translate", str(paper), "--from", "en", "--to", "de", "-o", str(paper.with_suffix(".de.txt"))


@pytest.fixture
def begun(run, with_model, environment, paper, home):
    """A translation under way in a process of its own, and its job with at least two steps done."""
    slow = environment | {"SLMDESK_ECHO": json.dumps({"slow": 0.05})}
    command = subprocess.Popen(
        [*SLMDESK, *translation_of(paper)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=slow, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    while not has_steps(home, 2):
        assert command.poll() is None, command.communicate()
        PAUSE.wait(0.05)
    (job,) = run("jobs", "list", "--json").json
    yield command, job
    command.kill()
    command.communicate()


def goes_on(run, job) -> None:
    resumed = run("jobs", "resume", job["id"][:6], "--json").ok()
    assert (resumed.json["status"], resumed.json["steps_done"]) == ("done", resumed.json["steps_total"])
    assert resumed.json["steps_done"] >= job["steps_total"]


def test_a_summary_that_ctrl_c_paused_writes_its_file_when_it_goes_on(
    run, with_model, environment, home, tmp_path
) -> None:
    paper, out = tmp_path / "lease.txt", tmp_path / "lease.md"
    paper.write_text("The rent is 900 euros a month.\n\nThe garden belongs to the flat.")
    services = open_echo()
    sized(services, 1_500_000_000)
    services.close()
    slow = environment | {"SLMDESK_ECHO": json.dumps({"slow": 0.3, "words": True})}
    summary = subprocess.Popen(
        [*SLMDESK, "summarize", str(paper), "--language", "de", "-o", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=slow, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    try:
        while not has_steps(home, 1, "open"):
            assert summary.poll() is None, summary.communicate()
            PAUSE.wait(0.05)
        jobs = run("jobs", "list", "--json").json
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
    command, job = begun
    refused = run("jobs", "resume", job["id"], "--json")
    assert refused.json["error"]["code"] == "job.elsewhere"
    command.kill()
    command.communicate()
    (left,) = run("jobs", "list", "--json").json
    assert left["status"] == "open"  # its instance is gone
    assert left["steps_done"] >= job["steps_done"]
    goes_on(run, left)


def test_a_window_may_pause_it(run, begun) -> None:
    command, job = begun
    services = open_echo()
    try:
        assert services.service_thread.call(lambda: services.jobs.pause(job["id"])).status == "paused"
    finally:
        services.close()
    command.communicate(timeout=TIMEOUT_S)
    assert command.returncode == 1
    goes_on(run, job)


def test_what_stops_a_job_is_said(run, with_model) -> None:
    step = step_of([ChatMessage(Role.USER, (TextPart("hello"),))], Sampling(temperature=0.0))
    services = open_echo()
    try:
        sha256 = services.call.models.choose(None).sha256
        job = services.call.store.jobs.add("trial", "A trial", model_sha256=sha256, steps=[("a", step)])
    finally:
        services.close()
    failed = run("jobs", "resume", job.id, "--json", echo={"fail": "model.damaged"})
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
