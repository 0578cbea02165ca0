"""Decides how much of each attachment a model reads: all of it, or the passages that fit.  Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from slmdesk.base.attached import AttachMode
from slmdesk.base.record import Record

SPACE = 512
"""Tokens kept free for the answer, unless a person set its length."""
LEAST_SHARE_FOR_ANSWER = 4
"""Of a small context at most a quarter is kept free."""
WHOLE_SHARE = 0.75
"""Share of the remaining context that documents chosen by the program may fill whole, so that the chat can continue."""
PASSAGE_SHARE = 0.6
READ_TOKENS = 1800
"""Most tokens of passages for one question: more take long to read, and small models lose track."""
MOST_PASSAGES = 8
PASSAGE_FRAME = 6
SOME = "passages that fit the question"

T = TypeVar("T")


class SizedAttachment(Record):
    tokens: int
    mode: AttachMode = AttachMode.AUTO


def space_for_answer(context_tokens: int, max_tokens: int | None) -> int:
    return min(max_tokens or SPACE, max(1, context_tokens // LEAST_SHARE_FOR_ANSWER))


def decide(sized: Sequence[SizedAttachment], left: int) -> list[bool]:
    """Return for each attachment whether it is read whole.  `left`: tokens of the context not needed otherwise.

    An attachment a person wants whole is read whole, whether it fits or not: the person is told before sending, and
    nothing is cut.  Of the others the smallest come first.
    """
    whole = [one.mode is AttachMode.WHOLE for one in sized]
    taken = sum(one.tokens for one, is_whole in zip(sized, whole, strict=True) if is_whole)
    most = int(max(0, left) * WHOLE_SHARE)
    for at in sorted(range(len(sized)), key=lambda at: sized[at].tokens):
        if sized[at].mode is AttachMode.AUTO and taken + sized[at].tokens <= most:
            whole[at] = True
            taken += sized[at].tokens
    return whole


def space_for_passages(left: int) -> int:
    return min(READ_TOKENS, int(max(0, left) * PASSAGE_SHARE))


def best_that_fit(sizes: Sequence[int], loader: int) -> list[int]:
    """Choose from ranked passages, by their tokens, the first that fit together, and return their indexes."""
    chosen: list[int] = []
    for place, size in enumerate(sizes):
        if len(chosen) < MOST_PASSAGES and size <= loader:
            chosen.append(place)
            loader -= size
    return chosen


def in_turn(rankings: Sequence[Sequence[T]]) -> list[T]:
    """Merge several rankings: the first of each, then the second of each."""
    longest = max(map(len, rankings), default=0)
    return [ranking[at] for at in range(longest) for ranking in rankings if at < len(ranking)]


class ContextPart(Record):
    kind: str
    """instructions, notes, pinned, conversation, attachment, question, or answer (the space kept for it)."""
    tokens: int
    name: str = ""
    note: str = ""
    key: str = ""
    """Key of an attachment not sent yet: its document, or its name when it is in none."""


def total_of(parts: Sequence[ContextPart]) -> int:
    return sum(one.tokens for one in parts if one.kind != "answer")
