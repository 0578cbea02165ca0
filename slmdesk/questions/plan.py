"""How a question is answered, step by step: whether what is read says it, the answer, and more where it does not.

A generator without a model, a thread or a store of its own, so that every way through it can be tested.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from slmdesk.base.record import Record, changed
from slmdesk.base.types import ChatMessage, Sampling
from slmdesk.evaluation.exam_items import YES_NO
from slmdesk.library.citations import Mark
from slmdesk.library.nearest import Citation
from slmdesk.questions.context import ANSWER_TOKENS, AnswerContext
from slmdesk.questions.grounds import LEAST_SURE, UNTOLD
from slmdesk.questions.prompt import Answered, LookedAt, Part, grammar_of, said_turns_of, turns_of
from slmdesk.questions.question_parts import asks_yes_or_no, is_answered, parts_of

LEAST_CERTAIN = LEAST_SURE - 1.0
"""With less, no answer could be related enough to the question."""
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
    can_tell: bool
    """The model's exam shows that it tells true from false."""


Judge = Callable[[AnswerContext, str, str, float], Part]
"""What is kept of a model's words, by what was read, the question, the words, and how sure the model is that the text
says it: log P(Yes) - log P(No).
"""


def plan(asked: Asked, reading: AnswerContext, judge: Judge) -> Generator[Step, Reply, Answered]:
    """Yield each step, take the reply to it, and return what was verified in the end.

    A part of the question that the answer passes over is asked for by itself; what was read is kept.
    """
    questions = parts_of(asked.question)
    part, reading = yield from _answered(asked, "", reading, judge)
    parts = [part]
    passed_over = [one for one in questions if not is_answered(one, part.answer)] if len(questions) > 1 else []
    for question in passed_over if part.found else ():
        one, reading = yield from _answered(asked, question, changed(reading, wider=None), judge)
        parts.append(one if is_answered(question, one.answer) else judge(reading, question, "", UNTOLD))
    return joined(parts, (asked.question, *passed_over), reading)


def _answered(
    asked: Asked, only: str, reading: AnswerContext, judge: Judge
) -> Generator[Step, Reply, tuple[Part, AnswerContext]]:
    """The question, or `only` a part of it, from what is read now or else from more; and what was read in the end.

    A model that can tell is asked first whether the text says it: small ones find something to answer in any text.
    """
    question = only or asked.question
    tells = asked.can_tell and not only and not asks_yes_or_no(question)
    best: Part | None = None
    while True:
        turns = turns_of(
            reading.sources, asked.question, asked.before, names=asked.names, only=only, refuses=not asked.can_tell
        )
        certainty, words = UNTOLD, ""
        if tells:
            scores = (yield Step(tuple(said_turns_of(turns)), Sampling(temperature=0.0), reading, YES_NO)).scores
            certainty = scores[0] - scores[1] if len(scores) == len(YES_NO) else certainty
        if certainty >= LEAST_CERTAIN:
            words = (yield Step(tuple(turns), changed(SAMPLING, grammar=grammar_of(question)), reading)).text
        part = judge(reading, question, words, certainty)
        best = part if best is None or part.worth > best.worth else best
        if (best.found and best.citations) or reading.wider is None:
            return best, reading
        reading = reading.wider


def joined(parts: Sequence[Part], questions: Sequence[str], reading: AnswerContext) -> Answered:
    answer, marks = "", list[Mark]()
    found = any(one.found for one in parts)
    for part, question in zip(parts if found else (), questions, strict=False):
        words = part.answer if part.found else f"{part.answer.rstrip('.')}: \u201c{question}\u201d"
        if words in answer:
            continue
        answer += "\n" if answer else ""
        marks += [changed(one, start=one.start + len(answer), end=one.end + len(answer)) for one in part.marks]
        answer += words
    citations = tuple(dict.fromkeys(citation for one in parts if one.found for citation in one.citations))
    return Answered(
        answer=answer or parts[0].answer,
        found=found,
        citations=citations,
        marks=tuple(marks),
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
