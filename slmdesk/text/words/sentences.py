"""Splits a text into sentences, each with its position in the original.

Cut by sentencex.  Its pieces joined are not always the original, so each piece is looked for from where the last one
ended; and it cuts behind some abbreviations ("godz. | 15.", "2020 r. | i", "M. | Dupont"), behind ordinals ("Im 3. |
Quartal"), the number of an item, and between a Japanese quotation and the particle that follows: such pieces are joined
again.  Where an abbreviation ends a sentence ("… etc. The …") it does not cut: such pieces are cut.
"""

from __future__ import annotations

import re

from slmdesk.text.words.sentence_words import BEFORE_ORDINAL, LETTERED, MONTHS, UNKNOWN, WORDS, SentenceWords

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
_LONGEST_ABBREVIATION = 12
_TAIL = 60
_SOLID = re.compile(r"\S")


def sentence_spans(text: str, language: str = "") -> list[tuple[int, int]]:
    """Positions of the sentences of `text`: (start, end) in characters, in order, without the white space around them.

    `language` is a code of ISO 639-1; without one the rules of English are used.  All letters and digits of the text
    are in some span.
    """
    import sentencex  # every command imports this module, few cut a text

    words_of = WORDS.get(language or "en", UNKNOWN)
    spans: list[tuple[int, int]] = []
    at = 0
    for piece in sentencex.segment(language or "en", text):
        words = piece.strip()
        if not words:
            continue
        start = text.find(words, at)
        if start < 0:
            continue
        if text[at:start].strip() and spans:  # letters that the library lost belong to the sentence before
            spans[-1] = (spans[-1][0], at + len(text[at:start].rstrip()))
        elif text[at:start].strip():
            start = at + len(text[at:start]) - len(text[at:start].lstrip())
        at = text.find(words, at) + len(words)
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
    if before[1] == piece[0] and rest[0] == "-":
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
    if words is WORDS["de"] and _is_ordinal(head, rest, starts):
        return True
    word = _last_word(head)
    last = re.split("[-'’]", word)[-1]
    if _is_in(word, words.leads) or _is_in(last, words.leads):
        return True
    if rest[0].isdigit():
        return _is_in(last, words.numbered)
    if _is_in(last, words.measures):
        return not starts
    return len(word) == 1 and word.isupper() and words is not WORDS["de"] and not starts and not _is_lettered(head)


def _is_ordinal(head: str, rest: str, starts: bool) -> bool:
    """German: "dem 21. | Januar", "Im 3. | Quartal"."""
    if (first := _FIRST_WORD.match(rest)) is None:
        return False
    if _DAY.search(head) and first[0].casefold() in MONTHS:
        return True
    before = _ORDINAL.search(head)
    return before is not None and before[1].casefold() in BEFORE_ORDINAL and not starts


def _is_lettered(head: str) -> bool:
    before = head.split()[-2:-1]
    return bool(before) and before[0].casefold().strip("(") in LETTERED


def _last_word(head: str) -> str:
    if found := _SPACED.search(head):
        return found[1].replace(" ", "").rstrip(".")
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
    if text[start] == "(" and (found := _BRACKET_INSIDE.search(text, start, end)):
        inner = text[start : found.end()]
        if inner.count("(") == 1 == inner.count(")"):
            cuts.append(found.end())
    for dot in _DOT_INSIDE.finditer(text, start, end):
        rest = text[dot.end() : dot.end() + 40].lstrip()
        if not rest[0].isupper():
            continue
        word = re.split(r"\s", text[max(start, dot.start() - _LONGEST_ABBREVIATION) : dot.start()])[-1]
        if _is_in(word, words.and_so_on):
            ends = _begins(rest, words) or words is not WORDS["de"]
        else:
            ends = bool(_DOTTED.fullmatch(word)) and not _is_in(word, words.leads) and _begins(rest, words)
        if ends:
            cuts.append(dot.end())
    parts: list[tuple[int, int]] = []
    for cut in sorted(cuts):
        parts.append((start, cut))
        start = found.start() if (found := _SOLID.search(text, cut, end)) else end
    return [*parts, (start, end)]
