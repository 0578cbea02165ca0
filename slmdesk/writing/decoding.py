"""The text in the bytes of a file, and how bytes of the same kind are made again."""

from __future__ import annotations

import codecs

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.writing.types import MOST_TEXT

MOST_BYTES = 4 << 20
"""Read of a file or of standard input; more is too long in any encoding."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Decoded(Record):
    text: str
    encoding: str = "utf-8"
    lead: bytes = b""

    def encoded(self, text: str) -> bytes:
        return self.lead + text.encode(self.encoding, "replace")


def decoded(data: bytes, called: str) -> Decoded:
    """The text in `data`, which people call `called`.

    Raises KnownError `writing.empty`, `writing.too_long`, `writing.encoding`, `document.binary`.
    """
    if len(data) > MOST_BYTES:
        raise KnownError("writing.too_long", characters=len(data), most=MOST_TEXT)
    if not data.strip():
        raise KnownError("writing.empty")
    mark, encoding = next((one for one in _MARKS if data.startswith(one[0])), (b"", "utf-8"))
    if not mark and b"\0" in data:
        raise KnownError("document.binary", path=called)
    try:
        return Decoded(data[len(mark) :].decode(encoding), encoding, mark)
    except UnicodeDecodeError as err:
        raise KnownError("writing.encoding", path=called) from err
