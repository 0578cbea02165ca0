"""python -m benchmarks drafts FOLDER [--papers FOLDER] [--show]: what the program makes of good drafts of summaries.

For a folder of papers with drafts written by hand (see benchmarks.quality.draft_sets).  A line of JSON for each paper:

    rules, draft, through   points of what the rules choose, of the draft, and of what the program makes of the draft
                            when a model writes it: in the first words that count (170; of a longer paper as many as
                            its summary may have), and in the lines below that the program appends
    total                   points of a text that says everything
    appended_points         points of `through` that stand in the appended lines alone
    sentences               of the draft, of which the checks
    marked, replaced        speak against so many, and put sentences of the paper in the place of so many of these
    appended                lines
    faults                  {kind: [found, total]}: lines with a fault that are marked or replaced; with faults.json

The sums of all papers are a last line, on stderr.  `--show` tells there what was lost, marked or not found.  A paper
that is not in FOLDER is looked for in the folders of `--papers`.  Status 1 where something could not be judged.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.quality.desk import Desk
from benchmarks.quality.draft_sets import BadInput, Case, Cases
from benchmarks.quality.summaries import first_words
from slmdesk.base.documents import Page
from slmdesk.base.records import DocumentRecord
from slmdesk.summaries.checking import Said, checked, unsaid
from slmdesk.summaries.lines import count_words, lines_of, paper_of
from slmdesk.summaries.linking import Point, SummaryTexts
from slmdesk.summaries.plan import allowed_words, choose
from slmdesk.summaries.prompts import line_in
from slmdesk.summaries.types import Length
from slmdesk.text.sentences import sentence_spans

LEAST_WORDS = 170
"""So many words count at least."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the program makes of a draft."""

    points: Sequence[Point]
    passages: Sequence[str]
    """What each point rests on."""
    marked: int
    replaced: int
    appended: Sequence[str]
    """Verbatim lines below."""

    def at(self, sentence: Said) -> int | None:
        """Where a sentence of the draft is shown, if it is."""
        shown = (at for at, point in enumerate(self.points) if point.text == sentence.text and not point.quotation)
        return next(shown, None)

    def accepts(self, sentence: Said) -> bool:
        """Whether a sentence of the draft is shown without a mark."""
        at = self.at(sentence)
        return at is not None and self.points[at].is_supported


class Text:
    """A paper as the plan of its summary reads it."""

    def __init__(self, desk: Desk, document: DocumentRecord, language: str) -> None:
        store, call = desk.services.store, desk.services.service_thread.call

        def pages(id: str, begin: int, limit: int) -> Sequence[Page]:
            return call(lambda: store.pages.of_document(id, begin=begin, limit=limit))

        texts = SummaryTexts([document], pages)
        ended(texts.read())
        text, pieces = texts.texts[0], texts.pieces
        self.words = sum(count_words(piece.text) for piece in pieces)
        """Of the paper."""
        if not self.words:
            raise BadInput(f"{document.name}: there is no text in it")
        headings = [piece.text for piece in pieces if piece.is_heading]
        paper = paper_of("\n".join(piece.text for piece in pieces[:120]), headings, document.format or "")
        spans = partial(sentence_spans, language=text.language)
        self._lines = ended(lines_of(pieces, text.pieces, spans, text.language, paper))
        self._source = texts.source(0, text.language and language)
        self._among = [at for at in text.pieces if not pieces[at].says_nothing] or text.pieces

    def through(self, draft: Sequence[str]) -> Written:
        """What the plan makes of a draft that a model writes."""
        made = checked([sentence for line in draft for sentence in said_in(line)], self._source, self._among)
        chosen = choose(self._lines, allowed_words(self.words, Length.MEDIUM))
        appended = unsaid(chosen.every, made.points, self._source)
        passages = [self._source.text_of(point.links) for point in made.points]
        return Written(made.points, passages, made.marked, made.replaced, [line.text for line in appended])


def said_in(line: str) -> list[Said]:
    """The sentences of a line of a draft."""
    text = "" if line.startswith("#") else line_in(line)
    return [Said(text)] if any(map(str.isalnum, text)) else []


def ended(work: Iterator[Any]) -> Any:
    """Let a part of a plan work, and return what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def judged(case: Case, desk: Desk, show: Callable[[str], None], *, has_faults: bool) -> dict[str, Any]:
    """Judge a paper.  Raises RuntimeError where it cannot be read, BadInput where it has no text."""
    document = desk.read(case.paper)
    text = Text(desk, document, case.language)
    most = max(LEAST_WORDS, allowed_words(text.words, Length.MEDIUM))
    rules = [sentence.text for sentence in desk.summary(document, own_words=True).result.sentences]
    made, sentences = text.through(case.draft), [sentence for line in case.draft for sentence in said_in(line)]
    in_draft, in_rules, in_written = (
        case.said_in(first_words("\n".join(lines), most))
        for lines in (case.draft, rules, [point.text for point in made.points])
    )
    in_appended = case.said_in("\n".join(made.appended))
    show(f"\n== {case.name}")
    show_lost("lost", in_draft - in_written - in_appended, show)
    show_lost("appended alone", in_appended - in_written, show)
    show_doubts(sentences, made, show)
    told = {
        "file": case.name,
        "rules": case.worth(in_rules),
        "draft": case.worth(in_draft),
        "through": case.worth(in_written | in_appended),
        "total": case.worth(case.facts),
        "marked": made.marked,
        "replaced": made.replaced,
        "appended": len(made.appended),
        "appended_points": case.worth(in_appended - in_written),
        "sentences": len(sentences),
        "words": most,
    }
    return {**told, "faults": faults_found(case, text, show)} if has_faults else told


def faults_found(case: Case, text: Text, show: Callable[[str], None]) -> dict[str, list[int]]:
    """How many faulty lines of each kind are marked or replaced, of all."""
    counts: dict[str, list[int]] = {}
    for fault in case.faults:
        made = text.through([*case.draft[: fault.line], fault.text, *case.draft[fault.line + 1 :]])
        right = said_in(case.draft[fault.line])
        faulty = [sentence for sentence in said_in(fault.text) if sentence not in right]
        is_found = not all(map(made.accepts, faulty))
        if not is_found:
            show(f"{fault.kind}, not found: {fault.text}\n    right: {case.draft[fault.line]}")
            show_passages(faulty, made, show)
        count = counts.setdefault(fault.kind, [0, 0])
        count[0] += is_found
        count[1] += 1
    return counts


def show_lost(words: str, facts: Iterable[str], show: Callable[[str], None]) -> None:
    """Facts by name."""
    if names := ", ".join(sorted(facts)):
        show(f"{words}: {names}")


def show_doubts(sentences: Sequence[Said], made: Written, show: Callable[[str], None]) -> None:
    """Right sentences that are not shown as they are, and what is shown in their place."""
    for sentence in sentences:
        if not made.accepts(sentence):
            show(f"right, but {'replaced' if made.at(sentence) is None else 'marked'}: {sentence.text}")
            show_passages([sentence], made, show)
    for point in made.points:
        if point.quotation:
            show(f"put in: {point.text}")
    for line in made.appended:
        show(f"appended: {line}")


def show_passages(sentences: Iterable[Said], made: Written, show: Callable[[str], None]) -> None:
    """What sentences rest on, and the marks at them."""
    for sentence in sentences:
        if (at := made.at(sentence)) is not None:
            marks = ", ".join(f"{flag.kind} {flag.text!r}" for flag in made.points[at].flags)
            show(f"    {marks or 'no mark'}; rests on: {' / '.join(made.passages[at].splitlines())}")


def total(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The sums of several papers."""
    sums: dict[str, Any] = {"papers": len(rows)}
    for row in rows:
        for name, value in row.items():
            if name == "faults":
                for kind, counts in value.items():
                    some = sums.setdefault("faults", {}).setdefault(kind, [0, 0])
                    some[:] = [one + more for one, more in zip(some, counts, strict=True)]
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
