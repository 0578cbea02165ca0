"""How a question is answered, step by step: the best passages first, more when they do not answer it, then one check.

A generator without a model, a thread or a store of its own, so that every way through it can be tested.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

from slmdesk.core.types import ChatMessage, Sampling
from slmdesk.core.wire import messages_from
from slmdesk.services.documents.citations import DOUBT, Mark
from slmdesk.services.evaluation.exam_items import YES_NO, truth_step
from slmdesk.services.questions.context import ANSWER_TOKENS, AnswerContext
from slmdesk.services.questions.prompt import NOT_FOUND, Answered, Part, grammar_of, turns_of
from slmdesk.services.questions.question_parts import parts_of

LEAST_STATEMENT = 4
"""Words of an answer that states something by itself."""
SAMPLING = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=ANSWER_TOKENS)


@dataclass(frozen=True, slots=True)
class Step:
    """What the model is asked next."""

    turns: tuple[ChatMessage, ...]
    sampling: Sampling
    reading: AnswerContext
    choices: tuple[str, ...] = ()
    """Of these the likelier is wanted, nothing is written."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What it answered."""

    text: str
    scores: tuple[float, ...] = ()
    """log P of each choice."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what is known before it is answered."""

    question: str
    before: tuple[tuple[str, str], ...]
    names: bool
    """The text is from several files, so each passage says from which."""
    threshold: float | None
    """log P(Yes) - log P(No) from which the model's Yes counts, by its exam; None: it is not asked."""


Judge = Callable[[AnswerContext, str, str], Part]
"""What is kept of a model's words, by what was read, the question, and the words."""
Shown = Callable[[Sequence[Part]], str]
"""The text around the quotations of an answer."""


def plan(asked: Asked, reading: AnswerContext, judge: Judge, shown: Shown) -> Generator[Step, Reply, Answered]:
    """Yield each step, take the reply to it, and return what was verified in the end.

    A second part of a question is asked as one that follows the first: what was read is kept.
    """
    questions = parts_of(asked.question)
    before, parts = list(asked.before), list[Part]()
    for question in questions:
        part, reading = yield from _answered(asked, question, before, reading, judge)
        parts.append(part)
        if part.found:
            before.append((question, part.answer))
        elif len(parts) == 1 and len(questions) > 1:  # "and why?" asks nothing without the first part
            part, reading = yield from _answered(asked, asked.question, before, reading, judge)
            parts, questions = [part], (asked.question,)
            break
    sure = [one for one in parts if one.found and one.citations]
    if asked.threshold is not None and sure:
        reply = yield _truth_step(asked.question, sure, shown(sure), reading)
        if len(reply.scores) == len(YES_NO) and reply.scores[0] - reply.scores[1] < asked.threshold:
            parts = [_doubted(one) if one in sure else one for one in parts]
    return joined(parts, questions, reading)


def _answered(
    asked: Asked, question: str, before: Sequence[tuple[str, str]], reading: AnswerContext, judge: Judge
) -> Generator[Step, Reply, tuple[Part, AnswerContext]]:
    """One part, from what is read now or else from more of it; and what was read in the end."""
    best: Part | None = None
    while True:
        turns = turns_of(reading.sources, question, before, names=asked.names)
        sampling = replace(SAMPLING, grammar=grammar_of(len(reading.sources), question))
        reply = yield Step(tuple(turns), sampling, reading)
        part = judge(reading, question, reply.text)
        best = part if best is None or part.worth > best.worth else best
        if (best.found and best.citations) or reading.wider is None:
            return best, reading
        reading = reading.wider


def joined(parts: Sequence[Part], questions: Sequence[str], reading: AnswerContext) -> Answered:
    """The parts as one answer, a line each; of a part that was not found it says so."""
    answer, marks = "", list[Mark]()
    found = any(one.found for one in parts)
    for part, question in zip(parts if found else (), questions, strict=False):
        words = part.answer if part.found else f"{NOT_FOUND.rstrip('.')}: \u201c{question}\u201d"
        if words in answer:
            continue
        answer += "\n" if answer else ""
        marks += [replace(one, start=one.start + len(answer), end=one.end + len(answer)) for one in part.marks]
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
    )


def _truth_step(question: str, parts: Sequence[Part], text: str, reading: AnswerContext) -> Step:
    """As in the exam, a statement alone: with the question before it a model says Yes to nearly all."""
    answer = " ".join(one.answer for one in parts)
    step = truth_step(text, answer if len(answer.split()) >= LEAST_STATEMENT else f"{question} {answer}")
    return Step(tuple(messages_from(step["messages"])), Sampling(temperature=0.0), reading, tuple(YES_NO))


def _doubted(part: Part) -> Part:
    return replace(part, marks=(*part.marks, Mark(DOUBT, part.answer, 0, len(part.answer))))
