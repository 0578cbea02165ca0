"""What was replaced for an item before a model saw it, and what came back: counted and told, without the originals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from slmdesk.base.record import Record
from slmdesk.redaction.labels import NAMES, put_back_words, replaced_words
from slmdesk.redaction.service import PutBack, Veil
from slmdesk.text.redaction.types import Kind


class RedactionReport(Record):
    replaced: tuple[tuple[Kind, int], ...] = ()
    """How many of which kind, in the order of `labels.NAMES`; none of the originals."""
    put_back: int = 0
    marked: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        words = replaced_words(dict(self.replaced))
        return f"{words} {put_back_words(self.put_back, self.marked)}." if self.replaced else words


@dataclass(slots=True)
class Tally:
    veil: Veil
    replaced: dict[str, Kind] = field(default_factory=dict)
    put_back: int = 0
    marked: dict[str, None] = field(default_factory=dict)
    is_asked: bool = False

    def add_hidden(self, hidden: Sequence[str]) -> None:
        """Raises KnownError store.*."""
        self.is_asked = True
        self.replaced |= self.veil.replaced_in(hidden)

    def add_answer(self, back: PutBack) -> None:
        self.put_back += back.count
        self.marked |= dict.fromkeys(back.text[start:end] for start, end in back.marked)

    def report(self) -> RedactionReport | None:
        """What was counted so far; None where the model was given nothing."""
        if not self.is_asked:
            return None
        counts = Counter(self.replaced.values())
        return RedactionReport(
            tuple((kind, counts[kind]) for kind in NAMES if counts[kind]), self.put_back, tuple(self.marked)
        )
