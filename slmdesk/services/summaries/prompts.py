"""Builds the prompts of summaries and parses the answers.  Pure functions over `prompt_texts.toml`."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import zip_longest

from slmdesk.core.record import Record
from slmdesk.core.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.services.base.prompt_texts import texts
from slmdesk.services.jobs.steps import step_of
from slmdesk.services.summaries.papers import Paper
from slmdesk.text.checks.overlap import stems
from slmdesk.text.passages.salience import ACTION_LEAD, DECISION_LEAD, DUTY
from slmdesk.text.words.anaphora import begins_with_pronoun, refers_back
from slmdesk.text.words.sentences import sentences

POINT_TOKENS = 60
"""Of one point, about; an answer may use so many for each."""
WORDS_OF_SENTENCE = 16


MOST_TOPIC = 60
"""Characters of a line that only names a topic."""
LONG_ENUMERATION, LEAST_ENUMERATED = 300, 6
"""A line so long (characters), with so many parts, is no sentence but a list."""
MOST_POINTS = 40
LEAST_SHARE_OF_POINTS = 0.5
"""Of the points asked for, an answer in lines has at least so many: small models stop early."""
LABELS = ("Decision", "Action", "Date", "Amount", "Party", "Fact")
"""Of points of an executive summary; the frontends translate them."""

_LEAD = re.compile(r"^\s*(?:[-*•–·]+|\(?\d{1,2}[.)])\s+")
_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w|[.,;:])[*_](?!\w)|`")
_NAMED = re.compile(rf"^\*\*([^*\n]{{2,{MOST_TOPIC}}}?)(?:\s*:\*\*|\*\*\s*:)\s+(?=\S)")
"""What a line is about, in bold before its first sentence: "**Rent:** …"."""
_LABEL = re.compile(rf"^({'|'.join(LABELS)})\s*:\s*", re.IGNORECASE)
_TALK = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|natürlich|gerne|bien sûr|voici|claro|certo)\b|"
    r"(?:here (?:is|are)|hier (?:ist|sind)|aquí|ecco)\b[^.]{0,80}(?:summary|points?|zusammenfassung|punkte|résumé|"
    r"resumen|riassunto)|(?:in (?:summary|conclusion)|overall|zusammenfassend|en résumé|en resumen|in sintesi)\b|"
    r"(?:this|the|these|dies\w*|d(?:er|ie|as)|ce(?:tte|s)?|l[ae]s?|est[ae]s?|quest\w)\s?(?:is the most important|"
    r"(?:summary|points?|bullet|text|document|zusammenfassung|dokument|résumé|texte|resumen)\b[^.]{0,20}\b"
    r"(?:provides?|covers?|contains?|outlines?|summari[sz]es?|enthält|umfasst|fasst|contient|résume)\b))",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(r"\b(?:points?|summary|bullets?|zusammenfassung|punkte|résumé|resumen|puntos)\b", re.IGNORECASE)
"""In a line that ends with a colon: it announces the answer, and is no topic."""
_UNSAID = re.compile(
    r"\b(?:(?:not|no) (?:\w+ ){0,3}(?:specified|mentioned|stated|provided in the|given in the|applicable)|"
    r"(?:is|are) (?:unspecified|unclear)|does not (?:say|state|specify|mention)|"
    r"nicht (?:angegeben|genannt|erwähnt|festgelegt)|keine angaben?|n['’]est pas (?:précisée?|mentionnée?|indiquée?)|"
    r"no se (?:menciona|especifica|indica)|non (?:è )?(?:specificat|menzionat|indicat)\w+)\b",
    re.IGNORECASE,
)
"""A line that says that the text does not say something: asked for by the form, not by the text."""
_WHEN = re.compile(
    r"\d|\b(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|today|tomorrow|daily|\w+day\b|years?\b|"
    r"months?\b|weeks?\b|jahr|monat|woche|tag|\w+tags?\b)",
    re.IGNORECASE,
)
_STATE = re.compile(r"\b(?:is|are|was|were|ist|sind|war|waren|est|sont|es|son|è|sono|jest|są)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:not|never|no|nicht|kein\w*|pas|non|nie)\b", re.IGNORECASE)


_DECIDES = re.compile(
    r"\b(?:decid\w+|decisions?|agreed|approv\w+|resolved|adopt\w+|accept\w+|chosen|select\w+|postpon\w+|extended|"
    r"moved to|beschl\w+|beschloss\w+|entschied\w*|genehmig\w+|zugestimmt|verschoben|décid\w+|approuv\w+|adopté\w*|"
    r"reporté\w*|"
    r"decidi\w+|aprob\w+|acord\w+|approvat\w+|deliberat\w+|zatwierdz\w+|postanow\w+)\b",
    re.IGNORECASE,
)


class Kind(StrEnum):
    PARAGRAPH = "paragraph"
    BULLETS = "bullets"
    EXECUTIVE = "executive"
    """Decisions, actions, dates, amounts, parties."""
    SECTIONS = "sections"
    SIMPLE = "simple"
    OWN = "own"


class Length(StrEnum):
    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Style(Record):
    """What is the same in all prompts of a summary."""

    kind: Kind
    language: str
    """Code of ISO 639-1."""
    focus: str = ""
    instruction: str = ""
    paper: Paper = Paper.ARTICLE

    @property
    def is_prose(self) -> bool:
        return self.kind in (Kind.PARAGRAPH, Kind.SIMPLE)

    @property
    def has_labels(self) -> bool:
        return self.kind is Kind.EXECUTIVE


class AnswerPoint(Record):
    text: str
    label: str = ""


def prompt_version() -> str:
    return f"summary {texts()['version']}"


def sentences_requested(kind: Kind, length: Length | int) -> int:
    """Return the sentences of a summary of this length, or of one section where the kind has sections."""
    if isinstance(length, int):
        return max(1, round(length / WORDS_OF_SENTENCE))
    return int(texts()["length"][kind.value][length.value])


def summary_step(style: Style, text: str, points: int, part_of: str = "") -> dict[str, Json]:
    """Build the step that asks for a summary of a text, whole or a part.

    `part_of`: the title of the document when the text is a part of one.
    """
    known, what = texts(), texts()["paper_name"][style.paper.value]
    points = max(1, min(points, MOST_POINTS))
    head = known["part"].format(what=what, title=part_of) if part_of else known["text"].format(what=what)
    ask = [TextPart("\n\n" + _task(style, what, points))]
    if style.focus:
        ask.append(TextPart("\n" + known["focus"].format(focus=style.focus), Origin.PERSON))
    if style.instruction:
        words = known["own"].format(what=what, request=style.instruction, points=points)
        own = known["request"].format(request=style.instruction)
        ask.append(TextPart("\n" + (words if style.kind is Kind.OWN else own), Origin.PERSON))
    ask.append(TextPart("\n" + " ".join(filter(None, (known["only"], known["language"].get(style.language, ""))))))
    messages = [
        ChatMessage(Role.SYSTEM, (TextPart(known["system"], Origin.PROGRAM),)),
        ChatMessage(Role.USER, (TextPart(head + "\n\n"), TextPart(text, Origin.DOCUMENT), *ask)),
    ]
    grammar = lines_grammar(points) if style.has_labels else None  # else a model's own form says more in fewer words
    sampling = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=points * POINT_TOKENS, grammar=grammar)
    return step_of(messages, sampling)


def _task(style: Style, what: str, points: int) -> str:
    known = texts()
    if style.kind is Kind.OWN:
        return ""
    parts = [known["prose" if style.is_prose else "lines"].format(what=what, points=points)]
    if style.has_labels:
        parts.append(known["labels"])
    if style.kind is Kind.SIMPLE:
        parts.append(known["simple"])
    return " ".join(parts)


def lines_grammar(points: int) -> str:
    """Return the GBNF grammar of an answer in lines with labels: at most so many, each beginning with "- "."""
    least = max(1, round(points * LEAST_SHARE_OF_POINTS))
    labels = " | ".join(f'"{one}: "' for one in LABELS)
    rules = [
        f"root ::= line{{{least},{points}}}",
        'line ::= "- " label first rest* "\\n"',
        "first ::= [^\\x00-\\x20*#\\[\\]-]",
        "rest ::= [^\\x00-\\x1f]",
        f"label ::= {labels}",
    ]
    return "\n".join(rules)


def points_in(answer: str, style: Style, *, is_cut: bool = False) -> list[AnswerPoint]:
    """Parse the points of an answer: its lines, or its sentences in prose; without talk about the task, and without
    what was said already.  A line that only names a topic ("**Rent:**", "# Rent", "**4. Rent**" above deeper lines) is
    the label of those below it.

    `is_cut`: the last line is incomplete.
    """
    found: list[AnswerPoint] = []
    seen: set[str] = set()
    topic, topic_indent, is_below = "", 0, False
    lines = [one for one in (_without_rest(answer) if is_cut else answer).splitlines() if one.strip()]
    for line, after in zip_longest(lines, lines[1:], fillvalue=""):
        indent = _indent(line)
        bare = _LEAD.sub("", line)
        named = None if style.has_labels or style.is_prose else _NAMED.match(bare)
        text = " ".join(_EMPHASIS.sub("", bare[named.end() :] if named else bare).split()).lstrip("# ")
        if not text:
            continue
        if _is_topic(line, text, has_deeper=_indent(after) > indent):
            is_below = False
            name = _LEAD.sub("", text).rstrip(": ")
            topic, topic_indent = ("" if style.has_labels or style.is_prose else name), indent
            continue
        if indent < topic_indent or (indent == topic_indent and is_below):
            topic = ""  # a point beside the topics
        is_below = is_below or indent > topic_indent
        label = named[1].strip() if named else topic
        if style.has_labels and (lead := _LABEL.match(text)):
            text, label = text[lead.end() :].strip(), lead[1].capitalize()
        if listed := [] if style.is_prose or style.has_labels else _enumerated(text, style.language):
            label, *parts = listed
        else:
            parts = _apart(text, style.language)
        for one in parts:
            same = " ".join(sorted(stems(one)))
            if len(one) < 3 or same in seen or says_nothing(one):
                continue
            seen.add(same)
            found.append(AnswerPoint(_with_stop(one), label_of(one, label) if style.has_labels else label))
    return found[: MOST_POINTS * 2]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_topic(line: str, text: str, *, has_deeper: bool) -> bool:
    if len(text) > MOST_TOPIC or _TALK.search(text) or _ANNOUNCES.search(text):
        return False
    return text.endswith(":") or line.lstrip().startswith("#") or (has_deeper and text[-1] not in ".!?…")


def _enumerated(text: str, language: str) -> list[str]:
    """Return the name and the parts of a long line "Name: one, two (with, more), three …"; empty for other lines, such
    as sentences.
    """
    name, mark, rest = text.partition(": ")
    if not mark or len(name) > MOST_TOPIC or len(text) < LONG_ENUMERATION:
        return []
    if ": " in rest or len(sentences(rest, language)) > 1:
        return []
    parts, depth, start = list[str](), 0, 0
    for found in re.finditer(r"[()]|[,;] ", rest):
        depth = max(0, depth + {"(": 1, ")": -1}.get(found[0], 0))
        if not depth and found[0] not in "()":
            parts.append(rest[start : found.start()])
            start = found.end()
    parts = [one.strip(" .") for one in [*parts, rest[start:]]]
    return [name, *filter(None, parts)] if len(parts) >= LEAST_ENUMERATED else []


def says_nothing(text: str) -> bool:
    """Return whether a line is talk about the task, announces a list, or says that the text does not say something."""
    return text.endswith(":") or _TALK.search(text) is not None or _UNSAID.search(text) is not None


def _apart(text: str, language: str) -> list[str]:
    """Split a point into sentences; one that refers to the one before stays with it, or is left out without it."""
    found: list[str] = []
    for one in sentences(text, language):
        if not refers_back(one, language) or (not found and not begins_with_pronoun(one, language)):
            found.append(one)
        elif found and one not in found[-1]:
            found[-1] += f" {one}"
    return found


def label_of(text: str, label: str) -> str:
    """Return the label that fits a point: a date for when, an amount for how much, no action for a state.

    A decision needs a word of deciding in it.
    """
    fits = {
        "Decision": bool(_DECIDES.search(text) or DECISION_LEAD.search(text)),
        "Date": bool(_WHEN.search(text)),
        "Amount": any(one.isdigit() for one in text),
        "Action": bool(ACTION_LEAD.search(text))
        or (not _NOT.search(text) and bool(DUTY.search(text) or not _STATE.search(text))),
    }
    return label if label and fits.get(label, True) else "Fact"


def _without_rest(answer: str) -> str:
    """Return a cut-off answer up to its last whole line, and the whole sentences of the line that was cut."""
    lines, _, last = answer.rpartition("\n")
    ends = [found.end() for found in re.finditer(r"[.!?。](?=\s)", last)]
    return f"{lines}\n{last[: ends[-1]]}" if ends else lines


def _with_stop(text: str) -> str:
    return text if text[-1] in '.!?…。！？:;"”»)' else text + "."
