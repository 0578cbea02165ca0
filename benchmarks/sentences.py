"""python -m benchmarks.sentences LANGUAGE FILE.conllu [COUNT]: where texts are cut into sentences, against a treebank.

The sentences of a test set of Universal Dependencies (github UniversalDependencies/UD_German-GSD and others) that end
with a full stop, a question mark or an exclamation mark are joined by tens. Printed for all, for the first ten, the
third … ("open") and for the rest ("aside"): F1 of the ends, ours and the library's alone, ends too many and missing.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import sentencex

from slmdesk.base.text.sentences import sentence_spans

GROUP = 10


def groups_of(path: Path, count: int) -> list[list[str]]:
    """Return the sentences of a file, by tens."""
    lines = path.read_text("utf-8").splitlines()
    texts = [line.removeprefix("# text = ").strip() for line in lines if line.startswith("# text = ")]
    whole = [text for text in texts if text.endswith((".", "?", "!"))][:count]
    return [whole[at : at + GROUP] for at in range(0, len(whole), GROUP)]


def ours(text: str, language: str) -> list[str]:
    """Cut a text as the program does."""
    return [text[start:end] for start, end in sentence_spans(text, language)]


def of_the_library(text: str, language: str) -> list[str]:
    """Cut a text by sentencex alone."""
    return list(sentencex.segment(language, text))


def ends_of(sentences: Iterable[str]) -> set[int]:
    """Return how many letters and signs there are up to each end, blanks not counted."""
    ends, at = set(), 0
    for sentence in sentences:
        at += len("".join(sentence.split()))
        ends.add(at)
    return ends


def measured(groups: list[list[str]], language: str, cut: Callable[[str, str], list[str]]) -> str:
    """Return the figures of one way to cut."""
    right = too_many = missing = 0
    for group in groups:
        expected, found = ends_of(group), ends_of(cut(" ".join(group), language))
        right += len(expected & found)
        too_many += len(found - expected)
        missing += len(expected - found)
    return f"F1 {2 * right / (2 * right + too_many + missing):.3f}, {too_many} too many, {missing} missing"


def main(language: str, path: str, count: str = "800") -> None:
    """Print the figures of a file."""
    groups = groups_of(Path(path), int(count))
    for name, part in (("all", groups), ("open", groups[::2]), ("aside", groups[1::2])):
        print(f"{name}: ours {measured(part, language, ours)}; alone {measured(part, language, of_the_library)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
