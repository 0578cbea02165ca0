"""How a question is answered, step by step: the best passages first, more when they do not answer it, then one check.

A generator without a model, a thread or a store of its own, so that every way through it can be tested.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from slmdesk.core.record import Record, changed
from slmdesk.core.types import ChatMessage, Sampling
from slmdesk.core.wire import messages_from
from slmdesk.services.documents.citations import DOUBT, Mark
from slmdesk.services.documents.nearest import Citation
from slmdesk.services.evaluation.exam_items import YES_NO, answer_step, truth_step
from slmdesk.services.questions.context import ANSWER_TOKENS, AnswerContext
from slmdesk.services.questions.prompt import NOT_FOUND, Answered, LookedAt, Part, grammar_of, turns_of
from slmdesk.services.questions.question_parts import is_answered, parts_of

LEAST_STATEMENT = 4
SAMPLING = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=ANSWER_TOKENS)


class Step(Record):
    turns: tuple[ChatMessage, ...]
    sampling: Sampling
    reading: AnswerContext
    choices: tuple[str, ...] = ()
    """Of these the likelier is wanted, nothing is written."""


class Reply(Record):
    text: str
    scores: tuple[float, ...] = ()
    """log P of each choice."""


class Asked(Record):
    question: str
    before: tuple[tuple[str, str], ...]
    names: bool
    """The text is from several files, so each passage says from which."""
    threshold: float | None
    """log P(Yes) - log P(No) from which the model's Yes counts, by its exam; None: it is not asked."""


Judge = Callable[[AnswerContext, str, str, bool], Part]
"""What is kept of a model's words, by what was read, the question and the words; the last: the best passages did not
answer it, so that an answer from others must be the surer.
"""
Shown = Callable[[Sequence[Part]], str]


def plan(asked: Asked, reading: AnswerContext, judge: Judge, shown: Shown) -> Generator[Step, Reply, Answered]:
    """Yield each step, take the reply to it, and return what was verified in the end.

    A part of the question that the answer passes over is asked for by itself; what was read is kept.
    """
    questions = parts_of(asked.question)
    part, reading = yield from _answered(asked, "", reading, judge)
    parts = [part]
    passed_over = [one for one in questions if not is_answered(one, part.answer)] if len(questions) > 1 else []
    for question in passed_over if part.found else ():
        one, reading = yield from _answered(asked, question, changed(reading, wider=None), judge)
        parts.append(one if is_answered(question, one.answer) else changed(one, answer=NOT_FOUND, found=False))
    questions = (asked.question, *passed_over)
    parts = yield from _doubted(asked, parts, reading, shown)
    return joined(parts, questions, reading)


def _answered(
    asked: Asked, only: str, reading: AnswerContext, judge: Judge
) -> Generator[Step, Reply, tuple[Part, AnswerContext]]:
    """The question, or `only` a part of it, from what is read now or else from more; and what was read in the end."""
    best: Part | None = None
    while True:
        turns = turns_of(reading.sources, asked.question, asked.before, names=asked.names, only=only)
        sampling = changed(SAMPLING, grammar=grammar_of(len(reading.sources), asked.question))
        reply = yield Step(tuple(turns), sampling, reading)
        part = judge(reading, only or asked.question, reply.text, best is not None)
        best = part if best is None or part.worth > best.worth else best
        if (best.found and best.citations) or reading.wider is None:
            return best, reading
        reading = reading.wider


def joined(parts: Sequence[Part], questions: Sequence[str], reading: AnswerContext) -> Answered:
    answer, marks = "", list[Mark]()
    found = any(one.found for one in parts)
    for part, question in zip(parts if found else (), questions, strict=False):
        words = part.answer if part.found else f"{NOT_FOUND.rstrip('.')}: \u201c{question}\u201d"
        if words in answer:
            continue
        answer += "\n" if answer else ""
        marks += [changed(one, start=one.start + len(answer), end=one.end + len(answer)) for one in part.marks]
        answer += words
    citations = tuple(dict.fromkeys(citation for one in parts if one.found for citation in one.citations))
    return Answered(
        answer=answer or NOT_FOUND,
        found=found,
        citations=citations,
        marks=tuple(marks),
        dropped=sum(one.dropped for one in parts if one.found),
        nearest=() if citations else next((one.nearest for one in parts if one.nearest), ()),
        is_whole=reading.is_whole,
        passages_read=len(reading.sources),
        passages_total=reading.passages,
        looked_at=_looked_at(reading, citations),
        documents_total=reading.documents,
    )


def _looked_at(reading: AnswerContext, citations: Sequence[Citation]) -> tuple[LookedAt, ...]:
    if reading.documents <= 1:
        return ()
    names = {one.passage.document: one.file for one in reading.sources}
    saying = {one.document for one in citations}
    return tuple(LookedAt(id, name, id in saying) for id, name in names.items())


def _doubted(
    asked: Asked, parts: Sequence[Part], reading: AnswerContext, shown: Shown
) -> Generator[Step, Reply, list[Part]]:
    """The parts after the model was asked about its own answer.

    Where it denies that the text says so, or that the text answers the question, the answer gets a mark; where it
    denies both, or a check has marked it before, it is not in the text.
    """
    sure = [one for one in parts if one.found and one.citations]
    if not sure or asked.threshold is None:
        return list(parts)
    text = shown(sure)
    is_unsaid = _denies((yield _truth_step(asked.question, sure, text, reading)), asked.threshold)
    is_no_answer = _denies((yield _choice(answer_step(text, asked.question), reading)), 0.0)
    if not (is_unsaid or is_no_answer):
        return list(parts)
    doubted = _missing if is_unsaid and is_no_answer else _with_doubt
    return [doubted(one) if one in sure else one for one in parts]


def _denies(reply: Reply, threshold: float) -> bool:
    return len(reply.scores) == len(YES_NO) and reply.scores[0] - reply.scores[1] < threshold


def _truth_step(question: str, parts: Sequence[Part], text: str, reading: AnswerContext) -> Step:
    """As in the exam, a statement alone: with the question before it a model says Yes to nearly all."""
    answer = " ".join(one.answer for one in parts)
    return _choice(
        truth_step(text, answer if len(answer.split()) >= LEAST_STATEMENT else f"{question} {answer}"), reading
    )


def _choice(step: Mapping[str, Any], reading: AnswerContext) -> Step:
    return Step(tuple(messages_from(step["messages"])), Sampling(temperature=0.0), reading, tuple(YES_NO))


def _with_doubt(part: Part) -> Part:
    """The part with a mark; where a check has marked it already, it is not in the text."""
    if part.marks:
        return _missing(part)
    return changed(part, marks=(Mark(DOUBT, part.answer, 0, len(part.answer)),))


def _missing(part: Part) -> Part:
    """Not in the text; what it was cited from is near."""
    return Part(NOT_FOUND, found=False, nearest=part.citations)
