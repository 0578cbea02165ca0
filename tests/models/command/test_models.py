from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from fakes import tiny_families
from fakes.split_gguf import split
from fakes.tiny_gguf import tiny_llama, tiny_qwen2, write
from fakes.tiny_lora import make_lora

pytestmark = pytest.mark.process


def test_a_policy_holds_on_the_command_line(run, home, tmp_path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    model = write(shared / "ours.gguf", tiny_llama())
    policy = home / "config" / "policy.toml"
    policy.parent.mkdir(parents=True)
    policy.write_text(f'version = 2\n[network]\noffline = true\n[models]\nfolder = "{shared}"\n[nothing]\nx = 1\n')
    refused = run("network", "--offline", "off")
    assert refused.status == 1
    assert "set by your organisation" in refused.err
    searched = run("models", "search", "x", "--json")
    assert searched.json["error"]["code"] == "network.offline"
    assert ("organisation" in searched.err, "--offline off" in searched.err) == (True, False)
    assert run("chat", "hello").out == "You said: hello\n"  # the organisation's model is there at once
    listed = run("models", "list", "--json")
    assert [(entry["path"], entry["linked"]) for entry in listed.json] == [(str(model), True)]
    assert "“nothing”" in listed.err
    assert list((home / "models").iterdir()) == []
    refused = run("models", "remove", listed.json[0]["id"], "--json")
    assert (refused.status, refused.json["error"]["code"]) == (1, "model.shared")
    assert model.exists()
    assert [path.name for path in shared.iterdir()] == ["ours.gguf"]  # nothing is ever written there
    report = run("doctor", "--json").json["policy"]
    assert (report["file"], report["sets"], report["models_folder"]) == (str(policy), {"offline": True}, str(shared))
    assert len(report["problems"]) == 1
    assert "set by" not in run("network").err


def test_a_broken_policy_means_offline_and_is_said(run, home) -> None:
    policy = home / "config" / "policy.toml"
    policy.parent.mkdir(parents=True)
    policy.write_text("[network\noffline = false")
    done = run("models", "list")
    assert done.status == 0
    assert "works offline until that is put right" in done.err
    assert run("network", "--offline", "off").status == 1
    assert run("doctor", "--json").json["network"]["offline"] is True


def test_the_default_of_a_job_is_set_used_and_taken_back(run, with_model, tmp_path) -> None:
    other = run("models", "import", str(write(tmp_path / "b.gguf", tiny_qwen2())), "--json").json
    assert run("models", "default", "chat", "--json").json == {"job": "chat", "id": None, "name": None}
    done = run("models", "default", "chat", other["id"], "--json")
    assert done.json == {"job": "chat", "id": other["id"], "name": "Tiny qwen"}
    assert run("models", "default", "translate", with_model["name"]).status == 0
    every = run("models", "default", "--json").json
    assert [(default["job"], default["id"]) for default in every] == [
        ("chat", other["id"]), ("summarize", None), ("translate", with_model["id"]), ("embed", None),
        ("transcribe", None),
    ]  # fmt: skip
    assert run("models", "default", "chat", "--none", "--json").json["id"] is None
    wrong = run("models", "default", "embed", other["id"], "--json")
    assert (wrong.status, wrong.json["error"]["code"]) == (1, "model.wrong_job")
    assert run("models", "default", "embed", other["id"], "--none").status == 2
    assert run("models", "default", "--none").status == 2
    gone = run("models", "remove", with_model["id"])
    assert "It was the default for translation" in gone.err


def test_one_file_is_an_object_and_the_same_again_says_so(run, tiny) -> None:
    first = run("models", "import", str(tiny), "--json")
    assert {"id", "name", "path", "bytes", "sha256", "is_new"} <= set(first.json)
    assert first.json["is_new"] is True
    assert run("models", "import", str(tiny), "--json").json["is_new"] is False
    assert "was here already" in run("models", "import", str(tiny)).out
    for asked in (("--name", "Mine"), ("--link",)):
        assert "it keeps its name and its place" in run("models", "import", str(tiny), *asked).err


def test_several_files_one_of_them_bad(run, tiny, tmp_path) -> None:
    page = tmp_path / "page.gguf"
    page.write_text("<html>")
    done = run("models", "import", str(tiny), str(page), str(tmp_path / "nothing.gguf"), "--json")
    assert done.status == 1
    assert [bool(model["id"]) for model in done.json] == [True, False, False]
    missing = f"The model file {tmp_path / 'nothing.gguf'} is not there."
    assert ("web page" in done.json[1]["reason"], done.json[2]["reason"].startswith(missing)) == (True, True)
    alone = run("models", "import", str(tmp_path / "nothing.gguf"))
    assert (alone.status, alone.err) == (1, f"error: The file {tmp_path / 'nothing.gguf'} is not there.\n")
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
    assert sorted(model["linked"] for model in done.json) == [False, True], "what came in parts is put together"
    assert [check["ok"] for check in run("models", "verify", "--json").json] == [True, True]
    (tmp_path / "empty").mkdir()
    nothing = run("models", "import", str(tmp_path / "empty"), "--json")
    assert (nothing.status, nothing.json["error"]["code"]) == (1, "model.none_found")
    assert run("models", "import", "a", "b", "--name", "x").status == 2
    assert run("models", "import", str(tmp_path / "stick"), "--name", "x").status == 2


def test_a_folder_with_checksums_comes_in_but_for_another_file_and_one_not_listed(run, tmp_path) -> None:
    folder = tmp_path / "stick"
    (folder / "more").mkdir(parents=True)
    good, bad = write(folder / "good.gguf", tiny_llama()), write(folder / "bad.gguf", tiny_qwen2())
    above, unlisted = (
        write(folder / "more/above.gguf", tiny_llama(seed=3)),
        write(folder / "new.gguf", tiny_llama(seed=4)),
    )
    sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in
            {"good.gguf": good, "./more/above.gguf": above}.items()}  # fmt: skip
    lines = [f"{sums['good.gguf'].upper()} *good.gguf", f"{'0' * 64}  bad.gguf", *(f"{sums[n]}  {n}" for n in sums)]
    (folder / "SHA256SUMS").write_text("no checksum\n" + "\r\n".join(lines))
    done = run("models", "import", str(folder), "--json")
    assert (done.status, "2 of 4 files were not brought in" in done.err) == (1, True)
    reasons = {Path(file["file"]).name: file["reason"] for file in done.json}
    assert [name for name, reason in reasons.items() if reason] == ["bad.gguf", unlisted.name]
    assert "SHA256SUMS beside it" in reasons["bad.gguf"]
    assert "SHA256SUMS does not name it" in reasons[unlisted.name]
    assert {model["sha256"] for model in run("models", "list", "--json").json} == {
        hashlib.sha256(path.read_bytes()).hexdigest() for path in (good, above)
    }
    linked = run("models", "import", str(bad), "--link", "--json")
    assert (linked.status, linked.json["error"]["code"]) == (1, "model.other_sum")
    assert bad.exists()


def test_what_is_no_model_here_is_no_missing_file(run, with_model, tmp_path) -> None:
    for request in ("info", "remove", "verify"):
        assert run("models", request, "nothing", "--json").json["error"]["code"] == "model.unknown"
        assert run("models", request, "", "--json").json["error"]["code"] == "model.unknown"
    assert run("models", "info", "nothing.gguf", "--json").json["error"]["code"] == "model.missing"
    assert len(run("models", "list", "--json").json) == 1


@pytest.mark.usefixtures("measured_before", "short_measurement")
def test_a_model_is_recommended_for_each_job(run, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.models.running.total_bytes", lambda: 8 << 30)
    every = run("models", "recommend", "--json")
    assert (every.status, [advice["job"] for advice in every.json]) == (0, ["chat", "summaries", "translation"])
    nordic = run("models", "recommend", "--job", "translation", "--language", "Swedish", "--why")
    lead, reason = nordic.out.splitlines()
    assert lead.startswith("For translating: TranslateGemma 4B, 2.5 GB, about ")
    assert "speaks Swedish" in reason
    assert "has conditions" in reason
    monkeypatch.setattr("slmdesk.models.running.total_bytes", lambda: 4 << 30)
    none = run("models", "recommend", "--job", "translation")
    assert (none.status, none.out) == (1, "For translating: none of the list fits.\n")
    assert run("models", "recommend", "--language", "xx", "--json").json["error"]["code"] == "language.unknown"


def test_the_settings_tell_the_address_of_the_environment(run, environment) -> None:
    assert run("network", "--settings", "--json").json["hub"] == "https://huggingface.co"
    environment["HF_ENDPOINT"] = "https://mirror.example/"
    assert run("network", "--settings", "--json").json["hub"] == "https://mirror.example"
    assert "https://mirror.example (HF_ENDPOINT)" in run("network", "--settings").out


def test_an_adapter_from_the_command_line(run, tmp_path) -> None:
    base = tiny_families.make("llama2", tmp_path)
    lora = make_lora(base, tmp_path / "lora.gguf")
    model = run("models", "import", str(base), "--link", "--json").json
    adapter = run("models", "import", str(lora), "--link", "--json").json
    assert (model["kind"], adapter["kind"], adapter["base"]) == ("model", "adapter", "Tiny llama2")
    assert [model["kind"] for model in run("models", "list", "--json").json] == ["model", "adapter"]
    assert "adapter for Tiny llama2" in run("models", "list").out
    assert run("models", "info", adapter["id"], "--json").json["base"] == "Tiny llama2"

    ask = ("chat", "Tell me.", "--temperature", "0", "--max-tokens", "8", "--json")
    plain = run(*ask, real=True).lines[-1]
    with_it = run(*ask, "--lora", adapter["id"][:6], "--lora-scale", "0.5", real=True).lines[-1]
    assert (plain["type"], with_it["type"]) == ("done", "done")
    assert plain["text"] != with_it["text"]
    assert (plain["lora"], with_it["lora"], with_it["lora_scale"]) == (None, adapter["id"], 0.5)
    refused = run(*ask, "--lora", model["id"])
    assert (refused.status, refused.lines[-1]["code"]) == (1, "adapter.unusable")
    assert run(*ask, "--lora-scale", "3").status == 2


CRASHES = {"at": 1, "fault": "segfault"}


@pytest.fixture
def crashed(run, with_model) -> str:
    """The id of a model that is not started by itself any more."""
    for _ in range(3):
        assert run("chat", "hello", echo=CRASHES).status == 1
    return with_model["id"]


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.md"
    path.write_text("The rent for the flat in the second floor is 900 euros a month.\n\nPets need a permission.\n")
    return path


def test_a_named_model_is_started_again(run, crashed, letter, tmp_path) -> None:
    asked = run("chat", "hello")
    assert (asked.status, "-m ID" in asked.err) == (1, True)
    translate = ("translate", str(letter), "--from", "en", "--to", "de")
    said = run(*translate)
    assert (said.status, "-m ID" in said.err) == (1, True)
    done = run(*translate, "-m", crashed, "-o", str(tmp_path / "out.md"), echo={"turned": True})
    assert (done.status, "-m ID" in done.err) == (0, False), done.err
