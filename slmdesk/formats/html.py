"""Reads web pages: sections begin at headings; pictures and frames are never fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slmdesk.base.documents import Note, Page, PageKind
from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading
from slmdesk.formats.decoding import MARKS, Decoded, NotTextError, decode, decode_as, lines_made_one, take
from slmdesk.formats.hypertext import Hypertext, walk
from slmdesk.formats.pieces import page_from, sections_of

HEAD_BYTES = 4096
"""Where a page declares its encoding; the standard requires the first 1,024 bytes."""
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([a-zA-Z0-9_:-]{2,40})""", re.I
)
_WIDER = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "gb2312": "gb18030",
          "gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932", "euc-kr": "cp949", "iso-8859-9": "cp1254",
          "tis-620": "cp874", "x-sjis": "cp932"}  # fmt: skip
"""What browsers use instead (encoding.spec.whatwg.org): the labels are used for supersets."""


def read(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.SECTION
    found = walk(markup_of(reading), reading.path, check=reading.check)
    reading.title, reading.author = found.title, found.author
    notify(reading, found)
    for number, (label, pieces) in enumerate(sections_of(found.pieces), 1):
        yield page_from(number, label, pieces)


def notify(reading: Reading, found: Hypertext) -> None:
    for is_there, note in (
        (found.has_hidden, Note.HIDDEN_TEXT),
        (found.has_external, Note.EXTERNAL_IGNORED),
        (found.has_images, Note.IMAGES_IGNORED),
    ):
        if is_there:
            reading.note(note)


def markup_of(reading: Reading) -> str:
    """The decoded content of a web page: in the encoding the person chose, else as declared, else guessed.

    Raises KnownError `document.binary`, `document.unreadable`, `document.too_large`.
    """
    untrusted = reading.text_bytes()
    try:
        decoded = decode_as(untrusted, reading.encoding) if reading.encoding else decoded_markup(untrusted)
    except NotTextError as err:
        if reading.encoding:
            raise KnownError("document.unreadable", path=reading.path, reason=str(err)) from err
        raise KnownError("document.binary", path=reading.path) from err
    take(reading, decoded)
    return lines_made_one(decoded.text)


def decoded_markup(untrusted: bytes, declared: str = "", *, is_markup: bool = True) -> Decoded:
    """By mark, as UTF-8, as declared (by whoever sent it, or by itself), as a guess: in this order, since pages are
    often wrong about themselves, and hardly anything else is UTF-8 by accident.  Raises NotTextError.
    """
    if untrusted.startswith(tuple(mark for mark, _ in MARKS)) or b"\0" in untrusted:
        return decode(untrusted)
    found = _DECLARED.search(untrusted[:HEAD_BYTES]) if is_markup else None
    name = (declared or (found[1].decode("ascii") if found else "")).lower()
    if name and name not in ("utf-8", "utf8", "utf-7"):
        if not untrusted.isascii():
            try:
                return Decoded(untrusted.decode("utf-8"), "utf-8")
            except UnicodeDecodeError:
                pass
        try:
            decoded = decode_as(untrusted, _WIDER.get(name, name))
        except NotTextError:
            return decode(untrusted)  # an unknown label
        if decoded.text.count("\ufffd") * 200 <= len(decoded.text):
            return decoded
    return decode(untrusted)
