"""Reads winmail.dat, in which Outlook packs the text and the attachments of a mail ([MS-OXTNEF]), and the compressed
rich text of Outlook mails ([MS-OXRTFCP]).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from slmdesk.base.errors import KnownError
from slmdesk.children.formats import rtf
from slmdesk.children.formats.hypertext import decoded_markup
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.text import NotTextError, decode, lines_made_one

_SIGNATURE = 0x223E9F78
_BODY, _PROPERTIES = 0x0002800C, 0x00069003
_ATTACHMENT, _ITS_TITLE, _ITS_DATA, _ITS_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_PLAIN, _RICH, _HTML = 0x1000, 0x1009, 0x1013
_DATA, _SHORT_NAME, _LONG_NAME = 0x3701, 0x3704, 0x3707
_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 0x14: 8, 0x40: 8, 0x48: 16}
"""Bytes of the values of a type, as far as all of its values are as long."""
_TEXT_8, _TEXT_16, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_SEVERAL = 0x1000
_NAMED = 0x8000
_MOST_PROPERTIES = 10_000
_BROKEN = (struct.error, ValueError, IndexError)


@dataclass(slots=True)
class Packed:
    """What a mail program packed: the text of the mail in each form that is there, and the attachments."""

    plain: str = ""
    html: str = ""
    files: list[tuple[str, bytes | None]] = field(default_factory=list)


def unpacked(data: bytes) -> Packed | None:
    """Return what is in a winmail.dat, or None if it cannot be read."""
    try:
        return _unpacked(data)
    except _BROKEN:
        return None


def _unpacked(data: bytes) -> Packed:
    if struct.unpack_from("<I", data)[0] != _SIGNATURE:
        raise ValueError
    packed, body = Packed(), ""
    for kind, value in _attributes(data):
        if kind == _BODY:
            body = _text(value)
        elif kind == _PROPERTIES:
            held = dict(_properties(value))
            packed.html = _markup(held.get(_HTML, b""))
            packed.plain = _text(held.get(_PLAIN, b"")) or rich_text(held.get(_RICH, b""))
        elif kind == _ATTACHMENT:
            packed.files.append(("", None))
        elif packed.files:
            packed.files[-1] = _attached(kind, value, *packed.files[-1])
    packed.plain = packed.plain or body
    if not (packed.plain or packed.html or packed.files):
        raise ValueError
    return packed


def _attached(kind: int, value: bytes, name: str, content: bytes | None) -> tuple[str, bytes | None]:
    if kind == _ITS_TITLE:
        return name or _text(value), content
    if kind == _ITS_DATA:
        return name, value
    if kind == _ITS_PROPERTIES:
        held = dict(_properties(value))
        name = _text(held.get(_LONG_NAME, b"")) or name or _text(held.get(_SHORT_NAME, b""))
        return name, content or held.get(_DATA)
    return name, content


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the attributes of a packed mail. Each has its level, number and length before it, its sum behind it."""
    at = 6
    while at + 9 <= len(data):
        kind, length = struct.unpack_from("<II", data, at + 1)
        at += 9
        if at + length > len(data):
            raise ValueError
        yield kind, data[at : at + length]
        at += length + 2


def _properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the numbers of properties with their values. Texts of 16 bits a letter are yielded in UTF-8."""
    at = 4
    for __ in range(min(struct.unpack_from("<I", data)[0], _MOST_PROPERTIES)):
        kind, number = struct.unpack_from("<HH", data, at)
        at += 4
        if number >= _NAMED:
            is_named = struct.unpack_from("<I", data, at + 16)[0] == 1
            at += 24
            if is_named:
                at += _padded(struct.unpack_from("<I", data, at - 4)[0])
        size = _SIZES.get(kind & ~_SEVERAL, 0)
        count = 1
        if not size or kind & _SEVERAL:
            count = struct.unpack_from("<I", data, at)[0]
            at += 4
        value = b""
        for __ in range(count):
            length = size
            if not size:
                length = struct.unpack_from("<I", data, at)[0]
                at += 4
            if at + length > len(data):
                raise ValueError
            value = data[at : at + length]
            at += _padded(length)
        yield number, value.decode("utf-16-le", "replace").encode() if kind == _TEXT_16 else value


def _padded(length: int) -> int:
    return (length + 3) & ~3


def _text(value: bytes) -> str:
    try:
        return lines_made_one(decode(value.rstrip(b"\0")).text)
    except NotTextError:
        return ""


def _markup(value: bytes) -> str:
    try:
        return lines_made_one(decoded_markup(value.rstrip(b"\0")).text) if value else ""
    except NotTextError:
        return ""


# Compressed rich text

_HEAD = 16
_KNOWN = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier"
    b"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u"
    b"\\tab\\tx"
)
"""The text that each compressed one may refer to."""
_WINDOW = 4096
_MOST_BYTES = 20 << 20


def rich_text(compressed: bytes) -> str:
    """Return the words of a compressed rich text, or "" if it cannot be read."""
    try:
        source = _decompressed(compressed)
        pages = rtf.read(Reading("body.rtf", data=source))
        return "\n\n".join(page.text for page in pages)
    except (*_BROKEN, KnownError):
        return ""


def _decompressed(data: bytes) -> bytes:
    kind = data[8:12]
    if kind == b"MELA":
        return data[_HEAD:]
    if kind != b"LZFu":
        raise ValueError
    made, at = bytearray(_KNOWN), _HEAD
    while at < len(data) and len(made) < _MOST_BYTES:
        flags = data[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                made += data[at : at + 1]
                at += 1
                continue
            place, length = divmod(struct.unpack_from(">H", data, at)[0], 16)
            at += 2
            begin = len(made) // _WINDOW * _WINDOW + place
            if begin >= len(made):
                begin -= _WINDOW
            if begin == len(made) - _WINDOW:  # a reference to the place that is written next ends the text
                return bytes(made[len(_KNOWN) :])
            if begin < 0:
                raise ValueError
            for offset in range(length + 2):
                made.append(made[begin + offset])
    return bytes(made[len(_KNOWN) :])
