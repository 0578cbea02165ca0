"""How much of each attachment goes to a model: whole where it fits, else the passages that fit.  Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from slmdesk.core.attached import AttachMode

ROOM = 512
"""Tokens kept free for the answer, unless a person set how long it may be."""
LEAST_SHARE_FOR_ANSWER = 4
"""Of a small context at most a quarter is kept free."""
WHOLE_SHARE = 0.75
"""Of what is left, that documents chosen by the program may fill whole: the chat goes on after this question."""
PASSAGE_SHARE = 0.6
READ_TOKENS = 1800
"""Of passages for one question: more take long to read, and small models lose their way."""
MOST_PASSAGES = 8
PASSAGE_FRAME = 6
"""Tokens around each passage: its page."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sized:
    """An attachment to be decided on."""

    tokens: int
    """Of all of it, with what is put around it."""
    mode: AttachMode = AttachMode.AUTO


def room_for_answer(context_tokens: int, max_tokens: int | None) -> int:
    """Tokens of a context that are kept for the answer."""
    return min(max_tokens or ROOM, max(1, context_tokens // LEAST_SHARE_FOR_ANSWER))


def decide(sized: Sequence[Sized], left: int) -> list[bool]:
    """Of each attachment, whether it is read whole.  `left`: tokens of the context that nothing else needs.

    What a person wants whole is read whole, whether it fits or not: that it does not is said before it is sent, and
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


def room_for_passages(left: int) -> int:
    """Tokens of passages for one question, where `left` are free."""
    return min(READ_TOKENS, int(max(0, left) * PASSAGE_SHARE))


def best_that_fit(sizes: Sequence[int], loader: int) -> list[int]:
    """Of passages in order of rank, by their tokens, the first that fit together: their places.  A long one that does
    not fit lets shorter ones behind it in.
    """
    chosen: list[int] = []
    for place, size in enumerate(sizes):
        if len(chosen) < MOST_PASSAGES and size <= loader:
            chosen.append(place)
            loader -= size
    return chosen


def in_turn(rankings: Sequence[Sequence[T]]) -> list[T]:
    """Several rankings as one: the first of each, then the second of each."""
    longest = max(map(len, rankings), default=0)
    return [ranking[at] for at in range(longest) for ranking in rankings if at < len(ranking)]


@dataclass(frozen=True, slots=True)
class ContextPart:
    """A part of what a model is given, in tokens."""

    kind: str
    """instructions, conversation, attachment, question, or answer (the room that is kept for it)."""
    tokens: int
    name: str = ""
    """Of an attachment."""
    note: str = ""
    """Of an attachment: how much of it is read."""
    key: str = ""
    """Of an attachment not sent yet: its document, or its name where it is of none."""


def total_of(parts: Sequence[ContextPart]) -> int:
    """Tokens of all but the answer."""
    return sum(one.tokens for one in parts if one.kind != "answer")
