"""What leads from the words of a Word file to a text that was made of them, a line for each paragraph.  Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from slmdesk.base.prefix import common_prefix
from slmdesk.base.record import Record
from slmdesk.text.writing.edits import HALF_ALIKE, Edit, applied, edits_of, likeness, reason_of
from slmdesk.writing.documents import DocumentText
from slmdesk.writing.types import Change


class WordChanges(Record):
    changes: tuple[Change, ...]
    lost: int


def changes_between(document: DocumentText, text: str) -> WordChanges:
    """The changes from a document to a text; of a paragraph that is no longer there the words are deleted."""
    paragraphs = document.paragraphs
    pairs = list(_pairs([words for _, words in paragraphs], text.split("\n")))
    lost = sum(old is None and bool(new) for old, new in pairs)
    changes: list[Change] = []
    for number, new in pairs:
        if number is None:
            continue
        start, old = paragraphs[number]
        for edit in _edits(old, new):
            whole = Edit(start + edit.start, start + edit.end, edit.new)
            if document.has_place(whole):
                sentence = (start, start + len(old))
                changes.append(Change(whole, edit.old(old), number + 1, reason_of(old, edit), sentence=sentence))
            else:
                lost += 1
    return WordChanges(tuple(changes), lost)


def _edits(old: str, new: str) -> Sequence[Edit]:
    found = edits_of(old, new)
    if applied(old, found) == new:
        return found
    begin = common_prefix(old, new)
    rest = min(len(old), len(new)) - begin
    end = common_prefix(old[::-1][:rest], new[::-1][:rest])
    return [Edit(begin, len(old) - end, new[begin : len(new) - end])] if old != new else []


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int | None, str]]:
    """Each paragraph with its line ("" where there is none any more), and lines that have no paragraph."""
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        lines = list(new[c:d])
        is_even = b - a == d - c
        for number in range(a, b):
            at = 0 if is_even else next((n for n, one in enumerate(lines) if _is_like(old[number], one)), -1)
            yield from ((None, one) for one in lines[: max(0, at)])
            yield number, lines[at] if at >= 0 else ""
            del lines[: at + 1]
        yield from ((None, one) for one in lines)


def _is_like(old: str, new: str) -> bool:
    return likeness(old, new) >= HALF_ALIKE
