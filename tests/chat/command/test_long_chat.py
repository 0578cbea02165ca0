"""`slmdesk chat` in a chat that has become longer than the context."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.process

WORDS = " ".join(f"word{number}" for number in range(60))


@pytest.fixture
def chat(run, home, with_model) -> str:
    """A chat that is nearly full."""
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "settings.json").write_text(json.dumps({"context_tokens": 256}))
    return run("chat", WORDS, "--json").lines[-1]["chat"]


def test_a_full_chat_is_refused_and_the_way_on_is_named(run, chat) -> None:
    done = run("chat", "-c", chat, f"{WORDS} {WORDS}")
    assert done.status == 1
    assert "note: --when-full leave-out or summarize goes on without the oldest turns." in done.err


def test_it_goes_on_without_the_oldest_turns_and_says_so(run, chat) -> None:
    done = run("chat", "-c", chat, "--when-full", "leave-out", WORDS)
    assert (done.status, done.out) == (0, f"You said: {WORDS}\n")
    assert "note: the 2 oldest messages are left out of what the model reads. The chat keeps them." in done.err
    last = run("chat", "-c", chat, "short", "--json").lines[-1]  # the chat keeps its choice
    assert last["left_out"] == 2


def test_notes_of_the_model_are_said_too(run, chat) -> None:
    done = run("chat", "-c", chat, "--when-full", "summarize", WORDS).ok()
    assert "summarizing the earlier part" in done.err
    assert "it reads notes on them instead" in done.err
