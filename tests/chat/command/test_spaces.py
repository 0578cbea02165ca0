from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from fakes.recorder import open_echo, result_of

from slmdesk.chat.spaces import Space

pytestmark = [pytest.mark.process, pytest.mark.quick]


def add(name: str, paper: Path) -> Space:
    """A space with a document."""
    with closing(open_echo()) as services:
        document = result_of(services, lambda: services.documents.open(paper))
        space = Space("", name, system="Be brief.", documents=({"name": paper.name, "document": document.id},))
        return services.service_thread.call(lambda: services.chats.spaces.add(space))


def chats(space: Space) -> int:
    with closing(open_echo()) as services:
        return services.service_thread.call(lambda: services.chats.spaces.get(space.id).count)


def test_chats_begin_in_a_space(run, with_model, tmp_path) -> None:
    paper = tmp_path / "pump.txt"
    paper.write_text("The pump stops at 12 bar.")
    space = add("Pumps", paper)
    *_tokens, done = run("chat", "hello", "--space", "pumps", "--json").lines
    assert [attachment["file"] for attachment in done["attachments"]] == ["pump.txt"]
    assert chats(space) == 1
    assert run("chat", "hello", "--space", "pumps", "--no-save").status == 0
    assert chats(space) == 1


def test_a_space_that_is_not_there_or_not_wanted_is_refused(run, with_model) -> None:
    wrong = run("chat", "hello", "--space", "nowhere")
    assert (wrong.status, "no space “nowhere”" in wrong.err) == (1, True)
    *_tokens, done = run("chat", "hello", "--json").lines
    wrong = run("chat", "hello", "--space", "nowhere", "--chat", done["chat"])
    assert wrong.status == 2
