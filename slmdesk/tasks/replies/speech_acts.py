"""Tells which sentences of a letter want an answer: a linear classifier of words and
pieces of words, learned from labelled letters by `benchmarks/speech_acts`.

It knows four languages and asks no model. Pure functions.

A sentence is judged by its own words, by those of the sentence above it, and in a list
by those of the line that the list belongs to.
"""

from __future__ import annotations

import math
import re
import struct
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Protocol
from zlib import crc32

BUCKETS = 2**18
"""Features share so many weights."""
LEAST, LEAST_WITH_ACT = 0.5, -1.0
"""Log odds from which a sentence is shown, and one that has the form of asking."""
COURTESY, QUESTION = "courtesy", "?"
"""A form of asking that wants no answer, and a question mark outside of any."""
MOST_ABOVE = 12
"""So many lines above at most is the line that a list belongs to."""
MOST_CHARACTERS = 1200
"""So many of a sentence are read."""
_TOKEN = re.compile(r"\w+|[?!:.;,]")
_DIGIT = re.compile(r"\d")
_ENDS = re.compile(r"[.:;!?,][\"'”’“»)\]]*$")
_SAID = re.compile(r"[.!?][\"'”’“»)\]]*$")


class Line(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def acts(self) -> Sequence[str]: ...
    @property
    def is_item(self) -> bool: ...


def wants_answer(lines: Sequence[Line]) -> list[bool]:
    """Return for each sentence of a letter, in order, whether it wants an answer."""
    return [_odds(lines, at) > least_odds(line) for at, line in enumerate(lines)]


def least_odds(line: Line) -> float:
    """Return from which log odds on a sentence is shown.

    A question always is, and what has the form of asking unless it is unlikely to ask.
    """
    if QUESTION in line.acts:
        return -math.inf
    return LEAST_WITH_ACT if has_act(line.acts) else LEAST


def has_act(acts: Sequence[str]) -> bool:
    """Return whether any of these speech acts wants an answer."""
    return not set(acts) <= {COURTESY}


def _odds(lines: Sequence[Line], at: int) -> float:
    weights, unit, bias = _weights()
    buckets = buckets_of(lines, at)
    told = sum(map(weights.__getitem__, buckets))
    odds: float = told * unit / math.sqrt(len(buckets)) + bias
    return odds


def buckets_of(lines: Sequence[Line], at: int) -> set[int]:
    """Return the numbers of the weights that count for one sentence."""
    named = (*_own(lines[at]), *_around(lines, at))
    return {crc32(name.encode()) % BUCKETS for name in named}


@cache
def _weights() -> tuple[array[int], float, float]:
    """Return the weights, their unit, and what is added to their sum.

    The file: unit and bias as floats, then two bytes for each weight, the lowest first.
    """
    source = resources.files("slmdesk.tasks.replies").joinpath("speech_acts.bin")
    stored = source.read_bytes()
    unit, bias = struct.unpack("<2f", stored[:8])
    return array("h", stored[8:]), unit, bias


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(_DIGIT.sub("0", text[:MOST_CHARACTERS]).lower())


def _runs(kind: str, tokens: Sequence[str], longest: int = 1) -> Iterator[str]:
    """Yield the tokens, and what stands next to each other, up to so many."""
    for length in range(1, longest + 1):
        for at in range(len(tokens) - length + 1):
            yield f"{kind}:{' '.join(tokens[at : at + length])}"


def _acts(kind: str, line: Line) -> Iterator[str]:
    """Yield the acts, and whether there is any that wants an answer."""
    yield from map(f"{kind} act:{{}}".format, (*line.acts, has_act(line.acts)))


def _own(line: Line) -> Iterator[str]:
    tokens = _tokens(line.text)
    yield from _acts("own", line)
    yield from _runs("word", ("^", *tokens, "$"), 3)
    for token in tokens:
        for at in range(len(token)):
            yield from _parts(f" {token} ", at)


def _parts(word: str, at: int) -> Iterator[str]:
    """Yield three, four and five letters of a word from a place on."""
    yield f"part:{word[at : at + 3]}"
    yield f"part:{word[at : at + 4]}"
    yield f"part:{word[at : at + 5]}"


def _around(lines: Sequence[Line], at: int) -> Iterator[str]:
    """Yield how a sentence stands in its letter."""
    line, above, below = lines[at], lines[max(0, at - 1) : at], lines[at + 1 : at + 2]
    yield f"of:{min(len(lines), 2)}"
    yield f"words:{min(6, len(line.text.split()) // 4)}"
    yield f"place:{10 * at // len(lines)}"
    yield f"item:{line.is_item}"
    yield f"ends:{_ENDS.search(line.text) is not None}"
    yield f"leads:{line.text.endswith(':')}"
    for name, others in (
        ("above", above),
        ("below", below),
        ("lead", _lead(lines, at)),
    ):
        yield f"{name}:{len(others)}"
        for other in others:
            yield f"{name} item:{other.is_item}"
            yield from _acts(name, other)
            yield from _runs(name, _tokens(other.text))


def _lead(lines: Sequence[Line], at: int) -> Sequence[Line]:
    """Return the line that a list belongs to, or none for what is in no list."""
    for above in lines[max(0, at - MOST_ABOVE) : at][::-1]:
        if above.text.endswith(":") or (lines[at].is_item and not above.is_item):
            return (above,)
        if not above.is_item and _SAID.search(above.text):
            break
    return ()
