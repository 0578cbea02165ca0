"""The pages of documents."""

from __future__ import annotations

import json
from collections.abc import Sequence

from slmdesk.base.documents import Block, BlockKind, Page
from slmdesk.base.records import Passage
from slmdesk.store.database import RowLike
from slmdesk.store.part import Shared, StorePart
from slmdesk.store.passages import Passages
from slmdesk.store.rows import row_to


class Pages(StorePart):
    def __init__(self, shared: Shared, passages: Passages) -> None:
        super().__init__(shared)
        self._passages = passages

    def save(self, document: str, pages: Sequence[Page], passages: Sequence[Passage] = ()) -> None:
        """Save pages; one saved before under the same number is replaced.

        `passages` are added to those the document has, in the same transaction: for reading page by page.
        """
        with self._db.writing():
            self._passages.add(document, passages)
            for page in pages:
                blocks = [[one.kind.value, one.start, one.end, one.level, one.place] for one in page.blocks]
                self._insert("pages", {
                    "document": document, "number": page.number, "label": page.label, "status": page.status,
                    "reason": page.reason, "text": page.text, "blocks": blocks, "has_image": page.has_image,
                }, otherwise="or replace")  # fmt: skip

    def forget(self, document: str, beyond: int) -> None:
        """Delete the pages after `beyond` and the passages that reach into them: the document has become shorter."""
        with self._db.writing():
            self._db.run("delete from pages where document = ? and number > ?", (document, beyond))
            self._passages.delete(document, beyond)

    def of_document(self, document: str, *, begin: int = 1, limit: int = 100, with_text: bool = True) -> list[Page]:
        """Pages from number `begin` on; `with_text=False` leaves out text and blocks, for lists of thousands."""
        what = "*" if with_text else "document, number, label, status, reason, '' as text, '[]' as blocks, has_image"
        return self._all(
            page_from,
            f"select {what} from pages where document = ? and number >= ? order by number limit ?",
            (document, begin, limit),
        )


def page_from(row: RowLike) -> Page:
    blocks = json.loads(row["blocks"])
    return row_to(Page, row, blocks=tuple(Block(BlockKind(kind), *places) for kind, *places in blocks))
