"""Charts that Excel and Word draw themselves, with the figures they draw. Late imports: openpyxl and docx are heavy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from slmdesk.base.charts import PRINTED, height_of, svg
from slmdesk.base.documents import Chart, ChartKind, plain

if TYPE_CHECKING:
    from docx.document import Document

SHEET = "Figures"
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_INLINE = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_CHART_PART = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_BOOK_PART = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EMU = 360_000
"""Units of a centimetre."""
WIDTH_CM = 16.0


def native_chart(chart: Chart, sheet: str) -> Any:
    """Return a chart of openpyxl over a sheet that has the chart's rows from A1. It holds the figures too."""
    from openpyxl.chart import BarChart, LineChart, Reference, Series
    from openpyxl.chart.data_source import AxDataSource, NumData, NumVal, StrData, StrRef, StrVal
    from openpyxl.chart.series import SeriesLabel
    from openpyxl.utils import get_column_letter

    last = len(chart.categories) + 1

    def texts(cells: str, words: Sequence[str]) -> StrRef:
        points = [StrVal(idx=at, v=plain(word)) for at, word in enumerate(words)]
        return StrRef(f=f"'{sheet}'!{cells}", strCache=StrData(ptCount=len(points), pt=points))

    made: Any = LineChart() if chart.kind is ChartKind.LINES else BarChart()
    if chart.kind is ChartKind.BARS:
        made.type, made.grouping, made.overlap, made.gapWidth = "bar", "stacked", 100, 40
        made.x_axis.scaling.orientation = "maxMin"  # the first on top
    made.title, made.height, made.width = plain(chart.title), 8.5, WIDTH_CM
    made.x_axis.delete = made.y_axis.delete = False
    made.y_axis.number_format = "#,##0"
    made.legend = made.legend if len(chart.series) > 1 else None
    for number, series in enumerate(chart.series):
        letter = get_column_letter(number + 2)
        one: Any = Series(Reference(range_string=f"'{sheet}'!${letter}$2:${letter}${last}"))
        points = [NumVal(idx=at, v=str(value)) for at, value in enumerate(series.values)]
        one.val.numRef.numCache = NumData(formatCode="General", ptCount=len(points), pt=points)
        one.tx = SeriesLabel(strRef=texts(f"${letter}$1", [series.name]))
        one.cat = AxDataSource(strRef=texts(f"$A$2:$A${last}", chart.categories))
        colour = PRINTED.colours[number % len(PRINTED.colours)].removeprefix("#")
        if chart.kind is ChartKind.BARS:
            one.graphicalProperties.solidFill = colour
        else:
            one.graphicalProperties.line.solidFill, one.smooth = colour, False
        made.series.append(one)
    return made


def add_to_word(document: Document, chart: Chart, to_xlsx: Callable[..., bytes]) -> None:
    """Add a chart that Word draws, with the workbook from which it can be changed there."""
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from docx.oxml import parse_xml
    from docx.shared import Cm
    from openpyxl.xml.functions import tostring

    target, package = document.part, document.part.package
    kind = f"{_RELATIONS}/chart"
    number = 1 + sum(known.reltype == kind for known in target.rels.values())
    shape = tostring(native_chart(chart, SHEET)._write()).decode()
    names = f'xmlns:c="{_CHART}" xmlns:r="{_RELATIONS}"'
    relation = f'<c:externalData {names} r:id="rId1"><c:autoUpdate val="0"/></c:externalData>'
    end = shape.rindex("</")
    part = Part(
        PackURI(f"/word/charts/chart{number}.xml"),
        _CHART_PART,
        (shape[:end] + relation + shape[end:]).encode(),
        package,
    )
    book = Part(PackURI(f"/word/embeddings/chart{number}.xlsx"), _BOOK_PART, to_xlsx({SHEET: chart.figures}), package)
    part.rels.add_relationship(f"{_RELATIONS}/package", book, "rId1")
    height = int(WIDTH_CM * _EMU * height_of(chart) / 720)
    words = quoteattr(plain(chart.words)[:2000])
    inline = (
        f'<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:wp="{_INLINE}" '
        f'xmlns:a="{_DRAWING}"><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{int(Cm(WIDTH_CM))}" '
        f'cy="{height}"/><wp:docPr id="{1000 + number}" name="Chart {number}" descr={words}/><wp:cNvGraphicFramePr/>'
        f'<a:graphic><a:graphicData uri="{_CHART}"><c:chart xmlns:c="{_CHART}" xmlns:r="{_RELATIONS}" '
        f'r:id="{target.relate_to(part, kind)}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )
    element: Any = parse_xml(inline)
    document.add_paragraph().add_run()._r.append(element)


def svg_of(charts: Sequence[Chart]) -> bytes:
    """Return charts below each other as one picture."""
    body, y = "", 0
    for chart in charts:
        body += svg(chart).replace("<svg ", f'<svg y="{y}" ', 1)
        y += height_of(chart)
    whole = f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{y}" viewBox="0 0 720 {y}">\n{body}</svg>\n'
    return whole.encode("utf-8", "replace")
