"""Defines the interface of a rewriter, and makes both passes over a document: list its texts, then write it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, BinaryIO, TypeAlias

from slmdesk.base.documents import format_named
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.text.tagged import Tags, problems
from slmdesk.children.formats.containers import Archive
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.rewriting.origin import page_with_origin, parts_with_origin

NO_TAGS = Tags()
MOST_SAID = 1_000
"""Most characters of an untranslated text in a report."""


class Unit(Record):
    text: str
    """The text with numbered tags (text.tagged), without white space or single tags at its ends."""
    tags: Tags = NO_TAGS
    kind: str = "paragraph"
    """A value of base.documents.BlockKind, or `title`, `alt_text`, `chart`, `sheet_name`, `property`."""
    place: str = ""
    """The location as shown to the user: "table 2, row 3", "footnote 4", "slide 7, notes"."""
    language: str | None = None
    """ISO 639-1 code of the text's language. Empty if the rewriter could not detect it, None if the app detects it."""


class LeftAsIs(Record):
    """Something that is not translated but reported: an equation, an embedded object, a computed field."""

    kind: str
    place: str = ""
    text: str = ""


UnitOrLeft: TypeAlias = Unit | LeftAsIs
Units: TypeAlias = Generator[UnitOrLeft, str | None, Any]
"""Generator of units and LeftAsIs. Send it each unit's translation, or None to keep the text, and None for LeftAsIs."""


def said(kind: str, place: str, words: str) -> Units:
    if any(letter.isalpha() for letter in words):
        yield LeftAsIs(kind, place, words.strip()[:MOST_SAID])


class Options(Record):
    language: str = ""
    """Language of the translation, ISO 639-1."""
    is_right_to_left: bool = False
    sheet_names: bool = False
    properties: bool = False
    """Whether to translate the title in the file's properties."""
    tracked: str = ""
    """Date and time of tracked changes (ISO 8601), or "" if changes are not tracked. Only paragraphs of Word files can
    have tracked changes. base.documents.MARKED says how the changed words are marked.
    """
    model: str = ""
    """Names of the models that translated, which a property of the file names. Empty where a person did."""
    columns: tuple[int | str, ...] = ()
    """Columns of a delimited table to translate, by number from 0 or name. Empty means the columns with sentences."""


@dataclass(slots=True, eq=False)
class Rewriting:
    reading: Reading
    options: Options = field(default_factory=Options)
    changed: dict[str, bytes] = field(default_factory=dict)
    is_written: bool = False
    """Whether this is the second pass, in which languages need not be detected."""
    data: bytes | None = None
    """Bytes of the whole new file, for formats that are not archives."""

    def inside(self, data: bytes) -> Rewriting:
        """Return the Rewriting of a document inside this one."""
        return Rewriting(Reading(self.reading.path, data=data, stop=self.reading.stop), self.options)

    def put(self, name: str, data: bytes) -> None:
        self.changed[name] = data


Rewriter: TypeAlias = Callable[[Rewriting], Units]
"""Function that yields what of a document is translated and what is left, in order, first to list it and again to write
it. Raises KnownError document.…, as readers do.
"""


UNPRINTED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Matches characters that XML does not allow (XML 1.0, 2.2) and that no text should contain."""
_LINE_END = re.compile("[ ]*(?:\r\n|[\r\n\x0b\x0c\x85\u2028\u2029])[ ]*")


def written_to(
    rewriter: Rewriter, rewriting: Rewriting, answers: Mapping[int, tuple[str, str]], out: BinaryIO
) -> list[int]:
    """Write the document with its translations to `out`. `answers` holds the text and the translation of each unit, by
    the unit's number from 0 in the order of the rewriter.

    Returns the numbers of units that stay untranslated although there is an answer, because its tags are not balanced.
    Raises KnownError `document.changed` if the text of a unit differs from the translated one, because the file was
    changed.
    """
    rewriting.is_written = True
    units = rewriter(rewriting)
    number, refused = -1, list[int]()
    answer: str | None = None
    try:
        while True:
            unit = units.send(answer)  # runs to the next unit, with the answer to the one before
            answer = None
            if isinstance(unit, Unit):
                number += 1
                if number in answers:
                    answer = _answer(unit, rewriting, *answers[number])
                    if answer is None:
                        refused.append(number)
    except StopIteration:
        pass
    _save(rewriting, out)
    return refused


def _answer(unit: Unit, rewriting: Rewriting, source: str, untrusted: str) -> str | None:
    """Return the translation as it is written, or None if its tags are not balanced."""
    if source != unit.text:
        raise KnownError("document.changed", path=rewriting.reading.path)
    translation = _clean(untrusted, source)
    return None if problems(translation, unit.tags) else translation


def _clean(untrusted: str, source: str) -> str:
    """Return the translation without invalid characters, and without line ends if its source has none. An additional
    line end could end a subtitle, a paragraph or a table row.
    """
    words = UNPRINTED.sub("", untrusted)
    return words if _LINE_END.search(source) else _LINE_END.sub(" ", words)


def _save(rewriting: Rewriting, out: BinaryIO) -> None:
    data, model = rewriting.data, rewriting.options.model
    if data is not None and model and data.startswith(b"PK"):  # a Word file made of a PDF
        _save(rewriting.inside(data), out)
        return
    if data is not None:
        is_page = PurePath(rewriting.reading.path).suffix.lower() in format_named("html").suffixes
        out.write(page_with_origin(data, model) if is_page else data)
        return
    changed, path = rewriting.changed, rewriting.reading.path
    with Archive.opened(rewriting.reading) as archive:

        def read(name: str) -> bytes:
            return changed[name] if name in changed else archive.read(name)

        origin = parts_with_origin({*archive.names, *changed}, read, model, path)
        archive.write({**changed, **origin}, out)
