"""python -m benchmarks due FOLDER TRUTH.json: whether what is due is found in papers.

FOLDER holds papers; TRUTH.json what a person read in some of them: [{file, date, due:
[{day, between, words}], may: [day or [from, to], …]}]. Due is a day on which somebody
has to act or appear after the date of the paper; `between` where only the day of the
receipt is assumed; what `may` be listed counts neither way. Each paper is read alone by
the command in a home of its own, so that a day is known to be of the right paper; then
all at once, for the order.

Printed: days found, missed, false, twice; beside them the plain way, which takes each
day that is written in a paper and is later than the paper.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

_MONTHS = (
    "jan", "feb", "mär|maer|mar", "apr", "mai|may", "jun",
    "jul", "aug", "sep", "okt|oct", "nov", "dez|dec",
)  # fmt: skip
_FIGURES = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?(20\d\d)\b")
_ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
_WORDS = re.compile(r"\b(\d{1,2})\.?\s+([^\W\d_]{3,9})\.?,?\s+(20\d\d)\b")
_AMERICAN = re.compile(r"\b([A-Z][a-z]{2,8})\s+(\d{1,2}),\s+(20\d\d)\b")


def month(word: str) -> int:
    """The number of a month by its first letters, or 0."""
    for at, name in enumerate(_MONTHS, 1):
        if re.match(name, word, re.IGNORECASE):
            return at
    return 0


def day_of(year: str, number: int, day: str) -> Iterator[str]:
    """The day, if there is one."""
    try:
        yield date(int(year), number, int(day)).isoformat()
    except ValueError:
        return


def written(text: str) -> set[str]:
    """All days that a text has."""
    days = set[str]()
    for day, number, year in _FIGURES.findall(text):
        days.update(day_of(year, int(number), day))
    for year, number, day in _ISO.findall(text):
        days.update(day_of(year, int(number), day))
    for day, word, year in _WORDS.findall(text):
        days.update(day_of(year, month(word), day))
    for word, day, year in _AMERICAN.findall(text):
        days.update(day_of(year, month(word), day))
    return days


def is_of(day: str, wanted: object) -> bool:
    """Whether a day is the one wanted, or in the span that is."""
    if isinstance(wanted, str):
        return day == wanted
    first, last = wanted if isinstance(wanted, list) else ("", "")
    return first <= day <= last


def command(home: Path, *words: str) -> str:
    """What the command prints, in a home of its own."""
    environment = {**os.environ, "SLMDESK_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "slmdesk", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()[-300:]}")
    return done.stdout


def listed(home: Path) -> list[Mapping[str, Any]]:
    """What is due, in the order of the command."""
    shape = json.loads(command(home, "due", "--json"))
    rows = shape["due"] if isinstance(shape, dict) and "due" in shape else shape
    return list(rows)


def judge(counts: Counter[str], name: str, side: str, days: Sequence[str], truth: Any) -> None:
    """Count the days of a paper against those that were read in it."""
    due = [each["day"] or each["between"] for each in truth["due"]]
    for wanted in due:
        hits = [day for day in days if is_of(day, wanted)]
        counts[f"{side}: true"] += 1
        counts[f"{side}: found"] += bool(hits)
        counts[f"{side}: twice"] += max(0, len(hits) - 1)
        if not hits or len(hits) > 1:
            print(f"{name}: {side}: {'twice' if hits else 'missed'}: {wanted}")
    for day in days:
        if not any(is_of(day, wanted) for wanted in [*due, *truth["may"]]):
            counts[f"{side}: false"] += 1
            print(f"{name}: {side}: false: {day}")


def main(arguments: Sequence[str]) -> int:
    """See above."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder, counts = Path(arguments[0]), Counter[str]()
    truths = json.loads(Path(arguments[1]).read_text("utf-8"))
    for truth in truths:
        paper = folder / truth["file"]
        with tempfile.TemporaryDirectory() as home:
            try:
                command(Path(home), "documents", "add", str(paper))
                days = [row["day"] for row in listed(Path(home)) if row["day"]]
                text = command(Path(home), "documents", "text", str(paper))
            except RuntimeError as error:
                print(f"{paper.name}: {error}")
                counts["failed"] += 1
                continue
        later = sorted(day for day in written(text) if day > truth["date"])
        judge(counts, paper.name, "ours", days, truth)
        judge(counts, paper.name, "plain", later, truth)
    with tempfile.TemporaryDirectory() as home:
        papers = [str(folder / truth["file"]) for truth in truths]
        command(Path(home), "documents", "add", *papers)
        rows = listed(Path(home))
        days = [row["day"] for row in rows if row["day"]]
        counts["all at once"] = len(days)
        counts["out of order"] = sum(a > b for a, b in pairwise(days))
    print(dict(counts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
