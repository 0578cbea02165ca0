"""The paragraphs of a Word file as one text, and changes of that text as tracked changes in the file.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slmdesk.base.record import Record, changed
from slmdesk.base.tracking import SIGNS, deleted, inserted
from slmdesk.text.translation.tagged import Tags, pieces
from slmdesk.text.writing.edits import Edit
from slmdesk.writing.types import Change, Correction

_BETWEEN = "\n\n"


class _Unit(Record):
    number: int
    tagged: str
    start: int
    stretches: tuple[tuple[int, int, int], ...]
    """Words without a tag between them: from and up to where in the unit's words, and from where in `tagged`."""


class DocumentText(Record):
    """The words of a document: its units, with an empty line between them."""

    text: str
    units: tuple[_Unit, ...]

    @classmethod
    def of(cls, found: Sequence[Mapping[str, Any]]) -> DocumentText:
        """From what the reader child found; numbers count the units from 0."""
        units: list[_Unit] = []
        words: list[str] = []
        at = 0
        for number, one in enumerate(each["unit"] for each in found if "unit" in each):
            tagged = str(one["text"])
            plain, stretches = _plain(tagged, Tags(tuple(one["paired"]), tuple(one["lone"])))
            if "\n" in plain or "\r" in plain or SIGNS & set(plain):
                continue
            units.append(_Unit(number, tagged, at, stretches))
            words.append(plain)
            at += len(plain) + len(_BETWEEN)
        return cls(_BETWEEN.join(words), tuple(units))

    def settled(self, found: Correction) -> Correction:
        """The correction with paragraphs for lines, and changes that lie across formatting only suggested."""
        changes = []
        for one in found.changes:
            place = self._place(one.edit)
            doubt = one.doubt or ("" if place else "formatting")
            changes.append(changed(one, line=one.line // 2 + 1, doubt=doubt))
        return changed(found, changes=tuple(changes), unanswered=tuple(one // 2 + 1 for one in found.unanswered))

    @property
    def paragraphs(self) -> tuple[tuple[int, str], ...]:
        words = self.text.split(_BETWEEN) if self.units else ()
        return tuple((unit.start, one) for unit, one in zip(self.units, words, strict=True))

    def has_place(self, edit: Edit) -> bool:
        """Whether an edit of the text can be put into the document: it lies in one unit, and across no formatting."""
        return self._place(edit) is not None

    def answers(self, changes: Sequence[Change]) -> Iterator[tuple[int, str, str]]:
        """For each unit with changes that are made: its number, its text, and the text with the changes marked."""
        by_unit: dict[int, list[tuple[int, int, Edit]]] = {}
        units = {one.number: one for one in self.units}
        for one in changes:
            if one.is_made and (place := self._place(one.edit)):
                by_unit.setdefault(place[0].number, []).append((*place[1:], one.edit))
        for number, edits in by_unit.items():
            text = units[number].tagged
            for start, end, edit in sorted(edits, key=lambda each: each[:2], reverse=True):
                text = text[:start] + deleted(text[start:end]) + inserted(edit.new) + text[end:]
            yield number, units[number].tagged, text

    def refused(self, change: Change, numbers: Sequence[int]) -> bool:
        place = self._place(change.edit)
        return place is not None and place[0].number in numbers

    def without(self, found: Correction, refused: Sequence[int]) -> Correction:
        changes = []
        for one in found.changes:
            is_refused = one.is_made and self.refused(one, refused)
            changes.append(changed(one, doubt="formatting") if is_refused else one)
        return changed(found, changes=tuple(changes))

    def _place(self, edit: Edit) -> tuple[_Unit, int, int] | None:
        """The unit of an edit, and where it stands in the unit's tagged text; None where a tag is inside it."""
        unit = next((one for one in reversed(self.units) if one.start <= edit.start), None)
        if unit is None:
            return None
        start, end = edit.start - unit.start, edit.end - unit.start
        for first, last, tagged in unit.stretches:
            if first <= start and end <= last:
                return unit, tagged + start - first, tagged + end - first
        return None


def _plain(tagged: str, tags: Tags) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    words, stretches, at, place = "", [], 0, 0
    for one in pieces(tagged, tags):
        if isinstance(one, str):
            stretches.append((at, at + len(one), place))
            words += one
            at += len(one)
        place += len(str(one))
    return words, tuple(stretches)
