"""Words our answer to a point. Pure functions.

Values are slots that the program fills: a grammar keeps figures out of what a model
writes. What it writes is used only where it says nothing that is not in the papers and
is no answer of the other kind; else a sentence of ours stands there.
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
from slmdesk.claims.finders.numbers import find_amounts, find_ibans
from slmdesk.claims.judge import missing
from slmdesk.claims.values import values_of
from slmdesk.claims.words import stems, words
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.replies.points import begins, clause_at, is_offer
from slmdesk.tasks.replies.types import Point, Reply, Stance

LEAST_QUOTED, MOST_QUOTED = 40, 110
"""A sentence of ours quotes so many characters of a point, or all of a shorter one."""
LEAST_WORDS, MOST_WORDS = 5, 40
"""Words of a point that a model answers."""
MOST_TOKENS, MOST_PARTS = 110, 400
"""Most tokens, and most letters and slots, of a sentence of a model."""
LEAST_SENTENCE = 20
"""Fewest characters of a sentence that is cut before the reason in it."""
MOST_NEW = 0.34
"""Largest share of the words of an answer that the point does not have."""
_SLOT = re.compile(r"\{(\d+)\}")
_ASKED = (Stance.AGREE, Stance.REFUSE)
_TO_KNOW = {"agree": "later", "refuse": "withheld"}
_TO_TELL = {"agree": "yes", "refuse": "no"}
"""How a stance is taken to what somebody wants to know: more than yes, or that."""
_TO_OFFER = {"agree": "accept", "refuse": "decline"}
_BRACES = re.compile(r"[{}]")
_ENDS = re.compile(r"[.!?]$")
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
    known: Mapping[str, Any] = texts().get(language) or texts()["en"]
    return known


def prompt_version() -> str:
    return f"reply {texts()['version']}"


# ---- sentences of ours


def own_answer(point: Point, language: str) -> str:
    """Return our answer in sentences of ours, with what a person wants to be said."""
    known = sentences_in(language)
    manner = _manner(point)
    amount = "".join(point.text[slice(*span)] for span in amounts_in(point.text)[:1])
    kind = "question" if point.is_question else "demand"
    parts = [known[kind].format(point=named(point.text))]
    if not point.said or point.stance in (Stance.REFUSE, Stance.TIME, Stance.PAID):
        parts.append(known[manner].format(amount=amount))
    return " ".join((*parts, *_said(point)))


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


def _manner(point: Point) -> str:
    """Return how a stance is taken: paid and enclosed are one press, and what a
    question wants to know is neither done nor refused. Without a day no term is longer.
    """
    if point.stance == Stance.PAID and not amounts_in(point.text):
        return "enclosed"
    stance = point.stance or Stance.OPEN.value
    language = tongue(point.text)
    if stance == Stance.TIME and find_due(point.text, language) == Due():
        return "longer"
    if is_offer(point.text, language):
        return _TO_OFFER.get(stance, stance)
    if begins("opens", point.text, language):
        return _TO_KNOW.get(stance, stance)
    if point.is_question and not begins("direct", point.text, language):
        return _TO_TELL.get(stance, stance)
    return stance


def _said(point: Point) -> tuple[str, ...]:
    """Return the line of a person as a sentence."""
    words = point.said.strip()
    if not words:
        return ()
    end = "" if _ENDS.search(words) else "."
    return (words[:1].upper() + words[1:] + end,)


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


def is_worded(point: Point, written: str) -> bool:
    """Return whether a model words our answer: to a short request of the reader that
    says no nothing, in the same language.

    What a person says to a question, and what is paid, asked back or left open, is said
    in sentences of ours.
    """
    language = tongue(point.text)
    is_short = LEAST_WORDS <= len(point.text.split()) <= MOST_WORDS
    is_plain = ": " not in point.text and not denials(point.text, language)
    is_direct = is_short and is_plain and begins("direct", point.text, language)
    return is_direct and language == written and _manner(point) in _ASKED


def to_word(reply: Reply) -> list[Point]:
    """Return the points that a model is still to word."""
    return [
        point
        for point in reply.shown
        if is_worded(point, reply.language) and not point.is_final
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
    text, values = slots_of(point.text)
    wishes = [known["write"].format(), known["tones"].get(tone, "")]
    if language in WRITE_IN:
        wishes.append(WRITE_IN[language])
    parts = (
        TextPart(known["letter"].format(point=text), Origin.DOCUMENT),
        TextPart(f"\n{known['stance'][_manner(point)]}\n"),
        TextPart(" ".join(wishes)),
    )
    messages = [
        ChatMessage(Role.SYSTEM, (TextPart(known["system"], Origin.PROGRAM),)),
        ChatMessage(Role.USER, parts),
    ]
    table = "begins_question" if point.is_question else "begins"
    first: Sequence[str] = known[table][point.stance]
    sampling = Sampling(
        temperature=0.0,
        repeat_penalty=1.0,
        max_tokens=MOST_TOKENS,
        grammar=_grammar(first, len(values)),
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


def worded_answer(
    answer: str, point: Point, language: str, sources: Sequence[str]
) -> str:
    """Return the sentence of a model and what a person wants to be said, or "" where
    the sentence cannot be used.

    `sources`: what the papers say. Reasons are a person's, so the sentence ends before
    one.
    """
    known = sentences_in(language)
    text = filled(answer, point)
    reason = re.search(rf",? \b(?:{known['reasons']})\b", text, re.IGNORECASE)
    if reason is not None and reason.start() > LEAST_SENTENCE:
        text = f"{text[: reason.start()]}."
    if not _ENDS.search(text) or re.search(known["never"], text):
        return ""
    if missing(text, [*sources, point.text], language):
        return ""
    if point.stance == Stance.AGREE and denials(text, language):
        return ""
    if _is_other(text, point, language):
        return ""
    return " ".join((text, *_said(point)))


def _is_other(text: str, point: Point, language: str) -> bool:
    """Return whether a sentence has many words that its point has not, or calls theirs
    what the letter calls ours.
    """
    known = sentences_in(language)
    first = " ".join(known["begins"][point.stance])
    said = stems(text, language)
    new = said - stems(f"{point.text} {first}", language)
    theirs = re.findall(known["yours"], text)
    kept = set(re.findall(known["yours"], point.text)).intersection(theirs)
    return bool(kept) or len(new) > MOST_NEW * len(said)
