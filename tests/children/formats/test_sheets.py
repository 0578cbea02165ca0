"""Spreadsheets: values as people see them, places as they call them, and no range too wide."""

from __future__ import annotations

import io
import struct
from datetime import date, datetime, time

import openpyxl
import pytest
from fakes.office import odf, packed, relations, xls, xlsb, xlsx
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font

from slmdesk.base.documents import BlockKind, Note, PageKind, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.children.formats import odf as ods
from slmdesk.children.formats import old_sheets, sheets
from slmdesk.children.formats.number_formats import BUILT_IN, format_of_code, plain, shown
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure


def read(data, function=sheets.read_xlsx):
    reading = Reading("a.xlsx", data=data)
    return reading, [*function(reading)]


def rows(page):
    return [(block.place, page.text[block.start : block.end]) for block in page.blocks]


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_what_openpyxl_writes_is_read():
    book = openpyxl.Workbook()
    book.properties.title, book.properties.creator = "Budget", "A. Clerk"
    sheet = book.active
    sheet.title = "May"
    for row in (["Item", "Date", "Sum"], ["Rent", date(2026, 5, 1), 900], ["Heat", datetime(2026, 5, 2, 8, 30), 61.5]):
        sheet.append(row)
    sheet["C3"].number_format = '#,##0.00 "€"'
    sheet["A5"], sheet["B5"], sheet["C5"] = True, 0.256, "=SUM(C2:C3)"
    sheet["B5"].number_format = "0.0%"
    sheet["C3"].comment = Comment("Too much?", "Kim")
    sheet.row_dimensions[2].hidden = True
    hidden = book.create_sheet("Secret")
    hidden["B2"], hidden.sheet_state = "x", "hidden"
    book.create_sheet("Empty")
    reading, pages = read(saved(book))
    assert reading.page_kind is PageKind.SHEET
    assert (reading.title, reading.author) == ("Budget", "A. Clerk")
    assert rows(pages[0]) == [
        ("A1:C1", "Item\tDate\tSum"),
        ("A2:C2", "Rent\t2026-05-01\t900"),
        ("A3:C3", "Heat\t2026-05-02 08:30:00\t61.50 €"),
        ("A5:B5", "TRUE\t25.6%"),
        ("C3 Kim", "Too much?"),
    ]
    assert [block.level for block in pages[0].blocks] == [1, 0, 0, 0, 0]
    assert rows(pages[1]) == [("B2", "x")]
    assert [(page.label, page.status, page.reason) for page in pages] == [
        ("May", PageStatus.READ, ""),
        ("Secret", PageStatus.READ, "hidden sheet"),
        ("Empty", PageStatus.EMPTY, "empty"),
    ]
    assert reading.notes == [Note.HIDDEN_TEXT, Note.FORMULAS_EMPTY]


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (1.0, "", "1"),
        (1e21, "", "1e+21"),
        (1.7e308, "[h]:mm", "1.7e+308"),
        (1.7e308, "0%", "1.7e+308"),
        (0.00001, "", "0.00001"),
        (2.5, "0", "3"),
        (-2.345, "#,##0.00;[Red](#,##0.00)", "-2.35"),
        (-0.001, "0.00", "0.00"),
        (0.005, "0%", "1%"),
        (7, "00000", "00007"),
        (3.5, "0.##", "3.5"),
        (1234.5, "[$€-407] #,##0.00", "€ 1234.50"),
        (5.25, '0.0\\ "kg"', "5.3 kg"),
        (0.5, "# ?/?", "1/2"),
        (12000, "#,##0,", "12000"),
        (45000, "dd/mm/yyyy", "2023-03-15"),
        (45000.5, 'd" of "mmmm h:mm AM/PM', "2023-03-15 12:00"),
        (0.75, "h:mm", "18:00"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (-5, "yyyy-mm-dd", "-5"),
        (1e12, "yyyy-mm-dd", "1000000000000"),
        (3, "[>2]0;0.0", "3"),
        (-12.5, '0.00" Cr";0.00" Dr"', "12.50 Dr"),
        (12.5, '0.00" Cr";0.00" Dr"', "12.50 Cr"),
        (-9.9, '#,##0.00\\ [$CHF-807];[Red]#,##0.00\\ [$CHF-807]\\ "S"', "9.90 CHF S"),
        (-12.5, '0.00" Cr";(0.00" Dr")', "-12.50 Dr"),
        (-5, "0.00;0.00", "-5.00"),
        (-5, '0.00 "a;b";0.00 "a;b"', "-5.00 a;b"),
        (-7.5, "0.00_-;0.00-", "-7.50"),
        (7.5, "0.00-", "-7.50"),
        (7.5, '"-"0.00', "-7.50"),
        (0, "-0.00", "0.00"),
        (7.5, "(0.00)", "7.50"),
        (-3, '_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-;_-* "-"??_-', "-3.00 €"),
        (-3, '0;"loss"', "loss"),
        (1, '"yes";"";"no"', "yes"),
        (0, '"yes";"";"no"', "no"),
        (-7, '"yes";"";"no"', "-7"),
        (0.5, "[<1]0.0%;0", "50.0%"),
        (3, "[<1]0.0%;0", "3"),
        (0, '0;-0;"none"', "none"),
        (4, '0;-0;"none"', "4"),
        (5, 'General" pcs"', "5 pcs"),
        (-5.25, 'General" pcs"', "-5.25 pcs"),
        (12, '[>=10]"many";[=1]"one";0" few"', "many"),
        (1, '[>=10]"many";[=1]"one";0" few"', "one"),
        (3, '[>=10]"many";[=1]"one";0" few"', "3 few"),
        (-5, '[<0]"minus "0;0', "minus 5"),
        (5, "[>100]0;[<0]0", "5"),
        (0, "0;-0;;@", "0"),
        (0, '_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "0.00 €"),
        (0, '0.00 "EUR";-0.00 "EUR";"-"?? "EUR"', "0.00 EUR"),
        (1.5, "# ??/??", "1 1/2"),
        (1 / 3, "# ?/?", "1/3"),
        (2.5, '# ?/8 "in"', "2 4/8 in"),
        (-1.25, "?/4", "-5/4"),
        (3, "# ?/?", "3"),
        (1234567, '0.0,," Mio"', "1.2 Mio"),
        (0.123, '0.0%" of all"', "12.3% of all"),
        (0.5, '"rate "0%', "rate 50%"),
        (0.0625, "[h]", "1"),
        (1.5, '[h]" h "mm" min"', "36 h 00 min"),
        (0.0625, "[m]:ss", "90:00"),
        (0.001, "[s]", "86"),
        (-0.5, "[h]:mm", "-12:00"),
        (0.0000116, "[ss].00", "1.00"),
        (0.5 + 0.25 / 86400, "mm:ss.00", "12:00:00.25"),
        (0.75, 'hh:mm" Uhr"', "18:00 Uhr"),
        (45000, '"due "yyyy-mm-dd', "due 2023-03-15"),
        (45000, 'yyyy"年"m"月"d"日"', "2023-03-15"),
        (45000, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "2023-03-15"),
        (45000, "[$-x-sysdate]dddd, mmmm dd, yyyy", "2023-03-15"),
        (45000, "[$-407]d/\\ mmm/\\ yyyy;@", "2023-03-15"),
        (5, "@", "5"),
        (5, '[$-409]"#"0', "#5"),
    ],
)
def test_numbers_are_shown_as_people_see_them(value, code, expected):
    assert shown(value, format_of_code(code)) == expected


def test_words_around_a_text_are_read():
    styles = (
        '<styleSheet xmlns="urn:x"><numFmts><numFmt numFmtId="164" formatCode="&quot;No. &quot;@"/>'
        '<numFmt numFmtId="165" formatCode="0;-0;&quot;none&quot;;@&quot; (draft)&quot;"/></numFmts>'
        '<cellXfs><xf/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="49"/></cellXfs></styleSheet>'
    )
    cells = "".join(f'<c t="str" s="{style}"><v>A 12</v></c>' for style in range(4)) + '<c s="2"><v>0</v></c>'
    data = xlsx({"S": f"<sheetData><row>{cells}</row></sheetData>"}, {"xl/styles.xml": styles})
    assert read(data)[1][0].text == "A 12\tNo. A 12\tA 12 (draft)\tA 12\tnone"


def test_dates_from_1904_and_built_in_formats():
    assert shown(0, format_of_code(BUILT_IN[14]), from_1904=True) == "1904-01-01"
    assert shown(0.125, format_of_code(BUILT_IN[10])) == "12.50%"
    assert plain(-0.0) == "0"


def test_cells_as_other_programs_write_them():
    inside = (
        '<dimension ref="A1"/><sheetData><row><c><v> 41</v></c><c t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r>'
        '<rPh><t>aid</t></rPh></is></c></row><row r="4"><c r="D4" t="str"><f>A1</f><v>a_x000D_b</v></c>'
        '<c r="E4" t="e"><v>#DIV/0!</v></c><c r="F4" t="d"><v>2026-05-01T00:00:00</v></c><c r="G4" t="s"><v>99</v></c>'
        "</row></sheetData>"
    )
    assert rows(read(xlsx({"S": inside}))[1][0]) == [
        ("A1:B1", "41\tinline"),
        ("A4:F4", "\t\t\ta b\t#DIV/0!\t2026-05-01"),
    ]


def test_hidden_sheets_rows_and_columns_are_named():
    inside = (
        '<cols><col min="2" max="2" hidden="1"/><col min="4" max="6" hidden="1"/><col min="7" max="7"/></cols>'
        '<sheetData><row r="1"><c><v>1</v></c></row><row r="3" hidden="1"><c><v>2</v></c></row></sheetData>'
    )
    reading, _ = read(xlsx({"May": inside, "!Old": "<sheetData><row><c><v>1</v></c></row></sheetData>"}))
    assert reading.names[Note.HIDDEN_TEXT] == ("May!3", "May!B", "May!D:F", "Old")


def test_x4_cells_in_opposite_corners_are_two_rows():
    inside = (
        '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>3</v></c></row></sheetData>'
    )
    assert rows(read(xlsx({"S": inside}))[1][0]) == [("A1", "1"), ("XFD1", "2"), ("XFD1048576", "3")]


def test_long_sheets_are_parted():
    inside = "".join(f'<row r="{at}"><c r="B{at}"><v>{at}</v></c></row>' for at in range(3, 3 + 450))
    reading, pages = read(xlsx({"Long": f"<sheetData>{inside}</sheetData>", "Next": ""}))
    assert [page.label for page in pages] == ["Long, rows 3–202", "Long, rows 203–402", "Long, rows 403–452", "Next"]
    assert (reading.page_kind, reading.sheets) == (PageKind.PART, 2)
    assert [page.number for page in pages] == [1, 2, 3, 4]
    assert sum(len(page.blocks) for page in pages) == 450
    reading, pages = read(xlsx({"Short": "<sheetData/>", "Next": ""}))
    assert (reading.page_kind, reading.sheets, len(pages)) == (PageKind.SHEET, 0, 2)


def test_a_sheet_that_breaks_off_gives_what_came_before():
    good = "<sheetData>" + "".join(f"<row><c><v>{at}</v></c></row>" for at in range(9000)) + "</sheetData>"
    broken = f'<worksheet xmlns="urn:x">{good[: len(good) // 2]}'
    reading, pages = read(xlsx({"Bad": good, "Good": good}, {"xl/worksheets/sheet1.xml": broken}))
    damaged = [page for page in pages if page.label.startswith("Bad")]
    assert sum(len(page.blocks) for page in damaged) > 4000
    assert damaged[-1].status is PageStatus.BROKEN
    assert sum(len(page.blocks) for page in pages if page.label.startswith("Good")) == 9000
    assert reading.notes == [Note.PARTLY_DAMAGED]


def test_missing_relations_are_guessed_and_missing_sheets_said():
    inside = "<sheetData><row><c><v>1</v></c></row></sheetData>"
    data = xlsx({"One": inside, "Two": ""}, {"xl/_rels/workbook.xml.rels": relations(worksheet="nowhere.xml")})
    assert rows(read(data)[1][0]) == [("A1", "1")]
    with pytest.raises(KnownError, match=r"document\.damaged"):
        read(xlsx({}, {"xl/workbook.xml": b"<workbook"}))


def test_shared_strings_and_drawings():
    inside = '<sheetData><row><c t="s"><v>1</v></c></row></sheetData>'
    strings = "<sst><si><t>no</t></si><si><r><t>sha</t></r><r><t>red</t></r></si></sst>"
    words = "<txBody><a:p><a:r><a:t>Note</a:t></a:r></a:p></txBody>"
    drawing = f'<d xmlns:a="a"><twoCellAnchor><sp>{words}</sp></twoCellAnchor></d>'
    data = xlsx(
        {"S": inside},
        {
            "xl/sharedStrings.xml": strings,
            "xl/worksheets/_rels/sheet1.xml.rels": relations(drawing="../drawings/drawing1.xml"),
            "xl/drawings/drawing1.xml": drawing,
        },
    )
    assert rows(read(data)[1][0]) == [("A1", "shared"), ("", "Note")]


def test_what_letters_look_like_is_read():
    book = openpyxl.Workbook()
    sheet = book.active
    up, gone = InlineFont(vertAlign="superscript"), InlineFont(strike=True)
    symbols, low = InlineFont(rFont="Symbol"), InlineFont(vertAlign="subscript")
    sheet["A1"] = CellRichText("10", TextBlock(up, "6"), " N, H", TextBlock(low, "2"), "O")
    sheet["A2"] = CellRichText("is ", TextBlock(gone, "not "), "due, x ", TextBlock(symbols, "\u00b3"), " 3")
    sheet["A3"], sheet["A3"].font = 99, Font(strike=True)
    sheet["B3"], sheet["B3"].font = 79, Font(strike=False)
    sheet["A4"], sheet["A4"].font = "\u00fe", Font(name="Wingdings")
    reading, (page,) = read(saved(book))
    assert page.text.split("\n") == ["10⁶ N, H₂O", "is due, x ≥ 3", "\t79", "☒"]
    assert [block.place.strip() for block in page.blocks if block.kind is BlockKind.STRUCK] == ["not", "99"]
    assert reading.notes == []


def test_formulas_without_a_saved_value_are_counted():
    inside = (
        '<sheetData><row><c><f>A2</f></c><c><f>B4</f><v></v></c><c t="str"><f>C1</f><v></v></c><c><f>1+1</f><v>2</v>'
        "</c></row></sheetData>"
    )
    reading, _pages = read(xlsx({"S": inside, "T": inside}))
    assert reading.counts == {Note.FORMULAS_EMPTY: 4}
    formula = 'table:formula="of:=1"'
    cells = f'<table:table-cell {formula}/><table:table-cell {formula} office:value-type="string"/>'
    row = f"<table:table-row>{cells}</table:table-row>"
    reading, _pages = read(odf("spreadsheet", f'<table:table table:name="S">{row}</table:table>'), ods.read_ods)
    assert reading.counts == {Note.FORMULAS_EMPTY: 1}


def test_boxes_of_a_sheet_are_read_with_their_labels():
    def shape(number, words):
        body = f"<txBody><a:p><a:r><a:t>{words}</a:t></a:r></a:p></txBody>"
        return f'<twoCellAnchor><sp><nvSpPr><cNvPr id="{number}" name="x"/></nvSpPr>{body}</sp></twoCellAnchor>'

    kinds = ('"CheckBox" checked="Checked"', '"CheckBox"', '"Radio" checked="Checked"', '"Drop"', '"Button"')
    listed = "".join(
        f'<control shapeId="{number}" r:id="r{number}" name="Box {number}"/>' for number in range(1, len(kinds) + 1)
    )
    controls = {
        f"xl/ctrlProps/ctrlProp{number}.xml": f"<formControlPr objectType={kind}/>"
        for number, kind in enumerate(kinds, 1)
    }
    targets = {f"ctrlProp{number}": f"../ctrlProps/ctrlProp{number}.xml" for number in range(1, len(kinds) + 1)}
    drawing = f'<d xmlns:a="a">{shape(1, "Pets")}{shape(2, "Smoking")}{shape(9, "Free words")}</d>'
    reading, pages = read(
        xlsx(
            {"S": f"<sheetData><row><c><v>1</v></c></row></sheetData><controls>{listed}</controls>"},
            {
                "xl/worksheets/_rels/sheet1.xml.rels": relations(**targets, drawing="../drawings/drawing1.xml"),
                "xl/drawings/drawing1.xml": drawing,
                **controls,
            },
        )
    )
    assert [words for _, words in rows(pages[0])] == ["1", "☒ Pets", "☐ Smoking", "☒ Box 3", "Free words"]
    assert reading.names == {Note.PARTS_UNREAD: ("form control",)}
    about = {"xl/worksheets/_rels/sheet1.xml.rels": relations(vmlDrawing="../drawings/old.vml")}
    for kind, names in (("Note", {}), ("Checkbox", {Note.PARTS_UNREAD: ("form control",)})):
        old = f'<xml><shape><ClientData ObjectType="{kind}"/></shape></xml>'
        assert read(xlsx({"S": ""}, {**about, "xl/drawings/old.vml": old}))[0].names == names


def test_very_long_rows_are_several_blocks(monkeypatch):
    monkeypatch.setattr(sheets, "ROW_CHARACTERS", 10)
    blocks = [*sheets.row_pieces(sheets.Row(1, ((1, "a" * 6), (2, "b" * 6), (3, "c"))), 1)]
    assert [(block.place, block.text) for block in blocks] == [("A1", "a" * 6), ("B1:C1", "b" * 6 + "\tc")]


def test_an_opendocument_sheet():
    def cell(words, more="", inside=""):
        return f"<table:table-cell {more}><text:p>{words}</text:p>{inside}</table:table-cell>"

    comment = "<office:annotation><dc:creator>Kim</dc:creator><text:p>Sure?</text:p></office:annotation>"
    dated = 'office:value-type="date" office:date-value="2026-05-01"'
    twice = 'table:number-columns-repeated="2"'
    cells = (
        f"<table:table-row>{cell('1. Mai', dated)}"
        f"{cell('1.234,50 €', inside=comment)}"
        '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="3" table:visibility="collapse">'
        f"{cell('same', twice)}</table:table-row>"
    )
    hidden = (
        '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/>'
        "</style:style>"
    )
    reading, pages = read(
        odf(
            "spreadsheet",
            f'<table:table table:name="May"><table:table-column/>{cells}</table:table>'
            '<table:table table:name="Two" table:style-name="ta2"><table:table-row-group><table:table-row>'
            f"{cell('x')}</table:table-row></table:table-row-group></table:table>"
            '<table:table table:name="Three"/>',
            styles=hidden,
        ),
        ods.read_ods,
    )
    assert rows(pages[0]) == [
        ("A1:B1", "2026-05-01\t1.234,50 €"),
        ("A1048572:B1048574", "same\tsame"),
        ("row 1 Kim", "Sure?"),
    ]
    assert rows(pages[1]) == [("A1", "x")]
    assert [(page.label, page.reason) for page in pages] == [("May", ""), ("Two", "hidden sheet")]
    assert reading.notes == [Note.HIDDEN_TEXT]


def test_old_and_binary_excel_files():
    _, pages = read(xls({(0, 0): 1.5, (1, 2): "Grüße"}), old_sheets.read_xls)
    assert [(page.label, rows(page)) for page in pages] == [("Old", [("A1", "1.5"), ("A2:C2", "\t\tGrüße")])]
    _, pages = read(xlsb({(0, 1): 2.0, (4, 1): 0.1}), old_sheets.read_xlsb)
    assert [(page.label, rows(page)) for page in pages] == [("Binary", [("B1", "2"), ("B5", "0.1")])]


@pytest.mark.parametrize(
    ("data", "function", "code"),
    [
        (xls({(0, 0): 1.0, (65535, 255): 2.0}), old_sheets.read_xls, "document.unreadable"),
        (xlsb({(0, 0): 1.0, (1048575, 16383): 2.0}), old_sheets.read_xlsb, "document.unreadable"),
        (xls({(0, 0): 1.0}, more=b"\x2f\0\2\0\0\0"), old_sheets.read_xls, "document.locked"),
        (xls({(0, 0): 1.0})[:900], old_sheets.read_xls, "document.damaged"),
        (b"no sheet", old_sheets.read_xls, "document.damaged"),
        (packed({"xl/workbook.bin": b"\x9c\x01\xff"}), old_sheets.read_xlsb, "document.damaged"),
    ],
)
def test_x4_what_calamine_would_die_of_is_refused_before(data, function, code):
    with pytest.raises(KnownError) as caught:
        read(data, function)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ('"yes";;"no"', 1.0, "yes"),
        ('"yes";;"no"', 0.0, "no"),
        ("[<1]0.0%;0", 0.5, "50.0%"),
        ('0.00" €"', 12.5, "12.50 €"),
        ("General", 12.5, "12.5"),
        ("0000", 7.0, "0007"),
    ],
)
def test_numbers_of_old_files_are_shown_as_people_see_them(code, value, expected):
    def record(kind, data):
        return struct.pack("<HH", kind, len(data)) + data

    form = record(0x041E, struct.pack("<HHB", 164, len(code), 1) + code.encode("utf-16-le"))
    style = record(0x00E0, struct.pack("<HHHHBBBBIIH", 0, 164, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    pages = read(xls({(0, 0): value, (2, 1): "x"}, more=form + style), old_sheets.read_xls)[1]
    assert [text for _, text in rows(pages[0])] == [expected, "\tx"]


def test_times_of_old_files_are_words():
    assert [
        old_sheets.cell_text(moment) for moment in (time(8, 30), date(2026, 5, 1), datetime(2026, 5, 1, 8, 30, 5), None)
    ] == [
        "08:30", "2026-05-01", "2026-05-01 08:30:05", "",
    ]  # fmt: skip
