"""Builds the prompts of a translation (their wording is in prompts.toml), and cuts texts into segments."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.record import Record, changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.text.sentences import detect
from slmdesk.base.text.tagged import KIND, Tags, plain, segment_of, segments_of
from slmdesk.base.text.terms import TermIndex, find_terms
from slmdesk.base.translation import DETECTED, LANGUAGES, NewSegment, SegmentState, Term
from slmdesk.base.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.models.gguf.header import ModelFamily, TranslationPrompts, families, family_named
from slmdesk.models.service import translator_family
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.translation.preserved import is_address, is_code, is_firm, is_only_protected, masked

DOMAINS = ("everyday", "medical", "legal", "technical", "finance")
FORMALITIES = ("formal", "informal")
MOST_TERMS = 20
SPAN_MORE = 2
"""Most words by which the translation of a phrase may be longer than the phrase."""
LEAST_ANSWER, ANSWER_SHARE = 48, 3
"""Most tokens of an answer: LEAST_ANSWER tokens, plus ANSWER_SHARE tokens for each word of the source."""


class TranslationStyle(Record):
    target: str
    source: str = ""
    """Code of the source language. Empty if the model is to recognise the language."""
    domain: str = "everyday"
    formality: str = ""
    hint: str = ""
    translator: str = ""
    """ModelFamily of the model that is asked, if it was made for translation and has prompts of its own."""


def styled(manner: TranslationStyle, record: ModelRecord | None) -> TranslationStyle:
    """Return the manner for this model."""
    family = translator_family(record) if record else None
    return changed(manner, translator=family.name if family else "")


@cache
def texts() -> Mapping[str, Any]:
    source = resources.files("slmdesk.tasks.translation") / "prompts.toml"
    return tomllib.loads(source.read_text("utf-8"))


def prompt_version(family: ModelFamily | None = None) -> str:
    """Return the version of the prompts for all models, or for one made for translation."""
    own = f" {family.name} {family.translation.version}" if family and family.translation else ""
    return f"translate-{texts()['version']}{own}"


def translation_step(
    text: str, tags: Tags, manner: TranslationStyle, *, terms: Sequence[Term] = (), with_probabilities: bool = False
) -> dict[str, Json]:
    turns = messages(text, tags, manner, terms=terms)
    return step_of(turns, sampling_for(text, manner.translator), with_probabilities=with_probabilities)


def sampling_for(text: str, translator: str = "") -> Sampling:
    """`translator`: family whose publisher's sampling is used, with a seed, so that the answer can be repeated."""
    size = max(len(text.split()), len(text) // 4)  # words, or characters where no spaces separate words
    usual = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=LEAST_ANSWER + ANSWER_SHARE * size)
    own = family_named(translator)
    return changed(own.sampling.over(usual), max_tokens=usual.max_tokens, seed=0) if own else usual


def messages(text: str, tags: Tags, manner: TranslationStyle, *, terms: Sequence[Term] = ()) -> list[ChatMessage]:
    """Build the message: first the instructions, then the segment. Similar segments share the instructions, so that the
    model reads them once.

    The previous sentence is not given as context: a model of 1.5 billion weights translated it too, or translated only
    it. Given as an earlier turn with its translation, it helped in one sentence of 44 (docs/decisions.md).
    """
    known = texts()
    parts: list[TextPart] = []
    hidden = masked(text, terms, manner.source, manner.target)
    text = hidden.text
    family = family_named(manner.translator)
    prompts = family.translation if family else None
    own = {term.source.casefold() for term in terms}
    # A translator knows everyday words, and with terms it is asked in another prompt.
    is_helped = prompts is None or manner.domain != DOMAINS[0]
    trade = domain_terms(text, manner.domain, manner.source, manner.target) if is_helped else []
    terms = [*terms, *(term for term in trade if term.source.casefold() not in own)]

    def add(name: str, origin: Origin, **words: str) -> None:
        parts.append(TextPart(known[name].format(**words) + "\n", origin))

    said = {term.source: term.target for term in reversed(terms) if term.target and not term.keeps}  # the first is used
    replaced = {term.source: said[term.source] for term in terms if term.source in said}
    replaced = dict([*replaced.items()][:MOST_TERMS])
    behind = frozenset(hidden.terms.values())
    kept = [term.source for term in terms if term.keeps and term.source not in behind]
    if replaced and prompts is None:
        add("terms", Origin.PERSON, terms="; ".join(f"{word} = {target}" for word, target in replaced.items()))
    if kept:
        add("keep", Origin.PERSON, words="; ".join(kept[:MOST_TERMS]))
    if manner.hint:
        parts.append(TextPart(manner.hint + "\n", Origin.PERSON))
    if prompts is not None:
        return [_own_turn(prompts, text, manner, [part.text for part in parts], replaced, bool(tags))]
    asked = TextPart(_instructions(manner, bool(tags)) + "\n", Origin.PROGRAM)
    return [ChatMessage(Role.USER, (asked, *parts, TextPart("\n" + text, Origin.DOCUMENT)))]


def _own_turn(
    prompts: TranslationPrompts,
    text: str,
    manner: TranslationStyle,
    wishes: Sequence[str],
    terms: Mapping[str, str],
    is_tagged: bool,
) -> ChatMessage:
    """Build the only turn for a translator, in the prompt it was trained on that says most of what is to be said.

    What no prompt can say is left out, and the checks find it in the translation. Wishes count more than terms, since
    only a person makes them; the terms are then among them.
    """
    target, source = LANGUAGES[manner.target], LANGUAGES[manner.source or language_of_text(text) or "en"]
    if LANGUAGES[manner.target].has_formal and (formality := texts()["formality"].get(manner.formality)):
        wishes = [formality, *wishes]
    lines = [prompts.term.format(term=term, translation=translation) for term, translation in terms.items()]
    if is_tagged and prompts.tags:
        prompt = prompts.tags
    elif wishes and prompts.wishes:
        prompt = prompts.wishes
        wishes = [*wishes, *([texts()["terms"].format(terms="; ".join(lines))] if lines else [])]
    elif lines and prompts.terms:
        prompt = prompts.terms
    else:
        prompt = prompts.chinese if prompts.chinese and "zh" in (source.code, target.code) else prompts.text
    numbered = "\n".join(f"{number}. {wish.strip()}" for number, wish in enumerate(wishes, start=1))
    untrusted = {
        "text": TextPart(text, Origin.DOCUMENT),
        "terms": TextPart("\n".join(lines), Origin.PERSON),
        "wishes": TextPart(numbered, Origin.PERSON),
    }
    names = {
        "source": prompts.names.get(source.code, source.name), "source_code": source.code,
        "target": prompts.names.get(target.code, target.name), "target_code": target.code,
        "target_chinese": families().chinese_names.get(target.code, target.name), "number": str(len(wishes) + 1),
    }  # fmt: skip
    pieces = re.split(r"\{(text|terms|wishes)\}", prompt)
    parts = (
        untrusted[piece] if index % 2 else TextPart(piece.format(**names), Origin.PROGRAM)
        for index, piece in enumerate(pieces)
    )
    return ChatMessage(Role.USER, tuple(part for part in parts if part.text))


def _instructions(manner: TranslationStyle, is_tagged: bool) -> str:
    known = texts()
    target = LANGUAGES[manner.target].name
    source = LANGUAGES[manner.source].name if manner.source in LANGUAGES else ""
    address = known["address"].get(manner.formality, "") if LANGUAGES[manner.target].has_formal else ""
    lines = [known["task_from" if source else "task"].format(source=source, target=target, address=address)]
    lines.append(known["domain"].get(manner.domain, ""))
    if is_tagged:
        lines.append(known["tags"])
        example = known["example"]
        if manner.target in example:
            given = example.get(manner.source if manner.source != manner.target else "en", example["en"])
            lines.append(known["tagged_example"].format(source=given, target=example[manner.target]))
    return " ".join(line for line in lines if line)


def projection_step(
    source: str, target: str, phrase: str, manner: TranslationStyle | None = None
) -> dict[str, Json] | None:
    """Build the step that asks which words of `target` translate `phrase` of `source`. None if there are no words.

    The grammar only allows groups of neighbouring words of the target, at most SPAN_MORE words longer than the phrase
    (design.md). A translator, which answers no questions, is asked for the translation of the phrase instead.
    """
    spans = word_runs(target, len(phrase.split()) + SPAN_MORE)
    if not spans:
        return None
    known = texts()["projection"]
    asked = known["form"].format(source=source, target=target, words=phrase)
    grammar = "root ::= " + " | ".join(quoted(target[start:end]) for start, end in spans)
    turns = [
        ChatMessage(Role.SYSTEM, (TextPart(known["task"], Origin.PROGRAM),)),
        ChatMessage(Role.USER, (TextPart(asked, Origin.DOCUMENT),)),
    ]
    if manner and manner.translator:
        turns = messages(phrase, Tags(), manner)
    return step_of(turns, changed(sampling_for(phrase), grammar=grammar))


MOST_RUNS = 400
"""Most word groups that a grammar offers. More of them cost more time than a placed tag is worth."""


def word_runs(text: str, longest: int) -> list[tuple[int, int]]:
    """Return every group of up to `longest` neighbouring words of a text as (start, end). Equal groups appear once.

    Punctuation at the ends of a group is left out.
    """
    words: list[tuple[int, int]] = []
    at = 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        bare = word.strip(".,;:!?()[]\"'“”„«»…")
        if bare:
            first = start + word.index(bare)
            words.append((first, first + len(bare)))
    runs: dict[str, tuple[int, int]] = {}
    for size in range(1, longest + 1):
        for index in range(len(words) - size + 1):
            start, end = words[index][0], words[index + size - 1][1]
            runs.setdefault(text[start:end], (start, end))
            if len(runs) >= MOST_RUNS:
                return list(runs.values())
    return list(runs.values())


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def domain_terms(text: str, domain: str, source: str, target: str) -> list[Term]:
    """Return the built-in terms for office documents and for a domain that occur in a text, each once.

    The result is empty if the data lacks one of the languages.
    """
    index = _index(domain, source, target)
    return list({term.term.source: term.term for term in find_terms(text, index, source)}.values()) if index else []


GENERAL = "general"


@cache
def _index(domain: str, source: str, target: str) -> TermIndex:
    order: Sequence[str] = _data()["order"]
    if source not in order or target not in order or source == target:
        return TermIndex()
    lines = "\n".join(str(_data().get(name, "")).strip() for name in (domain, GENERAL)).strip().split("\n")
    rows = [[word.strip() for word in line.split("|")] for line in lines]
    return TermIndex(Term(row[order.index(source)], row[order.index(target)]) for row in rows)


@cache
def _data() -> Mapping[str, Any]:
    source = resources.files("slmdesk.tasks.translation") / "domains.toml"
    return tomllib.loads(source.read_text("utf-8"))


LEAST_WORDS = 4
"""Fewest words of a unit whose language is detected. A shorter unit gets the language of the unit before."""
_LINE = re.compile(r"[^\n]*\n*")


@dataclass(slots=True, eq=False)
class CutState:
    source: str
    target: str
    terms: Sequence[Term]
    language: str = ""
    units: int = 0


def units_of_text(text: str) -> list[dict[str, Any]]:
    """Return the lines of a text as units, with their line ends. Joined, the units are the text."""
    return [
        {"unit": {"text": line, "paired": [], "lone": [], "kind": "paragraph", "place": f"line {number}"}}
        for number, line in enumerate((match[0] for match in _LINE.finditer(text) if match[0]), start=1)
    ]


def segments_from(unit: Mapping[str, Any], taken: CutState) -> list[NewSegment]:
    """Return the segments of a unit. Segments that need no translation have a reason (`nothing`, `kept`, `already`)."""
    tags = Tags(tuple(unit["paired"]), tuple(unit["lone"]))
    text = str(unit["text"])
    reported = unit.get("language")
    language = taken.source or (reported if isinstance(reported, str) else _reported(plain(text, tags), taken))
    is_there = not taken.source and language == taken.target
    index, taken.units = taken.units, taken.units + 1
    segments = []
    is_cue = unit.get("kind") == KIND  # it is shown as a whole, and read in its time
    for segment in (segment_of(text, tags),) if is_cue else segments_of(text, tags, language):
        reason = why_left(segment.text, segment.tags, taken.terms) or ("already" if is_there else "")
        segments.append(NewSegment(
            index, segment.text, place=str(unit.get("place", "")), kind=str(unit.get("kind", "paragraph")),
            lead=segment.lead, trail=segment.trail, paired=segment.tags.paired, lone=segment.tags.lone,
            language=language, state=SegmentState.LEFT if reason else SegmentState.OPEN, reason=reason,
        ))  # fmt: skip
    return segments


def why_left(source: str, tags: Tags, terms: Sequence[Term]) -> str:
    """Return why a segment needs no translation, or "" if it needs one.

    `nothing`: it has no words, or is code. `kept`: it is an address, a company, or only terms that are not translated.
    """
    words = plain(source, tags)
    if is_only_protected(words):
        return "nothing"
    occurrences = list(find_terms(words, terms))
    if is_code(words) and not occurrences:
        return "nothing"
    if not occurrences and (is_address(words) or is_firm(words)):
        return "kept"
    kept = [occurrence for occurrence in occurrences if occurrence.term.keeps]
    for occurrence in reversed(kept):
        words = words[: occurrence.start] + " " + words[occurrence.end :]
    return "kept" if kept and is_only_protected(words) else ""


def _reported(words: str, taken: CutState) -> str:
    """Return the language of a unit. A short unit gets the language of the unit before."""
    if len(words.split()) >= LEAST_WORDS or not words.isascii():
        taken.language = detect(words, DETECTED)[0] or taken.language
    return taken.language


LOOKED_AT = 20_000
"""Most characters of a text from which its language is detected."""


ALL = 0.9
"""Least share of the characters with a detected language that must be in one language, for the text to count as being
only in this language.
"""


def language_of_text(text: str) -> str:
    sizes = _sizes(text)
    return max(sizes, key=sizes.__getitem__, default="")


def only_language_of_text(text: str) -> str:
    """Return the code of the language of (nearly) all of a text, or '' if it has several or the language is unknown."""
    sizes = _sizes(text)
    best = max(sizes, key=sizes.__getitem__, default="")
    return best if best and sizes[best] >= ALL * sum(sizes.values()) else ""


def beginning_of(pieces: Sequence[Mapping[str, Any]]) -> str:
    texts, size = list[str](), 0
    for piece in pieces:
        if "unit" in piece and size < LOOKED_AT:
            unit = piece["unit"]
            texts.append(" ".join(plain(str(unit["text"]), Tags(tuple(unit["paired"]), tuple(unit["lone"]))).split()))
            size += len(texts[-1])
    return "\n".join(texts)


def _sizes(text: str) -> dict[str, int]:
    taken, sizes = CutState("", "", ()), dict[str, int]()
    for line in text[:LOOKED_AT].splitlines():
        if line.strip() and (language := _reported(line, taken)):
            sizes[language] = sizes.get(language, 0) + len(line)
    return sizes
