"""Attaches documents to a chat, and reports how much of each the model was given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from slmdesk.base.attached import used_words
from slmdesk.base.errors import KnownError
from slmdesk.base.records import Message
from slmdesk.base.types import Json
from slmdesk.chat.attachments.text import page_text
from slmdesk.chat.requests import AttachRequest
from slmdesk.command.console import Console
from slmdesk.command.reading import ask_password, documents_among, open_document, say_unread
from slmdesk.services import Services


def attached(
    console: Console, services: Services, files: Sequence[Path], *, password: bool, save: bool
) -> tuple[tuple[AttachRequest, ...], list[dict[str, Json]]]:
    """Have documents read so that they can be attached; nothing of them is kept unless `save`.

    One that cannot be read does not stop the others: the failures are printed, and returned.
    Raises KnownError document.…, file.… for a single one, and click.ClickException where there is none to attach.
    """
    found = documents_among(console, services, files)
    requests: list[AttachRequest] = []
    failed: list[dict[str, Json]] = []
    for file in found:
        try:
            requests.append(_one(console, services, file, ask_password(file) if password else "", save=save))
        except KnownError as err:
            if len(found) == 1:
                raise
            failed.append(say_unread(console, file, err))
    if not requests:
        raise click.ClickException("There is no document in it that could be read.")
    return tuple(requests), failed


def _one(console: Console, services: Services, file: Path, secret: str, *, save: bool) -> AttachRequest:
    if not save or services.read_only:
        return _unsaved(console, services, file, secret)
    record = open_document(console, services, file, password=secret)
    return AttachRequest(record.id, record.name)


def _unsaved(console: Console, services: Services, file: Path, secret: str) -> AttachRequest:
    read = console.result_of(services, lambda: services.documents.read(file, password=secret))
    source = tuple(page_text(page) for page in read.pages)
    return AttachRequest(name=file.name, source=source, page_kind=str(read.info.page_kind))


def say_read(console: Console, question: Message) -> None:
    for part in question.attachments:
        about = part.attached
        tokens = f", {about.tokens:,} tokens" if about.tokens else ""
        left_out = f"; {about.words_left_out:,} of {about.words_total:,} words left out" if _is_partly(part) else ""
        console.notify(f"{about.name}: {used_words(about)}{tokens}{left_out}")


def _is_partly(part: Any) -> bool:
    return bool(part.attached.words_left_out) and not part.attached.is_gone


def attachments_of(services: Services, answer: Message) -> list[Json]:
    def question() -> Message | None:
        path = services.chats.open(answer.item).messages
        return next((one for one in path if one.id == answer.parent), None)

    asked = services.service_thread.call(question)
    return [
        {
            "file": about.name,
            "tokens": about.tokens,
            "whole": about.is_whole,
            "pages_used": len(about.pages_used),
            "pages_total": about.pages_total,
            "pages": list(about.pages_used),
            "pages_without_words": list(about.pages_unread),
            "words_read": about.words_read,
            "words_left_out": about.words_left_out,
        }
        for about in (part.attached for part in (asked.attachments if asked else ()))
    ]
