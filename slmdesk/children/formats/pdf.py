"""Reads PDF files: yields their pages with blocks one by one, and draws pages as pictures. Scanned pages are read by
text recognition (formats.scans).
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from slmdesk.base.documents import Attachment, BlockKind, Note, Page, PageStatus, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import N_, _
from slmdesk.children.formats.containers import format_by_name, format_of_bytes
from slmdesk.children.formats.pdf_file import (
    LOCK,
    MAX_CHARACTERS,
    MAX_IN_MEMORY_BYTES,
    PageLetters,
    View,
    Word,
    attachments_of,
    embedded,
    label_of,
    metadata_of,
    opened,
    page_at,
    picture_share,
    view_of,
)
from slmdesk.children.formats.pdf_grid import rules_of
from slmdesk.children.formats.pdf_layout import (
    REACH,
    LaidOutPage,
    Line,
    Margin,
    lay_out,
    lines_of_words,
    margins_of,
    measures_of,
    repeated,
    with_values,
    without_words,
)
from slmdesk.children.formats.pdf_line_numbers import Column, line_numbers
from slmdesk.children.formats.pdf_overlay import Overlay, OverlayText, overlay_of
from slmdesk.children.formats.pdf_shapes import shapes_and_texts
from slmdesk.children.formats.pdf_strikes import strike, strike_covered, strikes_of
from slmdesk.children.formats.pdf_tables import tables_of
from slmdesk.children.formats.reading import Box, Picture, PictureRequest, Reading, png_of, recognised_before
from slmdesk.children.formats.scans import Turn, doubtful_blocks, is_available, recognise, width_for

if TYPE_CHECKING:
    from PIL.Image import Image

    from slmdesk.children.formats.pdf_signatures import Signature
    from slmdesk.children.formats.pdf_turned import TurnedLines
    from slmdesk.children.formats.redacting.pages import LayerWord

FEW_LETTERS = 20
"""A page with fewer letters is checked for being a picture, such as a scan."""
PICTURE_SHARE = 0.5
MANY_PATHS = 40
MAX_HEIGHT = 8192
MAX_PIXELS = 24_000_000
KEPT_SHEETS = 2 * REACH + 1
MOST_WHITE_CHECKS = 12
"""Most pages of a document on which white letters are checked for being visible. A deck of dark slides has hundreds."""
CONTRAST = 30
"""Least difference from the background, of 255. Text with less contrast is invisible."""
TINY = 1.5
"""Size in points below which letters are unreadable and count as hidden."""
MOST_FIELDS = 15_000
"""Most fields of a form. pdfium's time for them grows with their square: two seconds for as many."""
_XFA = (pdfium_c.FORMTYPE_XFA_FULL, pdfium_c.FORMTYPE_XFA_FOREGROUND)
MOST_XML_BYTES = 32 << 20
"""Most bytes of an enclosed file that is read as an e-invoice."""
FIRST_PAGES = 50
"""If more pages than this at the beginning are all broken, the document counts as damaged."""


@dataclass(slots=True)
class _Sheet:
    label: str
    lines: list[Line] = field(default_factory=list)
    asides: list[OverlayText] = field(default_factory=list)
    width: float = 1.0
    height: float = 1.0
    status: PageStatus = PageStatus.READ
    reason: str = ""
    margins: tuple[Margin, ...] = ()
    hidden: frozenset[int] = frozenset()
    """Indices of the invisible lines."""
    has_unseen_letters: bool = False
    turn: Turn | None = None
    """How the page was turned to be recognised. Its lines are on the turned page."""
    turned: list[TurnedLines] = field(default_factory=list)
    """What does not stand upright on it."""
    is_placeholder: bool = False
    """Whether its lines only ask for a program that shows what the document holds."""
    numbers: list[Column] = field(default_factory=list)
    """Numbers beside its lines, or what may be some."""


class _Sheets:
    """Cache of the pages of a document. A page is read once and kept while pages near it are requested."""

    def __init__(self, reading: Reading, document: pdfium.PdfDocument) -> None:
        self._reading = reading
        self._document = document
        self._kept: OrderedDict[int, _Sheet] = OrderedDict()
        self._white_checks = 0
        self._has_layers = has_switched_off(reading)
        self._is_damaged = Note.PARTLY_DAMAGED in reading.notes
        self.has_values = False
        with LOCK, suppress(pdfium.PdfiumError):
            is_form = pdfium_c.FPDF_GetFormType(document) != pdfium_c.FORMTYPE_NONE
            if is_form and sum(chunk.count(b"/Widget") for chunk in reading.chunks()) > MOST_FIELDS:
                reading.note(Note.PARTS_UNREAD, name=N_("form"))
            elif is_form:
                document.init_forms()  # before the first page: else neither the values of fields are known, nor drawn
        with LOCK:
            self.total = len(document)

    def at(self, index: int) -> _Sheet:
        if index not in self._kept:
            self._kept[index] = self._read(index)
            while len(self._kept) > KEPT_SHEETS:
                self._kept.popitem(last=False)
        return self._kept[index]

    def laid(self, index: int) -> LaidOutPage:
        """Return the text and the blocks of a page. The result does not depend on the order in which pages are read."""
        sheet = self._without_numbers(index)
        usual = measures_of(sheet.lines, sheet.height)
        around = [
            (other - index, self.at(other).margins)
            for other in range(max(0, index - REACH), min(self.total, index + REACH + 1))
            if other != index
        ]
        aside = repeated(sheet.margins, around, usual.size, index + 1)
        headers = frozenset(margin.index for margin in aside if margin.is_top)
        if sheet.is_placeholder:
            headers = frozenset(range(len(sheet.lines)))
        footers = frozenset(margin.index for margin in aside if not margin.is_top)
        if aside:
            self._reading.note(Note.HEADERS_APART)
        laid = lay_out(sheet.lines, usual, headers, footers, sheet.hidden)
        for turned in sheet.turned:
            laid.extend(turned.laid())
        if marks := doubtful_blocks(laid.places):
            laid.text.blocks = sorted((*laid.text.blocks, *marks), key=lambda block: block.start)
        for text in sheet.asides:
            laid.text.add(text.kind, text.text, place=text.place)
        return laid

    def _without_numbers(self, index: int) -> _Sheet:
        """Return a page. Few numbers beside its lines are left out if a page near it has more of them."""
        sheet = self.recognised(index)
        few = [column for column in sheet.numbers if not column.is_sure]
        for column in few:
            around = range(max(0, index - REACH), min(self.total, index + REACH + 1))
            if any(two.is_sure and column.goes_with(two) for at in around for two in self.at(at).numbers):
                self._reading.note(Note.LINE_NUMBERS)
                kept = [(at, without_words(line, column.words)) for at, line in enumerate(sheet.lines)]
                kept = [(at, line) for at, line in kept if line.words]
                sheet.hidden = frozenset(new for new, (at, __) in enumerate(kept) if at in sheet.hidden)
                sheet.lines = [line for __, line in kept]
                sheet.margins = margins_of(sheet.lines, sheet.height)
        sheet.numbers = [column for column in sheet.numbers if column.is_sure]
        return sheet

    def _read(self, index: int) -> _Sheet:
        self._reading.check()
        with LOCK:
            label = label_of(self._document, index)
        try:
            with self.page_at(index) as page:
                return self._sheet(page, label, index)
        except (pdfium.PdfiumError, OSError) as err:
            is_page = isinstance(err, pdfium.PdfiumError)
            reason = N_("the page cannot be read") if is_page else N_("the file cannot be read here")
            return _Sheet(label, status=PageStatus.BROKEN, reason=reason)

    def _sheet(self, page: pdfium.PdfPage, label: str, index: int) -> _Sheet:
        with closing(PageLetters(page)) as letters:
            words = page_words = letters.words()
            shapes, texts = shapes_and_texts(page, letters.view)
            view = letters.view
            count = sum(len(word.text) for word in words)
            for name in sorted(letters.unknown):
                self._reading.note(Note.SIGNS_UNKNOWN, name=name)
            overlay = overlay_of(page, view)
            for name in sorted(overlay.unread):
                self._reading.note(Note.PARTS_UNREAD, name=name)
            strike(words, strikes_of(shapes, overlay.paths, overlay.strokes))
            strike_covered(page, words, letters, shapes, texts, overlay.covers)
            turned: list[TurnedLines] = []
            if letters.has_turned:
                from slmdesk.children.formats.pdf_turned import upright_and_turned

                words, turned = upright_and_turned(words, letters, shapes)
            columns = line_numbers(words)
            sheet = _Sheet(label, width=view.width, height=view.height, numbers=columns, turned=turned)
            if numbers := {word for column in columns if column.is_sure for word in column.words}:
                self._reading.note(Note.LINE_NUMBERS)
                words = [word for word in words if word not in numbers]
            words = with_values(words, overlay.values)
            self.has_values |= bool(overlay.values)
            placed, tables = tables_of(words, *rules_of(shapes, view.width, view.height), letters)
            sheet.lines = lines_of_words(placed, letters.look, tables)
            sheet.asides = overlay.asides
            sheet.margins = margins_of(sheet.lines, view.height)
            is_filled_in = bool(overlay.values or (overlay.asides and not is_available()))
            if count < FEW_LETTERS:
                _look_at_pictures(page, sheet, count, is_filled_in=is_filled_in)
            elif letters.share_unmapped() > 0.5:
                sheet.status, sheet.reason = PageStatus.SCANNED, N_("letters without meaning")
            if self._is_damaged and not pdfium_c.FPDFPage_CountObjects(page) and not overlay.values:
                sheet.status, sheet.reason = PageStatus.BROKEN, N_("the page is damaged")
            if letters.count > MAX_CHARACTERS:
                sheet.reason = N_("only its beginning: it has too many letters")
            if overlay.drawings:
                self._add_drawn(sheet, overlay, page_words, index)
            if index + 1 == self.total:
                self._add_whole(sheet)
            sheet.has_unseen_letters = letters.has_unseen_letters
            sheet.hidden = self._hidden(page, sheet, sheet.lines)
            for lines in turned:
                lines.hidden = self._hidden(page, sheet, lines.shown())
        return sheet

    @contextmanager
    def page_at(self, index: int) -> Iterator[pdfium.PdfPage]:
        """Open a page as `page_at` does, without what is in layers that are switched off."""
        with page_at(self._document, index) as page:
            if self._has_layers:
                from slmdesk.children.formats.pdf_layers import remove_unseen

                if remove_unseen(page):
                    self._reading.note(Note.PARTS_UNREAD, name=N_("switched-off layer"))
            yield page

    def _add_drawn(self, sheet: _Sheet, overlay: Overlay, words: Sequence[Word], index: int) -> None:
        """Add what stamps and signatures of a page show. One that only shows a picture is named as unread."""
        from slmdesk.children.formats.pdf_appearances import drawn_words

        drawn = [""] * len(overlay.drawings)
        with suppress(pdfium.PdfiumError):
            drawn = drawn_words(self._document, index, words, [drawing.sides for drawing in overlay.drawings])
        for drawing, text in zip(overlay.drawings, drawn, strict=True):
            shown = text or drawing.name
            if shown and " ".join(shown.split()) != " ".join(drawing.remark.split()):
                sheet.asides.append(OverlayText(BlockKind.PARAGRAPH, shown, drawing.place))
            elif not shown and not drawing.remark:
                self._reading.note(Note.PARTS_UNREAD, name=drawing.place)

    def _add_whole(self, sheet: _Sheet) -> None:
        """Add to the last page what belongs to the whole document: its signatures, and a form without pages."""
        if signatures := self._signatures():
            self._reading.note(Note.SIGNED)
            sheet.asides += [OverlayText(BlockKind.PARAGRAPH, each.words, N_("signature")) for each in signatures]
        if pdfium_c.FPDF_GetFormType(self._document) in _XFA and not self.has_values:
            from slmdesk.children.formats.pdf_xfa import filled_in

            values = filled_in(self._document, self._reading.path)
            sheet.asides += [OverlayText(BlockKind.PARAGRAPH, value, N_("form")) for value in values]
            sheet.is_placeholder = bool(values) and pdfium_c.FPDF_GetFormType(self._document) == _XFA[0]
            if not values:
                self._reading.note(Note.PARTS_UNREAD, name=N_("form"))

    def _signatures(self) -> list[Signature]:
        if pdfium_c.FPDF_GetSignatureCount(self._document) < 1:
            return []
        from slmdesk.children.formats.pdf_signatures import signatures_of

        return signatures_of(self._document, b"".join(self._reading.chunks()))

    def _hidden(self, page: pdfium.PdfPage, sheet: _Sheet, lines: Sequence[Line]) -> frozenset[int]:
        hidden = {at for at, line in enumerate(lines) if line.look.is_unseen}
        if hidden and len(hidden) > len(lines) / 2 and picture_share(page)[0] >= PICTURE_SHARE:
            sheet.reason = sheet.reason or N_("text layer of a scan")
            hidden = set()
        for at, line in enumerate(lines):
            is_tiny = line.look.size < TINY and line.y1 - line.y0 < TINY
            if is_tiny or line.x1 < 0 or line.y1 < 0 or line.x0 > sheet.width or line.y0 > sheet.height:
                hidden.add(at)
        white = {at: line for at, line in enumerate(lines) if line.look.is_white and not line.look.is_unseen}
        if white and self._white_checks < MOST_WHITE_CHECKS:
            self._white_checks += 1
            hidden |= _unseen(page, white)
        return frozenset(at for at in hidden if all(word.field is None for word in lines[at].words))

    def recognised(self, index: int) -> _Sheet:
        """Return a page, whose text is recognised if it is a scan."""
        sheet, reading = self.at(index), self._reading
        if sheet.status is not PageStatus.SCANNED or not is_available():
            return sheet
        with page_at(self._document, index) as page:
            picture = _grey(page, width_for(sheet.width, sheet.height))
        reading.check()
        scan = recognise(picture, sheet.width, sheet.height, reading.language, reading.worked)
        if not scan.lines:
            return sheet
        reading.note(Note.OCR_USED)
        width, height = scan.turn.size
        read = _Sheet(sheet.label, scan.lines, sheet.asides, width, height, reason=scan.reason, turn=scan.turn)
        self._kept[index] = read
        return read


def has_switched_off(reading: Reading) -> bool:
    """Return whether the file has layers of which some may be switched off."""
    with reading.open() as file:
        if file.seek(0, io.SEEK_END) > MAX_IN_MEMORY_BYTES:
            return True
    from slmdesk.children.formats.pdf_layers import may_be_switched_off

    return may_be_switched_off(reading.all_bytes())


def read(reading: Reading) -> Iterator[Page]:
    """Yield the pages in order. A page's number is its position in the file, its label the number printed on it."""
    with opened(reading) as document:
        sheets = _Sheets(reading, document)
        reading.total = sheets.total
        reading.title = metadata_of(document, "Title")
        reading.author = metadata_of(document, "Author")
        _read_enclosed(reading, document)
        broken = 0
        for index in range(sheets.total):
            reading.check()
            page = _page(sheets, index, reading)
            if page.status is PageStatus.BROKEN:
                broken += 1
            are_all_broken = broken == index + 1
            is_enough = broken > FIRST_PAGES or broken == sheets.total
            if are_all_broken and is_enough:
                raise KnownError("document.damaged", path=reading.path, reason=_("none of its pages can be read"))
            yield page


def _read_enclosed(reading: Reading, document: pdfium.PdfDocument) -> None:
    """List the files in the document, and read e-invoices among them."""
    with LOCK:
        held = attachments_of(document)
    for at, (name, size) in enumerate(held):
        format_id = format_by_name(name)
        data = embedded(document, at) if name.lower().endswith(".xml") and size <= MOST_XML_BYTES else b""
        if format_of_bytes(io.BytesIO(data)) == "einvoice":
            from slmdesk.children.formats.einvoices import add_invoices

            format_id = "einvoice"
            add_invoices(reading, name, data)
        else:
            reading.note(Note.PARTS_UNREAD, name=name or N_("embedded file"))
        reading.attachments.append(Attachment(at, name, size, format_id))


def _page(sheets: _Sheets, index: int, reading: Reading) -> Page:
    if index + 1 in reading.recognised and sheets.at(index).status is PageStatus.SCANNED:
        return recognised_before(reading, index + 1, sheets.at(index).label)
    laid = sheets.laid(index)
    sheet = sheets.at(index)
    has_hidden = bool(sheet.hidden) or any(lines.hidden for lines in sheet.turned)
    if has_hidden or sheet.has_unseen_letters or any(aside.place == "hidden" for aside in sheet.asides):
        reading.note(Note.HIDDEN_TEXT)
    if sheet.status is PageStatus.BROKEN:
        reading.note(Note.PARTLY_DAMAGED, count=1)
    if sheet.status is PageStatus.SCANNED and not is_available():
        reading.note(Note.OCR_MISSING)
    status = None if sheet.status is PageStatus.READ else sheet.status
    has_image = sheet.status is not PageStatus.BROKEN
    text, blocks = laid.text.text, laid.text.blocks
    return page_of(index + 1, sheet.label, text, blocks, status=status, reason=sheet.reason, has_image=has_image)


def picture(reading: Reading, requested: PictureRequest) -> Picture:
    """Draw a page, and find the boxes of passages in the text that `read` gave for the page.

    Raises KnownError `document.no_page` for a page that does not exist, `document.no_image` for a broken page.
    """
    with opened(reading) as document:
        sheets = _Sheets(reading, document)
        index = reading.index_of(requested.number, sheets.total)
        try:
            places = sheets.laid(index).places if requested.marks else []
            turn = sheets.at(index).turn
            with sheets.page_at(index) as page:
                boxes = _boxes(page, places, requested.marks, turn)
                view = view_of(page)
                if not requested.width:
                    return Picture(b"", 0, 0, boxes)
                raster = _rendered(page, _bounded(requested.width, view.width, view.height))
        except (pdfium.PdfiumError, OSError) as err:
            raise KnownError("document.no_image", path=reading.path) from err
        png = png_of(raster.rgb, width=raster.width, height=raster.height, stride=raster.stride)
        return Picture(png, raster.width, raster.height, boxes)


def searchable(reading: Reading) -> Generator[int, None, bytes]:
    """Return the PDF with the words of its scanned pages, which can be searched and are not seen; what lies on its side
    is shown upright. Yields after each page. Raises KnownError `document.not_scanned`.
    """
    from slmdesk.children.formats.redacting.pages import NewPdf

    words = NewPdf()
    with opened(reading) as document:
        sheets = _Sheets(reading, document)
        reading.total = sheets.total
        scanned: list[tuple[int, View, int]] = []
        for index in range(sheets.total):
            reading.check()
            sheet = sheets.recognised(index)
            if sheet.turn is not None:
                with page_at(document, index) as page:
                    view = view_of(page)
                scanned.append((index, view, (view.rotation - 90 * sheet.turn.quarters) % 360))
                width, height = view.right - view.left, view.top - view.bottom
                words.add_words(width, height, layer_of(sheet.lines), sheet.height, _matrix(sheet.turn, view))
            yield index + 1
        if not scanned:
            raise KnownError("document.not_scanned", path=reading.path)
        with LOCK, closing(pdfium.PdfDocument(words.data())) as layer:
            for number, (index, view, rotation) in enumerate(scanned):
                with closing(document.get_page(index)) as page:
                    laid = layer.page_as_xobject(number, document).as_pageobject()
                    laid.set_matrix(pdfium.PdfMatrix().translate(view.left, view.bottom))
                    page.insert_obj(laid)
                    page.gen_content()
                    page.set_rotation(rotation)
            target = io.BytesIO()
            document.save(target)
    return target.getvalue()


def recognised_words(page: pdfium.PdfPage, reading: Reading) -> list[Word]:
    """Return the words of an open page without letters, where they are on it. None unless it is a scan."""
    if not is_available() or picture_share(page)[0] < PICTURE_SHARE:
        return []
    view = view_of(page)
    picture = _grey(page, width_for(view.width, view.height))
    scan = recognise(picture, view.width, view.height, reading.language, reading.worked)
    words = [word for line in scan.lines for word in line.words]
    for word in words:
        word.x0, word.y0, word.x1, word.y1 = scan.turn.box_back((word.x0, word.y0, word.x1, word.y1))
    return words


def layer_of(lines: Sequence[Line]) -> list[LayerWord]:
    from slmdesk.children.formats.redacting.pages import LayerWord

    return [LayerWord(word.text, word.x0, line.y0, word.x1, line.y1) for line in lines for word in line.words]


def _matrix(turn: Turn, view: View) -> tuple[float, ...]:
    """Return what lays the turned page, measured from below, onto the page in the file."""
    height = turn.size[1]
    (left, bottom), right, top = (
        view.place_in_file(*turn.back(x, height - y)) for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    return right[0] - left, right[1] - bottom, top[0] - left, top[1] - bottom, left, bottom


def joined(parts: Sequence[bytes]) -> bytes:
    """Return the pages of several PDFs as one."""
    with LOCK, closing(pdfium.PdfDocument.new()) as out:
        for part in parts:
            with closing(pdfium.PdfDocument(part)) as more:
                out.import_pages(more)
        target = io.BytesIO()
        out.save(target)
    return target.getvalue()


def _bounded(width: int, page_width: float, page_height: float) -> int:
    ratio = max(page_height / max(page_width, 1.0), 0.001)
    return max(1, int(min(width, MAX_HEIGHT / ratio, (MAX_PIXELS / ratio) ** 0.5)))


class _Raster(Record):
    """Picture of a page as pixels of three bytes (red, green, blue). Rows begin `stride` bytes apart."""

    rgb: bytes
    width: int
    height: int
    stride: int


def _rendered(page: pdfium.PdfPage, width: int) -> _Raster:
    scale = width / max(view_of(page).width, 1.0)
    bitmap = page.render(scale=scale, rev_byteorder=True, force_bitmap_format=pdfium_c.FPDFBitmap_BGR)
    try:
        return _Raster(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride)
    finally:
        bitmap.close()


def _grey(page: pdfium.PdfPage, width: int) -> Image:
    from PIL import Image

    scale = width / max(view_of(page).width, 1.0)
    bitmap = page.render(scale=scale, grayscale=True, force_bitmap_format=pdfium_c.FPDFBitmap_Gray)
    try:
        size = bitmap.width, bitmap.height
        return Image.frombytes("L", size, bytes(bitmap.buffer), "raw", "L", bitmap.stride, 1)
    finally:
        bitmap.close()


def _boxes(
    page: pdfium.PdfPage,
    places: Sequence[tuple[int, Word]],
    marks: Sequence[tuple[int, int]],
    turn: Turn | None,
) -> tuple[tuple[Box, ...], ...]:
    if not marks:
        return ()
    if turn is not None:
        return boxes_of(places, marks, turn)
    with closing(PageLetters(page)) as letters:
        return boxes_of(places, marks, Turn(letters.view.width, letters.view.height), letters)


def boxes_of(
    places: Sequence[tuple[int, Word]],
    marks: Sequence[tuple[int, int]],
    turn: Turn,
    letters: PageLetters | None = None,
) -> tuple[tuple[Box, ...], ...]:
    """Return the boxes of the lines of each mark, in shares 0..1 of the page's width and height as it is in the file.

    `letters`: those of a page whose words were not recognised.
    """
    areas = []
    for begin, end in marks:
        boxes: list[list[float]] = []
        for at, word in places:
            if at < end and at + len(word.text) > begin:
                _add(boxes, _part(letters, word, max(0, begin - at), min(len(word.text), end - at)))
        areas.append(tuple(_share(turn.box_back(box), turn.width, turn.height) for box in boxes))
    return tuple(areas)


def _part(letters: PageLetters | None, word: Word, begin: int, end: int) -> tuple[float, float, float, float]:
    if letters is None or word.first < 0 or word.field is not None or (begin == 0 and end == len(word.text)):
        return word.x0, word.y0, word.x1, word.y1
    indices = word.indices or range(word.first, word.first + len(word.text))
    first, other = letters.box(indices[begin]), letters.box(indices[end - 1])
    return min(first[0], other[0]), min(first[1], other[1]), max(first[2], other[2]), max(first[3], other[3])


def _add(boxes: list[list[float]], box: tuple[float, float, float, float]) -> None:
    """Extend the last box if the new box stands next to it on the same line, else append the new box."""
    if boxes:
        last = boxes[-1]
        height = min(last[3] - last[1], box[3] - box[1])
        gap = max(box[0] - last[2], last[0] - box[2])
        if min(last[3], box[3]) - max(last[1], box[1]) > 0.5 * height and gap < 3 * max(height, 1.0):
            last[:] = min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3])
            return
    boxes.append(list(box))


def _share(box: Sequence[float], width: float, height: float) -> Box:
    sides = zip(box, (width, height, width, height), strict=True)
    left, top, right, bottom = (min(1.0, max(0.0, side / whole)) for side, whole in sides)
    return left, top, right, bottom


def _look_at_pictures(page: pdfium.PdfPage, sheet: _Sheet, count: int, *, is_filled_in: bool) -> None:
    share, paths = picture_share(page)
    if is_filled_in:
        sheet.reason = N_("scanned: only what was filled in") if share >= PICTURE_SHARE else ""
    elif share >= PICTURE_SHARE:
        sheet.status, sheet.reason = PageStatus.SCANNED, N_("scanned")
    elif not count and (share or paths >= MANY_PATHS):
        sheet.status, sheet.reason = PageStatus.EMPTY, N_("a drawing or a picture, no words")


def _unseen(page: pdfium.PdfPage, lines: Mapping[int, Line]) -> set[int]:
    raster = _rendered(page, _bounded(round(view_of(page).width), view_of(page).width, view_of(page).height))
    unseen = set()
    for at, line in lines.items():
        left, right = max(0, int(line.x0)), min(raster.width, int(line.x1) + 1)
        top, bottom = max(0, int(line.y0)), min(raster.height, int(line.y1) + 1)
        rows = [raster.rgb[y * raster.stride + left * 3 : y * raster.stride + right * 3] for y in range(top, bottom)]
        letters = b"".join(rows)
        if letters and max(letters) - min(letters) < CONTRAST:
            unseen.add(at)
    return unseen
