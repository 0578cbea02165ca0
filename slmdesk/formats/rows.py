"""Turns rows of tables in texts into blocks, unless the table is only used for layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slmdesk.base.documents import BlockKind
from slmdesk.formats.paging import Flow, Footnote, PageBreak, PictureBlock, Piece

ROW_CHARACTERS = 2_000
ROW_PARAGRAPHS = 3
"""A long row with more than that in a cell is layout."""
_IN_A_ROW = frozenset((BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.HEADING, BlockKind.CODE, BlockKind.QUOTE))


def as_row(cells: Sequence[Sequence[Flow]], level: int) -> Iterator[Flow]:
    """A row as a block with its cells; a layout row, or one with a nested table, flows as if there were no table."""
    words = [[one for one in cell if isinstance(one, Piece) and one.text.strip()] for cell in cells]
    filled = [cell for cell in words if cell]
    size = sum(len(one.text) for cell in words for one in cell)
    is_layout = (
        any(one.kind is BlockKind.TABLE_ROW for cell in words for one in cell)
        or (len(filled) == 1 and len(filled[0]) > 1)
        or (size > ROW_CHARACTERS and any(len(cell) > ROW_PARAGRAPHS for cell in words))
    )
    if is_layout:
        most = max(range(len(cells)), key=lambda at: sum(isinstance(one, PageBreak) for one in cells[at]))
        for at, cell in enumerate(cells):  # cells beside each other cross the same page ends
            yield from (one for one in cell if at == most or not isinstance(one, PageBreak))
        return
    broken = [one for cell in cells for one in cell if isinstance(one, PageBreak)]
    yield from broken[:1]  # a row that begins a page says so inside its cells
    texts = [" ".join(" ".join(one.text.split()) for one in cell if one.kind in _IN_A_ROW) for cell in words]
    yield Piece(BlockKind.TABLE_ROW, "\t".join(texts), level)
    for one in (one for cell in cells for one in cell):
        if isinstance(one, Footnote | PictureBlock) or (isinstance(one, Piece) and one.kind not in _IN_A_ROW):
            yield one
