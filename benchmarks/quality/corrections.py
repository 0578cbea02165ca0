"""python -m benchmarks.quality.corrections MODEL [--aside] [--answers FILE]: how well a model and the program correct.

`corrections/LANGUAGE.toml` holds sentences with a planted error, [kind, wrong, right], and right sentences; 50 of each
language, half of them laid aside (`is_aside`).  The plain side is "Correct the mistakes: …" with the sentence, taken as
it comes.  Both sides are asked by the same engine at temperature 0.

With `--answers` what the model wrote is kept in a file, and read from there the next time: rules can be tried without
asking again.

Facts are judged apart from the program's own rules: the figures, the names of the file and its negations are to be the
same as in the right sentence.
"""

from __future__ import annotations

import hashlib
import json
import queue
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.quality import is_aside
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.models.loader.model_loader import ask_once
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.writing.edits import applied, edits_of
from slmdesk.tasks.writing.passages import answer_in, passages
from slmdesk.tasks.writing.service import changes_in
from slmdesk.tasks.writing.types import Change, correction_step

FOLDER = Path(__file__).with_name("corrections")
PLAIN = "Correct the mistakes: "
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Item:
    """A sentence; `wrong` is `right` where no error is planted."""

    name: str
    language: str
    kind: str
    wrong: str
    right: str
    names: frozenset[str]
    negations: frozenset[str]

    @property
    def is_right(self) -> bool:
        """Whether nothing is to be changed."""
        return self.wrong == self.right


@dataclass(slots=True)
class Score:
    """What came of a number of sentences."""

    wrong: int = 0
    exact: int = 0
    """The right sentence, and nothing else changed."""
    found: int = 0
    """The error mended, whatever else was changed."""
    suggested: int = 0
    """Not mended, but suggested."""
    right: int = 0
    right_changed: int = 0
    facts_changed: int = 0
    """Sentences, of all."""


def items(aside: bool | None = None) -> Iterator[Item]:
    """All sentences, or those of one half."""
    for path in sorted(FOLDER.glob("*.toml")):
        known = tomllib.loads(path.read_text(encoding="utf-8"))
        names, negations = frozenset(known["names"].split()), frozenset(known["negations"].split())
        pairs = [*known["wrong"], *(["right", sentence, sentence] for sentence in known["right"])]
        for number, (kind, wrong, right) in enumerate(pairs):
            item = Item(f"{path.stem}-{kind}-{number}", path.stem, kind, wrong, right, names, negations)
            if aside is None or is_aside(item.name) == aside:
                yield item


def facts_of(text: str, item: Item) -> tuple[Any, ...]:
    """The figures, names and negations of a sentence."""
    words = re.findall(r"n['’]t\b|[^\W\d_]+(?=n['’]t\b)|[^\W\d_]+", text)
    said = Counter("n't" if word in ("n’t",) else word.casefold() for word in words)
    denied = sum(count for word, count in said.items() if word in item.negations)
    figures = re.findall(r"\d(?:[\d.,]*\d)?", text)
    return figures, Counter(word for word in words if word in item.names), denied


def judge(item: Item, result: str, score: Score, suggested: Sequence[Change] = ()) -> None:
    """Count one sentence and what became of it."""
    score.facts_changed += facts_of(result, item) != facts_of(item.right, item)
    if item.is_right:
        score.right += 1
        score.right_changed += bool(edits_of(item.wrong, result))
        return
    score.wrong += 1
    made = set(edits_of(item.wrong, result))
    planted = set(edits_of(item.wrong, item.right))
    score.exact += made == planted
    score.found += planted <= made
    offered = made | {change.edit for change in suggested}
    score.suggested += planted <= offered and not planted <= made


def ours(item: Item, answer: str) -> tuple[str, list[Change]]:
    """What the program makes of a model's answer: the sentence, and what is only suggested."""
    changes: list[Change] = []
    for passage in passages(item.wrong, item.language):
        if wording := answer_in(answer, passage.asked(item.wrong), is_heading=passage.is_heading):
            changes += changes_in(item.wrong, passage, wording, item.language)
    return applied(item.wrong, [change.edit for change in changes if change.is_made]), [
        x for x in changes if not x.is_made
    ]


def ask(model: str, some: Sequence[Item], answers: dict[str, dict[str, str]], kept: Path | None) -> None:
    """Ask what is not known yet, a few sentences at a time, the languages mixed: a run that is ended early has both
    sides of the same sentences.
    """
    from benchmarks.quality.desk import Desk

    desk = Desk(model, context_tokens=4096)
    try:
        record = desk.services.service_thread.call(lambda: desk.services.models.choose(None))
        mixed = sorted(some, key=lambda case: hashlib.sha256(case.name.encode()).digest())
        for at in range(0, len(mixed), AT_ONCE):
            for side in ("ours", "plain"):
                part = [case for case in mixed[at : at + AT_ONCE] if case.name not in answers[side]]
                if not part:
                    continue
                steps = [_step(side, case) for case in part]
                ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
                desk.services.service_thread.call(
                    lambda steps=steps, ended=ended: ask_once(desk.services.loader, record, steps).then(ended.put)  # type: ignore[misc]
                )
                words = ended.get(timeout=1800)
                if isinstance(words, Problem):
                    raise RuntimeError(words.sentence)
                answers[side] |= {case.name: each.text for case, each in zip(part, words, strict=True)}
                if kept:
                    kept.write_text(json.dumps(answers, ensure_ascii=False, indent=1), encoding="utf-8")
    finally:
        desk.close()


def _step(side: str, item: Item) -> Any:
    if side == "ours":
        return correction_step(item.wrong, item.language)
    turns = [ChatMessage(Role.USER, (TextPart(PLAIN + item.wrong),))]
    return step_of(turns, Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=160))


def report(some: Sequence[Item], answers: dict[str, dict[str, str]]) -> str:
    """The figures of both sides as a table."""
    lines = [
        "| | errors | mended | nothing else changed | only suggested | right sentences | changed | facts changed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for side in ("plain", "ours"):
        for language in ("en", "de", "fr", "es", ""):
            score = Score()
            for row in some:
                if (language and row.language != language) or any(row.name not in known for known in answers.values()):
                    continue
                answer = answers[side][row.name]
                judge(row, *((answer.strip(), score) if side == "plain" else _judged_ours(row, answer, score)))
            lines.append(
                f"| {side} {language or 'all'} | {score.wrong} | {score.found} | {score.exact} | {score.suggested} | "
                f"{score.right} | {score.right_changed} | {score.facts_changed} |"
            )
    return "\n".join(lines)


def _judged_ours(item: Item, answer: str, score: Score) -> tuple[str, Score, list[Change]]:
    result, suggested = ours(item, answer)
    return result, score, suggested


def main(arguments: Sequence[str]) -> int:
    """Ask and report on one half, the open one without `--aside`."""
    words = list(arguments)
    kept = Path(words.pop(words.index("--answers") + 1)) if "--answers" in words else None
    names = [word for word in words if not word.startswith("--")]
    if len(names) != 1 or set(words) - {names[0], "--aside", "--answers", "--both"}:
        print(__doc__, file=sys.stderr)
        return 2
    some = list(items(None if "--both" in words else "--aside" in words))
    answers: dict[str, dict[str, str]] = {"ours": {}, "plain": {}}
    if kept and kept.exists():
        answers |= json.loads(kept.read_text(encoding="utf-8"))
    if any(case.name not in answers[side] for case in some for side in answers):
        ask(names[0], some, answers, kept)
    print(report(some, answers))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
