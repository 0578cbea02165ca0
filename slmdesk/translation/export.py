"""Exports a translation: its segments, what became of each, and what was left as it is."""

from __future__ import annotations

from slmdesk.base.paper import Paper
from slmdesk.base.records import Item
from slmdesk.runtime.exporting import Make, json_bytes
from slmdesk.runtime.slices import Slices
from slmdesk.store import Store
from slmdesk.translation.export_texts import translation_paper
from slmdesk.translation.readout import gathered, left_parts, translated_rows, translation_json


def export_translation(store: Store, item: Item, form: str) -> Slices[Make]:
    segments = yield from gathered(store, item.id)
    parts = left_parts(store, item.id)

    def make() -> bytes | Paper:
        if form == "json":
            return json_bytes(translation_json(item, segments, parts))
        return translation_paper(item.title, *translated_rows(segments), parts)

    return make
