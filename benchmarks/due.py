"""python -m benchmarks due FOLDER TRUTH.json: whether what is due is found in papers.

FOLDER holds papers; TRUTH.json what a person read in some of them: [{file, date, due:
[{day, between, words}], may: [day or [from, to], …]}]. Due is a day on which somebody
has to act or appear after the date of the paper; `between` where only the day of the
receipt is assumed; what `may` be listed counts neither way. A day is found where it is
listed for its own paper, which is read on its date.

Printed: days found, missed, false, twice, of what is listed above (`ours`) and together
with the other days below it (`all`); beside them the plain way, which takes each day that
is written in a paper and is later than the paper.
"""

from __future__ import annotations

import json
import queue
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.quality.desk import TIMEOUT_S, Desk
from benchmarks.replies import month
from slmdesk.base.records import DocumentRecord
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.children.tasks.reader import chosen_format
from slmdesk.tasks.deadlines.finding import finding
from slmdesk.tasks.deadlines.types import DueDay, FoundDays

_FIGURES = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?(20\d\d)\b")
_ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
_WORDS = re.compile(r"\b(\d{1,2})\.?\s+([^\W\d_]{3,9})\.?,?\s+(20\d\d)\b")
_AMERICAN = re.compile(r"\b([A-Z][a-z]{2,8})\s+(\d{1,2}),\s+(20\d\d)\b")


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


def text_of(path: Path) -> str:
    """The words of a paper."""
    reading = Reading(str(path))
    return "\n".join(page.text for page in reader_of(chosen_format(reading, ""))(reading))


def is_of(day: str, wanted: object) -> bool:
    """Whether a day is the one wanted, or in the span that is."""
    if isinstance(wanted, str):
        return day == wanted
    first, last = wanted if isinstance(wanted, list) else ("", "")
    return first <= day <= last


def listed(desk: Desk) -> Sequence[DueDay]:
    """What the program lists, in its order, once it has looked at all papers."""
    due = desk.services.due
    ended: queue.SimpleQueue[object] = queue.SimpleQueue()
    desk.services.service_thread.call(lambda: due.found().then(ended.put))
    ended.get(timeout=TIMEOUT_S)
    return desk.services.service_thread.call(due.listed).days


def found_in(desk: Desk, record: DocumentRecord, since: date) -> FoundDays:
    """The days of a paper, if it were read on a day long ago."""
    of_document = desk.services.store.pages.of_document
    pages = desk.services.service_thread.call(lambda: of_document(record.id, begin=1, limit=record.pages))
    looking = finding(record, pages, since)
    while True:
        try:
            next(looking)
        except StopIteration as end:
            found: FoundDays = end.value
            return found


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
    with Desk() as desk:
        records = [desk.read(folder / truth["file"]) for truth in truths]
        papers = {record.id: truth for record, truth in zip(records, truths, strict=True)}
        days = listed(desk)
        texts = {id: text_of(folder / truth["file"]) for id, truth in papers.items()}
        found = {record.id: found_in(desk, record, date.fromisoformat(papers[record.id]["date"])) for record in records}
    for id, truth in papers.items():
        name = Path(truth["file"]).name
        ours = [day.day for day in found[id].days if day.day]
        others = list(found[id].others)
        later = sorted(day for day in written(texts[id]) if day > truth["date"])
        judge(counts, name, "ours", ours, truth)
        judge(counts, name, "all", [*ours, *others], truth)
        judge(counts, name, "plain", later, truth)
        counts["others"] += len(others)
    order = [day.day for day in days if day.day]
    counts["listed"] = len(order)
    counts["without a day"] = len(days) - len(order)
    counts["out of order"] = sum(a > b for a, b in pairwise(order))
    print(dict(counts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
