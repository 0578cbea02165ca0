"""Exports a comparison of models: their answers side by side, what was measured, and the vote."""

from __future__ import annotations

from slmdesk.core.records import Item
from slmdesk.exports.papers import comparison_paper
from slmdesk.services.base.exporting import Make
from slmdesk.services.chat.service import ChatService
from slmdesk.services.evaluation.model_comparison import export_parts


def export_model_comparison(chats: ChatService, item: Item, form: str) -> Make | None:
    """Return how a comparison of models is exported as a document (see base.exporting)."""
    if form in ("json", "md"):
        return None
    parts = export_parts(item, chats.messages(item.id))
    return lambda: comparison_paper(*parts)
