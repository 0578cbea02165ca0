"""Translates a PDF into a Word file: headings, paragraphs, list items and tables, page by page.

A PDF has characters at fixed positions, not flowing text, so a translation does not fit in their place.  What is not
carried over is reported: pictures, the layout, pages without text, invisible text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.formats.pdf import read
from slmdesk.formats.rewriting.base import LeftAsIs, Rewriting, Unit, Units
from slmdesk.formats.rewriting.word_file import MOST_COLUMNS, Style, WordFile

_MARK = re.compile(r"([•‣⁃◦▪▫■□●○◆◇➢➤►✓∗*–—-]|\(?(?:\d{1,3}|[A-Za-z]|[ivxlc]{1,5})[.)])[ \u00a0]+(?=\S)")
_NUMBER = re.compile(r"((?:[A-Z]|\d{1,3})(?:\.\d{1,3})*\.?)[ \u00a0]+(?=\S)")
_STYLES = {
    BlockKind.CAPTION: Style.CAPTION, BlockKind.FOOTNOTE: Style.FOOTNOTE, BlockKind.QUOTE: Style.QUOTE,
    BlockKind.COMMENT: Style.COMMENT, BlockKind.NOTE: Style.COMMENT, BlockKind.HEADER: Style.MARGIN,
    BlockKind.FOOTER: Style.MARGIN,
}  # fmt: skip
_WHY = {
    PageStatus.SCANNED: "scanned", PageStatus.EMPTY: "empty", PageStatus.LOCKED: "locked", PageStatus.BROKEN: "broken",
}  # fmt: skip


def rewrite(rewriting: Rewriting) -> Units:
    """The units of a PDF, page by page; the file that is made is a Word file."""
    reading, options = rewriting.reading, rewriting.options
    file = WordFile(options.language, right_to_left=options.is_right_to_left)
    reported: dict[str, str | None] = {}
    yield LeftAsIs("layout", "", "pictures, lines, colours and the layout of the pages")
    for page in read(reading):
        reading.check()
        reading.worked()
        place = f"page {page.number}"
        shown = [one for one in page.blocks if one.place != "hidden"]
        if not shown:
            why = _reason(page)
            yield LeftAsIs("page", place, why)
            file.paragraph(f"[Page {page.number} has no text ({why}).]", Style.NOTICE)
        elif page.reason:  # read off a picture, or not to its end
            yield LeftAsIs("page", place, page.reason)
            file.paragraph(f"[Page {page.number}: {page.reason}.]", Style.NOTICE)
        for is_table, blocks in groupby(shown, key=lambda one: one.kind is BlockKind.TABLE_ROW):
            found = list(blocks)
            if is_table:
                yield from _table(file, page, found, place)
                continue
            for block in found:
                yield from _block(file, page, block, place, reported)
        for block in page.blocks:
            if block.place == "hidden":  # a translation would show it
                yield LeftAsIs("hidden", place, page.text[block.start : block.end][:80])
        file.end_page()
    for one in reading.attachments:
        yield LeftAsIs("embedded", "", one.name[:80])
    rewriting.data = file.data()


def _reason(page: Page) -> str:
    why = _WHY.get(page.status, "")
    return f"{why}: {page.reason}" if why and page.reason not in ("", why) else page.reason or why or "empty"


def _block(file: WordFile, page: Page, block: Block, place: str, reported: dict[str, str | None]) -> Units:
    words = page.text[block.start : block.end]
    if block.kind is BlockKind.CODE:
        yield LeftAsIs("code", place, words[:80])
        file.paragraph(words, Style.CODE)
        return
    mark, words = _parted(block.kind, words)
    is_repeated = block.kind in (BlockKind.HEADER, BlockKind.FOOTER)
    if is_repeated and words in reported:
        answer = reported[words]
    else:
        answer = yield from _answered(words, block.kind.value, place)
    if is_repeated:
        reported[words] = answer
    written = words if answer is None else answer
    if block.kind is BlockKind.HEADING:
        file.heading(f"{mark} {written}" if mark else written, block.level)
    elif block.kind is BlockKind.LIST_ITEM:
        file.item(mark, written, block.level)
    else:
        file.paragraph(written, _STYLES.get(block.kind, Style.NORMAL))


def _parted(kind: BlockKind, words: str) -> tuple[str, str]:
    pattern = {BlockKind.LIST_ITEM: _MARK, BlockKind.HEADING: _NUMBER}.get(kind)
    found = pattern.match(words) if pattern is not None else None
    if found is None or (kind is BlockKind.HEADING and not any(sign.isdigit() for sign in found[1])):
        return "", words
    return found[1], words[found.end() :]


def _answered(words: str, kind: str, place: str) -> Units:
    """The translation of a text; None for an empty or unchanged one."""
    if not any(letter.isalpha() for letter in words):
        return None
    answer = yield Unit(words, kind=kind, place=place)
    return answer


def _table(file: WordFile, page: Page, rows: Sequence[Block], place: str) -> Units:
    table: list[list[str]] = []
    for number, row in enumerate(rows, start=1):
        cells: list[str] = []
        for column, words in enumerate(page.text[row.start : row.end].split("\t"), start=1):
            where = f"{place}, row {number}, column {column}"
            answer = yield from _answered(words.strip(), row.kind.value, where)
            cells.append(words.strip() if answer is None else answer)
        if len(cells) > MOST_COLUMNS:
            cells[MOST_COLUMNS - 1 :] = [" ".join(cells[MOST_COLUMNS - 1 :])]
        table.append(cells)
    file.table(table, has_head=rows[0].level == 1)
