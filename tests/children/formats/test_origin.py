"""Translated files say in a property that a model wrote in them; every other part stays as it was."""

from __future__ import annotations

import io

import docx as python_docx
import lxml.html
import openpyxl
import pytest
from fakes.office import docx, odf, packed, parts_of, run
from fakes.rewritten import written
from lxml import etree
from openpyxl.packaging.custom import StringProperty

from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.rewriting import docx as word
from slmdesk.children.formats.rewriting import hypertext, pptx_xlsx
from slmdesk.children.formats.rewriting import odf as open_document
from slmdesk.children.formats.rewriting.rewriters import Options, Rewriting, written_to

pytestmark = pytest.mark.pure
NAMES = {"DigitalSourceType", "AISystemUsed"}


def saved_by_word() -> bytes:
    """A Word file as a program writes it, with the list of relations and types."""
    document, out = python_docx.Document(), io.BytesIO()
    document.add_paragraph("The rent is 900 euros.")
    document.save(out)
    return out.getvalue()


def saved_by_excel(own: str = "") -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["The rent is 900 euros."])
    if own:
        book.custom_doc_props.append(StringProperty(name=own, value="A-17"))
    book.save(out)
    return out.getvalue()


def custom_of(data: bytes) -> dict[str, str]:
    root = etree.fromstring(parts_of(data)["docProps/custom.xml"])
    return {each.get("name"): "".join(each.itertext()) for each in root}


def test_a_word_file_has_the_properties_and_opens() -> None:
    before = saved_by_word()
    data = written(word.rewrite, before, model="Qwen")
    assert custom_of(data)["AISystemUsed"] == "Qwen"
    assert custom_of(data).keys() == NAMES
    assert python_docx.Document(io.BytesIO(data)).paragraphs[0].text == "tHE RENT IS 900 EUROS."
    old, new = parts_of(before), parts_of(data)
    changed = {name for name in new if old.get(name) != new[name]}
    assert changed == {"docProps/custom.xml", "[Content_Types].xml", "_rels/.rels", "word/document.xml"}
    assert custom_of(written(word.rewrite, data, model="Other"))["AISystemUsed"] == "Other", "none stands there twice"


def test_properties_of_the_person_stay() -> None:
    data = written(pptx_xlsx.rewrite_xlsx, saved_by_excel("Case"), model="Qwen")
    assert custom_of(data)["Case"] == "A-17"
    assert custom_of(data).keys() == NAMES | {"Case"}
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert {each.name for each in book.custom_doc_props.props} == NAMES | {"Case"}
    assert len({each.get("pid") for each in etree.fromstring(parts_of(data)["docProps/custom.xml"])}) == 3


def test_an_opendocument_file_has_them_in_its_meta() -> None:
    meta = (
        b'<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">'
        b"<office:meta/></office:document-meta>"
    )
    data = packed({**parts_of(odf("text", "<text:p>Hello you.</text:p>")), "meta.xml": meta})
    made = parts_of(written(open_document.rewrite, data, model="Qwen & Co"))["meta.xml"].decode()
    assert 'name="AISystemUsed">Qwen &amp; Co<' in made


@pytest.mark.parametrize("page", ["<html><head><title>A</title></head><body><p>Hello you.</p></body></html>"])
def test_a_web_page_has_them_in_its_head(page: str) -> None:
    for path, is_page in (("a.html", True), ("a.txt", False)):
        out = io.BytesIO()
        written_to(hypertext.rewrite, Rewriting(Reading(path, data=page.encode()), Options(model='Q"wen')), {}, out)
        names = {each.get("name") for each in lxml.html.fromstring(out.getvalue()).iter("meta")}
        assert (names >= NAMES) is is_page
    assert 'content="Q&quot;wen"' in out.getvalue().decode() or not is_page


def test_where_no_model_wrote_or_a_file_has_no_place_nothing_changes() -> None:
    for rewriter, data in (
        (word.rewrite, saved_by_word()),
        (word.rewrite, docx("<w:p>" + run("Hello you.") + "</w:p>")),
    ):
        assert "docProps/custom.xml" not in parts_of(written(rewriter, data))
