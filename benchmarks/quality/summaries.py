"""python -m benchmarks.quality.summaries MODEL [--aside] [--ours | --plain] [NAME …]: key facts in summaries, and time.

Each document of benchmarks/quality/documents is summarized by the program and, where it fits the context, by one plain
question to the same model, and what both say is compared with the facts written down before (see `expectations`).  The
last lines are a table in Markdown; what was made stands in the folder SLMDESK_QUALITY_OUT, where that is set.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.desk import PLAIN_SUMMARY, Desk, Made, line_of
from benchmarks.quality.expectations import Document, documents, facts_in, recall

OUT_VARIABLE = "SLMDESK_QUALITY_OUT"
HEAD = (
    "| document | words | ours | of it in its own words | with the list | plain | marked | s | plain s | first s |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found in the summary of a document, by both sides; shares of the facts."""

    document: Document
    ours: float | None
    worded: float | None
    """Without the sentences of the document."""
    listed: float | None
    """With the passages that are listed beside."""
    plain: float | None
    marked: int
    ours_s: float
    plain_s: float
    first_s: float

    @property
    def row(self) -> str:
        """As a row of the table."""
        shares = [_share(one) for one in (self.ours, self.worded, self.listed, self.plain)]
        times = [f"{one:.0f}" if one else "" for one in (self.ours_s, self.plain_s, self.first_s)]
        cells = [self.document.name, str(len(self.document.text.split())), *shares, str(self.marked), *times]
        return f"| {' | '.join(cells)} |"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def judged(desk: Desk, document: Document, sides: Sequence[str]) -> Judged:
    """Have a document summarized by the sides, and judge what they say."""
    record = desk.read(document.path)

    def found(text: str) -> float:
        return recall(facts_in(text, document.facts), document.facts).unweighted

    ours = worded = listed = plain = None
    marked, made, other = 0, Made("", 0.0, 0.0), Made("", 0.0, 0.0)
    if "ours" in sides:
        made = desk.summary(record)
        sentences = made.result.sentences
        omitted = made.result.documents[0].omitted
        marked = sum(not one.supported for one in sentences)
        ours = found(made.text)
        worded = found("\n".join(line_of(one) for one in sentences if not one.quotation))
        listed = found("\n".join([made.text, *map(line_of, omitted)]))
        _keep(document.name, "ours", made.text)
    if "plain" in sides and not document.is_long:  # a long one does not fit, and would be read in passages
        other = desk.plain(record, PLAIN_SUMMARY)
        plain = found(other.text)
        _keep(document.name, "plain", other.text)
    return Judged(document, ours, worded, listed, plain, marked, made.seconds, other.seconds, made.first_s)


def _keep(name: str, side: str, text: str) -> None:
    if folder := os.environ.get(OUT_VARIABLE):
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"{name}.{side}.txt").write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run the measure; print a row as each is there."""
    options = [one for one in arguments if one.startswith("--")]
    model, *names = [one for one in arguments if not one.startswith("--")] or [""]
    if not model or set(options) - {"--aside", "--ours", "--plain"}:
        print(__doc__, file=sys.stderr)
        return 2
    sides = [side for side in ("ours", "plain") if f"--{side}" in options] or ["ours", "plain"]
    some = [one for one in documents(aside="--aside" in options) if not names or one.name in names]
    desk = Desk(model)
    rows: list[Judged] = []
    print(HEAD, flush=True)
    try:
        for document in some:
            rows.append(judged(desk, document, sides))
            print(rows[-1].row, flush=True)
    finally:
        desk.close()
    for words, part in (("short", [one for one in rows if not one.document.is_long]),
                        ("long", [one for one in rows if one.document.is_long])):  # fmt: skip
        for side in sides:
            if shares := [share for one in part if (share := getattr(one, side)) is not None]:
                print(f"\n{words}, {side}: {statistics.mean(shares):.2f} of the facts on average")
        ratios = [one.ours_s / one.plain_s for one in part if one.ours_s and one.plain_s]
        if ratios:
            print(f"\n{words}: time ÷ plain {statistics.median(ratios):.2f} (median)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
