"""Sends messages in chats over the real services, and waits for their answers."""

from __future__ import annotations

from slmdesk.base.records import Status
from slmdesk.base.types import Origin, Role, TextPart
from slmdesk.chat.types import SendRequest


def call(recorder, work):
    return recorder.services.service_thread.call(work)


def send(recorder, text: str = "hello", chat: str | None = None, **more):
    """Send a message; its answer is being written."""
    return call(recorder, lambda: recorder.services.chats.send(SendRequest(text, chat=chat, **more)))


def ask(recorder, text: str = "hello", chat: str | None = None, **more):
    """Send a message; returns it, and how its answer ended."""
    sent = send(recorder, text, chat, **more)
    return sent, recorder.end_of(sent.answer.id)


def ask_with(recorder, text: str, *attached, **more):
    """Send a message with attachments; returns also the question as it was stored."""
    sent, ended = ask(recorder, text, attach=attached, **more)
    messages = call(recorder, lambda: recorder.services.chats.messages(sent.item.id))
    return sent, ended, next(message for message in messages if message.id == sent.user_message.id)


def fill_long(services, count: int) -> tuple[str, list[str]]:
    """Adds a chat of so many messages; its id, and theirs."""
    item, ids = services.chats.new_chat("Long"), []
    for number in range(count):
        is_question = number % 2 == 0
        made = services.store.messages.add(
            item.id,
            parent=ids[-1] if ids else None,
            role=Role.USER if is_question else Role.ASSISTANT,
            parts=(TextPart(f"question {number}", Origin.PERSON),) if is_question else (),
            text="" if is_question else f"answer {number}",
            status=Status.COMPLETE,
        )
        ids.append(made.id)
    return item.id, ids
