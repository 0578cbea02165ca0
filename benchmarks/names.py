"""python -m benchmarks names FOLDER [MODEL] [FROM UP_TO]: what redaction takes out of sentences with known secrets.

FOLDER holds presidio.json (github microsoft/presidio-research, MIT): sentences with the places of names, addresses and
numbers. They are redacted by the command in papers of 25, with the model where one is named. A secret is taken out if
its words no longer stand in its paper; other words are lost where the copy has fewer of them.

Or FOLDER holds letters with a truth.json: {file: {secrets: [[kind, words], …], others: [words, …]}}; each is a paper.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PAPER = 25
NOBODY = "nobody's"
LEAST = 3
"""Fewest letters of a secret, and of another word, that is counted."""
_WORD = re.compile(rf"[^\W\d_]{{{LEAST},}}")
Row = Mapping[str, Any]


def redacted(text: str, folder: Path, more: Sequence[str]) -> str:
    """The text as the command leaves it."""
    source, target = folder / "paper.txt", folder / "copy.txt"
    source.write_text(text, "utf-8")
    target.unlink(missing_ok=True)
    command = [sys.executable, "-m", "slmdesk", "redact", str(source), "-o", str(target), "--yes", *more]
    subprocess.run(command, check=True, capture_output=True)
    return target.read_text("utf-8")


def letters(folder: Path, more: Sequence[str]) -> int:
    """Print the shares of letters, and what is left in them or taken though it is nobody's."""
    there, taken = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as copies:
        for name, truth in json.loads((folder / "truth.json").read_text("utf-8")).items():
            copy = " ".join(redacted((folder / name).read_text("utf-8"), Path(copies), more).split())
            for kind, words in [*truth["secrets"], *([NOBODY, words] for words in truth["others"])]:
                is_gone = re.search(rf"(?<!\w){re.escape(' '.join(words.split()))}(?!\w)", copy) is None
                there[kind] += 1
                taken[kind] += is_gone
                if is_gone is (kind == NOBODY):
                    print(f"{name}: {kind}: {words}")
    for kind, count in there.most_common():
        print(f"{kind:20s} {taken[kind]} of {count}: {taken[kind] / count:.2f}")
    secret = there.total() - there[NOBODY]
    print(f"secrets {taken.total() - taken[NOBODY]} of {secret}")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Print the shares of each kind."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    numbers = [int(argument) for argument in arguments[1:] if argument.isdigit()]
    models = [argument for argument in arguments[1:] if not argument.isdigit()]
    more = ["-m", models[0]] if models else ["--no-model"]
    if (Path(arguments[0]) / "truth.json").is_file():
        return letters(Path(arguments[0]), more)
    rows: list[Row] = json.loads((Path(arguments[0]) / "presidio.json").read_text("utf-8"))[slice(*numbers or [None])]
    there, taken, others, lost = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for at in range(0, len(rows), PAPER):
            paper = rows[at : at + PAPER]
            copy = redacted("\n\n".join(row["full_text"] for row in paper), Path(folder), more)
            whole = " ".join(copy.split())
            for secret in (secret for row in paper for secret in row["spans"]):
                words = " ".join(secret["entity_value"].split())
                there[secret["entity_type"]] += len(words) >= LEAST
                taken[secret["entity_type"]] += len(words) >= LEAST and words not in whole
            masked = (re.sub(r"\{\{.*?\}\}", " ", row["masked"]) for row in paper)
            before = Counter(word for each in masked for word in _WORD.findall(each))
            others += before
            lost += before - Counter(_WORD.findall(copy))
    for kind, count in there.most_common():
        print(f"{kind:20s} {taken[kind]} of {count}: {taken[kind] / max(1, count):.2f}")
    print(f"{'other words':20s} {lost.total()} of {others.total()}: {lost.total() / others.total():.4f}")
    return 0
