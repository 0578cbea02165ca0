"""Exports a comparison of models: the answers side by side, the measurements, and an earlier vote."""

from __future__ import annotations

from slmdesk.base.records import Item
from slmdesk.chat.service import ChatService
from slmdesk.evaluation.comparison import export_parts
from slmdesk.exports.papers import comparison_paper
from slmdesk.runtime.service import Make


def export_model_comparison(chats: ChatService, item: Item, form: str) -> Make | None:
    if form in ("json", "md"):
        return None
    messages = chats.messages(item.id)
    return lambda: comparison_paper(*export_parts(item, messages))
