"""The values of charts are read, wherever the chart stands, or named as not read."""

from __future__ import annotations

import io
from datetime import date

import pytest
import xlsxwriter
from fakes.office import docx, odf, packed, paragraph, parts_of, relations
from pptx import Presentation
from pptx.chart.data import BubbleChartData, CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from slmdesk.base.documents import BlockKind, Note
from slmdesk.children.formats.reading import Reading, reader_of, redactor_of
from slmdesk.children.formats.redacting.redactors import Redacting, Replacing
from slmdesk.redact import BAR

pytestmark = pytest.mark.pure

SPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


EUROS = "#,##0.00&quot; EUR&quot;"


def read(data, kind):
    reading = Reading(f"a.{kind}", data=data)
    return reading, [*reader_of(kind)(reading)]


def slide(kind, data):
    presentation = Presentation()
    shapes = presentation.slides.add_slide(presentation.slide_layouts[6]).shapes
    shapes.add_chart(kind, 0, 0, Inches(4), Inches(3), data)
    file = io.BytesIO()
    presentation.save(file)
    return read(file.getvalue(), "pptx")[1][0].text.split("\n")


def in_word(chart, **more):
    """What a Word file with a chart says, and its reading."""
    body = '<w:p><w:r><w:drawing><c:chart xmlns:c="urn:c" r:id="r1"/></w:drawing></w:r></w:p>'
    parts = {"word/charts/chart1.xml": chart, **more}
    reading, pages = read(docx(paragraph("Before.") + body, parts, rels={"chart": "charts/chart1.xml"}), "docx")
    return pages[0].text.split("\n")[1:], reading


def number(*values, code="General", cache="numCache"):
    points = "".join(f'<c:pt idx="{at}"><c:v>{value}</c:v></c:pt>' for at, value in enumerate(values) if value != "")
    return f"<c:numRef><c:f>S!B2</c:f><c:{cache}><c:formatCode>{code}</c:formatCode>{points}</c:{cache}></c:numRef>"


def words(*values):
    points = "".join(f'<c:pt idx="{at}"><c:v>{value}</c:v></c:pt>' for at, value in enumerate(values))
    return f"<c:strRef><c:f>S!A2</c:f><c:strCache>{points}</c:strCache></c:strRef>"


def series(name, values, categories="", kind="val"):
    cat = f"<c:cat>{categories}</c:cat>" if categories else ""
    return f"<c:ser><c:tx>{words(name)}</c:tx>{cat}<c:{kind}>{values}</c:{kind}></c:ser>"


def chart(plots, *, more="", before=""):
    return f"<c:chartSpace {SPACES}>{before}<c:chart><c:plotArea>{plots}</c:plotArea></c:chart>{more}</c:chartSpace>"


def test_values_stand_in_a_row_for_each_category():
    data = CategoryChartData(number_format="0.0%")
    data.categories = ["East", "West"]
    data.add_series("Share", (0.125, 0.875))
    data.add_series("Goal", (0.25, None))
    for kind in (XL_CHART_TYPE.COLUMN_CLUSTERED, XL_CHART_TYPE.LINE, XL_CHART_TYPE.AREA, XL_CHART_TYPE.RADAR):
        assert slide(kind, data) == ["\tShare\tGoal", "East\t12.5%\t25.0%", "West\t87.5%\t"]


def test_days_and_levels_of_categories_are_words():
    data = CategoryChartData()
    data.categories = [date(2026, 5, 1), date(2026, 6, 1)]
    data.add_series("Rent", (900, 910.5))
    assert slide(XL_CHART_TYPE.LINE, data) == ["\tRent", "2026-05-01\t900", "2026-06-01\t910.5"]
    data = CategoryChartData()
    for year in ("2025", "2026"):
        category = data.add_category(year)
        category.add_sub_category("spring")
        category.add_sub_category("autumn")
    data.add_series("Rent", (1, 2, 3, 4))
    assert slide(XL_CHART_TYPE.COLUMN_CLUSTERED, data) == [
        "\tRent", "2025 spring\t1", "2025 autumn\t2", "2026 spring\t3", "2026 autumn\t4"
    ]  # fmt: skip


def test_points_have_both_their_values():
    data = XyChartData()
    for name, points in (("A", ((1, 2), (3, 4))), ("B", ((5, 6),))):
        some = data.add_series(name)
        for x, y in points:
            some.add_data_point(x, y)
    assert slide(XL_CHART_TYPE.XY_SCATTER, data) == ["\tA", "1\t2", "3\t4", "\tB", "5\t6"]
    data = BubbleChartData()
    data.add_series("A").add_data_point(1, 2, 30)
    assert slide(XL_CHART_TYPE.BUBBLE, data) == ["\tA\t", "1\t2\t30"]


def test_combined_charts_are_one_table_and_formats_are_those_of_the_cache():
    made = chart(
        f"<c:barChart>{series('Rent', number(900, 950, code=EUROS), words('May', 'June'))}"
        f"</c:barChart><c:lineChart>{series('Rise', number(0.05, '#N/A', code='0%'), words('May', 'June'))}"
        "</c:lineChart>"
    )
    assert in_word(made)[0] == ["\tRent\tRise", "May\t900.00 EUR\t5%", "June\t950.00 EUR\t#N/A"]
    dates = chart(
        f"<c:lineChart>{series('Rent', number(900), number(41394, code='yyyy-mm-dd'))}</c:lineChart>",
        before='<c:date1904 val="1"/>',
    )
    assert in_word(dates)[0] == ["\tRent", "2017-05-01\t900"]
    literal = series("Rent", "<c:numLit><c:pt idx='0'><c:v>7</c:v></c:pt></c:numLit>")
    assert in_word(chart(f"<c:pieChart>{literal}</c:pieChart>"))[0] == ["\tRent", "1\t7"]


def test_words_upon_a_chart_are_read():
    label = (
        "<c:dLbls><c:dLbl><c:tx><c:rich><a:p><a:r><a:t>estimated</a:t></a:r></a:p></c:rich></c:tx></c:dLbl></c:dLbls>"
    )
    made = chart(f"<c:barChart>{series('Rent', number(9)).replace('<c:val>', label + '<c:val>')}</c:barChart>")
    box = (
        f'<c:userShapes {SPACES} xmlns:d="urn:d"><d:relSizeAnchor><d:sp><d:txBody><a:p><a:r><a:t>without VAT</a:t>'
        "</a:r></a:p></d:txBody></d:sp></d:relSizeAnchor></c:userShapes>"
    )
    parts = {
        "word/charts/_rels/chart1.xml.rels": relations(chartUserShapes="../drawings/d.xml"),
        "word/drawings/d.xml": box,
    }
    assert in_word(made, **parts)[0] == ["estimated", "\tRent", "1\t9", "without VAT"]
    linked = f"<c:title><c:tx>{words('Rents')}</c:tx></c:title>"
    assert in_word(chart(f"{linked}<c:barChart>{series('Rent', number(9))}</c:barChart>"))[0][0] == "Rents"


def test_values_that_the_file_does_not_hold_are_named():
    without = "<c:numRef><c:f>S!B2:B9</c:f></c:numRef>"
    lines, reading = in_word(chart(f"<c:barChart>{series('Rent', without, words('May'))}</c:barChart>"))
    assert lines == ["Rent\tMay"]
    assert reading.names[Note.PARTS_UNREAD] == ("values of a chart",)
    lines, reading = in_word("<broken")
    assert reading.names[Note.PARTS_UNREAD] == ("chart",)


def test_the_newer_kinds_of_charts_are_read():
    made = (
        '<cx:chartSpace xmlns:cx="urn:cx" xmlns:a="urn:a"><cx:chartData><cx:data id="0"><cx:strDim type="cat"><cx:lvl>'
        '<cx:pt idx="0">Leads</cx:pt><cx:pt idx="1">Orders</cx:pt></cx:lvl></cx:strDim><cx:numDim type="val">'
        '<cx:lvl formatCode="0.0"><cx:pt idx="0">500</cx:pt><cx:pt idx="1">20.25</cx:pt></cx:lvl></cx:numDim></cx:data>'
        "</cx:chartData><cx:chart><cx:title><cx:tx><cx:txData><cx:v>Funnel</cx:v></cx:txData></cx:tx></cx:title>"
        '<cx:plotArea><cx:plotAreaRegion><cx:series layoutId="funnel"><cx:tx><cx:txData><cx:v>Year</cx:v></cx:txData>'
        '</cx:tx><cx:dataId val="0"/></cx:series></cx:plotAreaRegion></cx:plotArea></cx:chart></cx:chartSpace>'
    )
    assert in_word(made)[0] == ["Funnel", "\tYear", "Leads\t500.0", "Orders\t20.3"]
    lines, reading = in_word(made.replace("<cx:lvl formatCode", "<cx:other formatCode").replace(
        "</cx:lvl></cx:numDim>", "</cx:other></cx:numDim>"))  # fmt: skip
    assert lines == ["Funnel", "Year\tLeads\tOrders"]
    assert reading.names[Note.PARTS_UNREAD] == ("values of a chart",)


def book(*, as_sheet, source="Data!$B$2:$B$3"):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as made:
        sheet = made.add_worksheet("Data")
        sheet.write_row(0, 0, ["Quarter", "Revenue"])
        sheet.write_row(1, 0, ["Q1", 4711])
        sheet.write_row(2, 0, ["Q2", 5822])
        drawn = made.add_chart({"type": "column"})
        drawn.add_series({"name": "Revenue", "categories": "=Data!$A$2:$A$3", "values": "=Data!$B$2:$B$3"})
        made.add_chartsheet("Chart").set_chart(drawn) if as_sheet else sheet.insert_chart("D1", drawn)
    parts = parts_of(file.getvalue())
    name = "xl/charts/chart1.xml"
    parts[name] = parts[name].replace(b"Data!$B$2:$B$3", source.encode())
    return read(packed(parts), "xlsx")


def test_a_sheet_that_is_a_chart_has_its_values():
    _, pages = book(as_sheet=True)
    assert [page.label for page in pages] == ["Data", "Chart"]
    assert pages[1].text.split("\n") == ["\tRevenue", "Q1\t4711", "Q2\t5822"]


def test_a_chart_beside_its_cells_repeats_no_values():
    reading, pages = book(as_sheet=False)
    assert pages[0].text.split("\n") == ["Quarter\tRevenue", "Q1\t4711", "Q2\t5822", "Revenue\tQ1\tQ2"]
    assert Note.PARTS_UNREAD not in reading.notes
    _, pages = book(as_sheet=False, source="[1]Data!$B$2:$B$3")  # cells of another file, of which it holds the values
    assert pages[0].text.split("\n")[3:] == ["\tRevenue", "Q1\t4711", "Q2\t5822"]


CHART = "urn:oasis:names:tc:opendocument:xmlns:chart:1.0"


def odf_chart(table, *, attributes=""):
    title = "<chart:title><text:p>Rents</text:p></chart:title>"
    part = odf("chart", f"<chart:chart xmlns:chart='{CHART}'>{title}{table}</chart:chart>")
    frame = f'<draw:frame><draw:object xlink:href="./Object 1" xmlns:xlink="urn:l" {attributes}/></draw:frame>'
    return odf("text", f"<text:p>Before.{frame}</text:p>", {"Object 1/content.xml": parts_of(part)["content.xml"]})


LOCAL = (
    '<table:table table:name="local-table"><table:table-header-rows><table:table-row><table:table-cell><text:p/>'
    "</table:table-cell><table:table-cell><text:p>Rent</text:p></table:table-cell></table:table-row>"
    "</table:table-header-rows><table:table-rows><table:table-row><table:table-cell><text:p>May</text:p></table:table-cell>"
    '<table:table-cell office:value-type="float" office:value="900"><text:p>900</text:p></table:table-cell>'
    "</table:table-row></table:table-rows></table:table>"
)


def test_charts_of_opendocument_are_read():
    reading, pages = read(odf_chart(LOCAL), "odt")
    assert pages[0].text.split("\n") == ["Before.", "Rents", "\tRent", "May\t900"]
    assert [block.kind for block in pages[0].blocks][-2:] == [BlockKind.TABLE_ROW] * 2
    assert Note.PARTS_UNREAD not in reading.notes
    reading, pages = read(odf_chart(""), "odt")
    assert reading.names[Note.PARTS_UNREAD] == ("values of a chart",)
    linked = odf_chart(LOCAL, attributes='draw:notify-on-update-of-ranges="Table1"')
    reading, pages = read(linked, "odt")  # its values are those of a table in the same text
    assert pages[0].text.split("\n") == ["Before.", "Rents"]
    assert Note.PARTS_UNREAD not in reading.notes


@pytest.mark.parametrize("word", ["4711.00 EUR", "4711", "Vogt"])
def test_what_a_chart_shows_is_redacted(word):
    made = chart(f"<c:barChart>{series('Rent', number(4711, 5822, code=EUROS), words('Vogt', 'Meier'))}</c:barChart>")
    body = '<w:p><w:r><w:drawing><c:chart xmlns:c="urn:c" r:id="r1"/></w:drawing></w:r></w:p>'
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    parts = {"word/charts/chart1.xml": made, "[Content_Types].xml": types}
    data = docx(body, parts, rels={"chart": "charts/chart1.xml"})
    redacting = Redacting(Reading("a.docx", data=data), Replacing([(word, BAR)]))
    lines = read(redactor_of("docx", "a")(redacting), "docx")[1][0].text.split("\n")
    assert word in read(data, "docx")[1][0].text
    assert word not in "\n".join(lines)
    assert lines[-1] == "Meier\t5822.00 EUR"
    assert redacting.words.counts[0] == 1
