"""OpenDocument texts: the same blocks as Word's."""

from __future__ import annotations

import pytest
from fakes.office import ODF, odf

from slmdesk.base.documents import Note, PageKind, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.children.formats import odf as odt
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure


def read(body, parts=None, *, styles=""):
    reading = Reading("a.odt", data=odf("text", body, parts, styles=styles))
    return reading, [*odt.read_odt(reading)]


def blocks(pages):
    return [
        (block.kind.value, block.level, page.text[block.start : block.end]) for page in pages for block in page.blocks
    ]


def test_kinds_of_blocks():
    _, pages = read(
        '<text:h text:outline-level="1">Terms</text:h><text:p>Rent<text:s text:c="2"/>is<text:tab/>900\n  €.</text:p>'
        "<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>deep</text:p></text:list-item>"
        "</text:list></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell>"
        "<table:table-cell><text:p>B</text:p></table:table-cell></table:table-row></table:table-header-rows>"
        '<table:table-row><table:table-cell table:number-columns-repeated="1"/><table:table-cell><text:p>c</text:p>'
        "</table:table-cell></table:table-row></table:table>"
    )
    assert blocks(pages) == [
        ("heading", 1, "Terms"),
        ("paragraph", 0, "Rent  is\t900 €."),
        ("list_item", 1, "one"),
        ("list_item", 2, "deep"),
        ("table_row", 1, "A\tB"),
        ("table_row", 0, "\tc"),
    ]
    assert pages[0].label == "Terms"


def test_numbers_of_lists_are_those_people_see():
    styles = (
        '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1" '
        'style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" '
        'text:display-levels="2" style:num-suffix=")"/></text:list-style>'
    )
    item = "<text:list-item><text:p>{}</text:p>{}</text:list-item>"
    inner = f"<text:list>{item.format('b', '')}</text:list>"
    _, pages = read(
        f'<text:list text:style-name="L1">{item.format("a", inner)}{item.format("c", "")}</text:list><text:p>x</text:p>'
        f'<text:list text:style-name="L1" text:continue-numbering="true">{item.format("d", "")}</text:list>'
        f'<text:list text:style-name="L1">{item.format("e", "")}</text:list>',
        styles=styles,
    )
    assert [text for _, _, text in blocks(pages)] == ["1. a", "1.a) b", "2. c", "x", "3. d", "1. e"]


def test_notes_comments_and_boxes():
    note = (
        "<text:note><text:note-citation>7</text:note-citation><text:note-body><text:p>See annex.</text:p>"
        "</text:note-body></text:note>"
    )
    comment = (
        "<office:annotation><dc:creator>Kim</dc:creator><dc:date>2026</dc:date><text:p>Sure?</text:p>"
        "</office:annotation>"
    )
    box = (
        "<draw:frame><draw:text-box><text:p>In the box.</text:p></draw:text-box><svg:desc>A box</svg:desc></draw:frame>"
    )
    _, pages = read(f"<text:p>One{note} two{comment}{box}.</text:p><text:p>Three.</text:p>")
    assert blocks(pages) == [
        ("paragraph", 0, "One[7] two."),
        ("comment", 0, "Sure?"),
        ("paragraph", 0, "In the box."),
        ("caption", 0, "A box"),
        ("paragraph", 0, "Three."),
        ("footnote", 0, "[7] See annex."),
    ]
    assert pages[0].blocks[1].place == "Kim"


def test_tracked_changes_are_read_as_accepted():
    reading, pages = read(
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        '<text:p>The rent is <text:change text:change-id="c"/>900.</text:p>'
    )
    assert blocks(pages) == [("paragraph", 0, "The rent is 900.")]
    assert reading.notes == [Note.CHANGES_ACCEPTED]


def test_pages_are_those_that_were_shown_last():
    styles = (
        '<style:style style:name="P1" style:family="paragraph"><style:paragraph-properties fo:break-before="page"/>'
        "</style:style>"
    )
    reading, pages = read(
        '<text:p>One goes <text:soft-page-break/>on.</text:p><text:soft-page-break/><text:p text:style-name="P1">Three.'
        "</text:p>",
        styles=styles,
    )
    assert reading.page_kind is PageKind.PAGE
    assert [page.text for page in pages] == ["One goes ", "on.", "Three."]


def test_x10_hidden_words_are_read_and_said():
    styles = (
        '<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>'
    )
    reading, pages = read('<text:p>Seen <text:span text:style-name="T1">unseen</text:span></text:p>', styles=styles)
    assert blocks(pages) == [("paragraph", 0, "Seen unseen")]
    assert reading.notes == [Note.HIDDEN_TEXT]


def test_headers_about_and_macros():
    master = (
        f"<office:document-styles {ODF}><office:master-styles><style:master-page><style:header><text:p>Draft</text:p>"
        "</style:header><style:footer><text:p>Bottom</text:p></style:footer></style:master-page></office:master-styles>"
        "</office:document-styles>"
    )
    meta = (
        f"<office:document-meta {ODF}><office:meta><dc:title>Lease</dc:title><dc:creator>A. Clerk</dc:creator>"
        "</office:meta></office:document-meta>"
    )
    reading, pages = read(
        "<text:p>Text.</text:p>", {"styles.xml": master, "meta.xml": meta, "Basic/Standard/Module1.xml": "x"}
    )
    assert blocks(pages) == [("header", 0, "Draft"), ("paragraph", 0, "Text."), ("footer", 0, "Bottom")]
    assert (reading.title, reading.author) == ("Lease", "A. Clerk")
    assert set(reading.notes) == {Note.MACROS_IGNORED, Note.HEADERS_APART}


def test_locked_damaged_and_empty():
    manifest = '<m:manifest xmlns:m="x"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    with pytest.raises(KnownError, match=r"document\.locked"):
        read("", {"META-INF/manifest.xml": manifest})
    with pytest.raises(KnownError, match=r"document\.damaged"):
        read("", {"content.xml": b"<a"})
    assert [page.status for page in read("")[1]] == [PageStatus.EMPTY]
