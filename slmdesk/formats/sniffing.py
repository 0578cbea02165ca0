"""Determines what a file is by its first bytes, since names can be wrong.

Signatures as in the file formats' own specifications; formats without one (text) are identified by their name.
"""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO

from slmdesk.formats.decoding import NotTextError, decode
from slmdesk.formats.ole import ole_kind
from slmdesk.formats.packed import BROKEN, lists_too_much

HEAD_BYTES = 1024
_MOST_NAMES = 10_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY = (b"\x7fELF", b"MZ\x90", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"GGUF")
_PACKED = (
    ("word/", "docx"),
    ("ppt/", "pptx"),
    ("xl/workbook.bin", "xlsb"),
    ("xl/", "xlsx"),
)
_MIMES = {
    "application/epub+zip": "epub",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}

SIGNED = frozenset({"pdf", "rtf", "msg", "xls", *(found for _, found in _PACKED), *_MIMES.values()})
"""Formats with a signature: a file with such a name but without the signature is something else."""
_PAGE = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body|table|meta)\b", re.I | re.S
)


def format_of_text(head: bytes) -> str:
    """The format of a text whose name promises an archive: programs save web pages as .xls and .doc.

    Empty where it is no text, or nothing at all.
    """
    cut = head.rpartition(b"\n")[0] or head  # not within a character
    if not cut.strip():
        return ""
    if re.search(rb"^mime-version:", cut, re.I | re.M):
        return "mht" if b"multipart/related" in cut.lower() else "eml"
    if _PAGE.match(cut.removeprefix(b"\xef\xbb\xbf")):
        return "html"
    try:
        decode(cut)
    except NotTextError:
        return ""
    return "txt"


def format_of_bytes(file: BinaryIO) -> str:
    """The id of the format where the bytes say it, what `ole.ole_kind` says of old Office files and Outlook's mails,
    `zip` for an archive of something else, `binary` for what is no document and no text; empty where the name must say
    it.

    Leaves the file at its beginning.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(_OLE):
        return ole_kind(file)
    if head.lstrip().startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(b"PK\x03\x04"):
        found = _packed(file)
        file.seek(0)
        return found
    looks_wide = head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    if not looks_wide and head.startswith(_BINARY):
        return "binary"
    return ""


def _packed(file: BinaryIO) -> str:
    if lists_too_much(file):
        return "zip"
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()[:_MOST_NAMES]
            if "mimetype" in names and archive.getinfo("mimetype").file_size < HEAD_BYTES:
                mime = archive.read("mimetype").decode("ascii", "replace").strip()
                for known, found in _MIMES.items():
                    if mime.startswith(known):
                        return found
    except BROKEN:
        return "zip"
    for beginning, found in _PACKED:
        if any(name.startswith(beginning) for name in names):
            return found
    return "zip"
