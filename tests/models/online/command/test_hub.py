"""Search and download from the command line, over the fake Hub: contract of cli.md, rows D1, D13, P1."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.fake_hub import CERTIFICATE, Fault, part_size
from fakes.matrix import counts
from fakes.recorder import open_echo
from fakes.tiny_gguf import tiny_bert, tiny_imatrix, tiny_llama

from slmdesk.models.hub.search import PIECE_BYTES

pytestmark = pytest.mark.process

REPO, NAME = "some/tiny-GGUF", "tiny.Q4_K_M.gguf"
TWICE_BYTES = 16 << 20
WAIT_S = 180


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("SLMDESK_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"SLMDESK_TEST_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="module")
def data() -> bytes:
    return tiny_llama().data + random.Random(1).randbytes(40 << 20)


def wait_for(event, what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not event():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


@pytest.fixture
def stalled(begin, hub, home, data):
    """Begins a download of which so many bytes come to the disk before the server falls silent."""

    def start(at: int) -> subprocess.Popen:
        hub.add(REPO, {NAME: data})
        hub.storage_faults = [Fault(stall_at=at)]
        process = begin("models", "download", REPO, "--json")
        wait_for(lambda: part_size(home) >= at, f"{at} bytes on the disk")
        return process

    return start


def test_search_keeps_the_contract(run, hub) -> None:
    model = tiny_llama().data
    hub.add(REPO, {NAME: model, "README.md": b""}, license="mit", tags=["pl"])
    hub.add("other/tiny-GGUF", {"t.gguf": model, "mmproj-F16.gguf": bytes(3 << 20)}, gated=True)
    hits = run("models", "search", "tiny", "--json").json
    assert {hit["repo"] for hit in hits} == {REPO, "other/tiny-GGUF"}
    (mine,) = run("models", "search", "tiny", "--author", "some", "--language", "pl", "--limit", "1", "--json").json
    assert mine == {
        "repo": REPO, "downloads": 100, "likes": 10, "updated": "2026-05-01T12:00:00+00:00", "license": "mit",
        "gated": False, "files": [{
            "name": NAME, "bytes": len(model), "quantization": "Q4_K_M", "projector": None,
            "sha256": hashlib.sha256(model).hexdigest(), "fit": "fits", "parts": 1,
        }],
    }  # fmt: skip
    seeing, _eyes = next(hit for hit in hits if hit["repo"] != REPO)["files"][::-1]
    assert seeing["projector"] == {"name": "mmproj-F16.gguf", "bytes": 3 << 20}
    told = run("models", "search", "tiny").out
    assert f"{REPO}  (100 downloads" in told
    assert "t.gguf  and 3 MB to see or hear\n" in told
    assert run("models", "search", "nothing", "--json").json == []
    assert run("models", "search").status == 2


def test_search_takes_the_filters_of_the_window(run, hub) -> None:
    model = tiny_llama().data
    hub.add("a/tiny-code-GGUF", {NAME: model}, license="mit", tags=["code"], downloads=5, likes=50)
    hub.add("b/tiny-chat-GGUF", {NAME: model}, license="gemma", tags=["conversational"], downloads=50, likes=5)
    huge = hub.add("b/tiny-huge-GGUF", {NAME: model}, license="gemma", downloads=500, gguf={"total": 10**12})
    huge.lies[NAME] = {"size": 1 << 45}

    def names(*options: str) -> list[str]:
        ran = run("models", "search", *options, "--json")
        assert ran.status == 0, ran.err
        return [hit["repo"].partition("/")[2] for hit in ran.json]

    assert names("tiny") == ["tiny-huge-GGUF", "tiny-chat-GGUF", "tiny-code-GGUF"]
    assert names("tiny", "--sort", "likes")[0] == "tiny-code-GGUF"
    assert names("--task", "code") == ["tiny-code-GGUF"]
    assert names("tiny", "--license", "MIT") == ["tiny-code-GGUF"]
    assert names("tiny", "--author", "b", "--fits") == ["tiny-chat-GGUF"]
    assert names(f"https://huggingface.co/a/tiny-code-GGUF/blob/main/{NAME}") == ["tiny-code-GGUF"]
    reported = run("models", "search", "tiny", "--fits", "--license", "permissive")
    assert "note: 2 have another licence and are left out." in reported.err
    assert "note: 1 more is too large for this PC and left out." in run("models", "search", "tiny", "--fits").err
    assert run("models", "search", "tiny", "--task", "poems").status == 2


def test_download_keeps_the_contract_and_the_model_answers(run, hub, home) -> None:
    model = tiny_llama().data
    hub.add(REPO, {NAME: model, "tiny.Q8_0.gguf": model + b"8"})
    done = run("models", "download", f"hf.co/{REPO}:q8_0", "--json")
    assert done.status == 0, done.err
    assert done.json["sha256"] == hashlib.sha256(model + b"8").hexdigest()
    assert (done.json["bytes"], done.json["resumed_from"]) == (len(model) + 1, 0)
    assert Path(done.json["path"]).parent == home / "models"
    assert run("models", "download", f"{REPO}/{NAME}").status == 0
    (first, second) = run("models", "list", "--json").json
    assert first["id"] == done.json["id"]
    assert second["source"].startswith(f"huggingface:{REPO}/{NAME}@")
    assert [check["ok"] for check in run("models", "verify", "--json").json] == [True, True]
    answer = run("chat", "hello", "-m", done.json["id"], "--max-tokens", "3", "--json", real=True)
    assert answer.lines[-1]["type"] == "done", answer.err
    rows = run("network", "--json").json
    assert len(rows) == len(hub.seen)
    assert {row["purpose"] for row in rows} == {
        f"files of {REPO}", f"download of {REPO}/tiny.Q8_0.gguf", f"download of {REPO}/{NAME}",
    }  # fmt: skip


def test_download_of_what_cannot_be_chosen_or_cannot_chat_says_so(run, hub) -> None:
    model = tiny_llama().data
    hub.add(REPO, {"a.gguf": model, "b-Q8_0.gguf": model + b"b", "c-Q8_0.gguf": model + b"c"})
    error = run("models", "download", REPO, "--json").json["error"]
    assert error["code"] == "hub.several_files"
    assert all(words in error["message"] for words in ("a.gguf;", "b-Q8_0.gguf (8-bit"))
    hub.add(REPO, {NAME: model, "tiny.imatrix.gguf": tiny_imatrix().data})
    error = run("models", "download", f"{REPO}/tiny.imatrix.gguf", "--json").json["error"]
    assert error["code"] == "model.wrong_kind"
    assert "an importance matrix" in error["message"]
    hub.add(REPO, {NAME: tiny_bert().data})
    assert "note: this is an encoder, which makes vectors and cannot chat." in run("models", "download", REPO).err


def test_p1_offline_sends_nothing_and_says_how_to_allow_it(run, hub) -> None:
    hub.add(REPO, {NAME: tiny_llama().data})
    assert run("network", "--offline", "on").status == 0
    for command in (("search", "tiny"), ("download", REPO)):
        done = run("models", *command, "--json")
        assert (done.status, done.json["error"]["code"]) == (1, "network.offline")
        assert "slmdesk network --offline off" in done.err
    assert (hub.seen, run("network", "--json").json) == ([], [])
    assert run("network", "--offline", "off").status == 0
    assert run("models", "download", REPO).status == 0
    assert len(hub.seen) == 3, "the control"


def test_how_the_hub_is_reached_is_set_from_the_command_line(run, hub, home, tmp_path) -> None:
    hub.add(REPO, {NAME: tiny_llama().data})
    (home / "config" / "settings.json").unlink()
    args = ("--endpoint", hub.endpoint, "--hosts", hub.storage, "--proxy", "none", "--offline", "off")
    reported = run("network", *args, "--json").json
    assert (reported["offline"], reported["endpoint"], reported["hosts"]) == (False, hub.endpoint, hub.storage)
    assert run("models", "download", REPO).status == 0
    assert run("network", "--proxy", "gopher://x", "--json").json["error"]["code"] == "setting.invalid"
    assert run("network", "--ca-file", str(tmp_path / "none.pem"), "--json").json["error"]["code"] == "setting.invalid"
    certificates = tmp_path / "ours.pem"
    certificates.write_bytes(CERTIFICATE.read_bytes())
    assert run("network", "--ca-file", str(certificates), "--json").json["ca_file"] == str(certificates)
    certificates.unlink()
    refused = run("models", "search", "tiny", "--json")
    assert refused.json["error"]["code"] == "setting.invalid", "certificates that are not there are never passed over"
    assert run("network", "--ca-file", "", "--json").json["ca_file"] == ""
    assert run("models", "search", "tiny", "--json").status == 0


@counts("d1_places")
def test_d1_killed_at_any_place_it_goes_on_and_the_sum_is_right(begin, run, hub, home, data, dice, count) -> None:
    hub.add(REPO, {NAME: data})
    twice, total = [], 0
    last = dice.randrange(24 << 20, len(data))  # far behind the first bytes known to be on the disk
    places = [*sorted(dice.sample(range(1 << 20, last), count - 1)), last]
    for place in places:
        before = hub.sent
        hub.stalled.clear()
        hub.storage_faults = [Fault(stall_at=place)]
        process = begin("models", "download", REPO, "--json")
        wait_for(lambda place=place: part_size(home) >= place - PIECE_BYTES, f"{place} bytes on the disk")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        hub.release.set()
        hub.release.clear()
        twice.append(hub.sent - before)
        total = hub.sent
    done = run("models", "download", REPO, "--json")
    assert done.status == 0, done.err
    assert done.json["sha256"] == hashlib.sha256(data).hexdigest()
    assert hashlib.sha256(Path(done.json["path"]).read_bytes()).hexdigest() == done.json["sha256"]
    assert last - TWICE_BYTES <= done.json["resumed_from"] <= last
    again = hub.sent - len(data)
    print(f"{count} kills, {again / count / (1 << 20):.1f} MiB fetched twice for each")
    assert again <= count * TWICE_BYTES, (twice, total)
    assert len(list((home / "models").iterdir())) == 1


@counts("d1_moments")
def test_d1_killed_at_any_moment(begin, run, hub, home, data, dice, count) -> None:
    hub.add(REPO, {NAME: data})
    hub.storage_fault = Fault(drip=1 << 18, pause_s=0.002)
    for _ in range(count):
        process = begin("models", "download", REPO, "--json")
        enough = hub.sent + dice.randrange(1, 12 << 20)
        wait_for(lambda enough=enough, process=process: hub.sent >= enough or process.poll() is not None, "bytes")
        process.send_signal(signal.SIGKILL)
        process.communicate()
    hub.storage_fault = None
    done = run("models", "download", REPO, "--json")
    assert done.json["sha256"] == hashlib.sha256(data).hexdigest()
    assert hashlib.sha256(Path(done.json["path"]).read_bytes()).hexdigest() == done.json["sha256"]


def test_ctrl_c_keeps_what_came(stalled, run) -> None:
    process = stalled(10 << 20)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out) == (130, "")
    assert "the same command goes on from there" in err
    assert "Traceback" not in err
    assert time.monotonic() - asked < 20
    assert run("models", "download", REPO, "--json").json["resumed_from"] == 10 << 20


def asked(hub) -> int:
    """How many commands have asked the Hub what the file is."""
    return len([request for request in hub.requests("api") if "/api/" in request.path])


def test_d13_two_commands_fetch_one_file_once_and_one_takes_over_when_the_other_is_killed(
    stalled, begin, hub, home, data
) -> None:
    first = stalled(20 << 20)
    second = begin("models", "download", REPO, "--json")
    wait_for(lambda: asked(hub) == 2, "the second has asked")
    assert len(hub.requests("storage")) == 1, "never two writers"
    hub.storage_faults = [Fault(stall_at=30 << 20)]
    first.send_signal(signal.SIGKILL)
    first.communicate()
    wait_for(lambda: part_size(home) >= 30 << 20, "the second goes on")
    third = begin("models", "download", REPO, "--json")
    wait_for(lambda: asked(hub) == 3, "the third has asked")
    hub.release.set()
    ends = [json.loads(process.communicate(timeout=WAIT_S)[0]) for process in (second, third)]
    assert ends[0]["id"] == ends[1]["id"]
    assert ends[0]["resumed_from"] >= 4 << 20
    assert ends[0]["sha256"] == hashlib.sha256(data).hexdigest()
    assert len(hub.requests("storage")) == 2
    assert [path.name for path in (home / "models").iterdir()] == [Path(ends[0]["path"]).name]


def test_d7_a_pc_that_slept_goes_on(stalled, hub, data) -> None:
    process = stalled(8 << 20)
    process.send_signal(signal.SIGSTOP)
    hub.release.set()
    rest = len(data) - (8 << 20)
    wait_for(lambda: hub.sent > 8 << 20 or rest == 0, "the server goes on")
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=WAIT_S)
    assert json.loads(out)["sha256"] == hashlib.sha256(data).hexdigest(), err


@pytest.mark.soak
def test_d7_a_pc_that_slept_a_minute_goes_on(begin, hub, home, data) -> None:
    hub.add(REPO, {NAME: data})
    hub.storage_fault = Fault(drip=1 << 18, pause_s=0.01)
    process = begin("models", "download", REPO, "--json")
    wait_for(lambda: part_size(home) >= 8 << 20, "8 MiB on the disk")
    process.send_signal(signal.SIGSTOP)
    time.sleep(60)  # what is tried is the time itself
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=WAIT_S)
    assert json.loads(out)["sha256"] == hashlib.sha256(data).hexdigest(), err


def can_unshare() -> bool:
    """Whether this PC lets a person make a mount of their own."""
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/tmp"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


FULL_DISK = """
mount -t tmpfs -o size=180m none "$0" && cp -r "$1/config" "$0/" || exit 9
"$2" "$3" --home "$0" models download "$4" --json & download=$!
while [ "$(cat "$0"/models/.download-*.part 2>/dev/null | head -c 10485760 | wc -c)" -lt 10485760 ] &&
    kill -0 $download; do sleep 0.05; done
head -c 100m /dev/zero > "$0/filler"; echo filled >&2; wait $download; echo "first $?"
rm "$0/filler"
"$2" "$3" --home "$0" models download "$4" --json; echo "second $?"
"""


def test_d12_a_disk_that_fills_up_pauses_it_and_it_goes_on_when_there_is_space(hub, home, data, tmp_path, environment):
    if not can_unshare():
        pytest.skip("no mounts of one's own here; the amounts are tried in tests/models/hub")
    hub.add(REPO, {NAME: data})
    hub.storage_faults = [Fault(stall_at=10 << 20)]
    small = tmp_path / "small"
    small.mkdir()
    environment = {key: value for key, value in environment.items() if key != "SLMDESK_HOME"}
    download = subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", FULL_DISK, str(small), str(home), *SLMDESK, REPO],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip
    assert download.stderr.readline() == "filled\n"
    hub.release.set()
    out, err = download.communicate(timeout=WAIT_S)
    problem, rest = out.split("first 1\n")
    error = json.loads(problem)["error"]
    assert error["code"] == "disk.full"
    assert error["args"]["needed_bytes"] > error["args"]["available_bytes"]
    done = json.loads(rest.split("second 0\n")[0])
    assert done["sha256"] == hashlib.sha256(data).hexdigest()
    assert done["resumed_from"] >= 8 << 20, err


def test_a_download_is_a_job_that_another_command_lists_pauses_and_resumes(stalled, run, hub, data) -> None:
    process = stalled(10 << 20)

    def listed() -> dict:
        (job,) = run("jobs", "list", "--json").json
        return job

    job = listed()
    assert (job["kind"], job["status"], job["steps_done"], job["steps_total"]) == ("download", "running", 0, 1)
    assert (job["bytes_total"], job["title"]) == (len(data), REPO)
    assert "Download" in run("jobs", "list").out
    assert run("jobs", "resume", job["id"], "--json").json["error"]["code"] == "job.elsewhere"
    services = open_echo()
    try:
        assert services.service_thread.call(lambda: services.jobs.pause(job["id"])).status == "paused"
    finally:
        services.close()
    out, _err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, json.loads(out)["error"]["code"]) == (1, "download.stopped")
    assert listed()["status"] == "paused"
    hub.release.set()
    done = run("jobs", "resume", job["id"], "--json")
    assert (done.status, done.json["status"], done.json["bytes_done"]) == (0, "done", len(data)), done.err
    assert run("models", "list", "--json").json[0]["sha256"] == hashlib.sha256(data).hexdigest()
    assert run("jobs", "cancel", job["id"], "--json").json["error"]["code"] == "job.ended"


def test_a_killed_download_is_cancelled_with_its_part(stalled, run, hub, home) -> None:
    process = stalled(10 << 20)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    hub.release.set()
    (job,) = run("jobs", "list", "--json").json
    assert job["status"] == "open"  # its instance is gone
    assert run("jobs", "cancel", job["id"], "--json").json["status"] == "cancelled"
    assert list((home / "models").iterdir()) == []
