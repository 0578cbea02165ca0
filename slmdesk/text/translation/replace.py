"""Searches and replaces in translations, between their tags."""

from __future__ import annotations

import re
from functools import lru_cache

from slmdesk.base.record import Record
from slmdesk.text.translation.tagged import Tags, pieces


class Search(Record):
    """What to search for; words separated by a tag are not found as one."""

    words: str
    is_exact: bool = False
    whole_words: bool = False

    def __bool__(self) -> bool:
        return bool(self.words)


def spans_in(text: str, tags: Tags, search: Search) -> list[tuple[int, int]]:
    if not search:
        return []
    pattern, found, at = _pattern(search), list[tuple[int, int]](), 0
    for piece in pieces(text, tags):
        words = str(piece)
        if isinstance(piece, str):
            found += [(at + one.start(), at + one.end()) for one in pattern.finditer(words)]
        at += len(words)
    return found


def replaced(text: str, tags: Tags, search: Search, instead: str) -> tuple[str, int]:
    spans = spans_in(text, tags, search)
    for start, end in reversed(spans):
        text = text[:start] + instead + text[end:]
    return text, len(spans)


@lru_cache(maxsize=16)
def _pattern(search: Search) -> re.Pattern[str]:
    words = re.escape(search.words)
    if search.whole_words:
        words = rf"(?<!\w){words}(?!\w)"
    return re.compile(words, 0 if search.is_exact else re.IGNORECASE)
