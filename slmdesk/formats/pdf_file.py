"""An open PDF file: its password, its properties, and its pages one at a time.

pdfium is not thread-safe: every use of it holds LOCK.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.base.documents import BlockKind, Note
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.formats.base import Reading
from slmdesk.formats.pdf_streams import check_streams

LOCK = threading.RLock()
MAX_PAGES = 50_000
MAX_IN_MEMORY_BYTES = 64 << 20
"""Larger files are read from the disk on demand."""
TAIL_BYTES = 2048
MAX_VALUE_CHARACTERS = 4000
MOST_ANNOTATIONS = 2000
_CATALOG = re.compile(rb"(\d{1,9}) 0 obj\s*<<[^>]{0,200}/Type\s*/Catalog")
_NEEDS_PASSWORD = 4
_NOT_KNOWN_LOCK = 5
_COMMENTS = frozenset(
    {
        pdfium_c.FPDF_ANNOT_TEXT, pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_HIGHLIGHT,
        pdfium_c.FPDF_ANNOT_UNDERLINE, pdfium_c.FPDF_ANNOT_STRIKEOUT, pdfium_c.FPDF_ANNOT_SQUIGGLY,
        pdfium_c.FPDF_ANNOT_STAMP,
    }
)  # fmt: skip


@contextmanager
def opened(reading: Reading) -> Iterator[pdfium.PdfDocument]:
    """The document, closed at the end.

    Raises KnownError `document.locked`, `document.wrong_password`, `document.damaged`, `document.too_many_pages`, and
    what opening the file raises.
    """
    with reading.open() as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            raise KnownError("document.damaged", path=reading.path, reason="it is empty")
        file.seek(max(0, size - TAIL_BYTES))
        if b"%%EOF" not in file.read(TAIL_BYTES):
            reading.note(Note.PARTLY_DAMAGED)  # truncated; pdfium recovers what there is
        file.seek(0)
        # a file of moderate size is read at once, so that it cannot change while pdfium uses it
        source = reading.all_bytes() if size <= MAX_IN_MEMORY_BYTES else file
        if isinstance(source, bytes):
            check_streams(reading, source)
        with LOCK:
            document = _document(reading, source)
        try:
            with LOCK:
                pages = len(document)
            if not pages:
                raise KnownError("document.damaged", path=reading.path, reason="it has no pages")
            if pages > MAX_PAGES:
                raise KnownError("document.too_many_pages", path=reading.path, pages=pages, limit=MAX_PAGES)
            yield document
        finally:
            with LOCK:
                document.close()


def _document(reading: Reading, source: Any) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(source, password=reading.password or None)
    except pdfium.PdfiumError as err:
        code = getattr(err, "err_code", None)
        if not code or (isinstance(source, bytes) and code >= _NEEDS_PASSWORD and b"/Encrypt" not in source):
            # without a page, pdfium refuses and sets no error: the one it reports is the previous failure's
            raise KnownError("document.damaged", path=reading.path, reason="it has no pages") from err
        if isinstance(source, bytes) and code not in (_NEEDS_PASSWORD, _NOT_KNOWN_LOCK):
            with suppress(pdfium.PdfiumError):
                mended = pdfium.PdfDocument(_with_trailer(source), password=reading.password or None)
                reading.note(Note.PARTLY_DAMAGED)
                return mended
        if code == _NEEDS_PASSWORD:
            raise KnownError(
                "document.wrong_password" if reading.password else "document.locked", path=reading.path
            ) from err  # fmt: skip
        reason = "locked in a way that is not known" if code == _NOT_KNOWN_LOCK else "it is not a complete PDF"
        raise KnownError("document.damaged", path=reading.path, reason=reason) from err


def _with_trailer(data: bytes) -> bytes:
    """A truncated file with a new trailer that names its root; pdfium finds the rest by itself."""
    found = _CATALOG.search(data)
    root = found[1] if found else b"1"
    return data + b"\ntrailer\n<< /Root " + root + b" 0 R >>\nstartxref\n0\n%%EOF\n"


def metadata_of(document: pdfium.PdfDocument, name: str) -> str:
    value = ""
    with LOCK, suppress(UnicodeError, pdfium.PdfiumError):  # half a letter in a title spoils the title alone
        value = document.get_metadata_value(name)
    return " ".join("".join(one for one in value if one.isprintable() or one.isspace()).split())[:300]


def label_of(document: pdfium.PdfDocument, index: int) -> str:
    """The number printed on a page, as far as the document says it, else its place in the file."""
    label = ""
    with suppress(UnicodeError, pdfium.PdfiumError):
        label = document.get_page_label(index)
    return " ".join("".join(one for one in label if one.isprintable()).split())[:50] or str(index + 1)


class OverlayText(Record):
    kind: BlockKind
    text: str
    place: str = ""


def asides_of(page: pdfium.PdfPage) -> list[OverlayText]:
    found = []
    for index in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), MOST_ANNOTATIONS)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
            if kind == pdfium_c.FPDF_ANNOT_WIDGET and _value(annotation, b"FT") != "Sig":
                if text := _value(annotation, b"V"):
                    found.append(
                        OverlayText(BlockKind.PARAGRAPH, text, _value(annotation, b"TU") or _value(annotation, b"T"))
                    )
            elif kind in _COMMENTS and (text := _value(annotation, b"Contents")):
                found.append(OverlayText(BlockKind.COMMENT, text, _value(annotation, b"T")))
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)
    return found


def _value(annotation: Any, key: bytes) -> str:
    size = pdfium_c.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if size <= 2:
        return ""
    buffer = (pdfium_c.FPDF_WCHAR * ((size + 1) // 2))()
    pdfium_c.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    text = bytes(buffer)[: size - 2].decode("utf-16-le", "replace")[:MAX_VALUE_CHARACTERS]
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def picture_share(page: pdfium.PdfPage) -> tuple[float, int]:
    """How much of a page its pictures cover, 0..1 (a sum, so that strips count), and how many drawn paths it has."""
    left, bottom, right, top = page.get_bbox()
    area = max(1.0, (right - left) * (top - bottom))
    covered, paths = 0.0, 0
    for piece in page.get_objects(max_depth=3):
        if piece.type == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = piece.get_bounds()
            covered += max(0.0, min(x1, right) - max(x0, left)) * max(0.0, min(y1, top) - max(y0, bottom))
        elif piece.type == pdfium_c.FPDF_PAGEOBJ_PATH:
            paths += 1
        if covered >= area or paths > 1000:
            break
    return min(1.0, covered / area), paths


def attachments_of(document: pdfium.PdfDocument) -> list[tuple[str, int]]:
    found = []
    for index in range(min(document.count_attachments(), 1000)):
        name, size_bytes = "", 0
        with suppress(UnicodeError, pdfium.PdfiumError):  # one that is broken is listed without a name
            attachment = document.get_attachment(index)
            size = pdfium_c.c_ulong()
            size_bytes = size.value if pdfium_c.FPDFAttachment_GetFile(attachment, None, 0, size) else 0
            name = attachment.get_name()[:200]
        found.append((name, size_bytes))
    return found


def attachment_bytes(reading: Reading, index: int) -> tuple[str, bytes]:
    """The name and the bytes of a file in the document.  Raises KnownError `request.invalid` for none."""
    with opened(reading) as document, LOCK:
        if not 0 <= index < document.count_attachments():
            raise KnownError("request.invalid", what="attachment")
        try:
            attachment = document.get_attachment(index)
            return attachment.get_name()[:200], bytes(attachment.get_data())
        except (pdfium.PdfiumError, UnicodeError) as err:
            raise KnownError("document.damaged", path=reading.path, reason="a file in it is broken") from err


@contextmanager
def page_at(document: pdfium.PdfDocument, index: int) -> Iterator[pdfium.PdfPage]:
    """A page, under the lock, closed at the end.  Raises pdfium.PdfiumError."""
    with LOCK, closing(document.get_page(index)) as page:
        yield page
