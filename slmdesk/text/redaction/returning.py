"""A text as a model sees it, and the originals put back into what the model made of it.  Pure.

What did not come back whole is named with the words concerned, and never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from slmdesk.base.prefix import common_prefix
from slmdesk.base.record import Record
from slmdesk.text.redaction.types import Find, Kind, Table
from slmdesk.text.translation.tagged import Tags, pieces

if TYPE_CHECKING:
    from slmdesk.text.redaction.replacing import Restored

# What puts back is imported where it is used: it takes a quarter of a second, and few texts are redacted.


class Loss(StrEnum):
    MISSING = "missing"
    CHANGED = "changed"
    """Something that resembles it came back, and stays as the model wrote it."""
    ENDING = "ending"
    """It came back with an ending, which was left out: nobody knows that of the original."""
    FORMAT = "format"
    """A part of the original was formatted, now all of it is."""


class Lost(Record):
    loss: Loss
    words: str
    """The original where it is missing or formatted, of an ending that alone, else what the model wrote."""
    original: str = ""
    """What was put back, without the ending."""


class Returned(Record):
    text: str
    count: int
    lost: tuple[Lost, ...]
    _made: Restored

    def moved(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a part of the model's text stands now; None for one that touches a substitute."""
        shift = 0
        for (old_start, old_end), (_, new_end) in zip(self._made.taken, self._made.put_back, strict=True):
            if start < old_end and old_start < end:
                return None
            if old_end <= start:
                shift = new_end - old_end
        return start + shift, end + shift


class Veiled(Record):
    text: str
    table: Table = ()
    originals: tuple[str, ...] = ()
    """What was replaced in it, each once, in order."""
    formatted: tuple[str, ...] = ()
    """Of those the ones that had formatting inside, which is around them now."""

    def back(self, answer: str) -> Returned:
        """The originals put back into what the model made of this text.  Raises KnownError "redaction.ambiguous"."""
        from slmdesk.text.redaction.replacing import Restored, restored

        made = restored(answer, self.table) if self.table else Restored(answer, (), ())
        lost = [Lost(Loss.MISSING, one) for one in self._missing(made)]
        for number in sorted(made.bent):
            wrote, now = made.taken[number], made.put_back[number]
            original = made.text[now[0] : now[1]]
            lost.append(Lost(Loss.ENDING, self._ending(answer[wrote[0] : wrote[1]], original), original))
        lost += [Lost(Loss.CHANGED, made.text[start:end]) for start, end in made.marked]
        lost += [Lost(Loss.FORMAT, one) for one in self.formatted]
        return Returned(made.text, len(made.put_back), tuple(dict.fromkeys(lost)), made)

    def back_so_far(self, answer: str) -> str:
        from slmdesk.text.redaction.replacing import restored_so_far

        return restored_so_far(answer, self.table)

    def words(self, answer: str) -> str:
        from slmdesk.text.redaction.replacing import restored

        return restored(answer, self.table).text

    def holds(self, words: str) -> bool:
        plain = words.casefold()
        return any(own.casefold() in plain for entry in self.table for own, _ in entry.pairs)

    def _ending(self, wrote: str, original: str) -> str:
        for substitute in (sub for entry in self.table for own, sub in entry.pairs if own == original):
            if wrote[: len(substitute) - 1].casefold() == substitute[:-1].casefold():
                return f"…{wrote[common_prefix(wrote.casefold(), substitute.casefold()) :]}"
        return "…"

    def _missing(self, made: Restored) -> list[str]:
        there = {made.text[start:end].casefold() for start, end in made.put_back}
        missing = []
        for one in self.originals:
            entry = next((entry for entry in self.table if any(one == own for own, _ in entry.pairs)), None)
            forms = {own.casefold() for own, _ in entry.pairs} if entry else {one.casefold()}
            if not any(form in words for form in forms for words in there):
                missing.append(one)
        return missing


# ---- formatting


class Untagged(Record):
    words: str
    tags: tuple[tuple[int, str], ...]
    """Each tag, and before which of the words' characters it stood."""

    @classmethod
    def of(cls, text: str, tags: Tags) -> Untagged:
        words, found = "", []
        for one in pieces(text, tags):
            if isinstance(one, str):
                words += one
            else:
                found.append((len(words), str(one)))
        return cls(words, tuple(found))

    def divided(self, finds: Sequence[Find]) -> list[Find]:
        """Finds of the words, with names divided where a tag stands between two of their words."""
        cuts = sorted({at for at, _ in self.tags})
        divided: list[Find] = []
        for find in finds:
            within = [at for at in cuts if find.start < at < find.end and self._is_between(at)]
            if find.kind is not Kind.PERSON or not within:
                divided.append(find)
                continue
            for start, end in zip((find.start, *within), (*within, find.end), strict=True):
                part = self.words[start:end]
                first = start + len(part) - len(part.lstrip())
                if part := part.strip():
                    divided.append(Find(find.kind, first, first + len(part), part, find.certainty, find.reason))
        return divided

    def _is_between(self, at: int) -> bool:
        return self.words[at - 1].isspace() or self.words[at].isspace()

    def tagged(self, hidden: str, finds: Sequence[Find], spans: Sequence[tuple[int, int]]) -> tuple[str, list[str]]:
        """The words with substitutes, and the tags where they were; formatting inside of a find is put around it.

        `finds`: what was replaced; `spans`: where it stands in `hidden`.  Also returns the finds with such formatting.
        """
        opened = {tag: at for at, tag in self.tags if not tag.startswith("</")}
        closed = {tag.replace("/", ""): at for at, tag in self.tags if tag.startswith("</")}
        numbers = {tag: number for number, (_, tag) in enumerate(self.tags)}
        placed: list[tuple[int, int, int, str]] = []
        moved: dict[str, None] = {}
        for number, (at, tag) in enumerate(self.tags):
            begins = opened.get(tag.replace("/", ""), -1) if tag.startswith("</") else -1
            ends = closed.get(tag, len(self.words) + 1)
            place, rank, order = at, _OTHER, number
            for find, span in zip(finds, spans, strict=True):
                is_inside = find.start < at < find.end or (at == find.end and find.start < begins)
                if find.end <= at:
                    place = span[1] + at - find.end
                if not is_inside:
                    continue
                moved[find.text] = None
                place, rank = span[1], _LATE
                if tag.startswith("</"):
                    rank = _INNER_CLOSE if begins > find.start else _OUTER_CLOSE
                    order = -numbers[tag.replace("/", "")] if begins > find.start else number
                elif ends <= find.end:
                    place, rank = span[0], _INNER_OPEN
                break
            placed.append((place, rank, order, tag))
        parts, end = list[str](), 0
        for place, _, _, tag in sorted(placed):
            parts += hidden[end:place], tag
            end = place
        return "".join((*parts, hidden[end:])), list(moved)


_INNER_CLOSE, _OUTER_CLOSE, _LATE, _OTHER, _INNER_OPEN = range(5)
"""The order of tags that come to stand at one place, so that none of them cross."""
