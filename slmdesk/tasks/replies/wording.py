"""Words our answer to a point. Pure functions.

Values are slots that the program fills: a grammar keeps figures out of what a model
writes, and begins its sentence as the stance wants. What it writes is used where its
words are those of the point; else a sentence of ours stands there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.text.words import tongue
from slmdesk.base.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.base.write_in import WRITE_IN
from slmdesk.claims.deadlines.finding import Due, find_due
from slmdesk.claims.finders.negation import denials
from slmdesk.claims.finders.numbers import find_amounts, find_dates, find_ibans
from slmdesk.claims.values import values_of
from slmdesk.claims.words import share, stems, words
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.replies.points import begins, clause_at, is_offer
from slmdesk.tasks.replies.types import LANGUAGES, Point, Reply, Stance

LEAST_QUOTED, MOST_QUOTED = 40, 110
"""A sentence of ours quotes so many characters of a point, or all of a shorter one."""
MOST_TOKENS, MOST_PARTS = 110, 400
"""Most tokens, and most letters and slots, of a sentence of a model."""
LEAST_SHARED = 0.35
"""Smallest share of the words of an answer that the point has, too."""
_SLOT = re.compile(r"\{(\d+)\}")
_TO_KNOW = {"agree": "later", "refuse": "withheld", "longer": "answer"}
_TO_TELL = {"agree": "yes", "refuse": "no", "longer": "answer"}
"""How a stance is taken to what somebody wants to know: more than yes, or that."""
_TOLD = ("answer", "later", "withheld")
"""What is said to what somebody wants to know."""
_TO_OFFER = {"agree": "accept", "refuse": "decline"}
_BRACES = re.compile(r"[{}]")
_ENDS = re.compile(r"[.!?]$")
_OPEN_END = re.compile(r"(?<=[^.!?])$")
"""Where a sentence ends without its mark."""
_CURRENCY = re.compile(r"[^\W\d_]|[€$£¥]")
_BRACKET = re.compile(r"\([^()]*\)?")
_OPENED = re.compile(r"\s*\([^)]*$")
_CLAUSE = re.compile(r"\s?[,;:](?=\s(?!\d))|\s[–—](?=\s)")


@cache
def texts() -> Mapping[str, Any]:
    source = resources.files("slmdesk.tasks.replies").joinpath("wording.toml")
    return tomllib.loads(source.read_text("utf-8"))


def sentences_in(language: str) -> Mapping[str, Any]:
    """Return the sentences of ours in a language, or for another one the English."""
    known: Mapping[str, Any] = texts().get(language, texts()["en"])
    return known


def prompt_version() -> str:
    return f"reply {texts()['version']}"


# ---- sentences of ours


def own_answer(point: Point, language: str) -> str:
    """Return our answer in sentences of ours, with what a person wants to be said."""
    known = sentences_in(language)
    way = _way(point, language)
    amounts = [point.text[slice(*span)] for span in amounts_in(point.text)]
    parts = [known["named"].format(point=named(point.text))]
    if not point.said or point.stance in (Stance.REFUSE, Stance.TIME, Stance.PAID):
        parts.append(way["own"].format(amount=next(iter(amounts), "")))
    return _with_said(parts, point)


def amounts_in(text: str, language: str = "") -> list[tuple[int, int]]:
    """Return where amounts with a currency stand, so no lengths or times of day."""
    found = find_amounts(text, language)
    return [span for span in found if _CURRENCY.search(text[slice(*span)])]


def named(text: str) -> str:
    """Return the words that name a point: all, or those of the clause that asks."""
    text = text.rstrip(" .,:;")
    if len(text) <= MOST_QUOTED:
        return text
    outside = _BRACKET.sub(lambda bracket: "_" * len(bracket[0]), text)
    begin = clause_at(outside, tongue(text))
    lead = "… " if begin else ""
    text, outside = lead + text[begin:], lead + outside[begin:]
    clause = _CLAUSE.search(outside, LEAST_QUOTED, MOST_QUOTED)
    if clause is not None:
        return f"{text[: clause.start()]} …"
    if len(text) <= MOST_QUOTED:
        return text
    # a preposition, an article or § says nothing alone
    said = words(text[:MOST_QUOTED].rpartition(" ")[0], tongue(text))
    begun = text[: said[-1].end] if said else text
    return f"{_OPENED.sub('', begun)} …"


def _way(point: Point, language: str) -> Mapping[str, Any]:
    """Return how a point is answered: what we say, and what a model is told."""
    way: Mapping[str, Any] = sentences_in(language)["ways"][_manner(point, language)]
    return way


def _manner(point: Point, language: str) -> str:
    """Return how a stance is taken: what a question wants to know is neither done nor
    refused. Without a day no term is longer.
    """
    stance = point.stance or Stance.OPEN.value
    language = tongue(point.text, likely=language)
    if stance == Stance.PAID:
        return _paid(point.text, language)
    if stance == Stance.TIME and find_due(point.text, language) == Due():
        stance = "longer"
    if point.is_stated or is_offer(point.text, language):
        return _TO_OFFER.get(stance, stance)
    if begins("opens", point.text, language):
        return _TO_KNOW.get(stance, stance)
    if point.is_question and not begins("direct", point.text, language):
        return _TO_TELL.get(stance, stance)
    return stance


def _paid(text: str, language: str) -> str:
    """Return what is said by the press for paid and enclosed. Which of several amounts
    was paid, nobody said.
    """
    amounts = {text[slice(*span)] for span in amounts_in(text)}
    if len(amounts) == 1:
        return "paid"
    if amounts or re.search(sentences_in(language)["paying"], text):
        return "settled"
    return "enclosed"


def _with_said(sentences: Sequence[str], point: Point) -> str:
    """Return sentences, and the line of a person as the last one."""
    words = point.said.strip()
    said = _OPEN_END.sub(".", words[:1].upper() + words[1:])
    return " ".join((*sentences, said)).rstrip()


# ---- sentences of a model


def slots_of(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text with slots for its values, and the values."""
    text = _BRACES.sub("", text)
    language = tongue(text)
    spans = [*find_ibans(text), *find_amounts(text, language)]
    spans += [
        (value.start, value.end)
        for value in values_of(text, language)
        if not value.is_soft
    ]
    values = list[str]()
    pieces = list[str]()
    end = 0
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < end:
            continue  # a part of the value before
        values.append(text[start:stop])
        pieces += [text[end:start], f"{{{len(values)}}}"]
        end = stop
    return "".join((*pieces, text[end:])), tuple(values)


def is_worded(point: Point, written: str, *, is_strong: bool) -> bool:
    """Return whether a model words our answer: in the language of the letter, and not
    what is left open, nor what a line of a person says to a question, nor an answer to
    what asks nothing.

    One that is not strong words what is said to a question, in words of the letter.
    """
    manner = _manner(point, written)
    is_theirs = written in LANGUAGES and tongue(point.text, likely=written) == written
    is_told = manner == "later" and bool(point.said)
    if not is_theirs or is_told or manner == "open" or point.is_stated:
        return False
    return is_strong or (manner in _TOLD and ": " not in point.text)


def to_word(reply: Reply) -> list[Point]:
    """Return the points that a model is still to word."""
    return [
        point
        for point in reply.shown
        if not point.is_final
        and is_worded(point, reply.language, is_strong=reply.is_strong)
    ]


def writer_of(reply: Reply) -> str:
    """Return the name of the model of which a sentence stands in the letter, or ""."""
    for point in reply.points:
        is_ours = point.is_edited or point.answer == own_answer(point, reply.language)
        if point.is_asked and not (is_ours or point.is_left_out):
            return reply.model
    return ""


def wording_step(point: Point, language: str, tone: str) -> dict[str, Json]:
    """Build the step that words our answer to a point."""
    known = sentences_in(language)
    way = _way(point, language)
    text, values = slots_of(point.text)
    wishes = known["write"].format(), known["tones"].get(tone, ""), WRITE_IN[language]
    asked, answer = way["example"]
    system = f"{known['system']} {' '.join(wishes)}"
    position = "\n" + known["position"].format(means=way["means"])
    messages = [
        ChatMessage(Role.SYSTEM, (TextPart(system, Origin.PROGRAM),)),
        ChatMessage(
            Role.USER, (TextPart(known["letter"].format(point=asked) + position),)
        ),
        ChatMessage(Role.ASSISTANT, (TextPart(answer),)),
        ChatMessage(
            Role.USER,
            (
                TextPart(known["letter"].format(point=text), Origin.DOCUMENT),
                TextPart(position),
            ),
        ),
    ]
    sampling = Sampling(
        temperature=0.0,
        repeat_penalty=1.0,
        max_tokens=MOST_TOKENS,
        grammar=_grammar(way["begins"], len(values)),
    )
    return step_of(messages, sampling)


def _grammar(first: Sequence[str], slots: int) -> str:
    """Return a grammar for a line without figures but in slots."""
    begun = " | ".join(f'"{words}"' for words in first)
    numbers = [f'"{{{number}}}"' for number in range(1, slots + 1)]
    part = " | ".join(('[^0-9{}\\[\\]\\n"]', *numbers))
    return f"root ::= ({begun}) ({part}){{1,{MOST_PARTS}}}"


def filled(answer: str, point: Point) -> str:
    """Return the words of a model, also unfinished ones, with the values."""
    values = slots_of(point.text)[1]
    words = _SLOT.sub(lambda slot: values[int(slot[1]) - 1], answer)
    return " ".join(words.split())


def worded_answer(answer: str, point: Point, language: str) -> str:
    """Return the sentence of a model and what a person wants to be said, or "" where
    the sentence cannot be used: it has no end, says no where a person agrees, or most
    of its words are not those of the point.
    """
    text = filled(answer, point)
    if not _ENDS.search(text):
        return ""
    is_no = bool(denials(text, language)) > bool(denials(point.text, language))
    if point.stance == Stance.AGREE and is_no:
        return ""
    # one of two days may be the wrong one
    if 0 < len(find_dates(text, language)) < len(find_dates(point.text, language)):
        return ""
    begun = next(filter(text.startswith, _way(point, language)["begins"]), "")
    if _is_other(text.removeprefix(begun), point, language):
        return ""
    return _with_said([text], point)


def _is_other(words: str, point: Point, language: str) -> bool:
    """Return whether words are mostly not those of the point, or call theirs or ours
    what the letter, written by the other side, calls so, too.
    """
    said = stems(words, language)
    if not said or share(said, stems(point.text, language)) < LEAST_SHARED:
        return True
    persons = re.compile(sentences_in(language)["persons"])
    return not set(persons.findall(words)).isdisjoint(persons.findall(point.text))
