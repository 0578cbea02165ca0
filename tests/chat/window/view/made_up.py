"""Made-up messages."""

from __future__ import annotations

from slmdesk.base.records import Status
from slmdesk.ui.chat.view import MessageView

ALL_ACTIONS = frozenset({"copy", "try_again", "continue", "details"})


def user(message_id, text):
    return MessageView(message_id, "user", text, actions=frozenset({"copy"}))


def answer(message_id, text, status=Status.COMPLETE, **more):
    return MessageView(message_id, "assistant", text, status=status, actions=ALL_ACTIONS, **more)


def chat(count, lines=3):
    """`count` messages that differ in their height."""
    made = []
    for i in range(count):
        words = f"message number {i} " * (4 + 7 * (i % 5))
        if i % 2 == 0:
            made.append(user(f"m{i}", words.strip()))
        else:
            made.append(answer(f"m{i}", "\n\n".join([f"## Part {i}"] + [words] * lines + ["- one\n- two"])))
    return made
