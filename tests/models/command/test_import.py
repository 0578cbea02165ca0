"""Bringing in several files and folders, what downloads left over, and what the lists say of how to go on."""

from __future__ import annotations

import random
import signal

import pytest
from fakes.fake_hub import Fault
from fakes.split_gguf import split
from fakes.tiny_gguf import tiny_llama, tiny_qwen2, write

pytestmark = pytest.mark.process

REPO, NAME = "some/tiny-GGUF", "tiny.Q4_K_M.gguf"


def test_one_file_is_an_object_and_the_same_again_says_so(run, tiny) -> None:
    first = run("models", "import", str(tiny), "--json")
    assert {"id", "name", "path", "bytes", "sha256", "is_new"} <= set(first.json)
    assert first.json["is_new"] is True
    assert run("models", "import", str(tiny), "--json").json["is_new"] is False
    assert "was here already" in run("models", "import", str(tiny)).out


def test_several_files_one_of_them_bad(run, tiny, tmp_path) -> None:
    page = tmp_path / "page.gguf"
    page.write_text("<html>")
    done = run("models", "import", str(tiny), str(page), str(tmp_path / "nothing.gguf"), "--json")
    assert done.status == 1
    assert [bool(one["id"]) for one in done.json] == [True, False, False]
    assert ("web page" in done.json[1]["reason"], "not there" in done.json[2]["reason"]) == (True, True)
    assert "2 of 3" in done.err
    assert len(run("models", "list", "--json").json) == 1


def test_a_folder_and_what_lies_below_it_also_in_parts(run, tmp_path) -> None:
    folder = tmp_path / "stick" / "below"
    folder.mkdir(parents=True)
    write(folder / "q.gguf", tiny_qwen2())
    for n, part in enumerate(split(tiny_llama().data, 2), 1):
        (folder / f"s-{n:05}-of-00002.gguf").write_bytes(part)
    done = run("models", "import", str(tmp_path / "stick"), "--link", "--json")
    assert done.status == 0, done.err
    assert sorted(one["linked"] for one in done.json) == [False, True], "what came in parts is put together"
    assert [one["ok"] for one in run("models", "verify", "--json").json] == [True, True]
    (tmp_path / "empty").mkdir()
    nothing = run("models", "import", str(tmp_path / "empty"), "--json")
    assert (nothing.status, nothing.json["error"]["code"]) == (1, "model.none_found")
    assert run("models", "import", "a", "b", "--name", "x").status == 2


def test_what_is_no_model_here_is_no_missing_file(run, with_model, tmp_path) -> None:
    for request in ("info", "fit", "remove", "verify"):
        assert run("models", request, "nothing", "--json").json["error"]["code"] == "model.unknown"
        if request != "fit":
            assert run("models", request, "", "--json").json["error"]["code"] == "model.unknown"
    assert run("models", "info", "nothing.gguf", "--json").json["error"]["code"] == "model.missing"
    assert run("models", "unpack", str(tmp_path / "x.tar"), "--expect", "").status == 2
    assert len(run("models", "list", "--json").json) == 1


def test_a_damaged_download_is_named_and_can_be_deleted(run, hub, home) -> None:
    hub.add(REPO, {NAME: tiny_llama().data}, lies={NAME: {"sha256": "0" * 64}})
    failed = run("models", "download", REPO)
    assert (failed.status, "models leftovers" in failed.err) == (1, True)
    (left,) = run("models", "leftovers", "--json").json
    assert (left["name"], left["repo"], left["damaged"]) == (NAME, REPO, True)
    assert NAME in run("models", "leftovers").out
    (job,) = run("jobs", "list", "--json").json
    assert (job["status"], "damaged" in job["reason"]) == ("failed", True)
    words = run("jobs", "list").err
    assert ("damaged" in words, "jobs resume" in words) == (True, True)
    wrong = run("models", "leftovers", "--remove", "nothing", "--json")
    assert (wrong.status, wrong.json["error"]["code"]) == (1, "download.unknown")
    removed = run("models", "leftovers", "--remove", NAME, "--json")
    assert removed.json == {"removed": [left["id"]], "bytes_freed": left["bytes"]}
    assert run("models", "leftovers", "--json").json == []
    assert list((home / "models").iterdir()) == []


def test_a_killed_download_waits_and_says_how_to_go_on(begin, run, hub, home) -> None:
    data = tiny_llama().data + random.Random(1).randbytes(12 << 20)
    hub.add(REPO, {NAME: data})
    hub.storage_faults = [Fault(stall_at=8 << 20)]
    process = begin("models", "download", REPO)
    assert hub.stalled.wait(60)
    assert run("jobs", "list", "--json").json[0]["status"] == "running"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    hub.release.set()
    (job,) = run("jobs", "list", "--json").json
    assert (job["status"], job["eta_s"]) == ("open", None)
    assert "jobs resume" in run("jobs", "list").err
    (left,) = run("models", "leftovers", "--json").json
    assert (left["damaged"], left["bytes_total"]) == (False, len(data))
    assert f"models download {REPO}/{NAME}" in run("models", "leftovers").out
    assert run("jobs", "resume", job["id"], "--json").json["status"] == "done"
    assert run("models", "leftovers", "--json").json == []


def test_a_repository_without_models_and_the_organisations_word(run, hub, home) -> None:
    hub.add("some/texts", {"README.md": b"x"})
    assert run("models", "download", "some/texts", "--json").json["error"]["code"] == "hub.no_models"
    (home / "config" / "policy.toml").write_text('[network]\noffline = true\n[models]\nfolder = "/nowhere"\n')
    refused = run("models", "search", "x", "--json")
    assert refused.json["error"]["code"] == "network.offline"
    assert ("organisation" in refused.err, "--offline off" in refused.err) == (True, False)
    assert any("/nowhere" in one for one in run("doctor", "--json").json["policy"]["problems"])


def test_the_settings_tell_the_address_of_the_environment(run, environment) -> None:
    assert run("network", "--settings", "--json").json["hub"] == "https://huggingface.co"
    environment["HF_ENDPOINT"] = "https://mirror.example/"
    assert run("network", "--settings", "--json").json["hub"] == "https://mirror.example"
    assert "https://mirror.example (HF_ENDPOINT)" in run("network", "--settings").out
