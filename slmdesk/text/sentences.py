"""Splits text into sentences. Detects languages, stop words, references to the sentence before, and blanks to fill."""

from __future__ import annotations

import copy
import re
import threading
import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from slmdesk.base.record import Record
from slmdesk.base.translation import LANGUAGES as SUPPORTED
from slmdesk.text.folding import fold, query_pieces

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_BREAK = re.compile(r"\n[^\S\n]*\n")
_LETTER = re.compile(r"[^\W\d_]")
_CLOSED_QUOTE = ("」", "』", "”", "»", "）")
_PARTICLE = re.compile(r"^[\u3041-\u309f、,]")
# Words with a dot after which a number or a name continues the same sentence.
_SHORT_WORDS = (
    "godz r ust art nr zob str tzn tj np dr prof mgr inż ul pkt poz abs ziff vgl bzw ca evtl ggf inkl zzgl tel "
    "p pp fig figs sec vol ch approx resp al cf eq ed eds st sr sra av avda núm pág fr mme mlle m ibid sig dott"
)
_SHORT = frozenset(_SHORT_WORDS.split())
_ITEM = re.compile(r"\d{1,3}\.")
_ORDINAL = re.compile(r"(?<![^\s(])([^\W\d_]+),? \d{1,3}\.$")
_DAY = re.compile(r"(?<![\w.,])\d{1,2}\.$")
_FIRST_WORD = re.compile(r"[^\W\d_]+(?:['’](?=\w)|-[^\W\d_]+)?")
_SPACED = re.compile(r"(?<![^\s(])((?:[^\W\d_]\. ?){2,4})$")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_DOT_INSIDE = re.compile(r"\.(?=\s+[^\W\d_])")
_BRACKET_INSIDE = re.compile(r"[.!?]\)(?=\s+[^\W\d_a-z])")
_DOT_BEFORE_FIGURE = re.compile(r"\.(?=\s+[§\d])")
_WHOLE_WORD = re.compile(
    r"[^\W\d_]{2,}(?:[aeiouyà-ö]|e[nrlmst]|ung|[hk]eit|schaft|ion|i?sch|i[gk]|ich|[bcfghilmrtz]t|tag|ert)",
    re.IGNORECASE,
)
"""A word that has an end, so is no abbreviation, if no list has it."""
_UNIT = re.compile(r"\d\s?[a-zµ]{1,3}$")
_LONGEST_UNIT, _LONGEST_SHORT, _LONGEST_ASIDE = 4, 7, 2000
_LIST_MARK = re.compile(r"(?:(?<=\n)|\A)([ \t]*)(?:[•▪◦‣]|\((\w{1,4})\))(?=\s)")
_LONGEST_ABBREVIATION = 12
_TAIL = 60
_SOLID = re.compile(r"\S")


def sentence_spans(text: str, language: str = "") -> list[tuple[int, int]]:
    """Return the (start, end) of each sentence of `text`, in order, without the white space around it.

    `language` is an ISO 639-1 code. Without it the rules of English are used. Every letter and digit of the text is in
    some span.
    """
    import sentencex  # every command imports this module, few cut a text

    words_of = dot_words(language or "en")
    spans: list[tuple[int, int]] = []
    at = 0
    listed = text
    if "\n" in text or _LIST_MARK.match(text):  # behind such a mark the library would cut nothing
        listed = _LIST_MARK.sub(lambda mark: f"{mark[1]}[{mark[2]}]" if mark[2] else f"{mark[1]}-", text)
    for piece in sentencex.segment(language or "en", listed):
        words = piece.strip()
        if not words:
            continue
        start = listed.find(words, at)
        if start < 0:
            continue
        if text[at:start].strip() and spans:  # letters that the library lost belong to the sentence before
            spans[-1] = (spans[-1][0], at + len(text[at:start].rstrip()))
        elif text[at:start].strip():
            start = at + len(text[at:start]) - len(text[at:start].lstrip())
        at = listed.find(words, at) + len(words)
        if spans and _goes_on(text, spans[-1], (start, at), words_of):
            spans[-1] = (spans[-1][0], at)
        else:
            spans.append((start, at))
    if text[at:].strip():
        start = at + len(text[at:]) - len(text[at:].lstrip())
        spans.append((start, len(text.rstrip())))
    return [part for span in spans for part in _cut_inside(text, span, words_of)] if words_of.is_known else spans


def sentences(text: str, language: str = "") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


def _goes_on(text: str, before: tuple[int, int], piece: tuple[int, int], words: SentenceWords) -> bool:
    if _BREAK.search(text, before[1], piece[0]):
        return False
    head, rest = text[max(before[0], before[1] - _TAIL) : before[1]], text[piece[0] : piece[1]]
    if head.endswith(_CLOSED_QUOTE):
        return bool(_PARTICLE.match(rest)) or rest[0].islower()
    if not _LETTER.search(rest) and not rest[0].isdigit():
        return True  # closing quotes, dots
    if rest[0] in ",;:" or (before[1] == piece[0] and rest[0] == "-"):
        return True
    if head.endswith(".") and words.is_known and _leads_on(head, rest, words):
        return True
    last = re.split(r"\s", head.rstrip("."))[-1].strip("(\"'„“«").casefold()
    if head.endswith(".") and last in _SHORT:
        return rest[0].isdigit() or rest[0].islower()
    return rest[0].islower() and not head.endswith(("?", "!"))


def _leads_on(head: str, rest: str, words: SentenceWords) -> bool:
    if _ITEM.fullmatch(head):
        return True
    starts = _begins(rest, words)
    if _is_day(head, rest) or (words.is_german and _is_ordinal(head, rest, starts)):
        return True
    word = _last_word(head)
    last = re.split("[-'’]", word)[-1]
    if _is_in(word, words.leads) or _is_in(last, words.leads):
        return True
    if rest[0].isdigit():
        return _is_in(last, words.numbered)
    if _is_in(last, words.measures):
        return not starts
    return len(word) == 1 and word.isupper() and not words.is_german and not starts and not _is_lettered(head)


def _is_day(head: str, rest: str) -> bool:
    """Return whether the dot is that of a German date, which a line without other words may be: "Beginn 21. Januar"."""
    first = _FIRST_WORD.match(rest)
    return first is not None and _DAY.search(head) is not None and first[0].casefold() in _letters("months")


def _is_ordinal(head: str, rest: str, starts: bool) -> bool:
    """Return whether the dot belongs to a German ordinal and ends no sentence: "Im 3. Quartal"."""
    before = _ORDINAL.search(head)
    is_led = before is not None and before[1].casefold() in _letters("before_ordinal")
    return is_led and not starts and _FIRST_WORD.match(rest) is not None


def _is_lettered(head: str) -> bool:
    before = head.split()[-2:-1]
    return bool(before) and before[0].casefold().strip("(") in _letters("lettered")


def _last_word(head: str) -> str:
    if match := _SPACED.search(head):
        return match[1].replace(" ", "").rstrip(".")
    return re.split(r"\s", head)[-1].rstrip(".").lstrip("(\"'„“«[")


def _is_in(word: str, entries: frozenset[str]) -> bool:
    return word in entries or word.casefold() in entries


def _begins(rest: str, words: SentenceWords) -> bool:
    first = _FIRST_WORD.match(rest.lstrip("\"'„“«»¿¡("))
    if first is None or not first[0][0].isupper():
        return False
    word = first[0].casefold().replace("’", "'")
    return word in words.starters or word.partition("-")[0] in words.starters


def _cut_inside(text: str, span: tuple[int, int], words: SentenceWords) -> list[tuple[int, int]]:
    start, end = span
    cuts: list[int] = []
    if text[start] == "(" and (match := _BRACKET_INSIDE.search(text, start, end)):
        inner = text[start : match.end()]
        if inner.count("(") == 1 == inner.count(")"):
            cuts.append(match.end())
    for dot in _DOT_INSIDE.finditer(text, start, end):
        rest = text[dot.end() : dot.end() + 40].lstrip()
        if not rest[0].isupper():
            continue
        before = text[max(start, dot.start() - _LONGEST_ABBREVIATION) : dot.start()]
        word = re.split(r"\s", before)[-1]
        if len(word) <= _LONGEST_UNIT and _UNIT.search(before):
            ends = _begins(rest, words)
        elif _is_in(word, words.and_so_on):
            ends = _begins(rest, words) or not words.is_german
        else:
            ends = bool(_DOTTED.fullmatch(word)) and not _is_in(word, words.leads) and _begins(rest, words)
        if ends:
            cuts.append(dot.end())
    for dot in _DOT_BEFORE_FIGURE.finditer(text, start, end):
        before = text[max(start, dot.start() - _LONGEST_ASIDE) : dot.start()]
        is_section = text[dot.end() : dot.end() + 2].lstrip().startswith("§")
        is_whole = before.endswith((")", "]", "“", "%")) or (is_section and before[-4:].isdecimal() and len(before) > 4)
        is_whole = is_whole or _is_whole(re.split(r"[\W\d_]", before[-_TAIL:])[-1], words)
        if is_whole and before.count("(") <= before.count(")") and before.count("„") <= before.count("“"):
            cuts.append(dot.end())
    parts: list[tuple[int, int]] = []
    for cut in sorted(cuts):
        parts.append((start, cut))
        start = match.start() if (match := _SOLID.search(text, cut, end)) else end
    return [*parts, (start, end)]


def _is_whole(word: str, words: SentenceWords) -> bool:
    lists = (words.leads, words.numbered, words.measures, words.and_so_on, _SHORT)
    if any(_is_in(word, entries) for entries in lists) or word.casefold().endswith("str"):
        return False
    is_long = len(word) > _LONGEST_SHORT or _WHOLE_WORD.fullmatch(word) is not None
    return is_long or (len(word) > 2 and word.casefold() in words.starters)


class SentenceWords(Record):
    """Words of a language that tell whether a dot ends a sentence. Abbreviations are without their last dot.

    Lower-case entries match any case, and entries with a capital letter only themselves.
    """

    leads: frozenset[str]
    """Abbreviations that never end a sentence, such as titles and "z. B."."""
    numbered: frozenset[str]
    """Abbreviations and other words that do not end a sentence if a figure follows: "pag. 14", "12 jan. 2025"."""
    measures: frozenset[str]
    """Abbreviations that seldom end a sentence. A new sentence follows only if its first word is in `starters`."""
    and_so_on: frozenset[str]
    """Abbreviations that end a sentence if a capitalised word follows."""
    starters: frozenset[str]

    is_german: bool = False

    @property
    def is_known(self) -> bool:
        return bool(self.starters)


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.text").joinpath("sentences.toml").read_text("utf-8"))


@cache
def dot_words(language: str) -> SentenceWords:
    words = {name: frozenset(said.split()) for name, said in _tables()["dots"].get(language, {}).items()}
    names = ("leads", "numbered", "measures", "and_so_on", "starters")
    leads, numbered, measures, and_so_on, starters = (words.get(name, frozenset()) for name in names)
    return SentenceWords(leads, numbered, measures, and_so_on, starters, language == "de")


@cache
def _letters(name: str) -> frozenset[str]:
    return frozenset(_tables()["letters"][name].split())


def begins_with_pronoun(sentence: str, language: str) -> bool:
    """Return whether a pronoun at the start needs the sentence before: "It is", "This applies", not "This lease"."""
    return _begins_with("pronouns", sentence, language)


def refers_back(sentence: str, language: str) -> bool:
    """Return whether a sentence begins with a pronoun, or is a consequence or condition of the text before it."""
    return begins_with_pronoun(sentence, language) or _begins_with("links", sentence, language)


def _begins_with(table: str, sentence: str, language: str) -> bool:
    pattern = _tables()[table].get(language or "en")
    return pattern is not None and re.match(rf"{pattern}(?!\w)", sentence, re.IGNORECASE) is not None


# Detects the language of a text, among a few. For whole sentences: one or two words are too little and stay
# undecided. A text of the eight languages is mostly told by its stop words. For the rest py3langid is asked, a naive
# Bayes model over byte sequences (Lui and Baldwin 2011, 2012), which takes a second and 60 MB once. So do not call
# it on the window's thread.

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl")
"""ISO 639-1 codes of the languages of the exam questions."""
LEAST_WORDS = 4
"""Fewest words for a detection. With fewer, a third of the answers on real messages were wrong. With four words of exam
texts, 1 in 80 is.
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
