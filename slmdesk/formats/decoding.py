"""Decodes bytes to text; a guessed encoding is reported as a guess."""

from __future__ import annotations

import codecs
import re
import unicodedata

from slmdesk.base.documents import Note
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.formats.base import Reading

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16's, so it is checked first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MARK = "\ufeff"
CANDIDATES = (
    "windows-1252", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1255", "windows-1256",
    "windows-1257", "iso-8859-2", "iso-8859-5", "iso-8859-7", "koi8-r", "koi8-u", "cp932", "euc-jp", "gb18030", "big5",
    "cp949", "cp866", "cp850", "cp852", "cp437", "cp874", "macroman", "utf-16-le", "utf-16-be",
)  # fmt: skip
"""The encodings in common use: with all of them allowed, chardet takes a short German text for Icelandic MacRoman."""
USUAL = "cp1252"
CLEARLY = 1.25
"""By how much another guess must be more confident than the usual one."""
LEAST_SURE = 0.025
SAMPLE_BYTES = 64 << 10
LINE_BYTES = 4 << 10
MOST_CONTROLS = 0.02
"""Share of characters; with more control characters it is not text."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_TWO_SCRIPTS = re.compile(r"[a-zA-Z][\u0370-\u05ff]|[\u0370-\u05ff][a-zA-Z]")
_STRANGE = re.compile(r"[^\x00-\x7f]")
_KANA = re.compile(r"[\u3040-\u30ff]")


class Decoded(Record):
    text: str
    encoding: str
    doubt: str = ""


_TERMINAL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\))")


class NotTextError(ValueError): ...


def text_of(reading: Reading) -> str:
    """The decoded content of a text file with unified line ends; how it was decoded is noted in `reading`.

    Raises KnownError `document.binary` for bytes that are no text, `document.unreadable`, `document.too_large`.
    """
    untrusted = without_codes(reading.text_bytes())
    try:
        decoded = decode_as(untrusted, reading.encoding) if reading.encoding else decode(untrusted)
    except NotTextError as err:
        if reading.encoding:
            raise KnownError("document.unreadable", path=reading.path, reason=str(err)) from err
        raise KnownError("document.binary", path=reading.path) from err
    take(reading, decoded)
    return lines_made_one(decoded.text)


def take(reading: Reading, decoded: Decoded) -> None:
    reading.encoding, reading.doubt = decoded.encoding, decoded.doubt
    if decoded.doubt:
        reading.note(Note.ENCODING_GUESSED)


def lines_made_one(text: str) -> str:
    r"""All line ends as \n."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_as(untrusted: bytes, encoding: str) -> Decoded:
    """In the encoding the person chose; invalid bytes become U+FFFD and raise a doubt.  Raises NotTextError."""
    try:
        text = untrusted.decode(encoding, "replace").replace(MARK, "")
    except (LookupError, ValueError) as err:  # ValueError: some do not support "replace", such as idna
        raise NotTextError(f"there is no encoding {encoding[:40]}") from err
    return Decoded(text, encoding, f"some letters are no {encoding}" if "\ufffd" in text else "")


def without_codes(untrusted: bytes) -> bytes:
    """Without terminal escape sequences (ECMA-48): recorded output is text."""
    return _TERMINAL.sub(b"", untrusted) if b"\x1b" in untrusted else untrusted


def decode(untrusted: bytes) -> Decoded:
    """By its byte order mark (no part of the text), else strictly as UTF-8, else a guess.  Raises NotTextError."""
    for mark, encoding in MARKS:
        if untrusted.startswith(mark):
            return _marked(untrusted[len(mark) :], encoding)
    if b"\0" in untrusted:
        return _wide(untrusted)
    if b"\x1b$" in untrusted and (japanese := _strictly(untrusted, "iso2022_jp")) is not None:
        return Decoded(japanese, "iso2022_jp")
    text = _strictly(untrusted, "utf-8")
    found = _mixed_or_guessed(untrusted) if text is None else Decoded(text, "utf-8")
    return _checked(found)


def _marked(untrusted: bytes, encoding: str) -> Decoded:
    """The text after a byte order mark; a truncated or damaged one is decoded with a doubt."""
    text = _strictly(untrusted, encoding)
    if text is not None:
        return _checked(Decoded(text, encoding))
    text = untrusted.decode(encoding, "replace")
    if text.count("\ufffd") * 50 > len(text):
        raise NotTextError(f"marked as {encoding}, but is not")
    return _checked(Decoded(text.replace(MARK, ""), encoding, f"some letters are no {encoding}"))


def _wide(untrusted: bytes) -> Decoded:
    """UTF-16 and UTF-32 without a byte order mark: zero bytes give them away.  Raises NotTextError otherwise."""
    begins_low = untrusted[1::2].count(0) >= untrusted[::2].count(0)
    for encoding in ("utf-32-le", "utf-16-le") if begins_low else ("utf-32-be", "utf-16-be"):
        text = _strictly(untrusted, encoding)
        if text and _is_plausible(text):
            return Decoded(text, encoding, f"without a mark: guessed to be {encoding}")
    raise NotTextError("holds zero bytes")


def _is_plausible(text: str) -> bool:
    """Whether these are letters of one script.  A single letter is not enough."""
    sample = text[:20_000]
    odd = sum(one not in "\n\r\t\f" and unicodedata.category(one) in ("Cn", "Co", "Cc") for one in sample)
    return "\0" not in text and odd * 50 <= len(sample) and (len(sample) > 3 or any(map(str.isascii, sample)))


def _mixed_or_guessed(untrusted: bytes) -> Decoded:
    """UTF-8 lines among lines in another encoding: a file written by two programs."""
    lines = untrusted.split(b"\n")
    good = bad = 0
    strange = []
    for line in lines:
        if line.isascii():
            continue
        if _strictly(line, "utf-8") is None and not _is_mostly_utf8(line):
            bad += 1
            strange.append(line)
        else:
            good += 1
    if good * 3 < bad or not good:
        return _guessed(untrusted, [line for line in lines if not line.isascii()])
    if not strange:
        return Decoded(untrusted.decode("utf-8", "replace").replace(MARK, ""), "utf-8", "some letters are no utf-8")
    guess = _guessed(b"\n".join(strange), strange).encoding
    text = "\n".join(_line(line, guess) for line in lines)
    return Decoded(text.replace(MARK, ""), "utf-8", f"mixed: {bad} lines are not UTF-8, guessed to be {guess}")


def _line(line: bytes, guess: str) -> str:
    text = _strictly(line, "utf-8")
    if text is None:
        text = line.decode("utf-8" if _is_mostly_utf8(line) else guess, "replace")
    return text


def _is_mostly_utf8(line: bytes) -> bool:
    text = line[:LINE_BYTES].decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    return sum(not one.isascii() for one in text) >= 3 * damaged


def _guessed(untrusted: bytes, strange: list[bytes]) -> Decoded:
    """Chardet's guess from the lines that are not ASCII, among common encodings; Western European if it is not sure."""
    for encoding in _guesses(b"\n".join(strange)[:SAMPLE_BYTES]):
        text = _strictly(untrusted, encoding)
        if text is None or (encoding.startswith("utf-16") and not _is_plausible(text)) or _mixes_scripts(text):
            continue
        if text == _strictly(untrusted, USUAL):  # few strange letters, the same in both
            encoding = USUAL
        return Decoded(text, encoding, f"not UTF-8: guessed to be {encoding}")
    # latin-1 decodes every byte
    return Decoded(untrusted.decode("latin-1"), "latin-1", "not UTF-8: guessed to be latin-1")


def _mixes_scripts(text: str) -> bool:
    """Whether Greek, Cyrillic or Hebrew letters are mixed with Latin ones within words: Czech decoded as Greek."""
    sample = text[:SAMPLE_BYTES]
    return len(_TWO_SCRIPTS.findall(sample)) * 4 > len(_STRANGE.findall(sample))


def _guesses(sample: bytes) -> list[str]:
    """Names of encodings, the likeliest first."""
    import chardet  # 80 ms

    japanese = _strictly(sample, "cp932")
    if japanese is not None and 2 * len(_KANA.findall(japanese)) > sum(not one.isascii() for one in japanese):
        return ["cp932", USUAL]
    answers = chardet.detect_all(sample, ignore_threshold=True, include_encodings=CANDIDATES)
    found = [
        (codecs.lookup(one["encoding"]).name, one["confidence"], one["language"]) for one in answers if one["encoding"]
    ]
    usual = next((sure for name, sure, _ in found if name == USUAL), 0.0)
    turkish = any(language == "tr" for _, _, language in found[:2])
    better = [
        name
        for name, sure, _ in found
        if sure >= max(usual * CLEARLY, LEAST_SURE) or (name == "cp1254" and turkish and sure >= usual)
    ]
    return [*better, USUAL]


def _checked(decoded: Decoded) -> Decoded:
    """Raises NotTextError when there are too many control characters: every byte is a letter in some encoding."""
    if len(_CONTROLS.findall(decoded.text)) > MOST_CONTROLS * len(decoded.text):
        raise NotTextError("holds control characters")
    return decoded


def _strictly(untrusted: bytes, encoding: str) -> str | None:
    """The text without byte order marks, or None if the bytes are invalid in this encoding."""
    try:
        return untrusted.decode(encoding).replace(MARK, "")
    except UnicodeDecodeError:
        return None
