"""python -m benchmarks.asking [PATTERN …] [--misses]: is the right page among the first passages?

Each document of questions.toml is fetched (see benchmarks/reading.py), read by our reader, cut into passages and
indexed; each question is put to its own document, by words alone.  A hit: one of the first passages begins, ends or
lies on a page that answers the question.  The tables of the docs are made of this output.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.reading import fetched
from benchmarks.reading_samples import SAMPLES
from slmdesk.core.documents import Page
from slmdesk.core.records import Passage
from slmdesk.documents.base import Reading
from slmdesk.documents.registry import reader_of
from slmdesk.paths import find_paths, make_folders
from slmdesk.services.retrieval import Ranked, Retrieval
from slmdesk.store import Store, open_store
from slmdesk.tasks.read import chosen_format
from slmdesk.text.passages import PassageBuilder

QUESTIONS = Path(__file__).with_name("questions.toml")
FIRST = 3
GOAL = 0.95


@dataclass(frozen=True, slots=True)
class Put:
    """A question that was put, and where it led."""

    file: str
    question: str
    pages: tuple[int, ...]
    found: tuple[Passage, ...]

    @property
    def place(self) -> int:
        """Of the first passage on a right page, from 1; 0: none."""
        for place, one in enumerate(self.found, 1):
            if any(one.page <= page <= one.page_end for page in self.pages):
                return place
        return 0


def pages_of(path: Path) -> Iterator[Page]:
    """As our reader reads them."""
    reading = Reading(str(path))
    yield from reader_of(chosen_format(reading, ""))(reading)


def put_all(store: Store, patterns: list[str]) -> Iterator[Put]:
    """All questions, document by document."""
    samples = {one.file_name: one for one in SAMPLES}
    retrieval = Retrieval(store)
    for document in tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))["document"]:
        file = document["file"]
        if patterns and not any(fnmatch(file, one) for one in patterns):
            continue
        record = store.add_document(
            path=file.encode(), name=file, sha256="", format="pdf", bytes=0, mtime_ns=0, reader="benchmark"
        )
        builder = PassageBuilder(record.id)
        passages = [one for page in pages_of(fetched(samples[file])) for one in builder.feed(page)]
        store.save_passages(record.id, [*passages, *builder.finish()])
        for question, pages in document["questions"]:
            answers: list[Ranked] = []
            retrieval.rank(question, [record.id], answers.append)
            yield Put(file, question, tuple(pages), answers[0].passages)


def table_of(all_put: list[Put]) -> str:
    """As Markdown."""
    lines = ["| document | questions | first | among three |", "|---|---|---|---|"]
    files = list(dict.fromkeys(one.file for one in all_put))
    for file in [*files, ""]:
        some = [one for one in all_put if file in ("", one.file)]
        first, three = sum(one.place == 1 for one in some), sum(0 < one.place <= FIRST for one in some)
        lines.append(f"| {file or 'all'} | {len(some)} | {first} | {three} ({100 * three / len(some):.0f} %) |")
    return "\n".join(lines)


def main(args: list[str]) -> int:
    """Print the table; status 1 where the goal is missed."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        paths = find_paths(Path(folder))
        make_folders(paths)
        store = open_store(paths, desk_id="b" * 32).store
        all_put = list(put_all(store, [one for one in args if not one.startswith("-")]))
        store.close()
    print(table_of(all_put))
    print(f"{time.perf_counter() - began:.1f} s")
    for one in all_put:
        if "--misses" in args and not 0 < one.place <= FIRST:
            led = ", ".join(str(passage.page) for passage in one.found[:FIRST])
            print(f"{one.file}: {one.question} -> {one.place}: pages {led}, not {one.pages}")
    hits = sum(0 < one.place <= FIRST for one in all_put)
    return 0 if hits >= GOAL * len(all_put) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
