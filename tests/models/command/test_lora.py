from __future__ import annotations

import pytest
from fakes import tiny_families
from fakes.tiny_lora import make_lora

pytestmark = pytest.mark.process


def test_an_adapter_from_the_command_line(run, tmp_path) -> None:
    base = tiny_families.make("llama2", tmp_path)
    lora = make_lora(base, tmp_path / "lora.gguf")
    model = run("models", "import", str(base), "--link", "--json").json
    adapter = run("models", "import", str(lora), "--link", "--json").json
    assert (model["kind"], adapter["kind"], adapter["base"]) == ("model", "adapter", "Tiny llama2")
    assert [one["kind"] for one in run("models", "list", "--json").json] == ["model", "adapter"]
    assert "adapter for Tiny llama2" in run("models", "list").out
    assert run("models", "info", adapter["id"], "--json").json["base"] == "Tiny llama2"

    ask = ("chat", "Tell me.", "--temperature", "0", "--max-tokens", "8", "--json")
    plain = run(*ask, real=True).lines[-1]
    with_it = run(*ask, "--lora", adapter["id"][:6], "--lora-scale", "0.5", real=True).lines[-1]
    assert (plain["type"], with_it["type"]) == ("done", "done")
    assert plain["text"] != with_it["text"]
    assert (plain["lora"], with_it["lora"], with_it["lora_scale"]) == (None, adapter["id"], 0.5)
    again = run(*ask, "-c", with_it["chat"], real=True).lines[-1]
    assert again["lora"] == adapter["id"]  # the chat keeps it
    off = run(*ask, "-c", with_it["chat"], "--lora", "none", real=True).lines[-1]
    assert off["lora"] is None

    refused = run(*ask, "--lora", model["id"])
    assert (refused.status, refused.lines[-1]["code"]) == (1, "adapter.unusable")
    assert run(*ask, "--lora-scale", "3").status == 2
    never = run("chat", "Hello", "-m", adapter["id"], "--json", real=True)
    assert (never.status, never.lines[-1]["code"]) == (1, "model.wrong_kind")


def test_an_adapter_travels_in_a_pack(run, tmp_path, monkeypatch) -> None:
    base = tiny_families.make("llama2", tmp_path)
    model = run("models", "import", str(base), "--json").json
    adapter = run("models", "import", str(make_lora(base, tmp_path / "lora.gguf")), "--json").json
    assert run("models", "pack", model["id"], adapter["id"], "-o", str(tmp_path / "both.pack")).status == 0
    elsewhere = ("--home", str(tmp_path / "elsewhere"))
    received = run(*elsewhere, "models", "unpack", str(tmp_path / "both.pack"), "--json")
    assert received.status == 0, received.err
    assert sorted(one["kind"] for one in run(*elsewhere, "models", "list", "--json").json) == ["adapter", "model"]
