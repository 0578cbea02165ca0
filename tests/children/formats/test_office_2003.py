"""The XML files of Excel and Word 2003, which are often named .xls and .doc."""

from __future__ import annotations

import base64

import pytest
from fakes.office import docx, parts_of

from slmdesk.base.documents import BlockKind, Note
from slmdesk.base.errors import KnownError
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.children.tasks.reader import chosen_format

pytestmark = pytest.mark.pure

SPACE = "urn:schemas-microsoft-com:office:spreadsheet"
WORD = "http://schemas.microsoft.com/office/word/2003/wordml"


def read(text, name="a.xls"):
    reading = Reading(name, data=f'<?xml version="1.0"?>{text}'.encode())
    return [*reader_of(chosen_format(reading, ""))(reading)], reading


def book(rows, *, styles="", more="", name="S1"):
    return (
        f'<?mso-application progid="Excel.Sheet"?><Workbook xmlns="{SPACE}" xmlns:ss="{SPACE}" xmlns:x="urn:x">'
        "<DocumentProperties><Title>Rents</Title></DocumentProperties>"
        f'<Styles>{styles}</Styles><Worksheet ss:Name="{name}"><Table>{rows}</Table>{more}</Worksheet></Workbook>'
    )


def cell(value, kind="String", more=""):
    return f'<Cell {more}><Data ss:Type="{kind}">{value}</Data></Cell>'


def test_a_sheet_of_2003_is_read_by_its_places():
    rows = (
        f"<Row>{cell('Item')}{cell('900.5', 'Number', 'ss:Index=' + chr(34) + '3' + chr(34))}</Row>"
        f'<Row ss:Index="5">{cell("<b>May</b> 1")}{cell("2026-05-01T00:00:00.000", "DateTime")}'
        f"{cell(1, 'Boolean')}</Row>"
    )
    pages, reading = read(book(rows))
    assert [(block.place, pages[0].text[block.start : block.end]) for block in pages[0].blocks] == [
        ("A1:C1", "Item\t\t900.5"),
        ("A5:C5", "May 1\t2026-05-01\tTRUE"),
    ]
    assert (pages[0].label, reading.title) == ("S1", "Rents")
    assert reading.notes == [Note.OTHER_FORMAT]
    assert read(book(rows), "a.xml")[1].notes == []


def test_numbers_comments_hidden_sheets_and_links_of_2003():
    styles = "".join(
        f'<Style ss:ID="s{at}"><NumberFormat ss:Format="{code}"/></Style>'
        for at, code in enumerate(("Percent", "Short Date", "&quot;yes&quot;;;&quot;no&quot;", "Yes/No"))
    )
    numbers = "".join(cell(value, "Number", f'ss:StyleID="s{at}"') for at, value in enumerate((0.5, 46143, 0, 1)))
    note = '<Comment ss:Author="Kim"><Data>Too much?</Data></Comment>'
    more = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    linked = f'<Cell ss:HRef="https://a.example/"><Data ss:Type="String">pay</Data>{note}</Cell>'
    rows = f"<Row>{numbers}</Row><Row>{linked}</Row>"
    pages, reading = read(book(rows, styles=styles, more=more))
    assert pages[0].text.split("\n") == ["50.00%\t2026-05-01\tno\tYes", "pay", "Too much?"]
    assert pages[0].reason == "hidden sheet"
    assert Note.HIDDEN_TEXT in reading.notes
    assert [(block.kind, block.place) for block in pages[0].blocks][2:] == [
        (BlockKind.LINK, "https://a.example/"),
        (BlockKind.COMMENT, "row 2 Kim"),
    ]


def test_a_text_of_2003_is_read():
    numbered = "<w:pPr><w:listPr><w:ilvl w:val='0'/><wx:t wx:val='1.'/></w:listPr></w:pPr>"
    cells = "".join(f"<w:tc><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:tc>" for words in "ab")
    table = f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>"
    body = f"<wx:sect><w:p>{numbered}<w:r><w:t>Rent</w:t></w:r></w:p>{table}</wx:sect>"
    pages, _ = read(
        f"<w:wordDocument xmlns:w='{WORD}' xmlns:wx='urn:wx'><w:body>{body}</w:body></w:wordDocument>", "a.doc"
    )
    assert pages[0].text == "1. Rent\na\tb"


def test_a_word_file_that_is_one_xml_file_is_read():
    made = parts_of(docx("<w:p><w:r><w:t>Rent is 900.</w:t></w:r></w:p>", {"word/media/a.png": b"\x89PNG"}))
    parts = "".join(
        f'<pkg:part pkg:name="/{name}">'
        + (
            f"<pkg:binaryData>{base64.b64encode(data).decode()}</pkg:binaryData></pkg:part>"
            if name.endswith(".png")
            else f"<pkg:xmlData>{data.decode()}</pkg:xmlData></pkg:part>"
        )
        for name, data in made.items()
    )
    space = "http://schemas.microsoft.com/office/2006/xmlPackage"
    pages, reading = read(f'<pkg:package xmlns:pkg="{space}">{parts}</pkg:package>', "a.xml")
    assert pages[0].text == "Rent is 900."
    assert reading.notes == []


@pytest.mark.parametrize(
    "text", [f"<Workbook xmlns='{SPACE}'><Work", f"<Workbook xmlns='{SPACE}'/>", f"<w:wordDocument xmlns:w='{WORD}'/>"]
)
def test_damaged_files_of_2003_have_a_verdict(text):
    with pytest.raises(KnownError, match=r"document\.damaged"):
        read(text)
