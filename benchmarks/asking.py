"""python -m benchmarks.asking [PATTERN …] [--misses] [--model=GGUF]: is the right page among the first passages?

Each document of questions.toml is fetched (see benchmarks/reading.py), read by our reader, cut into passages and
indexed; each question is put to its own document, by words alone.  A hit: one of the first passages begins, ends or
lies on a page that answers the question.  The tables of the docs are made of this output.  With an embedding model
(benchmarks/embedding_model.py makes one) a second table says the same of words and meaning together.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.reading import fetched
from benchmarks.reading_samples import SAMPLES
from slmdesk.base.documents import Page
from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.records import Passage
from slmdesk.base.runtime.events import Pending, ended
from slmdesk.base.text.passages import PassageBuilder
from slmdesk.base.text.vectors import Nearest, halved
from slmdesk.children.engine.llama.engine import LlamaEngine
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.children.tasks.reader import chosen_format
from slmdesk.documents.retrieval import DEEP, RankedPassages, Retrieval
from slmdesk.history.store import Store, open_store

QUESTIONS = Path(__file__).with_name("questions.toml")
FIRST = 3
GOAL = 0.95


@dataclass(frozen=True, slots=True)
class AppliedEdit:
    """A question that was put, and where it led."""

    file: str
    question: str
    pages: tuple[int, ...]
    found: tuple[Passage, ...]

    @property
    def place(self) -> int:
        """Of the first passage on a right page, from 1; 0: none."""
        for place, passage in enumerate(self.found, 1):
            if any(passage.page <= page <= passage.page_end for page in self.pages):
                return place
        return 0


def pages_of(path: Path) -> Iterator[Page]:
    """As our reader reads them."""
    reading = Reading(str(path))
    yield from reader_of(chosen_format(reading, ""))(reading)


class ByMeaning:
    """Ranks by the vectors of a model; what it embeds is counted and timed."""

    def __init__(self, model: str) -> None:
        self._model, self._engine = model, LlamaEngine()
        self.texts, self.seconds = 0, 0.0
        self._vectors: list[tuple[int, bytes]] = []

    def learn(self, passages: Sequence[Passage]) -> None:
        """From now on these are ranked."""
        made = self._embed([passage.text for passage in passages])
        self._vectors = [(passage.n, halved(data)) for passage, data in zip(passages, made, strict=True)]

    def rank(self, question: str, _documents: Sequence[str]) -> Pending[list[int]]:
        """See retrieval.Meaning."""
        nearest = Nearest(self._embed([question])[0], DEEP)
        nearest.add(self._vectors)
        return ended([number for number, _ in nearest.best])

    def close(self) -> None:
        """Let the engine go."""
        self._engine.close()

    def _embed(self, texts: list[str]) -> list[bytes]:
        began = time.perf_counter()
        vectors = [vector for some in self._engine.embed(self._model, texts, lambda: True) for vector in some]
        self.texts, self.seconds = self.texts + len(texts), self.seconds + time.perf_counter() - began
        return vectors


def put_all(store: Store, patterns: list[str], meaning: ByMeaning | None = None) -> Iterator[AppliedEdit]:
    """All questions, document by document."""
    samples = {sample.file_name: sample for sample in SAMPLES}
    retrieval = Retrieval(store, meaning.rank if meaning else None)
    for document in tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))["document"]:
        file = document["file"]
        if patterns and not any(fnmatch(file, pattern) for pattern in patterns):
            continue
        record = store.documents.add(
            path=file.encode(), name=file, sha256="", format="pdf", bytes=0, mtime_ns=0, reader="benchmark"
        )
        builder = PassageBuilder(record.id)
        passages = [passage for page in pages_of(fetched(samples[file])) for passage in builder.feed(page)]
        store.pages.save(record.id, (), [*passages, *builder.finish()])
        if meaning:
            meaning.learn(store.passages.of_document(record.id))
        for question, pages in document["questions"]:
            ranked = retrieval.rank(question, [record.id]).result
            assert isinstance(ranked, RankedPassages)
            yield AppliedEdit(file, question, tuple(pages), ranked.passages)


def table_of(all_put: list[AppliedEdit]) -> str:
    """As Markdown."""
    lines = ["| document | questions | first | among three |", "|---|---|---|---|"]
    files = list(dict.fromkeys(case.file for case in all_put))
    for file in [*files, ""]:
        some = [case for case in all_put if file in ("", case.file)]
        first, three = sum(case.place == 1 for case in some), sum(0 < case.place <= FIRST for case in some)
        lines.append(f"| {file or 'all'} | {len(some)} | {first} | {three} ({100 * three / len(some):.0f} %) |")
    return "\n".join(lines)


def main(args: list[str]) -> int:
    """Print the table; status 1 where the goal is missed."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        paths = find_paths(Path(folder))
        make_folders(paths)
        store = open_store(paths, instance_id="b" * 32).store
        patterns = [argument for argument in args if not argument.startswith("-")]
        all_put = list(put_all(store, patterns))
        model = next((option.removeprefix("--model=") for option in args if option.startswith("--model=")), "")
        if model:
            meaning = ByMeaning(model)
            print(table_of(list(put_all(store, patterns, meaning))))
            print(f"{meaning.texts / meaning.seconds:.1f} texts/s with {Path(model).name}")
            meaning.close()
        store.close()
    print(table_of(all_put))
    print(f"{time.perf_counter() - began:.1f} s")
    for case in all_put:
        if "--misses" in args and not 0 < case.place <= FIRST:
            led = ", ".join(str(passage.page) for passage in case.found[:FIRST])
            print(f"{case.file}: {case.question} -> {case.place}: pages {led}, not {case.pages}")
    hits = sum(0 < case.place <= FIRST for case in all_put)
    return 0 if hits >= GOAL * len(all_put) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
