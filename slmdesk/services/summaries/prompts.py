"""Builds the prompts of summaries and parses the answers.  Pure functions over `prompt_texts.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from slmdesk.core.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.services.base.prompt_texts import texts
from slmdesk.services.jobs.steps import step_of
from slmdesk.text.checks.overlap import stems
from slmdesk.text.words.sentences import sentences

POINT_TOKENS = 80
"""Of one point, with its numbers; what is longer is cut off and dropped."""
WORDS_OF_SENTENCE = 16
MOST_POINTS = 20
"""Of one answer; no prompt asks for more."""
ECHO = 0.8
"""A point that shares so many of its words with the example of the prompt was copied from it."""
CELLS = " | "
"""Between the cells of a row as a model is shown it: a point that has it was copied, and says nothing by itself."""
LABELS = ("Decision", "Action", "Date", "Amount", "Party", "Fact")
"""Of points of an executive summary; the frontends translate them."""

_NUMBERS = r"\[\s*\d+(?:\s*,\s*\d+)*\s*\]"
_BEHIND = re.compile(rf"^\s*[-*•]?\s*(?P<text>.+?)\s*(?P<numbers>{_NUMBERS})[.\s]*$")
_BEFORE = re.compile(rf"^(?:[^\[\]]*:\s)?\s*[-*•]?\s*(?P<numbers>{_NUMBERS})\s*(?P<text>[^\[\]]+?)\s*$")
_LABEL = re.compile(rf"^({'|'.join(LABELS)})\s*:\s*", re.IGNORECASE)
_GLUED = re.compile(r"[^\W_]{2,}\.[^\W\d_]{2,}")
_LEANING = {
    "en": r"(?:it(?! is (?:\w+ )?\w+ (?:to|that)\b)|its|he|his|she|her|they|their|such|also|"
    r"(?:this|that|these|those)(?= (?:\w+s|are|were|can|may|must|shall|will|should|have)\b))",
    "de": r"(?:es|er|dies|ihre?|auch|(?:das|diese)(?= (?:ist|sind|gilt|war|waren|kann|muss|wird)\b))",
    "fr": r"(?:il(?! est (?:interdit|permis|possible|nécessaire))|ils|elles?|cela|ceci|ce(?= n?'?est)|c(?=['’]est))",
    "es": r"(?:él|ella|ellos|ellas|ello|esto|eso)",
    "it": r"(?:esso|essa|essi|esse|ciò|questo(?= è))",
    "pl": r"(?:on|ona|ono|oni|one|to(?= jest))",
    "pt": r"(?:ele|ela|eles|elas|isto|isso)",
    "nl": r"(?:het(?= (?:is|wordt|kan|moet))|zij|ze|hij|dit(?= is))",
}
"""How a sentence begins that says nothing without the one before it: "It is", "This applies", but not "This lease"."""
_WHEN = re.compile(
    r"\d|\b(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|today|tomorrow|daily|\w+day\b|years?\b|"
    r"months?\b|weeks?\b|jahr|monat|woche|tag|\w+tags?\b)",
    re.IGNORECASE,
)
_DUTY = re.compile(
    r"\b(?:must|shall|should|will|ha[sd] to|have to|needs? to|is to|are to|requir\w+|oblig\w+|muss|müssen|sollen?|"
    r"verpflichtet|hat zu|haben zu|doit|doivent|deben?|deve|devono|musi|muszą|powinn\w+|moet\w*)\b",
    re.IGNORECASE,
)
_STATE = re.compile(r"\b(?:is|are|was|were|ist|sind|war|waren|est|sont|es|son|è|sono|jest|są)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:not|never|no|nicht|kein\w*|pas|non|nie)\b", re.IGNORECASE)


class Kind(StrEnum):
    """The kinds of summaries."""

    PARAGRAPH = "paragraph"
    BULLETS = "bullets"
    EXECUTIVE = "executive"
    """Decisions, actions, dates, amounts, parties."""
    SECTIONS = "sections"
    SIMPLE = "simple"
    """In everyday words."""
    OWN = "own"
    """After an instruction of the person's."""


class Length(StrEnum):
    """The lengths of summaries; a number of words may be given instead."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Style:
    """What is the same in all prompts of a summary."""

    kind: Kind
    language: str
    """Code of ISO 639-1."""
    focus: str = ""
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class AnswerPoint:
    """A point of an answer, with the piece numbers it names."""

    text: str
    numbers: tuple[int, ...]
    label: str = ""


def prompt_version() -> str:
    """Return the version under which answers are stored."""
    return f"summary {texts()['version']}"


def sentences_requested(kind: Kind, length: Length | int) -> int:
    """Return the sentences of a summary of this length, or of one section where the kind has sections."""
    if isinstance(length, int):
        return max(1, round(length / WORDS_OF_SENTENCE))
    return int(texts()["length"][kind.value][length.value])


def points_step(
    style: Style, blocks: Sequence[str], points: int, headings: Mapping[int, Sequence[str]] | None = None
) -> dict[str, Json]:
    """Build the step that asks for the points of a chunk.

    `headings`: headings before the n-th block, from 0; shown but never named by a point, because a heading states
    nothing.
    """
    shared = [texts()["task"].format(points=points), texts()["form"], texts()["rules"], texts()["kind"][style.kind]]
    return _step(style, shared, blocks, points, headings)


def merge_step(style: Style, points: Sequence[str], requested: int) -> dict[str, Json]:
    """Build the step that asks to merge these points into fewer."""
    kind = "" if style.kind is Kind.EXECUTIVE else texts()["kind"][style.kind]
    shared = [texts()["merge_task"].format(points=requested), texts()["merge_form"], texts()["merge_rules"], kind]
    return _step(style, shared, points, requested)


def _step(
    style: Style,
    shared: Sequence[str],
    numbered: Sequence[str],
    points: int,
    headings: Mapping[int, Sequence[str]] | None = None,
) -> dict[str, Json]:
    program = " ".join(one for one in shared if one) + f"\nFor example: {texts()['example']}"
    system = [TextPart(program, Origin.PROGRAM)]
    if style.focus:
        system.append(TextPart("\n" + texts()["focus"].format(focus=style.focus), Origin.PERSON))
    if style.instruction:
        system.append(TextPart("\n" + texts()["request"].format(request=style.instruction), Origin.PERSON))
    language = texts()["language"].get(style.language, "")
    if language:
        system.append(TextPart("\n" + language, Origin.PROGRAM))
    lines: list[str] = []
    for number, text in enumerate(numbered):
        lines += [f"# {one}" for one in (headings or {}).get(number, ())]
        lines.append(f"[{number + 1}] {text}")
    listed = "\n".join(lines)
    has_labels = style.kind is Kind.EXECUTIVE
    sampling = Sampling(
        temperature=0.0, grammar=grammar(len(numbered), points, has_labels), max_tokens=points * POINT_TOKENS
    )
    messages = [
        ChatMessage(Role.SYSTEM, tuple(system)),
        ChatMessage(Role.USER, (TextPart(listed, Origin.DOCUMENT), TextPart(f"\n\n{language}".rstrip()))),
    ]
    return step_of(messages, sampling)


def grammar(numbers: int, points: int, has_labels: bool = False) -> str:
    """Return the GBNF grammar of an answer: a line for each point, beginning with one or two valid piece numbers.

    The first number of the n-th line lies in the n-th part of the text: asked for what is most important, small models
    otherwise report what comes first.  A line has one sentence, at most four: without a limit models never end, and
    with a tighter one they look for ways round it ("site.data", "PRs.Emails").
    """
    count = max(1, min(points, numbers))
    rules = []
    for at in range(count):
        low, high = numbers * at // count, -(-numbers * (at + 1) // count)
        listed = " | ".join(f'"{number}"' for number in range(low + 1, high + 1))
        rules.append(f"n{at} ::= {listed}")
        rules.append(f'line{at} ::= "[" n{at} (", " number)? "] " {"label " if has_labels else ""}sentence "\\n"')
    root = ""
    for at in reversed(range(count)):
        root = f"line{at} ({root})?" if root else f"line{at}"
    every = " | ".join(f'"{number}"' for number in range(1, numbers + 1))
    lines = [
        f"root ::= {root}",
        *rules,
        f"number ::= {every}",
        'sentence ::= first part (" " part){0,3}',
        "part ::= inner+ [.!?\u3002]",
        # a stop inside a number, an abbreviation or an address; "PRs.Emails" was a way round the limit
        "inner ::= [^\\x00-\\x1f\\[\\].!?\u3002] | [.] [0-9a-z]",
        "first ::= [^\\x00-\\x20\\[\\]*.!?-]",
    ]
    labels = " | ".join(f'"{one}: "' for one in LABELS)
    return "\n".join([*lines, f"label ::= {labels}"] if has_labels else lines)


def points_in(
    answer: str, numbers: int, *, language: str = "", has_labels: bool = False, is_cut: bool = False
) -> list[AnswerPoint]:
    """Parse the points of an answer: lines with valid numbers, cut into sentences so that each is checked separately.

    Duplicates and the prompt's example are left out.  `is_cut`: the answer was too long, so its last line is
    incomplete.
    """
    found: list[AnswerPoint] = []
    seen: set[str] = set()
    for line in (_without_rest(answer) if is_cut else answer).splitlines():
        match = _BEHIND.match(line) or _BEFORE.match(line)
        if match is None:
            continue
        named = dict.fromkeys(int(one) for one in re.findall(r"\d+", match["numbers"][:200]) if len(one) < 6)
        there = tuple(one for one in named if 1 <= one <= numbers)[:4]
        text, label = match["text"].strip(), ""
        if has_labels and (lead := _LABEL.match(text)):
            text, label = text[lead.end() :].strip(), lead[1].capitalize()
        for one in _apart(text, language) if there else ():
            same = " ".join(sorted(stems(one)))
            if len(one) < 3 or CELLS in one or same in seen or is_echo(one):
                continue
            seen.add(same)
            found.append(AnswerPoint(_with_stop(one), there, label_of(one, label) if has_labels else ""))
    return found[:MOST_POINTS]


def _apart(text: str, language: str) -> list[str]:
    """Split a point into sentences; one that refers to the one before stays with it, or is left out without it."""
    found: list[str] = []
    leaning = _LEANING.get(language or "en", "(?!)")
    for one in sentences(text, language):
        if not re.match(rf"{leaning}(?!\w)", one, re.IGNORECASE):
            found.append(one)
        elif found and one not in found[-1]:
            found[-1] += f" {one}"
    return found


def label_of(text: str, label: str) -> str:
    """Return the label that fits a point: a date for when, an amount for how much, no action for a state."""
    fits = {
        "Date": bool(_WHEN.search(text)),
        "Amount": any(one.isdigit() for one in text),
        "Action": not _NOT.search(text) and bool(_DUTY.search(text) or not _STATE.search(text)),
    }
    return label if label and fits.get(label, True) else "Fact"


def without_glue(answer: str, source: str) -> str:
    """Cut lines where the model evaded its limit: "… of the town.and that", which is not in the source."""
    return "\n".join(_up_to_glue(line, source) for line in answer.splitlines())


def _up_to_glue(line: str, source: str) -> str:
    for found in _GLUED.finditer(line):
        if found[0] not in source:
            return line[: found.start() + found[0].index(".") + 1]
    return line


def _without_rest(answer: str) -> str:
    """Return a cut-off answer up to its last whole sentence."""
    ends = [found.end() for found in re.finditer(r"[.!?。](?=\s)", answer)]
    return answer[: ends[-1]] if ends else ""


def is_echo(text: str) -> bool:
    """Return whether the text repeats the prompt's example."""
    example, words = stems(re.sub(_NUMBERS, "", texts()["example"])), stems(text)
    return bool(words) and len(words & example) >= ECHO * len(words)


def _with_stop(text: str) -> str:
    return text if text[-1] in '.!?…。！？:;"”»)' else text + "."
