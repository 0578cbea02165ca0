"""Lays out a document of ours on pages with Qt and writes it as PDF.

No HTML and no resource is ever given to Qt: words go in as plain text with formats, so nothing can be loaded.  The
application object is made on the main thread (`prepare`), the pages on the job's own.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from html import escape
from typing import TypeAlias

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, QRectF, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QBrush,
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextImageFormat,
    QTextLayout,
    QTextLength,
    QTextOption,
    QTextTableFormat,
)
from PySide6.QtSvg import QSvgRenderer

from slmdesk.base.charts import svg
from slmdesk.base.documents import COME, GONE, Chart, Paper, Piece, PieceKind, Placed, Run, model_properties, plain
from slmdesk.base.language import keep_numbers

PAGES = {"A4": QPageSize.PageSizeId.A4, "Letter": QPageSize.PageSizeId.Letter}
MARGIN_MM = 20.0
LETTER_LEFT_MM, HEAD_MM = 25.0, 98.5
"""Left margin of a letter, and from the top of its first page to its subject (DIN 5008, form B)."""
POINTS = 10.5
_HEADINGS = {1: 19.0, 2: 14.5, 3: 12.0, 4: 10.5}
_GREY = "#59636e"
_CHANGED = {GONE: "#a3262b", COME: "#1d6b3a"}
_LINES = "#c9ced6"
_GROUND = "#f3f4f6"
_FOOTER_POINTS = 8.5
_SAID = 14.0
"""Points by which the words of a message are indented, and nothing of ours is."""
_CHART_POINTS, _CHART_SHARPNESS = 470.0, 3
"""Width of a chart, and its dots for each of its own."""
_AT_ONCE = 200
"""Blocks laid out together: about 0.2 s."""
_FOOTER = 24.0
"""Points under the text for the number of the page."""

Printing: TypeAlias = Generator[tuple[int, int], None, bytes]
"""Yields (pages done, pages in all; 0 while that is not known), returns the PDF."""


def prepare() -> QGuiApplication:
    """Create the application object, without a screen.  Main thread, once; keep it."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = QGuiApplication.instance()
    if not isinstance(app, QGuiApplication):
        app = QGuiApplication(["slmdesk-printer"])
        keep_numbers()
    return app


class _Words(QTextDocument):
    """A text document that loads nothing."""

    def loadResource(self, _kind: int, _name: object) -> None:  # noqa: N802  Qt's own name
        ...


def print_pdf(paper: Paper, page: str = "A4") -> Printing:
    """Lay out a document and write it page by page.  Raises KeyError for an unknown page size."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(PAGES[page]), QPageLayout.Orientation.Portrait,
            QMarginsF(LETTER_LEFT_MM if paper.head else MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM),
            QPageLayout.Unit.Millimeter,
        )
    )  # fmt: skip
    writer.setTitle(plain(paper.title))
    writer.setCreator("slmdesk")
    if properties := model_properties(paper.model):
        writer.setDocumentXmpMetadata(QByteArray(_xmp(properties).encode()))
    writer.setResolution(300)
    dot = QGuiApplication.primaryScreen().logicalDotsPerInchY() / 72.0
    document = _laid_out(paper, writer, dot)
    yield from _lay_out(document)
    total = document.pageCount()
    painter = QPainter(writer)
    painter.scale(writer.logicalDpiX() / 72.0 / dot, writer.logicalDpiY() / 72.0 / dot)
    try:
        for placed in paper.head:
            _draw_placed(painter, placed, document.defaultFont(), dot)
        for number in range(1, total + 1):
            if number > 1:
                writer.newPage()
            _draw(painter, document, number, total, dot)
            if total > 1 or not paper.head:
                _draw_number(painter, document, number, total, dot)
            yield number, total
    finally:
        painter.end()
    return bytes(buffer.data().data())


def _xmp(properties: Mapping[str, str]) -> str:
    """Return the metadata of a PDF (XMP, ISO 16684-1) with properties of the IPTC."""
    said = "".join(f"<Iptc4xmpExt:{name}>{escape(value)}</Iptc4xmpExt:{name}>" for name, value in properties.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">{said}</rdf:Description></rdf:RDF>'
        '</x:xmpmeta><?xpacket end="w"?>'
    )


def _laid_out(paper: Paper, writer: QPdfWriter, dot: float) -> QTextDocument:
    """Lay out in the dots of a screen, unhinted: with a writer as its device Qt scales some lengths and not others."""
    document = _Words()
    document.setUndoRedoEnabled(False)
    document.setUseDesignMetrics(True)
    document.setDocumentMargin(0)
    font = QFont()
    font.setPointSizeF(POINTS)
    document.setDefaultFont(font)
    space = writer.pageLayout().paintRect(QPageLayout.Unit.Point)
    document.setPageSize(QSizeF(space.width() * dot, (space.height() - _FOOTER) * dot))
    _Setter(QTextCursor(document), dot).set(paper)
    return document


def _lay_out(document: QTextDocument) -> Iterator[tuple[int, int]]:
    """Lay out step by step: all together, Qt would hold the GIL for seconds, and the child would be taken for hung."""
    block, count = document.firstBlock(), 0
    while block.isValid():
        count += 1
        if count % _AT_ONCE == 0:
            document.documentLayout().blockBoundingRect(block)  # lays out as far as there
            yield 0, 0
        block = block.next()


def _draw(painter: QPainter, document: QTextDocument, number: int, total: int, dot: float) -> None:
    size = document.pageSize()
    painter.save()
    painter.translate(0, -(number - 1) * size.height())
    context = QAbstractTextDocumentLayout.PaintContext()
    context.palette.setColor(QPalette.ColorRole.Text, Qt.GlobalColor.black)
    space = QRectF(0, (number - 1) * size.height(), size.width(), size.height())
    painter.setClipRect(space)
    context.clip = space.adjusted(
        0, 1, 0, -1
    )  # what only touches it belongs to the next page, and would be hidden text
    document.documentLayout().draw(painter, context)
    painter.restore()


def _draw_number(painter: QPainter, document: QTextDocument, number: int, total: int, dot: float) -> None:
    size = document.pageSize()
    painter.save()
    font = QFont(document.defaultFont())
    font.setPointSizeF(_FOOTER_POINTS)
    foot = QTextLayout(f"{number} / {total}", font)
    foot.beginLayout()
    line = foot.createLine()
    line.setLineWidth(size.width())
    foot.endLayout()
    painter.setPen(QColor(_GREY))
    left = (size.width() - line.naturalTextWidth()) / 2
    foot.draw(painter, QPointF(left, size.height() + _FOOTER * dot - line.height()))
    painter.restore()


def _draw_placed(painter: QPainter, placed: Placed, font: QFont, dot: float) -> None:
    words, mm = _Words(), dot * 72 / 25.4
    words.setDocumentMargin(0)
    font.setPointSizeF(placed.points)
    words.setDefaultFont(font)
    words.setPlainText(_text(placed.text))
    painter.save()
    painter.translate((placed.left_mm - LETTER_LEFT_MM) * mm, (placed.top_mm - MARGIN_MM) * mm)
    words.drawContents(painter)
    painter.restore()


class _Setter:
    """Writes pieces at a cursor; lengths in points times `dot`, the dots of a point."""

    def __init__(self, cursor: QTextCursor, dot: float) -> None:
        self._cursor, self._dot = cursor, dot
        self._is_first = True
        self._indent = 0.0

    def set(self, paper: Paper) -> None:
        if paper.head:
            self._space((HEAD_MM - MARGIN_MM) * 72 / 25.4)
        else:
            self._heading((Run(paper.title),), 1)
        if paper.subtitle:
            self._paragraph((Run(paper.subtitle, cite=True),), after=12)
        for piece in paper.pieces:
            self._indent = _SAID if piece.said else 0.0
            self._piece(piece)

    def _piece(self, piece: Piece) -> None:
        match piece.kind:
            case PieceKind.HEADING:
                self._heading(piece.runs, max(1, min(4, piece.level)))
            case PieceKind.ITEM:
                indent = 15.0 * max(1, piece.level)
                mark = f"{piece.mark}\t" if piece.mark else ""
                self._paragraph((Run(mark), *piece.runs), left=indent, first=-13.0 if mark else 0.0, after=3)
            case PieceKind.CODE:
                self._paragraph(tuple(Run(run.text, code=True) for run in piece.runs), ground=_GROUND, left=6)
            case PieceKind.QUOTE:
                self._paragraph(piece.runs, left=18)
            case PieceKind.SMALL:
                self._paragraph(tuple(Run(run.text, cite=True) for run in piece.runs), after=3)
            case PieceKind.RULE:
                self._paragraph((Run("―" * 20, cite=True),))
            case PieceKind.TABLE:
                self._table(piece)
            case PieceKind.CHART:
                if piece.chart is not None:
                    self._chart(piece.chart)
            case PieceKind.PARAGRAPH:
                self._paragraph(piece.runs)

    def _block(self, form: QTextBlockFormat) -> None:
        if self._is_first:
            self._cursor.setBlockFormat(form)
        else:
            self._cursor.insertBlock(form)
        self._is_first = False

    def _space(self, points: float) -> None:
        form = QTextBlockFormat()
        form.setLineHeight(self._dot * points, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        self._block(form)

    def _heading(self, runs: tuple[Run, ...], level: int) -> None:
        form = QTextBlockFormat()
        form.setHeadingLevel(level)
        form.setLeftMargin(self._dot * self._indent)
        form.setTopMargin(self._dot * (0 if self._is_first else 12))
        form.setBottomMargin(self._dot * 5)
        form.setPageBreakPolicy(QTextBlockFormat.PageBreakFlag.PageBreak_Auto)
        self._block(form)
        for run in runs:
            letters = QTextCharFormat()
            letters.setFontPointSize(_HEADINGS[level])
            letters.setFontWeight(QFont.Weight.DemiBold)
            self._cursor.insertText(_text(run.text), letters)

    def _paragraph(
        self, runs: tuple[Run, ...], *, left: float = 0, first: float = 0, after: float = 6, ground: str = ""
    ) -> None:
        form = QTextBlockFormat()
        form.setLeftMargin(self._dot * (left + self._indent))
        form.setTextIndent(self._dot * first)
        form.setBottomMargin(self._dot * after)
        form.setLineHeight(118, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if first:
            form.setTabPositions([QTextOption.Tab(-first * self._dot, QTextOption.TabType.LeftTab)])
        if ground:
            form.setBackground(QBrush(QColor(ground)))
        self._block(form)
        self._runs(self._cursor, runs)

    @staticmethod
    def _runs(cursor: QTextCursor, runs: tuple[Run, ...]) -> None:
        for run in runs:
            letters = QTextCharFormat()
            letters.setFontItalic(run.italic)
            if run.bold:
                letters.setFontWeight(QFont.Weight.Bold)
            if run.code:
                letters.setFontFamilies([QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()])
                letters.setFontPointSize(POINTS - 1.5)
            if run.cite:
                letters.setForeground(QBrush(QColor(_GREY)))
                letters.setFontPointSize(POINTS - 1.5)
            if run.change:
                letters.setForeground(QBrush(QColor(_CHANGED[run.change])))
                letters.setFontStrikeOut(run.change == GONE)
                letters.setFontUnderline(run.change == COME)
            cursor.insertText(_text(run.text), letters)

    def _chart(self, chart: Chart) -> None:
        self._block(QTextBlockFormat())
        renderer = QSvgRenderer(QByteArray(svg(chart).encode()))
        image = QImage(renderer.defaultSize() * _CHART_SHARPNESS, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        form = QTextImageFormat()
        form.setName(f"chart{self._cursor.position()}")
        form.setWidth(self._dot * _CHART_POINTS)
        self._cursor.document().addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(form.name()), image)
        self._cursor.insertImage(form)

    def _table(self, piece: Piece) -> None:
        width = max((len(row) for row in piece.rows), default=0)
        if not width:
            return
        form = QTextTableFormat()
        form.setHeaderRowCount(1)  # again on each page
        form.setCellPadding(self._dot * 4)
        form.setCellSpacing(0)
        form.setBorder(max(1.0, self._dot * 0.5))
        form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        form.setBorderBrush(QBrush(QColor(_LINES)))
        form.setBorderCollapse(True)
        form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        form.setTopMargin(self._dot * 4)
        form.setLeftMargin(self._dot * self._indent)
        form.setBottomMargin(self._dot * 8)
        form.setColumnWidthConstraints(_widths(piece.rows, width))
        table = self._cursor.insertTable(len(piece.rows), width, form)
        for down, row in enumerate(piece.rows):
            for across, words in enumerate(row):
                cell = table.cellAt(down, across)
                if down == 0:
                    letters = QTextCharFormat()
                    letters.setBackground(QBrush(QColor(_GROUND)))
                    cell.setFormat(letters)
                self._runs(cell.firstCursorPosition(), (Run(words, bold=down == 0),))
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        self._is_first = True  # Qt has put an empty block behind the table: it is used


def _widths(rows: tuple[tuple[str, ...], ...], width: int) -> list[QTextLength]:
    """The share of each column: by the root of its longest cell, so that a long cell does not press the others flat."""
    longest = [max((min(len(row[at]), 400) for row in rows if at < len(row)), default=1) for at in range(width)]
    shares = [max(3.0, size**0.6) for size in longest]
    return [QTextLength(QTextLength.Type.PercentageLength, 100 * share / sum(shares)) for share in shares]


def _text(text: str) -> str:
    return plain(text).replace("\n", "\u2028")
