"""Finds the numbers of paragraphs and headings.

"3.2", "(a)", "§ 5", "Article 7 –". Pure functions. The numbers do not belong to the words of a paragraph: another style
of numbering, or other numbers after a removed paragraph, are no changes. A number that may belong to the words ("1.5
tonnes", "3. März", "5. Stock") only counts as a paragraph number if its neighbours occur in the document too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import pairwise

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record
from slmdesk.base.text.words import CLAUSE_WORDS, folded, tables

LONGEST_HEADING, MOST_WORDS = 90, 12
"""Most characters and words of a paragraph that may be a heading."""
_MARKS_BEFORE = r"(?:#{1,6}\s+)?(?:\*\*|__)?"
"""Matches the marks before a heading in Markdown."""
_MARK = re.compile(r"#{1,6}\s+(?=\S)")
_BULLET_BEFORE = r"(?:[\u2022\u2023\u25aa\u25cf\u25e6*+\u2013-]\s+)?"
_DIGITS = r"\d{1,3}(?:\.\d{1,2})*"
_SURE = (
    rf"\((?P<round>{_DIGITS}|[A-Za-z]{{1,2}}|[ivx]{{1,5}}|[IVX]{{1,5}})\)|(?P<closed>{_DIGITS}|[A-Za-z]|[ivx]{{1,5}})\)"
)
_LETTERED = r"[A-Z](?:\.\d{1,2})+"
_MAYBE = rf"(?P<dotted>{_DIGITS}|{_LETTERED}|[a-z])[.](?!\d)|(?P<bare>\d{{1,3}}(?:\.\d{{1,2}})+|{_LETTERED})"
_WORDED = (
    rf"(?:§{{1,2}}\s*|(?:{CLAUSE_WORDS.replace(' ', '|')})\b\.?\s+(?:(?:no|nr|n°)\.?\s*)?)"
    rf"(?P<worded>{_DIGITS}|[A-Z]|[IVX]{{1,6}})\b[.):]?"
)
_TITLED = r"(?P<letter>[A-Z]|[IVXLC]{1,6})[.)]|(?P<plain>\d{1,2})"
_SEPARATED = r"(?:\s*[\u2013\u2014:|-])?(?=\s|$)\s*"
_OF_PARAGRAPH = re.compile(rf"\s*{_BULLET_BEFORE}(?:{_SURE}|{_MAYBE})(?=\s)\s*")
_OF_HEADING = re.compile(rf"\s*{_MARKS_BEFORE}(?:(?i:{_WORDED})|{_SURE}|{_MAYBE}|{_TITLED}){_SEPARATED}")
_ENDS = (".", ",", ";", ":", "!", "?")
_DAY = re.compile(r"\d{1,2}\.0\d")
_FIRST = re.compile(r"[^\W\d_]+|\S")
_JOINED = re.compile(r"(?:and|or|to|und|oder|bis|et|ou|à|y|o|e|i|lub|do|en|of)\s+\d|[\u2013-]\s*\d", re.IGNORECASE)
_OF_VALUES = "per pour por vom uhr am pm oclock x mal times fois volte veces razy"
"""Words that, like units, show that the number before them is a value and not a paragraph number."""

Number = tuple[str, ...]


class _Found(Record):
    end: int
    number: Number
    sure: bool


def own_numbers(texts: Sequence[tuple[str, BlockKind]]) -> list[int]:
    """Return for each block how many characters at its start are not part of its words: its number or heading mark."""
    marks = [_found(text, kind) for text, kind in texts]
    numbers = {mark.number for mark in marks if mark}
    return [
        mark.end if mark and (mark.sure or _has_neighbours(mark.number, numbers)) else _mark(text, kind)
        for mark, (text, kind) in zip(marks, texts, strict=True)
    ]


def numbered_lines(raw: str, kind: BlockKind) -> list[int]:
    starts = [0]
    if kind not in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM) or "\n" not in raw:
        return starts
    at = 0
    for line, after in pairwise(raw.splitlines(keepends=True)):
        at += len(line)
        before = raw[starts[-1] : at].strip()
        mark = _found(after.strip(), BlockKind.LIST_ITEM)
        is_title = before == line.strip() and len(before.split()) <= MOST_WORDS
        if mark and (before.endswith(_ENDS) or (is_title and after.strip()[mark.end].isupper())):
            starts.append(at)
    return starts


def is_heading(text: str, kind: BlockKind, lead: int) -> bool:
    """Return whether a block is a heading. `lead` is the length of its number. In formats without headings, short
    paragraphs may be headings.
    """
    if kind is BlockKind.HEADING:
        return True
    words = text[lead:]
    if kind is not BlockKind.PARAGRAPH or not words or len(text) > LONGEST_HEADING or text.endswith(_ENDS):
        return False
    if len(words.split()) > MOST_WORDS:
        return False
    letters = [word for word in words if word.isalpha()]
    is_large = len(letters) > 2 and all(map(str.isupper, letters))
    return bool(letters) and (is_large or (lead > 0 and letters[0].isupper()))


def _found(text: str, kind: BlockKind) -> _Found | None:
    if kind is BlockKind.TABLE_ROW or kind is BlockKind.CODE:
        return None
    head = text[:60]
    may_head = kind is BlockKind.HEADING or _may_be_heading(text, kind)
    pattern = _OF_HEADING if may_head else _OF_PARAGRAPH
    match = pattern.match(head)
    if match is None:
        return None
    kinds = {name: value for name, value in match.groupdict().items() if value}
    ((name, raw),) = kinds.items()
    rest = text[match.end() :]
    if name == "worded":
        is_own = kind is BlockKind.HEADING or not rest or rest[0].isupper()
        return _Found(match.end(), _parts(raw), sure=True) if is_own else None
    if not rest or (name in ("letter", "plain") and not (kind is BlockKind.HEADING and rest[0].isupper())):
        return None
    if name in ("dotted", "bare", "plain") and _is_value(raw, rest):
        return None
    is_sure = name in ("round", "closed", "letter") or (name == "dotted" and kind is BlockKind.HEADING)
    return _Found(match.end(), _parts(raw), is_sure)


def _mark(text: str, kind: BlockKind) -> int:
    match = _MARK.match(text) if kind is BlockKind.HEADING else None
    return match.end() if match else 0


def _may_be_heading(text: str, kind: BlockKind) -> bool:
    return kind is BlockKind.PARAGRAPH and len(text) <= LONGEST_HEADING and not text.endswith(_ENDS)


def _parts(raw: str) -> Number:
    return tuple(raw.split("."))


def _is_value(raw: str, rest: str) -> bool:
    """Return whether the number is in a date or amount: "3. März", "14.03. Kick-off", "1.5 tonnes", "2.1 and 2.2"."""
    first = _FIRST.match(rest)
    word = folded(first.group()) if first else ""
    return word in _value_words() or word[:1] in "%€$£¥°" or bool(_JOINED.match(rest) or _DAY.match(raw))


@cache
def _value_words() -> Collection[str]:
    units: Iterable[str] = (word for _, _, words in tables()["units"]["table"] for word in words.split())
    times = (pair.partition("=")[0] for pair in tables()["numbers"]["multipliers"].split())
    months = " ".join(tables()["months"]["names"]).split()
    return frozenset((*(unit for unit in units if len(unit) > 1), *times, *months, *_OF_VALUES.split()))


def _has_neighbours(number: Number, numbers: Collection[Number]) -> bool:
    """Return whether numbers next to this one occur in the document too: 3 or 3.1 for 3.4, 2 or 4 for 3, b for a."""
    *above, last = number
    parent = tuple(above)
    if parent:
        return parent in numbers or (*parent, "2" if last == "1" else "1") in numbers
    if last.isdigit():
        near = {(str(int(last) - 1),), (str(int(last) + 1),), (last, "1")}
    else:
        near = {(chr(ord(last[0]) - 1),), (chr(ord(last[0]) + 1),), (last, "1")}
    return not near.isdisjoint(numbers)
