"""The questions of the exams, and how answers are judged.  Pure functions."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

from slmdesk.base.record import Record, changed
from slmdesk.base.types import THINKING_ON, ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.jobs.steps import step_of
from slmdesk.text.words.language import LANGUAGES, detect

ANSWER_TOKENS = 96
THOUGHT_TOKENS, END_TOKENS = 1024, 16
LEAST_NEW_WORDS = 5
YES_NO = ("Yes", "No")
_CORRECT = "Correct the mistakes in this text. Change nothing else. Write only the corrected text.\n\n"


class Skill(StrEnum):
    FORMAT = "format"
    BLOCK = "block"
    TRUTH = "truth"
    LANGUAGE = "language"
    CORRECT = "correct"


WRITTEN = (Skill.FORMAT, Skill.LANGUAGE, Skill.CORRECT)
"""Skills whose answers are written, so that a thought can come before; the others are read from likelihoods."""


class Question(Record):
    skill: Skill
    item: Mapping[str, Any]
    is_true: bool = True

    def step(self, *, thinking: bool = False) -> dict[str, Json]:
        """Return it as a step of a job: greedy, short, repeatable; with `thinking` after a thought."""
        if self.skill is Skill.TRUTH:
            return truth_step(self.item["text"], self.item["true" if self.is_true else "altered"])
        if self.skill is Skill.BLOCK:
            return block_step(self.item["blocks"], self.item["said"])
        asked = _CORRECT + self.item["wrong"] if self.skill is Skill.CORRECT else self.item["ask"]
        sampling = Sampling(temperature=0.0, max_tokens=ANSWER_TOKENS)
        if thinking:
            most = THOUGHT_TOKENS + END_TOKENS + ANSWER_TOKENS
            sampling = changed(sampling, max_tokens=most, thinking=THINKING_ON, thought_tokens=THOUGHT_TOKENS)
        return step_of([_user(asked)], sampling)

    def is_passed(self, answer: str) -> bool:
        answer = answer.strip()
        match self.skill:
            case Skill.FORMAT:
                return keeps_format(answer, self.item)
            case Skill.BLOCK:
                return answer == str(self.item["right"])
            case Skill.LANGUAGE:
                return is_answer(self.item["ask"], answer) and detect(answer, LANGUAGES)[0] == self.item["language"]
            case Skill.CORRECT:
                return corrects(self.item["wrong"], self.item["right"], answer)
            case Skill.TRUTH:
                raise ValueError("judged by scores, all together")


class Separation(Record):
    """How well scores separate true from altered statements."""

    auc: float
    """Chance that a true one scores higher than an altered one; 0.5 is guessing."""
    threshold: float
    """log P(Yes) - log P(No) from which a statement is taken for true."""
    right: int
    """How many statements are told right, each by the threshold that all the others give."""


@cache
def items() -> tuple[str, tuple[Question, ...]]:
    shape = tomllib.loads(resources.files("slmdesk.evaluation").joinpath("exam_items.toml").read_text("utf-8"))
    questions: list[Question] = []
    for skill in Skill:
        for item in shape[skill.value]:
            questions.append(Question(skill, item))
            if skill is Skill.TRUTH:
                questions.append(Question(skill, item, is_true=False))
    return str(shape["version"]), tuple(questions)


def truth_step(text: str, statement: str) -> dict[str, Json]:
    """Build the step that asks whether a text says this; summaries use it too, so that the exam's threshold applies."""
    ask = "\n\nDoes the text say this? Answer Yes or No."
    parts = (*_document("Text: ", text), TextPart(f"\n\nStatement: {statement}{ask}"))
    return step_of([ChatMessage(Role.USER, parts)], Sampling(temperature=0.0), choices=YES_NO)


def block_step(blocks: Sequence[str], statement: str) -> dict[str, Json]:
    listed = "\n".join(f"[{number}] {text}" for number, text in enumerate(blocks, 1))
    ask = "\n\nWhich block says this? Answer with its number only."
    parts = (*_document("Blocks:\n", listed), TextPart(f"\n\nStatement: {statement}{ask}"))
    numbers = [str(number) for number in range(1, len(blocks) + 1)]
    return step_of([ChatMessage(Role.USER, parts)], Sampling(temperature=0.0), choices=numbers)


def keeps_format(answer: str, item: Mapping[str, Any]) -> bool:
    """Whether an answer matches the pattern of an item whole, or is JSON with its keys."""
    if "pattern" in item:
        return re.fullmatch(item["pattern"], answer) is not None
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and set(found) == set(item["json"])


def is_answer(asked: str, answer: str) -> bool:
    words = re.findall(r"\w+", answer.lower())
    new = set(words) - set(re.findall(r"\w+", asked.lower()))
    return len(new) >= LEAST_NEW_WORDS and len(set(words)) >= len(words) / 2


def corrects(wrong: str, right: str, answer: str) -> bool:
    """Return whether an answer is nearer to the correct text than the given one was, and not a different text.

    At most half of the mistakes, in characters, may be left, and at most twice as much changed as was needed.
    """
    needed = distance(wrong, right)
    return distance(answer, right) <= needed / 2 and distance(answer, wrong) <= 2 * needed


def distance(one: str, other: str) -> int:
    """Return the edit distance in letters (Levenshtein 1966, Wagner and Fischer 1974)."""
    before = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        now = [row]
        for column, right in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (left != right)))
        before = now
    return before[-1]


def separation(true: Sequence[float], altered: Sequence[float]) -> Separation:
    """AUC by counting pairs (Mann and Whitney 1947), the threshold that gets most right, and what it is worth.

    A threshold is always good on the items it was chosen by: each statement is told by one chosen without it (Stone
    1974, cross-validation).
    """
    wins = sum((a > b) + 0.5 * (a == b) for a in true for b in altered)
    right = sum(one > _threshold(_but(true, at), altered) for at, one in enumerate(true))
    right += sum(one <= _threshold(true, _but(altered, at)) for at, one in enumerate(altered))
    return Separation(wins / (len(true) * len(altered)), _threshold(true, altered), right)


def _threshold(true: Sequence[float], altered: Sequence[float]) -> float:
    """The cut that gets the largest share of both kinds right, midway in its gap."""
    every = sorted({*true, *altered})
    cuts = [every[0] - 1.0, *((a + b) / 2 for a, b in pairwise(every))]

    def right(cut: float) -> float:
        hits = sum(one > cut for one in true) / max(1, len(true))
        return hits + sum(one <= cut for one in altered) / max(1, len(altered))

    return max(cuts, key=right)


def _but(values: Sequence[float], at: int) -> list[float]:
    return [*values[:at], *values[at + 1 :]]


def _document(lead: str, text: str) -> tuple[TextPart, TextPart]:
    return TextPart(lead), TextPart(text, Origin.DOCUMENT)


def _user(text: str) -> ChatMessage:
    return ChatMessage(Role.USER, (TextPart(text),))
