"""Reads who signed a PDF electronically, when and why. Whether a signature is valid is not checked."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.base.record import Record

MOST = 50
MOST_BYTES = 1 << 20
"""Most bytes of a signature's certificates."""
_SIGNATURE = re.compile(rb"/Type\s*/Sig\b")
_STRING = rb"\s*(?:\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f\s]*)>)"
_FIELD = {key: re.compile(rb"/" + key + _STRING, re.DOTALL) for key in (b"Name", b"M")}
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_TIME_STAMP = "ETSI.RFC3161"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class Signature(Record):
    name: str
    time: str
    reason: str

    @property
    def words(self) -> str:
        """Say it in a line."""
        who = f"Signed by {self.name}" if self.name else "Signed"
        return who + (f", {self.time}" if self.time else "") + (f": {self.reason}" if self.reason else "")


def signatures_of(document: pdfium.PdfDocument, data: bytes) -> list[Signature]:
    """Return the signatures in the order of their fields. `data` is the file, whose strings tell names that pdfium does
    not.
    """
    count = min(max(0, pdfium_c.FPDF_GetSignatureCount(document)), MOST)
    names = dict(_names(data)) if count and b"/Encrypt" not in data else {}
    found = []
    for index in range(count):
        signature = pdfium_c.FPDF_GetSignatureObject(document, index)
        time = _asked(partial(pdfium_c.FPDFSignatureObj_GetTime, signature)).rstrip(b"\0").decode("latin-1")
        kind = _asked(partial(pdfium_c.FPDFSignatureObj_GetSubFilter, signature)).rstrip(b"\0").decode("latin-1")
        if kind == _TIME_STAMP:
            continue
        reason = _asked(partial(pdfium_c.FPDFSignatureObj_GetReason, signature)).decode("utf-16-le", "replace")
        name = names.get(time, "")
        if not name:
            name = _certified(_asked(partial(pdfium_c.FPDFSignatureObj_GetContents, signature)))
        found.append(Signature(_plain(name), _told(time), _plain(reason)))
    return found


def _asked(ask: Callable[[Any, int], int]) -> bytes:
    size = ask(None, 0)
    if not 0 < size <= MOST_BYTES:
        return b""
    buffer = ctypes.create_string_buffer(size)
    ask(buffer, size)
    return buffer.raw


def _plain(text: str) -> str:
    return " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split())[:300]


def _names(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield time and name of each signature, as the file has them."""
    for match in _SIGNATURE.finditer(data):
        begin = data.rfind(b" obj", 0, match.start())
        about = data[begin : data.find(b"endobj", match.end())]
        time, name = (_string(_FIELD[key].search(about)) for key in (b"M", b"Name"))
        if name:
            yield time, name


def _string(found: re.Match[bytes] | None) -> str:
    if found is None:
        return ""
    if found[2] is not None:
        digits = b"".join(found[2].split())
        raw = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    else:
        raw = _ESCAPED.sub(_unescaped, found[1])
    return raw[2:].decode("utf-16-be", "replace") if raw.startswith(b"\xfe\xff") else raw.decode("cp1252", "replace")


def _unescaped(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    if sign.isdigit():
        return bytes((int(sign, 8) & 0xFF,))
    return _CONTROLS.get(sign, b"" if sign in (b"\n", b"\r", b"\r\n") else sign)


def _certified(contents: bytes) -> str:
    """Return the name in the certificate that signed: of those held it is the one that certifies no other."""
    if not contents.strip(b"\0"):
        return ""
    from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
    from cryptography.x509.oid import NameOID

    with suppress(Exception):  # whatever is in it was written by others
        certificates = load_der_pkcs7_certificates(contents[: _length(contents)])
        issuers = [certificate.issuer for certificate in certificates if certificate.issuer != certificate.subject]
        for certificate in certificates:
            if certificate.subject not in issuers:
                return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    return ""


def _length(der: bytes) -> int:
    """Return how many bytes a value has in DER (X.690, 8.1.3): behind it the place is filled with zeros."""
    first = der[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    return 2 + count + int.from_bytes(der[2 : 2 + count], "big")


def _told(time: str) -> str:
    """Return a time of PDF (ISO 32000-1, 7.9.4) in words."""
    match = re.match(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?\d*(?:([+-])(\d\d)'?(\d\d)?|(Z))?", time)
    if match is None or not match[3]:
        return ""
    with suppress(ValueError):
        day = datetime(int(match[1]), int(match[2]), int(match[3]))
        words = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        if match[5]:
            if match[9]:
                zone = " UTC"
            elif match[6]:
                zone = f" {match[6]}{match[7]}:{match[8] or '00'}"
            else:
                zone = ""
            words += f", {match[4]}:{match[5]}{zone}"
        return words
    return ""
