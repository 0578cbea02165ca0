"""No text of a document is passed over in silence: it is translated, or left and said with its place.

What is still there after every unit was replaced is found in the file itself (fakes.remaining), not by a rewriter.
"""

from __future__ import annotations

import io

import openpyxl
import pytest
from fakes.office import WORD, docx, field, odf, paragraph, parts_of, run
from fakes.remaining import rewritten, texts_of, unnamed
from fakes.small_documents import book
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

pytestmark = pytest.mark.pure

W = WORD
V = "urn:schemas-microsoft-com:vml"


def letter():
    """A Word file with text in all the places this one is known to have."""
    box = f"<w:txbxContent><w:p>{run('Inside a box')}</w:p></w:txbxContent>"
    body = (
        paragraph("Lease")
        + f"<w:p><w:hyperlink r:id='r9' w:tooltip='Read the law'>{run('The law')}</w:hyperlink>{field('DATE', 'May')}"
        + f"{field('HYPERLINK x', 'our page')}</w:p>"
        + f"<w:p>{run('Pay ')}<w:del w:id='1'><w:r><w:delText>ten</w:delText></w:r></w:del>"
        + f"<w:ins w:id='2'>{run('twenty')}</w:ins><w:moveFrom w:id='3'>{run('gone elsewhere')}</w:moveFrom></w:p>"
        + "<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing><wp:inline>"
        + "<wp:docPr id='1' name='x' descr='A red box'/>"
        + f"<pic:cNvPr xmlns:pic='urn:pic' descr='A red box'/></wp:inline>{box}"
        + f"</w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape xmlns:v='{V}' alt='A red box'>{box}</v:shape>"
        + "</w:pict>"
        + "</mc:Fallback></mc:AlternateContent></w:r></w:p>"
        + f"<w:tbl><w:tblPr><w:tblCaption w:val='Rents'/></w:tblPr><w:tr><w:tc>{paragraph('Month')}</w:tc></w:tr>"
        + "</w:tbl>"
        + "<w:p><m:oMath xmlns:m='urn:m'><m:r><m:t>E=mc</m:t></m:r></m:oMath></w:p>"
        + "<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText='Yes please' w:value='1'/></w:dropDownList>"
        + f"<w:dataBinding w:xpath='/x'/></w:sdtPr><w:sdtContent>{paragraph('In a control')}</w:sdtContent></w:sdt>"
    )
    mark = f"<v:shape xmlns:v='{V}'><v:textpath string='CONFIDENTIAL'/></v:shape>"
    parts = {
        "word/header1.xml": f"<w:hdr xmlns:w='{W}'><w:p>{run('Draft')}<w:r><w:pict>{mark}</w:pict></w:r></w:p></w:hdr>",
        "word/footnotes.xml": f"<w:footnotes xmlns:w='{W}'><w:footnote w:id='1'>{paragraph('See below')}</w:footnote>"
        "</w:footnotes>",
        "word/comments.xml": f"<w:comments xmlns:w='{W}'><w:comment w:id='1'>{paragraph('Really?')}</w:comment>"
        "</w:comments>",
        "word/numbering.xml": f"<w:numbering xmlns:w='{W}'><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'>"
        "<w:numFmt w:val='decimal'/><w:lvlText w:val='Article %1.'/></w:lvl><w:lvl w:ilvl='1'>"
        "<w:numFmt w:val='bullet'/><w:lvlText w:val='o'/></w:lvl></w:abstractNum>"
        "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num></w:numbering>",
        "word/glossary/document.xml": f"<w:glossaryDocument xmlns:w='{W}'>{paragraph('Building block')}"
        "</w:glossaryDocument>",
        "word/vbaProject.bin": b"\xd0\xcf macros",
    }
    rels = {
        "header": "header1.xml", "footnotes": "footnotes.xml", "comments": "comments.xml", "numbering": "numbering.xml",
        "glossaryDocument": "glossary/document.xml",
    }  # fmt: skip
    return docx(body, parts, rels=rels)


def deck():
    made, target = Presentation(), io.BytesIO()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "Our plan"
    slide.notes_slide.notes_text_frame.text = "Speak slowly"
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(4), Inches(2)).table
    table.cell(0, 0).text, table.cell(1, 1).text = "Month", "May"
    data = CategoryChartData()
    data.categories = ["North", "South"]
    data.add_series("Sales", (1, 2))
    frame = slide.shapes.add_chart(XL_CHART_TYPE.PIE, Inches(1), Inches(1), Inches(4), Inches(4), data)
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = "Sales by region"
    frame.element.nvGraphicFramePr.cNvPr.set("descr", "A round chart")
    box = made.slide_layouts[5].shapes
    sign = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(1))
    sign.text_frame.text = "A company of ours"
    box.element.append(sign.element)  # to the layout: shown on all its slides
    made.save(target)
    return target.getvalue()


def book_of_sheets():
    made, target = openpyxl.Workbook(), io.BytesIO()
    sheet = made.active
    sheet.title = "Data"
    sheet.append(["Name", "Paid"])
    sheet.append(["Rent of May", "yes"])
    sheet["C2"] = '=IF(B2="yes","Settled","Open")'
    sheet["A2"].comment = Comment("Ask again", "B")
    sheet.oddHeader.center.text = "Confidential page &P"
    sheet.add_data_validation(DataValidation("list", formula1='"yes,no"', prompt="Choose one", promptTitle="Paid?"))
    made.save(target)
    return target.getvalue()


def open_text():
    parts = {
        "Object 1/content.xml": "<o:document-content xmlns:o='urn:o' xmlns:c='urn:chart' xmlns:t='urn:oasis:names:tc:"
        "opendocument:xmlns:text:1.0'><o:body><o:chart><c:chart><c:title><t:p>Sales by region</t:p></c:title><t:p>North"
        "</t:p></c:chart></o:chart></o:body></o:document-content>",
        "Object 2/content.xml": "<m:math xmlns:m='urn:m'><m:mi>x</m:mi></m:math>",
    }
    return odf(
        "text",
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>struck out</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes><text:table-of-content><text:table-of-content-source>"
        "<text:index-title-template>Contents</text:index-title-template></text:table-of-content-source>"
        "<text:index-body><text:p>Rent</text:p></text:index-body></text:table-of-content>"
        "<text:h>Rent</text:h><text:p>See <text:a>the law</text:a><text:note><text:note-citation>a</text:note-citation>"
        "<text:note-body><text:p>below</text:p></text:note-body></text:note> of <text:date>Monday</text:date>"
        "<draw:frame><svg:title>A house</svg:title><draw:text-box><text:p>In a box</text:p></draw:text-box>"
        "</draw:frame>"
        "<office:annotation><dc:creator>Bob</dc:creator><text:p>Really?</text:p></office:annotation></text:p>",
        parts,
    )


PAGE = (
    '<html><head><title>Our page</title></head><body><h1>Rent</h1><p>Use <span translate="no">Acme &amp; Sons</span> '
    "now, and <code>rent.py</code>.</p><pre>raw words</pre><svg><text>drawn</text></svg><textarea>typed</textarea>"
    '<p class="notranslate">Keep me</p><p>End</p></body></html>'
)
NOTES = (
    "---\ntitle: front\n---\n# News\n\n- one\n    - nested item\n\n        - deeper still\n\nText with `code` and\n"
    "![a picture](x.png)\n\n    indented = code\n\nEnd\n\n```\nx = run\n```\n"
)
SAMPLES = {
    "docx": letter,
    "pptx": deck,
    "xlsx": book_of_sheets,
    "odt": open_text,
    "html": PAGE.encode,
    "md": NOTES.encode,
    "epub": book,
    "subtitles": lambda: (
        b"1\n00:00:01,000 --> 00:00:02,000\nHello <i>you</i>\n\n2\n00:00:03,000 --> 00:00:04,000\n- A b\n- C d\n"
    ),
    "csv": lambda: b"plus;minus\nIt is a good house;It was so loud\nI would come again;None that I know\n",
    "txt": lambda: b"Title\n\nA line, and\nanother: one.\n",
}


@pytest.mark.parametrize("format_id", SAMPLES)
def test_every_text_is_translated_or_left_and_said(format_id):
    data = SAMPLES[format_id]()
    made, _, left = rewritten(format_id, f"a.{format_id}", data)
    assert sum(any(map(str.isalpha, words)) for _, words in texts_of(format_id, data)) >= 2
    missed, letters, count = unnamed(format_id, made, left)
    assert missed == []
    assert count > 0 == letters


def test_texts_inside_formulas_that_were_never_reckoned_are_said():
    """A library writes no values: what such a formula will show stands in it alone."""
    made, target = openpyxl.Workbook(), io.BytesIO()
    sheet = made.active
    sheet.title = "Data"
    sheet.append(["Rent", 900, '="Total: "&B1', '=B1*2&" euros"', '=IF(B1>0,"He said ""yes""","Open")', "=SUM(B1:B1)"])
    sheet.append(['="Total: "&B2', '=TEXT(B1,"0.00")'])
    made.save(target)
    _, units, left = rewritten("xlsx", "a.xlsx", target.getvalue())
    assert [unit.text for unit in units] == ["Rent"]
    assert [(piece.kind, piece.place, piece.text) for piece in left] == [
        ("formula", "Data!C1", "Total:"),
        ("formula", "Data!D1", "euros"),
        ("formula", "Data!E1", 'He said "yes"'),
        ("formula", "Data!E1", "Open"),
    ]


def test_the_check_itself_sees_what_is_passed_over():
    missed, letters, _ = unnamed("docx", letter(), [])
    assert ("word/header1.xml", "CONFIDENTIAL") in missed
    assert ("word/document.xml", "Yes please") in missed
    assert letters > 100


def test_both_copies_of_a_text_box_say_the_same():
    made, units, _ = rewritten("docx", "a.docx", letter())
    texts = [unit.text for unit in units]
    assert texts.count("Inside a box") == 1
    assert texts.count("A red box") == 1
    assert "Article <1/>." in texts
    words = [words for _, words in texts_of("docx", made)]
    assert words.count("xxxxxx x xxx") == 2
    assert words.count("x xxx xxx") == 3


def test_a_control_that_is_bound_to_data_keeps_its_translation():
    made, _, left = rewritten("docx", "a.docx", letter())
    assert b"dataBinding" in parts_of(letter())["word/document.xml"]
    assert b"dataBinding" not in parts_of(made)["word/document.xml"]
    kinds = {piece.kind for piece in left}
    assert {"choices", "deleted", "definition", "equation", "field", "macros"} <= kinds


def test_what_is_not_to_be_translated_inside_a_line_stays_where_it_is():
    made, units, _ = rewritten("html", "a.html", PAGE.encode())
    assert "Use <1/> now, and <2/>." in [unit.text for unit in units]
    assert '<span translate="no">Acme &amp; Sons</span>' in made.decode()


def test_nested_items_of_a_list_are_no_code():
    _, units, left = rewritten("md", "a.md", NOTES.encode())
    texts = [unit.text for unit in units]
    assert {"nested item", "deeper still", "a picture"} <= set(texts)
    assert [piece.text for piece in left if piece.kind == "code"] == [
        "title: front",
        "`code`",
        "indented = code",
        "x = run",
    ]
