"""What was measured of a model's formats on this PC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from slmdesk.base.model_formats import FormatQuality, FormatSpeed
from slmdesk.base.record import Number, Record, changed
from slmdesk.gguf.quantization import QUANTIZATIONS

SAME_DIVERGENCE = 0.0005
"""Up to here, and with every answer equal, a format gives the same answers."""
NEARLY_DIVERGENCE, NEARLY_PERPLEXITY = 0.03, 1.02
"""Up to here answers are nearly the same: hardly more than what another way of rounding the same weights makes."""
FASTER = 1.1
NOT_SLOWER = 0.97
SMALLER = 0.9
_SMALLER = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_NL", "Q4_0")
_FASTER = ("F16", "Q8_0", "Q6_K", "Q4_0")


class Likeness(StrEnum):
    SAME = "same"
    NEARLY = "nearly"
    OTHER = "other"
    UNKNOWN = "unknown"
    """Not measured, since it was neither faster nor smaller."""


class FormatResult(Record):
    format: str
    bytes: int = 0
    speed: FormatSpeed | None = None
    published: FormatSpeed | None = None
    """Of the published file, measured just before."""
    quality: FormatQuality | None = None
    published_perplexity: Number = 0.0
    same_answers: int = 0
    questions: int = 0
    left_out: tuple[int, ...] = ()
    reason: str = ""

    @property
    def answer_gain(self) -> float:
        """How many times as fast an answer is; 0 where it was not measured."""
        return self.published.answer_s / self.speed.answer_s if self.speed and self.published else 0.0

    @property
    def long_work_gain(self) -> float:
        return self.published.long_work_s / self.speed.long_work_s if self.speed and self.published else 0.0

    @property
    def likeness(self) -> Likeness:
        if self.quality is None:
            return Likeness.UNKNOWN
        if self.quality.divergence < SAME_DIVERGENCE and self.same_answers == self.questions > 0:
            return Likeness.SAME
        near = self.quality.divergence <= NEARLY_DIVERGENCE
        return Likeness.NEARLY if near and self.perplexity_change <= NEARLY_PERPLEXITY else Likeness.OTHER

    @property
    def perplexity_change(self) -> float:
        """Its perplexity over the published file's; 1 where unknown."""
        if self.quality is None or self.published_perplexity <= 0:
            return 1.0
        return self.quality.perplexity / self.published_perplexity

    @property
    def is_faster(self) -> bool:
        """Whether answers or long work are worth a file, and the other is not slower."""
        gains = sorted((self.answer_gain, self.long_work_gain))
        return gains[0] >= NOT_SLOWER and gains[1] >= FASTER


class FormatReport(Record):
    hardware: str
    library: str
    bytes: int = 0
    tried: tuple[FormatResult, ...] = ()

    @property
    def results(self) -> Mapping[str, FormatResult]:
        return {one.format: one for one in self.tried}

    def with_result(self, result: FormatResult) -> FormatReport:
        return changed(self, tried=tuple({**self.results, result.format: result}.values()))

    def fastest(self) -> FormatResult | None:
        """The one that is recommended for speed: of those that are faster and give the same or nearly the same
        answers the one with the largest gain, both kinds of work multiplied; within 3 % the smaller file.
        """
        liked = (Likeness.SAME, Likeness.NEARLY)
        able = [one for one in self.results.values() if one.is_faster and one.likeness in liked]
        if not able:
            return None
        best = max(one.answer_gain * one.long_work_gain for one in able)
        near = [one for one in able if one.answer_gain * one.long_work_gain >= NOT_SLOWER * best]
        return min(near, key=lambda one: one.bytes)

    def smallest(self) -> FormatResult | None:
        """The one that is recommended for space: the smallest with the same or nearly the same answers."""
        liked = (Likeness.SAME, Likeness.NEARLY)
        able = [one for one in self.results.values() if one.likeness in liked and 0 < one.bytes < SMALLER * self.bytes]
        return min(able, key=lambda one: one.bytes, default=None)


def name_without(layers: int) -> str:
    return f"{layers} layer{'s' if layers > 1 else ''} less"


def candidates(quantization: str, parameters: int) -> Sequence[str]:
    """The formats worth trying for a file in `quantization`, the most exact first.

    Of a file with 8 bits or more each smaller one; of a smaller file those that are computed faster on many
    processors: its weights are not made better by them, and IQ4_NL takes minutes to make.
    """
    known = QUANTIZATIONS.get(quantization)
    bits = known.bits if known else 16.0
    if bits >= 8:
        return [one for one in _SMALLER if QUANTIZATIONS[one].bits < bits]
    large = parameters > 1_000_000_000
    return [one for one in _FASTER if one != quantization and not (one == "F16" and large)]
