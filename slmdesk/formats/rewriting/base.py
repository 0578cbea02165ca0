"""The interface of a rewriter: it yields the units of text of a document, then the changed parts of the file.

A rewriter is one generator for both passes.  In the first it gets no answers, and the units are counted; in the second
each is answered with its translation, or None if it is not to change, and changed parts are given to `Rewriting.put`.
So both passes yield the same units, as long as the file is the same.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeAlias

from slmdesk.base.record import Record
from slmdesk.formats.base import Reading
from slmdesk.formats.packed import Archive
from slmdesk.text.translation.tagged import Tags

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


Found: TypeAlias = Unit | LeftAsIs
Units: TypeAlias = Generator[Found, str | None, Any]
"""Yields units and what is left; is sent the translation of a unit, or None for one that stays and for what is left."""


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

    def put(self, name: str, data: bytes) -> None:
        self.changed[name] = data


Rewriter: TypeAlias = Callable[[Rewriting], Units]
"""Raises KnownError document.…, as readers do."""


def copied(archive: Archive, source: zipfile.ZipFile, changed: dict[str, bytes], out: BinaryIO) -> None:
    """Write the archive to `out` with the changed parts, everything else unchanged and in its order.

    Names, dates and attributes of the entries stay; an entry without compression (the first of an OpenDocument file
    must be one) stays so.
    """
    with zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            copy = zipfile.ZipInfo(info.filename, info.date_time)
            copy.compress_type = info.compress_type
            copy.external_attr, copy.create_system = info.external_attr, info.create_system
            copy.extra, copy.comment = b"", info.comment
            if info.is_dir():
                target.writestr(copy, b"")
                continue
            with target.open(copy, "w") as part:
                if info.filename in changed:
                    part.write(changed[info.filename])
                else:
                    for chunk in archive.chunks(info.filename):
                        part.write(chunk)
