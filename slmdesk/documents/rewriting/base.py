"""The interface of a rewriter: it yields the units of text of a document, then the changed parts of the file.

A rewriter is one generator for both passes.  In the first nobody answers, and the units are counted; in the second each
is answered with its translation, or None where it stays as it is, and what was changed is given to `Rewriting.put`.
So the units of both passes are the same ones, as long as the file is.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeAlias

from slmdesk.documents.base import Reading
from slmdesk.documents.packed import Archive
from slmdesk.text.translation.tagged import Tags

NO_TAGS = Tags()
MOST_SAID = 1_000
"""Characters of a text that stays as it is, as it is listed."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of text that is translated as one: a paragraph, a cell, a caption."""

    text: str
    """With numbered tags (text.tagged); no blanks or lone tags at its ends."""
    tags: Tags = NO_TAGS
    kind: str = "paragraph"
    """As core.documents.BlockKind has it, or `title`, `alt_text`, `chart`, `sheet_name`, `property`."""
    place: str = ""
    """Where it stands, for people: "table 2, row 3", "footnote 4", "slide 7, notes"."""
    language: str | None = None
    """What it is in, ISO 639-1, where the rewriter found it out; empty: it could not. None: the app finds it out."""


@dataclass(frozen=True, slots=True)
class LeftAsIs:
    """What stays as it is, and is said: an equation, an embedded object, a field that the program fills in."""

    kind: str
    place: str = ""
    text: str = ""


Found: TypeAlias = Unit | LeftAsIs
Units: TypeAlias = Generator[Found, str | None, Any]
"""Yields what it finds; is sent the translation of a unit, None for one that stays, None for what is left."""


def said(kind: str, place: str, words: str) -> Units:
    """Words that stay as they are, if there are any."""
    if any(letter.isalpha() for letter in words):
        yield LeftAsIs(kind, place, words.strip()[:MOST_SAID])


@dataclass(frozen=True, slots=True)
class Options:
    """What the person requests of a translated document."""

    language: str = ""
    """Of the translation, ISO 639-1."""
    is_right_to_left: bool = False
    sheet_names: bool = False
    properties: bool = False
    """The title kept in the file's properties."""
    columns: tuple[int | str, ...] = ()
    """Of a table as text: which columns, by number from 0 or by name; none: those that hold sentences."""


@dataclass(slots=True, eq=False)
class Rewriting:
    """One document while it is rewritten."""

    reading: Reading
    options: Options = field(default_factory=Options)
    changed: dict[str, bytes] = field(default_factory=dict)
    """Parts of an archive by their names, as they will be."""
    is_written: bool = False
    """It is the second pass: nobody asks for languages."""
    data: bytes | None = None
    """The whole file, for formats that are no archives."""
    number: int = -1
    """Of the unit that was answered last; kept by whoever drives the rewriter."""
    refused: list[int] = field(default_factory=list)
    """Units that stay as they are although they were answered."""

    def refuse(self) -> None:
        """The answer that came last cannot be written: its unit is named to people."""
        self.refused.append(self.number)

    def put(self, name: str, data: bytes) -> None:
        """A part of the archive has other bytes now."""
        self.changed[name] = data


Rewriter: TypeAlias = Callable[[Rewriting], Units]
"""Raises KnownError document.…, as readers do."""


def copied(archive: Archive, source: zipfile.ZipFile, changed: dict[str, bytes], out: BinaryIO) -> None:
    """The archive with other bytes in the changed parts, all else as it was, in its order, to `out`.

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
