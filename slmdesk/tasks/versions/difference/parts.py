"""Splits texts into blocks, sentences and words for comparison, and decides which are equal. Pure."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from slmdesk.base.documents import ASIDE, BlockKind, Page
from slmdesk.base.record import Record, changed
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.tasks.versions.difference.numbering import numbered_lines, own_numbers
from slmdesk.tasks.versions.difference.types import Place

LONG_CHARACTERS = 1200
"""Characters above which a sentence is cut, so that text without sentence ends does not become a single unit."""
LEAST_CUT, CUT_CHANCE = 200, 24
"""Fewest characters of a cut piece. After that, one word in this many ends the piece, chosen by its checksum."""

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_QUOTES = '"`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u2032\u2033'
_GONE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufffe"
_SAME = str.maketrans({**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_QUOTES, "'"), **dict.fromkeys(_GONE, "")})
_SPACES = "".join(map(chr, range(0x3001)))
_PACKED = _SAME | dict.fromkeys((ord(space) for space in _SPACES if space.isspace() or space == "|"), "")
"""The replacements of _SAME, which also remove white space and bars between cells."""
_SPACE = re.compile(r"\s+")
_RAISED = re.compile(r"(?=[²³¹⁰-ⁿ])(?<![²³¹⁰-ⁿ])(?<!\bm)(?<!\b[cdkm]m)")
_LOWERED = re.compile(r"(?<=[\da-z])(?=[₀-ₜ])")
_INSIDE = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_BROKEN = re.compile(r"(?<=[^\W\d_])([-\u2010\u00ad])[^\S\n]*\n\s*(?=[^\W\d_])")
_BULLET = re.compile(
    r"^\s*(?:[\u2022\u2023\u25aa\u25cf\u25e6\u2043\u2219\u00b7\uf0b7*+]|[-\u2013](?!\s+\D{0,4}\d[\d.,'\u2019]*[.,]\d\d\b))(?=\s)\s*"
)
"""A dash before a sum may be its sign."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Letters of scripts without spaces. Each letter is a token of its own."""
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670"
_LETTERS = rf"(?:(?:(?![{_UNSPACED}])[^\W\d_]|[\u0900-\u0963\u0966-\u0dff])[{_MARKS}]*)+"
_FIGURE = r"\d+(?:[.,:/'\u2019\u00a0\u202f-]\d+)*[²³¹⁰-ⁿ₀-ₜ]*"
TOKEN = re.compile(rf"{_LETTERS}(?:['\u2019\u2010\u2011-]{_LETTERS})*|{_FIGURE}|\w|[^\w\s]")
_LEAD = re.compile(r"^\s*(?:\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d{1,3}(?:\.\d{1,3})+)(?=\s)")
_NUMBER_ALONE = "\u00a7"
"""Key of a heading that is only a number."""
_WHOLE = frozenset({BlockKind.TABLE_ROW, BlockKind.HEADING, BlockKind.CAPTION})


class Unit(Record):
    """Block of a document, or a sentence of a block."""

    block: int
    """Index of the block in the document."""
    at: int
    """Index of the sentence in the block."""
    place: Place
    text: str
    """The text as shown. White space is collapsed, and cells of a table are separated by bars."""
    key: str
    """Text without layout. Units with equal keys are the same."""
    kind: BlockKind
    lead: int = 0
    """Number of characters at the beginning of the text that are its paragraph number."""

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
    leads = own_numbers([(shown(piece.raw, piece.kind), piece.kind) for piece in pieces])
    units: list[Unit] = []
    whole: list[tuple[_Piece, int]] = []
    for piece, lead in zip(pieces, leads, strict=True):
        if piece.is_line and not lead:  # the line of a paragraph, whatever it begins with
            before, number = whole[-1]
            whole[-1] = changed(before, raw=before.raw + piece.raw), number
        else:
            whole.append((piece, lead))
    for piece, lead in whole:
        text = shown(piece.raw, piece.kind)
        if key := key_of(text[lead:]) or (_NUMBER_ALONE if lead else ""):
            place = Place(piece.page, piece.start, piece.start + len(piece.raw.rstrip()))
            units.append(Unit(len(units), 0, place, text, key, piece.kind, lead))
    return units


def sentences_of(unit: Unit, raw: str, language: str) -> list[Unit]:
    """Split a block into its sentences. `raw` is the block's part of the page text."""
    if unit.kind in _WHOLE:
        return [unit]
    sentences: list[Unit] = []
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
        lead = 0 if sentences else unit.lead
        key = key_of(text[lead:])
        if lead_of(text + " ") == text or (lead and not key):
            begin = start  # the number of a paragraph belongs to its first sentence
        elif key:
            place = Place(unit.place.page, unit.place.start + start, unit.place.start + end)
            sentences.append(Unit(unit.block, len(sentences), place, text, key, unit.kind, lead))
    if begin >= 0:
        return [unit]
    return sentences or [unit]


def shown(raw: str, kind: BlockKind) -> str:
    """Return a part of a page for display: on one line, with words rejoined that a line end had cut."""
    text = _BROKEN.sub(lambda match: "" if match[1] == "\u00ad" else "-", raw)
    if kind is BlockKind.TABLE_ROW:
        text = text.replace("\t", " | ")
    return " ".join(text.split())


def key_of(text: str) -> str:
    """Return the text without layout. Texts with equal keys are the same."""
    bare = text if text.isascii() else _plain(text)
    if not bare[:1].isalnum():
        bare = _BULLET.sub("", bare)
    bare = bare.translate(_PACKED)
    return _INSIDE.sub("", bare) if "-" in bare else bare


@lru_cache(maxsize=50_000)
def token_key(token: str) -> str:
    bare = token if token.isascii() else _plain(token)
    return _INSIDE.sub("", bare.translate(_SAME))


def _plain(text: str) -> str:
    """Return other forms of letters as the usual ones. What is raised stays apart, for 10⁶ is not 106, except in m²; so
    does what is lowered behind a figure or small letter: x₂ is not x2, but CO₂ is CO2.
    """
    return unicodedata.normalize("NFKC", _LOWERED.sub("_", _RAISED.sub("^", text)))


def tokens_of(text: str) -> list[tuple[int, int]]:
    """Return the positions of words and signs in a displayed text. Bullets and bars between cells are skipped."""
    bullet = _BULLET.match(text)
    start = bullet.end() if bullet else 0
    spans = (match.span() for match in TOKEN.finditer(text, start))
    return [(begin, end) for begin, end in spans if text[begin:end] not in _GONE and text[begin:end] != "|"]


def lead_of(text: str) -> str:
    """Return the number or letter at the start of a list item, such as "3.2" or "(a)", or "" if there is none."""
    match = _LEAD.match(text)
    return match.group().strip() if match else ""


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
    """Cut a long sentence into pieces at positions that depend on its words, so that an edit moves few of the cuts."""
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
