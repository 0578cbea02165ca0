"""Charts that Excel and Word draw themselves, with the figures they draw. Late imports: openpyxl and docx are heavy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from slmdesk.base.charts import PRINTED, WIDTH, height_of, svg
from slmdesk.base.documents import Chart, ChartKind, plain
from slmdesk.base.texts import _
from slmdesk.exports.phrases import FIGURES_SHEET

if TYPE_CHECKING:
    from docx.document import Document

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
        plot: Any = Series(Reference(range_string=f"'{sheet}'!${letter}$2:${letter}${last}"))
        points = [NumVal(idx=at, v=str(value)) for at, value in enumerate(series.values)]
        plot.val.numRef.numCache = NumData(formatCode="General", ptCount=len(points), pt=points)
        plot.tx = SeriesLabel(strRef=texts(f"${letter}$1", [series.name]))
        plot.cat = AxDataSource(strRef=texts(f"$A$2:$A${last}", chart.categories))
        colour = PRINTED.colours[number % len(PRINTED.colours)].removeprefix("#")
        if chart.kind is ChartKind.BARS:
            plot.graphicalProperties.solidFill = colour
        else:
            plot.graphicalProperties.line.solidFill, plot.smooth = colour, False
        made.series.append(plot)
    return made


def add_to_word(document: Document, chart: Chart, to_xlsx: Callable[..., bytes]) -> None:
    """Add a chart that Word draws, with the workbook from which it can be changed there."""
    from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
    from docx.opc.part import Part
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, nsmap
    from docx.shared import Cm
    from openpyxl.xml.functions import tostring

    sheet = _(FIGURES_SHEET)
    target, package = document.part, document.part.package
    shape = tostring(native_chart(chart, sheet)._write()).decode()
    relation = f'<c:externalData {nsdecls("c", "r")} r:id="rId1"><c:autoUpdate val="0"/></c:externalData>'
    end = shape.rindex("</")
    drawn = (shape[:end] + relation + shape[end:]).encode()
    part = Part(package.next_partname("/word/charts/chart%d.xml"), CONTENT_TYPE.DML_CHART, drawn, package)
    book = to_xlsx({sheet: chart.figures})
    name = package.next_partname("/word/embeddings/chart%d.xlsx")
    part.relate_to(Part(name, CONTENT_TYPE.SML_SHEET, book, package), RELATIONSHIP_TYPE.PACKAGE)  # its first: rId1
    width, id = Cm(WIDTH_CM), target.next_id
    element: Any = parse_xml(
        f'<w:drawing {nsdecls("w", "wp", "a", "c", "r")}><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{width}" cy="{int(width * height_of(chart) / WIDTH)}"/>'
        f'<wp:docPr id="{id}" name="Chart {id}" descr={quoteattr(plain(chart.words)[:2000])}/><wp:cNvGraphicFramePr/>'
        f'<a:graphic><a:graphicData uri="{nsmap["c"]}">'
        f'<c:chart r:id="{target.relate_to(part, RELATIONSHIP_TYPE.CHART)}"/>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    document.add_paragraph().add_run()._r.append(element)


def svg_of(charts: Sequence[Chart]) -> bytes:
    """Return charts below each other as one picture."""
    body, y = "", 0
    for chart in charts:
        body += svg(chart).replace("<svg ", f'<svg y="{y}" ', 1)
        y += height_of(chart)
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{body}</svg>\n'.encode("utf-8", "replace")
