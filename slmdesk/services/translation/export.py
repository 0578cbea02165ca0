"""Exports a translation: its segments, what became of each, and what was left as it is."""

from __future__ import annotations

from slmdesk.core.paper import Paper
from slmdesk.core.records import Item
from slmdesk.exports.translations import translation_paper
from slmdesk.services.base.exporting import Make, json_bytes
from slmdesk.services.base.slices import Slices
from slmdesk.services.translation.readout import gathered, left_parts, translated_rows, translation_json
from slmdesk.store import Store


def export_translation(store: Store, item: Item, form: str) -> Slices[Make]:
    segments = yield from gathered(store, item.id)
    parts = left_parts(store, item.id)

    def make() -> bytes | Paper:
        if form == "json":
            return json_bytes(translation_json(item, segments, parts))
        return translation_paper(item.title, *translated_rows(segments), parts)

    return make
