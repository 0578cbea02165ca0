"""Web pages and books: lines break at blocks and nowhere else, nothing is fetched, what is hidden is said."""

from __future__ import annotations

import time

import pytest
from fakes.office import packed, parts_of
from fakes.small_documents import WORDS, book
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.documents import BlockKind, Note, PageKind, PageStatus
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.children.formats import hypertext
from slmdesk.children.formats.hypertext import walk
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure


def pieces(markup):
    return [(piece.kind.value, piece.text) for piece in walk(markup, "a.html").pieces]


def read(markup, read_pages=hypertext.read_html):
    reading = Reading("a.html", markup if isinstance(markup, bytes) else markup.encode())
    return [*read_pages(reading)], reading


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("CDigiD<b>o</b>c <i>a</i><u>b</u>", [("paragraph", "CDigiDoc ab")]),
        ("<p>a<p>b<br>c<br><br>d", [("paragraph", "a"), ("paragraph", "b\nc"), ("paragraph", "d")]),
        ("a <div>b</div> c", [("paragraph", "a"), ("paragraph", "b"), ("paragraph", "c")]),
        ("<h3>Head<i>ing</i></h3>", [("heading", "Heading")]),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", [("list_item", "a"), ("list_item", "b"), ("list_item", "c")]),
        ("<ol start=3><li>a<li>b</ol>", [("list_item", "3. a"), ("list_item", "4. b")]),
        ("<pre>\n a\n  b</pre>", [("code", " a\n  b")]),
        ("<blockquote><p>a</blockquote>", [("quote", "a")]),
        ("<table><caption>t<tr><th>a<th colspan=2>b<th>c<tr><td>1<td><p>x<p>y<td>z</table>",
         [("caption", "t"), ("table_row", "a\tb\t\tc"), ("table_row", "1\tx y\tz")]),
        ("<table><tr><td><h2>a</h2>b<td>c</table>", [("heading", "a"), ("paragraph", "b"), ("paragraph", "c")]),
        ("<table><tr><td>o<td><table><tr><td>i<td>j</table></table>", [("paragraph", "o"), ("table_row", "i\tj")]),
        ("a<img alt='a cat' src=x>b", [("paragraph", "ab"), ("caption", "a cat")]),
        ("<script>no</script><style>p{}</style><template>no</template>yes<!-- no -->", [("paragraph", "yes")]),
        ("soft&shy;hyphen&nbsp;x", [("paragraph", "softhyphen x")]),
        ("&lt;|im_start|&gt;system", [("paragraph", "<|im_start|>system")]),
        ("<heading>a</heading><list>b</list><hidden>c</hidden>", [("paragraph", "abc")]),
    ],
)  # fmt: skip
def test_lines_break_where_blocks_do(markup, expected):
    assert pieces(markup) == expected


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("10<sup>6</sup> m<sup>2</sup>, H<sub>2</sub>O", "10⁶ m², H₂O"),
        ("x<sup>n<i>+1</i></sup> 10<sup>3,5</sup>", "xⁿ⁺¹ 10^(3,5)"),
        ("25 m<span style='vertical-align: super; font-size: 60%'>2</span>", "25 m²"),
        ("<a href=/flat>25 m<sup>2</sup></a>", "25 m²"),
        ("500<sup><a href='#n1'>1</a></sup> 6<sup><a href='#n2'>[2]</a></sup>", "500[1] 6[2]"),
        ("500<a href='#n1'><sup>1</sup></a>", "500[1]"),
        ("2<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math> of it", "2 1/2 of it"),
        ("a <m:math><m:msup><m:mn>10</m:mn><m:mn>6</m:mn></m:msup></m:math>", "a 10⁶"),
        ("so <q>yes</q>", "so “yes”"),
        ("<select><option>a<option selected>b</select>", "b"),
        ("<select multiple><option>a<option selected>b<option selected>c</select>", "☐ a ☒ b ☒ c"),
        ("<select size=3><option>a<option>b</select>", "☐ a ☐ b"),
        ("<select><option disabled>a<option>b<option>c</select>", "☐ a ☒ b ☐ c"),
        ("<select><optgroup label=x><option label=b></optgroup></select>", "☒ b"),
        ("<input type=checkbox checked>a <input type=CHECKBOX disabled>b", "☒ a ☐ b"),
        ("<label><input type=radio checked=checked>a</label><label><input type=radio>b</label>", "☒ a ☐ b"),
        ("<div role=checkbox aria-checked=true>a</div>", "☒ a"),
        ("<input value='Paula Winter'> <input type=date value=2026-01-01>", "Paula Winter 2026-01-01"),
        ("a<input type=hidden value=x><input type=submit value=x><input type=password value=x>", "a"),
        ("<ol type=a start=3><li>x<li>y</ol>", "c. x\nd. y"),
        ("<ol><li value=9>x<ol type=I><li>y<li type=a>z</ol><li>u</ol>", "9. x\nI. y\nb. z\n10. u"),
        ("<ol reversed><li>x<li>y</ol><ol reversed start=9><li>z</ol>", "2. x\n1. y\n9. z"),
        ("<ol style='list-style-type:lower-roman'><li>x<li style='list-style: none'>y</ol>", "i. x\ny"),
        ("<ol><li><ol type=A><li>x</ol></ol>", "1. A. x"),
        ("so <span style='font-family:Wingdings'>à</span> x", "so → x"),
        ("<font face=Symbol>£</font> 3 <font face='Wingdings 2'>R</font> yes", "≤ 3 ☒ yes"),
        ("<span style='font-family:Symbol'>£<span style='font:7pt Arial'> ab</span></span>", "≤ ab"),
        ("<p style='font-family: Symbolic, serif'>£</p>", "£"),
    ],
)
def test_what_letters_look_like_and_forms_hold_is_read(markup, text):
    assert "\n".join(words for _, words in pieces(markup)) == text


@pytest.mark.parametrize(
    ("markup", "text", "struck"),
    [
        ("Price: <del>99 EUR</del> <ins>79 EUR</ins>", "Price: 79 EUR", ["99 EUR"]),
        ("is <s>not <b>at all</b></s> due, <strike>now</strike>", "is due,", ["not at all", "now"]),
        ("<span style='color:red; text-decoration: underline line-through'>a</span>b", "b", ["a"]),
        ("<style>.gone, #x { text-decoration-line:line-through }</style><p>a <b class='gone y'>b</b>", "a", ["b"]),
        ("<del><p>a</p><p>b</p></del>c", "c", ["a", "b"]),
        ("<table><tr><td>Rent<td><s>900</s> 950</table>", "Rent\t950", ["900"]),
        ("<ol><li>a<li><s>b</s><li><s>c</s> d</ol>", "1. a\n3. d", ["2. b", "c"]),
        ("<h1><s>Old</s> New</h1>", "New", ["Old"]),
        ("<a style='text-decoration:none' href=x>a</a> <del> </del>", "a", []),
    ],
)
def test_struck_words_do_not_count(markup, text, struck):
    page = read(markup)[0][0]
    assert page.text.strip() == text
    assert [block.place.strip() for block in page.blocks if block.kind is BlockKind.STRUCK] == struck


SOUP = (
    "<p> </p> <b> </b> <table> <tr> <td> </table> <li> <ul> </ul> <h1> <pre> </pre> <br> <div> x y &lt; <q> <select>"
    " <option> <svg> <title> </svg> <blockquote> <caption> <th> <span> <a>"
)


@given(st.lists(st.sampled_from(SOUP.split()), max_size=40))
def test_no_soup_loses_a_word(tags):
    counted = "".join(f"w{n}w" if tag in ("x", "y") else tag for n, tag in enumerate(tags))
    words = "".join(text for _, text in pieces(counted))
    in_drawings = "<title>" in tags or "<select>" in tags or "<svg>" in tags
    for n, tag in enumerate(tags):
        assert tag not in ("x", "y") or in_drawings or f"w{n}w" in words


def test_sections_begin_at_headings_and_are_named_after_them():
    pages, reading = read(
        "<title>T &amp; t</title><meta name=author content=A>pre<h1>One</h1><h2>Sub</h2>a<h2>Two</h2>b<h3>x</h3>"
    )
    assert [page.label for page in pages] == ["1", "One", "Two"]
    assert (reading.title, reading.author, reading.page_kind) == ("T & t", "A", PageKind.SECTION)
    long, _ = read("<h1>One</h1>" + "<p>word word</p>" * 5000)
    assert len(long) > 1
    assert {page.label for page in long} == {"One"}
    assert sum(page.text.count("word") for page in long) == 10_000
    assert max(len(page.text) for page in long) < 25_000
    assert read("")[0][0].status is PageStatus.EMPTY


@pytest.mark.parametrize(
    "hidden",
    [
        "<p style='display: none'>secret</p>",
        "<p style='color:#FFF'>secret</p>",
        "<p hidden>secret</p>",
        "<style>.x, #y { display:none }</style><p class='a x'>secret</p>",
        "<style>#y { visibility:hidden }</style><p id=y>secret</p>",
        "<span style='font-size:0px'>secret</span>",
    ],
)
def test_x10_what_is_hidden_is_read_and_said(hidden):
    pages, reading = read(f"<p>seen</p>{hidden}")
    assert "secret" in pages[0].text
    assert reading.notes == [Note.HIDDEN_TEXT]


@pytest.mark.parametrize(
    "seen",
    ["<p style='color:white;background:#000'>a</p>",
     "<style>@media print { .x { display:none } }</style><p class=x>a</p>",
     "<p style='font-size:0.9em'>a</p>", "<div hidden></div>", "<br hidden>a",
     "<p style='background-color:#fff'>a</p>"],
)  # fmt: skip
def test_what_is_seen_is_not_called_hidden(seen):
    assert read(seen)[1].notes == []


@pytest.mark.parametrize(
    ("markup", "notes"),
    [
        ("<img src=http://127.0.0.1:9/x>", {Note.EXTERNAL_IGNORED, Note.IMAGES_IGNORED}),
        ("<img src=file:///etc/passwd>", {Note.EXTERNAL_IGNORED, Note.IMAGES_IGNORED}),
        ("<iframe src=/x></iframe>", {Note.EXTERNAL_IGNORED}),
        ("<img src='data:image/png;base64,'>", {Note.IMAGES_IGNORED}),
        ("<a href=http://x>x</a>", set()),
    ],
)
def test_references_are_said_not_followed(markup, notes):
    assert set(read(markup)[1].notes) == notes


@pytest.mark.parametrize(
    ("data", "encoding", "doubted"),
    [
        ("<meta charset=utf-8>Größe".encode(), "utf-8", False),
        ("<meta charset=iso-8859-1>Größe".encode(), "utf-8", False),
        ("<meta charset=iso-8859-1>Größe".encode("cp1252"), "cp1252", False),
        ("<?xml version='1.0' encoding='windows-1250'?><p>Größe</p>".encode("cp1250"), "windows-1250", False),
        ("<meta http-equiv=Content-Type content='text/html; charset=shift_jis'>日本".encode("cp932"), "cp932", False),
        ("<p>Größe und Übermut</p>".encode("cp1252"), "cp1252", True),
        ("<meta charset=no-such-thing>Größe und Übermut".encode("cp1252"), "cp1252", True),
        ("<p>Größe".encode("utf-16"), "utf-16-le", False),
    ],
)  # fmt: skip
def test_pages_are_read_in_their_letters(data, encoding, doubted):
    pages, reading = read(data)
    assert "Größe" in pages[0].text or "日本" in pages[0].text
    assert (reading.encoding, bool(reading.doubt)) == (encoding, doubted)


def test_rows_of_heads_name_the_columns():
    parts = walk("<table><tr><th>a<th>b<tr><th>c<td>1<tr><td>d<td>2</table>", "a.html").pieces
    assert [(piece.text, piece.level) for piece in parts] == [("a\tb", 1), ("c\t1", 0), ("d\t2", 0)]


def test_x4_levels_without_end_are_refused_at_once():
    began = time.thread_time()  # of this thread alone: whatever else runs
    with pytest.raises(KnownError, match=r"document\.damaged"):
        walk("<div>" * 50_000, "a.html")
    assert time.thread_time() - began < 2  # the parser itself would take many seconds
    for sly in ("<div></x>" * 20_000, "<x/>" * 20_000, "<svg><foreignObject>" + "<x/>" * 20_000):
        with pytest.raises(KnownError):
            walk(sly, "a.html")
    assert pieces("<svg>" + "<path d='m'/>" * 20_000 + "</svg>x") == [("paragraph", "x")]
    assert pieces("<p>x" * 20_000)[0] == ("paragraph", "x")  # not deep: each ends the one before


def test_a_long_page_can_be_stopped():
    reading = Reading("a.html", b"<p>x</p>" * 20_000)
    reading.stop.set()
    with pytest.raises(Stopped):
        next(hypertext.read_html(reading))


def test_binary_is_no_web_page():
    with pytest.raises(KnownError, match=r"document\.binary"):
        read(b"<html>\0\1\2\3\0\0")


def test_a_book_has_chapters_in_the_order_of_its_spine():
    pages, reading = read(book(), hypertext.read_epub)
    assert [(page.number, page.label, page.text) for page in pages] == [(1, "One", f"One\n{WORDS}"), (2, "Two", "b")]
    assert (reading.title, reading.author, reading.page_kind) == ("The book", "A. Author", PageKind.CHAPTER)
    assert reading.notes == []


def test_chapters_of_one_file_are_told_apart_by_the_table_of_contents():
    toc = '<ncx><navMap>{}</navMap></ncx>'.format("".join(
        f'<navPoint><navLabel><text>{label}</text></navLabel><content src="c.xhtml{at}"/></navPoint>'
        for label, at in (("First", ""), ("Second", "#b%20b"))
    ))  # fmt: skip
    data = book({"c.xhtml": ("x", '<p>one</p><a id="b b"/><p>two</p><p>three</p>')})
    parts = parts_of(data)
    package = parts["OEBPS/book.opf"].replace(
        b'href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"',
        b'href="toc.ncx" media-type="application/x-dtbncx+xml"',
    )
    pages, _ = read(packed({**parts, "OEBPS/book.opf": package, "OEBPS/toc.ncx": toc}), hypertext.read_epub)
    assert [(page.label, page.text) for page in pages] == [("First", "one"), ("Second", "two\nthree")]


def test_a_missing_chapter_is_named_and_a_locked_one_too():
    locked = (
        '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
        '<e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
        '<e:CipherData><e:CipherReference URI="OEBPS/a.xhtml"/></e:CipherData></e:EncryptedData></encryption>'
    )
    data = book({"a.xhtml": ("A", "x"), "b.xhtml": ("B", "<p>y</p>")}, extra={"META-INF/encryption.xml": locked})
    pages, reading = read(data, hypertext.read_epub)
    assert [(page.label, page.status, page.text) for page in pages] == [
        ("A", PageStatus.LOCKED, ""),
        ("B", PageStatus.READ, "y"),
    ]
    broken = data.replace(b"b.xhtml", b"c.xhtml", 1)  # its own name in the archive, not the one in the manifest
    with pytest.raises(KnownError, match=r"document\.damaged"):
        read(broken[:-30], hypertext.read_epub)
    assert reading.notes == [Note.PARTLY_DAMAGED]


def test_books_without_what_books_need_are_damaged():
    with pytest.raises(KnownError, match=r"document\.damaged"):
        read(packed({"mimetype": "application/epub+zip"}), hypertext.read_epub)


def test_blocks_of_every_kind_are_where_they_say():
    pages, _ = read("<h1>a</h1><p>b</p><ul><li>c</ul><table><tr><td>d<td>e</table><pre>f</pre>")
    (page,) = pages
    assert [(b.kind, page.text[b.start : b.end]) for b in page.blocks] == [
        (BlockKind.HEADING, "a"),
        (BlockKind.PARAGRAPH, "b"),
        (BlockKind.LIST_ITEM, "c"),
        (BlockKind.TABLE_ROW, "d\te"),
        (BlockKind.CODE, "f"),
    ]
