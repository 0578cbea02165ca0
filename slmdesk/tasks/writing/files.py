"""Documents as texts to edit, and such texts as files, in Word with tracked changes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from slmdesk.base.documents import SIGNS, deleted, inserted
from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file, is_there, write_out
from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.service import Slices
from slmdesk.base.text.tagged import Tags, pieces
from slmdesk.base.texts import N_
from slmdesk.base.types import Json
from slmdesk.tasks.writing.edits import Edit, differing, exact_edits
from slmdesk.tasks.writing.export import tracked_docx
from slmdesk.tasks.writing.types import MOST_TEXT, Change, Correction

TEXTS = (".txt", ".text", ".md", ".markdown")
DOCUMENTS = (".docx", ".odt")
SUFFIXES = (*DOCUMENTS, *TEXTS)
_NOT_TEXT = frozenset(("alt_text", "chart", "sheet_name", "property"))
"""Kinds of units that are not part of the running text."""


class OpenedText(Record):
    """Document as a text whose lines end with a line feed."""

    text: str
    path: Path
    how: Decoded | None = None
    """Encoding of the text file the text came from, to save it alike. None for another kind of document, of which only
    the words were read.
    """
    has_returns: bool = False
    left: tuple[str, ...] = ()
    """Kinds of things in the document that are not in the text, such as `equation`."""

    def encoded(self, text: str) -> bytes:
        """Return another text as bytes in the encoding of this text file, or in UTF-8 for another kind of document."""
        text = text.replace("\n", "\r\n") if self.has_returns else text
        return self.how.encoded(text) if self.how else text.encode("utf-8", "replace")


class WriteRequest(Record):
    """Request to save a text to a file, whose suffix decides the format."""

    text: str
    target: Path
    changes: Sequence[tuple[Edit, str]] = ()
    """Undecided changes, in order, each with a text. They are saved in Word files only: as a tracked change if the text
    is empty, else as a comment with this text.
    """
    source: OpenedText | None = None


class WrittenWord(Record):
    path: Path
    tracked: int
    lost: int
    """Number of changes that could not be saved: new paragraphs, and changes that cross a change of formatting."""


def tracked_payload(path: str) -> dict[str, Json]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # of Word files: text that can have tracked changes
    return {"path": path, "password": "", "options": {"tracked": now}}


def words_in(parts: Sequence[Mapping[str, Any]]) -> Slices[tuple[str, tuple[str, ...]]]:
    lines: list[str] = []
    left: dict[str, None] = {}
    for piece in parts:
        unit = piece.get("unit")
        if unit is None:
            left[str(piece["left"].get("kind", ""))] = None
        elif unit.get("kind") in _NOT_TEXT:
            left["picture text" if unit["kind"] == "alt_text" else str(unit["kind"])] = None
        else:
            words = pieces(str(unit["text"]), Tags(tuple(unit["paired"]), tuple(unit["lone"])))
            lines.append("".join(each for each in words if isinstance(each, str)))
        yield
    return "\n".join(lines), tuple(left)


def bytes_of(path: Path) -> bytes:
    """Return the bytes of a text file, at most one byte more than allowed. Raises KnownError `file.…`."""
    try:
        with path.open("rb") as source:
            return source.read(MOST_BYTES + 1)
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(path)) from err
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or N_("not a file name")
        raise KnownError("file.unreadable", path=str(path), reason=reason) from err


def read_text(path: Path) -> OpenedText:
    how = decoded(bytes_of(path), path.name)
    text = how.text.replace("\r\n", "\n").replace("\r", "\n")
    return OpenedText(checked_text(text), path, how, has_returns="\r\n" in how.text)


def checked_text(text: str) -> str:
    if not text.strip():
        raise KnownError("writing.empty")
    if len(text) > MOST_TEXT:
        raise KnownError("writing.too_long", characters=len(text), most=MOST_TEXT)
    return text


def write_text(request: WriteRequest) -> Path:
    target, source = request.target, request.source
    if source is not None and source.how is None and is_there(target) and is_same_file(source.path, target):
        raise KnownError("file.is_source", path=str(target))
    if target.suffix.lower() == ".docx":
        data = tracked_docx(request.text, request.changes, title=target.stem)
    else:
        like = source or OpenedText("", target)
        data = like.encoded(request.text)
    write_out(target, data)
    return target


MOST_BYTES = 4 << 20
"""Most bytes of a file or of standard input. More would be too long in any encoding."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Decoded(Record):
    text: str
    encoding: str = "utf-8"
    lead: bytes = b""

    def encoded(self, text: str) -> bytes:
        return self.lead + text.encode(self.encoding, "replace")


def decoded(data: bytes, called: str) -> Decoded:
    """Return the text in `data`. `called` is its name in error messages.

    Raises KnownError `writing.empty`, `writing.too_long`, `writing.encoding`, `document.binary`.
    """
    if len(data) > MOST_BYTES:
        raise KnownError("writing.too_long", characters=len(data), most=MOST_TEXT)
    if not data.strip():
        raise KnownError("writing.empty")
    mark, encoding = next((mark for mark in _MARKS if data.startswith(mark[0])), (b"", "utf-8"))
    if not mark and b"\0" in data:
        raise KnownError("document.binary", path=called)
    try:
        return Decoded(data[len(mark) :].decode(encoding), encoding, mark)
    except UnicodeDecodeError as err:
        raise KnownError("writing.encoding", path=called) from err


_BETWEEN = "\n\n"
HALF_ALIKE = 0.5
"""Least similarity of a paragraph and the line that it became."""


class _Unit(Record):
    number: int
    tagged: str
    start: int
    stretches: tuple[tuple[int, int, int], ...]
    """Parts without a tag inside: (start in the unit's words, end in the unit's words, start in `tagged`)."""


class DocumentText(Record):
    """The words of a document. Its units are separated by an empty line."""

    text: str
    units: tuple[_Unit, ...]

    @classmethod
    def of(cls, parts: Sequence[Mapping[str, Any]]) -> DocumentText:
        """Return the text of the units that the reader process found. Units are numbered from 0."""
        units: list[_Unit] = []
        words: list[str] = []
        at = 0
        for number, unit in enumerate(each["unit"] for each in parts if "unit" in each):
            tagged = str(unit["text"])
            plain, stretches = _plain(tagged, Tags(tuple(unit["paired"]), tuple(unit["lone"])))
            if "\n" in plain or "\r" in plain or SIGNS & set(plain):
                continue
            units.append(_Unit(number, tagged, at, stretches))
            words.append(plain)
            at += len(plain) + len(_BETWEEN)
        return cls(_BETWEEN.join(words), tuple(units))

    def settled(self, correction: Correction) -> Correction:
        """Return the correction with paragraph numbers, not lines. Changes that cross formatting become suggestions."""
        changes = []
        for change in correction.changes:
            place = self._place(change.edit)
            doubt = change.doubt or ("" if place else "formatting")
            changes.append(changed(change, line=change.line // 2 + 1, doubt=doubt))
        return changed(
            correction, changes=tuple(changes), unanswered=tuple(number // 2 + 1 for number in correction.unanswered)
        )

    @property
    def paragraphs(self) -> tuple[tuple[int, str], ...]:
        words = self.text.split(_BETWEEN) if self.units else ()
        return tuple((unit.start, word) for unit, word in zip(self.units, words, strict=True))

    def has_place(self, edit: Edit) -> bool:
        """Return whether an edit can be put into the document: it is within one unit and crosses no formatting."""
        return self._place(edit) is not None

    def answers(self, changes: Sequence[Change]) -> Iterator[tuple[int, str, str]]:
        """Yield, for each unit with changes to make, its number, its text, and its text with the changes marked."""
        by_unit: dict[int, list[tuple[int, int, Edit]]] = {}
        units = {unit.number: unit for unit in self.units}
        for change in changes:
            if change.is_made and (place := self._place(change.edit)):
                by_unit.setdefault(place[0].number, []).append((*place[1:], change.edit))
        for number, edits in by_unit.items():
            text = units[number].tagged
            for start, end, edit in sorted(edits, key=lambda each: each[:2], reverse=True):
                text = text[:start] + deleted(text[start:end]) + inserted(edit.new) + text[end:]
            yield number, units[number].tagged, text

    def refused(self, change: Change, numbers: Sequence[int]) -> bool:
        place = self._place(change.edit)
        return place is not None and place[0].number in numbers

    def without(self, correction: Correction, refused: Sequence[int]) -> Correction:
        changes = []
        for change in correction.changes:
            is_refused = change.is_made and self.refused(change, refused)
            changes.append(changed(change, doubt="formatting") if is_refused else change)
        return changed(correction, changes=tuple(changes))

    def _place(self, edit: Edit) -> tuple[_Unit, int, int] | None:
        """Return an edit's unit, and its start and end in the unit's tagged text. None if a tag is inside the edit."""
        unit = next((unit for unit in reversed(self.units) if unit.start <= edit.start), None)
        if unit is None:
            return None
        start, end = edit.start - unit.start, edit.end - unit.start
        for first, last, tagged in unit.stretches:
            if first <= start and end <= last:
                return unit, tagged + start - first, tagged + end - first
        return None


def _plain(tagged: str, tags: Tags) -> tuple[str, tuple[tuple[int, int, int], ...]]:
    words, stretches, at, place = "", [], 0, 0
    for piece in pieces(tagged, tags):
        if isinstance(piece, str):
            stretches.append((at, at + len(piece), place))
            words += piece
            at += len(piece)
        place += len(str(piece))
    return words, tuple(stretches)


class WordChanges(Record):
    changes: tuple[Change, ...]
    lost: int


def changes_between(document: DocumentText, text: str) -> WordChanges:
    """Return the changes that turn a document into a text. If a paragraph is gone, its words are deleted."""
    paragraphs = document.paragraphs
    pairs = list(_pairs([words for __, words in paragraphs], text.split("\n")))
    lost = sum(old is None and bool(new) for old, new in pairs)
    changes: list[Change] = []
    for number, new in pairs:
        if number is None:
            continue
        start, old = paragraphs[number]
        for edit in exact_edits(old, new):
            whole = Edit(start + edit.start, start + edit.end, edit.new)
            if document.has_place(whole):
                changes.append(Change(whole, edit.old(old), number + 1, sentence=(start, start + len(old))))
            else:
                lost += 1
    return WordChanges(tuple(changes), lost)


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int | None, str]]:
    """Yield each changed paragraph with its new line ("" if it is gone), and each new line with None."""
    from rapidfuzz.distance import Indel  # late: 20 ms

    for a, b, c, d in differing(old, new):
        lines = list(new[c:d])
        is_even = b - a == d - c
        for number in range(a, b):
            alike = (n for n, line in enumerate(lines) if Indel.normalized_similarity(old[number], line) >= HALF_ALIKE)
            at = 0 if is_even else next(alike, -1)
            yield from ((None, line) for line in lines[: max(0, at)])
            yield number, lines[at] if at >= 0 else ""
            del lines[: at + 1]
        yield from ((None, line) for line in lines)
