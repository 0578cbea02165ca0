"""python -m benchmarks real_answers FOLDER [--half 0|1] [--show]: what questions make of answers of real models.

FOLDER holds corpus.jsonl (`doc`, `lang`, `text`), questions.jsonl (`id`, `lang`, `question`) and answers.jsonl
(`model`, `id`, `answer`, `correct`, `abstained`, `unanswerable`). Each answer is judged as a model's of unknown
certainty, with all papers of its language together. An answer is *right* where it is `correct`, *not said* where it
`abstained` and the question has no answer, or gave none, else *wrong*; counted is how many the program shows as in the
text, by its quotation alone (a yes or no that the quotation does not bear out), as to be checked, as perhaps (passages
instead of a refusal), and as not in the text. `--half`: only answers to every second question, of the first or the
second. `--show` prints those that come out otherwise than they should.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from slmdesk.base.documents import Block, BlockKind, page_of
from slmdesk.base.records import Passage
from slmdesk.documents.retrieval import RankedPassages
from slmdesk.tasks.questions.plan import AnswerContext, Evidence, answered_of
from slmdesk.tasks.questions.prompt import CHECK, IN_TEXT, NOT_IN_TEXT, PERHAPS, Answered, Source

RIGHT, WRONG, NOT_SAID = "right", "wrong", "not said"
QUOTATION = "quotation alone"
STATES = (IN_TEXT, QUOTATION, CHECK, PERHAPS, NOT_IN_TEXT)
GOOD = {RIGHT: (IN_TEXT,), WRONG: (QUOTATION, CHECK, PERHAPS, NOT_IN_TEXT), NOT_SAID: (NOT_IN_TEXT,)}
_SOURCES = re.compile(r"\s?[\[(]S\d+(?:(?:, ?|-|–| und | and )S\d+)*[\])]|\bS\d+\b")
_EMPTY = re.compile(r"\([\s,]*\)|,(?=\s*[.,](?:\s|$))|\*\*\s*\*\*")
"""Marks of sources, which only the prompt of these answers asked for, and what they leave."""
_SIZE = re.compile(r"(?<![\w.])e?(\d+(?:\.\d+)?)b(?!\w)")


class Papers:
    """The papers of a language, each a document whose passages are its pages."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        names = list(dict.fromkeys(row["doc"] for row in rows))
        self._documents: Any = tuple(SimpleNamespace(id=name, name=name, info={}) for name in names)
        self._pages = {name: [row["text"] for row in rows if row["doc"] == name] for name in names}
        self._passages = [
            Passage(at, name, page, page, 0, len(text), text)
            for at, (name, page, text) in enumerate(
                ((name, page, text) for name in names for page, text in enumerate(self._pages[name], 1)), 1
            )
        ]
        self._store: Any = SimpleNamespace(
            passages=SimpleNamespace(
                count=lambda _: (len(self._passages), sum(len(passage.text) for passage in self._passages)),
                of_document=lambda id: [passage for passage in self._passages if passage.document == id],
            ),
            pages=SimpleNamespace(of_document=self._page),
        )

    def _page(self, id: str, begin: int, limit: int) -> list[Any]:
        text = self._pages[id][begin - 1]
        return [page_of(begin, str(begin), text, [Block(BlockKind.PARAGRAPH, 0, len(text))])][:limit]

    def answered(self, question: str, answer: str) -> Answered:
        """What a person is shown of a model's answer."""
        sources = tuple(Source(passage.n, passage, passage.document) for passage in self._passages)
        reading = AnswerContext(RankedPassages((), ()), sources, is_whole=True, passages=len(self._passages))
        evidence = Evidence(self._store, question, self._documents, reading)
        return answered_of(evidence.part(answer), reading)


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer, and what is made of it."""

    language: str
    model: str
    question: str
    answer: str
    kind: str
    shown: Answered

    @property
    def size(self) -> str:
        """Of the model, by its name."""
        match = _SIZE.search(self.model)
        if match is None:
            return "size unknown"
        size = float(match[1])
        return "to 3B" if size <= 3 else "to 10B" if size <= 10 else "over 10B"

    @property
    def state(self) -> str:
        """How it is shown."""
        quotes, words = [" ".join(citation.quote.split()) for citation in self.shown.citations], self.shown.answer
        is_quotation = words in quotes and _letters(words) not in _letters(self.answer)
        return QUOTATION if self.shown.state == IN_TEXT and is_quotation else self.shown.state

    @property
    def line(self) -> str:
        """As it is printed where it came out otherwise than it should."""
        quotes = " / ".join(" ".join(citation.quote.split()) for citation in self.shown.citations)
        marks = ", ".join(f"{mark.kind} {mark.text[:60]!r}" for mark in self.shown.marks)
        words = f"{self.language} {self.model}\n    {self.question}\n    {' '.join(self.answer.split())}"
        return f"== {self.kind}: {self.state} | {words}\n    {marks or 'no mark'} | {quotes or 'no quotation'}"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def kind_of(row: Mapping[str, Any]) -> str:
    """What an answer is."""
    if row["abstained"] and (row["unanswerable"] or not row["correct"]):
        return NOT_SAID
    return RIGHT if row["correct"] else WRONG


def judged(folder: Path, half: int | None) -> list[Judged]:
    """The answers of a folder, or those to half of its questions."""
    corpus, questions, answers = (_rows(folder / f"{name}.jsonl") for name in ("corpus", "questions", "answers"))
    papers = {key: Papers([row for row in corpus if row["lang"] == key]) for key in {row["lang"] for row in corpus}}
    asked = {row["id"]: row for at, row in enumerate(questions) if half is None or at % 2 == half}
    verdicts = []
    for row in (row for row in answers if row["id"] in asked):
        language, question = asked[row["id"]]["lang"], asked[row["id"]]["question"]
        answer = _EMPTY.sub("", _SOURCES.sub("", row["answer"]))
        shown = papers[language].answered(question, answer)
        verdicts.append(Judged(language, row["model"], question, answer, kind_of(row), shown))
    return verdicts


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def table(all_judged: Sequence[Judged]) -> str:
    """Counts by kind, for all and for each language and size."""
    lines = ["| answers | " + " | ".join(STATES) + " |", "|---" * (len(STATES) + 1) + "|"]
    languages, sizes = (sorted({getattr(answer, name) for answer in all_judged}) for name in ("language", "size"))
    for group in ("", *languages, *sizes):
        some = [answer for answer in all_judged if group in ("", answer.language, answer.size)]
        for kind in (RIGHT, WRONG, NOT_SAID):
            states = Counter(answer.state for answer in some if answer.kind == kind)
            if whole := states.total():
                cells = [f"{states[state]} ({states[state] / whole:.1%})" for state in STATES]
                lines.append(f"| {kind}{f', {group}' if group else ''} ({whole}) | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """See above. Status 1 where the folder cannot be read, 2 where the command is wrong."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks real_answers", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--show", action="store_true")
    told = parser.parse_args(arguments)
    try:
        all_judged = judged(told.folder, told.half)
    except (OSError, ValueError, KeyError) as err:
        print(f"{type(err).__name__}: {err}", file=sys.stderr)
        return 1
    for answer in all_judged if told.show else ():
        if answer.state not in GOOD[answer.kind]:
            print(answer.line)
    print(table(all_judged))
    return 0
