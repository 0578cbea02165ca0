"""Builds the prompts of a translation; their wording is data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.record import Record, changed
from slmdesk.base.translation import Term
from slmdesk.base.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.jobs.service import step_of
from slmdesk.text.translation.masks import masked
from slmdesk.text.translation.tagged import Tags
from slmdesk.translation.asking.domains import domain_terms

DOMAINS = ("everyday", "medical", "legal", "technical", "finance")
FORMALITIES = ("formal", "informal")
MOST_TERMS = 20
SPAN_MORE = 2
"""Words by which what stands for a phrase may be longer than the phrase."""
SHORT_WORDS = 3
"""Up to so many a text is said to be one ("Text: …"): of 40 headings and labels alone a model of 1.5 billion weights
answered 8 with its instructions, of those named so 2.
"""
LEAST_ANSWER, ANSWER_SHARE = 48, 3
"""Tokens of an answer: some for any, and so many times the words of the source."""


class TranslationStyle(Record):
    target: str
    source: str = ""
    """Code; empty: the model sees for itself."""
    domain: str = "everyday"
    formality: str = ""
    hint: str = ""


@cache
def texts() -> Mapping[str, Any]:
    source = resources.files("slmdesk.translation.asking") / "prompts.toml"
    return tomllib.loads(source.read_text("utf-8"))


def prompt_version() -> str:
    return f"translate-{texts()['version']}"


def translation_step(
    text: str,
    tags: Tags,
    manner: TranslationStyle,
    *,
    terms: Sequence[Term] = (),
    with_probabilities: bool = False,
) -> dict[str, Json]:
    turns = messages(text, tags, manner, terms=terms)
    return step_of(turns, sampling_for(text), with_probabilities=with_probabilities)


def sampling_for(text: str) -> Sampling:
    return Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=LEAST_ANSWER + ANSWER_SHARE * _size(text))


def _size(text: str) -> int:
    """Return the number of words, or of characters where words are not separated by spaces."""
    return max(len(text.split()), len(text) // 4)


def messages(
    text: str,
    tags: Tags,
    manner: TranslationStyle,
    *,
    terms: Sequence[Term] = (),
    without: str = "",
) -> list[ChatMessage]:
    """Build the messages: instructions shared by all segments of a kind, so that they are read once, then the segment.

    The sentence before is not given as context: a model of 1.5 billion weights translated it as well, or instead; given
    with its translation as an earlier turn it helped in one sentence of 44 (docs/decisions.md).
    """
    known = texts()
    parts: list[TextPart] = []
    hidden = masked(text, terms, manner.source, manner.target)
    text = hidden.text
    own = {one.source.casefold() for one in terms}
    trade = domain_terms(text, manner.domain, manner.source, manner.target)
    terms = [*terms, *(one for one in trade if one.source.casefold() not in own)]

    def add(name: str, origin: Origin, **words: str) -> None:
        parts.append(TextPart(known[name].format(**words) + "\n", origin))

    said = {one.source: one.target for one in reversed(terms) if one.target and not one.keeps}  # the first one counts
    replaced = [f"{one} = {said[one]}" for one in dict.fromkeys(term.source for term in terms) if one in said]
    behind = frozenset(hidden.terms.values())
    kept = [one.source for one in terms if one.keeps and one.source not in behind]
    if replaced:
        add("terms", Origin.PERSON, terms="; ".join(replaced[:MOST_TERMS]))
    if kept:
        add("keep", Origin.PERSON, words="; ".join(kept[:MOST_TERMS]))
    if without:
        add("without", Origin.PERSON, words=without)
    if manner.hint:
        parts.append(TextPart(manner.hint + "\n", Origin.PERSON))
    is_named = bool(parts) or len(text.split()) <= SHORT_WORDS
    parts.append(TextPart(known["text"].format(text=text) if is_named else text, Origin.DOCUMENT))
    system = TextPart(_instructions(manner, bool(tags)), Origin.PROGRAM)
    return [ChatMessage(Role.SYSTEM, (system,)), ChatMessage(Role.USER, tuple(parts))]


def _instructions(manner: TranslationStyle, is_tagged: bool) -> str:
    known = texts()
    target = LANGUAGES[manner.target].name
    source = LANGUAGES[manner.source].name if manner.source in LANGUAGES else ""
    lines = [known["task_from" if source else "task"].format(source=source, target=target), known["rules"]]
    lines.append(known["domain"].get(manner.domain, ""))
    if LANGUAGES[manner.target].has_formal:
        lines.append(known["formality"].get(manner.formality, ""))
    if is_tagged:
        lines.append(known["tags"])
        example = known["example"]
        if manner.target in example:
            given = example.get(manner.source if manner.source != manner.target else "en", example["en"])
            lines.append(known["tagged_example"].format(source=given, target=example[manner.target]))
    return " ".join(line for line in lines if line)


ALTERNATIVES = 3


def other_steps(text: str, manner: TranslationStyle, *, without: str = "") -> list[dict[str, Json]]:
    """Build steps that translate one sentence in several ways: less likely words, each with a seed of its own.

    `without`: words of the target language that must not be used.
    """
    turns = messages(text, Tags(), manner, without=without)
    sampling = sampling_for(text)
    return [step_of(turns, changed(sampling, temperature=0.9, seed=seed)) for seed in range(1, ALTERNATIVES + 1)]


# ---- projection


def projection_step(source: str, target: str, phrase: str) -> dict[str, Json] | None:
    """Build the step that asks which words of `target` translate `phrase` of `source`; None where there are no words.

    The grammar only allows runs of words of the target, at most SPAN_MORE longer than the phrase (design.md).
    """
    spans = word_runs(target, len(phrase.split()) + SPAN_MORE)
    if not spans:
        return None
    known = texts()["projection"]
    asked = known["form"].format(source=source, target=target, words=phrase)
    grammar = "root ::= " + " | ".join(_quoted(target[start:end]) for start, end in spans)
    sampling = Sampling(
        temperature=0.0, repeat_penalty=1.0, grammar=grammar, max_tokens=LEAST_ANSWER + ANSWER_SHARE * _size(phrase)
    )
    turns = [
        ChatMessage(Role.SYSTEM, (TextPart(known["task"], Origin.PROGRAM),)),
        ChatMessage(Role.USER, (TextPart(asked, Origin.DOCUMENT),)),
    ]
    return step_of(turns, sampling)


MOST_RUNS = 400
"""Ways a grammar offers: more of them cost more than a placed tag is worth."""


def word_runs(text: str, longest: int) -> list[tuple[int, int]]:
    """Return every run of up to `longest` words of a text, each once: (start, end), without punctuation at its ends."""
    words: list[tuple[int, int]] = []
    at = 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        bare = word.strip(".,;:!?()[]\"'“”„«»…")
        if bare:
            first = start + word.index(bare)
            words.append((first, first + len(bare)))
    found: dict[str, tuple[int, int]] = {}
    for size in range(1, longest + 1):
        for index in range(len(words) - size + 1):
            start, end = words[index][0], words[index + size - 1][1]
            found.setdefault(text[start:end], (start, end))
            if len(found) >= MOST_RUNS:
                return list(found.values())
    return list(found.values())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
