"""Finds where a rewritten letter has its writer do what its reader is to do, or the reverse. English and German."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from slmdesk.base.record import Record
from slmdesk.text.checks.negation import take_apart
from slmdesk.text.checks.words import WordSet, folded, function_words, word_set
from slmdesk.text.sentences import sentence_spans

WRITER, READER = "writer", "reader"
LEAST_SHARED, LEAST_SHARE = 2, 0.5
"""Fewest words of a demand, and least share of them, that a clause about the same thing has."""

_FIGURES = re.compile(r"\d(?:[\d.,:/]*\d)?")
_WORD = re.compile(r"[^\W\d_]+")
_CUT = r"[,;:](?=\s|$)|[()–—]|(?<=\s)(?:{})(?=\s)"
_OPENERS = "attached|enclosed|yesterday|today|tomorrow|last|next|after|before|during|since|until|\\w+ly"


class _Words(Record):
    cut: re.Pattern[str]
    writer: re.Pattern[str]
    reader: re.Pattern[str]
    receiver: re.Pattern[str]
    demand: re.Pattern[str]
    order: re.Pattern[str]
    """Matches a clause that begins with what the reader is to do."""
    goes_on: re.Pattern[str]
    """Matches a clause in which the one goes on who does what is said in the clause before."""
    asks: WordSet
    """With one of these the writer has somebody else do it, or gets something."""
    gets: WordSet
    """The same for the reader."""
    empty: WordSet


_LANGUAGES = {
    "de": _Words(
        re.compile(_CUT.format("und|oder|aber|denn|sonst|andernfalls|ansonsten")),
        re.compile(r"\b(?:[Ww]ir|[Ii]ch)\b"),
        re.compile(r"\b(?:Sie|[Dd]u)\b"),
        re.compile(r"\b(?:Ihnen|[Dd]ir|[Ee]uch)\b"),
        re.compile(r"\b(?:[Bb]itte\b|Sie (?:müss|soll)\w+|(?:[Mm]üss|[Ss]oll)\w+ Sie\b|[Dd]u (?:mus|sol)\w+)"),
        re.compile(r"(?:[Bb]itte )?[^\W\d_]+n (?:[Ss]ie|bitte)\b"),
        re.compile(r"(?:und|oder) [^\W\d_]{2,}e(?:n|ln|rn)? |, .*(?:\bzu |\wzu)\w+n$"),
        word_set(
            "bitt* bat baten gebeten erbitt* erinner* ersuch* auffor* forder* mahn* verlang* besteh* empfehl* raten "
            "rate vorschlag* schlag* einlad* laden wunsch* erwart* wart* hoff* dank* brauch* benotig* erhalt* erhielt* "
            "bekomm* bekam* vermiss* hatte hatten rechn* frist* zeit gelegenheit ohne mangels "
            "hinweis* aufmerksam treff* erreichbar"
        ),
        word_set("erhalt* erhielt* bekomm* bekam* find* brauch* benotig* wunsch*"),
        word_set("bitt* mocht* ihnen gern* soll* sonst uns mir mich"),
    ),
    "en": _Words(
        re.compile(_CUT.format("and|or|but|otherwise|if|that|unless|because|when|until|what|so")),
        re.compile(r"\b(?:[Ww]e|I)\b"),
        re.compile(r"\b[Yy]ou\b"),
        re.compile(r"\byou\b"),
        re.compile(r"\b(?:[Pp]lease|[Kk]indly)\b|\b[Yy]ou (?:must|should|shall|need to|have to|are to|ought)\b"),
        re.compile(
            rf"(?!(?:{_OPENERS})\b)[^\W\d_]{{3,}} (?:the|an?|your|my|our|this|that|these|those|us|me|it|them|[£$€]?\d)",
            re.IGNORECASE,
        ),
        re.compile(r"(?:and|or) (?:will|shall|would|can|have|are|am) |, to \w+"),
        word_set(
            "ask* request* remind* urg* requir* demand* insist* invit* advis* recommend* suggest* want* wish* expect* "
            "await* wait* appreciat* need* hope* hoping look* grateful thank* receiv* get gets got find found deadline "
            "time chance without attention refer* meet reach*"
        ),
        word_set("receiv* get gets got find need* want* wish*"),
        word_set("please kindly like need* us me"),
    ),
}  # fmt: skip


class _Clause(Record):
    text: str
    subject: str
    """WRITER, READER, or "" if it is another one or unclear."""
    doer: str
    """The same, but "" if the subject only asks or gets something."""
    content: frozenset[str]
    is_demand: bool = False
    is_given: bool = False
    """Whether the writer does it for the reader."""


def exchanged(old: str, new: str, language: str) -> list[str]:
    """Return the clauses of a rewritten text in which one does what the other one does, or is to do, in the old text.

    What only asks the other one in another way is none: "we ask you to pay" for "pay".
    """
    words = _LANGUAGES.get(language)
    if words is None:
        return []
    before, after = list(_clauses(old, language, words)), list(_clauses(new, language, words))
    return [clause.text for clause in after if any(_is_turned(earlier, clause, before, after) for earlier in before)]


def _is_turned(old: _Clause, new: _Clause, before: Sequence[_Clause], after: Sequence[_Clause]) -> bool:
    if {old.doer, new.doer} != {WRITER, READER}:
        return False
    shared = old.content & new.content
    if old.is_demand:
        is_same = len(shared) >= max(LEAST_SHARED - new.is_given, LEAST_SHARE * len(old.content))
    else:
        is_same = len(shared) >= LEAST_SHARED and (
            old.content == new.content or (new.is_demand and shared == old.content)
        )
    known = (clause.content for clause in before if clause.doer == new.doer and clause.content)
    kept = (clause.content for clause in after if clause.doer != new.doer)
    is_known = any(content <= new.content or len(content & new.content) >= len(shared) for content in known)
    return is_same and not is_known and not any(len(content & old.content) >= len(shared) for content in kept)


def _clauses(text: str, language: str, words: _Words) -> Iterator[_Clause]:
    for line in text.splitlines():
        for first, last in sentence_spans(line, language):
            sentence, before = line[first:last], None
            cuts = [0, *(cut.start() for cut in words.cut.finditer(sentence)), len(sentence)]
            for start, end in pairwise(cuts):
                if sentence[start:end].strip(" ,;:.!?()–—"):
                    before = _clause(sentence[start:end].strip(" .!"), before, language, words)
                    yield before


def _clause(part: str, before: _Clause | None, language: str, words: _Words) -> _Clause:
    text = part.lstrip(",;:()–— ")
    flat = [folded(word) for word in _WORD.findall(text)]
    stems = {word.stem for word in take_apart(text, language).words if word.content and word.word not in words.empty}
    content = frozenset((*stems, *_FIGURES.findall(text)))
    writer, reader = words.writer.search(text), words.reader.search(text)
    is_told = not (writer or part.endswith("?") or (flat and flat[0] in function_words(language)))
    is_order = is_told and words.order.match(text) is not None
    is_demand = is_order or words.demand.search(text) is not None
    doer = ""
    if writer and (language != "en" or not reader or writer.start() < reader.start()):
        doer, is_demand = WRITER, False
    elif is_demand or reader:
        doer = READER
    elif before is not None and words.goes_on.match(part):
        is_others = part[0] == "," and words.reader.search(before.text) is not None  # "we ask you, …"
        doer = before.subject if part[0] != "," else before.doer * (not is_others)
    idle = words.gets if doer == READER else words.asks
    is_idle = any(word in idle for word in flat) or (language == "en" and _ASKED.search(text) is not None)
    return _Clause(text, doer, doer * (not is_idle), content, is_demand, words.receiver.search(text) is not None)


_ASKED = re.compile(r"\b(?:we|I)\b.*\b(?:you to\b|like (?!to\b))", re.IGNORECASE)
