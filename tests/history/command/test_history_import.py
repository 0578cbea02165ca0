"""history import, and several chats exported as one file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.chat_exports import chatgpt, node, rent
from fakes.office import packed

pytestmark = pytest.mark.process


@pytest.fixture
def export(tmp_path) -> Path:
    path = tmp_path / "export.zip"
    path.write_bytes(packed({"conversations.json": json.dumps([rent("c1"), rent("c2")])}))
    return path


def test_chats_are_imported_once_and_the_rest_is_counted(run, export, tmp_path) -> None:
    other = tmp_path / "w.json"
    picture = {"content_type": "multimodal_text", "parts": ["Hello", {"content_type": "image_asset_pointer"}]}
    nodes = (node("q", None, "user", content=picture), node("a", "q", "assistant", "Good day."))
    other.write_text(json.dumps([chatgpt(*nodes, id="c3", title="Greeting"), {"a": 1}]))
    done = run("history", "import", str(export), str(other))
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "3 chats imported.", "Left out, since slmdesk cannot keep it: 1 picture.",
        "1 entry was not recognised as a chat.",
    ]  # fmt: skip
    again = run("history", "import", str(export), "--json")
    assert (again.status, again.json["imported"], again.json["already_here"]) == (0, [], 2)
    listed = run("history", "list", "--json").json
    assert sorted(row["title"] for row in listed) == ["Greeting", "Rent", "Rent"]
    shown = run("history", "show", next(row["id"] for row in listed if row["title"] == "Greeting"), "--json").json
    assert [message["text"] for message in shown["messages"]] == ["Hello", "Good day."]


def test_what_cannot_be_read_is_named(run, tmp_path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Nothing.")
    done = run("history", "import", str(path), "--json")
    assert done.status == 1
    assert done.json["problems"][0]["code"] == "chats.unknown"
    assert done.err.startswith("error: There are no chats in notes.txt")
    assert run("history", "import", str(tmp_path / "gone")).status == 1
    assert run("history", "import").status == 2


def test_several_chats_are_one_file_and_come_back(run, export, tmp_path, monkeypatch) -> None:
    counting = chatgpt(
        node("q", None, "user", "Count."), node("a", "q", "assistant", "One."), id="c3", title="Counting"
    )
    (tmp_path / "conversations.json").write_text(json.dumps([counting]))
    ids = run("history", "import", str(export), str(tmp_path / "conversations.json"), "--json").json["imported"]
    text = run("history", "export", *ids, "--format", "md").out
    first, line, *contents = text.split("\n\n")[:3]
    assert first == "# 3 chats"
    assert line == "*Written in part by a language model (gpt-4o). Check it before you rely on it.*"
    assert contents == ["1. Rent\n2. Rent\n3. Counting"]
    assert run("history", "export", "--all", "--format", "md", "--json").json["text"].count("\n## ") == 3
    for form in ("docx", "html", "json"):
        path = tmp_path / f"all.{form}"
        done = run("history", "export", *ids, "--format", form, "-o", str(path), "--json")
        assert done.json == {"ids": ids, "format": form, "path": str(path), "bytes": path.stat().st_size}
    assert len(json.loads((tmp_path / "all.json").read_text())) == 3
    other = run("--home", str(tmp_path / "other"), "history", "import", str(tmp_path / "all.json"))
    assert other.out == "3 chats imported.\n"


def test_an_export_wants_something_to_export(run, export) -> None:
    assert run("history", "export", "--format", "md").status == 2
    assert run("history", "export", "abc", "--all", "--format", "md").status == 2
    assert run("history", "export", "--all", "--format", "md").status == 1
    ids = run("history", "import", str(export), "--json").json["imported"]
    assert run("history", "export", *ids, "--format", "csv").status == 1
    assert run("history", "export", ids[0], "0000000000000000", "--format", "md").status == 1
