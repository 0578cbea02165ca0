"""Splits text into sentences. Detects languages, stop words, references to the sentence before, and blanks to fill."""

from __future__ import annotations

import copy
import re
import threading
import tomllib
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold, query_pieces
from slmdesk.base.translation import DETECTED
from slmdesk.base.translation import LANGUAGES as SUPPORTED

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_BREAK = re.compile(r"\n[^\S\n]*\n")
_LIST_MARK = re.compile(r"(?:(?<=\n)|\A)([ \t]*)(?:[•▪◦‣]|\((\w{1,4})\))(?=\s)")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_ITEM = re.compile(r"\d{1,3}\.")
_ORDINAL = re.compile(r"(?<![^\s(])([^\W\d_]+),? \d{1,3}\.$")
_DAY = re.compile(r"(?<![\w.,])\d{1,2}\.$")
_MONTH = re.compile(
    "(?:januar|jänner|februar|m(?:ä|ae)rz|april|mai|juni|juli|august|september|oktober|november|dezember)\\b",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"(?:[^\W_]{3}|[)\]“%])\.(?=\s+(?:§|\d{1,2}(?:\.\d{1,2})*\.\s+[A-ZÄÖÜ]|\d{1,2}(?:\.\d{1,2})+\s+[A-ZÄÖÜ]))"
)
"""The end of a sentence before a section or an item of a contract, where the library does not cut."""
_SOLID = re.compile(r"\S")
_TAIL = 60


def sentence_spans(text: str, language: str = "") -> list[tuple[int, int]]:
    """Return the (start, end) of each sentence of `text`, in order, without the white space around it.

    `language` is an ISO 639-1 code. Without it the rules of English are used. Every letter and digit of the text is in
    some span.
    """
    words = abbreviations(language or "en")
    spans: list[tuple[int, int]] = []
    for start, end in _cut_at_sections(text, _pieces(text, language or "en")):
        if spans and _goes_on(text, spans[-1], (start, end), words):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _pieces(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences that the library finds. Letters that it loses belong to the next one."""
    import sentencex  # every command imports this module, few cut a text

    listed = _LIST_MARK.sub(_plain_mark, text)  # behind such a mark the library would cut nothing
    at = 0
    for piece in sentencex.segment(language, listed):
        words = piece.strip()
        found = listed.find(words, at)
        if not words or found < 0:
            continue
        start, at = _solid_from(text, at), found + len(words)
        yield start, at
    if text[at:].strip():
        yield _solid_from(text, at), len(text.rstrip())


def _solid_from(text: str, at: int) -> int:
    match = _SOLID.search(text, at)
    return match.start() if match else len(text)


def _plain_mark(mark: re.Match[str]) -> str:
    return f"{mark[1]}[{mark[2]}]" if mark[2] else f"{mark[1]}-"


def _cut_at_sections(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    cuts = deque(match.end() for match in _SECTION.finditer(text))
    for start, end in spans:
        at = start
        while cuts and cuts[0] < end:
            cut = cuts.popleft()
            if cut > at:
                yield at, cut
                at = _solid_from(text, cut)
        yield at, end


def sentences(text: str, language: str = "") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


def _goes_on(text: str, before: tuple[int, int], piece: tuple[int, int], words: Abbreviations) -> bool:
    if _BREAK.search(text, before[1], piece[0]):
        return False
    head, rest = text[max(before[0], before[1] - _TAIL) : before[1]], text[piece[0] : piece[1]]
    if not _LETTER_OR_DIGIT.search(rest):  # closing quotes, dots
        return True
    if rest[0] in ",;:" or (before[1] == piece[0] and rest[0] == "-"):  # "Az.: 3", "Dipl.-Ing."
        return True
    if not head.endswith("."):
        return False
    if _ITEM.fullmatch(head):
        return True
    if _MONTH.match(rest) and _DAY.search(head):  # the library knows neither "01. April" nor "1. Maerz"
        return True
    if words.is_german and _is_ordinal(head, rest):
        return True
    word = re.split(r"\s", head)[-1].rstrip(".").lstrip("(\"'„“«[")
    last = re.split("[-'’]", word)[-1]
    if _is_in(word, words.leads) or _is_in(last, words.leads):
        return True
    return (rest[0] == "§" or rest[0].isdigit() or rest[0].islower()) and _is_in(last, words.numbered)


def _is_ordinal(head: str, rest: str) -> bool:
    """Return whether the dot belongs to a German ordinal and ends no sentence: "Im 3. Quartal"."""
    before = _ORDINAL.search(head)
    return before is not None and rest[0].isalpha() and before[1].casefold() in _before_ordinal()


def _is_in(word: str, entries: frozenset[str]) -> bool:
    return word in entries or word.casefold() in entries


class Abbreviations(Record):
    """Abbreviations of a language, without their last dot, that sentencex does not know.

    Lower-case entries match any case, and entries with a capital letter only themselves.
    """

    leads: frozenset[str]
    """Those that never end a sentence, such as titles and "z. B."."""
    numbered: frozenset[str]
    """Those that do not end a sentence if a figure or a small letter follows: "pag. 14", "12 jan. 2025"."""
    is_german: bool = False


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.base.text").joinpath("sentences.toml").read_text("utf-8"))


@cache
def abbreviations(language: str) -> Abbreviations:
    words = {name: frozenset(entries.split()) for name, entries in _tables()["dots"].get(language, {}).items()}
    leads, numbered = words.get("leads", frozenset()), words.get("numbered", frozenset())
    return Abbreviations(leads, numbered, language == "de")


@cache
def _before_ordinal() -> frozenset[str]:
    return frozenset(_tables()["dots"]["de"]["before_ordinal"].split())


def refers_back(sentence: str, language: str) -> bool:
    """Return whether a sentence begins with a pronoun ("It is", not "This lease"), or is a consequence or condition of
    the text before it.
    """
    pattern = _tables()["back"].get(language or "en")
    return pattern is not None and re.match(rf"{pattern}(?!\w)", sentence, re.IGNORECASE) is not None


# Detects the language of a text, among a few. For whole sentences: one or two words are too little and stay
# undecided. A text of the eight languages is mostly told by its stop words. For the rest py3langid is asked, a naive
# Bayes model over byte sequences (Lui and Baldwin 2011, 2012), which takes a second and 60 MB once. So do not call
# it on the window's thread.

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl")
"""ISO 639-1 codes of the languages that are told apart by their stop words."""
LEAST_TOLD = 8
"""Fewest words of a paragraph whose own language is asked for."""
LEAST_WORDS = 4
"""Fewest words for a detection. With fewer, a third of the answers on real messages were wrong. With four words 1 in
80 is.
"""
SURE = 0.8
"""Least certainty of a detection. Whole sentences of the eight languages reach 0.96 and more, of a ninth 0.74."""
LEAST_STOPS, STOPS_SHARE, MOST_OF_ANOTHER, READ_WORDS = 4, 0.2, 0.6, 400
"""Fewest different stop words of more than a letter that tell a language, least share of a text's first words, and how
many times as many stop words another language may have at most. Of texts of forty words 0.97 have enough in German and
English, 0.58 in Spanish; none was taken for another of the eight.
"""

_ONE_BY_ONE = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
"""Letters of scripts without spaces, each counted as a word."""
_WORDS = re.compile(rf"{_ONE_BY_ONE}|(?:(?!{_ONE_BY_ONE})[^\W\d_])+")
_loading = threading.Lock()


def detect(text: str, among: Collection[str] = LANGUAGES) -> tuple[str | None, float]:
    """Return the ISO 639-1 code of a text's language, out of `among`, and the certainty from 0 to 1.

    The code is None if the text is too short or no language stands out; the certainty is then that of the best guess.
    Any thread. May raise ValueError for a code that is not among base.translation.LANGUAGES.
    """
    words = _WORDS.findall(text)
    if len(words) < LEAST_WORDS:
        return None, 0.0
    if stop_words().keys() >= set(among) and (told := _told_by_stops(words[:READ_WORDS], among)):
        return told, 1.0
    code, sure = _identifier(frozenset(among)).classify(text)
    return (code if sure >= SURE else None), sure


def language_in(paragraph: str, around: str) -> str:
    """Return the language of a paragraph. A short one, and one that does not tell, has that of the text around."""
    if len(paragraph.split()) < LEAST_TOLD:
        return around
    return detect(paragraph, DETECTED)[0] or around


def _told_by_stops(words: Sequence[str], among: Collection[str]) -> str:
    """Return the language of which a text clearly has the most stop words, or "". In capitals a word may be a name."""
    said = [fold(word) if word[1:] == word[1:].lower() else "" for word in words]
    hits = {code: sum(word in stops for word in said) for code, stops in stop_words().items()}
    best, second = sorted(hits, key=lambda code: -hits[code])[:2]
    is_clear = hits[best] >= STOPS_SHARE * len(said) and hits[second] <= MOST_OF_ANOTHER * hits[best]
    different = {word for word in stop_words()[best].intersection(said) if len(word) > 1}
    is_clear = is_clear and len(different) >= LEAST_STOPS
    return best if is_clear and best in among else ""


@cache
def _identifier(among: frozenset[str]) -> LanguageIdentifier:
    """Return an identifier for this set of languages. Each set needs its own, as `set_languages` changes the object."""
    identifier = copy.copy(_whole())
    identifier.set_languages(sorted(among))
    return identifier


def _whole() -> LanguageIdentifier:
    with _loading:
        return _load()


@cache
def _load() -> LanguageIdentifier:
    """Unpack the language model in memory. The library would use a temporary file, which a child may not write."""
    import io
    import lzma
    from array import array
    from zipfile import ZipFile

    from numpy.lib.format import read_array
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    with lzma.open(MODEL_DIR / MODEL_FILE) as packed, ZipFile(io.BytesIO(packed.read())) as archive:
        data = {}
        for name in ("ptc", "pc", "classes", "nextmove", "nextmove_row", "out_feat"):
            with archive.open(f"{name}.npy") as part:
                data[name] = read_array(part, allow_pickle=False)
        known = [at for at, code in enumerate(data["classes"]) if code in SUPPORTED]
        shares, prior = data["ptc"][:, known], data["pc"][known]
        tables = (data[name] for name in ("nextmove", "nextmove_row"))
        moves, rows = (array("HIL"[(2, 4, 8).index(table.dtype.itemsize)], table.tobytes()) for table in tables)
        classes, output = data["classes"][known].tolist(), data["out_feat"].tolist()
        return LanguageIdentifier(shares, prior, classes, moves, output, norm_probs=True, tk_row=rows)


@cache
def asking_words() -> frozenset[str]:
    """Return the folded words that ask for a value or accompany such a word, but do not say which value."""
    return frozenset(" ".join(_tables()["asking"].values()).split())


@cache
def stop_words() -> Mapping[str, frozenset[str]]:
    """Return the folded stop words by ISO 639-1 code."""
    return {code: frozenset(words.split()) for code, words in _tables()["stop"].items()}


def stop_words_of(words: Sequence[str]) -> frozenset[str]:
    """Return the stop words of the language to which most of the words belong, or none if no list has any of them."""
    hits = {code: sum(word in known for word in words) for code, known in stop_words().items()}
    best = max(hits, key=lambda code: hits[code])
    return stop_words()[best] if hits[best] else frozenset()


def question_language(question: str, text: str = "") -> str:
    """Return the language that a question's function words tell; the language of `text`, which is asked, where they
    leave that one open or tell none; "" if that tells nothing either.
    """
    if "¿" in question:
        return "es"
    likely = question_language(text[:_ENOUGH]) if text else ""
    votes = dict.fromkeys(LANGUAGES, 0.0)
    for piece in (piece for run in query_pieces(question) for piece in run):
        speakers = [code for code in LANGUAGES if piece in _told_by()[code]]
        for code in speakers:
            votes[code] += 1 / len(speakers)
    best = [code for code in LANGUAGES if votes[code] > max(votes.values()) - _NEAR]
    if likely and (likely in best or not any(votes.values())):
        return likely
    return best[0] if len(best) == 1 or (likely and any(votes.values())) else ""


_ENOUGH, _NEAR = 4000, 0.01
_CUT_OFF = frozenset("st")
"""What English cuts off behind an apostrophe, as French does."""


@cache
def _told_by() -> Mapping[str, frozenset[str]]:
    return {code: words.union(_tables()["asking"][code].split()) - _CUT_OFF for code, words in stop_words().items()}


def search_words(question: str) -> list[str]:
    pieces = list(dict.fromkeys(piece for run in query_pieces(question) for piece in run))
    small = stop_words_of(pieces)
    return [piece for piece in pieces if piece not in small]


MOST_BLANKS = 8

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\$\$.*?\$\$|^(?: {4}|\t).*$", re.DOTALL | re.MULTILINE)
_BLANK = re.compile(
    r"(?<![\w\])])\[(?!sic\])[^\W\d_](?:[^\W\d_]|[ '’/.,&-]){2,50}\](?![(\[:])"  # a link and its definition are none
    r"|(?<![\w_])_{4,}(?![\w_])"
)


def blanks_in(text: str) -> tuple[str, ...]:
    """Return the blanks to be filled in of a Markdown text, each once and at most MOST_BLANKS. Code is skipped."""
    blanks = dict.fromkeys(match[0] for match in _BLANK.finditer(_CODE.sub(" ", text)))
    return tuple(blanks)[:MOST_BLANKS]
