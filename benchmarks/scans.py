"""python -m benchmarks scans [--held-back] [--show] [--by networks|tesseract] [KIND …]: how well drawn scans are read.

Thirty pages of benchmarks.scan_samples, or with --held-back the other thirty, which nobody looks at who changes the
rules.  A table, a row for each kind of scan: pages, share of the characters that are right (of the worst page, of all),
figures that are right, those that are wrong but marked as doubtful, wrong and not marked; seconds of processor time a
page.  --show names what is wrong, page by page.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from benchmarks.scan_samples import KINDS, STAMP, Sample, plain, samples
from slmdesk.base.documents import BlockKind, Page
from slmdesk.children.formats import scans
from slmdesk.children.formats.reading import Reading, reader_of

ALIKE = 60
"""Likeness, of 100, from which a marked word is taken for a figure that was misread."""


@dataclass(slots=True)
class Row:
    """The pages of a kind together."""

    pages: int = 0
    shares: list[float] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def line(self, name: str) -> str:
        """As a row of the table."""
        right, marked, wrong = (self.figures[each] for each in ("right", "marked", "wrong"))
        shares = f"{min(self.shares):.3f} | {sum(self.shares) / len(self.shares):.4f}"
        return f"| {name} | {self.pages} | {shares} | {right} | {marked} | {wrong} | {self.seconds / self.pages:.2f} |"


def read(sample: Sample) -> Page:
    """The first page as the program reads it."""
    kind = "pdf" if sample.suffix == "pdf" else "picture"
    return next(reader_of(kind)(Reading(f"a.{sample.suffix}", sample.data)))


def share_of(true: str, read: str) -> float:
    """Share of the characters that are right; white space counts as one space, and the stamp's word does not count."""
    true = " ".join(true.split())
    read = " ".join(word for word in read.split() if fuzz.ratio(word, STAMP) < ALIKE)
    return max(0.0, 1 - Levenshtein.distance(true, read) / len(true))


def judged(sample: Sample, page: Page) -> dict[str, str]:
    """For each figure "right", "marked" or "wrong"."""
    there = Counter(plain(word) for word in page.text.split())
    doubtful = [plain(block.place) for block in page.blocks if block.kind is BlockKind.DOUBTFUL]
    verdicts = {}
    for figure in sample.figures:
        if there[figure]:
            there[figure] -= 1
            verdicts[figure] = "right"
        elif any(fuzz.ratio(figure, word) >= ALIKE for word in doubtful):
            verdicts[figure] = "marked"
        else:
            verdicts[figure] = "wrong"
    return verdicts


def read_by(which: str) -> None:
    """Leave one of the two engines out."""
    if which == "networks":
        scans._has_tesseract = lambda: False
    if which == "tesseract":
        scans.folder = lambda: None


def main(arguments: Sequence[str]) -> int:
    """See above.  Status 2 where the command is wrong or nothing can be recognised here."""
    parser = argparse.ArgumentParser("python -m benchmarks scans", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    parser.add_argument("--held-back", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--by", choices=("both", "networks", "tesseract"), default="both")
    told = parser.parse_args(arguments)
    read_by(told.by)
    os.environ["OMP_THREAD_LIMIT"] = "1"
    if not scans.is_available():
        print("nothing can be recognised here", file=sys.stderr)
        return 2
    rows: dict[str, Row] = {}
    for sample in samples():
        is_wanted = sample.is_held_back == told.held_back and (not told.kinds or sample.kind in told.kinds)
        if not is_wanted:
            continue
        began = time.process_time()
        page = read(sample)
        row = rows.setdefault(sample.kind, Row())
        row.seconds += time.process_time() - began
        row.pages += 1
        row.shares.append(share_of(sample.text, page.text))
        verdicts = judged(sample, page)
        row.figures.update(verdicts.values())
        if told.show:
            wrong = {figure: verdict for figure, verdict in verdicts.items() if verdict != "right"}
            print(f"{sample.language} {sample.kind}: {row.shares[-1]:.3f} {page.reason} {wrong}", file=sys.stderr)
    print("| scan | pages | worst page | characters | figures right | marked | wrong | s |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        if kind in rows:
            print(rows[kind].line(kind))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
