"""Reads zip archives in memory, with limits on the bytes really unpacked (X1) and without writing to disk (X3), and
detects the format of a file by its first bytes.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, BinaryIO, Self

import olefile

from slmdesk.base.documents import format_of
from slmdesk.base.einvoices import EINVOICE_HEAD_BYTES, is_einvoice
from slmdesk.base.errors import KnownError
from slmdesk.base.texts import N_, _
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.text import NotTextError, decode

MAX_ENTRIES = 20_000
MAX_ENTRY_BYTES = 128 << 20
MAX_BYTES = 512 << 20
"""Most unpacked bytes of all files together that are read from one archive."""
MAX_RATIO = 200
"""Most unpacked bytes per packed byte of a file over RATIO_FREE_BYTES. Real XML reaches about 40, a zip bomb 1,000."""
RATIO_FREE_BYTES = 16 << 20
MAX_LIST_BYTES = 4 << 20
"""Most bytes of the archive's list of entries: about 200 for each entry."""
_CHUNK = 1 << 18
_ENDS = ((b"PK\x05\x06", 22, 12, 4), (b"PK\x06\x06", 98, 40, 8))
"""The records at the end of an archive that say how long the list of entries is. The second record is for archives
beyond 4 GiB or 65,535 entries. Each has its signature, its distance from the end of the file, and the offset and the
length of the size in it, in bytes.
"""
_ELSEWHERE = b"\xff" * 4
_END_BYTES = 65_535 + 22 + 20 + 56
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, ValueError, EOFError)


class Archive:
    """Zip archive whose files can be read within the limits. Names of files are only looked up, never used as paths."""

    def __init__(self, archive: zipfile.ZipFile, reading: Reading) -> None:
        self.reading, self._zip = reading, archive
        self._left = MAX_BYTES
        # some programs zip with backslashes
        self._infos = {info.filename.replace("\\", "/"): info for info in archive.infolist() if not info.is_dir()}

    @classmethod
    @contextmanager
    def opened(cls, reading: Reading, *more: Any) -> Iterator[Self]:
        """Open it for a `with` block. Raises KnownError `document.damaged`, `document.bomb`, or as `Reading.open`."""
        with reading.open() as file, _zip(file, reading.path) as archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                raise KnownError("document.bomb", path=reading.path)
            yield cls(archive, reading, *more)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._infos)

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def read(self, name: str) -> bytes:
        """Return the bytes of a file, or no bytes if the archive has no file of that name.

        Raises KnownError `document.bomb`, `document.damaged`, `document.locked`.
        """
        return b"".join(self.chunks(name))

    def chunks(self, name: str, most_bytes: int = MAX_ENTRY_BYTES) -> Iterator[bytes]:
        """Yield a file's bytes piece by piece, for files too large to hold in memory. Raises what `read` raises."""
        info = self._infos.get(name)
        if info is None:
            return
        if info.flag_bits & 1:
            raise KnownError("document.locked", path=self.reading.path)
        limit = min(most_bytes, max(RATIO_FREE_BYTES, info.compress_size * MAX_RATIO))
        if info.file_size > limit:  # zipfile never unpacks more than this, so check first
            raise KnownError("document.bomb", path=self.reading.path)
        size = 0
        try:
            with self._zip.open(info) as part:
                while piece := part.read(_CHUNK):
                    size += len(piece)
                    self._left -= len(piece)
                    if size > limit or self._left < 0:
                        raise KnownError("document.bomb", path=self.reading.path)
                    yield piece
        except BROKEN as err:
            reason = N_("its part {name} cannot be read").format(name=name[:80])
            raise KnownError("document.damaged", path=self.reading.path, reason=reason) from err

    def write(self, changed: Mapping[str, bytes], out: BinaryIO) -> None:
        """Write the archive to `out` with the contents in `changed`, of which new files come last. All other files stay
        unchanged and in their order.

        Names, dates and attributes of the entries are kept. Entries stored without compression stay uncompressed, since
        the first entry of an OpenDocument file must be.
        """
        with zipfile.ZipFile(out, "w") as target:
            for info in self._zip.infolist():
                copy = zipfile.ZipInfo(info.filename, info.date_time)
                copy.compress_type = info.compress_type
                copy.external_attr, copy.create_system = info.external_attr, info.create_system
                copy.extra, copy.comment = b"", info.comment
                if info.is_dir():
                    target.writestr(copy, b"")
                    continue
                name = info.filename.replace("\\", "/")
                with target.open(copy, "w") as part:
                    part.writelines((changed[name],) if name in changed else self.chunks(name))
            for name in changed.keys() - set(self.names):
                target.writestr(name, changed[name], zipfile.ZIP_DEFLATED)


def zipped(files: Mapping[str, bytes], *, stored: str = "") -> bytes:
    """Return a new zip archive of these files, without dates or attributes. The file named `stored` is uncompressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def _zip(file: BinaryIO, path: str) -> zipfile.ZipFile:
    if lists_too_much(file):
        raise KnownError("document.bomb", path=path)
    try:
        return zipfile.ZipFile(file)
    except BROKEN as err:
        raise KnownError("document.damaged", path=path, reason=_("it is no whole archive")) from err


def lists_too_much(file: BinaryIO) -> bool:
    """Return whether the archive's list of entries is longer than that of any real document. The check is needed since
    zipfile reads the whole list at once.

    The size of the list is in the record at the end of the archive (APPNOTE.TXT 4.3.14 and 4.3.16), which may have a
    comment of up to 65,535 bytes. The file is rewound to its beginning.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_BYTES))
    tail = file.read()
    file.seek(0)
    for mark, length, offset, width in _ENDS:
        for at in {tail.rfind(mark), len(tail) - length}:  # where zipfile looks for it
            reported = tail[at + offset : at + offset + width] if at >= 0 and tail.startswith(mark, at) else b""
            if reported != _ELSEWHERE and int.from_bytes(reported, "little") > MAX_LIST_BYTES:
                return True
    return False


_KINDS = (
    ("EncryptedPackage", "locked"),
    ("__properties_version1.0", "msg"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
)
OLD = {
    "doc": N_("an old Word file; saved as .docx it can be read"),
    "ppt": N_("an old PowerPoint file; saved as .pptx it can be read"),
}


def ole_kind(file: BinaryIO) -> str:
    """Return what an OLE file holds: `xls`, `msg`, `doc`, `ppt`, `locked` for a new Office file with a password, or
    `ole` for anything else. The file is rewound to its beginning.
    """
    file.seek(0)
    try:
        with olefile.OleFileIO(file) as ole:
            return next((kind for name, kind in _KINDS if ole.exists(name)), "ole")
    except (OSError, ValueError, IndexError, TypeError, struct.error):  # raised for damaged files
        return "ole"
    finally:
        file.seek(0)


# Determines what a file is by its first bytes, since names can be wrong. Signatures are those of the formats'
# specifications. Text has no signature and is identified by its name.

HEAD_BYTES = 1024
_MOST_NAMES = 10_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
_SOUND = re.compile(rb"RIFF....WAVE|ID3|\xff[\xfa\xfb\xf2\xf3]|OggS|fLaC|....ftyp(?!hei|mif|avi)", re.S)
_HEIF = re.compile(rb"....ftyp(?:hei[cxms]|m[is]f1)", re.S)
_BINARY = (b"\x7fELF", b"MZ\x90", b"\x89PNG", b"GIF8", b"\x1f\x8b", b"GGUF")
_PACKED = (("word/", "docx"), ("ppt/", "pptx"), ("xl/workbook.bin", "xlsb"), ("xl/", "xlsx"))
_MIMES = {
    "application/epub+zip": "epub",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}

_XML = {
    b"urn:schemas-microsoft-com:office:spreadsheet": "sheetxml",
    b"http://schemas.microsoft.com/office/word/2003/wordml": "wordxml",
    b"http://schemas.microsoft.com/office/2006/xmlPackage": "wordxml",
}
"""Formats by the namespace of their XML."""
SIGNED = frozenset(
    {"pdf", "picture", "recording", "rtf", "msg", "xls", *(packed for __, packed in _PACKED), *_MIMES.values()}
)
"""Formats that begin with a signature. A file named like one of these but without the signature has another format."""
_PAGE = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body|table|meta)\b", re.I | re.S
)


def format_of_text(head: bytes) -> str:
    """Return the format of a text file whose name promises a binary format. Some programs save web pages as .xls or
    .doc.

    Returns "" if the bytes are empty or not text.
    """
    cut = head.rpartition(b"\n")[0] or head  # do not cut within a character
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
    """Return the id of the format that the first bytes show. Files of old Office programs and Outlook mails get the
    result of `ole_kind`, other archives `zip`, and files that are neither a document nor text `binary`.

    Returns "" if the bytes do not decide and the name must. The file is rewound to its beginning.
    """
    file.seek(0)
    long_head = file.read(EINVOICE_HEAD_BYTES)
    file.seek(0)
    head = long_head[:HEAD_BYTES]
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(_OLE):
        return ole_kind(file)
    if head.startswith(_PICTURES) or is_heif(head):
        return "picture"
    if head.lstrip().startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(b"PK\x03\x04"):
        packed = _packed(file)
        file.seek(0)
        return packed
    if _SOUND.match(head):
        return "recording"
    if is_einvoice(long_head):
        return "einvoice"
    if head.lstrip(b"\xef\xbb\xbf \r\n").startswith((b"<?xml", b"<?mso")):
        return next((format_id for space, format_id in _XML.items() if space in head), "")
    looks_wide = head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    if not looks_wide and head.startswith(_BINARY):
        return "binary"
    return ""


def is_heif(head: bytes) -> bool:
    """Return whether a file that begins so is a photo in the form HEIC."""
    return _HEIF.match(head) is not None


def format_by_name(name: str) -> str:
    """Return the id of the format of an attachment by its name's ending, or "" if no reader knows the ending."""
    try:
        format_id = format_of(PurePath(name)).id
        return "" if format_id == "recording" else format_id  # which are heard as files of their own alone
    except KnownError:
        return ""


def _packed(file: BinaryIO) -> str:
    if lists_too_much(file):
        return "zip"
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()[:_MOST_NAMES]
            if "mimetype" in names and archive.getinfo("mimetype").file_size < HEAD_BYTES:
                mime = archive.read("mimetype").decode("ascii", "replace").strip()
                for known, format_id in _MIMES.items():
                    if mime.startswith(known):
                        return format_id
    except BROKEN:
        return "zip"
    for beginning, format_id in _PACKED:
        if any(name.startswith(beginning) for name in names):
            return format_id
    return "zip"
