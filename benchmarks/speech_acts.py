"""Learns which sentences of a letter want an answer, and measures it on others.

    python -m benchmarks speech_acts FOLDER... [--aside FOLDER] [--keep]

A folder has .tsv files whose names begin with their language ("de-letters.tsv"): a
sentence a line, with `1` for what wants an answer, `0` for what wants none or `d` for a
doubt, and a tab before it; an empty line between letters. Doubts are neither learned nor
counted. What stands in `--aside` is never learned. `--keep` writes the weights that the
program comes with.

The method is that of Wang and Manning (2012), "Baselines and bigrams": logistic
regression whose features count by how much more often they stand in one class than in
the other.
"""

from __future__ import annotations

import re
import struct
from argparse import ArgumentParser
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from slmdesk.base.record import Record
from slmdesk.tasks.replies import speech_acts
from slmdesk.tasks.replies.points import acts_in, item_of
from slmdesk.tasks.replies.speech_acts import BUCKETS, buckets_of, least_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = Path(speech_acts.__file__).with_name("speech_acts.bin")
ROUNDS, RATE, SHRINK = 200, 0.1, 3e-6
LARGEST = 32767
_LINE = re.compile(r"([01d])\t(.+)")


class Line(Record):
    """A sentence of a labelled letter."""

    text: str
    acts: tuple[str, ...]
    is_item: bool
    label: str


Letter = list[Line]


def letters_in(folder: Path) -> Iterator[Letter]:
    """Yield the letters of all files of a folder."""
    for file in sorted(folder.glob("*.tsv")):
        for letter in re.split(r"\n\s*\n", file.read_text("utf-8")):
            yield [line for found in _LINE.finditer(letter) if (line := _line(found, file.name[:2])).text]


def _line(found: re.Match[str], language: str) -> Line:
    is_item, text = item_of(found[2])
    return Line(text, acts_in(text, language), is_item, found[1])


class Sample:
    """The features of all sentences of letters, in one row, and which of them are points."""

    def __init__(self, letters: Sequence[Letter], without: Collection[str] = ()) -> None:
        buckets, counts, labels, least = [], [], [], []
        for letter in letters:
            for at, line in enumerate(letter):
                if line.label != "d" and line.text not in without:
                    found = sorted(buckets_of(letter, at))
                    buckets += found
                    counts.append(len(found))
                    labels.append(line.label == "1")
                    least.append(least_odds(line))
        self.buckets = np.array(buckets, np.int32)
        self.counts = np.array(counts)
        self.labels = np.array(labels)
        self.least = np.array(least)
        self.starts = np.concatenate(([0], np.cumsum(self.counts)[:-1]))

    def spread(self, each: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each sentence has for each of its features."""
        return np.repeat(each, self.counts)

    def counted(self, each: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each bucket the sum of what its features have."""
        return np.bincount(self.buckets, weights=each, minlength=BUCKETS)

    def odds(self, weights: NDArray[np.float64], bias: float) -> NDArray[np.float64]:
        """Return the log odds of each sentence."""
        sums: NDArray[np.float64] = np.add.reduceat(weights[self.buckets], self.starts)
        return sums / np.sqrt(self.counts) + bias


def learned(sample: Sample) -> tuple[NDArray[np.float64], float]:
    """Return the weights and the bias, found with Adam over the whole sample."""
    wanted = sample.labels.astype(np.float64)
    shares = [sample.counted(sample.spread(each)) + 1 for each in (wanted, 1 - wanted)]
    telling = np.abs(np.subtract(*(np.log(share / share.sum()) for share in shares)))
    scale = sample.spread(1 / np.sqrt(sample.counts)) * telling[sample.buckets]
    at = np.zeros(BUCKETS + 1)  # the last is the bias
    mean, square = np.zeros(BUCKETS + 1), np.zeros(BUCKETS + 1)
    for step in range(1, ROUNDS + 1):
        odds = np.add.reduceat(at[sample.buckets] * scale, sample.starts) + at[-1]
        wrong = 1 / (1 + np.exp(-odds)) - wanted
        slope = sample.counted(scale * sample.spread(wrong)) / len(wanted) + SHRINK * at[:-1]
        slope = np.append(slope, wrong.mean())
        mean = 0.9 * mean + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        rate = RATE * (1 - step / (ROUNDS + 1))
        at -= rate * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return at[:-1] * telling, float(at[-1])


def stored(weights: NDArray[np.float64], bias: float) -> bytes:
    """Return the weights as the program reads them."""
    unit = np.abs(weights).max() / LARGEST
    return struct.pack("<2f", unit, bias) + np.round(weights / unit).astype("<i2").tobytes()


def told(sample: Sample, odds: NDArray[np.float64]) -> str:
    """Return what is found of a sample, in words."""
    shown, right = odds > sample.least, sample.labels
    ranks = np.argsort(np.argsort(odds)) + 1
    better = ranks[right].sum() - right.sum() * (right.sum() + 1) / 2
    return (
        f"{len(right)} sentences, {right.sum()} points: {(shown & right).sum()} found, "
        f"{(shown & ~right).sum()} of {shown.sum()} shown are none, "
        f"a point is ranked above another sentence in {better / (right.sum() * (~right).sum()):.3f} of pairs"
    )


def main(arguments: Sequence[str]) -> int:
    """See above."""
    parser = ArgumentParser(prog="python -m benchmarks speech_acts")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--aside", type=Path)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(arguments)
    aside = list(letters_in(options.aside)) if options.aside else []
    letters = [letter for folder in options.folders for letter in letters_in(folder)]
    sample = Sample(letters, {line.text for letter in aside for line in letter})
    weights, bias = learned(sample)
    print("learned:", told(sample, sample.odds(weights, bias)))
    if aside:
        rest = Sample(aside)
        print("aside:", told(rest, rest.odds(weights, bias)))
    if options.keep:
        WEIGHTS.write_bytes(stored(weights, bias))
    return 0
