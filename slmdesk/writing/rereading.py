"""Has the model read corrected sentences back: a change that makes its sentence less likely is only suggested."""

from __future__ import annotations

import math
from collections.abc import Sequence

from slmdesk.base.record import changed
from slmdesk.base.translation import LANGUAGES
from slmdesk.base.types import ChatMessage, Json, Role, Sampling, TextPart
from slmdesk.jobs.runner import step_of
from slmdesk.loader.model_loader import Words
from slmdesk.text.writing import SELF_CONTAINED, Edit, applied, words_in
from slmdesk.writing.types import Change

LEAST_PROBABILITY = 1e-6
"""What a token counts at least, as the engine rounds."""


class Rereading:
    """The changes of one sentence, read with all that are made, and without each of them."""

    def __init__(self, text: str, changes: Sequence[Change], language: str) -> None:
        self._changes, self._language = changes, language
        self._checked = [change for change in changes if change.is_made and _may_break(change)]
        left_out = (None, *self._checked) if self._checked else ()
        self._readings = [_sentence(text, changes, change) for change in left_out]
        self._scores: dict[int, float] = {}

    @property
    def steps(self) -> list[dict[str, Json]]:
        """One for each reading, whose words the model does not choose. None if no change may break the sentence."""
        asked = TextPart(f"Write one sentence of a letter in {LANGUAGES[self._language].name}.")
        turns = [ChatMessage(Role.USER, (asked,))]
        return [step_of(turns, Sampling(), with_probabilities=True, given=reading) for reading in self._readings]

    def take(self, number: int, words: Words) -> None:
        known = [max(share, LEAST_PROBABILITY) for _start, _end, share in words.probabilities]
        is_whole = words.text.strip() == self._readings[number]
        self._scores[number] = math.fsum(map(math.log, known)) if is_whole else math.nan

    @property
    def changes(self) -> Sequence[Change] | None:
        """The changes, or None while readings are missing. Beside a change that breaks the sentence no half stays."""
        if len(self._scores) < len(self._readings):
            return None
        broken = [change for at, change in enumerate(self._checked, 1) if self._scores[at] > self._scores[0]]
        half = "beside" if broken else ""
        doubts = [
            "likely" if change in broken else change.doubt or half * (change.reason not in SELF_CONTAINED)
            for change in self._changes
        ]
        return [changed(change, doubt=doubt) for change, doubt in zip(self._changes, doubts, strict=True)]


def _may_break(change: Change) -> bool:
    """Return whether a change touches more than the look of its words; what looks misspelled may be another word."""
    return bool(words_in(change.old + change.edit.new)) and change.reason not in SELF_CONTAINED - {"spelling"}


def _sentence(text: str, changes: Sequence[Change], left_out: Change | None) -> str:
    start, end = changes[0].sentence
    made = [change.edit for change in changes if change.is_made and change is not left_out]
    moved = [Edit(edit.start - start, edit.end - start, edit.new) for edit in made]
    return " ".join(applied(text[start:end], moved).split())
