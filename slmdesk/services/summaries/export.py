"""Exports a summary with the passages and the coverage that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slmdesk.core.record import to_json
from slmdesk.core.records import Item
from slmdesk.core.types import Json
from slmdesk.core.wire import stored_from
from slmdesk.exports.json_values import objects
from slmdesk.exports.papers import summary_paper, summary_sheets
from slmdesk.exports.xlsx import to_xlsx
from slmdesk.services.base.exporting import Make, json_bytes
from slmdesk.services.summaries.types import Summary
from slmdesk.store import Store

FORMAT = "slmdesk-summary"


def export_summary(store: Store, item: Item, form: str) -> Make | None:
    summary = stored_from(Summary, store.results.get(item.id))
    if summary is None:
        return None
    shape = to_json(summary)
    if form == "json":
        return lambda: json_bytes({"format": FORMAT, "version": 1, "id": item.id, "title": item.title, **shape})
    if form == "xlsx":
        return lambda: to_xlsx(summary_sheets(shape))
    proved = _with_passages(store, shape)
    return lambda: summary_paper(item.title, proved)


def _with_passages(store: Store, summary: Mapping[str, Json]) -> Mapping[str, Json]:
    pages: dict[tuple[str, int], str] = {}
    names = {str(one["document"]): one["name"] for one in objects(summary["documents"])}
    is_one = len(names) < 2

    def words(document: str, number: int) -> str:
        if (document, number) not in pages:
            found = store.pages.of_document(document, begin=number, limit=1)
            pages[document, number] = found[0].text if found and found[0].number == number else ""
        return pages[document, number]

    def proved(sentence: Mapping[str, Any]) -> dict[str, Json]:
        passages: list[Json] = [
            {
                "page": span["page"],
                "file": "" if is_one else names.get(str(span["document"]), ""),
                "text": words(str(span["document"]), span["page"])[span["start"] : span["end"]],
            }
            for span in sentence["blocks"]
        ]
        return {**sentence, "passages": passages}

    documents: list[Json] = [
        {**one, "sentences": [proved(each) for each in objects(one["sentences"])]}
        for one in objects(summary["documents"])
    ]
    return {**summary, "sentences": [proved(one) for one in objects(summary["sentences"])], "documents": documents}
