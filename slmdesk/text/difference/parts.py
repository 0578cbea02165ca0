"""Splits a text into blocks, sentences and words for comparison, and defines which count as the same.  Pure.

Texts are the same if they differ only in layout: white space, hyphens inside words, ligatures and other forms of one
letter, the shape of quotation marks and dashes, the bullets of lists, the numbers of paragraphs and headings.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from slmdesk.base.documents import ASIDE, BlockKind, Page
from slmdesk.base.record import Record, changed
from slmdesk.text.difference.numbering import numbered_lines, own_numbers
from slmdesk.text.difference.types import Place
from slmdesk.text.words.sentences import sentence_spans

LONG_CHARACTERS = 1200
"""A sentence of more is cut where its words say so: a line without an end must not become one unit."""
LEAST_CUT, CUT_CHANCE = 200, 24
"""Letters of a cut piece at least; then one word in so many ends it."""

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_QUOTES = '"`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u2032\u2033'
_GONE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufffe"
_SAME = str.maketrans({**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_QUOTES, "'"), **dict.fromkeys(_GONE, "")})
_SPACES = "".join(map(chr, range(0x3001)))
_PACKED = _SAME | dict.fromkeys((ord(one) for one in _SPACES if one.isspace() or one == "|"), "")
"""The same, and no white space."""
_SPACE = re.compile(r"\s+")
_INSIDE = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_BROKEN = re.compile(r"(?<=[^\W\d_])([-\u2010\u00ad])[^\S\n]*\n\s*(?=[^\W\d_])")
_BULLET = re.compile(r"^\s*(?:[\u2022\u2023\u25aa\u25cf\u25e6\u2043\u2219\u00b7\uf0b7*+-]|\u2013)(?=\s)\s*")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Written without spaces: each letter stands for itself."""
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670"
_LETTERS = rf"(?:(?:(?![{_UNSPACED}])[^\W\d_]|[\u0900-\u0963\u0966-\u0dff])[{_MARKS}]*)+"
TOKEN = re.compile(rf"{_LETTERS}(?:['\u2019\u2010\u2011-]{_LETTERS})*|\d+(?:[.,:/'\u2019\u00a0\u202f-]\d+)*|\w|[^\w\s]")
_LEAD = re.compile(r"^\s*(?:\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d{1,3}(?:\.\d{1,3})+)(?=\s)")
_NUMBER_ALONE = "\u00a7"
"""The key of a heading that is only a number."""
_WHOLE = frozenset({BlockKind.TABLE_ROW, BlockKind.HEADING, BlockKind.CAPTION})


class Unit(Record):
    """A block, or a sentence of one."""

    block: int
    """Which block of the document, from 0."""
    at: int
    """Which sentence of it, from 0."""
    place: Place
    text: str
    """White space is one space; cells of a table are parted by bars."""
    key: str
    """What must be equal for two to be the same."""
    kind: BlockKind
    lead: int = 0
    """So many letters of the text are its number."""

    @property
    def words(self) -> str:
        return self.text[self.lead :]


class _Piece(Record):
    page: int
    start: int
    raw: str
    kind: BlockKind
    is_line: bool


def units_of(pages: Sequence[Page]) -> list[Unit]:
    pieces = list(_pieces(pages))
    leads = own_numbers([(shown(one.raw, one.kind), one.kind) for one in pieces])
    found: list[Unit] = []
    whole: list[tuple[_Piece, int]] = []
    for one, lead in zip(pieces, leads, strict=True):
        if one.is_line and not lead:  # the line of a paragraph, whatever it begins with
            before, number = whole[-1]
            whole[-1] = changed(before, raw=before.raw + one.raw), number
        else:
            whole.append((one, lead))
    for one, lead in whole:
        text = shown(one.raw, one.kind)
        if key := key_of(text[lead:]) or (_NUMBER_ALONE if lead else ""):
            place = Place(one.page, one.start, one.start + len(one.raw.rstrip()))
            found.append(Unit(len(found), 0, place, text, key, one.kind, lead))
    return found


def sentences_of(unit: Unit, raw: str, language: str) -> list[Unit]:
    """The sentences of a block; `raw` is its stretch of the page's text."""
    if unit.kind in _WHOLE:
        return [unit]
    found: list[Unit] = []
    flat = _SPACE.sub(lambda match: " " * len(match.group()), raw)
    lines = unit.kind is BlockKind.CODE
    spans = _lines(raw) if lines else (
        piece for start, end in sentence_spans(flat, language) for piece in _short_enough(flat, start, end)
    )  # fmt: skip
    begin = -1
    for start, end in spans:
        if begin >= 0:
            start, begin = begin, -1
        text = shown(raw[start:end], unit.kind)
        lead = 0 if found else unit.lead
        key = key_of(text[lead:])
        if lead_of(text + " ") == text or (lead and not key):
            begin = start  # the number of a paragraph belongs to its first sentence
        elif key:
            place = Place(unit.place.page, unit.place.start + start, unit.place.start + end)
            found.append(Unit(unit.block, len(found), place, text, key, unit.kind, lead))
    if begin >= 0:
        return [unit]
    return found or [unit]


def shown(raw: str, kind: BlockKind) -> str:
    """A stretch of a page for display: on one line, with words rejoined that a line end cut."""
    text = _BROKEN.sub(lambda match: "" if match[1] == "\u00ad" else "-", raw)
    if kind is BlockKind.TABLE_ROW:
        text = text.replace("\t", " | ")
    return " ".join(text.split())


def key_of(text: str) -> str:
    """A key without layout; texts with the same key are the same."""
    bare = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if not bare[:1].isalnum():
        bare = _BULLET.sub("", bare)
    bare = bare.translate(_PACKED)
    return _INSIDE.sub("", bare) if "-" in bare else bare


@lru_cache(maxsize=50_000)
def token_key(token: str) -> str:
    bare = token if token.isascii() else unicodedata.normalize("NFKC", token)
    return _INSIDE.sub("", bare.translate(_SAME))


def tokens_of(text: str) -> list[tuple[int, int]]:
    """Positions of the words and signs of a displayed text, without bars between cells and bullets."""
    bullet = _BULLET.match(text)
    start = bullet.end() if bullet else 0
    found = (match.span() for match in TOKEN.finditer(text, start))
    return [(begin, end) for begin, end in found if text[begin:end] not in _GONE and text[begin:end] != "|"]


def lead_of(text: str) -> str:
    """The number or letter at the start of a list item, "3.2", "(a)"; empty where there is none."""
    found = _LEAD.match(text)
    return found.group().strip() if found else ""


def _pieces(pages: Sequence[Page]) -> Iterator[_Piece]:
    for page in pages:
        for block in page.blocks:
            if block.kind in ASIDE:
                continue
            raw = page.text[block.start : block.end]
            starts = numbered_lines(raw, block.kind)
            for begin, end in pairwise([*starts, len(raw)]):
                yield _Piece(page.number, block.start + begin, raw[begin:end], block.kind, begin > 0)


def _lines(raw: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in raw.splitlines(keepends=True):
        if line.strip():
            yield at, at + len(line.rstrip())
        at += len(line)


def _short_enough(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, or its pieces; the cuts go by the words, so that an edit moves few of them (see core.chunking)."""
    if end - start <= LONG_CHARACTERS:
        yield start, end
        return
    begin = start
    for word in re.finditer(r"\S{1,200}", text[start:end]):
        here = start + word.end()
        is_cut = zlib.crc32(word.group().encode("utf-8", "surrogatepass")) % CUT_CHANCE == 0
        if (here - begin >= LEAST_CUT and is_cut) or here - begin >= LONG_CHARACTERS:
            yield begin, here
            begin = here
    if text[begin:end].strip():
        yield begin, end
