"""python -m benchmarks.quality.passages [--aside] [--misses]: is the passage that answers among the first three?

Each `passages/LANGUAGE.toml` names documents, together of 60 passages or more, and puts 40 questions to all of them:
`open` is looked at while the program is improved, `aside` only at the end.  A question is in other forms and compounds
than the text (never in nothing but synonyms); beside it stand words of the passage that answers it.  By words alone,
without a model, in a few seconds; the last line is the CPU time of a question over 1,000 passages.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.asking import pages_of
from benchmarks.quality.questions import share
from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.records import Passage
from slmdesk.base.text.passages import PassageBuilder
from slmdesk.documents.retrieval import RankedPassages, Retrieval
from slmdesk.history.store import Store, open_store

FOLDER = Path(__file__).parent
FIRST = 3
MANY = 1000


def add(store: Store, path: Path) -> str:
    """Put a document into the store; return its id."""
    record = store.documents.add(
        path=bytes(path), name=path.name, sha256="", format="md", bytes=0, mtime_ns=0, reader="benchmark"
    )
    builder = PassageBuilder(record.id)
    passages = [passage for page in pages_of(path) for passage in builder.feed(page)]
    store.pages.save(record.id, (), [*passages, *builder.finish()])
    return record.id


def ranked(retrieval: Retrieval, question: str, documents: Sequence[str]) -> tuple[Passage, ...]:
    """The passages for a question, the best first."""
    result = retrieval.rank(question, documents).result
    assert isinstance(result, RankedPassages)
    return result.passages


def main(arguments: Sequence[str]) -> int:
    """Print a line for each language, and the questions that missed."""
    if set(arguments) - {"--aside", "--misses"}:
        print(__doc__, file=sys.stderr)
        return 2
    part = "aside" if "--aside" in arguments else "open"
    print("| language | passages | first | among three |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        paths = find_paths(Path(folder))
        make_folders(paths)
        store = open_store(paths, instance_id="b" * 32).store
        retrieval, questions, every = Retrieval(store), list[str](), list[Path]()
        for file in sorted(FOLDER.glob("passages/*.toml")):
            expected = tomllib.loads(file.read_text(encoding="utf-8"))
            documents = [add(store, FOLDER / name) for name in expected["documents"]]
            places, misses = list[int](), list[str]()
            for question, quote in expected[part]:
                passages = ranked(retrieval, question, documents)
                places.append(next((at for at, passage in enumerate(passages, 1) if quote in passage.text), 0))
                if not 0 < places[-1] <= FIRST:
                    misses.append(f"    {places[-1]} {question} [{quote}]")
            first, three = share([place == 1 for place in places]), share([0 < place <= FIRST for place in places])
            print(f"| {file.stem} | {store.passages.count(documents)[0]} | {first} | {three} |")
            print("\n".join(misses) if "--misses" in arguments else "", end="\n" if "--misses" in arguments else "")
            questions += [question for question, _ in expected[part]]
            every += [FOLDER / name for name in expected["documents"]]
        ids = list[str]()
        while store.passages.count(ids)[0] < MANY:
            ids += [add(store, path) for path in every]
        began = time.process_time()
        for question in questions:
            ranked(retrieval, question, ids)
        took = (time.process_time() - began) / len(questions)
        print(f"{1000 * took:.1f} ms of CPU a question over {store.passages.count(ids)[0]} passages")
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
