from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.process, pytest.mark.quick]


def test_presets_are_listed_exported_imported_and_used(run, with_model, tmp_path) -> None:
    shipped = run("presets", "list", "--json").json
    assert {"id", "name", "shipped", "instructions", "temperature", "examples"} <= set(shipped[0])
    assert all(one["shipped"] for one in shipped)
    assert "Letter writer" in run("presets", "list").out
    file = tmp_path / "letter.json"
    assert run("presets", "export", "letter writer", str(file)).status == 0
    refused = run("presets", "export", "code", str(file))
    assert refused.status == 1
    assert json.loads(file.read_text("utf-8"))["name"] == "Letter writer"
    made = run("presets", "import", str(file), "--json").json
    assert run("presets", "list", "--json").json[0] == made
    assert made["instructions"] == next(one for one in shipped if one["id"] == "letter-writer")["instructions"]
    *_tokens, done = run("chat", "hello", "--preset", made["id"], "--json").lines
    chat = run("history", "show", done["chat"], "--json").json
    assert chat["messages"][-1]["preset"] == "Letter writer"
    wrong = run("chat", "hello", "--preset", "nothing of the kind")
    assert wrong.status == 1
    assert "nothing of the kind" in wrong.err
    file.write_text("{}", "utf-8")
    wrong = run("presets", "import", str(file))
    assert wrong.status == 1
    assert "no preset of this program" in wrong.err
