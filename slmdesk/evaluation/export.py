"""Exports a comparison of models: their answers side by side, what was measured, and an earlier vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.records import Item, Message
from slmdesk.chat.service import ChatService
from slmdesk.evaluation.comparison import figures_of, vote_of, vote_words
from slmdesk.exports.papers import comparison_paper
from slmdesk.runtime.service import Make


def export_model_comparison(chats: ChatService, item: Item, form: str) -> Make | None:
    if form in ("json", "md"):
        return None
    parts = export_parts(item, chats.messages(item.id))
    return lambda: comparison_paper(*parts)


def export_parts(
    item: Item, messages: Sequence[Message]
) -> tuple[Item, Sequence[Message], Mapping[str, Sequence[tuple[str, str]]], str]:
    """What an export shows: the messages in order, what was measured of each, and the vote, if any, in a sentence."""
    figures = figures_of(item)
    lines = {message.id: figures[message.id].lines() for message in messages if message.id in figures}
    return (
        item,
        messages,
        lines,
        vote_words(vote_of(item), {message.id: message.model_name or "" for message in messages}),
    )
