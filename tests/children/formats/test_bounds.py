"""Small files that name a part any number of times, or make a reader look again and again: told by a count."""

from __future__ import annotations

import re
import zlib

import pytest
from fakes.office import docx, packed, parts_of, xlsx
from fakes.small_documents import book, deck
from fakes.tiny_pdf import TinyPdf

from slmdesk.base.errors import KnownError
from slmdesk.children.formats import mail, office_xml, pdf_file, reading
from slmdesk.children.formats.reading import Reading, reader_of

pytestmark = pytest.mark.pure

MANY = reading.MOST_PAGES + 1


def changed(data: bytes, name: str, pattern: str, made: str) -> bytes:
    """The archive with what the pattern finds in one of its parts replaced."""
    parts = parts_of(data)
    text = parts[name].decode()
    assert re.search(pattern, text)
    return packed({**parts, name: re.sub(pattern, lambda match: made.replace("@", match[0]), text, count=1)})


def letter(parts: int) -> bytes:
    head = b'From: a@b.c\r\nContent-Type: multipart/mixed; boundary="q"\r\n\r\n'
    return head + b"--q\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n" * (parts - 1) + b"--q--\r\n"


def tiles(times: int, packed_too: bool) -> bytes:
    drawn = b"q 1 0 0 1 3 3 cm /Im1 Do Q\n" * times
    if not packed_too:
        return bytes(TinyPdf().page(drawing=drawn))
    stream = zlib.compress(drawn)
    data = bytes(TinyPdf().page(drawing=b"@"))
    head = b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(stream)
    return re.sub(rb"<<  /Length \d+ >>\nstream\n@", lambda _: head + stream, data)


def nested(times: int, *, way: str = "") -> bytes:
    """A page that draws a form some times, which draws another as often, and so on: four levels."""
    form, at_page = "/Type /XObject /Subtype /Form /BBox [0 0 9 9]", "<< /XObject << /X 5 0 R >> >>"
    drawn = b"/X Do " * times
    if way == "names of the page":
        at_page = "<< /XObject << /X 5 0 R /Y 6 0 R /Z 7 0 R >> >>"
    bodies = {
        1: ("/Type /Catalog /Pages 2 0 R", None), 2: ("/Type /Pages /Kids [3 0 R] /Count 1", None),
        3: (f"/Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources {at_page}", None),
        4: ("", drawn), 8: (form, b"0 0 1 1 re f"),
    }  # fmt: skip
    for number, name in ((5, b"Y"), (6, b"Z"), (7, b"U")):
        names = f"/XObject << /X {number + 1} 0 R >>"
        said = {"": f"/Resources << {names} >>", "apart": f"/Resources {number + 4} 0 R", "names of the page": ""}[way]
        bodies[number] = f"{form} {said}", drawn if not way.startswith("n") else drawn.replace(b"X", name)
        if way == "apart":
            bodies[number + 4] = names, None
    data = b"%PDF-1.4\n"
    for number, (words, stream) in sorted(bodies.items()):
        packed = zlib.compress(stream) if stream and way == "apart" else stream
        how = "/Filter /FlateDecode " * (packed is not stream)
        data += f"{number} 0 obj\n<< {words} ".encode()
        if packed is not None:
            data += f"{how}/Length {len(packed)} >>\nstream\n".encode() + packed + b"\nendstream"
        data += b" >>\nendobj\n" if packed is None else b"\nendobj\n"
    return data + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"


@pytest.mark.parametrize(
    ("format_id", "data", "code"),
    [
        pytest.param(
            "pptx", changed(deck(), "ppt/presentation.xml", "<p:sldId [^>]*>", "@" * MANY), "document.too_many_pages",
            id="a slide",
        ),
        pytest.param("epub", changed(book(), "OEBPS/book.opf", "<itemref[^>]*>", "@" * MANY), "document.too_many_pages",
                     id="a chapter"),
        pytest.param("xlsx", changed(xlsx({"S": ""}), "xl/workbook.xml", "<sheet [^>]*>", "@" * MANY),
                     "document.too_many_pages", id="a sheet"),
        pytest.param("eml", letter(MANY), "document.too_many_pages", id="attachments"),
        pytest.param("pdf", tiles(pdf_file.MOST_FORMS + 1, packed_too=True), "document.bomb", id="a drawing"),
        pytest.param("pdf", tiles(pdf_file.MOST_FORMS + 1, packed_too=False), "document.bomb", id="not packed"),
        pytest.param("pdf", nested(100), "document.bomb", id="forms in forms"),
        pytest.param("pdf", nested(30), "document.bomb", id="by the page"),
        pytest.param("pdf", nested(100, way="apart"), "document.bomb", id="names apart, packed"),
        pytest.param("pdf", nested(100, way="names of the page"), "document.bomb", id="names of the page"),
        pytest.param("html", ("<p " + " a" * 20_001 + ">a").encode(), "document.damaged", id="attributes"),
    ],
)  # fmt: skip
def test_what_is_named_too_often_is_told_by_the_count(format_id, data, code):
    with pytest.raises(KnownError) as caught:
        list(reader_of(format_id)(Reading("a", data)))
    assert caught.value.code == code


def test_what_is_named_often_is_read():
    samples = (
        ("eml", letter(50)), ("pdf", tiles(500, packed_too=True)), ("html", b"<p " + b" a" * 500 + b">a"),
        *(("pdf", nested(10, way=way)) for way in ("", "apart", "names of the page")),
    )  # fmt: skip
    assert all([*reader_of(format_id)(Reading("a", data))] for format_id, data in samples)


def test_an_element_is_empty_when_it_leaves_the_tree():
    """lxml takes the square of the time for one that is full."""
    body = "<a xmlns='urn:x'><b>" + "<c><d/><d/></c>" * 3 + "</b></a>"
    seen = []
    for _, element in office_xml.Stream([body.encode()], "a", "b"):
        assert [len(before) for before in seen] == [0] * len(seen)
        assert len(element) == 2
        seen.append(element)
    assert len(seen) == 3


def test_white_runs_are_not_each_searched_for_among_all(monkeypatch):
    looked = 0
    local = office_xml.local

    def counted(element):
        nonlocal looked
        looked += 1
        return local(element)

    monkeypatch.setattr(office_xml, "local", counted)
    steps = []
    for runs in (200, 400):
        looked = 0
        run = '<w:r><w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:t>a</w:t></w:r>'
        list(reader_of("docx")(Reading("a", docx(f"<w:p>{run * runs}</w:p>"))))
        steps.append(looked)
    assert 200 < steps[1] < 2.5 * steps[0]


def test_very_long_headers_are_not_taken_apart():
    names = ", ".join(f"a{number}@b.c" for number in range(20_000))
    data = f"From: x@b.c\r\nTo: {names}\r\n\r\nhello".encode()
    text = " ".join(page.text for page in reader_of("eml")(Reading("a", data)))
    assert "a19999@b.c" in text
    assert mail.POLICY.header_fetch_parse("To", names) is names
