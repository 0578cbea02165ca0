"""Finds people of whom a written sentence tells what the paper tells of others. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from slmdesk.claims.types import ELSEWHERE, Mark
from slmdesk.summaries.told import Fitting, Paper, Passage, Told, Word, is_kin

LEAST_SAID, LEAST_RANK = 0.2, 0.9
"""Least share of a clause in the passage that says it, and share of that passage's share in others that may say it."""
LEAST_CLAUSE, MOST_SALUTED = 3, 5
"""Fewest words of a clause that is compared by itself, and most of a line that only addresses somebody."""


def misnamed(said: Told, paper: Paper) -> Iterator[Mark]:
    """Yield a mark for somebody whom the passages that say a clause don't name, while the best of them names others."""
    named = [word for word in said.words if _name(word, said, paper)]
    for clause in sorted({word.clause for word in named}):
        here = [word for word in named if word.clause == clause]
        is_short = sum(word.clause == clause for word in said.words) - len(here) < LEAST_CLAUSE
        rest = [word for word in said.words if word not in here and abs(word.clause - clause) <= is_short]
        fitting = Fitting(Told(said.text, tuple(rest), ()), paper)
        ranked = sorted(((fitting.share(passage), -at) for at, passage in enumerate(paper.passages)), reverse=True)[:3]
        best = [paper.passages[-at] for share, at in ranked if share >= LEAST_RANK * ranked[0][0]]
        if not rest or ranked[0][0] < LEAST_SAID or any(_has(passage, here) for passage in best):
            continue
        there = [word for word in best[0].told.words if _name(word, best[0].told, paper)]
        if there and len(best[0].told.words) > MOST_SALUTED and not _has(best[0], named):
            text = best[0].text[there[0].start : there[0].end]
            yield Mark(ELSEWHERE, said.text[here[0].start : here[-1].end], here[0].start, here[-1].end, text)
            return


def _name(word: Word, told: Told, paper: Paper) -> bool:
    is_known = word.key in paper.people or word.key.removesuffix("s") in paper.people
    return is_known and told.text[word.start].isupper()


def _has(passage: Passage, names: list[Word]) -> bool:
    return any(is_kin(word.key, key) for word in names for key in passage.keys | passage.before | passage.context)
