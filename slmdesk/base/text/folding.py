"""Brings text into a common form: folded for search, and storable in a database. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

VERSION = 2
"""Version of `fold_for_search`. Increase it when any result changes. Search indexes of other versions are rebuilt."""

_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ĸ": "k"}
)
# Accents of Latin, Greek and Cyrillic; the points of Hebrew and Arabic, which most texts leave out.
_ACCENTS = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652\u0670\u1ab0-\u1aff\u1dc0-\u1dff"
_ACCENT = re.compile(f"[{_ACCENTS}]+")
# Written without spaces: Chinese and Japanese, Thai, Lao, Burmese, Khmer.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_STRETCHES = re.compile(r"(?s).{1,4000}\S{0,100}\s*")
_ASCII_WORD = re.compile("[a-z0-9]+")
"""Matches the same words as `_words` in folded ASCII text, in a third of the time."""
MOST_HITS = 8


# Compiled when first used: the start of a command would take 4 ms longer.
@cache
def _words() -> re.Pattern[str]:
    """Return a pattern for words of letters, digits and their marks. The usual class would cut Hindi at vowel signs."""
    marks = "".join(sign for sign in map(chr, range(0x300, 0x1F000)) if unicodedata.category(sign) in ("Mn", "Mc"))
    return re.compile(rf"[^\W_]+(?:[{marks}]+[^\W_]*)*")


@cache
def _unspaced_letter() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]")


@cache
def _pieces() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")


def fold(text: str) -> str:
    """Remove differences of case, accents and width. Words and their order stay the same, but positions change."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFKD", plain.casefold())  # a mathematical 𝓐 becomes an A only after decomposition
    return unicodedata.normalize("NFC", _ACCENT.sub("", plain)).translate(_LETTERS)


def fold_for_search(text: str) -> str:
    """Return the text as words for the search index, separated by spaces. Scripts without spaces are cut into
    overlapping pairs of characters.

    The last character of such a run comes once more alone, so that each character begins a piece and can be found.
    """
    folded = fold(text)
    return " ".join(_ASCII_WORD.findall(folded) if folded.isascii() else _index_pieces(folded))


def holds_words(text: str, typed: str) -> bool:
    """Return whether every typed word stands in a text, whatever its case and accents."""
    folded = fold(text)
    return all(word in folded for word in fold(typed).split())


def query_pieces(words: str) -> list[list[str]]:
    """Return what to search for in the index: for each word of a query, the pieces that must follow each other."""
    return [
        [run[at : at + 2] for at in range(len(run) - 1)] if unspaced and len(run) > 1 else [run]
        for run, unspaced in _runs(fold(words))
    ]


def find_spans(text: str, words: str) -> list[tuple[int, int]]:
    """Return (start, end) in the original `text` of the first MOST_HITS hits of `words`, in order and without overlaps.

    A word is a hit if it begins with a word of the query. In scripts without spaces the query word may be anywhere.
    """
    needles = [run for run, _ in _runs(fold(words))]
    spans: list[tuple[int, int]] = []
    for stretch in _STRETCHES.finditer(text):
        folded = fold(stretch.group())
        if not any(needle in folded for needle in needles):
            continue  # folding a stretch at once is fast, checking each word is not
        for word in _words().finditer(text, stretch.start(), stretch.end()):
            for piece in _pieces().finditer(word.group()):
                spans += _hits(piece.group(), needles, word.start() + piece.start())
            if len(spans) >= MOST_HITS:
                return spans[:MOST_HITS]
    return spans


HIT_BEGIN, HIT_END = "\ue000", "\ue001"
SNIPPET_BEFORE, SNIPPET_AFTER = 60, 140
"""Characters of the original text that a snippet shows before and after the start of the first hit."""


def snippet_of(text: str, words: str) -> str:
    """Return one line of the original text around the first hit. Each hit stands between HIT_BEGIN and HIT_END."""
    text = text.replace(HIT_BEGIN, "\ufffd").replace(HIT_END, "\ufffd")  # the text must not contain our marks
    spans = find_spans(text, words)
    first = spans[0][0] if spans else 0
    start = max(0, first - SNIPPET_BEFORE)
    end = min(len(text), first + SNIPPET_AFTER)
    pieces, at = ["…" if start else ""], start
    for begins, ends in spans:
        if ends > end:
            break
        pieces += [text[at:begins], HIT_BEGIN, text[begins:ends], HIT_END]
        at = ends
    pieces += [text[at:end], "…" if end < len(text) else ""]
    return " ".join("".join(pieces).split())


def _hits(piece: str, needles: list[str], start: int) -> Iterator[tuple[int, int]]:
    folded = fold(piece)
    if not _is_unspaced(piece):
        if any(folded.startswith(needle) for needle in needles):
            yield start, start + len(piece)
        return
    at = 0
    while at < len(folded):
        size = max((len(needle) for needle in needles if folded.startswith(needle, at)), default=0)
        if size and len(folded) != len(piece):  # folding shifted the positions: the whole run is marked
            yield start, start + len(piece)
            return
        if size:
            yield start + at, start + at + size
        at += size or 1


def _runs(folded: str) -> Iterator[tuple[str, bool]]:
    for word in _words().findall(folded):
        for piece in _pieces().findall(word):
            yield piece, _is_unspaced(piece)


def _index_pieces(folded: str) -> Iterator[str]:
    if not _unspaced_letter().search(folded):
        yield from _words().findall(folded)
        return
    for piece, unspaced in _runs(folded):
        yield from (piece[at : at + 2] for at in range(len(piece))) if unspaced else (piece,)


def _is_unspaced(piece: str) -> bool:
    return _unspaced_letter().match(piece) is not None


_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")


def make_storable(text: str) -> tuple[str, int]:
    """Replace each lone surrogate with U+FFFD. Return the text and the number of replacements.

    A pair of surrogates, as some programs write one character, is joined and not counted.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        lone = 0

        def mend(match: re.Match[str]) -> str:
            nonlocal lone
            if len(match.group()) == 2:
                return match.group().encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            lone += 1
            return "\ufffd"

        return _SURROGATES.sub(mend, text), lone
    return text, 0


@lru_cache(maxsize=40_000)
def folded_name(name: str) -> str:
    """Return a name in the form in which names are compared: without case, accents and extra spaces."""
    return fold(one_line(name))


def one_line(name: str) -> str:
    return " ".join(name.split())
