"""Builds the prompts of summaries and reads the answers. Pure functions that use `prompts.toml`.

The model gets the part of the document that the program chose, sentence by sentence with numbers. A grammar makes each
sentence of its answer end with the numbers it rests on.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record
from slmdesk.base.text.sentences import refers_back, sentences
from slmdesk.base.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.base.untrusted import broken
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.summaries.checking import Said
from slmdesk.tasks.summaries.lines import Line, Sentences
from slmdesk.tasks.summaries.linking import Piece
from slmdesk.tasks.summaries.types import KEY_POINTS, TO_DO

TOKENS_PER_WORD, NUMBER_TOKENS = 3, 10
"""Most tokens of a written word, and of the numbers behind a sentence of some ten words."""
FACTS_WORDS = 120
"""Words for the facts of one section of a long document."""
_LEAD = re.compile(r"^\s*(?:[-*•–·#]+|\(?\d{1,2}[.)])\s+")
_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w|[.,;:])[*_](?!\w)|`")
_NUMBERS = re.compile(r"\s*\[\s*(\d{1,4}(?:\s*,\s*\d{1,4})*)\s*\]\s*[.;]?\s*$")
_ANY_NUMBERS = re.compile(r"\s*\[\s*[\d,\s]*(?:\]|$)")
_OURS = re.compile(r"\[(?=\d+\])")
"""What looks like one of our numbers in a document."""


@cache
def texts() -> Mapping[str, Any]:
    source = resources.files("slmdesk.tasks.summaries") / "prompts.toml"
    return tomllib.loads(source.read_text("utf-8"))


def prompt_version() -> str:
    return f"summary {texts()['version']}"


Entry = tuple[str, tuple[int, ...]]
"""A sentence as a model reads it, and the indexes of the pieces that hold it; none for a heading."""


class Numbered(Record):
    text: str
    places: tuple[tuple[int, ...], ...]
    """For each number, from 1 on, the indexes of the pieces that hold the sentence."""


class Written(Record):
    said: tuple[Said, ...]
    labels: tuple[str, ...]
    """For each sentence the label above it: "" for what the document is, TO_DO, KEY_POINTS."""


def part_of(here: range, lines: Sequence[Line]) -> list[int]:
    """Return the indexes of the pieces that the model is to tell of; of a thread these are those of the newest mail."""
    earlier = {line.piece for line in lines if line.is_earlier}
    newest = {line.piece for line in lines if not line.is_earlier}
    if not (earlier and newest):
        return list(here)
    stop = min((at for at in earlier if at > max(newest)), default=here.stop)
    return [at for at in here if at not in earlier and at < stop]


def entries_of(pieces: Sequence[Piece], among: Iterable[int], spans: Sentences) -> list[Entry]:
    entries = list[Entry]()
    for at in among:
        piece = pieces[at]
        cuts = [] if piece.is_heading or piece.kind is BlockKind.TABLE_ROW else spans(piece.text)
        for start, end in cuts or [(0, len(piece.text))]:
            if text := piece.text[start:end].strip():
                entries.append((text, () if piece.is_heading else (at,)))
    return entries


def numbered(entries: Iterable[Entry]) -> Numbered:
    """Return sentences with numbers from 1 on, below their headings."""
    lines, places = list[str](), list[tuple[int, ...]]()
    for text, pieces in entries:
        if pieces:
            places.append(pieces)
        lines.append(f"[{len(places)}] {broken(text, _OURS)}" if pieces else f"\n# {broken(text, _OURS)}")
    return Numbered("\n".join(lines).strip(), tuple(places))


def note_step(
    text: Numbered, language: str, words: int, *, background: str = "", focus: str = "", is_simple: bool = False
) -> dict[str, Json]:
    """Build the step that writes a summary in about `words` words: what it is, what has to be done, what else matters.

    `language` is the ISO 639-1 code of the summary. `background`: earlier messages, which are not told themselves.
    """
    known = _in(language)
    wishes = [known["simple"]] if is_simple else []
    asked: list[TextPart] = [TextPart(known["note"].format(words=words))]
    if focus:
        asked += [TextPart(f"\n{known['focus']} "), TextPart(focus, Origin.PERSON)]
    asked.append(TextPart("\n" + " ".join([*wishes, known["numbers"]])))
    what, do, more = (f'"{known[name]}\\n"' for name in ("what", "do", "more"))
    lines = _lines(words)
    grammar = f"{_LINE}root ::= {what} line{{1,3}} {do} line{{0,{lines}}} {more} line{{0,{lines}}}\n"
    return _step(text, background, language, asked, grammar, words)


def own_step(text: Numbered, language: str, words: int, request: str) -> dict[str, Json]:
    """Build the step that writes what a person asked for about a text, in about `words` words."""
    known = _in(language)
    asked = [TextPart(f"{known['own'].format(words=words)} "), TextPart(request, Origin.PERSON)]
    return _step(text, "", language, [*asked, TextPart(f"\n{known['numbers']}")], _list_of(words), words)


def facts_step(text: Numbered, language: str) -> dict[str, Json]:
    """Build the step that notes the facts of one section of a long document."""
    known = _in(language)
    asked = [TextPart(f"{known['facts'].format(words=FACTS_WORDS)} {known['numbers']}")]
    return _step(text, "", language, asked, _list_of(FACTS_WORDS), FACTS_WORDS)


_LINE = r"""line ::= "- " [^\n\[\]]{1,600} "[" number (", " number)? (", " number)? (", " number)? "]\n"
number ::= [1-9] [0-9]? [0-9]? [0-9]?
"""
_LINE_WORDS = 5
"""Words of a short line: a model that never ends its list may write as many lines of them as there is room for."""


def _lines(words: int) -> int:
    return 1 + words // _LINE_WORDS


def _list_of(words: int) -> str:
    return f"{_LINE}root ::= line{{1,{_lines(words)}}}\n"


def _step(
    text: Numbered, background: str, language: str, asked: Sequence[TextPart], grammar: str, words: int
) -> dict[str, Json]:
    known = _in(language)
    lead = [TextPart(f"{known['before']}\n\n"), TextPart(background, Origin.DOCUMENT), TextPart("\n\n")]
    parts = [
        *(lead if background else []),
        TextPart(f"{known['text']}\n\n"),
        TextPart(text.text, Origin.DOCUMENT),
        TextPart("\n\n"),
        *asked,
    ]
    messages = [
        ChatMessage(Role.SYSTEM, (TextPart(texts()["system"], Origin.PROGRAM),)),
        ChatMessage(Role.USER, tuple(parts)),
    ]
    tokens = words * TOKENS_PER_WORD + words // 10 * NUMBER_TOKENS + 60
    sampling = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=tokens, grammar=grammar)
    return step_of(messages, sampling)


def _in(language: str) -> dict[str, str]:
    known: dict[str, dict[str, str]] = texts()["note"]
    return known.get(language) or known["en"]


def written_in(answer: str, text: Numbered, language: str, *, is_cut: bool = False) -> Written:
    """Return the sentences of an answer with the pieces and the labels they have.

    `is_cut`: the answer's last line is incomplete and left out. Numbers that the text does not have are ignored.
    """
    known = _in(language)
    labels = {known["what"]: "", known["do"]: TO_DO, known["more"]: KEY_POINTS}
    label, said, named = "", list[Said](), list[str]()
    lines = answer.splitlines()
    for at, line in enumerate(lines):
        if line.strip() in labels:
            label = labels[line.strip()]
            continue
        numbers = _NUMBERS.search(line)
        if is_cut and at == len(lines) - 1 and not numbers:
            continue
        rests_on = [int(number) for number in numbers[1].split(",")] if numbers else []
        named_places = (place for number in rests_on for place in text.places[number - 1 : number])
        pieces = tuple(dict.fromkeys(at for place in named_places for at in place))
        for sentence in _apart(line_in(without_numbers(line)), language):
            said.append(Said(sentence, pieces))
            named.append(label)
    return Written(tuple(said), tuple(named))


def without_numbers(text: str) -> str:
    """Return words of an answer, also of an unfinished one, without the numbers."""
    return "\n".join(_ANY_NUMBERS.sub("", line) for line in text.splitlines())


def line_in(answer: str) -> str:
    """Return a line of an answer without list markers, emphasis and quotation marks around it."""
    return " ".join(_EMPHASIS.sub("", _LEAD.sub("", answer.strip())).split()).strip('"“”„«» ')


def _apart(line: str, language: str) -> list[str]:
    """Split a line into sentences. One that refers to the sentence before joins it."""
    parts: list[str] = []
    for sentence in sentences(line, language):
        if parts and refers_back(sentence, language):
            parts[-1] += f" {sentence}"
        elif any(map(str.isalnum, sentence)):
            parts.append(sentence)
    return parts
