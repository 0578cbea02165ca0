"""python -m benchmarks.quality.summaries MODEL [--aside] [--older] [--ours | --plain] [NAME …]: facts, words and time.

Each document of benchmarks/quality/matters (with --older, of documents) is summarized by the program and, where it fits
the context, by one plain question to the same model **for the same number of words**.  Both are judged by what stands
in their first words (150; of a long paper 400) and by their length; see `expectations` for the facts.  With a folder in
SLMDESK_QUALITY_OUT what was made is kept there and not made again: a run that was interrupted goes on.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.quality.desk import PLAIN_SUMMARY, Desk, Made, made_once
from benchmarks.quality.expectations import FOLDER, MATTERS, Document, documents, facts_in, recall

PAGE_WORDS = 400
FIRST, FIRST_OF_LONG = 150, 400
"""Words in which a reader wants to know what matters."""
HEAD = (
    "| document | words | allowed | ours: words | facts at first | marked | s | first s | plain: words | facts | s |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Side:
    """What one side made of a document."""

    words: int
    share: float
    """Of the weighted facts, in the first words."""
    seconds: float
    first_s: float
    marked: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A document with what the sides made of it."""

    document: Document
    ours: Side | None
    plain: Side | None

    @property
    def row(self) -> str:
        """As a row of the table."""
        text = self.document.text
        cells = [self.document.name, str(count(text)), str(allowed(text))]
        if ours := self.ours:
            cells += [
                str(ours.words),
                f"{ours.share:.2f}",
                str(ours.marked),
                f"{ours.seconds:.0f}",
                f"{ours.first_s:.1f}",
            ]
        else:
            cells += [""] * 5
        if plain := self.plain:
            cells += [str(plain.words), f"{plain.share:.2f}", f"{plain.seconds:.0f}"]
        return f"| {' | '.join(cells)} |"


def allowed(text: str) -> int:
    """How many words a summary of medium length may have."""
    words = count(text)
    return round(min(150 + 20 * (math.ceil(words / PAGE_WORDS) - 1), 400, 0.3 * words))


def judged(made: Made, document: Document) -> Side:
    """Judge what a side made."""
    most = FIRST_OF_LONG if document.is_long else FIRST
    share = recall(facts_in(first_words(made.text, most), document.facts), document.facts).weighted
    return Side(count(made.text), share, made.seconds, made.first_s, made.marked)


def count(text: str) -> int:
    """Words; a mark of a list is none."""
    return sum(any(sign.isalnum() for sign in word) for word in text.split())


def first_words(text: str, most: int) -> str:
    """A text up to its so many words; lines stay lines."""
    lines: list[str] = []
    for line in text.splitlines():
        words = line.split()
        kept = next((at for at in range(len(words), 0, -1) if count(" ".join(words[:at])) <= most), 0)
        lines.append(" ".join(words[:kept]))
        most -= count(lines[-1])
        if most <= 0:
            break
    return "\n".join(lines)


def figures(some: Sequence[Judged], words: str) -> str:
    """The figures of several documents in a line."""
    ours, plain = [case.ours for case in some if case.ours], [case.plain for case in some if case.plain]
    parts = [words]
    if ours:
        over = sum(case.ours.words > allowed(case.document.text) for case in some if case.ours)
        parts.append(f"ours {statistics.mean(summary.share for summary in ours):.2f}, {over} of {len(ours)} too long")
    if plain:
        parts.append(f"plain {statistics.mean(summary.share for summary in plain):.2f}")
    both = [(case.ours, case.plain) for case in some if case.ours and case.plain]
    if both and all(other.seconds for _, other in both):
        ratio = statistics.median(mine.seconds / other.seconds for mine, other in both)
        parts.append(f"time ÷ plain {ratio:.2f}, first line {statistics.median(run.first_s for run, _ in both):.1f} s")
    return "; ".join(parts)


def main(arguments: Sequence[str]) -> int:
    """Run the measure; print a row as each is there."""
    options = {argument for argument in arguments if argument.startswith("--")}
    model, *names = [argument for argument in arguments if not argument.startswith("--")] or [""]
    if not model or options - {"--aside", "--older", "--ours", "--plain"}:
        print(__doc__, file=sys.stderr)
        return 2
    sides = {"ours", "plain"} if not options & {"--ours", "--plain"} else {option[2:] for option in options}
    folder = FOLDER if "--older" in options else MATTERS
    some = [document for document in documents("--aside" in options, folder) if not names or document.name in names]
    rows: list[Judged] = []
    print(HEAD, flush=True)
    with Desk(model) as desk:
        for document in some:

            def ours(document: Document = document) -> Made:
                made = desk.summary(desk.read(document.path))
                marked = sum(not sentence.supported for sentence in made.result.sentences)
                return Made(made.text, made.seconds, made.first_s, marked=marked)

            def plain(document: Document = document) -> Made:
                return desk.plain(desk.read(document.path), PLAIN_SUMMARY.format(words=allowed(document.text)))

            made = {
                side: judged(made_once(f"{document.name}.{side}", make), document)
                for side, make in (("ours", ours), ("plain", plain))
                if side in sides and (side == "ours" or not document.is_long)
            }
            rows.append(Judged(document, made.get("ours"), made.get("plain")))
            print(rows[-1].row, flush=True)
    short = [row for row in rows if not row.document.is_long]
    print()
    for language in sorted({case.document.language for case in short}):
        print(figures([case for case in short if case.document.language == language], language))
    for words, part in (("short", short), ("long", [row for row in rows if row.document.is_long])):
        if part:
            print(figures(part, words))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
