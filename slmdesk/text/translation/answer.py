"""Turns a model's answer into a translation: the same for typed text, documents and a second attempt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from slmdesk.core.translation import Doubt
from slmdesk.core.types import TokenProbability
from slmdesk.text.translation.checks import with_same_end, without_chatter
from slmdesk.text.translation.tagged import Tags, mended, without_strangers
from slmdesk.text.translation.uncertain_words import doubts_in

_BLANKS = re.compile(" {2,}")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A translation, and the words of it that the model was unsure of."""

    target: str
    doubts: tuple[Doubt, ...] = ()


def cleaned(source: str, answer: str, tags: Tags, probabilities: Sequence[TokenProbability] = ()) -> Cleaned:
    """The translation in an answer: without remarks around it and tags that the source lacks, on one line where the
    source is, and with the source's end punctuation.  Pure; `probabilities` of the answer's tokens.
    """
    target = without_strangers(mended(without_chatter(source, answer).strip(), tags), tags, source)
    if "\n" not in source:  # line breaks of a subtitle or a verse are kept
        target = " ".join(line.strip() for line in target.split("\n") if line.strip())
    if "  " not in source:
        target = _BLANKS.sub(" ", target)
    doubts = doubts_in(target, answer, probabilities, tags)
    return Cleaned(with_same_end(source, target), doubts)
