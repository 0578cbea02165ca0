"""Where links lead is read beside the text, and compared."""

from __future__ import annotations

import io

import openpyxl
import pytest
from fakes.office import docx, field, odf, paragraph, run, xlsx
from pptx import Presentation
from pptx.util import Inches

from slmdesk.base.documents import BlockKind
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.tasks.versions.difference.compare import difference

pytestmark = pytest.mark.pure

BANK, OTHER = "https://bank.example/pay", "https://other.example/pay"


def pages_of(kind, data):
    return [*reader_of(kind)(Reading(f"a.{kind}", data=data))]


def links(page):
    """The words before each link, and where it leads."""
    return [(page.text[: block.start], block.place) for block in page.blocks if block.kind is BlockKind.LINK]


def saved(made):
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def word(target):
    linked = f"<w:p>{run('Pay by ')}<w:hyperlink r:id='r1'>{run('this link')}</w:hyperlink>{run(' soon.')}</w:p>"
    return docx(linked, rels={"hyperlink": target})


def word_by_field(target):
    return docx(f"<w:p>{run('Pay by ')}{field(f' HYPERLINK &quot;{target}&quot; ', 'this link')}{run(' soon.')}</w:p>")


def word_by_simple_field(target):
    simple = f"<w:fldSimple w:instr=' HYPERLINK &quot;{target}&quot;'>{run('this link')}</w:fldSimple>"
    return docx(f"<w:p>{run('Pay by ')}{simple}{run(' soon.')}</w:p>")


def sheet(target):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"] = "Pay by", "this link"
    book.active["B1"].hyperlink = target
    return saved(book)


def sheet_by_formula(target):
    cells = f'<c t="str"><v>Pay by</v></c><c t="str"><f>HYPERLINK("{target}","this link")</f><v>this link</v></c>'
    return xlsx({"S": f"<sheetData><row>{cells.replace('&', '&amp;')}</row></sheetData>"})


def slides(target):
    presentation = Presentation()
    frame = presentation.slides.add_slide(presentation.slide_layouts[6]).shapes.add_textbox(0, 0, Inches(3), Inches(1))
    for words, leads in (("Pay by ", ""), ("this link", target), (" soon.", "")):
        piece = frame.text_frame.paragraphs[0].add_run()
        piece.text = words
        if leads:
            piece.hyperlink.address = leads
    return saved(presentation)


def opendocument(target):
    link = f'<text:a xmlns:x="urn:x" x:href="{target}">this link</text:a>'
    return odf("text", f"<text:p>Pay by {link} soon.</text:p>")


def page(target):
    return f"<p>Pay by <a href='{target}'>this <b>link</b></a> soon.</p><p>Bye.</p>".encode()


FORMS = {
    "word": ("docx", word),
    "field": ("docx", word_by_field),
    "simple field": ("docx", word_by_simple_field),
    "sheet": ("xlsx", sheet),
    "formula": ("xlsx", sheet_by_formula),
    "slide": ("pptx", slides),
    "odt": ("odt", opendocument),
    "html": ("html", page),
}


@pytest.mark.parametrize("form", FORMS)
def test_where_a_link_leads_is_read_and_compared(form):
    kind, made = FORMS[form]
    old, new, same = (pages_of(kind, made(target)) for target in (BANK, OTHER, BANK))
    ((before, target),) = links(old[0])
    assert (before.replace("\t", " "), target) == ("Pay by this link", BANK)
    assert "http" not in old[0].text
    (change,) = difference(old, new).changes
    assert [(named.kind, named.old, named.new) for named in change.named] == [("link", BANK, OTHER)]
    assert "this link" in change.new
    assert not difference(old, same).changes


def test_a_link_whose_words_say_where_it_leads_is_none():
    for shown, target in (("bank.example", "https://bank.example/"), ("a@b.example", "mailto:a@b.example")):
        assert links(pages_of("html", f"<p><a href='{target}'>{shown}</a>".encode())[0]) == []


def test_a_link_in_a_row_beside_struck_words_keeps_its_place():
    struck = run("not ", "<w:strike/>")
    cell = f"<w:tc><w:p>{struck}<w:hyperlink r:id='r1'>{run('pay')}</w:hyperlink></w:p></w:tc>"
    table = f"<w:tbl><w:tr><w:tc>{paragraph('Rent')}</w:tc>{cell}</w:tr></w:tbl>"
    (found,) = pages_of("docx", docx(table, rels={"hyperlink": BANK}))
    assert links(found) == [("Rent\tpay", BANK)]


def test_of_links_one_more_is_told_and_of_formats_without_links_none():
    one, two = pages_of("html", page(BANK)), pages_of("html", page(BANK).replace(b"Bye", b"<a href='/x'>Bye</a>"))
    ((named,),) = (change.named for change in difference(one, two).changes)
    assert (named.kind, named.old, named.new) == ("link", "", "/x")
    assert not difference(one, pages_of("html", b"<p>Pay by this link soon.</p><p>Bye.</p>")).changes
