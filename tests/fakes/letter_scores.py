"""Counts what the finders find in letters of which all is known."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from fakes.letters import Letter

from slmdesk.text.redaction import Certainty
from slmdesk.text.redaction.finding import find_private

CHECKED = ("iban", "card", "number")
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(slots=True)
class Scores:
    """How many there are and how many were found, by kind; and of the finds, how many were right."""

    there: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    finds: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    missed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def recall(self, *kinds: str) -> float:
        return sum(self.found[kind] for kind in kinds) / max(1, sum(self.there[kind] for kind in kinds))

    def precision(self, *kinds: str) -> float:
        chosen = kinds or tuple(self.finds)
        return sum(self.right[one] for one in chosen) / max(1, sum(self.finds[one] for one in chosen))

    def lines(self) -> str:
        rows = [
            f"{kind:8} recall {self.recall(kind):6.1%} of {self.there[kind]:5}"
            f"   precision {self.precision(kind):6.1%} of {self.finds[kind]:5}"
            for kind in sorted({*self.there, *self.finds})
        ]
        return "\n".join((*rows, f"all      precision {self.precision():6.1%}"))


def scores(letters: Iterable[Letter]) -> Scores:
    """What is replaced without anybody's doing: sure and likely finds.  A find is right if it is part of a truth."""
    made = Scores()
    for letter in letters:
        finds = [one for one in find_private(letter.text) if one.certainty is not Certainty.UNSURE]
        for truth in letter.truths:
            words = letter.text[truth.start : truth.end]
            end = truth.end - (len(found[0]) if (found := _POSSESSIVE.search(words)) else 0)
            covered = {at for one in finds for at in range(max(one.start, truth.start), min(one.end, end))}
            open_ = [at for at in range(truth.start, end) if at not in covered and letter.text[at].isalnum()]
            made.there[truth.kind] += 1
            made.found[truth.kind] += not open_
            if open_:
                made.missed[f"{truth.kind} {letter.language}"].append(letter.text[truth.start - 30 : truth.end + 15])
        for find in finds:
            right = any(truth.start < find.end and find.start < truth.end for truth in letter.truths)
            made.finds[find.kind] += 1
            made.right[find.kind] += right
            if not right:
                made.wrong[f"{find.kind} {letter.language} {find.reason}"].append(
                    letter.text[find.start - 20 : find.end + 20]
                )
    return made
