"""Measures how much of the context a chat takes, part by part: instructions, notes, pinned messages, conversation,
attachments, question, and the space kept for the answer.  On the service thread; only the newest request counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from slmdesk.base.attached import AttachmentPart, used_words
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Message, ModelRecord
from slmdesk.base.types import ChatMessage, Origin, Role, TextPart
from slmdesk.chat.attachments.budget import (
    SOME,
    ContextPart,
    SizedAttachment,
    decide,
    space_for_answer,
    space_for_passages,
    total_of,
)
from slmdesk.chat.attachments.sources import MeasuredAttachment, Sources
from slmdesk.chat.attachments.text import FRAME_TOKENS
from slmdesk.chat.context_window import ContextWindow, groups_of
from slmdesk.chat.events import ContextMeasured
from slmdesk.chat.options import ChatOptions
from slmdesk.chat.prompt_inspector import FRAME, Prompts
from slmdesk.chat.requests import AttachRequest
from slmdesk.runtime.events import Event, Problem
from slmdesk.runtime.pending import Pending

T = TypeVar("T")


class ContextRequest(Record):
    chat: str | None
    record: ModelRecord
    window: ContextWindow
    path: tuple[Message, ...]
    draft: str
    attach: tuple[AttachRequest, ...]
    options: ChatOptions


class ContextMeter:
    def __init__(self, prompts: Prompts, sources: Sources, publish: Callable[[Event], None]) -> None:
        self._prompts, self._sources, self._publish = prompts, sources, publish
        self._newest: ContextRequest | None = None

    def measure(self, request: ContextRequest) -> None:
        if request.window.veil:
            draft = request.window.veil.hide([request.draft], keeps=False)[0]
            request = changed(request, draft=draft)
        self._newest = request
        turns, _ids = request.window.turns(request.path)
        if request.draft:
            turns.append(ChatMessage(Role.USER, (TextPart(request.draft, Origin.PERSON),)))
        self._when(
            request,
            self._prompts.measure(request.record, turns),
            lambda measured: self._count(request, *measured, is_empty=not (request.path or request.draft)),
        )

    def _when(self, request: ContextRequest, pending: Pending[T], step: Callable[[T], None]) -> None:
        def ended(result: T | Problem) -> None:
            if request is self._newest and not isinstance(result, Problem):
                step(result)

        pending.then(ended)

    def _count(self, request: ContextRequest, base: int, context: int, *, is_empty: bool) -> None:
        window = request.window
        seen, notes = window.seen(request.path), window.notes_on(request.path)
        held = [one for group in groups_of(seen) if window.holds(group) for one in group]
        sent = [part for one in seen for part in one.attachments if part.text]
        texts = [window.system, notes, _words(held), _words(seen)]
        if window.veil:
            texts = window.veil.hide(texts, keeps=False)
        texts.append(request.draft)  # which is hidden already

        def counted(counts: list[int]) -> None:
            system, noted, pinned, talk, draft = counts
            pinned += FRAME * len(held)
            left = max(0, base - system - draft - noted)  # what a chat format puts around everything is the talk's
            old = _shared([_of_sent(part) for part in sent], max(0, left - talk - FRAME * len(seen)))
            talk = max(0, left - sum(one.tokens for one in old) - pinned) if seen else 0
            parts = [
                ContextPart("instructions", system),
                ContextPart("notes", noted),
                ContextPart("pinned", pinned),
                ContextPart("conversation", talk),
                *old,
            ]
            question = ContextPart("question", draft if seen else draft + left)
            self._with_attachments(request, parts, question, context)

        if request.attach or not is_empty:
            self._when(request, self._sources.count(texts, request.record), counted)
        else:
            self._publish(ContextMeasured(request.chat, 0, context))

    def _with_attachments(
        self, request: ContextRequest, parts: list[ContextPart], question: ContextPart, context: int
    ) -> None:
        found: list[tuple[AttachRequest, MeasuredAttachment]] = []

        def measure(at: int) -> None:
            if at == len(request.attach):
                self._when(request, self._sources.tokens_of([one for _, one in found], request.record), end)
            else:
                self._sources.measure(request.attach[at]).then(lambda one: measured(at, one))

        def measured(at: int, one: MeasuredAttachment | Problem) -> None:
            if isinstance(one, MeasuredAttachment):
                found.append((request.attach[at], one))
            if request is self._newest:
                measure(at + 1)

        def end(tokens: Sequence[int]) -> None:
            kept_free, way = space_for_answer(context, request.options.max_tokens), request.options.when_full
            left = context - kept_free - total_of([*parts, question])
            sized = [SizedAttachment(count, each.mode) for (each, _), count in zip(found, tokens, strict=True)]
            fresh = _foreseen([one for _, one in found], sized, left)
            all_parts = tuple(one for one in (*parts, *fresh, question, ContextPart("answer", kept_free)) if one.tokens)
            self._publish(ContextMeasured(request.chat, total_of(all_parts), context, all_parts, way))

        measure(0)


def _words(messages: Sequence[Message]) -> str:
    return "\n".join(one.words for one in messages)


def _of_sent(part: AttachmentPart) -> ContextPart:
    return ContextPart("attachment", part.attached.tokens, part.attached.name, used_words(part.attached))


def _shared(parts: Sequence[ContextPart], tokens: int) -> list[ContextPart]:
    """Scale the counts of several attachments so that they add up to what all of them take together."""
    total = sum(one.tokens for one in parts)
    found: list[ContextPart] = []
    for one in parts:
        share = round(tokens * one.tokens / total) if total else 0
        found.append(changed(one, tokens=share))
        tokens, total = tokens - share, total - one.tokens
    return found


def _foreseen(found: Sequence[MeasuredAttachment], sized: Sequence[SizedAttachment], left: int) -> list[ContextPart]:
    whole = decide(sized, left)
    left -= sum(one.tokens for one, is_whole in zip(sized, whole, strict=True) if is_whole)
    others = max(1, whole.count(False))
    share = space_for_passages(left - FRAME_TOKENS * others) // others
    return [
        ContextPart("attachment", size.tokens, one.name, "whole", one.document or one.name)
        if is_whole
        else ContextPart("attachment", min(share, size.tokens), one.name, SOME, one.document or one.name)
        for one, size, is_whole in zip(found, sized, whole, strict=True)
    ]
