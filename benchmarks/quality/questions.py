"""python -m benchmarks.quality.questions MODEL [WHICH] [--aside] [--plain|--right] [NAME …].

Each question of benchmarks/quality/matters is asked of the program (with --plain of the same model in a chat with the
document attached, too) and judged by the rules written down before (see `expectations`).  WHICH: --older:
those of documents; --cases PAPERS: those of cases, to the papers of a folder; --set FOLDER: all questions of a folder.
--right: the checks are given the right answers instead of a model's: what they cost at most.
A line for each answer, at the end a table in Markdown, shares with their interval of 95 %.  With a folder in
SLMDESK_QUALITY_OUT answers are kept there and not asked for again.

*Marked* is an answer that carries a doubt, or has no quotation.  *Perhaps*: passages instead of a refusal, neither
right nor honest; of how many one holds the answer, and how often the paper has none.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.quality.desk import Desk, Made, made_once
from benchmarks.quality.expectations import (
    CASES,
    FOLDER,
    MATTERS,
    Document,
    Question,
    denies,
    documents,
    fulfils,
    is_right,
    plain,
)
from slmdesk.base.records import DocumentRecord
from slmdesk.documents.retrieval import RankedPassages
from slmdesk.tasks.questions.plan import MOST_PASSAGES, AnswerContext, Evidence, answered_of
from slmdesk.tasks.questions.prompt import NOT_FOUND as REFUSAL
from slmdesk.tasks.questions.prompt import PERHAPS, Answered, Source

OPTIONS = {"--aside", "--older", "--plain", "--right", "--set", "--cases"}
NOT_FOUND, NO_PAGE = "not found", "no page"
"""In the notes on an answer: it says that the document does not tell; its quotation is from another page."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer of one side, judged by rule."""

    side: str
    document: Document
    question: Question
    made: Made

    @property
    def is_right(self) -> bool:
        """Whether it says what it must; where there is no answer: whether it is honest."""
        text, question = self.made.text, self.question
        if self.side != attached.__name__ and (NOT_FOUND in self.made.notes or self.is_perhaps):
            return question.none and not self.is_perhaps
        return bool(text) and (is_right(text, question) if not denies(text) else question.none)

    @property
    def is_marked(self) -> bool:
        """Whether a reader is told to look again, or that there is no answer."""
        return bool(self.made.marked) or NOT_FOUND in self.made.notes

    @property
    def is_perhaps(self) -> bool:
        """Whether passages are shown instead of a refusal; its text is theirs, and no answer."""
        return PERHAPS in self.made.notes.split(", ")

    @property
    def is_denied(self) -> bool:
        """Whether it says that the document does not tell, and the document does."""
        if self.is_right or self.is_perhaps or self.question.none:
            return False
        return NOT_FOUND in self.made.notes or denies(self.made.text)

    @property
    def line(self) -> str:
        """As it is printed."""
        verdict = "right" if self.is_right else "WRONG"
        state = "marked" if self.is_marked else "in the text"
        expected = "none" if self.question.none else self.question.answer
        head = f"{self.document.name} {self.side} {self.made.seconds:.1f} s | {verdict} | {state} | {self.made.notes}"
        return f"{head}\n    {self.question.question}\n    {' '.join(self.made.text.split())}   [{expected}]"


def ours(desk: Desk, record: DocumentRecord, question: Question) -> Made:
    """What the program answers."""
    made = desk.answer(record, question.question)
    answered: Answered = made.result
    notes = _notes(answered)
    if answered.found and answered.citations and not question.none:
        first = answered.citations[0]
        (there,) = desk.services.service_thread.call(
            lambda: desk.services.store.pages.of_document(record.id, begin=first.page, limit=1)
        )
        if plain(question.quote) not in plain(there.text):
            notes.append(NO_PAGE)
    marked = int(answered.found and not answered.supported)
    return Made(_text_of(answered), made.seconds, made.first_s, marked=marked, notes=", ".join(notes))


def right(desk: Desk, record: DocumentRecord, question: Question) -> Made:
    """What the program makes of a model that is always right, and refuses where there is no answer."""

    def answered() -> Answered:
        store = desk.services.store
        passages = tuple(store.passages.of_document(record.id))
        sources = tuple(Source(number, passage, record.name) for number, passage in enumerate(passages, 1))
        ranked = RankedPassages(passages[:MOST_PASSAGES], ())
        reading = AnswerContext(ranked, sources, is_whole=True, passages=len(passages))
        evidence = Evidence(store, question.question, (record,), reading)
        return answered_of(evidence.part(REFUSAL if question.none else question.answer), reading)

    made = desk.services.service_thread.call(answered)
    marked = int(made.found and not made.supported)
    return Made(_text_of(made), 0.0, 0.0, marked=marked, notes=", ".join(_notes(made)))


def _text_of(answered: Answered) -> str:
    """The answer, or the passages that are shown instead of a refusal."""
    quotes = [citation.quote for citation in answered.citations] if answered.state == PERHAPS else []
    return " ".join([answered.answer, *quotes])


def _notes(answered: Answered) -> list[str]:
    state = [PERHAPS] if answered.state == PERHAPS else [] if answered.found else [NOT_FOUND]
    return [*state, *(f"{mark.kind} {mark.text[:40]!r}" for mark in answered.marks)]


def attached(desk: Desk, record: DocumentRecord, question: Question) -> Made:
    """What the model says in a chat with the document attached."""
    return desk.plain(record, question.question)


def table(judged: Sequence[Judged]) -> str:
    """The figures of each side."""
    lines = [
        "| side | right | of two parts | denied though there | honest where none | wrong and unmarked "
        "| right and marked | perhaps, its passage · there, none | s (median) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for side in dict.fromkeys(answer.side for answer in judged):
        some = [answer for answer in judged if answer.side == side]
        told = [answer for answer in some if not answer.question.none]
        cells = [
            side,
            share([answer.is_right for answer in told]),
            share([answer.is_right for answer in told if answer.question.two_parts]),
            share([answer.is_denied for answer in told]),
            share([answer.is_right for answer in some if answer.question.none]),
            share([not answer.is_right and not answer.is_marked for answer in some]),
            share([answer.is_marked for answer in told if answer.is_right]),
            _perhaps([answer for answer in some if answer.is_perhaps]),
            f"{statistics.median(answer.made.seconds for answer in some):.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _perhaps(some: Sequence[Judged]) -> str:
    told = [answer for answer in some if not answer.question.none]
    shown = sum(fulfils(answer.made.text, answer.question.rules) for answer in told)
    return f"{shown} of {len(told)} · {len(some) - len(told)}"


def share(cases: Sequence[bool]) -> str:
    """So many of how many, with the interval of 95 % (Wilson 1927)."""
    n, z = len(cases), 1.96
    if not n:
        return "–"
    p = sum(cases) / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return f"{sum(cases)} of {n} ({p:.2f}; {low:.2f}–{high:.2f})"


def main(arguments: Sequence[str]) -> int:
    """Run the measure; print a line as each answer is there."""
    options = {argument for argument in arguments if argument.startswith("--")}
    model, *names = [argument for argument in arguments if not argument.startswith("--")] or [""]
    own = Path(names.pop(0)) if "--set" in options and names else None
    papers = Path(names.pop(0)) if "--cases" in options and names else None
    if not model or options - OPTIONS:
        print(__doc__, file=sys.stderr)
        return 2
    half = None if own else "--aside" in options
    folder = own or (CASES if papers else FOLDER if "--older" in options else MATTERS)
    some = [document for document in documents(half, folder, papers) if not names or document.name in names]
    sides = (right,) if "--right" in options else (ours, attached) if "--plain" in options else (ours,)
    judged: list[Judged] = []
    with Desk(model) as desk:
        for document in some:
            record = desk.read(document.path)
            for number, question in enumerate(document.questions, 1):
                for side in sides:
                    make = partial(side, desk, record, question)
                    made = made_once(f"{document.name}.{number}.{side.__name__}", make)
                    judged.append(Judged(side.__name__, document, question, made))
                    print(judged[-1].line, flush=True)
    print(table(judged), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
