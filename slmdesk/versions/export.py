"""Exports the comparison of two versions, passage by passage."""

from __future__ import annotations

from slmdesk.base.documents import Paper
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from
from slmdesk.base.records import Item
from slmdesk.exports.writers import to_xlsx
from slmdesk.runtime.service import Make, json_bytes
from slmdesk.store import Store
from slmdesk.versions.service import json_of, versions_paper, versions_sheets
from slmdesk.versions.types import Comparison

FORMAT = "slmdesk-versions"


def export_versions(store: Store, item: Item, form: str) -> Make | None:
    kept = store.results.get(item.id)
    if kept is None:
        return None

    def make() -> bytes | Paper:
        comparison = stored_from(Comparison, kept)
        if comparison is None:
            raise KnownError("item.unknown", id=item.id)
        if form == "json":
            return json_bytes({"format": FORMAT, "version": 1, "id": item.id, **json_of(comparison)})
        return to_xlsx(versions_sheets(comparison)) if form == "xlsx" else versions_paper(comparison)

    return make
