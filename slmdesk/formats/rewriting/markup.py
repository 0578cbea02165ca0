"""Changes text files in place: stretches of text become units, everything between them is kept verbatim."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from enum import StrEnum

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.formats.decoding import MARKS, NotTextError, decode, decode_as, take
from slmdesk.formats.rewriting.base import Rewriting, Unit, Units
from slmdesk.text.translation.tagged import Side, Tag, Tags, first_number, pieces, stripped, tags_in


class TextFile:
    def __init__(self, rewriting: Rewriting) -> None:
        """Raises KnownError `document.binary`, `document.unreadable`, `document.too_large`."""
        self._rewriting = rewriting
        reading = rewriting.reading
        untrusted = reading.text_bytes()
        try:
            decoded = decode_as(untrusted, reading.encoding) if reading.encoding else decode(untrusted)
        except NotTextError as err:
            raise KnownError("document.binary", path=reading.path) from err
        take(reading, decoded)
        self._encoding = decoded.encoding
        self._mark = next((mark for mark, _ in MARKS if untrusted.startswith(mark)), b"")
        self.text = decoded.text
        self._edits: list[tuple[int, int, str]] = []

    def put(self, start: int, end: int, words: str) -> None:
        self._edits.append((start, end, words))

    @property
    def is_changed(self) -> bool:
        return bool(self._edits)

    def close(self) -> None:
        """Set the file's new bytes: in its own encoding where that has all the characters, else in UTF-8."""
        out, at = [], 0
        for start, end, words in sorted(self._edits):
            out += [self.text[at:start], words]
            at = end
        text = "".join((*out, self.text[at:]))
        try:
            self._rewriting.data = self._mark + text.encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            self._rewriting.data = (codecs.BOM_UTF8 if self._mark else b"") + text.encode("utf-8", "replace")


class Mark(StrEnum):
    WORDS = "words"
    OPEN = "open"
    CLOSE = "close"
    LONE = "lone"


class Piece(Record):
    """A piece of a stretch: words, or markup as it is written; `name` says which closing belongs to which opening."""

    mark: Mark
    raw: str
    name: str = ""


class Stretch:
    def __init__(
        self,
        found: Sequence[Piece],
        *,
        plain: Callable[[str], str] = str,
        escaped: Callable[[str], str] = str,
    ) -> None:
        """`plain` decodes the source (entities), `escaped` encodes it again."""
        self._escaped = escaped
        words = [plain(one.raw) if one.mark is Mark.WORDS else "" for one in found]
        number = first_number(*words)
        self._raw: dict[str, str] = {}
        paired, lone, parts = [], [], []
        partner = _partners(found)
        numbers: dict[int, int] = {}
        for index, one in enumerate(found):
            if one.mark is Mark.WORDS:
                parts.append(words[index])
                continue
            other = partner.get(index)
            if other is None:
                tag = Tag(Side.LONE, number)
                lone.append(number)
                number += 1
            elif other > index:
                tag, numbers[other] = Tag(Side.OPEN, number), number
                paired.append(number)
                number += 1
            else:
                tag = Tag(Side.CLOSE, numbers[index])
            self._raw[str(tag)] = one.raw
            parts.append(str(tag))
        self._all = Tags(tuple(paired), tuple(lone))
        self._before, self.text, self._after = stripped("".join(parts), self._all)
        while (inner := self._unwrapped()) is not None:
            self._before, self.text, self._after = inner
        self.tags = tags_in(self.text, self._all)

    @property
    def has_words(self) -> bool:
        return any(one.isalpha() for part in pieces(self.text, self.tags) if isinstance(part, str) for one in part)

    def written(self, translation: str) -> str:
        return "".join(
            self._escaped(one) if isinstance(one, str) else self._raw[str(one)]
            for one in pieces(self._before + translation + self._after, self._all)
        )

    def _unwrapped(self) -> tuple[str, str, str] | None:
        parts = pieces(self.text, self._all)
        first = parts[0] if parts else ""
        if not isinstance(first, Tag) or first.side is not Side.OPEN or parts[-1] != Tag(Side.CLOSE, first.number):
            return None
        opening, closing = str(first), str(parts[-1])
        before, middle, after = stripped(self.text[len(opening) : len(self.text) - len(closing)], self._all)
        return self._before + opening + before, middle, after + closing + self._after


def _partners(found: Sequence[Piece]) -> dict[int, int]:
    """Which opening belongs to which closing, both ways; unpaired or crossing markup stays single."""
    partner: dict[int, int] = {}
    opened: list[int] = []
    for index, one in enumerate(found):
        if one.mark is Mark.OPEN:
            opened.append(index)
        elif one.mark is Mark.CLOSE:
            at = next((at for at in reversed(range(len(opened))) if found[opened[at]].name == one.name), None)
            if at is not None:
                partner[opened[at]], partner[index] = index, opened[at]
                del opened[at:]
    return partner


def stretch_units(file: TextFile, stretch: Stretch, start: int, end: int, *, kind: str, place: str) -> Units:
    if stretch.has_words:
        answer = yield Unit(stretch.text, stretch.tags, kind, place)
        if answer is not None:
            file.put(start, end, stretch.written(answer))
