"""The interface of a rewriter, and the two passes over a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.formats.containers import Archive
from slmdesk.formats.reading import Reading
from slmdesk.text.tagged import Tags, problems

NO_TAGS = Tags()
MOST_SAID = 1_000
"""Characters of an unchanged text, when it is listed."""


class Unit(Record):
    text: str
    """With numbered tags (text.tagged); without white space or lone tags at its ends."""
    tags: Tags = NO_TAGS
    kind: str = "paragraph"
    """A value of core.documents.BlockKind, or `title`, `alt_text`, `chart`, `sheet_name`, `property`."""
    place: str = ""
    """Its location, for people: "table 2, row 3", "footnote 4", "slide 7, notes"."""
    language: str | None = None
    """Its language, ISO 639-1, if the rewriter detected it; empty: it could not. None: the app detects it."""


class LeftAsIs(Record):
    """Something that is not translated, and is reported: an equation, an embedded object, a computed field."""

    kind: str
    place: str = ""
    text: str = ""


UnitOrLeft: TypeAlias = Unit | LeftAsIs
Units: TypeAlias = Generator[UnitOrLeft, str | None, Any]
"""Yields units and what is left; is sent the translation of a unit, or None if it stays, and for what is left."""


def said(kind: str, place: str, words: str) -> Units:
    if any(letter.isalpha() for letter in words):
        yield LeftAsIs(kind, place, words.strip()[:MOST_SAID])


class Options(Record):
    language: str = ""
    """Of the translation, ISO 639-1."""
    is_right_to_left: bool = False
    sheet_names: bool = False
    properties: bool = False
    """The title kept in the file's properties."""
    tracked: str = ""
    """The date and time of tracked changes (ISO 8601); empty: changes are not tracked.  Word files alone can have
    them, in their paragraphs alone; core.tracking says which words change.
    """
    columns: tuple[int | str, ...] = ()
    """Columns of a delimited table, by number from 0 or by name; empty: those with sentences."""


@dataclass(slots=True, eq=False)
class Rewriting:
    reading: Reading
    options: Options = field(default_factory=Options)
    changed: dict[str, bytes] = field(default_factory=dict)
    is_written: bool = False
    """It is the second pass: languages need not be detected."""
    data: bytes | None = None
    """The whole file, for formats that are no archives."""
    number: int = -1
    """Number of the unit that was answered last; kept by `driving`."""
    refused: list[int] = field(default_factory=list)

    def refuse(self) -> None:
        """The last answer cannot be written: its unit is reported."""
        self.refused.append(self.number)

    def inside(self, data: bytes) -> Rewriting:
        """A document in this one."""
        return Rewriting(Reading(self.reading.path, data=data, stop=self.reading.stop), self.options)

    def put(self, name: str, data: bytes) -> None:
        self.changed[name] = data


Rewriter: TypeAlias = Callable[[Rewriting], Units]
"""Raises KnownError document.…, as readers do."""


# ---- the two passes over a document


_UNPRINTED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow (XML 1.0, 2.2), and no text should contain."""
_LINE_END = re.compile("[ ]*(?:\r\n|[\r\n\x0b\x0c\x85\u2028\u2029])[ ]*")


def listed(rewriter: Rewriter, rewriting: Rewriting) -> Iterator[UnitOrLeft]:
    """What is to be translated and what is left out, in order.  Raises KnownError document.…"""
    yield from rewriter(rewriting)


def written_to(
    rewriter: Rewriter, rewriting: Rewriting, answers: Mapping[int, tuple[str, str]], out: BinaryIO
) -> list[int]:
    """Write the document with the translations to `out`.

    `answers`: by number of the unit (from 0, in the order of `listed`) its text and its translation.  Returns the
    numbers of units that stay as they are although there is an answer: its tags are not balanced, or the rewriter
    cannot write it (Rewriting.refuse).  Raises KnownError
    `document.changed` where a unit has another text than was translated: the file has changed.
    """
    rewriting.is_written = True
    units = rewriter(rewriting)
    answer: str | None = None
    try:
        while True:
            found = units.send(answer)
            answer = None
            if isinstance(found, Unit):
                rewriting.number += 1
                answer = _answer(found, rewriting, answers)
    except StopIteration:
        pass
    _save(rewriting, out)
    return rewriting.refused


def _answer(unit: Unit, rewriting: Rewriting, answers: Mapping[int, tuple[str, str]]) -> str | None:
    given = answers.get(rewriting.number)
    if given is None:
        return None
    source, untrusted = given
    if source != unit.text:
        raise KnownError("document.changed", path=rewriting.reading.path)
    translation = _clean(untrusted, source)
    if problems(translation, unit.tags):
        rewriting.refuse()
        return None
    return translation


def _clean(untrusted: str, source: str) -> str:
    """A translation without invalid characters, and without line ends where its source has none: an empty line
    would end a subtitle, a paragraph of a text, a row of a table.
    """
    words = _UNPRINTED.sub("", untrusted)
    return words if _LINE_END.search(source) else _LINE_END.sub(" ", words)


def _save(rewriting: Rewriting, out: BinaryIO) -> None:
    if rewriting.data is not None:
        out.write(rewriting.data)
        return
    with Archive.opened(rewriting.reading) as archive:
        archive.write(rewriting.changed, out)
