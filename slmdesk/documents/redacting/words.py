"""Finds listed words in text, however they are written there.

Case, kinds of blanks and dashes, unseen characters, composed and decomposed letters make no difference; in long words
and numbers neither do blanks, hyphens and dots, so that one IBAN is found in groups of four and in one piece.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, unquote

from slmdesk.text.redaction.types import BAR

INSIDE = 6
"""Letters and digits: words at least as long are found inside longer ones too ("Müllers", "Müllerhof")."""
INSIDE_VALUES = 4
"""The same in names and values for machines, where words are run together ("AnnaSchmidt.docx")."""
COMPACT = 8
"""Words at least as long are found also where blanks, hyphens and dots stand in them, or do not."""
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe"
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_CLUSTER = re.compile(rf"(?<=\w)[-\u2010]\r?\n[ \t]*(?=[^\W\d_A-Z])|\s+|[{_UNSEEN}]+|.[{_MARKS}]*", re.DOTALL)
"""A letter with its accents, a stretch of blanks, or what is not seen: also the hyphen of a broken word."""
_UNUSUAL = re.compile(rf"\s\s|[^\S ]|[{_UNSEEN}{_MARKS}]")
_NO_WORD = re.compile(r"[\W_]+")
_SAME = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－", "-") | dict.fromkeys("’‘ʼ´`", "'") | dict.fromkeys("“”„«»", '"'))
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});")
_ESCAPE = re.compile(r"\\u[0-9A-Fa-f]{4}")
_CELL_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")
_SAFE = "/:?#[]@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class Span:
    """A listed word in a text: characters from, up to; which one, and what stands there instead."""

    begin: int
    end: int
    number: int
    substitute: str


@dataclass(frozen=True, slots=True)
class _Needle:
    number: int
    folded: str
    compact: str

    @property
    def is_long(self) -> bool:
        return len(self.compact) >= COMPACT


@dataclass(frozen=True, slots=True)
class _Folded:
    """A text as it is compared, and of each of its characters where it began and ended."""

    text: str
    begins: Sequence[int]
    ends: Sequence[int]


class WordList:
    """Finds listed words."""

    def __init__(self, originals: Iterable[str]) -> None:
        self.originals = tuple(originals)
        self._needles = [
            _Needle(number, _fold(one).text.strip(), _squeezed(one)) for number, one in enumerate(self.originals)
        ]
        self._needles = [one for one in self._needles if one.folded]

    def found(self, text: str, *, bare: bool = False) -> list[tuple[int, int, int]]:
        """(from, up to, number of the word) of each, in order, none within another: of two that begin together the
        longer.  `bare`: the text is a name or value for machines (see INSIDE_VALUES).
        """
        if not text:
            return []
        squeezed = _squeezed(text)
        likely = [one for one in self._needles if not one.compact or one.compact in squeezed]
        if not likely:
            return []
        folded = _fold(text)
        all_found: list[tuple[int, int, int]] = []
        compact: _Folded | None = None
        for one in likely:
            all_found += _plain(one, folded, bare=bare)
            if one.is_long:
                compact = compact or _compacted(folded)
                all_found += _spread(one, compact, text)
        return _apart(all_found)


def _plain(needle: _Needle, folded: _Folded, *, bare: bool) -> Iterable[tuple[int, int, int]]:
    text, word = folded.text, needle.folded
    is_inside = len(needle.compact) >= (INSIDE_VALUES if bare else INSIDE)
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (_joined(before, word[0], is_inside) or _joined(after, word[-1], is_inside)):
            yield folded.begins[at], folded.ends[end - 1], needle.number
        at = text.find(word, at + 1)


def _joined(neighbour: str, edge: str, is_inside: bool) -> bool:
    """Whether a neighbour makes a longer word or number of it, which is another one."""
    if edge.isdigit():
        return neighbour.isdigit()
    return not is_inside and edge.isalnum() and neighbour.isalnum()


def _spread(needle: _Needle, compact: _Folded, source: str) -> Iterable[tuple[int, int, int]]:
    at = compact.text.find(needle.compact)
    while at >= 0:
        begin, end = compact.begins[at], compact.ends[at + len(needle.compact) - 1]
        if not (source[begin - 1 : begin].isalnum() if begin else False) and not source[end : end + 1].isalnum():
            yield begin, end, needle.number
        at = compact.text.find(needle.compact, at + 1)


def _apart(found: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    kept: list[tuple[int, int, int]] = []
    for one in sorted(found, key=lambda each: (each[0], -each[1])):
        if not kept or one[0] >= kept[-1][1]:
            kept.append(one)
    return kept


def _squeezed(text: str) -> str:
    return _NO_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


def _fold(text: str) -> _Folded:
    if text.isascii() and not _UNUSUAL.search(text):
        return _Folded(text.lower().translate(_SAME), range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    for one in _CLUSTER.finditer(text):
        raw = one[0]
        if raw[0].isspace():
            piece = " "
        elif raw.isascii() and len(raw) == 1:
            piece = raw.lower()
        elif re.match(rf"[{_UNSEEN}]|[-\u2010]\r?\n", raw):
            continue
        else:
            piece = unicodedata.normalize("NFKC", raw).casefold()
        piece = piece.translate(_SAME)
        pieces.append(piece)
        begins += [one.start()] * len(piece)
        ends += [one.end()] * len(piece)
    return _Folded("".join(pieces), begins, ends)


def _compacted(folded: _Folded) -> _Folded:
    kept = [at for at, letter in enumerate(folded.text) if letter.isalnum()]
    return _Folded(
        "".join(folded.text[at] for at in kept), [folded.begins[at] for at in kept], [folded.ends[at] for at in kept]
    )


class Words(Protocol):
    """What a document is searched with, or rewritten with."""

    def spans(self, text: str, place: str, *, bare: bool = False, again: bool = False) -> Sequence[Span]:
        """What of a text is to be replaced; the caller does so.  `again`: the text was asked about before."""


def put(words: Words, text: str, place: str, *, bare: bool = False) -> str:
    """A text with its words replaced."""
    for one in reversed(words.spans(text, place, bare=bare)):
        text = text[: one.begin] + one.substitute + text[one.end :]
    return text


def put_in_value(words: Words, text: str, place: str) -> str:
    r"""The same for a value in a file: also where it is written with %C3%BC, &uuml; or \u00fc."""
    text = put_encoded(words, text, place)
    return put(words, text, place, bare=True)


def put_encoded(words: Words, text: str, place: str) -> str:
    """A text in which words that are written as in addresses or in markup are replaced; others stay."""
    if "%" in text:
        text = _through(words, text, place, _PERCENT, unquote, lambda one: quote(one, safe=_SAFE))
    if "&" in text:
        text = _through(words, text, place, _ENTITY, html.unescape, html.escape)
    if "_x" in text:  # as Excel writes what XML cannot hold
        text = _through(words, text, place, _CELL_ESCAPE, _cell_unescaped, lambda one: one)
    if "\\u" in text:
        text = _through(words, text, place, _ESCAPE, _unescaped, lambda one: one)
    return text


def _cell_unescaped(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda one: chr(int(one[1], 16)), text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9A-Fa-f]{4})", lambda one: chr(int(one[1], 16)), text)


def _through(
    words: Words, text: str, place: str, pattern: re.Pattern[str], decode: Callable[[str], str],
    encode: Callable[[str], str],
) -> str:  # fmt: skip
    """Replace words that are written with escapes; only these are decoded, and all else stays letter for letter."""
    pieces: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    at = 0
    for found in pattern.finditer(text):
        plain = decode(found[0])
        pieces += text[at : found.start()], plain
        begins += [*range(at, found.start()), *[found.start()] * len(plain)]
        ends += [*range(at + 1, found.start() + 1), *[found.end()] * len(plain)]
        at = found.end()
    if not at:
        return text
    pieces.append(text[at:])
    begins += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    for span in reversed(words.spans("".join(pieces), place, bare=True)):
        begin, end = begins[span.begin], ends[span.end - 1]
        text = text[:begin] + encode(span.substitute) + text[end:]
    return text


@dataclass(slots=True, eq=False)
class Replacing:
    """Puts substitutes in the place of words, and counts them."""

    pairs: Sequence[tuple[str, str]]
    """Original and substitute."""
    counts: Counter[int] = field(default_factory=Counter)
    """By the number of the pair."""
    _list: WordList = field(init=False)

    def __post_init__(self) -> None:
        self._list = WordList(original for original, _ in self.pairs)

    def spans(self, text: str, place: str, *, bare: bool = False, again: bool = False) -> Sequence[Span]:
        """As Words says."""
        found = []
        for begin, end, number in self._list.found(text, bare=bare):
            self.counts[number] += not again
            original, substitute = self.pairs[number]
            is_shouted = text[begin:end].isupper() and not original.isupper() and substitute != BAR
            found.append(Span(begin, end, number, substitute.upper() if is_shouted else substitute))
        return found


@dataclass(slots=True, eq=False)
class Listing:
    """Replaces nothing, and keeps what it is shown: each text once, with the first place."""

    texts: dict[str, str] = field(default_factory=dict)

    def spans(self, text: str, place: str, *, bare: bool = False, again: bool = False) -> Sequence[Span]:
        """As Words says."""
        words = text.strip()
        if len(words) > 1 and any(letter.isalnum() for letter in words):
            self.texts.setdefault(words, place)
        return ()


@dataclass(slots=True, eq=False)
class Seeking:
    """Replaces nothing, and keeps which words are there, and where first."""

    originals: Sequence[str]
    found: dict[int, str] = field(default_factory=dict)
    _list: WordList = field(init=False)

    def __post_init__(self) -> None:
        self._list = WordList(self.originals)

    def spans(self, text: str, place: str, *, bare: bool = False, again: bool = False) -> Sequence[Span]:
        """As Words says."""
        for _, _, number in self._list.found(text, bare=bare):
            self.found.setdefault(number, place)
        return ()
