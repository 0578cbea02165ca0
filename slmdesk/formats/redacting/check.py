"""Looks whether a word is left in a file that was redacted: in every byte, unpacked, and in what a reader sees."""

from __future__ import annotations

import base64
import binascii
import email
import html
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

from slmdesk.base.errors import KnownError
from slmdesk.formats.packed import BROKEN
from slmdesk.formats.redacting.trees import BLOCKS, MOST_SILENT
from slmdesk.formats.redacting.words import Seeking

LEAST = 6
"""Letters and digits of a word that is looked for in bytes: a shorter one stands there by chance."""
MOST_LAYERS = 6
_STREAM = re.compile(rb"stream\r?\n")
_IMAGE = re.compile(rb"/Subtype\s*/Image")
_TAG = re.compile(rb"<[^>]*>")
_ENDS = re.compile(
    rf"</(?:\w+:)?(?:{'|'.join(BLOCKS | {'v', 'f', 'c', 'tr', 'lpstr'})})>|<(?:\w+:)?(?:pt|dbl)\b[^>]*>".encode()
)
_RUN = re.compile(rb"[A-Za-z0-9+/]{24,}(?:[\r\n]+[A-Za-z0-9+/]+)*={0,2}")
MOST_INFLATED = 256 << 20


class ByteSearch:
    def __init__(self, originals: Sequence[str]) -> None:
        self._forms: list[tuple[bytes, int]] = []
        for number, one in enumerate(originals):
            if sum(letter.isalnum() for letter in one) >= LEAST:
                self._forms += [(form, number) for form in {each.lower() for each in _forms(one)}]

    def found(self, data: bytes, worked: Callable[[], None]) -> set[int]:
        """The numbers of the words that are there.  `worked` is called now and then."""
        lower = data.lower()
        views = [lower]
        if b"\0" in lower:
            views.append(lower.replace(b"\0", b""))
        found = set()
        for count, (form, number) in enumerate(self._forms):
            if count % MOST_SILENT == 0:
                worked()
            if number in found:
                continue
            for view in views:
                at = view.find(form)
                while at >= 0:
                    if _is_whole(view, at, at + len(form)):
                        found.add(number)
                        break
                    at = view.find(form, at + 1)
        return found


def _is_whole(data: bytes, begin: int, end: int) -> bool:
    is_joined = data[begin : begin + 1].isdigit() and data[begin - 1 : begin].isdigit() if begin else False
    return not is_joined and not (data[end - 1 : end].isdigit() and data[end : end + 1].isdigit())


def _forms(word: str) -> set[bytes]:
    forms = set()
    for one in (word, word.lower(), word.upper(), html.escape(word), "".join(word.split())):
        forms.add(one.encode("utf-8", "replace"))
        if not one.isascii():
            for encoding in ("cp1252", "cp1250", "utf-16-le", "utf-16-be"):
                try:
                    forms.add(one.encode(encoding))
                except UnicodeError:
                    continue
            forms.add(one.encode("ascii", "xmlcharrefreplace"))
            forms.add(one.encode("ascii", "backslashreplace"))
        forms.add(quote(one).encode("ascii"))
    return forms


def layers(data: bytes, name: str = "", depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """The bytes, and all that is packed in them: parts of archives, streams of PDFs, parts of mails, base64."""
    yield name, data
    if depth >= MOST_LAYERS:
        return
    if data.startswith(b"PK\x03\x04"):
        yield from _parts(data, name, depth)
    elif b"%PDF-" in data[:1024]:
        yield from _streams(data, name)
    elif _is_mail(data):
        for part in email.message_from_bytes(data).walk():
            body = part.get_payload(decode=True)
            if isinstance(body, bytes):
                yield from layers(body, f"{name}/{part.get_content_type()}", depth + 1)
    else:
        yield from _packed_runs(data, name, depth)


def _parts(data: bytes, name: str, depth: int) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                place = f"{name}/{info.filename}".lstrip("/")
                yield place, info.filename.encode("utf-8", "replace") + info.comment + info.extra
                if info.file_size > MOST_INFLATED:
                    raise KnownError("document.bomb", path=place)
                yield from layers(archive.read(info), place, depth + 1)
    except BROKEN:
        return  # it only looks like one; its bytes were given


def _streams(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    left = MOST_INFLATED
    for found in _STREAM.finditer(data):
        head = data[max(0, found.start() - 2048) : found.start()]
        if _IMAGE.search(head[head.rfind(b" obj") :]):
            continue  # pixels
        unpacker = zlib.decompressobj()
        try:
            inflated = unpacker.decompress(data[found.end() :], left)
        except zlib.error:
            continue
        left -= len(inflated)
        yield f"{name}/stream", inflated
        if left <= 0:
            return


def _packed_runs(data: bytes, name: str, depth: int) -> Iterator[tuple[str, bytes]]:
    for found in _RUN.finditer(data):
        raw = re.sub(rb"\s", b"", found[0])
        try:
            inner = base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        yield from layers(inner, f"{name}/base64", depth + 1)


def _is_mail(data: bytes) -> bool:
    return re.match(rb"(?:[A-Za-z-]{2,40}:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){3}", data[:8192]) is not None


def left_in(data: bytes, originals: Sequence[str], worked: Callable[[], None] = lambda: None) -> dict[int, str]:
    """Words that are still in a file, by their number: where one was found first.  `worked` is called now and then."""
    search, found = ByteSearch(originals), dict[int, str]()
    seeking = Seeking(originals)
    for name, layer in layers(data):
        worked()
        head = layer[:200].lstrip()
        is_markup = head.startswith(b"<") and b">" in layer
        if is_markup:
            text = html.unescape(_TAG.sub(b"", _ENDS.sub(b"\x1f", layer)).decode("utf-8", "replace"))
            numbers = search.found(_without_names(layer), worked) | search.found(text.encode("utf-8"), worked)
            for number in numbers:
                found.setdefault(number, name)
            for count, piece in enumerate(text.split("\x1f")):
                if count % MOST_SILENT == 0:
                    worked()
                seeking.spans(piece, name)
        else:
            for number in search.found(layer, worked):
                found.setdefault(number, name)
    return {**seeking.found, **found}


_OF_FORMATS = re.compile(
    rb"</?[\w:.-]+|[\w:.-]+=(?=[\"'])|application/vnd\.[\w.+-]+|urn:(?:schemas-microsoft-com|oasis):[^\s\"'<>]*"
    rb"|https?://(?:schemas\.(?:openxmlformats\.org|microsoft\.com)|www\.w3\.org|purl\.org)/[^\s\"'<>]*"
)


def _without_names(markup: bytes) -> bytes:
    return _OF_FORMATS.sub(b" ", markup)
