"""Bytes to text: what is sure is sure, and a guess is called one."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from slmdesk.core.documents import Note
from slmdesk.core.errors import KnownError
from slmdesk.documents.base import Reading

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16's: asked first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
GUESSES = ("cp1252", "latin-1")
"""Latin-1 knows every byte, so the last one always succeeds."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, how it was read, and if that is a guess, why."""

    text: str
    encoding: str
    doubt: str = ""


class NotTextError(ValueError):
    """The bytes are no text in any encoding we know."""


def text_of(reading: Reading) -> str:
    """The letters of a text file, line ends made one; how they were read is noted in `reading`.

    Raises KnownError `document.unreadable` for bytes that are no text, `document.too_large`.
    """
    untrusted = reading.text_bytes()
    try:
        decoded = decode_as(untrusted, reading.encoding) if reading.encoding else decode(untrusted)
    except NotTextError as err:
        raise KnownError("document.unreadable", path=reading.path, reason=f"not text: {err}") from err
    reading.encoding, reading.doubt = decoded.encoding, decoded.doubt
    if decoded.doubt:
        reading.note(Note.ENCODING_GUESSED)
    return decoded.text.replace("\r\n", "\n").replace("\r", "\n")


def decode_as(untrusted: bytes, encoding: str) -> Decoded:
    """As the person said; what does not fit becomes U+FFFD, and that is a doubt.  Raises NotTextError."""
    try:
        text = untrusted.decode(encoding, "replace").removeprefix("\ufeff")
    except LookupError as err:
        raise NotTextError(f"there is no encoding {encoding[:40]}") from err
    return Decoded(text, encoding, f"some letters are no {encoding}" if "\ufffd" in text else "")


def decode(untrusted: bytes) -> Decoded:
    """By its mark (which is not part of the text), else strictly as UTF-8, else as a guess.  Raises NotTextError."""
    for mark, encoding in MARKS:
        if untrusted.startswith(mark):
            try:
                return Decoded(untrusted[len(mark) :].decode(encoding), encoding)
            except UnicodeDecodeError as err:
                raise NotTextError(f"marked as {encoding}, but is not") from err
    try:
        text = untrusted.decode("utf-8")
    except UnicodeDecodeError:
        return _guess(untrusted)
    if "\0" in text:
        raise NotTextError("holds zero bytes")
    return Decoded(text, "utf-8")


def _guess(untrusted: bytes) -> Decoded:
    if b"\0" in untrusted:
        raise NotTextError("holds zero bytes")
    for encoding in GUESSES[:-1]:
        try:
            return Decoded(untrusted.decode(encoding), encoding, f"not UTF-8: guessed to be {encoding}")
        except UnicodeDecodeError:
            continue
    encoding = GUESSES[-1]
    return Decoded(untrusted.decode(encoding), encoding, f"not UTF-8: guessed to be {encoding}")
