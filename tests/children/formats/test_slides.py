"""Slides of PowerPoint and LibreOffice: order, titles, tables, groups, notes, what is hidden."""

from __future__ import annotations

import io
import re

import pptx as python_pptx
import pytest
from fakes.office import odf, packed, parts_of
from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from slmdesk.base.documents import Note, PageKind, PageStatus
from slmdesk.children.formats import pptx
from slmdesk.children.formats.odf import read_odp
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure


def saved(presentation):
    file = io.BytesIO()
    presentation.save(file)
    return file.getvalue()


def changed(data, name, old, new):
    parts = parts_of(data)
    parts[name] = re.sub(old.encode(), new.encode(), parts[name], count=1) if old else new.encode()
    return packed(parts)


def read(data, reader=pptx.read):
    reading = Reading("a.pptx", data=data)
    return reading, [*reader(reading)]


def blocks(page):
    return [(block.kind.value, block.level, page.text[block.start : block.end]) for block in page.blocks]


def deck():
    presentation = python_pptx.Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "Results\vof May"
    body = first.placeholders[1].text_frame
    body.text = "Sales rose"
    deeper = body.add_paragraph()
    deeper.text, deeper.level = "in the north", 1
    first.notes_slide.notes_text_frame.text = "Thank the team."
    second = presentation.slides.add_slide(presentation.slide_layouts[6])
    box = second.shapes.add_textbox(0, 0, Inches(1), Inches(1))
    box.text_frame.text = "Free words"
    table = second.shapes.add_table(2, 2, 0, 0, Inches(2), Inches(1)).table
    for at, words in enumerate(("Region", "Sum", "North", "12 €")):
        table.cell(at // 2, at % 2).text = words
    group = second.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "In a group"
    data = CategoryChartData()
    data.categories = ["East", "West"]
    data.add_series("Turnover", (1, 2))
    chart = second.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, Inches(2), Inches(2), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Turnover by region"
    return presentation


def test_a_deck_is_read_slide_by_slide():
    reading, pages = read(saved(deck()))
    assert reading.page_kind is PageKind.SLIDE
    assert reading.total == 2
    assert blocks(pages[0]) == [
        ("heading", 1, "Results of May"),
        ("list_item", 1, "Sales rose"),
        ("list_item", 2, "in the north"),
        ("note", 0, "Thank the team."),
    ]
    assert blocks(pages[1]) == [
        ("paragraph", 0, "Free words"),
        ("table_row", 1, "Region\tSum"),
        ("table_row", 0, "North\t12 €"),
        ("paragraph", 0, "In a group"),
        ("caption", 0, "Turnover by region"),
        ("table_row", 1, "\tTurnover"),
        ("table_row", 0, "East\t1"),
        ("table_row", 0, "West\t2"),
    ]
    assert [page.label for page in pages] == ["Results of May", "2"]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (['type="arabicPeriod"'] * 3, ["1. a", "2. b", "3. c"]),
        (['type="alphaLcParenR" startAt="3"'] * 3, ["c) a", "d) b", "e) c"]),
        (['type="romanUcParenBoth"'] * 3, ["(I) a", "(II) b", "(III) c"]),
        (['type="arabicPeriod"', "", 'type="arabicPeriod"'], ["1. a", "b", "1. c"]),
        (['type="arabicPeriod"', 'type="alphaLcPeriod" 1', 'type="arabicPeriod"'], ["1. a", "a. b", "2. c"]),
    ],
)
def test_numbers_of_lists_are_those_people_see(marks, expected):
    presentation = python_pptx.Presentation()
    box = presentation.slides.add_slide(presentation.slide_layouts[6]).shapes.add_textbox(0, 0, 9, 9)
    box.text_frame.text = "a\nb\nc"
    for paragraph, mark in zip(box.element.txBody.p_lst, marks, strict=True):
        form, deep, _ = mark.partition('" 1')
        properties = paragraph.get_or_add_pPr()
        if deep:
            properties.set("lvl", "1")
        if mark:
            space = "http://schemas.openxmlformats.org/drawingml/2006/main"
            properties.append(etree.fromstring(f'<a:buAutoNum xmlns:a="{space}" {form}{deep[:1]}/>'))
    assert read(saved(presentation))[1][0].text.split("\n") == expected


def test_slides_come_in_the_order_of_the_list():
    presentation = deck()
    slides = presentation.slides.element
    slides.append(slides[0])
    _, pages = read(saved(presentation))
    assert [page.label for page in pages] == ["1", "Results of May"]


def test_hidden_slides_are_read_and_said():
    presentation = deck()
    presentation.slides[1].element.set("show", "0")
    reading, pages = read(saved(presentation))
    assert [page.reason for page in pages] == ["", "hidden slide"]
    assert reading.notes == [Note.HIDDEN_TEXT]


@pytest.mark.parametrize(
    ("part", "inside", "first"),
    [
        ("slides/slide1.xml", "<p:sld", ("1", PageStatus.BROKEN)),
        ("_rels/presentation.xml.rels", "<Relation", ("Results of May", PageStatus.READ)),
    ],
    ids=["a broken slide", "without a list they are found by their names"],
)
def test_what_is_broken_leaves_the_others(part, inside, first):
    reading, pages = read(changed(saved(deck()), f"ppt/{part}", "", inside))
    assert [(page.label, page.status) for page in pages] == [first, ("2", PageStatus.READ)]
    assert reading.notes == [Note.PARTLY_DAMAGED]


def test_a_deck_without_slides_is_an_empty_page():
    _, pages = read(saved(python_pptx.Presentation()))
    assert [(page.status, page.reason) for page in pages] == [(PageStatus.EMPTY, "no slides")]


def test_an_opendocument_deck():
    frame = '<draw:frame presentation:class="{}"><draw:text-box>{}</draw:text-box></draw:frame>'
    bullets = "<text:list><text:list-item><text:p>rose</text:p></text:list-item></text:list>"
    hidden = (
        '<style:style style:name="dp2" style:family="drawing-page"><style:drawing-page-properties '
        'presentation:visibility="hidden"/></style:style>'
    )
    notes = f"<presentation:notes>{frame.format('notes', '<text:p>Thank them.</text:p>')}</presentation:notes>"
    reading, pages = read(
        odf(
            "presentation",
            f"<draw:page>{frame.format('outline', bullets)}{frame.format('title', '<text:p>Sales</text:p>')}{notes}"
            '</draw:page><draw:page draw:style-name="dp2"><draw:frame><draw:image/><svg:desc>A map</svg:desc>'
            "</draw:frame></draw:page><draw:page><draw:frame><draw:image/></draw:frame></draw:page>",
            styles=hidden,
        ),
        read_odp,
    )
    assert blocks(pages[0]) == [("heading", 1, "Sales"), ("list_item", 1, "rose"), ("note", 0, "Thank them.")]
    assert blocks(pages[1]) == [("caption", 0, "A map")]
    assert [page.reason for page in pages] == ["", "hidden slide", "scanned"]
    assert reading.notes == [Note.HIDDEN_TEXT]
