"""Splits texts into blocks, sentences and words for comparison, decides which are equal, and aligns them. Pure."""

from __future__ import annotations

import re
import unicodedata
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from slmdesk.base.documents import ASIDE, BlockKind, Page
from slmdesk.base.record import Record, changed
from slmdesk.text.checks.words import CLAUSE_WORDS, folded, tables
from slmdesk.text.difference.types import Place
from slmdesk.text.sentences import sentence_spans

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
    found: list[Unit] = []
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
            found.append(Unit(len(found), 0, place, text, key, piece.kind, lead))
    return found


def sentences_of(unit: Unit, raw: str, language: str) -> list[Unit]:
    """Split a block into its sentences. `raw` is the block's part of the page text."""
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
    found = (match.span() for match in TOKEN.finditer(text, start))
    return [(begin, end) for begin, end in found if text[begin:end] not in _GONE and text[begin:end] != "|"]


def lead_of(text: str) -> str:
    """Return the number or letter at the start of a list item, such as "3.2" or "(a)", or "" if there is none."""
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


# ---- finds the numbers of paragraphs and headings
#
# "3.2", "(a)", "§ 5", "Article 7 –". Pure functions. The numbers do not belong to the words of a paragraph: another
# style of numbering, or other numbers after a removed paragraph, are no changes. A number that may belong to the words
# ("1.5 tonnes", "3. März", "5. Stock") only counts as a paragraph number if its neighbours occur in the document too.


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
    found = [_found(text, kind) for text, kind in texts]
    numbers = {mark.number for mark in found if mark}
    return [
        mark.end if mark and (mark.sure or _has_neighbours(mark.number, numbers)) else _mark(text, kind)
        for mark, (text, kind) in zip(found, texts, strict=True)
    ]


def numbered_lines(raw: str, kind: BlockKind) -> list[int]:
    starts = [0]
    if kind not in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM) or "\n" not in raw:
        return starts
    at = 0
    for line, after in pairwise(raw.splitlines(keepends=True)):
        at += len(line)
        before = raw[starts[-1] : at].strip()
        found = _found(after.strip(), BlockKind.LIST_ITEM)
        is_title = before == line.strip() and len(before.split()) <= MOST_WORDS
        if found and (before.endswith(_ENDS) or (is_title and after.strip()[found.end].isupper())):
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
    match = (_OF_HEADING if may_head else _OF_PARAGRAPH).match(head)
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


# ---- aligns two sequences
#
# Finds the items that both sequences have in the same order. Pure; near-linear for any input. Anchors are items that
# occur equally often on both sides (in the patience diff of Bram Cohen: once). The heaviest chain of anchors that keeps
# the order is taken (Jacobson and Vo 1992, "Heaviest increasing/common subsequence problems"), and the gaps between
# them are treated in the same way. Only in small gaps is each item compared with each other, so that no input costs the
# square of its length.


SMALL = 2500
"""Most pairs of a gap in which every item is compared with every other."""
MOST_ROUNDS = 60
"""Most times that each position is visited on average. After that the rest counts as different, so no input is slow."""

Pair = tuple[int, int]


def common(
    old: Sequence[Hashable], new: Sequence[Hashable], weight: Callable[[int], float] = lambda _at: 1.0
) -> list[Pair]:
    """Return which items of `old` correspond to which of `new`, as pairs of positions that increase on both sides.

    `weight` returns the weight of a position in `old`. Heavier items decide which items stay in order.
    """
    found: list[Pair] = []
    gaps = [(0, len(old), 0, len(new))]
    left = MOST_ROUNDS * (len(old) + len(new))
    while gaps and left > 0:
        begin, end, other, last = gaps.pop()
        left -= end - begin + last - other
        while begin < end and other < last and old[begin] == new[other]:
            found.append((begin, other))
            begin, other = begin + 1, other + 1
        while begin < end and other < last and old[end - 1] == new[last - 1]:
            end, last = end - 1, last - 1
            found.append((end, last))
        if begin == end or other == last:
            continue
        if (end - begin) * (last - other) <= SMALL:
            theirs = range(other, last)
            found += heaviest((at, to, weight(at)) for at in range(begin, end) for to in theirs if old[at] == new[to])
            continue
        at, to = begin, other
        for pair in _anchors(old, new, range(begin, end), range(other, last), weight):
            found.append(pair)
            gaps.append((at, pair[0], to, pair[1]))
            at, to = pair[0] + 1, pair[1] + 1
        if (at, to) != (begin, other):
            gaps.append((at, end, to, last))
    return sorted(found)


def heaviest(pairs: Iterable[tuple[int, int, float]]) -> list[Pair]:
    """Return the heaviest chain of pairs (position, other position, weight) that increases on both sides."""
    given = sorted(pairs, key=lambda pair: (pair[0], -pair[1]))
    ends: list[int] = []
    """Other positions at which the best chains so far end. Each is heavier than those that end before it."""
    best: list[tuple[float, int]] = []
    """Weight of each of these chains, and the number of its last pair."""
    before: list[int] = []
    for number, (_, other, weight) in enumerate(given):
        at = bisect_left(ends, other)
        total, last = best[at - 1] if at else (0.0, -1)
        total += weight
        before.append(last)
        stop = at
        while stop < len(ends) and best[stop][0] <= total:
            stop += 1
        if stop > at or at == len(ends) or ends[at] != other:
            ends[at:stop], best[at:stop] = [other], [(total, number)]
    chain: list[Pair] = []
    at = best[-1][1] if best else -1
    while at >= 0:
        chain.append(given[at][:2])
        at = before[at]
    return chain[::-1]


def _anchors(
    old: Sequence[Hashable], new: Sequence[Hashable], here: range, there: range, weight: Callable[[int], float]
) -> list[Pair]:
    """Pair items that occur equally often on both sides, the first with the first and so on. If there are none, pair
    items that occur on both sides at all.
    """
    mine, theirs = Counter(old[at] for at in here), Counter(new[at] for at in there)
    equal = {key for key, count in mine.items() if theirs.get(key) == count}
    if not equal:
        equal = mine.keys() & theirs.keys()
    places: dict[Hashable, list[int]] = {}
    for at in there:
        if new[at] in equal:
            places.setdefault(new[at], []).append(at)
    seen: Counter[Hashable] = Counter()
    pairs: list[tuple[int, int, float]] = []
    for at in here:
        key = old[at]
        if key in equal and seen[key] < len(places[key]):
            pairs.append((at, places[key][seen[key]], weight(at)))
            seen[key] += 1
    return heaviest(pairs)


SHORT_BRIDGE = 4
"""Most letters of unchanged text between two changes that are shown as one: "5 of 6" for "7 of 8"."""

Span = tuple[int, int]
_Range = tuple[int, int, int, int]


class Hunk(Record):
    """Spans of words that replaced each other. Either may be empty."""

    old: Span
    new: Span


def is_inside(span: Span, others: Sequence[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


def hunks_of(old: str, new: str, numbers: Sequence[Span] = (), new_numbers: Sequence[Span] = ()) -> list[Hunk]:
    """Return which words of `old` were replaced by which words of `new`.

    Layout is no change. Neither are list numbers that only one of two formats has as text, nor the paragraph numbers at
    `numbers` and `new_numbers`.
    """
    if old > new:  # so that both directions give the same result
        return [Hunk(hunk.new, hunk.old) for hunk in hunks_of(new, old, new_numbers, numbers)]
    mine = [token for token in tokens_of(old) if not is_inside(token, numbers)]
    theirs = [token for token in tokens_of(new) if not is_inside(token, new_numbers)]
    keys = [token_key(old[start:end]) for start, end in mine]
    others = [token_key(new[start:end]) for start, end in theirs]
    pairs = common(keys, others, lambda at: 1.0 if len(keys[at]) > 3 else 0.6 if keys[at].isalnum() else 0.3)
    ranges: list[_Range] = []
    at, to = 0, 0
    for place, other in [*pairs, (len(keys), len(others))]:
        if place > at or other > to:
            ranges.append((at, place, to, other))
        at, to = place + 1, other + 1
    after = [*ranges[1:], None]
    ranges = [_slid(change, following, keys, others) for change, following in zip(ranges, after, strict=False)]
    real = [span for span in ranges if "".join(keys[span[0] : span[1]]) != "".join(others[span[2] : span[3]])]
    if real and real[0][0] == 0 and real[0][2] == 0 and _is_lead(old, new, mine, theirs, real[0]):
        real = real[1:]
    found = _bridged(real, keys)
    return [Hunk(_span(mine, a, b, len(old)), _span(theirs, c, d, len(new))) for a, b, c, d in found]


def _is_lead(old: str, new: str, mine: Sequence[Span], theirs: Sequence[Span], first: _Range) -> bool:
    _, end, _, last = first
    if end and last:
        return False
    text, tokens, count = (old, mine, end) if end else (new, theirs, last)
    lead = lead_of(text)
    return bool(lead) and tokens[count - 1][1] <= text.index(lead) + len(lead) and len(tokens) > count


def _slid(change: _Range, after: _Range | None, keys: Sequence[str], others: Sequence[str]) -> _Range:
    """Move a pure addition or removal so that it starts with a word if possible: the addition ". New" after "x" becomes
    "New." after "x.".
    """
    a, b, c, d = change
    end, last = (after[0], after[2]) if after else (len(keys), len(others))
    if a == b:
        while d < last and b < end and others[c] == others[d] and not others[c].isalnum():
            a, b, c, d = a + 1, b + 1, c + 1, d + 1
    elif c == d:
        while b < end and d < last and keys[a] == keys[b] and not keys[a].isalnum():
            a, b, c, d = a + 1, b + 1, c + 1, d + 1
    return a, b, c, d


def _bridged(ranges: Sequence[_Range], keys: Sequence[str]) -> list[_Range]:
    found: list[_Range] = []
    for change in ranges:
        if found:
            before = found[-1]
            between = sum(map(len, keys[before[1] : change[0]]))
            sizes = [change[1] - change[0] + change[3] - change[2], before[1] - before[0] + before[3] - before[2]]
            if between <= SHORT_BRIDGE and change[0] - before[1] <= 2 and min(sizes) > 1:
                found[-1] = (before[0], change[1], before[2], change[3])
                continue
        found.append(change)
    return found


def _span(tokens: Sequence[Span], begin: int, end: int, length: int) -> Span:
    if begin < end:
        return tokens[begin][0], tokens[end - 1][1]
    here = tokens[begin][0] if begin < len(tokens) else length
    return here, here
