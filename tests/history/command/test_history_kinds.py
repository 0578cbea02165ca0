"""The history knows every kind of item: listed, shown, exported, renamed, thrown away, taken back, deleted for good."""

from __future__ import annotations

import re

import pytest
from fakes.recorder import add_model, open_echo

pytestmark = pytest.mark.process

TEXT = "The pump stops at 12 bar.\n\nThe valve opens in winter.\n\nThe cover is green."


@pytest.fixture
def made(environment, run, tmp_path) -> dict[str, str]:
    """The id of one item of each kind."""
    services = open_echo()
    add_model(services, tmp_path / "echo.gguf")
    models = [model.id for model in services.service_thread.call(services.models.list)]
    services.close()
    manual = tmp_path / "manual.txt"
    manual.write_text(TEXT)
    first = ("-m", models[0])
    chat = run("chat", "hello", *first, "--json").lines[-1]["chat"]
    summary = run("summarize", str(manual), *first, "--json").json["item"]
    question = run("ask", str(manual), "When does the pump stop?", *first, "--json").json["item"]
    translation = run("translate", str(manual), "--to", "de", "-m", models[0], "--json").json["id"]
    return {"translation": translation, "chat": chat, "summary": summary, "question": question}


def test_every_kind_is_listed_found_shown_exported_and_deleted(run, made) -> None:
    listed = run("history", "list", "--json").json
    assert {row["kind"]: row["id"] for row in listed} == made
    for kind, id in made.items():
        assert [row["id"] for row in run("history", "list", "--kind", kind, "--json").json] == [id]
    words = run("history", "list").out
    assert len(re.findall(r"\d\d:\d\d[+-]\d\d:\d\d  ", words)) == len(words.splitlines()), "times say their zone"
    assert all(id in words and kind in words for kind, id in made.items())
    assert [row["id"] for row in run("history", "list", "--kind", "Chat", "--json").json] == [made["chat"]]
    assert run("history", "list", "--kind", "writing", "--json").json == []
    wrong = run("history", "list", "--kind", "tea")
    assert (wrong.status, wrong.out, "'translation'" in wrong.err) == (2, "", True)
    translations_are_found(run, made["translation"])
    for kind, id in made.items():
        shown = run("history", "show", id, "--json")
        assert shown.status == 0, (kind, shown.err)
        if kind == "translation":
            assert [segment["source"] for segment in shown.json["segments"]] == TEXT.split("\n\n")
        else:
            assert {message["role"] for message in shown.json["messages"]} >= {"user"}, kind
        assert run("history", "show", id).out.count("\n") > 2, kind
        done = run("history", "export", id, "--format", "md" if kind == "question" else "json")
        assert done.status == 0, (kind, done.err)
        assert done.out.strip()
        assert run("history", "delete", id, "--json").json["deleted"]
    assert run("history", "list", "--json").json == run("history", "search", "valve opens", "--json").json == []
    assert {row["id"] for row in run("history", "list", "--deleted", "--json").json} == set(made.values())
    for id in made.values():
        assert run("history", "delete", id, "--for-good", "--json").json["deleted"] == "for_good"
    assert run("history", "list", "--deleted", "--json").json == []
    assert run("jobs", "list", "--json").json == [], "a job goes for good with what it worked for"


def translations_are_found(run, id: str) -> None:
    """By their sentences in either language."""
    hits = run("history", "search", "valve opens", "--json").json
    assert [hit["chat"] for hit in hits].count(id) == 1
    assert "valve opens" in next(hit for hit in hits if hit["chat"] == id)["snippet"]
    assert id in run("history", "search", "valve opens").out
    assert "only the newest 1" in run("history", "search", "valve", "--limit", "1").err
    assert len(run("history", "search", "valve", "--limit", "1", "--json").json) == 1
