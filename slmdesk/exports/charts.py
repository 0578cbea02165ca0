"""Charts that Excel and Word draw themselves, with the figures they draw.

Late imports: openpyxl is heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slmdesk.base.charts import PRINTED, WIDTH, height_of, svg
from slmdesk.base.documents import Chart, ChartKind, plain

WIDTH_CM = 16.0


def native_chart(chart: Chart, sheet: str) -> Any:
    """Return a chart of openpyxl over a sheet that has the chart's rows from A1.

    It holds the figures too.
    """
    from openpyxl.chart import BarChart, LineChart, Reference, Series
    from openpyxl.chart.data_source import AxDataSource, NumData, NumVal
    from openpyxl.chart.series import SeriesLabel
    from openpyxl.utils import get_column_letter

    last = len(chart.categories) + 1
    made: Any = LineChart()
    if chart.kind is ChartKind.BARS:
        made = BarChart()
        made.type = "bar"
        made.grouping = "stacked"
        made.overlap = 100
        made.gapWidth = 40
        made.x_axis.scaling.orientation = "maxMin"  # the first on top
    made.title = plain(chart.title)
    made.height = 8.5
    made.width = WIDTH_CM
    made.x_axis.delete = False
    made.y_axis.delete = False
    made.y_axis.number_format = "#,##0"
    if len(chart.series) < 2:
        made.legend = None
    categories = _texts(f"'{sheet}'!$A$2:$A${last}", chart.categories)
    for number, series in enumerate(chart.series):
        letter = get_column_letter(number + 2)
        cells = Reference(range_string=f"'{sheet}'!${letter}$2:${letter}${last}")
        plot: Any = Series(cells)
        points = [
            NumVal(idx=index, v=str(value)) for index, value in enumerate(series.values)
        ]
        plot.val.numRef.numCache = NumData(
            formatCode="General", ptCount=len(points), pt=points
        )
        name = _texts(f"'{sheet}'!${letter}$1", [series.name])
        plot.tx = SeriesLabel(strRef=name)
        plot.cat = AxDataSource(strRef=categories)
        colour = PRINTED.colours[number % len(PRINTED.colours)].removeprefix("#")
        if chart.kind is ChartKind.BARS:
            plot.graphicalProperties.solidFill = colour
        else:
            plot.graphicalProperties.line.solidFill = colour
            plot.smooth = False
        made.series.append(plot)
    return made


def _texts(cells: str, words: Sequence[str]) -> Any:
    """Return a reference to cells, with what they say."""
    from openpyxl.chart.data_source import StrData, StrRef, StrVal

    points = [StrVal(idx=index, v=plain(word)) for index, word in enumerate(words)]
    return StrRef(f=cells, strCache=StrData(ptCount=len(points), pt=points))


def svg_of(charts: Sequence[Chart]) -> bytes:
    """Return charts below each other as one picture."""
    body = ""
    y = 0
    for chart in charts:
        body += svg(chart).replace("<svg ", f'<svg y="{y}" ', 1)
        y += height_of(chart)
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{body}</svg>\n'
    return picture.encode("utf-8", "replace")
