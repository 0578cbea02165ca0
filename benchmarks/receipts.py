"""python -m benchmarks receipts FOLDER [--by networks|tesseract]: how well real scanned receipts are read.

FOLDER holds pictures (NAME.jpg) and their words (NAME.csv: eight coordinates and a line of words each), as ICDAR 2019
gave them out.  Words and words with a figure that are read whole, digits that are there, figures that are right, marked
as doubtful though right, wrong and marked, wrong and not marked; seconds of processor time and by the clock a page.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.scans import read_by
from slmdesk.base.documents import BlockKind
from slmdesk.children.formats import scans
from slmdesk.children.formats.reading import Reading, reader_of


def plain(word: str) -> str:
    """A word's letters and digits."""
    return re.sub(r"[\W_]+", "", word).lower()


def has_figure(word: str) -> bool:
    """Whether a word has a digit."""
    return any(map(str.isdigit, word))


def words_of(path: Path) -> list[str]:
    """The words that people read off a receipt."""
    lines = path.read_text("utf-8", errors="replace").splitlines()
    return [word for line in lines for word in ",".join(line.split(",")[8:]).split()]


def main(arguments: Sequence[str]) -> int:
    """See above.  Status 2 where the command is wrong or nothing can be recognised here."""
    parser = argparse.ArgumentParser("python -m benchmarks receipts", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--by", choices=("both", "networks", "tesseract"), default="both")
    told = parser.parse_args(arguments)
    read_by(told.by)
    pictures = sorted(told.folder.glob("*.jpg"))
    if not pictures or not scans.is_available():
        print("no pictures there, or nothing can be recognised here", file=sys.stderr)
        return 2
    found, there, figures = Counter[str](), Counter[str](), Counter[str]()
    spent, passed = time.process_time(), time.monotonic()
    for picture in pictures:
        (page,) = reader_of("picture")(Reading(picture.name, picture.read_bytes()))
        want, have = Counter(map(plain, words_of(picture.with_suffix(".csv")))), Counter(map(plain, page.text.split()))
        del want[""]
        digits = Counter(filter(str.isdigit, "".join(want.elements())))
        both = want & have
        there += Counter(words=want.total(), digits=digits.total(), figures=sum(map(has_figure, want.elements())))
        same = digits & Counter(filter(str.isdigit, page.text))
        found += Counter(words=both.total(), digits=same.total(), figures=sum(map(has_figure, both.elements())))
        doubtful = Counter(plain(block.place) for block in page.blocks if block.kind is BlockKind.DOUBTFUL)
        for word in filter(has_figure, have.elements()):
            is_right, is_marked = want[word] > 0, doubtful[word] > 0
            want[word] -= is_right
            doubtful[word] -= is_marked
            figures[f"{'right' if is_right else 'wrong'}, {'marked' if is_marked else 'plain'}"] += 1
    spent, passed = time.process_time() - spent, time.monotonic() - passed
    shares = ", ".join(f"{kind} {found[kind] / there[kind]:.3f} of {there[kind]}" for kind in there)
    print(f"{told.by}: {len(pictures)} pages, {shares}; {dict(figures)}")
    print(f"{spent / len(pictures):.1f} s of processor time, {passed / len(pictures):.1f} s by the clock a page")
    return 0
