"""Builds the steps that ask for corrections and rewritten texts; their wording is data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.languages import LANGUAGES, NO_BLANKS
from slmdesk.base.record import to_json
from slmdesk.base.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.base.wire import messages_to_json
from slmdesk.jobs.steps import step_of
from slmdesk.text.writing.continuation import context_before, grammar_beginning, last_word
from slmdesk.writing.types import RewriteRequest, Task, length_of

VARIANTS = 3
SENTENCE_WORDS = 30
"""A text is asked for in a sentence of so many at most, where a number is named."""
CONTINUED_TOKENS = 24
"""Of what is shown at the cursor: more than a line is seldom taken."""
LEAST_ANSWER = 48
TEMPERATURE = 0.7
"""Of variants and of new text; what is shortened or has another tone is the likeliest."""


@cache
def texts() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.writing").joinpath("prompts.toml").read_text("utf-8"))


def correction_step(sentence: str, language: str) -> dict[str, Json]:
    """Build the step that corrects one sentence; instructions and examples are shared, so they are read once."""
    known = _of(language)
    turns = [ChatMessage(Role.SYSTEM, (TextPart(_told(known["correct"], language)),))]
    for wrong, right in known["examples"]:
        turns.append(ChatMessage(Role.USER, (TextPart(wrong),)))
        turns.append(ChatMessage(Role.ASSISTANT, (TextPart(right),)))
    turns.append(ChatMessage(Role.USER, (TextPart(sentence, Origin.PERSON),)))
    return step_of(turns, Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=LEAST_ANSWER + 2 * _size(sentence)))


def rewriting_steps(request: RewriteRequest, language: str, *, is_counted: bool = False) -> list[dict[str, Json]]:
    """Build the steps for a rewritten text: one, of a rephrased text VARIANTS with a seed each.

    `is_counted`: how many words it may have, or must have, is named.
    """
    known = _of(language)
    name = request.manner or request.task.value
    rules = known[name] if request.task is Task.CONTINUE else f"{known[name]} {known['keep']}"
    if is_counted:
        rules = f"{rules} {_length_asked(request, language)}"
    asked = TextPart(f"{_told(rules, language)}\n\n")  # with the text: as instructions a small model passes them over
    turns = [ChatMessage(Role.USER, (asked, TextPart(request.text.strip(), Origin.PERSON)))]
    most = LEAST_ANSWER + 2 * _size(request.text)
    if request.task in (Task.EXPAND, Task.CONTINUE):
        most = max(400, most) if request.task is Task.EXPAND else 120
    if request.task in (Task.SHORTEN, Task.TONE) and not request.again:
        return [step_of(turns, Sampling(temperature=0.0, max_tokens=most))]
    count = VARIANTS if request.task is Task.REPHRASE else 1
    seeds = range(1 + request.again * count, 1 + (request.again + 1) * count)
    return [step_of(turns, Sampling(temperature=TEMPERATURE, max_tokens=most, seed=seed)) for seed in seeds]


def continuation_request(text: str, language: str) -> dict[str, Json]:
    """Build the payload of a `chat` request for what comes behind the end of a text, up to the end of its line.

    The text before the line is in the question and the line in the answer, so that, while a person types, the prompt
    only grows and what was read of it is not read again.
    """
    line = text.rpartition("\n")[2]
    head, typed = last_word(line)
    known = _of(language)
    asked = TextPart(f"{_told(known['continue'], language)}\n\n")
    turns = [ChatMessage(Role.USER, (asked, TextPart(context_before(text), Origin.PERSON)))]
    most = CONTINUED_TOKENS + _size(typed)
    sampling = Sampling(temperature=0.0, max_tokens=most, grammar=grammar_beginning(line), stop=("\n",))
    return {"messages": messages_to_json(turns), "answer_prefix": head, "sampling": to_json(sampling)}


def _length_asked(request: RewriteRequest, language: str) -> str:
    known, length = _of(language), length_of(request.text, language)
    half = max(1, length // 2)
    most = min(half, SENTENCE_WORDS) if request.manner == "sentence" else half
    unit = "characters" if language in NO_BLANKS else "words"
    is_long = request.task is Task.EXPAND
    asked: str = known["at_least" if is_long else "at_most"]
    return asked.format(count=2 * length if is_long else most, unit=unit)


def _of(language: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = texts().get(language) or texts()["en"]
    return found


def _told(rules: str, language: str) -> str:
    if language in texts():
        return rules
    return f"{rules} {texts()['other']['language'].format(language=LANGUAGES[language].name)}"


def _size(text: str) -> int:
    """The tokens of a text, at most: words, or letters where words are long or not separated."""
    return max(len(text.split()), len(text) // 3)
