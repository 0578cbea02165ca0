"""python -m benchmarks drafts FOLDER [--papers FOLDER] [--show]: what the program makes of good drafts of summaries.

For a folder of papers with drafts written by hand (see benchmarks.quality.draft_sets).  A line of JSON for each paper:

    rules, draft, through   points of what the rules choose, of the draft, and of what the program makes of the draft
                            when a model writes it: in the first words that count (170; of a longer paper as many as
                            its summary may have), and in the lines below that the program appends
    total                   points of a text that says everything
    lost                    points of `draft` that are not in `through`
    appended_points         points of `through` that stand in the appended lines alone
    sentences               of the draft, of which the checks
    marked                  speak against so many
    appended                lines
    faults                  {kind: [found, total]}: lines with a fault that are marked; with faults.json

The sums of all papers are a last line, on stderr.  `--show` tells there what was lost, marked or not found.  A paper
that is not in FOLDER is looked for in the folders of `--papers`.  Status 1 where something could not be judged.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from benchmarks.quality.desk import Desk
from benchmarks.quality.draft_sets import BadInput, Case, Cases
from benchmarks.quality.summaries import first_words
from slmdesk.base.documents import Page
from slmdesk.base.records import DocumentRecord
from slmdesk.tasks.jobs.documents import PlanTools
from slmdesk.tasks.jobs.runner import Batch, Plan, Question
from slmdesk.tasks.shape import Work
from slmdesk.tasks.summaries.checking import Said, checked
from slmdesk.tasks.summaries.lines import count_words
from slmdesk.tasks.summaries.linking import Point, SummaryTexts
from slmdesk.tasks.summaries.plan import SummaryPlan, allowed_words
from slmdesk.tasks.summaries.prompts import Numbered, written_in
from slmdesk.tasks.summaries.types import ALSO_IN, Length, Sentence, SummaryRequest

LEAST_WORDS = 170
"""So many words count at least."""
CONTEXT_TOKENS = 1_000_000
"""No paper is too long for a person."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the checks make of the sentences of a draft."""

    said: Sequence[Said]
    points: Sequence[Point]

    @property
    def marked(self) -> int:
        """Sentences that a check speaks against."""
        return sum(not point.is_supported for point in self.points)

    def point(self, sentence: Said) -> Point | None:
        """The sentence as it is shown, if it is."""
        return next((point for point in self.points if point.text == sentence.text), None)

    def accepts(self, sentence: Said) -> bool:
        """Whether it is shown without a mark."""
        return (point := self.point(sentence)) is not None and point.is_supported


class Paper:
    """A paper as the program reads it."""

    def __init__(self, desk: Desk, document: DocumentRecord, language: str) -> None:
        store, call = desk.services.store, desk.services.service_thread.call

        def pages(id: str, begin: int, limit: int) -> Sequence[Page]:
            return call(lambda: store.pages.of_document(id, begin=begin, limit=limit))

        self._document, self._pages = document, pages
        texts = SummaryTexts([document], pages)
        for _ in texts.read():
            pass
        self.words = sum(count_words(piece.text) for piece in texts.pieces)
        if not self.words:
            raise BadInput(f"{document.name}: there is no text in it")
        own, here = texts.texts[0].language, texts.texts[0].pieces
        self._asked = language if own and language != own else ""
        self._source = texts.source(self._asked or own)
        self._among = here

    def judged(self, draft: Sequence[str]) -> Judgement:
        """What the checks make of a draft."""
        said = written_in(answer_of(draft), Numbered("", ()), self._source.language).said
        return Judgement(said, tuple(checked(said, self._source, self._among)))

    def passages(self, point: Point) -> str:
        """What a sentence rests on."""
        return " / ".join(self._source.text_of(point.links).splitlines())

    def told(self, draft: Sequence[str], words: int) -> tuple[Sentence, ...]:
        """A summary of so many words as the plan makes it where a model writes the draft."""
        count = lambda texts, then: then([0] * len(texts))  # noqa: E731
        tools = PlanTools(self._pages, count, CONTEXT_TOKENS, lambda: None, lambda _record: ())
        request = SummaryRequest((self._document.id,), length=words, language=self._asked)
        job: Any = SimpleNamespace(model_sha256="")
        model: Any = SimpleNamespace(name="a person", header={}, info={}, sha256="")
        with patch("slmdesk.tasks.summaries.plan.may", lambda *_: True):
            nothing: Any = None
            work = Work(job, request, [self._document], model, tools, nothing, grew=lambda _: None, keep=lambda _: None)
            plan = SummaryPlan(work)
            carried_out(plan.run(), answer_of(draft))
        if plan.result is None or plan.result.method != "model":
            raise RuntimeError("the plan of its summary has nothing written")
        return plan.result.sentences


def answer_of(draft: Sequence[str]) -> str:
    """The lines of a draft as a model would write them."""
    return "\n".join(line for line in draft if any(map(str.isalnum, line)) and not line.startswith("#"))


def carried_out(plan: Plan, answer: str) -> None:
    """Let a plan work, with the same answer for each text that a model is to write."""
    value: Any = None
    with suppress(StopIteration):
        while True:
            asked, value = plan.send(value), None
            if isinstance(asked, Batch):
                is_text = asked.name == "written"
                value = [{"text": answer, "finish_reason": "stop"} if is_text else None for _ in asked.steps]
            elif isinstance(asked, Question):
                values: list[Any] = []
                asked.ask(values.append)
                (value,) = values


def judged(case: Case, desk: Desk, show: Callable[[str], None], *, has_faults: bool) -> dict[str, Any]:
    """Judge a paper.  Raises RuntimeError where it cannot be read, BadInput where it has no text."""
    document = desk.read(case.paper)
    paper = Paper(desk, document, case.language)
    most = max(LEAST_WORDS, allowed_words(paper.words, Length.MEDIUM, is_written=False))
    rules = [sentence.text for sentence in desk.summary(document, own_words=True).result.sentences]
    told, checks = paper.told(case.draft, most), paper.judged(case.draft)
    written, appended = ([point.text for point in told if (point.group == ALSO_IN) is also] for also in (False, True))
    in_draft, in_rules, in_written = (
        case.said_in(first_words("\n".join(lines), most)) for lines in (case.draft, rules, written)
    )
    in_appended = case.said_in("\n".join(appended))
    show(f"\n== {case.name}")
    show_lost("lost", in_draft - in_written - in_appended, show)
    show_lost("appended alone", in_appended - in_written, show)
    show_doubts(checks, paper, show)
    for line in appended:
        show(f"appended: {line}")
    row = {
        "file": case.name,
        "rules": case.worth(in_rules),
        "draft": case.worth(in_draft),
        "through": case.worth(in_written | in_appended),
        "total": case.worth(case.facts),
        "lost": case.worth(in_draft - in_written - in_appended),
        "marked": checks.marked,
        "appended": len(appended),
        "appended_points": case.worth(in_appended - in_written),
        "sentences": len(checks.said),
        "words": most,
    }
    return {**row, "faults": faults_found(case, paper, show)} if has_faults else row


def faults_found(case: Case, paper: Paper, show: Callable[[str], None]) -> dict[str, list[int]]:
    """How many faulty lines of each kind are marked, of all."""
    counts: dict[str, list[int]] = {}
    right = paper.judged(case.draft).said
    for fault in case.faults:
        checks = paper.judged([fault.text])  # each sentence is judged by itself
        faulty = [sentence for sentence in checks.said if sentence not in right]
        is_found = not all(map(checks.accepts, faulty))
        if not is_found:
            show(f"{fault.kind}, not found: {fault.text}\n    right: {case.draft[fault.line]}")
            show_passages(faulty, checks, paper, show)
        count = counts.setdefault(fault.kind, [0, 0])
        count[0] += is_found
        count[1] += 1
    return counts


def show_lost(words: str, facts: Iterable[str], show: Callable[[str], None]) -> None:
    """Facts by name."""
    if names := ", ".join(sorted(facts)):
        show(f"{words}: {names}")


def show_doubts(checks: Judgement, paper: Paper, show: Callable[[str], None]) -> None:
    """Right sentences with a mark, and what they rest on."""
    for sentence in checks.said:
        if not checks.accepts(sentence):
            show(f"right, but marked: {sentence.text}")
            show_passages([sentence], checks, paper, show)


def show_passages(
    sentences: Iterable[Said], checks: Judgement, paper: Paper, show: Callable[[str], None]
) -> None:  # fmt: skip
    """What sentences rest on, and the marks at them."""
    for sentence in sentences:
        if point := checks.point(sentence):
            marks = ", ".join(f"{flag.kind} {flag.text!r}" for flag in point.flags)
            show(f"    {marks or 'no mark'}; rests on: {paper.passages(point)}")


def total(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The sums of several papers."""
    sums: dict[str, Any] = {"papers": len(rows)}
    for row in rows:
        for name, value in row.items():
            if name == "faults":
                for kind, counts in value.items():
                    some = sums.setdefault("faults", {}).setdefault(kind, [0, 0])
                    some[:] = [count + more for count, more in zip(some, counts, strict=True)]
            elif name not in ("file", "words"):
                sums[name] = sums.get(name, 0) + value
    return sums


def say(words: str) -> None:
    """Beside the results."""
    print(words, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """See above.  Status 2 where the command is wrong."""
    parser = argparse.ArgumentParser("python -m benchmarks drafts", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--papers", type=Path, action="append", default=[])
    parser.add_argument("--show", action="store_true")
    told = parser.parse_args(arguments)
    rows, problems = [], 0
    try:
        cases = Cases(told.folder, told.papers)
    except BadInput as err:
        say(str(err))
        return 1
    with Desk() as desk:
        for name in cases.names:
            try:
                case = cases.case(name)
                rows.append(judged(case, desk, say if told.show else lambda _: None, has_faults=cases.has_faults))
            except BadInput as err:
                say(str(err))
                problems += 1
            except Exception as err:  # the other papers are wanted
                say(f"{name}: {err if isinstance(err, RuntimeError) else f'{type(err).__name__}: {err}'}")
                problems += 1
            else:
                print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    for problem in cases.problems:
        say(problem)
    say(json.dumps(total(rows), ensure_ascii=False))
    return 1 if problems or cases.problems or not rows else 0
