"""Sends messages in chats over the real services, and waits for their answers."""

from __future__ import annotations

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
