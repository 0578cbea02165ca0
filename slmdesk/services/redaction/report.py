"""What was replaced for an item before a model saw it, and what came back: counted and told, without the originals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from slmdesk.core.record import Record
from slmdesk.services.redaction.labels import NAMES, put_back_words, replaced_words
from slmdesk.services.redaction.service import PutBack, Veil
from slmdesk.text.redaction.types import Kind


class RedactionReport(Record):
    """What was replaced in all that a model was given, and what became of it in its answers."""

    replaced: tuple[tuple[Kind, int], ...] = ()
    """How many of which kind, in the order of `labels.NAMES`; none of the originals."""
    put_back: int = 0
    marked: tuple[str, ...] = ()
    """Words that only resemble a substitute, left as the model wrote them."""

    @property
    def words(self) -> str:
        """What `labels.replaced_words` says, and what became of the substitutes in the answers."""
        words = replaced_words(dict(self.replaced))
        return f"{words} {put_back_words(self.put_back, self.marked)}." if self.replaced else words


@dataclass(slots=True)
class Tally:
    """Counts what a model is given and what it answers, for one item."""

    veil: Veil
    replaced: dict[str, Kind] = field(default_factory=dict)
    """Each original, with its kind."""
    put_back: int = 0
    marked: dict[str, None] = field(default_factory=dict)
    is_asked: bool = False
    """Whether the model was given anything."""

    def add_hidden(self, hidden: Sequence[str]) -> None:
        """Count what was replaced in texts that are sent.  Raises KnownError store.*."""
        self.is_asked = True
        self.replaced |= self.veil.replaced_in(hidden)

    def add_answer(self, back: PutBack) -> None:
        """Count what became of the substitutes in an answer."""
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
